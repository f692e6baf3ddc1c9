//! The two ways to apply a policy to a client, and how tests make calls through them.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use interceptors::auth::TokenCache;
use interceptors::client::InterceptedChannel;
use interceptors::{Kind, intercept};
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::{ChatMessage, FlakyRequest, ListUsersRequest, User};
use interceptors_tests::flaky::FlakyServer;
use interceptors_tests::{Policy, WatchEnds, clients};
use tokio_stream::{Stream, StreamExt};
use tonic::metadata::MetadataMap;
use tonic::transport::Channel;
use tonic::{CancellationHandle, Code, Request, Response, Status, Streaming};

pub(crate) const MS: fn(u64) -> Duration = Duration::from_millis;

/// Where the policy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mount {
    /// On a generated client, around messages.
    Typed,
    /// On a channel, around bytes.
    Wire,
}

pub(crate) const MOUNTS: [Mount; 2] = [Mount::Typed, Mount::Wire];

/// The policy of a test, on a channel.
#[intercept(with(self.watch), with(self.policy))]
pub(crate) struct Chosen {
    watch: WatchEnds,
    policy: Policy,
}

impl Mount {
    /// A client with this policy.
    pub(crate) fn client(self, server: &FlakyServer, policy: &Policy) -> Client {
        let (watch, _) = interceptors_tests::Ends::new();
        self.watched(server, policy, watch)
    }

    /// The same, with an observer of the ends.
    pub(crate) fn watched(self, server: &FlakyServer, policy: &Policy, watch: WatchEnds) -> Client {
        self.connected(server.channel(), policy, watch)
    }

    pub(crate) fn connected(self, channel: Channel, policy: &Policy, watch: WatchEnds) -> Client {
        Client(match self {
            Self::Typed => Box::new(Tabled {
                client: clients::chosen::UserServiceClient::new(channel),
                policy: policy.clone(),
                watch,
            }),
            Self::Wire => {
                let policy = policy.clone();
                let chosen = Chosen { watch, policy };
                Box::new(UserServiceClient::new(chosen.wrap(channel)))
            }
        })
    }
}

/// A client with a policy.
pub(crate) struct Client(pub(crate) Box<dyn Calls>);

/// The messages of a request. This is a named type because the compiler cannot prove that a future which holds
/// a `dyn Stream` is `Send`. tonic's clients have the same limit.
pub(crate) struct Texts(Pin<Box<dyn Stream<Item = String> + Send>>);

impl Stream for Texts {
    type Item = String;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<String>> {
        self.0.as_mut().poll_next(cx)
    }
}

/// A call to be made.
pub(crate) struct Ask {
    pub(crate) kind: Kind,
    texts: Texts,
    metadata: MetadataMap,
    extensions: tonic::Extensions,
    timeout: Option<Duration>,
}

impl Ask {
    /// One message; for a request stream, two messages and the end.
    pub(crate) fn new(kind: Kind) -> Self {
        let texts = match kind.request_is_stream() {
            false => &["one"][..],
            true => &["one", "two"],
        };
        Self::with(kind, texts.iter().map(ToString::to_string))
    }

    pub(crate) fn with<T>(kind: Kind, texts: T) -> Self
    where
        T: IntoIterator<Item = String, IntoIter: Send + 'static>,
    {
        Self::stream(kind, tokio_stream::iter(texts))
    }

    pub(crate) fn stream(kind: Kind, texts: impl Stream<Item = String> + Send + 'static) -> Self {
        Self {
            kind,
            texts: Texts(Box::pin(texts)),
            metadata: MetadataMap::new(),
            extensions: tonic::Extensions::default(),
            timeout: None,
        }
    }

    pub(crate) fn metadata(mut self, key: &'static str, value: &'static str) -> Self {
        self.metadata.append(key, value.parse().unwrap());
        self
    }

    pub(crate) fn timeout(mut self, timeout: Option<Duration>) -> Self {
        self.timeout = timeout;
        self
    }

    /// A handle to cancel the call with.
    pub(crate) fn cancellation_handle(&mut self) -> CancellationHandle {
        let mut request = Request::new(());
        let handle = request.cancellation_handle();
        self.extensions.insert(handle.clone());
        handle
    }

    fn take_texts(&mut self) -> Texts {
        std::mem::replace(&mut self.texts, Texts(Box::pin(tokio_stream::empty())))
    }

    fn request<M>(&mut self, message: M) -> Request<M> {
        let metadata = std::mem::take(&mut self.metadata);
        let extensions = std::mem::take(&mut self.extensions);
        let mut request = Request::from_parts(metadata, extensions, message);
        if let Some(timeout) = self.timeout {
            request.set_timeout(timeout);
        }
        request
    }
}

/// The outcome of a call.
#[derive(Debug)]
pub(crate) struct Reply {
    /// The numbers in the messages: ten times the attempt, plus the message's index.
    pub(crate) messages: Vec<u64>,
    pub(crate) status: Status,
}

impl Reply {
    pub(crate) fn code(&self) -> Code {
        self.status.code()
    }
}

pub(crate) type Replying = Pin<Box<dyn Future<Output = Reply> + Send>>;

pub(crate) trait Calls {
    fn call(&self, ask: Ask) -> Replying;
}

impl Client {
    /// Makes a call, and reads everything.
    pub(crate) fn call(&self, ask: Ask) -> Replying {
        let call = self.0.call(ask);
        // With a paused clock, a call that never ends would hang the test.
        let day = tokio::time::timeout(MS(24 * 3600 * 1000), call);
        Box::pin(async { day.await.expect("the call ends") })
    }
}

async fn single<M>(response: Result<Response<M>, Status>, number: impl Fn(M) -> u64) -> Reply {
    match response {
        Ok(response) => Reply {
            messages: vec![number(response.into_inner())],
            status: Status::new(Code::Ok, ""),
        },
        Err(status) => Reply {
            messages: Vec::new(),
            status,
        },
    }
}

async fn several<M>(
    response: Result<Response<Streaming<M>>, Status>,
    number: impl Fn(M) -> u64,
) -> Reply {
    let mut reply = Reply {
        messages: Vec::new(),
        status: Status::new(Code::Ok, ""),
    };
    match response {
        Err(status) => reply.status = status,
        Ok(response) => {
            let mut stream = response.into_inner();
            while let Some(message) = stream.next().await {
                match message {
                    Ok(message) => reply.messages.push(number(message)),
                    Err(status) => {
                        reply.status = status;
                        break;
                    }
                }
            }
        }
    }
    reply
}

macro_rules! calls {
    ($($client:ty),* $(,)?) => {$(
        impl Calls for $client {
            fn call(&self, mut ask: Ask) -> Replying {
                let mut client = self.clone();
                Box::pin(async move {
                    match ask.kind {
                        Kind::Unary => {
                            let key = ask.texts.next().await.unwrap();
                            let request = ask.request(FlakyRequest { key, ..FlakyRequest::default() });
                            single(client.flaky(request).await, |reply| reply.attempts.into()).await
                        }
                        Kind::ServerStreaming => {
                            let request = ask.request(ListUsersRequest { limit: 1, ..ListUsersRequest::default() });
                            several(client.list_users(request).await, |user| user.id).await
                        }
                        Kind::ClientStreaming => {
                            let user: fn(String) -> User = |name| User { id: 0, name };
                            let texts = ask.take_texts().map(user);
                            let request = ask.request(texts);
                            single(client.import_users(request).await, |summary| summary.imported).await
                        }
                        Kind::BidiStreaming => {
                            let message: fn(String) -> ChatMessage = |text| ChatMessage { text };
                            let texts = ask.take_texts().map(message);
                            let request = ask.request(texts);
                            several(client.chat(request).await, |message| message.text.parse().unwrap()).await
                        }
                    }
                })
            }
        }
    )*};
}

/// A policy that is written in an attribute, on both mounts.
macro_rules! mounted {
    ($($name:ident: $chain:ident = $value:expr, #[intercept($($policy:tt)*)] $item:item)*) => {
        $(
            #[intercept($($policy)*)]
            $item
        )*

        impl Mount {
            $(
                pub(crate) fn $name(self, server: &FlakyServer) -> Client {
                    let channel = server.channel();
                    Client(match self {
                        Self::Typed => Box::new(clients::$name::UserServiceClient::new(channel)),
                        Self::Wire => Box::new(UserServiceClient::new($value.wrap(channel))),
                    })
                }
            )*
        }

        calls!(
            clients::chosen::UserServiceClient<Channel>,
            UserServiceClient<InterceptedChannel<Chosen, Channel>>,
            $(
                clients::$name::UserServiceClient<Channel>,
                UserServiceClient<InterceptedChannel<$chain, Channel>>,
            )*
        );
    };
}

// The policies of the generated clients are in `build.rs`. These are the same policies on channels.
mounted! {
    hedged: Hedged = Hedged,
        #[intercept(hedge(max_attempts = 3, delay = "100ms", non_fatal_codes = [Unavailable]))]
        struct Hedged;
    hedged_at_once: HedgedAtOnce = HedgedAtOnce,
        #[intercept(
            hedge(max_attempts = 3, non_fatal_codes = [Unavailable]),
            metadata("x-attempt" = clients::counted()),
        )]
        struct HedgedAtOnce;
    stamped: Stamped = Stamped,
        #[intercept(
            retry(max_attempts = 3, base_delay = "100ms", jitter = 0.0),
            metadata("x-attempt" = clients::counted()),
        )]
        struct Stamped;
    stamped_once: StampedOnce = StampedOnce,
        #[intercept(
            metadata("x-call" = clients::counted()),
            retry(max_attempts = 3, base_delay = "100ms", jitter = 0.0),
        )]
        struct StampedOnce;
    renewing: Renewing = Renewing { tokens: clients::renewing() },
        #[intercept(
            retry(max_attempts = 2, base_delay = "100ms", jitter = 0.0),
            auth(token = self.tokens, allow_plaintext = true),
        )]
        struct Renewing {
            tokens: TokenCache,
        }
    renewing_outside: RenewingOutside = RenewingOutside { tokens: clients::renewing() },
        #[intercept(
            auth(token = self.tokens, allow_plaintext = true),
            retry(max_attempts = 3, base_delay = "100ms", jitter = 0.0),
        )]
        struct RenewingOutside {
            tokens: TokenCache,
        }
    limited: Limited = Limited,
        #[intercept(
            deadline("2s"),
            retry(max_attempts = 4, base_delay = "100ms", jitter = 0.0),
        )]
        struct Limited;
    hedged_throttled: HedgedThrottled = HedgedThrottled,
        #[intercept(hedge(
            max_attempts = 3,
            delay = "100ms",
            non_fatal_codes = [Unavailable],
            throttle(tokens = 4, ratio = 0.5),
        ))]
        struct HedgedThrottled;
    sharing: Sharing = Sharing,
        #[intercept(
            retry(
                max_attempts = 2,
                base_delay = "100ms",
                jitter = 0.0,
                throttle(tokens = 4, ratio = 0.001),
                except = ["/demo.v1.UserService/Flaky"],
            ),
            hedge(
                max_attempts = 3,
                delay = "100ms",
                non_fatal_codes = [Unavailable],
                throttle(tokens = 4, ratio = 0.001),
                only = ["/demo.v1.UserService/Flaky"],
            ),
        )]
        pub(crate) struct Sharing;
    hedged_shed: HedgedShed = HedgedShed,
        #[intercept(hedge(max_attempts = 2, delay = "20ms"), load_shed(max = 1))]
        struct HedgedShed;
    throttled_broken: ThrottledBroken = ThrottledBroken,
        #[intercept(
            retry(
                max_attempts = 2,
                base_delay = "1ms",
                jitter = 0.0,
                throttle(tokens = 10, ratio = 0.001),
            ),
            circuit_breaker(failures = 2, open_for = "10s"),
        )]
        struct ThrottledBroken;
    limited_only: LimitedOnly = LimitedOnly,
        #[intercept(deadline("2s"))]
        struct LimitedOnly;
}

/// A generated client that gets its policy with each call.
struct Tabled {
    client: clients::chosen::UserServiceClient<Channel>,
    policy: Policy,
    watch: WatchEnds,
}

impl Calls for Tabled {
    fn call(&self, mut ask: Ask) -> Replying {
        ask.extensions.insert(self.policy.clone());
        ask.extensions.insert(self.watch.clone());
        self.client.call(ask)
    }
}
