// Cause: With `public = [idempotent]`, callers of idempotent methods need no token. Nobody is verified there, so
// nobody can be authorized, and no caller has a limit of its own.
// Cure: Leave these methods out of what needs a caller: `except = [idempotent]`.

use interceptors::auth::StaticTokens;
use interceptors::intercept;
use interceptors_ui_tests::FILE_DESCRIPTOR_SET;

#[intercept(
    server,
    descriptors = FILE_DESCRIPTOR_SET,
    auth(verifier = self.tokens, public = [idempotent]),
    authorize(with = |_| true),
    rate_limit(per_second = 5, key = identity),
)]
struct Inbound {
    tokens: StaticTokens<u64>,
}

fn main() {}
