//! `auth` on clients: the source of tokens, and the header that carries them.

use std::future::Future;
use std::sync::{Arc, LazyLock};

use http::{HeaderValue, header};
use tonic::{Code, Response, Status};

use crate::core::behind::kept_in_frame;
use crate::core::call::DEFAULT_BUFFER_SIZE;
use crate::core::plan::{Setting, Value};
use crate::kit::key;
use crate::kit::unsent::is_unsent;
use crate::{Call, CallDetails, Interceptor, Next, Rule, Sides};

/// Returns the token that a client sends with a call.
///
/// ```
/// use interceptors::CallDetails;
/// use interceptors::auth::TokenSource;
/// use tonic::Status;
///
/// struct FromEnvironment;
///
/// impl TokenSource for FromEnvironment {
///     async fn token(&self, _call: &CallDetails) -> Result<String, Status> {
///         std::env::var("TOKEN").map_err(|_| Status::unauthenticated("there is no TOKEN"))
///     }
/// }
/// ```
///
/// If a token has to be fetched and expires, use [`TokenCache`](super::TokenCache). Never put the token into a status.
#[diagnostic::on_unimplemented(
    message = "[I0803] `{Self}` gives no tokens",
    label = "does not implement `interceptors::auth::TokenSource`",
    note = "a `TokenCache` does, and what implements the trait; `auth` without `token` asks the struct or hand-written client that it is on",
    note = "if the struct is the layer of a server, write `server` first in its list: `#[intercept(server, …)]`"
)]
pub trait TokenSource: Send + Sync {
    /// The token for this call, without its scheme.
    fn token(&self, call: &CallDetails) -> impl Future<Output = Result<String, Status>> + Send;

    /// Called if the server rejected this token with `UNAUTHENTICATED`. If it returns `true`, the call is sent once more, with the token that
    /// [`token`](Self::token) then returns. Default: `false`.
    fn rejected(&self, token: &str) -> bool {
        let _ = token;
        false
    }

    /// Whether [`rejected`](Self::rejected) may return `true`. If so, each request is kept until the server answers, so that it can be sent once
    /// more. Default: `false`.
    fn may_refresh(&self) -> bool {
        false
    }
}

macro_rules! forward_to_the_source_behind {
    ($($pointer:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl<T: TokenSource + ?Sized> TokenSource for $pointer {
            fn token(&self, call: &CallDetails) -> impl Future<Output = Result<String, Status>> + Send {
                (**self).token(call)
            }

            fn rejected(&self, token: &str) -> bool {
                (**self).rejected(token)
            }

            fn may_refresh(&self) -> bool {
                (**self).may_refresh()
            }
        }
    )*};
}

forward_to_the_source_behind!(&T, Arc<T>, Box<T>);

#[diagnostic::do_not_recommend]
impl<T: TokenSource> TokenSource for LazyLock<T> {
    fn token(&self, call: &CallDetails) -> impl Future<Output = Result<String, Status>> + Send {
        (**self).token(call)
    }

    fn rejected(&self, token: &str) -> bool {
        (**self).rejected(token)
    }

    fn may_refresh(&self) -> bool {
        (**self).may_refresh()
    }
}

const AUTHORIZATION: &str = "authorization";

/// The settings of `auth` on a client, made by the attribute: where the token is sent.
///
/// # Default
///
/// - header: `authorization`
/// - scheme: `Bearer`
/// - not over a connection that is known to be plaintext
#[doc(hidden)]
#[derive(Debug, Clone)]
pub struct Credentials {
    header: Option<&'static str>,
    scheme: &'static str,
    allow_plaintext: bool,
}

impl Credentials {
    /// The default: `authorization: Bearer <token>`.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            header: None,
            scheme: "Bearer",
            allow_plaintext: false,
        }
    }

    /// The scheme in front of the token; with an empty one the value is the token alone.
    ///
    /// # Panics
    ///
    /// If it is not visible ASCII. In a constant, and so in the attribute, that is a compiler error.
    #[must_use]
    pub const fn scheme(mut self, scheme: &'static str) -> Self {
        let mut i = 0;
        while i < scheme.len() {
            assert!(
                matches!(scheme.as_bytes()[i], b' '..=b'~'),
                "[I0410] `scheme` must be visible ASCII"
            );
            i += 1;
        }
        self.scheme = scheme;
        self
    }

    /// The metadata key that carries the token.
    ///
    /// # Panics
    ///
    /// If the name is not a metadata key in lower case, if it is one of gRPC's or HTTP's own, or one for
    /// bytes (`-bin`). In a constant, and so in the attribute, that is a compiler error.
    #[must_use]
    pub const fn header(mut self, name: &'static str) -> Self {
        assert!(
            key::is_legal(name),
            "[I0409] `header` must be a metadata key in lower case, such as `x-api-key`"
        );
        assert!(
            key::is_free(name),
            "[I0409] `header` must be a metadata key for text that is not reserved for gRPC itself"
        );
        self.header = Some(name);
        self
    }

    /// Whether the token may be sent where anybody on the way can read it: on loopback, or where
    /// something else encrypts.
    #[must_use]
    pub const fn allow_plaintext(mut self, allow: bool) -> Self {
        self.allow_plaintext = allow;
        self
    }

    /// The metadata key, if it is not the default.
    #[doc(hidden)]
    #[must_use]
    pub const fn own_header(&self) -> Option<&'static str> {
        self.header
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn settings(&self) -> [Setting; 3] {
        let header = match self.header {
            Some(name) => name,
            None => AUTHORIZATION,
        };
        let plaintext = match self.allow_plaintext {
            true => Value::Text("true"),
            false => Value::Unset,
        };
        [
            Setting::new("scheme", Value::Text(self.scheme)),
            Setting::new("header", Value::Text(header)),
            Setting::new("allow_plaintext", plaintext),
        ]
    }

    fn insert(&self, call: &mut CallDetails, token: &str) -> Result<(), Status> {
        // Exactly sized, so that it is not copied again.
        let value = match self.scheme {
            "" => token.to_owned(),
            scheme => [scheme, token].join(" "),
        };
        // The message never contains the token.
        let not_ascii = || {
            let key = self.header.unwrap_or(AUTHORIZATION);
            Status::internal(format!(
                "the token for metadata `{key}` is not visible ASCII"
            ))
        };
        if !key::is_text(value.as_bytes()) {
            return Err(not_ascii());
        }
        let mut value = HeaderValue::try_from(value).map_err(|_| not_ascii())?;
        value.set_sensitive(true);
        let headers = call.metadata_mut().as_mut();
        match self.header {
            Some(name) => headers.insert(name, value),
            None => headers.insert(header::AUTHORIZATION, value),
        };
        Ok(())
    }
}

impl Default for Credentials {
    fn default() -> Self {
        Self::new()
    }
}

/// Sends a token with each call of a client: the interceptor behind `auth` on clients.
///
/// The attribute makes it from the settings of `auth`. Make one yourself to keep it in a field for `with(self.auth)`, or to test a [`TokenSource`]
/// together with other interceptors.
///
/// ```
/// # #[cfg(feature = "test-util")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use interceptors::auth::{SendToken, TokenSource};
/// use interceptors::test_util::{Answer, CallBuilder, Scripted, before};
/// use interceptors::{CallDetails, Next};
/// use tonic::{Request, Status};
///
/// struct Fixed;
///
/// impl TokenSource for Fixed {
///     async fn token(&self, _: &CallDetails) -> Result<String, Status> {
///         Ok("secret".to_owned())
///     }
/// }
///
/// let auth = SendToken::new(Fixed);
/// let mut server = Scripted::new([Answer::from(Ok("hello"))]);
/// let mut call = CallBuilder::client().call(Request::new("who is there?"));
/// before(&auth, &mut server).run(&mut call).await.unwrap();
/// let sent = server.requests()[0].metadata().get("authorization");
/// assert_eq!(sent.expect("a token"), "Bearer secret");
/// # }
/// # #[cfg(not(feature = "test-util"))]
/// # fn main() {}
/// ```
#[derive(Debug, Clone)]
pub struct SendToken<T> {
    credentials: Credentials,
    tokens: T,
}

impl<T: TokenSource> SendToken<T> {
    /// Sends the source's token as `authorization: Bearer <token>`.
    pub const fn new(tokens: T) -> Self {
        Self {
            credentials: Credentials::new(),
            tokens,
        }
    }

    /// The scheme in front of the token; `Bearer` unless set. With an empty one the value is the token alone.
    ///
    /// # Panics
    ///
    /// If it is not visible ASCII.
    #[must_use]
    pub fn scheme(mut self, scheme: &'static str) -> Self {
        self.credentials = self.credentials.scheme(scheme);
        self
    }

    /// The metadata key that carries the token; `authorization` unless set.
    ///
    /// # Panics
    ///
    /// If the name is not a metadata key in lower case, if it is one of gRPC's or HTTP's own, or one for bytes (`-bin`).
    #[must_use]
    pub fn header(mut self, name: &'static str) -> Self {
        self.credentials = self.credentials.header(name);
        self
    }

    /// Whether the token may be sent where anybody on the way can read it: on loopback, or where something else encrypts.
    /// `false` unless set.
    #[must_use]
    pub fn allow_plaintext(mut self, allow: bool) -> Self {
        self.credentials = self.credentials.allow_plaintext(allow);
        self
    }
}

impl<T: TokenSource, Req: Send, Res: Send> Interceptor<Req, Res> for SendToken<T> {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let sending = Sending::new(&self.credentials, &self.tokens);
        sending.intercept(call, next).await
    }
}

/// The interceptor that the attribute makes from constant settings and a borrowed source.
#[doc(hidden)]
#[derive(Debug)]
pub struct Sending<'a, T: ?Sized> {
    config: &'a Credentials,
    tokens: &'a T,
}

impl<'a, T: TokenSource + ?Sized> Sending<'a, T> {
    /// Takes tokens from this source.
    pub const fn new(config: &'a Credentials, tokens: &'a T) -> Self {
        Self { config, tokens }
    }
}

impl<T, Req, Res> Interceptor<Req, Res> for Sending<'_, T>
where
    T: TokenSource + ?Sized,
    Req: Send,
    Res: Send,
{
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        if !self.config.allow_plaintext && call.is_plaintext() == Some(true) {
            return Err(Status::unauthenticated(
                "the channel is not encrypted, so no token is sent over it; use TLS, or allow it with `auth(allow_plaintext = true)`",
            ));
        }
        let token = self.tokens.token(call).await?;
        let may_refresh = self.tokens.may_refresh();
        let copy = match may_refresh {
            true => call.keep(DEFAULT_BUFFER_SIZE),
            false => None,
        };
        self.config.insert(call, &token)?;
        let result = next.run(call).await;
        let is_rejected = matches!(&result, Err(status) if status.code() == Code::Unauthenticated && !is_unsent(call, status));
        // Later calls need another token even if this call cannot be retried.
        if !is_rejected || !may_refresh || !self.tokens.rejected(&token) || call.is_answered() {
            return result;
        }
        let Some(copy) = copy.and_then(|copy| call.taken_over(kept_in_frame(next), copy)) else {
            return result;
        };
        call.resume(copy);
        let token = self.tokens.token(call).await?;
        self.config.insert(call, &token)?;
        next.run(call).await
    }
}

/// The plan entry of `auth` on a client.
#[doc(hidden)]
#[derive(Debug)]
pub struct Entry;

impl crate::Entry for Entry {
    const NAME: &'static str = "auth";
    const SIDES: Sides = Sides::CLIENT;
    const RULES: &'static [Rule] = &[
        Rule::after("retry", "each attempt repeats the token of the first").rank(3),
        Rule::after("hedge", "each attempt repeats the token of the first").rank(4),
    ];
}

#[cfg(test)]
mod tests {
    use super::Credentials;

    #[test]
    #[should_panic(expected = "`scheme` must be visible ASCII")]
    fn invalid_scheme_is_rejected() {
        let _ = Credentials::new().scheme("Bea\nrer");
    }

    #[test]
    #[should_panic(expected = "not reserved for gRPC itself")]
    fn reserved_header_is_rejected() {
        let _ = Credentials::new().header("grpc-timeout");
    }
}
