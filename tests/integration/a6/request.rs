//! What each attempt carries: metadata, the remaining deadline, and all messages from the first.

use std::time::Duration;

use h2::Reason;
use interceptors::Kind;
use interceptors::retry::Retry;
use interceptors_proto::demo::{ChatMessage, FlakyRequest, ListUsersRequest, User};
use interceptors_tests::flaky::{
    FlakyServer, answer, echo, fail, fail_after, go_away, hang, hang_after, http, reset,
};
use interceptors_tests::{Ends, KINDS, Policy};
use prost::Message;
use tokio::sync::mpsc;
use tokio::time::sleep;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::Code;

use crate::mount::{Ask, MOUNTS, MS, Mount};

pub(crate) const RETRY: Retry = Retry::new()
    .max_attempts(4)
    .base_delay(Duration::from_millis(100))
    .jitter(0.0);

const STREAMING: [Kind; 2] = [Kind::ClientStreaming, Kind::BidiStreaming];

/// Runs the test on both mounts, for calls of all kinds.
pub(crate) async fn everywhere(test: impl AsyncFn(Mount, Kind, &str)) {
    for mount in MOUNTS {
        for kind in KINDS {
            test(mount, kind, &format!("{mount:?}, {kind}")).await;
        }
    }
}

async fn streaming(test: impl AsyncFn(Mount, Kind, &str)) {
    everywhere(async |mount, kind, what| {
        if STREAMING.contains(&kind) {
            test(mount, kind, what).await;
        }
    })
    .await;
}

/// The encoded messages that the server reads for these texts.
pub(crate) fn encoded(kind: Kind, texts: &[&str]) -> Vec<Vec<u8>> {
    let encode = |text: &&str| {
        let text = text.to_string();
        match kind {
            Kind::Unary => FlakyRequest {
                key: text,
                ..FlakyRequest::default()
            }
            .encode_to_vec(),
            Kind::ServerStreaming => ListUsersRequest {
                limit: 1,
                ..ListUsersRequest::default()
            }
            .encode_to_vec(),
            Kind::ClientStreaming => User { id: 0, name: text }.encode_to_vec(),
            Kind::BidiStreaming => ChatMessage { text }.encode_to_vec(),
        }
    };
    texts.iter().map(encode).collect()
}

/// A request stream that the test feeds during the call.
fn live() -> (
    mpsc::UnboundedSender<String>,
    UnboundedReceiverStream<String>,
) {
    let (send, receive) = mpsc::unbounded_channel();
    (send, UnboundedReceiverStream::new(receive))
}

/// Messages, with a pause in milliseconds before each.
fn timed(texts: &'static [(u64, &'static str)]) -> UnboundedReceiverStream<String> {
    let (send, receive) = live();
    tokio::spawn(async move {
        for &(wait, text) in texts {
            sleep(MS(wait)).await;
            let _ = send.send(text.to_owned());
        }
    });
    receive
}

#[tokio::test(start_paused = true)]
async fn without_a_policy_nothing_is_retried() {
    let failures = || {
        [
            fail(Code::Unavailable),
            fail(Code::Unavailable).pushback("0"),
            fail_after(0, Code::Unavailable),
            http(503),
            reset(Reason::REFUSED_STREAM),
            go_away(),
        ]
    };
    everywhere(async |mount, kind, what| {
        for action in failures() {
            let what = format!("{what}, {action:?}");
            let server = FlakyServer::new([action]);
            let client = mount.client(&server, &Policy::none());
            let reply = client.call(Ask::new(kind)).await;
            assert_ne!(reply.code(), Code::Ok, "{what}");
            assert_eq!(server.times(), [0], "{what}");
        }
    })
    .await;
}

pub(crate) static CODES: [Code; 16] = [
    Code::Cancelled,
    Code::Unknown,
    Code::InvalidArgument,
    Code::DeadlineExceeded,
    Code::NotFound,
    Code::AlreadyExists,
    Code::PermissionDenied,
    Code::ResourceExhausted,
    Code::FailedPrecondition,
    Code::Aborted,
    Code::OutOfRange,
    Code::Unimplemented,
    Code::Internal,
    Code::Unavailable,
    Code::DataLoss,
    Code::Unauthenticated,
];

#[tokio::test(start_paused = true)]
async fn every_code_is_retried_only_if_listed() {
    everywhere(async |mount, kind, what| {
        for (i, code) in CODES.iter().enumerate() {
            for (listed, attempts) in [(true, 2), (false, 1)] {
                let codes = match listed {
                    true => &CODES[i..=i],
                    false if i == 0 => &CODES[1..],
                    false => &CODES[..i],
                };
                let server = FlakyServer::new([fail(*code)]);
                let client = mount.client(&server, &Policy::new(RETRY.codes(codes)));
                let reply = client.call(Ask::new(kind)).await;
                let what = format!("{what}, {code:?}, listed: {listed}");
                assert_eq!(server.times().len(), attempts, "{what}");
                let code = if listed { Code::Ok } else { *code };
                assert_eq!(reply.code(), code, "{what}");
            }
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn failed_connection_is_retried_like_other_failures() {
    everywhere(async |mount, kind, what| {
        for (failures, code, attempts) in [(2, Code::Ok, vec![300]), (9, Code::Unavailable, vec![])]
        {
            let server = FlakyServer::new([]);
            let (watch, mut ends) = Ends::new();
            let channel = server.channel_after(failures);
            let client = mount.connected(channel, &Policy::new(RETRY), watch);
            let reply = client.call(Ask::new(kind)).await;
            assert_eq!(reply.code(), code, "{what}: {:?}", reply.status);
            assert_eq!(server.times(), attempts, "{what}");
            assert_eq!(ends.next().await.code, code, "{what}");
            let end = if failures == 2 { 300 } else { 700 };
            assert_eq!(server.now(), end, "{what}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn jitter_varies_delays_by_20_percent() {
    for mount in MOUNTS {
        let mut delays = Vec::new();
        let config = Retry::new().base_delay(MS(1000)).max_delay(MS(1000));
        for _ in 0..100 {
            let server = FlakyServer::new([fail(Code::Unavailable)]);
            let client = mount.client(&server, &Policy::new(config.clone()));
            client.call(Ask::new(Kind::Unary)).await;
            delays.push(server.times()[1]);
        }
        // Timers go off on whole milliseconds.
        assert!(
            delays.iter().all(|delay| (800..=1201).contains(delay)),
            "{delays:?}"
        );
        assert!(delays.iter().any(|delay| *delay < 900), "{delays:?}");
        assert!(delays.iter().any(|delay| *delay > 1100), "{delays:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_attempt_sends_the_original_metadata() {
    everywhere(async |mount, kind, what| {
        let server = FlakyServer::new([fail(Code::Unavailable), reset(Reason::REFUSED_STREAM)]);
        let client = mount.client(&server, &Policy::new(RETRY));
        let ask = Ask::new(kind)
            .metadata("x-request", "a")
            .metadata("x-request", "b");
        assert_eq!(client.call(ask).await.code(), Code::Ok, "{what}");
        let attempts = server.attempts();
        assert_eq!(attempts.len(), 3, "{what}");
        for attempt in &attempts {
            let values: Vec<_> = attempt.headers.get_all("x-request").iter().collect();
            assert_eq!(values, ["a", "b"], "{what}");
            // tonic's clients do not send it, so handlers must not find it in their metadata.
            assert!(!attempt.headers.contains_key("content-length"), "{what}");
            let mut headers = attempt.headers.clone();
            headers.remove("grpc-previous-rpc-attempts");
            assert_eq!(headers, attempts[0].headers, "{what}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn callers_previous_attempts_metadata_is_ignored() {
    everywhere(async |mount, kind, what| {
        let server = FlakyServer::new([fail(Code::Unavailable), reset(Reason::REFUSED_STREAM)]);
        let client = mount.client(&server, &Policy::new(RETRY));
        let ask = Ask::new(kind)
            .metadata("grpc-previous-rpc-attempts", "7")
            .metadata("grpc-previous-rpc-attempts", "8");
        assert_eq!(client.call(ask).await.code(), Code::Ok, "{what}");
        let attempts = server.attempts();
        let seen = attempts.iter().map(|attempt| {
            let values = attempt.headers.get_all("grpc-previous-rpc-attempts");
            values.iter().map(|value| value.to_str().unwrap()).collect()
        });
        let seen: Vec<Vec<&str>> = seen.collect();
        assert_eq!(seen, [vec![], vec!["1"], vec!["1"]], "{what}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn each_attempt_sends_the_remaining_deadline() {
    everywhere(async |mount, kind, what| {
        let server = FlakyServer::new([
            fail(Code::Unavailable).after(MS(50)),
            fail(Code::Unavailable).pushback("1000"),
        ]);
        let client = mount.client(&server, &Policy::new(RETRY));
        let ask = Ask::new(kind).timeout(Some(MS(2000)));
        assert_eq!(client.call(ask).await.code(), Code::Ok, "{what}");
        let left = ["2S", "1850m", "850m"];
        assert_eq!(server.headers("grpc-timeout"), left, "{what}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn no_attempt_starts_after_the_deadline() {
    everywhere(async |mount, kind, what| {
        let server = FlakyServer::new([fail(Code::Unavailable), fail(Code::Unavailable)]);
        let client = mount.client(&server, &Policy::new(RETRY));
        let ask = Ask::new(kind).timeout(Some(MS(250)));
        assert_eq!(
            client.call(ask).await.code(),
            Code::DeadlineExceeded,
            "{what}"
        );
        sleep(MS(60_000)).await;
        assert_eq!(server.times(), [0, 100], "{what}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn attempt_is_reset_at_the_deadline() {
    everywhere(async |mount, kind, what| {
        let server = FlakyServer::new([fail(Code::Unavailable), hang()]);
        let client = mount.client(&server, &Policy::new(RETRY));
        let ask = Ask::new(kind).timeout(Some(MS(250)));
        assert_eq!(
            client.call(ask).await.code(),
            Code::DeadlineExceeded,
            "{what}"
        );
        sleep(MS(1)).await;
        let reset = server.attempts()[1].reset;
        assert_eq!(reset, Some((Reason::CANCEL, 250)), "{what}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn call_dropped_during_delay_is_not_retried() {
    everywhere(async |mount, kind, what| {
        let server = FlakyServer::new([fail(Code::Unavailable)]);
        let client = mount.client(&server, &Policy::new(RETRY));
        let call = tokio::time::timeout(MS(50), client.call(Ask::new(kind)));
        assert!(call.await.is_err(), "{what}");
        sleep(MS(60_000)).await;
        assert_eq!(server.times(), [0], "{what}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn dropped_call_resets_its_attempt() {
    for action in [hang(), hang_after(0), hang_after(1)] {
        everywhere(async |mount, kind, what| {
            let what = format!("{what}, {action:?}");
            let server = FlakyServer::new([fail(Code::Unavailable), action.clone()]);
            let client = mount.client(&server, &Policy::new(RETRY));
            let call = tokio::time::timeout(MS(150), client.call(Ask::new(kind)));
            assert!(call.await.is_err(), "{what}");
            sleep(MS(60_000)).await;
            assert_eq!(server.times(), [0, 100], "{what}");
            let reset = server.attempts()[1].reset;
            assert_eq!(reset, Some((Reason::CANCEL, 150)), "{what}");
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn dropped_call_with_open_request_resets_its_attempt() {
    streaming(async |mount, kind, what| {
        let server = FlakyServer::new([fail(Code::Unavailable).reading(1), hang()]);
        let client = mount.client(&server, &Policy::new(RETRY));
        let (send, texts) = live();
        send.send("one".into()).unwrap();
        let call = client.call(Ask::stream(kind, texts));
        assert!(tokio::time::timeout(MS(150), call).await.is_err(), "{what}");
        sleep(MS(60_000)).await;
        let attempts = server.attempts();
        assert_eq!(attempts[1].reset, Some((Reason::CANCEL, 150)), "{what}");
        assert!(!attempts[1].half_closed, "{what}");
        assert_eq!(attempts[1].messages, encoded(kind, &["one"]), "{what}");
        assert!(send.is_closed(), "{what}: the stream is dropped");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn attempt_timeout_resets_the_attempt() {
    everywhere(async |mount, kind, what| {
        let server = FlakyServer::new([hang()]);
        let policy = Policy::new(RETRY.attempt_timeout(MS(40)));
        let client = mount.client(&server, &policy);
        assert_eq!(client.call(Ask::new(kind)).await.code(), Code::Ok, "{what}");
        let attempts = server.attempts();
        assert_eq!(attempts[0].reset, Some((Reason::CANCEL, 40)), "{what}");
        assert_eq!(attempts[1].reset, None, "{what}");
        assert_eq!(server.times(), [0, 140], "{what}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn retries_send_all_messages_and_end_of_stream() {
    everywhere(async |mount, kind, what| {
        let server = FlakyServer::new([
            fail(Code::Unavailable),
            reset(Reason::REFUSED_STREAM),
            fail(Code::Unavailable),
        ]);
        let client = mount.client(&server, &Policy::new(RETRY));
        assert_eq!(client.call(Ask::new(kind)).await.code(), Code::Ok, "{what}");
        let attempts = server.attempts();
        assert_eq!(attempts.len(), 4, "{what}");
        let texts = match kind.request_is_stream() {
            false => &["one"][..],
            true => &["one", "two"],
        };
        for attempt in attempts {
            assert_eq!(attempt.messages, encoded(kind, texts), "{what}");
            assert!(attempt.half_closed, "{what}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn empty_request_stream_is_retried_as_empty() {
    streaming(async |mount, kind, what| {
        let server = FlakyServer::new([fail(Code::Unavailable), fail(Code::Unavailable)]);
        let client = mount.client(&server, &Policy::new(RETRY));
        let reply = client.call(Ask::with(kind, [])).await;
        assert_eq!(reply.code(), Code::Ok, "{what}");
        for attempt in server.attempts() {
            assert!(attempt.messages.is_empty() && attempt.half_closed, "{what}");
        }
        assert_eq!(server.times(), [0, 100, 300], "{what}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn replayed_stream_continues_with_new_messages() {
    streaming(async |mount, kind, what| {
        let server = FlakyServer::new([
            // One more message comes during the delay, one during the second attempt, and one during the third.
            fail(Code::Unavailable).reading(2),
            fail(Code::Unavailable).reading(4),
            answer(1),
        ]);
        let client = mount.client(&server, &Policy::new(RETRY));
        let texts = timed(&[(0, "a"), (0, "b"), (50, "c"), (100, "d"), (1000, "e")]);
        let reply = client.call(Ask::stream(kind, texts)).await;
        assert_eq!(
            (reply.code(), reply.messages),
            (Code::Ok, vec![30]),
            "{what}"
        );
        assert_eq!(server.times(), [0, 100, 350], "{what}");
        let attempts = server.attempts();
        let all = encoded(kind, &["a", "b", "c", "d", "e"]);
        assert_eq!(attempts[0].messages, all[..2], "{what}");
        assert_eq!(attempts[1].messages, all[..4], "{what}");
        assert_eq!(attempts[2].messages, all, "{what}");
        assert!(attempts[2].half_closed, "{what}");
        assert_eq!(server.now(), 1150, "{what}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn bidi_stream_continues_both_ways_after_retry() {
    for mount in MOUNTS {
        let server = FlakyServer::new([fail(Code::Unavailable).reading(2), echo()]);
        let client = mount.client(&server, &Policy::new(RETRY));
        let texts = timed(&[(0, "a"), (0, "b"), (200, "c"), (200, "d")]);
        let reply = client.call(Ask::stream(Kind::BidiStreaming, texts)).await;
        assert_eq!(reply.messages, [20, 21, 22, 23], "{mount:?}");
        assert_eq!(reply.code(), Code::Ok, "{mount:?}");
        assert_eq!(server.times(), [0, 100], "{mount:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn started_bidi_stream_is_not_retried() {
    for mount in MOUNTS {
        let server = FlakyServer::new([
            fail(Code::Unavailable).reading(1),
            fail_after(2, Code::Unavailable).reading(2),
        ]);
        let client = mount.client(&server, &Policy::new(RETRY));
        let texts = timed(&[(0, "a"), (300, "b")]);
        let reply = client.call(Ask::stream(Kind::BidiStreaming, texts)).await;
        assert_eq!(reply.messages, [20, 21], "{mount:?}");
        assert_eq!(reply.status.message(), "attempt 2 failed", "{mount:?}");
        assert_eq!(server.times(), [0, 100], "{mount:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn attempt_may_succeed_before_replay_ends() {
    streaming(async |mount, kind, what| {
        let server = FlakyServer::new([fail(Code::Unavailable).reading(3), answer(1).reading(1)]);
        let client = mount.client(&server, &Policy::new(RETRY));
        let (send, texts) = live();
        for text in ["a", "b", "c"] {
            send.send(text.to_owned()).unwrap();
        }
        let reply = client.call(Ask::stream(kind, texts)).await;
        assert_eq!(
            (reply.code(), reply.messages),
            (Code::Ok, vec![20]),
            "{what}"
        );
        assert_eq!(server.times(), [0, 100], "{what}");
        sleep(MS(60_000)).await;
        assert!(send.is_closed(), "{what}: the stream is dropped");
        assert_eq!(server.times(), [0, 100], "{what}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn request_stream_is_dropped_when_call_fails() {
    streaming(async |mount, kind, what| {
        let failure = || fail(Code::Unavailable).reading(1);
        let server = FlakyServer::new([failure(), failure(), failure(), failure()]);
        let client = mount.client(&server, &Policy::new(RETRY));
        let (send, texts) = live();
        send.send("a".into()).unwrap();
        let reply = client.call(Ask::stream(kind, texts)).await;
        assert_eq!(reply.code(), Code::Unavailable, "{what}");
        assert_eq!(server.times(), [0, 100, 300, 700], "{what}");
        sleep(MS(1)).await;
        assert!(send.is_closed(), "{what}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn failure_before_first_message_is_retried() {
    streaming(async |mount, kind, what| {
        let server = FlakyServer::new([fail(Code::Unavailable).reading(0)]);
        let client = mount.client(&server, &Policy::new(RETRY));
        let texts = timed(&[(500, "a")]);
        let reply = client.call(Ask::stream(kind, texts)).await;
        assert_eq!(reply.code(), Code::Ok, "{what}");
        assert_eq!(server.times(), [0, 100], "{what}");
        assert_eq!(
            server.attempts()[1].messages,
            encoded(kind, &["a"]),
            "{what}"
        );
    })
    .await;
}

/// A server need not reset a request that it stops reading.
#[tokio::test(start_paused = true)]
async fn failed_attempt_reads_no_more_of_the_request() {
    streaming(async |mount, kind, what| {
        let server = FlakyServer::new([fail(Code::Unavailable).reading(1).reading_on()]);
        let client = mount.client(&server, &Policy::new(RETRY));
        let texts = timed(&[(0, "a"), (150, "b"), (50, "c")]);
        let reply = client.call(Ask::stream(kind, texts)).await;
        assert_eq!(reply.code(), Code::Ok, "{what}");
        sleep(MS(1)).await;
        let attempts = server.attempts();
        let all = encoded(kind, &["a", "b", "c"]);
        assert_eq!(attempts[0].messages, all[..1], "{what}");
        assert!(
            !attempts[0].half_closed,
            "{what}: the request was not complete"
        );
        let reason = attempts[0].reset.map(|(reason, _)| reason);
        assert_eq!(reason, Some(Reason::CANCEL), "{what}");
        assert_eq!(attempts[1].messages, all, "{what}");
        assert!(attempts[1].half_closed, "{what}");
    })
    .await;
}

// The buffer.

/// A text that makes a message of this many bytes, as the buffer of this mount counts them.
fn text_of(kind: Kind, mount: Mount, size: usize) -> String {
    let frame = match mount {
        Mount::Typed => 0,
        // The five-byte frame header of a message.
        Mount::Wire => 5,
    };
    let mut length = size - frame;
    loop {
        let text = "x".repeat(length);
        if encoded(kind, &[&text])[0].len() + frame <= size {
            assert_eq!(
                encoded(kind, &[&text])[0].len() + frame,
                size,
                "no such message"
            );
            return text;
        }
        length -= 1;
    }
}

/// The kinds whose requests can be as large as a test wants.
async fn sized(test: impl AsyncFn(Mount, Kind, &str)) {
    everywhere(async |mount, kind, what| {
        if kind != Kind::ServerStreaming {
            test(mount, kind, what).await;
        }
    })
    .await;
}

async fn attempts_with(
    mount: Mount,
    kind: Kind,
    config: Retry,
    texts: impl tokio_stream::Stream<Item = String> + Send + 'static,
) -> Vec<u64> {
    let server = FlakyServer::new([fail(Code::Unavailable)]);
    let client = mount.client(&server, &Policy::new(config));
    let reply = client.call(Ask::stream(kind, texts)).await;
    let times = server.times();
    let code = if times.len() == 1 {
        Code::Unavailable
    } else {
        Code::Ok
    };
    assert_eq!(reply.code(), code);
    times
}

#[tokio::test(start_paused = true)]
async fn only_requests_that_fit_the_buffer_are_retried() {
    sized(async |mount, kind, what| {
        for (size, attempts) in [(99, 2), (100, 2), (101, 1), (5000, 1)] {
            let texts = tokio_stream::once(text_of(kind, mount, size));
            let times = attempts_with(mount, kind, RETRY.buffer_size(100), texts).await;
            assert_eq!(times.len(), attempts, "{what}, {size}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn default_buffer_is_256_kib() {
    sized(async |mount, kind, what| {
        for (size, attempts) in [(250_000, 2), (256 << 10, 2), ((256 << 10) + 1, 1)] {
            let texts = tokio_stream::once(text_of(kind, mount, size));
            let times = attempts_with(mount, kind, RETRY, texts).await;
            assert_eq!(times.len(), attempts, "{what}, {size}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn zero_buffer_disables_retries() {
    sized(async |mount, kind, what| {
        let texts = tokio_stream::once("a".to_owned());
        let times = attempts_with(mount, kind, RETRY.buffer_size(0), texts).await;
        assert_eq!(times, [0], "{what}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn requests_larger_than_the_buffer_are_sent() {
    sized(async |mount, kind, what| {
        let server = FlakyServer::new([answer(1)]);
        let policy = Policy::new(RETRY.buffer_size(1000));
        let client = mount.client(&server, &policy);
        let text = "x".repeat(200_000);
        let texts = tokio_stream::iter(vec![text.clone(); if kind.is_unary() { 1 } else { 3 }]);
        let reply = client.call(Ask::stream(kind, texts)).await;
        assert_eq!(reply.code(), Code::Ok, "{what}");
        let messages = &server.attempts()[0].messages;
        assert_eq!(
            messages.len(),
            if kind.is_unary() { 1 } else { 3 },
            "{what}"
        );
        let expected = &encoded(kind, &[&text])[0];
        assert!(messages.iter().all(|message| message == expected), "{what}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn later_message_exceeding_buffer_ends_retries() {
    streaming(async |mount, kind, what| {
        for (second, attempts) in [(50, 2), (51, 1)] {
            let server = FlakyServer::new([fail(Code::Unavailable).reading(2)]);
            let client = mount.client(&server, &Policy::new(RETRY.buffer_size(100)));
            let (send, texts) = live();
            let texts_of = [text_of(kind, mount, 50), text_of(kind, mount, second)];
            tokio::spawn(async move {
                for text in texts_of {
                    send.send(text).unwrap();
                    // A pause, so that they are not sent in one frame.
                    sleep(MS(1)).await;
                }
            });
            client.call(Ask::stream(kind, texts)).await;
            assert_eq!(server.times().len(), attempts, "{what}, {second}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn attempt_exceeding_buffer_during_replay_is_the_last() {
    streaming(async |mount, kind, what| {
        let server = FlakyServer::new([
            fail(Code::Unavailable).reading(1),
            // The second message comes during the delay and does not fit.
            fail(Code::Unavailable).reading(2),
            fail(Code::Unavailable),
        ]);
        let client = mount.client(&server, &Policy::new(RETRY.buffer_size(100)));
        let (send, texts) = live();
        let [first, second] = [text_of(kind, mount, 60), text_of(kind, mount, 60)];
        let expected = encoded(kind, &[&first, &second]);
        tokio::spawn(async move {
            send.send(first).unwrap();
            sleep(MS(50)).await;
            send.send(second).unwrap();
        });
        let reply = client.call(Ask::stream(kind, texts)).await;
        assert_eq!(reply.status.message(), "attempt 2 failed", "{what}");
        assert_eq!(server.times(), [0, 100], "{what}");
        assert_eq!(server.attempts()[1].messages, expected, "{what}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn attempt_exceeding_buffer_during_replay_may_succeed() {
    streaming(async |mount, kind, what| {
        let server = FlakyServer::new([fail(Code::Unavailable).reading(1)]);
        let client = mount.client(&server, &Policy::new(RETRY.buffer_size(100)));
        let texts: Vec<_> = (0..20).map(|_| text_of(kind, mount, 60)).collect();
        let texts = tokio_stream::iter(texts).throttle(MS(1));
        let reply = client.call(Ask::stream(kind, texts)).await;
        let code = reply.code();
        let attempts = server.attempts();
        assert_eq!((code, attempts.len()), (Code::Ok, 2), "{what}");
        assert_eq!(attempts[1].messages.len(), 20, "{what}");
    })
    .await;
}
