//! Streams end when an introspected token expires.

use interceptors::auth::Introspection;
use interceptors::{Kind, Outcome, intercept};
use interceptors_proto::demo::user_service_server::UserServiceServer;
use interceptors_proto::demo::{ChatMessage, User};
use interceptors_tests::{
    Behaviour, Caller, Ended, Ends, Reply, Script, WatchEnds, scripted, serve,
};
use serde::Deserialize;
use serde_json::json;
use tokio::task::JoinHandle;
use tokio_stream::{Stream, StreamExt};
use tonic::service::Routes;
use tonic::{Code, Status};

use crate::issuer::{Answer, Issuer, jump};
use crate::setup::{S, http};
use crate::tokens::time;

const PATH: &str = "/introspect";

/// Claims without `exp`, so the expiry must come from the response itself.
#[derive(Debug, Clone, Deserialize)]
#[allow(dead_code, reason = "it says what the answer is read as")]
struct Claims {
    sub: String,
}

struct Users {
    script: Script,
    ends: WatchEnds,
    verifier: Introspection<Claims>,
}

scripted!(self: Users, #[intercept(with(self.ends), auth(verifier = self.verifier))]);

struct Outliving {
    script: Script,
    ends: WatchEnds,
    verifier: Introspection<Claims>,
}

scripted!(self: Outliving, #[intercept(with(self.ends), auth(verifier = self.verifier, outlive_token = true))]);

struct Plain {
    script: Script,
}

scripted!(self: Plain);

#[intercept(server, with(self.ends), auth(verifier = self.verifier))]
struct Inbound {
    ends: WatchEnds,
    verifier: Introspection<Claims>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Mount {
    Service,
    ServerStruct,
    OutlivingService,
}

struct Setup {
    issuer: Issuer,
    script: Script,
    ends: Ends,
    caller: Caller,
}

/// Starts an issuer whose tokens expire after so many seconds, or never.
async fn setup(mount: Mount, exp: Option<i64>) -> Setup {
    let issuer = Issuer::start().await;
    let mut said = json!({ "active": true, "sub": "ann" });
    if let Some(exp) = exp {
        said["exp"] = time(exp).into();
    }
    issuer.answers(PATH, Answer::json(&said));
    let verifier = Introspection::<Claims>::builder(format!("{}{PATH}", issuer.url))
        .basic_auth("users", "s3cret")
        .http(http())
        .build()
        .unwrap();
    let (ends, told) = Ends::new();
    let script = Script::default();
    let inner = script.clone();
    let routes = match mount {
        Mount::Service => Routes::new(UserServiceServer::new(Users {
            script: inner,
            ends,
            verifier,
        })),
        Mount::OutlivingService => Routes::new(UserServiceServer::new(Outliving {
            script: inner,
            ends,
            verifier,
        })),
        Mount::ServerStruct => {
            let plain = UserServiceServer::new(Plain { script: inner });
            Routes::new(Inbound { ends, verifier }.wrap(plain))
        }
    };
    let caller = Caller::new(&serve(routes).await)
        .with("authorization", "Bearer token")
        .told(Behaviour::HangAfter(2));
    Setup {
        issuer,
        script,
        ends: told,
        caller,
    }
}

/// One message, and then the stream stays open.
fn open<M: Default + Send + 'static>() -> impl Stream<Item = M> + Send + 'static {
    tokio_stream::once(M::default()).chain(tokio_stream::pending())
}

/// Starts a call that waits: its handler has been entered, and the client has read all messages sent so far.
async fn waiting_call(setup: &Setup, kind: Kind) -> JoinHandle<Reply> {
    let mut client = setup.caller.client();
    match kind {
        Kind::Unary => {
            let caller = setup.caller.clone();
            let call = tokio::spawn(async move { caller.call(Kind::Unary).await });
            setup.script.entered().await;
            call
        }
        Kind::ClientStreaming => {
            let request = setup.caller.request(open::<User>());
            let call = tokio::spawn(async move {
                let status = client.import_users(request).await.unwrap_err();
                Reply {
                    messages: Vec::new(),
                    status,
                }
            });
            setup.script.entered().await;
            call
        }
        Kind::ServerStreaming | Kind::BidiStreaming => {
            let mut stream = if kind == Kind::ServerStreaming {
                setup.caller.open(kind).await.unwrap()
            } else {
                let request = setup.caller.request(open::<ChatMessage>());
                let messages = client.chat(request).await.unwrap().into_inner();
                Box::pin(messages.map(|it| Ok(it?.text.parse().unwrap())))
            };
            setup.script.entered().await;
            for expected in 0..2 {
                assert_eq!(stream.next().await.unwrap().unwrap(), expected);
            }
            tokio::spawn(async move {
                let mut messages = vec![0, 1];
                let status = loop {
                    match stream.next().await {
                        Some(Ok(message)) => messages.push(message),
                        Some(Err(status)) => break status,
                        None => break Status::ok(""),
                    }
                };
                Reply { messages, status }
            })
        }
    }
}

const STREAMING: [Kind; 3] = [
    Kind::ClientStreaming,
    Kind::ServerStreaming,
    Kind::BidiStreaming,
];

#[tokio::test]
async fn streams_end_at_the_exp_plus_the_leeway() {
    for mount in [Mount::Service, Mount::ServerStruct] {
        let mut setup = setup(mount, Some(20)).await;
        for (n, kind) in STREAMING.into_iter().enumerate() {
            let call = waiting_call(&setup, kind).await;
            // Still within the leeway of one minute.
            jump(S(70)).await;
            assert!(!call.is_finished(), "{mount:?} {kind}");
            jump(S(12)).await;
            let reply = call.await.unwrap();
            assert_eq!(reply.code(), Code::Unauthenticated, "{mount:?} {kind}");
            let message = "the token of this call has expired";
            assert_eq!(reply.status.message(), message, "{mount:?} {kind}");
            let Ended { outcome, code, .. } = setup.ends.next().await;
            let ended = (outcome, code);
            let expected = (Outcome::Error, Code::Unauthenticated);
            assert_eq!(ended, expected, "{mount:?} {kind}");
            // A cached response is not used after its token has expired.
            assert_eq!(setup.issuer.count(PATH), n + 1, "{mount:?} {kind}");
        }
    }
}

#[tokio::test]
async fn cached_response_ends_streams_at_the_same_time() {
    let setup = setup(Mount::Service, Some(20)).await;
    let first = waiting_call(&setup, Kind::ServerStreaming).await;
    jump(S(10)).await;
    let second = waiting_call(&setup, Kind::ServerStreaming).await;
    assert_eq!(
        setup.issuer.count(PATH),
        1,
        "the second call uses the cache"
    );
    jump(S(60)).await;
    assert!(!first.is_finished() && !second.is_finished());
    jump(S(12)).await;
    assert_eq!(first.await.unwrap().code(), Code::Unauthenticated);
    // `jump` does not move the system time, so the second call has ten seconds more than the first.
    assert!(!second.is_finished());
    jump(S(10)).await;
    assert_eq!(second.await.unwrap().code(), Code::Unauthenticated);
}

#[tokio::test]
async fn unary_calls_may_outlive_their_token() {
    for mount in [Mount::Service, Mount::ServerStruct] {
        let mut setup = setup(mount, Some(20)).await;
        let call = waiting_call(&setup, Kind::Unary).await;
        jump(S(1_000)).await;
        assert!(!call.is_finished(), "{mount:?}");
        call.abort();
        let end = setup.ends.next().await;
        assert_eq!(end.outcome, Outcome::Cancelled, "{mount:?}");
    }
}

#[tokio::test]
async fn streams_continue_without_exp_or_with_outlive_token() {
    for (mount, exp) in [
        (Mount::Service, None),
        (Mount::ServerStruct, None),
        (Mount::OutlivingService, Some(20)),
    ] {
        let setup = setup(mount, exp).await;
        for kind in STREAMING {
            let call = waiting_call(&setup, kind).await;
            jump(S(10_000)).await;
            assert!(!call.is_finished(), "{mount:?} {kind}");
            call.abort();
        }
    }
}
