//! Each case in `fail` must not compile, with the message next to it.
//!
//! The messages are those of one version of rustc, because its own parts differ between versions. With another version, the
//! test is skipped, except in CI, where it fails: otherwise nobody would notice that it no longer runs.

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
        "the messages in tests/ui are those of Rust 1.95: update them for this compiler"
    );
}
