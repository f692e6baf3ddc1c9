// Cause: `auth` sends a token with every call that it covers. It has no setting of this name.
// Cure: Take the setting out. List methods that need no token as `public`, by their full paths.

use interceptors::intercept;

#[intercept(auth(required))]
struct Outbound;

fn main() {}
