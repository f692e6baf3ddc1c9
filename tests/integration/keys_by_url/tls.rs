//! Issuers behind TLS.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::serve::Listener;
use interceptors::auth::HttpClient;
use interceptors::auth::jwt::JwtVerifier;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer as Authority, KeyPair};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::server::TlsStream;
use tonic::Code;

use crate::issuer::{Answer, Issuer};
use crate::setup::{Claims, assert_unchecked, builder, call, code, users};
use crate::tokens::{ISSUER, Issuer as Signer};

struct Tls {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (socket, address) = self.listener.accept().await.unwrap();
            // The handshake fails if the client does not trust the certificate.
            if let Ok(stream) = self.acceptor.accept(socket).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

/// An issuer with a certificate for `localhost` from an unknown authority, and the authority's certificate.
async fn issuer() -> (Issuer, String) {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let root = params.self_signed(&key).unwrap().pem();
    let authority = Authority::new(params, key);
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let url = format!("https://localhost:{port}");
    (Issuer::serve(Tls { listener, acceptor }, url), root)
}

fn verifier(url: String, client: HttpClient) -> JwtVerifier<Claims> {
    let builder = builder().jwks_url(url).issuer([ISSUER]).http(client);
    builder.build().unwrap()
}

#[tokio::test]
async fn custom_root_certificate_is_trusted() {
    let (issuer, root) = issuer().await;
    let signer = Signer::es256(1, "first");
    issuer.answers("/jwks", Answer::keys(&[&signer]));
    let client = HttpClient::new().root_certificates(root);
    let verifier = verifier(issuer.jwks(), client);
    verifier.ready().await.unwrap();
    let caller = users(&verifier).await;
    assert_eq!(code(&caller, &signer.token()).await, Code::Ok);
}

#[tokio::test]
async fn unknown_issuer_or_wrong_host_name_is_rejected() {
    let (issuer, root) = issuer().await;
    let signer = Signer::es256(1, "first");
    issuer.answers("/jwks", Answer::keys(&[&signer]));
    let another_name = issuer.jwks().replace("localhost", "127.0.0.1");
    let trusting = || HttpClient::new().root_certificates(&root);
    for (url, client, why) in [
        (issuer.jwks(), HttpClient::new(), "UnknownIssuer"),
        (another_name, trusting(), "not valid for name"),
    ] {
        let verifier = verifier(url, client);
        let error = verifier.ready().await.unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
        let caller = users(&verifier).await;
        assert_unchecked(&call(&caller, &signer.token()).await.status);
    }
    assert!(issuer.seen().is_empty());
}

#[tokio::test]
async fn redirect_to_plain_http_is_rejected() {
    let (issuer, root) = issuer().await;
    let plain = issuer.jwks().replace("https", "http");
    issuer.answers("/jwks", Answer::redirect(302, plain));
    let client = HttpClient::new()
        .root_certificates(root)
        .allow_insecure_http("localhost");
    let error = verifier(issuer.jwks(), client).ready().await.unwrap_err();
    assert!(error.to_string().contains("another scheme"), "{error}");
}
