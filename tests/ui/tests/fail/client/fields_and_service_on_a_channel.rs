// Cause: A channel carries encoded messages of any service. So it is not for one service, and the
// fields of a message cannot be read.
// Cure: Take `service` and `fields` out. Where the fields are needed, put `logging(fields(…))` on
// the generated client, which has the messages.

use interceptors::intercept;

#[intercept(service = "user.v1.UserService", logging(fields(id = request.id)))]
struct Outbound;

fn main() {}
