//! An application's tests of its interceptors and of its policy, without a server and without waiting: feature
//! `test-util`.
#![allow(clippy::unwrap_used)] // clippy.toml allows it inside of tests, not of their helpers

use std::time::Duration;

use examples::issuer::Issuer;
use examples::production::generated::user_service_server::UserService;
use examples::production::generated::{GetUserRequest, User};
use examples::production::{AUDIENCE, Users};
use examples::tally::{Counts, Tally};
use interceptors::Next;
use interceptors::assert_plan;
use interceptors::metrics::Recorder;
use interceptors::retry::{Config, Retry};
use interceptors::test_util::{Answer, CallBuilder, Scripted, before, streaming};
use prometheus::Registry;
use tonic::{Code, Request, Status};

/// An interceptor alone: what comes after it is scripted.
#[tokio::test(start_paused = true)]
async fn the_tally_counts_a_call_once_however_many_attempts_it_takes() {
    let tally = Tally::default();
    let config = Config::new().max(2).base_delay(Duration::from_secs(60));
    let mut server = Scripted::new([
        Answer::from(Err(Status::unavailable("starting"))),
        Answer::from(Ok("hello")),
    ]);
    let mut call = CallBuilder::server().call(Request::new("who is there?"));
    let retry = Retry::new(&config);
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

fn users() -> (Users, Issuer) {
    let recorder = Recorder::prometheus(&Registry::new()).unwrap();
    let issuer = Issuer::new().unwrap();
    (
        Users::new(&issuer.published().unwrap(), recorder).unwrap(),
        issuer,
    )
}

fn with_token<T>(mut request: Request<T>, issuer: &Issuer, roles: &[&str]) -> Request<T> {
    let token = issuer.token(AUDIENCE, "ada", roles).unwrap();
    let bearer = format!("Bearer {token}").parse().unwrap();
    request.metadata_mut().insert("authorization", bearer);
    request
}

/// A service's methods are functions, and calling one runs its chain.
#[tokio::test]
async fn a_service_is_called_without_a_server() {
    let (users, issuer) = users();
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
        Request::new(streaming([Ok(user(1)), Ok(user(2))]))
    };
    let request = with_token(uploads(), &issuer, &["reader"]);
    let status = users.import_users(request).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    let request = with_token(uploads(), &issuer, &["admin"]);
    let summary = users.import_users(request).await.unwrap();
    assert_eq!(summary.into_inner().imported, 2);
}

/// Says in review that a method came, went, or has another policy.
#[test]
fn the_policy_is_the_one_that_was_agreed_on() {
    assert_plan!(Users, {
        Login: [
            catch_panic, trace, metrics, request_id, logging, timeout, rate_limit, load_shed,
            payload,
        ],
        GetUser: [
            catch_panic, trace, metrics, request_id, logging, timeout, auth, rate_limit, concurrency, validate,
        ],
        ImportUsers: [
            catch_panic, trace, metrics, request_id, logging, timeout, auth, authorize, rate_limit, concurrency,
            validate,
        ],
    });
}
