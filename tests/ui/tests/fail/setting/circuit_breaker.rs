// Cause: A breaker opens after consecutive `failures`, or at a `failure_ratio` of the calls in a `window`, but not by
// both. A `breaker` of yours has its own settings.
// Cure: Write `circuit_breaker(failures = 5)`, `circuit_breaker(failure_ratio = 0.5, window = "20s", min_calls = 10)`,
// or `circuit_breaker(breaker = self.breaker)`. Numbers are at least 1, and times are longer than zero.

use interceptors::intercept;

#[intercept(circuit_breaker(failures = 0, probes = 0, open_for = "0s", codes = [Ok]))]
struct OutOfRange;

#[intercept(circuit_breaker(failures = 3, failure_ratio = 0.5))]
struct Both;

#[intercept(circuit_breaker(window = "20s", min_calls = 10))]
struct OfNothing;

#[intercept(circuit_breaker(failure_ratio = 1.5))]
struct MoreThanAll;

#[intercept(circuit_breaker(failure_ratio = 1))]
struct NoFloat;

#[intercept(circuit_breaker(breaker = self.0, open_for = "1s"))]
struct OfMyOwn(interceptors::circuit_breaker::CircuitBreaker);

fn main() {}
