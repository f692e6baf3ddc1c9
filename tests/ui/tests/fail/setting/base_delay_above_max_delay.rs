// Cause: The first delay is longer than the longest one. A missing setting has its default, `500ms` for `base_delay`
// and `30s` for `max_delay`, so one setting may not fit the default of the other.
// Cure: Set both so that they fit: `retry(base_delay = "5ms", max_delay = "10ms")`.

use std::time::Duration;

use interceptors::intercept;

const HOUR: Duration = Duration::from_secs(3600);

#[intercept(retry(base_delay = "5s", max_delay = "1s"))]
struct Literals;

#[intercept(retry(base_delay = HOUR))]
struct Default;

#[intercept(retry(max_delay = "10ms"))]
struct LessThanTheDefault;

fn main() {}
