use interceptors::Outcome;
use interceptors_tests::{Behaviour, KINDS};
use interceptors_tests_outside::IdOfCall;
use tonic::{Code, Status};

use crate::common::{All, how, listen};

fn assert_internal(status: &Status) {
    assert_eq!(status.code(), Code::Internal);
    assert_eq!(status.message(), "internal error");
}

#[tokio::test]
async fn panic_is_internal_and_observers_get_panicked_once() {
    let (events, _guard) = listen();
    let mut served = All::serve().await;
    let caller = served.caller.with("x-request-id", "job-1");
    for kind in KINDS {
        for behaviour in [Behaviour::Panic, Behaviour::PanicAfter(2)] {
            let messages = match (kind.response_is_stream(), behaviour) {
                (true, Behaviour::PanicAfter(n)) => n.into(),
                _ => 0,
            };
            let reply = caller.told(behaviour).call(kind).await;
            assert_internal(&reply.status);
            assert_eq!(reply.messages.len() as u64, messages, "{kind}");
            for observer in ["inner", "outer"] {
                let expected = (observer, Outcome::Panicked, Code::Internal, messages);
                assert_eq!(how(&served.ends.next().await), expected, "{kind}");
            }
            let events = events.take();
            let panics = events
                .iter()
                .filter(|event| event.message == "a call panicked");
            let ids: Vec<_> = panics
                .map(|event| event.get("request_id").cloned())
                .collect();
            assert_eq!(ids, [Some("job-1".into())], "{kind} {behaviour:?}");
        }
        // The connection still works.
        assert_eq!(caller.call(kind).await.code(), Code::Ok, "{kind}");
        for observer in ["inner", "outer"] {
            let end = served.ends.next().await;
            assert_eq!(
                (end.observer, end.outcome),
                (observer, Outcome::Ok),
                "{kind}"
            );
        }
        events.take();
    }
    assert!(IdOfCall::current().is_none());
}

#[tokio::test]
async fn panics_of_an_inner_interceptor_are_caught() {
    let (_events, _guard) = listen();
    let mut served = All::serve().await;
    for kind in KINDS {
        for place in ["early", "before", "after"] {
            let reply = served.caller.with("x-panic", place).call(kind).await;
            assert_internal(&reply.status);
            for observer in ["inner", "outer"] {
                let expected = (observer, Outcome::Panicked, Code::Internal, 0);
                assert_eq!(how(&served.ends.next().await), expected, "{kind} {place}");
            }
        }
    }
}

#[tokio::test]
async fn panic_of_an_observer_does_not_change_a_streams_end() {
    let (_events, _guard) = listen();
    let mut served = All::serve().await;
    let caller = served.caller.with("x-panic", "observer");
    for kind in KINDS {
        let reply = caller.told(Behaviour::Answer(2)).call(kind).await;
        let (code, outcome) = match kind.response_is_stream() {
            true => (Code::Ok, Outcome::Ok),
            // The observer panics before the response is sent.
            false => (Code::Internal, Outcome::Panicked),
        };
        assert_eq!(reply.code(), code, "{kind}");
        for observer in ["inner", "outer"] {
            let end = served.ends.next().await;
            assert_eq!((end.observer, end.outcome), (observer, outcome), "{kind}");
        }
    }
}

#[tokio::test]
async fn status_of_a_panicked_call_has_its_id() {
    let (_events, _guard) = listen();
    let served = All::serve().await;
    let caller = served.caller.with("x-request-id", "job-2");
    for kind in KINDS {
        let reply = caller.told(Behaviour::Panic).call(kind).await;
        assert_internal(&reply.status);
        let id = reply.status.metadata().get("x-request-id");
        assert_eq!(id.unwrap(), "job-2", "{kind}");
    }
}
