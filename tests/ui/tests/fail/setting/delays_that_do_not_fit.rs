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
