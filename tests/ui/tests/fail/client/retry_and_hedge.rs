use interceptors::intercept;

#[intercept(retry(max = 3), hedge(delay = "100ms"))]
struct Outbound;

#[intercept(
    retry(only = ["/user.v1.UserService/Get"]),
    hedge(only = ["/user.v1.UserService/List", "/user.v1.UserService/Get"]),
)]
struct Overlapping;

fn main() {}
