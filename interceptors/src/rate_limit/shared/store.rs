use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tonic::metadata::MetadataMap;

use super::Bucket;

/// Where processes share their limits.
///
/// [`Local`](super::Local), `Redis` (feature `redis`) and `Envoy` (feature `envoy-rls`) are ready-made.
///
/// The interceptor bounds the time of [`take`](Self::take) by `store_timeout`: it drops the future then, so that must be safe. What happens
/// next is `on_error`'s to say, as after an error. A store of your own need not remember denials: the interceptor does.
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
    /// Takes one call out of a bucket, if there is one.
    ///
    /// # Errors
    ///
    /// The store cannot say.
    fn take(
        &self,
        bucket: &Bucket<'_>,
    ) -> impl Future<Output = Result<Decision, StoreError>> + Send;
}

/// A store that knows limits of its own, so that the attribute may leave them out.
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

/// What a [`Store`] says of a call.
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
    /// The call may pass.
    pub const fn allowed() -> Self {
        Self::new(Verdict::Allowed)
    }

    /// The call may not pass, and when one may again, if that is known. Until then calls of the same bucket are refused without asking
    /// the store, and their callers are told.
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

    /// How many calls are left. It is for stores that are built on others; callers see it where one puts it into
    /// the [`metadata`](Self::metadata).
    pub const fn remaining(mut self, calls: u32) -> Self {
        self.remaining = Some(calls);
        self
    }

    /// What the caller is told beside: it goes into the headers of the answer, or of the refusal. A key that the
    /// answer has already stays as it is.
    pub fn metadata(mut self, metadata: MetadataMap) -> Self {
        self.metadata = Some(metadata);
        self
    }

    /// Whether the call may pass.
    #[must_use]
    pub const fn is_allowed(&self) -> bool {
        matches!(self.verdict, Verdict::Allowed)
    }

    /// When a call may pass again, if this one may not and that is known.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self.verdict {
            Verdict::Allowed => None,
            Verdict::Denied(retry_after) => retry_after,
        }
    }

    /// How many calls are left, if the store said so.
    #[must_use]
    pub const fn remaining_calls(&self) -> Option<u32> {
        self.remaining
    }
}

/// Why a [`Store`] could not decide. It is for the log; callers never see it.
#[derive(Clone)]
pub struct StoreError(Arc<str>);

impl StoreError {
    /// With a text for the log. It should hold no secrets.
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
