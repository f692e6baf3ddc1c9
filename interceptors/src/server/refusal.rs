//! Rejections that are sent instead of a service's response.

use http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER,
    TRANSFER_ENCODING, WWW_AUTHENTICATE,
};
use tonic::{Code, Status};

use crate::wire::Protocol;
use crate::wire::status::to_http;

/// Converts a status into a response: a gRPC status for gRPC clients, an HTTP status for others.
///
/// Rejected calls may be an attack, so the common case is kept cheap.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn refusal(
    status: Status,
    protocol: Protocol,
    is_head: bool,
    challenge: Option<&'static str>,
) -> http::Response<tonic::body::Body> {
    match protocol == Protocol::Grpc && status.metadata().is_empty() {
        true => status.into_http(),
        false => full_refusal(status, protocol, is_head, challenge),
    }
}

/// The uncommon cases: a status with metadata, or another protocol.
#[cold]
fn full_refusal(
    status: Status,
    protocol: Protocol,
    is_head: bool,
    challenge: Option<&'static str>,
) -> http::Response<tonic::body::Body> {
    let Some(content_type) = protocol.content_type() else {
        return of_http(&status, is_head, challenge);
    };
    // If the service itself sent this status, its content type stays.
    let is_web = |protocol| matches!(protocol, Protocol::GrpcWeb { .. });
    let headers = status.metadata().as_ref();
    let answered = Protocol::of(headers);
    let is_same_protocol = answered != Protocol::Http && is_web(answered) == is_web(protocol);
    let known_type = is_same_protocol
        .then(|| headers.get(CONTENT_TYPE).cloned())
        .flatten();
    let mut response = status.into_http::<tonic::body::Body>();
    let content_type = known_type.unwrap_or(content_type);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

fn of_http(
    status: &Status,
    is_head: bool,
    challenge: Option<&'static str>,
) -> http::Response<tonic::body::Body> {
    const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
    let text = format!("{}\n", status.message());
    let body = match is_head {
        // In HTTP/2, a body in the response to a `HEAD` request is an error.
        true => tonic::body::Body::empty(),
        false => tonic::body::Body::new(text),
    };
    let mut response = http::Response::new(body);
    *response.status_mut() = to_http(status.code());
    let headers = response.headers_mut();
    // They describe the body of another response, if the status came with one.
    let is_of_body = |name: &HeaderName| {
        [
            CONTENT_TYPE,
            CONTENT_LENGTH,
            CONTENT_ENCODING,
            TRANSFER_ENCODING,
        ]
        .contains(name)
    };
    let is_of_grpc = |name: &HeaderName| name.as_str().starts_with("grpc-");
    for (name, value) in status.metadata().as_ref() {
        if !is_of_grpc(name) && !is_of_body(name) {
            headers.append(name, value.clone());
        }
    }
    headers.insert(CONTENT_TYPE, TEXT);
    if let Some(seconds) = retry_after(status) {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if status.code() == Code::Unauthenticated
        && let Some(challenge) = challenge
        && let Ok(challenge) = HeaderValue::from_str(challenge)
    {
        // RFC 9110, 11.6.1: a 401 says how to authenticate.
        headers.entry(WWW_AUTHENTICATE).or_insert(challenge);
    }
    response
}

/// `retry-after` in seconds, from gRPC's pushback in milliseconds.
fn retry_after(status: &Status) -> Option<u64> {
    let pushback = status.metadata().get("grpc-retry-pushback-ms")?;
    let millis: u64 = pushback.to_str().ok()?.parse().ok()?;
    Some(millis.div_ceil(1000))
}
