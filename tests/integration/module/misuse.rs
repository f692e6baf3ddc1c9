//! Hostile peers and unusual setups against a generated server with the attribute.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use interceptors::auth::{RequestExt, StaticTokens};
use interceptors::{Call, Interceptor, Kind, Next};
use interceptors_tests::{
    Behaviour, Counted, Ends, Gate, KINDS, Script, Someone, WatchEnds, listen, scripted,
};
use tonic::body::Body;
use tonic::codegen::{Service as _, http};
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status};

use crate::servers::demo::user_service_server::{UserService, UserServiceServer};
use crate::servers::own;
use crate::wire::*;

#[derive(Clone)]
struct Users {
    script: Script,
    ends: WatchEnds,
    tokens: StaticTokens<&'static str>,
}

scripted!(self: Users as [UserService], #[intercept(with(self.ends), auth(verifier = self.tokens))]);

fn users() -> (Users, Ends) {
    let (ends, told) = Ends::new();
    let users = Users {
        script: Script::default(),
        ends,
        tokens: tokens(),
    };
    (users, told)
}

#[tokio::test]
async fn odd_requests_get_the_same_answer_as_without_the_attribute() {
    let (users, mut told) = users();
    let alone = Plain::default();
    let routes = Routes::new(UserServiceServer::new(users.clone()));
    let mut guarded = Wire::to(listen(routes).await).await;
    let mut bare = Wire::to(listen(alone.routes()).await).await;
    for odd in odd_requests() {
        let answer = send_odd(&mut guarded, &odd).await;
        let expected = send_odd(&mut bare, &odd).await;
        assert_eq!(answer, expected, "{odd:?}");
        let code = expected.as_ref().ok().and_then(Answer::grpc_status);
        let end = told.next().await;
        let is_grpc = odd.0.contains(&(GRPC.0, GRPC.1.to_owned()));
        assert!(!is_grpc || Some(end.code as i32) == code, "{odd:?} {end:?}");
        assert_eq!(users.script.runs(), alone.script.runs(), "{odd:?}");
    }
}

#[tokio::test]
async fn observers_get_the_status_with_any_content_type() {
    let (users, mut told) = users();
    let routes = Routes::new(UserServiceServer::new(users));
    let mut wire = Wire::to(listen(routes).await).await;
    let behaviour = Behaviour::Fail(Code::NotFound).to_string();
    for content_type in ["application/grpc", "text/plain", "APPLICATION/GRPC"] {
        for path in [LIST_USERS, GET_USER] {
            let headers = [
                ("content-type", content_type),
                WITH_TOKEN,
                (Behaviour::KEY, &*behaviour),
            ];
            let answer = wire.ask("POST", path, &headers, vec![0; 5]).await;
            assert_eq!(answer.grpc_status(), Some(Code::NotFound as i32));
            assert_eq!(
                told.next().await.code,
                Code::NotFound,
                "{content_type} {path}"
            );
        }
    }
}

/// Calls on twice, and answers with what came first.
struct Twice;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Twice {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        assert!(call.copy_request().is_none());
        let first = next.run(call).await;
        let second = next.run(call).await;
        assert_eq!(second.err().map(|it| it.code()), Some(Code::Internal));
        first
    }
}

#[derive(Clone)]
struct CalledTwice {
    script: Script,
    ends: WatchEnds,
}

scripted!(self: CalledTwice as [UserService], #[intercept(with(self.ends), with(Twice))]);

#[tokio::test]
async fn request_reaches_the_method_once() {
    let (ends, mut told) = Ends::new();
    let script = Script::default();
    let service = CalledTwice {
        script: script.clone(),
        ends,
    };
    let address = listen(Routes::new(UserServiceServer::new(service))).await;
    let caller = caller(address).await;
    for kind in KINDS {
        let runs = script.runs();
        let reply = caller.told(Behaviour::Answer(2)).call(kind).await;
        assert_eq!(
            (reply.code(), script.runs()),
            (Code::Ok, runs + 1),
            "{kind} {:?}",
            reply.status
        );
        assert_eq!(told.next().await.code, Code::Ok, "{kind}");
    }
}

/// Says who calls, after other calls had their turn.
struct Echo(Arc<AtomicU32>);

#[interceptors::intercept(auth(by = Gate), rate_limit(per_second = 1_000_000, key = identity))]
#[tonic::async_trait]
impl own::user_service_server::UserService for Echo {
    async fn get_user(
        &self,
        request: Request<own::GetUserRequest>,
    ) -> Result<Response<own::User>, Status> {
        self.0.fetch_add(1, Ordering::Relaxed);
        for _ in 0..fastrand::u32(..5) {
            tokio::task::yield_now().await;
        }
        let name = request.identity::<Someone>()?.0.to_owned();
        let id = request.get_ref().id;
        Ok(Response::new(own::User { id, name }))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_calls_keep_their_identities_apart() {
    let runs = Arc::new(AtomicU32::new(0));
    let gate = Gate::new([("a-token-of-ann", "ann"), ("a-token-of-bob", "bob")]).unwrap();
    let server = own::user_service_server::UserServiceServer::new(Echo(Arc::clone(&runs)));
    let address = listen(Routes::new(gate.wrap(server))).await;
    let mut tasks = Vec::new();
    for _ in 0..4 {
        let wire = Wire::to(address).await;
        for n in 0..200 {
            let (name, token) = [
                ("ann", "Bearer a-token-of-ann"),
                ("bob", "Bearer a-token-of-bob"),
                ("", "Bearer x"),
            ][n % 3];
            let request = wire.request("POST", GET_USER, &[GRPC, ("authorization", token)]);
            let mut client = wire.client.clone();
            tasks.push(tokio::spawn(async move {
                std::future::poll_fn(|cx| client.poll_ready(cx))
                    .await
                    .unwrap();
                let (response, mut body) = client.send_request(request, false).unwrap();
                body.send_data(vec![0; 5].into(), true).unwrap();
                let answer = soon(answer(response)).await.unwrap();
                match name {
                    "" => assert_eq!((answer.grpc_status(), answer.data.len()), (Some(16), 0)),
                    name => assert!(answer.data.ends_with(name.as_bytes()), "{answer:?}"),
                }
                u32::from(!name.is_empty())
            }));
        }
    }
    let mut passed = 0;
    for task in tasks {
        passed += task.await.unwrap();
    }
    assert_eq!(runs.load(Ordering::Relaxed), passed);
}

#[tokio::test]
async fn nested_axum_routers_keep_the_policy() {
    let (users, _told) = users();
    let routes = Routes::new(UserServiceServer::new(users.clone())).into_axum_router();
    let router = axum::Router::new()
        .nest("/x", routes.clone())
        .nest("/x/demo.v1.UserService", routes.clone())
        .merge(routes);
    let mut wire = Wire::to(serve_axum(router).await).await;
    for path in [
        GET_USER,
        "/x/demo.v1.UserService/GetUser",
        "/x/demo.v1.UserService/demo.v1.UserService/GetUser",
    ] {
        for content_type in ["application/grpc", "text/plain", "application/grpc-web"] {
            let runs = users.script.runs();
            let headers = [("content-type", content_type)];
            let refused = wire.ask("POST", path, &headers, vec![0; 5]).await;
            assert!(
                refused.status == 401 || refused.grpc_status() == Some(16),
                "{path} {refused:?}"
            );
            assert_eq!(users.script.runs(), runs, "{path}");
            let headers = [("content-type", content_type), WITH_TOKEN];
            let passed = wire.ask("POST", path, &headers, vec![0; 5]).await;
            assert_eq!(
                (passed.grpc_status(), users.script.runs()),
                (Some(0), runs + 1),
                "{path}"
            );
        }
    }
}

/// In the extensions of a request. Calls the method of the service when the request is dropped.
#[derive(Clone)]
struct CallsInDrop(#[allow(dead_code)] Arc<Inside>);

struct Inside(Users, Arc<AtomicU32>);

impl Drop for Inside {
    fn drop(&mut self) {
        let mut request = Request::new(interceptors_proto::demo::GetUserRequest::default());
        let headers = request.metadata_mut();
        headers.insert("te", "trailers".parse().unwrap());
        let mut answer = UserService::get_user(&self.0, request);
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        if let std::task::Poll::Ready(Ok(_)) = answer.as_mut().poll(&mut cx) {
            self.1.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[tokio::test]
async fn call_made_while_a_request_is_dropped_passes_the_whole_list() {
    let passed = Arc::new(AtomicU32::new(0));
    for _ in 0..20 {
        let (users, _told) = users();
        let mut request = http::Request::new(Body::new(axum::body::Body::from(
            &b"\0\0\0\0\x03\xff\xff\xff"[..],
        )));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = GET_USER.parse().unwrap();
        let headers = request.headers_mut();
        headers.insert("te", "trailers".parse().unwrap());
        headers.insert("content-type", "application/grpc".parse().unwrap());
        headers.insert("authorization", TOKEN.parse().unwrap());
        let inside = Inside(users.clone(), Arc::clone(&passed));
        request
            .extensions_mut()
            .insert(CallsInDrop(Arc::new(inside)));
        let mut server = UserServiceServer::new(users.clone());
        let _ = server.call(request).await;
        assert_eq!(users.script.runs(), 0);
    }
    assert_eq!(passed.load(Ordering::Relaxed), 0);
}

#[derive(Clone)]
struct Storm {
    script: Script,
    counted: Counted,
    limiter: interceptors::concurrency::Limiter,
}

scripted!(self: Storm as [UserService], #[intercept(with(self.counted), concurrency(limiter = self.limiter))]);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn abandoned_concurrent_calls_end_once_each() {
    use interceptors::concurrency::{Capacity, Limiter};
    use std::time::Duration;

    let storm = Storm {
        script: Script::default(),
        counted: Counted::default(),
        limiter: Limiter::new(&Capacity::max(10_000)),
    };
    let address = listen(Routes::new(UserServiceServer::new(storm.clone()))).await;
    let mut tasks = Vec::new();
    for _ in 0..10 {
        tasks.push(tokio::spawn(async move {
            let caller = caller(address).await;
            for _ in 0..60 {
                let kind = KINDS[fastrand::usize(..4)];
                let behaviours = [
                    Behaviour::Answer(3),
                    Behaviour::HangAfter(1),
                    Behaviour::FailAfter(1, Code::NotFound),
                    Behaviour::Hang,
                    Behaviour::PanicAfter(1),
                ];
                let caller = caller.told(behaviours[fastrand::usize(..5)]);
                let call = async {
                    match kind {
                        Kind::ServerStreaming => drop(caller.open(kind).await),
                        kind => drop(caller.call(kind).await),
                    }
                };
                let _ =
                    tokio::time::timeout(Duration::from_micros(fastrand::u64(..8_000)), call).await;
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let tally = &storm.counted.0;
    soon(async {
        while tally.begun() != tally.ended() || storm.limiter.in_use() != 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(tally.begun(), tally.ended());
}

#[derive(Clone)]
struct Once {
    script: Script,
    counted: Counted,
}

scripted!(self: Once as [UserService], #[intercept(with(self.counted))]);

#[tokio::test]
async fn request_without_headers_passes_each_entry_once() {
    let once = Once {
        script: Script::default(),
        counted: Counted::default(),
    };
    let address = listen(Routes::new(UserServiceServer::new(once.clone()))).await;
    let mut wire = Wire::to(address).await;
    let mut request = wire.request("POST", GET_USER, &[]);
    request.headers_mut().clear();
    let answer = soon(wire.send(request, vec![0; 5].into())).await.unwrap();
    assert_eq!((answer.grpc_status(), once.script.runs()), (Some(0), 1));
    assert_eq!(once.counted.0.begun(), 1);
}

#[derive(Clone)]
struct Timed {
    script: Script,
    ends: WatchEnds,
    limiter: interceptors::concurrency::Limiter,
}

scripted!(self: Timed as [UserService], #[intercept(with(self.ends), concurrency(limiter = self.limiter), timeout("300ms"))]);

#[tokio::test]
async fn client_that_does_not_read_frees_its_place_at_the_timeout() {
    let (ends, mut told) = Ends::new();
    let limiter =
        interceptors::concurrency::Limiter::new(&interceptors::concurrency::Capacity::max(10));
    let timed = Timed {
        script: Script::default(),
        ends,
        limiter: limiter.clone(),
    };
    let address = listen(Routes::new(UserServiceServer::new(timed))).await;
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let (client, connection) = h2::client::Builder::new()
        .initial_window_size(0)
        .handshake::<_, bytes::Bytes>(stream)
        .await
        .unwrap();
    let _connection = tokio::spawn(connection);
    let wire = Wire::to(address).await;
    let mut client = client.ready().await.unwrap();
    let request = wire.request("POST", LIST_USERS, &[GRPC]);
    let (response, mut body) = client.send_request(request, false).unwrap();
    body.send_data(vec![0; 5].into(), true).unwrap();
    let response = soon(response).await.unwrap();
    assert_eq!(limiter.in_use(), 1);
    assert_eq!(told.next().await.code, Code::DeadlineExceeded);
    assert_eq!(limiter.in_use(), 0);
    drop(response);
}
