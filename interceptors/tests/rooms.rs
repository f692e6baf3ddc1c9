//! Which modules of this crate may import which, checked in the sources.
//!
//! `CONTRIBUTING.md` has the table of rooms. A failure names the file and the import that break its rules.
#![allow(clippy::unwrap_used)] // a source that cannot be read fails the test

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The modules that are not rooms of interceptors.
const SHARED: [&str; 13] = [
    "core",
    "kit",
    "mount",
    "wire",
    "client",
    "server",
    "ext",
    "__private",
    "__ide",
    "test_util",
    "errors",
    "tracing",
    "publishing",
];

/// The features that do not belong to an interceptor.
const NEUTRAL: [&str; 8] = [
    "_wire",
    "server",
    "axum",
    "client",
    "channel",
    "into-channel",
    "json",
    "test-util",
];

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Each source file by its path below `src`, without unit tests and comments.
fn sources() -> BTreeMap<String, String> {
    fn visit(folder: &Path, found: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                visit(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && path.file_stem().is_some_and(|stem| stem != "tests")
            {
                let name = path.strip_prefix(src()).unwrap().to_str().unwrap();
                let text = fs::read_to_string(&path).unwrap();
                found.insert(name.replace('\\', "/"), code(&text));
            }
        }
    }
    let mut found = BTreeMap::new();
    visit(&src(), &mut found);
    assert!(found.len() > 50, "the sources are not where they should be");
    found
}

fn code(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or(text);
    let lines = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The modules that a file imports, each as `a::b` from the root of the crate.
///
/// Groups are expanded: `use crate::{a, b::c};` names `a` and `b::c`.
fn named(file: &str, code: &str) -> Vec<String> {
    let module: Vec<&str> = file
        .trim_end_matches(".rs")
        .trim_end_matches("/mod")
        .split('/')
        .collect();
    let mut found = Vec::new();
    for (start, _) in code.match_indices("crate::") {
        // Exported macros may name items for generated code.
        if code[..start].ends_with('$') {
            continue;
        }
        expand("", &code[start + "crate::".len()..], &mut found);
    }
    for (start, _) in code.match_indices("super::") {
        let before = &code[..start];
        if before.ends_with("super::") || before.ends_with(|c: char| c.is_alphanumeric()) {
            continue;
        }
        let mut depth = module.len();
        let mut rest = &code[start..];
        while let Some(further) = rest.strip_prefix("super::") {
            depth = depth.saturating_sub(1);
            rest = further;
        }
        let parent = module[..depth].iter().map(|segment| format!("{segment}::"));
        expand(&parent.collect::<String>(), rest, &mut found);
    }
    found
}

/// Adds each path that begins with `prefix` and continues with `rest`.
fn expand(prefix: &str, rest: &str, found: &mut Vec<String>) {
    if let Some(group) = rest.strip_prefix('{') {
        let mut depth = 0;
        let mut begin = 0;
        for (i, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                ',' | '}' if depth == 0 => {
                    let item = group[begin..i].trim();
                    if !item.is_empty() {
                        expand(prefix, item, found);
                    }
                    begin = i + 1;
                    if c == '}' {
                        return;
                    }
                }
                _ => {}
            }
        }
        return;
    }
    let is_of_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let end = rest.find(|c| !is_of_path(c)).unwrap_or(rest.len());
    let path = format!("{prefix}{}", rest[..end].trim_end_matches("::"));
    match rest[end..].strip_prefix('{') {
        Some(_) if rest[..end].ends_with("::") => {
            expand(&format!("{path}::"), &rest[end..], found);
        }
        _ => found.push(path),
    }
}

fn room(file: &str) -> &str {
    let first = file.split('/').next().unwrap();
    first.trim_end_matches(".rs")
}

/// The documented order of the core's modules.
fn order_of_the_core() -> Vec<String> {
    let text = fs::read_to_string(src().join("core/mod.rs")).unwrap();
    let docs: String = text
        .lines()
        .filter_map(|line| line.strip_prefix("//! "))
        .collect::<Vec<_>>()
        .join(" ");
    let (_, order) = docs.split_once("comes after it: ").unwrap();
    let order: Vec<String> = order
        .trim_end_matches('.')
        .split(',')
        .map(|name| name.trim().to_owned())
        .collect();
    let declared = text.lines().filter(|line| line.contains("mod ")).count();
    assert_eq!(
        order.len(),
        declared,
        "a module of the core is not in its order"
    );
    order
}

/// The core's items that the crate's root re-exports: `crate::Call` is `crate::core::call::Call`.
fn re_exported() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut paths = Vec::new();
    let lib = code(&fs::read_to_string(src().join("lib.rs")).unwrap());
    for (start, _) in lib.match_indices("pub use crate::core::") {
        expand("", &lib[start + "pub use crate::".len()..], &mut paths);
    }
    for path in paths {
        let (module, item) = path.rsplit_once("::").unwrap();
        found.insert(item.to_owned(), module.to_owned());
    }
    assert!(found.contains_key("Call"));
    found
}

#[test]
fn core_modules_import_only_earlier_ones() {
    let order = order_of_the_core();
    let place = |module: &str| order.iter().position(|name| name == module);
    let mut wrong = Vec::new();
    for (file, code) in sources() {
        let Some(inside) = file.strip_prefix("core/") else {
            continue;
        };
        let Some(own) = place(room(inside)) else {
            continue; // `core/mod.rs` lists them all
        };
        for path in named(&file, &code) {
            let mut segments = path.split("::");
            match (segments.next(), segments.next().map(place)) {
                (Some("core"), Some(Some(other))) if other <= own => {}
                _ => wrong.push(format!("{file} names {path}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn rooms_import_only_from_lower_rooms() {
    let re_exported = re_exported();
    let mut wrong = Vec::new();
    for (file, code) in sources() {
        let room = room(&file);
        let below: &[&str] = match room {
            "lib" | "core" | "ext" | "private" => continue, // these list modules, and the core has its own test
            "kit" => &["core"],
            "mount" => &["core", "kit"],
            "wire" => &["core", "kit", "mount"],
            "client" | "server" => &["core", "kit", "mount", "wire"],
            "test_util" => &["core", "kit", "mount"],
            "authorize" => &["core", "kit", "auth"],
            _ => &["core", "kit"],
        };
        for path in named(&file, &code) {
            let first = path.split("::").next().unwrap();
            let is_fit = first == room
                || below.contains(&first)
                || re_exported.contains_key(first)
                || first == "__finish_event"; // `logging`'s own: exported macros are in the root
            if !is_fit {
                wrong.push(format!("{file} names {path}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn shared_rooms_name_no_interceptors_feature() {
    let mut wrong = Vec::new();
    for (file, code) in sources() {
        let shared = [
            "core",
            "kit",
            "mount",
            "wire",
            "client",
            "server",
            "private",
            "ext",
            "test_util",
        ];
        if !shared.contains(&room(&file)) {
            continue;
        }
        for (_, rest) in code
            .match_indices("feature = \"")
            .map(|(i, found)| (i, &code[i + found.len()..]))
        {
            let feature = rest.split('"').next().unwrap();
            if !NEUTRAL.contains(&feature) {
                wrong.push(format!("{file} names feature `{feature}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn shared_rooms_name_no_interceptor() {
    let lib = fs::read_to_string(src().join("lib.rs")).unwrap();
    let modules = lib.lines().filter_map(|line| line.strip_prefix("pub mod "));
    let interceptors: Vec<&str> = modules
        .map(|line| line.trim_end_matches([';', ' ', '{', '}']))
        .filter(|module| !SHARED.contains(module))
        .collect();
    assert!(interceptors.contains(&"retry"), "{interceptors:?}");
    let mut wrong = Vec::new();
    for (file, code) in sources() {
        if ![
            "core", "kit", "mount", "wire", "client", "server", "private", "ext",
        ]
        .contains(&room(&file))
        {
            continue;
        }
        for module in &interceptors {
            for spelt in [format!("crate::{module}::"), format!("\"{module}\"")] {
                if code.contains(&spelt) {
                    wrong.push(format!("{file} names {spelt}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn interceptors_have_one_line_in_lib_and_a_feature() {
    let lib = code(&fs::read_to_string(src().join("lib.rs")).unwrap());
    let manifest =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    for (file, _) in sources() {
        let Some(module) = file.strip_suffix("/mod.rs") else {
            continue;
        };
        if module.contains('/') || SHARED.contains(&module) {
            continue;
        }
        let feature = module.replace('_', "-");
        let listed = format!("#[cfg(feature = \"{feature}\")]\npub mod {module};");
        assert!(
            lib.contains(&listed),
            "lib.rs does not list `{module}` behind its feature"
        );
        assert!(
            manifest.contains(&format!("\n{feature} = [")),
            "{feature} is no feature"
        );
    }
}

#[test]
fn use_groups_are_expanded() {
    let names = |file: &str, code: &str| named(file, code);
    assert_eq!(names("a.rs", "use crate::b::c;"), ["b::c"]);
    assert_eq!(
        names("a.rs", "use crate::{b, c::{d, e::f}, g};"),
        ["b", "c::d", "c::e::f", "g"]
    );
    assert_eq!(names("a/b.rs", "use super::c::D;"), ["a::c::D"]);
    assert_eq!(names("a/mod.rs", "use super::c::D;"), ["c::D"]);
    assert_eq!(names("a/b/mod.rs", "use super::super::c::D;"), ["c::D"]);
}
