// Cause: An interceptor only borrows `self`, so a `String` cannot be moved out of it.
// Cure: Borrow it: `metadata("x-tenant" = &self.tenant)`. An `Option<String>` needs `.as_deref()`. Numbers and
// `&'static str` are copied, so they can stay as they are.

use interceptors::intercept;

#[intercept(metadata("x-tenant" = self.tenant, "x-shard" = self.shard))]
struct Outbound {
    tenant: String,
    shard: u32,
}

fn main() {}
