// Cause: The name of the interceptor is misspelt. Code that wraps a channel or reads the plan causes no further errors.
// Cure: Write `logging`.

use interceptors::client::InterceptedChannel;
use interceptors::{Intercepted as _, intercept};

#[intercept(loging)]
struct Outbound;

fn wrapped<S>(channel: S) -> InterceptedChannel<Outbound, S> {
    Outbound.wrap(channel)
}

fn main() {
    let _ = wrapped(());
    Outbound::PLAN.assert_no_notes();
}
