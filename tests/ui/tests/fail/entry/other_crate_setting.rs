// Cause: A setting of another crate's interceptor is misspelt or has another type. Each setting is a function of its type.
// Cure: Write the name and the type that the documentation of that crate has.

use interceptors::intercept;

#[intercept(audit_interceptor::audit(levle = 3))]
struct Misspelt;

#[intercept(audit_interceptor::audit(level = "3"))]
struct Text;

#[intercept(audit_interceptor::audit(level))]
struct WithoutAValue;

fn main() {}
