//! `cargo run -p examples --bin policy`: writes the policies of the production example beside the protos.

use examples::policy;

fn main() -> std::io::Result<()> {
    let path = policy::path();
    std::fs::write(&path, policy::document())?;
    println!("{}", path.display());
    Ok(())
}
