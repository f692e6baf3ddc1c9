// Cause: An enumeration has no calls to intercept. Of types, only a struct can be wrapped around a
// channel.
// Cure: For a service, put the attribute on `impl UserService for Users`, whatever kind of type
// `Users` is. For a channel, write a `struct` and keep the enumeration in one of its fields.

use interceptors::intercept;

#[intercept(logging)]
enum Users {
    One,
}

fn main() {
    let _ = Users::One;
}
