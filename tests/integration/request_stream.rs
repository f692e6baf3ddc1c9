//! Counting the messages of a request stream does not change the stream.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};

use http_body::Frame;
use interceptors::{Call, End, Interceptor, Kind, Next, intercept};
use interceptors_proto::demo::user_service_server::{UserService, UserServiceServer};
use interceptors_proto::demo::{
    ChatMessage, FlakyReply, FlakyRequest, GetUserRequest, ImportSummary, ListUsersRequest,
    LoginReply, LoginRequest, User,
};
use interceptors_tests::{Caller, Script, Steps, UserStream, serve, start};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_stream::StreamExt;
use tonic::codec::{Codec, Decoder};
use tonic::codegen::{Body, Bytes};
use tonic::metadata::MetadataMap;
use tonic::service::Routes;
use tonic::{Request, Response, Status, Streaming};

/// Reports the number of request messages of each call.
#[derive(Clone)]
struct CountRequests(UnboundedSender<(Kind, u64)>);

impl<Req: Send, Res: Send> Interceptor<Req, Res> for CountRequests {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let counts = self.0.clone();
        let tell = move |end: &End<'_>| {
            let _ = counts.send((end.kind(), end.request_messages()));
        };
        next.observe(call, tell).await
    }
}

/// Handlers of request streams read as many messages as the metadata `x-take` says, and record
/// them.
#[derive(Clone)]
struct Users {
    script: Script,
    steps: Steps,
    counts: CountRequests,
}

impl Users {
    async fn take<M: std::fmt::Debug>(
        &self,
        request: Request<Streaming<M>>,
        show: fn(M) -> String,
    ) -> u64 {
        let take = request.metadata().get("x-take");
        let take = take.map_or(u64::MAX, |value| value.to_str().unwrap().parse().unwrap());
        let mut messages = request.into_inner();
        let mut taken = 0;
        while taken < take {
            match messages.next().await {
                Some(Ok(message)) => self.steps.add(show(message)),
                // After an error, tonic's stream gives nothing useful.
                Some(Err(status)) => {
                    self.steps.add(format!("{:?}", status.code()));
                    break;
                }
                None => {
                    let trailers = messages.trailers().await.unwrap();
                    let trailer = trailers.as_ref().and_then(|all| all.get("x-trailer"));
                    self.steps.add(format!("end {trailer:?}"));
                    break;
                }
            }
            taken += 1;
        }
        taken
    }
}

#[intercept(with(self.counts), with(self.counts))]
#[tonic::async_trait]
impl UserService for Users {
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
        let imported = self.take(request, |user| user.id.to_string()).await;
        Ok(Response::new(ImportSummary { imported }))
    }

    /// Answers each message when it arrives.
    async fn chat(
        &self,
        request: Request<Streaming<ChatMessage>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        Ok(Response::new(Box::pin(request.into_inner())))
    }

    async fn flaky(&self, request: Request<FlakyRequest>) -> Result<Response<FlakyReply>, Status> {
        self.script.flaky(request).await
    }
}

fn users() -> (Users, tokio::sync::mpsc::UnboundedReceiver<(Kind, u64)>) {
    let (sender, counts) = unbounded_channel();
    let users = Users {
        script: Script::default(),
        steps: Steps::default(),
        counts: CountRequests(sender),
    };
    (users, counts)
}

fn numbered(n: u64) -> impl Iterator<Item = User> {
    (0..n).map(|id| User {
        id,
        name: "x".repeat(usize::try_from(id).unwrap()),
    })
}

#[tokio::test]
async fn observers_get_the_number_of_messages_that_the_handler_read() {
    let (users, mut counts) = users();
    let server = start(Routes::new(UserServiceServer::new(users.clone()))).await;
    let caller = Caller::new(&server.channel);
    for kind in [Kind::Unary, Kind::ServerStreaming] {
        caller.call(kind).await;
        for _ in 0..2 {
            assert_eq!(counts.recv().await, Some((kind, 1)));
        }
    }
    for (take, expected) in [("0", 0), ("2", 2), ("9", 5)] {
        let caller = caller.with("x-take", take);
        let request = caller.request(tokio_stream::iter(numbered(5)));
        let summary = caller.client().import_users(request).await.unwrap();
        assert_eq!(summary.into_inner().imported, expected);
        for _ in 0..2 {
            assert_eq!(counts.recv().await, Some((Kind::ClientStreaming, expected)));
        }
    }
    let texts = ["a", "b", "c"].map(|text| ChatMessage {
        text: text.to_owned(),
    });
    let request = caller.request(tokio_stream::iter(texts.clone()));
    let replies = caller.client().chat(request).await.unwrap().into_inner();
    let replies: Vec<_> = replies.map(Result::unwrap).collect().await;
    assert_eq!(replies, texts);
    for _ in 0..2 {
        assert_eq!(counts.recv().await, Some((Kind::BidiStreaming, 3)));
    }
    drop((caller, users));
    server.stop().await;
    assert_eq!(counts.recv().await, None);
}

#[tokio::test]
async fn bidi_messages_are_not_delayed() {
    let (users, _counts) = users();
    let channel = serve(Routes::new(UserServiceServer::new(users))).await;
    let (say, said) = tokio::sync::mpsc::channel(1);
    let said = tokio_stream::wrappers::ReceiverStream::new(said);
    let replies = Caller::new(&channel).client().chat(said).await.unwrap();
    let mut replies = replies.into_inner();
    for n in 0..10 {
        let text = n.to_string();
        say.send(ChatMessage { text: text.clone() }).await.unwrap();
        assert_eq!(replies.next().await.unwrap().unwrap().text, text);
    }
    drop(say);
    assert!(replies.next().await.is_none());
}

#[tokio::test]
async fn messages_arrive_in_order_and_decoding_failures_are_errors() {
    let (users, _counts) = users();
    let service = UserServiceServer::new(users.clone()).max_decoding_message_size(8);
    let channel = serve(Routes::new(service)).await;
    let mut client = Caller::new(&channel).client();
    client
        .import_users(tokio_stream::iter(numbered(4)))
        .await
        .unwrap();
    assert_eq!(users.steps.take(), "0 1 2 3 end None");
    client
        .import_users(tokio_stream::iter(numbered(9)))
        .await
        .unwrap();
    assert_eq!(users.steps.take(), "0 1 2 3 4 OutOfRange");
}

/// A request body for direct calls: frames with empty messages, and a trailer. It counts how often it was
/// polled.
struct Frames {
    polls: Arc<AtomicU32>,
    left: u32,
    end: Option<Result<(), Status>>,
}

impl Body for Frames {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        self.polls.fetch_add(1, Ordering::SeqCst);
        if self.left > 0 {
            self.left -= 1;
            return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[0; 5])))));
        }
        Poll::Ready(self.end.take().map(|end| {
            let mut trailers = MetadataMap::new();
            trailers.insert("x-trailer", "t".parse().unwrap());
            end.map(|()| Frame::trailers(trailers.into_headers()))
        }))
    }
}

fn request(frames: Frames, take: u64) -> Request<Streaming<User>> {
    let decoder = tonic_prost::ProstCodec::<User, User>::default().decoder();
    let mut request = Request::new(streaming(decoder, frames));
    let take = take.to_string().parse().unwrap();
    request.metadata_mut().insert("x-take", take);
    request
}

fn streaming<D>(decoder: D, frames: Frames) -> Streaming<User>
where
    D: Decoder<Item = User, Error = Status> + Send + 'static,
{
    Streaming::new_request(decoder, frames, None, None)
}

#[tokio::test]
async fn request_stream_is_not_read_ahead_of_the_handler() {
    for take in [0, 1, 3] {
        let polls = Arc::new(AtomicU32::new(0));
        let frames = Frames {
            polls: Arc::clone(&polls),
            left: 5,
            end: None,
        };
        let (users, _counts) = users();
        let summary = users.import_users(request(frames, take)).await.unwrap();
        assert_eq!(summary.into_inner().imported, take);
        assert_eq!(u64::from(polls.load(Ordering::SeqCst)), take);
    }
}

#[tokio::test]
async fn request_trailers_and_errors_reach_the_handler() {
    for (end, seen) in [
        (None, "0 0 end None"),
        (Some(Ok(())), "0 0 end Some(\"t\")"),
        (Some(Err(Status::data_loss("lost"))), "0 0 DataLoss"),
        (Some(Err(Status::aborted("gone"))), "0 0 Aborted"),
    ] {
        let (users, _counts) = users();
        let frames = Frames {
            polls: Arc::default(),
            left: 2,
            end,
        };
        users.import_users(request(frames, 99)).await.unwrap();
        assert_eq!(users.steps.take(), seen);
    }
}
