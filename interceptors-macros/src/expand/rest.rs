//! The code of a method's list that is not in the policy function.

use proc_macro2::{Span, TokenStream};
use quote::quote;

use super::chain::{Links, local_name, verdict_name};
use super::policy::Split;
use crate::entries::chain::Chain;
use crate::entries::entry::Listed;
use crate::item::mount::Side;
use crate::text::span::at;
use crate::text::tokens::find_ident;

/// The local variables of a method, and the part of its chain after the policy function.
///
/// Output, for `logging, with(self.audit), retry`:
///
/// ```text
/// let __1 = || &(self.audit);
/// let _ = || {
///     __covers_get(__rpc.lent(__1));
/// };
/// let __verdict_1 = asked(&__1).verdict();
/// let __2 = &Retrying::new(__CONFIG_RETRY_2);
/// let __verdict = __verdict_1.and(Blind);
/// let __behind = __verdict_1.around(__rpc.handler(…), |__innermost| {
///     __rpc.lent(__1).before(Chain::new(__2, __innermost))
/// });
/// ```
///
/// `lends` is true if each attempt borrows the innermost handler.
pub(super) fn rest(
    links: &Links<'_>,
    split: &Split,
    given: &TokenStream,
    lends: bool,
) -> TokenStream {
    let type_dependent: Vec<usize> = split.type_dependent(links.entries).collect();
    let typed = typed(split, &type_dependent);
    let looks = split.looks(links.entries);
    let bound = bound(links, &looks, &typed);
    let bindings = links.bindings(&bound);
    // The locals of type-dependent entries are used by their verdicts.
    let unused = bound
        .iter()
        .filter(|&&i| !links.entries[i].is_type_dependent());
    let used = unused.map(|&i| {
        let span = at(links.entries[i].span());
        let local = local_name(i, span);
        quote!(let _ = &#local;)
    });
    let bindings = quote!(#bindings #(#used)*);
    if is_plain(links, split) {
        return bindings;
    }
    let last = match split.typed.is_empty() {
        true if lends => quote!(__interceptors::Lends),
        true => quote!(__interceptors::Blind),
        false => quote!(__interceptors::Typed),
    };
    let behind = behind(links, split, &type_dependent, &last, given);
    let verdicts = type_dependent.iter().rev().fold(last, |further_in, &i| {
        let verdict = verdict_name(i, Span::call_site());
        quote!(#verdict.and(#further_in))
    });
    quote! {
        #bindings
        let __verdict = #verdicts;
        let __behind = #behind;
    }
}

/// The entries that need a local variable in the method, in order: those that look at messages, those of the typed part, and
/// verifiers whose type other entries name.
fn bound(links: &Links<'_>, looks: &[usize], typed: &[usize]) -> Vec<usize> {
    let mut bound = [looks, typed].concat();
    let verifiers = bound
        .iter()
        .filter_map(|&i| Some((i, links.chain.verifier_before(links.entries, i)?)));
    // Only a few entries use the local of their verifier.
    let verifiers = verifiers.filter(|&(i, verifier)| {
        let local = local_name(verifier, Span::call_site());
        find_ident(links.value(i), &local.to_string()).is_some()
    });
    let verifiers: Vec<usize> = verifiers.map(|(_, verifier)| verifier).collect();
    bound.extend(verifiers);
    bound.sort_by_key(|i| links.chain.entries.iter().position(|j| j == i));
    bound.dedup();
    bound
}

/// The code of a method whose call is a single future, see [`outlives`].
///
/// Output, for `logging, with(self.audit)`:
///
/// ```text
/// let __1 = move || &(self.audit);
/// let __verdict_1 = asked(&__1).verdict();
/// let __behind = __verdict_1.around(__rpc.handler(…), |__innermost| __rpc.lent(__1).before(__innermost));
/// ```
pub(super) fn one_future_rest(
    links: &Links<'_>,
    split: &Split,
    given: &TokenStream,
) -> TokenStream {
    if is_plain(links, split) {
        return quote! {
            let __behind = __interceptors::Blind.around(#given, |__innermost| __innermost);
        };
    }
    let type_dependent: Vec<usize> = split.type_dependent(links.entries).collect();
    let typed = typed(split, &type_dependent);
    let bound = bound(links, &[], &typed);
    let bindings = links.bindings(&bound);
    let last = match split.typed.is_empty() {
        true => quote!(__interceptors::Blind),
        false => quote!(__interceptors::Typed),
    };
    let behind = behind(links, split, &type_dependent, &last, given);
    quote! {
        #bindings
        let __behind = #behind;
    }
}

/// Whether the interceptors of a method can outlive the method, because they borrow only from `self`.
pub(super) fn outlives(chain: &Chain, entries: &[Listed], split: &Split) -> bool {
    let type_dependent: Vec<usize> = split.type_dependent(entries).collect();
    let typed = typed(split, &type_dependent);
    let verifiers = typed
        .iter()
        .filter_map(|&i| chain.verifier_before(entries, i));
    let mut bound = typed.iter().copied().chain(verifiers);
    split.looks(entries).is_empty()
        && bound.all(|i| {
            let listed = &entries[i];
            listed.is_made_lazily() && listed.made_from_self().is_none()
        })
}

/// The entries that may be in the typed part: all from the first type-dependent one on.
fn typed(split: &Split, type_dependent: &[usize]) -> Vec<usize> {
    let first = type_dependent.first();
    let from = split.policy.iter().position(|i| Some(i) == first);
    let of_policy = from.map_or(&[][..], |from| &split.policy[from..]);
    of_policy.iter().chain(&split.typed).copied().collect()
}

/// The chain after the policy function. It begins at the first entry of `type_dependent` whose type looks at messages. The compiler picks
/// that entry: the verdicts are types.
fn behind(
    links: &Links<'_>,
    split: &Split,
    type_dependent: &[usize],
    last: &TokenStream,
    innermost: &TokenStream,
) -> TokenStream {
    let chain = |from: usize| {
        let list = &links.chain.entries;
        let start = list.iter().position(|&i| i == from).unwrap_or(list.len());
        links.links(&list[start..], links.attempts(quote!(__innermost)))
    };
    match type_dependent {
        [] => {
            let chain = match split.typed.first() {
                Some(&first) => chain(first),
                None => quote!(__innermost),
            };
            quote!(#last.around(#innermost, |__innermost| #chain))
        }
        &[i, ref further_in @ ..] => {
            let (verdict, chain) = (verdict_name(i, Span::call_site()), chain(i));
            match further_in.is_empty() && split.typed.is_empty() {
                true => quote!(#verdict.around(#innermost, |__innermost| #chain)),
                false => {
                    let behind = behind(links, split, further_in, last, &quote!(__innermost));
                    quote! {
                        #verdict.or(
                            #innermost,
                            |__innermost| #chain,
                            |__innermost| #behind,
                        )
                    }
                }
            }
        }
    }
}

/// Whether only the handler comes after the policy function, whatever the types are.
fn is_plain(links: &Links<'_>, split: &Split) -> bool {
    links.mount.side() == Side::Server
        && split.typed.is_empty()
        && split.type_dependent(links.entries).next().is_none()
}

/// The frame, which holds the message of a method while its policy runs.
pub(super) fn frame(links: &Links<'_>, split: &Split, handler: &TokenStream) -> TokenStream {
    let looks = links.looks(&split.looks(links.entries));
    let running = quote!(let __running = ::core::pin::pin!(::core::option::Option::None););
    if is_plain(links, split) {
        return quote! {
            #running
            let mut __frame = __rpc.frame(__message, __abilities, #looks, __running, #handler);
        };
    }
    quote! {
        let mut __stage = __verdict.stage();
        let mut __home = __verdict.home(&mut __stage);
        #running
        let mut __frame = __behind.frame(
            &mut __home,
            __message,
            __abilities,
            #looks,
            __running,
            __interceptors::run_rest,
        );
    }
}
