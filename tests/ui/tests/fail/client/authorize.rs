// Cause: A client makes calls and has no caller to authorize.
// Cure: Take it out, or put it on the service.

use interceptors::intercept;

#[intercept(authorize(role = "admin"))]
struct Outbound;

fn main() {}
