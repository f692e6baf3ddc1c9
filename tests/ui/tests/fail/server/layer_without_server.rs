// Cause: A struct without `server` is for channels, so it has no layer for a server.
// Cure: Write `server` first in the list: `#[intercept(server, logging)]`.

use interceptors::intercept;

#[intercept(logging)]
struct Inbound;

fn main() {
    let _ = Inbound.layer();
}
