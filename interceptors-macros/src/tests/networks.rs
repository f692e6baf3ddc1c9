//! Parses networks as they are written in attributes.

use crate::text::network::Network;

fn read(text: &str) -> String {
    match Network::parse(text) {
        Ok(network) => network.to_string(),
        Err(wrong) => wrong,
    }
}

#[test]
fn networks_are_parsed() {
    for (text, expected) in [
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("10.0.0.1", "10.0.0.1/32"),
        ("192.0.2.1/32", "192.0.2.1/32"),
        ("128.0.0.0/1", "128.0.0.0/1"),
        ("fd00::/8", "fd00::/8"),
        ("::1", "::1/128"),
        ("FD00:0::/08", "fd00::/8"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::ffff:10.0.0.1", "10.0.0.1/32"),
        ("::ffff:0.0.0.0/97", "0.0.0.0/1"),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn wrong_networks_get_a_suggestion() {
    for (text, expected) in [
        (
            "10.0.0.7/8",
            "write `10.0.0.0/8` for the network, or `10.0.0.7/32`",
        ),
        (
            "fd00::7/8",
            "write `fd00::/8` for the network, or `fd00::7/128`",
        ),
        ("10.0.0.0/33", "is too long: this address has 32 bits"),
        ("fd00::/129", "is too long: this address has 128 bits"),
        ("10.0.0.0/999", "is too long"),
        ("0.0.0.0/0", "trusts all addresses"),
        ("::/0", "trusts all addresses"),
        ("::ffff:0.0.0.0/96", "trusts all addresses"),
        ("", "is not a network"),
        ("10.0.0.0/", "is not a network"),
        ("10.0.0.0/+8", "is not a network"),
        ("10.0.0.0/-1", "is not a network"),
        ("10.0.0/8", "is not a network"),
        ("10.0.0.0/8/8", "is not a network"),
        ("localhost", "is not a network"),
        ("[fd00::]/8", "is not a network"),
        (" 10.0.0.0/8", "is not a network"),
    ] {
        let said = read(text);
        assert!(said.contains(expected), "{text}: {said}");
    }
}
