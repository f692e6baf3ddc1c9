//! A server's policy runs before anything is decoded, and sees every request.

use std::net::SocketAddr;

use bytes::Bytes;
use interceptors::server::RequestCancellationLayer;
use interceptors::{Kind, Outcome, intercept};
use interceptors_proto::demo::user_service_server::UserServiceServer;
use interceptors_proto::demo::{GetUserRequest, User};
use interceptors_tests::{Behaviour, Ends, KINDS, Script, WatchEnds, scripted};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::Code;
use tonic::service::Routes;
use tonic::transport::Server;

use super::common::*;

/// `Plain`, with a limit of 64 bytes for messages.
fn limited(plain: &Plain) -> Routes {
    Routes::new(UserServiceServer::new(plain.clone()).max_decoding_message_size(64))
}

/// Requests, good and bad: a name, the path and the body.
fn requests() -> Vec<(&'static str, &'static str, Bytes)> {
    let message = Bytes::from(framed(&GetUserRequest { id: 7 }));
    let big = User {
        id: 1,
        name: "x".repeat(1000),
    };
    let big = Bytes::from(framed(&big));
    let flagged = Bytes::from_static(&[7, 0, 0, 0, 1, 1]);
    let no_message = Bytes::from_static(&[0, 0, 0, 0, 2, 0xff, 0xff]);
    let half = Bytes::from_static(&[0, 0, 0, 0, 9, 1]);
    vec![
        ("a message", GET_USER, message.clone()),
        ("no bytes", GET_USER, Bytes::new()),
        ("no message", GET_USER, no_message),
        ("half a message", GET_USER, half),
        ("bad flags", GET_USER, flagged),
        ("too big", GET_USER, big.clone()),
        ("too big in a stream", IMPORT_USERS, big),
        ("a stream of junk", CHAT, Bytes::from_static(&[0xff; 40])),
        (
            "an unknown method",
            "/demo.v1.UserService/Nothing",
            message.clone(),
        ),
        (
            "an unknown service",
            "/demo.v1.Nothing/GetUser",
            message.clone(),
        ),
        ("no method", "/demo.v1.UserService", message.clone()),
        ("the root", "/", message.clone()),
        ("a deep path", "/a/b/c/d", message),
    ]
}

#[tokio::test]
async fn rejections_do_not_reveal_existing_methods() {
    let (plain, (guard, mut told)) = (Plain::default(), Guard::new());
    let address = serve(guard.layer(), limited(&plain)).await;
    let mut wire = Wire::to(address).await;
    let mut first = None;
    for (what, path, body) in requests() {
        for headers in [&[GRPC][..], &[GRPC, ("authorization", "Bearer wrong")]] {
            let answer = wire.ask("POST", path, headers, body.clone()).await;
            assert_eq!(
                (answer.status, answer.grpc_status()),
                (200, Some(16)),
                "{what}"
            );
            let first = first.get_or_insert(answer.clone());
            assert_eq!(*first, answer, "{what}");
            let end = told.next().await;
            assert_eq!(
                (end.code, &*end.path),
                (Code::Unauthenticated, path),
                "{what}"
            );
        }
    }
    assert_eq!(plain.script.runs(), 0);
}

#[tokio::test]
async fn with_a_token_responses_match_the_bare_server() {
    let (plain, (guard, mut told)) = (Plain::default(), Guard::new());
    let guarded = serve(guard.layer(), limited(&plain)).await;
    let alone = serve(Empty.layer(), limited(&plain)).await;
    let bare = interceptors_tests::listen(limited(&plain)).await;
    let mut wires = [
        Wire::to(guarded).await,
        Wire::to(alone).await,
        Wire::to(bare).await,
    ];
    for (what, path, body) in requests() {
        let mut answers = Vec::new();
        for wire in &mut wires {
            answers.push(
                wire.ask("POST", path, &[GRPC, WITH_TOKEN], body.clone())
                    .await,
            );
        }
        assert_eq!(answers[0], answers[2], "{what}");
        assert_eq!(answers[1], answers[2], "{what}");
        let end = told.next().await;
        let code = answers[2].grpc_status().unwrap();
        assert_eq!(end.code as i32, code, "{what}");
        assert_eq!(end.path, path, "{what}");
    }
}

#[intercept(server)]
struct Empty;

/// How a client abandons a request.
#[derive(Debug, Clone, Copy)]
enum Cut {
    Reset,
    Close,
}

/// Sends two messages and a part of a third, and then abandons the request.
async fn abandon(address: SocketAddr, path: &str, behaviour: Behaviour, cut: Cut, script: &Script) {
    let mut wire = Wire::to(address).await;
    let behaviour = behaviour.to_string();
    let request = wire.request(
        "POST",
        path,
        &[GRPC, WITH_TOKEN, (Behaviour::KEY, &behaviour)],
    );
    let (response, mut body) = wire.begin(request, false);
    let user = framed(&User {
        id: 7,
        name: "ann".to_owned(),
    });
    let mut sent = user.repeat(2);
    sent.extend(&user[..7]);
    body.send_data(sent.into(), false).unwrap();
    soon(script.entered()).await;
    match cut {
        Cut::Reset => body.send_reset(h2::Reason::CANCEL),
        Cut::Close => wire.connection.abort(),
    }
    drop(response);
}

#[derive(Clone)]
struct Typed {
    script: Script,
    ends: WatchEnds,
}

scripted!(self: Typed, #[intercept(with(self.ends))]);

/// The mount alone, with `RequestCancellationLayer` outside or inside of it, and nested.
async fn serve_cut(which: usize, routes: Routes, told: &mut Vec<Ends>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let incoming = TcpListenerStream::new(listener);
    let mut layer = || {
        let (guard, ends) = Guard::new();
        told.push(ends);
        guard.layer()
    };
    let server = Server::builder();
    match which {
        0 => {
            let server = server.layer(layer()).add_routes(routes);
            tokio::spawn(server.serve_with_incoming(incoming));
        }
        1 => {
            let mut server = server.layer(RequestCancellationLayer).layer(layer());
            tokio::spawn(server.add_routes(routes).serve_with_incoming(incoming));
        }
        2 => {
            let mut server = server.layer(layer()).layer(RequestCancellationLayer);
            tokio::spawn(server.add_routes(routes).serve_with_incoming(incoming));
        }
        _ => {
            let mut server = server.layer(layer()).layer(layer());
            tokio::spawn(server.add_routes(routes).serve_with_incoming(incoming));
        }
    }
    address
}

#[tokio::test]
async fn truncated_request_is_reported_as_cancelled() {
    for which in 0..4 {
        for cut in [Cut::Reset, Cut::Close] {
            let mut told = Vec::new();
            let plain = Plain::default();
            let address = serve_cut(which, plain.routes(), &mut told).await;
            for (path, behaviour) in [
                (IMPORT_USERS, Behaviour::Answer(1)),
                (CHAT, Behaviour::HangAfter(1)),
            ] {
                abandon(address, path, behaviour, cut, &plain.script).await;
                for told in &mut told {
                    let end = told.next().await;
                    let ended = (end.code, end.outcome, &*end.path);
                    let cancelled = (Code::Cancelled, Outcome::Cancelled);
                    assert_eq!((ended.0, ended.2), (cancelled.0, path), "{which} {cut:?}");
                    assert_ne!(ended.1, Outcome::Ok, "{which} {cut:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn inner_service_sees_the_cancellation() {
    for which in 0..4 {
        for cut in [Cut::Reset, Cut::Close] {
            let (ends, mut inside) = Ends::new();
            let script = Script::default();
            let service = Typed {
                script: script.clone(),
                ends,
            };
            let routes = Routes::new(UserServiceServer::new(service));
            let mut told = Vec::new();
            let address = serve_cut(which, routes, &mut told).await;
            abandon(address, IMPORT_USERS, Behaviour::Answer(1), cut, &script).await;
            let end = inside.next().await;
            assert_eq!(end.code, Code::Cancelled, "{which} {cut:?}: {end:?}");
            assert_eq!(told[0].next().await.code, Code::Cancelled);
        }
    }
}

/// A body that breaks off, and a service that takes the received part as complete, as tonic does.
#[tokio::test]
async fn ok_response_to_a_truncated_request_becomes_cancelled() {
    use std::convert::Infallible;
    use tower::ServiceExt;

    let (guard, mut told) = Guard::new();
    let believes = tower::service_fn(|request: http::Request<tonic::body::Body>| async move {
        let mut body = std::pin::pin!(request.into_body());
        let mut is_over = false;
        while !is_over {
            let frame = std::future::poll_fn(|cx| http_body::Body::poll_frame(body.as_mut(), cx));
            is_over = !matches!(frame.await, Some(Ok(_)));
        }
        let mut response = http::Response::new(tonic::body::Body::empty());
        response
            .headers_mut()
            .insert("grpc-status", "0".parse().unwrap());
        Ok::<_, Infallible>(response)
    });
    let service = guard.wrap(believes);
    for (parts, code) in [
        (vec![Ok(Bytes::from_static(&[0; 5]))], Code::Ok),
        (
            vec![Ok(Bytes::from_static(&[0; 5])), Err("gone")],
            Code::Cancelled,
        ),
        (vec![Err("gone")], Code::Cancelled),
    ] {
        let body = axum::body::Body::from_stream(tokio_stream::iter(parts));
        let request = http::Request::post(IMPORT_USERS)
            .header(GRPC.0, GRPC.1)
            .header(WITH_TOKEN.0, WITH_TOKEN.1);
        let response = service.clone().oneshot(request.body(body).unwrap()).await;
        let response = response.unwrap();
        let status = &response.headers()["grpc-status"];
        assert_eq!(status.to_str().unwrap(), (code as i32).to_string());
        assert_eq!(told.next().await.code, code);
    }
}

#[tokio::test]
async fn dropped_response_stream_cancels_the_call() {
    let (plain, (guard, mut told)) = (Plain::default(), Guard::new());
    let caller = caller(serve(guard.layer(), plain.routes()).await).await;
    let caller = caller.with(WITH_TOKEN.0, WITH_TOKEN.1);
    for kind in [Kind::ServerStreaming, Kind::BidiStreaming] {
        let open = caller
            .told(Behaviour::HangAfter(2))
            .open(kind)
            .await
            .unwrap();
        drop(open);
        let end = told.next().await;
        assert_eq!(
            (end.code, end.outcome),
            (Code::Cancelled, Outcome::Cancelled)
        );
    }
}

#[tokio::test]
async fn client_disconnect_during_handler_cancels_call() {
    let (plain, (guard, mut told)) = (Plain::default(), Guard::new());
    let caller = caller(serve(guard.layer(), plain.routes()).await).await;
    let caller = caller.with(WITH_TOKEN.0, WITH_TOKEN.1);
    for kind in KINDS {
        let hanging = caller.told(Behaviour::Hang);
        let call = tokio::spawn(async move { hanging.call(kind).await.code() });
        soon(plain.script.entered()).await;
        call.abort();
        let end = told.next().await;
        assert_eq!(
            (end.code, end.outcome),
            (Code::Cancelled, Outcome::Cancelled)
        );
    }
}

#[tokio::test]
async fn each_call_ends_once() {
    let (plain, (guard, mut told)) = (Plain::default(), Guard::new());
    let address = serve(guard.layer(), plain.routes()).await;
    let caller = caller(address).await.with(WITH_TOKEN.0, WITH_TOKEN.1);
    let behaviours = [
        (Behaviour::Answer(0), Code::Ok, 0),
        (Behaviour::Answer(3), Code::Ok, 3),
        (Behaviour::Fail(Code::Aborted), Code::Aborted, 0),
        (Behaviour::FailAfter(0, Code::DataLoss), Code::DataLoss, 0),
        (Behaviour::FailAfter(2, Code::NotFound), Code::NotFound, 2),
        (Behaviour::Panic, Code::Internal, 0),
        (Behaviour::PanicAfter(2), Code::Internal, 2),
    ];
    for (behaviour, code, messages) in behaviours {
        for kind in KINDS {
            let reply = caller.told(behaviour).call(kind).await;
            assert_eq!(reply.code(), code, "{kind:?} {behaviour:?}");
            let end = told.next().await;
            let is_stream = matches!(kind, Kind::ServerStreaming | Kind::BidiStreaming);
            let messages = match (is_stream, code) {
                // tonic collects messages into larger frames, and a panic drops those that are not sent.
                (true, Code::Internal) => 0,
                (true, _) => messages,
                (false, Code::Ok) => 1,
                (false, _) => 0,
            };
            assert_eq!(
                (end.code, end.messages),
                (code, messages),
                "{kind:?} {behaviour:?}"
            );
            let is_panic = matches!(behaviour, Behaviour::Panic | Behaviour::PanicAfter(_));
            assert_eq!(end.outcome == Outcome::Panicked, is_panic);
        }
    }
    // If an end were reported twice, it would come before the end of this call.
    let reply = caller
        .told(Behaviour::Fail(Code::Unknown))
        .call(Kind::Unary)
        .await;
    assert_eq!(reply.code(), Code::Unknown);
    assert_eq!(told.next().await.code, Code::Unknown);
}

/// gRPC has no trailers in a request. tonic merges them into the metadata, where they would replace values that the policy has seen.
#[tokio::test]
async fn request_trailers_are_not_merged_into_metadata() {
    let (plain, (guard, _told)) = (Plain::default(), Guard::new());
    let guarded = serve(guard.layer(), limited(&plain)).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let bare = listener.local_addr().unwrap();
    let serving = Server::builder().add_routes(limited(&plain));
    tokio::spawn(serving.serve_with_incoming(TcpListenerStream::new(listener)));
    let bearer = format!("Bearer {SECRET}");
    let headers = [GRPC, ("authorization", &*bearer)];
    let text = [("content-type", "text/plain"), ("authorization", &*bearer)];
    for (address, headers, code) in [
        (bare, headers, Code::PermissionDenied),
        (guarded, headers, Code::Ok),
        // tonic decodes the message despite the content type.
        (guarded, text, Code::Ok),
    ] {
        for is_later in [false, true] {
            let mut wire = Wire::to(address).await;
            let request = wire.request("POST", GET_USER, &headers);
            let (response, mut body) = wire.begin(request, false);
            let message = framed(&GetUserRequest { id: 7 });
            body.send_data(Bytes::from(message), false).unwrap();
            if is_later {
                tokio::task::yield_now().await;
            }
            let mut trailers = http::HeaderMap::new();
            let behaviour = Behaviour::Fail(Code::PermissionDenied).to_string();
            trailers.insert(Behaviour::KEY, behaviour.parse().unwrap());
            body.send_trailers(trailers).unwrap();
            let answer = answer(response).await.unwrap();
            assert_eq!(
                answer.grpc_status(),
                Some(code as i32),
                "{address} {headers:?}"
            );
        }
    }
}
