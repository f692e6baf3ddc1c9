//! What the tests share: a server on loopback, and what came of it.

use std::net::SocketAddr;

use tokio_stream::wrappers::TcpListenerStream;
use tonic::service::Routes;
use tonic::transport::{Channel, Endpoint, Server};

/// Serves on a free port of loopback until the test's runtime ends, and connects to it.
pub async fn serve(routes: Routes) -> Channel {
    let address = listen(routes).await;
    Endpoint::from_shared(format!("http://{address}"))
        .unwrap()
        .connect()
        .await
        .unwrap()
}

/// Serves on a free port of loopback until the test's runtime ends.
pub async fn listen(routes: Routes) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let incoming = TcpListenerStream::new(listener);
    tokio::spawn(
        Server::builder()
            .add_routes(routes)
            .serve_with_incoming(incoming),
    );
    address
}
