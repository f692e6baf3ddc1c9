//! A small user service with `#[intercept(...)]`, and a client that calls all of its methods.
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
pub mod policy;
pub mod production;
pub mod replicas;
pub mod scenes;
pub mod story;
pub mod tally;
pub mod telemetry;
pub mod users;

use users::{Inbound, Users};

/// Any error ends an example.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// The server's address: the first argument, or the default.
pub fn address() -> String {
    std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:50051".to_owned())
}

/// Serves the users, health checks and reflection until `stop`, and then until the last open call has ended.
///
/// # Errors
///
/// Returns the errors of tonic's server.
pub async fn serve(
    listener: TcpListener,
    inbound: Inbound,
    users: Users,
    stop: impl Future<Output = ()>,
) -> Result<(), transport::Error> {
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<UserServiceServer<Users>>().await;
    // Without it, small responses wait for each other (Nagle's algorithm).
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    Server::builder()
        .layer(inbound.layer())
        .add_service(UserServiceServer::new(users))
        .add_service(health_service)
        .add_service(reflection())
        .serve_with_incoming_shutdown(incoming, stop)
        .await
}

/// Reflection, which lists the services. It needs a token.
pub(crate) fn reflection() -> tonic_reflection::server::v1::ServerReflectionServer<
    impl tonic_reflection::server::v1::ServerReflection,
> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(interceptors_proto::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()
        .unwrap_or_else(|error| unreachable!("the descriptors are generated: {error}"))
}

/// Connects to a server.
///
/// # Errors
///
/// Fails if no server listens there.
pub async fn connect(address: &str) -> Result<Channel, Error> {
    let endpoint =
        Endpoint::from_shared(format!("http://{address}"))?.connect_timeout(Duration::from_secs(5));
    endpoint
        .connect()
        .await
        .map_err(|error| format!("no server at {address}: {error}").into())
}
