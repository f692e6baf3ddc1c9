//! Compiles the protos in pure Rust, so that nobody needs `protoc`.

use prost::Message as _;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=proto");
    let compile = |proto: &str,
                   builder: tonic_prost_build::Builder|
     -> Result<(), Box<dyn std::error::Error>> {
        builder.compile_fds(protox::compile([proto], ["proto"])?)?;
        Ok(())
    };
    let out = std::path::PathBuf::from(std::env::var("OUT_DIR")?);
    for name in ["demo/v1/users.proto", "shapes/v1/shapes.proto"] {
        let set = protox::compile([name], ["proto"])?.encode_to_vec();
        let file = name.replace('/', ".").replace(".proto", ".bin");
        std::fs::write(out.join(file), set)?;
    }
    compile("demo/v1/users.proto", tonic_prost_build::configure())?;
    compile("shapes/v1/shapes.proto", tonic_prost_build::configure())?;
    // A method called `Connect` collides with the constructor that the transport would add.
    compile(
        "names/v1/names.proto",
        tonic_prost_build::configure().build_transport(false),
    )?;
    compile(
        "shared/v1/shared.proto",
        tonic_prost_build::configure().use_arc_self(true),
    )?;
    compile(
        "stubs/v1/stubs.proto",
        tonic_prost_build::configure().generate_default_stubs(true),
    )?;
    // The same service once more, for examples in documentation: methods may be left out there.
    let guide = out.join("guide");
    std::fs::create_dir_all(&guide)?;
    let stubs = tonic_prost_build::configure().generate_default_stubs(true);
    compile("demo/v1/users.proto", stubs.out_dir(guide))?;
    Ok(())
}
