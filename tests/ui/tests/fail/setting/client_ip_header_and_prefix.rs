// Cause: Proxies write the caller's address in one of two headers, and an IPv6 address has 128 bits.
// Cure: Write `header = "x-forwarded-for"` or `header = "forwarded"`, depending on your proxies, and an `ipv6_prefix`
// from 1 to 128.

use interceptors::intercept;

const BITS: u8 = 129;
const HEADER: &str = "x-real-ip";

#[intercept(server, client_ip(trusted = ["10.0.0.0/8"], header = HEADER))]
struct Header;

#[intercept(server, client_ip(ipv6_prefix = BITS))]
struct Prefix;

fn main() {}
