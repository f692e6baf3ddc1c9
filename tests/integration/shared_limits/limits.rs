//! The number of calls that pass.

use std::time::Duration;

use tonic::Code;

use super::server::Server;
use super::service::{Endless, Slow, Slower, Third, Usual, call, count};

#[tokio::test]
async fn calls_beyond_the_burst_are_rejected_with_pushback() {
    let server = Server::start().await;
    let (one, other) = (Usual::new(&server), Usual::new(&server));
    let mut ended = Vec::new();
    for _ in 0..50 {
        ended.push(call(&one, "burst").await);
        ended.push(call(&other, "burst").await);
    }
    let passed = count(&ended, Code::Ok);
    assert!((50..100).contains(&passed), "{passed}");
    let refused: Vec<_> = ended.iter().filter(|it| it.code != Code::Ok).collect();
    for ended in refused {
        assert_eq!(ended.code, Code::ResourceExhausted);
        let wait = ended.pushback.unwrap();
        assert!(
            wait >= Duration::from_millis(1) && wait <= Duration::from_millis(5),
            "{wait:?}"
        );
    }
    assert_eq!(call(&one, "another").await.code, Code::Ok);
}

#[tokio::test]
async fn call_passes_once_the_pushback_has_elapsed() {
    let server = Server::start().await;
    let service = Third::new(&server);
    assert_eq!(call(&service, "third").await.code, Code::Ok);
    for _ in 0..4 {
        let ended = call(&service, "third").await;
        assert_eq!(ended.code, Code::ResourceExhausted);
        let wait = ended.pushback.unwrap();
        assert!(wait <= Duration::from_millis(334), "{wait:?}");
        tokio::time::sleep(wait).await;
        assert_eq!(call(&service, "third").await.code, Code::Ok);
    }
}

/// As after a failover to a server whose clock is an hour behind.
#[tokio::test]
async fn server_clock_stepping_back_denies_for_at_most_one_refill() {
    let server = Server::start().await;
    let service = Third::new(&server);
    assert_eq!(call(&service, "clock").await.code, Code::Ok);
    let keys: Vec<String> = server.ask(redis::cmd("KEYS").arg("*demo*")).await;
    let time: (f64, f64) = server.ask(&redis::cmd("TIME")).await;
    let later = format!("{:.3}", (time.0 + 3_600.0) * 1e6);
    server
        .ask::<()>(redis::cmd("SET").arg(&keys[0]).arg(later))
        .await;
    // Without the step of the clock the bucket would be full again.
    tokio::time::sleep(Duration::from_millis(340)).await;
    let ended = call(&service, "clock").await;
    assert_eq!(ended.code, Code::ResourceExhausted);
    let wait = ended.pushback.unwrap();
    assert!(wait <= Duration::from_millis(334), "{wait:?}");
}

#[tokio::test]
async fn keys_are_small_and_expire() {
    let server = Server::start().await;
    let service = Slow::new(&server);
    let service = &service;
    let callers = (0..32_usize).map(|caller| async move {
        for n in 0..100_000 / 32 {
            let ended = call(service, &format!("key-{caller}-{n}")).await;
            assert_ne!(ended.code, Code::ResourceExhausted);
        }
    });
    join_all(callers).await;

    let slower = Slower::new(&server);
    assert_eq!(call(&slower, "one").await.code, Code::Ok);
    let keys: Vec<String> = server.ask(redis::cmd("KEYS").arg("*:1/60s:1:*")).await;
    assert_eq!(
        keys,
        ["rate_limit:demo.v1.UserService:1/60s:1:x-api-key:7692c3ad3540bb803c020b3aee66cd88"]
    );
    let bytes: usize = server
        .ask(redis::cmd("MEMORY").arg("USAGE").arg(&keys[0]))
        .await;
    assert!(bytes <= 240, "{bytes} bytes");
    // All other buckets are full again after 4 s.
    for _ in 0..200 {
        let left: usize = server.ask(&redis::cmd("DBSIZE")).await;
        if left == 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the keys have not expired");
}

async fn join_all(all: impl Iterator<Item = impl Future<Output = ()>>) {
    let mut all: Vec<_> = all.map(Box::pin).collect();
    std::future::poll_fn(|cx| {
        all.retain_mut(|one| one.as_mut().poll(cx).is_pending());
        match all.is_empty() {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        }
    })
    .await;
}

#[test]
fn store_outlives_the_runtime_that_connected() {
    let runtime = || {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().build().unwrap()
    };
    let first = runtime();
    let server = first.block_on(Server::start());
    let service = Endless::new(&server);
    first.block_on(async { assert_eq!(call(&service, "a").await.code, Code::Ok) });
    drop(first);
    for _ in 0..2 {
        let other = runtime();
        other.block_on(async { assert_eq!(call(&service, "a").await.code, Code::Ok) });
    }
}
