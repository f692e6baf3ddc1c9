//! Python calls an annotated service, and that service calls Python.

use std::time::Duration;

use interceptors::{Outcome, intercept};
use interceptors_proto::demo;
use interceptors_proto::guide::user_service_server::{UserService, UserServiceServer};
use interceptors_proto::guide::{GetUserRequest, ListUsersRequest, User};
use interceptors_tests::{Ends, WatchEnds, clients, listen};
use serde_json::json;
use tokio_stream::StreamExt;
use tonic::codegen::BoxStream;
use tonic::metadata::MetadataMap;
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};

use crate::python::{Order, PythonCaller, PythonServer};

type Upstream = clients::interop::UserServiceClient<Channel>;

struct Relay {
    upstream: Upstream,
    inside: WatchEnds,
    outside: WatchEnds,
}

impl Relay {
    /// A request to Python, with the behaviour from the caller's metadata.
    fn request<M>(&self, metadata: &MetadataMap, message: M) -> Request<M> {
        let mut request = Request::new(message);
        request.extensions_mut().insert(self.outside.clone());
        let behaviour = metadata.get("x-behaviour").unwrap().clone();
        request.metadata_mut().insert("x-behaviour", behaviour);
        request
    }
}

#[intercept(with(self.inside))]
#[tonic::async_trait]
impl UserService for Relay {
    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        let id = request.get_ref().id;
        let onward = self.request(request.metadata(), demo::GetUserRequest { id });
        let demo::User { id, name } = self.upstream.clone().get_user(onward).await?.into_inner();
        Ok(Response::new(User { id, name }))
    }

    async fn list_users(
        &self,
        request: Request<ListUsersRequest>,
    ) -> Result<Response<BoxStream<User>>, Status> {
        let onward = self.request(request.metadata(), demo::ListUsersRequest::default());
        let users = self.upstream.clone().list_users(onward).await?.into_inner();
        let users = users.map(|user| {
            let demo::User { id, name } = user?;
            Ok(User { id, name })
        });
        Ok(Response::new(Box::pin(users)))
    }
}

struct Chain {
    caller: PythonCaller,
    server: PythonServer,
    inside: Ends,
    outside: Ends,
}

impl Chain {
    async fn new() -> Self {
        let (server, channel) = PythonServer::start().await;
        let (watch_inside, inside) = Ends::new();
        let (watch_outside, outside) = Ends::new();
        let relay = Relay {
            upstream: Upstream::new(channel),
            inside: watch_inside,
            outside: watch_outside,
        };
        let address = listen(Routes::new(UserServiceServer::new(relay))).await;
        Self {
            caller: PythonCaller::new(address),
            server,
            inside,
            outside,
        }
    }
}

fn orders(behaviour: &str) -> [Order; 2] {
    [
        Order::new("GetUser", &[json!({"id": 7})]),
        Order::new("ListUsers", &[json!({})]),
    ]
    .map(|order| order.with("x-behaviour", behaviour))
}

#[tokio::test]
async fn nested_calls_inherit_the_deadline_from_python() {
    let mut chain = Chain::new().await;
    for order in orders("answer 1") {
        let order = order.timeout(Duration::from_secs(8));
        assert_eq!(chain.caller.call(&order).await.code, Code::Ok);
        let (began, _) = chain.server.served().await;
        // Without the caller's deadline it would be 20 seconds.
        assert!(began.remaining.unwrap() <= Duration::from_millis(8_100));
    }
}

#[tokio::test]
async fn errors_are_relayed_between_pythons_unchanged() {
    let mut chain = Chain::new().await;
    for code in (1..=16).map(Code::from_i32) {
        for order in orders(&format!("fail {}", code as i32)) {
            let reply = chain.caller.call(&order).await;
            let expected = (code, "told to fail: 100 % ☃");
            assert_eq!((reply.code, reply.text.as_str()), expected);
            assert_eq!(reply.details[0]["retryDelay"], "1.000000005s");
            assert_eq!(reply.trailing.get("x-trailing"), "last");
            assert_eq!(reply.trailing.get("x-trailing-bin"), "00ff");
            for ends in [&mut chain.inside, &mut chain.outside] {
                let end = ends.next().await;
                assert_eq!((end.outcome, end.code), (Outcome::Error, code));
            }
        }
    }
}

#[tokio::test]
async fn cancelling_in_python_cancels_nested_calls() {
    let mut chain = Chain::new().await;
    for behaviour in ["hang", "hang-after 1"] {
        for order in orders(behaviour) {
            chain.caller.start(&order);
            chain.server.began().await;
            chain.caller.cancel();
            assert_eq!(chain.caller.end().await.code, Code::Cancelled);
            assert!(chain.server.ended().await.cancelled);
            for ends in [&mut chain.inside, &mut chain.outside] {
                assert_eq!(ends.next().await.outcome, Outcome::Cancelled);
            }
        }
    }
}
