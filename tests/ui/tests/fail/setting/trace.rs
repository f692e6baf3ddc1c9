// Cause: `trace` has no settings: names, levels and who gets the spans are up to the subscriber, and the header to the
// propagator.
// Cure: Write `trace`, with `only = […]` or `except = […]` where it is not for all methods, and set the others up in `main`.

use interceptors::intercept;

#[intercept(trace(level = "debug"))]
struct Level;

#[intercept(trace, trace)]
struct Twice;

#[intercept(metric, tracing, request_ids)]
struct Misspelt;

fn main() {}
