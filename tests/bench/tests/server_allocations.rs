//! What a call allocates that passes the policy of a whole server, beyond what it allocates without.
#![allow(unsafe_code)]

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http_body::{Body, Frame};
use interceptors::intercept;
use interceptors_bench::{BEARER, Tokens};
use tonic::Status;
use tower_service::Service;

use counting::allocations;

mod counting;

/// Reads the request and answers with headers alone.
#[derive(Clone)]
struct Inner;

impl Service<http::Request<tonic::body::Body>> for Inner {
    type Response = http::Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        let mut body = pin!(request.into_body());
        let mut cx = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(_)) = body.as_mut().poll_frame(&mut cx) {}
        ready(Ok(http::Response::new(tonic::body::Body::empty())))
    }
}

/// A request of one message, which is here at once or comes later.
struct Message {
    data: Option<Bytes>,
    is_late: bool,
}

impl Body for Message {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if std::mem::take(&mut self.is_late) {
            return Poll::Pending;
        }
        Poll::Ready(self.data.take().map(|data| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none()
    }
}

fn request(is_late: bool) -> http::Request<tonic::body::Body> {
    let message = Message {
        data: Some(Bytes::from_static(&[0; 5])),
        is_late,
    };
    let mut request = http::Request::new(tonic::body::Body::new(message));
    *request.uri_mut() = http::Uri::from_static("/demo.v1.UserService/GetUser");
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, "application/grpc".parse().expect("a value"));
    headers.insert(AUTHORIZATION, BEARER.parse().expect("a value"));
    request
}

fn taken<S>(service: &S, is_late: bool) -> usize
where
    S: Service<http::Request<tonic::body::Body>, Error = Infallible> + Clone,
{
    allocations(
        || (service.clone(), request(is_late)),
        |(mut service, request)| {
            let answer = pin!(service.call(request));
            let mut cx = Context::from_waker(Waker::noop());
            assert!(answer.poll(&mut cx).is_ready());
        },
    )
}

#[intercept(server)]
struct Nothing;

#[intercept(server, logging, auth(verifier = self.tokens), rate_limit(per_second = 1_000_000))]
struct Inbound {
    tokens: Tokens,
}

#[test]
fn a_call_takes_two_boxes_and_one_for_the_body_that_was_looked_at() {
    // The call, its future, and the message that has been read ahead.
    let bare = taken(&Inner, false);
    assert_eq!(taken(&Nothing.wrap(Inner), false), bare + 3);
}

#[test]
fn a_request_that_is_still_coming_is_watched() {
    // Beside those two: what says that it was cut off, twice for the extensions, their table, and the body around it.
    let bare = taken(&Inner, true);
    assert_eq!(taken(&Nothing.wrap(Inner), true), bare + 7);
}

#[test]
fn the_identity_is_all_that_entries_add() {
    let wrapped = Inbound { tokens: Tokens }.wrap(Inner);
    // The identity, and the table of the extensions.
    assert_eq!(
        taken(&wrapped, false),
        taken(&Nothing.wrap(Inner), false) + 3
    );
}
