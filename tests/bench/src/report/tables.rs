use std::fmt::Write as _;

use super::BENCHES;
use crate::figures::{AT_LEAST, AT_MOST, Figures, MEASURED};

/// How a cell is written.
#[derive(Clone, Copy)]
enum Form {
    /// `28,641`
    Whole,
    /// `1.39`
    Ratio,
    /// `4.0 kB`
    Kilobytes,
    /// `1.013 ± 0.001`: the column, and one named `error`.
    WithError,
    /// As it was kept.
    Plain,
}

struct Table {
    name: &'static str,
    bench: &'static str,
    /// Of the first column.
    head: &'static str,
    /// The rows. Where there are none: each that has the first column.
    rows: &'static [&'static str],
    /// Names of columns as they are kept, and as they are shown.
    columns: &'static [(&'static str, &'static str, Form)],
}

const TABLES: [Table; 13] = [
    Table {
        name: "service",
        bench: "instructions",
        head: "one call",
        rows: &["bare handler", "by hand in the method", "attribute"],
        columns: &[
            ("instructions", "instructions", Form::Whole),
            ("of by hand", "of by hand", Form::Ratio),
            ("future", "bytes of its future", Form::Whole),
        ],
    },
    Table {
        name: "more on a service",
        bench: "instructions",
        head: "what else on a service",
        rows: &[],
        columns: &[
            ("more", "instructions", Form::Whole),
            ("each message", "for each message", Form::Whole),
        ],
    },
    Table {
        name: "server",
        bench: "server_instructions",
        head: "struct for the server",
        rows: &[],
        columns: &[("more than bare", "instructions", Form::Whole)],
    },
    Table {
        name: "peers",
        bench: "peers",
        head: "instructions beyond bare tonic",
        rows: &[
            "unary, logging off",
            "unary, logging on",
            "stream of 100, logging off",
            "stream of 100, logging on",
        ],
        columns: &[
            ("by hand", "by hand", Form::Whole),
            (
                "by hand, all fields",
                "by hand, all fields of our event",
                Form::Whole,
            ),
            ("tower", "tower", Form::Whole),
            ("tonic-middleware", "`tonic-middleware`", Form::Whole),
            ("attribute", "attribute on the service", Form::Whole),
            ("server struct", "struct for the server", Form::Whole),
            (
                "on the server too",
                "attribute on the generated server too",
                Form::Whole,
            ),
            ("bare", "bare tonic itself", Form::Whole),
        ],
    },
    Table {
        name: "peers of a client",
        bench: "peers",
        head: "instructions beyond bare tonic",
        rows: &[
            "generated client, retry and two keys",
            "wrapped channel, retry and two keys",
        ],
        columns: &[
            ("by hand", "by hand", Form::Whole),
            ("tower", "tower", Form::Whole),
            ("attribute", "attribute", Form::Whole),
            ("bare", "bare tonic itself", Form::Whole),
        ],
    },
    Table {
        name: "refused",
        bench: "peers",
        head: "instructions beyond bare tonic",
        rows: &["refused, 100,000 strings"],
        columns: &[
            ("tower", "tonic's own `Interceptor`", Form::Whole),
            ("attribute", "attribute on the service", Form::Whole),
            ("server struct", "struct for the server", Form::Whole),
            (
                "on the server too",
                "attribute on the generated server too",
                Form::Whole,
            ),
            ("bare", "bare tonic itself", Form::Whole),
        ],
    },
    Table {
        name: "client",
        bench: "client_instructions",
        head: "one call of a client, without a wire",
        rows: &[],
        columns: &[
            ("instructions", "instructions", Form::Whole),
            ("more than bare", "more than bare", Form::Whole),
        ],
    },
    Table {
        name: "both ends",
        bench: "client_instructions",
        head: "one call over loopback",
        rows: &[],
        columns: &[("both ends", "instructions of both ends", Form::Whole)],
    },
    Table {
        name: "each",
        bench: "each",
        head: "more than an empty chain",
        rows: &[],
        columns: &[
            (
                "service: instructions",
                "service: instructions",
                Form::Whole,
            ),
            ("service: allocations", "allocations", Form::Whole),
            ("client: instructions", "client: instructions", Form::Whole),
            ("client: allocations", "allocations", Form::Whole),
        ],
    },
    Table {
        name: "throughput of a client",
        bench: "client",
        head: "calls per second",
        rows: &[],
        columns: &[("ratio", "median of 300 rounds", Form::WithError)],
    },
    Table {
        name: "throughput of a service",
        bench: "loopback",
        head: "service",
        rows: &[],
        columns: &[
            ("calls", "calls per second", Form::Whole),
            ("calls, of bare", "of bare", Form::Ratio),
            ("messages", "messages of a stream per second", Form::Whole),
            ("messages, of bare", "of bare", Form::Ratio),
        ],
    },
    Table {
        name: "compile",
        bench: "compile",
        head: "50 methods",
        rows: &[],
        columns: &[
            ("build, of bare", "build, of bare", Form::Ratio),
            ("check, of bare", "check, of bare", Form::Ratio),
            (
                "change, of bare",
                "one handler changed, of bare",
                Form::Ratio,
            ),
            (
                "instances beyond bare",
                "instances per method beyond bare",
                Form::Whole,
            ),
            (
                "code beyond bare",
                "code per method in a release build, beyond bare",
                Form::Kilobytes,
            ),
        ],
    },
    Table {
        name: "shared limits",
        bench: "shared_limits",
        head: "limit",
        rows: &[],
        columns: &[
            ("per second", "per second", Form::Whole),
            ("CPU", "µs of CPU in the process", Form::Plain),
            ("allocations", "allocations", Form::Plain),
        ],
    },
];

/// The names of all tables.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let made = TABLES.iter().map(|table| table.name);
    made.chain(["bounds", "benchmarks"])
}

/// The table of that name, as Markdown.
pub(super) fn table(name: &str, figures: &Figures) -> Option<String> {
    match name {
        "bounds" => Some(bounds(figures)),
        "benchmarks" => Some(benchmarks(figures)),
        _ => {
            let table = TABLES.iter().find(|table| table.name == name)?;
            Some(table.made(figures))
        }
    }
}

impl Table {
    fn made(&self, figures: &Figures) -> String {
        let rows = self.rows(figures);
        if rows.is_empty() {
            return format!(
                "Not measured yet: `cargo run -p interceptors-bench --bin report -- {}`.\n",
                self.bench
            );
        }
        // A column that nothing was measured for is left out.
        let has_cells = |&&(column, ..): &&(&str, &str, Form)| {
            let mut cells = rows.iter().map(|row| figures.text(self.bench, row, column));
            cells.any(|cell| cell.is_some())
        };
        let columns: Vec<_> = self.columns.iter().filter(has_cells).collect();
        let mut text = format!("| {} |", self.head);
        for (_, head, _) in &columns {
            let _ = write!(text, " {head} |");
        }
        let _ = write!(text, "\n| --- |{}\n", " ---: |".repeat(columns.len()));
        for row in rows {
            let _ = write!(text, "| {row} |");
            for (column, _, form) in &columns {
                match self.cell(figures, row, column, *form) {
                    Some(cell) => {
                        let _ = write!(text, " {cell} |");
                    }
                    None => text.push_str(" |"),
                }
            }
            text.push('\n');
        }
        text
    }

    fn rows<'a>(&self, figures: &'a Figures) -> Vec<&'a str> {
        match self.rows {
            [] => {
                // A row may have the second column alone.
                let mut rows = Vec::new();
                for figure in figures.of(self.bench) {
                    let is_ours = self.columns.iter().any(|it| it.0 == figure.column);
                    if is_ours && !rows.contains(&figure.row.as_str()) {
                        rows.push(figure.row.as_str());
                    }
                }
                rows
            }
            rows => {
                let has_cell = |row: &str| {
                    let mut columns = self.columns.iter();
                    columns.any(|it| figures.get(self.bench, row, it.0).is_some())
                };
                let measured = |row: &&&str| has_cell(row);
                rows.iter().filter(measured).copied().collect()
            }
        }
    }

    fn cell(&self, figures: &Figures, row: &str, column: &str, form: Form) -> Option<String> {
        let figure = figures.get(self.bench, row, column)?;
        Some(match form {
            Form::Whole => whole(figure),
            Form::Ratio => format!("{figure:.2}"),
            Form::Kilobytes => format!("{figure:.1} kB"),
            Form::WithError => {
                let error = figures.get(self.bench, row, "error")?;
                format!("{figure:.3} ± {error:.3}")
            }
            Form::Plain => figure.to_string(),
        })
    }
}

/// `28,641`
pub(super) fn whole(figure: f64) -> String {
    // Below a half it is none, and not minus none.
    let digits = format!("{:.0}", figure.abs().round());
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    match figure.round() < 0.0 {
        true => format!("-{text}"),
        false => text,
    }
}

/// What each benchmark holds: it fails, or says so, where a figure is beyond its bound.
fn bounds(figures: &Figures) -> String {
    let mut text =
        "| benchmark | what | measured | bound | |\n| --- | --- | ---: | ---: | --- |\n".to_owned();
    for bench in &BENCHES {
        for row in figures.rows(bench.name, MEASURED) {
            let measured = figures.get(bench.name, row, MEASURED);
            let bound = [AT_MOST, AT_LEAST].into_iter().find_map(|kind| {
                let bound = figures.get(bench.name, row, kind)?;
                let is_kept = match kind {
                    AT_MOST => measured? <= bound,
                    _ => measured? >= bound,
                };
                let verdict = if is_kept { "kept" } else { "**not kept**" };
                Some(format!("{kind} {} | {verdict}", short(bound)))
            });
            let (Some(measured), Some(bound)) = (measured, bound) else {
                continue;
            };
            let _ = writeln!(
                text,
                "| `{}` | {row} | {} | {bound} |",
                bench.name,
                short(measured)
            );
        }
    }
    text
}

fn short(figure: f64) -> String {
    match figure.abs() < 10.0 {
        true => figure.to_string(),
        false => whole(figure),
    }
}

fn benchmarks(figures: &Figures) -> String {
    let mut text =
        "| benchmark | what | counts | last measured with |\n| --- | --- | --- | --- |\n"
            .to_owned();
    for bench in &BENCHES {
        let version = figures.text(bench.name, "measured with", "Rust");
        let version = version.map_or_else(|| "not yet".to_owned(), |it| format!("Rust {it}"));
        let counts = if bench.is_time {
            "time"
        } else {
            "instructions"
        };
        let _ = writeln!(
            text,
            "| `{}` | {} | {counts} | {version} |",
            bench.name, bench.says
        );
    }
    text
}
