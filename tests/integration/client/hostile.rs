//! Servers that violate gRPC. The client must not panic, and keeps the readable part of the status.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use interceptors::intercept;
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::{GetUserRequest, ListUsersRequest, User};
use interceptors_tests::{Ends, WatchEnds, clients};
use tokio::net::TcpListener;
use tokio_stream::StreamExt;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Response, Status, Streaming};

type Fields = &'static [(&'static str, &'static [u8])];

/// Answers every request with these headers and, if there are any, with a message and these trailers.
async fn server(headers: Fields, trailers: Option<Fields>) -> Channel {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let mut connection = h2::server::handshake(socket).await.unwrap();
            tokio::spawn(async move {
                while let Some(Ok((_request, mut respond))) = connection.accept().await {
                    let mut response = http::Response::new(());
                    *response.headers_mut() = map(headers);
                    let grpc = HeaderValue::from_static("application/grpc");
                    response.headers_mut().insert("content-type", grpc);
                    let ends = trailers.is_none();
                    let mut body = respond.send_response(response, ends).unwrap();
                    if let Some(trailers) = trailers {
                        let message = Bytes::from_static(&[0, 0, 0, 0, 2, 8, 7]);
                        body.send_data(message, false).unwrap();
                        body.send_trailers(map(trailers)).unwrap();
                    }
                }
            });
        }
    });
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    endpoint.connect_lazy()
}

fn map(fields: Fields) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in fields {
        map.append(*name, HeaderValue::from_bytes(value).unwrap());
    }
    map
}

#[intercept(retry(max = 1, base_delay = "1ms"))]
struct Outbound;

struct HandWritten(UserServiceClient<Channel>);

#[intercept(
    service = "demo.v1.UserService",
    with(Ends::new().0)
)]
impl HandWritten {
    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        self.0.clone().get_user(request).await
    }

    async fn get_user_mut(
        &mut self,
        request: Request<GetUserRequest>,
    ) -> Result<Response<User>, Status> {
        self.0.get_user(request).await
    }

    async fn list_users(
        &self,
        request: Request<ListUsersRequest>,
    ) -> Result<Response<Streaming<User>>, Status> {
        self.0.clone().list_users(request).await
    }

    async fn panics(&self, _: Request<()>) -> Result<Response<User>, Status> {
        panic!("of the user's own")
    }
}

/// How a single response and a stream end, for each way to call.
async fn ends(headers: Fields, trailers: Option<Fields>) -> Vec<(&'static str, Status)> {
    let channel = server(headers, trailers).await;
    let get = GetUserRequest { id: 7 };
    let list = ListUsersRequest::default;
    let mut ends = Vec::new();
    let mut generated = clients::retried::UserServiceClient::new(channel.clone());
    ends.push(("generated", generated.get_user(get).await.unwrap_err()));
    ends.push(("generated", last(generated.list_users(list()).await).await));
    let mut wrapped = UserServiceClient::new(Outbound.wrap(channel));
    ends.push(("channel", wrapped.get_user(get).await.unwrap_err()));
    ends.push(("channel", last(wrapped.list_users(list()).await).await));
    ends
}

async fn last(answer: Result<Response<Streaming<User>>, Status>) -> Status {
    let mut stream = match answer {
        Ok(response) => response.into_inner(),
        Err(status) => return status,
    };
    loop {
        match stream.next().await {
            Some(Ok(_)) => {}
            Some(Err(status)) => return status,
            None => panic!("the stream ended without an error"),
        }
    }
}

const DETAILS: (&str, &[u8]) = ("grpc-status-details-bin", b"not base64!");
const DENIED: (&str, &[u8]) = ("grpc-status", b"7");
const MESSAGE: (&str, &[u8]) = ("grpc-message", b"no");

#[tokio::test]
async fn malformed_details_are_dropped_and_the_status_is_kept() {
    for (headers, trailers) in [
        (&[DENIED, MESSAGE, DETAILS] as Fields, None),
        (&[], Some(&[DENIED, MESSAGE, DETAILS] as Fields)),
    ] {
        for (way, status) in ends(headers, trailers).await {
            assert_eq!(status.code(), Code::PermissionDenied, "{way}: {status:?}");
            assert_eq!(status.message(), "no", "{way}");
            assert!(status.details().is_empty(), "{way}");
        }
    }
}

#[tokio::test]
async fn non_utf8_message_keeps_its_code_and_readable_part() {
    for (message, read) in [
        (b"no%FFthing" as &[u8], "no\u{fffd}thing"),
        (b"caf\xe9", "caf\u{fffd}"),
        (b"caf%C3%A9 50% of %zz", "caf\u{e9} 50% of %zz"),
        (b"%", "%"),
    ] {
        let fields: Fields = vec![DENIED, ("grpc-message", message)].leak();
        for (headers, trailers) in [(fields, None), (&[] as Fields, Some(fields))] {
            for (way, status) in ends(headers, trailers).await {
                assert_eq!(status.code(), Code::PermissionDenied, "{way}: {status:?}");
                assert_eq!(status.message(), read, "{way}");
            }
        }
    }
}

#[tokio::test]
async fn malformed_codes_metadata_and_pushbacks_do_not_panic() {
    let codes: [&[u8]; 6] = [b"", b"-1", b"17", b"999999999999999999999", b"x", b"\xff"];
    for code in codes {
        let fields: Fields = vec![
            ("grpc-status", code),
            ("grpc-retry-pushback-ms", b"\xff9999999999999999999"),
            ("x-odd-bin", b"not base64!"),
            ("grpc-message", b""),
        ]
        .leak();
        for (headers, trailers) in [(fields, None), (&[] as Fields, Some(fields))] {
            for (way, status) in ends(headers, trailers).await {
                assert_eq!(status.code(), Code::Unknown, "{way}: {status:?}");
                assert!(status.metadata().contains_key("x-odd-bin"), "{way}");
            }
        }
    }
}

#[tokio::test]
async fn hand_written_clients_catch_tonics_header_panics() {
    for (headers, trailers) in [
        (&[DENIED, DETAILS] as Fields, None),
        (&[], Some(&[DENIED, DETAILS] as Fields)),
    ] {
        let mut client = HandWritten(UserServiceClient::new(server(headers, trailers).await));
        let request = || Request::new(GetUserRequest { id: 7 });
        let statuses = [
            client.get_user(request()).await.unwrap_err(),
            client.get_user_mut(request()).await.unwrap_err(),
            last(
                client
                    .list_users(Request::new(ListUsersRequest::default()))
                    .await,
            )
            .await,
        ];
        for status in statuses {
            assert_eq!(status.code(), Code::Internal, "{status:?}");
            let message = status.message();
            assert!(message.contains("grpc-status-details-bin"), "{message}");
        }
    }
}

#[tokio::test]
async fn hand_written_clients_propagate_other_panics() {
    let client = HandWritten(UserServiceClient::new(server(&[], None).await));
    let call = tokio::spawn(async move { client.panics(Request::new(())).await });
    assert!(call.await.unwrap_err().is_panic());
}

/// The observer gets the same status as the caller.
#[tokio::test]
async fn observers_of_a_stream_see_the_repaired_status() {
    let channel = server(&[], Some(&[DENIED, MESSAGE, DETAILS])).await;
    let (watch, mut ends): (WatchEnds, Ends) = Ends::new();
    let mut client = clients::observed::UserServiceClient::new(channel);
    let request = crate::common::with(Request::new(ListUsersRequest::default()), &watch);
    last(client.list_users(request).await).await;
    assert_eq!(ends.next().await.code, Code::PermissionDenied);
}
