//! Where a call comes from, for those who use it; who finds that out is `client_ip`'s business.

use std::any::TypeId;
use std::net::{IpAddr, Ipv6Addr};

/// What has been found out of the caller's address. It is among the extensions of the request, so that it also reaches the handler,
/// and a service behind a server's struct.
#[derive(Debug, Clone, Copy)]
pub struct ClientAddress {
    address: Option<IpAddr>,
    ipv6_prefix: u8,
    /// The server's struct that found it.
    by: Option<TypeId>,
}

impl ClientAddress {
    /// An address that was looked for.
    #[must_use]
    pub fn new(address: Option<IpAddr>, ipv6_prefix: u8, by: Option<TypeId>) -> Self {
        Self {
            address,
            ipv6_prefix,
            by,
        }
    }

    /// The address, if the peer has one.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// What callers share who cannot be told apart, and how many bits of it count: an IPv4 address with all of its 32, or the first
    /// bits of an IPv6 one.
    #[must_use]
    pub fn network(&self) -> Option<(IpAddr, u8)> {
        Some(match self.address? {
            address @ IpAddr::V4(_) => (address, 32),
            IpAddr::V6(address) => {
                let rest = 128_u32.saturating_sub(self.ipv6_prefix.into());
                let mask = u128::MAX.checked_shl(rest).unwrap_or(0);
                let network = Ipv6Addr::from_bits(address.to_bits() & mask);
                (IpAddr::V6(network), self.ipv6_prefix)
            }
        })
    }

    /// Whether the server's struct `C` has found it.
    #[must_use]
    pub fn is_by<C: 'static>(&self) -> bool {
        self.by == Some(TypeId::of::<C>())
    }
}
