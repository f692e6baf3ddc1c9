// Cause: Values are written as in other languages and libraries: `==`, `True`, `None`, `50%`, a number of calls with a
// window, a mutable borrow, or the roles of another interceptor.
// Cure: Write each as its message says.

use interceptors::intercept;

#[intercept(retry(max == 3))]
struct Compared;

#[intercept(auth(token = self.tokens, allow_plaintext = True))]
struct Capital;

#[intercept(deadline(None))]
struct Nothing;

#[intercept(circuit_breaker(failure_ratio = "50%"))]
struct Percent;

#[intercept(server, rate_limit(requests = 5, window = "10s"))]
struct Window;

#[intercept(retry(throttle(10, 0.1)))]
struct Parts;

#[intercept(auth(token = &mut self.tokens))]
struct ByMut;

#[intercept(auth(token = Self.tokens))]
struct OfTheType;

#[intercept(retry(max = 3, codes = [Unavailable], include = [Aborted]))]
struct Codes;

#[intercept(server, auth(roles = ["admin"]))]
struct Roles;

fn main() {}
