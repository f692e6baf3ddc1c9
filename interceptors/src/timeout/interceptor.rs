use std::time::Duration;

use tokio::time::Instant;
use tonic::{Response, Status};

use crate::core::plan::{Setting, Value};
use crate::core::time::timeout_at;
use crate::core::time::{exceeded, is_malformed};
use crate::{Call, CallDetails, Interceptor, Next};

/// Ends calls that take too long on a service: the interceptor behind `timeout`.
///
/// The attribute makes it from the settings of the entry. Make one yourself to keep it in a field for `with(self.timeout)`, or to test other
/// interceptors together with it.
///
/// ```
/// use std::time::Duration;
///
/// use interceptors::timeout::Timeout;
///
/// const TIMEOUT: Timeout = Timeout::new(Duration::from_secs(60)).idle(Duration::from_secs(5));
/// # let _ = TIMEOUT;
/// ```
#[derive(Debug, Clone)]
pub struct Timeout {
    timeout: Option<Duration>,
    idle: Option<Duration>,
}

impl Timeout {
    /// The time for a call, counted from when it reaches the interceptor. If the caller's own deadline is earlier, that counts.
    ///
    /// # Panics
    ///
    /// If it is zero. In a constant, and so in the attribute, that is a compiler error.
    #[must_use]
    pub const fn new(timeout: Duration) -> Self {
        assert!(
            !timeout.is_zero(),
            "[I0402] `timeout` must be longer than zero"
        );
        Self {
            timeout: Some(timeout),
            idle: None,
        }
    }

    /// No time of its own: only the caller's deadline counts.
    #[must_use]
    pub const fn of_the_caller() -> Self {
        Self {
            timeout: None,
            idle: None,
        }
    }

    /// The longest wait for one message of a stream; see the [module documentation](super#idle-streams).
    ///
    /// # Panics
    ///
    /// If it is zero, or not shorter than the time for the whole call, which would end the call first. In a constant, and so in the attribute, that
    /// is a compiler error.
    #[must_use]
    pub const fn idle(mut self, idle: Duration) -> Self {
        assert!(!idle.is_zero(), "[I0402] `idle` must be longer than zero");
        if let Some(timeout) = self.timeout {
            assert!(
                idle.as_nanos() < timeout.as_nanos(),
                "[I0818] `idle` must be shorter than the time for the whole call, which ends it first"
            );
        }
        self.idle = Some(idle);
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn settings(&self) -> [Setting; 2] {
        const fn shown(time: Option<Duration>) -> Value {
            match time {
                Some(time) => Value::Duration(time),
                None => Value::Unset,
            }
        }
        [
            Setting::new("timeout", shown(self.timeout)),
            Setting::new("idle", shown(self.idle)),
        ]
    }
}

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Timeout {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let at = begin(call, self)?;
        if let Some(idle) = self.idle {
            call.bound_gaps(idle);
        }
        timeout_at(at, next.run(call), exceeded).await
    }
}

/// How much earlier than its caller a service times out. See the module documentation.
const HEAD_START: Duration = Duration::from_millis(2);

/// The deadline of the call. In its own function, so that it is compiled once and not for each message.
fn begin(details: &mut CallDetails, timeout: &Timeout) -> Result<Option<Instant>, Status> {
    let of_caller = details.settle_deadline();
    let now = Instant::now();
    // The bounds stay set for later attempts.
    if !details.is_bounded() {
        match of_caller {
            Some(at) => {
                let left = at.saturating_duration_since(now);
                if let Some(at) = at.checked_sub(HEAD_START.min(left / 10)) {
                    details.limit_deadline(at);
                }
            }
            None if is_malformed(details.metadata()) => return Err(malformed()),
            None => {}
        }
        if let Some(at) = timeout.timeout.and_then(|time| now.checked_add(time)) {
            details.limit_deadline(at);
        }
        details.bound(timeout.idle);
    }
    match details.known_deadline() {
        Some(at) if at <= now => Err(exceeded()),
        at => Ok(at),
    }
}

#[cold]
fn malformed() -> Status {
    Status::internal("malformed grpc-timeout")
}
