// Cause: The value of a metadata key has to be text or a number, and that of a key in `-bin` bytes.
// This type is neither.
// Cure: Make text of it, `"x-trace" = self.trace.to_string()`, or bytes, `"x-trace-bin" =
// 7_u64.to_be_bytes().to_vec()`. A future needs `.await` and a `Result` needs `?`; a `None` leaves
// the key out.

use interceptors::intercept;

struct Trace;

#[intercept(metadata("x-trace" = Trace, "x-trace-bin" = 7_u64))]
struct Outbound;

fn main() {}
