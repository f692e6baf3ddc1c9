// Cause: The interceptors of a server run before messages are decoded, so they cannot look at them.
// Cure: Put these entries on the `impl` of the service. A call passes through the entries of both.

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
