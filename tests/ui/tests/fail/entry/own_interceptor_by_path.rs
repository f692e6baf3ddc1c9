// Cause: A path in the list has to name a type, not a function. A closure is not a type that implements `Interceptor`.
// Cure: Give the value to `with`: `with(Audit::new())`. Instead of a closure, implement `Interceptor` for a type.

use interceptors::intercept;

#[intercept(audit_interceptor::Audit::new)]
struct Function;

#[intercept(with(|call| call))]
struct Closure;

fn main() {}
