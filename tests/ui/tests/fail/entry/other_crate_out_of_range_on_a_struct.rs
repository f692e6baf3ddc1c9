// Cause: A setting of another crate's interceptor is out of range. `cargo check` finds that too.
// Cure: Write a value that the documentation of that crate allows.

use interceptors::intercept;

#[intercept(server, audit_interceptor::audit(level = 30))]
struct Inbound;

fn main() {
    let _ = Inbound;
}
