// Cause: With `public = [idempotent]`, `auth` verifies no caller of an idempotent method, so `authorize` has nobody to
// authorize.
// Cure: Leave these methods out: `authorize(with = …, except = [idempotent])`.

use interceptors::auth::StaticTokens;
use interceptors::intercept;
use interceptors_ui_tests::FILE_DESCRIPTOR_SET;

#[intercept(
    server,
    descriptors = FILE_DESCRIPTOR_SET,
    auth(verifier = self.tokens, public = [idempotent]),
    authorize(with = |_| true),
)]
struct Inbound {
    tokens: StaticTokens<u64>,
}

fn main() {}
