//! The document beside the protos says what the code does.
#![allow(clippy::unwrap_used)] // clippy.toml allows it inside of tests alone

use examples::policy;

#[test]
fn the_document_says_what_the_code_does() {
    let kept = std::fs::read_to_string(policy::path()).unwrap();
    assert!(
        kept == policy::document(),
        "the policy has changed: read `cargo run -p examples --bin policy && git diff proto`"
    );
}
