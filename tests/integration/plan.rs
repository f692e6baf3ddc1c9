//! The effective policy as text, Markdown and JSON.

use std::sync::Arc;
use std::time::Duration;

use expect_test::expect;
use interceptors::auth::Verifier;
use interceptors::{
    Call, CallDetails, Intercepted, Interceptor, Kind, Next, Side, Value, intercept,
};
use interceptors_proto::demo::user_service_server::{self, UserService};
use interceptors_proto::demo::{
    ChatMessage, FlakyReply, FlakyRequest, GetUserRequest, ImportSummary, ListUsersRequest,
    LoginReply, LoginRequest, User,
};
use interceptors_proto::stubs::Item;
use interceptors_proto::stubs::stubs_server::Stubs;
use interceptors_tests::{Script, UserStream};
use tonic::{Code, Request, Response, Status, Streaming};

struct Audit;

impl Audit {
    fn new(_: &str) -> Self {
        Self
    }
}

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Audit {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        next.run(call).await
    }
}

struct Tokens;

impl Tokens {
    fn new(_: &str) -> Self {
        Self
    }
}

impl Verifier for Tokens {
    type Identity = String;

    async fn verify(&self, _: &str, _: &CallDetails) -> Result<String, Status> {
        Err(Status::unauthenticated("unknown token"))
    }
}

const BURST: u32 = 5 * 10;
const SLOW: Duration = Duration::from_millis(40);

struct Users {
    script: Script,
    audit: Arc<Audit>,
}

#[intercept(
    service = user_service_server::SERVICE_NAME,
    logging(slow = SLOW),
    auth(verifier = Tokens::new("s3cret"), public = [login]),
    rate_limit(per_second = 200, burst = BURST, key = identity, except = [login]),
    retry(max = 3, codes = [Unavailable, Aborted], throttle(tokens = 10, ratio = 0.1)),
    with(self.audit),
    with(Audit::new("s3cret"), only = ["Login"]),
)]
#[tonic::async_trait]
impl UserService for Users {
    type ListUsersStream = UserStream<User>;
    type ChatStream = UserStream<ChatMessage>;

    #[intercept(logging(level = "debug", fields(user = request.name, s3 = "s3cret")), name = "Login")]
    async fn login(&self, request: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
        self.script.login(request).await
    }

    #[intercept(
        auth(verifier = Tokens::new(concat!("s3", "cret")), header = "x-api-key", scheme = ""),
        rate_limit(per_minute = 7, key = metadata("x-api-key")),
        name = "GetUser",
    )]
    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        self.script.get_user(request).await
    }

    #[intercept(retry(
        max_attempts = 2,
        base_delay = "100ms",
        max_delay = "1s",
        multiplier = 1.5,
        jitter = 0.0,
        attempt_timeout = "2s",
    ))]
    async fn list_users(
        &self,
        request: Request<ListUsersRequest>,
    ) -> Result<Response<Self::ListUsersStream>, Status> {
        self.script.list_users(request).await
    }

    async fn import_users(
        &self,
        request: Request<Streaming<User>>,
    ) -> Result<Response<ImportSummary>, Status> {
        self.script.import_users(request).await
    }

    #[intercept(skip(logging, auth, rate_limit, retry, with))]
    async fn chat(
        &self,
        request: Request<Streaming<ChatMessage>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        self.script.chat(request).await
    }

    #[intercept(skip(auth), rate_limit(per_second = 1, key = peer))]
    async fn flaky(&self, request: Request<FlakyRequest>) -> Result<Response<FlakyReply>, Status> {
        self.script.flaky(request).await
    }
}

#[test]
fn table_shows_interceptors_and_settings_of_each_method() {
    expect![[r#"
        METHOD                              KIND           INTERCEPTOR            SETTINGS
        /demo.v1.UserService/Login          unary          logging                fields=user,s3 level=DEBUG slow=500ms
                                                           retry                  throttle=10/0.1 max_attempts=4 base_delay=500ms max_delay=30s multiplier=2.0 jitter=0.2 codes=[Unavailable, Aborted]
                                                           with(self.audit)
                                                           with(Audit::new(…))
        /demo.v1.UserService/GetUser        unary          logging                level=INFO slow=40ms
                                                           auth                   verifier=Tokens::new(…) scheme="" header=x-api-key outlive_token=false
                                                           rate_limit             key=metadata("x-api-key") per_minute=7 burst=7 max_keys=65536
                                                           retry                  throttle=10/0.1 max_attempts=4 base_delay=500ms max_delay=30s multiplier=2.0 jitter=0.2 codes=[Unavailable, Aborted]
                                                           with(self.audit)
        /demo.v1.UserService/ListUsers      server_stream  logging                level=INFO slow=40ms
                                                           auth                   verifier=Tokens::new(…) scheme=Bearer header=authorization outlive_token=false
                                                           rate_limit             key=identity per_second=200 burst=50 max_keys=65536
                                                           retry                  max_attempts=2 base_delay=100ms max_delay=1s multiplier=1.5 jitter=0.0 codes=[Unavailable, DeadlineExceeded] attempt_timeout=2s
                                                           with(self.audit)
        /demo.v1.UserService/ImportUsers *  client_stream  logging                level=INFO slow=40ms
                                                           auth                   verifier=Tokens::new(…) scheme=Bearer header=authorization outlive_token=false
                                                           rate_limit             key=identity per_second=200 burst=50 max_keys=65536
                                                           with(self.audit)
        /demo.v1.UserService/Chat           bidi_stream    -
        /demo.v1.UserService/Flaky *        unary          logging                level=INFO slow=40ms
                                                           rate_limit             key=peer per_second=1 burst=1 max_keys=65536
                                                           retry                  throttle=10/0.1 max_attempts=4 base_delay=500ms max_delay=30s multiplier=2.0 jitter=0.2 codes=[Unavailable, Aborted]
                                                           with(self.audit)
        * in part from Rust's names; to state it: `service = …`, `#[intercept(name = …)]`
        note: a client that goes away half way through its request stream is taken for one that has sent all, so such a call may end as `OK`; `interceptors::server::RequestCancellationLayer` at the server makes it `CANCELLED` (ImportUsers)
    "#]].assert_eq(&Users::PLAN.to_string());
}

#[test]
fn markdown_shows_the_same() {
    expect![[r#"
        | Method                                | Kind          | Interceptor           | Settings                                                                                                                        |
        | ------------------------------------- | ------------- | --------------------- | ------------------------------------------------------------------------------------------------------------------------------- |
        | `/demo.v1.UserService/Login`          | unary         | `logging`             | fields=user,s3 level=DEBUG slow=500ms                                                                                           |
        |                                       |               | `retry`               | throttle=10/0.1 max_attempts=4 base_delay=500ms max_delay=30s multiplier=2.0 jitter=0.2 codes=[Unavailable, Aborted]            |
        |                                       |               | `with(self.audit)`    |                                                                                                                                 |
        |                                       |               | `with(Audit::new(…))` |                                                                                                                                 |
        | `/demo.v1.UserService/GetUser`        | unary         | `logging`             | level=INFO slow=40ms                                                                                                            |
        |                                       |               | `auth`                | verifier=Tokens::new(…) scheme="" header=x-api-key outlive_token=false                                                          |
        |                                       |               | `rate_limit`          | key=metadata("x-api-key") per_minute=7 burst=7 max_keys=65536                                                                   |
        |                                       |               | `retry`               | throttle=10/0.1 max_attempts=4 base_delay=500ms max_delay=30s multiplier=2.0 jitter=0.2 codes=[Unavailable, Aborted]            |
        |                                       |               | `with(self.audit)`    |                                                                                                                                 |
        | `/demo.v1.UserService/ListUsers`      | server_stream | `logging`             | level=INFO slow=40ms                                                                                                            |
        |                                       |               | `auth`                | verifier=Tokens::new(…) scheme=Bearer header=authorization outlive_token=false                                                  |
        |                                       |               | `rate_limit`          | key=identity per_second=200 burst=50 max_keys=65536                                                                             |
        |                                       |               | `retry`               | max_attempts=2 base_delay=100ms max_delay=1s multiplier=1.5 jitter=0.0 codes=[Unavailable, DeadlineExceeded] attempt_timeout=2s |
        |                                       |               | `with(self.audit)`    |                                                                                                                                 |
        | `/demo.v1.UserService/ImportUsers` \* | client_stream | `logging`             | level=INFO slow=40ms                                                                                                            |
        |                                       |               | `auth`                | verifier=Tokens::new(…) scheme=Bearer header=authorization outlive_token=false                                                  |
        |                                       |               | `rate_limit`          | key=identity per_second=200 burst=50 max_keys=65536                                                                             |
        |                                       |               | `with(self.audit)`    |                                                                                                                                 |
        | `/demo.v1.UserService/Chat`           | bidi_stream   | –                     |                                                                                                                                 |
        | `/demo.v1.UserService/Flaky` \*       | unary         | `logging`             | level=INFO slow=40ms                                                                                                            |
        |                                       |               | `rate_limit`          | key=peer per_second=1 burst=1 max_keys=65536                                                                                    |
        |                                       |               | `retry`               | throttle=10/0.1 max_attempts=4 base_delay=500ms max_delay=30s multiplier=2.0 jitter=0.2 codes=[Unavailable, Aborted]            |
        |                                       |               | `with(self.audit)`    |                                                                                                                                 |

        - \* in part from Rust's names; to state it: `service = …`, `#[intercept(name = …)]`
        - note: a client that goes away half way through its request stream is taken for one that has sent all, so such a call may end as `OK`; `interceptors::server::RequestCancellationLayer` at the server makes it `CANCELLED` (ImportUsers)
    "#]].assert_eq(&Users::PLAN.to_markdown());
}

#[test]
fn matrix_shows_settings_only_where_methods_differ() {
    expect![[r#"
        | Method                                | Kind          | `logging`                             | `auth`                             | `rate_limit`                                   | `retry`                                                                                                                         | `with(self.audit)` | `with(Audit::new(…))` |
        | ------------------------------------- | ------------- | ------------------------------------- | ---------------------------------- | ---------------------------------------------- | ------------------------------------------------------------------------------------------------------------------------------- | ------------------ | --------------------- |
        | `/demo.v1.UserService/Login`          | unary         | fields=user,s3 level=DEBUG slow=500ms | –                                  | –                                              | throttle=10/0.1 max_attempts=4 base_delay=500ms max_delay=30s multiplier=2.0 jitter=0.2 codes=[Unavailable, Aborted]            | ✓                  | ✓                     |
        | `/demo.v1.UserService/GetUser`        | unary         | level=INFO slow=40ms                  | scheme="" header=x-api-key         | key=metadata("x-api-key") per_minute=7 burst=7 | throttle=10/0.1 max_attempts=4 base_delay=500ms max_delay=30s multiplier=2.0 jitter=0.2 codes=[Unavailable, Aborted]            | ✓                  | –                     |
        | `/demo.v1.UserService/ListUsers`      | server_stream | level=INFO slow=40ms                  | scheme=Bearer header=authorization | key=identity per_second=200 burst=50           | max_attempts=2 base_delay=100ms max_delay=1s multiplier=1.5 jitter=0.0 codes=[Unavailable, DeadlineExceeded] attempt_timeout=2s | ✓                  | –                     |
        | `/demo.v1.UserService/ImportUsers` \* | client_stream | level=INFO slow=40ms                  | scheme=Bearer header=authorization | key=identity per_second=200 burst=50           | –                                                                                                                               | ✓                  | –                     |
        | `/demo.v1.UserService/Chat`           | bidi_stream   | –                                     | –                                  | –                                              | –                                                                                                                               | –                  | –                     |
        | `/demo.v1.UserService/Flaky` \*       | unary         | level=INFO slow=40ms                  | –                                  | key=peer per_second=1 burst=1                  | throttle=10/0.1 max_attempts=4 base_delay=500ms max_delay=30s multiplier=2.0 jitter=0.2 codes=[Unavailable, Aborted]            | ✓                  | –                     |
    "#]].assert_eq(&Users::PLAN.to_matrix());
}

#[test]
fn markdown_contains_no_literals_of_expressions() {
    for document in [Users::PLAN.to_markdown(), Users::PLAN.to_matrix()] {
        assert!(!document.contains("s3cret"), "{document}");
    }
}

struct Uploads;

#[intercept(trace, logging)]
#[tonic::async_trait]
impl Stubs for Uploads {
    async fn client_stream(&self, _: Request<Streaming<Item>>) -> Result<Response<Item>, Status> {
        Err(Status::unimplemented(""))
    }
}

struct Downloads;

#[intercept(trace, logging)]
#[tonic::async_trait]
impl Stubs for Downloads {
    async fn unary(&self, _: Request<Item>) -> Result<Response<Item>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn server_stream(&self, _: Request<Item>) -> Result<Response<UserStream<Item>>, Status> {
        Err(Status::unimplemented(""))
    }
}

#[intercept(trace, logging)]
struct Outgoing;

#[test]
fn request_cancellation_note_is_shown_once_and_passes_assert() {
    let said =
        |plan: interceptors::Plan| plan.to_string().matches("RequestCancellationLayer").count();
    assert_eq!(said(Uploads::PLAN), 1, "{}", Uploads::PLAN);
    assert!(
        Users::PLAN
            .to_string()
            .ends_with("makes it `CANCELLED` (ImportUsers)\n")
    );
    assert_eq!(said(Downloads::PLAN), 0, "no method has a request stream");
    assert_eq!(
        said(Outgoing::PLAN),
        0,
        "clients know how their request streams end"
    );
    Uploads::PLAN.assert_no_notes();
}

#[test]
fn json_shows_the_same() {
    expect![[r#"
        [
          {
            "derived": false,
            "interceptors": [
              {
                "blind": true,
                "name": "logging",
                "settings": {
                  "fields": "user,s3",
                  "level": "DEBUG",
                  "slow": "500ms"
                }
              },
              {
                "blind": true,
                "name": "retry",
                "settings": {
                  "base_delay": "500ms",
                  "codes": [
                    "Unavailable",
                    "Aborted"
                  ],
                  "jitter": 0.2,
                  "max_attempts": 4,
                  "max_delay": "30s",
                  "multiplier": 2.0,
                  "throttle": "10/0.1"
                }
              },
              {
                "blind": true,
                "name": "with",
                "settings": {
                  "value": "self.audit"
                }
              },
              {
                "blind": true,
                "name": "with",
                "settings": {
                  "value": "Audit::new(…)"
                }
              }
            ],
            "kind": "unary",
            "notes": [],
            "path": "/demo.v1.UserService/Login"
          },
          {
            "derived": false,
            "interceptors": [
              {
                "blind": true,
                "name": "logging",
                "settings": {
                  "level": "INFO",
                  "slow": "40ms"
                }
              },
              {
                "blind": true,
                "name": "auth",
                "settings": {
                  "header": "x-api-key",
                  "outlive_token": "false",
                  "scheme": "",
                  "verifier": "Tokens::new(…)"
                }
              },
              {
                "blind": true,
                "name": "rate_limit",
                "settings": {
                  "burst": 7,
                  "key": "metadata(\"x-api-key\")",
                  "max_keys": 65536,
                  "per_minute": 7
                }
              },
              {
                "blind": true,
                "name": "retry",
                "settings": {
                  "base_delay": "500ms",
                  "codes": [
                    "Unavailable",
                    "Aborted"
                  ],
                  "jitter": 0.2,
                  "max_attempts": 4,
                  "max_delay": "30s",
                  "multiplier": 2.0,
                  "throttle": "10/0.1"
                }
              },
              {
                "blind": true,
                "name": "with",
                "settings": {
                  "value": "self.audit"
                }
              }
            ],
            "kind": "unary",
            "notes": [],
            "path": "/demo.v1.UserService/GetUser"
          },
          {
            "derived": false,
            "interceptors": [
              {
                "blind": true,
                "name": "logging",
                "settings": {
                  "level": "INFO",
                  "slow": "40ms"
                }
              },
              {
                "blind": true,
                "name": "auth",
                "settings": {
                  "header": "authorization",
                  "outlive_token": "false",
                  "scheme": "Bearer",
                  "verifier": "Tokens::new(…)"
                }
              },
              {
                "blind": true,
                "name": "rate_limit",
                "settings": {
                  "burst": 50,
                  "key": "identity",
                  "max_keys": 65536,
                  "per_second": 200
                }
              },
              {
                "blind": true,
                "name": "retry",
                "settings": {
                  "attempt_timeout": "2s",
                  "base_delay": "100ms",
                  "codes": [
                    "Unavailable",
                    "DeadlineExceeded"
                  ],
                  "jitter": 0.0,
                  "max_attempts": 2,
                  "max_delay": "1s",
                  "multiplier": 1.5
                }
              },
              {
                "blind": true,
                "name": "with",
                "settings": {
                  "value": "self.audit"
                }
              }
            ],
            "kind": "server_stream",
            "notes": [],
            "path": "/demo.v1.UserService/ListUsers"
          },
          {
            "derived": true,
            "interceptors": [
              {
                "blind": true,
                "name": "logging",
                "settings": {
                  "level": "INFO",
                  "slow": "40ms"
                }
              },
              {
                "blind": true,
                "name": "auth",
                "settings": {
                  "header": "authorization",
                  "outlive_token": "false",
                  "scheme": "Bearer",
                  "verifier": "Tokens::new(…)"
                }
              },
              {
                "blind": true,
                "name": "rate_limit",
                "settings": {
                  "burst": 50,
                  "key": "identity",
                  "max_keys": 65536,
                  "per_second": 200
                }
              },
              {
                "blind": true,
                "name": "with",
                "settings": {
                  "value": "self.audit"
                }
              }
            ],
            "kind": "client_stream",
            "notes": [],
            "path": "/demo.v1.UserService/ImportUsers"
          },
          {
            "derived": false,
            "interceptors": [],
            "kind": "bidi_stream",
            "notes": [],
            "path": "/demo.v1.UserService/Chat"
          },
          {
            "derived": true,
            "interceptors": [
              {
                "blind": true,
                "name": "logging",
                "settings": {
                  "level": "INFO",
                  "slow": "40ms"
                }
              },
              {
                "blind": true,
                "name": "rate_limit",
                "settings": {
                  "burst": 1,
                  "key": "peer",
                  "max_keys": 65536,
                  "per_second": 1
                }
              },
              {
                "blind": true,
                "name": "retry",
                "settings": {
                  "base_delay": "500ms",
                  "codes": [
                    "Unavailable",
                    "Aborted"
                  ],
                  "jitter": 0.2,
                  "max_attempts": 4,
                  "max_delay": "30s",
                  "multiplier": 2.0,
                  "throttle": "10/0.1"
                }
              },
              {
                "blind": true,
                "name": "with",
                "settings": {
                  "value": "self.audit"
                }
              }
            ],
            "kind": "unary",
            "notes": [],
            "path": "/demo.v1.UserService/Flaky"
          }
        ]"#]]
    .assert_eq(&format!("{:#}", Users::PLAN.to_json()));
}

#[test]
fn printed_plan_contains_no_literals_of_expressions() {
    let (table, json) = (Users::PLAN.to_string(), Users::PLAN.to_json().to_string());
    let debug = format!("{:?}", Users::PLAN);
    for printed in [table, json, debug] {
        assert!(printed.contains("Audit::new"), "{printed}");
        assert!(!printed.contains("cret"), "{printed}");
    }
}

#[test]
fn accessors_return_the_parts_of_the_plan() {
    let methods = Users::PLAN.methods();
    let kinds: Vec<_> = methods.iter().map(|method| method.kind()).collect();
    assert_eq!(
        kinds,
        [
            Kind::Unary,
            Kind::Unary,
            Kind::ServerStreaming,
            Kind::ClientStreaming,
            Kind::BidiStreaming,
            Kind::Unary,
        ]
    );
    for method in methods {
        assert_eq!(method.service(), "demo.v1.UserService");
        let path = format!("/demo.v1.UserService/{}", method.method());
        assert_eq!(method.path(), path);
        assert_eq!(method.side(), Side::Server);
    }
    let derived: Vec<_> = methods.iter().map(|method| method.is_derived()).collect();
    // The associated type of a stream has the RPC's name.
    assert_eq!(derived, [false, false, false, true, false, true]);

    let names: Vec<_> = methods[2]
        .interceptors()
        .map(|entry| entry.name())
        .collect();
    assert_eq!(names, ["logging", "auth", "rate_limit", "retry", "with"]);
    let retry = methods[2].interceptors().nth(3).unwrap();
    let value = |name: &str| {
        let mut settings = retry.settings().iter();
        settings
            .find(|setting| setting.name() == name)
            .map(|setting| setting.value())
    };
    assert_eq!(value("max_attempts"), Some(Value::Integer(2)));
    let timeout = Duration::from_secs(2);
    assert_eq!(value("attempt_timeout"), Some(Value::Duration(timeout)));
    let codes = &[Code::Unavailable, Code::DeadlineExceeded];
    assert_eq!(value("codes"), Some(Value::Codes(codes)));
    assert_eq!(value("throttle"), None);
}

#[intercept(
    auth(token = self.0, only = ["/demo.v1.UserService/GetUser"]),
    metadata("x-trace-id" = "a"),
    retry(max = 1),
    logging,
)]
struct Outbound(Arc<interceptors::auth::TokenCache>);

#[intercept(logging, deadline("1s"), retry(max = 1), metadata("x-trace-id" = "a"))]
struct InOrder;

struct UpsideDown(Script);

#[intercept(
    rate_limit(per_second = 5, only = [flaky]),
    retry(max = 1),
    auth(verifier = Tokens::new("s3cret"), public = [login, get_user], protected = [flaky]),
    logging,
)]
#[tonic::async_trait]
impl Reduced for UpsideDown {
    async fn login(&self, request: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
        self.0.login(request).await
    }

    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        self.0.get_user(request).await
    }

    async fn flaky(&self, request: Request<FlakyRequest>) -> Result<Response<FlakyReply>, Status> {
        self.0.flaky(request).await
    }
}

/// A part of the service is enough for these tests.
#[allow(dead_code)]
#[tonic::async_trait]
trait Reduced {
    async fn login(&self, _: Request<LoginRequest>) -> Result<Response<LoginReply>, Status>;
    async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status>;
    async fn flaky(&self, _: Request<FlakyRequest>) -> Result<Response<FlakyReply>, Status>;
}

#[test]
fn unusual_orders_are_noted_below_the_table() {
    expect![[r#"
        METHOD                        KIND  INTERCEPTOR  SETTINGS
        *                             any   metadata     keys=x-trace-id
                                            retry        max_attempts=2 base_delay=500ms max_delay=30s multiplier=2.0 jitter=0.2 codes=[Unavailable, DeadlineExceeded]
                                            logging      level=DEBUG slow=500ms
        /demo.v1.UserService/GetUser  any   auth         token=self.0 scheme=Bearer header=authorization
                                            metadata     keys=x-trace-id
                                            retry        max_attempts=2 base_delay=500ms max_delay=30s multiplier=2.0 jitter=0.2 codes=[Unavailable, DeadlineExceeded]
                                            logging      level=DEBUG slow=500ms
        note: `metadata` is listed before `retry`, so each attempt repeats the values of the first; usually `retry` comes first
        note: `retry` is listed before `logging`, so each attempt is logged as a call; usually `logging` comes first
        note: `auth` is listed before `retry`, so each attempt repeats the token of the first; usually `retry` comes first (GetUser)
    "#]].assert_eq(&Outbound::PLAN.to_string());
    expect![[r#"
        METHOD              KIND   INTERCEPTOR  SETTINGS
        /Reduced/Login *    unary  retry        max_attempts=2 base_delay=500ms max_delay=30s multiplier=2.0 jitter=0.2 codes=[Unavailable, DeadlineExceeded]
                                   logging      level=INFO slow=500ms
        /Reduced/GetUser *  unary  retry        max_attempts=2 base_delay=500ms max_delay=30s multiplier=2.0 jitter=0.2 codes=[Unavailable, DeadlineExceeded]
                                   logging      level=INFO slow=500ms
        /Reduced/Flaky *    unary  rate_limit   per_second=5 burst=5 max_keys=65536
                                   retry        max_attempts=2 base_delay=500ms max_delay=30s multiplier=2.0 jitter=0.2 codes=[Unavailable, DeadlineExceeded]
                                   auth         verifier=Tokens::new(…) scheme=Bearer header=authorization outlive_token=false
                                   logging      level=INFO slow=500ms
        * in part from Rust's names; to state it: `service = …`, `#[intercept(name = …)]`
        note: `retry` is listed before `logging`, so each attempt is logged as a call; usually `logging` comes first
        note: `auth` is listed before `logging`, so calls that it rejects are not logged; usually `logging` comes first (Flaky)
        note: `rate_limit` is listed before `logging`, so calls that it rejects are not logged; usually `logging` comes first (Flaky)
        note: `retry` is listed before `auth`, so each attempt verifies the token again; usually `auth` comes first (Flaky)
    "#]].assert_eq(&UpsideDown::PLAN.to_string());
    let notes: Vec<_> = UpsideDown::PLAN.notes().collect();
    let (method, note) = notes[0];
    assert_eq!(
        (method.method(), note.outer(), note.inner()),
        ("Login", "retry", "logging")
    );
    let json = UpsideDown::PLAN.to_json();
    assert_eq!(json[0]["notes"][0], note.to_string());
}

#[intercept(
    auth(token = self.0),
    metadata("x-trace-id" = "a"),
    hedge,
    logging,
)]
struct Hedged(Arc<interceptors::auth::TokenCache>);

#[intercept(retry(max = 1), trace, metrics, request_id)]
struct AttemptsSeen;

#[intercept(hedge, trace, metrics, request_id)]
struct HedgesSeen;

struct SeenLate(Script);

#[intercept(
    rate_limit(per_second = 5, only = [login]),
    retry(max = 1, only = [login]),
    auth(verifier = Tokens::new("secret"), only = [get_user]),
    metrics,
    trace,
    request_id
)]
#[tonic::async_trait]
impl Reduced for SeenLate {
    async fn login(&self, request: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
        self.0.login(request).await
    }

    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        self.0.get_user(request).await
    }

    async fn flaky(&self, request: Request<FlakyRequest>) -> Result<Response<FlakyReply>, Status> {
        self.0.flaky(request).await
    }
}

struct CountedTwice(Script);

#[intercept(retry(max = 1), rate_limit(per_second = 5))]
#[tonic::async_trait]
impl Reduced for CountedTwice {
    async fn login(&self, request: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
        self.0.login(request).await
    }

    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        self.0.get_user(request).await
    }

    async fn flaky(&self, request: Request<FlakyRequest>) -> Result<Response<FlakyReply>, Status> {
        self.0.flaky(request).await
    }
}

macro_rules! reduced {
    ($ty:ident, #[intercept($($policy:tt)*)]) => {
        struct $ty;

        #[intercept($($policy)*)]
        #[tonic::async_trait]
        impl Reduced for $ty {
            async fn login(&self, _: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
                Ok(Response::new(LoginReply::default()))
            }

            async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status> {
                Ok(Response::new(User::default()))
            }

            async fn flaky(&self, _: Request<FlakyRequest>) -> Result<Response<FlakyReply>, Status> {
                Ok(Response::new(FlakyReply::default()))
            }
        }
    };
}

reduced!(CaughtLate, #[intercept(timeout("1s"), logging, auth(verifier = Tokens), with(Audit), catch_panic)]);
reduced!(BoundedLate, #[intercept(catch_panic, logging, auth(verifier = Tokens), timeout(idle = "1s"))]);
reduced!(InTheUsualOrder, #[intercept(
    catch_panic(hook = |_: &interceptors::catch_panic::Panic<'_>| ()),
    logging,
    timeout("2s", idle = "500ms"),
    auth(verifier = Tokens),
    rate_limit(per_second = 5),
    retry(max = 1),
)]);

#[test]
fn catch_panic_and_timeout_are_shown_with_their_settings() {
    let entries = InTheUsualOrder::PLAN.methods()[0].interceptors();
    let shown: Vec<_> = entries
        .map(|entry| format!("{} {}", entry.name(), entry.settings()))
        .filter(|shown| shown.starts_with("catch_panic") || shown.starts_with("timeout"))
        .collect();
    assert_eq!(
        shown,
        ["catch_panic hook=…", "timeout timeout=2s idle=500ms"]
    );
}

#[test]
fn each_unusual_order_has_a_note() {
    let pairs = |method: &'static interceptors::MethodPlan| -> Vec<_> {
        let notes = method.notes();
        notes.map(|note| (note.outer(), note.inner())).collect()
    };
    assert_eq!(
        pairs(Hedged::PLAN.methods()[0]),
        [
            ("metadata", "hedge"),
            ("auth", "hedge"),
            ("hedge", "logging")
        ]
    );
    assert_eq!(
        pairs(CountedTwice::PLAN.methods()[0]),
        [("retry", "rate_limit")]
    );
    assert_eq!(
        pairs(CaughtLate::PLAN.methods()[0]),
        [
            ("timeout", "logging"),
            ("auth", "catch_panic"),
            ("with", "catch_panic")
        ]
    );
    assert_eq!(pairs(BoundedLate::PLAN.methods()[0]), [("auth", "timeout")]);
    assert_eq!(
        pairs(SeenLate::PLAN.methods()[0]),
        [
            ("rate_limit", "metrics"),
            ("retry", "metrics"),
            ("rate_limit", "trace"),
            ("retry", "trace"),
        ]
    );
    assert_eq!(
        pairs(SeenLate::PLAN.methods()[1]),
        [("auth", "metrics"), ("auth", "trace")]
    );
    assert_eq!(pairs(AttemptsSeen::PLAN.methods()[0]), [("retry", "trace")]);
    assert_eq!(pairs(HedgesSeen::PLAN.methods()[0]), [("hedge", "trace")]);
}

#[test]
fn usual_order_has_no_notes() {
    for plan in [InOrder::PLAN, Users::PLAN, InTheUsualOrder::PLAN] {
        assert_eq!(plan.notes().count(), 0);
        plan.assert_no_notes();
    }
}

#[test]
#[should_panic = "`metadata` is listed before `retry`"]
fn assert_no_notes_panics_on_a_note() {
    Outbound::PLAN.assert_no_notes();
}
