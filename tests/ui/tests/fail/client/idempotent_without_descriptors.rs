// Cause: `idempotent` means the methods that a proto marks with `idempotency_level`. Without `descriptors`, the
// attribute does not know which they are.
// Cure: Add `descriptors = crate::FILE_DESCRIPTOR_SET`, or write the paths of the methods.

use interceptors::intercept;

#[intercept(retry(only = [idempotent]))]
struct Outbound;

fn main() {}
