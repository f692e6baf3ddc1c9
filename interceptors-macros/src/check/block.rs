use proc_macro2::Span;
use syn::Type;

use super::cover::{Coverage, check_coverage, coverage};
use crate::codes;
use crate::ctxt::Ctxt;
use crate::entries::chain::Chain;
use crate::entries::entry::Listed;
use crate::entries::list::{MethodArgs, Skipped};
use crate::entries::row::Times;
use crate::entries::view::{self, View};
use crate::item::methods::Selector;
use crate::item::names::{MethodResolver, ServiceName, method_names};
use crate::item::service::{Method, ServiceImpl};
use crate::text::tokens::{Siblings, ungroup};
use crate::text::words::nearest;

/// The chains of a block, and the services that its lists name. Appends the entries of the methods to `entries`.
pub(super) fn chains(
    cx: &Ctxt,
    name: &ServiceName,
    block: &ServiceImpl,
    args: &mut [MethodArgs],
    entries: &mut Vec<Listed>,
    is_complete: bool,
) -> (Vec<Chain>, Vec<(Span, String)>) {
    let methods = block.methods.iter().zip(&*args);
    let methods = methods.map(|(method, args)| (method, args.name.as_ref()));
    let methods = method_names(cx, methods);
    let mut names = MethodResolver::new(cx, name, &methods);
    let covered = entries.iter().map(|listed| coverage(&mut names, listed));
    let covered: Vec<Coverage> = covered.collect();
    let named_services = names.services_to_compare;
    if is_complete {
        check_method_attributes(cx, &block.methods, args, entries, &covered);
    }

    let of_block = entries.len();
    let mut chains = Vec::new();
    for (index, args) in args.iter_mut().enumerate() {
        let first_own = entries.len();
        entries.append(&mut args.entries);
        let covers: Vec<bool> = covered.iter().map(|it| it.covers[index]).collect();
        let covering = covering_entries(entries, first_own, &covers, &args.skip);
        let is_retry = |&i: &usize| {
            let needs = entries[i].row.needs;
            needs.resend && !needs.unary && covering.contains(&i)
        };
        let named_at = |i: usize| covered[i].only_named_at.get(index).copied().flatten();
        let retry_named_at = (0..of_block).filter(is_retry).find_map(named_at);
        let own_retry = (first_own..entries.len()).find(is_retry);
        let own_retry = own_retry.map(|i| entries[i].name.span());
        chains.push(Chain {
            retry_named_at: retry_named_at.or(own_retry),
            ..Chain::of_method(&methods[index], covering)
        });
    }
    if is_complete {
        check_coverage(cx, &entries[..of_block], &covered, &chains);
        check_entries(cx, entries, of_block, &covered, &chains);
    }

    let method_names: Vec<String> = methods.into_iter().map(|method| method.name).collect();
    let siblings = Siblings {
        names: &method_names,
        service: match ungroup(&block.self_ty) {
            Type::Path(path) => path.path.segments.last().map(|segment| &segment.ident),
            _ => None,
        },
    };
    let bodies = block.methods.iter().map(|method| &method.block);
    let called: Vec<String> = bodies.flat_map(|body| siblings.called_in(body)).collect();
    for (chain, method) in chains.iter_mut().zip(&block.methods) {
        chain.rename = called.contains(&method.name);
    }
    (chains, named_services)
}

/// The entries that cover a method: those of the block, then those that only the method lists. A method's own entry takes the place of
/// the block's entry with the same key.
///
/// `covers` has an element for each entry of the block. The method's own entries begin at `first_own`.
fn covering_entries(
    entries: &[Listed],
    first_own: usize,
    covers: &[bool],
    skip: &[Skipped],
) -> Vec<usize> {
    let own = first_own..entries.len();
    let mut covering: Vec<usize> = Vec::new();
    for (i, &is_covered) in covers.iter().enumerate() {
        let key = &entries[i].key;
        if skip.iter().any(|skipped| skipped.key == *key) {
            continue;
        }
        let replaces = |&j: &usize| entries[j].row.times != Times::Any && entries[j].key == *key;
        let entry = own.clone().find(replaces).or(is_covered.then_some(i));
        covering.extend(entry.filter(|entry| !covering.contains(entry)));
    }
    let added: Vec<usize> = own.filter(|i| !covering.contains(i)).collect();
    covering.extend(added);
    covering
}

/// The chain for methods that the generated server does not know. No list can name them.
pub(super) fn unknown_method_chain(entries: &[Listed]) -> Chain {
    let mut unknown = Chain::of_pattern("*", Vec::new());
    for (i, entry) in entries.iter().enumerate() {
        // An entry that needs the identity or the client's address is left out if no earlier entry provides it.
        let cx = Ctxt::new();
        let view = View {
            name: &entry.name,
            methods: &entry.methods,
            is_of_method: false,
            covered: vec![view::Covered {
                name: &unknown.name,
                is_verified: unknown.entries.iter().any(|&j| entries[j].row.verifies),
                has_client: unknown.entries.iter().any(|&j| entries[j].row.finds_client),
                is_public: false,
            }],
        };
        entry.entry.check(&cx, &view);
        if cx.check().is_ok() && !matches!(entry.methods, Selector::Only(_)) {
            unknown.entries.push(i);
        }
    }
    unknown
}

/// Lets each entry check the methods that it covers.
fn check_entries(
    cx: &Ctxt,
    entries: &[Listed],
    of_block: usize,
    lists: &[Coverage],
    chains: &[Chain],
) {
    let verifies = |&i: &usize| entries[i].row.verifies;
    let is_open = |method: usize| {
        let mut verifiers = (0..of_block).filter(verifies);
        verifiers.any(|i| lists[i].public_at[method].is_some())
    };
    for (i, listed) in entries.iter().enumerate() {
        let covering = chains.iter().enumerate();
        let covering = covering.filter(|(_, chain)| chain.entries.contains(&i));
        let covered = covering.map(|(method, chain)| view::Covered {
            name: &chain.name,
            is_verified: chain.verifier_before(entries, i).is_some(),
            has_client: chain.has_client_before(entries, i),
            is_public: is_open(method) && !chain.entries.iter().any(verifies),
        });
        let view = View {
            name: &listed.name,
            methods: &listed.methods,
            is_of_method: i >= of_block,
            covered: covered.collect(),
        };
        listed.entry.check(cx, &view);
    }
}

/// Checks the attributes on methods: what they skip and replace has to be in the block's list.
fn check_method_attributes(
    cx: &Ctxt,
    methods: &[Method],
    args: &[MethodArgs],
    entries: &[Listed],
    covered: &[Coverage],
) {
    for (index, (method, args)) in methods.iter().zip(args).enumerate() {
        let mut skipped: Vec<&str> = Vec::new();
        for Skipped { name, key } in &args.skip {
            let of_block = entries.iter().find(|entry| entry.key == *key);
            let Some(of_block) = of_block else {
                let hint = cannot_skip(key, entries);
                cx.error_on(
                    codes::NOTHING_TO_SKIP,
                    name,
                    format!("the block has no `{key}` to skip; {hint}"),
                );
                skipped.push(key);
                continue;
            };
            let is_given = |own: &Listed| own.key == *key && own.row.times != Times::Any;
            if skipped.contains(&key.as_str()) {
                cx.error_on(
                    codes::NOTHING_TO_SKIP,
                    name,
                    format!("duplicate `{key}` in `skip`; take one out"),
                );
            } else if args.entries.iter().any(is_given) {
                let message = format!("`{key}` is skipped and given here; keep one of them");
                cx.error_on(codes::NOTHING_TO_SKIP, name, message);
            }
            let access = of_block.entry.access();
            if access.is_some_and(|access| access.protected.is_some()) {
                cx.error_on(
                    codes::CONTRADICTS_BLOCK_AUTH,
                    name,
                    "the block's `auth` lists every method as public or protected; change it there",
                );
            }
            skipped.push(key);
        }
        for own in &args.entries {
            let of_block = entries.iter().position(|entry| entry.key == own.key);
            if let Some(public_at) = of_block.and_then(|i| covered[i].public_at[index]) {
                let name = &method.name;
                let message = format!("`{name}` has an `auth` of its own, so it is not public");
                cx.error_at(codes::CONTRADICTS_BLOCK_AUTH, public_at, message);
            }
        }
    }
}

/// What to write instead of a name that the block does not list.
fn cannot_skip(key: &str, entries: &[Listed]) -> String {
    let known: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
    let by_last_word = |known: &&&str| known.rsplit("::").next() == Some(key);
    match nearest(key, &known).or(known.iter().find(by_last_word).copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.contains(&"with") => {
            "take it out; one of several `with` is left out by its `except`".to_owned()
        }
        None => "take it out".to_owned(),
    }
}
