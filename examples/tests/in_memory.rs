//! Tests of an application's interceptors and policy, without a server and without waiting, with the feature
//! `test-util`.
#![allow(clippy::unwrap_used)] // clippy.toml allows it inside of tests, not of their helpers

use std::time::Duration;

use examples::issuer::Issuer;
use examples::production::generated::user_service_client::UserServiceClient;
use examples::production::generated::user_service_server::{UserService, UserServiceServer};
use examples::production::generated::{GetUserRequest, LoginRequest, User};
use examples::production::{AUDIENCE, Inbound, Users};
use examples::tally::{Counts, Tally};
use interceptors::Next;
use interceptors::assert_plan;
use interceptors::metrics::Recorder;
use interceptors::retry::Retry;
use interceptors::server::InterceptedService;
use interceptors::test_util::{Answer, CallBuilder, Scripted, before};
use prometheus::Registry;
use tonic::{Code, Request, Status};

/// Tests one interceptor. The rest of the chain is scripted.
#[tokio::test(start_paused = true)]
async fn tally_counts_a_retried_call_once() {
    let tally = Tally::default();
    let retry = Retry::new().max(2).base_delay(Duration::from_secs(60));
    let mut server = Scripted::new([
        Answer::from(Err(Status::unavailable("starting"))),
        Answer::from(Ok("hello")),
    ]);
    let mut call = CallBuilder::server().call(Request::new("who is there?"));
    let mut chain = before(&tally, before(&retry, &mut server));
    let answer = chain.run(&mut call).await;
    assert_eq!(answer.unwrap().into_inner(), "hello");
    assert_eq!(server.requests().len(), 2);
    let once = Counts {
        ok: 1,
        ..Counts::default()
    };
    assert_eq!(tally.of("/test.v1.TestService/Test"), once);
}

type InMemory = UserServiceClient<InterceptedService<Inbound, UserServiceServer<Users>>>;

/// A client with the service itself as its transport, behind the server's policy.
fn users() -> (InMemory, Issuer) {
    let recorder = Recorder::prometheus(&Registry::new()).unwrap();
    let issuer = Issuer::new().unwrap();
    let inbound = Inbound::new(&issuer.published().unwrap(), recorder).unwrap();
    let service = inbound.wrap(UserServiceServer::new(Users));
    (UserServiceClient::new(service), issuer)
}

fn with_token<T>(mut request: Request<T>, issuer: &Issuer, roles: &[&str]) -> Request<T> {
    let token = issuer.token(AUDIENCE, "ada", roles).unwrap();
    let bearer = format!("Bearer {token}").parse().unwrap();
    request.metadata_mut().insert("authorization", bearer);
    request
}

/// A wrapped service works as a transport, so its whole policy can be tested without a socket.
#[tokio::test]
async fn wrapped_service_can_be_called_without_a_server() {
    let (mut users, issuer) = users();
    let request = || Request::new(GetUserRequest { id: 7 });
    let status = users.get_user(request()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    let answer = users.get_user(with_token(request(), &issuer, &[])).await;
    assert_eq!(answer.unwrap().into_inner().name, "user-7");

    let uploads = || {
        let user = |id| User {
            id,
            name: format!("user-{id}"),
        };
        Request::new(tokio_stream::iter([user(1), user(2)]))
    };
    let request = with_token(uploads(), &issuer, &["reader"]);
    let status = users.import_users(request).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    let request = with_token(uploads(), &issuer, &["admin"]);
    let summary = users.import_users(request).await.unwrap();
    assert_eq!(summary.into_inner().imported, 2);
}

/// A method is a function, and a direct call runs the entries of the `impl`. This method relies on the server's policy.
#[tokio::test]
async fn call_without_the_servers_policy_is_internal() {
    let (_, issuer) = users();
    let login = Users.login(Request::new(LoginRequest::default())).await;
    assert_eq!(login.unwrap_err().code(), Code::Unauthenticated);
    let request = with_token(Request::new(GetUserRequest { id: 7 }), &issuer, &[]);
    let status = Users.get_user(request).await.unwrap_err();
    assert_eq!(status.code(), Code::Internal);
}

/// In a review, a change here shows that a method was added, removed, or has another policy.
#[test]
fn policy_matches_the_agreed_list() {
    assert_plan!(Users, {
        Login: [rate_limit, load_shed, payload],
        GetUser: [auth, rate_limit, concurrency, validate],
        ImportUsers: [auth, authorize, rate_limit, concurrency, validate],
    });
}
