// Cause: A constant has the same limits as a literal. The compiler checks them when it evaluates the constant.
// Cure: Change the constants: `failures` and `probes` are 1 or more, `failure_ratio` is above `0.0` and up to `1.0`,
// and a list names each code once.

use interceptors::intercept;
use tonic::Code;

const NONE: u32 = 0;
const NO_PART: f64 = 0.0;
const TWICE: &[Code] = &[Code::Aborted, Code::Aborted];

#[intercept(circuit_breaker(failures = NONE))]
struct Failures;

#[intercept(circuit_breaker(failure_ratio = NO_PART))]
struct Ratio;

#[intercept(circuit_breaker(codes = TWICE))]
struct Codes;

fn main() {}
