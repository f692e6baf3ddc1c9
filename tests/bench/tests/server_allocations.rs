//! Allocations of a call through the policy of a server struct, beyond those without the struct.
#![allow(unsafe_code)]

use std::collections::VecDeque;
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

/// Reads the request and answers with headers only.
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

/// A request with one message.
struct Message {
    frames: VecDeque<Poll<Bytes>>,
}

impl Body for Message {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        match self.frames.pop_front() {
            Some(frame) => frame.map(|data| Some(Ok(Frame::data(data)))),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.frames.is_empty()
    }
}

/// How a request arrives.
#[derive(Clone, Copy)]
enum Comes {
    /// Completely.
    AtOnce,
    /// Completely, with the end in a frame of its own, as from tonic's client.
    AtOnceWithEmptyFrame,
    /// The message first, and the end later.
    Partly,
    Later,
}

fn request(comes: Comes) -> http::Request<tonic::body::Body> {
    let (data, end) = (Bytes::from_static(&[0; 5]), Bytes::new());
    let data = Poll::Ready(data);
    let frames = match comes {
        Comes::AtOnce => vec![data],
        Comes::AtOnceWithEmptyFrame => vec![data, Poll::Ready(end)],
        Comes::Partly => vec![data, Poll::Pending, Poll::Ready(end)],
        Comes::Later => vec![Poll::Pending, data],
    };
    let message = Message {
        frames: frames.into(),
    };
    let mut request = http::Request::new(tonic::body::Body::new(message));
    *request.uri_mut() = http::Uri::from_static("/demo.v1.UserService/GetUser");
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, "application/grpc".parse().expect("a value"));
    headers.insert(AUTHORIZATION, BEARER.parse().expect("a value"));
    request
}

fn allocations_of<S>(service: &S, comes: Comes) -> usize
where
    S: Service<http::Request<tonic::body::Body>, Error = Infallible> + Clone,
{
    allocations(
        || (service.clone(), request(comes)),
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
fn complete_request_takes_three_allocations() {
    // The call, its future, and the message that was read ahead.
    for comes in [Comes::AtOnce, Comes::AtOnceWithEmptyFrame] {
        let bare = allocations_of(&Inner, comes);
        assert_eq!(allocations_of(&Nothing.wrap(Inner), comes), bare + 3);
    }
}

#[test]
fn incomplete_request_takes_seven_allocations() {
    // The call and its future; the flag for a truncated request, two boxes for extensions, their table, and the body around it.
    for comes in [Comes::Partly, Comes::Later] {
        let bare = allocations_of(&Inner, comes);
        assert_eq!(allocations_of(&Nothing.wrap(Inner), comes), bare + 7);
    }
}

#[test]
fn entries_allocate_only_for_the_identity() {
    let wrapped = Inbound { tokens: Tokens }.wrap(Inner);
    // The identity, and the table of the extensions.
    assert_eq!(
        allocations_of(&wrapped, Comes::AtOnce),
        allocations_of(&Nothing.wrap(Inner), Comes::AtOnce) + 3
    );
}
