// Cause: A layer is shared by all connections of a server, on any of its threads.
// Cure: Keep what can be shared: an `Arc` in the place of an `Rc`, and no borrowed values.

use std::rc::Rc;

use interceptors::intercept;

#[intercept(server, logging)]
struct Inbound {
    names: Rc<str>,
}

fn main() {}
