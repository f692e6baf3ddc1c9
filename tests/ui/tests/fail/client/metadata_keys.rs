// Cause: A metadata key is in lower case, has only certain characters, is not reserved for gRPC, and is given once. Its
// value is ASCII text, or bytes if the key ends in `-bin`.
// Cure: Write keys such as `"x-trace-id"`. Text goes with a plain key, `"x-text" = "a"`, and bytes with a key in
// `-bin`: `"x-bytes-bin" = b"…"`. For the timeout of a call, use `deadline("1s")`.

use interceptors::intercept;

#[intercept(metadata(
    "X-Trace-Id" = "a",
    "grpc-timeout" = "1S",
    "x-text" = b"bytes",
    "x-bytes-bin" = "text",
    "x y" = "a",
    "x-twice" = "a",
    "x-twice" = "b",
    "x-line" = "a\nb",
))]
struct Outbound;

fn main() {}
