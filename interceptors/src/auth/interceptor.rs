use std::marker::PhantomData;

use http::header::{AUTHORIZATION, Entry};
use http::{HeaderMap, HeaderName, HeaderValue};
use tonic::{Response, Status};

use super::Verifier;
use super::by::{Mount, Of};
use super::expiry;
use crate::core::plan::{Setting, Value};
use crate::kit::identity::Identifies;
use crate::kit::key;
use crate::{Call, CallDetails, Interceptor, Next};

const BEARER: &str = "Bearer";

/// The settings of `auth` on a service, made by the attribute: where the token is.
///
/// # Default
///
/// - header: `authorization`
/// - scheme: `Bearer`
/// - outlive_token: `false`
#[doc(hidden)]
#[derive(Debug, Clone)]
pub struct Credentials {
    /// `None` is `authorization`, for which a lookup by constant is faster.
    header: Option<&'static str>,
    /// `None` is `Bearer`, for which a comparison with a constant is faster.
    scheme: Option<&'static str>,
    outlive_token: bool,
}

impl Credentials {
    /// The default: `authorization: Bearer <token>`.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            header: None,
            scheme: None,
            outlive_token: false,
        }
    }

    /// The scheme in front of the token, compared without regard to case (RFC 9110, 11.1). With
    /// an empty scheme the whole value is the token, as in `x-api-key: <token>`.
    #[must_use]
    pub const fn scheme(mut self, scheme: &'static str) -> Self {
        self.scheme = Some(scheme);
        self
    }

    /// The metadata key that carries the credentials.
    ///
    /// # Panics
    ///
    /// If the name is not a metadata key in lower case. In a constant, and so in the attribute, that is a compiler error.
    #[must_use]
    pub const fn header(mut self, name: &'static str) -> Self {
        assert!(
            key::is_legal(name),
            "[I0409] `header` must be a metadata key in lower case, such as `x-api-key`"
        );
        self.header = Some(name);
        self
    }

    /// Whether streams continue after their token has expired; see [the module documentation](super#streams-end-with-their-token).
    ///
    /// In the attribute it is an error if all covered methods are unary, because unary calls never end early.
    #[must_use]
    pub const fn outlive_token(mut self, outlive_token: bool) -> Self {
        self.outlive_token = outlive_token;
        self
    }

    /// The metadata key, if it is not the default.
    #[doc(hidden)]
    #[must_use]
    pub const fn own_header(&self) -> Option<&'static str> {
        self.header
    }

    /// Whether `outlive_token` is on.
    #[doc(hidden)]
    #[must_use]
    pub const fn lets_streams_go_on(&self) -> bool {
        self.outlive_token
    }

    /// The HTTP challenge for these credentials (RFC 9110, 11.6.1), if there is a scheme to name.
    #[doc(hidden)]
    #[must_use]
    pub const fn challenge(&self) -> Option<&'static str> {
        match (self.header, self.scheme) {
            (None, None) => Some(BEARER),
            (None, Some(scheme)) if !scheme.is_empty() => Some(scheme),
            _ => None,
        }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn settings(&self) -> [Setting; 3] {
        let header = match self.header {
            Some(name) => name,
            None => "authorization",
        };
        let scheme = match self.scheme {
            Some(scheme) => scheme,
            None => BEARER,
        };
        let outlive_token = if self.outlive_token { "true" } else { "false" };
        [
            Setting::new("scheme", Value::Text(scheme)),
            Setting::new("header", Value::Text(header)),
            Setting::new("outlive_token", Value::Text(outlive_token)),
        ]
    }

    /// Marks the credentials as sensitive. Returns whether there is exactly one value.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn hide(&self, call: &mut CallDetails) -> bool {
        let headers = call.metadata_mut().as_mut();
        // True if every key has one value.
        let is_single = headers.len() == headers.keys_len();
        let first = match self.header {
            Some(name) => headers.get_mut(name),
            None => values_of_authorization(headers.iter_mut()).next(),
        };
        let Some(first) = first else {
            return false;
        };
        first.set_sensitive(true);
        is_single || self.hide_all(headers) == 1
    }

    /// Looks the credentials up again. A copy made while they are hidden would take longer: it makes the received bytes
    /// shared, which allocates.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn credentials<'a>(&self, call: &'a CallDetails) -> Option<&'a HeaderValue> {
        let headers = call.metadata().as_ref();
        match self.header {
            Some(name) => headers.get(name),
            None => values_of_authorization(headers).next(),
        }
    }

    /// The token of a call with a single value of credentials.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn token_of<'a>(&self, call: &'a CallDetails, is_single: bool) -> Option<&'a str> {
        let credentials = is_single.then(|| self.credentials(call)).flatten()?;
        self.token(credentials)
    }

    /// Marks all values as sensitive, and returns their number.
    #[cold]
    fn hide_all(&self, headers: &mut HeaderMap) -> usize {
        let entry = match self.header {
            Some(name) => headers.entry(name),
            None => headers.entry(AUTHORIZATION),
        };
        let Entry::Occupied(mut values) = entry else {
            return 0;
        };
        let hide = |value: &mut HeaderValue| value.set_sensitive(true);
        values.iter_mut().map(hide).count()
    }

    /// The token, unless the credentials are malformed.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn token<'a>(&self, credentials: &'a HeaderValue) -> Option<&'a str> {
        let value = credentials.to_str().ok()?;
        let token = match self.scheme {
            None => after_scheme(value, BEARER)?,
            // If blanks were trimmed here, one token would have many spellings.
            Some("") if has_blank(value) => return None,
            Some("") => value,
            Some(scheme) => after_scheme(value, scheme)?,
        };
        // Most tokens have no blanks around them.
        let token = match has_blank(token) {
            false => token,
            true => trim_spaces(token)?,
        };
        (!token.is_empty()).then_some(token)
    }
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn after_scheme<'a>(value: &'a str, scheme: &str) -> Option<&'a str> {
    let (given, rest) = value.split_at_checked(scheme.len())?;
    if given != scheme && !given.eq_ignore_ascii_case(scheme) {
        return None;
    }
    rest.strip_prefix(' ')
}

/// Clients send it among the first headers. A scan takes less time than two hashes of the name.
#[cfg_attr(not(debug_assertions), inline(always))]
fn values_of_authorization<'a, V>(
    headers: impl IntoIterator<Item = (&'a HeaderName, V)>,
) -> impl Iterator<Item = V> {
    let named = headers.into_iter();
    named.filter_map(|(name, value)| (*name == AUTHORIZATION).then_some(value))
}

/// The token without the spaces around it.
#[cold]
fn trim_spaces(token: &str) -> Option<&str> {
    let token = token.trim_matches(' ');
    (!has_blank(token)).then_some(token)
}

/// Checks every byte, which is faster than stopping at the first match.
#[cfg_attr(not(debug_assertions), inline(always))]
fn has_blank(text: &str) -> bool {
    text.bytes().fold(false, |found, b| found | (b <= b' '))
}

impl Default for Credentials {
    fn default() -> Self {
        Self::new()
    }
}

/// Verifies the token of each call of a service: the interceptor behind `auth` on services.
///
/// The attribute makes it from the settings of `auth`. Make one yourself to keep it in a field for `with(self.auth)`, or to test a [`Verifier`]
/// together with other interceptors.
///
/// With `with(self.auth)`, the attribute does not know which header is read. If it is not `authorization`, mark the header as sensitive before other
/// interceptors log it. `auth(header = …)` does that for you.
///
/// ```
/// # #[cfg(feature = "test-util")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use interceptors::auth::{Verifier, VerifyToken};
/// use interceptors::test_util::{Answer, CallBuilder, Scripted, before};
/// use interceptors::{CallDetails, Next};
/// use tonic::{Code, Request, Status};
///
/// struct Keys;
///
/// impl Verifier for Keys {
///     type Identity = u64;
///
///     async fn verify(&self, token: &str, _: &CallDetails) -> Result<u64, Status> {
///         token.parse().map_err(|_| Status::unauthenticated("no such key"))
///     }
/// }
///
/// let auth = VerifyToken::new(Keys).header("x-api-key").scheme("");
/// let mut handler = Scripted::new([Answer::from(Ok("hello"))]);
/// let mut call = CallBuilder::server().call(Request::new("no key"));
/// let rejected = before(&auth, &mut handler).run(&mut call).await;
/// assert_eq!(rejected.unwrap_err().code(), Code::Unauthenticated);
/// # }
/// # #[cfg(not(feature = "test-util"))]
/// # fn main() {}
/// ```
#[derive(Debug, Clone)]
pub struct VerifyToken<V> {
    credentials: Credentials,
    verifier: V,
}

impl<V: Verifier> VerifyToken<V> {
    /// Verifies the token of `authorization: Bearer <token>` with this verifier.
    pub const fn new(verifier: V) -> Self {
        Self {
            credentials: Credentials::new(),
            verifier,
        }
    }

    /// The scheme in front of the token, compared without regard to case (RFC 9110, 11.1); `Bearer` unless set. With an empty
    /// scheme the whole value is the token, as in `x-api-key: <token>`.
    #[must_use]
    pub fn scheme(mut self, scheme: &'static str) -> Self {
        self.credentials = self.credentials.scheme(scheme);
        self
    }

    /// The metadata key that carries the credentials; `authorization` unless set.
    ///
    /// # Panics
    ///
    /// If the name is not a metadata key in lower case.
    #[must_use]
    pub fn header(mut self, name: &'static str) -> Self {
        self.credentials = self.credentials.header(name);
        self
    }

    /// Whether streams continue after their token has expired; `false` unless set. See
    /// [the module documentation](super#streams-end-with-their-token).
    #[must_use]
    pub fn outlive_token(mut self, outlive_token: bool) -> Self {
        self.credentials = self.credentials.outlive_token(outlive_token);
        self
    }
}

impl<V: Verifier, Req: Send, Res: Send> Interceptor<Req, Res> for VerifyToken<V> {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let verifying = Verifying::new(&self.credentials, &self.verifier);
        verifying.intercept(call, next).await
    }
}

/// The interceptor that the attribute makes from constant settings and a borrowed verifier.
#[doc(hidden)]
#[derive(Debug)]
pub struct Verifying<'a, V: ?Sized, M = ()> {
    config: &'a Credentials,
    verifier: &'a V,
    mount: PhantomData<fn() -> M>,
}

impl<'a, V: Verifier + ?Sized> Verifying<'a, V> {
    /// Verifies tokens with this verifier.
    pub const fn new(config: &'a Credentials, verifier: &'a V) -> Self {
        Self {
            config,
            verifier,
            mount: PhantomData,
        }
    }

    /// The same for the mount `C`, on which services rely.
    #[doc(hidden)]
    pub const fn of<C: 'static>(
        config: &'a Credentials,
        verifier: &'a V,
    ) -> Verifying<'a, V, Of<C>> {
        Verifying {
            config,
            verifier,
            mount: PhantomData,
        }
    }
}

impl<V: Verifier + ?Sized, M: Mount> Identifies for Verifying<'_, V, M> {
    type Identity = V::Identity;
}

impl<V, M, Req, Res> Interceptor<Req, Res> for Verifying<'_, V, M>
where
    V: Verifier + ?Sized,
    M: Mount,
    Req: Send,
    Res: Send,
{
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let is_single = self.config.hide(call);
        let verified = {
            let call = call.details();
            let token = self.config.token_of(call, is_single);
            // A call without streams ends with its response, so the expiry of its token does not matter.
            match (
                token,
                self.config.outlive_token || !call.plan().may_stream(),
            ) {
                (Some(token), true) => match self.verifier.verify(token, call).await {
                    Ok(identity) => Ok((identity, None)),
                    Err(status) => Err(status),
                },
                (Some(token), false) => self.verifier.verify_until(token, call, true).await,
                (None, _) => Err(refused()),
            }
        };
        let (identity, expires_at) = verified?;
        M::store(call.extensions_mut(), identity);
        let until = match expires_at {
            Some(expires_at) => expiry::begin(call, expires_at)?,
            None => None,
        };
        // Each arm returns by itself, so that the response is moved only once.
        match next.run(call).await {
            Err(status) => Err(status),
            answer => {
                if let Some(until) = until {
                    expiry::end_responses(call.parts().layers, until);
                }
                answer
            }
        }
    }
}

/// A rejection without a reason: details would help somebody who guesses tokens.
pub(super) fn refused() -> Status {
    Status::unauthenticated("the request does not carry valid authentication credentials")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::abilities::Abilities;
    use crate::core::plan::{MethodPlan, Name};
    use crate::{Kind, Side};
    use tonic::Request;
    use tonic::metadata::MetadataValue;

    static PLAN: MethodPlan = MethodPlan::new(
        Name {
            service: "s",
            method: "M",
            path: "/s/M",
            derived: false,
            exact: true,
        },
        Kind::Unary,
        Side::Server,
        &[],
    );

    fn call(values: &[&[u8]]) -> Call<()> {
        let mut head = Request::new(());
        for value in values {
            let value = MetadataValue::try_from(*value).unwrap();
            head.metadata_mut().append("authorization", value);
        }
        Call::received::<()>(&PLAN, || Abilities::new(None, None), head, ())
    }

    fn token(config: &Credentials, values: &[&[u8]]) -> Option<String> {
        let mut call = call(values);
        let is_single = config.hide(&mut call);
        let credentials = config.credentials(&call).filter(|_| is_single)?;
        config.token(credentials).map(str::to_owned)
    }

    #[test]
    fn only_a_single_well_formed_value_is_a_token() {
        for (values, expected) in [
            (&[b"Bearer abc".as_slice()] as &[&[u8]], Some("abc")),
            (&[b"bearer abc"], Some("abc")),
            (&[b"BEARER   abc"], Some("abc")),
            (&[b"Bearer abc "], Some("abc")),
            (&[], None),
            (&[b""], None),
            (&[b"Bearer"], None),
            (&[b"Bearer "], None),
            (&[b"Bearerabc"], None),
            (&[b"Basic abc"], None),
            (&[b"abc"], None),
            (&[b"Bearer a b"], None),
            (&[b"Bearer a\tb"], None),
            (&["Bearer ä".as_bytes()], None),
            (&[b"Bearer abc", b"Bearer abc"], None),
        ] {
            assert_eq!(
                token(&Credentials::new(), values).as_deref(),
                expected,
                "{values:?}"
            );
        }
    }

    #[test]
    fn an_empty_scheme_takes_the_whole_value() {
        let config = Credentials::new().scheme("");
        assert_eq!(token(&config, &[b"abc"]).as_deref(), Some("abc"));
        assert_eq!(token(&config, &[b"abc def"]), None);
    }

    #[test]
    fn debug_output_hides_the_credentials() {
        for values in [
            &[b"Bearer abc".as_slice()] as &[&[u8]],
            &[b"abc", b"Bearer abc"],
        ] {
            let mut call = call(values);
            Credentials::new().hide(&mut call);
            assert!(!format!("{:?}", call.metadata()).contains("abc"));
        }
    }
}
