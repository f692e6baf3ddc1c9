use std::time::Duration;

use tokio::time::Instant;
use tonic::{Response, Status};

use crate::core::plan::{Setting, Value};
use crate::core::time::exceeded;
use crate::core::time::lately;
use crate::core::time::timeout_at;
use crate::{Call, CallDetails, Interceptor, Next};

/// Sets a deadline for calls whose caller set none, and ends them at their deadline: the interceptor behind `deadline` on a client.
///
/// The attribute makes it from the settings of the entry. Make one yourself to keep it in a field for `with(self.deadline)`, or to test other
/// interceptors together with it.
///
/// ```
/// use std::time::Duration;
///
/// use interceptors::deadline::Deadline;
///
/// const DEADLINE: Deadline = Deadline::new(Duration::from_secs(2));
/// # let _ = DEADLINE;
/// ```
#[derive(Debug, Clone)]
pub struct Deadline {
    timeout: Duration,
}

impl Deadline {
    /// The time for a call and all its attempts, counted from when the call reaches the interceptor.
    ///
    /// # Panics
    ///
    /// If it is zero. In a constant, and so in the attribute, that is a compiler error.
    #[must_use]
    pub const fn new(timeout: Duration) -> Self {
        assert!(
            !timeout.is_zero(),
            "[I0402] `deadline` must be longer than zero"
        );
        Self { timeout }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn settings(&self) -> [Setting; 1] {
        [Setting::new("timeout", Value::Duration(self.timeout))]
    }
}

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Deadline {
    fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> impl Future<Output = Result<Response<Res>, Status>> + Send {
        let deadline = settle(call, self.timeout);
        timeout_at(deadline, next.run(call), exceeded)
    }
}

/// The call's deadline. If there is none, sets one after `timeout`, which later attempts keep.
///
/// In its own function, so that it is compiled once and not for each message.
fn settle(details: &mut CallDetails, timeout: Duration) -> Option<Instant> {
    details.settle_deadline().or_else(|| {
        let at = lately().checked_add(timeout)?;
        details.limit_deadline(at);
        Some(at)
    })
}
