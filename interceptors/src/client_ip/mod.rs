//! The address of the caller, also behind proxies and load balancers: `client_ip`.
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
//! Behind a proxy, the peer of a connection is the last proxy. Proxies write the address of their client into a header, but so can anybody else. So
//! `trusted` lists the proxies whose header is believed.
//!
//! If the peer is not trusted, the caller is the peer. If it is trusted, the caller is the rightmost address in the header that is not a trusted
//! proxy. This is nginx's `real_ip_recursive on`. If all addresses are trusted, the caller is the leftmost. Without this entry no header is believed.
//!
//! Inner interceptors read the address from [`CallDetails::client_ip`], observers from [`End::client_ip`](crate::End::client_ip), and handlers with
//! [`of`]. `logging` and `trace` write it as `client.address` (OpenTelemetry's name). They do so even if they are listed before `client_ip`, because
//! the event is emitted, and the span is closed, at the end. `rate_limit(key = client_ip)` must be listed after it.
//!
//! # What is read
//!
//! | `header` | |
//! | --- | --- |
//! | `"x-forwarded-for"` | `203.0.113.7, 10.0.0.2`; also with ports, brackets and quotes |
//! | `"forwarded"` | RFC 7239: the parameter `for` of each element |
//!
//! Several values of the header are one list, in their order. An IPv4 address that is written as an IPv6 one (`::ffff:10.0.0.1`) counts as an IPv4
//! address, in the header and as the peer. A zone (`fe80::1%eth0`) is ignored.
//!
//! **Nothing to the left of a malformed element is believed.** Such an element is one that is malformed or empty, `unknown`, a hidden name (`_edge`),
//! or an element of `forwarded` with no `for` or with two. The caller is then the address to the right of it, which is a trusted proxy or the peer.
//! The same holds after 32 addresses. Lists are read from the right, so a quote that a caller opens cannot hide what proxies add.
//!
//! In `trusted`, name only networks from which nobody but your proxies can connect: anyone inside such a network chooses their own address. The first
//! proxy has to add to the header, or replace it, in each request.
//!
//! # What callers share
//!
//! `rate_limit(key = client_ip)` counts by IPv4 address, or by the first 64 bits of an IPv6 address: one host usually has all addresses of a /64, and
//! could use another one each time. Many providers give a customer a /56 or a /48; `ipv6_prefix = 56` says so. The prefix applies only to
//! limits; logs have the whole address.
//!
//! # Networks that are known at run time
//!
//! `trusted` takes the name of a constant, or a field: anything that is a list of [`IpNet`]s. The crate `ipnet` parses them from text.
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
//! An address that a server's struct has found is known to the services behind it: in [`CallDetails::client_ip`], in their logs and spans, and with
//! [`of`]. A service that limits by it must name the struct, `client_ip(by = Inbound)`, so that a missing layer is not silent. A call that did not
//! pass the `client_ip` of that struct ends `INTERNAL`, and an event of level `ERROR` says why.
//!
//! # Without an address
//!
//! A Unix socket has no address. A connection has none if the server does not learn it: behind `axum::serve`, enable feature `axum` and use
//! `into_make_service_with_connect_info::<SocketAddr>()`. Such a peer is not trusted: `client_ip()` is `None` whatever the header says. All such
//! callers share one limit, and one warning says so.

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

/// The address of the caller, for a handler: `client_ip` leaves it among the extensions of the request. Those of an [`http::Request`] do as well, for
/// what is no gRPC behind a server's struct.
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
