//! The three mounts of a client under production policies: generated, channel, and written by hand.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use interceptors::auth::TokenCache;
use interceptors::client::InterceptedChannel;
use interceptors::concurrency::{Capacity, Limiter};
use interceptors::metrics::Recorder;
use interceptors::{Kind, intercept};
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::{
    ChatMessage, FlakyReply, FlakyRequest, GetUserRequest, ImportSummary, ListUsersRequest, User,
};
use interceptors_tests::clients::{soaked, unsteady};
use interceptors_tests::{Behaviour, Counted};
use tokio::sync::mpsc;
use tokio::time::sleep;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::transport::Channel;
use tonic::{CancellationHandle, Code, Request, Response, Status, Streaming};

use crate::network::{Network, Way};

/// The messages of a response, without what they say.
pub(crate) type Messages = Pin<Box<dyn Stream<Item = Result<(), Status>> + Send>>;

/// What the clients of the two mounts that have state of their own share.
pub(crate) struct Shared {
    pub(crate) ends: Counted,
    pub(crate) limiter: Limiter,
    recorder: Recorder,
    tokens: TokenCache,
}

#[intercept(
    trace,
    metrics(recorder = self.0.recorder),
    with(self.0.ends),
    request_id,
    logging(level = "info"),
    deadline("500ms"),
    hedge(max_attempts = 2, delay = "5ms", only = ["/demo.v1.UserService/GetUser"]),
    retry(
        max = 2,
        base_delay = "2ms",
        throttle(tokens = 100, ratio = 0.1),
        except = ["/demo.v1.UserService/GetUser"]
    ),
    circuit_breaker(failures = 20, open_for = "50ms"),
    concurrency(limiter = self.0.limiter),
    auth(token = self.0.tokens, public = ["/demo.v1.UserService/Login"], allow_plaintext = true),
    metadata("x-client" = "soak"),
)]
struct Chain(Arc<Shared>);

/// A client written by hand.
struct Handwritten {
    client: UserServiceClient<Channel>,
    shared: Arc<Shared>,
}

#[intercept(
    service = "demo.v1.UserService",
    trace,
    metrics(recorder = self.shared.recorder),
    with(self.shared.ends),
    request_id,
    logging(level = "info"),
    deadline("500ms"),
    retry(max = 2, base_delay = "2ms", only = [get_user, list_users, flaky]),
    circuit_breaker(failures = 20, open_for = "50ms"),
    concurrency(limiter = self.shared.limiter),
    auth(token = self.shared.tokens, allow_plaintext = true),
    metadata("x-client" = "soak"),
)]
impl Handwritten {
    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        self.client.clone().get_user(request).await
    }

    async fn list_users(
        &self,
        request: Request<ListUsersRequest>,
    ) -> Result<Response<Streaming<User>>, Status> {
        self.client.clone().list_users(request).await
    }

    async fn import_users(
        &self,
        request: Request<ReceiverStream<User>>,
    ) -> Result<Response<ImportSummary>, Status> {
        self.client.clone().import_users(request).await
    }

    async fn chat(
        &self,
        request: Request<ReceiverStream<ChatMessage>>,
    ) -> Result<Response<Streaming<ChatMessage>>, Status> {
        self.client.clone().chat(request).await
    }

    async fn flaky(&self, request: Request<FlakyRequest>) -> Result<Response<FlakyReply>, Status> {
        self.client.clone().flaky(request).await
    }
}

#[derive(Clone)]
enum Mount {
    Generated(soaked::UserServiceClient<Channel>),
    Channel(UserServiceClient<InterceptedChannel<Chain, Channel>>),
    Handwritten(Arc<Handwritten>),
}

/// A client over one way to a server.
#[derive(Clone)]
pub(crate) struct Client {
    mount: Mount,
    way: Way,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mount = match self.mount {
            Mount::Generated(_) => "generated client",
            Mount::Channel(_) => "channel",
            Mount::Handwritten(_) => "hand-written client",
        };
        write!(f, "{mount} over {:?}", self.way)
    }
}

/// How a caller sends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sending {
    pub(crate) behaviour: Behaviour,
    /// How many messages, where the request is a stream.
    pub(crate) messages: u32,
    pub(crate) pace: Duration,
    /// The request stream never ends.
    pub(crate) endless: bool,
}

/// A message in a request that tells the server what to do.
fn request<M>(message: M, sending: &Sending) -> Request<M> {
    let mut request = Request::new(message);
    let behaviour = sending.behaviour.to_string().parse().unwrap();
    request.metadata_mut().insert(Behaviour::KEY, behaviour);
    request
}

/// Sends messages at a pace, from a task that ends when nobody takes them any more.
fn feed<M: Default + Send + 'static>(sending: Sending) -> ReceiverStream<M> {
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        for _ in 0..sending.messages {
            if !sending.pace.is_zero() {
                sleep(sending.pace).await;
            }
            if sender.send(M::default()).await.is_err() {
                return;
            }
        }
        if sending.endless {
            sender.closed().await;
        }
    });
    ReceiverStream::new(receiver)
}

fn single<M>(_: Response<M>) -> Messages {
    Box::pin(tokio_stream::once(Ok(())))
}

fn stream<M: Send + 'static>(response: Response<Streaming<M>>) -> Messages {
    Box::pin(response.into_inner().map(|message| message.map(drop)))
}

/// Opens a call of any kind on a client of any type.
macro_rules! open {
    ($client:expr, $kind:expr, $sending:expr, $cancellable:expr) => {{
        let (sending, cancellable): (Sending, Cancellable) = ($sending, $cancellable);
        let mut client = $client;
        // What is written by hand takes `&self`.
        let client = &mut client;
        match $kind {
            Kind::Unary => {
                let request = cancellable.of(request(GetUserRequest { id: 7 }, &sending));
                single(client.get_user(request).await?)
            }
            Kind::ServerStreaming => {
                let request = cancellable.of(request(ListUsersRequest::default(), &sending));
                stream(client.list_users(request).await?)
            }
            Kind::ClientStreaming => {
                let request = cancellable.of(request(feed(sending), &sending));
                single(client.import_users(request).await?)
            }
            Kind::BidiStreaming => {
                let request = cancellable.of(request(feed(sending), &sending));
                stream(client.chat(request).await?)
            }
        }
    }};
}

/// Where a caller that cancels by itself wants the handle.
#[derive(Clone, Default)]
pub(crate) struct Cancellable(pub(crate) Option<Arc<Mutex<Option<CancellationHandle>>>>);

impl Cancellable {
    fn of<M>(self, mut request: Request<M>) -> Request<M> {
        if let Some(handle) = self.0 {
            *handle.lock().unwrap() = Some(request.cancellation_handle());
        }
        request
    }
}

impl Client {
    /// Each mount over each way.
    pub(crate) fn all(network: &Network, shared: &Arc<Shared>) -> Vec<Self> {
        let ways = [Way::Steady, Way::Dying, Way::Hostile];
        let of_way = |way| {
            let channel = || network.channel(way);
            let mounts = [
                Mount::Generated(soaked::UserServiceClient::new(channel())),
                Mount::Channel(UserServiceClient::new(
                    Chain(Arc::clone(shared)).wrap(channel()),
                )),
                Mount::Handwritten(Arc::new(Handwritten {
                    client: UserServiceClient::new(channel()),
                    shared: Arc::clone(shared),
                })),
            ];
            mounts.map(|mount| Self { mount, way })
        };
        ways.into_iter().flat_map(of_way).collect()
    }

    pub(crate) fn way(&self) -> Way {
        self.way
    }

    /// Makes a call until there are response headers.
    pub(crate) async fn open(
        &self,
        kind: Kind,
        sending: Sending,
        cancellable: Cancellable,
    ) -> Result<Messages, Status> {
        Ok(match &self.mount {
            Mount::Generated(client) => open!(client.clone(), kind, sending, cancellable),
            Mount::Channel(client) => open!(client.clone(), kind, sending, cancellable),
            Mount::Handwritten(client) => open!(&**client, kind, sending, cancellable),
        })
    }

    /// A call that fails with a message so long.
    pub(crate) async fn fail(&self, code: Code, length: u32) -> Result<(), Status> {
        let request = FlakyRequest {
            key: String::new(),
            failures: length,
            code: code.into(),
        };
        match &self.mount {
            Mount::Generated(client) => client.clone().flaky(request).await.map(drop),
            Mount::Channel(client) => client.clone().flaky(request).await.map(drop),
            Mount::Handwritten(client) => client.flaky(Request::new(request)).await.map(drop),
        }
    }
}

impl Shared {
    pub(crate) fn new(recorder: Recorder) -> Arc<Self> {
        Arc::new(Self {
            ends: Counted::default(),
            limiter: Limiter::new(&Capacity::max(64).queue(64)),
            recorder,
            tokens: unsteady(),
        })
    }
}
