// Cause: The interceptors of a server run before anything is decoded, so there is no message to look at.
// Cure: Put these entries on the `impl` of the service; both can cover one call.

use interceptors::intercept;

#[intercept(
    server,
    validate,
    payload,
    logging(fields(id = request.id)),
    retry,
)]
struct Inbound;

fn main() {}
