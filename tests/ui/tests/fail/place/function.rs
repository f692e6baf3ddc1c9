// Cause: A function alone belongs to no service and no client, so there is no call to intercept.
// Cure: Put the attribute on the item with the methods: `#[intercept(logging)]` on `impl UserService for Users`, on a
// hand-written client's `impl`, or on a struct for a channel.

use interceptors::intercept;

#[intercept(logging)]
fn function() {}

fn main() {
    function();
}
