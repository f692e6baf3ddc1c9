use interceptors::ext::RequestId;
use interceptors::{Call, Interceptor, Kind, Next, intercept};
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::user_service_server::UserServiceServer;
use interceptors_proto::demo::{FlakyRequest, ListUsersRequest};
use interceptors_proto::guide;
use interceptors_proto::guide::user_service_server::UserService as Guide;
use interceptors_tests::{Behaviour, KINDS, Script, scripted, serve};
use interceptors_tests_outside::IdOfCall;
use std::sync::{Arc, Mutex};
use tokio_stream::StreamExt;
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status};

use crate::common::{All, See, listen};

fn id(text: &str) -> Vec<Option<String>> {
    vec![Some(text.to_owned())]
}

#[tokio::test]
async fn id_is_current_in_inner_interceptors_polls_and_observers() {
    let (_events, _guard) = listen();
    let mut served = All::serve().await;
    let caller = served.caller.with("x-request-id", "job-1");
    for kind in KINDS {
        for behaviour in [
            Behaviour::Answer(2),
            Behaviour::Fail(Code::NotFound),
            Behaviour::FailAfter(1, Code::NotFound),
            Behaviour::PanicAfter(1),
        ] {
            caller.told(behaviour).call(kind).await;
            served.ends.next().await;
            served.ends.next().await;
            let (places, ids) = served.see.take();
            assert_eq!(ids, id("job-1"), "{kind} {behaviour:?} {places:?}");
            assert_eq!(places.first(), Some(&"in"));
            assert_eq!(places.last(), Some(&"end"));
            let ends = places.iter().filter(|place| **place == "end");
            assert_eq!(ends.count(), 1, "{kind} {behaviour:?}");
        }
    }
}

#[tokio::test]
async fn id_is_current_at_the_end_of_cancelled_calls() {
    let (_events, _guard) = listen();
    let mut served = All::serve().await;
    let caller = served.caller.with("x-request-id", "job-1");
    for kind in KINDS {
        let call = tokio::spawn({
            let caller = caller.told(Behaviour::HangAfter(0));
            async move {
                if let Ok(mut messages) = caller.open(kind).await {
                    messages.next().await;
                }
            }
        });
        served.script.entered().await;
        tokio::task::yield_now().await;
        call.abort();
        served.ends.next().await;
        served.ends.next().await;
        let (places, ids) = served.see.take();
        assert_eq!(ids, id("job-1"), "{kind} {places:?}");
        assert_eq!(places.last(), Some(&"end"), "{kind}");
    }
}

/// Each message contains the current ID.
struct Says;

#[intercept(with(const { IdOfCall::new().header("x-job") }))]
#[tonic::async_trait]
impl Guide for Says {
    async fn list_users(
        &self,
        _: Request<guide::ListUsersRequest>,
    ) -> Result<Response<tonic::codegen::BoxStream<guide::User>>, Status> {
        let name = || IdOfCall::current().map_or_else(String::new, |id| id.to_string());
        assert_eq!(name(), "job-1", "in the handler");
        let users = (0..3).map(move |id| Ok(guide::User { id, name: name() }));
        Ok(Response::new(Box::pin(tokio_stream::iter(users))))
    }
}

#[tokio::test]
async fn id_is_current_in_the_handler_and_its_stream() {
    let (_events, _guard) = listen();
    let mut request = Request::new(guide::ListUsersRequest::default());
    request
        .metadata_mut()
        .insert("x-job", "job-1".parse().unwrap());
    let response = Says.list_users(request).await.unwrap();
    assert_eq!(response.metadata().get("x-job").unwrap(), "job-1");
    assert!(IdOfCall::current().is_none());
    let names = response.into_inner().map(|user| user.unwrap().name);
    assert_eq!(names.collect::<Vec<_>>().await, ["job-1"; 3]);
    assert!(IdOfCall::current().is_none());
}

#[tokio::test]
async fn responses_have_the_id_of_the_request_or_a_new_one() {
    let (_events, _guard) = listen();
    let served = All::serve().await;
    let mut client = served.caller.client();
    let too_long = "a".repeat(129);
    for (sent, is_taken) in [
        (Some("job-1"), true),
        (Some("not one"), false),
        (Some(too_long.as_str()), false),
        (None, false),
    ] {
        let caller = match sent {
            Some(sent) => served.caller.with("x-request-id", sent),
            None => served.caller.clone(),
        };
        let request = caller.request(ListUsersRequest::default());
        let answer = client.list_users(request).await.unwrap();
        let answered = answer.metadata().get("x-request-id").unwrap();
        let (_, ids) = served.see.take();
        assert_eq!(ids, id(answered.to_str().unwrap()), "{sent:?}");
        assert_eq!(sent == answered.to_str().ok(), is_taken, "{sent:?}");

        let failing = caller.told(Behaviour::Fail(Code::NotFound));
        let status = failing.call(Kind::Unary).await.status;
        let answered = status.metadata().get("x-request-id").unwrap();
        let (_, ids) = served.see.take();
        assert_eq!(ids, id(answered.to_str().unwrap()), "{sent:?}");
    }
}

/// The attempt numbers and the IDs in `CallDetails`.
#[derive(Clone, Default)]
struct Details(Arc<Mutex<Vec<Attempt>>>);

type Attempt = (u32, Option<RequestId>);

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Details {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let seen = (call.attempt(), call.request_id().cloned());
        self.0.lock().unwrap().push(seen);
        next.run(call).await
    }
}

#[derive(Clone, Default)]
struct Outside {
    script: Script,
    details: Details,
    see: See,
}

scripted!(self: Outside, #[intercept(
    with(IdOfCall::new()), retry(max = 2, base_delay = "1ms"), with(self.details), with(self.see),
)]);

#[derive(Clone, Default)]
struct Inside {
    script: Script,
    details: Details,
    see: See,
}

scripted!(self: Inside, #[intercept(
    retry(max = 2, base_delay = "1ms"), with(IdOfCall::new()), with(self.details), with(self.see),
)]);

#[tokio::test]
async fn all_attempts_have_the_same_id() {
    let (_events, _guard) = listen();
    let (outside, inside) = (Outside::default(), Inside::default());
    let services = [
        (
            Routes::new(UserServiceServer::new(outside.clone())),
            outside.details,
            outside.see,
        ),
        (
            Routes::new(UserServiceServer::new(inside.clone())),
            inside.details,
            inside.see,
        ),
    ];
    for (routes, details, see) in services {
        let mut client = UserServiceClient::new(serve(routes).await);
        let request = FlakyRequest {
            failures: 2,
            code: Code::Unavailable as i32,
            ..FlakyRequest::default()
        };
        let answer = client.flaky(request).await.unwrap();
        let answered = answer.metadata().get("x-request-id").unwrap();
        let answered = RequestId::new(answered.to_str().unwrap()).unwrap();
        let expected = [1, 2, 3].map(|attempt| (attempt, Some(answered.clone())));
        assert_eq!(*details.0.lock().unwrap(), expected);
        let (places, ids) = see.take();
        assert_eq!(places, ["in", "end", "in", "end", "in", "end"]);
        assert_eq!(ids, id(answered.as_str()));
    }
}

#[test]
#[should_panic(expected = "`header` must be a metadata key")]
fn reserved_header_is_rejected() {
    let _ = IdOfCall::new().header("grpc-timeout");
}
