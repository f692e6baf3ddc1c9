use std::net::SocketAddr;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::service::Routes;
use tonic::transport::{Channel, Endpoint, Server};

/// Serves on a free port of loopback until the test's runtime ends, and connects to it.
pub async fn serve(routes: Routes) -> Channel {
    connect(listen(routes).await).await
}

/// Serves on a free port of loopback until the test's runtime ends.
pub async fn listen(routes: Routes) -> SocketAddr {
    let (address, incoming) = bind().await;
    tokio::spawn(
        Server::builder()
            .add_routes(routes)
            .serve_with_incoming(incoming),
    );
    address
}

/// Serves on a free port of loopback until it is stopped, and connects to it.
pub async fn start(routes: Routes) -> Running {
    let (address, incoming) = bind().await;
    let (stop, stopped) = oneshot::channel();
    let serving = Server::builder()
        .add_routes(routes)
        .serve_with_incoming_shutdown(incoming, async {
            let _ = stopped.await;
        });
    let server = tokio::spawn(serving);
    Running {
        channel: connect(address).await,
        address,
        stop,
        server,
    }
}

/// A server that can be stopped.
#[derive(Debug)]
pub struct Running {
    /// A connection to it.
    pub channel: Channel,
    /// Where it listens.
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: JoinHandle<Result<(), tonic::transport::Error>>,
}

impl Running {
    /// Waits until the server has let go of everything. What the test still holds of open calls
    /// must be dropped before.
    pub async fn stop(self) {
        let Self {
            channel,
            stop,
            server,
            ..
        } = self;
        drop(channel);
        stop.send(()).unwrap();
        server.await.unwrap().unwrap();
    }
}

async fn bind() -> (SocketAddr, TcpListenerStream) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (address, TcpListenerStream::new(listener))
}

async fn connect(address: SocketAddr) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    endpoint.connect().await.unwrap()
}
