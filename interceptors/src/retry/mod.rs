//! Another attempt for a call that failed in a way that may pass.
//!
//! On a service the handler runs again. That suits a handler that passes on the failure of
//! something behind it; whether it may run twice is for its author to say, so name the methods
//! with `only` where some of them may not.
//!
//! # When
//!
//! The status code is one of `codes` (default: `UNAVAILABLE` and `DEADLINE_EXCEEDED`, as in
//! the `grpc.aio` interceptors that this crate began as), attempts are left, the retry throttle allows it, and the request is one
//! message that is `Clone`. Methods with a request stream are never retried, and naming one in
//! `only` does not compile. A response stream is retried until it opens, never after: what was
//! delivered cannot be taken back. And a handler that has answered with success does not run again,
//! even if an interceptor inside of `retry` made a failure of that.
//!
//! A handler that is retried and calls a sibling that is retried multiplies the two: with
//! `max = 3` for both, up to 16 runs.
//!
//! # The delay
//!
//! Before retry *n*, `min(base_delay × multiplier^(n-1), max_delay) × random(0.8, 1.2)`, as
//! [gRFC A6](https://github.com/grpc/proposal/blob/master/A6-client-retries.md) has it since 2024.
//! A status with `grpc-retry-pushback-ms` in its metadata sets the delay itself, without jitter,
//! and the next delay starts again at `base_delay`; a negative or unreadable value means that
//! there is to be no retry, and so does one longer than `max_delay`.
//!
//! No attempt starts after the caller's own deadline.

mod backoff;
mod interceptor;
mod throttle;
mod transparent;

pub use interceptor::{Config, Retry};
pub use throttle::Throttle;
