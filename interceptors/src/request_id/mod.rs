//! `request_id`: gives a call one ID across all services.
//!
//! ```
//! # use interceptors_proto::guide::user_service_server::UserService;
//! # use interceptors_proto::guide::{GetUserRequest, User};
//! # use tonic::{Request, Response, Status};
//! use interceptors::intercept;
//! use interceptors::request_id::RequestId;
//!
//! struct Users;
//!
//! #[intercept(request_id)]
//! #[tonic::async_trait]
//! impl UserService for Users {
//!     async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
//!         let name = RequestId::of(&request).map(RequestId::to_string).unwrap_or_default();
//!         Ok(Response::new(User { name, ..User::default() }))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let answer = Users.get_user(Request::new(GetUserRequest { id: 7 })).await.expect("no error");
//! assert!(answer.metadata().contains_key("x-request-id"));
//! # }
//! ```
//!
//! The reference says where you can list it, and has all its settings: [`request_id`](crate::intercept#request_id).
//!
//! A service takes the ID that the caller sent in `x-request-id`, or generates one. The handler reads the ID from the request ([`RequestId::of`]), or
//! with [`current`] anywhere in its own task. The caller gets the ID in the metadata of the response or of the error. `logging` logs it as the field
//! `request_id`. Interceptors read [`CallDetails::request_id`](crate::CallDetails::request_id).
//!
//! A client sends the ID that the caller set in the request, as metadata or as a [`RequestId`] in the extensions. Otherwise, inside a handler, it
//! sends the ID of the handler's call. Otherwise it generates one. All attempts of a call have the same ID.
//!
//! # Which IDs are accepted
//!
//! An ID is accepted if the metadata has one value, with 1 to 128 characters (`max_length`) of visible ASCII and no spaces. Any other value is
//! replaced by a new ID. It is also replaced in the request's metadata, so inner interceptors and the handler never see it. So callers cannot write
//! arbitrary text into your logs. To accept no IDs from callers, write `accept = false`.
//!
//! A new ID is a UUID of version 7 (RFC 9562). Such IDs sort by the time of their creation. They are unique, but not secret.
//!
//! # Which calls inherit the ID
//!
//! Every call made in the handler's own task inherits the ID, including calls that its response stream makes. Calls in a spawned task do not. Pass
//! the ID on with [`scope`]:
//!
//! ```
//! use interceptors::request_id;
//!
//! # async fn handler() {
//! if let Some(id) = request_id::current() {
//!     tokio::spawn(request_id::scope(id, async { /* calls made here carry it */ }));
//! }
//! # }
//! ```

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::SystemTime;

use http::HeaderValue;

mod interceptor;

pub use interceptor::SetRequestId;

pub use crate::core::id::RequestId;
// Its name in the first checkouts.
#[doc(hidden)]
pub use self::WithRequestId as Scope;

impl RequestId {
    /// Generates a new ID: a UUID of version 7.
    #[must_use]
    #[allow(clippy::disallowed_methods)] // such a UUID begins with the time of day
    pub fn generate() -> Self {
        let millis = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |since| since.as_millis());
        let random: [u8; 16] = fastrand::u128(..).to_le_bytes();
        let mut rest = [0; 10];
        rest.copy_from_slice(&random[..10]);
        let millis = u64::try_from(millis).unwrap_or(u64::MAX);
        let uuid = uuid::Builder::from_unix_timestamp_millis(millis, &rest).into_uuid();
        let mut text = uuid::Uuid::encode_buffer();
        let text = uuid.hyphenated().encode_lower(&mut text);
        // Digits and hyphens are always legal.
        let id = HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("-"));
        Self::of_value(id)
    }
}

thread_local! {
    static CURRENT: RefCell<Option<RequestId>> = const { RefCell::new(None) };
}

/// The ID of the call that the running handler serves. `None` if the handler is not behind `request_id`.
#[must_use]
pub fn current() -> Option<RequestId> {
    CURRENT.with_borrow(Clone::clone)
}

/// Runs a future with this ID: [`current`] returns it there, and calls made there send it.
pub fn scope<F: Future>(id: RequestId, future: F) -> WithRequestId<F> {
    WithRequestId {
        id: Some(id),
        future,
    }
}

pin_project_lite::pin_project! {
    /// The future that [`scope`] returns. The type has a name so that a struct can hold it.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct WithRequestId<F> {
        id: Option<RequestId>,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for WithRequestId<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = enter(this.id);
        this.future.poll(cx)
    }
}

/// Runs the rest of a chain with an ID in force. The ID also stays in force while the future is dropped, because inner
/// observers run then.
pub(crate) struct InScope<'a, F> {
    id: Option<RequestId>,
    future: Pin<&'a mut Option<F>>,
}

impl<'a, F> InScope<'a, F> {
    pub(crate) fn new(id: RequestId, future: Pin<&'a mut Option<F>>) -> Self {
        let id = Some(id);
        Self { id, future }
    }
}

impl<F: Future> Future for InScope<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        let _entered = enter(&mut this.id);
        match this.future.as_mut().as_pin_mut() {
            Some(future) => future.poll(cx),
            None => Poll::Pending, // it is there until this is dropped
        }
    }
}

impl<F> Drop for InScope<'_, F> {
    fn drop(&mut self) {
        let _entered = enter(&mut self.id);
        self.future.set(None);
    }
}

/// Puts an ID in force until the guard is dropped. It is swapped with the earlier one, so that no poll changes
/// reference counts.
pub(crate) fn enter(id: &mut Option<RequestId>) -> IdGuard<'_> {
    swap(id);
    IdGuard { id }
}

fn swap(id: &mut Option<RequestId>) {
    // Calls may be dropped while their thread ends. Then no ID can be put in force.
    let _ = CURRENT.try_with(|current| std::mem::swap(&mut *current.borrow_mut(), id));
}

pub(crate) struct IdGuard<'a> {
    id: &'a mut Option<RequestId>,
}

impl Drop for IdGuard<'_> {
    fn drop(&mut self) {
        swap(self.id);
    }
}

/// The plan entry of `request_id`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Entry;

impl crate::Entry for Entry {
    const NAME: &'static str = "request_id";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_well_formed_ids_are_accepted() {
        let take = |value: &[u8]| {
            let value = HeaderValue::from_bytes(value).unwrap();
            RequestId::received(&value, 4).map(|id| id.to_string())
        };
        assert_eq!(take(b"a"), Some("a".to_owned()));
        assert_eq!(take(b"a~!-"), Some("a~!-".to_owned()));
        for wrong in [&b""[..], b"abcde", b"a b", b"\ta", b"\xe4"] {
            assert_eq!(take(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn generated_ids_are_distinct_version_7_uuids() {
        let (a, b) = (RequestId::generate(), RequestId::generate());
        assert_ne!(a, b);
        for id in [a, b] {
            let id = uuid::Uuid::parse_str(id.as_str()).unwrap();
            assert_eq!(id.get_version_num(), 7);
            assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
        }
    }

    #[tokio::test]
    async fn scope_restores_the_outer_id() {
        let outer = RequestId::new("outer").unwrap();
        let inner = RequestId::new("inner").unwrap();
        let seen = || current().map(|id| id.to_string());
        scope(outer, async {
            assert_eq!(seen().as_deref(), Some("outer"));
            scope(inner, async {
                tokio::task::yield_now().await;
                assert_eq!(seen().as_deref(), Some("inner"));
            })
            .await;
            assert_eq!(seen().as_deref(), Some("outer"));
        })
        .await;
        assert_eq!(seen(), None);
    }

    #[tokio::test]
    async fn spawned_task_has_an_id_only_in_its_own_scope() {
        let id = || RequestId::new("a").unwrap();
        let see = || async { current().map(|id| id.to_string()) };
        let (alone, handed) = scope(id(), async {
            let alone = tokio::spawn(see()).await.unwrap();
            (alone, tokio::spawn(scope(id(), see())).await.unwrap())
        })
        .await;
        assert_eq!((alone, handed.as_deref()), (None, Some("a")));
    }

    #[test]
    fn panic_restores_the_previous_id() {
        let id = RequestId::new("a").unwrap();
        let panics = scope(id, async { panic!("on purpose") });
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let waker = std::task::Waker::noop();
            let _ = std::pin::pin!(panics).poll(&mut Context::from_waker(waker));
        }));
        assert!(result.is_err());
        assert_eq!(current(), None);
    }
}
