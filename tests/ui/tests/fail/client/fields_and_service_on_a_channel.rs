use interceptors::intercept;

#[intercept(service = "user.v1.UserService", logging(fields(id = request.id)))]
struct Outbound;

fn main() {}
