//! Two processes that share a limit.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use interceptors::rate_limit::Redis;
use tonic::Code;

use super::server::Server;
use super::service::{Limited, Patient, call};

const URL: &str = "INTERCEPTORS_REDIS_OF_THE_PARENT";
/// How many seconds the clock of a child process is ahead.
const AHEAD: &str = "INTERCEPTORS_CLOCK_IS_AHEAD";
const TIME: Duration = Duration::from_secs(10);

/// The server's clock decides. One process's clock is an hour ahead, and advances by another hour during the test.
#[tokio::test]
async fn processes_share_a_limit_regardless_of_their_clocks() {
    let server = Server::start().await;
    let start = |ahead: &str| {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child
            .args(["--exact", "processes::child_process", "--nocapture"])
            .env(URL, server.url())
            .env(AHEAD, ahead)
            .stdout(Stdio::piped());
        child.spawn().unwrap()
    };
    let children = [start("0"), start("3600")];
    let mut passed = 0;
    let (mut first, mut last) = (u64::MAX, 0);
    for child in children {
        let output = tokio::task::spawn_blocking(|| child.wait_with_output());
        let output = output.await.unwrap().unwrap();
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        let line = text
            .lines()
            .find_map(|line| line.split_once("passed="))
            .unwrap();
        let numbers: Vec<u64> = line.1.split(' ').map(|n| n.parse().unwrap()).collect();
        passed += numbers[0];
        (first, last) = (first.min(numbers[1]), last.max(numbers[2]));
    }
    let most = 50 + 200 * (last - first) / 1_000_000 + 1;
    assert!(passed <= most, "{passed} passed of {most}");
    // The processes call without pause, so together they reach the limit.
    assert!(passed >= most * 95 / 100, "{passed} passed of {most}");
}

/// Runs in the child processes. Without a parent it does nothing.
#[tokio::test]
async fn child_process() {
    let Ok(url) = std::env::var(URL) else {
        return;
    };
    let service: Patient = Limited(Redis::new(&url).unwrap());
    #[allow(
        clippy::disallowed_methods,
        reason = "two processes have no other clock in common"
    )]
    let now = || {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        since.unwrap().as_micros()
    };
    // Limits in this process read tokio's clock only.
    let ahead = Duration::from_secs(std::env::var(AHEAD).unwrap().parse().unwrap());
    step_ahead(ahead).await;
    let (began, half, end) = (now(), Instant::now() + TIME / 2, Instant::now() + TIME);
    let mut passed = 0;
    let mut has_stepped = false;
    while Instant::now() < end {
        if !has_stepped && Instant::now() >= half {
            has_stepped = true;
            step_ahead(ahead).await;
        }
        let ended = call(&service, "two").await;
        assert_ne!(ended.code, Code::Unavailable);
        match ended.code {
            Code::Ok => passed += 1,
            _ => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    }
    println!("\npassed={passed} {began} {}", now());
}

/// Advances tokio's clock, which is independent of [`Instant`].
async fn step_ahead(by: Duration) {
    let before = tokio::time::Instant::now();
    tokio::time::pause();
    tokio::time::advance(by).await;
    tokio::time::resume();
    assert!(before.elapsed() >= by);
}
