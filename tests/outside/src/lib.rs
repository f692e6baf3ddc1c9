//! Interceptors written outside of the crate, as a user would write them.
//!
//! | interceptor | |
//! | --- | --- |
//! | [`CatchPanic`] | ends a call that panics with `INTERNAL` |
//! | [`IdOfCall`] | gives each call an ID |
//! | [`StreamGaps`] | logs the longest time between two messages of a response stream |
//!
//! They use nothing but public items of `interceptors`, those of `interceptors::ext` included.

mod catch_panic;
mod id_of_call;
mod stream_gaps;

pub use catch_panic::CatchPanic;
pub use id_of_call::IdOfCall;
pub use stream_gaps::StreamGaps;
