// Cause: A value follows a colon, a name has a hyphen, or settings and lists are in the wrong brackets.
// Cure: Write `max = 3`, `circuit_breaker`, `retry(…)` and `codes = [Unavailable]`.

use interceptors::intercept;

#[intercept(retry(max: 3))]
struct Colon;

#[intercept(circuit-breaker(failures = 3))]
struct Hyphen;

#[intercept(retry { max = 3 })]
struct Braces;

#[intercept(retry(codes = { Unavailable, Aborted }))]
struct List;

fn main() {}
