use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::CallDetails;
use crate::kit::identity::{Identifies, Identity};
use crate::kit::key;

/// Decides which calls share a limit, for [`RateLimit::new`](super::RateLimit::new). Implement it to count by your own key.
///
/// ```
/// use std::hash::{BuildHasher, RandomState};
///
/// use interceptors::CallDetails;
/// use interceptors::rate_limit::Key;
///
/// struct ByMethod;
///
/// impl Key for ByMethod {
///     fn of(&self, call: &CallDetails, hasher: &RandomState) -> Option<u64> {
///         Some(hasher.hash_one(call.path()))
///     }
/// }
/// ```
pub trait Key: Send + Sync {
    /// A number for the key: calls with the same number share a limit. All calls with `None` share one limit, which costs less than a lookup.
    fn of(&self, call: &CallDetails, hasher: &RandomState) -> Option<u64>;
}

/// All calls share one limit.
#[derive(Debug, Clone, Copy)]
pub struct Everyone;

impl Key for Everyone {
    fn of(&self, _call: &CallDetails, _hasher: &RandomState) -> Option<u64> {
        None
    }
}

/// Calls from one peer address share a limit. The port does not count. Of an IPv6 address only the first 64 bits count, because one host usually has
/// all addresses of a /64.
#[derive(Debug, Clone, Copy)]
pub struct ByPeer;

impl Key for ByPeer {
    fn of(&self, call: &CallDetails, hasher: &RandomState) -> Option<u64> {
        let peer = call.peer();
        if peer.is_none() {
            warn_of_no_peer(call);
        }
        let network = peer.map(|peer| match peer.ip().to_canonical() {
            IpAddr::V4(address) => u64::from(address.to_bits()),
            IpAddr::V6(address) => (address.to_bits() >> 64) as u64,
        });
        Some(hasher.hash_one(network))
    }
}

/// Logs a warning once per process: either all calls of a server have a peer address or none has.
#[cold]
pub(super) fn warn_of_no_peer(call: &CallDetails) {
    static WARNED: AtomicBool = AtomicBool::new(false);
    // Read first, so that later calls do not write to memory that threads share.
    if WARNED.load(Ordering::Relaxed) || WARNED.swap(true, Ordering::Relaxed) {
        return;
    }
    tracing::warn!(
        path = call.path(),
        "a `rate_limit` with `key = peer` or `key = client_ip` finds no address of the caller, so all such callers share one limit; serve with tonic's server, or \
         behind `axum::serve` use `into_make_service_with_connect_info::<SocketAddr>()` and the feature `axum` of `interceptors`, or \
         choose another `key`",
    );
}

/// Calls from one caller share a limit, by the address that `client_ip` found. Of an IPv6 address only the first bits count (`ipv6_prefix`).
#[derive(Debug, Clone, Copy)]
pub struct ByClientIp;

impl Key for ByClientIp {
    fn of(&self, call: &CallDetails, hasher: &RandomState) -> Option<u64> {
        // The attribute allows this only behind `client_ip`.
        let network = call.client_network();
        if network.is_none() {
            warn_of_no_peer(call);
        }
        Some(hasher.hash_one(network))
    }
}

/// Calls with the same value of a metadata key share a limit. All calls without a value, or with several values, share one limit.
///
/// ```
/// use interceptors::rate_limit::ByMetadata;
///
/// const KEY: ByMetadata = ByMetadata::new("x-api-key");
/// # let _ = KEY;
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ByMetadata(&'static str);

impl ByMetadata {
    /// Counts by the value of this metadata key.
    ///
    /// # Panics
    ///
    /// If the name is not a metadata key in lower case. In a constant, and so in the attribute, that is a compiler error.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        assert!(
            key::is_legal(name),
            "[I0409] `metadata` must name a metadata key in lower case, such as `x-api-key`"
        );
        Self(name)
    }
}

impl ByMetadata {
    pub(super) const fn name(self) -> &'static str {
        self.0
    }

    /// The value, if there is exactly one.
    #[inline]
    pub(super) fn value(self, call: &CallDetails) -> Option<&[u8]> {
        let mut values = call.metadata().as_ref().get_all(self.0).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => Some(value.as_bytes().trim_ascii()),
            // The reader of several values decides which one counts. Here such calls share one limit.
            _ => None,
        }
    }
}

impl Key for ByMetadata {
    fn of(&self, call: &CallDetails, hasher: &RandomState) -> Option<u64> {
        Some(hasher.hash_one(self.value(call)))
    }
}

/// Calls of one verified identity share a limit.
pub struct ByIdentity<T>(
    fn(&CallDetails, &RandomState) -> Option<u64>,
    std::marker::PhantomData<fn(T)>,
);

impl<T: std::hash::Hash + Clone + Send + Sync + 'static> ByIdentity<T> {
    /// The identity that this interceptor verifies.
    pub fn of_auth<A: Identifies<Identity = T>>(_: &impl Fn() -> A) -> Self {
        let hash = |call: &CallDetails, hasher: &RandomState| {
            let identity = call.extensions().get::<Identity<T>>()?;
            Some(hasher.hash_one(identity))
        };
        Self(hash, std::marker::PhantomData)
    }
}

impl<T> Key for ByIdentity<T> {
    fn of(&self, call: &CallDetails, hasher: &RandomState) -> Option<u64> {
        // The attribute allows this only behind `auth`. Calls without an identity share one limit.
        (self.0)(call, hasher)
    }
}

impl<T> fmt::Debug for ByIdentity<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ByIdentity")
    }
}
