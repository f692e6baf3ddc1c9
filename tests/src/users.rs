use std::fmt;
use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use interceptors_proto::demo::{
    ChatMessage, FlakyReply, FlakyRequest, GetUserRequest, ImportSummary, ListUsersRequest,
    LoginReply, LoginRequest, User,
};
use tokio::sync::Semaphore;
use tokio_stream::{Stream, StreamExt};
use tonic::metadata::MetadataMap;
use tonic::{Code, Request, Response, Status, Streaming};

/// What a handler does. A call says it in its metadata, so that calls of all kinds can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Answers: so many messages where the response is a stream.
    Answer(u32),
    /// Fails before the first message.
    Fail(Code),
    /// So many messages, and then an error; a single response fails at once.
    FailAfter(u32, Code),
    /// Never answers.
    Hang,
    /// So many messages, and then nothing any more; a single response never comes.
    HangAfter(u32),
    /// Never answers, and uses up what tokio allows in one turn each time that it is polled.
    Busy,
    /// So many messages, and then as [`Busy`](Self::Busy).
    BusyAfter(u32),
    /// Panics before the first message.
    Panic,
    /// So many messages, and then a panic; a single response panics at once.
    PanicAfter(u32),
}

impl Behaviour {
    /// The metadata key.
    pub const KEY: &str = "x-behaviour";

    /// What a call's metadata says; without it, an answer of three messages.
    pub fn of(metadata: &MetadataMap) -> Self {
        metadata.get(Self::KEY).map_or(Self::Answer(3), |value| {
            value.to_str().unwrap().parse().unwrap()
        })
    }
}

impl fmt::Display for Behaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Answer(n) => write!(f, "answer {n}"),
            Self::Fail(code) => write!(f, "fail {}", code as i32),
            Self::FailAfter(n, code) => write!(f, "fail-after {n} {}", code as i32),
            Self::Hang => write!(f, "hang"),
            Self::HangAfter(n) => write!(f, "hang-after {n}"),
            Self::Busy => write!(f, "busy"),
            Self::BusyAfter(n) => write!(f, "busy-after {n}"),
            Self::Panic => write!(f, "panic"),
            Self::PanicAfter(n) => write!(f, "panic-after {n}"),
        }
    }
}

impl FromStr for Behaviour {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, arguments) = text.split_once(' ').unwrap_or((text, ""));
        let numbers: Vec<i32> = arguments
            .split_whitespace()
            .map(str::parse)
            .collect::<Result<_, _>>()?;
        let count = |i: usize| u32::try_from(numbers[i]).expect("a count");
        Ok(match name {
            "answer" => Self::Answer(count(0)),
            "fail" => Self::Fail(numbers[0].into()),
            "fail-after" => Self::FailAfter(count(0), numbers[1].into()),
            "hang" => Self::Hang,
            "hang-after" => Self::HangAfter(count(0)),
            "busy" => Self::Busy,
            "busy-after" => Self::BusyAfter(count(0)),
            "panic" => Self::Panic,
            "panic-after" => Self::PanicAfter(count(0)),
            _ => panic!("no behaviour {text:?}"),
        })
    }
}

/// Never ends, and uses up what tokio allows in one turn each time that it is polled: as a loop over a channel does
/// whose messages come faster than they are taken.
pub async fn busy<T>() -> T {
    loop {
        tokio::task::consume_budget().await;
    }
}

/// A response stream of [`Script`].
pub type UserStream<M> = Pin<Box<dyn Stream<Item = Result<M, Status>> + Send>>;

/// The bodies of the demo service: they do what the call's [`Behaviour`] says, and are counted.
/// A clone is the same script.
#[derive(Debug, Clone)]
pub struct Script {
    runs: Arc<AtomicU32>,
    entered: Arc<Semaphore>,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            runs: Arc::default(),
            entered: Arc::new(Semaphore::new(0)),
        }
    }
}

impl Script {
    /// How often a handler has run.
    pub fn runs(&self) -> u32 {
        self.runs.load(Ordering::SeqCst)
    }

    /// Waits until a handler has been entered, once for each time.
    pub async fn entered(&self) {
        self.entered.acquire().await.unwrap().forget();
    }

    fn enter(&self) {
        self.runs.fetch_add(1, Ordering::SeqCst);
        self.entered.add_permits(1);
    }

    /// Behaves so, with a single response.
    pub async fn single<T>(
        behaviour: Behaviour,
        answer: impl FnOnce() -> T + Send,
    ) -> Result<Response<T>, Status> {
        match behaviour {
            Behaviour::Answer(_) => Ok(Response::new(answer())),
            Behaviour::Fail(code) | Behaviour::FailAfter(_, code) => Err(failure(code)),
            Behaviour::Hang | Behaviour::HangAfter(_) => std::future::pending().await,
            Behaviour::Busy | Behaviour::BusyAfter(_) => busy().await,
            Behaviour::Panic | Behaviour::PanicAfter(_) => panic!("told to"),
        }
    }

    /// Behaves so, with a response stream.
    pub async fn stream<T: Send + 'static>(
        behaviour: Behaviour,
        answer: impl Fn(u32) -> T + Send + 'static,
    ) -> Result<Response<UserStream<T>>, Status> {
        let messages = move |n| tokio_stream::iter((0..n).map(move |i| Ok(answer(i))));
        Ok(Response::new(match behaviour {
            Behaviour::Answer(n) => Box::pin(messages(n)),
            Behaviour::Fail(code) => return Err(failure(code)),
            Behaviour::FailAfter(n, code) => {
                Box::pin(messages(n).chain(tokio_stream::once(Err(failure(code)))))
            }
            Behaviour::Hang => std::future::pending().await,
            Behaviour::HangAfter(n) => Box::pin(messages(n).chain(tokio_stream::pending())),
            Behaviour::Busy => busy().await,
            Behaviour::BusyAfter(n) => {
                Box::pin(messages(n).chain(tokio_stream::once(()).then(|()| busy())))
            }
            Behaviour::Panic => panic!("told to"),
            Behaviour::PanicAfter(n) => Box::pin(messages(n).chain(
                tokio_stream::iter(0..1).map(|_| -> Result<T, Status> { panic!("told to") }),
            )),
        }))
    }

    /// `Login`: the token is the password.
    pub async fn login(
        &self,
        request: Request<LoginRequest>,
    ) -> Result<Response<LoginReply>, Status> {
        self.enter();
        let behaviour = Behaviour::of(request.metadata());
        let token = request.into_inner().password;
        Self::single(behaviour, || LoginReply { token }).await
    }

    /// `GetUser`: a user with this id.
    pub async fn get_user(
        &self,
        request: Request<GetUserRequest>,
    ) -> Result<Response<User>, Status> {
        self.enter();
        let behaviour = Behaviour::of(request.metadata());
        let id = request.into_inner().id;
        let name = String::new();
        Self::single(behaviour, || User { id, name }).await
    }

    /// `ListUsers`: users with the ids 0, 1, 2, …
    pub async fn list_users(
        &self,
        request: Request<ListUsersRequest>,
    ) -> Result<Response<UserStream<User>>, Status> {
        self.enter();
        let user = |id: u32| User {
            id: id.into(),
            name: String::new(),
        };
        Self::stream(Behaviour::of(request.metadata()), user).await
    }

    /// `ImportUsers`: reads all and counts.
    pub async fn import_users(
        &self,
        request: Request<Streaming<User>>,
    ) -> Result<Response<ImportSummary>, Status> {
        self.enter();
        let behaviour = Behaviour::of(request.metadata());
        let mut users = request.into_inner();
        let mut imported = 0;
        while users.next().await.transpose()?.is_some() {
            imported += 1;
        }
        Self::single(behaviour, || ImportSummary { imported }).await
    }

    /// `Chat`: says numbers, whatever is said to it.
    pub async fn chat(
        &self,
        request: Request<Streaming<ChatMessage>>,
    ) -> Result<Response<UserStream<ChatMessage>>, Status> {
        self.enter();
        let message = |n: u32| ChatMessage {
            text: n.to_string(),
        };
        Self::stream(Behaviour::of(request.metadata()), message).await
    }

    /// `Flaky`: fails with the code until it has run more often than the request says.
    pub async fn flaky(
        &self,
        request: Request<FlakyRequest>,
    ) -> Result<Response<FlakyReply>, Status> {
        let FlakyRequest { failures, code, .. } = request.into_inner();
        self.enter();
        let attempts = self.runs();
        if attempts <= failures {
            let message = format!("failure {attempts}");
            return Err(Status::new(code.into(), message));
        }
        Ok(Response::new(FlakyReply { attempts }))
    }
}

/// An error with everything that a status can carry.
fn failure(code: Code) -> Status {
    let mut metadata = MetadataMap::new();
    metadata.insert("x-failure", "told to".parse().unwrap());
    Status::with_details_and_metadata(code, "told to fail", vec![1, 2, 3].into(), metadata)
}

/// Implements the demo service under a policy, for a type whose field `script` is a [`Script`].
///
/// `self` has to be handed in, because it is hygienic.
#[macro_export]
macro_rules! scripted {
    ($this:ident: $ty:ty, #[intercept($($policy:tt)*)]) => {
        $crate::scripted!(
            @of [$crate::__private::demo::user_service_server::UserService]
            $this: $ty, #[$crate::__private::interceptors::intercept($($policy)*)]
        );
    };
    // The same service, as another module has it.
    ($this:ident: $ty:ty as [$($service:tt)+], #[intercept($($policy:tt)*)]) => {
        $crate::scripted!(
            @of [$($service)+]
            $this: $ty, #[$crate::__private::interceptors::intercept($($policy)*)]
        );
    };
    // As tonic has it, without the attribute.
    ($this:ident: $ty:ty) => {
        $crate::scripted!(@of [$crate::__private::demo::user_service_server::UserService] $this: $ty,);
    };
    (@of [$($service:tt)+] $this:ident: $ty:ty, $(#[$policy:meta])?) => {
        $(#[$policy])?
        #[$crate::__private::tonic::async_trait]
        impl $($service)+ for $ty {
            type ListUsersStream = $crate::UserStream<$crate::__private::demo::User>;
            type ChatStream = $crate::UserStream<$crate::__private::demo::ChatMessage>;

            async fn login(
                &$this,
                request: $crate::__private::tonic::Request<$crate::__private::demo::LoginRequest>,
            ) -> Result<
                $crate::__private::tonic::Response<$crate::__private::demo::LoginReply>,
                $crate::__private::tonic::Status,
            > {
                $this.script.login(request).await
            }

            async fn get_user(
                &$this,
                request: $crate::__private::tonic::Request<$crate::__private::demo::GetUserRequest>,
            ) -> Result<
                $crate::__private::tonic::Response<$crate::__private::demo::User>,
                $crate::__private::tonic::Status,
            > {
                $this.script.get_user(request).await
            }

            async fn list_users(
                &$this,
                request: $crate::__private::tonic::Request<
                    $crate::__private::demo::ListUsersRequest,
                >,
            ) -> Result<
                $crate::__private::tonic::Response<Self::ListUsersStream>,
                $crate::__private::tonic::Status,
            > {
                $this.script.list_users(request).await
            }

            async fn import_users(
                &$this,
                request: $crate::__private::tonic::Request<
                    $crate::__private::tonic::Streaming<$crate::__private::demo::User>,
                >,
            ) -> Result<
                $crate::__private::tonic::Response<$crate::__private::demo::ImportSummary>,
                $crate::__private::tonic::Status,
            > {
                $this.script.import_users(request).await
            }

            async fn chat(
                &$this,
                request: $crate::__private::tonic::Request<
                    $crate::__private::tonic::Streaming<$crate::__private::demo::ChatMessage>,
                >,
            ) -> Result<
                $crate::__private::tonic::Response<Self::ChatStream>,
                $crate::__private::tonic::Status,
            > {
                $this.script.chat(request).await
            }

            async fn flaky(
                &$this,
                request: $crate::__private::tonic::Request<$crate::__private::demo::FlakyRequest>,
            ) -> Result<
                $crate::__private::tonic::Response<$crate::__private::demo::FlakyReply>,
                $crate::__private::tonic::Status,
            > {
                $this.script.flaky(request).await
            }
        }
    };
}
