//! The tables of the documentation are generated from the rows of entries. `UPDATE_EXPECT=1 cargo test -p interceptors-macros docs`
//! updates them.
//!
//! In a page, `<!-- made of rows: name -->` begins a table and `<!-- end -->` ends it.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use expect_test::expect_file;

use crate::entries::TABLE;
use crate::entries::elsewhere::ELSEWHERE;
use crate::entries::keywords::{self, KEYWORDS, SELECTORS};
use crate::entries::row::{DefaultValue, Places, Positional, Row, Sees, Setting, Value};
use crate::item::mount::{Mount, Side};

pub(super) fn rows() -> impl Iterator<Item = &'static Row> + Clone {
    TABLE.iter().map(|known| known.row)
}

pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

pub(super) fn read(path: &str) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The page with new tables.
fn with_tables(page: &str, made: &mut Vec<String>) -> String {
    const BEGIN: &str = "<!-- made of rows: ";
    const END: &str = "<!-- end -->";
    let mut rest = page;
    let mut out = String::new();
    while let Some((before, after)) = rest.split_once(BEGIN) {
        let (name, after) = after.split_once(" -->").unwrap();
        let (_, after) = after.split_once(END).unwrap();
        let table = table(name);
        write!(out, "{before}{BEGIN}{name} -->\n{table}{END}").unwrap();
        made.push(name.to_owned());
        rest = after;
    }
    out + rest
}

fn table(name: &str) -> String {
    match name {
        "entries" => all_entries(),
        "words" => all_words(),
        "elsewhere" => all_elsewhere(),
        "features" => all_features(),
        _ => {
            let (entry, side) = name.split_once(", ").unwrap_or((name, ""));
            let is_meant = |row: &&Row| {
                row.name == entry && (side.is_empty() || row.places.in_words() == side)
            };
            let row = rows().find(is_meant);
            settings(row.unwrap_or_else(|| panic!("no entry is `{name}`")))
        }
    }
}

/// The settings of one entry.
fn settings(row: &Row) -> String {
    let mut table = "| setting | type | default | |\n| --- | --- | --- | --- |\n".to_owned();
    if let Positional::Time { default, doc, .. } = row.positional {
        let default = shown_default(&default);
        writeln!(table, "| the first value | duration | {default} | {doc} |").unwrap();
    }
    for setting in row.settings {
        // Some settings are in the row of the wrong side only so that they get a better error there.
        if setting.places == Places::SERVERS && row.places == Places::CLIENTS {
            continue;
        }
        let name = match setting.value {
            Value::Own(written) => written.to_owned(),
            Value::Parts(parts, _) => {
                let parts: Vec<&str> = parts.iter().map(|part| part.name).collect();
                format!("{}({})", setting.name, parts.join(", "))
            }
            _ => setting.name.to_owned(),
        };
        let (ty, default) = (type_of(&setting.value), shown_default(&setting.default));
        let says = setting.doc;
        writeln!(table, "| `{name}` | {ty} | {default} | {says} |").unwrap();
    }
    table
}

pub(super) fn shown_default(default: &DefaultValue) -> String {
    match default {
        DefaultValue::None => String::new(),
        DefaultValue::Is(value) => format!("`{value}`"),
        DefaultValue::OfSide(service, client) => format!("`{service}`; on a client `{client}`"),
        DefaultValue::Words(words) => (*words).to_owned(),
    }
}

pub(super) fn type_of(value: &Value) -> String {
    match value {
        Value::Integer(least, u64::MAX) => format!("integer, at least {least}"),
        Value::Integer(least, most) => format!("integer, {least} to {most}"),
        Value::Float(_) => "float".to_owned(),
        Value::Boolean => "boolean".to_owned(),
        Value::Text | Value::SomeText(_) | Value::OneOf(_) | Value::TextKey => "string".to_owned(),
        Value::Texts => "list of strings".to_owned(),
        Value::Duration => "duration".to_owned(),
        Value::Delay => "duration, zero included".to_owned(),
        Value::Level => "level".to_owned(),
        Value::Codes => "list of status codes".to_owned(),
        Value::CodesOrEmpty => "list of status codes, perhaps empty".to_owned(),
        Value::Given(_) => "expression".to_owned(),
        Value::Access => "list of methods".to_owned(),
        Value::Per => "`method` or `service`".to_owned(),
        Value::Parts(parts, _) => {
            let types: Vec<String> = parts.iter().map(|part| type_of(&part.value)).collect();
            types.join("; ")
        }
        Value::Own(_) => String::new(),
    }
}

/// The mounts, in the order of the columns.
pub(super) const MOUNTS: [Mount; 5] = [
    Mount::Service,
    Mount::Server,
    Mount::ClientModule,
    Mount::HandWritten,
    Mount::Channel,
];

/// The words of the attribute that do not belong to an entry, and the mounts that have them.
fn all_words() -> String {
    let mut table =
        "| word | service | server | generated client | hand-written client | channel | on a method | |\n\
                     | --- | :-: | :-: | :-: | :-: | :-: | :-: | --- |\n"
            .to_owned();
    for word in KEYWORDS {
        let is_here =
            |mount, on_method| keywords::here(mount, on_method).any(|here| here.name == word.name);
        write!(table, "| `{}` |", word.name).unwrap();
        let marks = MOUNTS.map(|mount| is_here(mount, false));
        let on_method = MOUNTS.iter().any(|mount| is_here(*mount, true));
        for is_here in marks.into_iter().chain([on_method]) {
            write!(table, " {}|", if is_here { "✓ " } else { "" }).unwrap();
        }
        writeln!(table, " {} |", word.doc).unwrap();
    }
    for list in &SELECTORS {
        let (name, says) = (list.name, list.doc);
        writeln!(
            table,
            "| `{name}` in an entry | ✓ | ✓ | ✓ | ✓ | ✓ | | {says} |"
        )
        .unwrap();
    }
    table
}

/// Names of interceptors in other systems, and what to use instead.
fn all_elsewhere() -> String {
    let mut table = "| looked for | |\n| --- | --- |\n".to_owned();
    for it in ELSEWHERE {
        let names: Vec<String> = it.names.iter().map(|name| format!("`{name}`")).collect();
        writeln!(table, "| {} | {} |", names.join(", "), it.instead).unwrap();
    }
    table
}

/// The mounts of each entry. Two rows with one name are one entry.
fn all_entries() -> String {
    let mut table =
        "| entry | service | server | generated client | hand-written client | channel | reads messages | |\n\
                     | --- | :-: | :-: | :-: | :-: | :-: | :-: | --- |\n"
            .to_owned();
    let mut seen = Vec::new();
    for row in rows() {
        let name = row.name;
        if seen.contains(&name) {
            continue;
        }
        seen.push(name);
        let of_name = || rows().filter(|other| other.name == name);
        write!(table, "| [`{name}`](#{name}) |").unwrap();
        for mount in MOUNTS {
            let is_here = of_name().any(|row| row.places.has(mount));
            write!(table, " {}|", if is_here { "✓ " } else { "" }).unwrap();
        }
        let sees = match row.sees {
            Sees::Head => "",
            Sees::Message => "✓ ",
            Sees::Depends => "depends ",
        };
        writeln!(table, " {sees}| {} |", row.doc).unwrap();
    }
    table
}

/// Features that do not belong to an entry, and what they enable.
const OTHER_FEATURES: [(&str, &str); 15] = [
    (
        "server",
        "the attribute on a struct for a whole server; the true path and the peer's address of a call",
    ),
    ("axum", "the peer's address behind `axum::serve`"),
    (
        "client",
        "the attribute on clients of all kinds; handlers hand their deadline on",
    ),
    (
        "channel",
        "`client::Connect`: makes tonic's channels, and knows which of them are encrypted",
    ),
    ("static-tokens", "[`auth::StaticTokens`]"),
    ("jwt", "`auth::jwt`"),
    (
        "jwks-url",
        "keys of `auth::jwt` by URL, and `auth::Introspection`",
    ),
    (
        "transparent-retry",
        "`retry` on a client transparently retries requests that the server never processed",
    ),
    ("into-channel", "a wrapped channel as tonic's own `Channel`"),
    (
        "garde",
        "`validate` for messages that derive `garde::Validate`",
    ),
    ("redis", "`rate_limit::Redis`"),
    (
        "envoy-rls",
        "`rate_limit::Envoy`: Envoy's Rate Limit Service",
    ),
    ("prometheus", "`metrics` under Prometheus's names"),
    (
        "test-util",
        "helpers for tests of interceptors and policies",
    ),
    ("json", "[`Plan::to_json`]"),
];

/// The features in a manifest, each with what it enables.
fn features_of(manifest: &str) -> Vec<(String, Vec<String>)> {
    let (_, features) = manifest.split_once("[features]\n").unwrap();
    let (features, _) = features.split_once("\n[").unwrap();
    let features = features.lines().filter_map(|line| line.split_once(" = "));
    let features = features.map(|(name, enables)| {
        let enables = enables.trim_matches(['[', ']']).split(", ");
        let enables = enables.map(|it| it.trim_matches('"').to_owned());
        let enables = enables.filter(|it| !it.is_empty()).collect();
        (name.trim_matches('"').to_owned(), enables)
    });
    features.collect()
}

fn runtime_features() -> Vec<(String, Vec<String>)> {
    features_of(&read("interceptors/Cargo.toml"))
}

/// What a feature enables.
fn enables<'a>(features: &'a [(String, Vec<String>)], name: &str) -> &'a [String] {
    let found = features.iter().find(|(feature, _)| feature == name);
    found.map_or(&[], |(_, enables)| enables)
}

/// The crates that a feature adds, also through private features.
fn dependencies(features: &[(String, Vec<String>)], name: &str) -> Vec<String> {
    let mut found = Vec::new();
    for enabled in enables(features, name) {
        if let Some(dependency) = enabled.strip_prefix("dep:") {
            found.push(dependency.to_owned());
        } else if enabled.starts_with('_') {
            found.extend(dependencies(features, enabled));
        }
    }
    found.sort();
    found
}

/// Crates that a user's crate needs in the same version, because it sets their globals or passes their types.
const SHARED_CRATES: [&str; 6] = [
    "axum",
    "garde",
    "opentelemetry",
    "prometheus",
    "redis",
    "tracing-opentelemetry",
];

/// The crate's name; for a shared crate also the version that the workspace requires.
fn with_version(name: &str) -> String {
    if !SHARED_CRATES.contains(&name) {
        return name.to_owned();
    }
    let manifest = read("Cargo.toml");
    let mut lines = manifest.lines();
    let line = lines.find_map(|line| line.strip_prefix(&format!("{name} = ")));
    let version = line.unwrap().split('"').nth(1).unwrap();
    let mut parts = version.split('.');
    let (major, minor) = (parts.next().unwrap(), parts.next().unwrap());
    // Versions with the same first number other than 0 are compatible.
    match major {
        "0" => format!("{name} 0.{minor}"),
        _ => format!("{name} {major}"),
    }
}

fn all_features() -> String {
    let features = runtime_features();
    let defaults = enables(&features, "default");
    let mut table =
        "| feature | default | what it brings | crates |\n| --- | :-: | --- | --- |\n".to_owned();
    for (name, _) in &features {
        if name == "default" || name.starts_with('_') {
            continue;
        }
        let entries = rows().filter(|row| row.feature.name == name);
        let mut entries: Vec<String> = entries.map(|row| format!("`{}`", row.name)).collect();
        entries.dedup();
        let other = OTHER_FEATURES.iter().find(|(other, _)| other == name);
        let brings = match other {
            Some((_, brings)) => (*brings).to_owned(),
            None => entries.join(", "),
        };
        assert!(!brings.is_empty(), "what does the feature `{name}` bring?");
        let default = if defaults.contains(name) { "✓ " } else { "" };
        let crates = dependencies(&features, name);
        let crates: Vec<String> = crates.iter().map(|name| with_version(name)).collect();
        let crates = crates.join(", ");
        let space = if crates.is_empty() { "" } else { " " };
        writeln!(table, "| `{name}` | {default}| {brings} |{space}{crates} |").unwrap();
    }
    table
}

pub(super) const PAGES: [&str; 4] = [
    "interceptors/src/attribute.md",
    "interceptors/src/lib.md",
    "interceptors/src/metrics/attribute.md",
    "interceptors/src/trace/attribute.md",
];

#[test]
fn docs_tables_match_rows() {
    let mut made = Vec::new();
    for page in PAGES {
        let text = with_tables(&read(page), &mut made);
        expect_file![root().join(page)].assert_eq(&text);
    }
    let pages = PAGES.map(read).join("\n");
    for row in rows() {
        let has_settings =
            !row.settings.is_empty() || matches!(row.positional, Positional::Time { .. });
        let name = row.name;
        let is_shown = made
            .iter()
            .any(|made| made == name || *made == format!("{name}, {}", row.places.in_words()));
        assert!(
            is_shown || !has_settings,
            "no page shows the settings of `{name}`"
        );
        assert!(!row.doc.is_empty(), "`{name}` has no description");
        // The table of all entries links to this section.
        let heading = format!("\n# `{name}`\n");
        assert!(pages.contains(&heading), "`{name}` has no section");
    }
    for table in ["entries", "words", "elsewhere", "features"] {
        assert!(made.iter().any(|made| made == table), "{table}");
    }
}

/// The page of an interceptor's module begins with an example. It and the entry's section of the reference link to each other.
#[test]
fn module_pages_and_reference_link_to_each_other() {
    let pages = PAGES.map(read).join("\n");
    for row in rows().filter(|row| !row.module.is_empty()) {
        let (name, module) = (row.name, row.module);
        let (_, section) = pages.split_once(&format!("\n# `{name}`\n")).unwrap();
        let text = outside_of_examples(section);
        let section = text.split("\n# ").next().unwrap();
        assert!(
            section.contains(&format!("]({module})")),
            "the section of `{name}` does not link to the page of the module `{module}`"
        );
        let page = module_page(&format!("interceptors/src/{module}/mod.rs"));
        assert!(
            page.contains(&format!("](crate::intercept#{name})")),
            "the page of the module `{module}` does not link to the section of `{name}`"
        );
    }
    // An example follows the first sentence of each page. It runs, unless it starts a server.
    for page in module_pages() {
        let text = module_page(&page);
        let (first, rest) = text.split_once("\n\n").unwrap();
        assert!(first.matches(". ").count() < 2, "{page}: {first}");
        let runs = rest.starts_with("```\n");
        let serves = rest.starts_with("```no_run\n") && rest.contains(".serve(");
        assert!(runs || serves, "{page} does not begin with an example");
    }
}

/// The text of a page without its examples, because a line of code may look like a heading.
fn outside_of_examples(page: &str) -> String {
    let parts = page.split("```").step_by(2);
    parts.collect::<Vec<_>>().join("")
}

/// The documentation at the start of a module.
fn module_page(path: &str) -> String {
    let text = read(path);
    let lines = text.lines().map_while(|line| line.strip_prefix("//!"));
    let lines = lines.map(|line| line.strip_prefix(' ').unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

/// The files of the runtime's public modules, without those that only contain text.
fn module_pages() -> Vec<String> {
    let root_file = read("interceptors/src/lib.rs");
    let mut found = vec!["interceptors/src/auth/jwt/mod.rs".to_owned()];
    for line in root_file.lines() {
        let Some(name) = line.strip_prefix("pub mod ") else {
            continue;
        };
        let Some(name) = name.strip_suffix(';') else {
            continue;
        };
        let is_guide_or_hidden = ["guide", "ext", "__private", "__ide"].contains(&name);
        if is_guide_or_hidden {
            continue;
        }
        let folder = format!("interceptors/src/{name}/mod.rs");
        let file = format!("interceptors/src/{name}.rs");
        let is_folder = root().join(&folder).exists();
        found.push(if is_folder { folder } else { file });
    }
    assert!(found.len() > 15, "{found:?}");
    found
}

/// Writes the defaults that plans show. `tests/integration` compares them with the runtime.
#[test]
fn defaults_are_exported_for_the_integration_test() {
    let mut table = String::new();
    let mut default = |side: &str, row: &Row, setting: &Setting, value: &str| {
        let (entry, setting) = (row.name, setting.name);
        writeln!(table, "{side}\t{entry}\t{setting}\t{value}").unwrap();
    };
    for row in rows() {
        for setting in row.settings {
            for (name, side) in [("service", Side::Server), ("client", Side::Client)] {
                let is_here = row.places.has_side(side) && setting.places.has_side(side);
                let value = match (setting.default, side) {
                    _ if !is_here => continue,
                    (DefaultValue::Is(value), _)
                    | (DefaultValue::OfSide(value, _), Side::Server)
                    | (DefaultValue::OfSide(_, value), Side::Client) => value,
                    (DefaultValue::None | DefaultValue::Words(_), _) => continue,
                };
                default(name, row, setting, value);
            }
        }
    }
    expect_file![root().join("tests/integration/defaults.tsv")].assert_eq(&table);
}

/// Writes the name and the sides of each entry. `tests/integration` compares them with the runtime.
#[test]
fn names_and_sides_are_exported_for_the_integration_test() {
    let mut calls = "// Made of the rows of entries: `UPDATE_EXPECT=1 cargo test -p interceptors-macros docs`.\n{\n".to_owned();
    for row in rows().filter(|row| !row.module.is_empty()) {
        let module = row.config_module.unwrap_or(row.module);
        let (name, entry) = (row.name, row.entry);
        let [service, client] = [Side::Server, Side::Client].map(|side| row.places.has_side(side));
        writeln!(
            calls,
            "    is::<interceptors::__private::{module}::{entry}>({name:?}, {service}, {client});"
        )
        .unwrap();
    }
    calls += "}\n";
    expect_file![root().join("tests/integration/entries.rs.in")].assert_eq(&calls);
}

/// `.ci/run` builds the runtime with each feature alone.
#[test]
fn ci_builds_each_feature_alone() {
    let gate = read(".ci/run");
    let (_, list) = gate.split_once("for feature in ").unwrap();
    let (list, _) = list.split_once("; do").unwrap();
    let built: Vec<&str> = list
        .split_whitespace()
        .filter(|word| *word != "\\")
        .collect();
    for (feature, _) in runtime_features() {
        let is_public = feature != "default" && !feature.starts_with('_');
        assert!(
            !is_public || built.contains(&feature.as_str()),
            "`.ci/run` does not build the feature `{feature}` alone"
        );
    }
}

/// The feature of each row exists in this crate, and the runtime's feature of the same name enables it.
#[test]
fn row_features_are_forwarded() {
    let own = features_of(&read("interceptors-macros/Cargo.toml"));
    let runtime = runtime_features();
    let mut forwarded = 0;
    for row in rows().filter(|row| !row.feature.name.is_empty()) {
        let feature = row.feature.name.to_owned();
        assert!(own.iter().any(|(name, _)| *name == feature), "{feature}");
        assert!(enables(&own, "default").contains(&feature), "{feature}");
        let forward = format!("interceptors-macros/{feature}");
        assert!(enables(&runtime, &feature).contains(&forward), "{feature}");
        forwarded += 1;
    }
    assert!(forwarded > 10);
}

/// Entries and settings that rows refer to exist.
#[test]
fn rows_reference_existing_names() {
    for row in rows() {
        let known = |name: &&str| {
            SELECTORS.iter().any(|it| it.name == *name)
                || row.settings.iter().any(|it| it.name == *name)
        };
        for setting in row.settings {
            let (entry, name) = (row.name, setting.name);
            for other in setting.conflicts_with.iter().chain(&setting.requires) {
                assert!(known(other), "{entry}({name}): no setting is `{other}`");
            }
            for other in setting.aliases {
                let meant = row
                    .settings
                    .iter()
                    .filter(|it| it.name == *other || it.aliases.contains(other));
                assert_eq!(
                    meant.count(),
                    1,
                    "{entry}: `{other}` means several settings"
                );
            }
            let is_once = row.settings.iter().filter(|it| it.name == name).count() == 1;
            assert!(is_once, "{entry}: `{name}` is there twice");
        }
        let one_of = row.one_of.iter().flat_map(|one_of| one_of.names);
        for name in one_of.chain(row.checked) {
            assert!(known(name), "{}: no setting is `{name}`", row.name);
        }
        for other in row.aliases {
            let is_entry = rows().any(|row| row.name == *other);
            let others = rows().filter(|it| it.name != row.name);
            let mut synonyms = others.flat_map(|it| it.aliases);
            let is_theirs = synonyms.any(|it| it == other);
            assert!(!is_entry && !is_theirs, "`{other}` means several entries");
        }
        let rows_of_name = rows().filter(|it| it.name == row.name);
        for mount in MOUNTS {
            let here = rows_of_name
                .clone()
                .filter(|it| it.places.has(mount))
                .count();
            assert!(here <= 1, "`{}` is two entries on one mount", row.name);
        }
        if let Some(other) = row.on_other_side {
            let is_back = rows().any(|it| it.name == other && it.on_other_side == Some(row.name));
            assert!(is_back, "`{other}` does not lead back to `{}`", row.name);
        }
        let is_partly_there = row.places != Places::ALL
            && row.places != Places::SERVERS
            && row.places != Places::SERVICE
            && row.places != Places::REPEATING
            && row.places != Places::CLIENTS;
        assert!(
            !is_partly_there || !row.elsewhere.is_empty(),
            "{}",
            row.name
        );
    }
}

/// The error for an alias suggests its entry or setting.
#[test]
fn aliases_lead_to_entries_and_settings() {
    let item = |mount| match mount {
        Mount::Service => "impl UserService for Users { … }",
        Mount::HandWritten => "impl UserClient { … }",
        Mount::ClientModule => "mod user_service_client { … }",
        _ => "struct Outbound;",
    };
    let (mut entries, mut settings) = (0, 0);
    for row in rows() {
        let (name, entry) = (row.name, |mount: &Mount| row.places.has(*mount));
        let mount = MOUNTS.into_iter().find(entry).unwrap();
        let errors = |list: &str| {
            let service = match mount {
                Mount::HandWritten => "service = \"user.v1.UserService\", ",
                _ => "",
            };
            let code = format!("#[intercept({service}{list})]\n{}", item(mount));
            super::codes::errors(&code)
        };
        for other in row.aliases {
            let errors = errors(other);
            let meant = format!("did you mean `{name}`?");
            assert!(
                matches!(&errors[..], [error] if error.ends_with(&meant)),
                "{other}: {errors:#?}"
            );
            entries += 1;
        }
        for setting in row.settings.iter().filter(|it| it.places.has(mount)) {
            for other in setting.aliases {
                let errors = errors(&format!("{name}({other} = 1)"));
                let meant = format!("did you mean `{}`?", setting.name);
                // For some values, the error suggests a whole setting.
                let shown = format!("`{} = ", setting.name);
                let leads = |error: &String| error.ends_with(&meant) || error.contains(&shown);
                assert!(errors.iter().any(leads), "{name}({other} = 1): {errors:#?}");
                settings += 1;
            }
        }
    }
    assert!(entries > 20 && settings > 40, "{entries}, {settings}");
}
