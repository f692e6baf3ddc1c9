//! A request stream that is cut off does not look complete, wherever it is cut.

use bytes::Bytes;
use http::{Request, header};
use interceptors::Outcome;
use interceptors::server::RequestCancellationLayer;
use interceptors_proto::demo::User;
use interceptors_proto::demo::user_service_server::UserServiceServer;
use interceptors_tests::{Ends, Script, WatchEnds, listen, scripted};
use prost::Message;
use tokio::net::{TcpListener, TcpStream};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::Code;
use tonic::service::Routes;
use tonic::transport::Server;

#[derive(Clone)]
struct Watched {
    script: Script,
    ends: WatchEnds,
}

scripted!(self: Watched, #[intercept(with(self.ends))]);

/// How a client ends or abandons a request.
#[derive(Debug, Clone, Copy)]
enum Cut {
    /// It ends the request properly.
    Not,
    /// It resets the stream.
    Reset,
    /// It closes the connection.
    Close,
    /// It ends the stream as if the request were complete.
    End,
}

/// Sends two messages, and this many bytes of a third.
async fn import(address: std::net::SocketAddr, script: &Script, cut: Cut, of_third: usize) {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut client, connection) = h2::client::handshake(stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = Request::post(format!("http://{address}/demo.v1.UserService/ImportUsers"))
        .header(header::CONTENT_TYPE, "application/grpc")
        .header(header::TE, "trailers")
        .body(())
        .unwrap();
    let (response, mut body) = client.send_request(request, false).unwrap();
    let user = User {
        id: 7,
        name: "ann".to_owned(),
    };
    let message = user.encode_to_vec();
    let mut framed = vec![0];
    framed.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    framed.extend(message);
    let mut sent = framed.repeat(2);
    sent.extend(&framed[..of_third]);
    body.send_data(Bytes::from(sent), matches!(cut, Cut::End | Cut::Not))
        .unwrap();
    script.entered().await;
    match cut {
        Cut::Not | Cut::End => _ = response.await,
        Cut::Reset => body.send_reset(h2::Reason::CANCEL),
        Cut::Close => connection.abort(),
    }
}

#[tokio::test]
async fn truncated_request_stream_is_never_taken_as_complete() {
    let script = Script::default();
    let (watch, mut ends) = Ends::new();
    let service = Watched {
        script: script.clone(),
        ends: watch,
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::builder()
        .layer(RequestCancellationLayer)
        .add_routes(Routes::new(UserServiceServer::new(service)))
        .serve_with_incoming(TcpListenerStream::new(listener));
    tokio::spawn(server);
    import(address, &script, Cut::Not, 0).await;
    assert_eq!(ends.next().await.outcome, Outcome::Ok);
    for cut in [Cut::Reset, Cut::Close, Cut::End] {
        // After a message, in a frame header, after a frame header, in a body.
        for of_third in [0, 3, 5, 8] {
            // tonic accepts a stream that the client itself ends there.
            if matches!((cut, of_third), (Cut::End, 0 | 5)) {
                continue;
            }
            import(address, &script, cut, of_third).await;
            let end = ends.next().await;
            assert_ne!(end.outcome, Outcome::Ok, "{cut:?} {of_third}");
            assert_ne!(end.code, Code::Ok, "{cut:?} {of_third}");
        }
    }
}

/// If this test fails one day, the layer is no longer needed.
#[tokio::test]
async fn without_the_layer_a_partial_message_is_ignored() {
    let script = Script::default();
    let (watch, mut ends) = Ends::new();
    let service = Watched {
        script: script.clone(),
        ends: watch,
    };
    let address = listen(Routes::new(UserServiceServer::new(service))).await;
    import(address, &script, Cut::Reset, 8).await;
    assert_eq!(ends.next().await.outcome, Outcome::Ok);
}
