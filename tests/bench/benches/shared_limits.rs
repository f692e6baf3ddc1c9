//! What a limit in Redis costs: `cargo bench -p interceptors-bench --bench shared_limits`. It starts a `redis-server` of its own.
//!
//! Server, clients and Redis share the machine.
#![allow(unsafe_code, clippy::unwrap_used)] // what counts allocations stands in the place of the allocator

#[path = "../tests/counting/mod.rs"]
mod counting;

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use interceptors::intercept;
use interceptors::rate_limit::Redis;
use interceptors_bench::figures::keep;
use interceptors_proto::guide::user_service_client::UserServiceClient;
use interceptors_proto::guide::user_service_server::{UserService, UserServiceServer};
use interceptors_proto::guide::{GetUserRequest, User};
use tokio::task::JoinSet;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Endpoint, Server};
use tonic::{Request, Response, Status};

const TIME: Duration = Duration::from_secs(3);

struct Local;

#[intercept(rate_limit(per_second = 1_000_000_000, key = metadata("x-api-key")))]
#[tonic::async_trait]
impl UserService for Local {
    async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        Ok(Response::new(User::default()))
    }
}

struct Shared(Redis);

#[intercept(rate_limit(per_second = 1_000_000_000, key = metadata("x-api-key"), store = self.0, on_error = deny, store_timeout = "1s"))]
#[tonic::async_trait]
impl UserService for Shared {
    async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        Ok(Response::new(User::default()))
    }
}

/// Nobody gets through a second time.
struct Denied(Redis);

#[intercept(rate_limit(per_minute = 1, key = metadata("x-api-key"), store = self.0, on_error = deny, store_timeout = "1s"))]
#[tonic::async_trait]
impl UserService for Denied {
    async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        Ok(Response::new(User::default()))
    }
}

/// A server of this program, killed at its end.
struct Running {
    child: Child,
    folder: PathBuf,
    url: String,
}

impl Running {
    fn start() -> Self {
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = port.local_addr().unwrap().port().to_string();
        let folder =
            std::env::temp_dir().join(format!("interceptors-bench-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let mut command = Command::new("redis-server");
        command
            .args(["--port", &port, "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no", "--dir"])
            .arg(&folder)
            .stdout(Stdio::null());
        Self {
            child: command.spawn().expect("redis-server is in the path"),
            folder,
            url: format!("redis://127.0.0.1:{port}"),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn request() -> Request<GetUserRequest> {
    let mut request = Request::new(GetUserRequest::default());
    let key = "a-key-of-a-customer".parse().unwrap();
    request.metadata_mut().insert("x-api-key", key);
    request
}

/// The time that this process has had on a processor. Redis is another.
fn cpu() -> Duration {
    let stat = fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    // The main thread's, on which all runs that is measured so.
    let nanos = stat.split(' ').next().and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(nanos.unwrap_or_default())
}

/// Decisions of a service that is called without a socket, by so many callers at once, on one thread.
fn decisions<S: UserService>(what: &str, callers: usize, service: &Arc<S>, passes: bool) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    runtime.block_on(async {
        while service
            .get_user(request())
            .await
            .is_err_and(|it| it.code() == tonic::Code::Unavailable)
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let (cpu_before, allocated, began) = (cpu(), counting::so_far(), Instant::now());
        let mut tasks = JoinSet::new();
        for _ in 0..callers {
            let service = Arc::clone(service);
            tasks.spawn(async move {
                let mut calls = 0_u64;
                while began.elapsed() < TIME {
                    let result = service.get_user(request()).await;
                    assert_eq!(result.is_ok(), passes, "{result:?}");
                    calls += 1;
                    if !passes && calls.is_multiple_of(64) {
                        tokio::task::yield_now().await;
                    }
                }
                calls
            });
        }
        let calls: u64 = tasks.join_all().await.into_iter().sum();
        let took = began.elapsed();
        let each = |all: f64| all / calls as f64;
        let per_second = calls as f64 / took.as_secs_f64();
        let micros = each((cpu() - cpu_before).as_secs_f64() * 1e6);
        let allocations = each((counting::so_far() - allocated) as f64);
        println!(
            "{what:<28} c{callers:<3} {per_second:>9.0}/s  {micros:>6.2} µs of CPU  {allocations:>5.1} allocations"
        );
        let row = format!("{what}: a decision, {callers} at once");
        keep(&row, "per second", per_second);
        keep(&row, "CPU", micros);
        keep(&row, "allocations", allocations);
    });
}

/// Whole calls over loopback.
fn throughput<S: UserService>(what: &str, service: S) {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
            .await
            .unwrap();
        let address = listener.local_addr().unwrap();
        let server = Server::builder().add_service(UserServiceServer::new(service));
        tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
        let client = UserServiceClient::new(endpoint.connect().await.unwrap());
        let mut warm = client.clone();
        while warm.get_user(request()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let began = Instant::now();
        let mut tasks = JoinSet::new();
        for _ in 0..32 {
            let mut client = client.clone();
            tasks.spawn(async move {
                let mut calls = 0_u64;
                while began.elapsed() < TIME {
                    client.get_user(request()).await.unwrap();
                    calls += 1;
                }
                calls
            });
        }
        let calls: u64 = tasks.join_all().await.into_iter().sum();
        let per_second = calls as f64 / began.elapsed().as_secs_f64();
        println!("{what:<28} c32  {per_second:>9.0}/s");
        let row = format!("{what}: a whole call over loopback, 32 at once");
        keep(&row, "per second", per_second);
    });
}

fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let server = Running::start();
    let redis = || Redis::new(&server.url).unwrap();
    println!("decisions, without a socket of gRPC:");
    for callers in [1, 32] {
        decisions("in the process", callers, &Arc::new(Local), true);
        decisions("in Redis", callers, &Arc::new(Shared(redis())), true);
    }
    let denied = Arc::new(Denied(redis()));
    decisions("denied, and remembered", 1, &denied, false);
    println!("whole calls over loopback:");
    throughput("in the process", Local);
    throughput("in Redis", Shared(redis()));
}
