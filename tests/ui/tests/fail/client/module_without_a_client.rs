// Cause: The attribute reads the client that tonic generated, but this module has none. It includes a file by a macro,
// which is expanded only later, or you wrote the module yourself.
// Cure: Let tonic write the attribute into the generated file, in `build.rs`: `client_mod_attribute("user.v1",
// "#[interceptors::intercept(logging)]")`. For a hand-written client, put the attribute on its `impl`.

use interceptors::intercept;

#[intercept(logging)]
mod included {
    std::thread_local! {}
}

#[intercept(logging)]
mod other {
    pub struct Users;
}

fn main() {}
