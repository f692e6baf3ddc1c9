//! Reads the addresses in a proxy header, from the last one backwards.

use std::net::{IpAddr, Ipv6Addr};

use http::{HeaderMap, HeaderName};

/// The formats of proxy headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Header {
    /// `203.0.113.7, 10.0.0.2`
    XForwardedFor,
    /// RFC 7239: `for=203.0.113.7;proto=https, for="[2001:db8::1]:4711"`
    Forwarded,
}

impl Header {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::XForwardedFor => "x-forwarded-for",
            Self::Forwarded => "forwarded",
        }
    }

    /// The addresses in the header, the last one first. Each value is a list, and several values form one list. `None`
    /// stands for an element that is not an address.
    pub(super) fn backwards(
        self,
        headers: &HeaderMap,
    ) -> impl Iterator<Item = Option<IpAddr>> + '_ {
        let name = HeaderName::from_static(self.name());
        let values = headers.get_all(name).iter().rev();
        values.flat_map(move |value| {
            let mut rest = Some(value.as_bytes());
            std::iter::from_fn(move || {
                let (before, element) = split_last(rest?);
                rest = before;
                let element = element.trim_ascii();
                Some(match self {
                    Self::XForwardedFor => str::from_utf8(element).ok().and_then(address),
                    Self::Forwarded => str::from_utf8(element).ok().and_then(forwarded_for),
                })
            })
        })
    }
}

/// The last element of a list, and the part before its comma.
///
/// Quotes are read backwards too. The last proxy's element is well-formed, whatever precedes it. If the list were read
/// forwards, a quote that the caller opened would swallow the proxies' elements.
fn split_last(list: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let mut is_quoted = false;
    for (i, byte) in list.iter().enumerate().rev() {
        match byte {
            b'"' if is_quoted => {
                let before = list[..i].iter().rev();
                let escapes = before.take_while(|byte| **byte == b'\\').count();
                is_quoted = !escapes.is_multiple_of(2);
            }
            b'"' => is_quoted = true,
            b',' if !is_quoted => return (Some(&list[..i]), &list[i + 1..]),
            _ => {}
        }
    }
    (None, list)
}

/// The address in the single `for` parameter of an element such as `for=192.0.2.60;proto=http;by=203.0.113.43`.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut found = None;
    let mut rest = Some(element);
    while let Some(pairs) = rest {
        let (pair, after) = split_first_pair(pairs)?;
        rest = after;
        let pair = pair.trim_matches([' ', '\t']);
        if pair.is_empty() {
            continue; // the grammar allows it
        }
        let (name, value) = pair.split_once('=')?;
        if !is_token(name) || !is_value(value) {
            return None;
        }
        if name.eq_ignore_ascii_case("for") && found.replace(value).is_some() {
            return None;
        }
    }
    address(found?)
}

/// The parts before and after the first semicolon outside of quotes. `None` if a quote is not closed.
fn split_first_pair(pairs: &str) -> Option<(&str, Option<&str>)> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (i, byte) in pairs.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            b';' if !is_quoted => return Some((&pairs[..i], Some(&pairs[i + 1..]))),
            _ => {}
        }
    }
    (!is_quoted).then_some((pairs, None))
}

/// RFC 9110, 5.6.2
fn is_token(text: &str) -> bool {
    let is_token_char =
        |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_token_char)
}

/// A quoted string, or text without quotes and blanks. Some proxies do not quote ports and IPv6 addresses, although
/// they should.
fn is_value(value: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"';
    match value.strip_prefix('"') {
        // The search for the semicolon found the end. Only the last quote is left.
        Some(rest) => rest.ends_with('"'),
        None => !value.is_empty() && value.bytes().all(is_plain),
    }
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:4711`, each also in quotes. A zone
/// (`fe80::1%eth0`) is dropped, because it names one of the proxy's own networks. `unknown` and `_hidden` are not
/// addresses.
pub(super) fn address(text: &str) -> Option<IpAddr> {
    let text = match text.strip_prefix('"') {
        Some(quoted) => quoted.strip_suffix('"')?,
        None => text,
    };
    if let Some(bracketed) = text.strip_prefix('[') {
        let (address, after) = bracketed.split_once(']')?;
        let is_fit = after.is_empty() || after.strip_prefix(':').is_some_and(is_port);
        return ipv6(address).filter(|_| is_fit);
    }
    match text.split_once(':') {
        Some((address, port)) if is_port(port) => Some(IpAddr::V4(address.parse().ok()?)),
        Some(_) => ipv6(text),
        None => Some(IpAddr::V4(text.parse().ok()?)),
    }
}

fn ipv6(text: &str) -> Option<IpAddr> {
    let is_in_zone = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let address = match text.split_once('%') {
        Some((_, zone)) if zone.is_empty() || !zone.bytes().all(is_in_zone) => return None,
        Some((address, _)) => address,
        None => text,
    };
    let address: Ipv6Addr = address.parse().ok()?;
    Some(IpAddr::V6(address).to_canonical())
}

/// RFC 7239, 6.3: up to five digits, or a name that begins with `_`.
fn is_port(port: &str) -> bool {
    let is_in_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    match port.strip_prefix('_') {
        Some(name) => !name.is_empty() && name.bytes().all(is_in_name),
        None => (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn ip(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    fn read(header: Header, values: &[&str]) -> Vec<Option<IpAddr>> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header.name(), HeaderValue::from_str(value).unwrap());
        }
        header.backwards(&headers).collect()
    }

    #[test]
    fn every_address_format_of_proxies_is_parsed() {
        for (text, expected) in [
            ("192.0.2.1", "192.0.2.1"),
            ("192.0.2.1:80", "192.0.2.1"),
            ("192.0.2.1:_port", "192.0.2.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("\"[2001:db8::1]:4711\"", "2001:db8::1"),
            ("[2001:db8::1]:_gazonk", "2001:db8::1"),
            ("::1", "::1"),
            ("::ffff:10.0.0.1", "10.0.0.1"),
            ("[::ffff:10.0.0.1]:80", "10.0.0.1"),
            ("fe80::1%eth0", "fe80::1"),
            ("[fe80::1%3]:80", "fe80::1"),
            ("1::2:3", "1::2:3"),
        ] {
            assert_eq!(address(text), ip(expected), "{text}");
        }
    }

    #[test]
    fn invalid_addresses_are_none() {
        for text in [
            "",
            "unknown",
            "_hidden",
            "localhost",
            "192.0.2",
            "192.0.2.256",
            "0192.0.2.1",
            "192.0.2.1:",
            "192.0.2.1:123456",
            "192.0.2.1:_",
            "192.0.2.1 ",
            "192.0.2.1:80:80",
            "[192.0.2.1]",
            "[2001:db8::1",
            "2001:db8::1]",
            "[2001:db8::1]4711",
            "[2001:db8::1]:",
            "[]",
            "[",
            "\"",
            "\"\"",
            "\"192.0.2.1",
            "fe80::1%",
            "fe80::1%a b",
            "10.0.0.0/8",
            "http://192.0.2.1",
            "unix:",
        ] {
            assert_eq!(address(text), None, "{text}");
        }
    }

    #[test]
    fn lists_and_repeated_headers_are_read_backwards() {
        let header = Header::XForwardedFor;
        assert_eq!(
            read(header, &["192.0.2.1, 192.0.2.2", "192.0.2.3,\t192.0.2.4 "]),
            ["192.0.2.4", "192.0.2.3", "192.0.2.2", "192.0.2.1"].map(ip)
        );
        assert_eq!(read(header, &[]), []);
        assert_eq!(read(header, &[""]), [None]);
        assert_eq!(read(header, &["192.0.2.1,"]), [None, ip("192.0.2.1")]);
    }

    #[test]
    fn forwarded_is_parsed_as_in_rfc_7239() {
        for (value, expected) in [
            ("for=192.0.2.60", ip("192.0.2.60")),
            ("For=\"[2001:db8:cafe::17]:4711\"", ip("2001:db8:cafe::17")),
            (
                "for=192.0.2.60;proto=http;by=203.0.113.43",
                ip("192.0.2.60"),
            ),
            ("proto=http; for=192.0.2.60 ;;", ip("192.0.2.60")),
            (r#"host="a\"b;for=x";for="192.0.2.60:80""#, ip("192.0.2.60")),
            ("for=192.0.2.60:80", ip("192.0.2.60")),
            ("for=[2001:db8::1]", ip("2001:db8::1")),
            ("for=unknown", None),
            ("for=\"_mdn\"", None),
            ("for=_SEVKISEK", None),
            ("proto=http", None),
            ("", None),
            ("for", None),
            ("for=", None),
            ("for =192.0.2.60", None),
            ("for= 192.0.2.60", None),
            ("for=\"192.0.2.60", None),
            ("for=192.0.2.60\"", None),
            ("for=192.0.2.60;for=192.0.2.61", None),
            ("for=192.0.2.60;garbage", None),
            ("for=192.0.2.60;a b=c", None),
            ("192.0.2.60", None),
            (r#"for="192.0.2.\60""#, None),
        ] {
            assert_eq!(read(Header::Forwarded, &[value]), [expected], "{value}");
        }
    }

    #[test]
    fn forged_prefix_does_not_change_what_proxies_added() {
        for forged in [
            "for=\"",
            "for=\"\\",
            "for=\"\\\"",
            "for=\"a\"b\"",
            "\"\"\"",
            "for=1.1.1.1;x=\"",
            "\\",
        ] {
            for added in [
                "for=192.0.2.60",
                "for=\"[2001:db8::1]:4711\";host=\"a,b;c\\\"d\"",
            ] {
                let value = format!("{forged}, {added}");
                let expected = match added {
                    "for=192.0.2.60" => ip("192.0.2.60"),
                    _ => ip("2001:db8::1"),
                };
                assert_eq!(read(Header::Forwarded, &[&value])[0], expected, "{value}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_header_value_panics(values in prop::collection::vec("[ -~\\t\u{80}-\u{ff}]{0,64}", 0..4)) {
            for header in [Header::XForwardedFor, Header::Forwarded] {
                let mut headers = HeaderMap::new();
                for value in &values {
                    headers.append(header.name(), HeaderValue::from_bytes(value.as_bytes()).unwrap());
                }
                let commas = values.iter().map(|value| value.matches(',').count() + 1);
                prop_assert!(header.backwards(&headers).count() <= commas.sum());
            }
        }

        #[test]
        fn last_proxys_value_is_read_after_any_prefix(before in "[ -~]{0,64}", v4: [u8; 4], v6: [u16; 8], port: u16) {
            let (v4, v6) = (IpAddr::from(v4), IpAddr::from(v6));
            for (header, added, expected) in [
                (Header::XForwardedFor, format!("{v4}"), v4),
                (Header::XForwardedFor, format!("[{v6}]:{port}"), v6.to_canonical()),
                (Header::Forwarded, format!("for={v4};proto=https"), v4),
                (Header::Forwarded, format!("proto=https;for=\"[{v6}]:{port}\""), v6.to_canonical()),
            ] {
                let value = format!("{before}, {added}");
                prop_assert_eq!(read(header, &[&value])[0], Some(expected), "{}", value);
            }
        }
    }
}
