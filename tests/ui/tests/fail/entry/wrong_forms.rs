// Cause: A setting has no name, an entry for methods is on the block, a type is listed by its name alone, a level is
// not a string, or a constant names `self`.
// Cure: Write each as its message says: `retry(max = 3)`, `with(Audit)`, `logging(level = "info")`, and a constant for
// `max`. On a method, `skip(logging)` removes the block's entry.

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
