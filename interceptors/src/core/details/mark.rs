//! What the part of a policy that runs before decoding hands to the part behind decoding.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

use super::super::id::RequestId;
use super::super::name::CallName;
use super::super::plan::MethodPlan;
use super::super::time::Deadline;
use super::{Bounded, CallDetails};

/// Which entries of its list a call goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of them.
    All,
    /// Those that need no decoded message.
    #[cfg_attr(not(feature = "server"), allow(dead_code))]
    BeforeDecoding,
    /// The others.
    BehindDecoding,
}

/// Whether any mark has been left in this process. Where no server's module has the attribute, nobody looks for one.
static ANY: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// The mark of the call whose request is being decoded, while that is polled. tonic calls the method in the same poll, so it needs no
    /// place in the request, which would take a box.
    static HANDED: Cell<Option<Mark>> = const { Cell::new(None) };
}

/// Says that a request has gone through the first part of the list of this method.
///
/// The type is private to this crate, so nobody can leave one. The policy of the typed method takes it before an entry sees the
/// request, and then it is gone: a request that a handler hands on has none.
pub(crate) struct Mark {
    plan: &'static MethodPlan,
    request_id: Option<RequestId>,
    id_header: Option<&'static str>,
    deadline: Deadline,
    bounded: Option<Bounded>,
    attempt: u32,
}

impl CallDetails {
    /// Which entries of its list the call goes through.
    #[inline]
    pub(crate) fn part(&self) -> Part {
        self.part
    }

    /// Whether the first part of the list has run before the message was decoded. A policy asks before anything else.
    ///
    /// One load where nothing leaves marks.
    #[doc(hidden)]
    #[must_use]
    #[inline]
    pub fn has_begun(&mut self) -> bool {
        ANY.load(Ordering::Relaxed) && self.take_mark()
    }

    /// Only the first part of the list runs.
    #[cfg(feature = "server")]
    pub(crate) fn before_decoding(&mut self) {
        self.part = Part::BeforeDecoding;
    }

    /// What the part behind decoding has to know of this call.
    #[cfg(feature = "server")]
    pub(crate) fn mark(&self) -> Option<Mark> {
        // Of an unknown method, and of one that the policy does not have, nobody takes it.
        self.plan().place()?;
        if !ANY.load(Ordering::Relaxed) {
            ANY.store(true, Ordering::Relaxed);
        }
        Some(Mark {
            plan: self.plan(),
            request_id: self.request_id().cloned(),
            id_header: self.id_header,
            deadline: self.deadline.clone(),
            bounded: self.bounded.map(|_| Bounded::new(None)),
            attempt: self.attempt,
        })
    }

    /// Takes the mark that the same method of the same policy has left, and goes on where that has left off. Another one
    /// goes, too: it holds once. Apart, so that calls without one do not pay for it.
    #[cold]
    #[inline(never)]
    fn take_mark(&mut self) -> bool {
        if self.part != Part::All {
            return self.part == Part::BehindDecoding;
        }
        let mark = HANDED.take();
        let plan = self.plan();
        let Some(mark) = mark.filter(|mark| mark.plan.is_of_same_method(plan)) else {
            return false;
        };
        self.name = CallName::new(mark.plan, None);
        self.name.set_request_id(mark.request_id);
        self.id_header = mark.id_header;
        self.deadline = mark.deadline;
        self.bounded = mark.bounded;
        self.attempt = mark.attempt;
        self.part = Part::BehindDecoding;
        true
    }
}

#[cfg(feature = "server")]
impl Mark {
    /// Polls what decodes the request of a call. The method that it calls takes the mark, and until then it is here after each poll.
    #[inline]
    pub(crate) fn handed<T>(mark: &mut Option<Self>, poll: impl FnOnce() -> T) -> T {
        let _handing = Handing {
            outer: HANDED.replace(mark.take()),
            mark,
        };
        poll()
    }
}

/// While it is here, a mark is handed on. It is taken back even if the poll panics: a mark that stays would let another call pass.
#[cfg(feature = "server")]
struct Handing<'a> {
    outer: Option<Mark>,
    mark: &'a mut Option<Mark>,
}

#[cfg(feature = "server")]
impl Drop for Handing<'_> {
    #[inline]
    fn drop(&mut self) {
        *self.mark = HANDED.replace(self.outer.take());
    }
}

#[cfg(feature = "server")]
#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::super::super::kind::{Kind, Side};
    use super::super::super::plan::Name;
    use super::*;

    static PLAN: MethodPlan = MethodPlan::new(
        Name {
            service: "a.B",
            method: "C",
            path: "/a.B/C",
            derived: false,
            exact: true,
        },
        Kind::Unary,
        Side::Server,
        &[],
    );

    fn mark(attempt: u32) -> Option<Mark> {
        Some(Mark {
            plan: &PLAN,
            request_id: None,
            id_header: None,
            deadline: Deadline::default(),
            bounded: None,
            attempt,
        })
    }

    fn handed() -> Option<u32> {
        let mark = HANDED.take();
        let attempt = mark.as_ref().map(|mark| mark.attempt);
        HANDED.set(mark);
        attempt
    }

    #[test]
    fn a_mark_is_there_during_a_poll_alone() {
        let mut outer = mark(1);
        Mark::handed(&mut outer, || {
            assert_eq!(handed(), Some(1));
            // A call of another server in the same poll neither sees it nor takes it.
            Mark::handed(&mut None, || assert_eq!(handed(), None));
            Mark::handed(&mut mark(2), || assert_eq!(handed(), Some(2)));
            assert_eq!(handed(), Some(1));
        });
        assert!(outer.is_some() && handed().is_none());
        Mark::handed(&mut outer, || drop(HANDED.take()));
        assert!(outer.is_none());
    }

    #[test]
    fn a_mark_does_not_outlive_a_poll_that_panics() {
        let mut left = mark(1);
        let panics = AssertUnwindSafe(|| Mark::handed(&mut left, || panic!("in a poll")));
        assert!(catch_unwind(panics).is_err());
        assert!(handed().is_none() && left.is_some());
    }
}
