//! One row for each case: what the server does, and what must come of it.

use std::time::Duration;

use h2::Reason;
use interceptors::Kind;
use interceptors::retry::Config;
use interceptors_tests::flaky::{
    Action, FlakyServer, answer, fail, fail_after, go_away, hang, hang_after, http, reset,
};
use interceptors_tests::{KINDS, Policy};
use tonic::Code::{self, *};

use crate::mount::{Ask, MOUNTS, MS};

/// Four attempts, 100 ms apart, then 200 ms, then 400 ms.
const RETRY: Config = Config::new()
    .max_attempts(4)
    .base_delay(Duration::from_millis(100))
    .max_delay(Duration::from_secs(1))
    .jitter(0.0)
    .codes(&[Unavailable]);

struct Case {
    name: &'static str,
    config: Config,
    kinds: Vec<Kind>,
    script: Vec<Action>,
    timeout: Option<u64>,
    /// In milliseconds.
    attempts: Vec<u64>,
    /// `grpc-previous-rpc-attempts`, where it is not 0, 1, 2, …
    previous: Option<Vec<u32>>,
    code: Code,
    message: Option<&'static str>,
    messages: Option<Vec<u64>>,
    ends_at: Option<u64>,
}

/// A case for calls of all kinds.
fn case(name: &'static str, config: Config, script: Vec<Action>) -> Case {
    Case {
        name,
        config,
        kinds: KINDS.to_vec(),
        script,
        timeout: None,
        attempts: Vec::new(),
        previous: None,
        code: Ok,
        message: None,
        messages: None,
        ends_at: None,
    }
}

impl Case {
    fn kinds(mut self, kinds: impl Fn(Kind) -> bool) -> Self {
        self.kinds.retain(|kind| kinds(*kind));
        self
    }

    fn timeout(mut self, timeout: u64) -> Self {
        self.timeout = Some(timeout);
        self
    }

    fn attempts(mut self, at: &[u64]) -> Self {
        self.attempts = at.to_vec();
        self
    }

    /// Some attempts were transparent retries.
    fn previous(mut self, previous: &[u32]) -> Self {
        self.previous = Some(previous.to_vec());
        self
    }

    /// The status, when that is not `OK`.
    fn code(mut self, code: Code) -> Self {
        self.code = code;
        self
    }

    fn message(mut self, message: &'static str) -> Self {
        self.message = Some(message);
        self
    }

    fn messages(mut self, messages: &[u64]) -> Self {
        self.messages = Some(messages.to_vec());
        self
    }

    /// When the call ends, where that is not with its last attempt.
    fn ends_at(mut self, at: u64) -> Self {
        self.ends_at = Some(at);
        self
    }
}

fn times<T: Clone>(n: usize, what: T) -> Vec<T> {
    vec![what; n]
}

async fn run(case: &Case) {
    for mount in MOUNTS {
        for &kind in &case.kinds {
            let what = format!("{}: {mount:?}, {kind}", case.name);
            let server = FlakyServer::new(case.script.clone());
            let client = mount.client(&server, &Policy::new(case.config.clone()));
            let ask = Ask::new(kind).timeout(case.timeout.map(MS));
            let hours = Duration::from_secs(9 * 3600);
            let reply = tokio::time::timeout(hours, client.call(ask)).await;
            let reply = reply.unwrap_or_else(|_| panic!("{what} does not end"));
            let ended_at = server.now();
            assert_eq!(reply.code(), case.code, "{what}: {:?}", reply.status);
            assert_eq!(server.times(), case.attempts, "{what}");
            if let Some(message) = case.message {
                assert_eq!(reply.status.message(), message, "{what}");
            }
            let attempts = case.attempts.len();
            let messages = match (&case.messages, case.code) {
                (Some(messages), _) => messages.clone(),
                (None, Ok) => vec![attempts as u64 * 10],
                (None, _) => vec![],
            };
            assert_eq!(reply.messages, messages, "{what}");
            let end = case.ends_at.or(case.attempts.last().copied());
            assert_eq!(Some(ended_at), end, "{what}");
            let previous = match &case.previous {
                Some(previous) => previous.clone(),
                None => (0..attempts as u32).collect(),
            };
            let previous = previous.iter().map(|n| match n {
                0 => "-".to_owned(),
                n => n.to_string(),
            });
            let seen = server.headers("grpc-previous-rpc-attempts");
            assert_eq!(seen, previous.collect::<Vec<_>>(), "{what}");
        }
    }
}

/// A test for each row, so that one that breaks is named.
macro_rules! table {
    ($($test:ident: $case:expr;)*) => {$(
        #[tokio::test(start_paused = true)]
        async fn $test() {
            let make: fn(&'static str) -> Case = $case;
            run(&make(stringify!($test))).await;
        }
    )*};
}

table! {
    a_success_is_not_retried: |name| case(name, RETRY, vec![answer(1)]).attempts(&[0]);
    a_retryable_failure_is_retried: |name| {
        case(name, RETRY, vec![fail(Unavailable)]).attempts(&[0, 100])
    };
    the_last_status_is_the_one_that_counts: |name| {
        case(name, RETRY, times(9, fail(Unavailable)))
            .attempts(&[0, 100, 300, 700])
            .code(Unavailable)
            .message("attempt 4 failed")
    };
}
