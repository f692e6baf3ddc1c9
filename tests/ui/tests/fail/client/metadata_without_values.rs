use interceptors::intercept;

#[intercept(metadata())]
struct Empty;

#[intercept(metadata("x-key"))]
struct WithoutValue;

#[intercept(metadata(x_trace = "a"))]
struct WithoutQuotes;

fn main() {}
