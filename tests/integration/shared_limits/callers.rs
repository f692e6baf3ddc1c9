//! Each caller behind a proxy has its own limit, shared by all processes.

use interceptors::intercept;
use interceptors::rate_limit::Redis;
use interceptors_proto::guide::user_service_client::UserServiceClient;
use interceptors_proto::guide::user_service_server::{UserService, UserServiceServer};
use interceptors_proto::guide::{GetUserRequest, User};
use interceptors_tests::serve;
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};

use super::server::Server;

macro_rules! behind_a_proxy {
    ($($name:ident($($settings:tt)*);)*) => {$(
        /// A service behind a proxy on loopback.
        struct $name(Redis);

        #[intercept(
            service = "demo.v1.UserService",
            client_ip(trusted = ["127.0.0.0/8"], $($settings)*),
            rate_limit(per_minute = 1, burst = 3, key = client_ip, store = self.0, on_error = deny, store_timeout = "5s"),
        )]
        #[tonic::async_trait]
        impl UserService for $name {
            async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status> {
                Ok(Response::new(User::default()))
            }
        }
    )*};
}

// Each type is used by one test only, or with other addresses, because a type keeps its denials until the process ends.
behind_a_proxy! {
    First();
    Second();
    Wide(ipv6_prefix = 56);
    Listed();
    ListedWide(ipv6_prefix = 56);
}

async fn client(service: impl UserService) -> UserServiceClient<Channel> {
    UserServiceClient::new(serve(Routes::new(UserServiceServer::new(service))).await)
}

async fn code(client: &mut UserServiceClient<Channel>, address: &'static str) -> Code {
    let mut request = Request::new(GetUserRequest::default());
    let address = address.parse().unwrap();
    request.metadata_mut().insert("x-forwarded-for", address);
    let answer = client.get_user(request).await;
    answer.map_or_else(|status| status.code(), |_| Code::Ok)
}

#[tokio::test]
async fn services_share_the_limit_of_each_caller() {
    let server = Server::start().await;
    // Two types, like two processes: they do not share denials.
    let mut first = client(First(server.store())).await;
    let mut second = client(Second(server.store())).await;

    assert_eq!(code(&mut first, "192.0.2.1").await, Code::Ok);
    assert_eq!(code(&mut second, "192.0.2.1").await, Code::Ok);
    assert_eq!(code(&mut first, "10.9.8.7, 192.0.2.1").await, Code::Ok);
    for client in [&mut first, &mut second] {
        for written in ["192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1:4711"] {
            let code = code(client, written).await;
            assert_eq!(code, Code::ResourceExhausted, "{written}");
        }
        assert_eq!(code(client, "192.0.2.2").await, Code::Ok);
    }
}

#[tokio::test]
async fn ipv6_callers_share_the_limit_of_their_network() {
    let server = Server::start().await;
    let mut first = client(First(server.store())).await;
    let mut second = client(Second(server.store())).await;
    let mut wide = client(Wide(server.store())).await;

    assert_eq!(code(&mut first, "2001:db8:1:2::1").await, Code::Ok);
    assert_eq!(code(&mut second, "2001:db8:1:2:ffff::2").await, Code::Ok);
    assert_eq!(code(&mut first, "[2001:db8:1:2::3]:4711").await, Code::Ok);
    for client in [&mut first, &mut second] {
        let code_in = code(client, "2001:db8:1:2:4:5:6:7").await;
        assert_eq!(code_in, Code::ResourceExhausted);
        assert_eq!(code(client, "2001:db8:1:3::1").await, Code::Ok);
    }
    // A /56 network and the /64 networks in it have different keys.
    for address in ["2001:db8:1:2::1", "2001:db8:1:3::1", "2001:db8:1:ff::1"] {
        assert_eq!(code(&mut wide, address).await, Code::Ok);
    }
    let code_in = code(&mut wide, "2001:db8:1:80::1").await;
    assert_eq!(code_in, Code::ResourceExhausted);
    assert_eq!(code(&mut wide, "2001:db8:1:100::1").await, Code::Ok);
}

#[tokio::test]
async fn keys_are_digests_of_addresses_and_networks() {
    let server = Server::start().await;
    let mut first = client(Listed(server.store())).await;
    let mut wide = client(ListedWide(server.store())).await;
    assert_eq!(code(&mut first, "192.0.2.1").await, Code::Ok);
    assert_eq!(code(&mut first, "2001:db8:1:2::9").await, Code::Ok);
    assert_eq!(code(&mut wide, "2001:db8:1:2ff::9").await, Code::Ok);
    let mut keys: Vec<String> = server.ask(redis::cmd("KEYS").arg("*client_ip*")).await;
    keys.sort();
    let key = |digest| format!("rate_limit:demo.v1.UserService:1/60s:3:client_ip:{digest}");
    // The digests of `192.0.2.1`, `2001:db8:1:2::/64` and `2001:db8:1:200::/56`, as from `printf %s … | sha256sum`
    let digests = [
        "37fcff24bf62035b2b08020afc08b4fe",
        "7437dddbc0275bcfe536fa291fb82060",
        "f6ab0b4572a8b06ddf5c8ada13b6d201",
    ];
    assert_eq!(keys, digests.map(key));
}
