//! The caller's address, for the code that uses it. `client_ip` finds it.

use std::any::TypeId;
use std::net::{IpAddr, Ipv6Addr};

/// The result of the search for the caller's address. It is in the request's extensions, so it also reaches the
/// handler, and a service behind a server's struct.
#[derive(Debug, Clone, Copy)]
pub struct ClientAddress {
    address: Option<IpAddr>,
    ipv6_prefix: u8,
    /// The server's struct that found the address.
    by: Option<TypeId>,
}

impl ClientAddress {
    /// The result of a search. `address` is `None` if the search found none.
    #[must_use]
    pub fn new(address: Option<IpAddr>, ipv6_prefix: u8, by: Option<TypeId>) -> Self {
        Self {
            address,
            ipv6_prefix,
            by,
        }
    }

    /// The address. `None` if the peer has none.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// The network that counts as one caller, with its prefix length: a whole IPv4 address, or the first bits of an
    /// IPv6 address.
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

    /// Whether the server's struct `C` found the address.
    #[must_use]
    pub fn is_by<C: 'static>(&self) -> bool {
        self.by == Some(TypeId::of::<C>())
    }
}
