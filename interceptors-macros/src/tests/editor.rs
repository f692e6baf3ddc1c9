//! The output for editors: the documented items for the words of the attribute, and the hints that name them.
//!
//! `UPDATE_EXPECT=1 cargo test -p interceptors-macros editor` updates both.

use std::fmt::Write;

use expect_test::expect_file;
use quote::quote;
use syn::Item;

use super::docs::{root, rows, shown_default, type_of};
use crate::entries::keywords::{IDEMPOTENT, KEYWORDS, SELECTORS};
use crate::entries::row::{Positional, Row, Setting};
use crate::expand::hints::hints;
use crate::intercept::intercept_in_editor;
use crate::item::mount::{Mount, Side};

/// Makes a sentence of a description: `Methods that need no token.`
fn sentence(doc: &str) -> String {
    let mut letters = doc.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    let end = if doc.ends_with(['.', '?']) { "" } else { "." };
    format!("{}{}{end}", first.collect::<String>(), letters.as_str())
}

/// Replaces links by their text. They are relative to the page of the attribute, and would be wrong on an item.
fn without_links(doc: &str) -> String {
    let mut out = String::new();
    let mut rest = doc;
    while let Some((before, after)) = rest.split_once('[') {
        let link = after.split_once("](").and_then(|(text, after)| {
            let (_, after) = after.split_once(')')?;
            Some((text, after))
        });
        match link {
            Some((text, after)) if !text.contains('[') => {
                write!(out, "{before}{text}").unwrap();
                rest = after;
            }
            _ => {
                write!(out, "{before}[").unwrap();
                rest = after;
            }
        }
    }
    out + rest
}

/// `integer, at least 1; default `3``
fn facts(setting: &Setting, side: Side) -> String {
    use crate::entries::row::DefaultValue::{Is, OfSide};
    let default = match (setting.default, side) {
        (OfSide(value, _), Side::Server) | (OfSide(_, value), Side::Client) => Is(value),
        (default, _) => default,
    };
    let facts = [type_of(&setting.value), shown_default(&default)];
    match facts {
        [ty, default] if default.is_empty() => ty,
        [ty, default] if ty.is_empty() => format!("default: {default}"),
        [ty, default] => format!("{ty}; default: {default}"),
    }
}

/// The documentation of an entry: what it does, and all its settings.
fn docs_of_entry(row: &Row, side: Side) -> String {
    let mut docs = sentence(row.doc) + "\n";
    if !row.ends_with.is_empty() {
        let status = row.ends_with;
        writeln!(
            docs,
            "\nCalls that it rejects or ends have the status `{status}`."
        )
        .unwrap();
    }
    let example = row.example;
    if !example.is_empty() {
        writeln!(docs, "\n```text\n{example}\n```").unwrap();
    }
    docs.push('\n');
    if let Positional::Time { default, doc, .. } = row.positional {
        let default = shown_default(&default);
        let default = if default.is_empty() {
            default
        } else {
            format!("; default: {default}")
        };
        writeln!(docs, "- the first value (duration{default}): {doc}").unwrap();
    }
    for setting in row.settings.iter().filter(|it| it.places.has_side(side)) {
        let (name, facts, doc) = (setting.name, facts(setting, side), setting.doc);
        let facts = if facts.is_empty() {
            facts
        } else {
            format!(" ({facts})")
        };
        writeln!(docs, "- `{name}`{facts}: {doc}").unwrap();
    }
    docs += "- `only`, `except` (list of methods): which methods it is for\n";
    without_links(&docs)
}

fn docs_of_setting(setting: &Setting, side: Side) -> String {
    let mut docs = sentence(setting.doc) + "\n";
    let facts = facts(setting, side);
    if !facts.is_empty() {
        writeln!(docs, "\n{}", sentence(&facts)).unwrap();
    }
    without_links(&docs)
}

/// `/// docs`, `pub mod name {` and `}`, with what `inside` writes between them.
fn item(out: &mut String, depth: usize, docs: &str, name: &str, inside: impl FnOnce(&mut String)) {
    let indent = "    ".repeat(depth);
    for line in docs.lines() {
        let space = if line.is_empty() { "" } else { " " };
        writeln!(out, "{indent}///{space}{line}").unwrap();
    }
    let mut content = String::new();
    inside(&mut content);
    match content.is_empty() {
        true => writeln!(out, "{indent}pub mod {name} {{}}").unwrap(),
        false => writeln!(out, "{indent}pub mod {name} {{\n{content}{indent}}}").unwrap(),
    }
}

fn setting(out: &mut String, depth: usize, it: &Setting, side: Side) {
    item(out, depth, &docs_of_setting(it, side), it.name, |out| {
        for choice in it.choices() {
            item(out, depth + 1, &sentence(choice.doc), choice.name, |_| {});
        }
        for part in it.parts() {
            setting(out, depth + 1, part, side);
        }
    });
}

fn ide() -> String {
    let mut out = "//! The words of the attribute, for editors: what they complete, and what they show about a word. The attribute's hints
//! name these items.
//!
//! Made of the rows of entries: `UPDATE_EXPECT=1 cargo test -p interceptors-macros editor`.
"
    .to_owned();
    for (name, side) in [("server", Side::Server), ("client", Side::Client)] {
        out.push('\n');
        item(&mut out, 0, "", name, |out| {
            for row in rows().filter(|row| row.places.has_side(side)) {
                item(out, 1, &docs_of_entry(row, side), row.name, |out| {
                    for it in row.settings.iter().filter(|it| it.places.has_side(side)) {
                        setting(out, 2, it, side);
                    }
                });
            }
        });
    }
    out.push('\n');
    item(&mut out, 0, "", "words", |out| {
        for word in KEYWORDS {
            item(out, 1, &sentence(word.doc), word.name, |_| {});
        }
        for it in &SELECTORS {
            setting(out, 1, it, Side::Server);
        }
        item(out, 1, &sentence(IDEMPOTENT.doc), IDEMPOTENT.name, |_| {});
    });
    out
}

/// The items for editors are generated from the rows.
#[test]
fn editor_items_match_rows() {
    expect_file![root().join("interceptors/src/ide.rs")].assert_eq(&ide());
}

/// The description of a setting names its choices.
#[test]
fn setting_docs_name_their_choices() {
    let mut seen = 0;
    for setting in rows().flat_map(|row| row.settings) {
        let names = || setting.choices.iter().map(|choice| choice.name);
        for name in names() {
            seen += 1;
            let is_said = setting.doc.contains(&format!("`{name}`"))
                || setting.doc.contains(&format!("`{name}("));
            assert!(is_said, "`{}` does not say `{name}`", setting.name);
        }
        if setting.choices.is_empty() {
            continue;
        }
        let said = setting.doc.split('`').skip(1).step_by(2);
        for said in said.map(|said| said.split('(').next().unwrap()) {
            assert!(
                names().any(|name| name == said),
                "`{}` has no choice `{said}`",
                setting.name
            );
        }
    }
    assert!(seen > 2);
}

/// Each word has a description for editors.
#[test]
fn editor_items_have_docs() {
    fn check(setting: &Setting) {
        assert!(!setting.doc.is_empty(), "`{}` says nothing", setting.name);
        setting.parts().iter().for_each(check);
        assert!(
            setting
                .choices()
                .iter()
                .all(|choice| !choice.doc.is_empty())
        );
    }
    for row in rows() {
        assert!(!row.doc.is_empty(), "`{}` says nothing", row.name);
        row.settings.iter().for_each(check);
    }
    assert!(KEYWORDS.iter().all(|word| !word.doc.is_empty()));
}

/// Writes hints to files. `tests/integration/editor.rs` checks that rustc compiles them.
macro_rules! compiled {
    ($name:ident, { $($args:tt)* }, { $($item:tt)* }) => {
        #[test]
        fn $name() {
            let item: Item = syn::parse2(quote!($($item)*)).unwrap();
            let args = quote!($($args)*);
            let hints = hints(Mount::of(&item, &args), &args, Some(&item));
            let hints = prettyplease::unparse(&syn::parse2(hints).unwrap());
            let made = "// Made of the rows of entries: `UPDATE_EXPECT=1 cargo test -p interceptors-macros editor`.\n";
            let file = root().join(concat!("tests/integration/editor/", stringify!($name), ".rs"));
            expect_file![file].assert_eq(&format!("{made}{hints}"));
        }
    };
}

compiled!(service, {
    crate = crate::shown,
    logging(level = "debug", slow = SLOW, fields(user = request.id, all = ?request), only = [get_user]),
    auth(verifier = self.keys, public = [login, "GetUser"]),
    authorize(role = "admin", except = [login]),
    rate_limit(per_second = BURST, key = metadata("x-api-key")),
    load_shed(adaptive(min = 1, max = 9, target = "50ms"), per = service),
    retry(max = 3, codes = [Unavailable, Aborted], throttle(tokens = 10, ratio = 0.1)),
    timeout("2s", idle = "30s"),
    payload(redact = [request.password], only = [login]),
    with(self.keys),
}, {
    impl demo::user_service_server::UserService for Users {
        async fn login(&self, request: Request<demo::LoginRequest>) -> Result<Response<demo::LoginReply>, Status> {}
        #[intercept(retry(max = 5), skip(rate_limit), name = "GetUser")]
        async fn get_user(&self, request: Request<demo::GetUserRequest>) -> Result<Response<demo::User>, Status> {}
    }
});

compiled!(hand_written_client, {
    crate = crate::shown, service = "demo.v1.UserService", plan = Policy,
    deadline(SLOW), hedge(delay = "1s", non_fatal_codes = [Unavailable], only = [get_user]),
    auth(token = self.tokens, protected = [get_user]), metadata("x-a" = self.name()?),
}, {
    impl<T: Clone> HandWritten<T> {
        async fn get_user(&self, request: Request<demo::GetUserRequest>) -> Result<Response<demo::User>, Status> {}
    }
});

compiled!(channel, {
    crate = crate::shown, descriptors = [SET], deadline("2s"),
    circuit_breaker(failures = 3, per = method), retry(only = [idempotent, "/demo.v1.UserService/Login"]),
    auth(token = self.tokens),
}, {
    struct Outbound<T> { tokens: T }
});

/// The whole output for an editor, while the attribute is half typed.
#[test]
fn half_typed_in_an_editor() {
    let shown = intercept_in_editor(
        &quote!(logging(level = "debug"), retry(max = , only = [get_user]), au),
        &quote! {
            #[tonic::async_trait]
            impl UserService for Users {
                async fn get_user(&self, request: Request<Id>) -> Result<Response<User>, Status> {
                    let user = self.users.get(request);
                    Ok(user)
                }
            }
        },
    );
    let shown = prettyplease::unparse(&syn::parse2(shown).unwrap());
    expect_file!["../../tests/snapshots/half_typed_in_an_editor.rs"].assert_eq(&shown);
}
