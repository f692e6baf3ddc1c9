// Cause: `metadata` takes keys, which are strings, and their values. Here there is no key, or a key has no value or no
// quotes.
// Cure: Write `metadata("x-trace-id" = trace_id())`.

use interceptors::intercept;

#[intercept(metadata())]
struct Empty;

#[intercept(metadata("x-key"))]
struct WithoutValue;

#[intercept(metadata(x_trace = "a"))]
struct WithoutQuotes;

fn main() {}
