//! A wrapped channel as tonic's own `Channel`: HTTP/2 over a pipe in memory, with the chain at its other end.

use std::convert::Infallible;
use std::future::{Future, Ready, poll_fn, ready};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::USER_AGENT;
use http::{HeaderMap, HeaderValue, Uri};
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::DuplexStream;
use tokio::time::timeout;
use tonic::Status;
use tonic::client::GrpcService;
use tonic::transport::{Channel, Endpoint};
use tower_service::Service;

use super::channel::{ChannelChain, InterceptedChannel};
use super::{ResponseBody, of_tonic};
use crate::core::call::DEFAULT_BUFFER_SIZE;
use crate::wire::status::{BoxError, GRPC_STATUS};

/// So much of one direction is on its way in the pipe.
const PIPE: usize = 64 * 1024;
/// So much of one stream that nobody reads is.
const STREAM: u32 = 256 * 1024;
/// A stream that nobody reads keeps none of the others up.
const CONNECTION: u32 = (1 << 31) - 1;
/// The end of a single message comes right behind it, though perhaps from another thread.
const PATIENCE: Duration = Duration::from_millis(2);
/// The limit on headers is that of the channel inside.
const HEADERS: u32 = 1024 * 1024;
/// tonic's channel adds it. The one inside adds it again.
const USER_AGENT_OF_TONIC: &str = "tonic/";

impl<C, S> InterceptedChannel<C, S>
where
    C: ChannelChain,
    S: GrpcService<tonic::body::Body> + Clone + Send + 'static,
    S::Future: Send,
    S::ResponseBody: HttpBody<Data = Bytes> + Send + 'static,
    <S::ResponseBody as HttpBody>::Error: Into<BoxError> + Send,
{
    /// The same as tonic's own [`Channel`], for crates that take nothing else.
    ///
    /// It is a channel of HTTP/2 over a pipe in memory; at the other end of the pipe each call goes through the chain, in a task of its own. All
    /// kinds of calls work, with metadata, trailers, back-pressure, and messages of any size. A call that is dropped is cancelled in the
    /// chain. When all clones of the channel are gone and their calls have ended, the tasks end and the channel inside is dropped.
    ///
    /// What does not cross the pipe, or crosses it in another form:
    ///
    /// | | at the other end |
    /// | --- | --- |
    /// | extensions of the request | are not there; those of the response do not come back |
    /// | the span and the task-locals of the caller | calls have none: `trace` begins a trace, unless the caller sends a `traceparent` |
    /// | the place that a handler holds under `concurrency` or `load_shed` | is not used: the call takes a place of its own. A handler that holds the last place must not wait for it |
    /// | the fetch of a token that makes the call | is not known. If the call needs the token that is being fetched, the fetch waits for itself and ends only with its `fetch_timeout` |
    /// | a `CancellationHandle` | is noticed as a call that is dropped |
    /// | a deadline | is there if the caller sets it (`Request::set_timeout`): as `grpc-timeout`. A call that a handler makes does not inherit the handler's |
    /// | a deadline that has passed | tonic's `Channel` notices it, too, and says `CANCELLED` ("Timeout expired") if it is first |
    /// | the origin (`with_origin`) | is not there, as with tonic's `Channel`: the channel inside has its own |
    /// | source errors of a status | code, message, details and metadata come back; `Status::source` does not |
    ///
    /// Prefer the wrapped channel where a crate takes any `GrpcService`: this costs some microseconds for a call, and tasks for the channel
    /// and for each call. A call whose request is a stream begins up to 2 ms later, because until then it may be a single message.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, as [`Endpoint::connect_lazy`] does.
    ///
    /// ```
    /// use interceptors::intercept;
    /// use tonic::transport::{Channel, Endpoint};
    ///
    /// #[intercept(logging, retry(max = 3))]
    /// struct Outbound;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let channel = Endpoint::from_static("http://[::1]:4317").connect_lazy();
    /// let channel: Channel = Outbound.wrap(channel).into_channel();
    /// # let _ = channel;
    /// # }
    /// ```
    #[must_use]
    pub fn into_channel(self) -> Channel {
        Endpoint::from_static("http://in-memory.invalid")
            .initial_stream_window_size(STREAM)
            .initial_connection_window_size(CONNECTION)
            .http2_max_header_list_size(HEADERS)
            .connect_with_connector_lazy(Connector(self))
    }
}

struct Connector<C: ChannelChain, S>(InterceptedChannel<C, S>);

impl<C, S> Service<Uri> for Connector<C, S>
where
    InterceptedChannel<C, S>: Outgoing,
    C: ChannelChain,
{
    type Response = TokioIo<DuplexStream>;
    type Error = io::Error;
    type Future = Ready<io::Result<Self::Response>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let (near, far) = tokio::io::duplex(PIPE);
        let connection = http2::Builder::new(TokioExecutor::new())
            .initial_stream_window_size(STREAM)
            .initial_connection_window_size(CONNECTION)
            .max_header_list_size(HEADERS)
            // Limits that a server has against strangers.
            .max_concurrent_streams(None)
            .max_pending_accept_reset_streams(usize::MAX)
            .max_local_error_reset_streams(None)
            .auto_date_header(false)
            .serve_connection(TokioIo::new(far), FarEnd(self.0.clone()));
        // It ends when the near end is gone, and there is nobody to tell of an error.
        tokio::spawn(async {
            let _ = connection.await;
        });
        ready(Ok(TokioIo::new(near)))
    }
}

/// What is asked of a wrapped channel here.
trait Outgoing:
    Service<
        http::Request<tonic::body::Body>,
        Response = http::Response<ResponseBody>,
        Error = Status,
        Future: Send,
    > + Clone
    + Send
    + 'static
{
}

impl<T> Outgoing for T where
    T: Service<
            http::Request<tonic::body::Body>,
            Response = http::Response<ResponseBody>,
            Error = Status,
            Future: Send,
        > + Clone
        + Send
        + 'static
{
}

struct FarEnd<T>(T);

impl<T: Outgoing> hyper::service::Service<http::Request<Incoming>> for FarEnd<T> {
    type Response = http::Response<Answer>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: http::Request<Incoming>) -> Self::Future {
        let (mut head, body) = request.into_parts();
        // As it is where no transport has said whither the call goes.
        if let Some(path) = head.uri.path_and_query() {
            head.uri = Uri::from(path.clone());
        }
        without_tonics_user_agent(&mut head.headers);
        // What hyper knows of the connection is no business of the call's.
        head.extensions.clear();
        let mut chain = self.0.clone();
        Box::pin(async move {
            let body = tonic::body::Body::new(Gathered::new(body).await);
            let answer = chain.call(http::Request::from_parts(head, body));
            Ok(match answer.await {
                Ok(response) => response.map(|body| Answer { body: Some(body) }),
                Err(status) => refused(&status),
            })
        })
    }
}

/// A request, of which as much as has come through the pipe when it begins is in one piece: the chain then knows that a single message is
/// one, and all of it.
struct Gathered {
    ahead: BytesMut,
    rest: Option<Incoming>,
    error: Option<hyper::Error>,
}

impl Gathered {
    async fn new(rest: Incoming) -> Self {
        let mut gathered = Self {
            ahead: BytesMut::new(),
            rest: Some(rest),
            error: None,
        };
        // What takes longer is a stream.
        let _ = timeout(PATIENCE, poll_fn(|cx| gathered.poll_read(cx))).await;
        gathered
    }

    /// Ready when it has all, or enough.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Some(rest) = &mut self.rest
            && self.ahead.len() < DEFAULT_BUFFER_SIZE
        {
            match ready!(Pin::new(rest).poll_frame(cx)) {
                Some(Ok(frame)) => self.ahead.extend(frame.into_data()),
                Some(Err(error)) => {
                    self.error = Some(error);
                    self.rest = None;
                }
                None => self.rest = None,
            }
        }
        Poll::Ready(())
    }
}

impl HttpBody for Gathered {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if !self.ahead.is_empty() {
            let ahead = self.ahead.split().freeze();
            return Poll::Ready(Some(Ok(Frame::data(ahead))));
        }
        match &mut self.rest {
            Some(rest) => Pin::new(rest).poll_frame(cx),
            None => Poll::Ready(self.error.take().map(Err)),
        }
    }
}

/// A status by itself: Trailers-Only.
fn refused(status: &Status) -> http::Response<Answer> {
    let mut response = http::Response::new(Answer { body: None });
    *response.headers_mut() = trailers(status);
    let grpc = HeaderValue::from_static("application/grpc");
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, grpc);
    response
}

fn trailers(status: &Status) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if status.add_header(&mut headers).is_err() {
        headers.insert(&GRPC_STATUS, HeaderValue::from(status.code() as i32));
    }
    headers
}

fn without_tonics_user_agent(headers: &mut HeaderMap) {
    let Some(agent) = headers.remove(USER_AGENT) else {
        return;
    };
    // One of the caller's own stands before it.
    let own = agent.to_str().ok().and_then(|agent| {
        let (own, last) = agent.rsplit_once(' ')?;
        last.starts_with(USER_AGENT_OF_TONIC).then_some(own)
    });
    if let Some(own) = own.and_then(|own| HeaderValue::from_str(own).ok()) {
        headers.insert(USER_AGENT, own);
    }
}

/// A response, whose error is its trailers. hyper would reset the stream for it.
struct Answer {
    body: Option<ResponseBody>,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let frame = match ready!(Pin::new(body).poll_frame(cx)) {
            Some(Ok(frame)) if frame.is_data() => return Poll::Ready(Some(Ok(frame))),
            Some(Ok(frame)) => Some(frame),
            Some(Err(status)) => Some(Frame::trailers(trailers(&of_tonic(status)))),
            None => None,
        };
        self.body = None;
        Poll::Ready(frame.map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(ResponseBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}
