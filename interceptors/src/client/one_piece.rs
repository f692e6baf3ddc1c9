use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Waker, ready};

use http_body::{Body as HttpBody, Frame, SizeHint};
use tonic::client::GrpcService;
use tower_service::Service;

use crate::wire::{Body, NoopWake, status};

/// The transport of a generated client. It sends a request of one message as one frame of HTTP/2. tonic's own body
/// would take two frames, because it learns of its end only in another poll. It also repairs responses on which tonic
/// would panic.
#[derive(Clone)]
pub struct InOnePiece<T>(T);

impl<T> InOnePiece<T> {
    pub fn new(transport: T) -> Self {
        Self(transport)
    }
}

impl<T> Service<http::Request<tonic::body::Body>> for InOnePiece<T>
where
    T: GrpcService<tonic::body::Body>,
{
    type Response = http::Response<RepairedBody<T::ResponseBody>>;
    type Error = T::Error;
    type Future = RepairFuture<T::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), T::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        let request = request.map(|body| Body::request(body, &PEEK_WAKER).into());
        let answer = self.0.call(request);
        RepairFuture { answer }
    }
}

pin_project_lite::pin_project! {
    /// A pending response.
    pub struct RepairFuture<F> {
        #[pin]
        answer: F,
    }
}

impl<F, B, E> Future for RepairFuture<F>
where
    F: Future<Output = Result<http::Response<B>, E>>,
{
    type Output = Result<http::Response<RepairedBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut response = ready!(self.project().answer.poll(cx))?;
        status::repair_headers(response.headers_mut());
        Poll::Ready(Ok(response.map(|body| RepairedBody { body })))
    }
}

pin_project_lite::pin_project! {
    /// A response whose trailers are repaired so that tonic can read them.
    pub struct RepairedBody<B> {
        #[pin]
        body: B,
    }
}

impl<B: HttpBody> HttpBody for RepairedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut frame = ready!(self.project().body.poll_frame(cx));
        if let Some(Ok(frame)) = &mut frame
            && let Some(trailers) = frame.trailers_mut()
        {
            status::repair_trailers(trailers);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<T: fmt::Debug> fmt::Debug for InOnePiece<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The waker of a peek: a poll that only checks whether a request is already complete. A stream yields no messages to a
/// peek, only when they can be sent.
static PEEK_WAKER: LazyLock<Waker> = LazyLock::new(|| Waker::from(Arc::new(NoopWake)));

/// Whether this poll is only a peek.
pub(crate) fn is_peek(cx: &Context<'_>) -> bool {
    cx.waker().will_wake(&PEEK_WAKER)
}
