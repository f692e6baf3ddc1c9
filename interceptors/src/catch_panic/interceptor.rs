use std::fmt;
use std::pin::pin;

use tonic::{Response, Status};

use super::caught::Caught;
use super::panic::{Panic, PanicHandler, log, report};
use crate::{Call, Interceptor, Next};

/// Writes panics to the log; see the [module documentation](super).
#[derive(Debug, Clone, Copy, Default)]
pub struct Logged;

impl PanicHandler for Logged {
    fn panicked(&self, panic: &Panic<'_>) {
        log(panic);
    }
}

/// The interceptor behind `catch_panic`. See the [module documentation](super).
pub struct CatchPanic<'a, H = Logged> {
    handler: &'a H,
}

impl CatchPanic<'_> {
    /// Catches panics and logs them.
    #[must_use]
    pub const fn new() -> Self {
        Self { handler: &Logged }
    }
}

impl Default for CatchPanic<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'a, H: PanicHandler + Clone + 'static> CatchPanic<'a, H> {
    /// Catches panics and tells of them.
    #[must_use]
    pub const fn with_hook(handler: &'a H) -> Self {
        Self { handler }
    }
}

impl<H> fmt::Debug for CatchPanic<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CatchPanic").finish_non_exhaustive()
    }
}

/// The panic has gone past `request_id`, which would have done it.
#[cfg(feature = "request-id")]
#[cold]
fn name_call(details: &crate::CallDetails, status: &mut Status) {
    if let (Some(id), Some(header)) = (details.request_id(), details.marks.id_header) {
        status.metadata_mut().as_mut().insert(header, id.to_value());
    }
}

impl<H, Req, Res> Interceptor<Req, Res> for CatchPanic<'_, H>
where
    H: PanicHandler + Clone + 'static,
    Req: Send,
    Res: Send,
{
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        // The next one may also panic before there is a future of it.
        let run = async { next.run(call).await };
        let caught = Caught::new(pin!(run)).await;
        match caught {
            Ok(answer) => {
                if answer.is_ok() && call.kind().response_is_stream() {
                    call.details.marks.panic_handler = Some(Box::new(self.handler.clone()));
                }
                answer
            }
            Err(payload) => {
                call.details.marks.has_panicked = true;
                #[allow(unused_mut)]
                let mut status = report(&call.details.path, payload, Some(self.handler));
                #[cfg(feature = "request-id")]
                name_call(&call.details, &mut status);
                Err(status)
            }
        }
    }
}
