// Cause: A setting of another crate's interceptor is misspelt or has the wrong type. Each setting is a function of its
// type.
// Cure: Write the name and the type from the documentation of that crate.

use interceptors::intercept;

#[intercept(audit_interceptor::audit(levle = 3))]
struct Misspelt;

#[intercept(audit_interceptor::audit(level = "3"))]
struct Text;

#[intercept(audit_interceptor::audit(level))]
struct WithoutAValue;

fn main() {}
