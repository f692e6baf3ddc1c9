// Cause: The value of `descriptors` is the text of a proto file, not a compiled descriptor set.
// Cure: Let the build write the descriptor set, with `file_descriptor_set_path` of `tonic_prost_build::configure()`,
// and name it: `descriptors = tonic::include_file_descriptor_set!("user")`.

use interceptors::intercept;
use interceptors_ui_tests::FILE_DESCRIPTOR_SET;

const PROTO: &[u8] = b"syntax = \"proto3\"; service UserService {}";

#[intercept(
    descriptors = [FILE_DESCRIPTOR_SET, PROTO],
    logging(except = ["/user.v1.UserService/Gte"]),
)]
struct Outbound;

fn main() {}
