// Cause: On a client, `auth` needs a source of tokens. The value of `token` is not one, or there is no `token` and the
// struct itself is not one.
// Cure: Keep a `TokenCache` and name it: `auth(token = self.tokens)` with `tokens: Arc<TokenCache>`. Or write `impl
// TokenSource for Outbound { … }` and leave `token` out.

use interceptors::intercept;

struct Tokens;

#[intercept(auth(token = self.tokens))]
struct Outbound {
    tokens: Tokens,
}

#[intercept(auth)]
struct Missing;

fn main() {}
