// Cause: A server may have several services, and may also serve plain HTTP. So its lists name requests in one of three
// forms. Any other form would match nothing.
// Cure: Write one of the three forms, and each once.

use interceptors::intercept;

#[intercept(
    server,
    logging(only = [get, "Get", "/user.v1.UserService", "/user.v1.UserService/", "user.v1.UserService/Get"]),
    timeout("1s", only = ["/healthz", "GET healthz", "get /healthz", "GET /healthz?a=b", "GET /a/*", "GET /a/{id}", "GET  /healthz"]),
    catch_panic(except = ["/*", "*", "/user.v1.*/Get", "/user.v1.UserService/Get*", "//user.v1.UserService/Get"]),
    request_id(only = ["/user.v1.UserService/*", "/user.v1.UserService/*"]),
)]
struct Inbound;

fn main() {}
