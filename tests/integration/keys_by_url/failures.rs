//! An issuer that fails, hangs or sends false data.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use interceptors::auth::HttpClient;
use interceptors_tests::{Events, Field};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tonic::Code;
use tracing::Level;
use tracing::level_filters::LevelFilter;

use crate::issuer::{Answer, Issuer, jump, measured, settle, until};
use crate::setup::{S, assert_unchecked, builder, by_url, call, code, http, users};
use crate::tokens::{ISSUER, Issuer as Signer};

fn first() -> Signer {
    Signer::es256(1, "first")
}

fn second() -> Signer {
    Signer::es256(2, "second")
}

fn jwk(change: impl FnOnce(&mut Value)) -> Value {
    let mut jwk = serde_json::to_value(second().jwk()).unwrap();
    change(&mut jwk);
    json!({ "keys": [jwk] })
}

/// For each case: its name, the issuer's response, and the reason that the warning gives.
fn bad_answers(elsewhere: &str) -> Vec<(&'static str, Answer, &'static str)> {
    let good = Answer::keys(&[&first(), &second()]);
    let Answer::Says(_, _, text) = good.clone() else {
        unreachable!()
    };
    let padded = |bytes: usize| {
        let mut set: Value = serde_json::from_str(&text).unwrap();
        set["pad"] = "x".repeat(bytes).into();
        Answer::json(&set)
    };
    let many: Vec<Value> = (0..257).map(|_| json!({ "kty": "RSA" })).collect();
    vec![
        ("500", Answer::status(500), "answers 500"),
        ("404", Answer::status(404), "answers 404"),
        ("204", Answer::status(204), "answers 204"),
        ("401", Answer::status(401), "answers 401"),
        (
            "garbage",
            Answer::Says(200, vec![], "<html>".to_owned()),
            "is not the JSON",
        ),
        (
            "nothing",
            Answer::Says(200, vec![], String::new()),
            "is not the JSON",
        ),
        (
            "another document",
            Answer::json(&json!({ "error": "busy" })),
            "is not the JSON",
        ),
        (
            "cut off",
            Answer::Says(200, vec![], text[..text.len() - 5].to_owned()),
            "is not the JSON",
        ),
        (
            "closed half way",
            Answer::Breaks(text.clone()),
            "cannot be reached",
        ),
        (
            "too large",
            padded(2 * 1024 * 1024),
            "more than 1048576 bytes",
        ),
        (
            "just too large",
            padded(1024 * 1024),
            "more than 1048576 bytes",
        ),
        (
            "another host",
            Answer::redirect(302, elsewhere),
            "another scheme, host or port",
        ),
        (
            "another host, 308",
            Answer::redirect(308, elsewhere),
            "another scheme, host or port",
        ),
        (
            "no location",
            Answer::status(302),
            "to something that is not a URL",
        ),
        (
            "to itself",
            Answer::redirect(302, "/jwks"),
            "once more, after 3 times",
        ),
        (
            "no keys",
            Answer::json(&json!({ "keys": [] })),
            "there is no key",
        ),
        (
            "too many keys",
            Answer::json(&json!({ "keys": many })),
            "more than 256 keys",
        ),
        (
            "another use",
            Answer::json(&jwk(|it| it["use"] = "enc".into())),
            "there is no key",
        ),
        (
            "another alg",
            Answer::json(&jwk(|it| it["alg"] = "ES384".into())),
            "there is no key",
        ),
        (
            "a broken key",
            Answer::json(&jwk(|it| it["x"] = "AAAA".into())),
            "cannot be used",
        ),
    ]
}

#[tokio::test]
async fn bad_responses_leave_the_old_keys_in_use() {
    let (events, _guard) = Events::listen(LevelFilter::INFO);
    let elsewhere = Issuer::start().await;
    elsewhere.answers("/jwks", Answer::keys(&[&second()]));
    for (what, answer, why) in bad_answers(&elsewhere.jwks()) {
        let issuer = Issuer::start().await;
        issuer.answers("/jwks", Answer::keys(&[&first()]));
        let verifier = by_url(&issuer).build().unwrap();
        verifier.ready().await.unwrap();
        let caller = users(&verifier).await;
        issuer.answers("/jwks", answer);
        jump(S(31)).await;
        drop(events.take());
        // Without new keys it is unknown whether this key exists by now.
        let status = call(&caller, &second().token()).await.status;
        assert_unchecked(&status);
        assert_eq!(code(&caller, &first().token()).await, Code::Ok, "{what}");
        assert_eq!(verifier.fetches().failed, 1, "{what}");
        let warned: Vec<_> = events.take();
        let warned: Vec<_> = warned.iter().filter(|it| it.level == Level::WARN).collect();
        let event = warned.last().unwrap();
        assert!(
            event.message.contains("cannot be fetched"),
            "{what}: {event:?}"
        );
        let Some(Field::Text(error)) = event.get("error") else {
            panic!("{event:?}");
        };
        assert!(error.contains(why), "{what}: {error}");
        // Then the issuer recovers.
        issuer.answers("/jwks", Answer::keys(&[&first(), &second()]));
        jump(S(31)).await;
        assert_eq!(code(&caller, &second().token()).await, Code::Ok, "{what}");
        let told = events.take();
        let again = "the keys of an issuer are fetched again";
        assert!(
            told.iter().any(|it| it.message == again),
            "{what}: {told:?}"
        );
    }
    assert!(
        elsewhere.seen().is_empty(),
        "no request is sent to another host"
    );
}

#[tokio::test]
async fn hanging_issuer_times_out() {
    let issuer = Issuer::start().await;
    issuer.answers("/jwks", Answer::keys(&[&first()]));
    let verifier = by_url(&issuer).build().unwrap();
    verifier.ready().await.unwrap();
    let caller = users(&verifier).await;
    for (n, answer) in [Answer::Hangs, Answer::Drips].into_iter().enumerate() {
        issuer.answers("/jwks", answer);
        jump(S(31)).await;
        let waiting = caller.clone();
        let waiting = tokio::spawn(async move { call(&waiting, &second().token()).await });
        issuer.asked("/jwks", n + 2).await;
        jump(S(9)).await;
        assert!(!waiting.is_finished());
        assert_eq!(code(&caller, &first().token()).await, Code::Ok);
        jump(S(2)).await;
        assert_unchecked(&waiting.await.unwrap().status);
        assert_eq!(verifier.fetches().failed, n as u64 + 1);
    }
    let timeouts = [
        ("interceptors.auth.asked", "keys"),
        ("error.type", "timeout"),
    ];
    assert!(measured(&timeouts) >= 2);
}

/// The port accepts connections and never answers, not even the TLS handshake.
#[tokio::test]
async fn silent_port_times_out() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let accepted = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&accepted);
    tokio::spawn(async move {
        let mut kept = vec![];
        while let Ok((socket, _)) = listener.accept().await {
            kept.push(socket);
            count.fetch_add(1, Ordering::Relaxed);
        }
    });
    for scheme in ["http", "https"] {
        let before = accepted.load(Ordering::Relaxed);
        let verifier = builder()
            .jwks_url(format!("{scheme}://{address}/jwks"))
            .issuer([ISSUER])
            .http(http().timeout(S(3)))
            .build()
            .unwrap();
        let ready = tokio::spawn({
            let verifier = verifier.clone();
            async move { verifier.ready().await }
        });
        until(|| accepted.load(Ordering::Relaxed) > before).await;
        jump(S(2)).await;
        assert!(!ready.is_finished());
        jump(S(2)).await;
        let error = ready.await.unwrap().unwrap_err().to_string();
        assert!(error.contains("has not answered within 3s"), "{error}");
    }
}

#[tokio::test]
async fn a_service_starts_without_its_issuer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let verifier = builder()
        .jwks_url(format!("http://{address}/jwks"))
        .issuer([ISSUER])
        .build()
        .unwrap();
    let error = verifier.ready().await.unwrap_err().to_string();
    assert!(error.contains("cannot be reached"), "{error}");
    let caller = users(&verifier).await;
    for token in [first().token(), second().token()] {
        assert_unchecked(&call(&caller, &token).await.status);
    }
    // A malformed token is rejected without keys.
    assert_eq!(code(&caller, "abc").await, Code::Unauthenticated);
    // Now the issuer starts.
    let listener = TcpListener::bind(address).await.unwrap();
    let issuer = Issuer::serve(listener, format!("http://{address}"));
    issuer.answers("/jwks", Answer::keys(&[&first()]));
    // Without any call, the keys are fetched again after at most 30 seconds.
    jump(S(31)).await;
    issuer.asked("/jwks", 1).await;
    until(|| verifier.fetches().succeeded == 1).await;
    assert_eq!(code(&caller, &first().token()).await, Code::Ok);
    verifier.ready().await.unwrap();
}

#[tokio::test]
async fn fetches_back_off_while_the_issuer_is_down() {
    let issuer = Issuer::start().await;
    issuer.answers("/jwks", Answer::status(503));
    let verifier = by_url(&issuer).build().unwrap();
    verifier.ready().await.unwrap_err();
    let caller = users(&verifier).await;
    let token = first().token();
    for _ in 0..600 {
        jump(S(1)).await;
        let begun = issuer.count("/jwks") as u64;
        until(|| verifier.fetches().failed == begun).await;
        assert_unchecked(&call(&caller, &token).await.status);
    }
    // The pauses are 1, 1.6, 2.6, 4.1, 6.6, 10.5, 16.8, 26.8 and then 30 seconds, each with 20 % jitter.
    let asked = issuer.count("/jwks");
    assert!((24..=34).contains(&asked), "{asked}");
}

#[tokio::test]
async fn keys_are_not_used_beyond_max_stale() {
    let issuer = Issuer::start().await;
    let keys = || Answer::keys(&[&first()]).with("cache-control", "max-age=600");
    issuer.answers("/jwks", keys());
    let verifier = by_url(&issuer).max_stale(S(1000)).build().unwrap();
    verifier.ready().await.unwrap();
    let caller = users(&verifier).await;
    issuer.answers("/jwks", Answer::status(500));
    jump(S(599)).await;
    assert_eq!(code(&caller, &first().token()).await, Code::Ok);
    jump(S(990)).await;
    assert_eq!(code(&caller, &first().token()).await, Code::Ok);
    assert!(verifier.fetches().failed > 0);
    jump(S(12)).await;
    settle().await;
    assert_unchecked(&call(&caller, &first().token()).await.status);
    let error = verifier.ready().await.unwrap_err().to_string();
    assert!(error.contains("answers 500"), "{error}");
    issuer.answers("/jwks", keys());
    jump(S(37)).await;
    until(|| verifier.fetches().succeeded == 2).await;
    assert_eq!(code(&caller, &first().token()).await, Code::Ok);
}

#[tokio::test]
async fn keys_stay_valid_for_a_day_when_the_issuer_is_down() {
    let issuer = Issuer::start().await;
    issuer.answers("/jwks", Answer::keys(&[&first()]));
    let verifier = by_url(&issuer).build().unwrap();
    verifier.ready().await.unwrap();
    let caller = users(&verifier).await;
    issuer.answers("/jwks", Answer::status(500));
    // Without a cache header the keys are fresh for ten minutes.
    jump(S(24 * 3600 + 590)).await;
    assert_eq!(code(&caller, &first().token()).await, Code::Ok);
    jump(S(20)).await;
    assert_unchecked(&call(&caller, &first().token()).await.status);
}

#[tokio::test]
async fn redirects_to_the_same_host_are_followed() {
    let issuer = Issuer::start().await;
    issuer.answers("/jwks", Answer::redirect(301, "/a"));
    issuer.answers("/a", Answer::redirect(307, format!("{}/b", issuer.url)));
    issuer.answers("/b", Answer::redirect(302, "/c?d"));
    issuer.answers("/c", Answer::keys(&[&first()]));
    let verifier = by_url(&issuer).build().unwrap();
    verifier.ready().await.unwrap();
    let caller = users(&verifier).await;
    assert_eq!(code(&caller, &first().token()).await, Code::Ok);
}

#[tokio::test]
async fn forged_discovery_documents_are_rejected() {
    let evil = Issuer::start().await;
    evil.answers("/jwks", Answer::keys(&[&second()]));
    let known = "/.well-known/openid-configuration";
    let issuer = Issuer::start().await;
    issuer.answers("/jwks", Answer::keys(&[&first()]));
    let (url, jwks) = (&issuer.url, issuer.jwks());
    // `localhost` is not the allowed name, so it is rejected without TLS.
    let localhost = evil.jwks().replace("127.0.0.1", "localhost");
    for (about, why) in [
        (
            json!({ "issuer": evil.url, "jwks_uri": jwks }),
            "is the configuration of the issuer",
        ),
        (
            json!({ "issuer": format!("{url}/"), "jwks_uri": jwks }),
            "is the configuration of",
        ),
        (
            json!({ "issuer": url.to_uppercase(), "jwks_uri": jwks }),
            "is the configuration of",
        ),
        (
            json!({ "issuer": url, "jwks_uri": localhost }),
            "not encrypted",
        ),
        (
            json!({ "issuer": url, "jwks_uri": "/jwks" }),
            "no absolute URL",
        ),
        (
            json!({ "issuer": url, "jwks_uri": "file:///etc/keys" }),
            "URL",
        ),
        (json!({ "issuer": url }), "is not the JSON"),
        (json!({ "jwks_uri": jwks }), "is not the JSON"),
        (
            json!({ "issuer": [url], "jwks_uri": jwks }),
            "is not the JSON",
        ),
    ] {
        issuer.answers(known, Answer::json(&about));
        let verifier = builder().discover(url).build().unwrap();
        let error = verifier.ready().await.unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
        let caller = users(&verifier).await;
        let token = second().sign_but(|it| it["iss"] = url.as_str().into());
        assert_unchecked(&call(&caller, &token).await.status);
    }
    issuer.answers(known, Answer::redirect(302, format!("{}{known}", evil.url)));
    let verifier = builder().discover(url).build().unwrap();
    let error = verifier.ready().await.unwrap_err().to_string();
    assert!(error.contains("another scheme, host or port"), "{error}");
    assert!(evil.seen().is_empty() && issuer.count("/jwks") == 0);
}

#[tokio::test]
async fn events_contain_no_tokens() {
    let (events, _guard) = Events::listen(LevelFilter::TRACE);
    let issuer = Issuer::start().await;
    issuer.answers("/jwks", Answer::keys(&[&first()]));
    let verifier = by_url(&issuer).build().unwrap();
    verifier.ready().await.unwrap();
    let caller = users(&verifier).await;
    issuer.answers("/jwks", Answer::status(500));
    jump(S(31)).await;
    let token = second().token();
    assert_unchecked(&call(&caller, &token).await.status);
    let shown = format!("{:?}", events.take());
    assert!(shown.contains("cannot be checked") && shown.contains("answers 500"));
    for part in token.split('.') {
        assert!(!shown.contains(part), "{shown}");
    }
}

#[tokio::test]
async fn custom_http_client_follows_the_same_rules() {
    use hyper_util::client::legacy::Client;
    use hyper_util::rt::TokioExecutor;
    let elsewhere = Issuer::start().await;
    let issuer = Issuer::start().await;
    issuer.answers("/jwks", Answer::keys(&[&first()]));
    let own = || HttpClient::over(Client::builder(TokioExecutor::new()).build_http());
    let refused = by_url(&issuer).http(own()).build();
    assert!(refused.is_err(), "it is not encrypted");
    let verifier = by_url(&issuer)
        .http(own().allow_insecure_http("127.0.0.1"))
        .build()
        .unwrap();
    verifier.ready().await.unwrap();
    let caller = users(&verifier).await;
    assert_eq!(code(&caller, &first().token()).await, Code::Ok);
    issuer.answers("/jwks", Answer::redirect(302, elsewhere.jwks()));
    jump(S(31)).await;
    assert_unchecked(&call(&caller, &second().token()).await.status);
    assert!(elsewhere.seen().is_empty());
}
