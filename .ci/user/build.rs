//! Generated clients and servers with the attribute.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let proto = protox::compile(["proto/greeter.proto"], ["proto"])?;
    tonic_prost_build::configure()
        .server_mod_attribute("greeter.v1", "#[interceptors::intercept]")
        .client_mod_attribute(
            "greeter.v1",
            r#"#[interceptors::intercept(logging, deadline("2s"), retry(max = 3), metadata("x-tenant" = "a"))]"#,
        )
        .compile_fds(proto)?;
    Ok(())
}
