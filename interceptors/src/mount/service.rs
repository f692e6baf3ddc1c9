//! What tonic's server knows about a call.

use std::net::SocketAddr;

#[cfg(feature = "axum")]
use axum::extract::ConnectInfo;
use axum::extract::OriginalUri;
use http::uri::PathAndQuery;
use tonic::{Extensions, Request};

use crate::core::facts::{CutOff, Facts};

/// The facts of a request that came through tonic's router.
pub(crate) struct ServerFacts;

impl Facts for ServerFacts {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn path(extensions: &Extensions) -> Option<&PathAndQuery> {
        let uri = extensions.get::<OriginalUri>()?;
        uri.0.path_and_query()
    }

    fn peer(request: &Request<()>) -> Option<SocketAddr> {
        let peer = request.remote_addr();
        #[cfg(feature = "axum")]
        let peer = peer.or_else(|| {
            // Set by `into_make_service_with_connect_info`.
            let info = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
            Some(info.0)
        });
        peer
    }

    fn cut_off(extensions: &Extensions) -> Option<&CutOff> {
        extensions.get()
    }
}
