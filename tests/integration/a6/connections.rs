//! Connections that the server closes before it gets the request: gRPC's connection backoff.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use interceptors::intercept;
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::{GetUserRequest, User};
use interceptors_tests::flaky::{FlakyServer, HangUp};
use interceptors_tests::{Ends, Policy};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Response, Status};

use crate::mount::{Ask, MS};
use crate::request::{RETRY, everywhere};

/// Without jitter the waits would be 1 s, 1.6 s, 2.56 s, and so on. A timer may be a millisecond late.
fn assert_is_about(elapsed: u64, waits: &[f64], what: &str) {
    let waits: f64 = waits.iter().sum();
    let millis = waits * 800.0..waits * 1200.0 + 5.0;
    assert!(millis.contains(&(elapsed as f64)), "{what}: {elapsed} ms");
}

const WAITS: [f64; 3] = [1.0, 1.6, 2.56];

#[tokio::test(start_paused = true)]
async fn call_fails_after_five_closed_connections() {
    everywhere(async |mount, kind, what| {
        for hang_up in HangUp::ALL {
            let server = FlakyServer::new([]);
            let (channel, connections) = server.hanging_up(hang_up, u32::MAX);
            let (watch, _) = Ends::new();
            let policy = Policy::new(RETRY.max_attempts(3).base_delay(MS(5)));
            let reply = mount
                .connected(channel, &policy, watch)
                .call(Ask::new(kind))
                .await;
            let what = format!("{what}, {hang_up:?}: {:?}", reply.status);
            assert_eq!(reply.code(), Code::Unavailable, "{what}");
            let connections = connections.load(Ordering::Relaxed);
            assert!(
                (3..=7).contains(&connections),
                "{what}, {connections} connections"
            );
            if hang_up == HangUp::AtOnce {
                assert_eq!(connections, 5, "{what}");
                assert_is_about(server.now(), &WAITS, &what);
            }
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn reconnects_do_not_count_as_attempts() {
    everywhere(async |mount, kind, what| {
        for times in 1..=4 {
            let server = FlakyServer::new([]);
            let (channel, connections) = server.hanging_up(HangUp::AtOnce, times);
            let (watch, _) = Ends::new();
            let policy = Policy::new(RETRY.max_attempts(2)).throttle(2, 0.001);
            let reply = mount
                .connected(channel, &policy, watch)
                .call(Ask::new(kind))
                .await;
            let what = format!("{what}, {times}: {:?}", reply.status);
            assert_eq!(reply.code(), Code::Ok, "{what}");
            assert_eq!(connections.load(Ordering::Relaxed), times + 1, "{what}");
            assert_eq!(
                server.headers("grpc-previous-rpc-attempts"),
                ["-"],
                "{what}"
            );
            match times {
                // The first reconnect is immediate: the old connection may only have been idle for too long.
                1 => assert_eq!(server.now(), 0, "{what}"),
                times => assert_is_about(server.now(), &WAITS[..times as usize - 1], &what),
            }
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn with_a_deadline_reconnects_continue_until_it_passes() {
    everywhere(async |mount, kind, what| {
        let server = FlakyServer::new([]);
        let (channel, connections) = server.hanging_up(HangUp::AtOnce, u32::MAX);
        let client = mount.connected(channel, &Policy::new(RETRY), Ends::new().0);
        let reply = client.call(Ask::new(kind).timeout(Some(MS(60_000)))).await;
        assert_eq!(reply.code(), Code::DeadlineExceeded, "{what}");
        assert_eq!(server.now(), 60_000, "{what}");
        // 0, 0, 1, 2.6, 5.2, 9.3, 15.8, 26.3 and 43.1 s, plus or minus 20 percent.
        let connections = connections.load(Ordering::Relaxed);
        assert!((8..=10).contains(&connections), "{what}: {connections}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn without_retry_a_closed_connection_is_unavailable() {
    everywhere(async |mount, kind, what| {
        for hang_up in HangUp::ALL {
            let server = FlakyServer::new([]);
            let (channel, connections) = server.hanging_up(hang_up, u32::MAX);
            let client = mount.connected(channel, &Policy::none(), Ends::new().0);
            let reply = client.call(Ask::new(kind)).await;
            assert_eq!(
                reply.code(),
                Code::Unavailable,
                "{what}, {hang_up:?}: {reply:?}"
            );
            assert_eq!(
                connections.load(Ordering::Relaxed),
                1,
                "{what}, {hang_up:?}"
            );
        }
    })
    .await;
}

/// A server on a socket that hangs up, and the number of its connections.
async fn hanging_up(hang_up: HangUp) -> (Channel, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            if hang_up == HangUp::Reset {
                // Closing a socket with unread bytes resets the connection.
                let _ = socket.read_exact(&mut [0; 1]).await;
            } else {
                hang_up.play(&mut socket).await;
            }
            drop::<TcpStream>(socket);
        }
    });
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    (endpoint.connect_lazy(), connections)
}

#[intercept(retry(max_attempts = 3, base_delay = "5ms"))]
#[derive(Clone)]
struct Outbound;

struct HandWritten(UserServiceClient<Channel>);

#[intercept(
    service = "demo.v1.UserService",
    retry(max_attempts = 3, base_delay = "5ms")
)]
impl HandWritten {
    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        self.0.clone().get_user(request).await
    }
}

/// On real sockets it varies how much the client has sent before the close. The number of connections is bounded either way.
#[tokio::test]
async fn over_sockets_reconnects_are_bounded() {
    for hang_up in HangUp::ALL {
        let request = || {
            let mut request = Request::new(GetUserRequest { id: 7 });
            request.set_timeout(MS(200));
            request
        };
        let started = Instant::now();
        let (channel, wrapped) = hanging_up(hang_up).await;
        let mut client = UserServiceClient::new(Outbound.wrap(channel));
        let (channel, written) = hanging_up(hang_up).await;
        let hand_written = HandWritten(UserServiceClient::new(channel));
        let calls =
            async { tokio::join!(client.get_user(request()), hand_written.get_user(request())) };
        let (first, second) = timeout(Duration::from_secs(60), calls).await.unwrap();
        for (reply, connections) in [(first, wrapped), (second, written)] {
            let code = reply.unwrap_err().code();
            let what = format!("{hang_up:?}: {code:?} after {:?}", started.elapsed());
            assert!(
                matches!(code, Code::Unavailable | Code::DeadlineExceeded),
                "{what}"
            );
            let connections = connections.load(Ordering::SeqCst);
            assert!((1..=7).contains(&connections), "{what}: {connections}");
        }
    }
}
