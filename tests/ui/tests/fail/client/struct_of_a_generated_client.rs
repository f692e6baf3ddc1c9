// Cause: The struct of a generated client does not have the methods in it; they are in an `impl`
// beside it, which an attribute on the struct cannot see.
// Cure: Put the attribute on the whole module, in `build.rs`: `client_mod_attribute("user.v1",
// "#[interceptors::intercept(logging)]")`. tonic's `client_attribute` puts it on the struct, and so
// does not help.

use interceptors::intercept;

#[intercept(logging, retry(max = 3))]
#[derive(Debug, Clone)]
pub struct UserServiceClient<T> {
    inner: tonic::client::Grpc<T>,
}

fn main() {}
