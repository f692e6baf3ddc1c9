use std::fmt;
use std::net::IpAddr;

/// A network in CIDR notation. All address bits after the prefix are zero.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    pub(crate) address: IpAddr,
    pub(crate) prefix: u8,
}

impl Network {
    /// Parses `10.0.0.0/8`, or an address alone. The error is a message for the user.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let no_network =
            || format!("`{text}` is not a network; write one such as `10.0.0.0/8` or `fd00::/8`");
        let address: IpAddr = address.parse().map_err(|_| no_network())?;
        let most = match address {
            IpAddr::V4(_) => 32,
            IpAddr::V6(_) => 128,
        };
        let prefix = match prefix {
            None => most,
            Some(digits) if digits.is_empty() || !digits.bytes().all(|it| it.is_ascii_digit()) => {
                return Err(no_network());
            }
            Some(digits) => match digits.parse::<u8>() {
                Ok(prefix) if prefix <= most => prefix,
                _ => {
                    return Err(format!(
                        "the prefix of `{text}` is too long: this address has {most} bits"
                    ));
                }
            },
        };
        let network = Self { address, prefix }.canonical();
        if network.prefix == 0 {
            return Err(format!(
                "`{text}` trusts all addresses, so callers could choose theirs; name the networks of your proxies"
            ));
        }
        let masked = network.masked();
        if masked != network {
            let address = Self {
                prefix: network.width(),
                ..network
            };
            return Err(format!(
                "`{text}` has bits after its prefix; write `{masked}` for the network, or `{address}` for the address"
            ));
        }
        Ok(network)
    }

    /// Turns an IPv4-mapped IPv6 network (`::ffff:10.0.0.0/104`) into the IPv4 network. The runtime compares addresses in this form.
    fn canonical(self) -> Self {
        match self.address.to_canonical() {
            address @ IpAddr::V4(_) if self.address.is_ipv6() && self.prefix >= 96 => Self {
                address,
                prefix: self.prefix - 96,
            },
            _ => self,
        }
    }

    /// The number of bits of the address.
    fn width(self) -> u8 {
        match self.address {
            IpAddr::V4(_) => 32,
            IpAddr::V6(_) => 128,
        }
    }

    /// The same network, with all bits after the prefix cleared.
    fn masked(self) -> Self {
        let prefix = u32::from(self.prefix);
        let address = match self.address {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(32 - prefix).unwrap_or(0);
                IpAddr::V4((address.to_bits() & mask).into())
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(128 - prefix).unwrap_or(0);
                IpAddr::V6((address.to_bits() & mask).into())
            }
        };
        Self { address, ..self }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}
