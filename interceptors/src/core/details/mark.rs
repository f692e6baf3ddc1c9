//! What the part of a policy that runs before decoding passes to the part that runs after it.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

use http::HeaderMap;
use tonic::metadata::MetadataMap;

use super::super::id::RequestId;
use super::super::name::CallName;
use super::super::plan::MethodPlan;
use super::super::time::Deadline;
use super::{Bounded, CallDetails};

/// Which entries of its list apply to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// All entries.
    All,
    /// The entries that need no decoded message.
    #[cfg_attr(not(feature = "server"), allow(dead_code))]
    BeforeDecoding,
    /// The other entries.
    BehindDecoding,
}

/// Whether this process has ever made a mark. Without the attribute on a generated server there are none, and nothing
/// searches for one.
static ANY: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// The mark of the call whose request is being decoded, during that poll. tonic calls the method in the same poll,
    /// so the mark need not be stored in the request, where it would need a box.
    static HANDED: Cell<Option<Mark>> = const { Cell::new(None) };
}

/// Proof that a request has passed the first part of its method's list.
///
/// The type is private to this crate, so nothing else can make one. It is valid for a single request. The method takes
/// the mark before any entry sees the request. If the method is called with another request meanwhile, for example while this one is decoded, that request passes the whole list.
pub(crate) struct Mark {
    plan: &'static MethodPlan,
    request: RequestPlace,
    /// State for the entries after decoding. Boxed, because each poll moves the mark and most marks have no state.
    known: Option<Box<StateSoFar>>,
}

/// The call's state after the first part of a list.
struct StateSoFar {
    request_id: Option<RequestId>,
    deadline: Deadline,
    bounded: Option<Bounded>,
    attempt: u32,
}

/// Identifies a request by the memory address of its headers. The headers stay there when the request is moved, so two
/// requests that exist at the same time have different addresses.
#[derive(Clone, Copy, PartialEq, Eq)]
struct RequestPlace(usize);

impl RequestPlace {
    /// `None` if the request has no headers.
    #[inline]
    fn of(headers: &HeaderMap) -> Option<Self> {
        let first = headers.values().next()?;
        Some(Self(std::ptr::from_ref(first).addr()))
    }
}

impl Mark {
    #[inline]
    fn is_for(&self, plan: &MethodPlan, headers: &HeaderMap) -> bool {
        self.plan.is_of_same_method(plan) && Some(self.request) == RequestPlace::of(headers)
    }
}

/// Whether this request has passed the method's whole list before decoding, so that only the method's own body is left.
/// The generated method checks this first.
///
/// Costs one load in processes without marks.
#[doc(hidden)]
#[must_use]
#[inline]
pub fn has_passed(plan: &'static MethodPlan, metadata: &MetadataMap) -> bool {
    ANY.load(Ordering::Relaxed) && take_complete_mark(plan, metadata.as_ref())
}

/// In its own function, so that calls without a mark do not pay for it.
#[inline(never)]
fn take_complete_mark(plan: &MethodPlan, headers: &HeaderMap) -> bool {
    let mark = HANDED.take();
    let is_whole = |mark: &Mark| mark.plan.ends_before_decoding() && mark.is_for(plan, headers);
    if mark.as_ref().is_some_and(is_whole) {
        return true;
    }
    // The policy checks the mark again.
    HANDED.set(mark);
    false
}

impl CallDetails {
    /// Which entries of the list apply to the call.
    #[inline]
    pub(crate) fn part(&self) -> Part {
        self.part
    }

    /// Whether the first part of the list ran before decoding. A policy checks this first.
    ///
    /// Costs one load in processes without marks.
    #[doc(hidden)]
    #[must_use]
    #[inline]
    pub fn has_begun(&mut self) -> bool {
        ANY.load(Ordering::Relaxed) && self.take_mark()
    }

    /// Makes only the first part of the list run.
    #[cfg(feature = "server")]
    pub(crate) fn before_decoding(&mut self) {
        self.part = Part::BeforeDecoding;
    }

    /// The mark for the part after decoding. `headers` are those of the request to decode.
    #[cfg(feature = "server")]
    pub(crate) fn mark(&self, headers: &HeaderMap) -> Option<Mark> {
        let plan = self.plan();
        // A method without a place in the policy does not take marks.
        plan.place()?;
        let request = RequestPlace::of(headers)?;
        if !ANY.load(Ordering::Relaxed) {
            ANY.store(true, Ordering::Relaxed);
        }
        Some(Mark {
            plan,
            request,
            known: match plan.ends_before_decoding() {
                true => None,
                false => self.known_so_far(),
            },
        })
    }

    #[cfg(feature = "server")]
    fn known_so_far(&self) -> Option<Box<StateSoFar>> {
        let is_known = self.request_id().is_some()
            || self.known_deadline().is_some()
            || self.bounded.is_some()
            || self.attempt != 1;
        is_known.then(|| {
            Box::new(StateSoFar {
                request_id: self.request_id().cloned(),
                deadline: self.deadline.clone(),
                bounded: self.bounded.map(|_| Bounded::new(None)),
                attempt: self.attempt,
            })
        })
    }

    /// Takes the mark that the same method of the same policy made for this request, and continues after the first
    /// part. A mark of another request stays in place. In its own function, so that calls without a mark do not pay for
    /// it.
    #[cold]
    #[inline(never)]
    fn take_mark(&mut self) -> bool {
        if self.part != Part::All {
            return self.part == Part::BehindDecoding;
        }
        let mark = HANDED.take();
        let is_for_this = |mark: &Mark| mark.is_for(self.plan(), self.metadata().as_ref());
        let mark = match mark {
            Some(mark) if is_for_this(&mark) => mark,
            other => {
                HANDED.set(other);
                return false;
            }
        };
        self.name = CallName::new(mark.plan, None);
        if let Some(known) = mark.known {
            if let Some(id) = known.request_id {
                self.name.set_request_id(id);
            }
            self.deadline = known.deadline;
            self.bounded = known.bounded;
            self.attempt = known.attempt;
        }
        self.part = Part::BehindDecoding;
        true
    }
}

#[cfg(feature = "server")]
impl Mark {
    /// Polls the decoding of a call's request. During the poll, the called method can take the mark. If it does not,
    /// the mark is back in its place afterwards.
    #[inline]
    pub(crate) fn handed<T>(mark: &mut Option<Self>, poll: impl FnOnce() -> T) -> T {
        let _guard = MarkGuard {
            outer: HANDED.replace(mark.take()),
            mark,
        };
        poll()
    }
}

/// Exposes the mark during a poll. It takes the mark back even if the poll panics: a mark that stays would let another
/// call skip the policy.
#[cfg(feature = "server")]
struct MarkGuard<'a> {
    outer: Option<Mark>,
    mark: &'a mut Option<Mark>,
}

#[cfg(feature = "server")]
impl Drop for MarkGuard<'_> {
    #[inline]
    fn drop(&mut self) {
        *self.mark = HANDED.replace(self.outer.take());
    }
}

#[cfg(feature = "server")]
#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use http::HeaderValue;
    use http::header::{HOST, TE};
    use tonic::Request;

    use super::super::super::kind::{Kind, Side};
    use super::super::super::plan::{Name, PolicyId};
    use super::*;

    const NAME: Name = Name {
        service: "a.B",
        method: "C",
        path: "/a.B/C",
        derived: false,
        exact: true,
    };

    static POLICY: PolicyId = PolicyId::new();
    static PLAN: MethodPlan =
        MethodPlan::found(NAME, Kind::Unary, &POLICY, "c", 0, &[]).in_module(NAME, Kind::Unary);

    fn mark(request: usize) -> Option<Mark> {
        Some(Mark {
            plan: &PLAN,
            request: RequestPlace(request),
            known: None,
        })
    }

    fn handed() -> Option<usize> {
        let mark = HANDED.take();
        let request = mark.as_ref().map(|mark| mark.request.0);
        HANDED.set(mark);
        request
    }

    #[test]
    fn mark_exists_only_during_a_poll() {
        let mut outer = mark(1);
        Mark::handed(&mut outer, || {
            assert_eq!(handed(), Some(1));
            // A call of another server in the same poll neither sees nor takes the mark.
            Mark::handed(&mut None, || assert_eq!(handed(), None));
            Mark::handed(&mut mark(2), || assert_eq!(handed(), Some(2)));
            assert_eq!(handed(), Some(1));
        });
        assert!(outer.is_some() && handed().is_none());
        Mark::handed(&mut outer, || drop(HANDED.take()));
        assert!(outer.is_none());
    }

    #[test]
    fn mark_is_removed_when_a_poll_panics() {
        let mut left = mark(1);
        let panics = AssertUnwindSafe(|| Mark::handed(&mut left, || panic!("in a poll")));
        assert!(catch_unwind(panics).is_err());
        assert!(handed().is_none() && left.is_some());
    }

    fn headers() -> HeaderMap {
        HeaderMap::from_iter([(TE, HeaderValue::from_static("trailers"))])
    }

    /// The mark of a request with these headers.
    fn mark_of(headers: &HeaderMap) -> Option<Mark> {
        mark(RequestPlace::of(headers).unwrap().0)
    }

    #[test]
    fn mark_fits_only_its_own_request() {
        ANY.store(true, Ordering::Relaxed);
        let (own, other) = (headers(), headers());
        Mark::handed(&mut mark_of(&own), || {
            let other = MetadataMap::from_headers(other);
            assert!(!has_passed(&PLAN, &other));
            assert!(!has_passed(&PLAN, &MetadataMap::new()));
            // The mark still exists for its own request, even if that was moved, and works once.
            let moved = Box::new(MetadataMap::from_headers(own));
            assert!(has_passed(&PLAN, &moved));
            assert!(!has_passed(&PLAN, &moved));
        });
    }

    #[test]
    fn mark_fits_only_its_own_method() {
        static OTHER_POLICY: PolicyId = PolicyId::new();
        static OTHERS: [MethodPlan; 3] = [
            MethodPlan::found(NAME, Kind::Unary, &POLICY, "d", 0, &[]),
            MethodPlan::found(NAME, Kind::Unary, &OTHER_POLICY, "c", 0, &[]),
            MethodPlan::new(NAME, Kind::Unary, Side::Server, &[]),
        ];
        ANY.store(true, Ordering::Relaxed);
        let own = headers();
        let mut mark = mark_of(&own);
        let own = MetadataMap::from_headers(own);
        Mark::handed(&mut mark, || {
            for other in &OTHERS {
                assert!(!has_passed(other, &own));
            }
            assert!(has_passed(&PLAN, &own));
        });
    }

    #[test]
    fn mark_of_another_request_is_left_alone() {
        ANY.store(true, Ordering::Relaxed);
        let own = headers();
        let mut head = Request::new(());
        let host = HeaderValue::from_static("a");
        head.metadata_mut().as_mut().insert(HOST, host);
        let mut details = CallDetails::received::<()>(&PLAN, head);
        Mark::handed(&mut mark_of(&own), || {
            assert!(!details.has_begun());
            assert!(details.part() == Part::All && handed().is_some());
            let mut head = Request::new(());
            *head.metadata_mut() = MetadataMap::from_headers(own);
            let mut details = CallDetails::received::<()>(&PLAN, head);
            assert!(details.has_begun());
            assert!(details.part() == Part::BehindDecoding && handed().is_none());
        });
    }
}
