use std::time::Duration;

use expect_test::expect;
use interceptors::auth::jwt::{Algorithm, DecodingKey, JwkSet, JwtVerifier, KeySet, SetupError};
use interceptors::auth::{RequestExt, Verifier};
use interceptors::{CallDetails, Kind, intercept};
use interceptors_proto::demo::user_service_server::UserServiceServer;
use interceptors_tests::{Caller, Events, Field, KINDS, Script, ask_each_time, scripted, serve};
use jsonwebtoken::{EncodingKey, Header};
use serde::Deserialize;
use serde_json::{Value, json};
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status};
use tracing::level_filters::LevelFilter;

use crate::tokens::{AUDIENCE, ISSUER, Issuer, base64url, set, time};

const REFUSED: &str = "the request does not carry valid authentication credentials";

/// An RSA key of 2048 bits, and a token that was signed with it; its private half is gone.
const RSA: &str = "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAmDHxiPMvSqUbVldCGUYC
hDUHpLekVoKFHPhs+NJSDVAKRwJmM4YQb7GViUWZlj9f58UR9G4Grl/BODl5/upk
qpbf9gB4Fcc57Q+ppHNeGSZpp29NcgAPw3z4d3V55gXavpOnf1WPJ+bENSNMX+SM
uAly3gP2gI+sZcZWc/m+cJhBwqS74DNV+ds2D4CUigy4tU5KFvbmjiiJG4uR12lL
Bn0FvNHvIXdthCTYJjRqfcef232FTATzFig4qOsgS1p7fVXZ+Ugzm/KIULqfFWoJ
O7mwB9Tf/QS2CBEOuxx7m4VVTZGAoFOuE1XPPc5IU0kbvXYDDhGDYk5KLPuewmCy
0QIDAQAB
-----END PUBLIC KEY-----
";
const RSA_TOKEN: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbm4iLCJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUuY29tIiwiYXVkIjoidXNlcnMiLCJleHAiOjQxMDI0NDQ4MDB9.isLUA-LEH2m8CMRvrLHnS-ABT5zVVRJeaoMoJP07BRT9RnKVMPJvVg2uSXMQLiaUwC5vwXtSSsYNZ94EnfQU6WzVSOixYxk7m_kYrVgb6FV3aLaN0crFG6BXFRxGUVyuxI0-Qt9INuVX-WAII1iHPyrOus1cjbzGgd0Cl-VxNOMG_ZyNqRy9Zlo7N4UqCnlUM5bPm2gyq8vxIIckm8EC35bvq9ZrMcGNiQRGq2sF-Evy6YKj-WJAVL-DdrDzHpOW9c4lkUt25-pKcbe8Pnh5CptbxTNrwVomOh5aZYCcZl-2ZkAZLmdezoi6AZPes4vA-2fELeVf-nhJnEvsRqLi7w";

/// An RSA key of 1024 bits.
const SHORT_RSA: &str = "-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCppp5RpQ6rGUiiraZyVECuNljN
y9YkDIebGtuOvTM5hjb2t8XIq/ELVG7YR/loPYXzRY2tME897nRV8jx2ukdrPRwD
aj8gqH8ntv2mZagCIIdh2V5MEQyOQohJ5qhl0n6o7evr5M1GW0AuFq4jg50HIhaS
A1ufLFa1qWqzZIOetwIDAQAB
-----END PUBLIC KEY-----
";

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Claims {
    sub: String,
    #[serde(default)]
    roles: Vec<String>,
}

#[derive(Clone)]
struct Users {
    script: Script,
    verifier: JwtVerifier<Claims>,
}

scripted!(self: Users, #[intercept(auth(verifier = self.verifier))]);

async fn users(verifier: JwtVerifier<Claims>) -> (Script, Caller) {
    ask_each_time();
    let script = Script::default();
    let service = Users {
        script: script.clone(),
        verifier,
    };
    let channel = serve(Routes::new(UserServiceServer::new(service))).await;
    (script, Caller::new(&channel))
}

fn bearer(caller: &Caller, token: &str) -> Caller {
    caller.with("authorization", format!("Bearer {token}"))
}

/// A verifier that checks everything.
fn verifier(algorithms: &[Algorithm], keys: impl Into<KeySet>) -> JwtVerifier<Claims> {
    JwtVerifier::builder(algorithms.iter().copied())
        .issuer([ISSUER])
        .audience([AUDIENCE, "others"])
        .keys(keys)
        .build()
        .unwrap()
}

fn es256(issuers: &[&Issuer]) -> JwtVerifier<Claims> {
    verifier(&[Algorithm::ES256], set(issuers))
}

/// Calls without a server. Only `auth` can call a verifier, so this has a method with `auth`.
struct Direct {
    verifier: JwtVerifier<Claims>,
}

#[intercept(service = "direct.v1.Direct", auth(verifier = self.verifier))]
impl Claiming for Direct {
    async fn get(&self, request: Request<()>) -> Result<Response<Claims>, Status> {
        Ok(Response::new(request.identity::<Claims>()?.clone()))
    }
}

#[allow(async_fn_in_trait)]
trait Claiming {
    async fn get(&self, request: Request<()>) -> Result<Response<Claims>, Status>;
}

async fn verify(verifier: &JwtVerifier<Claims>, token: &str) -> Result<Claims, Status> {
    ask_each_time();
    let mut request = Request::new(());
    let value = format!("Bearer {token}").parse().unwrap();
    request.metadata_mut().insert("authorization", value);
    let direct = Direct {
        verifier: verifier.clone(),
    };
    Ok(direct.get(request).await?.into_inner())
}

#[track_caller]
fn assert_rejected(result: Result<Claims, Status>, what: &str) {
    let status = result.expect_err(what);
    assert_eq!(status.code(), Code::Unauthenticated, "{what}");
    assert_eq!(status.message(), REFUSED, "{what}");
    assert!(status.details().is_empty(), "{what}");
    assert!(status.metadata().is_empty(), "{what}");
}

/// A token of these parts with this signature, whether the parts are valid or not.
fn forge(header: &Value, claims: &Value, sign: impl FnOnce(&str) -> String) -> String {
    forge_text(&header.to_string(), claims.to_string().as_bytes(), sign)
}

fn forge_text(header: &str, claims: &[u8], sign: impl FnOnce(&str) -> String) -> String {
    let message = format!("{}.{}", base64url(header.as_bytes()), base64url(claims));
    let signature = sign(&message);
    format!("{message}.{signature}")
}

fn signature(key: &EncodingKey, algorithm: Algorithm) -> impl FnOnce(&str) -> String {
    let key = key.clone();
    move |message| jsonwebtoken::crypto::sign(message.as_bytes(), &key, algorithm).unwrap()
}

/// Tokens that differ from a good token in one thing, and the name of that thing.
fn bad_tokens(issuer: &Issuer) -> Vec<(&'static str, String)> {
    let good = issuer.token();
    let claims = crate::tokens::claims();
    let (rest, last) = good.rsplit_once('.').unwrap();
    let header = json!({ "alg": "ES256", "typ": "JWT", "kid": issuer.kid });
    let with_header = |name: &str, value: Value| {
        let mut header = header.clone();
        header[name] = value;
        forge(&header, &claims, signature(&issuer.key, issuer.algorithm))
    };
    let mut wrong_kid = issuer.clone();
    wrong_kid.kid = Some("another");
    let mut without_kid = issuer.clone();
    without_kid.kid = None;
    // For text that a JSON value cannot hold.
    let text = |header: &str, claims: &[u8]| {
        forge_text(header, claims, signature(&issuer.key, issuer.algorithm))
    };
    let with_exp = |exp: &str| {
        let mut claims = claims.clone();
        claims["exp"] = json!("EXP");
        let claims = claims.to_string().replace("\"EXP\"", exp);
        text(&header.to_string(), claims.as_bytes())
    };
    let stranger = Issuer::es256(77, "first");
    let public_half = serde_json::to_string(&issuer.jwk()).unwrap();
    vec![
        ("alg none", with_header("alg", json!("none"))),
        (
            "alg none, unsigned",
            forge(
                &json!({ "alg": "none", "kid": issuer.kid }),
                &claims,
                |_| String::new(),
            ),
        ),
        (
            "alg None, unsigned",
            forge(
                &json!({ "alg": "None", "kid": issuer.kid }),
                &claims,
                |_| String::new(),
            ),
        ),
        (
            "no alg",
            forge(
                &json!({ "kid": issuer.kid }),
                &claims,
                signature(&issuer.key, issuer.algorithm),
            ),
        ),
        (
            "the public key as a secret",
            forge(
                &json!({ "alg": "HS256", "kid": issuer.kid }),
                &claims,
                signature(
                    &EncodingKey::from_secret(public_half.as_bytes()),
                    Algorithm::HS256,
                ),
            ),
        ),
        ("another algorithm", with_header("alg", json!("ES384"))),
        ("an extension", with_header("crit", json!(["b64"]))),
        (
            "another key",
            Issuer {
                key: Issuer::es256(77, "").key,
                ..issuer.clone()
            }
            .token(),
        ),
        ("unknown kid", wrong_kid.token()),
        ("no kid", without_kid.token()),
        (
            "expired",
            issuer.sign_but(|it| it["exp"] = time(-61).into()),
        ),
        (
            "no exp",
            issuer.sign_but(|it| drop(it.as_object_mut().unwrap().remove("exp"))),
        ),
        (
            "exp is a text",
            issuer.sign_but(|it| it["exp"] = time(600).to_string().into()),
        ),
        (
            "exp is negative",
            issuer.sign_but(|it| it["exp"] = (-1).into()),
        ),
        ("exp is null", with_exp("null")),
        ("exp is infinite", with_exp("1e400")),
        ("exp is beyond all time", with_exp("1e300")),
        ("exp is a list", with_exp("[99999999999]")),
        (
            "exp twice",
            with_exp(&format!("{},\"exp\":99999999999", time(-600))),
        ),
        (
            "alg twice",
            text(
                &format!(
                    "{{\"alg\":\"none\",\"alg\":\"ES256\",\"kid\":\"{}\"}}",
                    issuer.kid.unwrap()
                ),
                claims.to_string().as_bytes(),
            ),
        ),
        ("alg in lower case", with_header("alg", json!("es256"))),
        (
            "its own key",
            forge(
                &json!({ "alg": "ES256", "kid": issuer.kid, "jwk": stranger.jwk() }),
                &claims,
                signature(&stranger.key, stranger.algorithm),
            ),
        ),
        (
            "the kid of another key",
            with_header("kid", json!("second")),
        ),
        (
            "claims that are no text",
            text(&header.to_string(), b"{\"sub\":\"\xff\"}"),
        ),
        (
            "not yet valid",
            issuer.sign_but(|it| it["nbf"] = time(90).into()),
        ),
        (
            "nbf is a text",
            issuer.sign_but(|it| it["nbf"] = "now".into()),
        ),
        (
            "another audience",
            issuer.sign_but(|it| it["aud"] = "billing".into()),
        ),
        (
            "other audiences",
            issuer.sign_but(|it| it["aud"] = json!(["billing", "Users"])),
        ),
        (
            "audience of nobody",
            issuer.sign_but(|it| it["aud"] = json!([])),
        ),
        (
            "no audience",
            issuer.sign_but(|it| drop(it.as_object_mut().unwrap().remove("aud"))),
        ),
        (
            "another issuer",
            issuer.sign_but(|it| it["iss"] = format!("{ISSUER}/").into()),
        ),
        ("no issuer", issuer.sign_but(|it| it["iss"] = Value::Null)),
        (
            "claims of another shape",
            issuer.sign_but(|it| it["sub"] = 7.into()),
        ),
        ("claims that are none", issuer.sign(&json!("ann"))),
        ("truncated", good[..good.len() - 1].to_owned()),
        ("half of it", good[..good.len() / 2].to_owned()),
        ("without a signature", format!("{rest}.")),
        ("two parts", rest.to_owned()),
        ("four parts", format!("{good}.{last}")),
        ("padded", format!("{good}==")),
        ("no token at all", "abc".to_owned()),
        ("dots", "..".to_owned()),
        (
            "huge",
            issuer.sign_but(|it| it["pad"] = "x".repeat(8 * 1024).into()),
        ),
    ]
}

#[tokio::test]
async fn valid_token_yields_its_claims() {
    let (first, second) = (Issuer::es256(1, "first"), Issuer::es256(2, "second"));
    let verifier = es256(&[&first, &second]);
    let ann = Claims {
        sub: "ann".to_owned(),
        roles: vec!["admin".to_owned()],
    };
    for token in [
        first.token(),
        second.token(),
        first.sign_but(|it| it["aud"] = json!(["billing", "users"])),
        first.sign_but(|it| it["aud"] = "others".into()),
        first.sign_but(|it| it["nbf"] = time(-5).into()),
        // Within the leeway.
        first.sign_but(|it| it["exp"] = time(-30).into()),
        first.sign_but(|it| it["nbf"] = time(30).into()),
    ] {
        assert_eq!(verify(&verifier, &token).await.unwrap(), ann);
    }
}

#[tokio::test]
async fn rejection_does_not_reveal_the_reason() {
    let (issuer, other) = (Issuer::es256(1, "first"), Issuer::es256(2, "second"));
    let verifier = es256(&[&issuer, &other]);
    for (what, token) in bad_tokens(&issuer) {
        assert_rejected(verify(&verifier, &token).await, what);
    }
}

#[tokio::test]
async fn every_kind_of_call_requires_a_valid_token() {
    let (issuer, other) = (Issuer::es256(1, "first"), Issuer::es256(2, "second"));
    let (script, caller) = users(es256(&[&issuer, &other])).await;
    for kind in KINDS {
        let good = bearer(&caller, &issuer.token()).call(kind).await;
        assert_eq!(good.code(), Code::Ok, "{kind} {:?}", good.status);
        for (what, token) in bad_tokens(&issuer) {
            let reply = bearer(&caller, &token).call(kind).await;
            assert_eq!(reply.code(), Code::Unauthenticated, "{kind} {what}");
            assert_eq!(reply.status.message(), REFUSED, "{kind} {what}");
        }
        let values: [&[u8]; 3] = [
            b"Bearer \xff\xfe.\xff.\xff",
            "Bearer tökén.tökén.tökén".as_bytes(),
            &[b"Bearer ".as_slice(), issuer.token().as_bytes(), b"\xff"].concat(),
        ];
        for value in values {
            let reply = caller.with("authorization", value).call(kind).await;
            assert_eq!(reply.code(), Code::Unauthenticated, "{kind} {value:?}");
            assert_eq!(reply.status.message(), REFUSED, "{kind} {value:?}");
        }
    }
    assert_eq!(script.runs(), 4, "only the good tokens");
}

#[tokio::test]
async fn keys_can_be_replaced_while_serving() {
    let (old, new) = (Issuer::es256(1, "2026-01"), Issuer::es256(2, "2026-02"));
    let verifier = es256(&[&old]);
    let (_, caller) = users(verifier.clone()).await;
    let codes = async || {
        let mut codes = Vec::new();
        for issuer in [&old, &new] {
            let reply = bearer(&caller, &issuer.token()).call(Kind::Unary).await;
            codes.push(reply.code());
        }
        codes
    };
    const REFUSED: Code = Code::Unauthenticated;
    assert_eq!(codes().await, [Code::Ok, REFUSED]);
    verifier.set_keys(set(&[&old, &new])).unwrap();
    assert_eq!(codes().await, [Code::Ok, Code::Ok]);
    verifier.set_keys(set(&[&new])).unwrap();
    assert_eq!(codes().await, [REFUSED, Code::Ok]);
    // A set that cannot be used changes nothing.
    let useless = verifier.set_keys(JwkSet { keys: Vec::new() });
    assert_eq!(useless, Err(SetupError::NoKey));
    assert_eq!(codes().await, [REFUSED, Code::Ok]);
}

#[tokio::test]
async fn rs256_public_key_is_not_accepted_as_hs256_secret() {
    let key = || DecodingKey::from_rsa_pem(RSA.as_bytes()).unwrap();
    let rs256 = verifier(&[Algorithm::RS256], key());
    assert_eq!(verify(&rs256, RSA_TOKEN).await.unwrap().sub, "ann");
    // Whichever bytes of the key serve as the secret.
    for secret in [RSA, RSA.trim_end(), &RSA.replace('\n', "")] {
        let forged = Issuer::hs256(secret.as_bytes()).token();
        assert_rejected(verify(&rs256, &forged).await, "signed with the public key");
    }
    for algorithm in [Algorithm::PS256, Algorithm::RS384] {
        let other = verifier(&[algorithm], key());
        assert_rejected(
            verify(&other, RSA_TOKEN).await,
            "not the algorithm that was given",
        );
    }
    let mixed = JwtVerifier::<Claims>::builder([Algorithm::RS256, Algorithm::HS256])
        .any_issuer()
        .any_audience()
        .keys(key())
        .build();
    assert_eq!(mixed.unwrap_err(), SetupError::MixedAlgorithms);
    let as_secret = JwtVerifier::<Claims>::builder([Algorithm::HS256])
        .any_issuer()
        .any_audience()
        .keys(key())
        .build();
    assert_eq!(as_secret.unwrap_err(), SetupError::UnusableKey(None));
}

#[tokio::test]
async fn single_hs256_secret_needs_no_kid() {
    let secret = [7; 32];
    let verifier = verifier(&[Algorithm::HS256], DecodingKey::from_secret(&secret));
    let mut issuer = Issuer::hs256(&secret);
    assert!(verify(&verifier, &issuer.token()).await.is_ok());
    issuer.kid = Some("whatever");
    assert!(verify(&verifier, &issuer.token()).await.is_ok());
    assert_rejected(
        verify(&verifier, &Issuer::hs256(&[8; 32]).token()).await,
        "another secret",
    );
    // As a JWK, the key is valid only for its `alg`.
    issuer.kid = Some("shared");
    let jwk = json!({ "kty": "oct", "kid": "shared", "alg": "HS256", "k": base64url(&secret) });
    let set: JwkSet = serde_json::from_value(json!({ "keys": [jwk] })).unwrap();
    let verifier = crate::jwt::verifier(&[Algorithm::HS256, Algorithm::HS384], set);
    assert!(verify(&verifier, &issuer.token()).await.is_ok());
    issuer.algorithm = Algorithm::HS384;
    assert_rejected(verify(&verifier, &issuer.token()).await, "another `alg`");
}

#[tokio::test]
async fn each_key_accepts_only_its_own_algorithm() {
    let (ec, ed) = (Issuer::es256(1, "ec"), Issuer::ed25519(2, "ed"));
    let both = [Algorithm::ES256, Algorithm::EdDSA];
    let verifier = verifier(&both, set(&[&ec, &ed]));
    assert!(verify(&verifier, &ec.token()).await.is_ok());
    assert!(verify(&verifier, &ed.token()).await.is_ok());
    let mut crossed = ed.clone();
    crossed.kid = Some("ec");
    assert_rejected(
        verify(&verifier, &crossed.token()).await,
        "the key of another type",
    );
}

#[tokio::test]
async fn only_signature_keys_of_listed_algorithms_are_used() {
    let signing = Issuer::es256(1, "signing");
    let mut document = json!({ "keys": [signing.jwk()] });
    let keys = document["keys"].as_array_mut().unwrap();
    let mut add = |kid: &str, change: &dyn Fn(&mut Value)| {
        let mut jwk = serde_json::to_value(Issuer::es256(2, "").jwk()).unwrap();
        jwk["kid"] = kid.into();
        change(&mut jwk);
        keys.push(jwk);
    };
    add("encrypting", &|jwk| jwk["use"] = "enc".into());
    add("making", &|jwk| jwk["key_ops"] = json!(["sign"]));
    add("of another algorithm", &|jwk| jwk["alg"] = "ES384".into());
    let secret = json!({ "kty": "oct", "kid": "secret", "k": base64url(&[9; 32]) });
    document["keys"].as_array_mut().unwrap().push(secret);
    let set: JwkSet = serde_json::from_value(document).unwrap();
    let verifier = verifier(&[Algorithm::ES256], set);
    assert!(format!("{verifier:?}").contains("keys: 1"), "{verifier:?}");
    assert!(verify(&verifier, &signing.token()).await.is_ok());
    for kid in ["encrypting", "making", "of another algorithm"] {
        assert_rejected(verify(&verifier, &Issuer::es256(2, kid).token()).await, kid);
    }
    let mut secret = Issuer::hs256(&[9; 32]);
    secret.kid = Some("secret");
    assert_rejected(
        verify(&verifier, &secret.token()).await,
        "a secret in a public set",
    );
}

/// The modulus of a key of 1024 bits.
fn short_modulus() -> String {
    let key = DecodingKey::from_rsa_pem(SHORT_RSA.as_bytes()).unwrap();
    let jwk = jsonwebtoken::jwk::Jwk::from_decoding_key(&key, None).unwrap();
    let jwk = serde_json::to_value(jwk).unwrap();
    jwk["n"].as_str().unwrap().to_owned()
}

/// Keys that an issuer may publish beside good ones, and why they are not used.
fn unusable_keys() -> [(Value, &'static str); 7] {
    let zeros = base64url(&[0; 32]);
    let rsa = |kid: &str, n: &str| json!({ "kty": "RSA", "kid": kid, "n": n, "e": "AQAB" });
    let mut nameless = serde_json::to_value(Issuer::es256(7, "").jwk()).unwrap();
    nameless.as_object_mut().unwrap().remove("kid");
    [
        (
            rsa("short", &short_modulus()),
            "it is too weak for its algorithm",
        ),
        (rsa("no base64", "*"), "it is malformed"),
        (
            json!({ "kty": "EC", "crv": "P-256", "kid": "off the curve", "x": zeros, "y": zeros }),
            "it is malformed",
        ),
        (
            json!({ "kty": "AKP", "kid": "of the future", "alg": "ML-DSA-44", "pub": "s3cret" }),
            "its type is not known",
        ),
        (
            json!({ "kty": "EC", "crv": "secp256k1", "kid": "another curve", "x": zeros, "y": zeros }),
            "its type is not known",
        ),
        (
            json!({ "kty": "RSA", "kid": "no modulus", "e": "AQAB" }),
            "its type is not known",
        ),
        (nameless, "it has no `kid`, and is not the only key"),
    ]
}

fn published(keys: impl IntoIterator<Item = Value>) -> JwkSet {
    let keys: Vec<Value> = keys.into_iter().collect();
    serde_json::from_value(json!({ "keys": keys })).unwrap()
}

#[tokio::test]
async fn unusable_keys_in_a_set_are_skipped_with_a_warning() {
    let (events, _guard) = Events::listen(LevelFilter::WARN);
    let good = Issuer::es256(1, "good");
    let algorithms = [Algorithm::ES256, Algorithm::RS256];
    for (bad, reason) in unusable_keys() {
        let jwk = serde_json::to_value(good.jwk()).unwrap();
        let verifier = verifier(&algorithms, published([bad.clone(), jwk.clone()]));
        assert!(verify(&verifier, &good.token()).await.is_ok(), "{bad}");
        verifier.set_keys(published([jwk, bad.clone()])).unwrap();
        assert!(verify(&verifier, &good.token()).await.is_ok(), "{bad}");
        assert!(format!("{verifier:?}").contains("keys: 1"), "{verifier:?}");
        let events = events.take();
        assert_eq!(events.len(), 2, "{bad}");
        for event in events {
            assert_eq!(event.level, tracing::Level::WARN);
            let text = |name| match event.get(name) {
                Some(Field::Str(text)) => Some(text.as_str()),
                _ => None,
            };
            assert_eq!(text("kid"), bad["kid"].as_str(), "{bad}");
            assert_eq!(text("reason"), Some(reason), "{bad}");
            let shown = format!("{event:?}");
            for material in ["n", "x", "y", "pub"].map(|it| bad[it].as_str()) {
                let is_shown = material.is_some_and(|it| it.len() > 1 && shown.contains(it));
                assert!(!is_shown, "{shown}");
            }
        }
    }
}

#[tokio::test]
async fn set_without_usable_keys_is_an_error() {
    let good = Issuer::es256(1, "good");
    let verifier = verifier(&[Algorithm::ES256, Algorithm::RS256], set(&[&good]));
    let mut bad = unusable_keys().map(|(bad, _)| bad).to_vec();
    // A single key without a `kid` is the key of all tokens.
    bad.pop();
    for bad in bad {
        let kid = bad["kid"].as_str().map(str::to_owned);
        let expected = match kid.as_deref() {
            Some("short") => SetupError::WeakKey(kid),
            _ => SetupError::UnusableKey(kid),
        };
        assert_eq!(verifier.set_keys(published([bad])), Err(expected));
        let verified = verify(&verifier, &good.token()).await;
        assert!(verified.is_ok(), "the old keys stay");
    }
}

#[tokio::test]
async fn waived_claims_are_not_required() {
    let issuer = Issuer::es256(1, "first");
    let verifier: JwtVerifier<Claims> = JwtVerifier::builder([Algorithm::ES256])
        .any_audience()
        .any_issuer()
        .allow_missing_exp()
        .keys(set(&[&issuer]))
        .build()
        .unwrap();
    assert!(
        verify(&verifier, &issuer.sign(&json!({ "sub": "ann" })))
            .await
            .is_ok()
    );
    let others = issuer.sign_but(|it| {
        it["aud"] = "billing".into();
        it["iss"] = "elsewhere".into();
    });
    assert!(verify(&verifier, &others).await.is_ok());
    let expired = issuer.sign_but(|it| it["exp"] = time(-90).into());
    assert_rejected(
        verify(&verifier, &expired).await,
        "it has an `exp`, which has passed",
    );
}

#[tokio::test]
async fn token_type_size_and_leeway_are_configurable() {
    let issuer = Issuer::es256(1, "first");
    let verifier: JwtVerifier<Claims> = JwtVerifier::builder([Algorithm::ES256])
        .issuer([ISSUER])
        .audience([AUDIENCE])
        .token_type("at+jwt")
        .leeway(Duration::ZERO)
        .max_size(500)
        .keys(set(&[&issuer]))
        .build()
        .unwrap();
    let with_type = |typ: Option<&str>, claims: &Value| {
        let mut header: Header = issuer.header();
        header.typ = typ.map(str::to_owned);
        jsonwebtoken::encode(&header, claims, &issuer.key).unwrap()
    };
    let claims = crate::tokens::claims();
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt"] {
        let token = with_type(Some(typ), &claims);
        assert!(verify(&verifier, &token).await.is_ok(), "{typ}");
    }
    for typ in [None, Some("JWT"), Some("application/"), Some("")] {
        assert_rejected(
            verify(&verifier, &with_type(typ, &claims)).await,
            "another type",
        );
    }
    let mut late = claims.clone();
    late["exp"] = time(-2).into();
    let late = with_type(Some("at+jwt"), &late);
    assert_rejected(verify(&verifier, &late).await, "no leeway");
    let mut large = claims;
    large["pad"] = "x".repeat(300).into();
    let large = with_type(Some("at+jwt"), &large);
    assert!(large.len() > 500);
    assert_rejected(verify(&verifier, &large).await, "too large");
}

#[test]
fn invalid_setup_is_rejected_by_build() {
    let builder = |algorithms: &[Algorithm]| {
        JwtVerifier::<Claims>::builder(algorithms.iter().copied())
            .any_audience()
            .any_issuer()
    };
    let (first, second) = (Issuer::es256(1, "first"), Issuer::es256(2, "first"));
    let secret = |len| DecodingKey::from_secret(&vec![1; len]);
    let mut nameless = second.clone();
    nameless.kid = None;
    let mut other_nameless = Issuer::es256(3, "");
    other_nameless.kid = None;
    let mut broken = set(&[&first]);
    if let jsonwebtoken::jwk::AlgorithmParameters::EllipticCurve(it) = &mut broken.keys[0].algorithm
    {
        it.x = "AAAA".to_owned();
    }
    let es256 = || builder(&[Algorithm::ES256]);
    let named = || Some("first".to_owned());
    for (built, error) in [
        (
            builder(&[]).keys(set(&[&first])).build(),
            SetupError::NoAlgorithm,
        ),
        (es256().build(), SetupError::NoKey),
        (es256().keys(set(&[])).build(), SetupError::NoKey),
        (
            builder(&[Algorithm::EdDSA]).keys(set(&[&first])).build(),
            SetupError::NoKey,
        ),
        (
            es256().keys(set(&[&first, &second])).build(),
            SetupError::SameKid("first".to_owned()),
        ),
        (
            es256().keys(set(&[&nameless, &other_nameless])).build(),
            SetupError::NoKid,
        ),
        (
            es256().keys(secret(64)).build(),
            SetupError::UnusableKey(None),
        ),
        (
            es256().keys(broken).build(),
            SetupError::UnusableKey(named()),
        ),
        (
            es256()
                .keys(KeySet::new().add("first", DecodingKey::from_ec_der(&[1, 2])))
                .build(),
            SetupError::UnusableKey(named()),
        ),
        (
            builder(&[Algorithm::HS256]).keys(secret(31)).build(),
            SetupError::WeakKey(None),
        ),
        (
            builder(&[Algorithm::HS256, Algorithm::HS512])
                .keys(secret(32))
                .build(),
            SetupError::WeakKey(None),
        ),
        (
            builder(&[Algorithm::RS256])
                .keys(DecodingKey::from_rsa_pem(SHORT_RSA.as_bytes()).unwrap())
                .build(),
            SetupError::WeakKey(None),
        ),
        (
            es256()
                .leeway(Duration::from_secs(3601))
                .keys(set(&[&first]))
                .build(),
            SetupError::Leeway,
        ),
        (
            JwtVerifier::builder([Algorithm::ES256])
                .any_issuer()
                .audience([""; 0])
                .keys(set(&[&first]))
                .build(),
            SetupError::NobodyIsRight,
        ),
        (
            JwtVerifier::builder([Algorithm::ES256])
                .any_audience()
                .issuer([""; 0])
                .keys(set(&[&first]))
                .build(),
            SetupError::NobodyIsRight,
        ),
    ] {
        assert_eq!(built.unwrap_err(), error);
    }
}

#[tokio::test]
async fn reason_is_logged_without_any_part_of_the_token() {
    let (events, _guard) = Events::listen(LevelFilter::DEBUG);
    let (issuer, other) = (Issuer::es256(1, "first"), Issuer::es256(2, "second"));
    let verifier = es256(&[&issuer, &other]);
    let tokens = bad_tokens(&issuer);
    for (what, token) in &tokens {
        assert_rejected(verify(&verifier, token).await, what);
    }
    let events = events.take();
    assert_eq!(events.len(), tokens.len());
    let text = |field: Option<&Field>| match field {
        Some(Field::Str(text)) => text.clone(),
        other => panic!("{other:?}"),
    };
    let mut reasons = String::new();
    for (event, (what, token)) in events.iter().zip(&tokens) {
        assert_eq!(event.level, tracing::Level::DEBUG);
        let shown = format!("{event:?}");
        reasons += &format!("{what}: {}\n", text(event.get("reason")));
        for part in token.split('.').filter(|part| part.len() > 3) {
            assert!(!shown.contains(part), "{what}: {shown}");
        }
        for secret in ["ann", "billing", "first"] {
            assert!(!shown.contains(secret), "{what}: {shown}");
        }
    }
    // Each token is rejected for its own fault.
    expect![[r#"
        alg none: the header is malformed
        alg none, unsigned: the header is malformed
        alg None, unsigned: the header is malformed
        no alg: the header is malformed
        the public key as a secret: its `alg` is another
        another algorithm: its `alg` is another
        an extension: it has a `crit`
        another key: the signature is wrong
        unknown kid: there is no key for its `kid` and `alg`
        no kid: there is no key for its `kid` and `alg`
        expired: it has expired
        no exp: it has no `exp` that is a time
        exp is a text: it has no `exp` that is a time
        exp is negative: it has no `exp` that is a time
        exp is null: it has no `exp` that is a time
        exp is infinite: it has no `exp` that is a time
        exp is beyond all time: it has no `exp` that is a time
        exp is a list: the claims are of another shape
        exp twice: the claims are of another shape
        alg twice: the header is malformed
        alg in lower case: the header is malformed
        its own key: the signature is wrong
        the kid of another key: the signature is wrong
        claims that are no text: the claims are of another shape
        not yet valid: it is not valid yet
        nbf is a text: `exp` or `nbf` is no time
        another audience: its `aud` is another
        other audiences: its `aud` is another
        audience of nobody: its `aud` is another
        no audience: it has no `aud`
        another issuer: its `iss` is another
        no issuer: it has no `iss`
        claims of another shape: the claims are of another shape
        claims that are none: the claims are of another shape
        truncated: it is malformed
        half of it: the header is malformed
        without a signature: the signature is wrong
        two parts: the header is malformed
        four parts: the header is malformed
        padded: it is malformed
        no token at all: the header is malformed
        dots: the header is malformed
        huge: it is too large
    "#]]
    .assert_eq(&reasons);
}

#[test]
fn debug_output_has_no_keys() {
    let verifier = verifier(&[Algorithm::HS256], DecodingKey::from_secret(&[b'k'; 32]));
    assert_eq!(
        format!("{verifier:?}"),
        "JwtVerifier { algorithms: [HS256], keys: 1, .. }"
    );
    let keys = KeySet::from(DecodingKey::from_secret(&[b'k'; 32]));
    assert_eq!(format!("{keys:?}"), "KeySet { keys: 1 }");
}

/// `JwtVerifier` implements `Verifier`.
#[allow(dead_code)]
fn is_a_verifier(verifier: &JwtVerifier<Claims>, call: &CallDetails) {
    drop(verifier.verify("", call));
}
