//! The page of all errors, `interceptors/src/errors.md`, is made of the cases in `fail`: their
//! headers say cause and cure, and the message beside each is what the compiler says. So a message
//! cannot change without the page, and no case can be without an explanation.
//!
//! Only files are read, so this runs with any compiler.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use expect_test::expect_file;

/// The folders of `fail`, in the order in which an attribute is written.
const FOLDERS: [(&str, &str); 7] = [
    ("place", "Where the attribute stands"),
    ("entry", "Entries"),
    ("setting", "Settings"),
    ("method", "Lists of methods, and attributes on methods"),
    ("type", "Types"),
    ("client", "Clients"),
    ("server", "Servers"),
];

const INTRO: &str = "\
What the compiler says of a wrong attribute, why, and what to write.

Each error is one of the project's tests: code that must not compile, and what the compiler says of
it. Search for the words of a message; names and values in it are those of the test. A message that
begins with `evaluation panicked` comes from a constant, which is checked when the compiler
evaluates it. Where a message is the compiler's own, its words may differ with its version.
";

#[test]
fn every_error_is_on_the_page_with_its_cause_and_its_cure() {
    let fail = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fail");
    let known: BTreeSet<String> = FOLDERS.map(|(folder, _)| folder.to_owned()).into();
    assert_eq!(
        names(&fail),
        known,
        "each folder needs its title in `FOLDERS`"
    );

    let mut page = INTRO.to_owned();
    for (folder, title) in FOLDERS {
        write!(page, "\n## {title}\n").unwrap();
        for file in names(&fail.join(folder)) {
            if let Some(name) = file.strip_suffix(".rs") {
                page += &case(&fail.join(folder), name);
            }
        }
    }
    expect_file!["../../../interceptors/src/errors.md"].assert_eq(&page);
}

/// Sorted, as no file system promises to.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).expect("a folder of cases");
    entries
        .map(|entry| entry.expect("a readable folder").file_name())
        .map(|name| name.to_string_lossy().into_owned())
        .collect()
}

/// One case, as the page shows it.
fn case(folder: &Path, name: &str) -> String {
    let source = folder.join(name).with_extension("rs");
    let message = source.with_extension("stderr");
    let read = |path: &Path| {
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let (cause, cure) =
        header(&read(&source)).unwrap_or_else(|what| panic!("{}: {what}", source.display()));
    let errors = errors(&read(&message));
    assert!(
        !errors.is_empty(),
        "{}: there is no error",
        message.display()
    );
    format!(
        "\n### {}\n\n```text\n{}\n```\n\n**Cause.** {cause}\n\n**Cure.** {cure}\n",
        in_words(name),
        errors.join("\n\n"),
    )
}

/// Input: `out_of_range`
///
/// Output: `Out of range`
fn in_words(name: &str) -> String {
    let words = name.replace('_', " ").replace("rpc", "RPC");
    words[..1].to_uppercase() + &words[1..]
}

/// Input:
/// ```text
/// // Cause: The list is
/// // empty.
/// // Cure: Name a method.
///
/// use …
/// ```
///
/// Output: `The list is empty.`, `Name a method.`
fn header(source: &str) -> Result<(String, String), &'static str> {
    let comments: Vec<&str> = source
        .lines()
        .map_while(|line| line.strip_prefix("// "))
        .collect();
    if source.lines().nth(comments.len()) != Some("") {
        return Err("an empty line has to follow the header");
    }
    let text = comments.join(" ");
    let rest = text
        .strip_prefix("Cause: ")
        .ok_or("the header has to begin with `// Cause: `")?;
    let (cause, cure) = rest
        .split_once(" Cure: ")
        .ok_or("the header has to go on with `// Cure: `")?;
    // A lone backtick would turn code and prose around, and brackets in prose are links or tags.
    for text in [cause, cure] {
        if text.trim().is_empty() {
            return Err("cause and cure have to say something");
        }
        if text.matches('`').count() % 2 == 1 {
            return Err("a backtick has no other");
        }
        let mut prose = text.split('`').step_by(2);
        if prose.any(|part| part.contains(['[', ']', '<', '>'])) {
            return Err("brackets belong into code, or they mean something to Markdown");
        }
    }
    Ok((cause.to_owned(), cure.to_owned()))
}

/// Each error once, with the lines that it points at. What follows them tells of the inside of this
/// crate, in paths and line numbers that change without the message.
fn errors(stderr: &str) -> Vec<String> {
    let mut errors: Vec<String> = Vec::new();
    let mut headlines = BTreeSet::new();
    let mut lines = stderr.lines().peekable();
    while let Some(line) = lines.next() {
        if !line.starts_with("error") || !headlines.insert(line) {
            continue;
        }
        let mut error = vec![line.to_owned()];
        while let Some(line) = lines.next_if(|line| is_snippet(line)) {
            error.extend(snippet(line));
        }
        errors.push(error.join("\n"));
    }
    errors
}

/// Whether a line still belongs to the code that an error shows.
fn is_snippet(line: &str) -> bool {
    let ends = ["= note", "= help", "note:", "help:"];
    !line.is_empty() && !ends.iter().any(|end| line.trim_start().starts_with(end))
}

/// A line of code without its number, which is that of a file the reader does not have.
///
/// Input: `12 | #[intercept(loging)]`
///
/// Output: `  | #[intercept(loging)]`
fn snippet(line: &str) -> Option<String> {
    if line.trim_start().starts_with("-->") {
        return None;
    }
    match line.split_once('|') {
        Some((number, "")) if is_number(number) => None,
        Some((number, code)) if is_number(number) => Some(format!("  |{code}")),
        _ => Some(line.to_owned()),
    }
}

fn is_number(text: &str) -> bool {
    text.chars().all(|c| c == ' ' || c.is_ascii_digit())
}

#[test]
fn a_case_without_an_explanation_is_an_error() {
    let explained = "// Cause: The list is\n// empty.\n// Cure: Name `[get]`.\n\nfn main() {}\n";
    assert_eq!(
        header(explained),
        Ok(("The list is empty.".to_owned(), "Name `[get]`.".to_owned()))
    );
    for wrong in [
        "fn main() {}",
        "\nfn main() {}",
        "// Cause: A.\n\nfn main() {}",
        "// Cure: B.\n\nfn main() {}",
        "// Cause: A.\n// Cure:\n\nfn main() {}",
        "// Cause: A.\n// Cure: B.\nfn main() {}",
        "// Cause: A.\n// Cure: Write `b.\n\nfn main() {}",
        "// Cause: A.\n// Cure: Write [b].\n\nfn main() {}",
    ] {
        assert!(header(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn an_error_is_shown_once_and_without_what_only_this_machine_has() {
    let stderr = "\
error: unknown
 --> tests/fail/a.rs:12:13
   |
12 | #[intercept(loging)]
   |             ^^^^^^
   |
   = note: in the macro

error: unknown
 --> tests/fail/a.rs:13:13

error[E0277]: another
  --> $WORKSPACE/b.rs:1:1
help: for example
";
    assert_eq!(
        errors(stderr),
        [
            "error: unknown\n  | #[intercept(loging)]\n  |             ^^^^^^",
            "error[E0277]: another",
        ]
    );
}
