//! Every message of the attribute is shown by a case in `fail`.
//!
//! The messages are the string literals in the sources of the macro crate. The test only reads files, so it runs with any
//! compiler.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Messages that no case can show, with the reasons.
const WITHOUT_A_CASE: &[(&str, &[&str])] = &[
    (
        "the cases are compiled with all features; `without_…` in the tests of the macro crate shows these",
        &[
            "to use `#[intercept]` on a generated server, enable",
            "to use `#[intercept(server, …)]`, enable",
            "to use `#[intercept]` on a client, enable",
            "to use `{name}`, enable the feature",
        ],
    ),
    (
        "documentation of generated functions",
        &[" Puts the interceptors of `{ident}`"],
    ),
    (
        "only for developers of the macro",
        &[
            "the collected errors were not checked",
            "the item cannot be read",
            "a channel with `payload` is an error",
            "find() has seen the argument",
            "parse_method() has seen the receiver",
        ],
    ),
    (
        "compared with messages of `syn`",
        &["unexpected end of input"],
    ),
    (
        "only another version of tonic generates such modules; the tests of the macro crate show these",
        &[
            "this was generated for tonic 0.13 or earlier",
            "this module is in another file",
            "this client has no `impl<T>` with methods",
            "this method is not as the code generator of tonic 0.14 writes it",
            "the method at this path is not as the code generator",
            "`auth` reads this argument, so it needs a name",
            "this is not as the code generator of tonic 0.14 writes it",
        ],
    ),
    (
        "filled in by the compiler, in `server/service_without_a_policy`",
        &["put `#[intercept(…)]` on `impl {} for {{Self}}`"],
    ),
    (
        "no entry that is allowed once per message can be on a struct",
        &[
            "another `{name}` covers a method in `descriptors` too; divide the methods with `only` and `except`",
        ],
    ),
    (
        "the compiler rejects such an item with its own message",
        &["this item cannot be parsed, so no interceptor would run for it"],
    ),
    (
        "for the messages of generated clients, which the cases do not have; the tests of the macro crate show these",
        &[
            "messages that are `Clone` and `prost::Message`",
            "`{name}` needs {what}, and that of `{of}` is not; leave the method out with `except = [{of}]`",
        ],
    ),
];

#[test]
fn every_sentence_has_a_case() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut said = String::new();
    for file in files(&root.join("tests/fail"), "stderr") {
        said += &fs::read_to_string(file).expect("a readable file");
    }
    let said: Vec<&str> = said.lines().collect();
    let sources = root.join("../../interceptors-macros/src");
    let mut missing = Vec::new();
    let mut count = 0;
    for file in files(&sources, "rs") {
        let name = file.strip_prefix(&sources).expect("a source").to_owned();
        // The texts in the table of codes are on the page of errors, and are not messages.
        let is_said = !name.starts_with("tests") && !name.starts_with("fuzz");
        if !is_said || name.ends_with("codes.rs") {
            continue;
        }
        let text = fs::read_to_string(&file).expect("a readable file");
        let tokens: TokenStream = text.parse().expect("a source of Rust");
        let mut sentences = Vec::new();
        collect(tokens, &mut sentences);
        count += sentences.len();
        for sentence in sentences {
            let is_known = WITHOUT_A_CASE
                .iter()
                .flat_map(|(_, all)| *all)
                .any(|known| sentence.starts_with(known));
            if !is_known && !said.iter().any(|line| holds(line, &sentence)) {
                missing.push(format!("{}: {sentence}", name.display()));
            }
        }
    }
    assert!(count > 200, "only {count} sentences were found");
    assert!(
        missing.is_empty(),
        "{} of {count} sentences have no case in tests/fail:\n{}",
        missing.len(),
        missing.join("\n")
    );
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|it| it == extension) {
            found.push(path);
        }
    }
    found
}

/// Collects the strings that are sentences, without documentation and tests.
fn collect(tokens: TokenStream, sentences: &mut Vec<String>) {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    for (i, tree) in trees.iter().enumerate() {
        let before = |n: usize| trees[..i].iter().rev().nth(n).map(ToString::to_string);
        let is_after =
            |n: usize, words: &[&str]| before(n).is_some_and(|word| words.contains(&word.as_str()));
        match tree {
            TokenTree::Group(group) => {
                let is_attribute = group.delimiter() == Delimiter::Bracket
                    && (is_after(0, &["#"]) || is_after(0, &["!"]) && is_after(1, &["#"]));
                let is_test = is_after(0, &["tests"]) && is_after(1, &["mod"]);
                // The description of a default, for the documentation.
                let is_documented = is_after(0, &["Words"]);
                if !is_attribute && !is_test && !is_documented {
                    collect(group.stream(), sentences);
                }
            }
            TokenTree::Literal(literal) => {
                let is_documented = is_after(0, &[":"]) && is_after(1, &["doc", "example"]);
                let text = syn::parse_str::<syn::LitStr>(&literal.to_string());
                let text = text.map(|text| text.value()).unwrap_or_default();
                if !is_documented && is_sentence(&text) {
                    sentences.push(text);
                }
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
}

fn is_sentence(text: &str) -> bool {
    let is_word = |word: &&str| word.len() > 1 && word.chars().all(|letter| letter.is_lowercase());
    text.split([' ', ',', ';']).filter(is_word).count() > 2
}

/// Whether a line contains the sentence, with any text in its placeholders.
///
/// Input: `error: unknown setting `lvl`; did you mean `level`?`, `unknown {what} `{name}`; did you mean `{near}`?`
fn holds(line: &str, sentence: &str) -> bool {
    let mut rest = line;
    for part in parts(sentence) {
        let Some(at) = rest.find(&part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    true
}

/// The text between the placeholders.
fn parts(sentence: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut letters = sentence.chars().peekable();
    let mut in_placeholder = false;
    while let Some(letter) = letters.next() {
        match letter {
            '{' | '}' if letters.peek() == Some(&letter) && !in_placeholder => {
                letters.next();
                parts.last_mut().expect("a part").push(letter);
            }
            '{' => in_placeholder = true,
            '}' => {
                in_placeholder = false;
                parts.push(String::new());
            }
            _ if in_placeholder => {}
            _ => parts.last_mut().expect("a part").push(letter),
        }
    }
    parts
}

#[test]
fn placeholders_match_any_text() {
    let sentence = "unknown {what} `{name}`; did you mean `{near}`?";
    assert!(holds(
        "error: unknown setting `lvl`; did you mean `level`?",
        sentence
    ));
    assert!(!holds("error: unknown setting `lvl`", sentence));
    assert!(holds("a {Self} of yours", "a {{Self}} of {whom}"));
    assert!(is_sentence("take one of the two out"));
    assert!(!is_sentence("user.v1.UserService"));
}

#[test]
fn documentation_is_not_collected() {
    let tokens = r#"
        /// A line that is documentation.
        static ROW: Row = Row { doc: "what it does for the documentation", name: "a" };
        fn f() { error("this is what is said"); DefaultValue::Words("as long as it takes"); }
        mod tests { fn g() { h("this is what a test says"); } }
    "#;
    let mut sentences = Vec::new();
    collect(tokens.parse().expect("tokens"), &mut sentences);
    assert_eq!(sentences, ["this is what is said"]);
}
