//! What the benchmarks have measured, kept in a file from which `BENCHMARKS.md` and its plots are made.
//!
//! A benchmark calls [`keep`] for each figure that the document shows, and [`at_most`] or [`at_least`] for each bound. Both write
//! a line into the file that [`FILE`] names, and nothing where nobody asks. The program `report` sets the variable.

use std::env;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;

/// The variable of the environment with the path of the file.
pub const FILE: &str = "INTERCEPTORS_FIGURES";

/// The columns of a bound.
pub const MEASURED: &str = "measured";
/// As [`MEASURED`].
pub const AT_MOST: &str = "at most";
/// As [`MEASURED`].
pub const AT_LEAST: &str = "at least";

/// Keeps one figure. What could not be measured is left out.
///
/// # Panics
///
/// If the file cannot be written.
pub fn keep(row: &str, column: &str, figure: f64) {
    let Some(file) = env::var_os(FILE).filter(|_| figure.is_finite()) else {
        return;
    };
    let file = OpenOptions::new().create(true).append(true).open(file);
    let line = format!("{row}\t{column}\t{}\n", rounded(figure));
    let written = file.and_then(|mut file| file.write_all(line.as_bytes()));
    written.expect("the figures can be written");
}

/// Says whether `measured` keeps to the bound, and keeps both.
///
/// # Panics
///
/// If the file cannot be written.
pub fn at_most(what: &str, measured: f64, most: f64) -> bool {
    // Written so that what could not be measured is no promise kept.
    bound(what, measured, AT_MOST, most, measured <= most)
}

/// As [`at_most`], for a figure that has to be as large.
///
/// # Panics
///
/// If the file cannot be written.
pub fn at_least(what: &str, measured: f64, least: f64) -> bool {
    bound(what, measured, AT_LEAST, least, measured >= least)
}

fn bound(what: &str, measured: f64, of: &str, bound: f64, is_kept: bool) -> bool {
    let verdict = if is_kept { "kept" } else { "BROKEN" };
    let (shown, limit) = (rounded(measured), rounded(bound));
    println!("{verdict}: {what}: {shown}, {of} {limit}");
    keep(what, MEASURED, measured);
    keep(what, of, bound);
    is_kept
}

/// Ratios have three decimals. An instruction more or less is no difference in thousands.
fn rounded(figure: f64) -> String {
    let decimals = match figure.abs() {
        small if small < 10.0 => 3,
        small if small < 100.0 => 1,
        _ => 0,
    };
    let text = format!("{figure:.decimals$}");
    match text.contains('.') {
        true => {
            let text = text.trim_end_matches('0').trim_end_matches('.');
            if text == "-0" { "0" } else { text }.to_owned()
        }
        false => text,
    }
}

/// A figure, and where it belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// The benchmark that has measured it.
    pub bench: String,
    /// What was measured.
    pub row: String,
    /// What of it.
    pub column: String,
    /// As it is shown: a number, or the version of the compiler.
    pub value: String,
}

/// All figures, in the order in which they were measured.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures(Vec<Figure>);

impl Figures {
    /// Reads a table of four columns with tabs between them: benchmark, row, column, value. Lines that begin with `#` are
    /// comments.
    ///
    /// # Errors
    ///
    /// The number of a line that is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut figures = Vec::new();
        for (number, line) in text.lines().enumerate() {
            if line.starts_with('#') {
                continue;
            }
            let cells: Vec<&str> = line.split('\t').collect();
            let [bench, row, column, value] = cells[..] else {
                return Err(format!("line {} has not four cells", number + 1));
            };
            let [bench, row, column, value] = [bench, row, column, value].map(str::to_owned);
            figures.push(Figure {
                bench,
                row,
                column,
                value,
            });
        }
        Ok(Self(figures))
    }

    /// Puts what a benchmark has written in the place of all that it wrote before.
    ///
    /// # Errors
    ///
    /// The number of a line that [`keep`] has not written. The figures stay as they were then.
    pub fn replace(&mut self, bench: &str, version: &str, written: &str) -> Result<(), String> {
        let lines = written.lines().map(|line| format!("{bench}\t{line}\n"));
        let mut lines: String = lines.collect();
        let _ = writeln!(lines, "{bench}\tmeasured with\tRust\t{version}");
        let new = Self::parse(&lines)?.0;
        let place = self.0.iter().position(|figure| figure.bench == bench);
        self.0.retain(|figure| figure.bench != bench);
        let place = place.unwrap_or(self.0.len());
        self.0.splice(place..place, new);
        Ok(())
    }

    /// All figures of a benchmark.
    pub fn of<'a, 'b>(&'a self, bench: &'b str) -> impl Iterator<Item = &'a Figure> + use<'a, 'b> {
        self.0.iter().filter(move |figure| figure.bench == bench)
    }

    /// One figure as it is written. Of several with one name it is the last.
    #[must_use]
    pub fn text(&self, bench: &str, row: &str, column: &str) -> Option<&str> {
        let is_it = |figure: &&Figure| figure.row == row && figure.column == column;
        let figure = self.of(bench).filter(is_it).last()?;
        Some(&figure.value)
    }

    /// One figure.
    #[must_use]
    pub fn get(&self, bench: &str, row: &str, column: &str) -> Option<f64> {
        self.text(bench, row, column)?.parse().ok()
    }

    /// The rows of a benchmark that have this column, in their order.
    #[must_use]
    pub fn rows(&self, bench: &str, column: &str) -> Vec<&str> {
        let mut rows = Vec::new();
        for figure in self.of(bench).filter(|figure| figure.column == column) {
            if !rows.contains(&figure.row.as_str()) {
                rows.push(&figure.row);
            }
        }
        rows
    }

    /// What [`parse`](Self::parse) reads.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = "# Written by `cargo run -p interceptors-bench --bin report`: benchmark, row, column, value.\n".to_owned();
        for figure in &self.0 {
            let Figure {
                bench,
                row,
                column,
                value,
            } = figure;
            let _ = writeln!(text, "{bench}\t{row}\t{column}\t{value}");
        }
        text
    }
}
