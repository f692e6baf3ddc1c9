// Cause: `retry` and `hedge` in one attribute share a throttle, but their numbers differ.
// Cure: Write the same numbers in both, or give only one of them a throttle.

use interceptors::intercept;

#[intercept(
    retry(max = 3, throttle(tokens = 10, ratio = 0.1), except = ["/demo.v1.UserService/GetUser"]),
    hedge(max_attempts = 2, throttle(tokens = 20, ratio = 0.1), only = ["/demo.v1.UserService/GetUser"]),
)]
struct Outbound;

fn main() {}
