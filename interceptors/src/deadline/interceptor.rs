use std::time::Duration;

use tokio::time::Instant;
use tonic::{Response, Status};

use crate::core::plan::{Setting, Value};
use crate::core::time::exceeded;
use crate::core::time::lately;
use crate::core::time::timeout_at;
use crate::{Call, CallDetails, Interceptor, Next};

/// How long a call may take where its caller set no deadline.
#[derive(Debug, Clone)]
pub struct Config {
    timeout: Duration,
}

impl Config {
    /// This long, counted from when the call enters the interceptor.
    ///
    /// # Panics
    ///
    /// If it is zero. In a constant, as the attribute uses it, that is an error of the compiler.
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

/// The interceptor behind `deadline`. See the [module documentation](super).
#[derive(Debug)]
pub struct Deadline<'a> {
    config: &'a Config,
}

impl<'a> Deadline<'a> {
    /// Sets and enforces a deadline.
    #[must_use]
    pub const fn new(config: &'a Config) -> Self {
        Self { config }
    }
}

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Deadline<'_> {
    fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> impl Future<Output = Result<Response<Res>, Status>> + Send {
        let deadline = settle(call, self.config.timeout);
        timeout_at(deadline, next.run(call), exceeded)
    }
}

/// The deadline of a call that has this long if nobody has set one. What is set stays set for the attempts that follow.
///
/// Apart, so that it is compiled once and not for each message.
fn settle(details: &mut CallDetails, timeout: Duration) -> Option<Instant> {
    details.settle_deadline().or_else(|| {
        let at = lately().checked_add(timeout)?;
        details.limit_deadline(at);
        Some(at)
    })
}
