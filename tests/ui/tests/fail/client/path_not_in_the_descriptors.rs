// Cause: The attribute has `descriptors`, and these lists name what is not in them: a service of another package, a method
// that is misspelt, and all methods of a service that is misspelt.
// Cure: Correct the name. If it is right, its proto is missing from the descriptor set: add it there, or name the set that
// has it too, `descriptors = [FILE_DESCRIPTOR_SET, tonic_health::pb::FILE_DESCRIPTOR_SET]`.

use interceptors::intercept;
use interceptors_ui_tests::FILE_DESCRIPTOR_SET;

#[intercept(
    descriptors = FILE_DESCRIPTOR_SET,
    logging(except = ["/grpc.health.v1.Health/Check", "/user.v1.UserService/Get"]),
    retry(only = ["/user.v1.UserService/Gte", "/user.v1.UserServis/*"]),
)]
struct Outbound;

fn main() {}
