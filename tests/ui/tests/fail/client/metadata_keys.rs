// Cause: A metadata key is lower case, made of a few characters, given once, and not one of gRPC's
// own. Its value is ASCII text, or bytes where the key ends in `-bin`.
// Cure: Write keys such as `"x-trace-id"`. Text goes with a plain key, `"x-text" = "a"`, and bytes
// with one in `-bin`: `"x-bytes-bin" = b"…"`. For a call's timeout use `deadline("1s")`.

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
