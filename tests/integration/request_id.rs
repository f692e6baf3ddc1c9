//! One ID for a call on its whole way.
#![allow(clippy::unwrap_used)] // helpers of tests

use interceptors::request_id::{self, RequestId};
use interceptors::{Call, Interceptor, Next, intercept};
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::user_service_server::UserServiceServer;
use interceptors_proto::demo::{GetUserRequest, User};
use interceptors_proto::stubs::Item;
use interceptors_proto::stubs::stubs_client::StubsClient;
use interceptors_proto::stubs::stubs_server::{Stubs, StubsServer};
use interceptors_tests::{
    Behaviour, Caller, Events, Field, KINDS, Script, UserStream, clients, scripted, serve,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_stream::StreamExt;
use tonic::metadata::MetadataMap;
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};
use tracing::level_filters::LevelFilter;

/// Sends the IDs that an inner interceptor sees: in the extensions, as the current one, of the call, and in the metadata.
#[derive(Clone)]
struct See(UnboundedSender<[Option<String>; 4]>);

impl<Req: Send, Res: Send> Interceptor<Req, Res> for See {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let text = |id: &RequestId| id.to_string();
        let seen = [
            call.extensions().get().map(text),
            request_id::current().as_ref().map(text),
            call.request_id().map(text),
            id_header(call.metadata()),
        ];
        let _ = self.0.send(seen);
        next.run(call).await
    }
}

fn id_header(metadata: &MetadataMap) -> Option<String> {
    let value = metadata.get("x-request-id")?;
    Some(value.to_str().unwrap().to_owned())
}

#[derive(Clone)]
struct Named {
    script: Script,
    see: See,
}

scripted!(self: Named, #[intercept(request_id, with(self.see))]);

async fn named() -> (Channel, UnboundedReceiver<[Option<String>; 4]>) {
    let (sender, seen) = unbounded_channel();
    let service = Named {
        script: Script::default(),
        see: See(sender),
    };
    let channel = serve(Routes::new(UserServiceServer::new(service))).await;
    (channel, seen)
}

/// Checks that all four places have the same ID.
fn assert_same_id(seen: [Option<String>; 4]) -> String {
    let [first, ..] = &seen;
    assert!(
        first.is_some() && seen.iter().all(|id| id == first),
        "{seen:?}"
    );
    seen.into_iter().flatten().next().unwrap()
}

#[tokio::test]
async fn callers_id_is_available_everywhere_and_returned_in_errors() {
    let (channel, mut seen) = named().await;
    let caller = Caller::new(&channel).with("x-request-id", "job-17");
    for kind in KINDS {
        assert_eq!(caller.call(kind).await.code(), Code::Ok);
        assert_eq!(assert_same_id(seen.recv().await.unwrap()), "job-17");
        let failing = caller.told(Behaviour::Fail(Code::NotFound));
        let reply = failing.call(kind).await;
        assert_eq!(reply.code(), Code::NotFound);
        assert_eq!(
            id_header(reply.status.metadata()).as_deref(),
            Some("job-17"),
            "{kind}"
        );
        // The handler's metadata stays.
        assert!(reply.status.metadata().get("x-failure").is_some());
        seen.recv().await.unwrap();
    }
}

#[tokio::test]
async fn id_is_returned_in_the_response() {
    let (channel, _seen) = named().await;
    let caller = Caller::new(&channel).with("x-request-id", "job-17");
    let mut client = caller.client();
    let response = client
        .get_user(caller.request(GetUserRequest { id: 1 }))
        .await
        .unwrap();
    assert_eq!(id_header(response.metadata()).as_deref(), Some("job-17"));
    let response = client
        .list_users(caller.request(Default::default()))
        .await
        .unwrap();
    assert_eq!(id_header(response.metadata()).as_deref(), Some("job-17"));
    let users = tokio_stream::iter([User::default()]);
    let response = client.import_users(caller.request(users)).await.unwrap();
    assert_eq!(id_header(response.metadata()).as_deref(), Some("job-17"));
    let chat = tokio_stream::iter([Default::default()]);
    let response = client.chat(caller.request(chat)).await.unwrap();
    assert_eq!(id_header(response.metadata()).as_deref(), Some("job-17"));
}

#[tokio::test]
async fn missing_or_malformed_id_is_replaced() {
    let (channel, mut seen) = named().await;
    let caller = Caller::new(&channel);
    let long = "a".repeat(129);
    let callers = [
        caller.clone(),
        caller.with("x-request-id", "a b"),
        caller.with("x-request-id", ""),
        caller.with("x-request-id", &long),
        caller.with("x-request-id", "a").with("x-request-id", "b"),
    ];
    let mut ids = Vec::new();
    for caller in callers {
        for kind in KINDS {
            assert_eq!(caller.call(kind).await.code(), Code::Ok);
            let id = assert_same_id(seen.recv().await.unwrap());
            // The version digit of the UUID.
            assert!(id.len() == 36 && id.as_bytes()[14] == b'7', "{id}");
            ids.push(id);
        }
    }
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count);
    // The longest ID that is accepted.
    let longest = caller.with("x-request-id", &long[..128]);
    longest.call(KINDS[0]).await;
    assert_eq!(assert_same_id(seen.recv().await.unwrap()), long[..128]);
}

struct Strict {
    script: Script,
    see: See,
}

const LONGEST: usize = 8;

scripted!(self: Strict, #[intercept(
    request_id(header = "x-correlation-id", max_length = LONGEST, except = [login, flaky]),
    with(self.see),
)]);

#[tokio::test]
async fn header_and_length_are_settings() {
    let (sender, mut seen) = unbounded_channel();
    let service = Strict {
        script: Script::default(),
        see: See(sender),
    };
    let channel = serve(Routes::new(UserServiceServer::new(service))).await;
    let caller = Caller::new(&channel).with("x-request-id", "other");
    for (sent, is_taken) in [("12345678", true), ("123456789", false)] {
        let caller = caller
            .with("x-correlation-id", sent)
            .told(Behaviour::Fail(Code::NotFound));
        let reply = caller.call(KINDS[0]).await;
        let [_, _, id, other] = seen.recv().await.unwrap();
        let id = id.unwrap();
        assert_eq!(id == sent, is_taken);
        assert_eq!(other.as_deref(), Some("other"));
        let answered = reply.status.metadata().get("x-correlation-id").unwrap();
        assert_eq!(answered.to_str().unwrap(), id);
    }
}

struct Suspicious {
    script: Script,
    see: See,
}

scripted!(self: Suspicious, #[intercept(request_id(accept = false), with(self.see))]);

#[tokio::test]
async fn accept_false_replaces_the_callers_id() {
    let (sender, mut seen) = unbounded_channel();
    let service = Suspicious {
        script: Script::default(),
        see: See(sender),
    };
    let channel = serve(Routes::new(UserServiceServer::new(service))).await;
    let caller = Caller::new(&channel).with("x-request-id", "job-17");
    caller.call(KINDS[0]).await;
    assert_ne!(assert_same_id(seen.recv().await.unwrap()), "job-17");
}

/// Calls another service through an intercepted client, from its handler and from its response stream.
struct Front {
    behind: Channel,
}

#[intercept(request_id)]
#[tonic::async_trait]
impl Stubs for Front {
    async fn unary(&self, request: Request<Item>) -> Result<Response<Item>, Status> {
        assert_eq!(RequestId::of(&request), request_id::current().as_ref());
        let mut client = clients::named::UserServiceClient::new(self.behind.clone());
        client.get_user(GetUserRequest { id: 1 }).await?;
        Ok(Response::new(request.into_inner()))
    }

    async fn server_stream(&self, _: Request<Item>) -> Result<Response<UserStream<Item>>, Status> {
        let behind = self.behind.clone();
        let answers = tokio_stream::once(1).then(move |value| {
            let mut client = clients::named::UserServiceClient::new(behind.clone());
            async move {
                client.get_user(GetUserRequest { id: 1 }).await?;
                Ok(Item { value })
            }
        });
        Ok(Response::new(Box::pin(answers)))
    }
}

#[tokio::test]
async fn nested_calls_carry_the_id_also_during_the_response_stream() {
    let (behind, mut seen) = named().await;
    let channel = serve(Routes::new(StubsServer::new(Front { behind }))).await;
    let mut client = StubsClient::new(channel);
    let request = || {
        let mut request = Request::new(Item { value: 0 });
        let id = "job-17".parse().unwrap();
        request.metadata_mut().insert("x-request-id", id);
        request
    };
    client.unary(request()).await.unwrap();
    assert_eq!(assert_same_id(seen.recv().await.unwrap()), "job-17");
    let stream = client.server_stream(request()).await.unwrap();
    let items: Vec<_> = stream.into_inner().collect().await;
    assert!(matches!(&items[..], [Ok(_)]));
    assert_eq!(assert_same_id(seen.recv().await.unwrap()), "job-17");
}

#[tokio::test]
async fn client_sends_the_given_or_a_new_id_and_keeps_it_across_retries() {
    let (channel, mut seen) = named().await;
    let mut client = clients::named::UserServiceClient::new(channel);

    let mut request = Request::new(GetUserRequest { id: 1 });
    request
        .extensions_mut()
        .insert(RequestId::new("mine").unwrap());
    client.get_user(request).await.unwrap();
    assert_eq!(assert_same_id(seen.recv().await.unwrap()), "mine");

    let mut request = Request::new(GetUserRequest { id: 1 });
    request
        .extensions_mut()
        .insert(RequestId::new("mine").unwrap());
    request
        .metadata_mut()
        .insert("x-request-id", "sent".parse().unwrap());
    client.get_user(request).await.unwrap();
    assert_eq!(assert_same_id(seen.recv().await.unwrap()), "sent");

    // `request_id` is listed behind `retry`.
    let mut request = Request::new(GetUserRequest { id: 1 });
    let failing = Behaviour::Fail(Code::Unavailable).to_string();
    request
        .metadata_mut()
        .insert(Behaviour::KEY, failing.parse().unwrap());
    client.get_user(request).await.unwrap_err();
    let first = assert_same_id(seen.recv().await.unwrap());
    for _ in 1..3 {
        assert_eq!(assert_same_id(seen.recv().await.unwrap()), first);
    }
    client
        .list_users(Request::new(Default::default()))
        .await
        .unwrap();
    assert_ne!(assert_same_id(seen.recv().await.unwrap()), first);
    let id = RequestId::new("job").unwrap();
    let chat = tokio_stream::iter([Default::default()]);
    request_id::scope(id, client.chat(chat)).await.unwrap();
    assert_eq!(assert_same_id(seen.recv().await.unwrap()), "job");
    client
        .import_users(tokio_stream::iter([User::default()]))
        .await
        .unwrap();
    let id = assert_same_id(seen.recv().await.unwrap());
    assert!(id != first && id != "job");
}

#[intercept(request_id)]
struct Outbound;

#[tokio::test]
async fn channel_sends_an_id() {
    let (channel, mut seen) = named().await;
    let mut client = UserServiceClient::new(Outbound.wrap(channel));
    client.get_user(GetUserRequest { id: 1 }).await.unwrap();
    let first = assert_same_id(seen.recv().await.unwrap());
    client.get_user(GetUserRequest { id: 1 }).await.unwrap();
    assert_ne!(assert_same_id(seen.recv().await.unwrap()), first);
}

struct HandWritten {
    client: UserServiceClient<Channel>,
}

#[intercept(service = "demo.v1.UserService", trace, metrics, request_id)]
impl HandWritten {
    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        self.client.clone().get_user(request).await
    }

    async fn flaky(&mut self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        self.client.get_user(request).await
    }
}

#[tokio::test]
async fn hand_written_client_sends_an_id() {
    let (channel, mut seen) = named().await;
    let mut hand_written = HandWritten {
        client: UserServiceClient::new(channel),
    };
    let id = RequestId::new("job").unwrap();
    let request = || Request::new(GetUserRequest { id: 1 });
    request_id::scope(id, hand_written.get_user(request()))
        .await
        .unwrap();
    assert_eq!(assert_same_id(seen.recv().await.unwrap()), "job");
    hand_written.flaky(request()).await.unwrap();
    assert_ne!(assert_same_id(seen.recv().await.unwrap()), "job");
}

struct Logged {
    script: Script,
}

scripted!(self: Logged, #[intercept(logging(except = [get_user]), request_id)]);

#[tokio::test]
async fn finished_event_has_the_id_even_if_logging_is_listed_first() {
    let (events, _guard) = Events::listen(LevelFilter::DEBUG);
    let service = Logged {
        script: Script::default(),
    };
    let channel = serve(Routes::new(UserServiceServer::new(service))).await;
    let caller = Caller::new(&channel).with("x-request-id", "job-17");
    for kind in &KINDS[1..] {
        caller.call(*kind).await;
    }
    // The server notices the end of the last stream later.
    let mut finished = Vec::new();
    while finished.len() < 3 {
        tokio::task::yield_now().await;
        let events = events.take();
        finished.extend(
            events
                .into_iter()
                .filter(|event| event.message == "finished call"),
        );
    }
    for event in finished {
        assert_eq!(event.get("request_id"), Some(&Field::from("job-17")));
    }
}
