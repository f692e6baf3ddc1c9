//! The policies of the production example as a document beside the protos.

use std::fmt::Write as _;
use std::path::PathBuf;

use interceptors::Intercepted as _;

use crate::production::{Inbound, Outbound, Users};

/// The path of the document.
#[must_use]
pub fn path() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../proto/policy.md"))
}

/// The policies, each as a matrix and in full.
#[must_use]
pub fn document() -> String {
    let policies = [
        (
            "The policy for all calls of the server",
            "Inbound",
            Inbound::PLAN,
        ),
        ("The additional policy of the service", "Users", Users::PLAN),
        ("The policy of clients", "Outbound", Outbound::PLAN),
    ];
    let mut document = "# Who may call what\n\n\
        `cargo run -p examples --bin policy` writes this file. A test fails if the file differs from the code.\n"
        .to_owned();
    for (title, name, plan) in policies {
        // Writing to a `String` does not fail.
        _ = write!(
            document,
            "\n## {title}: `{name}`\n\n{}\n{}",
            plan.to_matrix(),
            plan.to_markdown()
        );
    }
    document
}
