use std::error::Error;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, LOCATION};
use http::uri::{PathAndQuery, Scheme};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use tonic::body::Body;
use tower_service::Service;

use super::error::{FetchError, Kind};
use super::http::check;

pub(super) type BoxError = Box<dyn Error + Send + Sync>;

type Sending = Pin<Box<dyn Future<Output = Result<Response<Body>, BoxError>> + Send>>;

/// Sends requests.
pub(super) trait Exchange: Send + Sync {
    fn send(&self, request: Request<Body>) -> Sending;
}

/// Adapts a tower service.
pub(super) struct TowerExchange<S>(pub(super) S);

impl<S, B> Exchange for TowerExchange<S>
where
    S: Service<Request<Body>, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    fn send(&self, request: Request<Body>) -> Sending {
        let mut service = self.0.clone();
        Box::pin(async move {
            poll_fn(|cx| service.poll_ready(cx))
                .await
                .map_err(Into::into)?;
            let response = service.call(request).await.map_err(Into::into)?;
            Ok(response.map(Body::new))
        })
    }
}

/// The largest response that is read. It is twenty times the size of a set of a hundred RSA keys.
const MAX_ANSWER: usize = 1024 * 1024;

const MAX_REDIRECTS: usize = 3;

/// A built [`HttpClient`](super::HttpClient).
pub(in crate::auth) struct Http {
    pub(super) exchange: Arc<dyn Exchange>,
    pub(super) insecure: Vec<String>,
    pub(super) timeout: Duration,
}

/// A request.
#[derive(Clone)]
pub(in crate::auth) struct Outgoing {
    pub(in crate::auth) method: Method,
    pub(in crate::auth) url: Uri,
    pub(in crate::auth) headers: HeaderMap,
    pub(in crate::auth) body: Bytes,
}

impl Outgoing {
    pub(in crate::auth) fn get(url: Uri) -> Self {
        Self {
            method: Method::GET,
            url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    fn request(&self) -> Request<Body> {
        let mut request = Request::new(Body::new(Full::new(self.body.clone())));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.url.clone();
        *request.headers_mut() = self.headers.clone();
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        request
    }

    /// The target of a redirect. `None` if the response is no redirect.
    fn redirected(&self, answer: &Response<Body>) -> Result<Option<Uri>, FetchError> {
        let keeps_body = match answer.status() {
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => true,
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND | StatusCode::SEE_OTHER => false,
            _ => return Ok(None),
        };
        let refused = |why: &str| {
            let url = &self.url;
            Err(FetchError::new(
                Kind::Url,
                format!("{url} redirects {why}, which is not allowed"),
            ))
        };
        if !keeps_body && self.method != Method::GET {
            return refused("with a status by which the request would lose its body");
        }
        let location = answer.headers().get(LOCATION);
        let location = location.and_then(|it| it.to_str().ok());
        match location.and_then(|it| resolve(&self.url, it)) {
            None => refused("to something that is not a URL"),
            Some(target) if !is_same_origin(&self.url, &target) => {
                refused("to another scheme, host or port")
            }
            Some(target) => Ok(Some(target)),
        }
    }
}

/// A response that was read to its end.
pub(in crate::auth) struct Answer {
    pub(in crate::auth) url: Uri,
    pub(in crate::auth) headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    /// Parses the response. The error does not quote it, because it may be about a caller.
    pub(in crate::auth) fn json<T: DeserializeOwned>(&self) -> Result<T, FetchError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let (url, line, column) = (&self.url, error.line(), error.column());
            FetchError::malformed(format!(
                "the answer of {url} is not the JSON that is expected there (line {line}, column {column})"
            ))
        })
    }
}

impl Http {
    /// The limit on the time of a fetch.
    pub(in crate::auth) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Parses a URL and checks that it is allowed. The error says why it is not.
    pub(in crate::auth) fn url(&self, url: &str) -> Result<Uri, String> {
        let parsed: Uri = url
            .parse()
            .map_err(|error| format!("`{url}` is no URL: {error}"))?;
        check(&parsed, &self.insecure)?;
        Ok(parsed)
    }

    /// Runs a whole fetch, of one or several requests, with the timeout.
    pub(in crate::auth) async fn with_timeout<T>(
        &self,
        what: &Uri,
        fetch: impl Future<Output = Result<T, FetchError>>,
    ) -> Result<T, FetchError> {
        let time = self.timeout;
        match timeout(time, fetch).await {
            Ok(fetched) => fetched,
            Err(_) => Err(FetchError::new(
                Kind::Timeout,
                format!("{what} has not answered within {time:?}"),
            )),
        }
    }

    /// The response, if it is a success. Called [with the timeout](Self::with_timeout).
    pub(in crate::auth) async fn send(&self, mut request: Outgoing) -> Result<Answer, FetchError> {
        for _ in 0..=MAX_REDIRECTS {
            let answer = self.exchange.send(request.request()).await;
            let answer = answer.map_err(|error| failed(&request.url, &*error))?;
            match request.redirected(&answer)? {
                Some(target) => request.url = target,
                None => return read(request.url, answer).await,
            }
        }
        let url = &request.url;
        Err(FetchError::new(
            Kind::Url,
            format!("{url} redirects once more, after {MAX_REDIRECTS} times"),
        ))
    }
}

fn failed(url: &Uri, error: &(dyn Error + Send + Sync + 'static)) -> FetchError {
    FetchError::connection(&url.to_string(), error)
}

async fn read(url: Uri, answer: Response<Body>) -> Result<Answer, FetchError> {
    let (head, body) = answer.into_parts();
    if head.status != StatusCode::OK {
        let status = head.status;
        return Err(FetchError::new(
            Kind::Status(status),
            format!("{url} answers {status}"),
        ));
    }
    let body = match Limited::new(body, MAX_ANSWER).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return Err(FetchError::new(
                Kind::TooLarge,
                format!("the answer of {url} has more than {MAX_ANSWER} bytes"),
            ));
        }
        Err(error) => return Err(failed(&url, &*error)),
    };
    Ok(Answer {
        url,
        headers: head.headers,
        body,
    })
}

/// Resolves an absolute URL, or a path on the same host. Issuers do not use other forms of references.
fn resolve(base: &Uri, location: &str) -> Option<Uri> {
    if !location.starts_with('/') {
        return location.parse().ok();
    }
    let mut parts = base.clone().into_parts();
    if location.starts_with("//") {
        return format!("{}:{location}", base.scheme_str()?).parse().ok();
    }
    let path: PathAndQuery = location.parse().ok()?;
    parts.path_and_query = Some(path);
    Uri::from_parts(parts).ok()
}

fn is_same_origin(one: &Uri, other: &Uri) -> bool {
    let port = |url: &Uri| {
        let default = match url.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => 443,
            _ => 80,
        };
        url.port_u16().unwrap_or(default)
    };
    let has_user = |url: &Uri| url.authority().is_some_and(|it| it.as_str().contains('@'));
    let hosts = (one.host(), other.host());
    one.scheme() == other.scheme()
        && matches!(hosts, (Some(one), Some(other)) if one.eq_ignore_ascii_case(other))
        && port(one) == port(other)
        && !has_user(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_stay_at_the_origin() {
        let base: Uri = "https://id.example.com/a/b?c".parse().unwrap();
        for (location, target) in [
            ("/jwks?x", Some("https://id.example.com/jwks?x")),
            (
                "https://ID.example.com:443/jwks",
                Some("https://ID.example.com:443/jwks"),
            ),
            ("//id.example.com/jwks", Some("https://id.example.com/jwks")),
            ("//evil.example.com/jwks", None),
            ("http://id.example.com/jwks", None),
            ("https://id.example.com:8443/jwks", None),
            ("https://id.example.com@evil.example.com/jwks", None),
            ("https://user@id.example.com/jwks", None),
            ("https://id.example.com.evil.com/", None),
            ("jwks", None),
            ("", None),
            ("file:///etc/passwd", None),
        ] {
            let resolved = resolve(&base, location).filter(|it| is_same_origin(&base, it));
            let resolved = resolved.map(|it| it.to_string());
            assert_eq!(resolved.as_deref(), target, "{location}");
        }
    }
}
