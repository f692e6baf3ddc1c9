//! A service whose handlers follow a script, with messages that this crate can implement traits for, and interceptors that write
//! down what they see.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use interceptors::validate::{Validate, Violations};
use interceptors::{Call, Interceptor, Kind, Next};
use interceptors_tests::{Behaviour, Script, UserStream, serve};
use tokio_stream::StreamExt;
use tonic::metadata::MetadataMap;
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status, Streaming};

#[allow(
    missing_docs,
    unused_qualifications,
    unreachable_pub,
    dead_code,
    clippy::all
)]
pub(crate) mod owned {
    include!(concat!(env!("OUT_DIR"), "/owned/demo.v1.rs"));
}
pub(crate) use owned::user_service_client::UserServiceClient;
pub(crate) use owned::user_service_server::{UserService, UserServiceServer};
pub(crate) use owned::{
    ChatMessage, FlakyReply, FlakyRequest, GetUserRequest, ImportSummary, ListUsersRequest,
    LoginReply, LoginRequest, User,
};

thread_local! {
    /// Each test runs on its own thread, with its servers.
    static STEPS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Adds a step of this test.
pub(crate) fn step(text: impl Into<String>) {
    STEPS.with_borrow_mut(|steps| steps.push(text.into()));
}

/// The steps of this test since the last call of this function.
pub(crate) fn steps() -> String {
    STEPS.take().join(" ")
}

/// For any message. Writes down `>name` and `<name`.
#[derive(Clone, Copy)]
pub(crate) struct Any(pub(crate) &'static str);

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Any {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        step(format!(">{}", self.0));
        let answer = next.run(call).await;
        step(format!("<{}", self.0));
        answer
    }
}

/// The note that [`Noted`] writes for a request.
pub(crate) trait Note {
    fn note(&self) -> String;
}

impl Note for LoginRequest {
    fn note(&self) -> String {
        self.name.clone()
    }
}

impl Note for GetUserRequest {
    fn note(&self) -> String {
        self.id.to_string()
    }
}

impl Note for ListUsersRequest {
    fn note(&self) -> String {
        self.limit.to_string()
    }
}

impl Note for FlakyRequest {
    fn note(&self) -> String {
        self.key.clone()
    }
}

impl Note for Streaming<User> {
    fn note(&self) -> String {
        "users".to_owned()
    }
}

impl Note for Streaming<ChatMessage> {
    fn note(&self) -> String {
        "chat".to_owned()
    }
}

/// For messages with a note. Writes down `>name(note)` and `<name`.
#[derive(Clone, Copy)]
pub(crate) struct Noted(pub(crate) &'static str);

impl<Req: Note + Send, Res: Send> Interceptor<Req, Res> for Noted {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let note = call.message().map(Note::note).unwrap_or_default();
        step(format!(">{}({note})", self.0));
        let answer = next.run(call).await;
        step(format!("<{}", self.0));
        answer
    }
}

fn validated(is_valid: bool) -> Result<(), Violations> {
    step("validate");
    let mut violations = Violations::new();
    if !is_valid {
        violations.add("it", "must not be so");
    }
    violations.into_result()
}

impl Validate for LoginRequest {
    fn validate(&self) -> Result<(), Violations> {
        validated(self.name != "invalid")
    }
}

impl Validate for GetUserRequest {
    fn validate(&self) -> Result<(), Violations> {
        validated(self.id != 0)
    }
}

impl Validate for ListUsersRequest {
    fn validate(&self) -> Result<(), Violations> {
        validated(self.limit != 0)
    }
}

impl Validate for FlakyRequest {
    fn validate(&self) -> Result<(), Violations> {
        validated(true)
    }
}

impl Validate for User {
    fn validate(&self) -> Result<(), Violations> {
        validated(self.name != "invalid")
    }
}

impl Validate for ChatMessage {
    fn validate(&self) -> Result<(), Violations> {
        validated(self.text != "invalid")
    }
}

/// An extension that handlers write down, after the metadata value `x-mark`.
#[derive(Clone)]
pub(crate) struct Tag(pub(crate) u32);

/// The handlers of the service. Clones share their state.
#[derive(Clone, Default)]
pub(crate) struct World {
    failures: Arc<Mutex<VecDeque<Code>>>,
    entered: Arc<tokio::sync::Notify>,
}

impl World {
    /// The next runs of handlers end with these.
    pub(crate) fn fail(&self, codes: &[Code]) {
        self.failures.lock().unwrap().extend(codes);
    }

    /// The next runs of handlers succeed.
    pub(crate) fn succeed(&self) {
        self.failures.lock().unwrap().clear();
    }

    /// Waits until a handler has been entered.
    pub(crate) async fn entered(&self) {
        self.entered.notified().await;
    }

    fn enter<M>(&self, what: &str, request: &Request<M>) -> Behaviour {
        let metadata = request.metadata();
        let mark = metadata.get("x-mark").map(|mark| mark.to_str().unwrap());
        let tag = request.extensions().get::<Tag>().map(|tag| tag.0);
        step(match (mark, tag) {
            (None, None) => what.to_owned(),
            (mark, tag) => format!("{what}[{},{}]", mark.unwrap_or(""), tag.unwrap_or(0)),
        });
        self.entered.notify_one();
        match self.failures.lock().unwrap().pop_front() {
            Some(code) => Behaviour::Fail(code),
            None => Behaviour::of(metadata),
        }
    }

    pub(crate) async fn login(
        &self,
        request: Request<LoginRequest>,
    ) -> Result<Response<LoginReply>, Status> {
        let behaviour = self.enter("login", &request);
        let token = request.into_inner().password;
        Script::single(behaviour, || LoginReply { token }).await
    }

    pub(crate) async fn get_user(
        &self,
        request: Request<GetUserRequest>,
    ) -> Result<Response<User>, Status> {
        let behaviour = self.enter("get_user", &request);
        let (id, name) = (request.into_inner().id, String::new());
        Script::single(behaviour, || User { id, name }).await
    }

    pub(crate) async fn list_users(
        &self,
        request: Request<ListUsersRequest>,
    ) -> Result<Response<UserStream<User>>, Status> {
        let behaviour = self.enter("list_users", &request);
        let user = |id: u32| User {
            id: id.into(),
            name: String::new(),
        };
        Script::stream(behaviour, user).await
    }

    pub(crate) async fn import_users(
        &self,
        request: Request<Streaming<User>>,
    ) -> Result<Response<ImportSummary>, Status> {
        let behaviour = self.enter("import_users", &request);
        let mut users = request.into_inner();
        let mut imported = 0;
        while users.next().await.transpose()?.is_some() {
            imported += 1;
        }
        Script::single(behaviour, || ImportSummary { imported }).await
    }

    /// Its first message says how many messages it received.
    pub(crate) async fn chat(
        &self,
        request: Request<Streaming<ChatMessage>>,
    ) -> Result<Response<UserStream<ChatMessage>>, Status> {
        let behaviour = self.enter("chat", &request);
        let mut told = request.into_inner();
        let mut count = 0;
        while told.next().await.transpose()?.is_some() {
            count += 1;
        }
        let message = move |n: u32| ChatMessage {
            text: match n {
                0 => count.to_string(),
                n => n.to_string(),
            },
        };
        Script::stream(behaviour, message).await
    }

    pub(crate) async fn flaky(
        &self,
        request: Request<FlakyRequest>,
    ) -> Result<Response<FlakyReply>, Status> {
        let behaviour = self.enter("flaky", &request);
        Script::single(behaviour, || FlakyReply { attempts: 1 }).await
    }
}

/// The service under a policy, for a type whose field `world` is a [`World`].
macro_rules! users {
    ($this:ident: $ty:ty, #[intercept($($policy:tt)*)]) => {
        users!(@generic [] $this.world, $this: $ty, #[intercept($($policy)*)]);
    };
    (@generic [$($generics:tt)*] $world:expr, $this:ident: $ty:ty, #[intercept($($policy:tt)*)]) => {
        #[interceptors::intercept($($policy)*)]
        #[tonic::async_trait]
        impl $($generics)* $crate::common::UserService for $ty {
            type ListUsersStream = interceptors_tests::UserStream<$crate::common::User>;
            type ChatStream = interceptors_tests::UserStream<$crate::common::ChatMessage>;

            async fn login(
                &$this,
                request: tonic::Request<$crate::common::LoginRequest>,
            ) -> Result<tonic::Response<$crate::common::LoginReply>, tonic::Status> {
                $world.login(request).await
            }

            async fn get_user(
                &$this,
                request: tonic::Request<$crate::common::GetUserRequest>,
            ) -> Result<tonic::Response<$crate::common::User>, tonic::Status> {
                $world.get_user(request).await
            }

            async fn list_users(
                &$this,
                request: tonic::Request<$crate::common::ListUsersRequest>,
            ) -> Result<tonic::Response<Self::ListUsersStream>, tonic::Status> {
                $world.list_users(request).await
            }

            async fn import_users(
                &$this,
                request: tonic::Request<tonic::Streaming<$crate::common::User>>,
            ) -> Result<tonic::Response<$crate::common::ImportSummary>, tonic::Status> {
                $world.import_users(request).await
            }

            async fn chat(
                &$this,
                request: tonic::Request<tonic::Streaming<$crate::common::ChatMessage>>,
            ) -> Result<tonic::Response<Self::ChatStream>, tonic::Status> {
                $world.chat(request).await
            }

            async fn flaky(
                &$this,
                request: tonic::Request<$crate::common::FlakyRequest>,
            ) -> Result<tonic::Response<$crate::common::FlakyReply>, tonic::Status> {
                $world.flaky(request).await
            }
        }
    };
}
pub(crate) use users;

pub(crate) async fn served(service: impl UserService) -> Channel {
    serve(Routes::new(UserServiceServer::new(service))).await
}

/// Makes calls of any kind.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) client: UserServiceClient<Channel>,
    metadata: MetadataMap,
}

impl Caller {
    pub(crate) fn new(channel: &Channel) -> Self {
        Self {
            client: UserServiceClient::new(channel.clone()),
            metadata: MetadataMap::new(),
        }
    }

    pub(crate) fn with(&self, key: &'static str, value: &(impl ToString + ?Sized)) -> Self {
        let mut with = self.clone();
        with.metadata
            .insert(key, value.to_string().parse().unwrap());
        with
    }

    pub(crate) fn told(&self, behaviour: Behaviour) -> Self {
        self.with(Behaviour::KEY, &behaviour)
    }

    pub(crate) fn request<M>(&self, message: M) -> Request<M> {
        Request::from_parts(self.metadata.clone(), tonic::Extensions::default(), message)
    }

    /// Makes a call with `GetUser`, `ImportUsers`, `ListUsers` or `Chat`, and reads its answer to the end. Its messages are valid.
    pub(crate) async fn call(&self, kind: Kind) -> Result<Vec<u64>, Status> {
        let mut client = self.client.clone();
        Ok(match kind {
            Kind::Unary => {
                let request = self.request(GetUserRequest { id: 7 });
                vec![client.get_user(request).await?.into_inner().id]
            }
            Kind::ClientStreaming => {
                let request = self.request(tokio_stream::iter([User::default(), User::default()]));
                vec![client.import_users(request).await?.into_inner().imported]
            }
            Kind::ServerStreaming => {
                let request = self.request(ListUsersRequest {
                    limit: 7,
                    ..Default::default()
                });
                let users = client.list_users(request).await?.into_inner();
                let ids = users.map(|user| user.map(|user| user.id));
                ids.collect::<Result<_, _>>().await?
            }
            Kind::BidiStreaming => {
                let chat = [ChatMessage::default(), ChatMessage::default()];
                let request = self.request(tokio_stream::iter(chat));
                let chat = client.chat(request).await?.into_inner();
                let said = chat.map(|said| said.map(|said| said.text.parse().unwrap()));
                said.collect::<Result<_, _>>().await?
            }
        })
    }
}
