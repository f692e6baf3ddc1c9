//! Generates clients under several policies, as a user's `build.rs` does, and the server of the large
//! service whose compile time is measured.

use std::error::Error;
use std::path::PathBuf;

#[allow(unreachable_pub)] // the library shows it
#[path = "src/large.rs"]
mod large;

/// A policy, and the module that its client of the demo service is in. What the policies name is in
/// `src/clients.rs`.
const CLIENTS: [(&str, &str); 11] = [
    ("empty", "with(crate::NoOp, only = [login])"),
    ("no_op", "with(crate::NoOp)"),
    ("logged", "logging"),
    ("retried", "retry(max = 3)"),
    ("limited", "deadline(\"5s\")"),
    ("marked", "metadata(\"x-key\" = \"value\")"),
    (
        "retried_marked",
        "logging, retry(max = 3), metadata(\"x-client\" = \"shop\", \"x-region\" = \"eu\")",
    ),
    ("authenticated", "auth(token = &*crate::clients::TOKENS)"),
    ("logged_retried", "logging, retry(max = 3)"),
    ("policy", "logging, retry(max = 3), deadline(\"5s\")"),
    (
        "peer",
        "retry(max = 3), metadata(\"x-tenant\" = crate::peers::TENANT, \"x-region\" = crate::peers::REGION)",
    ),
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=../../proto/proto");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    for (name, policy) in CLIENTS {
        let dir = out.join(name);
        std::fs::create_dir_all(&dir)?;
        tonic_prost_build::configure()
            .build_server(false)
            .client_mod_attribute("demo.v1", format!("#[::interceptors::intercept({policy})]"))
            .extern_path(".demo.v1", "::interceptors_proto::demo")
            .out_dir(dir)
            .compile_fds(protox::compile(
                ["demo/v1/users.proto"],
                ["../../proto/proto"],
            )?)?;
    }
    // The server of which the policy runs before it decodes.
    let dir = out.join("module");
    std::fs::create_dir_all(&dir)?;
    tonic_prost_build::configure()
        .build_client(false)
        .server_mod_attribute("demo.v1", "#[::interceptors::intercept]")
        .extern_path(".demo.v1", "::interceptors_proto::demo")
        .out_dir(dir)
        .compile_fds(protox::compile(
            ["demo/v1/users.proto"],
            ["../../proto/proto"],
        )?)?;
    // Only as text here: the benchmark writes it into a crate of its own.
    std::fs::write(out.join("large.proto"), large::proto())?;
    tonic_prost_build::configure()
        .build_client(false)
        .compile_fds(protox::compile(["large.proto"], [&out])?)?;
    Ok(())
}
