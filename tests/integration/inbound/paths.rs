//! Paths are compared byte for byte, and a misspelled path is not public.

use interceptors::auth::StaticTokens;
use interceptors::intercept;
use interceptors_proto::demo::LoginRequest;
use interceptors_tests::KINDS;
use tonic::Code;

use super::common::*;

/// Paths that look public and are not.
const ODD: &[&str] = &[
    "//demo.v1.UserService/Login",
    "/demo.v1.UserService//Login",
    "/demo.v1.UserService/Login/",
    "/demo.v1.UserService/login",
    "/demo.v1.UserService/LOGIN",
    "/DEMO.V1.UserService/Login",
    "/demo.v1.UserService/%4cogin",
    "/demo.v1.UserService/%4Cogin",
    "/demo.v1.UserService%2fLogin",
    "/demo.v1.UserService/./Login",
    "/demo.v1.UserService/GetUser/../Login",
    "/demo.v1.UserService/Login/../GetUser",
    "/demo.v1.UserService/Login;GetUser",
    "/demo.v1.UserService/LoginX",
    "/demo.v1.UserService/Logi",
    "/xdemo.v1.UserService/Login",
    "/x/demo.v1.UserService/Login",
    "/demo.v1.UserService",
    "/demo.v1.UserService/",
    "/demo.v1.UserService/*",
    "/demo.v1.UserService/GetUser?/demo.v1.UserService/Login",
    "/grpc.health.v1.Health",
    "/grpc.health.v1.Health/",
    "/grpc.health.v1.Health/Check/",
    "/grpc.health.v1.Health//Check",
    "/grpc.health.v1.Health/*",
    "/grpc.health.v1.Health/../demo.v1.UserService/GetUser",
    "/grpc.health.v1.Health/%43heck",
    "/grpc.health.v1.HealthX/Check",
    "/healthz",
    "/healthz/",
    "//healthz",
    "/HEALTHZ",
    "/",
    "//",
    "/%",
    "/%00",
];

#[tokio::test]
async fn misspelled_paths_are_not_public() {
    let (plain, (guard, mut told)) = (Plain::default(), Guard::new());
    let address = serve(guard.layer(), plain.routes()).await;
    let mut wire = Wire::to(address).await;
    let long = format!("/demo.v1.UserService/Login{}", "x".repeat(8000));
    for path in ODD.iter().copied().chain([&*long]) {
        let answer = wire.ask("POST", path, &[GRPC], "").await;
        assert_eq!(answer.grpc_status(), Some(16), "{path}");
        assert_eq!(told.next().await.code, Code::Unauthenticated);
    }
    assert_eq!(plain.script.runs(), 0);
    // A public method is public with any query: the query does not choose the method.
    let login = framed(&LoginRequest::default());
    for path in [
        LOGIN,
        "/demo.v1.UserService/Login?x=/demo.v1.UserService/GetUser",
    ] {
        let runs = plain.script.runs();
        let answer = wire.ask("POST", path, &[GRPC], login.clone()).await;
        assert_eq!(answer.grpc_status(), Some(0), "{path}");
        assert_eq!(plain.script.runs(), runs + 1);
        assert_eq!(told.next().await.path, LOGIN);
    }
}

#[tokio::test]
async fn other_http_methods_and_content_types_need_a_token() {
    let (plain, (guard, _told)) = (Plain::default(), Guard::new());
    let address = serve(guard.layer(), plain.routes()).await;
    let mut wire = Wire::to(address).await;
    for method in [
        "POST", "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "get", "X",
    ] {
        for content_type in [
            "application/grpc",
            "application/grpc+proto",
            "application/grpc-web",
            "application/grpc-web-text+proto",
            "application/json",
            "text/plain",
            "APPLICATION/GRPC",
            " application/grpc",
            "application/grpc, application/json",
        ] {
            let answer = wire
                .ask(method, GET_USER, &[("content-type", content_type)], "")
                .await;
            let what = format!("{method} {content_type}: {answer:?}");
            match content_type.starts_with("application/grpc") && !content_type.contains(',') {
                true => assert_eq!(
                    (answer.status, answer.grpc_status()),
                    (200, Some(16)),
                    "{what}"
                ),
                false => assert_eq!((answer.status, answer.grpc_status()), (401, None), "{what}"),
            }
        }
    }
    assert_eq!(plain.script.runs(), 0);
}

/// An entry for some paths only.
#[intercept(
    server,
    auth(verifier = self.tokens, only = ["/demo.v1.UserService/GetUser", "/demo.v1.UserService/ListUsers", "GET /admin", "/api/*"]),
)]
struct Only {
    tokens: StaticTokens<&'static str>,
}

#[intercept(
    server,
    auth(verifier = self.tokens, except = ["/demo.v1.UserService/Login", "GET /healthz", "/open/*"]),
)]
struct Except {
    tokens: StaticTokens<&'static str>,
}

fn router(plain: &Plain) -> axum::Router {
    use axum::routing::{any, get};
    let said = |text: &'static str| move || async move { text };
    plain
        .routes()
        .into_axum_router()
        .route("/admin", get(said("admin")))
        .route("/healthz", get(said("fine")))
        .route("/api/{*rest}", any(said("api")))
        .route("/open/{*rest}", any(said("open")))
}

/// Whether a request without a token was rejected.
async fn is_rejected(wire: &mut Wire, method: &str, path: &str, content_type: &str) -> bool {
    let headers = [("content-type", content_type)];
    let answer = wire.ask(method, path, &headers, "").await;
    answer.status == 401 || answer.grpc_status() == Some(16)
}

#[tokio::test]
async fn no_request_bypasses_only() {
    let plain = Plain::default();
    let only = Only { tokens: tokens() };
    let address = serve_axum(router(&plain).layer(only.layer())).await;
    let mut wire = Wire::to(address).await;
    for content_type in [
        "application/grpc",
        "application/grpc-web",
        "text/html",
        "APPLICATION/GRPC",
    ] {
        for method in ["POST", "GET", "HEAD", "PUT", "X"] {
            for path in [
                GET_USER,
                LIST_USERS,
                "/demo.v1.UserService/GetUser?",
                "/demo.v1.UserService/GetUser?a=b",
                "/api/Users",
                // No RPC has such a name, but the route accepts it.
                "/api/users-of/7",
                "/api/%55sers",
                "/api/a.b",
                "/api/1",
                "/api//x",
            ] {
                let is_rejected = is_rejected(&mut wire, method, path, content_type).await;
                assert!(is_rejected, "{method} {path} {content_type}");
            }
        }
        // A HEAD is a GET whose body is not sent: the same handler runs.
        for method in ["GET", "HEAD"] {
            for path in ["/admin", "/admin?a=b"] {
                let is_rejected = is_rejected(&mut wire, method, path, content_type).await;
                assert!(is_rejected, "{method} {path} {content_type}");
            }
        }
        // No other spelling reaches that route.
        for path in [
            "/%61dmin",
            "/admin/",
            "//admin",
            "/./admin",
            "/x/../admin",
            "/ADMIN",
            "/admin;x",
            "/admin%00",
        ] {
            let headers = [("content-type", content_type)];
            let answer = wire.ask("GET", path, &headers, "").await;
            assert!(!answer.data.starts_with(b"admin"), "{path} {content_type}");
        }
        for path in ["/healthz", "/open/x", "/nothing"] {
            assert!(
                !is_rejected(&mut wire, "GET", path, content_type).await,
                "{path}"
            );
        }
    }
    assert_eq!(plain.script.runs(), 0);
    let caller = caller(address).await;
    assert_eq!(caller.call(KINDS[0]).await.code(), Code::Unauthenticated);
    assert_eq!(caller.call(KINDS[1]).await.code(), Code::Ok);
    assert_eq!(caller.call(KINDS[2]).await.code(), Code::Unauthenticated);
    assert_eq!(caller.call(KINDS[3]).await.code(), Code::Ok);
}

#[tokio::test]
async fn no_request_bypasses_except() {
    let plain = Plain::default();
    let except = Except { tokens: tokens() };
    let address = serve_axum(router(&plain).layer(except.layer())).await;
    let mut wire = Wire::to(address).await;
    for content_type in [
        "application/grpc",
        "application/grpc-web",
        "text/html",
        "APPLICATION/GRPC",
    ] {
        let odd = ODD.iter().copied().filter(|path| *path != "/healthz");
        let closed = odd.chain([
            GET_USER,
            CHAT,
            "/admin",
            "/api/x",
            "/open/",
            "/open/a/b",
            "/open/a-b",
            "/open/%61",
            "/open",
        ]);
        for path in closed {
            for method in ["POST", "GET"] {
                let is_rejected = is_rejected(&mut wire, method, path, content_type).await;
                assert!(is_rejected, "{method} {path} {content_type}");
            }
        }
        assert!(is_rejected(&mut wire, "POST", "/healthz", content_type).await);
        for (method, path) in [
            ("GET", "/healthz"),
            ("HEAD", "/healthz"),
            ("GET", "/open/x"),
            ("PUT", "/open/x"),
        ] {
            let is_rejected = is_rejected(&mut wire, method, path, content_type).await;
            assert!(!is_rejected, "{method} {path} {content_type}");
        }
    }
    assert_eq!(plain.script.runs(), 0);
}

#[intercept(
    server,
    auth(
        verifier = self.tokens,
        public = ["/demo.v1.UserService/*", "HEAD /page"],
    ),
    rate_limit(per_second = 1, burst = 1, only = ["/demo.v1.UserService/GetUser"]),
)]
struct Mixed {
    tokens: StaticTokens<&'static str>,
}

#[tokio::test]
async fn every_matching_list_applies_to_a_request() {
    let plain = Plain::default();
    let mixed = Mixed { tokens: tokens() };
    let router = router(&plain).route("/page", axum::routing::get(|| async { "page" }));
    let address = serve_axum(router.layer(mixed.layer())).await;
    let caller = caller(address).await;
    assert_eq!(caller.call(KINDS[0]).await.code(), Code::Ok);
    assert_eq!(caller.call(KINDS[0]).await.code(), Code::ResourceExhausted);
    for _ in 0..3 {
        assert_eq!(caller.call(KINDS[1]).await.code(), Code::Ok);
    }
    let mut wire = Wire::to(address).await;
    assert!(is_rejected(&mut wire, "GET", "/page", "text/html").await);
    assert!(!is_rejected(&mut wire, "HEAD", "/page", "text/html").await);
}
