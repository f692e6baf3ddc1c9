//! How calls behave while Redis is not available. There is a call every 10 ms, and it waits 50 ms at most.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use interceptors::rate_limit::Redis;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tonic::Code;

use super::server::{Server, free_port};
use super::service::{Ended, Endless, Limited, call, calls, count, until_decided};

const MS: fn(u64) -> Duration = Duration::from_millis;

/// The number of calls that waited for the full timeout.
fn waited(ended: &[Ended]) -> usize {
    ended.iter().filter(|ended| ended.took >= MS(50)).count()
}

#[tokio::test]
async fn calls_fail_fast_while_redis_is_down_and_recover() {
    let mut server = Server::start().await;
    let service = Endless::new(&server);
    assert_eq!(call(&service, "a").await.code, Code::Ok);
    server.kill();
    let ended = calls(&service, "a", MS(1_500)).await;
    assert_eq!(count(&ended, Code::Unavailable), ended.len(), "{ended:?}");
    assert_eq!(waited(&ended), 0, "{ended:?}");
    for ended in ended {
        assert_eq!(ended.pushback, Some(MS(1_000)));
    }
    server.start_again().await;
    let time = until_decided(&service, "a").await;
    assert!(time < MS(1_000), "{time:?}");
}

#[tokio::test]
async fn calls_stop_waiting_for_a_stopped_redis_and_recover() {
    let server = Server::start().await;
    let service = Endless::new(&server);
    assert_eq!(call(&service, "a").await.code, Code::Ok);
    server.signal("STOP");
    let ended = calls(&service, "a", MS(2_000)).await;
    server.signal("CONT");
    assert_eq!(count(&ended, Code::Unavailable), ended.len(), "{ended:?}");
    assert_eq!(waited(&ended), 5, "{ended:?}");
    let time = until_decided(&service, "a").await;
    assert!(time < MS(1_500), "{time:?}");
}

/// When the timeouts pause the store, all waiting calls stop waiting.
#[tokio::test]
async fn concurrent_calls_stop_waiting_together() {
    let server = Server::start().await;
    let service = Arc::new(Endless::new(&server));
    assert_eq!(call(&*service, "a").await.code, Code::Ok);
    server.signal("STOP");
    let tasks: Vec<_> = (0..20)
        .map(|n| {
            let service = Arc::clone(&service);
            tokio::spawn(async move {
                tokio::time::sleep(MS(5 * n)).await;
                call(&*service, "a").await
            })
        })
        .collect();
    let mut ended = Vec::new();
    for task in tasks {
        ended.push(task.await.unwrap());
    }
    server.signal("CONT");
    assert_eq!(count(&ended, Code::Unavailable), 20);
    assert!((5..10).contains(&waited(&ended)), "{ended:?}");
}

#[tokio::test]
async fn lost_connection_or_script_fails_no_call() {
    let server = Server::start().await;
    let service = Endless::new(&server);
    let calling = calls(&service, "a", MS(1_000));
    let disturbing = async {
        for _ in 0..4 {
            tokio::time::sleep(MS(100)).await;
            server.tell("CLIENT KILL TYPE normal SKIPME yes").await;
            tokio::time::sleep(MS(100)).await;
            server.tell("SCRIPT FLUSH").await;
        }
    };
    let (ended, ()) = tokio::join!(calling, disturbing);
    assert!(ended.len() > 20);
    assert_eq!(count(&ended, Code::Ok), ended.len(), "{ended:?}");
}

#[tokio::test]
async fn server_that_starts_later_is_found() {
    let port = free_port();
    let redis = Redis::new(&format!("redis://127.0.0.1:{port}")).unwrap();
    let service: Endless = Limited(redis);
    let ended = calls(&service, "a", MS(300)).await;
    assert_eq!(count(&ended, Code::Unavailable), ended.len());
    assert_eq!(waited(&ended), 0, "{ended:?}");
    let server = Server::on(port).await;
    let time = until_decided(&service, "a").await;
    assert!(time < MS(1_000), "{time:?}");
    drop(server);
}

/// A connection becomes silent, as behind a firewall that dropped it. It is replaced by a new one.
#[tokio::test]
async fn silent_connection_is_replaced() {
    let server = Server::start().await;
    let (silent, port) = (Arc::new(AtomicBool::new(false)), server.port);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let is_silent = Arc::clone(&silent);
    tokio::spawn(async move {
        while let Ok((caller, _)) = listener.accept().await {
            let server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            let is_silent = Arc::clone(&is_silent);
            tokio::spawn(async move {
                let ((mut from, mut to), (mut back, mut forth)) =
                    (caller.into_split(), server.into_split());
                let there = async {
                    let mut buffer = [0; 4096];
                    while let Ok(n @ 1..) = from.read(&mut buffer).await {
                        forth.write_all(&buffer[..n]).await.unwrap();
                    }
                };
                let silent_too = Arc::clone(&is_silent);
                let and_back = async {
                    let mut buffer = [0; 4096];
                    // Only connections that became silent stay so.
                    while let Ok(n @ 1..) = back.read(&mut buffer).await {
                        if silent_too.load(Ordering::Relaxed) {
                            std::future::pending::<()>().await;
                        }
                        to.write_all(&buffer[..n]).await.unwrap();
                    }
                };
                tokio::join!(there, and_back);
            });
        }
    });
    let service: Endless = Limited(Redis::new(&format!("redis://{address}")).unwrap());
    assert_eq!(call(&service, "a").await.code, Code::Ok);
    silent.store(true, Ordering::Relaxed);
    let mut ended = Vec::new();
    for _ in 0..5 {
        ended.push(call(&service, "a").await);
    }
    assert_eq!(count(&ended, Code::Unavailable), 5, "{ended:?}");
    silent.store(false, Ordering::Relaxed);
    let time = until_decided(&service, "a").await;
    assert!(time < MS(2_000), "{time:?}");
}

#[tokio::test]
async fn read_only_replica_fails_until_it_is_promoted() {
    let server = Server::start().await;
    let service = Endless::new(&server);
    assert_eq!(call(&service, "a").await.code, Code::Ok);
    let master = Server::start().await;
    server
        .tell(&format!("REPLICAOF 127.0.0.1 {}", master.port))
        .await;
    let ended = calls(&service, "a", MS(500)).await;
    assert_eq!(count(&ended, Code::Unavailable), ended.len(), "{ended:?}");
    assert_eq!(waited(&ended), 0, "{ended:?}");
    server.tell("REPLICAOF NO ONE").await;
    let time = until_decided(&service, "a").await;
    assert!(time < MS(1_500), "{time:?}");
}
