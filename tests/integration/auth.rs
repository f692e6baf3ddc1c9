//! Who may call, and that no token is ever shown.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use interceptors::auth::{RequestExt, Verifier};
use interceptors::{CallDetails, Kind, intercept};
use interceptors_proto::demo::user_service_server::{UserService, UserServiceServer};
use interceptors_proto::demo::{
    ChatMessage, FlakyReply, FlakyRequest, GetUserRequest, ImportSummary, ListUsersRequest,
    LoginReply, LoginRequest, User,
};
use interceptors_tests::{Caller, Events, Field, KINDS, Script, UserStream, scripted, serve};
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status, Streaming};
use tracing::Level;
use tracing::level_filters::LevelFilter;

const TOKEN: &str = "s3cret-token";
const REFUSED: &str = "the request does not carry valid authentication credentials";

#[derive(Debug, Clone, PartialEq, Eq)]
struct Who {
    name: String,
    method: String,
}

/// Knows one token, and counts its calls.
#[derive(Debug, Clone, Default)]
struct Tokens {
    asked: Arc<AtomicU32>,
}

impl Verifier for Tokens {
    type Identity = Who;

    async fn verify(&self, token: &str, call: &CallDetails) -> Result<Who, Status> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        match token {
            TOKEN => Ok(Who {
                name: "ann".to_owned(),
                method: call.method().to_owned(),
            }),
            "down" => Err(Status::unavailable("the token store is down")),
            "banned" => Err(Status::permission_denied("banned")),
            _ => Err(Status::unauthenticated("unknown token")),
        }
    }
}

/// Records the identity and the `Debug` output of each request.
#[derive(Clone, Default)]
struct Users {
    script: Script,
    tokens: Tokens,
    seen: Arc<Mutex<Vec<(Who, String)>>>,
}

impl Users {
    fn see<M: std::fmt::Debug>(&self, request: &Request<M>) -> Result<(), Status> {
        let who = request.identity::<Who>()?.clone();
        let shown = format!("{request:?} {:?}", request.metadata());
        self.seen.lock().unwrap().push((who, shown));
        Ok(())
    }
}

#[intercept(auth(verifier = self.tokens, public = [login, "Flaky"]))]
#[tonic::async_trait]
impl UserService for Users {
    type ListUsersStream = UserStream<User>;
    type ChatStream = UserStream<ChatMessage>;

    async fn login(&self, request: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
        self.script.login(request).await
    }

    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        self.see(&request)?;
        self.script.get_user(request).await
    }

    async fn list_users(
        &self,
        request: Request<ListUsersRequest>,
    ) -> Result<Response<Self::ListUsersStream>, Status> {
        self.see(&request)?;
        self.script.list_users(request).await
    }

    async fn import_users(
        &self,
        request: Request<Streaming<User>>,
    ) -> Result<Response<ImportSummary>, Status> {
        self.see(&request)?;
        self.script.import_users(request).await
    }

    async fn chat(
        &self,
        request: Request<Streaming<ChatMessage>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        self.see(&request)?;
        self.script.chat(request).await
    }

    async fn flaky(&self, request: Request<FlakyRequest>) -> Result<Response<FlakyReply>, Status> {
        request.identity::<Who>()?;
        self.script.flaky(request).await
    }
}

async fn users() -> (Users, Caller) {
    let service = Users::default();
    let channel = serve(Routes::new(UserServiceServer::new(service.clone()))).await;
    (service, Caller::new(&channel))
}

#[tokio::test]
async fn malformed_credentials_are_rejected_without_calling_the_verifier() {
    let (service, caller) = users().await;
    let bearer = |token: &str| format!("Bearer {token}");
    for kind in KINDS {
        for values in [
            vec![],
            vec![String::new()],
            vec!["Bearer".to_owned()],
            vec![bearer("")],
            vec![bearer("  ")],
            vec![TOKEN.to_owned()],
            vec![format!("Bearer{TOKEN}")],
            vec![format!("Basic {TOKEN}")],
            vec![format!("Bearer\t{TOKEN}")],
            vec![bearer(&format!("{TOKEN} {TOKEN}"))],
            vec![bearer(&format!("{TOKEN}, {TOKEN}"))],
            vec![bearer("tökén")],
            vec![bearer(TOKEN), bearer(TOKEN)],
            vec![bearer(TOKEN), format!("Basic {TOKEN}")],
        ] {
            let caller = values.iter().fold(caller.clone(), |caller, value| {
                caller.with("authorization", value)
            });
            let status = caller.call(kind).await.status;
            assert_eq!(status.code(), Code::Unauthenticated, "{kind} {values:?}");
            assert_eq!(status.message(), REFUSED, "{kind} {values:?}");
            assert!(status.details().is_empty(), "{kind} {values:?}");
        }
    }
    assert_eq!(service.tokens.asked.load(Ordering::SeqCst), 0);
    assert_eq!(service.script.runs(), 0);
}

#[tokio::test]
async fn scheme_is_case_insensitive_and_handler_gets_the_identity() {
    let (service, caller) = users().await;
    for kind in KINDS {
        for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
            let caller = caller.with("authorization", format!("{scheme} {TOKEN}"));
            assert_eq!(caller.call(kind).await.code(), Code::Ok, "{kind} {scheme}");
            let (who, _) = service.seen.lock().unwrap().pop().unwrap();
            assert_eq!(who.name, "ann");
            assert!(!who.method.is_empty());
        }
    }
    assert_eq!(service.tokens.asked.load(Ordering::SeqCst), 16);
    assert_eq!(service.script.runs(), 16);
}

#[tokio::test]
async fn verifier_status_reaches_the_client() {
    let (service, caller) = users().await;
    for kind in KINDS {
        for (token, code, message) in [
            ("down", Code::Unavailable, "the token store is down"),
            ("banned", Code::PermissionDenied, "banned"),
            ("other", Code::Unauthenticated, "unknown token"),
        ] {
            let caller = caller.with("authorization", format!("Bearer {token}"));
            let status = caller.call(kind).await.status;
            assert_eq!(status.code(), code, "{kind}");
            assert_eq!(status.message(), message, "{kind}");
        }
    }
    assert_eq!(service.script.runs(), 0);
}

#[tokio::test]
async fn wrong_identity_type_is_logged() {
    let (events, _guard) = Events::listen(LevelFilter::DEBUG);
    let missing = Request::new(()).identity::<u64>().unwrap_err();
    assert_eq!(missing.code(), Code::Unauthenticated);
    let [event] = events.take().try_into().unwrap();
    assert_eq!(event.level, Level::DEBUG);
    assert!(event.message.contains("no verified identity of this type"));
    assert_eq!(event.get("identity"), Some(&Field::Str("u64".to_owned())));
}

#[tokio::test]
async fn public_method_skips_the_verifier_and_has_no_identity() {
    let (service, caller) = users().await;
    for caller in [
        caller.clone(),
        caller.with("authorization", "Bearer other"),
        caller.with("authorization", format!("Bearer {TOKEN}")),
    ] {
        let login = caller.request(LoginRequest::default());
        caller.client().login(login).await.unwrap();
        let flaky = caller.request(FlakyRequest::default());
        let refused = caller.client().flaky(flaky).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated);
    }
    assert_eq!(service.tokens.asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn token_never_appears_in_status_or_debug_output() {
    let (service, caller) = users().await;
    let good = format!("Bearer {TOKEN}");
    for kind in KINDS {
        for values in [
            &[good.as_str()] as &[&str],
            &["Bearer s3cret-unknown"],
            &["Basic s3cret-basic"],
            &["Bearer s3cret-one s3cret-two"],
            &[good.as_str(), "s3cret-other"],
        ] {
            let caller = values.iter().fold(caller.clone(), |caller, value| {
                caller.with("authorization", value)
            });
            let reply = caller.call(kind).await;
            let status = format!("{:?}", reply.status);
            assert!(!status.contains("s3cret"), "{kind} {status}");
        }
    }
    let seen = service.seen.lock().unwrap();
    assert_eq!(seen.len(), KINDS.len());
    for (_, shown) in seen.iter() {
        assert!(shown.contains("authorization"), "{shown}");
        assert!(!shown.contains(TOKEN), "{shown}");
    }
}

/// Records the `Debug` output of a call while its token is verified.
#[derive(Default)]
struct Curious(Mutex<String>);

impl Verifier for Curious {
    type Identity = ();

    async fn verify(&self, _: &str, call: &CallDetails) -> Result<(), Status> {
        *self.0.lock().unwrap() = format!("{call:?} {:?}", call.metadata());
        Ok(())
    }
}

#[derive(Clone, Default)]
struct Shared {
    script: Script,
    curious: Arc<Curious>,
}

scripted!(self: Shared, #[intercept(
    auth(verifier = self.curious, header = "x-api-key", scheme = ""),
)]);

#[tokio::test]
async fn shared_verifier_sees_no_token_in_debug_output() {
    let service = Shared::default();
    let channel = serve(Routes::new(UserServiceServer::new(service.clone()))).await;
    let caller = Caller::new(&channel);
    let bearer = caller.with("authorization", format!("Bearer {TOKEN}"));
    assert_eq!(bearer.call(Kind::Unary).await.code(), Code::Unauthenticated);
    let key = caller.with("x-api-key", TOKEN);
    assert_eq!(key.call(Kind::Unary).await.code(), Code::Ok);
    assert_eq!(service.script.runs(), 1);
    let shown = service.curious.0.lock().unwrap();
    assert!(shown.contains("x-api-key"));
    assert!(!shown.contains(TOKEN), "{shown}");
}

/// A service that is its own verifier, with another scheme.
#[derive(Clone, Default)]
struct OfItself {
    script: Script,
    tokens: Tokens,
}

impl Verifier for OfItself {
    type Identity = Who;

    async fn verify(&self, token: &str, call: &CallDetails) -> Result<Who, Status> {
        self.tokens.verify(token, call).await
    }
}

scripted!(self: OfItself, #[intercept(auth(scheme = "Token"))]);

#[tokio::test]
async fn without_a_verifier_setting_the_service_verifies() {
    let service = OfItself::default();
    let channel = serve(Routes::new(UserServiceServer::new(service.clone()))).await;
    let caller = Caller::new(&channel);
    for kind in KINDS {
        let bearer = caller.with("authorization", format!("Bearer {TOKEN}"));
        assert_eq!(bearer.call(kind).await.code(), Code::Unauthenticated);
        let token = caller.with("authorization", format!("token {TOKEN}"));
        assert_eq!(token.call(kind).await.code(), Code::Ok);
    }
    assert_eq!(service.tokens.asked.load(Ordering::SeqCst), 4);
    assert_eq!(service.script.runs(), 4);
}

/// A verifier that the attribute makes.
#[derive(Clone, Default)]
struct Made {
    script: Script,
}

struct Known(&'static str);

impl Verifier for Known {
    type Identity = ();

    async fn verify(&self, token: &str, _: &CallDetails) -> Result<(), Status> {
        if token == self.0 {
            Ok(())
        } else {
            Err(Status::unauthenticated("unknown token"))
        }
    }
}

scripted!(self: Made, #[intercept(auth(verifier = Known(TOKEN)))]);

#[tokio::test]
async fn verifier_can_be_constructed_in_the_attribute() {
    let service = Made::default();
    let channel = serve(Routes::new(UserServiceServer::new(service.clone()))).await;
    let caller = Caller::new(&channel);
    for (token, code) in [(TOKEN, Code::Ok), ("other", Code::Unauthenticated)] {
        let caller = caller.with("authorization", format!("Bearer {token}"));
        assert_eq!(caller.call(Kind::Unary).await.code(), code);
    }
    assert_eq!(service.script.runs(), 1);
}
