//! Two replicas of a service behind a proxy: each caller has one limit over both.

use std::future::poll_fn;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Request as HttpRequest, Response as HttpResponse, StatusCode};
use interceptors::intercept;
use interceptors::rate_limit::{Bucket, Decision, Local, Redis, Store, StoreError};
use interceptors_proto::guide::user_service_client::UserServiceClient;
use interceptors_proto::guide::user_service_server::{UserService, UserServiceServer};
use interceptors_proto::guide::{GetUserRequest, User};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tonic::codegen::Service;
use tonic::service::Routes;
use tonic::transport::server::{TcpConnectInfo, TcpIncoming};
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Code, Request, Response, Status};

use crate::{Error, connect};

/// The number of calls of one caller that pass at once.
pub const BURST: usize = 10;

/// One replica of the service. In production it runs on its own machine.
struct Replica {
    name: &'static str,
    limits: Limits,
}

// Only the proxy is trusted. A header that the caller wrote changes nothing.
#[intercept(
    client_ip(trusted = ["127.0.0.1/32"]),
    rate_limit(per_minute = 1, burst = 10, key = client_ip, store = self.limits, store_timeout = "1s"),
)]
#[tonic::async_trait]
impl UserService for Replica {
    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        Ok(Response::new(User {
            id: request.get_ref().id,
            name: self.name.to_owned(),
        }))
    }
}

/// The store that the replicas share.
#[derive(Debug, Clone)]
pub enum Limits {
    /// As in production.
    Redis(Redis),
    /// In this process. Here both replicas are in it, so they share it.
    Embedded(Local),
}

impl Store for Limits {
    async fn take(&self, bucket: &Bucket<'_>) -> Result<Decision, StoreError> {
        match self {
            Self::Redis(redis) => redis.take(bucket).await,
            Self::Embedded(local) => local.take(bucket).await,
        }
    }
}

/// A Redis server on a free port, with its own directory. It ends when this value is dropped.
#[derive(Debug)]
pub struct RedisServer {
    process: Child,
    directory: PathBuf,
    port: u16,
}

impl RedisServer {
    /// Starts a server. Returns `None` if `redis-server` is not installed.
    ///
    /// # Errors
    ///
    /// Fails if it does not start, or does not listen within five seconds.
    pub async fn start() -> Result<Option<Self>, Error> {
        let port = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port();
        let name = format!("interceptors-replicas-{}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&directory)?;
        let process = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
            .args(["--save", "", "--appendonly", "no", "--dir"])
            .arg(&directory)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let process = match process {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                std::fs::remove_dir_all(&directory)?;
                return Ok(None);
            }
            process => process?,
        };
        let server = Self {
            process,
            directory,
            port,
        };
        let listens = async {
            while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(Duration::from_secs(5), listens).await?;
        Ok(Some(server))
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// Starts two replicas and the proxy, and returns the address of the proxy.
///
/// # Errors
///
/// Fails if no port is free.
pub async fn start(limits: &Limits) -> Result<String, Error> {
    let mut replicas = Vec::new();
    for name in ["first", "second"] {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let replica = Replica {
            name,
            limits: limits.clone(),
        };
        let server = Server::builder().add_service(UserServiceServer::new(replica));
        tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
        replicas.push(connect(&address).await?);
    }
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let proxy = Arc::new(Proxy {
        replicas,
        turn: AtomicUsize::new(0),
    });
    let forward = move |request| {
        let proxy = Arc::clone(&proxy);
        async move { proxy.forward(request).await }
    };
    let routes = Routes::from(Router::new().fallback(forward));
    let server = Server::builder().add_routes(routes);
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
    Ok(address)
}

/// A load balancer: the replicas take turns, and get the caller's address in a header.
struct Proxy {
    replicas: Vec<Channel>,
    turn: AtomicUsize,
}

impl Proxy {
    async fn forward(&self, mut request: HttpRequest<Body>) -> HttpResponse<tonic::body::Body> {
        let peer = request.extensions().get::<TcpConnectInfo>();
        let peer = peer.and_then(TcpConnectInfo::remote_addr);
        if let Some(peer) = peer.and_then(|peer| HeaderValue::try_from(peer.ip().to_string()).ok())
        {
            request.headers_mut().append("x-forwarded-for", peer);
        }
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let mut replica = self.replicas[turn % self.replicas.len()].clone();
        let request = request.map(tonic::body::Body::new);
        let answered = match poll_fn(|cx| replica.poll_ready(cx)).await {
            Ok(()) => replica.call(request).await,
            Err(error) => Err(error),
        };
        answered.unwrap_or_else(|_| {
            let mut unavailable = HttpResponse::new(tonic::body::Body::empty());
            *unavailable.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            unavailable
        })
    }
}

/// How the calls of a caller ended.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// Answered by the first and the second replica.
    pub answered: [usize; 2],
    /// Ended with `RESOURCE_EXHAUSTED`.
    pub limited: usize,
}

/// Calls through the proxy from `127.0.0.<host>`, with a header that claims to be somebody else each time.
///
/// # Errors
///
/// Fails if the proxy does not listen, or if a call ends with an unexpected status.
pub async fn call(proxy: &str, host: u8, calls: usize) -> Result<Calls, Error> {
    let local = IpAddr::V4(Ipv4Addr::new(127, 0, 0, host));
    let endpoint = Endpoint::from_shared(format!("http://{proxy}"))?.local_address(Some(local));
    let mut client = UserServiceClient::new(endpoint.connect().await?);
    let mut told = Calls::default();
    for call in 0..calls {
        let mut request = Request::new(GetUserRequest { id: 1 });
        let forged = format!("203.0.113.{}", call % 256);
        request
            .metadata_mut()
            .insert("x-forwarded-for", forged.parse()?);
        match client.get_user(request).await {
            Ok(user) if user.get_ref().name == "first" => told.answered[0] += 1,
            Ok(_) => told.answered[1] += 1,
            Err(status) if status.code() == Code::ResourceExhausted => told.limited += 1,
            Err(status) => return Err(status.into()),
        }
    }
    Ok(told)
}
