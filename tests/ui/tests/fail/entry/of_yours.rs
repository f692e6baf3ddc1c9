// Cause: A path in the list names a type and not a function, and a closure is no type that implements `Interceptor`.
// Cure: Give the value to `with`: `with(Audit::new())`. Implement `Interceptor` for a type in the place of a closure.

use interceptors::intercept;

#[intercept(audit_interceptor::Audit::new)]
struct Function;

#[intercept(with(|call| call))]
struct Closure;

fn main() {}
