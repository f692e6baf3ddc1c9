use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tonic::Status;
use tower_layer::Layer;
use tower_service::Service;

use crate::core::facts::CutOff;

/// Makes request streams that were cut off end with `CANCELLED` in annotated services. See the
/// [module documentation](super#a-client-that-goes-away-half-way).
#[derive(Debug, Clone, Copy, Default)]
pub struct RequestCancellationLayer;

impl<S> Layer<S> for RequestCancellationLayer {
    type Service = RequestCancellation<S>;

    fn layer(&self, inner: S) -> RequestCancellation<S> {
        RequestCancellation { inner }
    }
}

/// A service wrapped in a [`RequestCancellationLayer`].
#[derive(Debug, Clone)]
pub struct RequestCancellation<S> {
    inner: S,
}

impl<S> Service<http::Request<tonic::body::Body>> for RequestCancellation<S>
where
    S: Service<http::Request<tonic::body::Body>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> S::Future {
        let cut_off = CutOff::default();
        let mut request = request.map(|body| {
            tonic::body::Body::new(Watched {
                body,
                cut_off: cut_off.clone(),
            })
        });
        request.extensions_mut().insert(cut_off);
        self.inner.call(request)
    }
}

struct Watched {
    body: tonic::body::Body,
    cut_off: CutOff,
}

impl Body for Watched {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(Err(_)) = frame {
            self.cut_off.set();
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
