//! The policy document next to the protos matches the code.
#![allow(clippy::unwrap_used)] // clippy.toml allows it inside of tests alone

use examples::policy;

#[test]
fn policy_document_matches_the_code() {
    let kept = std::fs::read_to_string(policy::path()).unwrap();
    assert!(
        kept == policy::document(),
        "the policy has changed: read `cargo run -p examples --bin policy && git diff proto`"
    );
}
