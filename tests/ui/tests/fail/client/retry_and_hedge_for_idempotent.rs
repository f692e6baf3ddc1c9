// Cause: `retry` and `hedge` both cover the idempotent methods. `hedge` also lists a method that is not unary.
// Cure: Take `idempotent` out of one of them. Do not list streaming methods in `hedge`.

use interceptors::intercept;
use interceptors_ui_tests::FILE_DESCRIPTOR_SET;

#[intercept(
    descriptors = FILE_DESCRIPTOR_SET,
    retry(only = [idempotent]),
    hedge(only = ["/user.v1.UserService/Get"]),
)]
struct Both;

#[intercept(
    descriptors = FILE_DESCRIPTOR_SET,
    retry(except = [idempotent, "/user.v1.UserService/List"]),
    hedge(only = [idempotent, "/user.v1.UserService/List"]),
)]
struct Streams;

fn main() {}
