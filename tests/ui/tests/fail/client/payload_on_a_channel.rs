// Cause: A channel carries encoded messages of any service, so there are no fields to log or to redact.
// Cure: Put `payload` on the generated client, which has the messages.

use interceptors::intercept;

#[intercept(logging, payload(redact = [request.password]))]
struct Outbound;

fn main() {}
