// Cause: A channel serves clients of any service, so the name of a method alone does not say which
// one is meant. It also needs each only once.
// Cure: Write the whole path, with the package: `logging(only = ["/user.v1.UserService/Get"])`.

use interceptors::intercept;

#[intercept(
    logging(only = [get]),
    retry(except = ["Get"]),
    deadline("2s", only = ["/user.v1.UserService"]),
    metadata("x-a" = "a", only = ["/user.v1.UserService/Get", "/user.v1.UserService/Get"]),
)]
struct Outbound;

fn main() {}
