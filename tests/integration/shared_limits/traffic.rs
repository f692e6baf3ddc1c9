//! Commands on the wire.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tonic::Code;

use super::server::Server;
use super::service::{Endless, Slower, call};

/// The commands that the server gets while a future runs.
async fn commands(server: &Server, during: impl Future<Output = ()>) -> Vec<String> {
    let mut monitor = TcpStream::connect(("127.0.0.1", server.port))
        .await
        .unwrap();
    monitor.write_all(b"MONITOR\r\n").await.unwrap();
    let mut lines = BufReader::new(monitor).lines();
    assert_eq!(lines.next_line().await.unwrap().unwrap(), "+OK");
    during.await;
    server.tell("ECHO the-end").await;
    let mut seen = Vec::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        if line.contains("the-end") {
            return seen;
        }
        // Leaves out commands of the script and of the connection that sends `ECHO`.
        if !line.contains(" lua] ") && !line.contains("\"CLIENT\"") {
            seen.push(line);
        }
    }
    panic!("the server went away");
}

#[tokio::test]
async fn decision_takes_one_round_trip_and_sends_no_plain_key() {
    let server = Server::start().await;
    let service = Endless::new(&server);
    assert_eq!(call(&service, "s3cret-0").await.code, Code::Ok);
    let seen = commands(&server, async {
        for n in 0..20 {
            assert_eq!(call(&service, &format!("s3cret-{n}")).await.code, Code::Ok);
        }
    });
    let seen = seen.await;
    assert_eq!(seen.len(), 20, "{seen:#?}");
    for line in &seen {
        assert!(line.contains("\"EVALSHA\""), "{line}");
        assert!(
            line.contains("rate_limit:demo.v1.UserService:1000000/1s:1000000:x-api-key:"),
            "{line}"
        );
        assert!(!line.contains("s3cret"), "{line}");
    }
}

#[tokio::test]
async fn denied_flood_does_not_reach_the_server() {
    let server = Server::start().await;
    let service = Slower::new(&server);
    assert_eq!(call(&service, "flood").await.code, Code::Ok);
    let seen = commands(&server, async {
        for _ in 0..1_000 {
            let ended = call(&service, "flood").await;
            assert_eq!(ended.code, Code::ResourceExhausted);
            assert!(ended.pushback.unwrap() > Duration::from_secs(50));
        }
    });
    let seen = seen.await;
    assert_eq!(seen.len(), 1, "{seen:#?}");
}

#[tokio::test]
async fn prefix_separates_stores() {
    let server = Server::start().await;
    let shop = super::service::Limited::<4>(server.store().prefix("shop:"));
    assert_eq!(call(&shop, "prefix").await.code, Code::Ok);
    let keys: Vec<String> = server.ask(redis::cmd("KEYS").arg("*x-api-key*")).await;
    assert_eq!(keys.len(), 1);
    assert!(
        keys[0].starts_with("shop:demo.v1.UserService:1/60s:1:x-api-key:"),
        "{keys:?}"
    );
}
