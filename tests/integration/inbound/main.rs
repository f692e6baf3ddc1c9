//! One policy for a whole server: it runs before anything is decoded, and sees every request.
#![allow(clippy::unwrap_used)] // helpers of tests

mod alike;
mod answers;
mod beside;
mod bounded;
mod common;
mod ends;
mod entries;
mod hostile;
mod identity;
mod misuse;
mod mounts;
mod paths;
mod plain_http;
mod properties;
mod undecoded;
mod web;

use std::convert::Infallible;

use interceptors::server::{InterceptLayer, ServerChain};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::server::NamedService;
use tonic::transport::{Channel, Endpoint, Server};

/// Serves a service behind a policy on a free port of loopback, and connects to it.
async fn served<C, S>(layer: InterceptLayer<C>, service: S) -> Channel
where
    C: ServerChain,
    S: Service<http::Request<Body>, Error = Infallible>
        + NamedService
        + Clone
        + Send
        + Sync
        + 'static,
    S::Response: axum::response::IntoResponse,
    S::Future: Send,
{
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(
        Server::builder()
            .layer(layer)
            .add_service(service)
            .serve_with_incoming(TcpListenerStream::new(listener)),
    );
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    endpoint.connect().await.unwrap()
}
