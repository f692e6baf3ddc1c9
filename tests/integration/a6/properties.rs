//! The seven properties that grpc-core's `retry_state_test` checks with random failures, and one more:
//! the behaviour matches a model of A6, to the millisecond.

use std::time::Duration;

use h2::Reason;
use interceptors::Kind;
use interceptors::retry::Retry;
use interceptors_tests::flaky::{Action, FlakyServer, answer, fail, fail_after, reset};
use interceptors_tests::{KINDS, Policy};
use proptest::prelude::*;
use proptest::sample::select;
use tonic::Code;

use crate::mount::{Ask, MOUNTS, MS, Mount};
use crate::request::CODES;

/// What the server does with an attempt.
#[derive(Debug, Clone)]
enum Step {
    Answer,
    /// Fails after it has sent headers.
    Commit(Code),
    Fail(Code, Option<i64>),
    /// Refuses the stream without processing it.
    Refuse,
}

#[derive(Debug, Clone)]
struct Run {
    mount: Mount,
    kind: Kind,
    /// Whether there is a policy.
    retries: bool,
    max_attempts: u32,
    base_delay: u64,
    max_delay: u64,
    multiplier: f64,
    codes: std::ops::Range<usize>,
    script: Vec<(Step, u64)>,
}

/// When an attempt came, when it was answered, and how many earlier attempts it reported.
#[derive(Debug, PartialEq)]
struct Attempt {
    at: u64,
    ended: u64,
    previous: u32,
}

#[derive(Debug, PartialEq)]
struct Outcome {
    attempts: Vec<Attempt>,
    code: Code,
}

fn steps() -> impl Strategy<Value = Step> {
    // Mostly retryable failures, so that most runs retry.
    let code = || prop_oneof![4 => Just(Code::Unavailable), 1 => select(&CODES[..])];
    let pushback = prop_oneof![
        6 => Just(None),
        1 => (0..3000_i64).prop_map(Some),
        1 => (-3000..0_i64).prop_map(Some),
        1 => (i64::from(i32::MAX) + 1..i64::MAX).prop_map(Some),
    ];
    prop_oneof![
        1 => Just(Step::Answer),
        1 => code().prop_map(Step::Commit),
        10 => (code(), pushback).prop_map(|(code, pushback)| Step::Fail(code, pushback)),
        1 => Just(Step::Refuse),
    ]
}

prop_compose! {
    fn runs()(
        mount in select(&MOUNTS[..]),
        kind in select(&KINDS[..]),
        max_attempts in 2..7_u32,
        base_delay in 1..2000_u64,
        max_delay in 1..2000_u64,
        multiplier in 0.1..4.0,
        // `UNAVAILABLE` is the fourteenth.
        first in 0..14_usize,
        end in 14..=16_usize,
        script in prop::collection::vec((steps(), 0..100_u64), 0..12),
    ) -> Run {
        Run {
            mount, kind, retries: true, max_attempts, base_delay, max_delay, multiplier,
            codes: first..end, script,
        }
    }
}

impl Run {
    fn config(&self, jitter: f64) -> Retry {
        Retry::new()
            .max_attempts(self.max_attempts)
            .base_delay(MS(self.base_delay))
            .max_delay(MS(self.max_delay))
            .multiplier(self.multiplier)
            .jitter(jitter)
            .codes(&CODES[self.codes.clone()])
    }

    fn is_retryable(&self, code: Code) -> bool {
        CODES[self.codes.clone()].contains(&code)
    }

    fn actions(&self) -> impl Iterator<Item = Action> {
        self.script.iter().map(|(step, delay)| {
            let action = match step {
                Step::Answer => answer(1),
                Step::Commit(code) => fail_after(0, *code),
                Step::Fail(code, None) => fail(*code),
                Step::Fail(code, Some(pushback)) => {
                    fail(*code).pushback(pushback.to_string().leak())
                }
                Step::Refuse => reset(Reason::REFUSED_STREAM),
            };
            action.after(MS(*delay))
        })
    }

    /// Makes the call, with a clock of its own.
    fn play(&self, jitter: f64) -> Outcome {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let server = FlakyServer::new(self.actions());
            let policy = match self.retries {
                true => Policy::new(self.config(jitter)),
                false => Policy::none(),
            };
            let client = self.mount.client(&server, &policy);
            let reply = client.call(Ask::new(self.kind)).await;
            // Long enough for any later attempt.
            tokio::time::sleep(Duration::from_secs(3600)).await;
            let attempts = server.attempts().into_iter().enumerate();
            let attempts = attempts.map(|(i, attempt)| Attempt {
                at: attempt.at,
                ended: attempt.at + self.script.get(i).map_or(0, |(_, delay)| *delay),
                previous: attempt
                    .header("grpc-previous-rpc-attempts")
                    .map_or(0, |value| value.parse().unwrap()),
            });
            Outcome {
                attempts: attempts.collect(),
                code: reply.code(),
            }
        })
    }

    /// What the server did with each attempt that was followed by another.
    fn retried(&self, outcome: &Outcome) -> impl Iterator<Item = &Step> {
        let retried = outcome.attempts.len() - 1;
        self.script[..retried].iter().map(|(step, _)| step)
    }

    /// A model of A6, without jitter.
    fn model(&self) -> Outcome {
        let (mut now, mut previous) = (0, 0);
        let mut since_pushback = 0;
        let mut may_be_refused = true;
        let mut attempts = Vec::new();
        let mut script = self.script.iter().cloned();
        loop {
            let (step, delay) = script.next().unwrap_or((Step::Answer, 0));
            attempts.push(Attempt {
                at: now,
                ended: now + delay,
                previous,
            });
            now += delay;
            let (code, pushback) = match step {
                Step::Answer => (Code::Ok, None),
                Step::Commit(code) => {
                    return Outcome { attempts, code };
                }
                Step::Refuse if std::mem::take(&mut may_be_refused) => continue,
                Step::Refuse => (Code::Unavailable, None),
                Step::Fail(code, pushback) => (code, pushback),
            };
            if !self.is_retryable(code) || previous + 1 == self.max_attempts {
                return Outcome { attempts, code };
            }
            now += match pushback {
                None => {
                    since_pushback += 1;
                    let grown = self.base_delay as f64 * self.multiplier.powi(since_pushback - 1);
                    let nanos = (grown.min(self.max_delay as f64) * 1e6).round() as u64;
                    // Timers go off on whole milliseconds.
                    nanos.div_ceil(1_000_000)
                }
                Some(pushback) => match i32::try_from(pushback).ok().map(u64::try_from) {
                    Some(Ok(pushback)) => {
                        since_pushback = 0;
                        pushback
                    }
                    _ => return Outcome { attempts, code },
                },
            };
            previous += 1;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_policy_never_retries(mut run in runs()) {
        run.retries = false;
        prop_assert_eq!(run.play(0.2).attempts.len(), 1);
    }

    #[test]
    fn successful_requests_never_retry(run in runs()) {
        let outcome = run.play(0.2);
        prop_assert!(run.retried(&outcome).all(|step| !matches!(step, Step::Answer)));
    }

    #[test]
    fn committed_requests_never_retry(run in runs()) {
        let outcome = run.play(0.2);
        prop_assert!(run.retried(&outcome).all(|step| !matches!(step, Step::Commit(_))));
    }

    #[test]
    fn non_retryable_requests_never_retry(run in runs()) {
        let outcome = run.play(0.2);
        for step in run.retried(&outcome) {
            if let Step::Fail(code, _) = step {
                prop_assert!(run.is_retryable(*code), "{:?}", step);
            }
        }
    }

    #[test]
    fn attempts_never_exceed_their_maximum(run in runs()) {
        let outcome = run.play(0.2);
        let attempts = &outcome.attempts;
        // One refused stream may be retried transparently.
        prop_assert!(attempts.len() <= run.max_attempts as usize + 1);
        prop_assert!(attempts.iter().all(|attempt| attempt.previous < run.max_attempts));
    }

    #[test]
    fn negative_pushback_never_retries(run in runs()) {
        let outcome = run.play(0.2);
        for step in run.retried(&outcome) {
            if let Step::Fail(_, Some(pushback)) = step {
                prop_assert!(*pushback >= 0);
            }
        }
    }

    #[test]
    fn delays_never_exceed_their_maximum(run in runs()) {
        let outcome = run.play(0.2);
        for (step, pair) in run.retried(&outcome).zip(outcome.attempts.windows(2)) {
            let delay = pair[1].at - pair[0].ended;
            match step {
                Step::Fail(_, Some(pushback)) => prop_assert_eq!(delay, *pushback as u64),
                // Timers go off on whole milliseconds.
                _ => prop_assert!(delay as f64 <= run.max_delay as f64 * 1.2 + 1.0),
            }
        }
    }

    #[test]
    fn behaviour_matches_the_a6_model(run in runs()) {
        let (seen, expected) = (run.play(0.0), run.model());
        prop_assert_eq!(seen, expected);
    }
}
