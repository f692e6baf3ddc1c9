#![doc = include_str!("lib.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod core;
#[allow(missing_docs, missing_debug_implementations)]
mod mount;

/// Code that several interceptors use. Modules with dependencies are enabled by the features that need them.
pub(crate) mod kit {
    pub(crate) mod by_name;
    pub(crate) mod code_names;
    pub mod codes;
    pub(crate) mod cut_off;
    #[cfg(feature = "_attempts")]
    pub(crate) mod exceeded;
    #[cfg(any(feature = "metrics", feature = "trace"))]
    pub(crate) mod full_name;
    pub(crate) mod identity;
    pub mod key;
    #[cfg(feature = "_level")]
    pub(crate) mod level;
    pub(crate) mod pushback;
    #[cfg(feature = "_refusal")]
    pub(crate) mod refusal;
    #[cfg(all(feature = "_wire", feature = "_h2"))]
    pub(crate) mod reset;
    #[cfg(all(feature = "_wire", not(feature = "_h2")))]
    #[path = "no_reset.rs"]
    pub(crate) mod reset;
    pub(crate) mod sources;
    #[cfg(feature = "_attempts")]
    pub(crate) mod throttle;
    pub(crate) mod unsent;
}

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
#[cfg(feature = "client-ip")]
pub mod client_ip;
#[doc = include_str!("compile_time.md")]
pub mod compile_time {}
#[cfg(feature = "concurrency")]
pub mod concurrency;
#[cfg(feature = "deadline")]
pub mod deadline;
#[doc = include_str!("errors.md")]
pub mod errors {}
pub mod guide;
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
#[doc = include_str!("publishing.md")]
pub mod publishing {}
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
#[cfg(feature = "_wire")]
mod wire;

#[doc(hidden)]
pub mod ext;

#[doc(hidden)]
#[path = "private.rs"]
#[allow(missing_docs, missing_debug_implementations)]
pub mod __private;

pub use crate::core::call::Call;
pub use crate::core::chain::{Interceptor, Next};
pub use crate::core::details::CallDetails;
pub use crate::core::end::{End, Observer, Outcome};
pub use crate::core::kind::{Kind, Side};
pub use crate::core::plan::{
    Entry, EntryPlan, Intercepted, MethodPlan, Note, Plan, Rule, Setting, Settings, Sides, Value,
};
pub use crate::core::stream::ResponseStream;
/// What generated code needs from `tracing`. The module is hidden because of rustc: it shortens names in messages only
/// if no other visible crate has an item of that name.
#[cfg(feature = "_level")]
#[doc(hidden)]
pub mod tracing {
    pub use ::tracing::*;
}

/// What editors show for the attribute's words. It is never compiled.
#[cfg(rust_analyzer)]
#[doc(hidden)]
#[path = "ide.rs"]
pub mod __ide;

#[doc = include_str!("attribute.md")]
#[cfg_attr(feature = "metrics", doc = include_str!("metrics/attribute.md"))]
#[cfg_attr(feature = "trace", doc = include_str!("trace/attribute.md"))]
pub use interceptors_macros::intercept;

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
