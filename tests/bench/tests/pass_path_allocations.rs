//! Allocations of the interceptors of a production service for a unary call that they let through.
#![allow(unsafe_code)]

use interceptors::intercept;
use interceptors::validate::{Validate, Violations};
use interceptors_bench::ready;
use tonic::{Request, Response, Status};

use counting::allocations;

mod counting;

#[derive(Debug)]
struct Greeting(u64);

impl Validate for Greeting {
    fn validate(&self) -> Result<(), Violations> {
        match self.0 {
            0 => {
                let mut violations = Violations::new();
                violations.add("number", "must not be 0");
                violations.into_result()
            }
            _ => Ok(()),
        }
    }
}

#[tonic::async_trait]
trait Greeter: Send + Sync {
    async fn greet(&self, request: Request<Greeting>) -> Result<Response<Greeting>, Status>;
}

fn count(greeter: &dyn Greeter) -> usize {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    let _entered = runtime.enter();
    allocations(
        || Request::new(Greeting(7)),
        |request| {
            let answer = ready(greeter.greet(request)).expect("it answers");
            assert_eq!(answer.get_ref().0, 7);
        },
    )
}

macro_rules! greeters {
    ($($name:ident: $(#[$attribute:meta])*;)*) => {$(
        struct $name;

        $(#[$attribute])*
        #[tonic::async_trait]
        impl Greeter for $name {
            async fn greet(&self, request: Request<Greeting>) -> Result<Response<Greeting>, Status> {
                Ok(Response::new(request.into_inner()))
            }
        }
    )*};
}

greeters! {
    Bare: ;
    Timed: #[intercept(timeout("5s"))];
    Caught: #[intercept(catch_panic)];
    Limited: #[intercept(concurrency(max = 10))];
    Validated: #[intercept(validate)];
    All: #[intercept(catch_panic, timeout("5s"), concurrency(max = 10), validate)];
}

/// The box of `async_trait`.
#[test]
fn allocations_are_counted() {
    assert_eq!(count(&Bare), 1);
}

#[test]
fn admitted_unary_calls_allocate_nothing() {
    let greeters: [(&str, &dyn Greeter); 5] = [
        ("timeout", &Timed),
        ("catch_panic", &Caught),
        ("concurrency", &Limited),
        ("validate", &Validated),
        ("all of them", &All),
    ];
    for (what, greeter) in greeters {
        assert_eq!(count(greeter), count(&Bare), "{what}");
    }
}
