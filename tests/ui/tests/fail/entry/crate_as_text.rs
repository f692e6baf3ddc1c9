// Cause: `crate` takes the path of the crate, not a string.
// Cure: Write `crate = my_interceptors`.

use interceptors::intercept;

#[intercept(crate = "interceptors", logging)]
struct Outbound;

fn main() {}
