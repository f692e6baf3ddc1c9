//! Python calls services behind a server struct's policy.

use interceptors::auth::StaticTokens;
use interceptors::{Outcome, intercept};
use interceptors_proto::demo::user_service_server::UserServiceServer;
use interceptors_tests::{Behaviour, Ends, KINDS, Script, WatchEnds, scripted};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::Code;
use tonic::transport::Server;

use crate::python::{Order, PythonCaller};
use crate::server::{order, order_of_a_stranger, told};

#[intercept(
    server,
    with(self.ends),
    catch_panic,
    auth(verifier = self.tokens, public = ["/demo.v1.UserService/Login"]),
    rate_limit(per_second = 10_000),
)]
struct Inbound {
    ends: WatchEnds,
    tokens: StaticTokens<&'static str>,
}

/// A service without the attribute.
#[derive(Clone, Default)]
struct Plain {
    script: Script,
}

scripted!(self: Plain);

async fn served() -> (PythonCaller, Ends, Script) {
    let (ends, told) = Ends::new();
    let service = Plain::default();
    let script = service.script.clone();
    let tokens = StaticTokens::new([("s3cret", "ann")]).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::builder()
        .layer(Inbound { ends, tokens }.layer())
        .add_service(UserServiceServer::new(service));
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    (PythonCaller::new(address), told, script)
}

#[tokio::test]
async fn unauthenticated_callers_reach_only_public_methods() {
    let (mut python, mut ends, script) = served().await;
    for kind in KINDS {
        let reply = python.call(&order_of_a_stranger(kind)).await;
        assert_eq!(reply.code, Code::Unauthenticated);
        let end = ends.next().await;
        assert_eq!(
            (end.code, end.outcome),
            (Code::Unauthenticated, Outcome::Error)
        );
    }
    assert_eq!(script.runs(), 0);
    let login = Order::new("Login", &[serde_json::json!({})]);
    assert_eq!(python.call(&login).await.code, Code::Ok);
}

#[tokio::test]
async fn observers_and_python_see_the_same_end_for_every_kind() {
    let (mut python, mut ends, _) = served().await;
    for kind in KINDS {
        let reply = python.call(&order(kind)).await;
        assert_eq!(reply.code, Code::Ok, "{kind}");
        let end = ends.next().await;
        assert_eq!((end.code, end.outcome), (Code::Ok, Outcome::Ok));
        assert_eq!(end.messages, reply.messages.len() as u64);
        for code in (1..=16).map(Code::from_i32) {
            let reply = python
                .call(&told(kind, Behaviour::FailAfter(2, code)))
                .await;
            assert_eq!((reply.code, reply.text.as_str()), (code, "told to fail"));
            assert_eq!(reply.trailing.get("grpc-status-details-bin"), "010203");
            assert_eq!(reply.trailing.get("x-failure"), "told to");
            let end = ends.next().await;
            assert_eq!(
                (end.code, end.messages),
                (code, reply.messages.len() as u64)
            );
        }
        let reply = python.call(&told(kind, Behaviour::Panic)).await;
        assert_eq!(reply.code, Code::Internal);
        assert_eq!(ends.next().await.outcome, Outcome::Panicked);
    }
}
