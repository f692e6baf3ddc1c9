//! A server that hangs up, or answers with what no server should send.

use std::time::Duration;

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use http::{HeaderMap, HeaderValue, Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// An empty frame of SETTINGS.
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];

pub(crate) async fn serve(listener: TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        while connections.try_join_next().is_some() {}
        connections.spawn(connection(stream));
    }
}

async fn connection(mut stream: TcpStream) {
    match fastrand::u8(..8) {
        0 => {}
        1 => _ = stream.set_zero_linger(),
        2 => _ = stream.read_exact(&mut [0; 24]).await, // the client's preface
        3 => _ = stream.write_all(SETTINGS).await,
        4 => _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await,
        _ => speak(stream).await,
    }
}

/// Speaks HTTP/2 until something is wrong, and not for long.
async fn speak(stream: TcpStream) {
    let Ok(mut connection) = h2::server::handshake(stream).await else {
        return;
    };
    let mut answers = JoinSet::new();
    for _ in 0..fastrand::u8(1..50) {
        let Some(Ok((request, respond))) = connection.accept().await else {
            return;
        };
        while answers.try_join_next().is_some() {}
        answers.spawn(answer(request, respond));
    }
    match fastrand::u8(..4) {
        0 => return,
        1 => connection.abrupt_shutdown(Reason::ENHANCE_YOUR_CALM),
        2 => connection.abrupt_shutdown(Reason::INTERNAL_ERROR),
        _ => connection.graceful_shutdown(),
    }
    while let Some(Ok((request, respond))) = connection.accept().await {
        answers.spawn(answer(request, respond));
    }
}

async fn answer(request: Request<RecvStream>, mut respond: SendResponse<Bytes>) {
    let mut body = request.into_body();
    if fastrand::bool() {
        while let Some(Ok(data)) = body.data().await {
            let _ = body.flow_control().release_capacity(data.len());
        }
    }
    let status = match fastrand::u8(..14) {
        0 => return respond.send_reset(Reason::REFUSED_STREAM),
        1 => return respond.send_reset(Reason::from(fastrand::u32(..20))),
        2 => return sleep(Duration::from_millis(fastrand::u64(1..400))).await,
        3 => return page(respond),
        4 => return garbled(respond),
        5 => ("grpc-status", HeaderValue::from_static("99")),
        6 => ("grpc-status", HeaderValue::from_static("ok")),
        7 => ("grpc-message", HeaderValue::from_static("%zz%ff%")),
        8 => (
            "grpc-message",
            HeaderValue::from_bytes(b"\xff\xfe").unwrap(),
        ),
        9 => (
            "grpc-status-details-bin",
            HeaderValue::from_static("not base64!"),
        ),
        10 => (
            "grpc-retry-pushback-ms",
            HeaderValue::from_static("9999999999999999999"),
        ),
        11 => ("grpc-retry-pushback-ms", HeaderValue::from_static("-1")),
        12 => ("x-bytes-bin", HeaderValue::from_static("not base64!")),
        _ => ("grpc-encoding", HeaderValue::from_static("rot13")),
    };
    let mut headers = HeaderMap::new();
    headers.insert("grpc-status", HeaderValue::from(fastrand::u16(1..17)));
    headers.insert(status.0, status.1);
    let mut response = Response::new(());
    response
        .headers_mut()
        .insert("content-type", HeaderValue::from_static("application/grpc"));
    if fastrand::bool() {
        response.headers_mut().extend(headers);
        let _ = respond.send_response(response, true);
    } else if let Ok(mut body) = respond.send_response(response, false) {
        let _ = body.send_trailers(headers);
    }
}

/// A page for people, as proxies send.
fn page(mut respond: SendResponse<Bytes>) {
    let response = Response::builder()
        .status(fastrand::u16(200..600))
        .header("content-type", "text/html");
    if let Ok(mut body) = respond.send_response(response.body(()).unwrap(), false) {
        let _ = body.send_data(Bytes::from_static(b"<h1>Bad gateway</h1>"), true);
    }
}

/// A message that is longer, or shorter, than its frame says.
fn garbled(mut respond: SendResponse<Bytes>) {
    let response = Response::builder().header("content-type", "application/grpc");
    if let Ok(mut body) = respond.send_response(response.body(()).unwrap(), false) {
        let bytes: Vec<u8> = (0..fastrand::usize(1..40))
            .map(|_| fastrand::u8(..))
            .collect();
        let _ = body.send_data(bytes.into(), fastrand::bool());
    }
}
