use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use interceptors::auth::{RequestExt, StaticTokens};
use interceptors::authorize::{HasRole, Policy};
use interceptors::{Call, CallDetails, Intercepted, Interceptor, Kind, Next, intercept};
use interceptors_proto::demo::user_service_server::UserServiceServer;
use interceptors_proto::guide::user_service_client::UserServiceClient;
use interceptors_proto::guide::user_service_server as guide;
use interceptors_proto::guide::{
    FlakyReply, FlakyRequest, GetUserRequest, LoginReply, LoginRequest, User,
};
use interceptors_tests::{Caller, KINDS, Script, scripted, serve};
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};

const DENIED: &str = "the caller may not call this method";

#[derive(Debug, Clone)]
struct Who {
    name: &'static str,
    roles: &'static [&'static str],
}

impl HasRole for Who {
    fn has_role(&self, role: &str) -> bool {
        self.roles.contains(&role)
    }
}

fn tokens() -> StaticTokens<Who> {
    let who = |name, roles| (name, Who { name, roles });
    StaticTokens::new([
        who("ann", &["admin"] as &[_]),
        who("ops", &["ops"]),
        who("both", &["admin", "ops"]),
        who("none", &[]),
        who("Admin", &["Admin", "administrator", ""]),
    ])
    .unwrap()
}

/// All callers that `tokens` knows, and an unknown one.
const EVERYBODY: [&str; 6] = ["ann", "ops", "both", "none", "Admin", "stranger"];

/// The callers that may make a call of this kind. Checks that all others are rejected with the right status.
async fn allowed(caller: &Caller, script: &Script, kind: Kind) -> Vec<&'static str> {
    let mut allowed = Vec::new();
    for name in EVERYBODY {
        let before = script.runs();
        let reply = caller
            .with("authorization", format!("Bearer {name}"))
            .call(kind)
            .await;
        let runs = script.runs() - before;
        match (reply.code(), name) {
            (Code::Ok, _) => {
                assert_eq!(runs, 1, "{kind} {name}");
                allowed.push(name);
                continue;
            }
            (Code::Unauthenticated, "stranger") => {}
            (code, _) => {
                assert_eq!(code, Code::PermissionDenied, "{kind} {name}");
                assert_eq!(reply.status.message(), DENIED, "{kind} {name}");
                assert!(reply.status.details().is_empty(), "{kind} {name}");
            }
        }
        assert_eq!(runs, 0, "{kind} {name}");
        assert!(reply.messages.is_empty(), "{kind} {name}");
    }
    let nobody = caller.call(kind).await;
    assert_eq!(nobody.code(), Code::Unauthenticated, "{kind}");
    allowed
}

async fn called<S>(service: S) -> Caller
where
    S: interceptors_proto::demo::user_service_server::UserService,
{
    Caller::new(&serve(Routes::new(UserServiceServer::new(service))).await)
}

#[derive(Clone)]
struct ByRole {
    script: Script,
    tokens: StaticTokens<Who>,
}

const OPS_OR_ROOT: &[&str] = &["ops", "root"];

scripted!(self: ByRole, #[intercept(
    auth(verifier = self.tokens, public = [login]),
    authorize(role = "admin", except = [login, list_users]),
    authorize(roles = OPS_OR_ROOT, only = [chat]),
    authorize(roles = ["ops", "admin"], only = [list_users]),
)]);

#[tokio::test]
async fn caller_needs_a_role_of_every_entry() {
    let script = Script::default();
    let caller = called(ByRole {
        script: script.clone(),
        tokens: tokens(),
    })
    .await;
    for (kind, expected) in [
        (Kind::Unary, &["ann", "both"] as &[_]),
        (Kind::ClientStreaming, &["ann", "both"]),
        (Kind::ServerStreaming, &["ann", "ops", "both"]),
        // Two entries cover it, and both have to allow the call.
        (Kind::BidiStreaming, &["both"]),
    ] {
        assert_eq!(allowed(&caller, &script, kind).await, expected, "{kind}");
    }
    // It is public, so it needs no token.
    caller
        .client()
        .login(Request::new(Default::default()))
        .await
        .unwrap();
}

/// Authorizes by closures, which may use the service.
#[derive(Clone)]
struct ByClosure {
    script: Script,
    tokens: StaticTokens<Who>,
    only: &'static str,
}

fn is_ann(who: &Who) -> bool {
    who.name == "ann"
}

scripted!(self: ByClosure, #[intercept(
    auth(verifier = self.tokens),
    authorize(with = |who| who.name.len() == 3, except = [chat]),
    authorize(with = |who: &Who| !who.roles.is_empty(), only = [get_user]),
    authorize(with = is_ann, only = [import_users]),
    authorize(with = |who| who.name == self.only, only = [chat]),
)]);

#[tokio::test]
async fn caller_passes_if_the_function_returns_true() {
    let script = Script::default();
    let tokens = StaticTokens::new([
        (
            "ann",
            Who {
                name: "ann",
                roles: &["admin"],
            },
        ),
        (
            "ops",
            Who {
                name: "ops",
                roles: &[],
            },
        ),
        (
            "both",
            Who {
                name: "both",
                roles: &["admin"],
            },
        ),
        (
            "none",
            Who {
                name: "none",
                roles: &[],
            },
        ),
        (
            "Admin",
            Who {
                name: "Admin",
                roles: &[],
            },
        ),
    ])
    .unwrap();
    let caller = called(ByClosure {
        script: script.clone(),
        tokens,
        only: "both",
    })
    .await;
    for (kind, expected) in [
        (Kind::Unary, &["ann"] as &[_]),
        (Kind::ClientStreaming, &["ann"]),
        (Kind::ServerStreaming, &["ann", "ops"]),
        (Kind::BidiStreaming, &["both"]),
    ] {
        assert_eq!(allowed(&caller, &script, kind).await, expected, "{kind}");
    }
}

/// Allows each caller one method, and counts its decisions.
#[derive(Default)]
struct ByMethod {
    asked: AtomicU32,
}

impl Policy<Who> for ByMethod {
    fn allows(&self, who: &Who, call: &CallDetails) -> bool {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let method = match who.name {
            "ann" => "/demo.v1.UserService/GetUser",
            "ops" => "/demo.v1.UserService/ListUsers",
            _ => return false,
        };
        call.path() == method
    }
}

#[derive(Clone)]
struct ByPolicy {
    script: Script,
    tokens: StaticTokens<Who>,
    policy: Arc<ByMethod>,
}

impl ByPolicy {
    fn policy(&self) -> Arc<ByMethod> {
        Arc::clone(&self.policy)
    }
}

scripted!(self: ByPolicy, #[intercept(
    auth(verifier = self.tokens),
    authorize(with = self.policy),
    authorize(with = self.policy(), only = [get_user]),
    authorize(with = ByMethod::default(), only = [get_user]),
)]);

#[tokio::test]
async fn caller_passes_if_the_policy_allows() {
    let script = Script::default();
    let policy = Arc::new(ByMethod::default());
    let caller = called(ByPolicy {
        script: script.clone(),
        tokens: tokens(),
        policy: Arc::clone(&policy),
    })
    .await;
    for (kind, expected) in [
        (Kind::Unary, &["ann"] as &[_]),
        (Kind::ClientStreaming, &[]),
        (Kind::ServerStreaming, &["ops"]),
        (Kind::BidiStreaming, &[]),
    ] {
        assert_eq!(allowed(&caller, &script, kind).await, expected, "{kind}");
    }
    // Once for each known caller, and once more for the caller who passed the first entry.
    assert_eq!(policy.asked.load(Ordering::SeqCst), 4 * 5 + 1);
}

/// Removes the identity before `authorize` runs.
struct Forget;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Forget {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        call.extensions_mut().clear();
        next.run(call).await
    }
}

#[derive(Clone)]
struct Forgetful {
    script: Script,
    tokens: StaticTokens<Who>,
}

scripted!(self: Forgetful, #[intercept(
    auth(verifier = self.tokens),
    with(Forget),
    authorize(with = |_| true),
)]);

#[tokio::test]
async fn call_without_identity_is_rejected() {
    let script = Script::default();
    let caller = called(Forgetful {
        script: script.clone(),
        tokens: tokens(),
    })
    .await;
    for kind in KINDS {
        assert!(allowed(&caller, &script, kind).await.is_empty(), "{kind}");
    }
}

/// Entries on methods.
struct OnMethods {
    tokens: StaticTokens<Who>,
    runs: AtomicU32,
}

#[intercept(auth(verifier = self.tokens), authorize(role = "admin"), retry(max = 2, base_delay = "1ms"))]
#[tonic::async_trait]
impl guide::UserService for OnMethods {
    #[intercept(authorize(role = "ops"))]
    async fn login(&self, _: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
        Ok(Response::new(LoginReply::default()))
    }

    #[intercept(skip(authorize), authorize(role = "ops"))]
    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        let name = request.identity::<Who>()?.name.to_owned();
        Ok(Response::new(User { id: 7, name }))
    }

    // Listed after the block's `retry`, so each attempt is authorized.
    #[intercept(authorize(with = is_ann))]
    async fn flaky(&self, _: Request<FlakyRequest>) -> Result<Response<FlakyReply>, Status> {
        match self.runs.fetch_add(1, Ordering::SeqCst) {
            0 => Err(Status::unavailable("once")),
            attempts => Ok(Response::new(FlakyReply { attempts })),
        }
    }
}

fn request<M>(token: &str, message: M) -> Request<M> {
    let mut request = Request::new(message);
    let value = format!("Bearer {token}").parse().unwrap();
    request.metadata_mut().insert("authorization", value);
    request
}

async fn on_methods() -> UserServiceClient<Channel> {
    let service = OnMethods {
        tokens: tokens(),
        runs: AtomicU32::new(0),
    };
    let routes = Routes::new(guide::UserServiceServer::new(service));
    UserServiceClient::new(serve(routes).await)
}

#[tokio::test]
async fn method_entries_add_to_the_block_and_skip_removes_it() {
    let mut client = on_methods().await;
    for (name, login, get_user) in [
        ("ann", Code::PermissionDenied, Code::PermissionDenied),
        ("ops", Code::PermissionDenied, Code::Ok),
        ("both", Code::Ok, Code::Ok),
        ("none", Code::PermissionDenied, Code::PermissionDenied),
        ("stranger", Code::Unauthenticated, Code::Unauthenticated),
    ] {
        let code = |status: Option<Status>| status.map_or(Code::Ok, |status| status.code());
        let reply = client.login(request(name, LoginRequest::default())).await;
        assert_eq!(code(reply.err()), login, "{name}");
        let reply = client
            .get_user(request(name, GetUserRequest::default()))
            .await;
        assert_eq!(code(reply.err()), get_user, "{name}");
    }
}

#[tokio::test]
async fn identity_is_available_after_retry() {
    let mut client = on_methods().await;
    let reply = client
        .flaky(request("ann", FlakyRequest::default()))
        .await
        .unwrap();
    assert_eq!(reply.into_inner().attempts, 1);
    let refused = client
        .flaky(request("both", FlakyRequest::default()))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
}

/// Lists entries in an order that is usually a mistake.
#[derive(Clone)]
struct Unlogged {
    script: Script,
    tokens: StaticTokens<Who>,
}

scripted!(self: Unlogged, #[intercept(
    auth(verifier = self.tokens),
    authorize(roles = ["ops", "admin"]),
    logging,
)]);

#[test]
fn authorize_before_logging_has_a_note() {
    let method = Unlogged::PLAN.methods()[0];
    let notes: Vec<_> = method
        .notes()
        .map(|note| (note.outer(), note.inner()))
        .collect();
    assert_eq!(notes, [("auth", "logging"), ("authorize", "logging")]);
    let json = Unlogged::PLAN.to_json().to_string();
    assert!(json.contains(r#""roles":["ops","admin"]"#), "{json}");
}

#[test]
fn plan_shows_required_roles_and_policies() {
    let plan = ByRole::PLAN.to_string();
    for shown in ["role=admin", "roles=[ops, root]", "roles=[ops, admin]"] {
        assert!(plan.contains(shown), "{plan}");
    }
    let plan = ByPolicy::PLAN.to_string();
    assert!(plan.contains("with=self.policy"), "{plan}");
    let plan = ByClosure::PLAN.to_string();
    assert!(
        plan.contains("with=is_ann") && plan.contains("with=…"),
        "{plan}"
    );
    ByRole::PLAN.assert_no_notes();
}
