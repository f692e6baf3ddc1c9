//! The attribute on random text, for a number of seconds: it does not panic, gives Rust back for Rust, and gives each
//! error a code. What is looked at is in `interceptors-macros/src/fuzz`.
//!
//! ```text
//! cargo run --release --manifest-path interceptors-macros/fuzz/Cargo.toml -- SECONDS [SEED]
//! ```
//!
//! With the seed that a failure shows, the first round is the one that failed.

use std::process::ExitCode;
use std::time::{Duration, Instant};

// A crate of a procedural macro exports nothing else, so its sources are included.
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
        eprintln!("how many seconds? and, perhaps, which seed?");
        return ExitCode::FAILURE;
    };
    let seed = arguments.next().map(|text| text.parse());
    let Ok(seed) = seed.unwrap_or_else(|| Ok(fuzz::any_seed())) else {
        eprintln!("a seed is a whole number");
        return ExitCode::FAILURE;
    };
    let began = Instant::now();
    if let Err(error) = fuzz::check_odd_cases() {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    let mut rounds = 0;
    while rounds == 0 || began.elapsed() < seconds {
        let seed: u64 = seed;
        let seed = seed.wrapping_add(rounds);
        if let Err(error) = fuzz::look(&mut fuzz::runner(CASES, seed)) {
            eprintln!("seed {seed}: {error}");
            return ExitCode::FAILURE;
        }
        rounds += 1;
    }
    let cases = 3 * rounds * u64::from(CASES);
    println!("{cases} cases, seeds from {seed}");
    ExitCode::SUCCESS
}
