use std::any::TypeId;
use std::net::IpAddr;

use http::HeaderMap;
use ipnet::IpNet;
use tonic::{Response, Status};

use super::header::Header;
use crate::core::client::ClientAddress;
use crate::core::plan::{Setting, Value};
use crate::core::text::same;
use crate::{Call, CallDetails, Interceptor, Next};

/// The maximum number of addresses that are read, from the right.
pub(super) const MOST_HOPS: usize = 32;

/// Finds the address of the caller, also behind proxies: the interceptor behind `client_ip`.
///
/// The attribute makes it from the settings of the entry. Make one yourself to keep it in a field for `with(self.client_ip)`, or to test other
/// interceptors together with it.
///
/// ```
/// use interceptors::client_ip::ClientIp;
///
/// const CLIENT_IP: ClientIp = ClientIp::new().header("forwarded").ipv6_prefix(56);
/// # let _ = CLIENT_IP;
/// ```
///
/// # Default
///
/// - trusted: no networks, so the caller is the peer
/// - header: `x-forwarded-for`
/// - ipv6_prefix: 64
#[derive(Debug, Clone)]
pub struct ClientIp {
    trusted: &'static [IpNet],
    header: Header,
    ipv6_prefix: u8,
}

impl ClientIp {
    /// The default.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            trusted: &[],
            header: Header::XForwardedFor,
            ipv6_prefix: 64,
        }
    }

    /// The networks of your proxies, whose header is trusted.
    #[must_use]
    pub const fn trusted(mut self, networks: &'static [IpNet]) -> Self {
        self.trusted = networks;
        self
    }

    /// The header in which the proxies write the caller's address: `x-forwarded-for` or `forwarded`.
    ///
    /// # Panics
    ///
    /// If it is any other header. In a constant, and so in the attribute, that is a compiler error.
    #[must_use]
    pub const fn header(mut self, name: &'static str) -> Self {
        assert!(
            same(name, "x-forwarded-for") || same(name, "forwarded"),
            "[I0411] `header` must be `\"x-forwarded-for\"` or `\"forwarded\"`"
        );
        self.header = match same(name, "forwarded") {
            true => Header::Forwarded,
            false => Header::XForwardedFor,
        };
        self
    }

    /// How many bits of an IPv6 address `rate_limit(key = client_ip)` compares.
    ///
    /// # Panics
    ///
    /// If it is not from 1 to 128.
    #[must_use]
    pub const fn ipv6_prefix(mut self, bits: u8) -> Self {
        assert!(
            bits >= 1 && bits <= 128,
            "[I0402] `ipv6_prefix` must be from 1 to 128"
        );
        self.ipv6_prefix = bits;
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn settings(&self) -> [Setting; 2] {
        [
            Setting::new("header", Value::Text(self.header.name())),
            Setting::new("ipv6_prefix", Value::Integer(self.ipv6_prefix as u64)),
        ]
    }
}

impl Default for ClientIp {
    fn default() -> Self {
        Self::new()
    }
}

impl<Req: Send, Res: Send> Interceptor<Req, Res> for ClientIp {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        FindClientIp::new(self).intercept(call, next).await
    }
}

/// The interceptor that the attribute makes from constant settings and networks that need not be constant.
#[doc(hidden)]
#[derive(Debug)]
pub struct FindClientIp<'a> {
    config: &'a ClientIp,
    trusted: &'a [IpNet],
    by: Option<TypeId>,
}

impl<'a> FindClientIp<'a> {
    /// Trusts the networks of the settings.
    #[must_use]
    pub const fn new(config: &'a ClientIp) -> Self {
        Self {
            config,
            trusted: config.trusted,
            by: None,
        }
    }

    /// Trusts these networks instead.
    pub fn trusting<T: AsRef<[IpNet]> + ?Sized>(config: &'a ClientIp, trusted: &'a T) -> Self {
        Self {
            trusted: trusted.as_ref(),
            ..Self::new(config)
        }
    }

    /// The same for the server's struct `C`, on which services rely.
    #[doc(hidden)]
    #[must_use]
    pub fn of<C: 'static>(self) -> Self {
        Self {
            by: Some(TypeId::of::<C>()),
            ..self
        }
    }

    /// Does not depend on the message, so it is compiled once.
    fn find(&self, call: &mut CallDetails) {
        let peer = call.peer().map(|peer| peer.ip().to_canonical());
        let headers = call.metadata().as_ref();
        let address = peer.map(|peer| self.caller(peer, headers));
        call.set_client(ClientAddress::new(
            address,
            self.config.ipv6_prefix,
            self.by,
        ));
    }

    /// The rightmost address that is not a trusted proxy's. All addresses to its right have to be trusted.
    fn caller(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let is_trusted = |address: &IpAddr| self.trusted.iter().any(|net| net.contains(address));
        let mut nearest = peer;
        if !is_trusted(&nearest) {
            return nearest;
        }
        let hops = self.config.header.backwards(headers);
        for hop in hops.take(MOST_HOPS) {
            match hop {
                Some(address) => nearest = address,
                // Anybody may have written the elements further to the left.
                None => return nearest,
            }
            if !is_trusted(&nearest) {
                return nearest;
            }
        }
        nearest
    }
}

impl<Req: Send, Res: Send> Interceptor<Req, Res> for FindClientIp<'_> {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        self.find(call);
        next.run(call).await
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const TRUSTED: &[IpNet] = &[
        crate::client_ip::v4([10, 0, 0, 0], 8),
        crate::client_ip::v6([0xfd00, 0, 0, 0, 0, 0, 0, 0], 8),
    ];

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn caller(peer: &str, values: &[&str]) -> IpAddr {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("x-forwarded-for", HeaderValue::from_str(value).unwrap());
        }
        let config = ClientIp::new().trusted(TRUSTED);
        FindClientIp::new(&config).caller(ip(peer).to_canonical(), &headers)
    }

    #[test]
    fn caller_is_the_rightmost_untrusted_address() {
        for (peer, values, expected) in [
            ("10.0.0.1", &["192.0.2.1"] as &[&str], "192.0.2.1"),
            ("10.0.0.1", &["192.0.2.1, 10.0.0.2"], "192.0.2.1"),
            (
                "10.0.0.1",
                &["203.0.113.9, 192.0.2.1, 10.0.0.2"],
                "192.0.2.1",
            ),
            (
                "10.0.0.1",
                &["203.0.113.9", "192.0.2.1", "10.0.0.2"],
                "192.0.2.1",
            ),
            ("10.0.0.1", &["192.0.2.1, fd12::1, 10.0.0.2"], "192.0.2.1"),
            (
                "::ffff:10.0.0.1",
                &["192.0.2.1, ::ffff:10.9.9.9"],
                "192.0.2.1",
            ),
            ("fd00::1", &["2001:db8::1"], "2001:db8::1"),
            // All addresses are trusted: the caller is in an internal network.
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            ("10.0.0.1", &[], "10.0.0.1"),
        ] {
            assert_eq!(caller(peer, values), ip(expected), "{peer} {values:?}");
        }
    }

    #[test]
    fn untrusted_peer_is_the_caller() {
        for peer in ["192.0.2.1", "::1", "2001:db8::1"] {
            assert_eq!(caller(peer, &["203.0.113.9"]), ip(peer));
        }
    }

    #[test]
    fn addresses_left_of_garbage_are_ignored() {
        for garbage in [
            "unknown",
            "_hidden",
            "",
            "nonsense",
            "10.0.0.300",
            "10.0.0.1:x",
        ] {
            let value = format!("203.0.113.9, {garbage}, 10.0.0.2");
            assert_eq!(caller("10.0.0.1", &[&value]), ip("10.0.0.2"), "{garbage}");
            let value = format!("203.0.113.9, {garbage}");
            assert_eq!(caller("10.0.0.1", &[&value]), ip("10.0.0.1"), "{garbage}");
        }
        assert_eq!(caller("10.0.0.1", &["203.0.113.9", ""]), ip("10.0.0.1"));
    }

    #[test]
    fn number_of_hops_is_bounded() {
        let hops = |count| vec!["10.0.0.2"; count].join(", ");
        let value = format!("192.0.2.1, {}", hops(MOST_HOPS - 1));
        assert_eq!(caller("10.0.0.1", &[&value]), ip("192.0.2.1"));
        let value = format!("192.0.2.1, {}", hops(MOST_HOPS));
        assert_eq!(caller("10.0.0.1", &[&value]), ip("10.0.0.2"));
    }

    #[test]
    fn prefix_sets_the_network_of_callers() {
        let network =
            |address: &str, prefix| ClientAddress::new(Some(ip(address)), prefix, None).network();
        for (address, prefix, expected) in [
            ("192.0.2.1", 64, "192.0.2.1"),
            ("2001:db8:1:2:3:4:5:6", 64, "2001:db8:1:2::"),
            ("2001:db8:1:2ff:3:4:5:6", 56, "2001:db8:1:200::"),
            ("2001:db8::1", 128, "2001:db8::1"),
            ("ffff::1", 1, "8000::"),
        ] {
            let bits = if expected.contains(':') { prefix } else { 32 };
            assert_eq!(network(address, prefix), Some((ip(expected), bits)));
        }
        assert_eq!(ClientAddress::new(None, 64, None).network(), None);
    }

    proptest! {
        /// For any header, the result is the peer, or an address in the header with only trusted proxies to its right.
        #[test]
        fn caller_is_the_peer_or_an_address_in_the_header(
            trusted: bool,
            elements in prop::collection::vec(prop_oneof![
                Just("10.0.0.2".to_owned()),
                Just("unknown".to_owned()),
                any::<[u8; 4]>().prop_map(|octets| IpAddr::from(octets).to_string()),
                "[ -~]{0,12}",
            ], 0..40),
        ) {
            let peer = if trusted { "10.0.0.1" } else { "192.0.2.1" };
            let value = elements.join(",");
            let found = caller(peer, &[&value]);
            let is_trusted = |address: &IpAddr| TRUSTED.iter().any(|net| net.contains(address));
            let mut expected = ip(peer);
            for element in value.split(',').rev().take(MOST_HOPS) {
                let Some(address) = super::super::header::address(element.trim_matches([' ', '\t'])) else { break };
                if !is_trusted(&expected) { break }
                expected = address;
            }
            prop_assert_eq!(found, expected);
        }
    }
}
