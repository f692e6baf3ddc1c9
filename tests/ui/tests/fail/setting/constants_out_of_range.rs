// Cause: A constant has the same limits as a literal. The compiler checks them when it evaluates the constant, so the
// message begins with `evaluation panicked`.
// Cure: Change the constant: `max_attempts` is 2 or more, `per_second` is 1 or more, times are longer than zero,
// `multiplier` is above zero, `jitter` is from `0.0` to `1.0`, `ratio` is `0.001` or more, and a list names each code
// once.

use std::time::Duration;

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Code, Request, Response, Status};

struct Users;

mod config {
    pub const MAX_ATTEMPTS: u32 = 1;
    pub const PER_SECOND: u32 = 0;
}

const NO_TIME: Duration = Duration::ZERO;
const SHRINKING: f64 = -1.0;
const JITTER: f64 = 2.0;
const TWICE: &[Code] = &[Code::Aborted, Code::Unavailable, Code::Aborted];

struct Attempts;
struct Delay;
struct Codes;
struct Tokens;

macro_rules! service {
    ($name:ident: $($entries:tt)*) => {
        #[intercept($($entries)*)]
        #[tonic::async_trait]
        impl UserService for $name {
            type ListStream = Ids;

            async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
                Ok(Response::new(request.into_inner()))
            }
        }
    };
}

service!(Attempts: retry(max_attempts = config::MAX_ATTEMPTS), rate_limit(per_second = config::PER_SECOND));
service!(Delay: retry(base_delay = NO_TIME), logging(slow = NO_TIME));
service!(Codes: retry(codes = TWICE));
service!(Tokens: retry(throttle(tokens = 10, ratio = SHRINKING)));

#[intercept(retry(multiplier = SHRINKING))]
struct Shrinking;

#[intercept(retry(jitter = JITTER))]
struct Jittery;

#[intercept(hedge(non_fatal_codes = TWICE))]
struct Hedged;

#[intercept(deadline(NO_TIME))]
struct Never;

fn main() {}
