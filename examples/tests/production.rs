//! The stack of production at work, and its metrics as Prometheus fetches them.
#![allow(clippy::unwrap_used)] // clippy.toml allows it inside of tests, not of their helpers

use std::collections::HashMap;

use examples::connect;
use examples::production::generated::user_service_client::UserServiceClient;
use examples::production::generated::{GetUserRequest, LoginRequest, User};
use examples::production::{ADMIN, GUEST, Outbound, Users, export, serve};
use interceptors::Intercepted as _;
use interceptors::client::InterceptedChannel;
use prometheus::Registry;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tonic::Code;
use tonic::transport::Channel;

type Client = UserServiceClient<InterceptedChannel<Outbound, Channel>>;

struct Running {
    admin: Client,
    guest: Client,
    endpoint: String,
}

async fn running() -> Running {
    let registry = Registry::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(serve(listener, Users::new(&registry).unwrap()));
    let endpoint = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint_address = endpoint.local_addr().unwrap().to_string();
    tokio::spawn(export(endpoint, registry));
    let channel = connect(&address).await.unwrap();
    Running {
        admin: UserServiceClient::new(Outbound::new(ADMIN).wrap(channel.clone())),
        guest: UserServiceClient::new(Outbound::new(GUEST).wrap(channel)),
        endpoint: endpoint_address,
    }
}

/// Each series of Prometheus's text format, with its labels as they are written.
async fn scrape(address: &str) -> HashMap<String, f64> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET /metrics HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let series = body
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    series
        .map(|line| {
            let (series, value) = line.rsplit_once(' ').expect("a series and its value");
            (series.to_owned(), value.parse().expect("a number"))
        })
        .collect()
}

/// The sum of all series of a family whose labels have all of these.
fn total(series: &HashMap<String, f64>, family: &str, labels: &[&str]) -> f64 {
    let of_family = series.iter().filter(|(name, _)| {
        name.split('{').next() == Some(family) && labels.iter().all(|label| name.contains(label))
    });
    of_family.map(|(_, value)| value).sum()
}

fn user(name: &str) -> User {
    User {
        id: 1,
        name: name.to_owned(),
    }
}

#[tokio::test]
async fn prometheus_is_told_how_each_call_ended() {
    let Running {
        mut admin,
        mut guest,
        endpoint,
    } = running().await;
    guest.get_user(GetUserRequest { id: 7 }).await.unwrap();
    let users = [user("a"), user("b")];
    let summary = admin.import_users(tokio_stream::iter(users)).await.unwrap();
    assert_eq!(summary.into_inner().imported, 2);
    let status = guest.get_user(GetUserRequest { id: 0 }).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    let users = tokio_stream::iter([user("a")]);
    let status = guest.import_users(users).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    let users = tokio_stream::iter([user("a"), user("")]);
    let status = admin.import_users(users).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    let login = LoginRequest {
        name: "panic".to_owned(),
        password: "a-password".to_owned(),
    };
    let status = guest.login(login).await.unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::Internal, "internal error")
    );

    let series = scrape(&endpoint).await;
    for (method, code, expected) in [
        ("GetUser", "OK", 1.0),
        ("GetUser", "InvalidArgument", 1.0),
        ("ImportUsers", "OK", 1.0),
        ("ImportUsers", "PermissionDenied", 1.0),
        ("ImportUsers", "InvalidArgument", 1.0),
        ("Login", "Internal", 1.0),
    ] {
        let method = format!("grpc_method=\"{method}\"");
        let code = format!("grpc_code=\"{code}\"");
        let handled = total(&series, "grpc_server_handled_total", &[&method, &code]);
        assert_eq!(handled, expected, "{method} {code}");
    }
    assert_eq!(total(&series, "grpc_server_started_total", &[]), 6.0);
    assert_eq!(total(&series, "grpc_server_in_flight", &[]), 0.0);
    let text = format!("{series:?}");
    assert!(!text.contains("a-password") && !text.contains("example-token"));
}

#[test]
fn the_order_of_the_stack_is_as_it_is_meant() {
    Users::PLAN.assert_no_notes();
    Outbound::PLAN.assert_no_notes();
}
