//! Where a call really comes from, behind proxies and load balancers: `client_ip`.
//!
//! ```
//! use interceptors::intercept;
//!
//! #[intercept(server, client_ip(trusted = ["10.0.0.0/8", "fd00::/8"]), logging, rate_limit(per_second = 20, key = client_ip))]
//! struct Inbound;
//! ```
//!
//! Where it may be listed and all its settings: [`client_ip`](crate::intercept#client_ip) in the reference of the attribute.
//!
//! The peer of a connection is the last proxy. Proxies write whom they serve into a header, and so can everybody else. So `trusted` says whose word
//! counts.
//!
//! The caller is the rightmost address in the header that is no trusted proxy's, and only if the peer itself is trusted; otherwise it is the peer. This is nginx's
//! `real_ip_recursive on`. Where all addresses are trusted, the caller is the leftmost. Without this entry nobody's header is believed.
//!
//! [`CallDetails::client_ip`] tells it to interceptors further in, [`End::client_ip`](crate::End::client_ip) to observers, and [`of`] to handlers. `logging` and
//! `trace` have it as `client.address` (OpenTelemetry's name), also where they are listed before `client_ip`: the event is emitted, and the span is closed, at the end. `rate_limit(key = client_ip)`
//! counts by it, and has to be listed after it.
//!
//! # What is read
//!
//! | `header` | |
//! | --- | --- |
//! | `"x-forwarded-for"` | `203.0.113.7, 10.0.0.2`; also with ports, brackets and quotes |
//! | `"forwarded"` | RFC 7239: the parameter `for` of each element |
//!
//! Several values of the header are one list, in their order. An IPv4 address that is written as an IPv6 one (`::ffff:10.0.0.1`) is an IPv4 address, in the header and
//! as the peer. A zone (`fe80::1%eth0`) is left out.
//!
//! **Nothing left of garbage is believed.** An element that is no address ends the walk: one that is malformed or empty, `unknown`, a hidden name (`_edge`), an element of
//! `forwarded` without `for` or with two. Then the caller is the address to the right of it, which is that of a trusted proxy, or the peer. The same holds
//! after 32 addresses. Lists are read backwards, so that a quote which a caller opens cannot swallow what proxies add.
//!
//! Name only networks in `trusted` from which none but your proxies can connect: whoever is in one chooses the address it is known by. The first proxy has to add
//! to the header, or to replace it, in each request.
//!
//! # What callers share
//!
//! A limit by `client_ip` counts an IPv4 address, or the first 64 bits of an IPv6 address: one host usually has all of the rest, and could come with another address each time.
//! Many providers give a customer a /56 or a /48; `ipv6_prefix = 56` says so. It is the key of limits alone; logs have the whole address.
//!
//! # Networks that are known at run time
//!
//! `trusted` takes the name of a constant, or a field: anything that is a list of [`IpNet`]s, which the crate `ipnet` reads from text.
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
//! An address that a server's struct has found reaches the services behind it: it is in [`CallDetails::client_ip`], in their logs and spans, and in [`of`]. So that a limit there
//! cannot be skipped silently, a service says whom it relies on: `client_ip(by = Inbound)`. A call that has not come through the `client_ip` of that struct ends `INTERNAL`, and an event of
//! level `ERROR` says why.
//!
//! # Without an address
//!
//! A Unix socket has no address, and neither has a connection whose address the server is not told (behind `axum::serve` it takes feature `axum` and
//! `into_make_service_with_connect_info::<SocketAddr>()`). Such a peer is not trusted: `client_ip()` is `None` whatever the header says, and all
//! such callers share one limit, of which a warning tells once.

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

/// What the plan knows of `client_ip`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Entry;

impl crate::Entry for Entry {
    const NAME: &'static str = "client_ip";
    const SIDES: Sides = Sides::SERVER;
}
