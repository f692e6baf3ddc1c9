//! The README's quick start: its files in an empty folder, and `cargo run`.
#![allow(clippy::unwrap_used)] // helpers of tests

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A folder outside of the checkout, because cargo would find the checkout's workspace. It is removed when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let name = format!("interceptors-quick-start-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The fenced blocks, without their fences.
fn blocks(readme: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<String> = None;
    for line in readme.lines() {
        match (&mut open, line.starts_with("```")) {
            (None, true) => open = Some(String::new()),
            (Some(_), true) => blocks.extend(open.take()),
            (Some(block), false) => writeln!(block, "{line}").unwrap(),
            (None, false) => {}
        }
    }
    assert_eq!(open, None, "a block has no end");
    blocks
}

/// The path in the first line of a block, if the block is a file.
fn path(block: &str) -> Option<&str> {
    let first = block.lines().next()?;
    let path = first
        .strip_prefix("# ")
        .or_else(|| first.strip_prefix("// "))?;
    let is_path = !path.contains(' ') && path.contains('.');
    is_path.then_some(path)
}

#[test]
fn readme_quick_start_runs() {
    let readme = fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
    let (_, quick_start) = readme.split_once("## Quick start\n").unwrap();
    let quick_start = quick_start.split("\n## ").next().unwrap();
    let blocks = blocks(quick_start);
    let folder = Folder::new();
    let mut files = Vec::new();
    let mut rest = Vec::new();
    for block in &blocks {
        let Some(path) = path(block) else {
            rest.push(block);
            continue;
        };
        let file = folder.0.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, block).unwrap();
        files.push(path);
    }
    assert_eq!(
        files,
        ["Cargo.toml", "proto/hello.proto", "build.rs", "src/main.rs"]
    );
    let [expected] = rest[..] else {
        panic!("expected one block with the output: {rest:?}");
    };

    // The README describes the patch for a checkout. The checkout's lock file avoids new downloads.
    assert!(quick_start.contains("`[patch.crates-io]`"));
    assert!(quick_start.contains("\ninterceptors = \"0.1\"\n"));
    let manifest = folder.0.join("Cargo.toml");
    let checkout = fs::canonicalize(Path::new(ROOT).join("interceptors")).unwrap();
    let patched = fs::read_to_string(&manifest).unwrap()
        + &format!(
            "\n[patch.crates-io]\ninterceptors = {{ path = '{}' }}\n",
            checkout.display()
        );
    fs::write(&manifest, patched).unwrap();
    fs::copy(
        Path::new(ROOT).join("Cargo.lock"),
        folder.0.join("Cargo.lock"),
    )
    .unwrap();

    // The target folder and debug settings of the tests are reused, so that most dependencies are built already.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let output = Command::new(env!("CARGO"))
        .arg("run")
        .current_dir(&folder.0)
        .env("CARGO_TARGET_DIR", target)
        .env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only")
        .env_remove("RUST_LOG")
        .output()
        .unwrap();
    let (stdout, stderr) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{stdout}\n{stderr}");
    let is_log = |line: &&str| line.contains("finished call");
    let logged = stdout.lines().filter(is_log).count();
    let printed: String = stdout
        .lines()
        .filter(|line| !is_log(line))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(printed, *expected);
    assert_eq!(logged, 4, "one event for each call: {stdout}");
    assert!(!stderr.contains("(bin \"hello\") generated"), "{stderr}");
}
