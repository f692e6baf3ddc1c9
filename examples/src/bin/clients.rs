//! `cargo run -p examples --bin clients`: clients with interceptors call a server that fails.

use std::sync::Arc;

use examples::clients::generated::user_service_client::UserServiceClient as GeneratedClient;
use examples::clients::{Outbound, tokens};
use examples::flaky::FlakyUsers;
use examples::logs::{self, client, heading};
use examples::{Error, connect};
use interceptors::Intercepted;
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::user_service_server::UserServiceServer;
use interceptors_proto::demo::{
    ChatMessage, FlakyRequest, GetUserRequest, ListUsersRequest, LoginRequest, User,
};
use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic::{Code, Status};

#[tokio::main]
async fn main() -> Result<(), Error> {
    logs::init();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let server = Server::builder().add_service(UserServiceServer::new(FlakyUsers));
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));

    let channel = connect(&address).await?;
    by_a_generated_client(channel.clone()).await?;
    by_a_wrapped_channel(channel).await
}

async fn by_a_generated_client(channel: Channel) -> Result<(), Error> {
    heading(
        "A generated client",
        "Its policy is in `build.rs`. Its types do not change.",
    );
    let mut users = GeneratedClient::new(channel);

    heading("A public method", "No token is sent.");
    users.login(LoginRequest::default()).await?;

    heading(
        "A call that fails twice",
        "The caller and the log see one call. Each attempt has its own trace ID.",
    );
    let reply = users.flaky(failing(2, Code::Unavailable)).await?;
    client(format_args!(
        "answered at attempt {}",
        reply.into_inner().attempts
    ));

    heading(
        "A request stream that fails half way, twice",
        "The messages that were sent are sent again, then the others.",
    );
    let stream = tokio_stream::iter((1..=5).map(user));
    let imported = users.import_users(stream).await?.into_inner().imported;
    client(format_args!("{imported} users were imported"));

    heading("A permanent failure", "It is not retried.");
    let status = users.flaky(failing(1, Code::InvalidArgument)).await;
    expect(status, Code::InvalidArgument)
}

async fn by_a_wrapped_channel(channel: Channel) -> Result<(), Error> {
    heading(
        "A wrapped channel",
        "One policy for the clients of all services, from any crate.",
    );
    print!("{}", Outbound::PLAN);
    let tokens = Arc::new(tokens());
    let mut users = UserServiceClient::new(Outbound { tokens }.wrap(channel));

    heading(
        "A slow response",
        "A second attempt starts after 50 ms, and is faster than the first.",
    );
    let user = users.get_user(GetUserRequest { id: 7 }).await?.into_inner();
    client(format_args!("found {}", user.name));

    heading(
        "Streams in both directions",
        "The log has the number of messages in each direction.",
    );
    let said = ["hello", "goodbye"].map(|text| ChatMessage { text: text.into() });
    let mut replies = users.chat(tokio_stream::iter(said)).await?.into_inner();
    while let Some(reply) = replies.message().await? {
        client(format_args!("{:?}", reply.text));
    }

    heading(
        "No response",
        "The call ends at its deadline, whatever the server does.",
    );
    let status = users.list_users(ListUsersRequest::default()).await;
    expect(status, Code::DeadlineExceeded)
}

fn failing(failures: u32, code: Code) -> FlakyRequest {
    FlakyRequest {
        key: String::new(),
        failures,
        code: code.into(),
    }
}

fn user(id: u64) -> User {
    User {
        id,
        name: format!("user {id}"),
    }
}

fn expect<T>(reply: Result<T, Status>, code: Code) -> Result<(), Error> {
    match reply {
        Err(status) if status.code() == code => {
            client(format_args!("{:?}: {}", status.code(), status.message()));
            Ok(())
        }
        Err(status) => Err(format!("expected {code:?}: {status}").into()),
        Ok(_) => Err(format!("expected {code:?}, and the call succeeded").into()),
    }
}
