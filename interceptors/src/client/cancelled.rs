//! The `CancellationHandle` that a caller holds for a call.
//!
//! tonic checks the handle only while it sends the request. A call that waits (for the channel, for a token, for the
//! next attempt) is not sending, so the chain checks the handle too.

use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use http::uri::PathAndQuery;
use http_body::Body as HttpBody;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{CancellationHandle, Extensions, Request, Status};
use tower_service::Service;

/// Ready once the caller has cancelled the call.
pub(crate) type Cancelled = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The handle of a generated or hand-written client's caller, if there is one.
pub(crate) fn of_handle(extensions: &Extensions) -> Option<Cancelled> {
    if extensions.is_empty() {
        return None;
    }
    let handle = extensions.get::<CancellationHandle>()?;
    Some(Box::pin(by_handle(handle.clone())))
}

/// Only a request can observe a handle. So this makes a request that sends nothing and is answered by `Mirror`.
async fn by_handle(handle: CancellationHandle) {
    let mut request = Request::new(Nothing);
    request.extensions_mut().insert(handle);
    let path = PathAndQuery::from_static("/");
    let response = Grpc::new(Mirror).streaming(request, path, Nothing).await;
    let end = match response {
        Ok(response) => response.into_inner().message().await,
        Err(_) => Ok(None),
    };
    if end.is_ok() {
        pending().await
    }
}

/// The handle of a channel's caller. tonic has put it into the body. The body has no more data by now.
pub(crate) fn of_body(mut body: tonic::body::Body) -> Cancelled {
    Box::pin(async move {
        poll_fn(|cx| match Pin::new(&mut body).poll_frame(cx) {
            Poll::Ready(Some(Err(_))) => Poll::Ready(()),
            // The handle registers the waker before the body reports its end.
            Poll::Ready(_) | Poll::Pending => Poll::Pending,
        })
        .await;
    })
}

pin_project_lite::pin_project! {
    /// A call that its caller may cancel. Cancellation ends it at once, whatever it waits for.
    pub(crate) struct Cancellable<F> {
        #[pin]
        call: F,
        cancelled: Option<Cancelled>,
    }
}

impl<F> Cancellable<F> {
    pub(crate) fn new(call: F, cancelled: Option<Cancelled>) -> Self {
        Self { call, cancelled }
    }
}

impl<F, T> Future for Cancellable<F>
where
    F: Future<Output = Result<T, Status>>,
{
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        // A response is large, so it is not moved.
        let mut polled = this.call.poll(cx);
        if polled.is_pending()
            && let Some(cancelled) = this.cancelled
            && cancelled.as_mut().poll(cx).is_ready()
        {
            polled = Poll::Ready(Err(status()));
        }
        polled
    }
}

#[cold]
fn status() -> Status {
    Status::cancelled("the caller has cancelled the call")
}

/// A stream that never yields a message.
struct Nothing;

impl Stream for Nothing {
    type Item = ();

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<()>> {
        Poll::Pending
    }
}

impl Codec for Nothing {
    type Encode = ();
    type Decode = ();
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Nothing {
    type Item = ();
    type Error = Status;

    fn encode(&mut self, (): (), _: &mut EncodeBuf<'_>) -> Result<(), Status> {
        Ok(())
    }
}

impl Decoder for Nothing {
    type Item = ();
    type Error = Status;

    fn decode(&mut self, _: &mut DecodeBuf<'_>) -> Result<Option<()>, Status> {
        Ok(None)
    }
}

/// Answers each request with the request's own body.
struct Mirror;

impl Service<http::Request<tonic::body::Body>> for Mirror {
    type Response = http::Response<tonic::body::Body>;
    type Error = Status;
    type Future = std::future::Ready<Result<Self::Response, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        std::future::ready(Ok(http::Response::new(request.into_body())))
    }
}
