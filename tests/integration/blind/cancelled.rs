//! Calls that are dropped and calls that panic, at each position of a list.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use interceptors::{Call, CallDetails, Interceptor, Kind, Next, Outcome};
use interceptors_tests::{Behaviour, Ended, Ends, KINDS, Running, WatchEnds, start};
use tokio::sync::Notify;
use tonic::service::Routes;
use tonic::{Code, Response, Status, Streaming};

use crate::common::{
    Caller, ChatMessage, GetUserRequest, ListUsersRequest, User, UserServiceServer, World, step,
    steps, users,
};

/// Hangs or panics at this position, if the metadata says so.
#[derive(Clone)]
struct Trap {
    place: &'static str,
    reached: Arc<Notify>,
}

impl Trap {
    async fn spring(&self, details: &CallDetails) {
        let said = |key| {
            let said = details.metadata().get(key)?;
            Some(said.to_str().unwrap().to_owned())
        };
        if said("x-hang").as_deref() == Some(self.place) {
            self.reached.notify_one();
            std::future::pending::<()>().await;
        }
        if said("x-panic").as_deref() == Some(self.place) {
            panic!("told to");
        }
    }
}

/// For any message.
#[derive(Clone)]
struct AnyTrap(Trap);

impl<Req: Send, Res: Send> Interceptor<Req, Res> for AnyTrap {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        self.0.spring(call.details()).await;
        next.run(call).await
    }
}

trait Known: Send {}

impl Known for GetUserRequest {}
impl Known for ListUsersRequest {}
impl Known for Streaming<User> {}
impl Known for Streaming<ChatMessage> {}

/// For the messages of this service.
#[derive(Clone)]
struct TypedTrap(Trap);

impl<Req: Known, Res: Send> Interceptor<Req, Res> for TypedTrap {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        self.0.spring(call.details()).await;
        next.run(call).await
    }
}

#[derive(Clone)]
struct Watched {
    ends: WatchEnds,
    reached: Arc<Notify>,
    world: World,
}

impl Watched {
    fn trap(&self, place: &'static str) -> Trap {
        Trap {
            place,
            reached: Arc::clone(&self.reached),
        }
    }
}

users!(self: Watched, #[intercept(
    with(self.ends.named("outer")),
    catch_panic,
    with(self.ends.named("caught")),
    with(AnyTrap(self.trap("any"))),
    with(self.ends.named("middle")),
    with(TypedTrap(self.trap("typed")), except = [login, flaky]),
    with(AnyTrap(self.trap("behind"))),
    with(self.ends.named("inner")),
)]);

users!(self: Blind, #[intercept(
    with(self.0.ends.named("outer")),
    catch_panic,
    with(self.0.ends.named("caught")),
    with(AnyTrap(self.0.trap("any"))),
    with(self.0.ends.named("middle")),
    with(AnyTrap(self.0.trap("behind"))),
    with(self.0.ends.named("inner")),
)]);

#[derive(Clone)]
struct Blind(Watched);

impl std::ops::Deref for Blind {
    type Target = Watched;

    fn deref(&self) -> &Watched {
        &self.0
    }
}

struct Test {
    server: Running,
    ends: Ends,
    caller: Caller,
    reached: Arc<Notify>,
    world: World,
}

async fn watched(is_blind: bool) -> Test {
    let (watch, ends) = Ends::new();
    let service = Watched {
        ends: watch,
        reached: Arc::default(),
        world: World::default(),
    };
    let (reached, world) = (Arc::clone(&service.reached), service.world.clone());
    let routes = match is_blind {
        true => Routes::new(UserServiceServer::new(Blind(service))),
        false => Routes::new(UserServiceServer::new(service)),
    };
    let server = start(routes).await;
    Test {
        caller: Caller::new(&server.channel),
        server,
        ends,
        reached,
        world,
    }
}

/// The observers outside of a position, innermost first.
fn observers_outside_of(place: &str) -> &'static [&'static str] {
    match place {
        "any" => &["caught", "outer"],
        "typed" | "behind" => &["middle", "caught", "outer"],
        _ => &["inner", "middle", "caught", "outer"],
    }
}

async fn assert_ended(ends: &mut Ends, place: &str, outcome: Outcome, code: Code) {
    for observer in observers_outside_of(place) {
        let Ended {
            observer: told,
            outcome: how,
            code: with,
            ..
        } = ends.next().await;
        let expected = match (outcome, *observer) {
            // A caught panic is `INTERNAL`.
            (Outcome::Panicked, _) => (*observer, Outcome::Panicked, Code::Internal),
            _ => (*observer, outcome, code),
        };
        assert_eq!((told, how, with), expected, "{place}");
    }
}

async fn assert_nothing_is_left(test: Test) {
    drop(test.caller);
    test.server.stop().await;
    assert_eq!(test.ends.rest().await, []);
}

const PLACES: [(bool, &str); 5] = [
    (false, "any"),
    (false, "typed"),
    (false, "behind"),
    (true, "any"),
    (true, "behind"),
];

#[tokio::test]
async fn dropped_call_notifies_each_observer_once() {
    for (is_blind, place) in PLACES {
        let mut test = watched(is_blind).await;
        for kind in KINDS {
            let caller = test.caller.with("x-hang", place);
            let call = tokio::spawn(async move { caller.call(kind).await });
            test.reached.notified().await;
            call.abort();
            assert_ended(&mut test.ends, place, Outcome::Cancelled, Code::Cancelled).await;
        }
        assert_nothing_is_left(test).await;
    }
    assert_eq!(steps(), "", "no handler has run");
}

#[tokio::test]
async fn call_dropped_during_handler_notifies_observers_once() {
    for is_blind in [true, false] {
        let mut test = watched(is_blind).await;
        for kind in KINDS {
            let caller = test.caller.told(Behaviour::Hang);
            let call = tokio::spawn(async move { caller.call(kind).await });
            test.world.entered().await;
            call.abort();
            assert_ended(
                &mut test.ends,
                "handler",
                Outcome::Cancelled,
                Code::Cancelled,
            )
            .await;
        }
        assert_nothing_is_left(test).await;
    }
}

#[tokio::test]
async fn panic_is_caught_and_notifies_each_observer_once() {
    for (is_blind, place) in PLACES {
        let mut test = watched(is_blind).await;
        for kind in KINDS {
            let status = test
                .caller
                .with("x-panic", place)
                .call(kind)
                .await
                .unwrap_err();
            assert_eq!(status.code(), Code::Internal, "{kind} {place}");
            assert_ended(&mut test.ends, place, Outcome::Panicked, Code::Internal).await;
            // The next call is not affected.
            test.caller.call(kind).await.unwrap();
            assert_ended(&mut test.ends, "handler", Outcome::Ok, Code::Ok).await;
        }
        assert_nothing_is_left(test).await;
    }
    for is_blind in [true, false] {
        let mut test = watched(is_blind).await;
        for kind in KINDS {
            for behaviour in [Behaviour::Panic, Behaviour::PanicAfter(2)] {
                let reply = test.caller.told(behaviour).call(kind).await;
                assert_eq!(reply.unwrap_err().code(), Code::Internal, "{kind}");
                assert_ended(&mut test.ends, "handler", Outcome::Panicked, Code::Internal).await;
            }
        }
        assert_nothing_is_left(test).await;
    }
}

/// Panics where an entry reads the message.
#[derive(Clone)]
struct Looked {
    ends: WatchEnds,
    world: World,
}

/// The value of a field of `logging`.
fn field<M>(_: &M) -> u32 {
    panic!("told to")
}

users!(self: Looked, #[intercept(
    with(self.ends.named("outer")),
    catch_panic,
    with(self.ends.named("caught")),
    logging(fields(f = field(&request))),
)]);

#[tokio::test]
async fn panic_in_a_field_expression_is_caught_and_reported_once() {
    let (_events, _guard) =
        interceptors_tests::Events::listen(tracing_subscriber::filter::LevelFilter::INFO);
    let (ends, mut told) = Ends::new();
    let world = World::default();
    let server = start(Routes::new(UserServiceServer::new(Looked { ends, world }))).await;
    let caller = Caller::new(&server.channel);
    for kind in KINDS {
        let status = caller.call(kind).await.unwrap_err();
        assert_eq!(status.code(), Code::Internal);
        assert_ended(&mut told, "any", Outcome::Panicked, Code::Internal).await;
    }
    drop(caller);
    server.stop().await;
    assert_eq!(told.rest().await, []);
    assert_eq!(steps(), "");
}

/// The first attempt hangs in the typed part, or in the handler.
#[derive(Clone)]
struct Late {
    world: World,
    seen: Arc<Mutex<Vec<String>>>,
}

/// An extension of the call.
#[derive(Clone)]
struct Marked(u32);

/// Marks the call once, outside of `retry`.
#[derive(Clone, Copy)]
struct Marks;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Marks {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        call.metadata_mut().insert("x-marked", "m".parse().unwrap());
        call.extensions_mut().insert(Marked(7));
        let answer = next.run(call).await;
        step(format!("attempts:{}", call.attempt()));
        answer
    }
}

/// Records the state of each attempt, changes it, and hangs in the first.
#[derive(Clone)]
struct HangsOnce {
    seen: Arc<Mutex<Vec<String>>>,
}

impl<Req: Known, Res: Send> Interceptor<Req, Res> for HangsOnce {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let metadata = call.metadata();
        let left = call.time_remaining().map(|left| left.as_secs_f64().ceil());
        let seen = format!(
            "{} {:?} {:?} {} id={} {left:?}",
            call.message().is_some(),
            metadata.get("x-marked"),
            metadata.get("x-left"),
            call.extensions()
                .get::<Marked>()
                .map_or(0, |marked| marked.0),
            call.request_id().map_or(String::new(), |id| id.to_string()),
        );
        self.seen.lock().unwrap().push(seen);
        step(format!("typed:{}", call.attempt()));
        if call.attempt() == 1 {
            call.metadata_mut().insert("x-left", "1".parse().unwrap());
            call.extensions_mut().insert(Marked(8));
            if metadata_says(call.details(), "x-hang", "typed") {
                std::future::pending::<()>().await;
            }
        } else {
            call.metadata_mut().remove(Behaviour::KEY);
        }
        next.run(call).await
    }
}

fn metadata_says(details: &CallDetails, key: &str, value: &str) -> bool {
    details
        .metadata()
        .get(key)
        .is_some_and(|said| said == value)
}

users!(self: Late, #[intercept(
    request_id,
    timeout("60s"),
    with(Marks),
    retry(max_attempts = 2, base_delay = "1ms", attempt_timeout = "100ms"),
    with(HangsOnce { seen: Arc::clone(&self.seen) }, except = [login, flaky]),
)]);

#[tokio::test]
async fn retry_after_attempt_timeout_starts_from_the_same_state() {
    let service = Late {
        world: World::default(),
        seen: Arc::default(),
    };
    let server = start(Routes::new(UserServiceServer::new(service.clone()))).await;
    let caller = Caller::new(&server.channel).with("x-request-id", "the-id");
    for (kind, handler) in [
        (Kind::Unary, "get_user"),
        (Kind::ServerStreaming, "list_users"),
    ] {
        caller.with("x-hang", "typed").call(kind).await.unwrap();
        assert_eq!(steps(), format!("typed:1 typed:2 {handler} attempts:2"));
        let seen = std::mem::take(&mut *service.seen.lock().unwrap());
        let expected = r#"true Some("m") None 7 id=the-id Some(60.0)"#;
        assert_eq!(seen, [expected; 2]);

        caller.told(Behaviour::Hang).call(kind).await.unwrap();
        assert_eq!(
            steps(),
            format!("typed:1 {handler} typed:2 {handler} attempts:2")
        );
        let seen = std::mem::take(&mut *service.seen.lock().unwrap());
        assert_eq!(seen, [expected; 2]);
    }
    // A request stream cannot be sent again, so it has no attempts.
    for kind in [Kind::ClientStreaming, Kind::BidiStreaming] {
        let hanging = caller.with("x-hang", "typed").with("grpc-timeout", "300m");
        let status = hanging.call(kind).await.unwrap_err();
        assert!(
            [Code::DeadlineExceeded, Code::Cancelled].contains(&status.code()),
            "{status}"
        );
        assert_eq!(steps(), "typed:1");
    }
}

#[tokio::test]
async fn message_survives_a_run_dropped_before_the_handler() {
    /// Drops the first run after a timeout, and runs again.
    #[derive(Clone, Copy)]
    struct Impatient;

    impl<Req: Send, Res: Send> Interceptor<Req, Res> for Impatient {
        async fn intercept(
            &self,
            call: &mut Call<Req>,
            next: &mut impl Next<Req, Res>,
        ) -> Result<Response<Res>, Status> {
            let first = tokio::time::timeout(Duration::from_millis(50), next.run(call)).await;
            if let Ok(answer) = first {
                return answer;
            }
            step(format!("gone:{}", call.message().is_none()));
            call.metadata_mut().remove("x-hang");
            next.run(call).await
        }
    }

    #[derive(Clone)]
    struct Service {
        world: World,
        trap: Trap,
    }

    users!(self: Service, #[intercept(
        with(Impatient),
        with(TypedTrap(self.trap.clone()), except = [login, flaky]),
    )]);

    let trap = Trap {
        place: "typed",
        reached: Arc::default(),
    };
    let world = World::default();
    let server = start(Routes::new(UserServiceServer::new(Service { world, trap }))).await;
    let caller = Caller::new(&server.channel);
    for (kind, handler) in KINDS
        .into_iter()
        .zip(["get_user", "import_users", "list_users", "chat"])
    {
        caller.with("x-hang", "typed").call(kind).await.unwrap();
        assert_eq!(steps(), format!("gone:false {handler}"));
        // The handler has taken the message.
        let status = caller.told(Behaviour::Hang).call(kind).await.unwrap_err();
        assert_eq!(status.code(), Code::Internal, "{kind}");
        assert_eq!(steps(), format!("{handler} gone:true"));
    }
}
