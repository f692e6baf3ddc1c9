// Cause: The attribute reads the client that tonic generated, and this module holds none: it
// includes a file by a macro, which is expanded only later, or it is a module of your own.
// Cure: Let tonic write the attribute into the generated file, in `build.rs`:
// `client_mod_attribute("user.v1", "#[interceptors::intercept(logging)]")`. A client that you wrote
// yourself takes the attribute on its `impl`.

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
