// Cause: `trace` has settings on a service alone.
// Cure: Write `trace`.

use interceptors::intercept;

#[intercept(trace("all"))]
struct Outbound;

fn main() {}
