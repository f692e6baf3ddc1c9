//! Helpers to test interceptors and policies in memory, without a socket, a server or real delays.
//!
//! ```
//! use std::time::Duration;
//!
//! use interceptors::retry::Retry;
//! use interceptors::test_util::{Answer, CallBuilder, Scripted, before};
//! use interceptors::Next;
//! use tonic::{Request, Status};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() {
//! let retry = Retry::new().max(2).base_delay(Duration::from_millis(100));
//! let mut server = Scripted::new([
//!     Answer::from(Err(Status::unavailable("starting"))),
//!     Answer::from(Ok("hello")),
//! ]);
//! let mut call = CallBuilder::client().call(Request::new("who is there?"));
//! let response = before(&retry, &mut server).run(&mut call).await;
//! assert_eq!(response.unwrap().into_inner(), "hello");
//! assert_eq!(server.requests().len(), 2);
//! # }
//! ```
//!
//! | to test | use |
//! | --- | --- |
//! | an interceptor, or several in order | a [`CallBuilder`], a [`Scripted`] answer and [`before`] |
//! | an annotated service | the service's own methods: a call such as `users.login(Request::new(…))` passes the whole chain; [`streaming`] makes request streams |
//! | delays and timeouts | [`pause`] and [`advance`]: this crate uses tokio's clock everywhere |
//! | how a call ended | an [`EndRecorder`] in the chain |
//! | which interceptors a method has | [`assert_plan!`](crate::assert_plan) |
//!
//! Feature `test-util`, for `dev-dependencies`.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

pub use tokio::time::{advance, pause, resume};
// Their names in the first checkouts.
#[doc(hidden)]
pub use self::{EndRecorder as Recorder, RecordedEnd as Recorded};
use tonic::{Code, Request, Response, Status, Streaming};

use crate::core::abilities::{Abilities, AbilitiesOf, Resend};
use crate::core::chain::Chain;
use crate::core::messages::{MessageStream, empty, rebuilt};
use crate::core::plan::{MethodPlan, Name};
use crate::mount::ServerFacts;
use crate::mount::reply::{AssociatedStream, Reply};
use crate::{Call, End, Interceptor, Kind, Next, Outcome, Plan, ResponseStream, Side};

/// Builds a [`Call`] for a test, without a client or a server.
///
/// # Default
///
/// A unary call to `/test.v1.TestService/Test`.
#[derive(Debug, Clone)]
pub struct CallBuilder {
    side: Side,
    kind: Kind,
    path: String,
}

impl CallBuilder {
    /// A call on a service.
    #[must_use]
    pub fn server() -> Self {
        Self {
            side: Side::Server,
            kind: Kind::Unary,
            path: "/test.v1.TestService/Test".to_owned(),
        }
    }

    /// A call on a client.
    #[must_use]
    pub fn client() -> Self {
        Self {
            side: Side::Client,
            ..Self::server()
        }
    }

    /// Sets which of the four kinds of RPC the call is.
    #[must_use]
    pub fn kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// Sets the full path of the call, `/package.Service/Method`.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Makes the call, with a request that can be sent again.
    #[must_use]
    pub fn call<Req: Clone>(&self, request: Request<Req>) -> Call<Req> {
        let abilities = || {
            let resend = Resend {
                copy: |message: &mut Req, _| Some(message.clone()),
                kept: None,
            };
            Abilities::new(Some(resend), None)
        };
        self.received(abilities, request)
    }

    /// Makes the call, with a request that can be sent only once, such as a stream.
    #[must_use]
    pub fn call_once<Req>(&self, request: Request<Req>) -> Call<Req> {
        let abilities = || Abilities::new(None, None);
        self.received(abilities, request)
    }

    fn received<Req>(&self, abilities: AbilitiesOf<Req>, request: Request<Req>) -> Call<Req> {
        let (metadata, extensions, message) = request.into_parts();
        let head = Request::from_parts(metadata, extensions, ());
        Call::received::<ServerFacts>(self.plan(), abilities, head, message)
    }

    /// Plans are constants in programs, so a test's plan is leaked.
    fn plan(&self) -> &'static MethodPlan {
        let path: &'static str = self.path.clone().leak();
        let (service, method) = path
            .trim_start_matches('/')
            .rsplit_once('/')
            .unwrap_or((path, path));
        let name = Name {
            service,
            method,
            path,
            derived: false,
            exact: true,
        };
        Box::leak(Box::new(MethodPlan::new(name, self.kind, self.side, &[])))
    }
}

/// How [`Scripted`] answers a call.
#[derive(Debug)]
pub enum Answer<Res> {
    /// Answers at once.
    Now(Result<Response<Res>, Status>),
    /// Answers after this time.
    After(Duration, Result<Response<Res>, Status>),
    /// Never answers.
    Never,
    /// Panics with this text.
    Panic(&'static str),
}

impl<Res> From<Result<Res, Status>> for Answer<Res> {
    fn from(answer: Result<Res, Status>) -> Self {
        Self::Now(answer.map(Response::new))
    }
}

/// Replaces the handler of a service, or the server of a client. It returns its answers in order, and keeps the requests.
///
/// When no answer is left, a call ends with `INTERNAL`.
#[derive(Debug)]
pub struct Scripted<Req, Res> {
    answers: VecDeque<Answer<Res>>,
    requests: Vec<Request<Req>>,
}

impl<Req, Res> Scripted<Req, Res> {
    /// Returns these answers in order.
    pub fn new(answers: impl IntoIterator<Item = Answer<Res>>) -> Self {
        Self {
            answers: answers.into_iter().collect(),
            requests: Vec::new(),
        }
    }

    /// The requests that have arrived so far, one for each attempt.
    #[must_use]
    pub fn requests(&self) -> &[Request<Req>] {
        &self.requests
    }
}

impl<Req: Send, Res: Send> Next<Req, Res> for Scripted<Req, Res> {
    async fn run(&mut self, call: &mut Call<Req>) -> Result<Response<Res>, Status> {
        self.requests.push(call.take_request()?);
        let answer = match self.answers.pop_front() {
            Some(Answer::Now(answer)) => answer,
            Some(Answer::After(delay, answer)) => {
                tokio::time::sleep(delay).await;
                answer
            }
            Some(Answer::Never) => pending().await,
            Some(Answer::Panic(text)) => panic!("{text}"),
            None => Err(Status::internal("the script has no answer left")),
        };
        call.set_answered(answer.is_ok());
        answer
    }
}

impl<Req: Send, Res: Send> Next<Req, Res> for &mut Scripted<Req, Res> {
    async fn run(&mut self, call: &mut Call<Req>) -> Result<Response<Res>, Status> {
        (**self).run(call).await
    }
}

/// Puts an interceptor before the rest of a chain: `before(&first, before(&second, &mut scripted))`.
pub fn before<I: ?Sized, N>(interceptor: &I, next: N) -> Chain<'_, I, N> {
    Chain::new(interceptor, next)
}

/// Passes a response stream to its reader, as a service does after the chain has returned. In a test with a stream, call it with the result of `run`,
/// and read the stream that it returns.
///
/// Without `leave`, observers get `Cancelled`, even if the test reads all messages.
///
/// ```
/// use interceptors::test_util::{Answer, CallBuilder, EndRecorder, Scripted, before, leave};
/// use interceptors::{Kind, Next, ResponseStream};
/// use tokio_stream::StreamExt;
/// use tonic::{Request, Response, Status};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let recorder = EndRecorder::default();
/// let messages = tokio_stream::iter([Ok::<_, Status>(1), Ok(2)]);
/// let server = Scripted::new([Answer::Now(Ok(Response::new(ResponseStream::new(messages))))]);
/// let mut call = CallBuilder::server().kind(Kind::ServerStreaming).call(Request::new(()));
/// let response = before(&recorder, server).run(&mut call).await;
/// let stream = leave(&mut call, response).unwrap().into_inner();
/// assert_eq!(stream.collect::<Vec<_>>().await.len(), 2);
/// assert_eq!(recorder.take()[0].messages, 2);
/// # }
/// ```
///
/// # Errors
///
/// The error in `response`, unchanged.
pub fn leave<Req, S: Send>(
    call: &mut Call<Req>,
    response: Result<Response<ResponseStream<S>>, Status>,
) -> Result<Response<ResponseStream<S>>, Status> {
    let mut response = response?;
    AssociatedStream::settle(call, response.get_mut());
    Ok(response)
}

/// A request stream with these messages, for a method of a service.
///
/// ```
/// use interceptors::test_util::streaming;
/// use interceptors_proto::demo::ChatMessage;
/// use tokio_stream::StreamExt;
/// use tonic::{Request, Status};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let messages = [Ok(ChatMessage::default()), Err(Status::cancelled("gone"))];
/// let mut stream = Request::new(streaming(messages)).into_inner();
/// assert!(stream.next().await.unwrap().is_ok());
/// assert!(stream.next().await.unwrap().is_err());
/// # }
/// ```
pub fn streaming<M, I>(messages: I) -> Streaming<M>
where
    M: Send + 'static,
    I: IntoIterator<Item = Result<M, Status>>,
    I::IntoIter: Send + Unpin + 'static,
{
    rebuilt(Items {
        items: messages.into_iter(),
        rest: empty(),
    })
}

struct Items<I, M> {
    items: I,
    rest: Streaming<M>,
}

impl<I, M> MessageStream for Items<I, M>
where
    M: Send + 'static,
    I: Iterator<Item = Result<M, Status>> + Send + Unpin + 'static,
{
    type Message = M;

    fn poll_message(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<M, Status>>> {
        Poll::Ready(self.items.next())
    }

    fn streaming(&mut self) -> &mut Streaming<M> {
        &mut self.rest
    }
}

/// The end of a call, recorded by an [`EndRecorder`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordedEnd {
    /// The full path.
    pub path: String,
    /// Which of the four kinds of RPC it was.
    pub kind: Kind,
    /// How it ended, apart from its status code.
    pub outcome: Outcome,
    /// The final status code.
    pub code: Code,
    /// How many response messages there were.
    pub messages: u64,
    /// How many attempts it took.
    pub attempts: u32,
}

/// An interceptor that records how each call ended. Clones share the records.
///
/// ```
/// use interceptors::test_util::{Answer, CallBuilder, EndRecorder, Scripted, before};
/// use interceptors::{Next, Outcome};
/// use tonic::Request;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let recorder = EndRecorder::default();
/// let server = Scripted::new([Answer::from(Ok(()))]);
/// let mut call = CallBuilder::server().call(Request::new(()));
/// before(&recorder, server).run(&mut call).await.unwrap();
/// assert_eq!(recorder.take()[0].outcome, Outcome::Ok);
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct EndRecorder(Arc<Mutex<Vec<RecordedEnd>>>);

impl EndRecorder {
    /// Takes the recorded ends out of the recorder.
    #[must_use]
    pub fn take(&self) -> Vec<RecordedEnd> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<Req: Send, Res: Send> Interceptor<Req, Res> for EndRecorder {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let book = Arc::clone(&self.0);
        let write = move |end: &End<'_>| {
            let recorded = RecordedEnd {
                path: end.path().to_owned(),
                kind: end.kind(),
                outcome: end.outcome(),
                code: end.code(),
                messages: end.messages(),
                attempts: end.attempts(),
            };
            book.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(recorded);
        };
        next.observe(call, write).await
    }
}

/// Checks the entries of each method, in order: every method, by the name of its RPC.
///
/// A method that is added to the proto, or an entry that comes or goes, fails the test until somebody has looked
/// at it.
///
/// ```
/// use interceptors::{assert_plan, intercept};
/// # use interceptors_proto::guide::user_service_server::UserService;
/// # use interceptors_proto::guide::{GetUserRequest, LoginReply, LoginRequest, User};
/// # use tonic::{Request, Response, Status};
/// # struct Users;
///
/// #[intercept(logging, retry(max = 3, only = [get_user]))]
/// #[tonic::async_trait]
/// impl UserService for Users {
///     // …
/// #     async fn login(&self, _: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
/// #         Ok(Response::new(LoginReply::default()))
/// #     }
/// #     async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status> {
/// #         Ok(Response::new(User::default()))
/// #     }
/// }
///
/// assert_plan!(Users, {
///     Login: [logging],
///     GetUser: [logging, retry],
/// });
/// ```
///
/// # Panics
///
/// If the plan differs. The message shows both.
#[macro_export]
macro_rules! assert_plan {
    ($policy:ty, { $($method:ident: [$($entry:ident),* $(,)?]),* $(,)? }) => {{
        use $crate::Intercepted as _;
        $crate::test_util::check_plan(
            &<$policy>::PLAN,
            &[$((stringify!($method), &[$(stringify!($entry)),*])),*],
        );
    }};
}

#[doc(hidden)]
#[track_caller]
pub fn check_plan(plan: &Plan, expected: &[(&str, &[&str])]) {
    let line = |method: &str, entries: &[&str]| format!("{method}: [{}]", entries.join(", "));
    let mut expected: Vec<_> = expected
        .iter()
        .map(|(method, entries)| line(method, entries))
        .collect();
    let mut actual: Vec<_> = plan
        .methods()
        .iter()
        .map(|method| {
            let entries: Vec<_> = method.interceptors().map(|entry| entry.name()).collect();
            line(method.method(), &entries)
        })
        .collect();
    // The order of the methods in a file does not matter.
    expected.sort_unstable();
    actual.sort_unstable();
    assert!(
        actual == expected,
        "the plan is\n    {}\nand not\n    {}",
        actual.join(",\n    "),
        expected.join(",\n    ")
    );
}
