//! The log events of a caught panic.

use interceptors::catch_panic::record_locations;
use interceptors_tests::{Event, start};
use tokio::time::Duration;

use super::*;

struct Guarded {
    script: Script,
    ends: WatchEnds,
}

scripted!(self: Guarded, #[intercept(with(self.ends), catch_panic, logging, timeout("60s"))]);

/// `logging` is the outermost entry here.
struct Outside {
    script: Script,
}

scripted!(self: Outside, #[intercept(logging, catch_panic, timeout("50ms"))]);

fn of<'a>(events: &'a [Event], target: &str) -> Vec<&'a Event> {
    let of_target = events.iter().filter(|event| event.target == target);
    of_target.collect()
}

#[tokio::test]
async fn panics_are_logged_once_with_message_location_and_call() {
    record_locations();
    let (events, _guard) = Events::listen(LevelFilter::INFO);
    let (watch, mut ends) = Ends::new();
    let service = Guarded {
        script: Script::default(),
        ends: watch,
    };
    let channel = serve(Routes::new(UserServiceServer::new(service))).await;
    let caller = Caller::new(&channel);
    for kind in KINDS {
        for behaviour in [Behaviour::Panic, Behaviour::PanicAfter(1)] {
            let reply = caller.told(behaviour).call(kind).await;
            assert_eq!(reply.code(), Code::Internal);
            ends.next().await;
            let events = events.take();
            let panics = of(&events, "interceptors::catch_panic");
            assert_eq!(panics.len(), 1, "{events:#?}");
            let event = panics[0];
            assert_eq!(
                (event.level, event.message.as_str()),
                (Level::ERROR, "a call panicked")
            );
            assert_eq!(
                event.get("grpc.service"),
                Some(&text("demo.v1.UserService"))
            );
            assert_eq!(event.get("grpc.method"), Some(&text(method(kind))));
            assert_eq!(event.get("exception.message"), Some(&text("told to")));
            assert_eq!(
                event.get("code.file.path"),
                Some(&text("tests/src/users.rs"))
            );
            assert!(matches!(event.get("code.line.number"), Some(Field::U64(line)) if *line > 1));
            let finished = of(&events, "interceptors::logging");
            assert_eq!(finished.len(), 1, "{events:#?}");
            assert_eq!(finished[0].get("outcome"), Some(&text("panicked")));
            assert_eq!(finished[0].get("grpc.code"), Some(&text("INTERNAL")));
        }
        assert_eq!(caller.call(kind).await.code(), Code::Ok);
        ends.next().await;
        assert_eq!(of(&events.take(), "interceptors::catch_panic").len(), 0);
    }
}

#[tokio::test]
async fn outer_logging_logs_panics_and_timeouts_by_their_final_status() {
    let (events, _guard) = Events::listen(LevelFilter::INFO);
    let service = Outside {
        script: Script::default(),
    };
    let server = start(Routes::new(UserServiceServer::new(service))).await;
    let caller = Caller::new(&server.channel);
    let mut expected = Vec::new();
    for kind in KINDS {
        for (behaviour, code, error, outcome) in [
            (Behaviour::Panic, "INTERNAL", "internal error", "panicked"),
            (
                Behaviour::PanicAfter(1),
                "INTERNAL",
                "internal error",
                "panicked",
            ),
            (
                Behaviour::Hang,
                "DEADLINE_EXCEEDED",
                "the deadline of the call has passed",
                "error",
            ),
            (
                Behaviour::HangAfter(1),
                "DEADLINE_EXCEEDED",
                "the deadline of the call has passed",
                "error",
            ),
        ] {
            let begun = tokio::time::Instant::now();
            caller.told(behaviour).call(kind).await;
            assert!(begun.elapsed() < Duration::from_secs(20));
            expected.push([code, error, outcome].map(text));
        }
    }
    drop(caller);
    server.stop().await;
    let events = events.take();
    let logged: Vec<_> = of(&events, "interceptors::logging")
        .into_iter()
        .map(|event| {
            ["grpc.code", "grpc.error", "outcome"].map(|name| event.get(name).unwrap().clone())
        })
        .collect();
    assert_eq!(logged, expected);
}
