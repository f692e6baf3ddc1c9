//! Records for which limiters the running code holds a permit.
//!
//! Calls that this code makes share the permit. Otherwise they would wait for their own caller, which waits for them.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tonic::{Response, Status};

use super::limiter::{Limiter, LimiterId, Permit};
use crate::core::frame::Frame;
use crate::core::layer::Layer;
use crate::core::name::CallName;
use crate::{Call, End, Next, Side};

thread_local! {
    static HELD: RefCell<Vec<LimiterId>> = const { RefCell::new(Vec::new()) };
}

/// Whether the running code holds a permit of this limiter.
#[inline]
pub(super) fn is_held(limiter: &Limiter) -> bool {
    let id = limiter.id();
    HELD.try_with(|held| held.borrow().contains(&id))
        .unwrap_or_default()
}

/// Records the permit until the guard is dropped.
fn enter(limiter: LimiterId) -> PermitGuard {
    // Calls may be dropped while their thread ends. Then nothing runs that could make further calls.
    let _ = HELD.try_with(|held| held.borrow_mut().push(limiter));
    PermitGuard
}

struct PermitGuard;

impl Drop for PermitGuard {
    fn drop(&mut self) {
        let _ = HELD.try_with(|held| held.borrow_mut().pop());
    }
}

/// The permit of a call. It stays with the call's response stream.
pub(super) struct HeldPermit {
    /// `None` for a call that shares its caller's permit.
    permit: Option<Permit>,
    side: Side,
}

impl HeldPermit {
    pub(super) fn new(permit: Option<Permit>, side: Side) -> Self {
        Self { permit, side }
    }

    pub(super) fn limiter(&self) -> Option<LimiterId> {
        self.permit.as_ref().map(Permit::limiter)
    }
}

impl Layer for HeldPermit {
    /// On a server, polls run the handler's code, which may make calls. On a client they only read from the connection.
    fn is_around(&self) -> bool {
        self.side == Side::Server && self.permit.is_some()
    }

    fn within(&mut self, _: &CallName, run: &mut dyn FnMut()) {
        let _entered = self.limiter().map(enter);
        run();
    }

    fn end(&mut self, end: &End<'_>) {
        if let Some(permit) = self.permit.take() {
            permit.end(end);
        }
    }
}

/// The rest of a chain, which holds a permit while it runs.
pub(super) struct WithPermit<'a, N> {
    pub(super) limiter: Option<LimiterId>,
    pub(super) next: &'a mut N,
}

impl<Req: Send, Res: Send, N: Next<Req, Res>> Next<Req, Res> for WithPermit<'_, N> {
    fn run(
        &mut self,
        call: &mut Call<Req>,
    ) -> impl Future<Output = Result<Response<Res>, Status>> + Send {
        WithPermitFuture {
            limiter: self.limiter,
            run: self.next.run(call),
        }
    }

    fn frame(&mut self) -> Option<&mut (dyn Frame + '_)> {
        self.next.frame()
    }
}

pin_project_lite::pin_project! {
    struct WithPermitFuture<F> {
        limiter: Option<LimiterId>,
        #[pin]
        run: F,
    }
}

impl<F: Future> Future for WithPermitFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = this.limiter.map(enter);
        this.run.poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::super::Capacity;
    use super::*;

    #[test]
    fn held_limits_are_left_in_order_and_on_panic() {
        let [outer, inner] = [(); 2].map(|()| Limiter::new(&Capacity::max(1)));
        let held = || [&outer, &inner].map(is_held);
        let first = enter(outer.id());
        let result = catch_unwind(AssertUnwindSafe(|| {
            let _second = enter(inner.id());
            assert_eq!(held(), [true, true]);
            panic!("on purpose");
        }));
        assert!(result.is_err());
        assert_eq!(held(), [true, false]);
        drop(first);
        assert_eq!(held(), [false, false]);
    }
}
