//! The dependencies of each feature, as documented.
#![allow(clippy::unwrap_used)] // clippy.toml allows it inside of tests alone

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The names and versions of all crates that are compiled for a package. The target is fixed, so the numbers are the same on every platform.
fn crates(arguments: &[&str]) -> BTreeSet<String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", "--locked", "--edges", "normal", "--prefix", "none"]);
    cargo.args(["--target", "x86_64-unknown-linux-gnu"]);
    let output = cargo.args(arguments).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let tree = String::from_utf8(output.stdout).unwrap();
    let lines = tree.lines().filter(|line| !line.is_empty());
    let names = lines.map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" "));
    names.collect()
}

fn crates_with(features: &str) -> BTreeSet<String> {
    let features = ["--no-default-features", "--features", features];
    crates(&[&["--package", "interceptors"], features.as_slice()].concat())
}

/// The rows of the documented table: the features, and the number of crates.
fn table() -> Vec<(Option<String>, usize)> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, section) = page.split_once("\n# How many crates they bring\n").unwrap();
    let section = section.split("\n# ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| "));
    let rows = rows.skip(2).map(|row| {
        let mut cells = row.trim_matches('|').split(" | ");
        let features = cells.next().unwrap().trim();
        let number = cells.next().unwrap().trim().parse().unwrap();
        let listed = features.contains('`');
        (listed.then(|| features.replace(['`', ' '], "")), number)
    });
    rows.collect()
}

#[test]
fn documented_crate_counts_are_right() {
    let rows = table();
    assert_eq!(rows.len(), 4);
    for (features, documented) in rows {
        let counted = match &features {
            Some(features) => crates_with(features),
            None => crates(&["--package", "interceptors"]),
        };
        assert_eq!(counted.len(), documented, "{features:?}: {counted:#?}");
    }
}

/// Dependencies of a feature, and all features that include them.
const OWNED: [(&str, &[&str]); 11] = [
    ("garde", &["garde"]),
    ("governor", &["rate-limit", "redis", "envoy-rls"]),
    ("hyper-rustls", &["jwks-url"]),
    ("ipnet", &["client-ip"]),
    ("jsonwebtoken", &["jwt", "jwks-url"]),
    ("opentelemetry", &["metrics", "prometheus", "trace"]),
    ("prometheus", &["prometheus"]),
    ("redis", &["redis"]),
    ("subtle", &["static-tokens", "jwt", "jwks-url"]),
    ("tracing-opentelemetry", &["trace"]),
    ("uuid", &["request-id"]),
];

#[test]
fn disabled_features_bring_no_dependencies() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let manifest = fs::read_to_string(manifest).unwrap();
    let (_, features) = manifest.split_once("\n[features]\n").unwrap();
    let features = features.split("\n[").next().unwrap().lines();
    let names = features.filter_map(|line| line.split_once(" = [").map(|(name, _)| name));
    let names: Vec<&str> = names.filter(|name| *name != "default").collect();
    assert!(names.contains(&"logging"));
    for (dependency, owners) in OWNED {
        let others: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| !owners.contains(name))
            .collect();
        let name = format!("{dependency} ");
        let is_there =
            |crates: BTreeSet<String>| crates.iter().any(|known| known.starts_with(&name));
        assert!(
            !is_there(crates_with(&others.join(","))),
            "{dependency} comes without {owners:?}"
        );
        for owner in owners {
            assert!(is_there(crates_with(owner)), "{owner} has no {dependency}");
        }
    }
}

/// The versions in examples of `Cargo.toml` are those with which this crate is compiled.
#[test]
fn versions_in_the_guide_are_those_of_the_workspace() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(root.join("../Cargo.toml")).unwrap();
    let required = |name: &str| {
        let mut lines = manifest.lines();
        let line = lines.find_map(|line| line.strip_prefix(&format!("{name} = ")))?;
        line.split('"').nth(1)
    };
    let mut checked = 0;
    for page in ["getting_started.md", "production.md"] {
        let text = fs::read_to_string(root.join("docs").join(page)).unwrap();
        for block in text.split("```toml\n").skip(1) {
            let (block, _) = block.split_once("```").unwrap();
            let lines = block
                .lines()
                .filter_map(|line| line.trim().split_once(" = "));
            for (name, value) in lines.filter(|(name, _)| *name != "interceptors") {
                let shown = value.split('"').nth(1).unwrap();
                if let Some(version) = required(name) {
                    let same = version.strip_prefix(shown);
                    let same = same.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
                    assert!(same, "{page}: {name} {shown}, not {version}");
                    checked += 1;
                }
            }
        }
    }
    assert!(checked >= 10, "{checked}");
}
