//! The order of interceptors, and the methods that they cover.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use interceptors::{Call, Interceptor, Kind, Next, ResponseStream, intercept};
use interceptors_proto::demo::user_service_server::{UserService, UserServiceServer};
use interceptors_proto::demo::{
    ChatMessage, FlakyReply, FlakyRequest, GetUserRequest, ImportSummary, ListUsersRequest,
    LoginReply, LoginRequest, User,
};
use interceptors_tests::{Behaviour, Caller, KINDS, Script, Steps, UserStream, scripted, serve};
use tokio_stream::StreamExt;
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status, Streaming};

#[derive(Clone, Default)]
struct Three {
    script: Script,
    steps: Steps,
}

scripted!(self: Three, #[intercept(
    with(self.steps.recorder("a")),
    with(self.steps.recorder("b")),
    with(self.steps.recorder("c")),
)]);

#[tokio::test]
async fn first_listed_runs_first_for_requests_and_last_for_responses() {
    let service = Three::default();
    let channel = serve(Routes::new(UserServiceServer::new(service.clone()))).await;
    let caller = Caller::new(&channel);
    for kind in KINDS {
        assert_eq!(caller.call(kind).await.code(), Code::Ok);
        assert_eq!(service.steps.take(), ">a >b >c <c <b <a", "{kind}");
        let failing = caller.told(Behaviour::Fail(Code::NotFound));
        assert_eq!(failing.call(kind).await.code(), Code::NotFound);
        assert_eq!(service.steps.take(), ">a >b >c <c <b <a", "{kind} fails");
    }
    assert_eq!(service.script.runs(), 8);
}

/// Rejects every call.
struct Closed;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Closed {
    async fn intercept(
        &self,
        _: &mut Call<Req>,
        _: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        Err(Status::permission_denied("closed"))
    }
}

#[derive(Clone, Default)]
struct Gated {
    script: Script,
    steps: Steps,
}

scripted!(self: Gated, #[intercept(
    with(self.steps.recorder("outer")),
    with(Closed),
    with(self.steps.recorder("inner")),
)]);

#[tokio::test]
async fn rejected_calls_reach_no_inner_interceptor_and_no_handler() {
    let service = Gated::default();
    let channel = serve(Routes::new(UserServiceServer::new(service.clone()))).await;
    for kind in KINDS {
        let reply = Caller::new(&channel).call(kind).await;
        assert_eq!(reply.code(), Code::PermissionDenied, "{kind}");
        assert_eq!(reply.status.message(), "closed", "{kind}");
        assert_eq!(service.steps.take(), ">outer <outer", "{kind}");
    }
    assert_eq!(service.script.runs(), 0);
}

#[derive(Clone, Default)]
struct Selected {
    script: Script,
    steps: Steps,
}

scripted!(self: Selected, #[intercept(
    service = "demo.v1.UserService",
    with(self.steps.recorder("only"), only = [
        get_user,
        "ListUsers",
        "/demo.v1.UserService/ImportUsers",
    ]),
    with(self.steps.recorder("except"), except = [
        get_user,
        "ListUsers",
        "/demo.v1.UserService/ImportUsers",
    ]),
)]);

#[tokio::test]
async fn only_and_except_accept_each_name_of_a_method() {
    let service = Selected::default();
    let channel = serve(Routes::new(UserServiceServer::new(service.clone()))).await;
    let caller = Caller::new(&channel);
    for kind in [Kind::Unary, Kind::ServerStreaming, Kind::ClientStreaming] {
        caller.call(kind).await;
        assert_eq!(service.steps.take(), ">only <only", "{kind}");
    }
    caller.call(Kind::BidiStreaming).await;
    assert_eq!(service.steps.take(), ">except <except");
    let mut client = caller.client();
    client.login(LoginRequest::default()).await.unwrap();
    assert_eq!(service.steps.take(), ">except <except");
}

/// Rejects every call with this message.
struct Rejects(&'static str);

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Rejects {
    async fn intercept(
        &self,
        _: &mut Call<Req>,
        _: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        Err(Status::aborted(self.0))
    }
}

#[derive(Clone, Default)]
struct Adjusted {
    script: Script,
    steps: Steps,
}

#[intercept(
    with(self.steps.recorder("outer")),
    rate_limit(per_minute = 1),
    with(self.steps.recorder("inner")),
    retry(max = 1, base_delay = "1ms"),
)]
#[tonic::async_trait]
impl UserService for Adjusted {
    type ListUsersStream = UserStream<User>;
    type ChatStream = UserStream<ChatMessage>;

    #[intercept(rate_limit(per_minute = 2))]
    async fn login(&self, request: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
        self.script.login(request).await
    }

    #[intercept(skip(rate_limit), with(self.steps.recorder("added")), with(Rejects("innermost")))]
    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        self.script.get_user(request).await
    }

    #[intercept(skip(with))]
    async fn list_users(
        &self,
        request: Request<ListUsersRequest>,
    ) -> Result<Response<Self::ListUsersStream>, Status> {
        self.script.list_users(request).await
    }

    #[intercept(skip(with, rate_limit))]
    async fn import_users(
        &self,
        request: Request<Streaming<User>>,
    ) -> Result<Response<ImportSummary>, Status> {
        self.script.import_users(request).await
    }

    #[intercept(skip(rate_limit, retry))]
    async fn chat(
        &self,
        request: Request<Streaming<ChatMessage>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        self.script.chat(request).await
    }

    #[intercept(skip(rate_limit), retry(max = 2, base_delay = "1ms"))]
    async fn flaky(&self, request: Request<FlakyRequest>) -> Result<Response<FlakyReply>, Status> {
        self.script.flaky(request).await
    }
}

#[tokio::test]
async fn method_entry_replaces_the_block_entry_in_place() {
    let service = Adjusted::default();
    let channel = serve(Routes::new(UserServiceServer::new(service.clone()))).await;
    let mut client = Caller::new(&channel).client();
    for _ in 0..2 {
        client.login(LoginRequest::default()).await.unwrap();
        assert_eq!(service.steps.take(), ">outer >inner <inner <outer");
    }
    let refused = client.login(LoginRequest::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert_eq!(
        service.steps.take(),
        ">outer <outer",
        "the limit is still between the two"
    );

    let request = FlakyRequest {
        failures: u32::MAX,
        code: Code::Unavailable.into(),
        ..Default::default()
    };
    let before = service.script.runs();
    client.flaky(request).await.unwrap_err();
    assert_eq!(service.script.runs() - before, 3, "the method's own retry");
}

#[tokio::test]
async fn entries_added_by_a_method_are_innermost() {
    let service = Adjusted::default();
    let channel = serve(Routes::new(UserServiceServer::new(service.clone()))).await;
    let mut client = Caller::new(&channel).client();
    let refused = client
        .get_user(GetUserRequest::default())
        .await
        .unwrap_err();
    assert_eq!(refused.message(), "innermost");
    assert_eq!(
        service.steps.take(),
        ">outer >inner >added <added <inner <outer"
    );
    assert_eq!(service.script.runs(), 0);
}

#[tokio::test]
async fn skip_removes_an_entry_from_one_method() {
    let service = Adjusted::default();
    let channel = serve(Routes::new(UserServiceServer::new(service.clone()))).await;
    let caller = Caller::new(&channel);
    for _ in 0..3 {
        assert_eq!(caller.call(Kind::ClientStreaming).await.code(), Code::Ok);
        assert_eq!(service.steps.take(), "");
        assert_eq!(caller.call(Kind::BidiStreaming).await.code(), Code::Ok);
        assert_eq!(service.steps.take(), ">outer >inner <inner <outer");
    }
    // `skip(with)` does not skip the limit.
    assert_eq!(caller.call(Kind::ServerStreaming).await.code(), Code::Ok);
    let refused = caller.call(Kind::ServerStreaming).await;
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert_eq!(service.steps.take(), "");
}

/// Answers with fixed messages.
struct Cached;

impl<Req: Send> Interceptor<Req, User> for Cached {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        _: &mut impl Next<Req, User>,
    ) -> Result<Response<User>, Status> {
        let id = 42;
        let name = call.method().to_owned();
        Ok(Response::new(User { id, name }))
    }
}

impl<Req: Send> Interceptor<Req, ResponseStream<UserStream<User>>> for Cached {
    async fn intercept(
        &self,
        _: &mut Call<Req>,
        _: &mut impl Next<Req, ResponseStream<UserStream<User>>>,
    ) -> Result<Response<ResponseStream<UserStream<User>>>, Status> {
        let users = [1, 2].map(|id| {
            let name = String::new();
            Ok(User { id, name })
        });
        Ok(Response::new(ResponseStream::new(Box::pin(
            tokio_stream::iter(users),
        ))))
    }
}

/// Drops every second message of a stream.
struct EveryOther;

impl<Req: Send> Interceptor<Req, ResponseStream<UserStream<ChatMessage>>> for EveryOther {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, ResponseStream<UserStream<ChatMessage>>>,
    ) -> Result<Response<ResponseStream<UserStream<ChatMessage>>>, Status> {
        let response = next.run(call).await?;
        let mut odd = false;
        Ok(response.map(|messages| {
            let messages: UserStream<ChatMessage> = Box::pin(messages.filter(move |_| {
                odd = !odd;
                odd
            }));
            ResponseStream::new(messages)
        }))
    }
}

#[derive(Clone, Default)]
struct Answered {
    script: Script,
}

scripted!(self: Answered, #[intercept(
    with(Cached, only = [get_user, list_users]),
    with(EveryOther, only = [chat]),
)]);

#[tokio::test]
async fn interceptor_can_respond_without_the_handler() {
    let service = Answered::default();
    let channel = serve(Routes::new(UserServiceServer::new(service.clone()))).await;
    let caller = Caller::new(&channel);
    assert_eq!(caller.call(Kind::Unary).await.messages, [42]);
    assert_eq!(caller.call(Kind::ServerStreaming).await.messages, [1, 2]);
    assert_eq!(service.script.runs(), 0);
}

#[tokio::test]
async fn interceptor_can_change_a_response_stream() {
    let channel = serve(Routes::new(UserServiceServer::new(Answered::default()))).await;
    let caller = Caller::new(&channel).told(Behaviour::Answer(5));
    assert_eq!(caller.call(Kind::BidiStreaming).await.messages, [0, 2, 4]);
}

/// Runs the next interceptor twice. Only `next_attempt` with a copy of the request allows that.
struct Twice;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Twice {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let _ = next.run(call).await;
        next.run(call).await
    }
}

#[derive(Clone, Default)]
struct Doubled {
    script: Script,
}

scripted!(self: Doubled, #[intercept(with(Twice))]);

#[tokio::test]
async fn second_run_without_next_attempt_is_internal() {
    let service = Doubled::default();
    let channel = serve(Routes::new(UserServiceServer::new(service.clone()))).await;
    for (n, kind) in (1..).zip(KINDS) {
        let reply = Caller::new(&channel).call(kind).await;
        assert_eq!(reply.code(), Code::Internal, "{kind}");
        assert_eq!(service.script.runs(), n, "{kind}");
    }
}

/// Counts its calls, and adds the count to the response metadata.
#[derive(Default)]
struct Counter(AtomicU32);

static COUNTERS: AtomicU32 = AtomicU32::new(0);

impl Counter {
    fn new() -> Self {
        COUNTERS.fetch_add(1, Ordering::SeqCst);
        Self::default()
    }
}

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Counter {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let count = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        let mut response = next.run(call).await?;
        response.metadata_mut().insert("x-count", count.into());
        Ok(response)
    }
}

#[derive(Clone, Default)]
struct Counted {
    script: Script,
    own: Arc<Counter>,
}

scripted!(self: Counted, #[intercept(
    with(Counter::new(), only = [login]),
    with(self.own, only = [get_user]),
)]);

#[tokio::test]
async fn attribute_values_are_shared_and_field_values_are_per_service() {
    let channel = serve(Routes::new(UserServiceServer::new(Counted::default()))).await;
    let other = serve(Routes::new(UserServiceServer::new(Counted::default()))).await;
    let (mut client, mut other) = (Caller::new(&channel).client(), Caller::new(&other).client());

    let count = |metadata: &tonic::metadata::MetadataMap| -> u32 {
        let count = metadata.get("x-count").unwrap();
        count.to_str().unwrap().parse().unwrap()
    };
    for expected in [1, 3, 5] {
        let reply = client.login(LoginRequest::default()).await.unwrap();
        assert_eq!(count(reply.metadata()), expected);
        let reply = other.login(LoginRequest::default()).await.unwrap();
        assert_eq!(count(reply.metadata()), expected + 1);
    }
    assert_eq!(COUNTERS.load(Ordering::SeqCst), 1);

    for expected in [1, 2] {
        let reply = client.get_user(GetUserRequest::default()).await.unwrap();
        assert_eq!(count(reply.metadata()), expected);
    }
    let reply = other.get_user(GetUserRequest::default()).await.unwrap();
    assert_eq!(count(reply.metadata()), 1);
}

trait Validate {
    fn validate(&self) -> Result<(), Status>;
}

impl Validate for GetUserRequest {
    fn validate(&self) -> Result<(), Status> {
        match self.id {
            0 => Err(Status::invalid_argument("`id` is missing")),
            _ => Ok(()),
        }
    }
}

impl Validate for LoginRequest {
    fn validate(&self) -> Result<(), Status> {
        match self.name.as_str() {
            "" => Err(Status::invalid_argument("`name` is missing")),
            _ => Ok(()),
        }
    }
}

struct Validated;

impl<Req: Validate + Send, Res: Send> Interceptor<Req, Res> for Validated {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        call.message().map_or(Ok(()), Validate::validate)?;
        next.run(call).await
    }
}

/// Changes the message.
struct Suffix;

impl<Res: Send> Interceptor<LoginRequest, Res> for Suffix {
    async fn intercept(
        &self,
        call: &mut Call<LoginRequest>,
        next: &mut impl Next<LoginRequest, Res>,
    ) -> Result<Response<Res>, Status> {
        if let Some(request) = call.message_mut() {
            request.password.push_str(" (seen)");
        }
        next.run(call).await
    }
}

#[derive(Clone, Default)]
struct Typed {
    script: Script,
}

scripted!(self: Typed, #[intercept(
    with(Validated, only = [login, get_user]),
    with(Suffix, only = [login]),
)]);

#[tokio::test]
async fn typed_interceptor_can_read_and_change_the_message() {
    let service = Typed::default();
    let channel = serve(Routes::new(UserServiceServer::new(service.clone()))).await;
    let mut client = Caller::new(&channel).client();
    let refused = client.get_user(GetUserRequest { id: 0 }).await.unwrap_err();
    assert_eq!(refused.message(), "`id` is missing");
    let refused = client.login(LoginRequest::default()).await.unwrap_err();
    assert_eq!(refused.message(), "`name` is missing");
    assert_eq!(service.script.runs(), 0);

    client.get_user(GetUserRequest { id: 1 }).await.unwrap();
    let request = LoginRequest {
        name: "ann".to_owned(),
        password: "token".to_owned(),
    };
    let reply = client.login(request).await.unwrap();
    assert_eq!(reply.into_inner().token, "token (seen)");
}
