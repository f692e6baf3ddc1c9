//! Makes a wrapped channel a tonic `Channel`: HTTP/2 over a pipe in memory, with the chain at the far end.

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
use super::{ResponseBody, fix_tonic_status};
use crate::core::call::DEFAULT_BUFFER_SIZE;
use crate::wire::status::{BoxError, GRPC_STATUS};

/// Bytes in the pipe for each direction.
const PIPE_SIZE: usize = 64 * 1024;
/// Unread bytes of one stream.
const STREAM_WINDOW: u32 = 256 * 1024;
/// The maximum, so that an unread stream does not block the others.
const CONNECTION_WINDOW: u32 = (1 << 31) - 1;
/// The end of a single message follows at once, though perhaps from another thread.
const GATHER_TIMEOUT: Duration = Duration::from_millis(2);
/// Effectively none: the channel inside has its own limit.
const MAX_HEADER_LIST: u32 = 1024 * 1024;
/// tonic's channel adds this to the `user-agent`. The channel inside adds it again.
const USER_AGENT_OF_TONIC: &str = "tonic/";

impl<C, S> InterceptedChannel<C, S>
where
    C: ChannelChain,
    S: GrpcService<tonic::body::Body> + Clone + Send + 'static,
    S::Future: Send,
    S::ResponseBody: HttpBody<Data = Bytes> + Send + 'static,
    <S::ResponseBody as HttpBody>::Error: Into<BoxError> + Send,
{
    /// Turns the wrapped channel into tonic's own [`Channel`](https://docs.rs/tonic/0.14/tonic/transport/struct.Channel.html), for crates that accept
    /// nothing else.
    ///
    /// The returned channel speaks HTTP/2 over a pipe in memory. At the other end of the pipe, each call passes the interceptors in its own task. All
    /// kinds of calls work, with metadata, trailers, back-pressure, and messages of any size. If a call is dropped, it is cancelled at the other end
    /// too. When all clones of the channel are dropped and their calls have ended, the tasks end and the inner channel is dropped.
    ///
    /// These do not cross the pipe, or change:
    ///
    /// | part of a call | at the other end of the pipe |
    /// | --- | --- |
    /// | extensions | request extensions are missing, and response extensions do not come back |
    /// | span and task-locals of the caller | missing: `trace` begins a new trace, unless the caller sends a `traceparent` |
    /// | the permit that a handler holds under `concurrency` or `load_shed` | not shared: the call takes its own permit. A handler that holds the last permit must not wait for the call |
    /// | the fetch of a token that makes the call | unknown. If the call needs the token that is being fetched, the fetch waits for itself, until its `fetch_timeout` |
    /// | `CancellationHandle` | a cancelled call looks like a dropped call |
    /// | deadline | kept if the caller sets it (`Request::set_timeout`), as `grpc-timeout`. A call inside a handler does not inherit the handler's deadline |
    /// | deadline that passes | tonic's `Channel` has a timer too. If that fires first, the status is `CANCELLED` ("Timeout expired") |
    /// | origin (`with_origin`) | missing, as with tonic's `Channel`: the inner channel has its own |
    /// | errors of a status | code, message, details and metadata come back; `Status::source` does not |
    ///
    /// If a crate accepts any `GrpcService`, use the wrapped channel itself. `into_channel` costs some microseconds for each call, one task for each
    /// call, and tasks for the channel. A call with a request stream starts up to 2 ms later, because until then it could be a single message.
    ///
    /// # Panics
    ///
    /// If it is called outside a tokio runtime, like
    /// [`Endpoint::connect_lazy`](https://docs.rs/tonic/0.14/tonic/transport/struct.Endpoint.html#method.connect_lazy).
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
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .http2_max_header_list_size(MAX_HEADER_LIST)
            .connect_with_connector_lazy(Connector(self))
    }
}

struct Connector<C: ChannelChain, S>(InterceptedChannel<C, S>);

impl<C, S> Service<Uri> for Connector<C, S>
where
    InterceptedChannel<C, S>: WrappedChannel,
    C: ChannelChain,
{
    type Response = TokioIo<DuplexStream>;
    type Error = io::Error;
    type Future = Ready<io::Result<Self::Response>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let (near, far) = tokio::io::duplex(PIPE_SIZE);
        let connection = http2::Builder::new(TokioExecutor::new())
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_header_list_size(MAX_HEADER_LIST)
            // A server needs these limits only against untrusted clients.
            .max_concurrent_streams(None)
            .max_pending_accept_reset_streams(usize::MAX)
            .max_local_error_reset_streams(None)
            .auto_date_header(false)
            .serve_connection(TokioIo::new(far), FarEnd(self.0.clone()));
        // The task ends when the near end is dropped. Nobody could be told of an error.
        tokio::spawn(async {
            let _ = connection.await;
        });
        ready(Ok(TokioIo::new(near)))
    }
}

/// The bounds of a wrapped channel that this module needs.
trait WrappedChannel:
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

impl<T> WrappedChannel for T where
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

impl<T: WrappedChannel> hyper::service::Service<http::Request<Incoming>> for FarEnd<T> {
    type Response = http::Response<Answer>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: http::Request<Incoming>) -> Self::Future {
        let (mut head, body) = request.into_parts();
        // Without an authority, as in a request that no transport has addressed yet.
        if let Some(path) = head.uri.path_and_query() {
            head.uri = Uri::from(path.clone());
        }
        remove_tonics_user_agent(&mut head.headers);
        // hyper's extensions describe the pipe, not the call.
        head.extensions.clear();
        let mut chain = self.0.clone();
        Box::pin(async move {
            let body = tonic::body::Body::new(GatheredRequest::new(body).await);
            let answer = chain.call(http::Request::from_parts(head, body));
            Ok(match answer.await {
                Ok(response) => response.map(|body| Answer { body: Some(body) }),
                Err(status) => trailers_only(&status),
            })
        })
    }
}

/// A request whose data is in one piece, as far as it has arrived when the call begins. So the chain can recognise a
/// complete single message.
struct GatheredRequest {
    buffered: BytesMut,
    rest: Option<Incoming>,
    error: Option<hyper::Error>,
}

impl GatheredRequest {
    async fn new(rest: Incoming) -> Self {
        let mut gathered = Self {
            buffered: BytesMut::new(),
            rest: Some(rest),
            error: None,
        };
        // If more is to come after this time, the request is a stream.
        let _ = timeout(GATHER_TIMEOUT, poll_fn(|cx| gathered.poll_read(cx))).await;
        gathered
    }

    /// Ready when it has the whole request, or enough of it.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Some(rest) = &mut self.rest
            && self.buffered.len() < DEFAULT_BUFFER_SIZE
        {
            match ready!(Pin::new(rest).poll_frame(cx)) {
                Some(Ok(frame)) => self.buffered.extend(frame.into_data()),
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

impl HttpBody for GatheredRequest {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if !self.buffered.is_empty() {
            let buffered = self.buffered.split().freeze();
            return Poll::Ready(Some(Ok(Frame::data(buffered))));
        }
        match &mut self.rest {
            Some(rest) => Pin::new(rest).poll_frame(cx),
            None => Poll::Ready(self.error.take().map(Err)),
        }
    }
}

/// A response that is only a status: Trailers-Only.
fn trailers_only(status: &Status) -> http::Response<Answer> {
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

fn remove_tonics_user_agent(headers: &mut HeaderMap) {
    let Some(agent) = headers.remove(USER_AGENT) else {
        return;
    };
    // The caller's own agent comes first.
    let callers_agent = agent.to_str().ok().and_then(|agent| {
        let (callers_agent, last) = agent.rsplit_once(' ')?;
        last.starts_with(USER_AGENT_OF_TONIC)
            .then_some(callers_agent)
    });
    if let Some(callers_agent) =
        callers_agent.and_then(|callers_agent| HeaderValue::from_str(callers_agent).ok())
    {
        headers.insert(USER_AGENT, callers_agent);
    }
}

/// A response that reports errors in its trailers. For an error of the body, hyper would reset the stream.
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
            Some(Err(status)) => Some(Frame::trailers(trailers(&fix_tonic_status(status)))),
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
