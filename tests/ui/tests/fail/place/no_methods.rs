// Cause: The block is empty, so the attribute would do nothing. Methods that a trait has by default
// are not part of the block, and no interceptor sees them.
// Cure: Write the RPC methods into this block, those that only call the default too, or remove
// `#[intercept(…)]`.

use interceptors::intercept;
use interceptors_ui_tests::{Ids, UserService};

struct Users;

#[intercept(logging)]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;
}

struct HandWritten;

#[intercept(service = "user.v1.UserService", logging)]
impl HandWritten {}

fn main() {}
