use super::cover::public;
use crate::ctxt::Ctxt;
use crate::entries::chain::Chain;
use crate::entries::entry::Listed;
use crate::item::methods::{
    FULL_PATH, MethodRef, Selector, Spelled, is_identifier, is_service_name,
};

/// `idempotent` is no path.
const NO_DESCRIPTORS: &str = "which methods are idempotent is known from their descriptors; add `descriptors = crate::FILE_DESCRIPTOR_SET` to the attribute";

/// The chain of a channel for all methods, and those for methods and services that lists name.
pub(super) fn chains(cx: &Ctxt, entries: &[Listed], has_descriptors: bool) -> Vec<Chain> {
    let mut paths: Vec<String> = Vec::new();
    for method in entries.iter().flat_map(Listed::named) {
        match (&method.spelled, method.path()) {
            (
                Spelled::Path {
                    service,
                    method: name,
                },
                Some(path),
            ) if is_service_name(service) && (is_identifier(name) || name == "*") => {
                if !paths.contains(&path) {
                    paths.push(path);
                }
            }
            (Spelled::Idempotent, _) if has_descriptors => {}
            (Spelled::Idempotent, _) => cx.error_at(method.span, NO_DESCRIPTORS),
            _ => cx.error_at(method.span, FULL_PATH),
        }
    }
    // A method before its service: the first that a path fits is the method's.
    paths.sort_by_key(|path| path.ends_with('*'));
    let is_named = |list: &[MethodRef], path: &str| list.iter().any(|method| method.is_for(path));
    for entry in entries {
        let lists = match &entry.methods {
            Selector::All => [&[][..], public(entry)],
            Selector::Only(list) | Selector::Except(list) => [&list[..], public(entry)],
        };
        for list in lists {
            for (i, method) in list.iter().enumerate() {
                let written = match &method.spelled {
                    Spelled::Idempotent => Some("idempotent".to_owned()),
                    _ => method.path(),
                };
                let is_same = |other: &MethodRef| match &other.spelled {
                    Spelled::Idempotent => matches!(method.spelled, Spelled::Idempotent),
                    _ => other.path() == written,
                };
                if let Some(written) = written.as_ref().filter(|_| list[..i].iter().any(is_same)) {
                    cx.error_at(
                        method.span,
                        format!("duplicate method `{written}`; take one out"),
                    );
                }
            }
        }
    }
    let chain = |path: Option<&str>| {
        let holds = |entry: &Listed| {
            let named = |list: &[MethodRef]| path.is_some_and(|path| is_named(list, path));
            let selected = match &entry.methods {
                Selector::All => true,
                Selector::Only(list) => named(list),
                Selector::Except(list) => !named(list),
            };
            selected && !named(public(entry))
        };
        Chain {
            name: path.unwrap_or("*").to_owned(),
            rpc: path.unwrap_or("*").to_owned(),
            is_derived: false,
            is_exact: true,
            entries: (0..entries.len()).filter(|&i| holds(&entries[i])).collect(),
            rename: false,
            retry_named_at: None,
        }
    };
    let others = std::iter::once(chain(None));
    others
        .chain(paths.iter().map(|path| chain(Some(path))))
        .collect()
}
