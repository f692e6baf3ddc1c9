// Cause: The attribute has `descriptors`, but these names are not in them: a service of another package, a misspelt
// method, and all methods of a misspelt service.
// Cure: Correct the name. If it is right, its proto is missing from the descriptor set. Add it there, or add another
// set that has it: `descriptors = [FILE_DESCRIPTOR_SET, tonic_health::pb::FILE_DESCRIPTOR_SET]`.

use interceptors::intercept;
use interceptors_ui_tests::FILE_DESCRIPTOR_SET;

#[intercept(
    descriptors = FILE_DESCRIPTOR_SET,
    logging(except = ["/grpc.health.v1.Health/Check", "/user.v1.UserService/Get"]),
    retry(only = ["/user.v1.UserService/Gte", "/user.v1.UserServis/*"]),
)]
struct Outbound;

fn main() {}
