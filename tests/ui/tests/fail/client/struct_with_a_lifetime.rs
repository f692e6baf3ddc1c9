// Cause: Tasks use a channel for longer than the struct can borrow.
// Cure: Let the struct own the value, as a `String` or in an `Arc`.

use interceptors::intercept;

#[intercept(logging)]
#[derive(Clone)]
struct Outbound<'a> {
    name: &'a str,
}

fn main() {
    let name = String::new();
    let outbound = Outbound { name: &name };
    let _ = outbound.name;
    outbound.wrap(());
}
