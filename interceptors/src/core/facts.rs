use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::uri::PathAndQuery;
use tonic::{Extensions, Request};

/// What the transport knows about a call. Each mount implements it, so `core` knows no transport.
///
/// `()` is a transport that knows nothing.
pub trait Facts: 'static {
    /// The path in the HTTP request.
    fn path(extensions: &Extensions) -> Option<&PathAndQuery> {
        let _ = extensions;
        None
    }

    /// The address of the peer.
    fn peer(request: &Request<()>) -> Option<SocketAddr> {
        let _ = request;
        None
    }

    /// Reports whether the request was cut off.
    fn cut_off(extensions: &Extensions) -> Option<&CutOff> {
        let _ = extensions;
        None
    }
}

impl Facts for () {}

/// The facts that are read while the call runs, as a single pointer in the call.
pub(crate) struct Lookup {
    pub(crate) peer: fn(&Request<()>) -> Option<SocketAddr>,
    pub(crate) cut_off: fn(&Extensions) -> Option<&CutOff>,
}

impl Lookup {
    pub(crate) const fn of<F: Facts>() -> &'static Self {
        const {
            &Self {
                peer: F::peer,
                cut_off: F::cut_off,
            }
        }
    }
}

/// Whether the transport stopped delivering a request before its end.
#[derive(Clone, Default)]
pub struct CutOff(Arc<AtomicBool>);

impl CutOff {
    /// Marks the request as cut off.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the request was cut off.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for CutOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CutOff").field(&self.is_set()).finish()
    }
}
