//! Generates a client whose calls pass through the interceptors of this crate, for its tests.

use std::error::Error;

const POLICY: &str = "#[::interceptors::intercept(
    with(crate::clients::Watched),
    with(::interceptors_tests_outside::IdOfCall::new()),
    with(::interceptors_tests_outside::StreamGaps::new()),
)]";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=../../proto/proto");
    tonic_prost_build::configure()
        .build_server(false)
        .client_mod_attribute("demo.v1", POLICY)
        .extern_path(".demo.v1", "::interceptors_proto::demo")
        .compile_fds(protox::compile(
            ["demo/v1/users.proto"],
            ["../../proto/proto"],
        )?)?;
    Ok(())
}
