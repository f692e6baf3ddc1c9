//! Checks which files of this crate may import which, and how long a file may be.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use syn::visit::{self, Visit};

/// Each room imports from itself and from the rooms before it.
const ROOMS: [&str; 8] = [
    "codes",
    "ctxt",
    "text",
    "item",
    "entries",
    "check",
    "expand",
    "intercept",
];

const MAX_LINES: usize = 600;

/// The files of this crate without tests and fuzzing: module paths and contents.
fn sources() -> BTreeMap<Vec<String>, String> {
    fn collect(folder: &Path, module: &[String], found: &mut BTreeMap<Vec<String>, String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let mut inner = module.to_vec();
            if path.is_dir() {
                inner.push(name);
                collect(&path, &inner, found);
                continue;
            }
            if name != "mod" {
                inner.push(name);
            }
            found.insert(inner, fs::read_to_string(&path).unwrap());
        }
    }
    let mut found = BTreeMap::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    collect(&folder, &[], &mut found);
    found.retain(|module, _| !["tests", "fuzz", "lib"].contains(&module[0].as_str()));
    found
}

/// The modules that a file names, in `use` and in paths.
struct Imports<'a> {
    module: &'a [String],
    /// Whether the file is a `mod.rs`, in which `self` and `super` lead elsewhere.
    is_folder: bool,
    sources: &'a BTreeMap<Vec<String>, String>,
    found: Vec<Vec<String>>,
}

impl Imports<'_> {
    /// Adds the file of a path: the longest prefix that is a module.
    fn add(&mut self, path: &[String]) {
        let parent = match self.is_folder {
            true => self.module,
            false => &self.module[..self.module.len() - 1],
        };
        let mut full = match path.first().map(String::as_str) {
            Some("crate") => Vec::new(),
            Some("super") if self.is_folder => parent[..parent.len() - 1].to_vec(),
            Some("super") => parent.to_vec(),
            Some("self") => self.module.to_vec(),
            // A path in `mod.rs` may begin with one of its submodules.
            Some(_) if self.is_folder => {
                let mut full = self.module.to_vec();
                full.extend(path.first().cloned());
                full
            }
            _ => return,
        };
        full.extend(path.iter().skip(1).cloned());
        while !full.is_empty() && !self.sources.contains_key(&full) {
            full.pop();
        }
        if !full.is_empty() && full != self.module {
            self.found.push(full);
        }
    }

    fn add_tree(&mut self, tree: &syn::UseTree, path: &mut Vec<String>) {
        match tree {
            syn::UseTree::Path(inner) => {
                path.push(inner.ident.to_string());
                self.add_tree(&inner.tree, path);
                path.pop();
            }
            syn::UseTree::Name(name) => {
                path.push(name.ident.to_string());
                self.add(path);
                path.pop();
            }
            syn::UseTree::Rename(name) => {
                path.push(name.ident.to_string());
                self.add(path);
                path.pop();
            }
            syn::UseTree::Glob(_) => self.add(path),
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.add_tree(tree, path);
                }
            }
        }
    }
}

impl<'ast> Visit<'ast> for Imports<'_> {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.add_tree(&item.tree, &mut Vec::new());
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments = path.segments.iter();
        let segments: Vec<String> = segments.map(|segment| segment.ident.to_string()).collect();
        self.add(&segments);
        visit::visit_path(self, path);
    }

    /// `pub(super)` imports nothing.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}
}

/// The modules that each module names.
fn graph(sources: &BTreeMap<Vec<String>, String>) -> BTreeMap<Vec<String>, Vec<Vec<String>>> {
    let graph = sources.iter().map(|(module, text)| {
        let file = syn::parse_file(text).unwrap();
        let mut imports = Imports {
            module,
            is_folder: sources
                .keys()
                .any(|other| other.len() > module.len() && other.starts_with(module)),
            sources,
            found: Vec::new(),
        };
        imports.visit_file(&file);
        (module.clone(), imports.found)
    });
    graph.collect()
}

#[test]
fn rooms_import_only_earlier_rooms() {
    let room = |module: &[String]| {
        let place = ROOMS.iter().position(|room| *room == module[0]);
        place.unwrap_or_else(|| panic!("`{}` is no room", module[0]))
    };
    let sources = sources();
    let mut edges = 0;
    for (module, imports) in graph(&sources) {
        for import in imports {
            edges += 1;
            assert!(
                room(&import) <= room(&module),
                "`{}` imports `{}`, which comes after it",
                module.join("::"),
                import.join("::"),
            );
        }
    }
    assert!(edges > 100, "the test sees {edges} imports");
}

#[test]
fn no_circular_imports() {
    let sources = sources();
    let mut graph = graph(&sources);
    // Removes modules that import no remaining module, until there are none. What remains is a cycle.
    loop {
        let free = |imports: &Vec<Vec<String>>, graph: &BTreeMap<Vec<String>, Vec<Vec<String>>>| {
            imports.iter().all(|import| !graph.contains_key(import))
        };
        let done: Vec<_> = graph
            .iter()
            .filter(|(_, imports)| free(imports, &graph))
            .map(|(module, _)| module.clone())
            .collect();
        if done.is_empty() {
            break;
        }
        graph.retain(|module, _| !done.contains(module));
    }
    let circle: Vec<String> = graph
        .iter()
        .map(|(module, imports)| {
            let imports = imports.iter().filter(|import| graph.contains_key(*import));
            let imports: Vec<String> = imports.map(|import| import.join("::")).collect();
            format!("{} → {}", module.join("::"), imports.join(", "))
        })
        .collect();
    assert!(circle.is_empty(), "{circle:#?}");
}

#[test]
fn files_stay_short() {
    // `codes` is a table, which may be long.
    for (module, text) in sources()
        .into_iter()
        .filter(|(module, _)| module[0] != "codes")
    {
        let lines = text.lines().count();
        let name = module.join("::");
        assert!(
            lines <= MAX_LINES,
            "`{name}` has {lines} lines, at most {MAX_LINES}"
        );
    }
}

#[test]
fn import_scan_finds_every_form() {
    let text = "use crate::expand::{self, chain::Links}; fn f() { super::entries::g(crate::check::Checked) }";
    let file = syn::parse_file(text).unwrap();
    let sources = sources();
    let module = ["text".to_owned(), "span".to_owned()];
    let mut imports = Imports {
        module: &module,
        is_folder: false,
        sources: &sources,
        found: Vec::new(),
    };
    imports.visit_file(&file);
    let found: Vec<String> = imports.found.iter().map(|path| path.join("::")).collect();
    assert!(found.contains(&"expand::chain".to_owned()), "{found:?}");
    assert!(found.contains(&"check".to_owned()), "{found:?}");
}
