use interceptors::auth::{StaticTokens, UnusableToken};
use interceptors::authorize::HasRole;
use interceptors::intercept;

/// Who calls, by the policy of this crate.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Someone(pub &'static str);

impl HasRole for Someone {
    fn has_role(&self, role: &str) -> bool {
        self.0 == role
    }
}

/// The policy of a server, for services of other crates to rely on.
#[intercept(server, auth(verifier = self.tokens, public = ["/demo.v1.UserService/Login", "/demo.v1.UserService/Flaky"]))]
#[derive(Debug)]
pub struct Gate {
    tokens: StaticTokens<Someone>,
}

impl Gate {
    /// Knows these tokens.
    ///
    /// # Errors
    ///
    /// Where one of them cannot be told from others.
    pub fn new<const N: usize>(
        tokens: [(&'static str, &'static str); N],
    ) -> Result<Self, UnusableToken> {
        let tokens = tokens.map(|(token, name)| (token, Someone(name)));
        Ok(Self {
            tokens: StaticTokens::new(tokens)?,
        })
    }
}
