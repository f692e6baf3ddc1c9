// Cause: The settings of another crate's interceptor are constants, so there is no `self`. They also need names.
// Cure: Keep the interceptor in a field, and write `with(self.audit)`. Write `audit(level = 3)`.

use interceptors::intercept;

#[intercept(audit_interceptor::audit(level = self.level))]
struct OfSelf {
    level: u32,
}

#[intercept(audit_interceptor::audit(3))]
struct Nameless;

#[intercept(audit_interceptor::audit, audit_interceptor::audit)]
struct Twice;

fn main() {}
