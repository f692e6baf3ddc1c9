//! The caller's address behind proxies.
#![allow(clippy::unwrap_used)] // helpers of tests

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use interceptors::client_ip::{self, IpNet};
use interceptors::{Call, End, Intercepted as _, Interceptor, Next, intercept};
use interceptors_proto::guide::user_service_server::{UserService, UserServiceServer};
use interceptors_proto::guide::{GetUserRequest, ListUsersRequest, User};
use interceptors_tests::{Caller, Events, Field, serve};
use tokio::net::TcpListener;
use tokio_stream::StreamExt;
use tonic::service::Routes;
use tonic::transport::{Endpoint, Server};
use tonic::{Code, Request, Response, Status};
use tracing::Level;
use tracing::level_filters::LevelFilter;

type Stream = tonic::codegen::BoxStream<User>;

/// The caller's address, from a call and from its end.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<AtFirstAndAtTheEnd>>>);

type AtFirstAndAtTheEnd = (Option<IpAddr>, Option<IpAddr>);

impl Seen {
    fn take(&self) -> Vec<AtFirstAndAtTheEnd> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Seen {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let (seen, at_first) = (self.clone(), call.client_ip());
        let tell = move |end: &End<'_>| {
            let both = (at_first, end.client_ip());
            seen.0.lock().unwrap().push(both);
        };
        next.observe(call, tell).await
    }
}

fn shown<M>(request: &Request<M>) -> String {
    let address = client_ip::of(request.extensions());
    address.map_or_else(|| "nobody".to_owned(), |address| address.to_string())
}

macro_rules! service {
    ($this:ident: $ty:ty, $(#[$policy:meta])?) => {
        $(#[$policy])?
        #[tonic::async_trait]
        impl UserService for $ty {
            async fn get_user(&$this, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
                Ok(Response::new(User { id: 7, name: shown(&request) }))
            }

            async fn list_users(&$this, request: Request<ListUsersRequest>) -> Result<Response<Stream>, Status> {
                let user = User { id: 7, name: shown(&request) };
                Ok(Response::new(Box::pin(tokio_stream::once(Ok(user)))))
            }
        }
    };
}

/// Proxies are on loopback.
#[derive(Clone, Default)]
struct Users {
    first: Seen,
    last: Seen,
}

service!(self: Users, #[intercept(
    with(self.first),
    logging,
    client_ip(trusted = ["127.0.0.0/8", "10.0.0.0/8", "fd00::/8"]),
    with(self.last),
)]);

/// With another header, and in another order.
struct ByForwarded;

service!(self: ByForwarded, #[intercept(
    client_ip(trusted = ["127.0.0.1"], header = "forwarded"),
    logging,
)]);

struct TrustsNobody;

service!(self: TrustsNobody, #[intercept(client_ip(ipv6_prefix = 56))]);

/// The loopback addresses of this test are no proxies here.
struct TrustsOthers;

service!(self: TrustsOthers, #[intercept(client_ip(trusted = ["10.0.0.0/8"]))]);

struct Without {
    seen: Seen,
}

service!(self: Without, #[intercept(with(self.seen), logging)]);

const PROXIES: &[IpNet] = &[IpNet::new_assert(
    IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
    32,
)];

struct AtRunTime {
    proxies: Vec<IpNet>,
}

service!(self: AtRunTime, #[intercept(client_ip(trusted = self.proxies))]);

struct Constant;

service!(self: Constant, #[intercept(client_ip(trusted = PROXIES, header = "forwarded"))]);

struct Plain;

service!(self: Plain,);

#[intercept(
    server,
    with(self.first),
    client_ip(trusted = ["127.0.0.0/8"]),
    with(self.last),
)]
struct Inbound {
    first: Seen,
    last: Seen,
}

/// Finds the caller for all methods but one.
#[intercept(server, client_ip(trusted = ["127.0.0.0/8"], except = ["/demo.v1.UserService/GetUser"]))]
struct InPart;

/// Has no `client_ip` of its own, and gets the address from the struct.
struct Behind {
    seen: Seen,
}

service!(self: Behind, #[intercept(with(self.seen), logging)]);

/// Requires the `client_ip` of the struct.
struct Relying;

service!(self: Relying, #[intercept(client_ip(by = Inbound), rate_limit(per_minute = 1, key = client_ip))]);

struct RelyingInPart;

service!(self: RelyingInPart, #[intercept(client_ip(by = InPart), rate_limit(per_minute = 1, key = client_ip))]);

struct Limited;

service!(self: Limited, #[intercept(client_ip(trusted = ["127.0.0.0/8"]), rate_limit(per_minute = 1, key = client_ip))]);

struct LimitedWidely;

service!(self: LimitedWidely, #[intercept(
    client_ip(trusted = ["127.0.0.0/8"], ipv6_prefix = 48),
    rate_limit(per_minute = 1, key = client_ip),
)]);

#[intercept(server, client_ip(trusted = ["127.0.0.0/8"]), rate_limit(per_minute = 1, key = client_ip))]
struct LimitedServer;

async fn caller<S: UserService>(service: S) -> Caller {
    Caller::new(&serve(Routes::new(UserServiceServer::new(service))).await)
}

/// The caller's address, as the handler sees it.
async fn asked(caller: &Caller) -> Result<String, Status> {
    let request = caller.request(Default::default());
    Ok(caller.client().get_user(request).await?.into_inner().name)
}

async fn asked_by_stream(caller: &Caller) -> String {
    let request = caller.request(Default::default());
    let mut users = caller
        .client()
        .list_users(request)
        .await
        .unwrap()
        .into_inner();
    users.next().await.unwrap().unwrap().name
}

fn forwarded(caller: &Caller, values: &[&str]) -> Caller {
    let mut caller = caller.clone();
    for value in values {
        caller = caller.with("x-forwarded-for", value);
    }
    caller
}

fn ip(text: &str) -> Option<IpAddr> {
    Some(text.parse().unwrap())
}

#[tokio::test]
async fn caller_is_the_rightmost_untrusted_address() {
    let users = Users::default();
    let caller = caller(users.clone()).await;
    for (values, expected) in [
        (&["192.0.2.1"] as &[&str], "192.0.2.1"),
        (&["203.0.113.66, 192.0.2.1, 10.1.2.3"], "192.0.2.1"),
        (
            &["203.0.113.66", "192.0.2.1:4711", "10.1.2.3, fd12::1"],
            "192.0.2.1",
        ),
        (&["[2001:db8::1]:4711"], "2001:db8::1"),
        (&["::ffff:192.0.2.1"], "192.0.2.1"),
        (&["fe80::1%eth0"], "fe80::1"),
        (&["10.0.0.9, 10.0.0.1"], "10.0.0.9"),
        (&[], "127.0.0.1"),
        // Addresses to the left of garbage are never used.
        (&["203.0.113.66, unknown"], "127.0.0.1"),
        (&["203.0.113.66, _hidden, 10.0.0.1"], "10.0.0.1"),
        (&["203.0.113.66", ""], "127.0.0.1"),
        (&["203.0.113.66,"], "127.0.0.1"),
        (&["203.0.113.66, \u{e9}"], "127.0.0.1"),
    ] {
        let caller = forwarded(&caller, values);
        assert_eq!(asked(&caller).await.unwrap(), expected, "{values:?}");
        assert_eq!(asked_by_stream(&caller).await, expected, "{values:?}");
        // An observer listed before `client_ip` has the address at the end.
        assert_eq!(users.first.take(), [(None, ip(expected)); 2]);
        assert_eq!(users.last.take(), [(ip(expected), ip(expected)); 2]);
    }
}

#[tokio::test]
async fn forwarded_header_is_read_alone_if_configured() {
    let caller = caller(ByForwarded).await;
    for (value, expected) in [
        ("for=192.0.2.60;proto=https;by=203.0.113.43", "192.0.2.60"),
        (
            "for=203.0.113.66, For=\"[2001:db8:cafe::17]:4711\"",
            "2001:db8:cafe::17",
        ),
        ("for=203.0.113.66, for=unknown", "127.0.0.1"),
        ("for=203.0.113.66, for=\"_mdn\"", "127.0.0.1"),
        ("for=\", for=192.0.2.60", "192.0.2.60"),
    ] {
        let caller = caller
            .with("forwarded", value)
            .with("x-forwarded-for", "203.0.113.99");
        assert_eq!(asked(&caller).await.unwrap(), expected, "{value}");
    }
}

#[tokio::test]
async fn headers_from_untrusted_peers_are_ignored() {
    for caller in [caller(TrustsNobody).await, caller(TrustsOthers).await] {
        for header in ["x-forwarded-for", "forwarded", "x-real-ip"] {
            let caller = caller.with(header, "192.0.2.1");
            assert_eq!(asked(&caller).await.unwrap(), "127.0.0.1");
        }
    }
}

#[tokio::test]
async fn without_the_entry_there_is_no_client_ip() {
    let seen = Seen::default();
    let (events, _guard) = Events::listen(LevelFilter::DEBUG);
    let caller = caller(Without { seen: seen.clone() }).await;
    let caller = caller.with("x-forwarded-for", "192.0.2.1");
    assert_eq!(asked(&caller).await.unwrap(), "nobody");
    assert_eq!(seen.take(), [(None, None)]);
    let events = events.take();
    assert_eq!(events.len(), 2);
    assert!(
        events
            .iter()
            .all(|event| event.get("client.address").is_none())
    );
}

#[tokio::test]
async fn trusted_networks_can_be_set_at_run_time() {
    let proxies = ["127.0.0.0/8".parse().unwrap()];
    let at_run_time = caller(AtRunTime {
        proxies: proxies.into(),
    })
    .await;
    assert_eq!(
        asked(&forwarded(&at_run_time, &["192.0.2.1"]))
            .await
            .unwrap(),
        "192.0.2.1"
    );
    let none = caller(AtRunTime {
        proxies: Vec::new(),
    })
    .await;
    assert_eq!(
        asked(&forwarded(&none, &["192.0.2.1"])).await.unwrap(),
        "127.0.0.1"
    );
    let constant = caller(Constant).await.with("forwarded", "for=192.0.2.1");
    assert_eq!(asked(&constant).await.unwrap(), "192.0.2.1");
}

#[tokio::test]
async fn logs_have_the_caller_in_either_order() {
    let text = |address: &str| Some(Field::Text(address.to_owned()));
    let (events, _guard) = Events::listen(LevelFilter::DEBUG);
    // `logging` before `client_ip`
    let before = forwarded(&caller(Users::default()).await, &["192.0.2.1"]);
    asked(&before).await.unwrap();
    asked_by_stream(&before).await;
    let logged = events.take();
    let of = |message: &str| {
        let of = logged.iter().filter(|event| event.message == message);
        of.map(|event| event.get("client.address").cloned())
            .collect::<Vec<_>>()
    };
    assert_eq!(of("started call"), [None, None]);
    assert_eq!(of("finished call"), [text("192.0.2.1"), text("192.0.2.1")]);
    // `logging` after `client_ip`
    let behind = caller(ByForwarded)
        .await
        .with("forwarded", "for=\"[2001:db8::1]\"");
    asked(&behind).await.unwrap();
    let logged = events.take();
    assert_eq!(logged.len(), 2);
    for event in logged {
        assert_eq!(event.get("client.address").cloned(), text("2001:db8::1"));
        assert!(
            event.get("peer.address").is_some(),
            "the proxy's address is logged too"
        );
    }
}

#[tokio::test]
async fn server_struct_sets_client_ip_for_inner_services() {
    let (events, _guard) = Events::listen(LevelFilter::DEBUG);
    let (first, last, seen) = (Seen::default(), Seen::default(), Seen::default());
    let inbound = Inbound {
        first: first.clone(),
        last: last.clone(),
    };
    let behind = inbound.wrap(UserServiceServer::new(Behind { seen: seen.clone() }));
    let caller = Caller::new(&serve(Routes::new(behind)).await);
    let caller = forwarded(&caller, &["203.0.113.66, 192.0.2.1"]);
    let expected = ip("192.0.2.1");
    assert_eq!(asked(&caller).await.unwrap(), "192.0.2.1");
    assert_eq!(asked_by_stream(&caller).await, "192.0.2.1");
    assert_eq!(first.take(), [(None, expected); 2]);
    assert_eq!(last.take(), [(expected, expected); 2]);
    // The end of the inner call need not have the address: interceptors keep it from the start, as `logging` does.
    assert_eq!(
        seen.take()
            .iter()
            .map(|(at_first, _)| *at_first)
            .collect::<Vec<_>>(),
        [expected; 2]
    );
    let logged = events.take();
    assert_eq!(logged.len(), 4);
    for event in logged {
        assert_eq!(
            event.get("client.address"),
            Some(&Field::Text("192.0.2.1".to_owned()))
        );
    }
}

/// Each of these callers may call once.
async fn assert_limited_per_caller(caller: &Caller) {
    let calls = async |address: &str| {
        let called = asked(&forwarded(caller, &[address])).await;
        called.map_or_else(|status| status.code(), |_| Code::Ok)
    };
    for (address, expected) in [
        ("192.0.2.1", Code::Ok),
        ("192.0.2.2", Code::Ok),
        ("192.0.2.1", Code::ResourceExhausted),
        ("::ffff:192.0.2.1", Code::ResourceExhausted),
        ("203.0.113.9, 192.0.2.1", Code::ResourceExhausted),
        ("2001:db8:0:1::1", Code::Ok),
        ("2001:db8:0:1:ffff::2", Code::ResourceExhausted),
        ("2001:db8:0:2::1", Code::Ok),
    ] {
        assert_eq!(calls(address).await, expected, "{address}");
    }
}

#[tokio::test]
async fn each_caller_has_its_own_limit() {
    assert_limited_per_caller(&caller(Limited).await).await;
    let server = LimitedServer.wrap(UserServiceServer::new(Plain));
    assert_limited_per_caller(&Caller::new(&serve(Routes::new(server)).await)).await;
    let inbound = Inbound {
        first: Seen::default(),
        last: Seen::default(),
    };
    let relying = inbound.wrap(UserServiceServer::new(Relying));
    assert_limited_per_caller(&Caller::new(&serve(Routes::new(relying)).await)).await;
}

#[tokio::test]
async fn ipv6_callers_of_one_prefix_share_a_limit() {
    let caller = caller(LimitedWidely).await;
    asked(&forwarded(&caller, &["2001:db8:0:1::1"]))
        .await
        .unwrap();
    let status = asked(&forwarded(&caller, &["2001:db8:0:2::1"]))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    asked(&forwarded(&caller, &["2001:db8:1:1::1"]))
        .await
        .unwrap();
}

#[tokio::test]
async fn calls_that_bypass_the_required_struct_are_rejected() {
    let (events, _guard) = Events::listen(LevelFilter::ERROR);
    // Without the struct, behind another struct, and with a method that the struct's `client_ip` leaves out.
    let in_part = InPart.wrap(UserServiceServer::new(RelyingInPart));
    let in_part = Caller::new(&serve(Routes::new(in_part)).await);
    let other = InPart.wrap(UserServiceServer::new(Relying));
    let other = Caller::new(&serve(Routes::new(other)).await);
    let none = caller(Relying).await;
    for caller in [&in_part, &other, &none] {
        let status = asked(&forwarded(caller, &["192.0.2.1"])).await.unwrap_err();
        assert_eq!(status.code(), Code::Internal);
        let [event] = events.take().try_into().unwrap();
        assert_eq!(event.level, Level::ERROR);
        assert!(
            event.message.contains("did not pass the `client_ip`"),
            "{event:?}"
        );
    }
    assert_eq!(
        asked_by_stream(&forwarded(&in_part, &["192.0.2.1"])).await,
        "192.0.2.1"
    );
}

#[tokio::test]
async fn behind_axum_the_peer_needs_connect_info() {
    for (tells, expected) in [(true, "192.0.2.1"), (false, "nobody")] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let inbound = Inbound {
            first: Seen::default(),
            last: Seen::default(),
        };
        let routes = Routes::new(UserServiceServer::new(Plain));
        let http = async |request: http::Request<axum::body::Body>| {
            client_ip::of(request.extensions())
                .map_or_else(|| "nobody".to_owned(), |it| it.to_string())
        };
        let router = routes
            .into_axum_router()
            .route("/who", axum::routing::get(http))
            .layer(inbound.layer());
        tokio::spawn(async move {
            match tells {
                true => {
                    let service = router.into_make_service_with_connect_info::<SocketAddr>();
                    axum::serve(listener, service).await
                }
                false => axum::serve(listener, router).await,
            }
        });
        let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
        let channel = endpoint.connect().await.unwrap();
        let caller = forwarded(&Caller::new(&channel), &["203.0.113.66, 192.0.2.1"]);
        assert_eq!(asked(&caller).await.unwrap(), expected);
        // Without gRPC
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let request = "GET /who HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-forwarded-for: 192.0.2.1\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with(expected), "{answer}");
    }
}

/// A Unix socket has no address, so no peer is trusted.
#[cfg(unix)]
#[tokio::test]
async fn over_a_unix_socket_callers_share_one_limit() {
    let (events, _guard) = Events::listen(LevelFilter::WARN);
    let path = std::env::temp_dir().join(format!("client-ip-{}.sock", std::process::id()));
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let incoming = tokio_stream::wrappers::UnixListenerStream::new(listener);
    let routes = Routes::new(UserServiceServer::new(Limited));
    tokio::spawn(
        Server::builder()
            .add_routes(routes)
            .serve_with_incoming(incoming),
    );
    let channel = Endpoint::from_shared(format!("unix://{}", path.display()))
        .unwrap()
        .connect()
        .await
        .unwrap();
    std::fs::remove_file(&path).unwrap();
    let caller = Caller::new(&channel);
    assert_eq!(
        asked(&forwarded(&caller, &["192.0.2.1"])).await.unwrap(),
        "nobody"
    );
    let status = asked(&forwarded(&caller, &["192.0.2.2"]))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    let warnings = events.take();
    assert_eq!(
        warnings
            .iter()
            .filter(|event| event.message.contains("finds no address"))
            .count(),
        1
    );
}

/// A long header does not fail the call, and costs no more than a short one.
#[tokio::test]
async fn long_headers_are_read_from_the_right_up_to_a_bound() {
    let caller = caller(Users::default()).await;
    let hops = |count: usize| vec!["10.0.0.1"; count].join(",");
    for (value, expected) in [
        (format!("192.0.2.1,{}", hops(1000)), "10.0.0.1".to_owned()),
        (format!("{},192.0.2.1", hops(1000)), "192.0.2.1".to_owned()),
        (
            format!("{},192.0.2.1", "x".repeat(10_000)),
            "192.0.2.1".to_owned(),
        ),
        ("y".repeat(10_000), "127.0.0.1".to_owned()),
        (",".repeat(10_000), "127.0.0.1".to_owned()),
    ] {
        let many = caller.with("x-forwarded-for", &value);
        assert_eq!(asked(&many).await.unwrap(), expected, "{value}");
    }
    let mut many = caller.clone();
    for n in 0..200 {
        many = many.with("x-forwarded-for", format!("203.0.113.{n}"));
    }
    assert_eq!(
        asked(&many.with("x-forwarded-for", "192.0.2.1"))
            .await
            .unwrap(),
        "192.0.2.1"
    );
}

#[test]
fn plan_shows_trusted_networks_and_header() {
    let plan = Users::PLAN.to_string();
    for part in [
        "client_ip",
        r#"trusted=["127.0.0.0/8", "10.0.0.0/8", "fd00::/8"]"#,
        "header=x-forwarded-for",
        "ipv6_prefix=64",
    ] {
        assert!(plan.contains(part), "{part}: {plan}");
    }
    let plan = AtRunTime::PLAN.to_string();
    assert!(plan.contains("trusted=self.proxies"), "{plan}");
    let plan = Relying::PLAN.to_string();
    assert!(plan.contains("by=Inbound"), "{plan}");
    assert!(plan.contains("key=client_ip"), "{plan}");
    let plan = TrustsNobody::PLAN.to_string();
    assert!(plan.contains("ipv6_prefix=56"), "{plan}");
    assert!(plan.contains("trusted=[]"), "{plan}");
}
