//! What a status is on the wire.

use std::error::Error;
use std::io;
use std::sync::Arc;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode, utf8_percent_encode};
use tonic::metadata::MetadataMap;
use tonic::{Code, Status, TimeoutExpired};

use crate::core::time::exceeded;
use crate::kit::reset;
use crate::kit::sources::sources;

/// Any error of a transport.
pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// The status that headers carry, mended.
pub(crate) fn of_headers(headers: &mut HeaderMap) -> Option<Status> {
    match mend_headers(headers) {
        true => Status::from_header_map(headers),
        false => None,
    }
}

/// Mends the status of a response that may be of headers only. Whether there is one.
pub(crate) fn mend_headers(headers: &mut HeaderMap) -> bool {
    // There are few, and to look at them takes less long than to hash a name.
    if !headers.keys().any(|name| *name == GRPC_STATUS) {
        return false;
    }
    mend_trailers(headers);
    true
}

/// Takes out details that are not base64, at which tonic panics, and what is no UTF-8 in a message, for which it
/// throws away the code. They come from the other side.
pub(crate) fn mend_trailers(headers: &mut HeaderMap) {
    // tonic looks for details only beside a status, and most trailers are that alone.
    if headers.len() < 2 {
        return;
    }
    if headers
        .get(&DETAILS)
        .is_some_and(|details| !is_base64(details))
    {
        headers.remove(&DETAILS);
    }
    if let Some(message) = headers.get_mut(&MESSAGE)
        && let Some(readable) = readable(message)
    {
        *message = readable;
    }
}

/// The message in the place of one that is not UTF-8.
fn readable(message: &HeaderValue) -> Option<HeaderValue> {
    let is_plain = |&byte: &u8| byte != b'%' && byte.is_ascii();
    match message.as_bytes().iter().all(is_plain) {
        true => None,
        false => encoded_anew(message),
    }
}

#[cold]
fn encoded_anew(message: &HeaderValue) -> Option<HeaderValue> {
    const ESCAPED: &AsciiSet = &CONTROLS.add(b'%');
    let decoded = percent_decode(message.as_bytes());
    if decoded.clone().decode_utf8().is_ok() {
        return None;
    }
    let text = decoded.decode_utf8_lossy();
    HeaderValue::try_from(utf8_percent_encode(&text, ESCAPED).to_string()).ok()
}

fn is_base64(value: &HeaderValue) -> bool {
    const KEY: &str = "details-bin";
    let mut headers = HeaderMap::with_capacity(1);
    headers.insert(KEY, value.clone());
    let metadata = MetadataMap::from_headers(headers);
    let value = metadata.get_bin(KEY);
    value.is_some_and(|value| value.to_bytes().is_ok())
}

/// Whether these headers begin a gRPC response. What a proxy answers by itself does not.
pub(crate) fn is_grpc(headers: &HeaderMap) -> bool {
    let Some(content_type) = headers.get(CONTENT_TYPE) else {
        return false;
    };
    content_type.as_bytes().starts_with(b"application/grpc")
}

/// The end of a response without `grpc-status`: gRPC's "HTTP to gRPC Status Code Mapping".
pub(crate) fn without_trailers(http_status: StatusCode) -> Status {
    let code = match http_status {
        StatusCode::BAD_REQUEST => Code::Internal,
        StatusCode::UNAUTHORIZED => Code::Unauthenticated,
        StatusCode::FORBIDDEN => Code::PermissionDenied,
        StatusCode::NOT_FOUND => Code::Unimplemented,
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => Code::Unavailable,
        _ => Code::Unknown,
    };
    let message = match http_status {
        StatusCode::OK => "the response ended without a status".to_owned(),
        other => format!(
            "the response was HTTP {}, without a gRPC status",
            other.as_u16()
        ),
    };
    Status::new(code, message)
}

pub(crate) static GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
static MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
static DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");

/// What tonic makes of a failed call, set right.
#[cold]
pub(crate) fn of_tonic(status: Status) -> Status {
    // tonic's channel keeps the deadline too, and calls it a cancellation.
    if status.code() == Code::Cancelled && has_source::<TimeoutExpired>(&status) {
        return exceeded();
    }
    // So is to hyper what waited for a connection that closed.
    if status.code() == Code::Cancelled && reset::is_unsent(&status) {
        return lost(status, "the connection closed before the request was sent");
    }
    // What a GOAWAY ends has the code of its reason, which is one of the connection and not of the call.
    if reset::is_going_away(&status) {
        return lost(status, "the connection is going away");
    }
    // A lost connection is `UNKNOWN` to tonic, and `UNAVAILABLE` to gRPC's own libraries.
    if status.code() == Code::Unknown && has_source::<io::Error>(&status) {
        return lost(status, "the connection was lost");
    }
    status
}

fn lost(status: Status, message: &str) -> Status {
    let mut lost = Status::unavailable(message);
    lost.set_source(Arc::new(status));
    lost
}

/// Whether there is an error of this type behind a status.
pub(crate) fn has_source<E: Error + 'static>(status: &Status) -> bool {
    sources(status).any(|source| source.is::<E>())
}

/// How the request of an attempt ends that is not waited for any more.
pub(crate) fn given_up() -> Status {
    let mut status = Status::cancelled("the attempt was given up");
    // hyper looks there for the code to reset the stream with.
    if let Some(cancel) = reset::cancel() {
        status.set_source(cancel);
    }
    status
}
