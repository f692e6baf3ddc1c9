//! Limits that several processes share: the code behind `store = …`.

mod bucket;
mod denied;
mod interceptor;
mod key;
mod local;
mod outage;
#[cfg(any(feature = "redis", feature = "envoy-rls"))]
pub(super) mod patience;
mod sharing;
mod store;

pub use bucket::Bucket;
pub use interceptor::{Shared, SharedRateLimit};
#[cfg(feature = "envoy-rls")]
pub(super) use key::KeyKind;
pub use key::{BucketKey, IdentityOf, KeyValue, SharedByHash, SharedByText, SharedKey};
pub use local::Local;
pub use sharing::{OnError, Sharing};
pub use store::{Configured, Decision, Store, StoreError};
