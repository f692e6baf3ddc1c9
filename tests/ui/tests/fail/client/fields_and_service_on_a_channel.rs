// Cause: A channel carries encoded messages of any service. So `service` does not apply, and fields of messages cannot
// be read.
// Cure: Take `service` and `fields` out. If you need the fields, put `logging(fields(…))` on the generated client,
// which has the messages.

use interceptors::intercept;

#[intercept(service = "user.v1.UserService", logging(fields(id = request.id)))]
struct Outbound;

fn main() {}
