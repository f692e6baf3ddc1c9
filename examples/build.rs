//! A generated client with interceptors: its module gets the attribute.

use std::error::Error;

const POLICY: &str = r#"#[interceptors::intercept(
    logging(level = "info"),
    deadline("2s"),
    retry(max = 3, base_delay = "20ms"),
    auth(token = &*crate::clients::TOKENS, public = [login], allow_plaintext = true),
    metadata("x-trace-id" = crate::clients::trace_id()),
)]"#;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=../proto/proto");
    tonic_prost_build::configure()
        .build_server(false)
        .client_mod_attribute("demo.v1", POLICY)
        // The messages are generated in another crate here; usually they are not.
        .extern_path(".demo.v1", "::interceptors_proto::demo")
        // `protox` compiles protos without `protoc`.
        .compile_fds(protox::compile(
            ["demo/v1/users.proto"],
            ["../proto/proto"],
        )?)?;
    // A server too, with messages of this crate, and defaults for methods that are not written.
    let production = std::path::PathBuf::from(std::env::var("OUT_DIR")?).join("production");
    std::fs::create_dir_all(&production)?;
    tonic_prost_build::configure()
        .generate_default_stubs(true)
        .out_dir(production)
        .compile_fds(protox::compile(
            ["demo/v1/users.proto"],
            ["../proto/proto"],
        )?)?;
    Ok(())
}
