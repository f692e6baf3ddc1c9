use interceptors::intercept;
use interceptors_ui_tests::{Ids, UserService};

struct Users;

#[intercept(logging)]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;
}

struct Stub;

#[intercept(service = "user.v1.UserService", logging)]
impl Stub {}

fn main() {}
