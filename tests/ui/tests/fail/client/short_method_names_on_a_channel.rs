// Cause: Clients of any service can use a channel, so the name of a method alone is ambiguous. Each method can only be
// listed once.
// Cure: Write the full path, with the package: `logging(only = ["/user.v1.UserService/Get"])`.

use interceptors::intercept;

#[intercept(
    logging(only = [get]),
    retry(except = ["Get"]),
    deadline("2s", only = ["/user.v1.UserService"]),
    metadata("x-a" = "a", only = ["/user.v1.UserService/Get", "/user.v1.UserService/Get"]),
)]
struct Outbound;

fn main() {}
