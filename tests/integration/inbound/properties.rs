//! Random requests: without a valid token, only public handlers run.

use std::net::SocketAddr;
use std::sync::LazyLock;

use interceptors::auth::StaticTokens;
use interceptors::intercept;
use interceptors::server::{InterceptLayer, ServerChain};
use interceptors_tests::ask_each_time;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Runtime;

use super::common::*;

macro_rules! orders {
    ($($name:ident($($entry:tt)*),)*) => {$(
        #[intercept(server, $($entry)*)]
        struct $name {
            tokens: StaticTokens<&'static str>,
        }
    )*};
}

orders! {
    Alone(auth(verifier = self.tokens, public = ["/demo.v1.UserService/Login", "GET /healthz"])),
    Last(catch_panic, trace, metrics, request_id, logging, timeout("1h"), concurrency(max = 100), auth(verifier = self.tokens, public = ["/demo.v1.UserService/Login", "GET /healthz"])),
    First(auth(verifier = self.tokens, except = ["/demo.v1.UserService/Login", "GET /healthz"]), rate_limit(per_second = 100000, key = identity, except = ["/demo.v1.UserService/Login", "GET /healthz"]), load_shed(max = 100), catch_panic, logging),
    Only(logging, auth(verifier = self.tokens, only = ["/demo.v1.UserService/GetUser", "/demo.v1.UserService/ImportUsers", "/demo.v1.UserService/ListUsers", "/demo.v1.UserService/Chat", "/demo.v1.UserService/Flaky", "GET /admin", "POST /admin", "/api/*"]), catch_panic),
    Listed(auth(verifier = self.tokens, public = ["/demo.v1.UserService/Login", "GET /healthz", "/open.Service/*", "/demo.v1.UserServic/*"]), timeout("1h", only = ["/demo.v1.UserService/*"])),
}

struct Served {
    runtime: Runtime,
    plain: Plain,
    addresses: Vec<SocketAddr>,
}

static SERVED: LazyLock<Served> = LazyLock::new(|| {
    ask_each_time();
    let runtime = Runtime::new().unwrap();
    let plain = Plain::default();
    let addresses = runtime.block_on(async {
        vec![
            both(&plain, Alone { tokens: tokens() }.layer()).await,
            both(&plain, Last { tokens: tokens() }.layer()).await,
            both(&plain, First { tokens: tokens() }.layer()).await,
            both(&plain, Only { tokens: tokens() }.layer()).await,
            both(&plain, Listed { tokens: tokens() }.layer()).await,
        ]
    });
    Served {
        runtime,
        plain,
        addresses,
    }
});

/// gRPC and HTTP behind one policy, with gRPC-Web inside.
async fn both<C: ServerChain>(plain: &Plain, layer: InterceptLayer<C>) -> SocketAddr {
    use axum::routing::{any, get};
    let ran = plain.clone();
    let run = move || {
        let ran = ran.clone();
        // It counts as a run of the script, as the RPCs do.
        async move {
            let request = tonic::Request::new(Default::default());
            ran.script
                .login(request)
                .await
                .map(|_| "run")
                .map_err(|_| "failed")
        }
    };
    let router = plain
        .routes()
        .into_axum_router()
        .route("/admin", get(run.clone()).post(run.clone()))
        .route("/api/{*rest}", any(run))
        .route("/healthz", get(|| async { "fine" }))
        .layer(tonic_web::GrpcWebLayer::new())
        .layer(layer);
    serve_axum(router).await
}

#[derive(Debug, Clone)]
struct Asked {
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

fn path() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        GET_USER,
        LIST_USERS,
        IMPORT_USERS,
        CHAT,
        LOGIN,
        "/demo.v1.UserService/Flaky",
        "/healthz",
        "/admin",
        "/api/x",
        "/api/a-b",
        "/open.Service/Method",
    ]);
    let change = (
        any::<prop::sample::Index>(),
        prop::sample::select(vec![
            "/",
            "//",
            ".",
            "..",
            "%",
            "%2f",
            "%00",
            "?",
            "*",
            "X",
            "/Login",
            "Login",
            ";",
            "/../",
            "?x=/demo.v1.UserService/Login",
        ]),
        any::<bool>(),
    );
    (known, prop::collection::vec(change, 0..3)).prop_map(|(known, changes)| {
        let mut path = known.to_owned();
        for (at, text, replace) in changes {
            let at = 1 + at.index(path.len());
            let end = (at + usize::from(replace)).min(path.len());
            path.replace_range(at..end, text);
        }
        path
    })
}

fn asked() -> impl Strategy<Value = Asked> {
    let method = prop::sample::select(vec![
        "POST", "POST", "POST", "GET", "HEAD", "PUT", "OPTIONS", "post",
    ]);
    let header = prop_oneof![
        3 => prop::sample::select(vec!["application/grpc", "application/grpc+proto", "application/grpc-web", "application/grpc-web-text", "application/json", "APPLICATION/GRPC", ""])
            .prop_map(|value| ("content-type", value.to_owned())),
        3 => prop::sample::select(vec!["Bearer ", "Bearer x", "bearer a-token-of-an", "Bearer a-token-of-anna", "Bearer  a-token-of-ANN", "Basic a-token-of-ann", "a-token-of-ann", "Bearer,a-token-of-ann", "Bearer a-token-of-ann x"])
            .prop_map(|value| ("authorization", value.to_owned())),
        1 => prop::sample::select(vec!["x-http-method-override", "x-original-url", "x-rewrite-url", "grpc-timeout", "grpc-encoding", "x-behaviour-bin", "content-length", "expect"])
            .prop_flat_map(|name| "[ -~]{0,12}".prop_map(move |value| (name, value))),
    ];
    let body = prop_oneof![
        Just(vec![0; 5]),
        Just(Vec::new()),
        Just(b"AAAAAAA=".to_vec()),
        prop::collection::vec(any::<u8>(), 0..40),
    ];
    (method, path(), prop::collection::vec(header, 0..4), body).prop_map(
        |(method, path, headers, body)| Asked {
            method,
            path,
            headers,
            body,
        },
    )
}

/// Whether this path is public.
fn is_public(path: &str) -> bool {
    let path = path.split('?').next().unwrap();
    path == LOGIN || path == "/healthz"
}

#[test]
fn no_handler_runs_without_a_valid_token() {
    let served = &*SERVED;
    let config = Config {
        cases: 300,
        failure_persistence: None,
        ..Config::default()
    };
    let wires = served.runtime.block_on(async {
        let mut wires = Vec::new();
        for address in &served.addresses {
            wires.push(Wire::to(*address).await);
        }
        wires
    });
    let wires = std::sync::Mutex::new(wires);
    let mut runner = TestRunner::new(config);
    let result = runner.run(&asked(), |asked| {
        let Ok(uri) = http::Uri::try_from(&asked.path) else {
            return Ok(());
        };
        for (n, wire) in wires.lock().unwrap().iter_mut().enumerate() {
            let before = served.plain.script.runs();
            let mut request =
                wire.request(asked.method, uri.path_and_query().unwrap().as_str(), &[]);
            for (name, value) in &asked.headers {
                let value = http::HeaderValue::from_str(value).unwrap();
                request.headers_mut().append(*name, value);
            }
            let address = served.addresses[n];
            let body = asked.body.clone().into();
            served.runtime.block_on(async {
                if soon(wire.send(request, body)).await.is_err() && wire.connection.is_finished() {
                    *wire = Wire::to(address).await;
                }
            });
            let ran = served.plain.script.runs() - before;
            prop_assert!(ran == 0 || is_public(uri.path()), "{n} {asked:?}");
        }
        Ok(())
    });
    result.unwrap();
    // With a token, all methods and routes work.
    served.runtime.block_on(async {
        for address in &served.addresses {
            let before = served.plain.script.runs();
            let caller = caller(*address).await.with(WITH_TOKEN.0, WITH_TOKEN.1);
            for kind in interceptors_tests::KINDS {
                assert_eq!(caller.call(kind).await.code(), tonic::Code::Ok);
            }
            let admin = Wire::to(*address)
                .await
                .ask(
                    "POST",
                    "/admin",
                    &[WITH_TOKEN, ("content-type", "text/plain")],
                    "",
                )
                .await;
            assert_eq!(admin.text(), "run");
            assert_eq!(served.plain.script.runs(), before + 5);
        }
    });
}
