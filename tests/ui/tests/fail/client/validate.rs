// Cause: `validate` looks at what a service is asked, and this is a client.
// Cure: Take it out. A client that wants to know before it calls asks its message: `message.validate()`.

use interceptors::intercept;

#[intercept(validate)]
struct Outbound;

fn main() {}
