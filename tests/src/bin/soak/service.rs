//! The service, under the policy of a production server.

use std::hash::{Hash, Hasher};

use interceptors::auth::jwt::{Algorithm, JwtVerifier};
use interceptors::authorize::HasRole;
use interceptors::concurrency::{Capacity, Limiter};
use interceptors::intercept;
use interceptors::metrics::Recorder;
use interceptors::validate::{Validate, Violations};
use interceptors::validate_with_garde;
use interceptors_tests::{Behaviour, Counted, Script, UserStream};
use jsonwebtoken::{DecodingKey, EncodingKey, Header, encode, get_current_timestamp};
use serde::{Deserialize, Serialize};
use tokio_stream::StreamExt;
use tonic::{Code, Request, Response, Status, Streaming};

#[allow(
    missing_docs,
    unused_qualifications,
    unreachable_pub,
    dead_code,
    clippy::all
)]
mod owned {
    include!(concat!(env!("OUT_DIR"), "/owned/demo.v1.rs"));
}
use owned::user_service_server::UserService;
pub(crate) use owned::user_service_server::UserServiceServer;
use owned::{
    ChatMessage, FlakyReply, FlakyRequest, GetUserRequest, ImportSummary, ListUsersRequest,
    LoginReply, LoginRequest, User,
};

const SECRET: &[u8] = &[b'k'; 32];

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Claims {
    sub: String,
    exp: u64,
}

impl HasRole for Claims {
    fn has_role(&self, role: &str) -> bool {
        role == "admin"
    }
}

impl Hash for Claims {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.sub.hash(state);
    }
}

/// A token that the service accepts for a day.
pub(crate) fn token() -> String {
    let claims = Claims {
        sub: "soak".to_owned(),
        exp: get_current_timestamp() + 86_400,
    };
    let key = EncodingKey::from_secret(SECRET);
    encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap()
}

fn valid(field: &str, is_valid: bool) -> Result<(), Violations> {
    let mut violations = Violations::new();
    if !is_valid {
        violations.add(field, "must not be the highest number");
    }
    violations.into_result()
}

impl Validate for GetUserRequest {
    fn validate(&self) -> Result<(), Violations> {
        valid("id", self.id < u64::MAX)
    }
}

impl Validate for User {
    fn validate(&self) -> Result<(), Violations> {
        valid("id", self.id < u64::MAX)
    }
}

impl Validate for ChatMessage {
    fn validate(&self) -> Result<(), Violations> {
        Ok(())
    }
}

impl Validate for FlakyRequest {
    fn validate(&self) -> Result<(), Violations> {
        Ok(())
    }
}

validate_with_garde!(ListUsersRequest);

pub(crate) struct Users {
    pub(crate) ends: Counted,
    pub(crate) limiter: Limiter,
    recorder: Recorder,
    verifier: JwtVerifier<Claims>,
}

impl Users {
    pub(crate) fn new(recorder: Recorder) -> Self {
        let verifier = JwtVerifier::builder([Algorithm::HS256])
            .any_issuer()
            .any_audience()
            .keys(DecodingKey::from_secret(SECRET))
            .build()
            .unwrap();
        Self {
            ends: Counted::default(),
            limiter: Limiter::new(&Capacity::max(48).queue(64)),
            recorder,
            verifier,
        }
    }
}

#[intercept(
    catch_panic,
    trace,
    metrics(recorder = self.recorder),
    with(self.ends),
    request_id,
    logging(slow = "500ms", level = "info"),
    timeout("300ms", idle = "150ms"),
    auth(verifier = self.verifier, public = [login]),
    authorize(role = "admin", only = [import_users]),
    rate_limit(per_second = 1_000_000, key = identity, except = [login]),
    concurrency(limiter = self.limiter),
    validate(except = [login]),
)]
#[tonic::async_trait]
impl UserService for Users {
    type ListUsersStream = UserStream<User>;
    type ChatStream = UserStream<ChatMessage>;

    async fn login(&self, request: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
        Script::single(Behaviour::of(request.metadata()), LoginReply::default).await
    }

    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        let id = request.get_ref().id;
        let user = || User {
            id,
            ..User::default()
        };
        Script::single(Behaviour::of(request.metadata()), user).await
    }

    async fn list_users(
        &self,
        request: Request<ListUsersRequest>,
    ) -> Result<Response<Self::ListUsersStream>, Status> {
        Script::stream(Behaviour::of(request.metadata()), |_| User::default()).await
    }

    async fn import_users(
        &self,
        request: Request<Streaming<User>>,
    ) -> Result<Response<ImportSummary>, Status> {
        let behaviour = Behaviour::of(request.metadata());
        let mut users = request.into_inner();
        let mut imported = 0;
        while users.next().await.transpose()?.is_some() {
            imported += 1;
        }
        Script::single(behaviour, || ImportSummary { imported }).await
    }

    /// Echoes what is said, where it is told to answer.
    async fn chat(
        &self,
        request: Request<Streaming<ChatMessage>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        match Behaviour::of(request.metadata()) {
            Behaviour::Answer(_) => Ok(Response::new(Box::pin(request.into_inner()))),
            behaviour => Script::stream(behaviour, |_| ChatMessage::default()).await,
        }
    }

    /// Fails with a message that is as long as the request's number says.
    async fn flaky(&self, request: Request<FlakyRequest>) -> Result<Response<FlakyReply>, Status> {
        let message = "ü".repeat(request.get_ref().failures as usize);
        Err(Status::new(Code::from(request.get_ref().code), message))
    }
}
