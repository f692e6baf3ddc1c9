// Cause: The value is in a `static`, behind a `LazyLock`. The macro evaluates the expression once and keeps its value,
// but nothing can be moved out of a `static`.
// Cure: Borrow the content: `auth(token = &*TOKENS)`.

use std::sync::LazyLock;

use interceptors::auth::{Token, TokenCache};
use interceptors::intercept;

static TOKENS: LazyLock<TokenCache> =
    LazyLock::new(|| TokenCache::new(|| async { Ok(Token::new("t")) }));

#[intercept(auth(token = TOKENS))]
struct Outbound;

fn main() {}
