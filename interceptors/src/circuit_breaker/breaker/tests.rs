use std::sync::atomic::AtomicU32;

use proptest::prelude::*;

use super::*;

const S: fn(u64) -> Duration = Duration::from_secs;

struct Harness {
    config: Thresholds,
    machine: Machine,
    now: Instant,
}

impl Harness {
    fn new(config: Thresholds) -> Self {
        let machine = Machine {
            period: 0,
            phase: Phase::Closed(Failures::new(&config)),
        };
        Self {
            config,
            machine,
            now: Instant::now(),
        }
    }

    fn state(&self) -> State {
        self.machine.phase.state()
    }

    fn admit(&mut self) -> Admission {
        self.machine.admit(&self.config, self.now).0
    }

    /// A call in the closed state that ends immediately.
    fn call(&mut self, failed: bool) {
        let Admission::Call { period } = self.admit() else {
            panic!("not closed");
        };
        self.machine.count(&self.config, period, failed, self.now);
    }

    fn probe(&mut self) -> u64 {
        match self.admit() {
            Admission::Probe { period } => period,
            other => panic!("no probe: {other:?}"),
        }
    }

    fn probed(&mut self, period: u64, failed: bool) {
        let failed = Some(failed);
        (self.machine).probed(&self.config, period, false, failed, self.now);
    }

    /// The end of a probe whose stream had started.
    fn stream_ended(&mut self, period: u64, failed: Option<bool>) {
        (self.machine).probed(&self.config, period, true, failed, self.now);
    }

    /// The reported state, which may be newer than the stored phase.
    fn shown(&self) -> State {
        self.machine.state(&self.config, self.now)
    }

    fn open(&mut self) {
        while self.state() == State::Closed {
            self.call(true);
        }
        assert_eq!(self.admit(), Admission::Refused);
    }
}

#[test]
fn consecutive_failures_open_the_breaker() {
    let mut breaker = Harness::new(Thresholds::new().failures(3));
    for failed in [true, true, false, true, true, false] {
        breaker.call(failed);
    }
    assert_eq!(breaker.state(), State::Closed);
    for _ in 0..3 {
        assert_eq!(breaker.state(), State::Closed);
        breaker.call(true);
    }
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn probes_pass_after_open_for() {
    let mut breaker = Harness::new(Thresholds::new().open_for(S(30)).probes(2));
    breaker.open();
    breaker.now += S(29);
    assert_eq!(breaker.admit(), Admission::Refused);
    breaker.now += S(1);
    let probes = [breaker.probe(), breaker.probe()];
    assert_eq!(breaker.admit(), Admission::Refused);
    breaker.probed(probes[0], false);
    assert_eq!(breaker.state(), State::HalfOpen);
    assert_eq!(
        breaker.admit(),
        Admission::Refused,
        "one of two probes still runs"
    );
    breaker.probed(probes[1], false);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn failed_probe_reopens_and_older_probes_no_longer_count() {
    let mut breaker = Harness::new(Thresholds::new().open_for(S(30)).probes(2));
    breaker.open();
    breaker.now += S(30);
    let (first, second) = (breaker.probe(), breaker.probe());
    breaker.probed(first, true);
    assert_eq!(breaker.state(), State::Open);
    breaker.now += S(30);
    let third = breaker.probe();
    breaker.probed(second, false);
    breaker.probed(third, false);
    assert_eq!(
        breaker.state(),
        State::HalfOpen,
        "one of two probes succeeded"
    );
    breaker.machine.give_back(second, false);
    let fourth = breaker.probe();
    assert_eq!(breaker.admit(), Admission::Refused);
    breaker.probed(fourth, false);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn cancelled_probe_frees_its_slot() {
    let mut breaker = Harness::new(Thresholds::new());
    breaker.open();
    breaker.now += S(30);
    for _ in 0..10 {
        let probe = breaker.probe();
        assert_eq!(breaker.admit(), Admission::Refused);
        breaker.machine.give_back(probe, false);
    }
    let probe = breaker.probe();
    breaker.probed(probe, false);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn unanswered_probe_is_replaced_after_open_for() {
    let mut breaker = Harness::new(Thresholds::new().open_for(S(30)));
    breaker.open();
    breaker.now += S(30);
    let lost = breaker.probe();
    breaker.now += S(29);
    assert_eq!(breaker.admit(), Admission::Refused);
    breaker.now += S(1);
    let other = breaker.probe();
    assert_eq!(breaker.admit(), Admission::Refused);
    breaker.probed(lost, true);
    assert_eq!(breaker.state(), State::HalfOpen);
    breaker.probed(other, false);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn stream_holds_its_probe_slot_until_it_ends() {
    let mut breaker = Harness::new(Thresholds::new().open_for(S(30)).probes(2));
    breaker.open();
    breaker.now += S(30);
    let (first, second) = (breaker.probe(), breaker.probe());
    breaker.machine.answered(first);
    breaker.machine.answered(second);
    breaker.now += S(29);
    assert_eq!(breaker.admit(), Admission::Refused);
    assert_eq!(breaker.shown(), State::HalfOpen);
    breaker.stream_ended(first, Some(false));
    assert_eq!(breaker.admit(), Admission::Refused, "one probe still runs");
    breaker.stream_ended(second, Some(true));
    assert_eq!(breaker.state(), State::Open, "the stream failed");
    breaker.now += S(30);
    for _ in 0..10 {
        let stream = breaker.probe();
        breaker.machine.answered(stream);
        let other = breaker.probe();
        assert_eq!(breaker.admit(), Admission::Refused);
        breaker.stream_ended(stream, None);
        breaker.machine.give_back(other, false);
        assert_eq!(
            breaker.state(),
            State::HalfOpen,
            "cancelled probes do not count"
        );
    }
    for _ in 0..2 {
        assert_eq!(breaker.state(), State::HalfOpen);
        let stream = breaker.probe();
        breaker.machine.answered(stream);
        breaker.stream_ended(stream, Some(false));
    }
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn long_lived_streams_count_as_success() {
    for is_answered in [false, true] {
        let mut breaker = Harness::new(Thresholds::new().open_for(S(30)).probes(2));
        breaker.open();
        breaker.now += S(30);
        let ended = breaker.probe();
        breaker.now += S(10);
        let endless = breaker.probe();
        breaker.probed(ended, false);
        if is_answered {
            breaker.machine.answered(endless);
        }
        breaker.now += S(29);
        assert_eq!(
            breaker.shown(),
            State::HalfOpen,
            "counted from the last probe"
        );
        assert_eq!(breaker.admit(), Admission::Refused);
        breaker.now += S(1);
        if !is_answered {
            assert_eq!(breaker.shown(), State::HalfOpen);
            assert!(matches!(breaker.admit(), Admission::Probe { .. }));
            continue;
        }
        assert_eq!(breaker.shown(), State::Closed);
        let (admission, change) = breaker.machine.admit(&breaker.config, breaker.now);
        assert!(matches!(admission, Admission::Call { .. }));
        let (from, to) = (State::HalfOpen, State::Closed);
        assert_eq!(change, Some(Change { from, to }));
        // Its later end does not count any more.
        breaker.stream_ended(endless, Some(true));
        assert_eq!(breaker.state(), State::Closed);
    }
}

#[test]
fn calls_from_before_opening_do_not_count() {
    let mut breaker = Harness::new(Thresholds::new().failures(1));
    let (Admission::Call { period: first }, Admission::Call { period: slow }) =
        (breaker.admit(), breaker.admit())
    else {
        panic!("not closed");
    };
    let Harness {
        config,
        machine,
        now,
    } = &mut breaker;
    let opened = machine.count(config, first, true, *now);
    let (from, to) = (State::Closed, State::Open);
    assert_eq!(opened, Some(Change { from, to }));
    *now += S(30);
    let (admission, change) = machine.admit(config, *now);
    assert!(matches!(admission, Admission::Probe { .. }));
    let (from, to) = (State::Open, State::HalfOpen);
    assert_eq!(change, Some(Change { from, to }));
    assert_eq!(machine.count(config, slow, true, *now), None);
    assert_eq!(breaker.state(), State::HalfOpen);
}

#[test]
fn failure_ratio_needs_min_calls_within_the_window() {
    let config = Thresholds::new()
        .failure_ratio(0.5)
        .window(S(10))
        .min_calls(4);
    let mut breaker = Harness::new(config);
    for failed in [true, true, true] {
        breaker.call(failed);
    }
    assert_eq!(breaker.state(), State::Closed, "too few");
    breaker.now += S(11);
    for failed in [false, false, false, false, true, true, true] {
        breaker.call(failed);
    }
    assert_eq!(breaker.state(), State::Closed, "3 of 7");
    breaker.now += S(5);
    breaker.call(true);
    assert_eq!(breaker.state(), State::Open, "4 of 8");
    breaker.now += S(30);
    let probe = breaker.probe();
    breaker.probed(probe, false);
    breaker.call(true);
    assert_eq!(breaker.state(), State::Closed, "the window starts again");
}

#[test]
fn cancelled_is_ignored_and_unlisted_codes_are_success() {
    let config = Thresholds::new();
    assert_eq!(config.is_failure(Code::Cancelled), None);
    for failure in config.codes {
        assert_eq!(config.is_failure(*failure), Some(true));
    }
    for success in [Code::Ok, Code::NotFound, Code::ResourceExhausted] {
        assert_eq!(config.is_failure(success), Some(false));
    }
    let listed = Thresholds::new().codes(&[Code::Cancelled]);
    assert_eq!(listed.is_failure(Code::Cancelled), Some(true));
}

#[test]
fn overflowing_open_for_stays_open() {
    let mut breaker = Harness::new(Thresholds::new().open_for(Duration::MAX));
    breaker.open();
    breaker.now += S(1 << 30);
    assert_eq!(breaker.admit(), Admission::Refused);
}

#[test]
fn concurrent_threads_get_exactly_the_allowed_probes() {
    const THREADS: usize = 8;
    for probes in [1, 2, 5] {
        for _ in 0..200 {
            let config = Thresholds::new().failures(1).open_for(S(30)).probes(probes);
            let breaker = CircuitBreaker::new(&config);
            let then = Instant::now() + S(60);
            let _ = breaker.machine().count(&config, 0, true, Instant::now());
            let admitted = AtomicU32::new(0);
            let given_up = AtomicU32::new(0);
            let start = std::sync::Barrier::new(THREADS);
            std::thread::scope(|scope| {
                for thread in 0..THREADS {
                    let (breaker, config) = (&breaker, &config);
                    let (admitted, given_up, start) = (&admitted, &given_up, &start);
                    scope.spawn(move || {
                        start.wait();
                        for _ in 0..20 {
                            let (admission, _) = breaker.machine().admit(config, then);
                            let Admission::Probe { period } = admission else {
                                continue;
                            };
                            // Some threads cancel their probe, which frees its slot.
                            if thread % 2 == 0 && given_up.fetch_add(1, Ordering::SeqCst) < 10 {
                                breaker.machine().give_back(period, false);
                            } else {
                                admitted.fetch_add(1, Ordering::SeqCst);
                            }
                        }
                    });
                }
            });
            let held = admitted.load(Ordering::SeqCst);
            assert!(held <= probes, "{held} of {probes}");
            let mut machine = breaker.machine();
            for _ in held..probes {
                let (admission, _) = machine.admit(&config, then);
                assert!(matches!(admission, Admission::Probe { .. }));
            }
            assert_eq!(machine.admit(&config, then).0, Admission::Refused);
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Admit,
    /// The stream of one of the running probes starts.
    Answer(usize),
    /// One of the running calls ends.
    End(usize, Option<bool>),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Admit),
        2 => any::<usize>().prop_map(Step::Answer),
        3 => (any::<usize>(), prop_oneof![Just(None), any::<bool>().prop_map(Some)])
            .prop_map(|(which, failed)| Step::End(which, failed)),
        1 => (0_u64..20).prop_map(Step::Wait),
    ]
}

proptest! {
    /// In any order: per half-open period no more probes run or have succeeded than are allowed, no call
    /// passes while the breaker is open, and it closes only after that many successes.
    #[test]
    fn half_open_admits_exactly_the_allowed_probes(probes in 1_u32..4, steps in prop::collection::vec(step(), 0..300)) {
        let mut breaker = Harness::new(Thresholds::new().failures(2).open_for(S(10)).probes(probes));
        // With a flag for probes whose stream has started.
        let mut out: Vec<(Admission, bool)> = Vec::new();
        let mut succeeded = (0, 0);
        let mut last_probe = breaker.now;
        for step in steps {
            match step {
                Step::Wait(seconds) => breaker.now += S(seconds),
                Step::Admit => {
                    let (before, shown) = (breaker.state(), breaker.shown());
                    let current = Admission::Probe { period: breaker.machine.period };
                    let admission = breaker.admit();
                    match admission {
                        Admission::Call { .. } if before == State::HalfOpen => {
                            let held = out.iter().filter(|other| other.0 == current && other.1).count();
                            prop_assert!(u32::try_from(held).unwrap() + succeeded.1 >= probes);
                            prop_assert!(breaker.now >= last_probe + S(10));
                            prop_assert_eq!(shown, State::Closed);
                        }
                        Admission::Call { .. } => prop_assert_eq!(before, State::Closed),
                        Admission::Probe { period } => {
                            prop_assert_eq!(breaker.state(), State::HalfOpen);
                            prop_assert_eq!(shown, State::HalfOpen);
                            last_probe = breaker.now;
                            if succeeded.0 != period {
                                succeeded = (period, 0);
                            }
                            let held = out.iter().filter(|other| other.0 == admission).count();
                            prop_assert!(u32::try_from(held).unwrap() + succeeded.1 < probes);
                        }
                        Admission::Refused => {
                            prop_assert_ne!(shown, State::Closed);
                            continue;
                        }
                    }
                    out.push((admission, false));
                }
                Step::Answer(which) if !out.is_empty() => {
                    let index = which % out.len();
                    if let (Admission::Probe { period }, is_answered @ false) = &mut out[index] {
                        *is_answered = true;
                        let before = breaker.state();
                        breaker.machine.answered(*period);
                        prop_assert_eq!(breaker.state(), before);
                    }
                }
                Step::End(which, failed) if !out.is_empty() => {
                    let index = which % out.len();
                    let before = (breaker.state(), breaker.machine.period);
                    match (out.swap_remove(index), failed) {
                        ((Admission::Call { period }, _), Some(failed)) => {
                            breaker.machine.count(&breaker.config, period, failed, breaker.now);
                        }
                        ((Admission::Probe { period }, is_answered), failed) => {
                            let Harness { config, machine, now } = &mut breaker;
                            machine.probed(config, period, is_answered, failed, *now);
                            let counts = period == before.1 && before.0 == State::HalfOpen;
                            if counts && failed == Some(false) {
                                succeeded.1 += 1;
                                let closed = breaker.state() == State::Closed;
                                prop_assert_eq!(closed, succeeded.1 == probes);
                            } else if counts && failed == Some(true) {
                                prop_assert_eq!(breaker.state(), State::Open);
                            } else {
                                prop_assert_eq!(breaker.state(), before.0);
                            }
                        }
                        _ => {}
                    }
                }
                Step::End(..) | Step::Answer(_) => {}
            }
        }
    }
}
