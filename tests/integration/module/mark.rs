//! A call runs the entries before decoding once. Other calls do not benefit from that.

use std::sync::Arc;

use interceptors_proto::demo::{
    ChatMessage, FlakyReply, FlakyRequest, GetUserRequest, ImportSummary, ListUsersRequest,
    LoginReply, LoginRequest, User,
};
use interceptors_tests::{Behaviour, Caller, Recorder, Script, Steps, UserStream, scripted, serve};
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status, Streaming};

use crate::servers::demo::user_service_server::{UserService, UserServiceServer};

/// Forwards the requests of `GetUser`, with their metadata and extensions.
#[derive(Clone)]
struct HandsOn {
    steps: Arc<Steps>,
    entry: Arc<Recorder>,
    other: Arc<Other>,
}

#[interceptors::intercept(with(*self.entry))]
#[tonic::async_trait]
impl UserService for HandsOn {
    type ListUsersStream = UserStream<User>;
    type ChatStream = UserStream<ChatMessage>;

    async fn login(&self, _: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
        self.steps.add("login");
        Ok(Response::new(LoginReply::default()))
    }

    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        self.steps.add("get_user");
        let (mut metadata, extensions, message) = request.into_parts();
        let to = metadata.remove("x-to");
        let to = to.as_ref().map(|to| to.to_str().unwrap());
        match to {
            // The same method again.
            Some("itself") => {
                let request = Request::from_parts(metadata, extensions, message);
                UserService::get_user(self, request).await
            }
            Some("login") => {
                let request = Request::from_parts(metadata, extensions, LoginRequest::default());
                UserService::login(self, request).await?;
                Ok(Response::new(User::default()))
            }
            // The same method of another service.
            Some("other") => {
                let request = Request::from_parts(metadata, extensions, message);
                UserService::get_user(&*self.other, request).await
            }
            _ => Ok(Response::new(User::default())),
        }
    }

    async fn list_users(
        &self,
        _: Request<ListUsersRequest>,
    ) -> Result<Response<Self::ListUsersStream>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn import_users(
        &self,
        _: Request<Streaming<User>>,
    ) -> Result<Response<ImportSummary>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn chat(
        &self,
        _: Request<Streaming<ChatMessage>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn flaky(&self, _: Request<FlakyRequest>) -> Result<Response<FlakyReply>, Status> {
        Err(Status::unimplemented("not here"))
    }
}

struct Other {
    script: Script,
    entry: Recorder,
}

scripted!(self: Other as [UserService], #[intercept(with(self.entry))]);

#[tokio::test]
async fn forwarded_request_runs_the_whole_policy() {
    let steps = Steps::default();
    let service = HandsOn {
        steps: Arc::new(steps.clone()),
        entry: Arc::new(steps.recorder("entry")),
        other: Arc::new(Other {
            script: Script::default(),
            entry: steps.recorder("other"),
        }),
    };
    let channel = serve(Routes::new(UserServiceServer::new(service))).await;
    for (to, expected) in [
        ("nobody", ">entry get_user <entry"),
        ("itself", ">entry get_user >entry get_user <entry <entry"),
        ("login", ">entry get_user >entry login <entry <entry"),
        ("other", ">entry get_user >other <other <entry"),
    ] {
        let caller = Caller::new(&channel).with("x-to", to);
        let mut client = caller.client();
        let answer = client.get_user(caller.request(GetUserRequest::default()));
        assert!(answer.await.is_ok());
        assert_eq!(steps.take(), expected, "{to}");
    }
}

#[derive(Clone)]
struct Limited {
    script: Script,
}

scripted!(self: Limited as [UserService], #[intercept(concurrency(max = 1, per = method, queue = 0))]);

#[tokio::test]
async fn per_method_state_is_shared_with_direct_calls() {
    let script = Script::default();
    let service = Limited {
        script: script.clone(),
    };
    let channel = serve(Routes::new(UserServiceServer::new(service.clone()))).await;
    let caller = Caller::new(&channel).told(Behaviour::Hang);
    let held = tokio::spawn(async move { caller.call(interceptors::Kind::Unary).await.code() });
    script.entered().await;
    let direct = service.get_user(Request::new(GetUserRequest::default()));
    assert_eq!(direct.await.unwrap_err().code(), Code::ResourceExhausted);
    // Each method has its own limit.
    let login = service.login(Request::new(LoginRequest::default()));
    assert!(login.await.is_ok());
    let refused = Caller::new(&channel).call(interceptors::Kind::Unary).await;
    assert_eq!(refused.code(), Code::ResourceExhausted);
    held.abort();
}
