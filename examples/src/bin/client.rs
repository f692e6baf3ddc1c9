//! `cargo run -p examples --bin client [ADDRESS]`: plays the scenes against a running server.

use examples::{Error, address, logs, scenes};

#[tokio::main]
async fn main() -> Result<(), Error> {
    logs::init();
    scenes::play(&address()).await
}
