//! `client_ip`: finds the address of the caller, also behind proxies and load balancers.
//!
//! ```
//! use interceptors::intercept;
//!
//! #[intercept(server, client_ip(trusted = ["10.0.0.0/8", "fd00::/8"]), logging, rate_limit(per_second = 20, key = client_ip))]
//! struct Inbound;
//! ```
//!
//! The reference says where you can list it, and has all its settings: [`client_ip`](crate::intercept#client_ip).
//!
//! Behind a proxy, the peer of a connection is the last proxy. Proxies write the address of their client into a header, but any caller can write that
//! header too. So `trusted` lists the proxies whose header is trusted.
//!
//! If the peer is not trusted, the caller is the peer. If the peer is trusted, the caller is the rightmost address in the header that is not a
//! trusted proxy (like nginx with `real_ip_recursive on`). If all addresses are trusted, the caller is the leftmost. Without this entry, the header
//! is ignored.
//!
//! Inner interceptors read the address from [`CallDetails::client_ip`], observers from [`End::client_ip`](crate::End::client_ip), and handlers with
//! [`of`]. `logging` and `trace` record it as `client.address` (OpenTelemetry's name). They do so even if they are listed before `client_ip`, because
//! the event is emitted, and the span is closed, at the end of the call. `rate_limit(key = client_ip)` must be listed after `client_ip`.
//!
//! # How headers are read
//!
//! | `header` | |
//! | --- | --- |
//! | `"x-forwarded-for"` | `203.0.113.7, 10.0.0.2`; also with ports, brackets and quotes |
//! | `"forwarded"` | RFC 7239: the parameter `for` of each element |
//!
//! Several values of the header are read as one list, in their order. An IPv4-mapped IPv6 address (`::ffff:10.0.0.1`) counts as an IPv4 address, in
//! the header and as the peer. A zone (`fe80::1%eth0`) is ignored.
//!
//! **Elements to the left of an unreadable element are ignored.** An element is unreadable if it is malformed or empty, `unknown`, or a hidden name
//! (`_edge`), or if an element of `forwarded` has no `for` or two. The caller is then the address to the right of it, which is a trusted proxy or the
//! peer. Only the 32 rightmost addresses are read. Lists are read from the right, so a caller cannot hide the proxies' elements with an open quote.
//!
//! In `trusted`, name only networks from which only your proxies can connect: anyone else inside such a network can forge an address. The outermost
//! proxy must append to the header, or replace it, in each request.
//!
//! # Which callers share a limit
//!
//! `rate_limit(key = client_ip)` counts by IPv4 address, or by the first 64 bits of an IPv6 address, because one host usually has all addresses of a
//! /64 and could use a new one for each call. Many providers give a customer a /56 or a /48; then write `ipv6_prefix = 56` or `48`. The prefix
//! applies only to limits; logs have the whole address.
//!
//! # Networks that are known only at run time
//!
//! `trusted` also takes a constant or a field with a list of [`IpNet`]s, which parse from text:
//!
//! ```
//! use interceptors::client_ip::IpNet;
//! use interceptors::intercept;
//!
//! #[intercept(server, client_ip(trusted = self.proxies))]
//! struct Inbound {
//!     proxies: Vec<IpNet>,
//! }
//!
//! let inbound = Inbound { proxies: vec!["10.0.0.0/8".parse().expect("a network")] };
//! # let _ = inbound.layer();
//! ```
//!
//! # Behind a server's struct
//!
//! If a server's struct has `client_ip`, the services behind it know the address too: from [`CallDetails::client_ip`] and [`of`], and in their logs
//! and spans. A service that uses `key = client_ip` must name the struct: `client_ip(by = Inbound)`. If the layer is missing, a call then ends with
//! `INTERNAL`, and an event of level `ERROR` says why.
//!
//! # Without an address
//!
//! A Unix socket has no address. Behind `axum::serve`, connections have no address unless you enable feature `axum` and use
//! `into_make_service_with_connect_info::<SocketAddr>()`. A peer without an address is not trusted: `client_ip()` is `None`, whatever the header
//! says. All such callers share one limit, and a warning is logged once.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use tonic::Extensions;

mod by;
mod header;
mod interceptor;

#[doc(hidden)]
pub use by::by_mount;
#[doc(hidden)]
pub use by::{By, FindsClientIp};
pub use interceptor::ClientIp;
#[doc(hidden)]
pub use interceptor::FindClientIp;
pub use ipnet::IpNet;

#[cfg(doc)]
use crate::CallDetails;
use crate::Sides;
use crate::core::client::ClientAddress;

/// The address of the caller, for a handler. `client_ip` stores it in the extensions of the request. For plain HTTP behind a server's struct, pass
/// the extensions of the [`http::Request`](https://docs.rs/http/1/http/struct.Request.html). `None` if there is no `client_ip`, or if the peer has no
/// address.
///
/// ```
/// use interceptors::client_ip;
/// use tonic::{Request, Response, Status};
///
/// async fn whoami(request: Request<()>) -> Result<Response<String>, Status> {
///     match client_ip::of(request.extensions()) {
///         Some(address) => Ok(Response::new(address.to_string())),
///         None => Err(Status::failed_precondition("no address")),
///     }
/// }
/// # let _ = whoami(Request::new(()));
/// ```
#[must_use]
pub fn of(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ClientAddress>()?.address()
}

/// A network of IPv4 addresses, as the attribute writes it.
#[doc(hidden)]
#[must_use]
pub const fn v4([a, b, c, d]: [u8; 4], prefix: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix))
}

/// A network of IPv6 addresses, as the attribute writes it.
#[doc(hidden)]
#[must_use]
pub const fn v6([a, b, c, d, e, f, g, h]: [u16; 8], prefix: u8) -> IpNet {
    IpNet::V6(Ipv6Net::new_assert(
        Ipv6Addr::new(a, b, c, d, e, f, g, h),
        prefix,
    ))
}

/// The plan entry of `client_ip`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Entry;

impl crate::Entry for Entry {
    const NAME: &'static str = "client_ip";
    const SIDES: Sides = Sides::SERVER;
}
