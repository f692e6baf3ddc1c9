// Cause: The value is made while the call begins, outside of your methods, so there is nothing that it could return from, and
// nothing that could wait.
// Cure: Make the value before, keep it in a field or in a `static`, and name that: `auth(token = self.tokens)`.

use interceptors::intercept;

#[intercept(auth(token = self.load()?))]
struct Returns;

#[intercept(with(self.load().await))]
struct Awaits;

fn main() {}
