//! Entries that read no message work on a server as they do on a service.

use std::time::Duration;

use interceptors::auth::StaticTokens;
use interceptors::authorize::HasRole;
use interceptors::metrics::Recorder;
use interceptors::request_id::RequestId;
use interceptors::server::Body;
use interceptors::{Call, Intercepted, Interceptor, Kind, Next, Outcome, intercept};
use interceptors_proto::demo::ListUsersRequest;
use interceptors_tests::{Behaviour, Ends, Events, Field, KINDS, Steps, WatchEnds, ask_each_time};
use prometheus::Registry;
use tokio_stream::StreamExt;
use tonic::{Code, Response, Status};
use tracing::level_filters::LevelFilter;

use super::common::*;

#[derive(Debug, Clone, Hash, PartialEq)]
struct Who {
    name: &'static str,
    is_admin: bool,
}

impl HasRole for Who {
    fn has_role(&self, role: &str) -> bool {
        role == "admin" && self.is_admin
    }
}

fn who() -> StaticTokens<Who> {
    let who = |name, is_admin| Who { name, is_admin };
    StaticTokens::new([("ann", who("ann", true)), ("bob", who("bob", false))]).unwrap()
}

/// An interceptor for a server's bodies only.
struct OfBodies(Steps);

impl Interceptor<Body, Body> for OfBodies {
    async fn intercept(
        &self,
        call: &mut Call<Body>,
        next: &mut impl Next<Body, Body>,
    ) -> Result<Response<Body>, Status> {
        self.0.add(format!("{}/{}", call.service(), call.method()));
        let mut response = next.run(call).await?;
        response
            .metadata_mut()
            .insert("x-seen", "yes".parse().unwrap());
        Ok(response)
    }
}

#[intercept(
    server,
    catch_panic,
    trace,
    metrics(recorder = self.recorder),
    request_id,
    logging,
    client_ip(trusted = ["127.0.0.0/8"]),
    timeout("1h", idle = "1m"),
    auth(verifier = self.tokens, public = ["/demo.v1.UserService/Login"]),
    authorize(role = "admin", except = ["/demo.v1.UserService/Login", "/demo.v1.UserService/GetUser"]),
    rate_limit(per_second = 1000, key = identity, except = ["/demo.v1.UserService/Login"]),
    concurrency(max = 100),
    load_shed(max = 100),
    with(self.steps.recorder("any")),
    with(OfBodies(self.steps.clone())),
    with(self.ends),
)]
struct All {
    recorder: Recorder,
    tokens: StaticTokens<Who>,
    steps: Steps,
    ends: WatchEnds,
}

#[tokio::test]
async fn all_entries_work_together() {
    let (events, _guard) = Events::listen(LevelFilter::INFO);
    let (ends, mut told) = Ends::new();
    let registry = Registry::new();
    let steps = Steps::default();
    let all = All {
        recorder: Recorder::prometheus(&registry).unwrap(),
        tokens: who(),
        steps: steps.clone(),
        ends,
    };
    let plain = Plain::default();
    let caller = caller(serve(all.layer(), plain.routes()).await).await;
    assert_eq!(caller.call(Kind::Unary).await.code(), Code::Unauthenticated);
    let (ann, bob) = (
        caller.with("authorization", "Bearer ann"),
        caller.with("authorization", "Bearer bob"),
    );
    for (kind, method) in KINDS
        .into_iter()
        .zip(["GetUser", "ImportUsers", "ListUsers", "Chat"])
    {
        let reply = ann
            .told(Behaviour::FailAfter(2, Code::NotFound))
            .call(kind)
            .await;
        assert_eq!(reply.code(), Code::NotFound);
        assert_eq!(told.next().await.messages, reply.messages.len() as u64);
        assert_eq!(
            steps.take(),
            format!(">any demo.v1.UserService/{method} <any")
        );
        let expected = match kind {
            Kind::Unary => Code::Ok,
            _ => Code::PermissionDenied,
        };
        assert_eq!(bob.call(kind).await.code(), expected, "{kind}");
        if expected == Code::Ok {
            assert_eq!(told.next().await.code, Code::Ok);
        }
        assert_eq!(
            ann.told(Behaviour::Panic).call(kind).await.code(),
            Code::Internal
        );
        assert_eq!(told.next().await.outcome, Outcome::Panicked);
        steps.take();
    }
    let mut request = ann.request(ListUsersRequest::default());
    request
        .metadata_mut()
        .insert("x-request-id", "of-the-caller".parse().unwrap());
    let response = ann.client().list_users(request).await.unwrap();
    assert_eq!(response.metadata().get("x-seen").unwrap(), "yes");
    assert_eq!(response.into_inner().collect::<Vec<_>>().await.len(), 3);
    let logged = events.take();
    let codes: Vec<_> = logged
        .iter()
        .filter_map(|event| event.get("grpc.code"))
        .collect();
    assert!(
        codes.contains(&&Field::Str("NOT_FOUND".to_owned())),
        "{logged:#?}"
    );
    let of_the_caller = |event: &interceptors_tests::Event| {
        event
            .fields
            .values()
            .any(|value| format!("{value:?}").contains("of-the-caller"))
    };
    assert!(logged.iter().any(of_the_caller), "{logged:#?}");
    let families = registry.gather();
    let handled = families
        .iter()
        .find(|it| it.name() == "grpc_server_handled_total")
        .unwrap();
    let labels: Vec<String> = handled.get_metric()[0]
        .get_label()
        .iter()
        .map(|label| label.name().to_owned())
        .collect();
    assert_eq!(
        labels,
        ["grpc_code", "grpc_method", "grpc_service", "grpc_type"]
    );
}

/// Reports the request ID of each call, and whether its peer is known.
#[derive(Clone)]
struct Known(tokio::sync::mpsc::UnboundedSender<(Option<String>, bool)>);

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Known {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let id = call.request_id().map(RequestId::to_string);
        let _ = self.0.send((id, call.peer().is_some()));
        next.run(call).await
    }
}

#[intercept(server, request_id, with(self.known))]
struct Named {
    known: Known,
}

#[tokio::test]
async fn peer_and_request_id_are_available() {
    let (sender, mut known) = tokio::sync::mpsc::unbounded_channel();
    let layer = Named {
        known: Known(sender),
    }
    .layer();
    let plain = Plain::default();
    let axum = serve_axum(plain.routes().into_axum_router().layer(layer.clone())).await;
    for address in [serve(layer, plain.routes()).await, axum] {
        let caller = caller(address).await.with("x-request-id", "mine");
        assert_eq!(caller.call(Kind::Unary).await.code(), Code::Ok);
        assert_eq!(known.recv().await.unwrap(), (Some("mine".to_owned()), true));
    }
}

#[intercept(server, rate_limit(per_minute = 2, burst = 2, key = metadata("x-key")))]
struct ByKey;

#[intercept(server, auth(verifier = self.tokens), rate_limit(per_minute = 2, burst = 2, key = identity))]
struct ByWho {
    tokens: StaticTokens<Who>,
}

#[intercept(server, rate_limit(per_minute = 2, burst = 2, key = peer))]
struct ByPeer;

#[tokio::test]
async fn rate_limits_apply_per_key() {
    let plain = Plain::default();
    let codes = async |caller: interceptors_tests::Caller| {
        let mut codes = Vec::new();
        for kind in [Kind::Unary, Kind::BidiStreaming, Kind::Unary] {
            codes.push(caller.call(kind).await.code());
        }
        codes
    };
    let limited = [Code::Ok, Code::Ok, Code::ResourceExhausted];
    let by_key = caller(serve(ByKey.layer(), plain.routes()).await).await;
    assert_eq!(codes(by_key.with("x-key", "a")).await, limited);
    assert_eq!(codes(by_key.with("x-key", "b")).await, limited);
    let by_who = caller(serve(ByWho { tokens: who() }.layer(), plain.routes()).await).await;
    assert_eq!(
        codes(by_who.with("authorization", "Bearer ann")).await,
        limited
    );
    assert_eq!(
        codes(by_who.with("authorization", "Bearer bob")).await,
        limited
    );
    assert_eq!(codes(by_who).await, [Code::Unauthenticated; 3]);
    let by_peer = caller(serve(ByPeer.layer(), plain.routes()).await).await;
    assert_eq!(codes(by_peer.with("x-key", "a")).await, limited);
    assert_eq!(
        by_peer.with("x-key", "b").call(Kind::Unary).await.code(),
        limited[2]
    );
}

#[intercept(
    server,
    auth(verifier = self.tokens, public = ["/demo.v1.UserService/GetUser"]),
    rate_limit(per_minute = 2, burst = 2, key = identity)
)]
struct PartlyPublic {
    tokens: StaticTokens<Who>,
}

#[tokio::test]
async fn public_calls_share_one_limit_by_identity() {
    let partly_public = PartlyPublic { tokens: who() };
    let address = serve(partly_public.layer(), Plain::default().routes()).await;
    let anybody = caller(address).await;
    let (ann, bob) = (
        anybody.with("authorization", "Bearer ann"),
        anybody.with("authorization", "Bearer bob"),
    );
    assert_eq!(anybody.call(Kind::Unary).await.code(), Code::Ok);
    assert_eq!(ann.call(Kind::Unary).await.code(), Code::Ok);
    assert_eq!(
        bob.call(Kind::Unary).await.code(),
        Code::ResourceExhausted,
        "a public call has no identity"
    );
    for caller in [&ann, &bob] {
        for code in [Code::Ok, Code::Ok, Code::ResourceExhausted] {
            assert_eq!(caller.call(Kind::BidiStreaming).await.code(), code);
        }
    }
}

#[intercept(server, with(self.ends), catch_panic, timeout("10s", idle = "1s"))]
struct Timed {
    ends: WatchEnds,
}

#[tokio::test(start_paused = true)]
async fn timed_out_response_ends_with_status_trailers() {
    let (ends, mut told) = Ends::new();
    let plain = Plain::default();
    let address = serve(Timed { ends }.layer(), plain.routes()).await;
    let mut wire = Wire::patient(address).await;
    for (behaviour, timeout) in [
        (Behaviour::HangAfter(2), "1H"),
        (Behaviour::HangAfter(2), "200m"),
        (Behaviour::Hang, "1H"),
        (Behaviour::Hang, "200m"),
    ] {
        let said = behaviour.to_string();
        let headers = [GRPC, (Behaviour::KEY, &said), ("grpc-timeout", timeout)];
        for (path, body) in [
            (LIST_USERS, framed(&ListUsersRequest::default())),
            (CHAT, Vec::new()),
            (GET_USER, vec![0; 5]),
        ] {
            let what = format!("{behaviour:?} {timeout} {path}");
            let begun = tokio::time::Instant::now();
            let answer = wire.ask("POST", path, &headers, body).await;
            let taken = begun.elapsed();
            assert_eq!(answer.grpc_status(), Some(4), "{what}");
            let is_open = path != GET_USER && behaviour == Behaviour::HangAfter(2);
            assert_eq!(answer.trailers.is_some(), is_open, "{what}");
            assert_eq!(answer.data.is_empty(), !is_open, "{what}");
            let most = match (timeout, is_open) {
                ("200m", _) => Duration::from_millis(400),
                (_, true) => Duration::from_secs(2),
                (_, false) => Duration::from_secs(11),
            };
            assert!(taken < most, "{what} {taken:?}");
            let end = told.next().await;
            assert_eq!(
                (end.code, end.outcome),
                (Code::DeadlineExceeded, Outcome::Error),
                "{what}"
            );
        }
    }
    // A message that never ends.
    for path in [GET_USER, IMPORT_USERS] {
        let request = wire.request("POST", path, &[GRPC, ("grpc-timeout", "200m")]);
        let (response, mut body) = wire.begin(request, false);
        body.send_data(bytes::Bytes::from_static(&[0, 0, 0, 0, 9, 1]), false)
            .unwrap();
        let answer = answer(response).await.unwrap();
        assert_eq!(answer.grpc_status(), Some(4), "{path}");
        assert_eq!(told.next().await.code, Code::DeadlineExceeded);
        drop(body);
    }
    let malformed = [GRPC, ("grpc-timeout", "soon")];
    let answer = wire.ask("POST", GET_USER, &malformed, vec![0; 5]).await;
    assert_eq!(answer.grpc_status(), Some(13));
}

#[intercept(server, logging, auth(verifier = self.tokens, public = ["/a.B/C", "/a.B/*", "GET /x"]), timeout("1s", only = ["/a.D/*"]))]
#[allow(dead_code)]
struct Listed {
    tokens: StaticTokens<Who>,
}

#[test]
fn plan_shows_listed_paths() {
    let plan = Listed::PLAN.to_string();
    for form in ["/a.B/C", "/a.B/*", "GET /x", "/a.D/*", "/a.D/**"] {
        assert!(plan.contains(form), "{form}: {plan}");
    }
    ask_each_time();
}
