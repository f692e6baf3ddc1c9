// Cause: `idempotent` matches no method: none in the descriptor set has an `idempotency_level`.
// Cure: Mark methods in their proto, `option idempotency_level = IDEMPOTENT;`, or write their paths.

use interceptors::intercept;
use interceptors_ui_tests::PLAIN_DESCRIPTOR_SET;

#[intercept(descriptors = PLAIN_DESCRIPTOR_SET, retry(only = [idempotent]))]
struct Outbound;

fn main() {}
