use std::fmt;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Uri};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tonic::body::Body;
use tower_service::Service;

use super::exchange::{BoxError, Exchange, Http, TowerExchange};

/// How requests are sent to issuers: trusted certificates, timeouts, and allowed URLs.
///
/// ```
/// use std::time::Duration;
///
/// use interceptors::auth::HttpClient;
///
/// # fn client(ca_of_our_own: &str) -> HttpClient {
/// let http = HttpClient::new()
///     .root_certificates(ca_of_our_own)
///     .timeout(Duration::from_secs(5));
/// # http
/// # }
/// ```
///
/// # What is rejected
///
/// - `http` instead of `https`, unless the host is [allowed by name](Self::allow_insecure_http). Otherwise an attacker on the network could replace
///   the keys.
/// - Redirects to another scheme, host or port. Up to 3 redirects to the same origin are followed. For a request with a body, only redirects that
///   keep the body (307, 308) are followed.
/// - Responses of more than 1 MiB. The rest is not read.
/// - URLs with a user or a password in them.
///
/// The only environment variables that are read are those for the system's certificates (`SSL_CERT_FILE`, `SSL_CERT_DIR`). For a proxy, a client
/// certificate or HTTP/2, use [your own client](Self::over).
///
/// # Cryptography
///
/// TLS uses the `CryptoProvider` of rustls that the process has installed, or `ring` if there is none.
#[derive(Clone)]
#[must_use = "it does nothing until a verifier has it"]
pub struct HttpClient {
    roots: Vec<Bytes>,
    insecure: Vec<String>,
    connect_timeout: Duration,
    timeout: Duration,
    over: Option<Arc<dyn Exchange>>,
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(10);

/// When an idle connection is closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

impl HttpClient {
    /// The default: trusts the system's certificates, with 5 seconds for a connection and 10 seconds for a whole request.
    pub fn new() -> Self {
        Self {
            roots: Vec::new(),
            insecure: Vec::new(),
            connect_timeout: CONNECT_TIMEOUT,
            timeout: TIMEOUT,
            over: None,
        }
    }

    /// Sends requests with your own client: a tower service, such as the client of `hyper-util`. `root_certificates` and `connect_timeout` do not
    /// apply to it. The rules for URLs, the maximum size of responses and the total timeout still apply. The service must not follow redirects
    /// itself, because `HttpClient` does so.
    ///
    /// ```
    /// use hyper_util::client::legacy::Client;
    /// use hyper_util::rt::TokioExecutor;
    /// use interceptors::auth::HttpClient;
    ///
    /// // With a connector for the proxy in front.
    /// let own = Client::builder(TokioExecutor::new()).build_http::<tonic::body::Body>();
    /// let http = HttpClient::over(own);
    /// ```
    pub fn over<S, B>(service: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<B>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self {
            over: Some(Arc::new(TowerExchange(service))),
            ..Self::new()
        }
    }

    /// Trusts these CA certificates too, in PEM. If one cannot be read, building the verifier returns an error.
    pub fn root_certificates(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.roots.push(Bytes::copy_from_slice(pem.as_ref()));
        self
    }

    /// Allows `http` for this host, such as `localhost` or a sidecar. Anyone who can answer in place of that host decides which tokens are valid.
    /// Case and port do not matter.
    pub fn allow_insecure_http(mut self, host: impl Into<String>) -> Self {
        self.insecure.push(host.into());
        self
    }

    /// The time limit for connecting, without the TLS handshake. Default: 5 seconds.
    pub fn connect_timeout(mut self, time: Duration) -> Self {
        self.connect_timeout = time;
        self
    }

    /// The time limit for a whole request, from the connection to the last byte, including redirects and both documents of a discovery. Default: 10
    /// seconds.
    pub fn timeout(mut self, time: Duration) -> Self {
        self.timeout = time;
        self
    }

    /// Builds the client. The error says what is wrong with the settings.
    pub(in crate::auth) fn build(self, max_idle: usize) -> Result<Http, String> {
        let exchange = match self.over {
            Some(over) => over,
            None => Arc::new(TowerExchange(client(
                &self.roots,
                self.connect_timeout,
                max_idle,
            )?)),
        };
        Ok(Http {
            exchange,
            insecure: self.insecure,
            timeout: self.timeout,
        })
    }
}

type Connector = hyper_rustls::HttpsConnector<HttpConnector>;

fn client(
    roots: &[Bytes],
    connect_timeout: Duration,
    max_idle: usize,
) -> Result<Client<Connector, Body>, String> {
    // Not the default builder: it panics if the process has several providers and has chosen none.
    let provider = match CryptoProvider::get_default() {
        Some(installed) => Arc::clone(installed),
        None => Arc::new(ring::default_provider()),
    };
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}"))?
        .with_root_certificates(root_store(roots)?)
        .with_no_client_auth();
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(connect_timeout));
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        // URLs without TLS were checked before.
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp);
    Ok(Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(max_idle)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_timer(TokioTimer::new())
        .build(connector))
}

/// These certificates and those of the system that can be read. The system's are read once.
fn root_store(roots: &[Bytes]) -> Result<RootCertStore, String> {
    static SYSTEM: LazyLock<RootCertStore> = LazyLock::new(|| {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        store
    });
    let mut store = SYSTEM.clone();
    for pem in roots {
        let mut found = 0;
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate =
                certificate.map_err(|error| format!("a root certificate is no PEM: {error}"))?;
            store
                .add(certificate)
                .map_err(|error| format!("a root certificate cannot be used: {error}"))?;
            found += 1;
        }
        if found == 0 {
            return Err("there is no root certificate in the PEM".to_owned());
        }
    }
    if store.is_empty() {
        tracing::warn!(
            "there are no root certificates on this system, so no issuer can be trusted"
        );
    }
    Ok(store)
}

/// Checks whether a URL is allowed. The error says why it is not.
pub(super) fn check(url: &Uri, insecure: &[String]) -> Result<(), String> {
    let host = url.host().unwrap_or_default();
    if host.is_empty() {
        return Err(format!("`{url}` is no absolute URL"));
    }
    // The message does not contain the URL, because it has a secret.
    if url.authority().is_some_and(|it| it.as_str().contains('@')) {
        return Err(format!("the URL of `{host}` has a user in it"));
    }
    match url.scheme_str() {
        Some("https") => Ok(()),
        Some("http") if insecure.iter().any(|it| it.eq_ignore_ascii_case(host)) => Ok(()),
        Some("http") => Err(format!(
            "`{url}` is not encrypted; use https, or allow it with `allow_insecure_http(\"{host}\")`"
        )),
        _ => Err(format!("`{url}` is neither https nor http")),
    }
}

impl Default for HttpClient {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient")
            .field("roots", &self.roots.len())
            .field("insecure", &self.insecure)
            .field("connect_timeout", &self.connect_timeout)
            .field("timeout", &self.timeout)
            .field("own", &self.over.is_some())
            .finish()
    }
}
