// Cause: `timeout` and `catch_panic` are for calls that arrive. What a client calls is bounded by its `deadline`, which also
// tells the server; and a client's panics are its caller's.
// Cure: Write `deadline("2s")`, or `retry(attempt_timeout = "2s")` for the time of one attempt. Take
// `catch_panic` out.

use interceptors::intercept;

#[intercept(timeout("2s"), catch_panic, retry(max = 3))]
struct Outbound;

fn main() {}
