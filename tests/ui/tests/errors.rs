//! Generates the page of all errors, `interceptors/src/errors.md`, from the table of codes and the cases in `fail`. The
//! table explains each code, with wrong and right code. Each case has the compiler's message and an explanation. So the page
//! changes with the messages, and every case is explained.
//!
//! The tests only read files, so they run with any compiler.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use expect_test::expect_file;

use codes::{ALL, Code, Explained, FIRST_OF_COMPILER};

// A procedural macro crate only exports its macros, so the file is included.
#[path = "../../../interceptors-macros/src/codes.rs"]
#[allow(dead_code, reason = "the macros name the codes one by one")]
mod codes;

/// The folders of `fail`, in the order of the page.
const FOLDERS: [&str; 7] = [
    "place", "entry", "setting", "method", "type", "client", "server",
];

/// The titles of the groups of codes. A group has the same hundreds.
const GROUPS: [(u16, &str); 9] = [
    (0, "How it is written"),
    (1, "Where the attribute goes"),
    (2, "Interceptors"),
    (3, "Settings"),
    (4, "Values"),
    (5, "Lists of methods"),
    (6, "Who may call, and limits"),
    (7, "Methods that do not fit"),
    (8, "What the compiler finds"),
];

const INTRO: &str = "\
What the compiler says about a wrong attribute, why, and what to write.

Each message begins with the code of the error: `error: [I0201] unknown interceptor …`. A code keeps its meaning in
later versions; the words of its message may change.

Below each code are cases from this project's tests: what the compiler says about them, and why. Names and values are
those of the test. `{ … }` means methods that do not matter. A message that begins with `evaluation panicked` comes
from a constant, which is checked when the compiler evaluates it.
";

/// The maximum length of a line on the page.
const WIDTH: usize = 120;

struct Case {
    title: String,
    errors: Vec<String>,
    cause: String,
    cure: String,
}

#[test]
fn page_explains_every_error() {
    let fail = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fail");
    let known: BTreeSet<String> = FOLDERS.map(str::to_owned).into();
    assert_eq!(names(&fail), known, "each folder has to be in `FOLDERS`");
    let cases = FOLDERS.iter().flat_map(|folder| {
        let folder = fail.join(folder);
        let files = names(&folder).into_iter();
        files.filter_map(move |file| Some(case(&folder, file.strip_suffix(".rs")?)))
    });
    let cases: Vec<Case> = cases.collect();
    let page = page(&cases);
    for line in page.lines() {
        let width = line.chars().count();
        assert!(width <= WIDTH, "{width} characters: {line}");
    }
    expect_file!["../../../interceptors/src/errors.md"].assert_eq(&page);
}

/// The page: each code with its cases. A case is below the code of its first error.
fn page(cases: &[Case]) -> String {
    let mut page = INTRO.to_owned();
    let mut group = None;
    for explained in ALL {
        let of = explained.code.0 / 100;
        if group.replace(of) != Some(of) {
            let title = GROUPS.iter().find(|(it, _)| *it == of);
            let (_, title) = title.expect("a title for each hundred");
            page += &format!("\n## {title}\n");
        }
        section(&mut page, explained, cases);
    }
    page += "\n## The compiler's own words\n\n";
    let what =
        "Some errors only have the compiler's own message, which may differ between its versions.";
    page += &wrapped(what);
    for case in cases.iter().filter(|case| case.code().is_none()) {
        show(&mut page, case);
    }
    page
}

fn section(page: &mut String, explained: &Explained, cases: &[Case]) {
    let Explained {
        code,
        title,
        cause,
        wrong,
        right,
    } = explained;
    let cause = wrapped(&format!("**Cause.** {cause}"));
    let [wrong, right] = [wrong, right].map(|code| code_block(code));
    *page +=
        &format!("\n### {code}: {title}\n\n{cause}\n**Wrong.**\n\n{wrong}\n**Right.**\n\n{right}");
    let own: Vec<&Case> = cases.iter().filter(|it| it.code() == Some(*code)).collect();
    own.iter().for_each(|case| show(page, case));
    if own.is_empty() {
        let mut all = cases.iter().flat_map(|case| &case.errors);
        match all.find(|error| code_of(error) == Some(*code)) {
            Some(error) => *page += &format!("\n{}", code_block(error)),
            None => assert!(
                WITHOUT_A_CASE.contains(&code.0),
                "no case in `fail` shows {code}"
            ),
        }
    }
}

/// The code for a disabled feature. The macro crate tests it in a build without features.
const WITHOUT_A_CASE: &[u16] = &[112];

fn show(page: &mut String, case: &Case) {
    let errors = code_block(&case.errors.join("\n\n"));
    let cause = wrapped(&format!("**Cause.** {}", case.cause));
    let cure = wrapped(&format!("**Cure.** {}", case.cure));
    *page += &format!("\n#### {}\n\n{errors}\n{cause}\n{cure}", case.title);
}

impl Case {
    fn code(&self) -> Option<Code> {
        self.errors.iter().find_map(|error| code_of(error))
    }
}

/// Input: `error[E0277]: [I0802] `String` cannot verify tokens`
///
/// Output: `Code(802)`
fn code_of(error: &str) -> Option<Code> {
    let (_, message) = error.lines().next()?.split_once(": ")?;
    let message = message
        .strip_prefix("evaluation panicked: ")
        .unwrap_or(message);
    let (number, _) = message.strip_prefix("[I")?.split_once("] ")?;
    Some(Code(number.parse().ok()?))
}

fn code_block(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let indent = line.len() - line.trim_start().len();
        wrapped_by(line, &" ".repeat(indent + 4))
    });
    format!("```text\n{}```\n", lines.collect::<String>())
}

fn wrapped(text: &str) -> String {
    wrapped_by(text, "")
}

/// Wraps a text into lines of at most `WIDTH`. All lines but the first begin with `indent`. A longer word, such as the
/// underline of a long line, is cut.
fn wrapped_by(text: &str, indent: &str) -> String {
    let mut out = String::new();
    let mut line = text.to_owned();
    while line.chars().count() > WIDTH {
        let (most, _) = line.char_indices().nth(WIDTH).expect("it is longer");
        let is_blank = |text: &str| text.trim_matches([' ', '|']).is_empty();
        let fits = most + usize::from(line[most..].starts_with(' '));
        let space = line[..fits].rfind(' ');
        let space = space.filter(|space| !is_blank(&line[..*space]));
        let rest = match space {
            Some(space) => {
                out = out + line[..space].trim_end() + "\n";
                &line[space + 1..]
            }
            None => {
                let (last, _) = line.char_indices().nth(WIDTH - 1).expect("it is longer");
                out = out + &line[..last] + "…\n";
                line[most..].split_once(' ').map_or("", |(_, rest)| rest)
            }
        };
        if rest.is_empty() {
            return out;
        }
        line = format!("{indent}{rest}");
    }
    out + &line + "\n"
}

/// The names of files in a folder, sorted, because the file system returns them in any order.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).expect("a folder of cases");
    entries
        .map(|entry| entry.expect("a readable folder").file_name())
        .map(|name| name.to_string_lossy().into_owned())
        .collect()
}

fn case(folder: &Path, name: &str) -> Case {
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
    Case {
        title: in_words(name),
        errors,
        cause,
        cure,
    }
}

/// The beginnings of the compiler's own messages.
const OF_RUSTC: &[&str] = &[
    "the trait bound ",
    "the trait ",
    "mismatched types",
    "implementing the trait `UserService` is not unsafe",
    "type mismatch in ",
    "no field ",
    "no method named ",
    "the function or associated item ",
    "cannot find type ",
    "unresolved import ",
    "this method takes ",
];

#[test]
fn our_messages_have_codes() {
    let fail = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fail");
    let mut codes = BTreeSet::new();
    for folder in FOLDERS.map(|folder| fail.join(folder)) {
        // Interceptors of other crates have messages of their own.
        let is_ours = |file: &&String| {
            file.ends_with(".stderr") && *file != "other_crate_out_of_range.stderr"
        };
        for file in names(&folder).iter().filter(is_ours) {
            for error in errors(&fs::read_to_string(folder.join(file)).unwrap()) {
                let (begin, message) = error.lines().next().unwrap().split_once(": ").unwrap();
                match code_of(&error) {
                    Some(code) => {
                        assert!(!message.contains("://"), "{file}: {message}");
                        assert!(ALL.iter().any(|it| it.code == code), "{file}: {message}");
                        // An error without a code of rustc comes from the macro.
                        assert!(
                            begin != "error" || code < FIRST_OF_COMPILER,
                            "{file}: {message}"
                        );
                        codes.insert(code);
                    }
                    None => assert!(
                        begin.starts_with("error[")
                            && (OF_RUSTC.iter().any(|it| message.starts_with(it))
                                || message.ends_with(" between threads safely")),
                        "{file} has no code: {message}"
                    ),
                }
            }
        }
    }
    assert!(codes.len() > 60, "the test sees {} codes", codes.len());
}

/// Input: `out_of_range`
///
/// Output: `Out of range`
fn in_words(name: &str) -> String {
    let words = name.split('_').map(|word| match word {
        "rpc" => "RPC",
        "ip" => "IP",
        "id" => "ID",
        word => word,
    });
    let words = words.collect::<Vec<_>>().join(" ");
    let words = words.replace("hand written", "hand-written");
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
    // An unpaired backtick would swap code and prose. Brackets in prose would be links or tags.
    for text in [cause, cure] {
        if text.trim().is_empty() {
            return Err("cause and cure must not be empty");
        }
        if text.matches('`').count() % 2 == 1 {
            return Err("a backtick is not paired");
        }
        let mut prose = text.split('`').step_by(2);
        if prose.any(|part| part.contains(['[', ']', '<', '>'])) {
            return Err("brackets outside of code have a meaning in Markdown");
        }
    }
    Ok((cause.to_owned(), cure.to_owned()))
}

/// Each error once, with the lines that it points to. Notes are dropped: they contain paths and line numbers in this crate,
/// which change often.
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

/// Whether a line belongs to the code that an error shows.
fn is_snippet(line: &str) -> bool {
    let ends = ["= note", "= help", "note:", "help:"];
    !line.is_empty() && !ends.iter().any(|end| line.trim_start().starts_with(end))
}

/// A line of code without its line number, because readers do not have the file.
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
fn headers_need_cause_and_cure() {
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
fn errors_are_shown_once_without_paths() {
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

#[test]
fn lines_wrap_between_words() {
    let text = format!("{} {}", "a".repeat(100), "b".repeat(30));
    assert_eq!(
        wrapped_by(&text, "  "),
        format!("{}\n  {}\n", "a".repeat(100), "b".repeat(30))
    );
    let fits = format!("{} {}", "a".repeat(100), "b".repeat(19));
    assert_eq!(wrapped(&fits), format!("{fits}\n"));
    let long = format!("  | {}", "^".repeat(WIDTH));
    let cut = format!("  | {}…\n", "^".repeat(WIDTH - 5));
    assert_eq!(wrapped(&long), cut);
    assert_eq!(wrapped(&(long + " here")), cut + "here\n");
    let exact = format!("{} b", "a".repeat(WIDTH));
    assert_eq!(wrapped(&exact), format!("{}\nb\n", "a".repeat(WIDTH)));
}
