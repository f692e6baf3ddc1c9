// Cause: An interceptor only borrows `self`, and a `String` cannot be moved out of it.
// Cure: Put `&` in front: `metadata("x-tenant" = &self.tenant)`. An `Option<String>` needs
// `.as_deref()`. Numbers and `&'static str` are copied, and need nothing.

use interceptors::intercept;

#[intercept(metadata("x-tenant" = self.tenant, "x-shard" = self.shard))]
struct Outbound {
    tenant: String,
    shard: u32,
}

fn main() {}
