// Cause: The value of a metadata key has to be text or a number. If the key ends in `-bin`, it has to be bytes. This
// type is neither.
// Cure: Convert it to text, `"x-trace" = self.trace.to_string()`, or to bytes, `"x-trace-bin" =
// 7_u64.to_be_bytes().to_vec()`. A future needs `.await`, and a `Result` needs `?`. For a `None`, the key is not sent.

use interceptors::intercept;

struct Trace;

#[intercept(metadata("x-trace" = Trace, "x-trace-bin" = 7_u64))]
struct Outbound;

fn main() {}
