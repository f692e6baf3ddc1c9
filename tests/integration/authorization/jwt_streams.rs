//! Streams end when their JWT expires.

use std::time::Duration;

use interceptors::auth::jwt::{Algorithm, JwtVerifier};
use interceptors::{Kind, Outcome};
use interceptors_proto::demo::user_service_server::UserServiceServer;
use interceptors_tests::{Behaviour, Caller, Ends, Script, WatchEnds, scripted, serve};
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;
use tonic::Code;
use tonic::service::Routes;

use crate::tokens::{Issuer, set, time};

/// The claims need not have `exp`.
#[derive(Debug, Clone, Deserialize)]
#[allow(dead_code, reason = "it says what tokens are like")]
struct Claims {
    sub: String,
}

struct Users {
    script: Script,
    ends: WatchEnds,
    verifier: JwtVerifier<Claims>,
}

scripted!(self: Users, #[intercept(with(self.ends), auth(verifier = self.verifier))]);

async fn users(leeway: Duration) -> (Caller, Ends, Issuer) {
    let issuer = Issuer::es256(1, "first");
    let verifier = JwtVerifier::builder([Algorithm::ES256])
        .any_audience()
        .any_issuer()
        .allow_missing_exp()
        .leeway(leeway)
        .keys(set(&[&issuer]))
        .build()
        .unwrap();
    let (ends, told) = Ends::new();
    let service = Users {
        script: Script::default(),
        ends,
        verifier,
    };
    let channel = serve(Routes::new(UserServiceServer::new(service))).await;
    (Caller::new(&channel), told, issuer)
}

fn with(caller: &Caller, token: &str) -> Caller {
    let caller = caller.told(Behaviour::HangAfter(2));
    caller.with("authorization", format!("Bearer {token}"))
}

#[tokio::test(start_paused = true)]
async fn streams_end_at_exp_plus_leeway() {
    let second = Duration::from_secs(1);
    for leeway in [0, 60] {
        let (caller, mut ends, issuer) = users(leeway * second).await;
        let leeway = i64::from(leeway);
        for exp in [100, 5 - leeway] {
            let token = issuer.sign(&json!({ "sub": "ann", "exp": time(exp) }));
            let begun = Instant::now();
            let reply = with(&caller, &token).call(Kind::BidiStreaming).await;
            let taken = begun.elapsed();
            let expected = Duration::from_secs(u64::try_from(exp + leeway).unwrap());
            assert_eq!(reply.code(), Code::Unauthenticated, "{:?}", reply.status);
            assert_eq!(reply.status.message(), "the token of this call has expired");
            assert_eq!(reply.messages.len(), 2);
            assert!(
                (expected - 2 * second..expected + second).contains(&taken),
                "{taken:?} {expected:?}"
            );
            let end = ends.next().await;
            assert_eq!(
                (end.outcome, end.code),
                (Outcome::Error, Code::Unauthenticated)
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn token_without_exp_never_ends_the_stream() {
    let (caller, _ends, issuer) = users(Duration::ZERO).await;
    let caller = with(&caller, &issuer.sign(&json!({ "sub": "ann" })));
    let year = Duration::from_secs(365 * 24 * 3600);
    let call = caller.call(Kind::ServerStreaming);
    assert!(tokio::time::timeout(year, call).await.is_err());
}
