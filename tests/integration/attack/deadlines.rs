//! Callers choose their deadlines.

use std::time::Duration;

use interceptors::auth::Verifier;
use interceptors::concurrency::{Capacity, Limiter};
use interceptors::{CallDetails, Kind};
use interceptors_proto::demo::user_service_server::UserServiceServer;
use interceptors_tests::{Behaviour, Caller, KINDS, Script, scripted, serve};
use tokio::time::{Instant, sleep};
use tonic::service::Routes;
use tonic::{Code, Status};

const MS: fn(u64) -> Duration = Duration::from_millis;

/// Takes 50 ms for each token.
#[derive(Clone)]
struct Slow;

impl Verifier for Slow {
    type Identity = ();

    async fn verify(&self, _: &str, _: &CallDetails) -> Result<(), Status> {
        sleep(MS(50)).await;
        Ok(())
    }
}

struct Verified {
    script: Script,
}

scripted!(self: Verified, #[intercept(auth(verifier = Slow), timeout("1h"))]);

#[tokio::test(start_paused = true)]
async fn callers_deadline_includes_waits_before_timeout() {
    let script = Script::default();
    let channel = serve(Routes::new(UserServiceServer::new(Verified { script }))).await;
    let caller = Caller::new(&channel)
        .told(Behaviour::Hang)
        .with("authorization", "Bearer abc")
        .with("grpc-timeout", "100m");
    for kind in KINDS {
        let begun = Instant::now();
        // After 100 ms tonic's own timer would answer `CANCELLED`.
        let reply = caller.call(kind).await;
        assert_eq!(reply.code(), Code::DeadlineExceeded, "{kind}");
        let taken = begun.elapsed();
        assert!((MS(95)..MS(100)).contains(&taken), "{kind} {taken:?}");
    }
}

struct Bounded {
    script: Script,
}

scripted!(self: Bounded, #[intercept(timeout("100ms", idle = "50ms"))]);

/// `timeout` with `idle` only, so the caller's deadline is the limit.
struct AsLongAsTheCaller {
    script: Script,
}

scripted!(self: AsLongAsTheCaller, #[intercept(timeout(idle = "50ms"))]);

#[tokio::test(start_paused = true)]
async fn maximum_grpc_timeout_breaks_nothing() {
    for sent in ["99999999H", "99999999M", "99999999S"] {
        let script = Script::default();
        let bounded = Bounded {
            script: script.clone(),
        };
        let bounded = serve(Routes::new(UserServiceServer::new(bounded))).await;
        let callers = AsLongAsTheCaller { script };
        let callers = serve(Routes::new(UserServiceServer::new(callers))).await;
        for channel in [bounded, callers] {
            let caller = Caller::new(&channel).with("grpc-timeout", sent);
            for kind in KINDS {
                let reply = caller.call(kind).await;
                assert_eq!(reply.code(), Code::Ok, "{kind} {sent}");
                if kind.response_is_stream() {
                    let silent = caller.told(Behaviour::HangAfter(1)).call(kind).await;
                    assert_eq!(silent.code(), Code::DeadlineExceeded, "{kind} {sent}");
                }
            }
        }
    }
}

#[derive(Clone)]
struct Adaptive {
    script: Script,
    limiter: Limiter,
}

scripted!(self: Adaptive, #[intercept(
    timeout("1h"),
    concurrency(limiter = self.limiter),
    rate_limit(per_minute = 1, burst = 1, key = metadata("x-key"), only = [flaky]),
)]);

/// A limiter that successful calls have raised to 2, and a caller of its service.
async fn raised() -> (Limiter, Caller) {
    let limiter = Limiter::new(&Capacity::adaptive(1, 4, Duration::from_secs(60)));
    let service = Adaptive {
        script: Script::default(),
        limiter: limiter.clone(),
    };
    let channel = serve(Routes::new(UserServiceServer::new(service))).await;
    let caller = Caller::new(&channel);
    for _ in 0..200 {
        if limiter.limit() == 2 {
            break;
        }
        assert_eq!(caller.call(Kind::Unary).await.code(), Code::Ok);
    }
    assert_eq!(limiter.limit(), 2);
    (limiter, caller)
}

#[tokio::test(start_paused = true)]
async fn short_deadlines_do_not_lower_an_adaptive_limit() {
    let (limiter, caller) = raised().await;
    let impatient = caller.told(Behaviour::Hang).with("grpc-timeout", "10m");
    for _ in 0..10 {
        for kind in KINDS {
            let reply = impatient.call(kind).await;
            assert_eq!(reply.code(), Code::DeadlineExceeded, "{kind}");
        }
    }
    assert_eq!((limiter.limit(), limiter.in_use()), (2, 0));
    // A call with a long deadline counts: it took longer than the target.
    let patient = caller.told(Behaviour::Hang).with("grpc-timeout", "61S");
    let reply = patient.call(Kind::Unary).await;
    assert_eq!(reply.code(), Code::DeadlineExceeded);
    assert_eq!(limiter.limit(), 1);
}

#[tokio::test(start_paused = true)]
async fn inner_rejections_do_not_lower_an_adaptive_limit() {
    let (limiter, caller) = raised().await;
    let mut refused = 0;
    for _ in 0..10 {
        let request = caller.with("x-key", "a").request(Default::default());
        if let Err(status) = caller.client().flaky(request).await {
            assert_eq!(status.code(), Code::ResourceExhausted);
            refused += 1;
        }
    }
    assert_eq!((refused, limiter.limit(), limiter.in_use()), (9, 2, 0));
}
