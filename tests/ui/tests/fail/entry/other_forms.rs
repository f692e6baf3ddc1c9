// Cause: A setting is given without its name, an entry of a method is on the block, a type's name is alone, a level
// is no string, or a constant names `self`.
// Cure: Write each as its message says: `retry(max = 3)`, `with(Audit)`, `logging(level = "info")`, and a constant for
// `max`. On a method, `skip(logging)` takes the block's entry away.

use interceptors::intercept;

#[intercept(retry(3))]
struct Nameless;

#[intercept(skip(logging))]
struct OnABlock;

#[intercept(Audit)]
struct Alone;

#[intercept(logging(level = info))]
struct Level;

#[intercept(concurrency(max = self.max))]
struct OfSelf {
    max: u32,
}

fn main() {}
