// Cause: `rate_limit` rejects incoming calls. A client makes calls, so it has no callers to limit.
// Cure: Take it out of the client and put it on the service: `#[intercept(rate_limit(per_second = 5))]` on `impl
// UserService for Users`. To slow a client down, use tonic's `Endpoint::rate_limit`.

use interceptors::intercept;

#[intercept(logging, retry(max = 3), rate_limit(per_second = 5))]
struct Outbound;

fn main() {}
