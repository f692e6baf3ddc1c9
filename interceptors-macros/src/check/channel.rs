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
    let patterns = patterns(cx, mount, entries, has_descriptors);
    check_duplicates(cx, entries);
    let chain = |pattern: Option<&str>| {
        let covering = (0..entries.len()).filter(|&i| covers(mount, &entries[i], pattern));
        Chain::of_pattern(pattern.unwrap_or("*"), covering.collect())
    };
    let others = std::iter::once(chain(None));
    let chains = others.chain(patterns.iter().map(|pattern| chain(Some(pattern))));
    let chains: Vec<Chain> = chains.collect();
    if mount == Mount::Server {
        check_entries(cx, entries, &chains);
    }
    chains
}

/// The patterns in all lists, each once, narrower ones first. Reports elements that are not patterns.
///
/// On a server, `/service/*` in `only` also gives `/service/**`, which matches all paths below the service.
fn patterns(cx: &Ctxt, mount: Mount, entries: &[Listed], has_descriptors: bool) -> Vec<String> {
    let mut patterns: Vec<String> = Vec::new();
    let mut add = |pattern: String| {
        if !patterns.contains(&pattern) {
            patterns.push(pattern);
        }
    };
    for method in entries.iter().flat_map(Listed::named_methods) {
        match (&method.spelling, method.pattern()) {
            (
                Spelling::Path {
                    service,
                    method: name,
                },
                Some(path),
            ) if is_service_name(service) && (is_identifier(name) || name == "*") => add(path),
            (Spelling::Http { .. }, Some(pattern)) => add(pattern),
            (Spelling::Idempotent, _) if has_descriptors => {}
            (Spelling::Idempotent, _) => {
                cx.error_at(codes::DESCRIPTORS, method.span, NO_DESCRIPTORS);
            }
            _ => cx.error_at(codes::NOT_A_METHOD, method.span, full_path(method.name())),
        }
    }
    for entry in entries.iter().filter(|_| mount == Mount::Server) {
        if let Selector::Only(list) = &entry.methods {
            let paths = list.iter().filter_map(MethodRef::path);
            paths
                .filter(|path| path.ends_with('*'))
                .for_each(|path| add(format!("{path}*")));
        }
    }
    // A call takes the first pattern that matches, so narrower patterns come first.
    patterns.sort_by_key(|pattern| match pattern {
        // A `GET` pattern also matches `HEAD`, so `HEAD` comes before it.
        pattern if pattern.starts_with("HEAD ") => 0,
        pattern if pattern.contains(' ') => 1,
        pattern if pattern.ends_with("**") => 4,
        pattern if pattern.ends_with('*') => 3,
        _ => 2,
    });
    patterns
}

/// Reports elements that are in a list twice.
fn check_duplicates(cx: &Ctxt, entries: &[Listed]) {
    let written = |method: &MethodRef| match &method.spelling {
        Spelling::Idempotent => Some("idempotent".to_owned()),
        _ => method.pattern(),
    };
    let lists = entries.iter().flat_map(|entry| match &entry.methods {
        Selector::All => [&[][..], public(entry)],
        Selector::Only(list) | Selector::Except(list) => [&list[..], public(entry)],
    });
    for list in lists {
        for (i, method) in list.iter().enumerate() {
            let Some(text) = written(method) else {
                continue;
            };
            if list[..i]
                .iter()
                .any(|earlier| written(earlier).as_ref() == Some(&text))
            {
                let message = format!("duplicate method `{text}`; take one out");
                cx.error_at(codes::DUPLICATE_METHOD, method.span, message);
            }
        }
    }
}

/// Whether an entry covers the requests of a pattern, or with `None`, all other requests.
fn covers(mount: Mount, entry: &Listed, pattern: Option<&str>) -> bool {
    let is_in = |list: &[MethodRef]| {
        pattern.is_some_and(|pattern| list.iter().any(|method| method.matches_request(pattern)))
    };
    let is_below = |list: &[MethodRef]| {
        pattern.is_some_and(|pattern| list.iter().any(|method| method.is_service_of(pattern)))
    };
    let is_selected = match &entry.methods {
        Selector::All => true,
        Selector::Only(list) => is_in(list) || mount == Mount::Server && is_below(list),
        Selector::Except(list) => !is_in(list),
    };
    is_selected && !is_in(public(entry))
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
