//! `Debug` output shows no credentials, in any method.

use std::sync::{Arc, Mutex};

use interceptors::auth::{TokenSource, Verifier};
use interceptors::{Call, CallDetails, Interceptor, Next, intercept};
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::user_service_server::{UserService, UserServiceServer};
use interceptors_proto::demo::{
    ChatMessage, FlakyReply, FlakyRequest, GetUserRequest, ImportSummary, ListUsersRequest,
    LoginReply, LoginRequest, User,
};
use interceptors_tests::{Script, UserStream, serve};
use tonic::metadata::MetadataMap;
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Request, Response, Status, Streaming};

const KEYS: [&str; 5] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "x-api-key",
    // The header of the `auth` entry below.
    "x-session",
];

/// Prints the metadata that it sees.
#[derive(Clone, Default)]
struct Printed(Arc<Mutex<Vec<String>>>);

impl Printed {
    fn see(&self, metadata: &MetadataMap) {
        for key in KEYS {
            let values: Vec<_> = metadata.get_all(key).iter().collect();
            assert_eq!(values.len(), 2, "{key}");
        }
        self.0.lock().unwrap().push(format!("{metadata:?}"));
    }

    fn assert_hidden(&self, times: usize) {
        let printed = std::mem::take(&mut *self.0.lock().unwrap());
        assert_eq!(printed.len(), times);
        for printed in printed {
            assert!(!printed.contains("s3cret"), "{printed}");
            assert!(printed.contains("x-other"), "{printed}");
        }
    }
}

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Printed {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        self.see(call.metadata());
        next.run(call).await
    }
}

struct Nobody;

impl Verifier for Nobody {
    type Identity = ();

    async fn verify(&self, _: &str, _: &CallDetails) -> Result<(), Status> {
        Ok(())
    }
}

impl TokenSource for Nobody {
    async fn token(&self, _: &CallDetails) -> Result<String, Status> {
        Ok("s3cret".to_owned())
    }
}

struct Users {
    script: Script,
    printed: Printed,
}

#[intercept(with(self.printed), auth(verifier = Nobody, header = "x-session", scheme = "", public = [login, list_users, import_users, chat]))]
#[tonic::async_trait]
impl UserService for Users {
    type ListUsersStream = UserStream<User>;
    type ChatStream = UserStream<ChatMessage>;

    async fn login(&self, request: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
        self.printed.see(request.metadata());
        self.script.login(request).await
    }

    #[intercept(skip(auth))]
    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        self.printed.see(request.metadata());
        self.script.get_user(request).await
    }

    async fn list_users(
        &self,
        request: Request<ListUsersRequest>,
    ) -> Result<Response<Self::ListUsersStream>, Status> {
        self.printed.see(request.metadata());
        self.script.list_users(request).await
    }

    async fn import_users(
        &self,
        request: Request<Streaming<User>>,
    ) -> Result<Response<ImportSummary>, Status> {
        self.printed.see(request.metadata());
        self.script.import_users(request).await
    }

    async fn chat(
        &self,
        request: Request<Streaming<ChatMessage>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        self.printed.see(request.metadata());
        self.script.chat(request).await
    }

    async fn flaky(&self, request: Request<FlakyRequest>) -> Result<Response<FlakyReply>, Status> {
        self.script.flaky(request).await
    }
}

async fn server() -> (Printed, Channel) {
    let printed = Printed::default();
    let users = Users {
        script: Script::default(),
        printed: printed.clone(),
    };
    (
        printed,
        serve(Routes::new(UserServiceServer::new(users))).await,
    )
}

fn with_secrets<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    let metadata = request.metadata_mut();
    metadata.insert("x-other", "seen".parse().unwrap());
    for key in KEYS {
        metadata.append(key, "s3cret-1".parse().unwrap());
        metadata.append(key, "s3cret-2".parse().unwrap());
    }
    request
}

#[tokio::test]
async fn credentials_are_hidden_in_every_service_method() {
    let (printed, channel) = server().await;
    let mut client = UserServiceClient::new(channel);
    client
        .login(with_secrets(LoginRequest::default()))
        .await
        .unwrap();
    printed.assert_hidden(2);
    client
        .get_user(with_secrets(GetUserRequest { id: 1 }))
        .await
        .unwrap();
    printed.assert_hidden(2);
    client
        .list_users(with_secrets(ListUsersRequest::default()))
        .await
        .unwrap();
    printed.assert_hidden(2);
    client
        .import_users(with_secrets(tokio_stream::empty()))
        .await
        .unwrap();
    printed.assert_hidden(2);
    client
        .chat(with_secrets(tokio_stream::empty()))
        .await
        .unwrap();
    printed.assert_hidden(2);
    // `auth` rejects two values, but the interceptor before it has seen them.
    let refused = client.flaky(with_secrets(FlakyRequest::default())).await;
    refused.unwrap_err();
    printed.assert_hidden(1);
}

#[intercept(with(self.0), auth(token = Nobody, header = "x-session", public = ["/demo.v1.UserService/Login"]))]
struct Outbound(Printed);

struct Handwritten(UserServiceClient<Channel>, Printed);

#[intercept(service = "demo.v1.UserService", with(self.1), auth(token = Nobody, header = "x-session", public = [login]))]
impl Handwritten {
    async fn login(&self, request: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
        self.0.clone().login(request).await
    }

    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        self.0.clone().get_user(request).await
    }
}

#[tokio::test]
async fn callers_credentials_are_hidden_in_clients() {
    let (_, channel) = server().await;
    let printed = Printed::default();
    let mut wrapped = UserServiceClient::new(Outbound(printed.clone()).wrap(channel.clone()));
    wrapped
        .login(with_secrets(LoginRequest::default()))
        .await
        .unwrap();
    printed.assert_hidden(1);
    let handwritten = Handwritten(UserServiceClient::new(channel), printed.clone());
    handwritten
        .login(with_secrets(LoginRequest::default()))
        .await
        .unwrap();
    printed.assert_hidden(1);
}
