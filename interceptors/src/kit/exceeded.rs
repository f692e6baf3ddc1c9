//! The status of a call that reaches its deadline after failed attempts. It says why the attempts failed.

use tokio::time::Instant;
use tonic::{Code, Status};

use super::code_names::code_name;
use crate::core::time::exceeded;

/// `DEADLINE_EXCEEDED` after this many attempts. `last` is the status of the last failed one.
#[cold]
pub(crate) fn exceeded_after(attempts: u32, last: &Status) -> Status {
    let exceeded = exceeded();
    let (passed, code) = (exceeded.message(), code_name(last.code()));
    let attempts = match attempts {
        1 => "1 attempt".to_owned(),
        n => format!("{n} attempts"),
    };
    let failure = match last.message() {
        "" => code.to_owned(),
        message => format!("{code}: {message}"),
    };
    Status::deadline_exceeded(format!(
        "{passed} after {attempts}; the last failure was {failure}"
    ))
}

/// The same status. If it is a passed deadline, it also gets the earlier failure.
pub(crate) fn explained(
    status: Status,
    deadline: Option<Instant>,
    attempts: u32,
    last: Option<&Status>,
) -> Status {
    let is_over = || deadline.is_some_and(|at| at <= Instant::now());
    match last {
        Some(last) if status.code() == Code::DeadlineExceeded && is_over() => {
            exceeded_after(attempts, last)
        }
        _ => status,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failure_without_a_message_shows_its_code() {
        let status = exceeded_after(1, &Status::unavailable(""));
        assert_eq!(
            status.message(),
            "the deadline of the call has passed after 1 attempt; the last failure was UNAVAILABLE"
        );
    }
}
