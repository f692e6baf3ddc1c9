// Cause: `retry` makes the next attempt after a failure, and `hedge` makes it without waiting for one. gRPC allows only
// one of them for a method.
// Cure: Keep one, or divide the methods: `retry(except = ["/user.v1.UserService/Get"]), hedge(only =
// ["/user.v1.UserService/Get"])`.

use interceptors::intercept;

#[intercept(retry(max = 3), hedge(delay = "100ms"))]
struct Outbound;

#[intercept(
    retry(only = ["/user.v1.UserService/Get"]),
    hedge(only = ["/user.v1.UserService/List", "/user.v1.UserService/Get"]),
)]
struct Overlapping;

fn main() {}
