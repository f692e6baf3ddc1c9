//! Statuses in headers and trailers.

use std::error::Error;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode, utf8_percent_encode};
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};

use crate::kit::reset;

/// Any error of a transport.
pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// The status in the headers, after repair.
pub(crate) fn of_headers(headers: &mut HeaderMap) -> Option<Status> {
    match repair_headers(headers) {
        true => Status::from_header_map(headers),
        false => None,
    }
}

/// Repairs the status of a Trailers-Only response. Returns whether there is a status.
pub(crate) fn repair_headers(headers: &mut HeaderMap) -> bool {
    // There are few headers. A scan takes less time than a hash of the name.
    if !headers.keys().any(|name| *name == GRPC_STATUS) {
        return false;
    }
    repair_trailers(headers);
    true
}

/// Removes what tonic cannot read: details that are not base64, on which it panics, and bytes of the message that are
/// not UTF-8, for which it drops the code. The values come from the peer.
pub(crate) fn repair_trailers(headers: &mut HeaderMap) {
    // tonic reads details only beside a status, and most trailers have only a status.
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

/// Replaces a message that is not UTF-8.
fn readable(message: &HeaderValue) -> Option<HeaderValue> {
    let is_plain = |&byte: &u8| byte != b'%' && byte.is_ascii();
    match message.as_bytes().iter().all(is_plain) {
        true => None,
        false => re_encoded(message),
    }
}

#[cold]
fn re_encoded(message: &HeaderValue) -> Option<HeaderValue> {
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

/// Whether these headers begin a gRPC response. The headers of a proxy's own answer do not.
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

/// The end of a response that is not gRPC: the inverse of the HTTP mapping that `google/rpc/code.proto` documents.
pub(crate) fn of_http(http_status: StatusCode) -> Result<(), Status> {
    let code = match http_status.as_u16() {
        ..400 => return Ok(()),
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 | 410 => Code::NotFound,
        409 => Code::Aborted,
        429 => Code::ResourceExhausted,
        499 => Code::Cancelled,
        501 => Code::Unimplemented,
        503 => Code::Unavailable,
        504 => Code::DeadlineExceeded,
        400..=499 => Code::InvalidArgument,
        _ => Code::Internal,
    };
    Err(Status::new(
        code,
        format!("the response was HTTP {}", http_status.as_u16()),
    ))
}

/// The HTTP status of a rejection, for clients that do not speak gRPC: the mapping that `google/rpc/code.proto`
/// documents.
pub(crate) fn to_http(code: Code) -> StatusCode {
    match code {
        Code::Ok => StatusCode::OK,
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => {
            StatusCode::BAD_REQUEST
        }
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        // The registry has no name for "Client Closed Request".
        Code::Cancelled => StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST),
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        Code::Unknown | Code::Internal | Code::DataLoss => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

pub(crate) static GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
static MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
static DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");

/// The error that ends the request of an abandoned attempt.
pub(crate) fn abandoned() -> Status {
    let mut status = Status::cancelled("the attempt was given up");
    // hyper takes the reset code of the stream from this error.
    if let Some(cancel) = reset::cancel() {
        status.set_source(cancel);
    }
    status
}
