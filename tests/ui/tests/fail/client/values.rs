use interceptors::intercept;

const NONE: u32 = 0;

#[intercept(hedge(max_attempts = 1, delay = "soon", non_fatal_codes = [Ok, Unavailble]))]
struct Hedge;

#[intercept(hedge(max_attempts = NONE))]
struct Constant;

#[intercept(deadline("0s"))]
struct Zero;

#[intercept(deadline)]
struct Missing;

#[intercept(deadline(5))]
struct Number;

#[intercept(deadline(timeout = "2s"))]
struct Named;

#[intercept(retry(buffer_size = "a lot"), auth(allow_plaintext = "yes"))]
struct Settings;

fn main() {}
