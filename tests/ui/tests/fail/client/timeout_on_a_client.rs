// Cause: `timeout` and `catch_panic` are for incoming calls. The calls of a client have a `deadline`, which is also
// sent to the server, and panics of a client reach its caller.
// Cure: Write `deadline("2s")`, or `retry(attempt_timeout = "2s")` for the time of one attempt. Take `catch_panic` out.

use interceptors::intercept;

#[intercept(timeout("2s"), catch_panic, retry(max = 3))]
struct Outbound;

fn main() {}
