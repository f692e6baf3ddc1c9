use http::header::{AUTHORIZATION, Entry};
use tonic::{Response, Status};

use super::{Identity, Verifier};
use crate::plan::{Setting, Value};
use crate::{Call, CallDetails, Interceptor, Next, key};

const BEARER: &str = "Bearer";

/// Where the token stands.
///
/// # Default
///
/// - header: `authorization`
/// - scheme: `Bearer`
#[derive(Debug, Clone)]
pub struct Config {
    /// `None` is `authorization`, which is found faster by its constant.
    header: Option<&'static str>,
    /// `None` is `Bearer`, which is compared faster with its constant.
    scheme: Option<&'static str>,
}

impl Config {
    /// The default: `authorization: Bearer <token>`.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            header: None,
            scheme: None,
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
    /// If the name is not a metadata key in lower case. In a constant, as the attribute uses it,
    /// that is an error of the compiler.
    #[must_use]
    pub const fn header(mut self, name: &'static str) -> Self {
        assert!(
            key::is_legal(name),
            "`header` must be a metadata key in lower case"
        );
        self.header = Some(name);
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn settings(&self) -> [Setting; 2] {
        let header = match self.header {
            Some(name) => name,
            None => "authorization",
        };
        let scheme = match self.scheme {
            Some(scheme) => scheme,
            None => BEARER,
        };
        [
            Setting::new("scheme", Value::Text(scheme)),
            Setting::new("header", Value::Text(header)),
        ]
    }

    /// The token, unless the credentials are missing, malformed or there are several.
    #[inline(always)]
    fn token<'a>(&self, call: &'a CallDetails) -> Option<&'a str> {
        let headers = call.metadata().as_ref();
        let mut values = match self.header {
            Some(name) => headers.get_all(name).iter(),
            None => headers.get_all(AUTHORIZATION).iter(),
        };
        let (Some(value), None) = (values.next(), values.next()) else {
            return None;
        };
        let value = value.to_str().ok()?;
        let token = match self.scheme {
            None => after_scheme(value, BEARER)?,
            // Trimmed here it would be one token under many spellings.
            Some("") if has_blank(value) => return None,
            Some("") => value,
            Some(scheme) => after_scheme(value, scheme)?,
        };
        // Most tokens stand alone; only others are worth a second look.
        let token = match has_blank(token) {
            false => token,
            true => alone(token)?,
        };
        (!token.is_empty()).then_some(token)
    }

    #[inline(always)]
    fn hide_first(&self, call: &mut CallDetails) {
        let headers = call.metadata_mut().as_mut();
        let first = match self.header {
            Some(name) => headers.get_mut(name),
            None => headers.get_mut(AUTHORIZATION),
        };
        if let Some(value) = first {
            value.set_sensitive(true);
        }
    }

    /// All values, which takes longer than [`hide_first`](Self::hide_first).
    fn hide_credentials(&self, call: &mut CallDetails) {
        let headers = call.metadata_mut().as_mut();
        let entry = match self.header {
            Some(name) => headers.entry(name),
            None => headers.entry(AUTHORIZATION),
        };
        if let Entry::Occupied(mut values) = entry {
            values
                .iter_mut()
                .for_each(|value| value.set_sensitive(true));
        }
    }
}

#[inline(always)]
fn after_scheme<'a>(value: &'a str, scheme: &str) -> Option<&'a str> {
    let (given, rest) = value.split_at_checked(scheme.len())?;
    if given != scheme && !given.eq_ignore_ascii_case(scheme) {
        return None;
    }
    rest.strip_prefix(' ')
}

/// The token between spaces.
#[cold]
fn alone(token: &str) -> Option<&str> {
    let token = token.trim_matches(' ');
    (!has_blank(token)).then_some(token)
}

/// Looks at every byte, which is faster than to stop at the first.
#[inline(always)]
fn has_blank(text: &str) -> bool {
    text.bytes().fold(false, |found, b| found | (b <= b' '))
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

/// The interceptor behind `auth`. See the [module documentation](super).
#[derive(Debug)]
pub struct Auth<'a, V: ?Sized> {
    config: &'a Config,
    verifier: &'a V,
}

impl<'a, V: ?Sized> Auth<'a, V> {
    /// Asks this verifier.
    pub const fn new(config: &'a Config, verifier: &'a V) -> Self {
        Self { config, verifier }
    }
}

impl<V, Req, Res> Interceptor<Req, Res> for Auth<'_, V>
where
    V: Verifier + ?Sized,
    Req: Send,
    Res: Send,
{
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        self.config.hide_first(call);
        let verified = match self.config.token(call) {
            // There is one value, or there would be no token.
            Some(token) => self.verifier.verify(token, call).await,
            None => {
                self.config.hide_credentials(call);
                Err(Status::unauthenticated(
                    "the request does not carry valid authentication credentials",
                ))
            }
        };
        call.extensions_mut().insert(Identity(verified?));
        next.run(call).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::__private::Abilities;
    use crate::plan::{MethodPlan, Name};
    use crate::{Kind, Side};
    use tonic::Request;
    use tonic::metadata::MetadataValue;

    static PLAN: MethodPlan = MethodPlan::new(
        Name {
            service: "s",
            method: "M",
            path: "/s/M",
            derived: false,
        },
        Kind::Unary,
        Side::Server,
        &[],
    );

    fn call(values: &[&[u8]]) -> Call<()> {
        let mut request = Request::new(());
        for value in values {
            let value = MetadataValue::try_from(*value).unwrap();
            request.metadata_mut().append("authorization", value);
        }
        Call::new(&PLAN, Abilities::new(None, None), request)
    }

    #[test]
    fn only_one_well_formed_value_is_a_token() {
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
            assert_eq!(Config::new().token(&call(values)), expected, "{values:?}");
        }
    }

    #[test]
    fn an_empty_scheme_takes_the_whole_value() {
        let config = Config::new().scheme("");
        assert_eq!(config.token(&call(&[b"abc"])), Some("abc"));
        assert_eq!(config.token(&call(&[b"abc def"])), None);
    }

    #[test]
    fn debug_output_hides_the_credentials() {
        let mut call = call(&[b"Bearer abc"]);
        Config::new().hide_credentials(&mut call);
        assert!(!format!("{:?}", call.metadata()).contains("abc"));
    }
}
