use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll};

use interceptors::ext::{CallName, Inner, Layer, RequestId, Step};
use interceptors::{Call, Entry, Interceptor, Next, Outcome, Rule, Sides};
use tonic::{Response, Status};

/// Ends a call with `INTERNAL` if the handler, an inner interceptor or the response stream panics.
///
/// Observers get [`Outcome::Panicked`]. The panic is logged as an event at level `ERROR`, and the client gets no detail
/// of it but the call's ID.
#[derive(Debug, Clone, Copy, Default)]
pub struct CatchPanic;

impl CatchPanic {
    /// Catches panics.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl Entry for CatchPanic {
    // The name of the built-in one: rules of other entries that name it also hold here.
    const NAME: &'static str = "catch_panic";
    const SIDES: Sides = Sides::SERVER;
    const RULES: &'static [Rule] = &[
        Rule::before("auth", "its panics are not caught"),
        Rule::before("with", "its panics are not caught"),
    ];
}

impl<Req: Send, Res: Send> Interceptor<Req, Res> for CatchPanic {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let caught = {
            // In a block, because `run` may panic before it returns a future.
            let mut run = pin!(async { next.run(call).await });
            poll_fn(|cx| match caught(|| run.as_mut().poll(cx)) {
                Ok(polled) => polled.map(Ok),
                Err(panic) => Poll::Ready(Err(panic)),
            })
            .await
        };
        match caught {
            Ok(answer) => {
                if answer.is_ok() && call.kind().response_is_stream() {
                    call.push_layer(Guard);
                }
                answer
            }
            Err(panic) => {
                call.set_panicked();
                let mut status = report(call.name(), panic);
                // `IdOfCall` may be an inner interceptor; then the panic skipped the code that adds the ID.
                call.name_answer(&mut status);
                Err(status)
            }
        }
    }
}

/// Catches panics of a response stream.
struct Guard;

impl Layer for Guard {
    fn poll(&mut self, call: &CallName, cx: &mut Context<'_>, inner: &mut Inner<'_>) -> Poll<Step> {
        caught(|| inner(cx))
            .unwrap_or_else(|panic| Poll::Ready(Step::Cut(Outcome::Panicked, report(call, panic))))
    }

    // The stream has already ended here, so a panic of an observer changes nothing for the client.
    fn within(&mut self, call: &CallName, run: &mut dyn FnMut()) {
        if let Err(panic) = caught(run) {
            report(call, panic);
        }
    }
}

type Payload = Box<dyn Any + Send>;

fn caught<T>(run: impl FnOnce() -> T) -> Result<T, Payload> {
    // A call that panicked is not polled again.
    catch_unwind(AssertUnwindSafe(run))
}

/// Logs a panic, and makes the status for the client.
fn report(call: &CallName, panic: Payload) -> Status {
    let text = panic.downcast_ref::<&'static str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(
        grpc.service = call.service(),
        grpc.method = call.method(),
        request_id = call.request_id().map(RequestId::as_str),
        exception.message = text,
        "a call panicked"
    );
    // Dropping the payload may panic again. Then the new payload is leaked, because its drop may panic too.
    if let Err(panic) = caught(|| drop(panic)) {
        std::mem::forget(panic);
    }
    Status::internal("internal error")
}
