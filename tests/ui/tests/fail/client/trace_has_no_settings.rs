// Cause: `trace` only has settings on a service.
// Cure: Write `trace`.

use interceptors::intercept;

#[intercept(trace("all"))]
struct Outbound;

fn main() {}
