//! Invalid messages do not reach the handler, for every kind of RPC. Truncated request streams do not look
//! complete.

use std::time::Duration;

use interceptors::server::RequestCancellationLayer;
use interceptors::validate::{Validate, Violations};
use interceptors::{Kind, Outcome, intercept, validate_with_garde};
use interceptors_tests::{Ends, UserStream, WatchEnds};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream, UnboundedReceiverStream};
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_types::StatusExt;

#[allow(
    missing_docs,
    unused_qualifications,
    unreachable_pub,
    dead_code,
    clippy::all
)]
mod owned {
    include!(concat!(env!("OUT_DIR"), "/owned/demo.v1.rs"));
}
use owned::user_service_client::UserServiceClient;
use owned::user_service_server::{UserService, UserServiceServer};
use owned::{
    ChatMessage, FlakyReply, FlakyRequest, GetUserRequest, ImportSummary, ListUsersRequest,
    LoginReply, LoginRequest, User,
};

fn valid(field: &str, is_valid: bool, description: &str) -> Result<(), Violations> {
    let mut violations = Violations::new();
    if !is_valid {
        violations.add(field, description);
    }
    violations.into_result()
}

impl Validate for GetUserRequest {
    fn validate(&self) -> Result<(), Violations> {
        valid("id", self.id > 0, "must not be 0")
    }
}

impl Validate for User {
    fn validate(&self) -> Result<(), Violations> {
        valid("name", !self.name.is_empty(), "must not be empty")
    }
}

impl Validate for ChatMessage {
    fn validate(&self) -> Result<(), Violations> {
        valid("text", !self.text.is_empty(), "must not be empty")
    }
}

validate_with_garde!(ListUsersRequest);

/// Records what its handlers get.
#[derive(Clone)]
struct Users {
    ends: WatchEnds,
    seen: mpsc::UnboundedSender<String>,
}

impl Users {
    fn see(&self, what: impl Into<String>) {
        let _ = self.seen.send(what.into());
    }

    async fn import(&self, mut users: Streaming<User>) -> Result<Response<ImportSummary>, Status> {
        let mut imported = 0;
        loop {
            match users.next().await {
                Some(Ok(user)) => self.see(user.name),
                Some(Err(status)) => {
                    self.see(format!("{:?}", status.code()));
                    return Err(status);
                }
                None => break,
            }
            imported += 1;
        }
        self.see("end");
        Ok(Response::new(ImportSummary { imported }))
    }
}

#[intercept(with(self.ends), validate(except = [login, flaky]))]
#[tonic::async_trait]
impl UserService for Users {
    type ListUsersStream = UserStream<User>;
    type ChatStream = UserStream<ChatMessage>;

    async fn login(&self, request: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
        self.see(request.into_inner().name);
        Ok(Response::new(Default::default()))
    }

    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        self.see(request.get_ref().id.to_string());
        Ok(Response::new(Default::default()))
    }

    async fn list_users(
        &self,
        request: Request<ListUsersRequest>,
    ) -> Result<Response<Self::ListUsersStream>, Status> {
        self.see(request.get_ref().limit.to_string());
        Ok(Response::new(Box::pin(tokio_stream::iter([Ok(
            User::default(),
        )]))))
    }

    async fn import_users(
        &self,
        request: Request<Streaming<User>>,
    ) -> Result<Response<ImportSummary>, Status> {
        self.import(request.into_inner()).await
    }

    async fn chat(
        &self,
        request: Request<Streaming<ChatMessage>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        Ok(Response::new(Box::pin(request.into_inner())))
    }

    async fn flaky(&self, _: Request<FlakyRequest>) -> Result<Response<FlakyReply>, Status> {
        Ok(Response::new(Default::default()))
    }
}

struct Running {
    client: UserServiceClient<Channel>,
    seen: mpsc::UnboundedReceiver<String>,
    ends: Ends,
}

async fn running(layered: bool) -> Running {
    let (ends, told) = Ends::new();
    let (seen, saw) = mpsc::unbounded_channel();
    let service = UserServiceServer::new(Users { ends, seen });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let incoming = TcpListenerStream::new(listener);
    if layered {
        let mut server = Server::builder().layer(RequestCancellationLayer);
        tokio::spawn(server.add_service(service).serve_with_incoming(incoming));
    } else {
        let server = Server::builder().add_service(service);
        tokio::spawn(server.serve_with_incoming(incoming));
    }
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    Running {
        client: UserServiceClient::new(endpoint.connect().await.unwrap()),
        seen: saw,
        ends: told,
    }
}

fn user(name: &str) -> User {
    User {
        id: 1,
        name: name.to_owned(),
    }
}

fn said(text: &str) -> ChatMessage {
    ChatMessage {
        text: text.to_owned(),
    }
}

fn violation(status: &Status) -> (Code, String, String) {
    let details = status.get_details_bad_request().unwrap();
    let [violation] = &details.field_violations[..] else {
        panic!("{details:?}");
    };
    (
        status.code(),
        violation.field.clone(),
        violation.description.clone(),
    )
}

fn invalid(field: &str, description: &str) -> (Code, String, String) {
    (
        Code::InvalidArgument,
        field.to_owned(),
        description.to_owned(),
    )
}

#[tokio::test]
async fn invalid_single_message_is_rejected_before_the_handler() {
    let mut server = running(false).await;
    let status = server.client.get_user(GetUserRequest { id: 0 }).await;
    assert_eq!(
        violation(&status.unwrap_err()),
        invalid("id", "must not be 0")
    );
    let too_many = ListUsersRequest {
        limit: 101,
        ..ListUsersRequest::default()
    };
    let status = server.client.list_users(too_many).await.unwrap_err();
    let (code, field, description) = violation(&status);
    assert_eq!((code, &*field), (Code::InvalidArgument, "limit"));
    assert!(description.contains("100"), "{description}");
    for kind in [Kind::Unary, Kind::ServerStreaming] {
        let end = server.ends.next().await;
        assert_eq!(
            (end.kind, end.outcome, end.code),
            (kind, Outcome::Error, Code::InvalidArgument)
        );
    }
    server
        .client
        .get_user(GetUserRequest { id: 7 })
        .await
        .unwrap();
    assert_eq!(
        server.seen.recv().await.unwrap(),
        "7",
        "the first call that reached the handler"
    );
}

#[tokio::test]
async fn excluded_method_is_not_validated() {
    let mut server = running(false).await;
    server.client.login(LoginRequest::default()).await.unwrap();
    assert_eq!(server.seen.recv().await.unwrap(), "");
}

#[tokio::test]
async fn request_stream_ends_at_the_invalid_message() {
    for layered in [false, true] {
        let mut server = running(layered).await;
        let users = [user("a"), user("b"), user(""), user("d")];
        let status = server.client.import_users(tokio_stream::iter(users)).await;
        assert_eq!(
            violation(&status.unwrap_err()),
            invalid("messages[2].name", "must not be empty")
        );
        let end = server.ends.next().await;
        assert_eq!(end.code, Code::InvalidArgument);
        for expected in ["a", "b", "InvalidArgument"] {
            assert_eq!(server.seen.recv().await.unwrap(), expected);
        }
        let users = [user("a"), user("b")];
        let summary = server.client.import_users(tokio_stream::iter(users)).await;
        assert_eq!(summary.unwrap().into_inner().imported, 2);
    }
}

#[tokio::test]
async fn bidi_stream_ends_at_the_invalid_message() {
    let mut server = running(false).await;
    let (say, words) = mpsc::unbounded_channel();
    let words = UnboundedReceiverStream::new(words);
    let mut replies = server.client.chat(words).await.unwrap().into_inner();
    say.send(said("hello")).unwrap();
    assert_eq!(replies.next().await.unwrap().unwrap(), said("hello"));
    say.send(said("")).unwrap();
    let status = replies.next().await.unwrap().unwrap_err();
    assert_eq!(
        violation(&status),
        invalid("messages[1].text", "must not be empty")
    );
    let end = server.ends.next().await;
    assert_eq!(
        (end.outcome, end.code),
        (Outcome::Error, Code::InvalidArgument)
    );
}

/// What the handler reads when its client disconnects after two messages.
async fn after_two_messages(layered: bool) -> String {
    let mut server = running(layered).await;
    let (send, users) = mpsc::channel(2);
    let mut client = server.client.clone();
    let call = tokio::spawn(async move { client.import_users(ReceiverStream::new(users)).await });
    for name in ["a", "b"] {
        send.send(user(name)).await.unwrap();
        assert_eq!(server.seen.recv().await.unwrap(), name);
    }
    call.abort();
    let seen = tokio::time::timeout(Duration::from_secs(10), server.seen.recv());
    seen.await
        .expect("the handler's stream ends")
        .unwrap_or_else(|| "dropped".to_owned())
}

#[tokio::test]
async fn cancellation_layer_reports_client_disconnect_to_the_handler() {
    assert_eq!(after_two_messages(true).await, "Cancelled");
}

/// If this fails one day, the layer is no longer needed.
#[tokio::test]
async fn plain_tonic_treats_disconnect_as_end_of_stream() {
    assert_eq!(after_two_messages(false).await, "end");
}
