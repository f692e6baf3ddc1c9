//! What the part of a policy that runs before decoding passes to the part that runs after it.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

use tonic::Extensions;

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
    /// All entries, without a decoded message: the service has no such method.
    #[cfg_attr(not(feature = "server"), allow(dead_code))]
    Undecoded,
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
/// The type is private to this crate, so nothing else can make one. It is valid for a single request, which is
/// [`BeingDecoded`]. The method takes the mark before any entry sees the request. If the method is called with another
/// request meanwhile, for example while this one is decoded, that request passes the whole list.
pub(crate) struct Mark {
    plan: &'static MethodPlan,
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

/// In the extensions of the request that is being decoded. It has no size, so it needs no box.
#[derive(Clone)]
struct BeingDecoded;

impl Mark {
    #[inline]
    fn is_for(&self, plan: &MethodPlan, extensions: &Extensions) -> bool {
        self.plan.is_of_same_method(plan) && extensions.get::<BeingDecoded>().is_some()
    }
}

/// Whether this request has passed the method's whole list before decoding, so that only the method's own body is left.
/// The generated method checks this first.
///
/// Costs one load in processes without marks.
#[doc(hidden)]
#[must_use]
#[inline]
pub fn has_passed(plan: &'static MethodPlan, extensions: &Extensions) -> bool {
    ANY.load(Ordering::Relaxed) && take_complete_mark(plan, extensions)
}

/// In its own function, so that calls without a mark do not pay for it.
#[inline(never)]
fn take_complete_mark(plan: &MethodPlan, extensions: &Extensions) -> bool {
    let mark = HANDED.take();
    let is_whole = |mark: &Mark| mark.plan.ends_before_decoding() && mark.is_for(plan, extensions);
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

    /// Makes only the first part of the list run, if the method runs the other part after decoding.
    #[cfg(feature = "server")]
    pub(crate) fn before_decoding(&mut self) {
        self.part = match self.plan().place() {
            Some(_) => Part::BeforeDecoding,
            None => Part::Undecoded,
        };
    }

    /// The mark for the part after decoding. `extensions` are those of the request to decode.
    #[cfg(feature = "server")]
    pub(crate) fn mark(&self, extensions: &mut Extensions) -> Option<Mark> {
        let plan = self.plan();
        // A method without a place in the policy does not take marks.
        plan.place()?;
        extensions.insert(BeingDecoded);
        if !ANY.load(Ordering::Relaxed) {
            ANY.store(true, Ordering::Relaxed);
        }
        Some(Mark {
            plan,
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
        let is_for_this = |mark: &Mark| mark.is_for(self.plan(), self.extensions());
        let mark = match mark {
            Some(mark) if is_for_this(&mark) => mark,
            other => {
                HANDED.set(other);
                return false;
            }
        };
        self.extensions_mut().remove::<BeingDecoded>();
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

    /// A mark. The number of the attempt tells the marks of a test apart.
    fn mark(attempt: u32) -> Option<Mark> {
        Some(Mark {
            plan: &PLAN,
            known: Some(Box::new(StateSoFar {
                request_id: None,
                deadline: Deadline::default(),
                bounded: None,
                attempt,
            })),
        })
    }

    fn handed() -> Option<u32> {
        let mark = HANDED.take();
        let known = mark.as_ref().and_then(|mark| mark.known.as_ref());
        let attempt = known.map(|known| known.attempt);
        HANDED.set(mark);
        attempt
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

    /// The extensions of the request that is being decoded.
    fn being_decoded() -> Extensions {
        let mut extensions = Extensions::new();
        extensions.insert(BeingDecoded);
        extensions
    }

    #[test]
    fn mark_fits_only_its_own_request() {
        ANY.store(true, Ordering::Relaxed);
        Mark::handed(&mut mark(1), || {
            assert!(!has_passed(&PLAN, &Extensions::new()));
            // The mark still exists for its own request, and works once.
            let own = being_decoded();
            assert!(has_passed(&PLAN, &own));
            assert!(!has_passed(&PLAN, &own));
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
        let own = being_decoded();
        Mark::handed(&mut mark(1), || {
            for other in &OTHERS {
                assert!(!has_passed(other, &own));
            }
            assert!(has_passed(&PLAN, &own));
        });
    }

    #[test]
    fn mark_of_another_request_is_left_alone() {
        ANY.store(true, Ordering::Relaxed);
        let mut details = CallDetails::received::<()>(&PLAN, Request::new(()));
        Mark::handed(&mut mark(1), || {
            assert!(!details.has_begun());
            assert!(details.part() == Part::All && handed().is_some());
            let mut head = Request::new(());
            *head.extensions_mut() = being_decoded();
            let mut details = CallDetails::received::<()>(&PLAN, head);
            assert!(details.has_begun());
            assert!(details.part() == Part::BehindDecoding && handed().is_none());
            // A copy of the request's extensions is no proof.
            assert!(details.extensions().get::<BeingDecoded>().is_none());
        });
    }
}
