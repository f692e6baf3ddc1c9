// Cause: `client_ip` trusts proxies by their networks. A network is an address and a prefix length, and all bits after
// the prefix are zero. If all addresses are trusted, callers can choose their address.
// Cure: Write, for example, `client_ip(trusted = ["10.0.0.0/8", "fd00::/8"])`. For networks that are known at run time,
// give a value: `client_ip(trusted = self.proxies)`.

use interceptors::intercept;

#[intercept(server, client_ip(trusted = ["10.0.0.7/8", "10.0.0.0/33", "0.0.0.0/0", "proxy.internal", "10.0.0.1", "10.0.0.1/32"]))]
struct Networks;

#[intercept(server, client_ip(trusted = []))]
struct Nobody;

#[intercept(server, client_ip(trusted = "10.0.0.0/8", ipv6_prefix = 0))]
struct NoList;

#[intercept(server, client_ip(trusted = [PROXIES], proxies = 1))]
struct NoStrings;

#[intercept(server, client_ip(header = "forwarded"))]
struct ReadsForNobody;

#[intercept(server, client_ip(trusted = ["10.0.0.0/8"], header = "x-forwarded-fro", by = Networks))]
struct Relies;

#[intercept(client_ip(trusted = ["10.0.0.0/8"]))]
struct Outbound;

fn main() {}
