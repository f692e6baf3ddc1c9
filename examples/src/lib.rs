//! A small user service behind `#[intercept(...)]`, and a client that puts it through its paces.
//!
//! Start reading at [`users`].

use std::future::Future;
use std::time::Duration;

use interceptors_proto::demo::user_service_server::UserServiceServer;
use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{self, Channel, Endpoint, Server};

pub mod clients;
pub mod flaky;
pub mod issuer;
pub mod logs;
pub mod production;
pub mod scenes;
pub mod tally;
pub mod telemetry;
pub mod users;

use users::Users;

/// Whatever goes wrong in an example ends it.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// Where the server listens, and the client calls, unless the first argument says otherwise.
pub fn address() -> String {
    std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:50051".to_owned())
}

/// Serves until `stop`, and then until the last open call has ended.
///
/// # Errors
///
/// What tonic's server reports.
pub async fn serve(
    listener: TcpListener,
    users: Users,
    stop: impl Future<Output = ()>,
) -> Result<(), transport::Error> {
    // Without it, small answers wait for one another (Nagle's algorithm).
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    Server::builder()
        .add_service(UserServiceServer::new(users))
        .serve_with_incoming_shutdown(incoming, stop)
        .await
}

/// Connects to a server.
///
/// # Errors
///
/// If nobody listens there.
pub async fn connect(address: &str) -> Result<Channel, Error> {
    let endpoint =
        Endpoint::from_shared(format!("http://{address}"))?.connect_timeout(Duration::from_secs(5));
    endpoint
        .connect()
        .await
        .map_err(|error| format!("no server at {address}: {error}").into())
}
