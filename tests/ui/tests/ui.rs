//! Each case in `fail` must not compile, and the message beside it is what the user reads.
//!
//! The messages are those of one compiler. On another they may differ in words that are not ours,
//! so there this is left out, except in CI, where it fails: a test that no longer runs is none.

#[rustversion::stable(1.95)]
#[test]
fn what_must_not_compile() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/fail/*/*.rs");
    cases.pass("tests/pass/*.rs");
}

#[rustversion::not(stable(1.95))]
#[test]
fn what_must_not_compile() {
    assert!(
        std::env::var_os("CI").is_none(),
        "the messages in tests/ui are those of Rust 1.95: write them anew for this compiler"
    );
}
