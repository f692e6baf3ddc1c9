//! Streams end when their token expires, on every mount of the policy.

use std::time::{Duration, SystemTime};

use interceptors::auth::Verifier;
use interceptors::{CallDetails, Kind, Outcome, intercept};
use interceptors_proto::demo::{
    ChatMessage, FlakyReply, FlakyRequest, GetUserRequest, ImportSummary, ListUsersRequest,
    LoginReply, LoginRequest, User,
};
use interceptors_tests::{Caller, Ended, Ends, UserStream, WatchEnds, serve};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status, Streaming};

use crate::servers::demo::user_service_server as generated;

const MS: fn(u64) -> Duration = Duration::from_millis;
const LIFE: Duration = Duration::from_millis(100);
const EXPIRED: &str = "the token of this call has expired";

/// A token is the number of milliseconds until it expires. `never` does not expire, and `past` has expired.
#[derive(Clone)]
struct Lives;

impl Verifier for Lives {
    type Identity = Option<SystemTime>;

    #[allow(clippy::disallowed_methods)] // tokens expire by system time
    async fn verify(&self, token: &str, _: &CallDetails) -> Result<Option<SystemTime>, Status> {
        let now = SystemTime::now();
        Ok(match token {
            "never" => None,
            "past" => Some(now - MS(1)),
            millis => Some(now + MS(millis.parse().unwrap())),
        })
    }

    fn expires_at(&self, identity: &Option<SystemTime>) -> Option<SystemTime> {
        *identity
    }
}

/// Reports how the request streams of handlers ended.
#[derive(Clone)]
struct Handlers(UnboundedSender<Result<(), Status>>);

impl Handlers {
    /// Reads the stream to its end, and drops it.
    async fn read<M>(&self, mut stream: Streaming<M>) -> Result<(), Status> {
        let end = loop {
            match stream.next().await {
                Some(Ok(_)) => {}
                Some(Err(status)) => break Err(status),
                None => break Ok(()),
            }
        };
        let _ = self.0.send(end.clone());
        end
    }
}

/// Waits for the time in `x-delay` before the handler answers.
async fn delay<M>(request: &Request<M>) {
    if let Some(delay) = request.metadata().get("x-delay") {
        sleep(MS(delay.to_str().unwrap().parse().unwrap())).await;
    }
}

/// Sends a message every ten milliseconds, or none.
fn ticks<M: Send + 'static, T>(request: &Request<T>, message: fn(u64) -> M) -> UserStream<M> {
    if request.metadata().contains_key("x-silent") {
        return Box::pin(tokio_stream::pending());
    }
    let count = request.metadata().get("x-count");
    let count = count.map_or(u64::MAX, |it| it.to_str().unwrap().parse().unwrap());
    let ticks = tokio_stream::iter(0..count).then(move |n| async move {
        sleep(MS(10)).await;
        Ok(message(n))
    });
    Box::pin(ticks)
}

macro_rules! service {
    ($this:ident: $ty:ty as [$($service:tt)+], $(#[$policy:meta])?) => {
        $(#[$policy])?
        #[tonic::async_trait]
        impl $($service)+ for $ty {
            type ListUsersStream = UserStream<User>;
            type ChatStream = UserStream<ChatMessage>;

            async fn login(&$this, _: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
                Err(Status::unimplemented(""))
            }

            async fn flaky(&$this, _: Request<FlakyRequest>) -> Result<Response<FlakyReply>, Status> {
                Err(Status::unimplemented(""))
            }

            async fn get_user(&$this, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
                delay(&request).await;
                Ok(Response::new(User::default()))
            }

            async fn list_users(&$this, request: Request<ListUsersRequest>) -> Result<Response<Self::ListUsersStream>, Status> {
                delay(&request).await;
                let user = |id| User { id, name: String::new() };
                Ok(Response::new(ticks(&request, user)))
            }

            async fn import_users(&$this, request: Request<Streaming<User>>) -> Result<Response<ImportSummary>, Status> {
                let answers_anyway = request.metadata().contains_key("x-anyway");
                let end = $this.handlers.read(request.into_inner()).await;
                if !answers_anyway {
                    end?;
                }
                sleep(MS(50)).await;
                Ok(Response::new(ImportSummary { imported: 1 }))
            }

            async fn chat(&$this, request: Request<Streaming<ChatMessage>>) -> Result<Response<Self::ChatStream>, Status> {
                let text = |n: u64| ChatMessage { text: n.to_string() };
                let messages = ticks(&request, text);
                let handlers = $this.handlers.clone();
                // In a separate task, because the response stream is dropped when it ends.
                tokio::spawn(async move { handlers.read(request.into_inner()).await });
                Ok(Response::new(messages))
            }
        }
    };
}

macro_rules! services {
    ($this:ident: $($name:ident, $plain:ident { $($setting:tt)* };)*) => {$(
        struct $name {
            handlers: Handlers,
            ends: WatchEnds,
        }

        service!($this: $name as [interceptors_proto::demo::user_service_server::UserService],
            #[intercept(with($this.ends), auth(verifier = Lives $($setting)*))]);
        service!($this: $name as [generated::UserService],
            #[intercept(with($this.ends), auth(verifier = Lives $($setting)*))]);

        #[intercept(server, with($this.ends), auth(verifier = $this.lives $($setting)*))]
        struct $plain {
            lives: Lives,
            ends: WatchEnds,
        }
    )*};
}

services! { self:
    Ending, EndingServer {};
    Outliving, OutlivingServer { , outlive_token = true };
}

/// A service without the attribute.
struct Plain {
    handlers: Handlers,
}

service!(self: Plain as [interceptors_proto::demo::user_service_server::UserService],);

/// Relies on the server struct for the identity.
struct Behind {
    handlers: Handlers,
    ends: WatchEnds,
}

service!(self: Behind as [interceptors_proto::demo::user_service_server::UserService],
    #[intercept(with(self.ends), auth(by = EndingServer))]);

struct Mount {
    name: &'static str,
    caller: Caller,
    ends: Ends,
    handled: UnboundedReceiver<Result<(), Status>>,
}

impl Mount {
    async fn end(&mut self) -> (Outcome, Code) {
        let Ended { outcome, code, .. } = self.ends.next().await;
        (outcome, code)
    }

    /// How the handler's request stream ended.
    async fn handled(&mut self) -> Result<(), Status> {
        self.handled.recv().await.unwrap()
    }

    fn token(&self, token: &str) -> Caller {
        self.caller.with("authorization", format!("Bearer {token}"))
    }
}

macro_rules! mounts {
    ($service:ident, $server:ident) => {{
        use interceptors_proto::demo::user_service_server::UserServiceServer;
        let mut mounts = Vec::new();
        for name in ["impl", "generated server", "server struct"] {
            let (ends, told) = Ends::new();
            let (sender, handled) = unbounded_channel();
            let handlers = Handlers(sender);
            let routes = match name {
                "impl" => Routes::new(UserServiceServer::new($service { handlers, ends })),
                "server struct" => {
                    let inner = UserServiceServer::new(Plain { handlers });
                    let lives = Lives;
                    Routes::new($server { lives, ends }.wrap(inner))
                }
                _ => Routes::new(generated::UserServiceServer::new($service {
                    handlers,
                    ends,
                })),
            };
            mounts.push(Mount {
                name,
                caller: Caller::new(&serve(routes).await),
                ends: told,
                handled,
            });
        }
        mounts
    }};
}

/// A request stream that has one message and stays open.
fn open<M>() -> (UnboundedSender<M>, impl Stream<Item = M> + Send + 'static)
where
    M: Default + Send + 'static,
{
    let (sender, receiver) = unbounded_channel();
    sender.send(M::default()).unwrap();
    (sender, UnboundedReceiverStream::new(receiver))
}

async fn read<M>(mut stream: Streaming<M>) -> (usize, Status) {
    let mut messages = 0;
    loop {
        match stream.next().await {
            Some(Ok(_)) => messages += 1,
            Some(Err(status)) => return (messages, status),
            None => return (messages, Status::ok("")),
        }
    }
}

fn assert_expired(status: &Status, begun: Instant, mount: &str) {
    assert_eq!(status.code(), Code::Unauthenticated, "{mount}: {status:?}");
    assert_eq!(status.message(), EXPIRED, "{mount}");
    let taken = begun.elapsed();
    assert!((MS(90)..MS(120)).contains(&taken), "{mount}: {taken:?}");
}

const ENDED: (Outcome, Code) = (Outcome::Error, Code::Unauthenticated);

#[tokio::test(start_paused = true)]
async fn response_streams_end_when_the_token_expires() {
    for mut mount in mounts!(Ending, EndingServer) {
        for (key, expected) in [("x-silent", 0..1), ("x-talks", 8..11)] {
            let caller = mount.token("100").with(key, "yes");
            let begun = Instant::now();
            let request = caller.request(ListUsersRequest::default());
            let users = caller.client().list_users(request).await.unwrap();
            let (messages, status) = read(users.into_inner()).await;
            assert_expired(&status, begun, mount.name);
            assert!(expected.contains(&messages), "{}: {messages}", mount.name);
            assert_eq!(mount.end().await, ENDED, "{}", mount.name);

            let begun = Instant::now();
            let (_sender, requests) = open();
            let chat = caller.client().chat(caller.request(requests)).await;
            let (messages, status) = read(chat.unwrap().into_inner()).await;
            assert_expired(&status, begun, mount.name);
            assert!(expected.contains(&messages), "{}: {messages}", mount.name);
            assert_eq!(mount.end().await, ENDED, "{}", mount.name);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn expiry_reaches_a_handler_that_waits_for_a_message() {
    for mut mount in mounts!(Ending, EndingServer) {
        let caller = mount.token("100").with("x-silent", "yes");
        let begun = Instant::now();
        let (_sender, requests) = open();
        let reply = caller.client().import_users(caller.request(requests)).await;
        assert_expired(&reply.unwrap_err(), begun, mount.name);
        assert_expired(&mount.handled().await.unwrap_err(), begun, mount.name);
        assert_eq!(mount.end().await, ENDED, "{}", mount.name);

        let begun = Instant::now();
        let (_sender, requests) = open();
        let chat = caller.client().chat(caller.request(requests)).await;
        let reading = tokio::spawn(read(chat.unwrap().into_inner()));
        assert_expired(&mount.handled().await.unwrap_err(), begun, mount.name);
        reading.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn busy_request_streams_end_when_the_token_expires() {
    for mut mount in mounts!(Ending, EndingServer) {
        let caller = mount.token("100");
        let requests = tokio_stream::iter(0..1000).then(|_| async {
            sleep(MS(5)).await;
            User::default()
        });
        let begun = Instant::now();
        let reply = caller
            .client()
            .import_users(caller.request(Box::pin(requests)))
            .await;
        assert_expired(&reply.unwrap_err(), begun, mount.name);
        assert_expired(&mount.handled().await.unwrap_err(), begun, mount.name);
    }
}

#[tokio::test(start_paused = true)]
async fn unary_responses_may_outlive_the_token() {
    for mut mount in mounts!(Ending, EndingServer) {
        let caller = mount
            .token("100")
            .with("x-delay", "300")
            .with("x-anyway", "yes");
        let begun = Instant::now();
        let request = caller.request(GetUserRequest::default());
        caller.client().get_user(request).await.unwrap();
        assert!(begun.elapsed() >= MS(300), "{}", mount.name);
        assert_eq!(mount.end().await, (Outcome::Ok, Code::Ok), "{}", mount.name);

        // The request stream ends, but the handler decides how the call ends.
        let (_sender, requests) = open();
        let reply = caller.client().import_users(caller.request(requests)).await;
        assert_eq!(reply.unwrap().into_inner().imported, 1, "{}", mount.name);
        assert_expired(
            &mount.handled().await.unwrap_err(),
            Instant::now() - LIFE,
            mount.name,
        );
        assert_eq!(mount.end().await, (Outcome::Ok, Code::Ok), "{}", mount.name);
    }
}

#[tokio::test(start_paused = true)]
async fn stream_opened_after_expiry_ends_immediately() {
    for mut mount in mounts!(Ending, EndingServer) {
        let caller = mount.token("100").with("x-delay", "300");
        let request = caller.request(ListUsersRequest::default());
        let users = caller.client().list_users(request).await.unwrap();
        let (messages, status) = read(users.into_inner()).await;
        assert_eq!(status.code(), Code::Unauthenticated, "{}", mount.name);
        assert_eq!(messages, 0, "{}", mount.name);
        assert_eq!(mount.end().await, ENDED, "{}", mount.name);
    }
}

#[tokio::test(start_paused = true)]
async fn streams_that_end_before_expiry_are_unchanged() {
    for mut mount in mounts!(Ending, EndingServer) {
        let caller = mount.token("100").with("x-count", "3");
        let request = caller.request(ListUsersRequest::default());
        let users = caller.client().list_users(request).await.unwrap();
        let (messages, status) = read(users.into_inner()).await;
        assert_eq!((messages, status.code()), (3, Code::Ok), "{}", mount.name);
        assert_eq!(mount.end().await, (Outcome::Ok, Code::Ok), "{}", mount.name);

        let requests = caller.request(tokio_stream::iter([User::default(), User::default()]));
        caller.client().import_users(requests).await.unwrap();
        assert_eq!(mount.handled().await.ok(), Some(()), "{}", mount.name);
    }
}

/// Checks that this token ends no stream.
async fn assert_streams_continue(mut mount: Mount, token: &str) {
    let caller = mount.token(token).with("x-count", "50");
    let begun = Instant::now();
    let request = caller.request(ListUsersRequest::default());
    let users = caller.client().list_users(request).await.unwrap();
    let (messages, status) = read(users.into_inner()).await;
    assert_eq!((messages, status.code()), (50, Code::Ok), "{}", mount.name);
    assert!(begun.elapsed() >= MS(500));

    let requests = tokio_stream::iter(0..50).then(|_| async {
        sleep(MS(10)).await;
        User::default()
    });
    let requests = caller.request(Box::pin(requests));
    caller.client().import_users(requests).await.unwrap();
    assert_eq!(mount.handled().await.ok(), Some(()), "{}", mount.name);
}

#[tokio::test(start_paused = true)]
async fn token_without_expiry_never_ends_streams() {
    for mount in mounts!(Ending, EndingServer) {
        assert_streams_continue(mount, "never").await;
    }
}

#[tokio::test(start_paused = true)]
async fn outlive_token_lets_streams_continue() {
    for mount in mounts!(Outliving, OutlivingServer) {
        assert_streams_continue(mount, "100").await;
    }
}

#[tokio::test(start_paused = true)]
async fn expired_identity_cannot_open_streams() {
    for mut mount in mounts!(Ending, EndingServer) {
        let caller = mount.token("past");
        for kind in [
            Kind::ClientStreaming,
            Kind::ServerStreaming,
            Kind::BidiStreaming,
        ] {
            let reply = caller.call(kind).await;
            assert_eq!(reply.code(), Code::Unauthenticated, "{} {kind}", mount.name);
            assert_eq!(mount.end().await, ENDED, "{} {kind}", mount.name);
        }
        assert!(mount.handled.try_recv().is_err(), "{}", mount.name);
    }
}

#[tokio::test(start_paused = true)]
async fn server_struct_ends_streams_of_services_that_rely_on_it() {
    let (ends, mut told) = Ends::new();
    let (sender, mut handled) = unbounded_channel();
    let behind = Behind {
        handlers: Handlers(sender),
        ends: ends.named("behind"),
    };
    let server = EndingServer {
        lives: Lives,
        ends: ends.named("struct"),
    };
    let server =
        server.wrap(interceptors_proto::demo::user_service_server::UserServiceServer::new(behind));
    let caller = Caller::new(&serve(Routes::new(server)).await).with("authorization", "Bearer 100");
    let begun = Instant::now();
    let (_sender, requests) = open();
    let chat = caller.client().chat(caller.request(requests)).await;
    let (messages, status) = read(chat.unwrap().into_inner()).await;
    assert_expired(&status, begun, "by");
    assert!(messages > 5);
    assert_expired(&handled.recv().await.unwrap().unwrap_err(), begun, "by");
    let mut codes = [told.next().await, told.next().await].map(|end| (end.observer, end.code));
    codes.sort_by_key(|(observer, _)| *observer);
    assert_eq!(
        codes,
        [
            ("behind", Code::Cancelled),
            ("struct", Code::Unauthenticated)
        ]
    );
}
