//! Runs the benchmarks, and makes `BENCHMARKS.md` and its plots of what they have measured.

use std::env;
use std::error::Error;
use std::fs;
use std::process::{Command, ExitCode};

use interceptors_bench::figures::{FILE, Figures};
use interceptors_bench::report::{BENCHES, Bench, FIGURES, made, workspace};

const HELP: &str = "\
Runs the benchmarks, and writes BENCHMARKS.md and its plots.

    cargo run -p interceptors-bench --bin report                 all benchmarks
    cargo run -p interceptors-bench --bin report -- peers each   these two; the figures of the others stay
    cargo run -p interceptors-bench --bin report -- --draw       none: the document and the plots, of the figures that are kept

Instructions are counted under valgrind and do not depend on what else the machine does. Times do.

Benchmarks:
";

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    if args.iter().any(|arg| arg == "--help" || arg == "-h") {
        help();
        return Ok(ExitCode::SUCCESS);
    }
    let benches: Vec<&Bench> = match &args[..] {
        [] => BENCHES.iter().collect(),
        [draw] if draw == "--draw" => Vec::new(),
        names => {
            let find = |name: &String| BENCHES.iter().find(|bench| bench.name == name);
            let Some(benches) = names.iter().map(find).collect() else {
                help();
                return Ok(ExitCode::FAILURE);
            };
            benches
        }
    };
    let path = workspace().join(FIGURES);
    let mut figures = Figures::parse(&fs::read_to_string(&path)?)?;
    let mut failed = Vec::new();
    for bench in benches {
        if !run(bench, &mut figures)? {
            failed.push(bench.name);
        }
        // Minutes pass; what was measured is not lost where the next one fails.
        fs::write(&path, figures.to_text())?;
    }
    for (file, text) in made(&figures)? {
        let file = workspace().join(file);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&file, text)?;
    }
    if failed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("failed, or broke a bound: {}", failed.join(", "));
    Ok(ExitCode::FAILURE)
}

fn help() {
    print!("{HELP}");
    for bench in &BENCHES {
        println!("    {:<20} {}", bench.name, bench.says);
    }
}

/// Whether it ended well. What it has measured is kept all the same, and what was kept stays where it has measured nothing.
fn run(bench: &Bench, figures: &mut Figures) -> Result<bool, Box<dyn Error>> {
    let file = env::temp_dir().join(format!("interceptors-{}.tsv", std::process::id()));
    fs::write(&file, "")?;
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .current_dir(workspace())
        .args(["bench", "-p", "interceptors-bench", "--bench", bench.name])
        .args(bench.args)
        .env(FILE, &file)
        .status()?;
    let written = fs::read_to_string(&file)?;
    fs::remove_file(&file)?;
    if written.is_empty() {
        eprintln!("{}: no figures", bench.name);
        return Ok(false);
    }
    figures.replace(bench.name, &version()?, &written)?;
    Ok(status.success())
}

/// `1.95.0`, of the line `rustc 1.95.0 (…)`.
fn version() -> Result<String, Box<dyn Error>> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output()?;
    let line = String::from_utf8(output.stdout)?;
    let version = line.split(' ').nth(1).ok_or("rustc has no version")?;
    Ok(version.to_owned())
}
