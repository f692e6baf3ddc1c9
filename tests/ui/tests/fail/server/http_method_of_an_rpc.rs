// Cause: A list names an RPC as plain HTTP, with one method of HTTP. tonic serves an RPC with any of them, so a
// caller could use another.
// Cure: Write the path alone.

use interceptors::auth::StaticTokens;
use interceptors::intercept;
use interceptors_ui_tests::FILE_DESCRIPTOR_SET;

#[intercept(
    server,
    descriptors = FILE_DESCRIPTOR_SET,
    auth(verifier = self.tokens, only = ["POST /user.v1.UserService/Get", "GET /healthz"]),
)]
struct Inbound {
    tokens: StaticTokens<u64>,
}

fn main() {}
