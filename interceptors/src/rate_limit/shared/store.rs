use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tonic::metadata::MetadataMap;

use super::Bucket;

/// Keeps limits that several processes share.
///
/// [`Local`](super::Local), `Redis` (feature `redis`) and `Envoy` (feature `envoy-rls`) are ready-made.
///
/// If [`take`](Self::take) takes longer than `store_timeout`, its future is dropped, and `on_error` decides, as after an error. So it must be safe to
/// drop the future. A store does not have to remember denials: the interceptor does.
///
/// ```
/// use interceptors::rate_limit::{Bucket, Decision, Local, Store, StoreError};
/// use tonic::metadata::MetadataMap;
///
/// /// Tells callers how many calls they have left.
/// struct Told(Local);
///
/// impl Store for Told {
///     async fn take(&self, bucket: &Bucket<'_>) -> Result<Decision, StoreError> {
///         let decision = self.0.take(bucket).await?;
///         let Some(left) = decision.remaining_calls() else {
///             return Ok(decision);
///         };
///         let mut metadata = MetadataMap::new();
///         metadata.insert("x-ratelimit-remaining", left.into());
///         Ok(decision.metadata(metadata))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "[I0809] `{Self}` is no store of rate limits",
    label = "does not implement `interceptors::rate_limit::Store`",
    note = "`Local`, `Redis` (feature `redis`) and `Envoy` (feature `envoy-rls`) do, and what implements the trait"
)]
pub trait Store: Send + Sync {
    /// Takes one token from a bucket, if it has one.
    ///
    /// # Errors
    ///
    /// If the store cannot decide. `on_error` then decides.
    fn take(
        &self,
        bucket: &Bucket<'_>,
    ) -> impl Future<Output = Result<Decision, StoreError>> + Send;
}

/// A store with its own limits. With it, the attribute does not need `per_second` or `per_minute`.
///
/// ```
/// use interceptors::rate_limit::{Bucket, Configured, Decision, Store, StoreError};
///
/// /// Knows what each customer has paid for.
/// struct Contracts;
///
/// impl Store for Contracts {
///     async fn take(&self, bucket: &Bucket<'_>) -> Result<Decision, StoreError> {
///         match bucket.key() {
///             Some((_, "a customer")) => Ok(Decision::allowed()),
///             _ => Ok(Decision::denied(None)),
///         }
///     }
/// }
///
/// impl Configured for Contracts {}
/// ```
#[diagnostic::on_unimplemented(
    message = "[I0809] this store has no limits of its own",
    label = "add `per_second = 100` to `rate_limit`, or `per_minute`"
)]
pub trait Configured: Store {}

impl<S: Store + ?Sized> Store for &S {
    fn take(
        &self,
        bucket: &Bucket<'_>,
    ) -> impl Future<Output = Result<Decision, StoreError>> + Send {
        S::take(self, bucket)
    }
}

impl<S: Store + ?Sized> Store for Arc<S> {
    fn take(
        &self,
        bucket: &Bucket<'_>,
    ) -> impl Future<Output = Result<Decision, StoreError>> + Send {
        S::take(self, bucket)
    }
}

impl<S: Configured + ?Sized> Configured for &S {}
impl<S: Configured + ?Sized> Configured for Arc<S> {}

/// The decision of a [`Store`] about a call.
#[derive(Debug, Clone)]
#[must_use]
pub struct Decision {
    pub(super) verdict: Verdict,
    remaining: Option<u32>,
    pub(super) metadata: Option<MetadataMap>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Verdict {
    Allowed,
    Denied(Option<Duration>),
}

impl Decision {
    /// The call passes.
    pub const fn allowed() -> Self {
        Self::new(Verdict::Allowed)
    }

    /// The call is rejected. `retry_after` is the time until the bucket has a token again, if known. Until then, further calls of the same bucket
    /// are rejected, and the store is not asked. The rejection tells the caller this time.
    pub fn denied(retry_after: impl Into<Option<Duration>>) -> Self {
        Self::new(Verdict::Denied(retry_after.into()))
    }

    const fn new(verdict: Verdict) -> Self {
        Self {
            verdict,
            remaining: None,
            metadata: None,
        }
    }

    /// Sets how many calls are left, for stores that wrap other stores. Callers do not see it; to tell them, add it to the
    /// [`metadata`](Self::metadata).
    pub const fn remaining(mut self, calls: u32) -> Self {
        self.remaining = Some(calls);
        self
    }

    /// Metadata for the caller. It is added to the response of the call, or to the error. If the response already has a key, its value stays.
    pub fn metadata(mut self, metadata: MetadataMap) -> Self {
        self.metadata = Some(metadata);
        self
    }

    /// Whether the call passes.
    #[must_use]
    pub const fn is_allowed(&self) -> bool {
        matches!(self.verdict, Verdict::Allowed)
    }

    /// The time until a call may pass again, if the call is rejected and the time is known.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self.verdict {
            Verdict::Allowed => None,
            Verdict::Denied(retry_after) => retry_after,
        }
    }

    /// How many calls are left, if the store set it.
    #[must_use]
    pub const fn remaining_calls(&self) -> Option<u32> {
        self.remaining
    }
}

/// Why a [`Store`] could not decide. It is logged; callers do not get it.
#[derive(Clone)]
pub struct StoreError(Arc<str>);

impl StoreError {
    /// An error with this text, for the log. The text must not contain secrets.
    #[must_use]
    pub fn new(why: impl fmt::Display) -> Self {
        Self(why.to_string().into())
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StoreError").field(&self.0).finish()
    }
}

impl std::error::Error for StoreError {}
