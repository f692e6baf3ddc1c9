// Cause: A constant has the same limits as a literal, and `min` of an adaptive limit must not be above its `max`. The
// compiler checks this when it evaluates the constant.
// Cure: Change the constants: numbers are 1 or more, and times are longer than zero.

use std::time::Duration;

use interceptors::intercept;

const NONE: u32 = 0;
const NO_TIME: Duration = Duration::ZERO;

#[intercept(concurrency(max = NONE))]
struct Nobody;

#[intercept(load_shed(adaptive(min = 20, max = 10, target = "50ms")))]
struct UpsideDown;

#[intercept(concurrency(max = 10, wait = NO_TIME))]
struct Impatient;

fn main() {}
