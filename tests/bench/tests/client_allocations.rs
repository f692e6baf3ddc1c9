//! The allocations of a client's call beyond those of the bare generated client, over an in-memory
//! transport.
//!
//! Each annotated generated client allocates one more box for a request of one message: tonic's body is dropped, and
//! its content is sent in one piece.
#![allow(unsafe_code)]

use interceptors_bench::clients::{
    Authenticated, Bare, Empty, Idle, InMemory, Limited, Logged, Marked, OutboundIdle,
    OutboundPolicy, OutboundRetried, Policy, Retried, Users,
};
use interceptors_bench::ready;
use interceptors_proto::demo::GetUserRequest;
use tonic::Request;

use counting::allocations;

mod counting;

fn unary<C: Users>(client: impl Fn() -> C) -> usize {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    // The deadline needs a timer.
    let _entered = runtime.enter();
    allocations(
        || {
            let mut client = client();
            // Measures the second call, because a channel reuses memory of the first one. The first call may wait: a
            // token is fetched in a task.
            let first = client.get_user(Request::new(GetUserRequest { id: 6 }));
            let first = runtime.block_on(first);
            drop(first.expect("it answers"));
            (client, Request::new(GetUserRequest { id: 7 }))
        },
        |(mut client, request)| {
            let user = ready(client.get_user(request)).expect("it answers");
            assert_eq!(user.get_ref().id, 0);
        },
    )
}

/// The body of a request in one piece.
const ONE_PIECE: usize = 1;

/// The allocations beyond those of the bare client.
fn extra<C: Users>(client: impl Fn() -> C) -> usize {
    unary(client) - unary(|| Bare::new(InMemory))
}

#[test]
fn interceptor_chain_allocates_nothing() {
    assert_eq!(extra(|| Empty::new(InMemory)), ONE_PIECE);
    assert_eq!(extra(|| Idle::new(InMemory)), ONE_PIECE);
}

#[test]
fn disabled_logging_allocates_nothing() {
    assert_eq!(extra(|| Logged::new(InMemory)), ONE_PIECE);
}

#[test]
fn allocations_are_counted() {
    // The allocations of tonic: boxes of bodies, headers, buffers.
    assert_eq!(unary(|| Bare::new(InMemory)), 20);
}

/// The copy of a request without metadata and heap data is on the stack.
#[test]
fn retry_allocates_nothing_for_a_successful_call() {
    assert_eq!(extra(|| Retried::new(InMemory)), ONE_PIECE);
}

/// The value of `grpc-timeout` is reused from the call before.
#[test]
fn deadline_allocates_nothing() {
    assert_eq!(extra(|| Limited::new(InMemory)), ONE_PIECE);
}

/// Keys and literals are constants.
#[test]
fn metadata_literals_allocate_nothing() {
    assert_eq!(extra(|| Marked::new(InMemory)), ONE_PIECE);
}

/// The token from the cache, and the header value.
#[test]
fn cached_token_allocates_itself_and_its_header_value() {
    assert_eq!(extra(|| Authenticated::new(InMemory)), ONE_PIECE + 2);
}

/// The same as the deadline alone.
#[test]
fn logging_retry_and_deadline_allocate_nothing() {
    assert_eq!(extra(|| Policy::new(InMemory)), ONE_PIECE);
}

/// The future, which a channel has to name; the body of the request after it has been read ahead;
/// and the box that turns it into the transport's body. The memory for the call is reused.
#[test]
fn channel_allocates_its_future_and_two_bodies() {
    assert_eq!(extra(|| Bare::new(OutboundIdle.wrap(InMemory))), 3);
}

/// Nothing more: a copy of a short message is stored in the call, and tonic's own headers and
/// extension need no copy.
#[test]
fn channel_retry_allocates_nothing_for_a_short_message() {
    assert_eq!(extra(|| Bare::new(OutboundRetried.wrap(InMemory))), 3);
}

/// Nothing more: the response is ready before a timer is needed.
#[test]
fn channel_policy_allocates_nothing_for_its_deadline() {
    assert_eq!(extra(|| Bare::new(OutboundPolicy.wrap(InMemory))), 3);
}
