use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::panic::{Payload, caught};

/// A future whose panics are caught. It is polled in place, as in `core::time::Inherited`.
pub(super) struct Caught<'a, F> {
    future: Pin<&'a mut F>,
}

impl<'a, F> Caught<'a, F> {
    pub(super) fn new(future: Pin<&'a mut F>) -> Self {
        Self { future }
    }
}

impl<F: Future> Future for Caught<'_, F> {
    type Output = Result<F::Output, Payload>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match caught(|| self.future.as_mut().poll(cx)) {
            Ok(polled) => polled.map(Ok),
            Err(payload) => Poll::Ready(Err(payload)),
        }
    }
}
