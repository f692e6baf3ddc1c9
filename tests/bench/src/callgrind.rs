//! Instructions counted by callgrind: the program runs itself under valgrind, once for each case and number of
//! calls. The difference between many calls and half of them leaves out what happens once.
//!
//! Callgrind collects while a function whose name begins with `measured` runs; no other may be
//! called so, nor may a closure be in one.
//!
//! A process that serves or calls another one is counted with [`Process`] instead.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

/// Calls in the shorter run of a case.
const CALLS: u32 = 500;

/// What is counted: `run` makes as many calls as it is told.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    key: &'static str,
    run: fn(u32),
}

impl Case {
    /// The name to ask for it by.
    #[must_use]
    pub const fn key(&self) -> &'static str {
        self.key
    }

    /// Makes so many calls, here and now.
    pub fn run(&self, calls: u32) {
        (self.run)(calls);
    }
}

/// A case, and the name to ask for it by.
pub const fn case(key: &'static str, run: fn(u32)) -> Case {
    Case { key, run }
}

/// The whole of a benchmark. `report` is given the instructions of one call by the case's name, not a number
/// where there is no such case.
pub fn run(cases: &[Case], report: impl FnOnce(&dyn Fn(&str) -> f64) -> ExitCode) -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["count", key, calls] => {
            let case = cases.iter().find(|case| case.key == key);
            let (Some(case), Ok(calls)) = (case, calls.parse()) else {
                return ExitCode::FAILURE;
            };
            (case.run)(calls);
            ExitCode::SUCCESS
        }
        // Without it, this was not built for measuring: `cargo test --benches`.
        _ if !args.contains(&"--bench") => ExitCode::SUCCESS,
        _ if !has_valgrind() => {
            println!("instructions: skipped, valgrind is not installed");
            ExitCode::SUCCESS
        }
        _ => {
            let counts: Vec<f64> = cases.iter().map(|case| count(case.key)).collect();
            report(&|key| {
                let case = cases.iter().zip(&counts).find(|(case, _)| case.key == key);
                case.map_or(f64::NAN, |(_, &count)| count)
            })
        }
    }
}

/// Whether valgrind is installed.
#[must_use]
pub fn has_valgrind() -> bool {
    let version = Command::new("valgrind")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    version.is_ok_and(|status| status.success())
}

/// The instructions of one call.
fn count(key: &str) -> f64 {
    let (half, whole) = (total(key, CALLS), total(key, 2 * CALLS));
    (whole as f64 - half as f64) / f64::from(CALLS)
}

fn total(key: &str, calls: u32) -> u64 {
    let this = env::current_exe().expect("this program has a path");
    let file = this.with_extension(format!("{key}.callgrind"));
    let output = Command::new("valgrind")
        .args([
            "--tool=callgrind",
            "--collect-atstart=no",
            "--toggle-collect=*::measured_*",
        ])
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(&this)
        .args(["count", key, &calls.to_string()])
        .output()
        .expect("valgrind runs");
    // Of a program that failed half way there are numbers too.
    let total = read_total(&file).filter(|_| output.status.success());
    if env::var_os("KEEP_CALLGRIND").is_none() {
        let _ = std::fs::remove_file(&file);
    }
    total.unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

/// This program under callgrind, as a process of its own. All is counted that it does after it enters a
/// function named `zero_counts`, until it ends.
#[derive(Debug)]
pub struct Process {
    file: PathBuf,
}

impl Process {
    /// Named so that two of them do not write to the same file.
    ///
    /// # Panics
    ///
    /// If this program has no path.
    #[must_use]
    pub fn new(key: &str) -> Self {
        let this = env::current_exe().expect("this program has a path");
        let file = this.with_extension(format!("{key}.callgrind"));
        Self { file }
    }

    /// What starts it, without the program's arguments.
    ///
    /// # Panics
    ///
    /// If this program has no path.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new("valgrind");
        command
            .args([
                "--quiet",
                "--tool=callgrind",
                "--zero-before=*::zero_counts*",
            ])
            .arg(format!("--callgrind-out-file={}", self.file.display()))
            .arg(env::current_exe().expect("this program has a path"));
        command
    }

    /// The instructions, when it has ended. `None` if nothing was counted.
    #[must_use]
    pub fn total(self) -> Option<u64> {
        let total = read_total(&self.file);
        if env::var_os("KEEP_CALLGRIND").is_none() {
            let _ = std::fs::remove_file(&self.file);
        }
        total
    }
}

/// The line `totals: 123456` of callgrind's output.
fn read_total(file: &Path) -> Option<u64> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("totals:"))?;
    line.trim().parse().ok().filter(|&total| total > 0)
}
