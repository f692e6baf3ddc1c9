use super::cover::public;
use crate::ctxt::Ctxt;
use crate::entries::chain::Chain;
use crate::entries::entry::Listed;
use crate::entries::view::{self, View};
use crate::item::methods::{
    FULL_PATH, MethodRef, Selector, Spelled, is_identifier, is_service_name,
};
use crate::item::mount::Mount;

/// The chain of a channel or a server for all that is asked for, and those for what lists name. Of a server patterns come last.
pub(super) fn chains(cx: &Ctxt, mount: Mount, entries: &[Listed]) -> Vec<Chain> {
    let beneath: Vec<Spelled> = entries.iter().flat_map(beneath).collect();
    let mut named: Vec<&Spelled> = Vec::new();
    for method in entries.iter().flat_map(lists).flatten() {
        let is_form = match &method.spelled {
            Spelled::Path {
                service,
                method: name,
            } => is_service_name(service) && is_identifier(name),
            // What is no form of a server was reported when it was read.
            _ => mount == Mount::Server,
        };
        if !is_form {
            cx.error_at(method.span, FULL_PATH);
            continue;
        }
        if !named.iter().any(|named| **named == method.spelled) {
            named.push(&method.spelled);
        }
    }
    for beneath in &beneath {
        if !named.contains(&beneath) {
            named.push(beneath);
        }
    }
    // The narrower form comes first, since a call has the first that fits.
    named.sort_by_key(|named| match named {
        // A `GET` stands for this, too.
        Spelled::Http { method, .. } if method == "HEAD" => 0,
        Spelled::Http { .. } => 1,
        Spelled::Service(_) => 3,
        Spelled::Beneath(_) => 4,
        _ => 2,
    });
    report_duplicates(cx, entries);
    let chain = |named: Option<&Spelled>| {
        let name = named.map_or("*".to_owned(), Spelled::written);
        let holds = |entry: &Listed| {
            let in_list = |list: &[MethodRef]| named.is_some_and(|named| is_named(list, named));
            let selected = match &entry.methods {
                Selector::All => true,
                Selector::Only(list) => {
                    in_list(list) || named.is_some_and(|named| is_beneath(list, named))
                }
                Selector::Except(list) => !in_list(list),
            };
            selected && !in_list(public(entry))
        };
        Chain {
            rpc: name.clone(),
            name,
            is_derived: false,
            is_exact: true,
            entries: (0..entries.len()).filter(|&i| holds(&entries[i])).collect(),
            rename: false,
            retry_named_at: None,
        }
    };
    let others = std::iter::once(chain(None));
    let chains = others.chain(named.iter().map(|named| chain(Some(named))));
    let chains: Vec<Chain> = chains.collect();
    check_entries(cx, entries, &named, &chains);
    chains
}

/// The lists of an entry.
fn lists(entry: &Listed) -> [&[MethodRef]; 2] {
    let selector = match &entry.methods {
        Selector::All => &[][..],
        Selector::Only(list) | Selector::Except(list) => &list[..],
    };
    [selector, public(entry)]
}

fn is_named(list: &[MethodRef], named: &Spelled) -> bool {
    list.iter().any(|method| match (&method.spelled, named) {
        (Spelled::Service(all), Spelled::Path { service, .. }) => all == service,
        (listed @ Spelled::Path { .. }, Spelled::Http { path, .. }) => listed.written() == *path,
        (Spelled::Service(all), Spelled::Http { path, .. }) => {
            let path = path.strip_prefix('/').and_then(|path| path.split_once('/'));
            path.is_some_and(|(service, method)| service == all && is_identifier(method))
        }
        // Whoever answers a `GET` answers this with it.
        (
            Spelled::Http { method, path },
            Spelled::Http {
                method: asked,
                path: asked_for,
            },
        ) => path == asked_for && (method == asked || method == "GET" && asked == "HEAD"),
        (listed, named) => listed == named,
    })
}

/// What else there may be beneath a service that an entry is only for: a router may know paths that are the name of no RPC, and
/// what is closed with a service is closed with all of it.
fn beneath(entry: &Listed) -> impl Iterator<Item = Spelled> {
    let list = match &entry.methods {
        Selector::Only(list) => &list[..],
        Selector::All | Selector::Except(_) => &[],
    };
    list.iter().filter_map(|method| match &method.spelled {
        Spelled::Service(service) => Some(Spelled::Beneath(service.clone())),
        _ => None,
    })
}

/// Whether a list of what an entry is only for has the service that this is beneath.
fn is_beneath(list: &[MethodRef], named: &Spelled) -> bool {
    list.iter().any(|method| match (&method.spelled, named) {
        (Spelled::Service(all), Spelled::Beneath(service)) => all == service,
        (Spelled::Service(all), Spelled::Http { path, .. }) => {
            let path = path.strip_prefix('/').and_then(|path| path.split_once('/'));
            path.is_some_and(|(service, _)| service == all)
        }
        _ => false,
    })
}

fn report_duplicates(cx: &Ctxt, entries: &[Listed]) {
    for list in entries.iter().flat_map(lists) {
        for (i, method) in list.iter().enumerate() {
            let earlier = &list[..i];
            if earlier.iter().any(|other| other.spelled == method.spelled) {
                let written = method.spelled.written();
                cx.error_at(
                    method.span,
                    format!("duplicate method `{written}`; take one out"),
                );
            }
        }
    }
}

/// What entries want of each other.
fn check_entries(cx: &Ctxt, entries: &[Listed], named: &[&Spelled], chains: &[Chain]) {
    let verifies = |i: &usize| entries[*i].row.verifies;
    let is_open = |row: usize| {
        let verifiers = entries.iter().filter(|entry| entry.row.verifies);
        row > 0
            && verifiers
                .map(public)
                .any(|public| is_named(public, named[row - 1]))
    };
    for (i, listed) in entries.iter().enumerate() {
        let rows = chains.iter().enumerate();
        let rows = rows.filter(|(_, chain)| chain.entries.contains(&i));
        let covered = rows.map(|(row, chain)| view::Covered {
            name: &chain.name,
            is_verified: chain.verifier_before(entries, i).is_some(),
            is_public: is_open(row) && !chain.entries.iter().any(verifies),
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
