use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Waker, ready};

use http_body::{Body as HttpBody, Frame, SizeHint};
use tonic::client::GrpcService;
use tower_service::Service;

use crate::wire::{Body, Nobody, status};

/// The transport of a generated client. It is given a request of one message in one piece, which costs one frame of
/// HTTP/2 and not two: tonic's own body does not know that it has ended before it is asked once more. Of responses it mends what tonic would panic at.
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
    type Response = http::Response<Mended<T::ResponseBody>>;
    type Error = T::Error;
    type Future = Mending<T::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), T::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        let request = request.map(|body| Body::request(body, &GLANCE).into());
        let answer = self.0.call(request);
        Mending { answer }
    }
}

pin_project_lite::pin_project! {
    /// A response on its way.
    pub struct Mending<F> {
        #[pin]
        answer: F,
    }
}

impl<F, B, E> Future for Mending<F>
where
    F: Future<Output = Result<http::Response<B>, E>>,
{
    type Output = Result<http::Response<Mended<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut response = ready!(self.project().answer.poll(cx))?;
        status::mend_headers(response.headers_mut());
        Poll::Ready(Ok(response.map(|body| Mended { body })))
    }
}

pin_project_lite::pin_project! {
    /// A response whose trailers tonic can read.
    pub struct Mended<B> {
        #[pin]
        body: B,
    }
}

impl<B: HttpBody> HttpBody for Mended<B> {
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
            status::mend_trailers(trailers);
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

/// Looks whether a request is here already. A stream is asked for its messages when they can be sent, not before.
static GLANCE: LazyLock<Waker> = LazyLock::new(|| Waker::from(Arc::new(Nobody)));

/// Whether it is only looked whether a request is here.
pub(crate) fn is_glance(cx: &Context<'_>) -> bool {
    cx.waker().will_wake(&GLANCE)
}
