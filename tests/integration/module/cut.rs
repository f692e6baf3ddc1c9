//! A truncated request does not look complete, even without `RequestCancellationLayer`.

use bytes::Bytes;
use http::{Request, header};
use interceptors::Outcome;
use interceptors_proto::demo::User;
use interceptors_tests::{Ends, Script, WatchEnds, listen, scripted};
use prost::Message;
use tokio::net::TcpStream;
use tonic::Code;
use tonic::service::Routes;

use crate::servers::demo::user_service_server::{UserService, UserServiceServer};

struct Watched {
    script: Script,
    outer: WatchEnds,
    inner: WatchEnds,
}

scripted!(self: Watched as [UserService], #[intercept(with(self.outer), with(self.inner))]);

/// Sends one message and the first bytes of a second one, and then resets the stream.
async fn send_truncated(
    address: std::net::SocketAddr,
    method: &str,
    script: &Script,
    of_second: usize,
) {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let path = format!("http://{address}/demo.v1.UserService/{method}");
    let request = Request::post(path)
        .header(header::CONTENT_TYPE, "application/grpc")
        .header(header::TE, "trailers")
        .body(())
        .unwrap();
    let (_response, mut body) = client.send_request(request, false).unwrap();
    let user = User {
        id: 7,
        name: "ann".to_owned(),
    };
    let message = user.encode_to_vec();
    let mut framed = vec![0];
    framed.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    framed.extend(message);
    let mut sent = framed.clone();
    sent.extend(&framed[..of_second]);
    body.send_data(Bytes::from(sent), false).unwrap();
    script.entered().await;
    body.send_reset(h2::Reason::CANCEL);
}

#[tokio::test]
async fn truncated_request_stream_is_never_ok() {
    let script = Script::default();
    let (ends, mut told) = Ends::new();
    let service = Watched {
        script: script.clone(),
        outer: ends.named("outer"),
        inner: ends.named("inner"),
    };
    let address = listen(Routes::new(UserServiceServer::new(service))).await;
    // The cut is after a message, within a header, after a header, and within a body.
    for of_second in [0, 3, 5, 8] {
        send_truncated(address, "ImportUsers", &script, of_second).await;
        for _ in 0..2 {
            let end = told.next().await;
            assert_ne!(end.outcome, Outcome::Ok, "{of_second} {end:?}");
            assert_ne!(end.code, Code::Ok, "{of_second} {end:?}");
        }
    }
}

struct Logged {
    script: Script,
}

scripted!(self: Logged as [UserService], #[intercept(logging)]);

#[test]
fn server_plan_asks_for_no_other_layer() {
    use interceptors::Intercepted as _;

    let layer = "RequestCancellationLayer";
    let of_the_server = UserServiceServer::<Logged>::PLAN.to_string();
    assert!(!of_the_server.contains(layer), "{of_the_server}");
    assert!(Logged::PLAN.to_string().contains(layer));
}
