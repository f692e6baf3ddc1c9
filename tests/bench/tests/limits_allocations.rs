//! Allocations of `concurrency`, `load_shed` and `circuit_breaker` for a call that they let through.
#![allow(unsafe_code)]

use interceptors::{Call, End, Interceptor, Next, intercept};
use interceptors_bench::clients::InMemory;
use interceptors_bench::ready;
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::{GetUserRequest, User};
use tonic::{Request, Response, Status};

use counting::allocations;

mod counting;

macro_rules! client {
    ($name:ident: $($entries:tt)*) => {
        struct $name;

        #[intercept(service = "demo.v1.UserService", $($entries)*)]
        impl $name {
            async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
                let id = request.get_ref().id;
                Ok(Response::new(User { id, ..User::default() }))
            }
        }

        impl $name {
            fn allocations() -> usize {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_time()
                    .build()
                    .expect("a runtime");
                let _entered = runtime.enter();
                allocations(
                    || Request::new(GetUserRequest { id: 7 }),
                    |request| {
                        let user = ready(Self.get_user(request)).expect("it answers");
                        assert_eq!(user.get_ref().id, 7);
                    },
                )
            }
        }
    };
}

client!(Concurrency: concurrency(max = 1));
client!(Adaptive: concurrency(adaptive(min = 1, max = 10, target = "50ms")));
client!(Shed: load_shed(max = 1, per = service));
client!(Breaker: circuit_breaker);
client!(Ratio: circuit_breaker(failure_ratio = 0.5));
client!(All: circuit_breaker, concurrency(max = 2), load_shed(max = 2));

#[test]
fn admitted_unary_calls_allocate_nothing() {
    for (what, allocations) in [
        ("concurrency", Concurrency::allocations()),
        ("adaptive", Adaptive::allocations()),
        ("load_shed", Shed::allocations()),
        ("circuit_breaker", Breaker::allocations()),
        ("failure_ratio", Ratio::allocations()),
        ("all", All::allocations()),
    ] {
        assert_eq!(allocations, 0, "{what}");
    }
}

/// Only observes calls.
struct Observe;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Observe {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        next.observe(call, |_: &End<'_>| {}).await
    }
}

#[intercept(with(Observe))]
struct Observed;

#[intercept(with(Observe), with(Observe))]
struct ObservedTwice;

#[intercept(circuit_breaker)]
struct Broken;

#[intercept(circuit_breaker, load_shed(max = 5))]
struct Limited;

#[test]
fn channel_calls_allocate_only_for_observers() {
    macro_rules! of {
        ($outbound:expr) => {{
            let channel = $outbound.wrap(InMemory);
            allocations(
                || {
                    let client = UserServiceClient::new(channel.clone());
                    (client, Request::new(GetUserRequest { id: 7 }))
                },
                |(mut client, request)| {
                    ready(client.get_user(request)).expect("it answers");
                },
            )
        }};
    }
    assert_eq!(of!(Broken), of!(Observed));
    assert_eq!(of!(Limited), of!(ObservedTwice));
}
