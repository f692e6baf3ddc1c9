use super::cover::public;
use crate::ctxt::Ctxt;
use crate::entries::chain::Chain;
use crate::entries::entry::Listed;
use crate::item::methods::{
    FULL_PATH, MethodRef, Selector, Spelled, is_identifier, is_service_name,
};

/// The chain of a channel for all methods, and those for methods that lists name.
pub(super) fn chains(cx: &Ctxt, entries: &[Listed]) -> Vec<Chain> {
    let lists = entries.iter().flat_map(|entry| {
        let selector = match &entry.methods {
            Selector::All => &[][..],
            Selector::Only(list) | Selector::Except(list) => &list[..],
        };
        selector.iter().chain(public(entry))
    });
    let mut paths: Vec<String> = Vec::new();
    for method in lists {
        match &method.spelled {
            Spelled::Path {
                service,
                method: name,
            } if is_service_name(service) && is_identifier(name) => {
                let path = format!("/{service}/{name}");
                if !paths.contains(&path) {
                    paths.push(path);
                }
            }
            _ => cx.error_at(method.span, FULL_PATH),
        }
    }
    let is_named = |list: &[MethodRef], path: &str| {
        list.iter().any(|method| match &method.spelled {
            Spelled::Path { service, method } => path == format!("/{service}/{method}"),
            _ => false,
        })
    };
    for entry in entries {
        let lists = match &entry.methods {
            Selector::All => [&[][..], public(entry)],
            Selector::Only(list) | Selector::Except(list) => [&list[..], public(entry)],
        };
        for list in lists {
            for (i, method) in list.iter().enumerate() {
                if let Spelled::Path {
                    service,
                    method: name,
                } = &method.spelled
                    && is_named(&list[..i], &format!("/{service}/{name}"))
                {
                    cx.error_at(
                        method.span,
                        format!("duplicate method `/{service}/{name}`; take one out"),
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
