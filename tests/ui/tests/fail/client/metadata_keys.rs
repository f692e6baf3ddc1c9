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
