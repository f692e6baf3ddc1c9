// Cause: `auth` sends a token with every call that it covers.
// Cure: Take the word out. Methods that are called without a token are listed as `public`, by their
// full paths.

use interceptors::intercept;

#[intercept(auth(required))]
struct Outbound;

fn main() {}
