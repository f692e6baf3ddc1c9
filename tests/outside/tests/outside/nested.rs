use interceptors::{Call, Intercepted as _, Interceptor, Next, Outcome, intercept};
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::user_service_server::UserServiceServer;
use interceptors_proto::demo::{ChatMessage, GetUserRequest, ListUsersRequest, User};
use interceptors_tests::{
    Behaviour, Caller, Ends, Event, KINDS, Script, Steps, WatchEnds, scripted, serve,
};
use interceptors_tests_outside::{CatchPanic, IdOfCall, StreamGaps};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_stream::StreamExt;
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};

use crate::clients;
use crate::common::{All, how, listen};

#[derive(Clone, Default)]
struct Ordered {
    script: Script,
    steps: Steps,
}

scripted!(self: Ordered, #[intercept(
    with(self.steps.recorder("a")),
    with(CatchPanic),
    with(self.steps.recorder("b")),
    with(IdOfCall::new()),
    with(self.steps.recorder("c")),
    with(StreamGaps::new()),
    with(self.steps.recorder("d")),
)]);

#[tokio::test]
async fn interceptors_run_in_list_order() {
    let (_events, _guard) = listen();
    let service = Ordered::default();
    let channel = serve(Routes::new(UserServiceServer::new(service.clone()))).await;
    let caller = Caller::new(&channel);
    for kind in KINDS {
        assert_eq!(caller.call(kind).await.code(), Code::Ok);
        assert_eq!(service.steps.take(), ">a >b >c >d <d <c <b <a", "{kind}");
        // A panic skips the way back of all interceptors inside of `CatchPanic`.
        let reply = caller.told(Behaviour::Panic).call(kind).await;
        assert_eq!(reply.code(), Code::Internal);
        assert_eq!(service.steps.take(), ">a >b >c >d <a", "{kind}");
    }
}

#[tokio::test]
async fn dropped_stream_is_cancelled_for_all_observers() {
    let (events, _guard) = listen();
    let mut served = All::serve().await;
    let caller = served.caller.told(Behaviour::HangAfter(1));
    for kind in KINDS.into_iter().filter(|kind| kind.response_is_stream()) {
        let mut messages = caller.open(kind).await.unwrap();
        messages.next().await.unwrap().unwrap();
        drop(messages);
        for observer in ["inner", "outer"] {
            let expected = (observer, Outcome::Cancelled, Code::Cancelled, 1);
            assert_eq!(how(&served.ends.next().await), expected, "{kind}");
        }
        assert_eq!(events.take().len(), 1, "{kind}");
    }
}

#[test]
fn plan_lists_external_interceptors() {
    let plan = All::PLAN;
    let labels = plan.methods()[0].interceptors().map(|entry| entry.label());
    let labels: Vec<_> = labels.collect();
    assert_eq!(
        labels[1..4],
        [
            "with(CatchPanic)",
            "with(IdOfCall::new())",
            "with(StreamGaps::new())"
        ]
    );
}

// Clients.

fn gaps(events: Vec<Event>) -> Vec<String> {
    let gaps = events
        .into_iter()
        .filter(|event| event.message == "a response stream has ended");
    gaps.map(|event| {
        format!(
            "{:?} {:?}",
            event.get("grpc.method").unwrap(),
            event.get("messages").unwrap()
        )
    })
    .collect()
}

#[derive(Clone)]
struct Bare {
    script: Script,
    ids: Ids,
}

/// Reports the ID in the request's metadata.
#[derive(Clone)]
struct Ids(UnboundedSender<String>);

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Ids {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let id = call.metadata().get("x-request-id").unwrap();
        let _ = self.0.send(id.to_str().unwrap().to_owned());
        next.run(call).await
    }
}

scripted!(self: Bare, #[intercept(with(self.ids))]);

async fn bare() -> (Channel, UnboundedReceiver<String>) {
    let (sender, ids) = unbounded_channel();
    let service = Bare {
        script: Script::default(),
        ids: Ids(sender),
    };
    (
        serve(Routes::new(UserServiceServer::new(service))).await,
        ids,
    )
}

fn with<T>(message: T, watch: &WatchEnds) -> Request<T> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(watch.clone());
    request
        .metadata_mut()
        .insert("x-request-id", "job-1".parse().unwrap());
    request
}

#[intercept(with(self.ends), with(IdOfCall::new()), with(StreamGaps::new()))]
struct Outbound {
    ends: WatchEnds,
}

macro_rules! client_tests {
    ($($name:ident: $client:expr;)*) => {$(
        #[tokio::test]
        async fn $name() {
            let (events, _guard) = listen();
            let (channel, mut ids) = bare().await;
            let (watch, mut ends) = Ends::new();
            let client: fn(Channel, WatchEnds) -> _ = $client;
            let mut client = client(channel, watch.clone());

            client.get_user(with(GetUserRequest::default(), &watch)).await.unwrap();
            assert_eq!(how(&ends.next().await), ("", Outcome::Ok, Code::Ok, 1));
            assert_eq!(ids.recv().await.unwrap(), "job-1");
            let users = tokio_stream::iter([User::default(), User::default()]);
            client.import_users(with(users, &watch)).await.unwrap();
            assert_eq!(how(&ends.next().await), ("", Outcome::Ok, Code::Ok, 1));
            assert_eq!(gaps(events.take()), [""; 0]);

            let list = client.list_users(with(ListUsersRequest::default(), &watch)).await;
            let users: Vec<_> = list.unwrap().into_inner().collect().await;
            assert_eq!(users.len(), 3);
            assert_eq!(how(&ends.next().await), ("", Outcome::Ok, Code::Ok, 3));
            assert_eq!(gaps(events.take()), ["Str(\"ListUsers\") U64(3)"]);

            let mut request = with(tokio_stream::iter([ChatMessage::default()]), &watch);
            let hang = Behaviour::HangAfter(2).to_string().parse().unwrap();
            request.metadata_mut().insert(Behaviour::KEY, hang);
            let mut chat = client.chat(request).await.unwrap().into_inner();
            for _ in 0..2 {
                chat.next().await.unwrap().unwrap();
            }
            drop(chat);
            let cancelled = ("", Outcome::Cancelled, Code::Cancelled, 2);
            assert_eq!(how(&ends.next().await), cancelled);
            assert_eq!(gaps(events.take()), ["Str(\"Chat\") U64(2)"]);

            // Without an ID in the request the client generates one for each call.
            while ids.try_recv().is_ok() {}
            let mut sent = Vec::new();
            for _ in 0..2 {
                client.get_user(GetUserRequest::default()).await.unwrap();
                sent.push(ids.recv().await.unwrap());
            }
            assert_eq!(sent[0].len(), 36);
            assert_ne!(sent[0], sent[1]);
        }
    )*};
}

client_tests! {
    external_interceptors_work_on_generated_clients: |channel, _| clients::UserServiceClient::new(channel);
    external_interceptors_work_on_channels: |channel, ends| UserServiceClient::new(Outbound { ends }.wrap(channel));
}
