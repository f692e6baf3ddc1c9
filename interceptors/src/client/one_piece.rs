use std::fmt;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Wake, Waker};

use tonic::client::GrpcService;
use tower_service::Service;

use super::Body;

/// The transport of a generated client. It is given a request of one message in one piece, which costs one frame of
/// HTTP/2 and not two: tonic's own body does not know that it has ended before it is asked once more.
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
    type Response = http::Response<T::ResponseBody>;
    type Error = T::Error;
    type Future = T::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), T::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> T::Future {
        self.0
            .call(request.map(|body| Body::request(body, &GLANCE).into()))
    }
}

impl<T: fmt::Debug> fmt::Debug for InOnePiece<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Looks whether a request is here already. A stream is asked for its messages when they can be sent, not before.
static GLANCE: LazyLock<Waker> = LazyLock::new(|| Waker::from(Arc::new(Nobody)));

/// Nobody is woken.
pub(crate) struct Nobody;

impl Wake for Nobody {
    fn wake(self: Arc<Self>) {}
}

/// Whether it is only looked whether a request is here.
pub(crate) fn is_glance(cx: &Context<'_>) -> bool {
    cx.waker().will_wake(&GLANCE)
}
