//! An interceptor of a server that answers instead of the service.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use http_body::Frame;
use interceptors::server::Body;
use interceptors::{Call, Interceptor, Next, intercept};
use interceptors_proto::demo::{GetUserRequest, User};
use prost::Message;
use tonic::{Response, Status};

use super::common::*;

/// A message, and the trailers of a call that succeeded.
pub(super) struct Frames(pub(super) VecDeque<Frame<Bytes>>);

impl http_body::Body for Frames {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Poll::Ready(self.0.pop_front().map(Ok))
    }
}

fn ann() -> User {
    User {
        id: 7,
        name: "ann".to_owned(),
    }
}

/// Answers `GetUser` by itself.
struct Known {
    content_type: Option<&'static str>,
}

impl Interceptor<Body, Body> for Known {
    async fn intercept(
        &self,
        call: &mut Call<Body>,
        next: &mut impl Next<Body, Body>,
    ) -> Result<Response<Body>, Status> {
        if call.path() != GET_USER {
            return next.run(call).await;
        }
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static("0"));
        let data = Frame::data(framed(&ann()).into());
        let frames = Frames([data, Frame::trailers(trailers)].into());
        let mut response = Response::new(tonic::body::Body::new(frames).into());
        if let Some(content_type) = self.content_type {
            let content_type = content_type.parse().unwrap();
            response.metadata_mut().insert("content-type", content_type);
        }
        Ok(response)
    }
}

#[intercept(server, with(self.known))]
struct Inbound {
    known: Known,
}

#[tokio::test]
async fn interceptor_answers_have_a_content_type() {
    let plain = Plain::default();
    for (own, expected) in [
        (None, "application/grpc"),
        (Some("application/grpc+proto"), "application/grpc+proto"),
    ] {
        let known = Known { content_type: own };
        let address = serve(Inbound { known }.layer(), plain.routes()).await;
        let mut wire = Wire::to(address).await;
        let request = framed(&GetUserRequest { id: 7 });
        let answer = wire.ask("POST", GET_USER, &[GRPC], request.clone()).await;
        assert_eq!(answer.header("content-type"), Some(expected));
        assert_eq!(answer.grpc_status(), Some(0));
        assert_eq!(User::decode(&answer.data[5..]).unwrap(), ann());
        let web = ("content-type", "application/grpc-web+proto");
        let answer = wire.ask("POST", GET_USER, &[web], request.clone()).await;
        let expected = own.unwrap_or("application/grpc-web+proto");
        assert_eq!(answer.header("content-type"), Some(expected));
        // For plain HTTP the content type is not known.
        let answer = wire.ask("POST", GET_USER, &[], request).await;
        assert_eq!(answer.header("content-type"), own);
        let mut client = caller(address).await.client();
        let user = client.get_user(GetUserRequest { id: 7 }).await.unwrap();
        assert_eq!(user.into_inner(), ann());
    }
}
