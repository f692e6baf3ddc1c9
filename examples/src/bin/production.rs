//! `cargo run -p examples --bin production`: the recommended stack, and what Prometheus is told of it.

use examples::production::generated::user_service_client::UserServiceClient;
use examples::production::generated::{GetUserRequest, LoginRequest, User};
use examples::production::{ADMIN, GUEST, Outbound, Users, export, serve};
use examples::{Error, connect, logs};
use interceptors::Intercepted;
use prometheus::Registry;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Error> {
    logs::init();
    print!("{}\n{}", Users::PLAN, Outbound::PLAN);
    let registry = Registry::new();
    let (listener, endpoint) = (
        TcpListener::bind("127.0.0.1:0").await?,
        TcpListener::bind("127.0.0.1:0").await?,
    );
    let address = listener.local_addr()?.to_string();
    tokio::spawn(serve(listener, Users::new(&registry)?));
    println!("metrics: http://{}/metrics", endpoint.local_addr()?);
    tokio::spawn(export(endpoint, registry.clone()));

    let channel = connect(&address).await?;
    let mut admin = UserServiceClient::new(Outbound::new(ADMIN).wrap(channel.clone()));
    let mut guest = UserServiceClient::new(Outbound::new(GUEST).wrap(channel));
    let user = |name: &str| User {
        id: 1,
        name: name.to_owned(),
    };
    guest.get_user(GetUserRequest { id: 7 }).await?;
    admin
        .import_users(tokio_stream::iter([user("a"), user("b")]))
        .await?;
    let refused = [
        guest.get_user(GetUserRequest { id: 0 }).await.err(),
        guest
            .import_users(tokio_stream::iter([user("a")]))
            .await
            .err(),
        admin
            .import_users(tokio_stream::iter([user("a"), user("")]))
            .await
            .err(),
        guest
            .login(LoginRequest {
                name: "panic".to_owned(),
                password: String::new(),
            })
            .await
            .err(),
    ];
    for status in refused.into_iter().flatten() {
        println!("client: {:?}: {}", status.code(), status.message());
    }
    println!(
        "{}",
        prometheus::TextEncoder::new().encode_to_string(&registry.gather())?
    );
    Ok(())
}
