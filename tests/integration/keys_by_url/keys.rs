//! Keys are fetched, refreshed and rotated.

use std::sync::Arc;

use interceptors::auth::FetchCounts;
use interceptors::auth::jwt::{Algorithm, JwtVerifier, SetupError};
use interceptors_tests::KINDS;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::json;
use tokio::sync::Semaphore;
use tonic::Code;

use crate::issuer::{Answer, Issuer, jump, measured, settle, until};
use crate::setup::{Claims, S, assert_unchecked, builder, by_url, call, code, http, users};
use crate::tokens::{AUDIENCE, ISSUER, Issuer as Signer, set};

fn first() -> Signer {
    Signer::es256(1, "first")
}

fn second() -> Signer {
    Signer::es256(2, "second")
}

fn counts(verifier: &JwtVerifier<Claims>) -> (u64, u64) {
    let FetchCounts {
        succeeded, failed, ..
    } = verifier.fetches();
    (succeeded, failed)
}

#[tokio::test]
async fn keys_are_fetched_when_the_verifier_is_built() {
    let issuer = Issuer::start().await;
    issuer.answers("/jwks", Answer::keys(&[&first()]));
    let before = measured(&[("interceptors.auth.asked", "keys")]);
    let verifier = by_url(&issuer).build().unwrap();
    issuer.asked("/jwks", 1).await;
    verifier.ready().await.unwrap();
    let caller = users(&verifier).await;
    for kind in KINDS {
        let bearer = format!("Bearer {}", first().token());
        let reply = caller.with("authorization", bearer).call(kind).await;
        assert_eq!(reply.code(), Code::Ok, "{kind} {:?}", reply.status);
    }
    assert_eq!(issuer.count("/jwks"), 1, "one fetch for all calls");
    assert_eq!(counts(&verifier), (1, 0));
    assert!(measured(&[("interceptors.auth.asked", "keys")]) > before);
    assert_eq!(
        format!("{verifier:?}"),
        "JwtVerifier { algorithms: [ES256, RS256], keys: 1, .. }"
    );
    let seen = &issuer.seen()[0];
    assert_eq!(seen.headers["accept"], "application/json");
    assert!(!seen.headers.contains_key("authorization"));
}

#[tokio::test]
async fn calls_wait_for_the_first_fetch() {
    let issuer = Issuer::start().await;
    let permits = Arc::new(Semaphore::new(0));
    issuer.answers("/jwks", Answer::keys(&[&first()]).after(&permits));
    let verifier = by_url(&issuer).build().unwrap();
    let caller = users(&verifier).await;
    issuer.asked("/jwks", 1).await;
    let calling = tokio::spawn(async move { code(&caller, &first().token()).await });
    settle().await;
    assert!(!calling.is_finished());
    permits.add_permits(1);
    assert_eq!(calling.await.unwrap(), Code::Ok);
    assert_eq!(issuer.count("/jwks"), 1);
}

#[tokio::test]
async fn discovery_finds_the_keys() {
    let issuer = Issuer::start().await;
    issuer.is_discovered();
    issuer.answers("/jwks", Answer::keys(&[&first()]));
    let verifier = builder().discover(&issuer.url).build().unwrap();
    verifier.ready().await.unwrap();
    let caller = users(&verifier).await;
    let token = |iss: &str| first().sign_but(|it| it["iss"] = iss.into());
    assert_eq!(code(&caller, &token(&issuer.url)).await, Code::Ok);
    // `discover` alone requires the issuer as `iss`.
    for other in [ISSUER, &format!("{}/", issuer.url)] {
        assert_eq!(code(&caller, &token(other)).await, Code::Unauthenticated);
    }
    let asked: Vec<_> = issuer.seen().into_iter().map(|it| it.path).collect();
    assert_eq!(asked, ["/.well-known/openid-configuration", "/jwks"]);
}

#[tokio::test]
async fn issuer_url_may_have_a_path_and_a_trailing_slash() {
    for (path, known) in [
        ("/", "/.well-known/openid-configuration"),
        ("/realms/a", "/realms/a/.well-known/openid-configuration"),
        ("/realms/a/", "/realms/a/.well-known/openid-configuration"),
    ] {
        let issuer = Issuer::start().await;
        let url = format!("{}{path}", issuer.url);
        let about = json!({ "issuer": url, "jwks_uri": issuer.jwks() });
        issuer.answers(known, Answer::json(&about));
        issuer.answers("/jwks", Answer::keys(&[&first()]));
        let verifier = builder().discover(&url).build().unwrap();
        verifier.ready().await.unwrap();
        let caller = users(&verifier).await;
        let token = first().sign_but(|it| it["iss"] = url.as_str().into());
        assert_eq!(code(&caller, &token).await, Code::Ok, "{path}");
    }
}

#[tokio::test]
async fn tokens_of_a_rotated_key_are_accepted_immediately() {
    let issuer = Issuer::start().await;
    issuer.answers("/jwks", Answer::keys(&[&first()]));
    let verifier = by_url(&issuer).build().unwrap();
    verifier.ready().await.unwrap();
    let caller = users(&verifier).await;
    assert_eq!(code(&caller, &first().token()).await, Code::Ok);
    jump(S(31)).await;
    let permits = Arc::new(Semaphore::new(0));
    let both = Answer::keys(&[&first(), &second()]).after(&permits);
    issuer.answers("/jwks", both);
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let caller = caller.clone();
            tokio::spawn(async move { code(&caller, &second().token()).await })
        })
        .collect();
    issuer.asked("/jwks", 2).await;
    // Tokens of known keys do not wait for the fetch.
    assert_eq!(code(&caller, &first().token()).await, Code::Ok);
    permits.add_permits(10);
    for call in calls {
        assert_eq!(call.await.unwrap(), Code::Ok);
    }
    assert_eq!(issuer.count("/jwks"), 2, "they share one fetch");
    // The old key is gone.
    jump(S(31)).await;
    issuer.answers("/jwks", Answer::keys(&[&second()]));
    let third = Signer::es256(3, "third").token();
    assert_eq!(code(&caller, &third).await, Code::Unauthenticated);
    assert_eq!(code(&caller, &second().token()).await, Code::Ok);
    assert_eq!(code(&caller, &first().token()).await, Code::Unauthenticated);
    assert_eq!(issuer.count("/jwks"), 3);
}

#[tokio::test]
async fn keys_are_fetched_at_most_every_30_seconds() {
    let issuer = Issuer::start().await;
    issuer.answers("/jwks", Answer::keys(&[&first()]));
    let verifier = by_url(&issuer).build().unwrap();
    verifier.ready().await.unwrap();
    let caller = users(&verifier).await;
    issuer.answers("/jwks", Answer::keys(&[&first(), &second()]));
    for passed in [0, 9, 10, 10] {
        jump(S(passed)).await;
        let code = code(&caller, &second().token()).await;
        assert_eq!(code, Code::Unauthenticated);
    }
    assert_eq!(issuer.count("/jwks"), 1);
    jump(S(2)).await;
    assert_eq!(code(&caller, &second().token()).await, Code::Ok);
    assert_eq!(issuer.count("/jwks"), 2);
}

#[tokio::test]
async fn unknown_kids_cause_at_most_one_fetch_in_30_seconds() {
    let issuer = Issuer::start().await;
    issuer.answers("/jwks", Answer::keys(&[&first()]));
    let verifier = by_url(&issuer).build().unwrap();
    verifier.ready().await.unwrap();
    let caller = users(&verifier).await;
    let tokens = ["a", "b", "c"].map(|kid| Signer::es256(9, kid).token());
    // 300 seconds without a scheduled refresh.
    for _ in 0..30 {
        jump(S(10)).await;
        for token in &tokens {
            assert_eq!(code(&caller, token).await, Code::Unauthenticated);
        }
    }
    assert_eq!(
        issuer.count("/jwks"),
        11,
        "the first, and one in 30 seconds"
    );
}

#[tokio::test]
async fn tokens_that_no_key_could_verify_cause_no_fetch() {
    let issuer = Issuer::start().await;
    issuer.answers("/jwks", Answer::keys(&[&first(), &second()]));
    let verifier = by_url(&issuer).build().unwrap();
    verifier.ready().await.unwrap();
    let caller = users(&verifier).await;
    jump(S(31)).await;
    let mut nameless = first();
    nameless.kid = None;
    let third = Signer::es256(3, "third");
    let with_alg = |algorithm, key: &EncodingKey| {
        let mut header = Header::new(algorithm);
        header.kid = Some("third".to_owned());
        jsonwebtoken::encode(&header, &crate::tokens::claims(), key).unwrap()
    };
    let public = serde_json::to_string(&set(&[&first()])).unwrap();
    let secret = EncodingKey::from_secret(public.as_bytes());
    for token in [
        nameless.token(),
        // A known `kid` with another key.
        Signer::es256(3, "first").token(),
        with_alg(Algorithm::HS256, &secret),
        with_alg(Algorithm::EdDSA, &Signer::ed25519(1, "third").key),
        third.sign_but(|it| it["pad"] = "x".repeat(9000).into()),
        "eyJhbGciOiJub25lIiwia2lkIjoidGhpcmQifQ.e30.".to_owned(),
        "abc".to_owned(),
    ] {
        assert_eq!(code(&caller, &token).await, Code::Unauthenticated);
    }
    assert_eq!(issuer.count("/jwks"), 1);
}

/// Checks that keys with this header are refreshed after `not_before` and before `within`, in seconds.
async fn assert_refreshed(header: Option<&'static str>, not_before: u64, within: u64) {
    let issuer = Issuer::start().await;
    let keys = || match header {
        Some(value) => Answer::keys(&[&first()]).with("cache-control", value),
        None => Answer::keys(&[&first()]),
    };
    issuer.answers("/jwks", keys());
    let verifier = by_url(&issuer).build().unwrap();
    verifier.ready().await.unwrap();
    for n in 1..4 {
        jump(S(not_before)).await;
        assert_eq!(issuer.count("/jwks"), n, "{header:?}: too early");
        jump(S(within - not_before)).await;
        // The refresh needs no call.
        issuer.asked("/jwks", n + 1).await;
        until(|| counts(&verifier) == (n as u64 + 1, 0)).await;
    }
}

#[tokio::test]
async fn keys_are_refreshed_before_they_expire() {
    assert_refreshed(Some("public, max-age=300"), 209, 241).await;
    assert_refreshed(None, 419, 481).await;
    // Keys are refreshed at most once a minute, and at least once an hour.
    assert_refreshed(Some("max-age=1"), 41, 49).await;
    assert_refreshed(Some("no-store"), 41, 49).await;
    assert_refreshed(Some("max-age=86400"), 2519, 2881).await;
}

#[tokio::test]
async fn dropped_verifier_leaves_no_task() {
    let issuer = Issuer::start().await;
    issuer.answers("/jwks", Answer::keys(&[&first()]));
    let alive = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    settle().await;
    let before = alive();
    let verifier = by_url(&issuer).build().unwrap();
    verifier.ready().await.unwrap();
    let clone = verifier.clone();
    drop(verifier);
    assert_eq!(format!("{clone:?}").matches("keys: 1").count(), 1);
    drop(clone);
    until(|| alive() == before).await;
    // The same in the middle of a fetch.
    issuer.answers("/jwks", Answer::Hangs);
    let verifier = by_url(&issuer).build().unwrap();
    issuer.asked("/jwks", 2).await;
    drop(verifier);
    until(|| alive() == before).await;
    jump(S(3600)).await;
    assert_eq!(issuer.count("/jwks"), 2);
}

#[tokio::test]
async fn cancelled_call_does_not_cancel_the_fetch() {
    let issuer = Issuer::start().await;
    let permits = Arc::new(Semaphore::new(0));
    issuer.answers("/jwks", Answer::keys(&[&first()]).after(&permits));
    let verifier = by_url(&issuer).build().unwrap();
    let caller = users(&verifier).await;
    let calling = |caller: &interceptors_tests::Caller| {
        let caller = caller.clone();
        tokio::spawn(async move { code(&caller, &first().token()).await })
    };
    let gone = calling(&caller);
    issuer.asked("/jwks", 1).await;
    let stays = calling(&caller);
    settle().await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    settle().await;
    permits.add_permits(1);
    assert_eq!(stays.await.unwrap(), Code::Ok);
    assert_eq!(issuer.count("/jwks"), 1);
}

#[test]
fn keys_are_fetched_again_after_the_runtime_is_gone() {
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().build().unwrap()
    };
    let serving = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let issuer = serving.block_on(Issuer::start());
    issuer.answers("/jwks", Answer::Hangs);
    let one = runtime();
    let verifier = one.block_on(async {
        let verifier = by_url(&issuer).build().unwrap();
        issuer.asked("/jwks", 1).await;
        verifier
    });
    drop(one);
    issuer.answers("/jwks", Answer::keys(&[&first()]));
    let other = runtime();
    other.block_on(async {
        verifier.ready().await.unwrap();
        let caller = users(&verifier).await;
        assert_eq!(code(&caller, &first().token()).await, Code::Ok);
    });
    drop(other);
    // Outside of any runtime the keys are still there.
    assert!(format!("{verifier:?}").contains("keys: 1"));
    runtime().block_on(async {
        let caller = users(&verifier).await;
        assert_eq!(code(&caller, &first().token()).await, Code::Ok);
    });
    assert_eq!(issuer.count("/jwks"), 2);
}

#[test]
fn verifier_built_without_a_runtime_fetches_on_the_first_call() {
    let serving = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let issuer = serving.block_on(Issuer::start());
    issuer.answers("/jwks", Answer::keys(&[&first()]));
    let verifier = by_url(&issuer).build().unwrap();
    assert_eq!(issuer.count("/jwks"), 0);
    serving.block_on(async {
        let caller = users(&verifier).await;
        assert_eq!(code(&caller, &first().token()).await, Code::Ok);
    });
    assert_eq!(issuer.count("/jwks"), 1);
}

#[tokio::test]
async fn invalid_settings_do_not_build() {
    let keys = || set(&[&first()]);
    let https = "https://id.example.com/jwks";
    let plain = || {
        JwtVerifier::<Claims>::builder([Algorithm::ES256])
            .audience([AUDIENCE])
            .issuer([ISSUER])
    };
    let text = |error: SetupError| match error {
        SetupError::Http(why) => why,
        other => format!("{other:?}"),
    };
    for (built, why) in [
        (
            plain().jwks_url("http://id.example.com/jwks").build(),
            "not encrypted",
        ),
        (
            plain()
                .jwks_url("http://127.0.0.1/jwks")
                .http(http())
                .build(),
            "",
        ),
        (
            plain()
                .jwks_url("http://localhost/jwks")
                .http(http())
                .build(),
            "not encrypted",
        ),
        (
            plain()
                .jwks_url("http://127.0.0.1.evil.com/")
                .http(http())
                .build(),
            "not encrypted",
        ),
        (
            plain()
                .jwks_url("http://127.0.0.1@evil.com/")
                .http(http())
                .build(),
            "has a user",
        ),
        (plain().jwks_url("/jwks").build(), "no absolute URL"),
        (plain().jwks_url("id.example.com").build(), "neither https"),
        (plain().jwks_url("file:///etc/jwks").build(), "URL"),
        (plain().jwks_url("").build(), "no URL"),
        (plain().jwks_url(https).keys(keys()).build(), "KeysTwice"),
        (plain().jwks_url(https).jwks_url(https).build(), "KeysTwice"),
        (plain().jwks_url(https).build(), ""),
        (
            builder().discover("https://id.example.com?a").build(),
            "query",
        ),
        (
            builder().discover("https://id.example.com#a").build(),
            "query",
        ),
        (
            builder().discover("http://id.example.com").build(),
            "not encrypted",
        ),
        (
            JwtVerifier::builder([Algorithm::HS256])
                .jwks_url(https)
                .any_issuer()
                .any_audience()
                .build(),
            "SecretKeysByUrl",
        ),
    ] {
        let built = built.err().map(text);
        assert_eq!(built.is_none(), why.is_empty(), "{built:?}, not {why}");
        assert!(
            built.clone().unwrap_or_default().contains(why),
            "{built:?}, not {why}"
        );
    }
    let verifier = plain().jwks_url(https).build().unwrap();
    assert_eq!(verifier.set_keys(keys()), Err(SetupError::KeysTwice));
    let given = plain().keys(keys()).build().unwrap();
    given.ready().await.unwrap();
    assert_eq!(counts(&given), (0, 0));
}

#[tokio::test]
async fn symmetric_keys_in_a_set_are_ignored() {
    let issuer = Issuer::start().await;
    let oct = json!({ "kty": "oct", "kid": "secret", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0" });
    issuer.answers("/jwks", Answer::json(&json!({ "keys": [oct] })));
    let verifier = by_url(&issuer).build().unwrap();
    let error = verifier.ready().await.unwrap_err().to_string();
    assert!(error.contains("there is no key"), "{error}");
    let caller = users(&verifier).await;
    let mut secret = Signer::hs256(b"secretsecretsecretsecret");
    secret.kid = Some("secret");
    // The builder does not list this algorithm, so the keys do not matter.
    assert_eq!(code(&caller, &secret.token()).await, Code::Unauthenticated);
    assert_unchecked(&call(&caller, &first().token()).await.status);
}
