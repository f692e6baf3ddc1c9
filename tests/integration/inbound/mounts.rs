//! Where a server's policy can be mounted, and which limits its clones share.

use std::convert::Infallible;

use http::{Request, Response};
use interceptors::concurrency::{Capacity, Limiter};
use interceptors::intercept;
use interceptors::server::RequestCancellationLayer;
use interceptors_proto::demo::user_service_server::UserServiceServer;
use interceptors_tests::{Behaviour, KINDS, Script};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::Code;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic::transport::Server;
use tower::{Service, ServiceBuilder, ServiceExt};

use super::common::*;

async fn is_guarded(address: std::net::SocketAddr, script: &Script) {
    let caller = caller(address).await;
    for kind in KINDS {
        let runs = script.runs();
        assert_eq!(caller.call(kind).await.code(), Code::Unauthenticated);
        assert_eq!(script.runs(), runs);
        let caller = caller.with(WITH_TOKEN.0, WITH_TOKEN.1);
        let reply = caller.call(kind).await;
        assert_eq!(reply.code(), Code::Ok, "{kind:?}: {:?}", reply.status);
        assert!(!reply.messages.is_empty());
        assert_eq!(script.runs(), runs + 1);
    }
}

#[tokio::test]
async fn layer_works_on_tonics_server() {
    let (plain, (guard, _told)) = (Plain::default(), Guard::new());
    let address = serve(guard.layer(), plain.routes()).await;
    is_guarded(address, &plain.script).await;
}

#[tokio::test]
async fn layer_works_on_axums_router() {
    let (plain, (guard, _told)) = (Plain::default(), Guard::new());
    let router = plain.routes().into_axum_router().layer(guard.layer());
    is_guarded(serve_axum(router).await, &plain.script).await;
    let (guard, _told) = Guard::new();
    let plain = Plain::default();
    let router = plain.routes().into_axum_router().route_layer(guard.layer());
    is_guarded(serve_axum(router).await, &plain.script).await;
}

#[tokio::test]
async fn layer_works_in_a_service_builder() {
    let (plain, (guard, _told)) = (Plain::default(), Guard::new());
    let service = ServiceBuilder::new()
        .concurrency_limit(16)
        .layer(guard.layer())
        .concurrency_limit(16)
        .service(plain.routes());
    let request = Request::post(GET_USER).header("content-type", "application/grpc");
    let request = request.body(tonic::body::Body::empty()).unwrap();
    let response = service.oneshot(request).await.unwrap();
    assert_eq!(response.headers()["grpc-status"], "16");
    let (plain, (guard, _told)) = (Plain::default(), Guard::new());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let layers = ServiceBuilder::new().layer(guard.layer()).into_inner();
    tokio::spawn(
        Server::builder()
            .layer(layers)
            .add_routes(plain.routes())
            .serve_with_incoming(TcpListenerStream::new(listener)),
    );
    is_guarded(address, &plain.script).await;
}

#[tokio::test]
async fn wrapped_service_keeps_its_name() {
    fn name_of<S: NamedService>(_: &S) -> &'static str {
        S::NAME
    }
    let (plain, (guard, _told)) = (Plain::default(), Guard::new());
    let service = guard.wrap(UserServiceServer::new(plain.clone()));
    assert_eq!(name_of(&service), "demo.v1.UserService");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(
        Server::builder()
            .add_service(service)
            .serve_with_incoming(TcpListenerStream::new(listener)),
    );
    is_guarded(address, &plain.script).await;
    // The policy covers only that service.
    let mut wire = Wire::to(address).await;
    let answer = wire.ask("POST", "/other.Service/Method", &[GRPC], "").await;
    assert_eq!(answer.grpc_status(), Some(12));
}

#[intercept(server, rate_limit(per_second = 1, burst = 3))]
struct Limited;

#[tokio::test]
async fn clones_of_a_layer_share_one_rate_limit() {
    let plain = Plain::default();
    let layer = Limited.layer();
    // Two servers with clones of one layer share one limit.
    let first = serve(layer.clone(), plain.routes()).await;
    let second = serve_axum(plain.routes().into_axum_router().layer(layer)).await;
    let (first, second) = (caller(first).await, caller(second).await);
    let mut codes = Vec::new();
    for kind in KINDS {
        codes.push(first.call(kind).await.code());
        codes.push(second.call(kind).await.code());
    }
    let passed = codes.iter().filter(|code| **code == Code::Ok).count();
    assert!((3..=4).contains(&passed), "{codes:?}");
    assert_eq!(codes[..3], [Code::Ok; 3]);
    assert_eq!(codes[4], Code::ResourceExhausted);
    // A new layer has its own limit.
    let third = caller(serve(Limited.layer(), plain.routes()).await).await;
    assert_eq!(third.call(KINDS[0]).await.code(), Code::Ok);
}

#[intercept(server, load_shed(limiter = self.limiter))]
struct Shed {
    limiter: Limiter,
}

#[intercept(server, concurrency(max = 1, queue = 0, per = service))]
struct Single;

#[tokio::test]
async fn permits_are_shared_by_clones_and_released_with_response() {
    let plain = Plain::default();
    let limiter = Limiter::new(&Capacity::max(1));
    let shed = Shed {
        limiter: limiter.clone(),
    };
    let layer = shed.layer();
    let first = caller(serve(layer.clone(), plain.routes()).await).await;
    let second = caller(serve(layer, plain.routes()).await).await;
    let hanging = first.told(Behaviour::HangAfter(1));
    let open = hanging
        .open(interceptors::Kind::ServerStreaming)
        .await
        .unwrap();
    assert_eq!(limiter.in_use(), 1);
    let reply = second.call(interceptors::Kind::Unary).await;
    assert_eq!(reply.code(), Code::ResourceExhausted, "{reply:?}");
    drop(open);
    soon(async {
        while limiter.in_use() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let reply = second.call(interceptors::Kind::Unary).await;
    assert_eq!(reply.code(), Code::Ok);

    let single = caller(serve(Single.layer(), plain.routes()).await).await;
    let hanging = single.told(Behaviour::HangAfter(1));
    let open = hanging
        .open(interceptors::Kind::ServerStreaming)
        .await
        .unwrap();
    // Another method of the service.
    let reply = single.call(interceptors::Kind::Unary).await;
    assert_eq!(reply.code(), Code::ResourceExhausted, "{reply:?}");
    drop(open);
}

/// A service that never becomes ready.
#[derive(Clone)]
struct NeverReady;

impl Service<Request<tonic::body::Body>> for NeverReady {
    type Response = Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Pending
    }

    fn call(&mut self, _: Request<tonic::body::Body>) -> Self::Future {
        std::future::ready(Ok(Response::new(tonic::body::Body::empty())))
    }
}

#[tokio::test]
async fn rejection_does_not_wait_for_service_readiness() {
    let (guard, mut told) = Guard::new();
    let mut service = guard.wrap(NeverReady);
    let request = |token: Option<&str>| {
        let mut request = Request::post(GET_USER).header("content-type", "application/grpc");
        if let Some(token) = token {
            request = request.header("authorization", token);
        }
        request.body(tonic::body::Body::empty()).unwrap()
    };
    let response = service.clone().oneshot(request(None)).await;
    assert_eq!(response.unwrap().headers()["grpc-status"], "16");
    assert_eq!(told.next().await.code, Code::Unauthenticated);
    let mut passed = service.call(request(Some(TOKEN)));
    let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(passed.as_mut().poll(cx))).await;
    assert!(polled.is_pending());
    drop(passed);
    assert_eq!(told.next().await.code, Code::Cancelled);
}

#[tokio::test]
async fn mounts_can_be_nested() {
    for with_layer in [false, true] {
        let plain = Plain::default();
        let ((outer, mut outside), (inner, mut inside)) = (Guard::new(), Guard::new());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let routes = Routes::new(inner.wrap(UserServiceServer::new(plain.clone())));
        let incoming = TcpListenerStream::new(listener);
        let server = Server::builder();
        if with_layer {
            tokio::spawn(
                server
                    .layer(RequestCancellationLayer)
                    .layer(outer.layer())
                    .layer(RequestCancellationLayer)
                    .add_routes(routes)
                    .serve_with_incoming(incoming),
            );
        } else {
            tokio::spawn(
                server
                    .layer(outer.layer())
                    .add_routes(routes)
                    .serve_with_incoming(incoming),
            );
        }
        let caller = caller(address).await;
        assert_eq!(caller.call(KINDS[0]).await.code(), Code::Unauthenticated);
        assert_eq!(outside.next().await.code, Code::Unauthenticated);
        for kind in KINDS {
            let caller = caller.with(WITH_TOKEN.0, WITH_TOKEN.1);
            let reply = caller
                .told(Behaviour::FailAfter(2, Code::NotFound))
                .call(kind)
                .await;
            assert_eq!(reply.code(), Code::NotFound);
            let (outside, inside) = (outside.next().await, inside.next().await);
            assert_eq!(
                (outside.code, outside.messages),
                (inside.code, inside.messages)
            );
            assert_eq!(outside.code, Code::NotFound);
        }
    }
}
