// Cause: The entry is for clients, which make calls. A server receives them.
// Cure: Take it out, or write the entry that does the same on a server. A struct for a channel has no `server`.

use interceptors::intercept;

#[intercept(server, logging, deadline("2s"), hedge, metadata("x-a" = "a"), circuit_breaker)]
struct Inbound;

#[intercept(server, auth(token = self.token))]
struct WithTokens {
    token: String,
}

fn main() {}
