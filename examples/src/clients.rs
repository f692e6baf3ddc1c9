//! Clients with interceptors: a generated client with the attribute (see `build.rs`), and a struct that wraps any channel.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use interceptors::auth::{Token, TokenCache};
use interceptors::intercept;

/// The client that `build.rs` generates.
#[allow(missing_docs, unused_qualifications, clippy::all)]
pub mod generated {
    tonic::include_proto!("demo.v1");
}

/// A policy for channels, with its state.
#[intercept(
    logging(level = "info"),
    deadline("500ms"),
    hedge(
        max_attempts = 2,
        delay = "50ms",
        only = ["/demo.v1.UserService/GetUser"]
    ),
    retry(
        max = 3,
        base_delay = "20ms",
        throttle(tokens = 100, ratio = 0.1),
        except = ["/demo.v1.UserService/GetUser"]
    ),
    auth(token = self.tokens, public = ["/demo.v1.UserService/Login"], allow_plaintext = true),
    metadata("x-trace-id" = trace_id()),
)]
#[derive(Debug, Clone)]
pub struct Outbound {
    /// Fetches a token when a call needs one, and replaces it before it expires.
    pub tokens: Arc<TokenCache>,
}

/// The tokens of the generated client, which has no fields.
pub static TOKENS: LazyLock<TokenCache> = LazyLock::new(tokens);

/// A cache for a source of tokens: a login, an OAuth 2 endpoint, a file.
#[must_use]
pub fn tokens() -> TokenCache {
    TokenCache::new(|| async {
        println!("   (a token is fetched)");
        Ok(Token::new("s3cret").expires_in(Duration::from_secs(600)))
    })
}

/// In an application, this is the ID of the current trace.
#[must_use]
pub fn trace_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("trace-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
