//! Entries that read messages run after decoding. So do all entries listed after them.

use std::sync::{Arc, Mutex};

use interceptors::auth::StaticTokens;
use interceptors::validate::{Validate, Violations};
use interceptors::{Call, Intercepted as _, Interceptor, Next};
use interceptors_tests::{Recorder, Steps, serve};
use tokio::time::Instant;
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status};

use crate::before::send;
use crate::servers::own::user_service_server::{UserService, UserServiceServer};
use crate::servers::own::{GetUserRequest, LoginReply, LoginRequest, User};

impl Validate for GetUserRequest {
    fn validate(&self) -> Result<(), Violations> {
        let mut violations = Violations::new();
        if self.id == 0 {
            violations.add("id", "must not be zero");
        }
        violations.into_result()
    }
}

impl Validate for LoginRequest {
    fn validate(&self) -> Result<(), Violations> {
        Ok(())
    }
}

/// An interceptor for one message type.
struct OfUsers(Steps);

impl<Res: Send> Interceptor<GetUserRequest, Res> for OfUsers {
    async fn intercept(
        &self,
        call: &mut Call<GetUserRequest>,
        next: &mut impl Next<GetUserRequest, Res>,
    ) -> Result<Response<Res>, Status> {
        let id = call.message().map(|message| message.id);
        self.0.add(format!("typed {}", id.unwrap_or_default()));
        next.run(call).await
    }
}

struct Users {
    steps: Steps,
    a: Recorder,
    b: Recorder,
    c: Recorder,
    typed: OfUsers,
    tokens: StaticTokens<&'static str>,
}

#[interceptors::intercept(
    with(self.a),
    validate(only = [get_user]),
    auth(verifier = self.tokens, public = [login]),
    with(self.b),
    with(self.typed, only = [get_user]),
    with(self.c),
)]
#[tonic::async_trait]
impl UserService for Users {
    async fn login(&self, _: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
        self.steps.add("login");
        Ok(Response::new(LoginReply::default()))
    }

    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        self.steps.add("get_user");
        let id = request.into_inner().id;
        Ok(Response::new(User {
            id,
            ..User::default()
        }))
    }
}

fn users() -> (Users, Steps) {
    let steps = Steps::default();
    let users = Users {
        steps: steps.clone(),
        a: steps.recorder("a"),
        b: steps.recorder("b"),
        c: steps.recorder("c"),
        typed: OfUsers(steps.clone()),
        tokens: StaticTokens::new([("a-token-of-ann", "ann")]).unwrap(),
    };
    (users, steps)
}

#[tokio::test]
async fn entries_listed_after_a_message_entry_run_after_decoding() {
    use interceptors_proto::demo::{GetUserRequest, LoginRequest};

    let (users, steps) = users();
    let channel = serve(Routes::new(UserServiceServer::new(users))).await;
    let nobody = interceptors_tests::Caller::new(&channel);
    let ann = nobody.with("authorization", "Bearer a-token-of-ann");
    let mut client = nobody.client();
    // The message is decoded and validated before `auth` asks for a token.
    let invalid = client
        .get_user(nobody.request(GetUserRequest { id: 0 }))
        .await;
    assert_eq!(invalid.unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(steps.take(), ">a <a");
    let valid = client
        .get_user(nobody.request(GetUserRequest { id: 1 }))
        .await;
    assert_eq!(valid.unwrap_err().code(), Code::Unauthenticated);
    assert_eq!(steps.take(), ">a <a");
    let passed = client.get_user(ann.request(GetUserRequest { id: 7 })).await;
    assert_eq!(passed.unwrap().into_inner().id, 7);
    assert_eq!(steps.take(), ">a >b typed 7 >c get_user <c <b <a");
    assert!(client.login(LoginRequest::default()).await.is_ok());
    assert_eq!(steps.take(), ">a >b >c login <c <b <a");
}

#[tokio::test]
async fn default_methods_run_the_entries_without_method_lists() {
    use interceptors_proto::demo::FlakyRequest;

    let (users, steps) = users();
    let channel = serve(Routes::new(UserServiceServer::new(users))).await;
    let nobody = interceptors_tests::Caller::new(&channel);
    let ann = nobody.with("authorization", "Bearer a-token-of-ann");
    let refused = nobody.client().flaky(FlakyRequest::default()).await;
    assert_eq!(refused.unwrap_err().code(), Code::Unauthenticated);
    assert_eq!(steps.take(), ">a <a");
    let passed = nobody
        .client()
        .flaky(ann.request(FlakyRequest::default()))
        .await;
    assert_eq!(passed.unwrap_err().code(), Code::Unimplemented);
    assert_eq!(steps.take(), ">a >b >c <c <b <a");
}

#[test]
fn plan_shows_which_entries_run_after_decoding() {
    let plan = UserServiceServer::<Users>::PLAN;
    let before = |path: &str| {
        let mut methods = plan.methods().iter();
        let method = methods.find(|method| method.method() == path).unwrap();
        method.before_decoding().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(before("GetUser"), "with");
    assert_eq!(before("Login"), "with with with");
    assert_eq!(before("Flaky"), "with auth with with");
    let table = plan.to_string();
    assert!(
        table.contains("note: `validate` is listed before `auth`, so the request is decoded before it is known who calls; usually `auth` comes first (GetUser)"),
        "{table}"
    );
    // Without the attribute on the server all entries run after decoding.
    assert!(!Users::PLAN.to_string().contains("decoded"));
}

#[test]
fn table_shows_where_the_request_is_decoded() {
    let table = UserServiceServer::<Users>::PLAN.to_string();
    let rows = table
        .lines()
        .skip_while(|line| !line.starts_with("/demo.v1.UserService/GetUser"));
    let entries = rows.take(7).map(|line| {
        let words = line.split_whitespace();
        let mut words = words.filter(|word| !word.starts_with('/') && *word != "unary");
        words.next().unwrap()
    });
    let entries: Vec<_> = entries.collect();
    assert_eq!(
        entries,
        [
            "with(self.a)",
            "(decoding)",
            "validate",
            "auth",
            "with(self.b)",
            "with(self.typed)",
            "with(self.c)"
        ],
        "{table}"
    );
    // Login and Flaky have no entry after decoding.
    assert_eq!(table.matches("(decoding)").count(), 1, "{table}");
    assert!(!Users::PLAN.to_string().contains("(decoding)"));
}

struct ValidatedFirst {
    a: Recorder,
    b: Recorder,
    tokens: StaticTokens<&'static str>,
}

#[interceptors::intercept(
    with(self.a),
    validate,
    auth(verifier = self.tokens),
    retry(max = 1),
    with(self.b),
)]
#[tonic::async_trait]
impl UserService for ValidatedFirst {
    async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        Ok(Response::new(User::default()))
    }
}

#[tokio::test]
async fn unknown_methods_run_the_entries_listed_after_a_message_entry() {
    let steps = Steps::default();
    let service = ValidatedFirst {
        a: steps.recorder("a"),
        b: steps.recorder("b"),
        tokens: StaticTokens::new([("a-token-of-ann", "ann")]).unwrap(),
    };
    let channel = serve(Routes::new(UserServiceServer::new(service))).await;
    // The second path is a method with a default body, which is not in the `impl`.
    for path in ["/demo.v1.UserService/Delete", "/demo.v1.UserService/Login"] {
        let refused = send(&channel, path, None, Vec::new()).await;
        assert_eq!(refused.code(), Code::Unauthenticated, "{path}");
        assert_eq!(steps.take(), ">a <a");
        let passed = send(&channel, path, Some("a-token-of-ann"), Vec::new()).await;
        assert_eq!(passed.code(), Code::Unimplemented, "{path}");
        assert_eq!(steps.take(), ">a >b <b <a");
    }
}

/// What an entry can read from a call.
type Known = (Option<Instant>, Option<String>, u32, String);

#[derive(Clone, Default)]
struct Knows(Arc<Mutex<Vec<Known>>>);

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Knows {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let id = call.request_id().map(ToString::to_string);
        let known = (call.deadline(), id, call.attempt(), call.path().to_owned());
        self.0.lock().unwrap().push(known);
        next.run(call).await
    }
}

struct Asked {
    knows: Knows,
}

#[interceptors::intercept(
    request_id,
    timeout("20s"),
    with(self.knows),
    validate,
    with(self.knows),
)]
#[tonic::async_trait]
impl UserService for Asked {
    async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        Err(Status::not_found("nobody"))
    }
}

#[tokio::test]
async fn call_details_are_the_same_before_and_after_decoding() {
    use interceptors_proto::demo::GetUserRequest;

    let knows = Knows::default();
    let service = Asked {
        knows: knows.clone(),
    };
    let channel = serve(Routes::new(UserServiceServer::new(service))).await;
    let caller = interceptors_tests::Caller::new(&channel);
    let mut client = caller.client();
    let answer = client.get_user(caller.request(GetUserRequest { id: 1 }));
    let status = answer.await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    let known = knows.0.lock().unwrap().clone();
    assert_eq!(known.len(), 2);
    assert_eq!(known[0], known[1]);
    let (deadline, id, attempt, path) = &known[0];
    assert!(deadline.is_some());
    let told = status.metadata().get("x-request-id").unwrap();
    assert_eq!(id.as_deref(), told.to_str().ok());
    assert_eq!((*attempt, &**path), (1, "/demo.v1.UserService/GetUser"));
}
