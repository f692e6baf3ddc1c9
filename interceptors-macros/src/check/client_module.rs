use proc_macro2::Span;
use quote::ToTokens;

use super::cover::{Coverage, check_coverage, coverage};
use crate::codes;
use crate::ctxt::Ctxt;
use crate::entries::chain::Chain;
use crate::entries::entry::Listed;
use crate::item::client_module::ClientModule;
use crate::item::constructors::check_constructors;
use crate::item::names::{MethodNames, MethodResolver, ServiceName};
use crate::text::tokens::find_ident;

/// The chains of a generated client, and the other services of its package that lists name.
///
/// An entry for unary calls is left out of the chains of streaming methods. It is an error if `only` names such a method.
pub(super) fn chains(
    cx: &Ctxt,
    name: &ServiceName,
    module: &ClientModule,
    entries: &[Listed],
    is_complete: bool,
) -> (Vec<Chain>, Vec<(Span, String)>) {
    if entries.iter().any(|listed| listed.row.needs.scheme) {
        check_constructors(cx, module);
    }
    let methods = module.methods.iter().map(|method| MethodNames {
        name: method.name.clone(),
        rpc: method.rpc.value(),
        is_derived: false,
        is_exact: true,
    });
    let methods: Vec<MethodNames> = methods.collect();
    if methods.is_empty() {
        return Default::default();
    }
    let mut names = MethodResolver::new(cx, name, &methods);
    names.is_of_package = true;
    let covered = entries.iter().map(|listed| coverage(&mut names, listed));
    let mut covered: Vec<Coverage> = covered.collect();
    let mut siblings: Vec<(Span, String)> = Vec::new();
    for (span, service) in names.package_services {
        if !siblings.iter().any(|(_, known)| *known == service) {
            siblings.push((span, service));
        }
    }
    let mut chains = Vec::new();
    for (index, (named, method)) in methods.iter().zip(&module.methods).enumerate() {
        let is_unary = !method.request_is_stream && !method.response_is_stream;
        let mut chain = Vec::new();
        for (i, entry) in entries.iter().enumerate() {
            if !covered[i].covers[index] {
                continue;
            }
            if entry.row.needs.unary && !is_unary {
                if let Some(Some(span)) = covered[i].only_named_at.get(index) {
                    let (entry, name) = (&entry.name, &named.name);
                    let message = format!(
                        "`{entry}` is for unary calls, and `{name}` is not unary; take it out here"
                    );
                    cx.error_at(codes::UNARY_ONLY, *span, message);
                    covered[i].has_errors = true;
                }
                continue;
            }
            chain.push(i);
        }
        chains.push(Chain::of_method(named, chain));
    }
    for entry in entries {
        for expr in entry.entry.expressions() {
            if let Some(this) = find_ident(expr.to_token_stream(), "self") {
                cx.error_on(
                    codes::SELF_IN_GENERATED_CLIENT,
                    &this,
                    "a generated client holds nothing of yours, so there is no `self` here; name a `static`, or call a function",
                );
            }
        }
    }
    if is_complete {
        check_coverage(cx, entries, &covered, &chains);
    }
    (chains, siblings)
}
