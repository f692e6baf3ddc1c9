// Cause: The block is empty, so the attribute would do nothing. Default methods of the trait are not part of the block,
// so interceptors do not see them.
// Cure: Write the RPC methods in this block, even those that only call the default, or remove `#[intercept(…)]`.

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
