//! `BENCHMARKS.md`, the page on compile time, and the plots match the stored figures.

use std::collections::BTreeSet;
use std::fs;

use interceptors_bench::figures::{Figures, at_least, at_most};
use interceptors_bench::report::{BENCHES, DOCUMENTS, FIGURES, PLOTS, fill, made, workspace};

fn read(path: &str) -> String {
    fs::read_to_string(workspace().join(path)).expect("the file is there")
}

fn kept() -> Figures {
    Figures::parse(&read(FIGURES)).expect("a table")
}

#[test]
fn documents_and_plots_show_the_stored_figures() {
    let figures = kept();
    assert_eq!(figures.to_text(), read(FIGURES));
    let made = made(&figures).expect("the markers are right");
    for (path, text) in &made {
        let there = fs::read_to_string(workspace().join(path)).unwrap_or_default();
        assert!(
            there == *text,
            "{} is not what the figures give; `cargo run -p interceptors-bench --bin report -- --draw` writes it",
            path.display()
        );
    }
    let is_svg = |name: &String| name.ends_with(".svg");
    let drawn = made.iter().map(|(path, _)| path.display().to_string());
    let drawn: BTreeSet<String> = drawn.filter(is_svg).collect();
    let there = fs::read_dir(workspace().join(PLOTS)).expect("the folder is there");
    let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("a file").file_name();
    let there = there.map(|entry| format!("{PLOTS}/{}", name(entry).display()));
    assert_eq!(there.collect::<BTreeSet<_>>(), drawn);
    let document = read("BENCHMARKS.md");
    for plot in drawn {
        assert!(
            document.contains(&format!("]({plot})")),
            "{plot} is not shown"
        );
    }
}

/// Finds tables and benchmarks that are in no document.
#[test]
fn all_tables_and_benchmarks_are_shown() {
    let all: String = DOCUMENTS.map(read).concat();
    let tables = interceptors_bench::report::tables();
    for table in tables {
        let marker = format!("<!-- made of figures: {table} -->");
        assert!(all.contains(&marker), "{table}");
    }
    let manifest = read("tests/bench/Cargo.toml");
    let benches = manifest.split("[[bench]]\nname = \"").skip(1);
    let benches = benches.filter_map(|rest| rest.split('"').next());
    // `time` stores no figures: its framework prints them.
    let benches: BTreeSet<&str> = benches.filter(|name| *name != "time").collect();
    let known: BTreeSet<&str> = BENCHES.iter().map(|bench| bench.name).collect();
    assert_eq!(benches, known);
}

const TWO: &str = "\
a\tone\tinstructions\t1
each\t`auth`\tservice: instructions\t686
each\t`auth`\tservice: allocations\t1
each\told\tservice: instructions\t7
b\tone\tinstructions\t2
";

#[test]
fn rerun_benchmark_replaces_only_its_own_figures() {
    let mut figures = Figures::parse(TWO).expect("a table");
    let written = "`auth`\tservice: instructions\t690\n";
    figures
        .replace("each", "1.95.0", written)
        .expect("two cells and a value");
    let text = figures.to_text();
    let lines: Vec<&str> = text.lines().skip(1).collect();
    assert_eq!(
        lines,
        [
            "a\tone\tinstructions\t1",
            "each\t`auth`\tservice: instructions\t690",
            "each\tmeasured with\tRust\t1.95.0",
            "b\tone\tinstructions\t2",
        ]
    );
    let before = figures.clone();
    assert!(figures.replace("each", "1.95.0", "torn\t1\n").is_err());
    assert_eq!(figures, before);
}

#[test]
fn tables_are_written_between_their_markers() {
    let figures = Figures::parse(TWO).expect("a table");
    let document = "before\n<!-- made of figures: each -->\nold\n<!-- end -->\nafter <!-- end -->";
    let filled = fill(document, &figures).expect("the markers are right");
    assert_eq!(
        filled,
        "before\n<!-- made of figures: each -->\n\
         | more than an empty chain | service: instructions | allocations |\n\
         | --- | ---: | ---: |\n\
         | `auth` | 686 | 1 |\n\
         | old | 7 | |\n\
         <!-- end -->\nafter <!-- end -->"
    );
    assert_eq!(fill(&filled, &figures).as_ref(), Ok(&filled));
}

#[test]
fn wrong_markers_are_errors() {
    let figures = Figures::default();
    for (document, error) in [
        (
            "<!-- made of figures: echa -->\n<!-- end -->",
            "no table `echa`",
        ),
        ("<!-- made of figures: each -->\n", "no `<!-- end -->`"),
        (
            "<!-- made of figures: each -->\n<!-- made of figures: peers -->\n<!-- end -->",
            "`each` has no `<!-- end -->` of its own",
        ),
    ] {
        assert_eq!(fill(document, &figures), Err(error.to_owned()));
    }
}

#[test]
fn missing_figures_show_the_command_and_fail_bounds() {
    let document = "<!-- made of figures: each --><!-- end -->";
    let filled = fill(document, &Figures::default()).expect("the markers are right");
    assert!(
        filled
            .contains("Not measured yet: `cargo run -p interceptors-bench --bin report -- each`.")
    );
    assert!(!at_most("nothing", f64::NAN, 1.0));
    assert!(!at_least("nothing", f64::NAN, 1.0));
    assert!(at_most("enough", 1.0, 1.0) && at_least("enough", 1.0, 1.0));
    assert!(!at_most("too much", 1.001, 1.0) && !at_least("too little", 0.999, 1.0));
}
