//! A status that is too long for the response headers is cut, so that the client gets it.

use std::sync::{Arc, Mutex};

use interceptors::{Call, End, Interceptor, Next, ResponseStream};
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::user_service_server::UserServiceServer;
use interceptors_proto::demo::{GetUserRequest, ListUsersRequest, User};
use interceptors_tests::{Script, UserStream, scripted, serve};
use tonic::service::Routes;
use tonic::{Code, Response, Status};

/// Keeps the messages of the statuses that observers got.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Heard {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let heard = Arc::clone(&self.0);
        next.observe(call, move |end: &End<'_>| {
            let message = end.status().map(Status::message).unwrap_or_default();
            heard.lock().unwrap().push(message.to_owned());
        })
        .await
    }
}

/// Answers with a status.
#[derive(Clone)]
struct Failing(Status);

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Failing {
    async fn intercept(
        &self,
        _: &mut Call<Req>,
        _: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        Err(self.0.clone())
    }
}

/// Answers with a stream of one message and a status.
#[derive(Clone)]
struct FailingStream(Status);

impl<Req: Send> Interceptor<Req, ResponseStream<UserStream<User>>> for FailingStream {
    async fn intercept(
        &self,
        _: &mut Call<Req>,
        _: &mut impl Next<Req, ResponseStream<UserStream<User>>>,
    ) -> Result<Response<ResponseStream<UserStream<User>>>, Status> {
        let messages = [Ok(User::default()), Err(self.0.clone())];
        let stream: UserStream<User> = Box::pin(tokio_stream::iter(messages));
        Ok(Response::new(ResponseStream::new(stream)))
    }
}

struct Long {
    script: Script,
    heard: Heard,
    failing: Failing,
    stream: FailingStream,
}

scripted!(self: Long, #[intercept(
    with(self.heard, except = [chat]),
    with(self.failing, except = [list_users]),
    with(self.stream, only = [list_users]),
)]);

/// The statuses of a unary call and of a stream that fail with this status, and the messages that observers got.
async fn ends(status: &Status) -> (Vec<Status>, Vec<String>) {
    let heard = Heard::default();
    let service = UserServiceServer::new(Long {
        script: Script::default(),
        heard: heard.clone(),
        failing: Failing(status.clone()),
        stream: FailingStream(status.clone()),
    });
    let channel = serve(Routes::new(service)).await;
    let mut client = UserServiceClient::new(channel);
    let single = client.get_user(GetUserRequest::default()).await;
    let stream = client.list_users(ListUsersRequest::default()).await;
    let mut stream = stream.unwrap().into_inner();
    stream.message().await.unwrap();
    let ends = vec![single.unwrap_err(), stream.message().await.unwrap_err()];
    let heard = heard.0.lock().unwrap().clone();
    (ends, heard)
}

#[tokio::test]
async fn long_messages_are_cut_for_clients_but_not_for_observers() {
    for text in ["x", "日本", "%"] {
        for length in [20_480, 100_000] {
            let message = text.repeat(length / text.len());
            let (ends, heard) = ends(&Status::failed_precondition(message.as_str())).await;
            for status in ends {
                assert_eq!(status.code(), Code::FailedPrecondition, "{text} {length}");
                let (kept, mark) = status.message().rsplit_once('…').unwrap();
                assert!(message.starts_with(kept) && kept.len() > 1_000);
                assert_eq!(mark, format!(" (cut, {} bytes)", message.len()));
            }
            assert_eq!(heard, [message.as_str(), message.as_str()]);
        }
    }
}

#[tokio::test]
async fn short_statuses_arrive_whole_and_oversized_details_are_dropped() {
    let message = "x".repeat(7_000);
    let details = vec![7; 300];
    let status = Status::with_details(Code::Aborted, message.as_str(), details.into());
    for status in ends(&status).await.0 {
        assert_eq!(
            (status.code(), status.message()),
            (Code::Aborted, message.as_str())
        );
        assert_eq!(status.details().len(), 300);
    }
    let status = Status::with_details(Code::Aborted, "short", vec![7; 100_000].into());
    for status in ends(&status).await.0 {
        assert_eq!((status.code(), status.message()), (Code::Aborted, "short"));
        assert!(status.details().is_empty());
    }
}
