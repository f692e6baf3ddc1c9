//! Runs the attribute on random text for a number of seconds. It must not panic, must return Rust if it got Rust, and each
//! error must have a code. The checks are in `interceptors-macros/src/fuzz`.
//!
//! ```text
//! cargo run --release --manifest-path interceptors-macros/fuzz/Cargo.toml -- SECONDS [SEED]
//! ```
//!
//! A failure prints its seed. With that seed, the first round is the one that failed.

use std::process::ExitCode;
use std::time::{Duration, Instant};

// A procedural macro crate only exports its macros, so its sources are included.
#[path = "../../src/check/mod.rs"]
mod check;
#[path = "../../src/codes.rs"]
mod codes;
#[path = "../../src/ctxt.rs"]
mod ctxt;
#[path = "../../src/entries/mod.rs"]
mod entries;
#[path = "../../src/expand/mod.rs"]
mod expand;
#[path = "../../src/fuzz/mod.rs"]
mod fuzz;
#[path = "../../src/intercept.rs"]
mod intercept;
#[path = "../../src/item/mod.rs"]
mod item;
#[path = "../../src/text/mod.rs"]
mod text;

const CASES: u32 = 200;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().and_then(|text| text.parse().ok());
    let Some(seconds) = seconds.map(Duration::from_secs) else {
        eprintln!("usage: random SECONDS [SEED]");
        return ExitCode::FAILURE;
    };
    let seed = arguments.next().map(|text| text.parse());
    let Ok(seed) = seed.unwrap_or_else(|| Ok(fuzz::any_seed())) else {
        eprintln!("the seed must be a whole number");
        return ExitCode::FAILURE;
    };
    let start = Instant::now();
    if let Err(error) = fuzz::check_odd_cases() {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    let mut rounds = 0;
    while rounds == 0 || start.elapsed() < seconds {
        let seed: u64 = seed;
        let seed = seed.wrapping_add(rounds);
        if let Err(error) = fuzz::run_cases(&mut fuzz::runner(CASES, seed)) {
            eprintln!("seed {seed}: {error}");
            return ExitCode::FAILURE;
        }
        rounds += 1;
    }
    let cases = 3 * rounds * u64::from(CASES);
    println!("{cases} cases, first seed {seed}");
    ExitCode::SUCCESS
}
