// Cause: No interceptor has this name, and none has a similar one. Interceptors of other crates are listed by their path.
// Cure: Write one of the names, the path of your interceptor, or `with(…)`.

use interceptors::intercept;

#[intercept(server, logging, audit)]
struct Inbound;

fn main() {
    let _ = Inbound.layer();
}
