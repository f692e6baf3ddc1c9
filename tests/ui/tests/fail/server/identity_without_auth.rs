// Cause: The entry needs the caller's identity, but `auth` does not cover all calls that the entry covers.
// Cure: Leave public methods out of that entry, or let it only cover what `auth` covers.

use interceptors::auth::StaticTokens;
use interceptors::authorize::HasRole;
use interceptors::intercept;

#[derive(Clone, Hash)]
struct Caller;

impl HasRole for Caller {
    fn has_role(&self, _: &str) -> bool {
        true
    }
}

#[intercept(
    server,
    auth(verifier = self.tokens, public = ["/user.v1.UserService/Login", "GET /healthz"]),
    authorize(role = "admin"),
    rate_limit(per_second = 100, key = identity),
)]
struct Public {
    tokens: StaticTokens<Caller>,
}

#[intercept(
    server,
    auth(verifier = self.tokens, only = ["/user.v1.UserService/*"]),
    authorize(role = "admin"),
    rate_limit(per_second = 100, key = identity),
)]
struct Only {
    tokens: StaticTokens<Caller>,
}

fn main() {}
