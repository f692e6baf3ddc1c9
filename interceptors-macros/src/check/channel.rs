use super::cover::public;
use crate::codes;
use crate::ctxt::Ctxt;
use crate::entries::chain::Chain;
use crate::entries::entry::Listed;
use crate::entries::view::{self, View};
use crate::item::methods::{
    MethodRef, Selector, Spelling, full_path, is_identifier, is_service_name,
};
use crate::item::mount::Mount;

/// The message for `idempotent` without descriptors.
const NO_DESCRIPTORS: &str = "only descriptors say which methods are idempotent; add `descriptors = crate::FILE_DESCRIPTOR_SET` to the attribute";

/// The chains of a channel or a server: one for each pattern in its lists, and before them one for all other calls.
pub(super) fn chains(
    cx: &Ctxt,
    mount: Mount,
    entries: &[Listed],
    has_descriptors: bool,
) -> Vec<Chain> {
    let mut paths: Vec<String> = Vec::new();
    for method in entries.iter().flat_map(Listed::named_methods) {
        match (&method.spelling, method.pattern()) {
            (
                Spelling::Path {
                    service,
                    method: name,
                },
                Some(path),
            ) if is_service_name(service) && (is_identifier(name) || name == "*") => {
                if !paths.contains(&path) {
                    paths.push(path);
                }
            }
            (Spelling::Http { .. }, Some(pattern)) => {
                if !paths.contains(&pattern) {
                    paths.push(pattern);
                }
            }
            (Spelling::Idempotent, _) if has_descriptors => {}
            (Spelling::Idempotent, _) => {
                cx.error_at(codes::DESCRIPTORS, method.span, NO_DESCRIPTORS)
            }
            _ => cx.error_at(codes::NOT_A_METHOD, method.span, full_path(method.name())),
        }
    }
    for entry in entries.iter().filter(|_| mount == Mount::Server) {
        let Selector::Only(list) = &entry.methods else {
            continue;
        };
        let paths_of = list.iter().filter_map(MethodRef::path);
        for path in paths_of.filter(|path| path.ends_with('*')) {
            let beneath = format!("{path}*");
            if !paths.contains(&beneath) {
                paths.push(beneath);
            }
        }
    }
    // A call takes the first pattern that matches, so narrower patterns come first.
    paths.sort_by_key(|path| match path {
        // A `GET` pattern also matches `HEAD`, so `HEAD` comes before it.
        path if path.starts_with("HEAD ") => 0,
        path if path.contains(' ') => 1,
        path if path.ends_with("**") => 4,
        path if path.ends_with('*') => 3,
        _ => 2,
    });
    let is_named =
        |list: &[MethodRef], path: &str| list.iter().any(|method| method.matches_request(path));
    for entry in entries {
        let lists = match &entry.methods {
            Selector::All => [&[][..], public(entry)],
            Selector::Only(list) | Selector::Except(list) => [&list[..], public(entry)],
        };
        for list in lists {
            for (i, method) in list.iter().enumerate() {
                let written = match &method.spelling {
                    Spelling::Idempotent => Some("idempotent".to_owned()),
                    _ => method.pattern(),
                };
                let is_same = |other: &MethodRef| match &other.spelling {
                    Spelling::Idempotent => matches!(method.spelling, Spelling::Idempotent),
                    _ => other.pattern() == written,
                };
                if let Some(written) = written.as_ref().filter(|_| list[..i].iter().any(is_same)) {
                    cx.error_at(
                        codes::DUPLICATE_METHOD,
                        method.span,
                        format!("duplicate method `{written}`; take one out"),
                    );
                }
            }
        }
    }
    let chain = |path: Option<&str>| {
        let covers = |entry: &Listed| {
            let named = |list: &[MethodRef]| path.is_some_and(|path| is_named(list, path));
            let selected = match &entry.methods {
                Selector::All => true,
                Selector::Only(list) => {
                    let is_service_of =
                        |path: &str| list.iter().any(|method| method.is_service_of(path));
                    named(list) || mount == Mount::Server && path.is_some_and(is_service_of)
                }
                Selector::Except(list) => !named(list),
            };
            selected && !named(public(entry))
        };
        Chain {
            name: path.unwrap_or("*").to_owned(),
            rpc: path.unwrap_or("*").to_owned(),
            is_derived: false,
            is_exact: true,
            entries: (0..entries.len())
                .filter(|&i| covers(&entries[i]))
                .collect(),
            rename: false,
            retry_named_at: None,
        }
    };
    let others = std::iter::once(chain(None));
    let chains = others.chain(paths.iter().map(|path| chain(Some(path))));
    let chains: Vec<Chain> = chains.collect();
    if mount == Mount::Server {
        check_entries(cx, entries, &chains);
    }
    chains
}

/// Lets each entry check the calls that it covers.
fn check_entries(cx: &Ctxt, entries: &[Listed], chains: &[Chain]) {
    let verifies = |i: &usize| entries[*i].row.verifies;
    let is_open = |pattern: &str| {
        let verifiers = entries.iter().filter(|entry| entry.row.verifies);
        let mut public = verifiers.flat_map(public);
        public.any(|method| method.matches_request(pattern))
    };
    for (i, listed) in entries.iter().enumerate() {
        let covering = chains.iter().filter(|chain| chain.entries.contains(&i));
        let covered = covering.map(|chain| view::Covered {
            name: &chain.name,
            is_verified: chain.verifier_before(entries, i).is_some(),
            has_client: chain.has_client_before(entries, i),
            is_public: is_open(&chain.rpc) && !chain.entries.iter().any(verifies),
        });
        let view = View {
            name: &listed.name,
            methods: &listed.methods,
            is_of_method: false,
            covered: covered.collect(),
        };
        listed.entry.check(cx, &view);
    }
}
