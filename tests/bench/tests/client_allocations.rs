//! What the call of a client allocates more than the bare generated client does, over a transport
//! without a wire.
//!
//! Each generated client that is annotated allocates one box more, for a request of one message: tonic's body is let go, and
//! what it gave is sent in one piece.
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
    // A deadline wants a timer.
    let _entered = runtime.enter();
    allocations(
        || {
            let mut client = client();
            // Of the second call, for which a channel uses what the first one is done with. The first may wait: a
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

/// More than the bare client.
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
    // What tonic itself allocates: boxes of bodies, headers, buffers.
    assert_eq!(unary(|| Bare::new(InMemory)), 20);
}

/// The copy of a request without metadata that holds nothing on the heap is on the stack.
#[test]
fn retry_allocates_nothing_for_a_successful_call() {
    assert_eq!(extra(|| Retried::new(InMemory)), ONE_PIECE);
}

/// What `grpc-timeout` says is what it said in the call before.
#[test]
fn deadline_allocates_nothing() {
    assert_eq!(extra(|| Limited::new(InMemory)), ONE_PIECE);
}

/// Keys and literals are made when the program is compiled.
#[test]
fn metadata_literals_allocate_nothing() {
    assert_eq!(extra(|| Marked::new(InMemory)), ONE_PIECE);
}

/// The token that the cache hands out, and the value that it is written into.
#[test]
fn cached_token_allocates_itself_and_its_header_value() {
    assert_eq!(extra(|| Authenticated::new(InMemory)), ONE_PIECE + 2);
}

/// What the deadline alone does.
#[test]
fn logging_retry_and_deadline_allocate_nothing() {
    assert_eq!(extra(|| Policy::new(InMemory)), ONE_PIECE);
}

/// The future that a channel has to give a name to, the body that the request is sent as once it has been read ahead,
/// and the box that makes one body of the transport's. The space for the call is that of a call before it.
#[test]
fn channel_allocates_its_future_and_two_bodies() {
    assert_eq!(extra(|| Bare::new(OutboundIdle.wrap(InMemory))), 3);
}

/// Nothing besides: a copy of a message as short as this one has its place in the call, and of tonic's own headers and
/// extension none is needed.
#[test]
fn channel_retry_allocates_nothing_for_a_short_message() {
    assert_eq!(extra(|| Bare::new(OutboundRetried.wrap(InMemory))), 3);
}

/// Nothing besides: the response is here before there is anything to wait for.
#[test]
fn channel_policy_allocates_nothing_for_its_deadline() {
    assert_eq!(extra(|| Bare::new(OutboundPolicy.wrap(InMemory))), 3);
}
