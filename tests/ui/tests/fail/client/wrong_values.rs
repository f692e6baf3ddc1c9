// Cause: A value is out of range or of the wrong type. `hedge` also counts the first attempt, codes are failures, a
// deadline is a single time longer than zero, and other settings are numbers, `true` or `false`.
// Cure: Write, for example, `hedge(max_attempts = 2, delay = "100ms", non_fatal_codes = [Unavailable])`,
// `deadline("2s")`, `retry(buffer_size = 65536)` and `auth(allow_plaintext = true)`.

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
