//! One row for each case: what the server does, and the expected outcome.

use std::time::Duration;

use h2::Reason;
use interceptors::Kind;
use interceptors::retry::Retry;
use interceptors_tests::flaky::{
    Action, FlakyServer, answer, fail, fail_after, go_away, go_away_rising, go_away_twice,
    go_away_with, hang, hang_after, http, page, reset,
};
use interceptors_tests::{Ends, KINDS, Policy};
use tonic::Code::{self, *};

use crate::mount::{Ask, MOUNTS, MS, Mount};

/// Four attempts, 100 ms apart, then 200 ms, then 400 ms.
const RETRY: Retry = Retry::new()
    .max_attempts(4)
    .base_delay(Duration::from_millis(100))
    .max_delay(Duration::from_secs(1))
    .jitter(0.0)
    .codes(&[Unavailable]);

struct Case {
    name: &'static str,
    config: Retry,
    mounts: Vec<Mount>,
    kinds: Vec<Kind>,
    script: Vec<Action>,
    timeout: Option<u64>,
    /// In milliseconds.
    attempts: Vec<u64>,
    /// `grpc-previous-rpc-attempts`, if it is not 0, 1, 2, …
    previous: Option<Vec<u32>>,
    code: Code,
    message: Option<&'static str>,
    messages: Option<Vec<u64>>,
    ends_at: Option<u64>,
}

/// A case for calls of all kinds.
fn case(name: &'static str, config: Retry, script: Vec<Action>) -> Case {
    Case {
        name,
        config,
        mounts: MOUNTS.to_vec(),
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
    /// Only on this mount.
    fn on(mut self, mount: Mount) -> Self {
        self.mounts = vec![mount];
        self
    }

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

    /// When the call ends, if later than its last attempt.
    fn ends_at(mut self, at: u64) -> Self {
        self.ends_at = Some(at);
        self
    }
}

fn times<T: Clone>(n: usize, what: T) -> Vec<T> {
    vec![what; n]
}

async fn run(case: &Case) {
    for &mount in &case.mounts {
        for &kind in &case.kinds {
            let what = format!("{}: {mount:?}, {kind}", case.name);
            let server = FlakyServer::new(case.script.clone());
            let (watch, ends) = Ends::new();
            let client = mount.watched(&server, &Policy::new(case.config.clone()), watch);
            let ask = Ask::new(kind).timeout(case.timeout.map(MS));
            let reply = client.call(ask).await;
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
            drop(client);
            let ends = tokio::time::timeout(MS(60_000), ends.rest()).await;
            let ends = ends.unwrap_or_else(|_| panic!("{what}: the call has not ended"));
            assert_eq!(ends.len(), 1, "{what}");
            assert_eq!(ends[0].code, case.code, "{what}");
        }
    }
}

/// A test for each row, so that a failure names its row.
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
    // How many attempts, and which status is returned.
    success_is_not_retried: |name| case(name, RETRY, vec![answer(1)]).attempts(&[0]);
    retryable_failure_is_retried: |name| {
        case(name, RETRY, vec![fail(Unavailable)]).attempts(&[0, 100])
    };
    max_attempts_includes_first_attempt_and_last_status_wins: |name| {
        case(name, RETRY.max_attempts(3), times(9, fail(Unavailable)))
            .attempts(&[0, 100, 300])
            .code(Unavailable)
            .message("attempt 3 failed")
    };
    max_counts_only_retries: |name| {
        case(name, RETRY.max(3), times(9, fail(Unavailable)))
            .attempts(&[0, 100, 300, 700])
            .code(Unavailable)
            .message("attempt 4 failed")
    };
    last_attempt_may_succeed: |name| {
        case(name, RETRY.max_attempts(3), times(2, fail(Unavailable))).attempts(&[0, 100, 300])
    };
    later_non_retryable_failure_ends_retries: |name| {
        case(name, RETRY, vec![fail(Unavailable), fail(InvalidArgument)])
            .attempts(&[0, 100])
            .code(InvalidArgument)
            .message("attempt 2 failed")
    };
    policy_may_allow_more_than_five_attempts: |name| {
        case(name, RETRY.max_attempts(7).multiplier(1.0), times(9, fail(Unavailable)))
            .attempts(&[0, 100, 200, 300, 400, 500, 600])
            .code(Unavailable)
    };

    // What commits the call.
    headers_commit: |name| {
        case(name, RETRY, vec![fail_after(0, Unavailable)])
            .attempts(&[0])
            .code(Unavailable)
            .message("attempt 1 failed")
    };
    headers_of_a_second_attempt_commit: |name| {
        case(name, RETRY, vec![fail(Unavailable), fail_after(0, Unavailable)])
            .attempts(&[0, 100])
            .code(Unavailable)
            .message("attempt 2 failed")
    };
    message_commits: |name| {
        case(name, RETRY, vec![fail_after(2, Unavailable)])
            .kinds(Kind::response_is_stream)
            .attempts(&[0])
            .code(Unavailable)
            .messages(&[10, 11])
    };
    single_message_commits: |name| {
        case(name, RETRY, vec![fail_after(1, Unavailable)])
            .kinds(|kind| !kind.response_is_stream())
            .attempts(&[0])
            .code(Unavailable)
    };
    stream_opened_after_retry_is_read_to_the_end: |name| {
        case(name, RETRY, vec![fail(Unavailable), answer(3)])
            .kinds(Kind::response_is_stream)
            .attempts(&[0, 100])
            .messages(&[20, 21, 22])
    };
    http_error_without_grpc_status_is_retried_as_unavailable: |name| {
        case(name, RETRY, vec![http(503), http(502), http(429)]).attempts(&[0, 100, 300, 700])
    };
    http_error_with_body_is_retried: |name| {
        case(name, RETRY, vec![page(503)]).on(Mount::Wire).attempts(&[0, 100])
    };
    // tonic parses the page as messages, and reports only that they are malformed.
    http_error_with_body_is_internal_on_generated_clients: |name| {
        case(name, RETRY, vec![page(503)]).on(Mount::Typed).attempts(&[0]).code(Internal)
    };
    persistent_http_error_is_returned_after_retries: |name| {
        case(name, RETRY, times(9, http(503))).attempts(&[0, 100, 300, 700]).code(Unavailable)
    };
    permanent_http_error_is_not_retried: |name| {
        case(name, RETRY, vec![http(401)]).attempts(&[0]).code(Unauthenticated)
    };
    reset_stream_is_retried_if_its_code_is_listed: |name| {
        case(name, RETRY.codes(&[Internal, ResourceExhausted]), vec![
            reset(Reason::INTERNAL_ERROR),
            reset(Reason::ENHANCE_YOUR_CALM),
            reset(Reason::PROTOCOL_ERROR),
        ])
        .attempts(&[0, 100, 300, 700])
    };
    reset_stream_is_not_retried_if_its_code_is_unlisted: |name| {
        case(name, RETRY, vec![reset(Reason::INTERNAL_ERROR)]).attempts(&[0]).code(Internal)
    };
    stream_cancelled_by_server_is_retried_if_listed: |name| {
        case(name, RETRY.codes(&[Cancelled]), vec![reset(Reason::CANCEL), fail(Cancelled)])
            .attempts(&[0, 100, 300])
    };
    deadline_exceeded_from_server_is_retried_if_listed: |name| {
        case(name, RETRY.codes(&[DeadlineExceeded]), vec![fail(DeadlineExceeded)])
            .attempts(&[0, 100])
    };

    // How long to wait.
    delays_grow_up_to_the_cap: |name| {
        let config = RETRY.multiplier(3.0).max_delay(MS(500)).max_attempts(5);
        case(name, config, times(4, fail(Unavailable))).attempts(&[0, 100, 400, 900, 1400])
    };
    multiplier_below_one_shrinks_the_delay: |name| {
        case(name, RETRY.base_delay(MS(400)).multiplier(0.5), times(3, fail(Unavailable)))
            .attempts(&[0, 400, 600, 700])
    };
    base_delay_above_maximum_is_capped: |name| {
        case(name, RETRY.base_delay(MS(900)).max_delay(MS(300)), times(3, fail(Unavailable)))
            .attempts(&[0, 300, 600, 900])
    };
    delay_starts_when_the_attempt_ends: |name| {
        case(name, RETRY, times(2, fail(Unavailable).after(MS(70)))).attempts(&[0, 170, 440])
    };

    // Pushback from the server.
    pushback_delay_is_exact: |name| {
        case(name, RETRY, vec![fail(Unavailable).pushback("777")]).attempts(&[0, 777])
    };
    pushback_has_no_jitter: |name| {
        case(name, RETRY.jitter(1.0), times(3, fail(Unavailable).pushback("500")))
            .attempts(&[0, 500, 1000, 1500])
    };
    pushback_of_zero_retries_at_once: |name| {
        case(name, RETRY, times(3, fail(Unavailable).pushback("0"))).attempts(&[0, 0, 0, 0])
    };
    pushback_may_exceed_maximum_delay: |name| {
        case(name, RETRY, vec![fail(Unavailable).pushback("60000")]).attempts(&[0, 60_000])
    };
    pushback_restarts_the_backoff: |name| {
        case(name, RETRY.max_attempts(6), vec![
            fail(Unavailable),
            fail(Unavailable),
            fail(Unavailable).pushback("50"),
            fail(Unavailable),
            fail(Unavailable),
        ])
        .attempts(&[0, 100, 300, 350, 450, 650])
    };
    pushback_does_not_add_attempts: |name| {
        case(name, RETRY.max_attempts(2), times(5, fail(Unavailable).pushback("5")))
            .attempts(&[0, 5])
            .code(Unavailable)
    };
    pushback_does_not_extend_the_deadline: |name| {
        case(name, RETRY, vec![fail(Unavailable).pushback("60000")])
            .timeout(2000)
            .attempts(&[0])
            .code(DeadlineExceeded)
            .ends_at(2000)
    };
    negative_pushback_stops_retries: |name| stopped(name, "-1");
    non_numeric_pushback_stops_retries: |name| stopped(name, "soon");
    empty_pushback_stops_retries: |name| stopped(name, "");
    fractional_pushback_stops_retries: |name| stopped(name, "100.5");
    pushback_over_32_bits_stops_retries: |name| stopped(name, "2147483648");
    pushback_over_64_bits_stops_retries: |name| stopped(name, "99999999999999999999");
    pushback_may_have_leading_zeros: |name| {
        case(name, RETRY, vec![fail(Unavailable).pushback("0070")]).attempts(&[0, 70])
    };
    last_of_two_pushbacks_counts: |name| {
        case(name, RETRY, vec![fail(Unavailable).pushback("-1").pushback("300")])
            .attempts(&[0, 300])
    };
    last_of_two_pushbacks_stops_retries: |name| {
        case(name, RETRY, vec![fail(Unavailable).pushback("300").pushback("-1")])
            .attempts(&[0])
            .code(Unavailable)
    };
    later_negative_pushback_stops_retries: |name| {
        case(name, RETRY, vec![fail(Unavailable), fail(Unavailable).pushback("-1")])
            .attempts(&[0, 100])
            .code(Unavailable)
            .message("attempt 2 failed")
    };
    pushback_does_not_make_a_status_retryable: |name| {
        case(name, RETRY, vec![fail(NotFound).pushback("10")]).attempts(&[0]).code(NotFound)
    };
    pushback_on_success_is_ignored: |name| {
        case(name, RETRY, vec![answer(1).pushback("10")]).attempts(&[0])
    };
    pushback_after_headers_is_ignored: |name| {
        case(name, RETRY, vec![fail_after(0, Unavailable).pushback("10")])
            .attempts(&[0])
            .code(Unavailable)
    };
    pushback_in_headers_is_ignored: |name| {
        case(name, RETRY, vec![fail_after(0, Unavailable).pushback("10").in_headers()])
            .attempts(&[0])
            .code(Unavailable)
    };

    // One deadline over all attempts.
    delay_is_cut_at_the_deadline: |name| {
        case(name, RETRY, times(9, fail(Unavailable)))
            .timeout(250)
            .attempts(&[0, 100])
            .code(DeadlineExceeded)
            .ends_at(250)
    };
    delay_ending_at_the_deadline_is_too_long: |name| {
        case(name, RETRY, times(9, fail(Unavailable)))
            .timeout(300)
            .attempts(&[0, 100])
            .code(DeadlineExceeded)
            .ends_at(300)
    };
    attempt_just_before_the_deadline_is_made: |name| {
        case(name, RETRY, times(2, fail(Unavailable))).timeout(301).attempts(&[0, 100, 300])
    };
    own_deadline_is_not_retried: |name| {
        case(name, RETRY.codes(&[DeadlineExceeded, Cancelled, Unavailable]), vec![hang()])
            .timeout(250)
            .attempts(&[0])
            .code(DeadlineExceeded)
            .ends_at(250)
    };
    deadline_ends_the_second_attempt: |name| {
        case(name, RETRY.codes(&[DeadlineExceeded, Cancelled, Unavailable]), vec![
            fail(Unavailable),
            hang(),
        ])
        .timeout(250)
        .attempts(&[0, 100])
        .code(DeadlineExceeded)
        .ends_at(250)
    };
    deadline_ends_a_response_stream: |name| {
        case(name, RETRY, vec![fail(Unavailable), hang_after(2)])
            .kinds(Kind::response_is_stream)
            .timeout(250)
            .attempts(&[0, 100])
            .messages(&[20, 21])
            .code(DeadlineExceeded)
            .ends_at(250)
    };
    deadline_ends_a_started_response: |name| {
        case(name, RETRY, vec![hang_after(1)])
            .kinds(|kind| !kind.response_is_stream())
            .timeout(250)
            .attempts(&[0])
            .code(DeadlineExceeded)
            .ends_at(250)
    };
    answer_within_the_deadline_is_returned: |name| {
        case(name, RETRY, vec![answer(1).after(MS(249))]).timeout(250).attempts(&[0]).ends_at(249)
    };

    // A timeout for each attempt.
    timed_out_attempt_is_retried: |name| {
        case(name, TIMED, vec![hang(), hang()]).attempts(&[0, 150, 400])
    };
    attempt_timeout_applies_to_the_last_attempt: |name| {
        case(name, TIMED.max_attempts(2), vec![hang(), hang()])
            .attempts(&[0, 150])
            .code(DeadlineExceeded)
            .ends_at(200)
    };
    deadline_overrides_attempt_timeout: |name| {
        case(name, TIMED, vec![hang(), hang()])
            .timeout(170)
            .attempts(&[0, 150])
            .code(DeadlineExceeded)
            .ends_at(170)
    };
    attempt_timeout_ignores_opened_response_streams: |name| {
        case(name, TIMED, vec![hang_after(1)])
            .kinds(Kind::response_is_stream)
            .timeout(1000)
            .attempts(&[0])
            .messages(&[10])
            .code(DeadlineExceeded)
            .ends_at(1000)
    };

    // Streams that the server never processed.
    refused_stream_is_retried_at_once_and_not_counted: |name| {
        case(name, RETRY, vec![reset(Reason::REFUSED_STREAM)]).attempts(&[0, 0]).previous(&[0, 0])
    };
    second_refused_stream_counts_as_failure: |name| {
        case(name, RETRY, times(2, reset(Reason::REFUSED_STREAM)))
            .attempts(&[0, 0, 100])
            .previous(&[0, 0, 1])
    };
    second_refused_stream_is_not_retried_if_unlisted: |name| {
        case(name, RETRY.codes(&[Aborted]), times(2, reset(Reason::REFUSED_STREAM)))
            .attempts(&[0, 0])
            .previous(&[0, 0])
            .code(Unavailable)
    };
    refused_stream_uses_up_no_attempt: |name| {
        case(name, RETRY.max_attempts(2), vec![
            reset(Reason::REFUSED_STREAM),
            fail(Unavailable),
            fail(Unavailable),
        ])
        .attempts(&[0, 0, 100])
        .previous(&[0, 0, 1])
        .code(Unavailable)
        .message("attempt 3 failed")
    };
    stream_refused_after_retry_is_retried_at_once: |name| {
        case(name, RETRY, vec![fail(Unavailable), reset(Reason::REFUSED_STREAM)])
            .attempts(&[0, 100, 100])
            .previous(&[0, 1, 1])
    };
    stream_refused_in_last_attempt_is_retried_at_once: |name| {
        case(name, RETRY.max_attempts(2), vec![
            fail(Unavailable),
            reset(Reason::REFUSED_STREAM),
        ])
        .attempts(&[0, 100, 100])
        .previous(&[0, 1, 1])
    };
    stream_beyond_goaway_is_retried_at_once_and_not_counted: |name| {
        case(name, RETRY, vec![go_away()]).attempts(&[0, 0]).previous(&[0, 0])
    };
    stream_beyond_goaway_is_retried_for_any_reason: |name| {
        case(name, RETRY.codes(&[Aborted]), vec![
            go_away_with(Reason::ENHANCE_YOUR_CALM),
        ])
        .attempts(&[0, 0])
        .previous(&[0, 0])
    };
    stream_beyond_goaway_with_error_is_retried: |name| {
        case(name, RETRY.codes(&[Aborted]), vec![go_away_with(Reason::INTERNAL_ERROR)])
            .attempts(&[0, 0])
            .previous(&[0, 0])
    };
    stream_beyond_announced_goaway_is_retried: |name| {
        case(name, RETRY.codes(&[Aborted]), vec![go_away_twice()])
            .attempts(&[0, 0])
            .previous(&[0, 0])
    };
    second_goaway_counts_as_failure: |name| {
        case(name, RETRY, times(2, go_away())).attempts(&[0, 0, 100]).previous(&[0, 0, 1])
    };
    second_goaway_is_unavailable: |name| {
        case(name, RETRY.codes(&[Aborted]), vec![
            go_away_with(Reason::INTERNAL_ERROR),
            go_away_with(Reason::ENHANCE_YOUR_CALM),
        ])
        .attempts(&[0, 0])
        .previous(&[0, 0])
        .code(Unavailable)
    };
    goaway_with_rising_stream_id_is_unavailable: |name| {
        case(name, RETRY.codes(&[Aborted]), vec![go_away_rising()])
            .attempts(&[0])
            .code(Unavailable)
    };
}

/// Attempts may take 50 ms.
const TIMED: Retry = RETRY
    .codes(&[DeadlineExceeded])
    .attempt_timeout(Duration::from_millis(50));

fn stopped(name: &'static str, pushback: &'static str) -> Case {
    case(name, RETRY, vec![fail(Unavailable).pushback(pushback)])
        .attempts(&[0])
        .code(Unavailable)
        .message("attempt 1 failed")
}
