//! The service, as an application writes it.

use std::collections::{BTreeMap, HashMap};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use interceptors::auth::{RequestExt, Verifier};
use interceptors::{CallDetails, intercept};
use interceptors_proto::demo::{
    ChatMessage, FlakyReply, FlakyRequest, GetUserRequest, ImportSummary, ListUsersRequest,
    LoginReply, LoginRequest, User, user_service_server,
};
use tokio_stream::{Stream, StreamExt};
use tonic::{Code, Request, Response, Status, Streaming};

use crate::tally::Tally;

/// Names and passwords. A real service stores a slow hash of the password.
pub const ACCOUNTS: [(&str, &str); 2] =
    [("ada", "between-the-notes"), ("bob", "swordfish-and-chips")];

/// The delay of a database's page.
const PACE: Duration = Duration::from_millis(10);

/// The policy for all services. It runs before messages are decoded.
#[intercept(
    server,
    // Checks the paths below, and has the kinds of the methods.
    descriptors = [interceptors_proto::FILE_DESCRIPTOR_SET, tonic_health::pb::FILE_DESCRIPTOR_SET],
    catch_panic,
    logging,
    with(self.calls),
    auth(verifier = self.tokens, public = ["/demo.v1.UserService/Login", "/grpc.health.v1.Health/*"]),
)]
#[derive(Debug)]
pub struct Inbound {
    tokens: Arc<Tokens>,
    calls: Tally,
}

impl Inbound {
    /// Accepts the tokens of this service. `calls` counts all calls.
    #[must_use]
    pub fn new(users: &Users, calls: Tally) -> Self {
        let tokens = Arc::clone(&users.tokens);
        Self { tokens, calls }
    }
}

/// The user service, in memory.
#[derive(Debug)]
pub struct Users {
    tokens: Arc<Tokens>,
    users: Mutex<BTreeMap<u64, User>>,
    attempts: Mutex<HashMap<String, u32>>,
    runs: Tally,
}

impl Users {
    /// A thousand users, two of whom can log in. `runs` counts the calls that reach a handler.
    #[must_use]
    pub fn new(runs: Tally) -> Self {
        let name = |id| match ACCOUNTS.get(id as usize - 1) {
            Some((name, _)) => (*name).to_owned(),
            None => format!("user-{id}"),
        };
        let users = (1..=1000).map(|id| (id, User { id, name: name(id) }));
        Self {
            tokens: Arc::default(),
            users: Mutex::new(users.collect()),
            attempts: Mutex::default(),
            runs,
        }
    }
}

// The policy for this service. The policy of the server has verified the caller before.
#[intercept(
    auth(by = Inbound, public = [login]),
    rate_limit(per_second = 100, burst = 50, key = identity),
    retry(max = 3, base_delay = "20ms", only = [flaky]),
    with(self.runs),
)]
#[tonic::async_trait]
impl user_service_server::UserService for Users {
    type ListUsersStream = Pin<Box<dyn Stream<Item = Result<User, Status>> + Send>>;
    type ChatStream = Pin<Box<dyn Stream<Item = Result<ChatMessage, Status>> + Send>>;

    // Callers have no identity yet, so guesses of passwords are limited by address.
    #[intercept(
        rate_limit(per_second = 5, burst = 5, key = peer),
        payload(level = "info", show = [request.name])
    )]
    async fn login(&self, request: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
        let LoginRequest { name, password } = request.into_inner();
        let account = ACCOUNTS
            .iter()
            .position(|known| *known == (&name, &password));
        let Some(index) = account else {
            return Err(Status::unauthenticated("wrong name or password"));
        };
        let token = self.tokens.issue(Caller {
            id: index as u64 + 1,
            name,
            is_admin: index == 0,
        })?;
        Ok(Response::new(LoginReply { token }))
    }

    #[intercept(payload(level = "info", show = [request.id]))]
    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        let id = request.get_ref().id;
        let user = lock(&self.users).get(&id).cloned();
        user.map(Response::new)
            .ok_or_else(|| Status::not_found(format!("there is no user {id}")))
    }

    async fn list_users(
        &self,
        request: Request<ListUsersRequest>,
    ) -> Result<Response<Self::ListUsersStream>, Status> {
        let request = request.into_inner();
        let mut users: Vec<_> = lock(&self.users).values().cloned().map(Ok).collect();
        users.truncate(request.limit as usize);
        if request.fail_code != 0 {
            users.truncate(request.fail_after as usize);
            users.push(Err(Status::new(
                Code::from_i32(request.fail_code),
                "the database went away",
            )));
        }
        let users = tokio_stream::iter(users).throttle(PACE);
        Ok(Response::new(Box::pin(users)))
    }

    async fn import_users(
        &self,
        request: Request<Streaming<User>>,
    ) -> Result<Response<ImportSummary>, Status> {
        if !request.identity::<Caller>()?.is_admin {
            return Err(Status::permission_denied("only an admin imports users"));
        }
        let mut incoming = request.into_inner();
        let mut imported = 0;
        while let Some(user) = incoming.message().await? {
            lock(&self.users).insert(user.id, user);
            imported += 1;
        }
        Ok(Response::new(ImportSummary { imported }))
    }

    // A chat is one call, however long it lasts.
    #[intercept(skip(rate_limit))]
    async fn chat(
        &self,
        request: Request<Streaming<ChatMessage>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        let name = request.identity::<Caller>()?.name.clone();
        let replies = request.into_inner().map(move |message| {
            let text = format!("{name}, you said: {}", message?.text);
            Ok(ChatMessage { text })
        });
        Ok(Response::new(Box::pin(replies)))
    }

    async fn flaky(&self, request: Request<FlakyRequest>) -> Result<Response<FlakyReply>, Status> {
        let request = request.into_inner();
        let mut all_attempts = lock(&self.attempts);
        let attempts = all_attempts.entry(request.key.clone()).or_default();
        *attempts += 1;
        if *attempts <= request.failures {
            return Err(Status::new(Code::from_i32(request.code), "not this time"));
        }
        let attempts = *attempts;
        all_attempts.remove(&request.key);
        Ok(Response::new(FlakyReply { attempts }))
    }
}

/// The caller, which a handler gets from `request.identity::<Caller>()`.
#[derive(Debug, Clone, Hash)]
pub struct Caller {
    /// The caller's own user id.
    pub id: u64,
    /// The caller's name.
    pub name: String,
    /// Whether the caller may import users.
    pub is_admin: bool,
}

/// The issued tokens, with their callers.
#[derive(Default)]
pub struct Tokens(Mutex<HashMap<String, Caller>>);

impl Tokens {
    fn issue(&self, caller: Caller) -> Result<String, Status> {
        let mut random = [0; 16];
        getrandom::fill(&mut random)
            .map_err(|_| Status::unavailable("no token can be made right now"))?;
        let token = format!("{:032x}", u128::from_ne_bytes(random));
        lock(&self.0).insert(token.clone(), caller);
        Ok(token)
    }
}

impl Verifier for Tokens {
    type Identity = Caller;

    async fn verify(&self, token: &str, _call: &CallDetails) -> Result<Caller, Status> {
        let caller = lock(&self.0).get(token).cloned();
        caller.ok_or_else(|| Status::unauthenticated("unknown token"))
    }
}

/// Shows only how many there are.
impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} tokens", lock(&self.0).len())
    }
}

/// Ignores poisoning: no code here panics in the middle of a change.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
