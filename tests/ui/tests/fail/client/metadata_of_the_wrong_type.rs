use interceptors::intercept;

struct Trace;

#[intercept(metadata("x-trace" = Trace, "x-trace-bin" = 7_u64))]
struct Outbound;

fn main() {}
