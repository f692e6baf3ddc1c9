use interceptors::intercept;

#[intercept(logging, rate_limit(per_second = 5))]
struct Outbound;

fn main() {}
