use interceptors::intercept;

#[intercept(
    logging(only = [get]),
    retry(except = ["Get"]),
    deadline("2s", only = ["/user.v1.UserService"]),
    metadata("x-a" = "a", only = ["/user.v1.UserService/Get", "/user.v1.UserService/Get"]),
)]
struct Outbound;

fn main() {}
