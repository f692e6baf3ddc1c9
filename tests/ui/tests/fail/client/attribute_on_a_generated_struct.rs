// Cause: The methods of a generated client are in an `impl` next to the struct. An attribute on the struct cannot see
// them.
// Cure: Put the attribute on the whole module, in `build.rs`: `client_mod_attribute("user.v1",
// "#[interceptors::intercept(logging)]")`. tonic's `client_attribute` puts it on the struct.

use interceptors::intercept;

#[intercept(logging, retry(max = 3))]
#[derive(Debug, Clone)]
pub struct UserServiceClient<T> {
    inner: tonic::client::Grpc<T>,
}

fn main() {}
