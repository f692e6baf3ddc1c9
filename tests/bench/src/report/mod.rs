//! Makes the tables of `BENCHMARKS.md` and its plots of the [figures](crate::figures) that are kept.
//!
//! A table stands between `<!-- made of figures: NAME -->` and `<!-- end -->`. The text around it stays as it is.

mod plots;
mod tables;

use std::fs;
use std::path::{Path, PathBuf};

use crate::figures::Figures;

/// The file of the figures, in the workspace.
pub const FIGURES: &str = "tests/bench/figures.tsv";
/// The folder of the plots, in the workspace.
pub const PLOTS: &str = "tests/bench/plots";
/// The files with tables, in the workspace.
pub const DOCUMENTS: [&str; 2] = ["BENCHMARKS.md", "interceptors/src/compile_time.md"];

/// A benchmark that keeps figures.
#[derive(Debug, Clone, Copy)]
pub struct Bench {
    /// As `cargo bench --bench` names it.
    pub name: &'static str,
    /// What it measures, in a few words.
    pub says: &'static str,
    /// What cargo needs beyond the name.
    pub args: &'static [&'static str],
    /// Whether it measures time, so that the machine has to be idle.
    pub is_time: bool,
}

/// In the order in which they run.
pub const BENCHES: [Bench; 9] = [
    Bench {
        name: "instructions",
        says: "a call on a service",
        args: &[],
        is_time: false,
    },
    Bench {
        name: "server_instructions",
        says: "a struct in front of a server",
        args: &[],
        is_time: false,
    },
    Bench {
        name: "client_instructions",
        says: "a call of a client",
        args: &[],
        is_time: false,
    },
    Bench {
        name: "each",
        says: "each interceptor alone",
        args: &["--features", "every"],
        is_time: false,
    },
    Bench {
        name: "peers",
        says: "beside hand-written code, tower and `tonic-middleware`; five minutes",
        args: &[],
        is_time: false,
    },
    Bench {
        name: "compile",
        says: "time to compile, and code; ten minutes",
        args: &[],
        is_time: true,
    },
    Bench {
        name: "loopback",
        says: "throughput of a service",
        args: &[],
        is_time: true,
    },
    Bench {
        name: "client",
        says: "throughput of a client; ten minutes",
        args: &[],
        is_time: true,
    },
    Bench {
        name: "shared_limits",
        says: "limits in Redis; needs `redis-server`",
        args: &[],
        is_time: true,
    },
];

/// The folder of the workspace.
#[must_use]
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All files that are made of these figures, by their paths in the workspace, with their text.
///
/// # Errors
///
/// A document that cannot be read, or a marker in it that is wrong.
pub fn made(figures: &Figures) -> Result<Vec<(PathBuf, String)>, String> {
    let mut files = Vec::new();
    for path in DOCUMENTS {
        let text = fs::read_to_string(workspace().join(path));
        let text = text.map_err(|error| format!("{path}: {error}"))?;
        let text = fill(&text, figures).map_err(|error| format!("{path}: {error}"))?;
        files.push((PathBuf::from(path), text));
    }
    for (name, svg) in plots::all(figures)? {
        files.push((Path::new(PLOTS).join(name), svg));
    }
    Ok(files)
}

/// The names of all tables.
pub fn tables() -> impl Iterator<Item = &'static str> {
    tables::names()
}

const BEGIN: &str = "<!-- made of figures: ";
const END: &str = "<!-- end -->";

/// Writes each table of a document anew.
///
/// # Errors
///
/// A table that there is not, or one without an end.
pub fn fill(document: &str, figures: &Figures) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = document;
    while let Some((before, after)) = rest.split_once(BEGIN) {
        let no_end = || format!("no `{END}`");
        let (name, after) = after.split_once(" -->").ok_or_else(no_end)?;
        let (old, after) = after.split_once(END).ok_or_else(no_end)?;
        if old.contains(BEGIN) {
            return Err(format!("`{name}` has no `{END}` of its own"));
        }
        let table = tables::table(name, figures).ok_or_else(|| format!("no table `{name}`"))?;
        filled.push_str(&format!("{before}{BEGIN}{name} -->\n{table}{END}"));
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}
