// Cause: An enumeration has no calls to intercept. Only a struct can be wrapped around a channel.
// Cure: For a service, put the attribute on `impl UserService for Users`. `Users` can be any kind of type. For a
// channel, write a `struct` and keep the enumeration in one of its fields.

use interceptors::intercept;

#[intercept(logging)]
enum Users {
    One,
}

fn main() {
    let _ = Users::One;
}
