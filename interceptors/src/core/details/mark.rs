//! What the part of a policy that runs before decoding leaves in the request for the part behind decoding.

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

/// Says that a request has gone through the first part of the list of this method.
///
/// The type is private to this crate, so nobody can leave one. The policy of the typed method takes it out before an entry sees the
/// request.
#[derive(Clone)]
pub(crate) struct Mark {
    plan: &'static MethodPlan,
    request_id: Option<RequestId>,
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

    /// Leaves what the part behind decoding has to know of this call.
    #[cfg(feature = "server")]
    pub(crate) fn leave_mark(&mut self) {
        // Of an unknown method, and of one that the policy does not have, nobody takes it out.
        if self.plan().place().is_none() {
            return;
        }
        if !ANY.load(Ordering::Relaxed) {
            ANY.store(true, Ordering::Relaxed);
        }
        let mark = Mark {
            plan: self.plan(),
            request_id: self.request_id().cloned(),
            deadline: self.deadline.clone(),
            bounded: self.bounded.map(|_| Bounded::new(None)),
            attempt: self.attempt,
        };
        self.extensions_mut().insert(mark);
    }

    /// Takes out the mark that the same method of the same policy has left, and goes on where that has left off. Another one
    /// goes, too: it holds once. Apart, so that calls without one do not pay for it.
    #[cold]
    #[inline(never)]
    fn take_mark(&mut self) -> bool {
        if self.part != Part::All {
            return self.part == Part::BehindDecoding;
        }
        let mark = self.extensions_mut().remove::<Mark>();
        let plan = self.plan();
        let Some(mark) = mark.filter(|mark| mark.plan.is_of_same_method(plan)) else {
            return false;
        };
        self.name = CallName::new(mark.plan, None);
        if let Some(id) = mark.request_id {
            self.name.set_request_id(id);
        }
        self.deadline = mark.deadline;
        self.bounded = mark.bounded;
        self.attempt = mark.attempt;
        self.part = Part::BehindDecoding;
        true
    }
}
