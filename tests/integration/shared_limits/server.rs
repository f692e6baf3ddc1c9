//! A `redis-server` for one test.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use interceptors::rate_limit::Redis;
use redis::aio::MultiplexedConnection;
use redis::{Cmd, FromRedisValue};

/// The process is killed and the folder removed at the end of the test.
pub(crate) struct Server {
    child: Child,
    folder: PathBuf,
    pub(crate) port: u16,
    options: Vec<String>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    /// Starts a server with additional options.
    pub(crate) async fn with(options: &[&str]) -> Self {
        // Another process may take the port first.
        for _ in 0..5 {
            let mut server = Self::spawn(free_port(), options);
            if server.is_up().await {
                return server;
            }
        }
        panic!("redis-server does not start");
    }

    /// Starts a server on this port.
    pub(crate) async fn on(port: u16) -> Self {
        let mut server = Self::spawn(port, &[]);
        assert!(server.is_up().await, "redis-server does not start");
        server
    }

    fn spawn(port: u16, options: &[&str]) -> Self {
        static FOLDERS: AtomicU32 = AtomicU32::new(0);
        let n = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let name = format!("interceptors-redis-{}-{n}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        let options: Vec<String> = options.iter().map(ToString::to_string).collect();
        Self {
            child: spawn(port, &folder, &options),
            folder,
            port,
            options,
        }
    }

    async fn is_up(&mut self) -> bool {
        for _ in 0..200 {
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            if self.try_connect().await.is_some() {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        false
    }

    async fn try_connect(&self) -> Option<MultiplexedConnection> {
        let client = redis::Client::open(self.url()).unwrap();
        client.get_multiplexed_async_connection().await.ok()
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// A store that uses this server.
    pub(crate) fn store(&self) -> Redis {
        Redis::new(&self.url()).unwrap()
    }

    /// Sends a command over a new connection, and returns the reply.
    pub(crate) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> T {
        let mut connection = self.try_connect().await.unwrap();
        command.query_async(&mut connection).await.unwrap()
    }

    /// Sends a command, and ignores the reply.
    pub(crate) async fn tell(&self, command: &str) {
        let mut words = command.split(' ');
        let mut command = redis::cmd(words.next().unwrap());
        for word in words {
            command.arg(word);
        }
        self.ask::<redis::Value>(&command).await;
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap(); // -9
        self.child.wait().unwrap();
    }

    /// Starts the server again on the same port, without its data.
    pub(crate) async fn start_again(&mut self) {
        self.child = spawn(self.port, &self.folder, &self.options);
        assert!(self.is_up().await);
    }

    /// `STOP` or `CONT`
    pub(crate) fn signal(&self, signal: &str) {
        let status = Command::new("kill")
            .args([&format!("-{signal}"), &self.child.id().to_string()])
            .status();
        assert!(status.unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

fn spawn(port: u16, folder: &PathBuf, options: &[String]) -> Child {
    let mut command = Command::new("redis-server");
    command
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .args([
            "--save",
            "",
            "--appendonly",
            "no",
            "--logfile",
            "log",
            "--dir",
        ])
        .arg(folder)
        .args(options)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().expect("redis-server is in the path")
}
