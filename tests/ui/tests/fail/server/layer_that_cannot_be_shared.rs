// Cause: All connections of a server share a layer, on any of its threads.
// Cure: Only keep values that can be shared: an `Arc` instead of an `Rc`, and no borrowed values.

use std::rc::Rc;

use interceptors::intercept;

#[intercept(server, logging)]
struct Inbound {
    names: Rc<str>,
}

fn main() {}
