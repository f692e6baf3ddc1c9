//! Limits on concurrent calls: which calls wait, which are rejected, and that every permit is released.
#![allow(clippy::unwrap_used)] // helpers of tests

use std::time::Duration;

use interceptors::concurrency::{Capacity, Limiter};
use interceptors::{Call, Intercepted as _, Interceptor, Kind, Next, intercept};
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::user_service_server::{UserService, UserServiceServer};
use interceptors_proto::demo::{
    ChatMessage, FlakyReply, FlakyRequest, GetUserRequest, ImportSummary, ListUsersRequest,
    LoginReply, LoginRequest, User,
};
use interceptors_proto::stubs::Item;
use interceptors_proto::stubs::stubs_client::StubsClient;
use interceptors_proto::stubs::stubs_server::{Stubs, StubsServer};
use interceptors_tests::flaky::{FlakyServer, answer};
use interceptors_tests::{
    Behaviour, Caller, KINDS, Reply, Running, Script, UserStream, clients, scripted, serve, start,
};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_stream::{Stream, StreamExt};
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_types::StatusExt;

const MS: fn(u64) -> Duration = Duration::from_millis;

/// Waits for what happens on the other side of a socket.
async fn until(what: impl Fn() -> bool) {
    let waiting = async {
        while !what() {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), waiting).await;
    waited.expect("it never happens");
}

fn assert_rejected(status: &Status, retry_after: Duration) {
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
    let retry_info = status.get_details_retry_info().unwrap();
    assert_eq!(retry_info.retry_delay, Some(retry_after));
    let pushback = status.metadata().get("grpc-retry-pushback-ms").unwrap();
    assert_eq!(
        pushback.to_str().unwrap(),
        retry_after.as_millis().to_string()
    );
}

#[derive(Clone)]
struct Waiting {
    script: Script,
    limiter: Limiter,
}

scripted!(self: Waiting, #[intercept(concurrency(limiter = self.limiter))]);

#[derive(Clone)]
struct Shedding {
    script: Script,
    limiter: Limiter,
}

scripted!(self: Shedding, #[intercept(load_shed(limiter = self.limiter))]);

async fn waiting(config: &Capacity) -> (Running, Script, Limiter) {
    let (script, limiter) = (Script::default(), Limiter::new(config));
    let service = Waiting {
        script: script.clone(),
        limiter: limiter.clone(),
    };
    let server = start(Routes::new(UserServiceServer::new(service))).await;
    (server, script, limiter)
}

async fn shedding(config: &Capacity) -> (Running, Script, Limiter) {
    let (script, limiter) = (Script::default(), Limiter::new(config));
    let service = Shedding {
        script: script.clone(),
        limiter: limiter.clone(),
    };
    let server = start(Routes::new(UserServiceServer::new(service))).await;
    (server, script, limiter)
}

/// A running call that holds its permit until it is dropped.
fn hold(caller: &Caller, kind: Kind) -> JoinHandle<Reply> {
    let caller = caller.told(Behaviour::HangAfter(1));
    tokio::spawn(async move { caller.call(kind).await })
}

#[tokio::test]
async fn calls_beyond_the_limit_wait_and_run_in_order() {
    for kind in KINDS {
        let (server, script, limiter) = waiting(&Capacity::max(1)).await;
        let caller = Caller::new(&server.channel);
        let held = hold(&caller, kind);
        script.entered().await;
        let (order, mut done) = mpsc::unbounded_channel();
        for n in 0..4 {
            let (caller, order) = (caller.clone(), order.clone());
            tokio::spawn(async move {
                let reply = caller.call(kind).await;
                order.send((n, reply.code())).unwrap();
            });
            until(|| limiter.waiting() == n + 1).await;
        }
        assert_eq!((script.runs(), limiter.in_use()), (1, 1), "{kind}");
        held.abort();
        for n in 0..4 {
            assert_eq!(done.recv().await, Some((n, Code::Ok)), "{kind}");
        }
        until(|| limiter.in_use() == 0).await;
        assert_eq!((script.runs(), limiter.waiting()), (5, 0), "{kind}");
    }
}

#[tokio::test]
async fn stream_holds_its_permit_until_it_ends() {
    for kind in [Kind::ServerStreaming, Kind::BidiStreaming] {
        let (server, _, limiter) = shedding(&Capacity::max(1)).await;
        let caller = Caller::new(&server.channel);
        let endless = caller.told(Behaviour::HangAfter(1));
        let mut messages = endless.open(kind).await.unwrap();
        assert!(matches!(messages.next().await, Some(Ok(0))));
        assert_eq!(limiter.in_use(), 1);
        let refused = caller.call(Kind::Unary).await;
        assert_rejected(&refused.status, Duration::from_secs(1));
        drop(messages);
        until(|| limiter.in_use() == 0).await;
        assert_eq!(caller.call(kind).await.code(), Code::Ok);
    }
}

#[tokio::test]
async fn permits_are_released_however_a_call_ends() {
    let (server, script, limiter) = shedding(&Capacity::max(1)).await;
    let caller = Caller::new(&server.channel);
    for kind in KINDS {
        for behaviour in [
            Behaviour::Answer(3),
            Behaviour::Answer(0),
            Behaviour::Fail(Code::NotFound),
            Behaviour::FailAfter(2, Code::Aborted),
            Behaviour::Panic,
            Behaviour::PanicAfter(1),
        ] {
            caller.told(behaviour).call(kind).await;
            until(|| limiter.in_use() == 0).await;
            script.entered().await;
        }
        for behaviour in [Behaviour::Hang, Behaviour::HangAfter(1)] {
            let caller = caller.told(behaviour);
            let call = tokio::spawn(async move { caller.call(kind).await });
            script.entered().await;
            assert_eq!(limiter.in_use(), 1);
            call.abort();
            until(|| limiter.in_use() == 0).await;
        }
        assert_eq!(caller.call(kind).await.code(), Code::Ok, "{kind}");
        until(|| limiter.in_use() == 0).await;
        script.entered().await;
    }
    // All calls got a permit, so none was lost.
    assert_eq!(script.runs(), 4 * 9);
}

#[tokio::test]
async fn client_disconnect_while_waiting_leaves_the_queue() {
    let (server, script, limiter) = waiting(&Capacity::max(1).queue(1)).await;
    let caller = Caller::new(&server.channel);
    for kind in KINDS {
        let held = hold(&caller, kind);
        script.entered().await;
        let gone = hold(&caller, kind);
        until(|| limiter.waiting() == 1).await;
        let refused = caller.call(kind).await;
        assert_rejected(&refused.status, Duration::from_secs(1));
        gone.abort();
        until(|| limiter.waiting() == 0).await;
        held.abort();
        until(|| limiter.in_use() == 0).await;
    }
    assert_eq!(script.runs(), 4);
}

#[tokio::test]
async fn calls_that_wait_too_long_are_rejected() {
    let retry_after = Duration::from_millis(250);
    let config = Capacity::max(1).wait(Duration::from_millis(5));
    let (server, script, limiter) = waiting(&config.retry_after(retry_after)).await;
    let caller = Caller::new(&server.channel);
    let held = hold(&caller, Kind::Unary);
    script.entered().await;
    for kind in KINDS {
        assert_rejected(&caller.call(kind).await.status, retry_after);
    }
    assert_eq!((limiter.waiting(), script.runs()), (0, 1));
    held.abort();
}

#[tokio::test]
async fn adaptive_limit_falls_when_handlers_report_overload() {
    let config = Capacity::adaptive(1, 8, Duration::from_secs(20));
    let (server, _, limiter) = waiting(&config).await;
    let caller = Caller::new(&server.channel);
    for kind in [Kind::Unary, Kind::ClientStreaming] {
        for _ in 0..8 {
            assert_eq!(caller.call(kind).await.code(), Code::Ok);
        }
    }
    let raised = limiter.limit();
    assert!(raised > 1, "calls one at a time use up a limit of 1");
    let overloaded = caller.told(Behaviour::Fail(Code::ResourceExhausted));
    for kind in KINDS {
        for _ in 0..4 {
            overloaded.call(kind).await;
        }
    }
    assert_eq!(limiter.limit(), 1);
    assert_eq!(limiter.in_use(), 0);
}

#[tokio::test]
async fn other_errors_and_cancellations_keep_the_adaptive_limit() {
    let config = Capacity::adaptive(1, 8, Duration::from_secs(20));
    let (server, script, limiter) = waiting(&config).await;
    let caller = Caller::new(&server.channel);
    for _ in 0..8 {
        assert_eq!(caller.call(Kind::Unary).await.code(), Code::Ok);
        script.entered().await;
    }
    let raised = limiter.limit();
    assert!(raised > 1);
    for kind in KINDS {
        for behaviour in [
            Behaviour::Fail(Code::NotFound),
            Behaviour::Fail(Code::Internal),
            Behaviour::FailAfter(1, Code::Aborted),
            Behaviour::Panic,
        ] {
            for _ in 0..4 {
                caller.told(behaviour).call(kind).await;
                script.entered().await;
            }
        }
        let gone = hold(&caller, kind);
        script.entered().await;
        gone.abort();
        until(|| limiter.in_use() == 0).await;
    }
    assert_eq!(limiter.limit(), raised);
    // The reader decides how long a response stream takes, but not how it ends.
    let overloaded = caller.told(Behaviour::FailAfter(1, Code::Unavailable));
    for _ in 0..20 {
        overloaded.call(Kind::ServerStreaming).await;
        until(|| limiter.in_use() == 0).await;
    }
    assert_eq!(limiter.limit(), 1);
}

/// Sleeps if the caller says so.
struct Slow;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Slow {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        if call.metadata().contains_key("x-slow") {
            sleep(MS(90)).await;
        }
        next.run(call).await
    }
}

struct Receiving {
    script: Script,
    limiter: Limiter,
}

scripted!(self: Receiving, #[intercept(concurrency(limiter = self.limiter), with(Slow))]);

/// Three users, with gaps between them.
fn slow_upload() -> impl Stream<Item = User> + Send + 'static {
    tokio_stream::iter([User::default(), User::default(), User::default()]).throttle(MS(90))
}

#[tokio::test(start_paused = true)]
async fn slow_senders_do_not_lower_an_adaptive_limit() {
    let limiter = Limiter::new(&Capacity::adaptive(1, 8, MS(50)));
    let service = Receiving {
        script: Script::default(),
        limiter: limiter.clone(),
    };
    let channel = serve(Routes::new(UserServiceServer::new(service))).await;
    let shared = Shared {
        limiter: Limiter::new(&Capacity::adaptive(1, 8, MS(50))),
    };
    let of_client = shared.limiter.clone();
    let caller = Caller::over(shared.wrap(channel));
    let limits = || (limiter.limit(), of_client.limit());
    for _ in 0..8 {
        assert_eq!(caller.call(Kind::ClientStreaming).await.code(), Code::Ok);
    }
    let raised = limits();
    assert!(raised.0 > 1 && raised.1 > 1, "{raised:?}");
    for _ in 0..20 {
        let begun = Instant::now();
        let upload = caller.client().import_users(slow_upload()).await.unwrap();
        assert_eq!(upload.into_inner().imported, 3);
        assert!(begun.elapsed() >= MS(180));
    }
    assert_eq!(limits(), raised);
    // The server's own time counts.
    let slow = caller.with("x-slow", "yes");
    for _ in 0..20 {
        assert_eq!(slow.call(Kind::ClientStreaming).await.code(), Code::Ok);
    }
    assert_eq!(limits(), (1, 1));
}

/// Its methods call each other under one limit.
#[derive(Clone)]
struct Nested {
    limiter: Limiter,
    spawned: mpsc::UnboundedSender<JoinHandle<Result<(), Status>>>,
}

const ANSWERS: u64 = 0;
const SPAWNS_A_CALL_THAT_IS_SHED: u64 = 1;
const SPAWNS_A_CALL_THAT_WAITS: u64 = 2;

#[intercept(
    concurrency(limiter = self.limiter, except = [unary]),
    load_shed(limiter = self.limiter, only = [unary])
)]
#[tonic::async_trait]
impl Stubs for Nested {
    async fn unary(&self, request: Request<Item>) -> Result<Response<Item>, Status> {
        let item = request.into_inner();
        let other = self.clone();
        match item.value {
            ANSWERS => Ok(Response::new(item)),
            // The spawned call is rejected, and this call returns that status.
            SPAWNS_A_CALL_THAT_IS_SHED => {
                let call = async move { other.unary(Request::new(Item::default())).await };
                tokio::spawn(call).await.unwrap()
            }
            // The spawned call waits.
            _ => {
                let call = async move {
                    let streamed = other.server_stream(Request::new(Item::default()));
                    streamed.await.map(drop)
                };
                self.spawned.send(tokio::spawn(call)).unwrap();
                until(|| self.limiter.waiting() == 1).await;
                Ok(Response::new(item))
            }
        }
    }

    async fn client_stream(
        &self,
        request: Request<Streaming<Item>>,
    ) -> Result<Response<Item>, Status> {
        let mut items = request.into_inner();
        while let Some(item) = items.next().await {
            // Without a permit, the first of these calls would wait, and the second would be rejected.
            let mut streamed = self.server_stream(Request::new(item?)).await?.into_inner();
            streamed.next().await.unwrap()?;
            self.unary(Request::new(Item::default())).await?;
        }
        Ok(Response::new(Item {
            value: self.limiter.in_use().into(),
        }))
    }

    /// Each item is the answer of another call.
    async fn server_stream(&self, _: Request<Item>) -> Result<Response<UserStream<Item>>, Status> {
        let service = self.clone();
        let items = tokio_stream::iter(0..3).then(move |_| {
            let service = service.clone();
            async move {
                let item = service.unary(Request::new(Item::default())).await?;
                Ok(item.into_inner())
            }
        });
        Ok(Response::new(Box::pin(items)))
    }
}

#[tokio::test]
async fn nested_call_uses_the_outer_permit() {
    let (spawned, mut tasks) = mpsc::unbounded_channel();
    let limiter = Limiter::new(&Capacity::max(1));
    let service = Nested {
        limiter: limiter.clone(),
        spawned,
    };
    let channel = serve(Routes::new(StubsServer::new(service))).await;
    let mut client = StubsClient::new(channel);
    let in_time = Duration::from_secs(20);

    let items = tokio_stream::iter([Item::default(), Item::default()]);
    let nested = tokio::time::timeout(in_time, client.client_stream(items)).await;
    let in_use = nested
        .expect("it waits for its own permit")
        .unwrap()
        .into_inner();
    assert_eq!(in_use.value, 1, "one permit for all of them");
    until(|| limiter.in_use() == 0).await;

    let stream = client.server_stream(Item::default()).await.unwrap();
    let items: Vec<_> = stream.into_inner().collect().await;
    assert!(
        items.len() == 3 && items.iter().all(Result::is_ok),
        "{items:?}"
    );
    until(|| limiter.in_use() == 0).await;

    // A spawned task takes its own permit.
    let value = SPAWNS_A_CALL_THAT_IS_SHED;
    let refused = client.unary(Item { value }).await.unwrap_err();
    assert_rejected(&refused, Duration::from_secs(1));
    let value = SPAWNS_A_CALL_THAT_WAITS;
    client.unary(Item { value }).await.unwrap();
    tasks.recv().await.unwrap().await.unwrap().unwrap();
    until(|| limiter.in_use() == 0).await;
}

#[derive(Clone, Default)]
struct Configured {
    script: Script,
}

#[intercept(
    load_shed(max = 1, except = [list_users, import_users]),
    concurrency(max = 1, per = service, queue = 0, only = [list_users, import_users]),
)]
#[tonic::async_trait]
impl UserService for Configured {
    type ListUsersStream = UserStream<User>;
    type ChatStream = UserStream<ChatMessage>;

    async fn login(&self, request: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
        self.script.login(request).await
    }

    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        self.script.get_user(request).await
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
        self.script.chat(request).await
    }

    #[intercept(skip(load_shed))]
    async fn flaky(&self, request: Request<FlakyRequest>) -> Result<Response<FlakyReply>, Status> {
        self.script.flaky(request).await
    }
}

#[tokio::test]
async fn limits_are_per_method_or_service_and_shared_by_values() {
    let services = [Configured::default(), Configured::default()];
    let [first, second] = services.clone();
    let first = serve(Routes::new(UserServiceServer::new(first))).await;
    let second = serve(Routes::new(UserServiceServer::new(second))).await;
    let (first, second) = (Caller::new(&first), Caller::new(&second));
    let script = &services[0].script;
    let code = async |kind| second.call(kind).await.code();

    let unary = hold(&first, Kind::Unary);
    script.entered().await;
    assert_eq!(code(Kind::Unary).await, Code::ResourceExhausted);
    assert_eq!(code(Kind::BidiStreaming).await, Code::Ok, "another method");

    let stream = hold(&first, Kind::ServerStreaming);
    script.entered().await;
    for kind in [Kind::ServerStreaming, Kind::ClientStreaming] {
        assert_eq!(code(kind).await, Code::ResourceExhausted, "{kind}");
    }
    assert_eq!(code(Kind::BidiStreaming).await, Code::Ok);
    unary.abort();
    stream.abort();
}

#[test]
fn plan_shows_effective_limits() {
    let plan = Configured::PLAN.to_string();
    for line in [
        "load_shed    max=1 queue=0 retry_after=1s",
        "concurrency  per=service max=1 queue=0 retry_after=1s",
    ] {
        assert!(plan.contains(line), "{plan}");
    }
}

#[derive(Clone)]
struct Mixed {
    script: Script,
    limiter: Limiter,
}

scripted!(self: Mixed, #[intercept(
    concurrency(limiter = self.limiter, except = [get_user]),
    load_shed(limiter = self.limiter, only = [get_user]),
)]);

#[tokio::test]
async fn shared_limiter_queues_some_methods_and_rejects_others() {
    let (script, limiter) = (Script::default(), Limiter::new(&Capacity::max(1)));
    let service = Mixed {
        script: script.clone(),
        limiter: limiter.clone(),
    };
    let channel = serve(Routes::new(UserServiceServer::new(service))).await;
    let caller = Caller::new(&channel);
    let held = hold(&caller, Kind::BidiStreaming);
    script.entered().await;
    let refused = caller.call(Kind::Unary).await;
    assert_rejected(&refused.status, Duration::from_secs(1));
    let other = caller.clone();
    let waits = tokio::spawn(async move { other.call(Kind::ServerStreaming).await.code() });
    until(|| limiter.waiting() == 1).await;
    held.abort();
    assert_eq!(waits.await.unwrap(), Code::Ok);
}

struct Bare {
    script: Script,
}

scripted!(self: Bare, #[intercept()]);

async fn bare() -> (Channel, Script) {
    let script = Script::default();
    let service = Bare {
        script: script.clone(),
    };
    let channel = serve(Routes::new(UserServiceServer::new(service))).await;
    (channel, script)
}

fn told<T>(message: T, behaviour: Behaviour) -> Request<T> {
    let mut request = Request::new(message);
    let behaviour = behaviour.to_string().parse().unwrap();
    request.metadata_mut().insert(Behaviour::KEY, behaviour);
    request
}

/// A call of any kind by any client, read to its end.
macro_rules! call {
    ($client:expr, $kind:expr, $behaviour:expr) => {{
        let (mut client, behaviour) = ($client.clone(), $behaviour);
        async move {
            let users = tokio_stream::iter([User::default(), User::default()]);
            let chat = tokio_stream::iter([ChatMessage::default()]);
            match $kind {
                Kind::Unary => {
                    let request = told(GetUserRequest { id: 7 }, behaviour);
                    client.get_user(request).await.map(drop)
                }
                Kind::ClientStreaming => {
                    client.import_users(told(users, behaviour)).await.map(drop)
                }
                Kind::ServerStreaming => {
                    let request = told(ListUsersRequest::default(), behaviour);
                    let mut messages = client.list_users(request).await?.into_inner();
                    while messages.message().await?.is_some() {}
                    Ok(())
                }
                Kind::BidiStreaming => {
                    let mut messages = client.chat(told(chat, behaviour)).await?.into_inner();
                    while messages.message().await?.is_some() {}
                    Ok(())
                }
            }
        }
    }};
}

#[tokio::test]
async fn generated_client_has_one_queue_per_method() {
    let (channel, script) = bare().await;
    let client = clients::crowded::UserServiceClient::new(channel);
    for kind in KINDS {
        let held = tokio::spawn(call!(client, kind, Behaviour::HangAfter(1)));
        script.entered().await;
        // A queue of one: one of the two calls waits, and the other is rejected.
        let mut two = [(); 2].map(|()| tokio::spawn(call!(client, kind, Behaviour::Answer(1))));
        let [a, b] = &mut two;
        let refused = tokio::select! { reply = a => reply, reply = b => reply };
        assert_rejected(&refused.unwrap().unwrap_err(), Duration::from_secs(1));
        held.abort();
        let [a, b] = two;
        let waited = if a.is_finished() { b } else { a };
        waited.await.unwrap().unwrap();
        script.entered().await;
        call!(client, kind, Behaviour::Answer(1)).await.unwrap();
        script.entered().await;
    }
    assert_eq!(script.runs(), 4 * 3);
}

#[intercept(load_shed(max = 1))]
struct PerMethod;

#[intercept(load_shed(max = 1, per = service))]
struct PerService;

#[tokio::test]
async fn channel_clones_share_limits_per_method_or_service() {
    let (channel, script) = bare().await;
    for kind in KINDS {
        let client = UserServiceClient::new(PerMethod.wrap(channel.clone()));
        let other = UserServiceClient::new(PerMethod.wrap(channel.clone()));
        let service = UserServiceClient::new(PerService.wrap(channel.clone()));
        let held = tokio::spawn(call!(client, kind, Behaviour::HangAfter(1)));
        script.entered().await;
        let held_too = tokio::spawn(call!(service, kind, Behaviour::HangAfter(1)));
        script.entered().await;
        for second in KINDS {
            let answer = Behaviour::Answer(1);
            let expected = if second == kind {
                Code::ResourceExhausted
            } else {
                Code::Ok
            };
            let code =
                |result: Result<(), Status>| result.err().map_or(Code::Ok, |status| status.code());
            let reply = code(call!(client, second, answer).await);
            assert_eq!(reply, expected, "{second} while {kind}");
            let reply = code(call!(service, second, answer).await);
            assert_eq!(reply, Code::ResourceExhausted, "{second} while {kind}");
            let reply = code(call!(other, second, answer).await);
            assert_eq!(reply, Code::Ok, "another channel: {second} while {kind}");
        }
        held.abort();
        held_too.abort();
        assert!(held.await.is_err() && held_too.await.is_err());
        call!(client, kind, Behaviour::Answer(1)).await.unwrap();
        call!(service, kind, Behaviour::Answer(1)).await.unwrap();
        while script.runs() > 0
            && tokio::time::timeout(Duration::ZERO, script.entered())
                .await
                .is_ok()
        {}
    }
}

#[intercept(load_shed(limiter = self.limiter))]
struct Shared {
    limiter: Limiter,
}

#[tokio::test(start_paused = true)]
async fn channels_adaptive_limit_follows_call_latency() {
    let config = Capacity::adaptive(2, 8, Duration::from_millis(50));
    for kind in KINDS {
        let server = FlakyServer::new([]);
        let limiter = Limiter::new(&config);
        let shared = Shared {
            limiter: limiter.clone(),
        };
        let client = UserServiceClient::new(shared.wrap(server.channel()));
        let two = async |first, second| {
            server.then([first, second]);
            let one = tokio::spawn(call!(client, kind, Behaviour::Answer(1)));
            let other = tokio::spawn(call!(client, kind, Behaviour::Answer(1)));
            one.await.unwrap().unwrap();
            other.await.unwrap().unwrap();
        };
        let ms = Duration::from_millis;
        for _ in 0..20 {
            two(answer(1).after(ms(10)), answer(1).after(ms(10))).await;
        }
        let raised = limiter.limit();
        assert!(raised > 2, "{kind}: {raised}");
        if kind.response_is_stream() {
            for _ in 0..20 {
                two(answer(3).after(ms(90)), answer(3).after(ms(90))).await;
            }
            assert_eq!(limiter.limit(), raised, "{kind}: a stream takes its time");
        }
        for _ in 0..20 {
            two(answer(1).after(ms(90)), answer(1).after(ms(90))).await;
        }
        assert_eq!((limiter.limit(), limiter.in_use()), (2, 0), "{kind}");
    }
}

struct HandWritten {
    client: UserServiceClient<Channel>,
    limiter: Limiter,
}

#[intercept(service = "demo.v1.UserService", load_shed(limiter = self.limiter))]
impl HandWritten {
    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        self.client.clone().get_user(request).await
    }

    async fn list_users(
        &self,
        request: Request<ListUsersRequest>,
    ) -> Result<Response<Streaming<User>>, Status> {
        self.client.clone().list_users(request).await
    }
}

#[tokio::test]
async fn hand_written_client_holds_its_permit_until_end_or_drop() {
    let (channel, _) = bare().await;
    let limiter = Limiter::new(&Capacity::max(1));
    let hand_written = HandWritten {
        client: UserServiceClient::new(channel),
        limiter: limiter.clone(),
    };
    let answer = || told(GetUserRequest { id: 7 }, Behaviour::Answer(1));
    let endless = told(ListUsersRequest::default(), Behaviour::HangAfter(1));
    let mut messages = hand_written.list_users(endless).await.unwrap().into_inner();
    assert!(messages.next().await.unwrap().is_ok());
    let refused = hand_written.get_user(answer()).await.unwrap_err();
    assert_rejected(&refused, Duration::from_secs(1));
    drop(messages);
    assert_eq!(limiter.in_use(), 0);
    hand_written.get_user(answer()).await.unwrap();

    let hang = told(GetUserRequest { id: 7 }, Behaviour::Hang);
    {
        let mut call = std::pin::pin!(hand_written.get_user(hang));
        tokio::select! {
            biased;
            _ = &mut call => unreachable!(),
            () = until(|| limiter.in_use() == 1) => {}
        }
    }
    assert_eq!(limiter.in_use(), 0);
    hand_written.get_user(answer()).await.unwrap();
}

/// Calls through a channel under the same limit.
struct Gateway {
    channel: Channel,
    limiter: Limiter,
}

#[intercept(service = "demo.v1.UserService", concurrency(limiter = self.limiter))]
impl Gateway {
    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        let limiter = self.limiter.clone();
        let channel = Shared { limiter }.wrap(self.channel.clone());
        UserServiceClient::new(channel).get_user(request).await
    }

    async fn flaky(&self, _: Request<FlakyRequest>) -> Result<Response<FlakyReply>, Status> {
        let calls = [(); 2].map(|()| self.get_user(Request::new(GetUserRequest { id: 7 })));
        let [first, second] = calls;
        let (first, second) = tokio::join!(first, second);
        first.and(second)?;
        Ok(Response::new(FlakyReply::default()))
    }
}

#[tokio::test]
async fn nested_client_uses_the_outer_permit() {
    let (channel, script) = bare().await;
    let limiter = Limiter::new(&Capacity::max(1));
    let gateway = Gateway {
        channel,
        limiter: limiter.clone(),
    };
    let call = gateway.flaky(Request::new(FlakyRequest::default()));
    let called = tokio::time::timeout(Duration::from_secs(20), call).await;
    called.expect("it waits for its own permit").unwrap();
    assert_eq!((script.runs(), limiter.in_use()), (2, 0));
}
