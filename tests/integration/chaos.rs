//! Ten thousand calls of all kinds at once, over real sockets, to a server that fails at random: no call is
//! lost, no call gets another call's answer, and nothing leaks.
#![allow(clippy::unwrap_used)] // helpers of tests

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use interceptors::client::InterceptedChannel;
use interceptors::intercept;
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::user_service_server::{UserService, UserServiceServer};
use interceptors_proto::demo::{
    ChatMessage, FlakyReply, FlakyRequest, GetUserRequest, ImportSummary, ListUsersRequest,
    LoginReply, LoginRequest, User,
};
use interceptors_tests::{Ends, UserStream, WatchEnds, clients, start};
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio_stream::{Stream, StreamExt};
use tonic::metadata::MetadataMap;
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status, Streaming};

const CALLS: u64 = 10_000;
const WORKERS: u64 = 64;
const ATTEMPTS: u32 = 3;
const MESSAGES: usize = 3;

/// The fate of an attempt. Both sides derive it from the numbers of the call and of the attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Answer,
    Unavailable,
    NotFound,
    /// A response stream fails after a message.
    DataLoss,
    Hang,
}

fn fate(id: u64, attempt: u32) -> Fate {
    let mut random = fastrand::Rng::with_seed(id * 10 + u64::from(attempt));
    match random.u32(0..100) {
        0..50 => Fate::Answer,
        50..85 => Fate::Unavailable,
        85..91 => Fate::NotFound,
        91..97 => Fate::DataLoss,
        _ => Fate::Hang,
    }
}

/// How a call ends if it is not dropped, and after how many attempts.
fn end(id: u64) -> (Fate, u32) {
    let fates = (0..ATTEMPTS).map(|attempt| (fate(id, attempt), attempt + 1));
    let mut fates = fates.skip_while(|(fate, n)| *fate == Fate::Unavailable && *n < ATTEMPTS);
    fates.next().unwrap()
}

/// Whether the caller drops the call.
fn is_dropped(id: u64) -> bool {
    id % 10 == 7
}

fn code(fate: Fate) -> Code {
    match fate {
        Fate::Answer => Code::Ok,
        Fate::Unavailable => Code::Unavailable,
        Fate::NotFound => Code::NotFound,
        Fate::DataLoss => Code::DataLoss,
        Fate::Hang => Code::DeadlineExceeded,
    }
}

/// Acts on the fate of each attempt, and records which attempts of which calls have come.
#[derive(Debug, Clone, Default)]
struct Chaotic {
    seen: Arc<Mutex<HashMap<u64, Vec<u32>>>>,
}

impl Chaotic {
    /// Records an attempt, and returns its fate.
    fn enter(&self, metadata: &MetadataMap) -> (u64, Fate) {
        let number = |key| metadata.get(key).map(|value| value.to_str().unwrap());
        let id = number("x-call-id").unwrap().parse().unwrap();
        let attempt = number("grpc-previous-rpc-attempts").unwrap_or("0");
        let attempt = attempt.parse().unwrap();
        self.seen
            .lock()
            .unwrap()
            .entry(id)
            .or_default()
            .push(attempt);
        (id, fate(id, attempt))
    }

    async fn single<M>(fate: Fate, answer: M) -> Result<Response<M>, Status> {
        match fate {
            Fate::Answer => Ok(Response::new(answer)),
            Fate::Hang => std::future::pending().await,
            failure => Err(Status::new(code(failure), "fated")),
        }
    }

    async fn stream<M, S>(fate: Fate, answer: S) -> Result<Response<UserStream<M>>, Status>
    where
        M: Send + 'static,
        S: Stream<Item = Result<M, Status>> + Send + 'static,
    {
        match fate {
            Fate::Answer => Ok(Response::new(Box::pin(answer))),
            Fate::Hang => std::future::pending().await,
            Fate::DataLoss => {
                let failure = tokio_stream::once(Err(Status::data_loss("fated")));
                Ok(Response::new(Box::pin(answer.take(1).chain(failure))))
            }
            failure => Err(Status::new(code(failure), "fated")),
        }
    }
}

#[tonic::async_trait]
impl UserService for Chaotic {
    type ListUsersStream = UserStream<User>;
    type ChatStream = UserStream<ChatMessage>;

    async fn login(&self, _: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
        Err(Status::unimplemented("not used"))
    }

    async fn flaky(&self, _: Request<FlakyRequest>) -> Result<Response<FlakyReply>, Status> {
        Err(Status::unimplemented("not used"))
    }

    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        let (_, fate) = self.enter(request.metadata());
        let id = request.into_inner().id;
        Self::single(fate, user(id)).await
    }

    async fn list_users(
        &self,
        request: Request<ListUsersRequest>,
    ) -> Result<Response<Self::ListUsersStream>, Status> {
        let (_, fate) = self.enter(request.metadata());
        let id = request.into_inner().limit.into();
        let users = tokio_stream::iter(vec![Ok(user(id)); MESSAGES]);
        Self::stream(fate, users).await
    }

    async fn import_users(
        &self,
        request: Request<Streaming<User>>,
    ) -> Result<Response<ImportSummary>, Status> {
        let (id, fate) = self.enter(request.metadata());
        let mut users = request.into_inner();
        let mut count = 0;
        if fate == Fate::Unavailable && id % 2 == 0 {
            // Fails in the middle of the request.
            users.next().await.transpose()?;
            return Self::single(fate, ImportSummary { imported: 0 }).await;
        }
        while let Some(user) = users.next().await.transpose()? {
            assert_eq!(user.id, id, "a message of another call");
            count += 1;
        }
        // To a tonic server, a dropped request stream looks like one that has ended.
        if count < MESSAGES && is_dropped(id) {
            return Err(Status::cancelled("given up"));
        }
        assert_eq!(
            count, MESSAGES,
            "call {id}: a message is lost or was sent twice"
        );
        Self::single(fate, ImportSummary { imported: id }).await
    }

    async fn chat(
        &self,
        request: Request<Streaming<ChatMessage>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        let (_, fate) = self.enter(request.metadata());
        Self::stream(fate, request.into_inner()).await
    }
}

fn user(id: u64) -> User {
    User {
        id,
        name: String::new(),
    }
}

#[intercept(
    with(clients::Watched),
    deadline("20s"),
    retry(max_attempts = 3, base_delay = "1ms", max_delay = "5ms"),
    metadata("x-attempt" = clients::counted()),
)]
struct Outbound;

/// A request stream with a handle, so that the test can find leaked streams.
struct Held<M> {
    messages: std::vec::IntoIter<M>,
    _handle: Arc<()>,
}

impl<M> Unpin for Held<M> {}

impl<M> Stream for Held<M> {
    type Item = M;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<M>> {
        Poll::Ready(self.messages.next())
    }
}

/// The result of a call: the numbers in its messages, and its status.
type Reply = (Vec<u64>, Code);

fn single<M>(response: Result<Response<M>, Status>, id: impl Fn(M) -> u64) -> Reply {
    match response {
        Ok(response) => (vec![id(response.into_inner())], Code::Ok),
        Err(status) => (vec![], status.code()),
    }
}

async fn several<M>(
    response: Result<Response<Streaming<M>>, Status>,
    id: impl Fn(M) -> u64,
) -> Reply {
    let mut ids = Vec::new();
    let mut stream = match response {
        Ok(response) => response.into_inner(),
        Err(status) => return (ids, status.code()),
    };
    while let Some(message) = stream.next().await {
        match message {
            Ok(message) => ids.push(id(message)),
            Err(status) => return (ids, status.code()),
        }
    }
    (ids, Code::Ok)
}

/// What is needed for a call, besides the client.
struct Ask {
    id: u64,
    watch: WatchEnds,
    handle: Arc<()>,
}

impl Ask {
    fn request<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        let id = self.id.to_string().parse().unwrap();
        request.metadata_mut().insert("x-call-id", id);
        request.extensions_mut().insert(self.watch.clone());
        if end(self.id).0 == Fate::Hang {
            request.set_timeout(Duration::from_millis(100));
        }
        request
    }

    fn stream<M: Clone>(&self, message: M) -> Request<Held<M>> {
        self.request(Held {
            messages: vec![message; MESSAGES].into_iter(),
            _handle: Arc::clone(&self.handle),
        })
    }
}

macro_rules! call {
    ($client:expr, $ask:expr) => {{
        let (client, ask) = ($client, $ask);
        let id = ask.id;
        match id % 4 {
            0 => single(
                client.get_user(ask.request(GetUserRequest { id })).await,
                |user| user.id,
            ),
            1 => single(client.import_users(ask.stream(user(id))).await, |summary| {
                summary.imported
            }),
            2 => {
                let limit = u32::try_from(id).unwrap();
                let request = ListUsersRequest {
                    limit,
                    ..ListUsersRequest::default()
                };
                several(client.list_users(ask.request(request)).await, |user| {
                    user.id
                })
                .await
            }
            _ => {
                let text = id.to_string();
                let reply = client.chat(ask.stream(ChatMessage { text })).await;
                several(reply, |message| message.text.parse().unwrap()).await
            }
        }
    }};
}

#[derive(Clone)]
enum Client {
    Typed(clients::chaotic::UserServiceClient<Channel>),
    Wire(UserServiceClient<InterceptedChannel<Outbound, Channel>>),
}

impl Client {
    async fn call(&mut self, ask: Ask) -> Reply {
        match self {
            Self::Typed(client) => call!(client, ask),
            Self::Wire(client) => call!(client, ask),
        }
    }
}

/// Makes a call, or drops it in the middle, and checks its reply and its end.
async fn check(mut client: Client, id: u64, handle: Arc<()>) {
    let (watch, ends) = Ends::new();
    let ask = Ask { id, watch, handle };
    let patience = fastrand::Rng::with_seed(id).u32(1..200);
    let given_up = async {
        for _ in 0..patience {
            tokio::task::yield_now().await;
        }
    };
    let reply = match is_dropped(id) {
        true => tokio::select! {
            reply = client.call(ask) => Some(reply),
            () = given_up => None,
        },
        false => Some(client.call(ask).await),
    };
    let ends = ends.rest().await;
    assert_eq!(ends.len(), 1, "call {id} ends once: {ends:?}");
    let Some((ids, seen)) = reply else {
        return;
    };
    let (fate, _) = end(id);
    let is_stream = id % 4 >= 2;
    // On a busy machine, the deadline may pass before the attempt that hangs.
    let is_early = fate == Fate::Hang && seen == Code::Unavailable;
    assert!(
        seen == code(fate) || is_early,
        "call {id}: {seen:?}, {fate:?}"
    );
    assert_eq!(ends[0].code, seen, "call {id}");
    let messages = match (fate, is_stream) {
        (Fate::Answer, false) | (Fate::DataLoss, true) => 1,
        (Fate::Answer, true) => MESSAGES,
        _ => 0,
    };
    assert_eq!(ids, vec![id; messages], "call {id} has its own answer");
    assert_eq!(ends[0].messages, messages as u64, "call {id}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_is_lost_or_mixed_up_and_nothing_leaks() {
    let alive = || Handle::current().metrics().num_alive_tasks();
    let before = alive();
    let service = Chaotic::default();
    let server = start(Routes::new(UserServiceServer::new(service.clone()))).await;
    let channel = server.channel.clone();
    let typed = Client::Typed(clients::chaotic::UserServiceClient::new(channel.clone()));
    let wire = Client::Wire(UserServiceClient::new(Outbound.wrap(channel)));
    let handle = Arc::new(());

    let mut workers = JoinSet::new();
    for worker in 0..WORKERS {
        let clients = [typed.clone(), wire.clone()];
        let handle = Arc::clone(&handle);
        workers.spawn(async move {
            for id in (worker..CALLS).step_by(WORKERS as usize) {
                // Each client sees each kind.
                let client = clients[(id / 4 % 2) as usize].clone();
                check(client, id, Arc::clone(&handle)).await;
            }
        });
    }
    while let Some(done) = workers.join_next().await {
        done.unwrap();
    }

    for (id, attempts) in service.seen.lock().unwrap().iter() {
        let (fate, expected) = end(*id);
        let may_be_fewer = is_dropped(*id) || fate == Fate::Hang;
        let expected: Vec<_> = (0..expected).collect();
        let len = match may_be_fewer {
            true => attempts.len(),
            false => expected.len(),
        };
        let fates = [0, 1, 2].map(|attempt| self::fate(*id, attempt));
        assert_eq!(*attempts, expected[..len], "call {id}: {fates:?}");
    }
    let seen = service.seen.lock().unwrap().len() as u64;
    assert!(seen >= CALLS * 9 / 10, "{seen} calls have come");

    drop((typed, wire));
    server.stop().await;
    let all_ended = async {
        while alive() > before || Arc::strong_count(&handle) > 1 {
            tokio::task::yield_now().await;
        }
    };
    let ended = tokio::time::timeout(Duration::from_secs(10), all_ended).await;
    let left = (alive() - before, Arc::strong_count(&handle) - 1);
    assert!(ended.is_ok(), "{left:?} tasks and streams are left");
}
