// Cause: gRPC has one throttle for a server, so `retry` and `hedge` in one attribute share it.
// Cure: Give both the same `tokens` and `ratio`.

use interceptors::intercept;

#[intercept(
    retry(throttle(tokens = 10, ratio = 0.1), except = ["/user.v1.UserService/Get"]),
    hedge(throttle(tokens = 20, ratio = 0.1), only = ["/user.v1.UserService/Get"]),
)]
struct Outbound;

fn main() {}
