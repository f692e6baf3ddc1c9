//! Python calls an annotated service.

use std::sync::Arc;
use std::time::Duration;

use interceptors::auth::{RequestExt, Verifier};
use interceptors::rate_limit::{Limiter, Rate};
use interceptors::{Call, CallDetails, Interceptor, Kind, Next, Outcome, intercept};
use interceptors_proto::demo::user_service_server::{UserService, UserServiceServer};
use interceptors_proto::demo::{
    ChatMessage, FlakyReply, FlakyRequest, GetUserRequest, ImportSummary, ListUsersRequest,
    LoginReply, LoginRequest, User,
};
use interceptors_tests::{Behaviour, Ended, Ends, KINDS, Script, UserStream, WatchEnds, listen};
use serde_json::{Value, json};
use tonic::metadata::KeyAndValueRef;
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status, Streaming};

use crate::python::{Order, PythonCaller};

const MESSAGE: &str = "told to fail: 100 % ☃";
const LARGE: usize = 3 << 20;

/// Returns the metadata whose keys begin with `x-echo`, and gives errors a message that has to be
/// escaped.
struct Echo;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Echo {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let mut metadata = call.metadata().clone();
        let mut response = next.run(call).await.map_err(|status| {
            let details = status.details().to_vec().into();
            let metadata = status.metadata().clone();
            Status::with_details_and_metadata(status.code(), MESSAGE, details, metadata)
        })?;
        let others = metadata.iter().map(|pair| match pair {
            KeyAndValueRef::Ascii(key, _) => key.to_string(),
            KeyAndValueRef::Binary(key, _) => key.to_string(),
        });
        let others: Vec<_> = others.filter(|key| !key.starts_with("x-echo")).collect();
        for key in others {
            metadata.as_mut().remove(key.as_str());
        }
        let headers = response.metadata_mut().as_mut();
        headers.extend(std::mem::take(metadata.as_mut()));
        Ok(response)
    }
}

struct Users {
    script: Script,
    ends: WatchEnds,
    limiter: Arc<Limiter>,
}

#[intercept(
    logging,
    with(self.ends),
    auth(public = [login]),
    rate_limit(limiter = self.limiter, except = [login]),
    with(Echo),
    retry(max = 3, base_delay = "1ms", only = [flaky]),
)]
#[tonic::async_trait]
impl UserService for Users {
    type ListUsersStream = UserStream<User>;
    type ChatStream = UserStream<ChatMessage>;

    async fn login(&self, request: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
        self.script.login(request).await
    }

    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        let name = request.identity::<String>()?.clone();
        let mut response = self.script.get_user(request).await?;
        response.get_mut().name = name;
        Ok(response)
    }

    async fn list_users(
        &self,
        request: Request<ListUsersRequest>,
    ) -> Result<Response<Self::ListUsersStream>, Status> {
        self.script.list_users(request).await
    }

    async fn import_users(
        &self,
        request: Request<Streaming<User>>,
    ) -> Result<Response<ImportSummary>, Status> {
        self.script.import_users(request).await
    }

    async fn chat(
        &self,
        request: Request<Streaming<ChatMessage>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        match request.metadata().contains_key(Behaviour::KEY) {
            true => self.script.chat(request).await,
            false => Ok(Response::new(Box::pin(request.into_inner()))),
        }
    }

    async fn flaky(&self, request: Request<FlakyRequest>) -> Result<Response<FlakyReply>, Status> {
        self.script.flaky(request).await
    }
}

impl Verifier for Users {
    type Identity = String;

    async fn verify(&self, token: &str, _: &CallDetails) -> Result<String, Status> {
        match token {
            "s3cret" => Ok("ann".to_owned()),
            _ => Err(Status::unauthenticated("unknown token")),
        }
    }
}

struct Server {
    script: Script,
    ends: Ends,
    python: PythonCaller,
}

impl Server {
    async fn new() -> Self {
        Self::limited(&Rate::per_second(10_000), None).await
    }

    async fn limited(limit: &Rate, service_config: Option<Value>) -> Self {
        let script = Script::default();
        let (watch, ends) = Ends::new();
        let users = Users {
            script: script.clone(),
            ends: watch,
            limiter: Arc::new(Limiter::new(limit)),
        };
        let address = listen(Routes::new(UserServiceServer::new(users))).await;
        let python = match service_config {
            Some(config) => PythonCaller::with_service_config(address, &config),
            None => PythonCaller::new(address),
        };
        Self {
            script,
            ends,
            python,
        }
    }
}

pub(crate) fn order(kind: Kind) -> Order {
    as_ann(order_of_a_stranger(kind))
}

fn as_ann(order: Order) -> Order {
    order.with("authorization", "Bearer s3cret")
}

pub(crate) fn order_of_a_stranger(kind: Kind) -> Order {
    match kind {
        Kind::Unary => Order::new("GetUser", &[json!({"id": 7})]),
        Kind::ClientStreaming => Order::new("ImportUsers", &[json!({}), json!({})]),
        Kind::ServerStreaming => Order::new("ListUsers", &[json!({})]),
        Kind::BidiStreaming => Order::new("Chat", &[json!({"text": "hello"}), json!({})]),
    }
}

pub(crate) fn told(kind: Kind, behaviour: Behaviour) -> Order {
    order(kind).with(Behaviour::KEY, &behaviour.to_string())
}

fn has_response_stream(kind: Kind) -> bool {
    matches!(kind, Kind::ServerStreaming | Kind::BidiStreaming)
}

/// The end of a call as the observer got it.
fn end_summary(end: &Ended) -> (Kind, Outcome, Code, u64) {
    (end.kind, end.outcome, end.code, end.messages)
}

#[tokio::test]
async fn every_kind_of_call_passes_with_metadata_in_both_directions() {
    let mut server = Server::new().await;
    for kind in KINDS {
        let order = order(kind)
            .with("x-echo", "one")
            .with("x-echo", "two")
            .with("x-echo-bin", "00fffe")
            .with("x-echo-empty-bin", "");
        let reply = server.python.call(&order).await;
        let expected = match kind {
            Kind::Unary => vec![json!({"id": "7", "name": "ann"})],
            Kind::ClientStreaming => vec![json!({"imported": "2"})],
            Kind::ServerStreaming => vec![json!({}), json!({"id": "1"}), json!({"id": "2"})],
            Kind::BidiStreaming => vec![json!({"text": "hello"}), json!({})],
        };
        assert_eq!((reply.code, &reply.messages), (Code::Ok, &expected));
        assert_eq!(reply.initial.get("x-echo"), "one two");
        assert_eq!(reply.initial.get("x-echo-bin"), "00fffe");
        assert_eq!(reply.initial.get("x-echo-empty-bin"), "");
        let end = server.ends.next().await;
        let messages = expected.len() as u64;
        assert_eq!(end_summary(&end), (kind, Outcome::Ok, Code::Ok, messages));
    }
}

#[tokio::test]
async fn empty_and_large_messages_pass() {
    let mut server = Server::new().await;
    let large = "x".repeat(LARGE);

    let login = Order::new("Login", &[json!({"password": large})]);
    let reply = server.python.call(&login).await;
    assert_eq!(reply.messages, [json!({"token": large})]);
    let reply = server.python.call(&Order::new("Login", &[json!({})])).await;
    assert_eq!(reply.messages, [json!({})]);

    let users = [json!({}), json!({"name": large}), json!({})];
    let import = as_ann(Order::new("ImportUsers", &users));
    let reply = server.python.call(&import).await;
    assert_eq!(reply.messages, [json!({"imported": "3"})]);
    let import = as_ann(Order::new("ImportUsers", &[]));
    let reply = server.python.call(&import).await;
    assert_eq!((reply.code, reply.messages), (Code::Ok, vec![json!({})]));

    let chat = [json!({}), json!({"text": large}), json!({"text": "end"})];
    let reply = server.python.call(&as_ann(Order::new("Chat", &chat))).await;
    assert_eq!(reply.messages, chat);
    let reply = server
        .python
        .call(&told(Kind::ServerStreaming, Behaviour::Answer(0)))
        .await;
    assert_eq!((reply.code, reply.messages), (Code::Ok, vec![]));
}

#[tokio::test]
async fn unauthenticated_callers_reach_only_public_methods() {
    let mut server = Server::new().await;
    for kind in KINDS {
        let stranger = order_of_a_stranger(kind).with("authorization", "Bearer another");
        let reply = server.python.call(&stranger).await;
        assert_eq!(
            (reply.code, reply.messages),
            (Code::Unauthenticated, vec![])
        );
        let end = server.ends.next().await;
        let expected = (kind, Outcome::Error, Code::Unauthenticated, 0);
        assert_eq!(end_summary(&end), expected);
    }
    let bare = Order::new("GetUser", &[json!({})]);
    assert_eq!(server.python.call(&bare).await.code, Code::Unauthenticated);
    assert_eq!(server.script.runs(), 0);
    let login = Order::new("Login", &[json!({"password": "s3cret"})]);
    assert_eq!(server.python.call(&login).await.code, Code::Ok);
}

#[tokio::test]
async fn every_code_reaches_python_with_details_and_metadata() {
    let mut server = Server::new().await;
    for kind in KINDS {
        for code in (1..=16).map(Code::from_i32) {
            let reply = server.python.call(&told(kind, Behaviour::Fail(code))).await;
            assert_eq!((reply.code, reply.text.as_str()), (code, MESSAGE));
            assert_eq!(reply.trailing.get("grpc-status-details-bin"), "010203");
            assert_eq!(reply.trailing.get("x-failure"), "told to");
            let end = server.ends.next().await;
            // `CANCELLED` from the handler does not mean that the client went away.
            assert_eq!(end_summary(&end), (kind, Outcome::Error, code, 0));
        }
    }
}

#[tokio::test]
async fn stream_errors_arrive_after_the_messages() {
    let mut server = Server::new().await;
    for kind in KINDS.into_iter().filter(|kind| has_response_stream(*kind)) {
        for code in (1..=16).map(Code::from_i32) {
            let order = told(kind, Behaviour::FailAfter(2, code)).with("x-echo", "first");
            let reply = server.python.call(&order).await;
            assert_eq!((reply.code, reply.messages.len()), (code, 2));
            assert_eq!(reply.text, "told to fail");
            assert_eq!(reply.initial.get("x-echo"), "first");
            assert_eq!(reply.trailing.get("grpc-status-details-bin"), "010203");
            assert_eq!(reply.trailing.get("x-failure"), "told to");
            let end = server.ends.next().await;
            assert_eq!(end_summary(&end), (kind, Outcome::Error, code, 2));
        }
    }
}

#[tokio::test]
async fn rate_limited_calls_carry_pushback_and_retry_info() {
    let mut server = Server::limited(&Rate::per_minute(1), None).await;
    for (n, kind) in KINDS.into_iter().enumerate() {
        let reply = server.python.call(&order(kind)).await;
        if n == 0 {
            assert_eq!(reply.code, Code::Ok);
            continue;
        }
        assert_eq!(reply.code, Code::ResourceExhausted);
        let pushback: u64 = reply
            .trailing
            .get("grpc-retry-pushback-ms")
            .parse()
            .unwrap();
        assert!((1..=60_000).contains(&pushback), "{pushback}");
        let detail = &reply.details[0];
        assert_eq!(detail["@type"], "type.googleapis.com/google.rpc.RetryInfo");
        let delay = detail["retryDelay"].as_str().unwrap();
        let seconds: f64 = delay.strip_suffix('s').unwrap().parse().unwrap();
        assert_eq!(
            Duration::from_secs_f64(seconds),
            Duration::from_millis(pushback)
        );
    }
    assert_eq!(server.script.runs(), 1);
}

#[tokio::test]
async fn python_honours_pushback() {
    // Only pushback explains a retry before the deadline: the backoff is 1000 s.
    let config = json!({"methodConfig": [{"name": [{}], "retryPolicy": {
        "maxAttempts": 3, "initialBackoff": "1000s", "maxBackoff": "1000s", "backoffMultiplier": 1,
        "retryableStatusCodes": ["RESOURCE_EXHAUSTED"],
    }}]});
    let mut server = Server::limited(&Rate::per_minute(30).burst(1), Some(config)).await;
    for _ in 0..2 {
        let order = order(Kind::Unary).timeout(Duration::from_secs(30));
        assert_eq!(server.python.call(&order).await.code, Code::Ok);
    }
    let mut codes = Vec::new();
    for _ in 0..3 {
        codes.push(server.ends.next().await.code);
    }
    assert_eq!(codes, [Code::Ok, Code::ResourceExhausted, Code::Ok]);
    assert_eq!(server.script.runs(), 2);
}

#[tokio::test]
async fn server_side_retries_are_one_call_for_python() {
    let mut server = Server::new().await;
    let order = Order::new(
        "Flaky",
        &[json!({"failures": 2, "code": Code::Unavailable as i32})],
    );
    let reply = server.python.call(&as_ann(order)).await;
    assert_eq!(reply.messages, [json!({"attempts": 3})]);
    let end = server.ends.next().await;
    assert_eq!(end_summary(&end), (Kind::Unary, Outcome::Ok, Code::Ok, 1));
    assert_eq!(server.script.runs(), 3);
}

#[tokio::test]
async fn expired_deadline_ends_the_call_on_both_sides() {
    let mut server = Server::new().await;
    for kind in KINDS {
        let order = told(kind, Behaviour::Hang).timeout(Duration::from_millis(300));
        let reply = server.python.call(&order).await;
        // tonic also enforces `grpc-timeout`, outside of the interceptors, and answers with the wrong code.
        // Nearly always Python's own timer is first.
        let by_tonic = (Code::Cancelled, "Timeout expired");
        if (reply.code, reply.text.as_str()) != by_tonic {
            assert_eq!(
                reply.code,
                Code::DeadlineExceeded,
                "{kind:?} {}",
                reply.text
            );
        }
        let end = server.ends.next().await;
        let expected = (kind, Outcome::Cancelled, Code::Cancelled, 0);
        assert_eq!(end_summary(&end), expected);
    }
}

#[tokio::test]
async fn expired_deadline_ends_the_stream_on_both_sides() {
    let mut server = Server::new().await;
    for kind in KINDS.into_iter().filter(|kind| has_response_stream(*kind)) {
        let order = told(kind, Behaviour::HangAfter(2)).timeout(Duration::from_millis(500));
        let reply = server.python.call(&order).await;
        assert_eq!(
            (reply.code, reply.messages.len()),
            (Code::DeadlineExceeded, 2)
        );
        let end = server.ends.next().await;
        let expected = (kind, Outcome::Cancelled, Code::Cancelled, 2);
        assert_eq!(end_summary(&end), expected);
    }
}

#[tokio::test]
async fn observers_see_python_cancel_a_call() {
    let mut server = Server::new().await;
    for kind in KINDS {
        server.python.start(&told(kind, Behaviour::Hang));
        server.script.entered().await;
        server.python.cancel();
        assert_eq!(server.python.end().await.code, Code::Cancelled);
        let end = server.ends.next().await;
        assert_eq!(
            end_summary(&end),
            (kind, Outcome::Cancelled, Code::Cancelled, 0)
        );
    }
}

#[tokio::test]
async fn observers_see_python_cancel_a_response_stream() {
    let mut server = Server::new().await;
    for kind in KINDS.into_iter().filter(|kind| has_response_stream(*kind)) {
        server
            .python
            .start(&told(kind, Behaviour::HangAfter(1)).hold());
        server.python.message().await;
        server.python.cancel();
        assert_eq!(server.python.end().await.code, Code::Cancelled);
        let end = server.ends.next().await;
        assert_eq!(
            end_summary(&end),
            (kind, Outcome::Cancelled, Code::Cancelled, 1)
        );
    }
}

#[tokio::test]
async fn observers_see_python_cancel_while_sending() {
    let mut server = Server::new().await;
    for kind in [Kind::ClientStreaming, Kind::BidiStreaming] {
        // The handler sees this as the end of the requests, so it must not answer.
        server.python.start(&told(kind, Behaviour::Hang).hold());
        server.script.entered().await;
        server.python.cancel();
        assert_eq!(server.python.end().await.code, Code::Cancelled);
        let end = server.ends.next().await;
        assert_eq!(
            end_summary(&end),
            (kind, Outcome::Cancelled, Code::Cancelled, 0)
        );
    }
}
