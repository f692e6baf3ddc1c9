#![doc = include_str!("lib.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod bounds;
#[cfg(any(feature = "concurrency", feature = "circuit-breaker"))]
mod by_name;
mod call;
mod chain;
#[cfg(any(feature = "logging", feature = "metrics", feature = "trace"))]
mod code_names;
#[cfg(any(feature = "retry", feature = "hedge", feature = "circuit-breaker"))]
mod codes;
mod end;
mod id;
mod inbound;
mod kept;
#[cfg(any(feature = "auth", feature = "rate-limit", feature = "request-id"))]
mod key;
#[allow(missing_docs)]
mod layer;
mod once;
mod plan;
#[cfg(any(feature = "retry", feature = "hedge"))]
mod pushback;
#[cfg(any(feature = "rate-limit", feature = "concurrency"))]
mod refusal;
mod stream;
mod timer;
#[cfg_attr(not(feature = "client"), allow(dead_code, unreachable_pub))]
mod turn;
mod unread;

#[cfg(feature = "auth")]
pub mod auth;
#[cfg(feature = "authorize")]
pub mod authorize;
#[cfg(feature = "catch-panic")]
pub mod catch_panic;
#[cfg(feature = "circuit-breaker")]
pub mod circuit_breaker;
#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "concurrency")]
pub mod concurrency;
#[cfg(feature = "deadline")]
pub mod deadline;
#[cfg(not(feature = "deadline"))]
#[allow(dead_code, unreachable_pub)]
mod deadline;
#[doc = include_str!("errors.md")]
pub mod errors {}
#[cfg(feature = "hedge")]
pub mod hedge;
#[cfg(feature = "logging")]
pub mod logging;
#[cfg(feature = "metadata")]
pub mod metadata;
#[cfg(feature = "metrics")]
pub mod metrics;
#[cfg(feature = "payload")]
pub mod payload;
#[cfg(feature = "rate-limit")]
pub mod rate_limit;
#[cfg(feature = "request-id")]
pub mod request_id;
#[cfg(feature = "retry")]
pub mod retry;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "test-util")]
pub mod test_util;
#[cfg(feature = "timeout")]
pub mod timeout;
#[cfg(feature = "trace")]
pub mod trace;
#[cfg(feature = "validate")]
pub mod validate;

#[doc(hidden)]
#[path = "private.rs"]
#[allow(missing_docs, missing_debug_implementations)]
pub mod __private;

pub use call::{Call, CallDetails, Kind, Side};
pub use chain::{Interceptor, Next};
pub use end::{End, Observer, Outcome};
#[doc = include_str!("attribute.md")]
#[cfg_attr(feature = "metrics", doc = include_str!("metrics/attribute.md"))]
#[cfg_attr(feature = "trace", doc = include_str!("trace/attribute.md"))]
pub use interceptors_macros::intercept;
pub use plan::{EntryPlan, Intercepted, MethodPlan, Note, Plan, Setting, Settings, Value};
pub use stream::ResponseStream;

#[doc = include_str!("../../README.md")]
#[cfg(all(
    doctest,
    feature = "server",
    feature = "logging",
    feature = "auth",
    feature = "rate-limit",
    feature = "retry"
))]
#[allow(missing_docs, missing_debug_implementations)]
pub struct ReadmeDoctests;
