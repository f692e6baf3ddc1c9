//! Ways to the server: one that is well, one whose connections freeze and die, and one to a server that sends nonsense.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tonic::transport::{Channel, Endpoint};

use crate::hostile;

static KILLED: AtomicU64 = AtomicU64::new(0);

/// How many connections died.
pub(crate) fn killed() -> u64 {
    KILLED.load(Ordering::Relaxed)
}

/// The way from a client to its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Steady,
    Dying,
    Hostile,
}

pub(crate) struct Network {
    steady: SocketAddr,
    dying: SocketAddr,
    hostile: SocketAddr,
    tasks: JoinSet<()>,
}

impl Network {
    pub(crate) async fn start(server: SocketAddr) -> Self {
        let mut tasks = JoinSet::new();
        let (proxy, dying) = bind().await;
        tasks.spawn(forward(proxy, server));
        let (nonsense, hostile) = bind().await;
        tasks.spawn(hostile::serve(nonsense));
        Self {
            steady: server,
            dying,
            hostile,
            tasks,
        }
    }

    /// A channel of its own.
    pub(crate) fn channel(&self, way: Way) -> Channel {
        let address = match way {
            Way::Steady => self.steady,
            Way::Dying => self.dying,
            Way::Hostile => self.hostile,
        };
        Endpoint::from_shared(format!("http://{address}"))
            .unwrap()
            .connect_timeout(Duration::from_millis(100))
            .buffer_size(64)
            .connect_lazy()
    }

    pub(crate) async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

async fn bind() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

async fn forward(listener: TcpListener, server: SocketAddr) {
    let mut connections = JoinSet::new();
    loop {
        let (client, _) = listener.accept().await.unwrap();
        while connections.try_join_next().is_some() {}
        connections.spawn(connection(client, server));
    }
}

/// Copies until the connection's time is over. Then it may freeze, and it closes or resets the connection.
async fn connection(mut client: TcpStream, server: SocketAddr) {
    let lifetime = Duration::from_millis(fastrand::u64(1..400));
    let mut server = TcpStream::connect(server).await.unwrap();
    if timeout(lifetime, copy_bidirectional(&mut client, &mut server))
        .await
        .is_ok()
    {
        return;
    }
    KILLED.fetch_add(1, Ordering::Relaxed);
    if fastrand::u8(..4) == 0 {
        sleep(Duration::from_millis(fastrand::u64(1..500))).await;
    }
    if fastrand::bool() {
        // Linux answers what is still unread with RST.
        let _ = client.set_zero_linger();
        let _ = server.set_zero_linger();
    }
}
