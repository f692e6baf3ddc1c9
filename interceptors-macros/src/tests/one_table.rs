//! The rows are the single source: the parser, the suggestions, the documentation and the editor agree with them.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Item;

use super::codes::errors;
use super::docs::{MOUNTS, PAGES, read, rows};
use crate::entries::elsewhere::ELSEWHERE;
use crate::entries::keywords::{self, KEYWORDS, SELECTORS};
use crate::entries::row::{Positional, Row, Setting};
use crate::expand::hints::hints;
use crate::item::mount::{Mount, Side};

/// The start of the list, and the item under the attribute.
fn item_for(mount: Mount) -> (&'static str, &'static str) {
    match mount {
        Mount::Service => ("", "impl UserService for Users { … }"),
        Mount::HandWritten => (
            "service = \"user.v1.UserService\", ",
            "impl UserClient { … }",
        ),
        Mount::ClientModule => ("", "mod user_service_client { … }"),
        Mount::Server => ("server, ", "struct Inbound;"),
        _ => ("", "struct Outbound;"),
    }
}

fn errors_of(mount: Mount, entry: &str) -> Vec<String> {
    let (before, item) = item_for(mount);
    errors(&format!("#[intercept({before}{entry})]\n{item}"))
}

/// What an editor completes in the list of entries, and among the settings of this entry.
fn offered(mount: Mount, row: &Row) -> String {
    let (before, item) = item_for(mount);
    let args: TokenStream = format!("{before}{}()", row.name).parse().unwrap();
    let item = item.replace("{ … }", "{}");
    let item: Item = syn::parse_str(&item).unwrap();
    hints(mount, &args, Some(&item)).to_string()
}

/// Whether the names in braces after `path` contain `name`.
fn offers(offered: &str, path: &TokenStream, name: &str) -> bool {
    let list = format!("{path} {{");
    let lists = offered.split(&list).skip(1);
    let mut lists = lists.filter_map(|rest| rest.split_once('}'));
    lists.any(|(list, _)| list.split([',', '{', '}', ' ']).any(|word| word == name))
}

fn path(mount: Mount, row: Option<&Row>) -> TokenStream {
    let side = match mount.side() {
        Side::Server => quote!(server),
        Side::Client => quote!(client),
    };
    let row = row.map(|row| quote::format_ident!("{}", row.name));
    let row = row.into_iter();
    // The braces follow.
    quote!(__ide::#side #(::#row)* ::)
}

/// The section of a page that is about an entry.
fn section<'p>(pages: &'p str, row: &Row) -> &'p str {
    let heading = format!("\n# `{}`\n", row.name);
    let (_, section) = pages.split_once(&heading).unwrap();
    section.split("\n# `").next().unwrap()
}

fn is_wrong_place(error: &str) -> bool {
    ["[I0201]", "[I0202]", "[I0203]"]
        .iter()
        .any(|code| error.starts_with(code))
}

/// Whether the parser knows a setting.
fn parser_knows(mount: Mount, row: &Row, name: &str) -> bool {
    let entry = row.name;
    let errors = errors_of(mount, &format!("{entry}({name} = 1)"));
    let unknown = format!("unknown setting `{name}`");
    let elsewhere = format!("`{name}` belongs on a");
    let of_servers = format!("[I0114] `{entry}({name} = …)` is for services and servers");
    let all = [unknown, elsewhere, of_servers];
    let is_none = |error: &String| all.iter().any(|message| error.contains(message));
    !errors.iter().any(is_none)
}

#[test]
fn parser_editor_and_docs_agree_with_the_table() {
    let pages = PAGES.map(read).join("\n");
    let ide = read("interceptors/src/ide.rs");
    let (mut entries, mut settings, mut synonyms) = (0, 0, 0);
    for row in rows() {
        let name = row.name;
        let of_name = || rows().filter(|other| other.name == name);
        let section = section(&pages, row);
        for mount in MOUNTS {
            let is_here = of_name().any(|row| row.places.has(mount));
            let errors = errors_of(mount, row.example);
            // The same code is also used for settings, as in `auth(verifier = …)`.
            let of_servers = format!("[I0114] `{name}` is for");
            let is_wrong = |error: &String| is_wrong_place(error) || error.starts_with(&of_servers);
            let is_taken = !errors.iter().any(is_wrong);
            assert_eq!(is_taken, is_here, "{mount:?}: {name}: {errors:#?}");
            let offered = offered(mount, row);
            let is_offered = offers(&offered, &path(mount, None), name);
            assert_eq!(is_offered, is_here, "an editor, {mount:?}: {name}");
            entries += 1;
            if !row.places.has(mount) {
                continue;
            }
            for Setting {
                name: setting,
                places,
                ..
            } in row.settings
            {
                let is_here = places.has(mount);
                assert_eq!(
                    parser_knows(mount, row, setting),
                    is_here,
                    "{mount:?}: {name}({setting})"
                );
                // A channel has no list of all methods, which is said of this one.
                let is_shown = is_here && !(mount.is_struct() && *setting == "protected");
                let is_offered = offers(&offered, &path(mount, Some(row)), setting);
                assert_eq!(
                    is_offered, is_shown,
                    "an editor, {mount:?}: {name}({setting})"
                );
                settings += 1;
            }
            // Some need a value first, or read names of their own.
            let is_strict = matches!(row.positional, Positional::No);
            assert!(
                !is_strict || !parser_knows(mount, row, "zorkmids"),
                "{name}"
            );
        }
        for setting in row
            .settings
            .iter()
            .filter(|it| it.places.has_side(Side::Server) == row.places.has_side(Side::Server))
        {
            let setting = setting.name;
            let is_said = section.contains(&format!("| `{setting}"));
            assert!(is_said, "no page has {name}({setting})");
            assert!(ide.contains(&format!("pub mod {setting} {{")), "{setting}");
        }
        if let Positional::Time { aliases, .. } = row.positional {
            let mount = MOUNTS.into_iter().find(|mount| row.places.has(*mount));
            for other in aliases {
                let errors = errors_of(mount.unwrap(), &format!("{name}({other} = \"2s\")"));
                let meant = format!("`{name}` takes the time without a name: `{name}(\"2s\")`");
                assert!(
                    matches!(&errors[..], [error] if error.ends_with(&meant)),
                    "{errors:#?}"
                );
                synonyms += 1;
            }
        }
        if !row.feature.name.is_empty() {
            let line = format!("| `{}` |", row.feature.name);
            let mut lines = pages.lines().filter(|it| it.starts_with(&line));
            assert!(
                lines.any(|it| it.contains(&format!("`{name}`"))),
                "no feature brings `{name}`"
            );
        }
    }
    for it in ELSEWHERE {
        for name in it.names {
            let is_entry = rows().any(|row| row.name == *name || row.aliases.contains(name));
            assert!(!is_entry, "`{name}` is an entry, or leads to one");
            for mount in MOUNTS {
                let errors = errors_of(mount, name);
                assert!(
                    matches!(&errors[..], [error] if error.ends_with(it.instead)),
                    "{mount:?}: {name}: {errors:#?}"
                );
            }
            assert!(pages.contains(&format!("`{name}`")), "no page has `{name}`");
            synonyms += 1;
        }
        assert!(pages.contains(it.instead), "no page doc: {}", it.instead);
    }
    for word in KEYWORDS
        .iter()
        .map(|word| word.name)
        .chain(SELECTORS.iter().map(|it| it.name))
    {
        assert!(ide.contains(&format!("pub mod {word} {{}}")), "{word}");
        assert!(
            pages.contains(&format!("| `{word}`")),
            "no page has `{word}`"
        );
    }
    for mount in MOUNTS {
        let service = rows().next().unwrap();
        let offered = offered(mount, service);
        for word in KEYWORDS
            .iter()
            .filter(|word| word.name != "skip" && word.name != "name")
        {
            let is_here = keywords::here(mount, false).any(|here| here.name == word.name);
            let is_offered = offers(&offered, &quote!(__ide::words::), word.name);
            assert_eq!(is_offered, is_here, "{mount:?}: {}", word.name);
        }
    }
    assert!(
        entries > 90 && settings > 150 && synonyms > 60,
        "{entries}, {settings}, {synonyms}"
    );
}
