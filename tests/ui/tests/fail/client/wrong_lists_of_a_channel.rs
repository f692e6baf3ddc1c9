// Cause: A channel names methods by their full paths, in a list. A metadata key consists of letters, digits and a few
// signs, and `deadline` takes one time.
// Cure: Write `only = ["/user.v1.UserService/Get"]`, `metadata("x-client" = "a")` and `deadline("2s")`.

use interceptors::intercept;

#[intercept(logging(only = "/user.v1.UserService/Get"), metadata("" = "a"), deadline("2s", "5s"))]
struct Outbound;

fn main() {}
