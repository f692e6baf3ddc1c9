// Cause: `crate` says under which path the crate is known, as a path and not as text.
// Cure: Write `crate = my_interceptors`.

use interceptors::intercept;

#[intercept(crate = "interceptors", logging)]
struct Outbound;

fn main() {}
