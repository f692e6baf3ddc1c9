//! Time per call, side by side.

use divan::{Bencher, black_box};
use interceptors_bench::{
    Attribute, Bare, ByHand, Logged, NoOp0, NoOp1, NoOp2, NoOp4, NoOp8, NoOp16, Observed, Requests,
    Tokens, drain, ready,
};
use interceptors_proto::demo::user_service_server::UserService;
use interceptors_proto::demo::{GetUserRequest, ListUsersRequest};

const BY_HAND: ByHand = ByHand { tokens: Tokens };
const ATTRIBUTE: Attribute = Attribute { tokens: Tokens };
const MESSAGES: u32 = 1000;

fn main() {
    divan::main();
}

fn unary<S: UserService>(bencher: Bencher<'_, '_>, service: &S, requests: &Requests) {
    bencher
        .with_inputs(|| requests.make(GetUserRequest { id: 7 }))
        .bench_values(|request| ready(service.get_user(black_box(request))));
}

fn streaming<S: UserService>(bencher: Bencher<'_, '_>, service: &S) {
    let requests = Requests::of("/demo.v1.UserService/ListUsers");
    bencher
        .counter(MESSAGES)
        .with_inputs(|| {
            requests.make(ListUsersRequest {
                limit: MESSAGES,
                ..Default::default()
            })
        })
        .bench_values(|request| {
            let response = ready(service.list_users(black_box(request)));
            response.map(|response| drain(black_box(response.into_inner())))
        });
}

/// Logging, auth and validation around a trivial handler.
mod logging_auth_validation {
    use super::*;

    #[divan::bench(sample_size = 500, sample_count = 200)]
    fn bare(bencher: Bencher<'_, '_>) {
        unary(bencher, &Bare, &get_user());
    }

    #[divan::bench(sample_size = 500, sample_count = 200)]
    fn by_hand(bencher: Bencher<'_, '_>) {
        unary(bencher, &BY_HAND, &get_user());
    }

    #[divan::bench(sample_size = 500, sample_count = 200)]
    fn attribute(bencher: Bencher<'_, '_>) {
        unary(bencher, &ATTRIBUTE, &get_user());
    }

    #[divan::bench(sample_size = 500, sample_count = 200)]
    fn attribute_without_the_name(bencher: Bencher<'_, '_>) {
        unary(bencher, &ATTRIBUTE, &Requests::without_name());
    }
}

/// Interceptors that do nothing around a trivial handler.
#[divan::bench(args = [0, 1, 2, 4, 8, 16], sample_size = 500, sample_count = 200)]
fn no_ops(bencher: Bencher<'_, '_>, n: usize) {
    match n {
        0 => unary(bencher, &NoOp0, &get_user()),
        1 => unary(bencher, &NoOp1, &get_user()),
        2 => unary(bencher, &NoOp2, &get_user()),
        4 => unary(bencher, &NoOp4, &get_user()),
        8 => unary(bencher, &NoOp8, &get_user()),
        16 => unary(bencher, &NoOp16, &get_user()),
        _ => unreachable!("not one of the arguments"),
    }
}

/// A response stream, read to its end.
mod response_stream {
    use super::*;

    #[divan::bench(sample_size = 20, sample_count = 200)]
    fn bare(bencher: Bencher<'_, '_>) {
        streaming(bencher, &Bare);
    }

    #[divan::bench(sample_size = 20, sample_count = 200)]
    fn logged_but_nobody_listens(bencher: Bencher<'_, '_>) {
        streaming(bencher, &Logged);
    }

    #[divan::bench(sample_size = 20, sample_count = 200)]
    fn observed(bencher: Bencher<'_, '_>) {
        streaming(bencher, &Observed);
    }
}

fn get_user() -> Requests {
    Requests::of("/demo.v1.UserService/GetUser")
}
