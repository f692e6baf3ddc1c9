// Cause: `rate_limit` rejects calls that arrive. A client makes calls, and has no callers to tell
// apart.
// Cure: Take it out of the client and put it on the service: `#[intercept(rate_limit(per_second =
// 5))]` on `impl UserService for Users`. To slow a client down, tonic has `Endpoint::rate_limit`.

use interceptors::intercept;

#[intercept(logging, retry(max = 3), rate_limit(per_second = 5))]
struct Outbound;

fn main() {}
