//! Instructions per call of what stands in front of a server, counted by callgrind: for a unary call that passes, from the request to
//! the end of the response's body. The service behind it does nothing.
//!
//! Exits with a failure where a promise is broken.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::hint::black_box;
use std::pin::pin;
use std::process::ExitCode;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::{Body, Frame};
use http_body_util::Full;
use interceptors::intercept;
use interceptors_bench::Tokens;
use interceptors_bench::callgrind::{self, Case, case};
use interceptors_bench::figures::{at_most, keep};
use tower::Service;

/// The most that a chain without an entry may take: the request and the response are taken apart and put together.
const MOST_EMPTY: f64 = 2250.0;
/// The most that a chain may take which logs, and verifies a token.
const MOST_USUAL: f64 = 3500.0;

const CASES: &[Case] = &[
    case("bare", |n| calls(Answers, n)),
    case("empty", |n| calls(Empty.wrap(Answers), n)),
    case("usual", |n| {
        calls(Usual { tokens: Tokens }.wrap(Answers), n);
    }),
];

#[intercept(server)]
struct Empty;

#[intercept(
    server,
    logging,
    auth(verifier = self.tokens, public = ["/demo.v1.UserService/Login", "/grpc.health.v1.Health/*", "GET /healthz"]),
)]
struct Usual {
    tokens: Tokens,
}

/// Answers with one message, and trailers.
#[derive(Clone)]
struct Answers;

struct Answer(u8);

const MESSAGE: Bytes = Bytes::from_static(&[0, 0, 0, 0, 1, 9]);

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0 += 1;
        Poll::Ready(match self.0 {
            1 => Some(Ok(Frame::data(MESSAGE))),
            2 => {
                let mut trailers = HeaderMap::with_capacity(1);
                trailers.insert("grpc-status", HeaderValue::from_static("0"));
                Some(Ok(Frame::trailers(trailers)))
            }
            _ => None,
        })
    }
}

impl Service<Request<tonic::body::Body>> for Answers {
    type Response = Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<tonic::body::Body>) -> Self::Future {
        black_box(request);
        let mut response = Response::new(tonic::body::Body::new(Answer(0)));
        let content_type = HeaderValue::from_static("application/grpc");
        response
            .headers_mut()
            .insert(http::header::CONTENT_TYPE, content_type);
        ready(Ok(response))
    }
}

fn calls<S, B>(mut service: S, calls: u32)
where
    S: Service<Request<tonic::body::Body>, Response = Response<B>, Error = Infallible>,
    B: Body<Data = Bytes>,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    let _entered = runtime.enter();
    for _ in 0..calls {
        let mut request = Request::post("http://127.0.0.1/demo.v1.UserService/GetUser")
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header("user-agent", "tonic")
            .header("authorization", "Bearer c2VydmljZS1hY2NvdW50OjQyMTc")
            .body(tonic::body::Body::new(Full::new(MESSAGE)))
            .expect("a request");
        // As a server adds what it knows of the connection.
        request.extensions_mut().insert(0_u32);
        measured_call(&mut service, request);
    }
}

#[inline(never)]
fn measured_call<S, B>(service: &mut S, request: Request<tonic::body::Body>)
where
    S: Service<Request<tonic::body::Body>, Response = Response<B>, Error = Infallible>,
    B: Body<Data = Bytes>,
{
    let mut cx = Context::from_waker(Waker::noop());
    let future = pin!(service.call(request));
    let Poll::Ready(Ok(response)) = future.poll(&mut cx) else {
        unreachable!("nothing waits");
    };
    let mut body = pin!(response.into_body());
    while let Poll::Ready(Some(frame)) = body.as_mut().poll_frame(&mut cx) {
        drop(black_box(frame));
    }
}

fn main() -> ExitCode {
    callgrind::run(CASES, |of| {
        let bare = of("bare");
        let (empty, usual) = (of("empty") - bare, of("usual") - bare);
        println!("| in front of a server | instructions |");
        println!("| --- | ---: |");
        let mut all_kept = true;
        for (what, more, most) in [
            ("nothing listed", empty, MOST_EMPTY),
            ("`logging`, `auth`", usual, MOST_USUAL),
        ] {
            println!("| {what} | {more:.0} |");
            keep(what, "more than bare", more);
            all_kept &= at_most(&format!("instructions, {what}"), more, most);
        }
        match all_kept {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        }
    })
}
