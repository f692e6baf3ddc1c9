//! Hostile peers and unusual setups against a server's struct.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::{Body as _, Frame};
use interceptors::auth::{RequestExt, StaticTokens, Verifier};
use interceptors::server::Body;
use interceptors::{Call, CallDetails, Interceptor, Next, Outcome, intercept};
use interceptors_proto::demo::user_service_server::UserServiceServer;
use interceptors_tests::{Behaviour, Counted, Ends, KINDS, Script, Someone, WatchEnds, scripted};
use tonic::service::Routes;
use tonic::{Code, Status};
use tower::ServiceExt as _;

use super::answers::Frames;
use super::common::*;

/// Rejects all callers with the status of another server, as `?` behind a call to that server does.
struct Relayed;

impl Verifier for Relayed {
    type Identity = ();

    async fn verify(&self, _: &str, _: &CallDetails) -> Result<(), Status> {
        let mut status = Status::permission_denied("not you");
        // What hyper adds to each response of headers only.
        status
            .metadata_mut()
            .insert("content-length", "0".parse().unwrap());
        Err(status)
    }
}

#[intercept(server, auth(verifier = self.0))]
struct ByAnother(Relayed);

#[tokio::test]
async fn relayed_status_is_valid_in_grpc_and_http() {
    let address = serve(ByAnother(Relayed).layer(), Plain::default().routes()).await;
    let mut wire = Wire::to(address).await;
    let answer = wire.ask("POST", GET_USER, &[GRPC, WITH_TOKEN], "").await;
    assert_eq!(answer.grpc_status(), Some(Code::PermissionDenied as i32));
    let text = http1(
        address,
        "GET /page HTTP/1.1\r\nhost: a\r\nconnection: close\r\nauthorization: Bearer x\r\n\r\n",
    );
    let text = text.await;
    assert!(text.starts_with("HTTP/1.1 403"), "{text:?}");
    assert!(text.ends_with("\r\n\r\nnot you\n"), "{text:?}");
    let request = wire.request("GET", "/page", &[WITH_TOKEN]);
    let answer = soon(wire.send(request, Bytes::new())).await.unwrap();
    assert_eq!((answer.status, answer.text()), (403, "not you\n"));
}

/// Another struct, whose identity has the same type.
#[intercept(server, auth(verifier = self.0, header = "x-device", scheme = ""))]
struct Devices(StaticTokens<Someone>);

#[intercept(server, auth(verifier = self.0))]
struct People(StaticTokens<Someone>);

#[derive(Clone)]
struct OfDevice;

#[intercept(auth(by = Devices))]
#[tonic::async_trait]
impl interceptors_proto::guide::user_service_server::UserService for OfDevice {
    async fn get_user(
        &self,
        request: tonic::Request<interceptors_proto::guide::GetUserRequest>,
    ) -> Result<tonic::Response<interceptors_proto::guide::User>, Status> {
        let name = request.identity::<Someone>()?.0.to_owned();
        Ok(tonic::Response::new(interceptors_proto::guide::User {
            name,
            ..Default::default()
        }))
    }
}

#[tokio::test]
async fn nested_structs_keep_their_identities_apart() {
    let devices =
        || Devices(StaticTokens::new([("a-token-of-a-phone", Someone("phone"))]).unwrap());
    let people = || People(StaticTokens::new([(SECRET, Someone("ann"))]).unwrap());
    let service = interceptors_proto::guide::user_service_server::UserServiceServer::new(OfDevice);
    let inside = people().wrap(devices().wrap(service.clone()));
    let outside = devices().wrap(people().wrap(service));
    let mut names = Vec::new();
    for routes in [Routes::new(inside), Routes::new(outside)] {
        let mut wire = Wire::to(interceptors_tests::listen(routes).await).await;
        let headers = [GRPC, WITH_TOKEN, ("x-device", "a-token-of-a-phone")];
        let answer = wire
            .ask("POST", "/demo.v1.UserService/GetUser", &headers, vec![0; 5])
            .await;
        assert_eq!(answer.grpc_status(), Some(0), "{answer:?}");
        names.push(String::from_utf8_lossy(&answer.data).into_owned());
    }
    assert!(names[0].contains("phone"), "{names:?}");
    assert!(names[1].contains("phone"), "{names:?}");
}

/// Does not look at some calls, in each way.
#[intercept(server, auth(verifier = self.0, except = ["/demo.v1.UserService/GetUser"]))]
struct Excepting(StaticTokens<Someone>);

#[intercept(server, auth(verifier = self.0, only = ["/demo.v1.UserService/Login"]))]
struct OnlyOne(StaticTokens<Someone>);

macro_rules! behind {
    ($name:ident, $by:ident) => {
        #[derive(Clone, Default)]
        struct $name {
            script: Script,
        }
        scripted!(self: $name, #[intercept(auth(by = $by, public = [login]))]);
    };
}

behind!(BehindExcepting, Excepting);
behind!(BehindOnlyOne, OnlyOne);

#[tokio::test]
async fn calls_outside_auth_have_no_identity() {
    let tokens = || StaticTokens::new([(SECRET, Someone("ann"))]).unwrap();
    let (first, second) = (BehindExcepting::default(), BehindOnlyOne::default());
    let excepting = Excepting(tokens()).wrap(UserServiceServer::new(first.clone()));
    let only_one = OnlyOne(tokens()).wrap(UserServiceServer::new(second.clone()));
    for routes in [Routes::new(excepting), Routes::new(only_one)] {
        let mut wire = Wire::to(interceptors_tests::listen(routes).await).await;
        for headers in [&[GRPC][..], &[GRPC, WITH_TOKEN]] {
            let answer = wire.ask("POST", GET_USER, headers, vec![0; 5]).await;
            assert_eq!(answer.grpc_status(), Some(16), "{answer:?}");
        }
    }
    assert_eq!(first.script.runs() + second.script.runs(), 0);
}

/// Tries again what cannot be sent again.
struct Insists(bool);

impl Interceptor<Body, Body> for Insists {
    async fn intercept(
        &self,
        call: &mut Call<Body>,
        next: &mut impl Next<Body, Body>,
    ) -> Result<tonic::Response<Body>, Status> {
        assert!(call.copy_request().is_none() && !call.can_resend());
        let first = next.run(call).await;
        if self.0 {
            call.next_attempt(tonic::Request::new(Body::default()));
        }
        let second = next.run(call).await;
        assert_eq!(second.unwrap_err().code(), Code::Internal);
        first
    }
}

#[intercept(server, with(self.outer), concurrency(limiter = self.limiter), with(self.insists), with(self.inner))]
struct Insisting {
    outer: WatchEnds,
    insists: Insists,
    inner: WatchEnds,
    limiter: interceptors::concurrency::Limiter,
}

#[tokio::test]
async fn request_reaches_the_service_once() {
    for with_next_attempt in [false, true] {
        let (watch, mut told) = Ends::new();
        let plain = Plain::default();
        let limiter =
            interceptors::concurrency::Limiter::new(&interceptors::concurrency::Capacity::max(1));
        let layer = Insisting {
            outer: watch.named("outer"),
            inner: watch.named("inner"),
            insists: Insists(with_next_attempt),
            limiter: limiter.clone(),
        }
        .layer();
        drop(watch);
        let caller = caller(serve(layer, plain.routes()).await).await;
        let mut ends = Vec::new();
        for kind in KINDS {
            let runs = plain.script.runs();
            let reply = caller.call(kind).await;
            assert_eq!(reply.code(), Code::Ok, "{kind}");
            assert_eq!(plain.script.runs(), runs + 1);
            for _ in 0..3 {
                let end = told.next().await;
                ends.push((end.observer, end.code));
            }
            assert_eq!(limiter.in_use(), 0);
        }
        for ends in ends.chunks(3) {
            assert_eq!(
                ends.iter().filter(|it| it.0 == "outer").collect::<Vec<_>>(),
                [&("outer", Code::Ok)]
            );
        }
    }
}

/// Where a service panics.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    Request,
    Ready,
    Called,
    Answering,
    ResponseBody,
    Drop,
}

#[derive(Clone)]
struct Panics(Place);

struct PanicBody(Place, bool);

impl http_body::Body for PanicBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        assert!(self.0 != Place::ResponseBody, "told to");
        if std::mem::replace(&mut self.1, true) {
            return Poll::Ready(None);
        }
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", "0".parse().unwrap());
        Poll::Ready(Some(Ok(Frame::trailers(trailers))))
    }
}

impl Drop for PanicBody {
    fn drop(&mut self) {
        assert!(self.0 != Place::Drop || std::thread::panicking(), "told to");
    }
}

impl tower::Service<Request<tonic::body::Body>> for Panics {
    type Response = Response<PanicBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        assert!(self.0 != Place::Ready, "told to");
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<tonic::body::Body>) -> Self::Future {
        assert!(self.0 != Place::Called, "told to");
        let place = self.0;
        Box::pin(async move {
            assert!(place != Place::Answering, "told to");
            let mut response = Response::new(PanicBody(place, false));
            response
                .headers_mut()
                .insert("content-type", "application/grpc".parse().unwrap());
            Ok(response)
        })
    }
}

#[tokio::test]
async fn panic_in_any_place_ends_the_call_once() {
    for place in [
        Place::Request,
        Place::Ready,
        Place::Called,
        Place::Answering,
        Place::ResponseBody,
        Place::Drop,
    ] {
        let (guard, told) = Guard::new();
        let service = guard.wrap(Panics(place));
        let request = Request::post(LOGIN)
            .header(GRPC.0, GRPC.1)
            .body(match place {
                Place::Request => tonic::body::Body::new(PanicBody(Place::ResponseBody, false)),
                _ => tonic::body::Body::empty(),
            });
        let answering = tokio::spawn(async move {
            let response = service.oneshot(request.unwrap()).await.unwrap();
            let (parts, mut body) = response.into_parts();
            let mut code = Status::from_header_map(&parts.headers).map(|it| it.code());
            while let Some(Ok(frame)) =
                std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await
            {
                if let Some(trailers) = frame.trailers_ref() {
                    code = Status::from_header_map(trailers).map(|it| it.code());
                }
            }
            code
        });
        let code = answering.await;
        let ends = told.rest().await;
        assert_eq!(ends.len(), 1, "{place:?}");
        match place {
            Place::Drop => {}
            _ => {
                assert_eq!(code.unwrap(), Some(Code::Internal), "{place:?}");
                assert_eq!(
                    (ends[0].code, ends[0].outcome),
                    (Code::Internal, Outcome::Panicked)
                );
            }
        }
    }
}

/// Trailers of all kinds.
#[tokio::test]
async fn observers_get_the_status_that_the_client_reads() {
    let (ends, mut told) = Ends::new();
    let described = Described { ends };
    type Trailers = Vec<(&'static str, &'static str)>;
    let (send, answers) = std::sync::mpsc::channel::<(Trailers, Trailers)>();
    let answers = Arc::new(std::sync::Mutex::new(answers));
    let service = described.wrap(tower::service_fn(move |_: Request<tonic::body::Body>| {
        let (headers, trailers) = answers.lock().unwrap().recv().unwrap();
        async move {
            let map = |pairs: Trailers| {
                let mut map = HeaderMap::new();
                for (name, value) in pairs {
                    map.append(name, value.parse().unwrap());
                }
                map
            };
            let frames = [
                Frame::data(Bytes::from_static(&[0; 5])),
                Frame::trailers(map(trailers)),
            ];
            let mut response = Response::new(tonic::body::Body::new(Frames(frames.into())));
            *response.headers_mut() = map(headers);
            Ok::<_, Infallible>(response)
        }
    }));
    let own = ("content-type", "application/grpc");
    for (headers, trailers) in [
        (vec![own], vec![("grpc-status", "0")]),
        (vec![own], vec![("grpc-status", "00")]),
        (vec![own], vec![("grpc-status", "")]),
        (vec![own], vec![("grpc-status", " 0")]),
        (vec![own], vec![("grpc-status", "-1")]),
        (vec![own], vec![("grpc-status", "17")]),
        (vec![own], vec![("grpc-status", "99999999999")]),
        (vec![own], vec![("grpc-status", "abc")]),
        (vec![own], vec![("grpc-status", "0"), ("grpc-status", "5")]),
        (vec![own], vec![("grpc-status", "5"), ("grpc-status", "0")]),
        (
            vec![own],
            vec![
                ("grpc-status", "5"),
                ("grpc-message", "%ff%fe"),
                ("grpc-status-details-bin", "***"),
            ],
        ),
        (vec![own], vec![("x", "y")]),
        (vec![own, ("grpc-status", "0")], vec![("grpc-status", "9")]),
        (vec![], vec![("grpc-status", "9")]),
        (
            vec![("content-type", "text/html")],
            vec![("grpc-status", "9")],
        ),
    ] {
        send.send((headers.clone(), trailers.clone())).unwrap();
        let request = Request::post(GET_USER)
            .header(GRPC.0, GRPC.1)
            .body(tonic::body::Body::empty())
            .unwrap();
        let response = service.clone().oneshot(request).await.unwrap();
        let mut body = response.into_body();
        let mut read = None;
        while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await
        {
            if let Some(trailers) = frame.unwrap().trailers_ref() {
                read = Status::from_header_map(trailers).map(|it| it.code());
            }
        }
        let end = told.next().await;
        assert_eq!(
            end.code,
            read.unwrap_or(Code::Unknown),
            "{headers:?} {trailers:?}"
        );
        assert_eq!(end.messages, 1);
    }
}

/// Knows which method has which kind.
#[intercept(server, with(self.ends), catch_panic, descriptors = interceptors_proto::FILE_DESCRIPTOR_SET)]
struct Described {
    ends: WatchEnds,
}

#[tokio::test]
async fn odd_requests_get_the_same_answer_as_without_the_struct() {
    let (plain, described, alone) = (Plain::default(), Plain::default(), Plain::default());
    let (guard, mut told) = Guard::new();
    let (ends, mut told_described) = Ends::new();
    let mut guarded = Wire::to(serve(guard.layer(), plain.routes()).await).await;
    let layer = Described { ends }.layer();
    let mut with_kinds = Wire::to(serve(layer, described.routes()).await).await;
    let mut bare = Wire::to(interceptors_tests::listen(alone.routes()).await).await;
    for odd in odd_requests() {
        let answers = [
            send_odd(&mut guarded, &odd).await,
            send_odd(&mut with_kinds, &odd).await,
        ];
        let expected = send_odd(&mut bare, &odd).await;
        let code = expected.as_ref().ok().and_then(Answer::grpc_status);
        assert_eq!(answers, [expected.clone(), expected], "{odd:?}");
        for told in [&mut told, &mut told_described] {
            let end = told.next().await;
            assert_eq!(Some(end.code as i32), code, "{odd:?} {end:?}");
        }
        let runs = alone.script.runs();
        assert_eq!([plain.script.runs(), described.script.runs()], [runs; 2]);
    }
}

#[intercept(server, with(self.counted), concurrency(limiter = self.limiter), auth(verifier = self.tokens))]
struct Storm {
    counted: Counted,
    limiter: interceptors::concurrency::Limiter,
    tokens: StaticTokens<&'static str>,
}

/// Calls that their clients leave at any moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn abandoned_concurrent_calls_end_once_each() {
    let plain = Plain::default();
    let limiter = interceptors::concurrency::Limiter::new(
        &interceptors::concurrency::Capacity::max(8).queue(20),
    );
    let counted = Counted::default();
    let storm = Storm {
        counted: counted.clone(),
        limiter: limiter.clone(),
        tokens: tokens(),
    };
    let address = serve(storm.layer(), plain.routes()).await;
    let mut tasks = Vec::new();
    for n in 0..20_u32 {
        tasks.push(tokio::spawn(async move {
            let mut wire = Wire::to(address).await;
            for i in 0..50_u32 {
                let random = fastrand::u32(..);
                let path = [GET_USER, LIST_USERS, IMPORT_USERS, CHAT][(random % 4) as usize];
                let behaviour = [
                    Behaviour::Answer(3),
                    Behaviour::HangAfter(1),
                    Behaviour::FailAfter(1, Code::NotFound),
                    Behaviour::Hang,
                    Behaviour::PanicAfter(1),
                ];
                let behaviour = behaviour[(random / 4 % 5) as usize].to_string();
                let headers = [GRPC, WITH_TOKEN, (Behaviour::KEY, &*behaviour)];
                let headers = if (random / 20).is_multiple_of(5) {
                    &headers[..1]
                } else {
                    &headers
                };
                let request = wire.request("POST", path, headers);
                let Ok(mut client) = wire.client.clone().ready().await else {
                    wire = Wire::to(address).await;
                    continue;
                };
                let Ok((response, mut body)) = client.send_request(request, false) else {
                    continue;
                };
                let message = framed(&interceptors_proto::demo::GetUserRequest { id: 7 });
                let stage = random / 100 % 6;
                if stage > 0 {
                    let _ = body.send_data(message.into(), stage > 1);
                }
                for _ in 0..random / 600 % 20 {
                    tokio::task::yield_now().await;
                }
                match stage {
                    0..=2 => body.send_reset(h2::Reason::CANCEL),
                    3 => drop((response, body)),
                    4 => {
                        let response =
                            tokio::time::timeout(std::time::Duration::from_millis(20), response);
                        if let Ok(Ok(response)) = response.await {
                            let mut data = response.into_body();
                            let next = data.data();
                            let _ = tokio::time::timeout(std::time::Duration::from_millis(5), next)
                                .await;
                        }
                    }
                    _ if i % 10 == 9 && n % 2 == 0 => {
                        wire.connection.abort();
                        wire = Wire::to(address).await;
                    }
                    _ => {
                        _ = tokio::time::timeout(
                            std::time::Duration::from_millis(20),
                            answer(response),
                        )
                        .await
                    }
                }
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    soon(async {
        while counted.0.begun() != counted.0.ended() || limiter.in_use() != 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    })
    .await;
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert_eq!(counted.0.begun(), counted.0.ended());
    assert!(counted.0.begun() > 300);
}

#[tokio::test]
async fn odd_request_lines_open_nothing() {
    let (plain, (guard, _told)) = (Plain::default(), Guard::new());
    let address = serve(guard.layer(), plain.routes()).await;
    for line in [
        "POST http://evil/demo.v1.UserService/GetUser HTTP/1.1",
        "POST http://evil/demo.v1.UserService/GetUser?/demo.v1.UserService/Login HTTP/1.1",
        "POST http://demo.v1.UserService/Login HTTP/1.1",
        "POST /demo.v1.UserService/GetUser#/demo.v1.UserService/Login HTTP/1.1",
        "POST demo.v1.UserService/Login HTTP/1.1",
        "POST *//demo.v1.UserService/GetUser HTTP/1.1",
        "POST /demo.v1.UserService/GetUser HTTP/1.0",
        "POST /demo.v1.UserService/GetUser\u{85}/../Login HTTP/1.1",
        "POST /demo.v1.UserService/GetUser /demo.v1.UserService/Login HTTP/1.1",
        "POST\t/demo.v1.UserService/GetUser HTTP/1.1",
    ] {
        for content_type in ["application/grpc", "text/plain"] {
            let text = format!(
                "{line}\r\nhost: /demo.v1.UserService/Login\r\nconnection: close\r\ncontent-type: {content_type}\r\ncontent-length: 5\r\n\r\n\0\0\0\0\0"
            );
            let answer = http1(address, &text).await;
            let is_closed = answer.is_empty()
                || answer.starts_with("HTTP/1.1 40")
                || answer.starts_with("HTTP/1.0 40")
                || answer.contains("grpc-status: 16\r\n");
            assert!(is_closed, "{line} {answer}");
        }
    }
    assert_eq!(plain.script.runs(), 0);
}

#[tokio::test]
async fn nested_axum_routers_hide_their_prefix_from_inner_structs() {
    let (plain, (guard, _told)) = (Plain::default(), Guard::new());
    let inside = plain.routes().into_axum_router().layer(guard.layer());
    let inside = serve_axum(axum::Router::new().nest("/x", inside)).await;
    let (guard, _told) = Guard::new();
    let outside = axum::Router::new()
        .nest("/x", plain.routes().into_axum_router())
        .layer(guard.layer());
    let outside = serve_axum(outside).await;
    for (address, path, code) in [
        (inside, "/x/demo.v1.UserService/Login", 0),
        (inside, "/x/demo.v1.UserService/GetUser", 16),
        (inside, "/x/demo.v1.UserService/Nothing", 16),
        (inside, "/x/x/demo.v1.UserService/Login", 16),
        (outside, "/x/demo.v1.UserService/Login", 16),
        (outside, "/x/demo.v1.UserService/GetUser", 16),
        (outside, "/nothing", 16),
    ] {
        let answer = Wire::to(address)
            .await
            .ask("POST", path, &[GRPC], vec![0; 5])
            .await;
        assert_eq!(answer.grpc_status(), Some(code), "{path} {answer:?}");
    }
    assert_eq!(plain.script.runs(), 1);
}

#[intercept(server, with(self.ends), concurrency(limiter = self.limiter), timeout("300ms"))]
struct Timed {
    ends: WatchEnds,
    limiter: interceptors::concurrency::Limiter,
}

#[tokio::test]
async fn client_that_does_not_read_frees_its_place_at_the_timeout() {
    let (ends, mut told) = Ends::new();
    let limiter =
        interceptors::concurrency::Limiter::new(&interceptors::concurrency::Capacity::max(10));
    let timed = Timed {
        ends,
        limiter: limiter.clone(),
    };
    let address = serve(timed.layer(), Plain::default().routes()).await;
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let (client, connection) = h2::client::Builder::new()
        .initial_window_size(0)
        .handshake::<_, Bytes>(stream)
        .await
        .unwrap();
    let _connection = tokio::spawn(connection);
    let wire = Wire::to(address).await;
    let behaviour = Behaviour::Answer(3).to_string();
    let headers = [GRPC, WITH_TOKEN, (Behaviour::KEY, &*behaviour)];
    let mut client = client.ready().await.unwrap();
    let request = wire.request("POST", LIST_USERS, &headers);
    let (response, mut body) = client.send_request(request, false).unwrap();
    body.send_data(vec![0; 5].into(), true).unwrap();
    let response = soon(response).await.unwrap();
    assert_eq!(limiter.in_use(), 1);
    let end = tokio::time::timeout(std::time::Duration::from_secs(3), told.next()).await;
    assert_eq!(end.unwrap().code, Code::DeadlineExceeded);
    assert_eq!(limiter.in_use(), 0);
    drop(response);
}

/// An interceptor whose observer panics.
struct Bomb;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Bomb {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<tonic::Response<Res>, Status> {
        next.observe(call, |_: &interceptors::End<'_>| panic!("told to"))
            .await
    }
}

#[intercept(server, with(self.outer), catch_panic, with(Bomb), with(self.inner))]
struct WithBomb {
    outer: WatchEnds,
    inner: WatchEnds,
}

#[tokio::test]
async fn panicking_observer_does_not_silence_other_observers() {
    for behaviour in [
        Behaviour::Answer(2),
        Behaviour::FailAfter(1, Code::NotFound),
        Behaviour::HangAfter(1),
        Behaviour::PanicAfter(1),
    ] {
        for kind in KINDS {
            let (ends, told) = Ends::new();
            let layer = WithBomb {
                outer: ends.named("outer"),
                inner: ends.named("inner"),
            }
            .layer();
            drop(ends);
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let server = tonic::transport::Server::builder()
                .layer(layer)
                .add_routes(Plain::default().routes())
                .serve_with_incoming(tokio_stream::wrappers::TcpListenerStream::new(listener));
            let server = tokio::spawn(server);
            let caller = caller(address).await.told(behaviour);
            let call = caller.call(kind);
            let _ = tokio::time::timeout(std::time::Duration::from_millis(60), call).await;
            drop(caller);
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            server.abort();
            let ends = soon(told.rest()).await;
            let mut names: Vec<_> = ends.iter().map(|end| end.observer).collect();
            names.sort_unstable();
            assert_eq!(names, ["inner", "outer"], "{behaviour:?} {kind} {ends:?}");
        }
    }
}
