//! The caller's address behind `axum::serve`, and the warning if the address is unknown.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use interceptors::{Call, Interceptor, Next};
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::user_service_server::UserServiceServer;
use interceptors_proto::demo::{GetUserRequest, ListUsersRequest};
use interceptors_tests::{Events, Script, scripted};
use tokio::net::TcpListener;
use tonic::service::Routes;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Response, Status};
use tracing::Level;
use tracing::level_filters::LevelFilter;

#[derive(Clone, Default)]
struct Peers(Arc<Mutex<Vec<Option<SocketAddr>>>>);

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Peers {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        self.0.lock().unwrap().push(call.peer());
        next.run(call).await
    }
}

/// Allows one call per minute for each peer.
struct Limited {
    script: Script,
    peers: Peers,
}

scripted!(self: Limited, #[intercept(with(self.peers), rate_limit(per_minute = 1, key = peer))]);

fn routes() -> (axum::Router, Peers) {
    let peers = Peers::default();
    let service = Limited {
        script: Script::default(),
        peers: peers.clone(),
    };
    let routes = Routes::new(UserServiceServer::new(service));
    (routes.into_axum_router(), peers)
}

async fn bind() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

async fn client(address: SocketAddr, last: u8) -> UserServiceClient<Channel> {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    let local = IpAddr::from([127, 0, 0, last]);
    let channel = endpoint.local_address(Some(local)).connect().await.unwrap();
    UserServiceClient::new(channel)
}

async fn code(client: &mut UserServiceClient<Channel>) -> Code {
    let reply = client.get_user(GetUserRequest { id: 1 }).await;
    reply.map_or_else(|status| status.code(), |_| Code::Ok)
}

/// One test for both cases, because the process shares the limit.
#[tokio::test]
async fn peer_is_known_with_connect_info_and_its_absence_is_warned_once() {
    let (events, _guard) = Events::listen(LevelFilter::WARN);
    let (router, peers) = routes();
    let (listener, address) = bind().await;
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    for last in [1, 2] {
        let mut client = client(address, last).await;
        assert_eq!(code(&mut client).await, Code::Ok);
        assert_eq!(code(&mut client).await, Code::ResourceExhausted);
        let seen = std::mem::take(&mut *peers.0.lock().unwrap());
        let seen: Vec<_> = seen
            .into_iter()
            .map(|peer| peer.map(|it| it.ip()))
            .collect();
        assert_eq!(seen, [Some(IpAddr::from([127, 0, 0, last])); 2]);
    }
    assert_eq!(events.take().len(), 0);

    // Without connect info all peers share one limit.
    let (router, peers) = routes();
    let (listener, address) = bind().await;
    tokio::spawn(async move { axum::serve(listener, router).await });
    assert_eq!(code(&mut client(address, 3).await).await, Code::Ok);
    for last in [4, 5] {
        let mut client = client(address, last).await;
        assert_eq!(code(&mut client).await, Code::ResourceExhausted);
        let streams = client.list_users(ListUsersRequest::default()).await;
        assert_eq!(streams.unwrap_err().code(), Code::ResourceExhausted);
    }
    assert_eq!(*peers.0.lock().unwrap(), [None; 5]);
    let events = events.take();
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0].level, Level::WARN);
    for named in ["key = peer", "into_make_service_with_connect_info"] {
        assert!(events[0].message.contains(named), "{events:?}");
    }
}
