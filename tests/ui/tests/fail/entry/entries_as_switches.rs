// Cause: The entries are written like switches or calls: a name is negated, set to `true` or `false`, called like a
// method, or put into brackets. Some names are not interceptors.
// Cure: List what should run, with its settings in parentheses: `logging(level = "debug"), trace`.

use interceptors::intercept;

#[intercept(!logging)]
struct Negated;

#[intercept(logging = true)]
struct On;

#[intercept(logging = false)]
struct Off;

#[intercept(concurrency = true)]
struct OnWithoutSettings;

#[intercept(logging.level("debug"))]
struct Called;

#[intercept([logging, trace])]
struct InBrackets;

#[intercept(with<Audit>)]
struct InAngles;

#[intercept(chain(logging, trace))]
struct Chained;

#[intercept(selector(logging))]
struct Selected;

#[intercept(idempotency_key)]
struct Once;

fn main() {}
