//! Counts the allocations of a call with a global allocator that counts.
#![allow(unsafe_code)]

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame};

use interceptors_bench::{
    Attribute, Bare, ByHand, Listening, Logged, NoOp0, NoOp1, NoOp2, NoOp4, NoOp8, NoOp16,
    Observed, Requests, Tokens, drain, ready,
};
use interceptors_proto::demo::user_service_server::UserService;
use interceptors_proto::demo::{GetUserRequest, ListUsersRequest, User};
use tonic::codec::Codec;
use tonic::{Status, Streaming};
use tonic_prost::ProstCodec;

use counting::allocations;

mod counting;

fn unary<S: UserService>(service: &S) -> usize {
    let requests = Requests::of("/demo.v1.UserService/GetUser");
    allocations(
        || requests.make(GetUserRequest { id: 7 }),
        |request| {
            assert_eq!(
                ready(service.get_user(request))
                    .expect("it answers")
                    .get_ref()
                    .id,
                7
            )
        },
    )
}

fn streaming<S: UserService>(service: &S, messages: u32) -> usize {
    let requests = Requests::of("/demo.v1.UserService/ListUsers");
    allocations(
        || {
            requests.make(ListUsersRequest {
                limit: messages,
                ..Default::default()
            })
        },
        |request| {
            let stream = ready(service.list_users(request))
                .expect("it answers")
                .into_inner();
            assert_eq!(drain(stream), messages as usize);
        },
    )
}

/// A request stream of this many empty messages, encoded as on the wire.
struct Frames(u32);

impl Body for Frames {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Poll::Ready(self.0.checked_sub(1).map(|left| {
            self.0 = left;
            Ok(Frame::data(Bytes::from_static(&[0; 5])))
        }))
    }
}

fn uploading<S: UserService>(service: &S, messages: u32) -> usize {
    let requests = Requests::of("/demo.v1.UserService/ImportUsers");
    allocations(
        || {
            let decoder = ProstCodec::<User, User>::default().decoder();
            requests.make(Streaming::new_request(
                decoder,
                Frames(messages),
                None,
                None,
            ))
        },
        |request| {
            let summary = ready(service.import_users(request)).expect("it answers");
            assert_eq!(summary.get_ref().imported, u64::from(messages));
        },
    )
}

#[test]
fn attribute_allocates_as_much_as_hand_written_code() {
    let (by_hand, attribute) = (ByHand { tokens: Tokens }, Attribute { tokens: Tokens });
    assert_eq!(unary(&attribute), unary(&by_hand));
}

#[test]
fn allocations_are_counted() {
    // Bare: the box of `async_trait`. By hand: the same, and the identity in the extensions.
    assert_eq!(unary(&Bare), 1);
    assert_eq!(unary(&ByHand { tokens: Tokens }), 2);
}

#[test]
fn no_op_interceptors_allocate_nothing() {
    for allocations in [
        unary(&NoOp0),
        unary(&NoOp1),
        unary(&NoOp2),
        unary(&NoOp4),
        unary(&NoOp8),
        unary(&NoOp16),
    ] {
        assert_eq!(allocations, unary(&Bare));
    }
}

#[test]
fn observing_a_unary_response_allocates_nothing() {
    assert_eq!(unary(&Observed), unary(&Bare));
}

#[test]
fn unobserved_response_stream_allocates_nothing() {
    for messages in [0, 1, 1000] {
        assert_eq!(streaming(&NoOp4, messages), streaming(&Bare, messages));
        assert_eq!(streaming(&Logged, messages), streaming(&Bare, messages));
    }
}

#[test]
fn observed_response_stream_allocates_once_per_call() {
    for messages in [0, 1, 1000] {
        assert_eq!(
            streaming(&Observed, messages),
            streaming(&Bare, messages) + 1
        );
    }
}

#[test]
fn unobserved_request_stream_allocates_nothing() {
    for messages in [0, 1, 1_000] {
        assert_eq!(uploading(&NoOp4, messages), uploading(&Bare, messages));
        assert_eq!(uploading(&Logged, messages), uploading(&Bare, messages));
    }
}

/// The allocations: the counter, the slot for a waiting message, and tonic's new stream with its decoder, body and
/// buffer.
#[test]
fn observed_request_stream_allocates_per_call_not_per_message() {
    let for_the_call = uploading(&Observed, 0) - uploading(&Bare, 0);
    assert!(for_the_call <= 5, "{for_the_call}");
    for messages in [1, 1_000] {
        let extra = uploading(&Observed, messages) - uploading(&Bare, messages);
        assert_eq!(extra, for_the_call);
    }
}

#[test]
fn logged_response_stream_allocates_once_per_call() {
    tracing::subscriber::with_default(Listening, || {
        for messages in [0, 1, 1000] {
            assert_eq!(streaming(&Logged, messages), streaming(&Bare, messages) + 1);
        }
    });
}
