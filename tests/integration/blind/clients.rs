//! Interceptors for any message, on clients.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};

use interceptors::auth::TokenSource;
use interceptors::{Call, CallDetails, Interceptor, Next, Outcome, intercept};
use interceptors_proto::demo;
use interceptors_tests::{Behaviour, Ends, WatchEnds};
use tokio_stream::StreamExt;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};

use crate::common::{Any, World, served, step, steps, users};

#[allow(
    missing_docs,
    unused_qualifications,
    unreachable_pub,
    dead_code,
    clippy::all
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/blind/demo.v1.rs"));
}

use generated::user_service_client::UserServiceClient;

/// Records `>outer` and `<outer`, and the number of attempts.
pub(crate) struct Outer;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Outer {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        step(">outer");
        let answer = next.run(call).await;
        step(format!("<outer:{}", call.attempt()));
        answer
    }
}

/// Records the token of a call, and whether metadata of an earlier attempt is left.
pub(crate) struct Inner;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Inner {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let token = call.metadata().get("authorization");
        let token = token.map_or("", |token| {
            token.to_str().unwrap().trim_start_matches("Bearer ")
        });
        let left = call.metadata().contains_key("x-left");
        step(format!("{token}{}", if left { "!" } else { "" }));
        call.metadata_mut().insert("x-left", "1".parse().unwrap());
        next.run(call).await
    }
}

/// After `ABORTED`, retries with each of two copies made up front, and with a copy of each.
pub(crate) struct Repeats;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Repeats {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let is_aborted = |answer: &Result<Response<Res>, Status>| match answer {
            Ok(_) => false,
            Err(status) => status.code() == Code::Aborted,
        };
        let copies = [call.copy_request(), call.copy_request()];
        step(format!("copies:{}", copies.iter().flatten().count()));
        let mut answer = next.run(call).await;
        for copy in copies.into_iter().flatten() {
            if !is_aborted(&answer) {
                break;
            }
            call.next_attempt(copy);
            let of_copy = call.copy_request();
            answer = next.run(call).await;
            if is_aborted(&answer)
                && let Some(of_copy) = of_copy
            {
                call.next_attempt(of_copy);
                answer = next.run(call).await;
            }
        }
        answer
    }
}

/// Has a new token whenever one was rejected.
pub(crate) struct Source;

pub(crate) static SOURCE: LazyLock<Source> = LazyLock::new(|| Source);

thread_local! {
    static TOKEN: AtomicU32 = const { AtomicU32::new(1) };
}

impl TokenSource for Source {
    async fn token(&self, _: &CallDetails) -> Result<String, Status> {
        Ok(format!(
            "t{}",
            TOKEN.with(|token| token.load(Ordering::SeqCst))
        ))
    }

    fn rejected(&self, _: &str) -> bool {
        TOKEN.with(|token| token.fetch_add(1, Ordering::SeqCst));
        true
    }

    fn may_refresh(&self) -> bool {
        true
    }
}

#[derive(Clone, Default)]
struct Bare {
    world: World,
}

users!(self: Bare, #[intercept()]);

async fn client(world: &World) -> UserServiceClient<Channel> {
    let world = world.clone();
    UserServiceClient::new(served(Bare { world }).await)
}

/// One failure for each interceptor that retries: the user's, `retry` and `auth`.
const EACH: [Code; 3] = [Code::Aborted, Code::Unavailable, Code::Unauthenticated];

/// The steps of a call with these failures.
fn each(handler: &str) -> String {
    format!(
        ">outer copies:2 t1 {handler}[1] t1 {handler}[1] copies:2 t1 {handler}[1] copies:2 t2 {handler}[1] <outer"
    )
}

/// The steps, without the number of attempts.
fn taken() -> String {
    let steps = steps();
    steps.rsplit_once(':').unwrap().0.to_owned()
}

fn marked<M>(message: M) -> Request<M> {
    let mut request = Request::new(message);
    request
        .metadata_mut()
        .insert("x-mark", "1".parse().unwrap());
    request
}

#[tokio::test]
async fn unary_call_is_retried_by_three_interceptors() {
    let world = World::default();
    let mut client = client(&world).await;
    world.fail(&EACH);
    let user = client
        .get_user(marked(demo::GetUserRequest { id: 7 }))
        .await;
    assert_eq!(user.unwrap().into_inner().id, 7);
    assert_eq!(taken(), each("get_user").replace("[1]", "[1,0]"));
    world.fail(&[Code::Aborted; 10]);
    let status = client
        .get_user(demo::GetUserRequest { id: 7 })
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::Aborted);
    assert_eq!(
        steps(),
        format!(">outer copies:2 {}<outer:5", "t2 get_user ".repeat(5))
    );
}

#[tokio::test]
async fn request_stream_is_retried_by_three_interceptors() {
    let world = World::default();
    let mut client = client(&world).await;
    world.fail(&EACH);
    let users = [1, 2, 3].map(|id| demo::User {
        id,
        ..Default::default()
    });
    let summary = client.import_users(marked(tokio_stream::iter(users))).await;
    assert_eq!(summary.unwrap().into_inner().imported, 3);
    assert_eq!(taken(), each("import_users").replace("[1]", "[1,0]"));
}

#[tokio::test]
async fn bidi_stream_is_retried_by_three_interceptors() {
    let world = World::default();
    let mut client = client(&world).await;
    world.fail(&EACH);
    let said = ["a", "b"].map(|text| demo::ChatMessage {
        text: text.to_owned(),
    });
    let chat = client.chat(marked(tokio_stream::iter(said))).await.unwrap();
    let heard: Vec<_> = chat
        .into_inner()
        .map(|said| said.unwrap().text)
        .collect()
        .await;
    assert_eq!(heard, ["2", "1", "2"]);
    assert_eq!(taken(), each("chat").replace("[1]", "[1,0]"));
    let list = demo::ListUsersRequest::default();
    world.fail(&[Code::Aborted; 3]);
    let users = client.list_users(list).await.unwrap().into_inner();
    assert_eq!(users.collect::<Vec<_>>().await.len(), 3);
    assert_eq!(
        steps(),
        format!(">outer copies:2 {}<outer:4", "t2 list_users ".repeat(4))
    );
}

#[tokio::test]
async fn large_message_is_not_copied_and_keeps_its_status() {
    let world = World::default();
    let mut client = client(&world).await;
    let large = |code| {
        world.fail(&[code]);
        demo::LoginRequest {
            name: String::new(),
            password: "x".repeat(300 * 1024),
        }
    };
    for code in [Code::Aborted, Code::Unavailable, Code::Unauthenticated] {
        let status = client.login(large(code)).await.unwrap_err();
        assert_eq!((status.code(), status.message()), (code, "told to fail"));
        let steps = steps();
        assert!(steps.starts_with(">outer copies:0 t"), "{steps}");
        assert!(steps.ends_with(" login <outer:1"), "{steps}");
    }
    let summary = client.import_users(tokio_stream::iter((0..40).map(|id| demo::User {
        id,
        name: "x".repeat(10 * 1024),
    })));
    assert_eq!(summary.await.unwrap().into_inner().imported, 40);
    steps();
    // The size is known only after too much has been sent.
    world.fail(&[Code::Unavailable]);
    let users = (0..40).map(|id| demo::User {
        id,
        name: "x".repeat(10 * 1024),
    });
    let status = client
        .import_users(tokio_stream::iter(users))
        .await
        .unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::Unavailable, "told to fail")
    );
}

type Plain = demo::user_service_client::UserServiceClient<Channel>;

/// A hand-written client.
struct ByHand {
    client: Plain,
}

#[intercept(
    service = "demo.v1.UserService",
    with(Outer),
    auth(token = &*SOURCE, allow_plaintext = true),
    retry(max_attempts = 2, base_delay = "1ms"),
    with(Repeats),
    with(Inner),
)]
impl ByHand {
    async fn get_user(
        &self,
        request: Request<demo::GetUserRequest>,
    ) -> Result<Response<demo::User>, Status> {
        self.client.clone().get_user(request).await
    }

    async fn login(
        &self,
        request: Request<demo::LoginRequest>,
    ) -> Result<Response<demo::LoginReply>, Status> {
        self.client.clone().login(request).await
    }
}

struct ByMut {
    client: Plain,
    any: Arc<Any>,
}

#[intercept(
    service = "demo.v1.UserService",
    with(Outer),
    auth(token = &*SOURCE, allow_plaintext = true),
    retry(max_attempts = 2, base_delay = "1ms"),
    with(Repeats),
    with(Inner),
    with(Arc::clone(&self.any), only = [flaky]),
)]
impl ByMut {
    async fn get_user(
        &mut self,
        request: Request<demo::GetUserRequest>,
    ) -> Result<Response<demo::User>, Status> {
        self.client.get_user(request).await
    }

    async fn list_users(
        &mut self,
        request: Request<demo::ListUsersRequest>,
    ) -> Result<Response<tonic::Streaming<demo::User>>, Status> {
        self.client.list_users(request).await
    }

    async fn flaky(
        &mut self,
        request: Request<demo::FlakyRequest>,
    ) -> Result<Response<demo::FlakyReply>, Status> {
        self.client.flaky(request).await
    }
}

#[tokio::test]
async fn hand_written_clients_call_is_retried_by_three_interceptors() {
    let world = World::default();
    let channel = served(Bare {
        world: world.clone(),
    })
    .await;
    let client = Plain::new(channel.clone());
    let by_hand = ByHand {
        client: client.clone(),
    };
    world.fail(&EACH);
    let user = by_hand
        .get_user(marked(demo::GetUserRequest { id: 7 }))
        .await;
    assert_eq!(user.unwrap().into_inner().id, 7);
    assert_eq!(taken(), each("get_user").replace("[1]", "[1,0]"));

    world.fail(&[Code::Aborted]);
    let password = "x".repeat(300 * 1024);
    let large = demo::LoginRequest {
        name: String::new(),
        password,
    };
    let status = by_hand.login(Request::new(large)).await.unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::Aborted, "told to fail")
    );
    assert_eq!(steps(), ">outer copies:0 t2 login <outer:1");
}

#[tokio::test]
async fn mutably_borrowed_client_is_retried_by_three_interceptors() {
    let world = World::default();
    let channel = served(Bare {
        world: world.clone(),
    })
    .await;
    let client = Plain::new(channel.clone());
    let mut by_mut = ByMut {
        client,
        any: Arc::new(Any("any")),
    };
    world.fail(&EACH);
    let user = by_mut
        .get_user(marked(demo::GetUserRequest { id: 7 }))
        .await;
    assert_eq!(user.unwrap().into_inner().id, 7);
    assert_eq!(taken(), each("get_user").replace("[1]", "[1,0]"));

    world.fail(&[Code::Aborted; 4]);
    let users = by_mut
        .list_users(Request::new(demo::ListUsersRequest::default()))
        .await;
    assert_eq!(
        users.unwrap().into_inner().collect::<Vec<_>>().await.len(),
        3
    );
    assert_eq!(
        steps(),
        format!(">outer copies:2 {}<outer:5", "t2 list_users ".repeat(5))
    );

    world.fail(&[Code::Aborted; 1]);
    by_mut
        .flaky(Request::new(demo::FlakyRequest::default()))
        .await
        .unwrap();
    assert_eq!(
        steps(),
        ">outer copies:2 t2 >any flaky <any t2 >any flaky <any <outer:2"
    );
}

/// Changes the message, and rejects the first two attempts of a call before they are sent.
#[derive(Clone, Copy)]
struct AddsAndRefuses;

impl<Res: Send> Interceptor<demo::LoginRequest, Res> for AddsAndRefuses {
    async fn intercept(
        &self,
        call: &mut Call<demo::LoginRequest>,
        next: &mut impl Next<demo::LoginRequest, Res>,
    ) -> Result<Response<Res>, Status> {
        if let Some(request) = call.message_mut() {
            request.password.push('!');
        }
        step(format!("adds:{}", call.attempt()));
        match call.attempt() {
            1 => Err(Status::aborted("not yet")),
            2 => Err(Status::unavailable("not yet")),
            _ => next.run(call).await,
        }
    }
}

struct TypedByHand {
    client: Plain,
    ends: WatchEnds,
}

#[intercept(
    service = "demo.v1.UserService",
    with(self.ends.named("outer")),
    auth(token = &*SOURCE, allow_plaintext = true),
    retry(max_attempts = 3, base_delay = "1ms"),
    with(Repeats),
    with(AddsAndRefuses, only = [login]),
    hedge(max_attempts = 2, delay = "10s", only = [get_user]),
    with(self.ends.named("inner")),
    with(Inner),
)]
impl TypedByHand {
    #[intercept(skip(retry))]
    async fn get_user(
        &self,
        request: Request<demo::GetUserRequest>,
    ) -> Result<Response<demo::User>, Status> {
        self.client.clone().get_user(request).await
    }

    async fn login(
        &self,
        request: Request<demo::LoginRequest>,
    ) -> Result<Response<demo::LoginReply>, Status> {
        self.client.clone().login(request).await
    }
}

#[tokio::test]
async fn client_may_have_typed_interceptors() {
    let world = World::default();
    let channel = served(Bare {
        world: world.clone(),
    })
    .await;
    let (ends, mut told) = Ends::new();
    let client = Plain::new(channel);
    let client = TypedByHand { client, ends };
    let request = demo::LoginRequest {
        name: String::new(),
        password: "secret".to_owned(),
    };
    world.fail(&[Code::Unauthenticated]);
    let reply = client.login(marked(request)).await.unwrap();
    assert_eq!(reply.into_inner().token, "secret!");
    assert_eq!(
        steps(),
        "copies:2 adds:1 adds:2 copies:2 adds:3 t1 login[1,0] copies:2 adds:4 t2 login[1,0]"
            .replace("copies:2 adds:4", &format!("copies:2 adds:{}", 3)),
    );
    for (observer, outcome) in [
        ("inner", Outcome::Error),
        ("inner", Outcome::Ok),
        ("outer", Outcome::Ok),
    ] {
        let end = told.next().await;
        assert_eq!((end.observer, end.outcome), (observer, outcome));
    }

    world.fail(&[Code::Aborted, Code::Aborted, Code::Unauthenticated]);
    let user = client
        .get_user(marked(demo::GetUserRequest { id: 7 }))
        .await
        .unwrap();
    assert_eq!(user.into_inner().id, 7);
    let run = "t2 get_user[1,0]";
    assert_eq!(
        steps(),
        format!(
            "copies:2 {run} {run} {run} copies:2 {}",
            run.replace('2', "3")
        )
    );
}

#[tokio::test]
async fn dropped_call_notifies_each_observer_once() {
    let world = World::default();
    let channel = served(Bare {
        world: world.clone(),
    })
    .await;
    let (ends, mut told) = Ends::new();
    let client = Plain::new(channel);
    let client = TypedByHand { client, ends };
    let mut request = marked(demo::GetUserRequest { id: 7 });
    let hang = Behaviour::Hang.to_string().parse().unwrap();
    request.metadata_mut().insert(Behaviour::KEY, hang);
    tokio::select! {
        answer = client.get_user(request) => panic!("{answer:?}"),
        () = world.entered() => {}
    }
    for observer in ["inner", "outer"] {
        let end = told.next().await;
        assert_eq!((end.observer, end.outcome), (observer, Outcome::Cancelled));
    }
    drop(client);
    assert_eq!(told.rest().await, []);
}
