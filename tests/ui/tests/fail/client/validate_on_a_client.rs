// Cause: `validate` checks the requests that a service receives, and this is a client.
// Cure: Take it out. To check a message before a call, use `message.validate()`.

use interceptors::intercept;

#[intercept(validate)]
struct Outbound;

fn main() {}
