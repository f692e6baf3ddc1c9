// Cause: The value is in a `static`, behind a `LazyLock`. An expression is evaluated once and its
// value is kept, and nothing can be moved out of a `static`.
// Cure: Lend what is in it: `auth(token = &*TOKENS)`.

use std::sync::LazyLock;

use interceptors::auth::{Token, TokenCache};
use interceptors::intercept;

static TOKENS: LazyLock<TokenCache> =
    LazyLock::new(|| TokenCache::new(|| async { Ok(Token::new("t")) }));

#[intercept(auth(token = TOKENS))]
struct Outbound;

fn main() {}
