use std::fmt;

use super::super::kind::Side;

/// The usual order of an interceptor relative to another one. Rules are in [`Entry::RULES`](crate::Entry::RULES).
///
/// A list that breaks a rule compiles, but the plan then has a [`Note`] with the effect.
///
/// ```
/// use interceptors::{Rule, Side};
///
/// const RULES: &[Rule] = &[
///     Rule::after("logging", "each attempt is logged as a call"),
///     Rule::before("auth", "its panics are not caught").on(Side::Server),
/// ];
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    other: &'static str,
    is_after: bool,
    effect: &'static str,
    side: Option<Side>,
    rank: u8,
}

impl Rule {
    /// The interceptor usually comes after `other`. `effect` says what happens if it is listed before.
    #[must_use]
    pub const fn after(other: &'static str, effect: &'static str) -> Self {
        Self {
            other,
            is_after: true,
            effect,
            side: None,
            rank: u8::MAX,
        }
    }

    /// The interceptor usually comes before `other`. `effect` says what happens if it is listed after.
    #[must_use]
    pub const fn before(other: &'static str, effect: &'static str) -> Self {
        Self {
            other,
            is_after: false,
            effect,
            side: None,
            rank: u8::MAX,
        }
    }

    /// Applies the rule only on this side. Default: on both sides.
    #[must_use]
    pub const fn on(mut self, side: Side) -> Self {
        self.side = Some(side);
        self
    }

    /// The position among several notes in the plan: lower ranks come first. Notes without a rank come last.
    #[must_use]
    pub const fn rank(mut self, rank: u8) -> Self {
        self.rank = rank;
        self
    }

    /// The note of the rule for an interceptor at this position of the list.
    pub(super) fn note(
        &self,
        side: Side,
        name: &'static str,
        place: usize,
        place_of: impl Fn(&str) -> Option<usize>,
    ) -> Option<Note> {
        if self.side.is_some_and(|only| only != side) {
            return None;
        }
        let other = place_of(self.other)?;
        let (outer, inner) = match self.is_after {
            true if place < other => (name, self.other),
            false if other < place => (self.other, name),
            _ => return None,
        };
        Some(Note {
            outer,
            inner,
            effect: self.effect,
            rank: self.rank,
        })
    }
}

/// An order of two interceptors that compiles but is usually a mistake.
///
/// [`Display`](fmt::Display) shows the effect, and the usual order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note {
    outer: &'static str,
    inner: &'static str,
    effect: &'static str,
    pub(super) rank: u8,
}

impl Note {
    /// A note that comes after all others.
    pub(super) const fn new(
        outer: &'static str,
        inner: &'static str,
        effect: &'static str,
    ) -> Self {
        Self {
            outer,
            inner,
            effect,
            rank: u8::MAX,
        }
    }

    /// The interceptor that is listed first.
    #[must_use]
    pub const fn outer(&self) -> &'static str {
        self.outer
    }

    /// The interceptor that is listed after it, but usually comes before it.
    #[must_use]
    pub const fn inner(&self) -> &'static str {
        self.inner
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            outer,
            inner,
            effect,
            ..
        } = self;
        write!(
            f,
            "`{outer}` is listed before `{inner}`, so {effect}; usually `{inner}` comes first"
        )
    }
}
