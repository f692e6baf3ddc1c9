// Cause: The value is evaluated when the call begins, outside your methods. It cannot await, and there is no function
// that it could return from.
// Cure: Compute the value before, keep it in a field or in a `static`, and name that: `auth(token = self.tokens)`.

use interceptors::intercept;

#[intercept(auth(token = self.load()?))]
struct Returns;

#[intercept(with(self.load().await))]
struct Awaits;

fn main() {}
