//! The plan of shared limits, and limits of server structs.

use std::sync::{Arc, Mutex};

use expect_test::expect;
use interceptors::rate_limit::{Bucket, Configured, Decision, Local, Store, StoreError};
use interceptors::{Intercepted, intercept};
use interceptors_proto::guide::user_service_server::{UserService, UserServiceServer};
use interceptors_proto::guide::{GetUserRequest, LoginReply, LoginRequest, User};
use interceptors_tests::serve;
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status};

#[derive(Clone)]
struct Limits(Local);

impl Store for Limits {
    async fn take(&self, bucket: &Bucket<'_>) -> Result<Decision, StoreError> {
        self.0.take(bucket).await
    }
}

impl Configured for Limits {}

struct Users {
    limits: Limits,
}

#[allow(dead_code)]
#[tonic::async_trait]
trait Reduced {
    async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status>;
    async fn login(&self, _: Request<LoginRequest>) -> Result<Response<LoginReply>, Status>;
}

#[intercept(rate_limit(per_second = 200, burst = 50, key = peer, store = self.limits))]
#[tonic::async_trait]
impl Reduced for Users {
    async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        Err(Status::unimplemented(""))
    }

    #[intercept(rate_limit(store = self.limits, on_error = deny, store_timeout = "50ms", name = "logins", max_keys = 9))]
    async fn login(&self, _: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
        Err(Status::unimplemented(""))
    }
}

#[test]
fn plan_shows_how_a_limit_is_shared() {
    expect![[r#"
        METHOD              KIND   INTERCEPTOR  SETTINGS
        /Reduced/GetUser *  unary  rate_limit   store=self.limits key=peer per_second=200 burst=50 max_keys=65536 on_error=local store_timeout=100ms name=<service>
        /Reduced/Login *    unary  rate_limit   store=self.limits max_keys=9 on_error=deny store_timeout=50ms name=logins
        * in part from Rust's names; to state it: `service = …`, `#[intercept(name = …)]`
    "#]].assert_eq(&Users::PLAN.to_string());
}

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Store for Seen {
    async fn take(&self, bucket: &Bucket<'_>) -> Result<Decision, StoreError> {
        self.0.lock().unwrap().push(bucket.id().to_owned());
        Err(StoreError::new("never"))
    }
}

#[intercept(server, rate_limit(per_minute = 1, burst = 2, store = self.limits))]
struct Inbound {
    limits: Seen,
}

struct Plain;

#[tonic::async_trait]
impl UserService for Plain {
    async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        Ok(Response::new(User::default()))
    }
}

#[tokio::test]
async fn server_struct_names_limits_after_the_called_service() {
    let seen = Seen::default();
    let inbound = Inbound {
        limits: seen.clone(),
    };
    let service = inbound.wrap(UserServiceServer::new(Plain));
    let channel = serve(Routes::new(service)).await;
    let mut client =
        interceptors_proto::guide::user_service_client::UserServiceClient::new(channel);
    let mut codes = Vec::new();
    for _ in 0..3 {
        let result = client.get_user(GetUserRequest::default()).await;
        codes.push(result.map_or_else(|status| status.code(), |_| Code::Ok));
    }
    assert_eq!(codes, [Code::Ok, Code::Ok, Code::ResourceExhausted]);
    assert_eq!(*seen.0.lock().unwrap(), ["demo.v1.UserService:1/60s:2"; 3]);
}
