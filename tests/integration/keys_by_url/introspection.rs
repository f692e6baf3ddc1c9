//! Tokens that are verified by introspection.

use std::sync::Arc;

use interceptors::auth::{
    HttpClient, Introspection, IntrospectionBuilder, RequestExt, TokenInfo, Verifier,
};
use interceptors::intercept;
use interceptors_tests::{Caller, Events, Field, KINDS, ask_each_time};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tonic::{Code, Request, Response, Status};
use tracing::Level;
use tracing::level_filters::LevelFilter;

use crate::issuer::{Answer, Issuer, jump, measured, settle, until};
use crate::setup::{S, assert_unchecked, call, code, http, users};
use crate::tokens::time;

const PATH: &str = "/introspect";
const SECRET: &str = "s3cret&";

fn active() -> Value {
    json!({
        "active": true,
        "scope": "read write",
        "client_id": "app",
        "sub": "ann",
        "aud": ["users", "others"],
        "iss": "https://id.example.com",
        "exp": time(600),
        "iat": time(-10),
        "nbf": time(-10),
        "token_type": "Bearer",
        "extension_of_ours": { "a": [1] },
    })
}

fn active_with(change: impl FnOnce(&mut Value)) -> Value {
    let mut said = active();
    change(&mut said);
    said
}

fn builder(url: &str) -> IntrospectionBuilder<TokenInfo> {
    Introspection::builder(format!("{url}{PATH}"))
        .basic_auth("users service", SECRET)
        .http(http())
}

async fn issuer(answer: Answer) -> Issuer {
    let issuer = Issuer::start().await;
    issuer.answers(PATH, answer);
    issuer
}

/// An issuer with this response, a verifier that asks it, and a caller of a verified service.
async fn setup(answer: Answer) -> (Issuer, Introspection, Caller) {
    let issuer = issuer(answer).await;
    let verifier = builder(&issuer.url).build().unwrap();
    let caller = users(&verifier).await;
    (issuer, verifier, caller)
}

/// A service that is called without a server and returns the identity.
struct Direct<V> {
    verifier: V,
}

#[allow(async_fn_in_trait)]
trait Claiming<Claims> {
    async fn get(&self, request: Request<()>) -> Result<Response<Claims>, Status>;
}

#[intercept(service = "direct.v1.Direct", auth(verifier = self.verifier))]
impl<V: Verifier> Claiming<V::Identity> for Direct<V> {
    async fn get(&self, request: Request<()>) -> Result<Response<V::Identity>, Status> {
        Ok(Response::new(request.identity::<V::Identity>()?.clone()))
    }
}

async fn identity<V: Verifier>(verifier: V) -> Result<V::Identity, Status> {
    ask_each_time();
    let mut request = Request::new(());
    let value = "Bearer token".parse().unwrap();
    request.metadata_mut().insert("authorization", value);
    Ok(Direct { verifier }.get(request).await?.into_inner())
}

#[tokio::test]
async fn introspection_response_becomes_the_identity() {
    let (issuer, verifier, caller) = setup(Answer::json(&active())).await;
    for kind in KINDS {
        let reply = caller
            .with("authorization", "Bearer a+b/c=&d")
            .call(kind)
            .await;
        assert_eq!(reply.code(), Code::Ok, "{kind} {:?}", reply.status);
    }
    let seen = issuer.seen();
    assert_eq!(seen.len(), 1, "one request for all calls");
    let request = &seen[0];
    assert_eq!(request.method, "POST");
    let body = "token=a%2Bb%2Fc%3D%26d&token_type_hint=access_token";
    assert_eq!(request.body, body);
    let form = "application/x-www-form-urlencoded";
    assert_eq!(request.headers["content-type"], form);
    assert_eq!(request.headers["accept"], "application/json");
    // `users+service:s3cret%26`
    let credentials = "Basic dXNlcnMrc2VydmljZTpzM2NyZXQlMjY=";
    assert_eq!(request.headers["authorization"], credentials);
    let info = identity(&verifier).await.unwrap();
    assert_eq!(info.sub.as_deref(), Some("ann"));
    assert_eq!(info.client_id.as_deref(), Some("app"));
    assert_eq!(info.aud, ["users", "others"]);
    assert!(info.has_scope("write") && !info.has_scope("admin"));
    let exp = info.expires_at().unwrap();
    let exp = exp.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    assert!((595..=605).contains(&(exp as i64 - time(0))));
    assert!(measured(&[("interceptors.auth.asked", "introspection")]) >= 2);
}

#[tokio::test]
async fn identity_can_be_a_custom_type() {
    #[derive(Debug, Clone, PartialEq, Deserialize)]
    struct Own {
        sub: String,
        extension_of_ours: Value,
    }
    let issuer = issuer(Answer::json(&active())).await;
    let builder = || {
        Introspection::<Own>::builder(format!("{}{PATH}", issuer.url))
            .bearer_auth(SECRET)
            .http(http())
    };
    let own = Own {
        sub: "ann".to_owned(),
        extension_of_ours: json!({ "a": [1] }),
    };
    assert_eq!(identity(&builder().build().unwrap()).await.unwrap(), own);
    let sent = &issuer.seen()[0].headers["authorization"];
    assert_eq!(sent, &format!("Bearer {SECRET}"));
    // A response without a field that the type requires.
    issuer.answers(PATH, Answer::json(&json!({ "active": true, "sub": "ann" })));
    let status = identity(&builder().build().unwrap()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn invalid_tokens_are_rejected() {
    for (what, said) in [
        ("not active", json!({ "active": false })),
        (
            "not active, with claims",
            active_with(|it| it["active"] = false.into()),
        ),
        ("over", active_with(|it| it["exp"] = time(-61).into())),
        ("too early", active_with(|it| it["nbf"] = time(90).into())),
        (
            "another audience",
            active_with(|it| it["aud"] = "billing".into()),
        ),
        (
            "other audiences",
            active_with(|it| it["aud"] = json!(["billing", "Users"])),
        ),
        ("no audience", active_with(|it| it["aud"] = Value::Null)),
        (
            "another issuer",
            active_with(|it| it["iss"] = "https://id.example.com/".into()),
        ),
        (
            "no issuer",
            active_with(|it| drop(it.as_object_mut().unwrap().remove("iss"))),
        ),
        (
            "claims of another shape",
            active_with(|it| it["sub"] = 7.into()),
        ),
    ] {
        let (events, _guard) = Events::listen(LevelFilter::DEBUG);
        let issuer = issuer(Answer::json(&said)).await;
        let verifier = builder(&issuer.url)
            .audience(["users"])
            .issuer(["https://id.example.com"])
            .build()
            .unwrap();
        let caller = users(&verifier).await;
        let status = call(&caller, "t0ken").await.status;
        assert_eq!(status.code(), Code::Unauthenticated, "{what}");
        let text = "the request does not carry valid authentication credentials";
        assert_eq!(status.message(), text, "{what}");
        assert_eq!(verifier.fetches().failed, 0, "{what}");
        let shown = format!("{:?}", events.take());
        assert!(shown.contains("a token is rejected"), "{shown}");
        assert!(
            !shown.contains("t0ken") && !shown.contains("billing"),
            "{shown}"
        );
    }
    // A token that expired within the leeway is accepted.
    let issuer = issuer(Answer::json(&active_with(|it| {
        it["exp"] = time(-30).into()
    })))
    .await;
    let verifier = builder(&issuer.url)
        .audience(["billing", "others"])
        .issuer(["https://id.example.com"])
        .build()
        .unwrap();
    assert_eq!(code(&users(&verifier).await, "t0ken").await, Code::Ok);
}

#[tokio::test]
async fn valid_tokens_are_cached_for_a_minute() {
    let (issuer, verifier, caller) = setup(Answer::json(&active())).await;
    assert_eq!(code(&caller, "a").await, Code::Ok);
    issuer.answers(PATH, Answer::json(&json!({ "active": false })));
    jump(S(59)).await;
    assert_eq!(code(&caller, "a").await, Code::Ok);
    assert_eq!(code(&caller, "b").await, Code::Unauthenticated);
    jump(S(2)).await;
    assert_eq!(code(&caller, "a").await, Code::Unauthenticated);
    assert_eq!(verifier.fetches().succeeded, 3);
}

#[tokio::test]
async fn tokens_are_not_cached_beyond_their_exp() {
    let said = active_with(|it| it["exp"] = time(20).into());
    let (issuer, _, caller) = setup(Answer::json(&said)).await;
    assert_eq!(code(&caller, "a").await, Code::Ok);
    issuer.answers(PATH, Answer::json(&json!({ "active": false })));
    jump(S(15)).await;
    assert_eq!(code(&caller, "a").await, Code::Ok);
    jump(S(6)).await;
    assert_eq!(code(&caller, "a").await, Code::Unauthenticated);
    // A token that expired within the leeway is accepted, and not cached.
    issuer.answers(
        PATH,
        Answer::json(&active_with(|it| it["exp"] = time(-5).into())),
    );
    for n in 3..5 {
        assert_eq!(code(&caller, "b").await, Code::Ok);
        assert_eq!(issuer.count(PATH), n);
    }
}

#[tokio::test]
async fn invalid_tokens_are_cached_for_ten_seconds() {
    let (issuer, _, caller) = setup(Answer::json(&json!({ "active": false }))).await;
    assert_eq!(code(&caller, "a").await, Code::Unauthenticated);
    issuer.answers(PATH, Answer::json(&active()));
    jump(S(9)).await;
    assert_eq!(code(&caller, "a").await, Code::Unauthenticated);
    assert_eq!(issuer.count(PATH), 1);
    jump(S(2)).await;
    assert_eq!(code(&caller, "a").await, Code::Ok);
    assert_eq!(issuer.count(PATH), 2);
}

#[tokio::test]
async fn cache_times_and_token_size_are_settings() {
    let issuer = issuer(Answer::json(&active())).await;
    let verifier = builder(&issuer.url)
        .cache_for(S(0))
        .cache_refused_for(S(0))
        .max_size(3)
        .build()
        .unwrap();
    let caller = users(&verifier).await;
    for n in 1..4 {
        assert_eq!(code(&caller, "abc").await, Code::Ok);
        assert_eq!(issuer.count(PATH), n);
    }
    assert_eq!(code(&caller, "abcd").await, Code::Unauthenticated);
    assert_eq!(
        issuer.count(PATH),
        3,
        "a token that is too long is not sent"
    );
    issuer.answers(PATH, Answer::json(&json!({ "active": false })));
    for n in 4..6 {
        assert_eq!(code(&caller, "abc").await, Code::Unauthenticated);
        assert_eq!(issuer.count(PATH), n);
    }
}

#[tokio::test]
async fn invalid_tokens_do_not_evict_valid_ones() {
    let issuer = issuer(Answer::json(&active())).await;
    let verifier = builder(&issuer.url).max_tokens(2).build().unwrap();
    let caller = users(&verifier).await;
    for token in ["a", "b"] {
        assert_eq!(code(&caller, token).await, Code::Ok);
    }
    issuer.answers(PATH, Answer::json(&json!({ "active": false })));
    for n in 0..10 {
        let token = format!("made-up-{n}");
        assert_eq!(code(&caller, &token).await, Code::Unauthenticated);
    }
    for token in ["a", "b"] {
        assert_eq!(code(&caller, token).await, Code::Ok);
    }
    assert_eq!(issuer.count(PATH), 12);
    // A third valid token evicts one, because memory is bounded.
    issuer.answers(PATH, Answer::json(&active()));
    assert_eq!(code(&caller, "c").await, Code::Ok);
    assert_eq!(code(&caller, "b").await, Code::Ok);
    assert_eq!(issuer.count(PATH), 13);
    assert_eq!(code(&caller, "a").await, Code::Ok);
    assert_eq!(
        issuer.count(PATH),
        14,
        "the least recently used token was evicted"
    );
}

fn spawn_call(caller: &Caller, token: &'static str) -> tokio::task::JoinHandle<Status> {
    let caller = caller.clone();
    tokio::spawn(async move { call(&caller, token).await.status })
}

#[tokio::test]
async fn concurrent_calls_with_one_token_share_one_request() {
    let permits = Arc::new(Semaphore::new(0));
    let (issuer, _, caller) = setup(Answer::json(&active()).after(&permits)).await;
    let gone = spawn_call(&caller, "a");
    issuer.asked(PATH, 1).await;
    let calls: Vec<_> = (0..20).map(|_| spawn_call(&caller, "a")).collect();
    let other = spawn_call(&caller, "b");
    issuer.asked(PATH, 2).await;
    // Cancelling the call that started the request does not affect the other calls.
    gone.abort();
    settle().await;
    permits.add_permits(2);
    for call in calls.into_iter().chain([other]) {
        assert_eq!(call.await.unwrap().code(), Code::Ok);
    }
    assert_eq!(issuer.count(PATH), 2);
}

#[tokio::test]
async fn concurrent_requests_are_bounded() {
    let issuer = issuer(Answer::Hangs).await;
    let verifier = builder(&issuer.url).max_tokens(2).build().unwrap();
    let caller = users(&verifier).await;
    let first = spawn_call(&caller, "a");
    let second = spawn_call(&caller, "b");
    issuer.asked(PATH, 2).await;
    // The third call is rejected without waiting.
    assert_unchecked(&call(&caller, "c").await.status);
    assert_eq!(issuer.count(PATH), 2);
    jump(S(11)).await;
    assert_unchecked(&first.await.unwrap());
    assert_unchecked(&second.await.unwrap());
    issuer.answers(PATH, Answer::json(&active()));
    assert_eq!(code(&caller, "c").await, Code::Ok);
}

#[tokio::test]
async fn failures_are_unavailable_and_not_cached() {
    let elsewhere = Issuer::start().await;
    let there = format!("{}{PATH}", elsewhere.url);
    let good = active();
    let huge = active_with(|it| it["pad"] = "x".repeat(2 * 1024 * 1024).into());
    for (what, answer, why) in [
        ("500", Answer::status(500), "answers 500"),
        ("503", Answer::status(503), "answers 503"),
        ("404", Answer::status(404), "answers 404"),
        ("401", Answer::status(401), "answers 401"),
        ("403", Answer::status(403), "answers 403"),
        (
            "garbage",
            Answer::Says(200, vec![], "active".to_owned()),
            "is not the JSON",
        ),
        (
            "nothing",
            Answer::Says(200, vec![], String::new()),
            "is not the JSON",
        ),
        (
            "no `active`",
            Answer::json(&json!({ "sub": "ann" })),
            "is not the JSON",
        ),
        (
            "`active` is a text",
            Answer::json(&json!({ "active": "true" })),
            "is not the JSON",
        ),
        (
            "`exp` is a text",
            Answer::json(&active_with(|it| it["exp"] = "soon".into())),
            "is not the JSON",
        ),
        (
            "closed half way",
            Answer::Breaks(good.to_string()),
            "cannot be reached",
        ),
        ("too large", Answer::json(&huge), "more than 1048576 bytes"),
        (
            "another host",
            Answer::redirect(307, there),
            "another scheme, host or port",
        ),
        (
            "without the body",
            Answer::redirect(302, PATH),
            "would lose its body",
        ),
        (
            "see other",
            Answer::redirect(303, "/other"),
            "would lose its body",
        ),
    ] {
        let (events, _guard) = Events::listen(LevelFilter::INFO);
        let (issuer, verifier, caller) = setup(answer).await;
        assert_unchecked(&call(&caller, "t0ken").await.status);
        assert_unchecked(&call(&caller, "t0ken").await.status);
        assert_eq!(verifier.fetches().failed, 2, "{what}");
        let told = events.take();
        let [event] = told.as_slice() else {
            panic!("{what}: {told:?}");
        };
        assert_eq!(event.level, Level::WARN);
        let Some(Field::Text(error)) = event.get("error") else {
            panic!("{event:?}");
        };
        assert!(error.contains(why), "{what}: {error}");
        let is_ours = event
            .message
            .contains("rejects the credentials of this service");
        assert_eq!(is_ours, what == "401" || what == "403", "{event:?}");
        // One event in 30 seconds, with the number of failures.
        assert_unchecked(&call(&caller, "t0ken").await.status);
        jump(S(31)).await;
        assert_unchecked(&call(&caller, "t0ken").await.status);
        let told = events.take();
        assert_eq!(told.len(), 1, "{what}: {told:?}");
        assert_eq!(told[0].get("failures"), Some(&Field::U64(3)), "{what}");
        issuer.answers(PATH, Answer::json(&good));
        assert_eq!(code(&caller, "t0ken").await, Code::Ok, "{what}");
        let told = events.take();
        assert_eq!(told[0].message, "tokens can be checked again", "{what}");
    }
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn same_host_redirects_that_keep_the_body_are_followed() {
    let (issuer, _, caller) = setup(Answer::redirect(308, "/a")).await;
    issuer.answers("/a", Answer::redirect(307, "/b"));
    issuer.answers("/b", Answer::json(&active()));
    assert_eq!(code(&caller, "a").await, Code::Ok);
    let seen = issuer.seen();
    assert!(
        seen.iter()
            .all(|it| it.method == "POST" && it.body.starts_with("token=a&"))
    );
    assert_eq!(seen.len(), 3);
}

#[tokio::test]
async fn hanging_or_unreachable_issuer_is_unavailable() {
    let (issuer, verifier, caller) = setup(Answer::Hangs).await;
    for (n, answer) in [Answer::Hangs, Answer::Drips].into_iter().enumerate() {
        issuer.answers(PATH, answer);
        let waiting = spawn_call(&caller, "a");
        issuer.asked(PATH, n + 1).await;
        jump(S(9)).await;
        assert!(!waiting.is_finished());
        jump(S(2)).await;
        assert_unchecked(&waiting.await.unwrap());
    }
    assert_eq!(verifier.fetches().failed, 2);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let verifier = builder(&nobody).build().unwrap();
    let caller = users(&verifier).await;
    assert_unchecked(&call(&caller, "a").await.status);
}

#[tokio::test]
async fn dropped_verifier_leaves_no_task() {
    let issuer = issuer(Answer::json(&active())).await;
    let alive = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    settle().await;
    let before = alive();
    let verifier = builder(&issuer.url).build().unwrap();
    identity(&verifier).await.unwrap();
    issuer.answers(PATH, Answer::Hangs);
    let other = builder(&issuer.url).cache_for(S(0)).build().unwrap();
    let waiting = tokio::spawn({
        let other = other.clone();
        async move { identity(&other).await.map(drop) }
    });
    issuer.asked(PATH, 2).await;
    waiting.abort();
    let _ = waiting.await;
    drop((verifier, other));
    until(|| alive() == before).await;
}

#[test]
fn debug_output_contains_no_secret() {
    let builder = || {
        Introspection::<TokenInfo>::builder("https://id.example.com/introspect")
            .bearer_auth(SECRET)
            .http(HttpClient::new().root_certificates(""))
    };
    let verifier = builder().http(HttpClient::new()).build().unwrap();
    for shown in [format!("{:?}", builder()), format!("{verifier:?}")] {
        assert!(!shown.contains("s3cret"), "{shown}");
        assert!(shown.contains("Introspection"), "{shown}");
    }
}
