// Cause: A client makes calls, so there is no caller to authorize.
// Cure: Take it out, or put it on the service. If the struct is for a server, write `server` first.

use interceptors::intercept;

#[intercept(authorize(role = "admin"))]
struct Outbound;

fn main() {}
