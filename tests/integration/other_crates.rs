//! Interceptors of another crate, listed by their path, on each mount.

#![allow(clippy::unwrap_used)]

use audit_interceptor as shorter;
use interceptors::{Call, Entry, Intercepted as _, Interceptor, Next, intercept};
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::{GetUserRequest, LoginRequest, User};
use interceptors_proto::guide;
use interceptors_proto::guide::user_service_server::{UserService, UserServiceServer};
use interceptors_tests::{clients, serve};
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};

struct Service;

#[intercept(
    service = "demo.v1.UserService",
    logging,
    shorter::audit(level = 3, header = "x-seen", only = [get_user]),
    ::audit_interceptor::OnServices,
)]
#[tonic::async_trait]
impl UserService for Service {
    async fn get_user(
        &self,
        request: Request<guide::GetUserRequest>,
    ) -> Result<Response<guide::User>, Status> {
        let id = request.into_inner().id;
        Ok(Response::new(guide::User {
            id,
            ..Default::default()
        }))
    }

    #[intercept(shorter::audit(strict), skip(::audit_interceptor::OnServices))]
    async fn login(
        &self,
        _: Request<guide::LoginRequest>,
    ) -> Result<Response<guide::LoginReply>, Status> {
        Ok(Response::new(guide::LoginReply::default()))
    }
}

/// The service that clients call. It has no interceptors.
struct Plain;

#[tonic::async_trait]
impl UserService for Plain {
    async fn get_user(
        &self,
        request: Request<guide::GetUserRequest>,
    ) -> Result<Response<guide::User>, Status> {
        let id = request.into_inner().id;
        Ok(Response::new(guide::User {
            id,
            ..Default::default()
        }))
    }

    async fn login(
        &self,
        _: Request<guide::LoginRequest>,
    ) -> Result<Response<guide::LoginReply>, Status> {
        Ok(Response::new(guide::LoginReply::default()))
    }
}

/// The value that `audit` added to the response.
fn told<T>(response: &Response<T>, header: &str) -> Option<String> {
    let told = response.metadata().get(header)?;
    Some(told.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn service_policy_has_one_instance_per_entry() {
    use guide::user_service_client::UserServiceClient;

    // Two instances of the service share one policy.
    for n in [1, 2] {
        let channel = serve(Routes::new(UserServiceServer::new(Service))).await;
        let mut client = UserServiceClient::new(channel);
        let response = client.get_user(guide::GetUserRequest { id: 7 }).await;
        let told = told(&response.unwrap(), "x-seen");
        assert_eq!(told.unwrap(), format!("{n}/3"));

        // The method's entry replaces the block's entry, and has only its own settings.
        let login = client.login(guide::LoginRequest::default()).await;
        match n {
            1 => assert_eq!(self::told(&login.unwrap(), "x-audited").unwrap(), "1/1"),
            _ => assert_eq!(login.unwrap_err().code(), Code::ResourceExhausted),
        }
    }
}

#[test]
fn plan_shows_settings_but_no_string_literals() {
    let plan = Service::PLAN.to_string();
    for shown in [
        "audit        level=3 header=…\n",
        "audit        strict=true\n",
        "on_services",
    ] {
        assert!(plan.contains(shown), "{shown}: {plan}");
    }
    assert!(!plan.contains("x-seen"), "{plan}");
}

#[intercept(shorter::audit, logging)]
struct InTheWrongOrder;

#[test]
fn rules_of_another_crate_produce_notes() {
    let notes = InTheWrongOrder::PLAN.notes();
    let notes: Vec<String> = notes.map(|(_, note)| note.to_string()).collect();
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(notes[0].contains("calls are logged before they are audited"));
}

#[intercept(logging, shorter::audit(level = 2, except = ["/demo.v1.UserService/Login"]))]
struct Outbound;

#[tokio::test]
async fn struct_keeps_separate_state_per_channel() {
    for _ in 0..2 {
        let channel = serve(Routes::new(UserServiceServer::new(Plain))).await;
        let mut client = UserServiceClient::new(Outbound.wrap(channel));
        for n in [1, 2] {
            let response = client.get_user(GetUserRequest { id: 7 }).await.unwrap();
            assert_eq!(told(&response, "x-audited").unwrap(), format!("{n}/2"));
        }
        let response = client.login(LoginRequest::default()).await.unwrap();
        assert_eq!(told(&response, "x-audited"), None);
    }
}

#[tokio::test]
async fn generated_client_policy_has_one_instance() {
    for n in [1, 2] {
        let channel = serve(Routes::new(UserServiceServer::new(Plain))).await;
        let mut client = clients::audited::UserServiceClient::new(channel);
        let response = client.get_user(GetUserRequest { id: 7 }).await.unwrap();
        assert_eq!(told(&response, "x-audited").unwrap(), format!("{n}/5"));
    }
}

struct HandWritten {
    client: UserServiceClient<Channel>,
}

/// Accepts only one message type.
struct Positive;

impl Positive {
    const fn new() -> Self {
        Self
    }
}

impl Entry for Positive {
    const NAME: &'static str = "positive";
}

impl<Res: Send> Interceptor<GetUserRequest, Res> for Positive {
    async fn intercept(
        &self,
        call: &mut Call<GetUserRequest>,
        next: &mut impl Next<GetUserRequest, Res>,
    ) -> Result<Response<Res>, Status> {
        match call.message() {
            Some(message) if message.id == 0 => Err(Status::invalid_argument("`id` is 0")),
            _ => next.run(call).await,
        }
    }
}

#[intercept(service = "demo.v1.UserService", self::Positive, shorter::audit(level = 2 + 2))]
impl HandWritten {
    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        self.client.clone().get_user(request).await
    }
}

#[tokio::test]
async fn hand_written_client_accepts_message_specific_entries() {
    let channel = serve(Routes::new(UserServiceServer::new(Plain))).await;
    let client = HandWritten {
        client: UserServiceClient::new(channel),
    };
    let zero = client
        .get_user(Request::new(GetUserRequest { id: 0 }))
        .await;
    assert_eq!(zero.unwrap_err().code(), Code::InvalidArgument);
    let response = client
        .get_user(Request::new(GetUserRequest { id: 7 }))
        .await;
    assert_eq!(told(&response.unwrap(), "x-audited").unwrap(), "1/4");
}
