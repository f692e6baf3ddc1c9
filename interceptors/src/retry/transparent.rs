use std::time::Duration;

use tonic::Status;

use super::backoff::delay;
#[cfg(feature = "client")]
use crate::kit::reset;

/// How often a call without a deadline is retried because its connection closed before the request was sent.
const CONNECTIONS: u32 = 5;

// gRPC's "Connection Backoff Protocol" (`doc/connection-backoff.md`).
const INITIAL_BACKOFF: Duration = Duration::from_secs(1);
const MULTIPLIER: f64 = 1.6;
const MAX_BACKOFF: Duration = Duration::from_secs(120);
const JITTER: f64 = 0.2;

/// Transparent retries (gRFC A6): requests that no application has seen are sent again, and do not count as attempts.
#[derive(Debug, Default)]
pub(crate) struct Transparent {
    never_sent: u32,
    refused: bool,
}

/// What follows a failed attempt.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// The attempt counts, and the retry policy decides.
    Counts,
    /// The attempt does not count, and is repeated at once.
    AtOnce,
    /// The attempt does not count, and is repeated after this delay, before which no new connection is opened.
    After(Duration),
    /// The attempt does not count, but no more connections are tried.
    Never,
}

/// Who has seen the request of a failed attempt.
#[derive(Debug, PartialEq, Eq)]
enum SeenBy {
    /// It never left the client.
    NotByTheServer,
    /// The server's library has seen it, and reports that the application has not.
    NotByTheApplication,
    Perhaps,
}

impl Transparent {
    /// Decides whether a failed attempt is repeated without counting.
    pub(crate) fn judge(&mut self, status: &Status, has_deadline: bool) -> Again {
        match seen(status) {
            SeenBy::NotByTheServer => self.next_connection(has_deadline, fastrand::f64()),
            SeenBy::NotByTheApplication if !std::mem::replace(&mut self.refused, true) => {
                Again::AtOnce
            }
            SeenBy::NotByTheApplication | SeenBy::Perhaps => Again::Counts,
        }
    }

    fn next_connection(&mut self, has_deadline: bool, random: f64) -> Again {
        self.never_sent = self.never_sent.saturating_add(1);
        match self.never_sent {
            // An idle connection may have been closed meanwhile.
            1 => Again::AtOnce,
            n if n < CONNECTIONS || has_deadline => {
                let n = n - 1;
                let (base, max) = (INITIAL_BACKOFF, MAX_BACKOFF);
                Again::After(delay(base, MULTIPLIER, max, JITTER, n, random))
            }
            _ => Again::Never,
        }
    }
}

#[cfg(not(feature = "client"))]
fn seen(_: &Status) -> SeenBy {
    let _ = [SeenBy::NotByTheServer, SeenBy::NotByTheApplication];
    SeenBy::Perhaps
}

#[cfg(feature = "client")]
fn seen(status: &Status) -> SeenBy {
    match () {
        () if reset::is_unsent(status) => SeenBy::NotByTheServer,
        () if reset::is_unprocessed(status) => SeenBy::NotByTheApplication,
        () => SeenBy::Perhaps,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(has_deadline: bool, calls: usize) -> Vec<Again> {
        let mut transparent = Transparent::default();
        (0..calls)
            .map(|_| transparent.next_connection(has_deadline, 0.5))
            .collect()
    }

    #[test]
    fn backoff_grows_between_connections() {
        let after = |millis| Again::After(Duration::from_millis(millis));
        let expected = [
            Again::AtOnce,
            after(1000),
            after(1600),
            after(2560),
            Again::Never,
            Again::Never,
        ];
        assert_eq!(connections(false, 6), expected);
        let within_a_deadline = connections(true, 40);
        assert_eq!(within_a_deadline[..4], expected[..4]);
        assert_eq!(within_a_deadline[4], after(4096));
        assert_eq!(within_a_deadline[39], Again::After(MAX_BACKOFF));
    }

    #[test]
    fn jitter_is_20_percent() {
        let mut transparent = Transparent::default();
        transparent.next_connection(false, 0.0);
        let low = transparent.next_connection(false, 0.0);
        assert_eq!(low, Again::After(Duration::from_millis(800)));
    }
}
