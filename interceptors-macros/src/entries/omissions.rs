//! Detects two omissions that would cause many errors: `server` in the list of a struct, and the trait in the `impl` of a service.

use proc_macro2::TokenStream;
use syn::{Attribute, FnArg, Ident, ImplItem, ImplItemFn, Item, ItemImpl, ReturnType, Visibility};

use super::TABLE;
use super::row::Row;
use crate::codes;
use crate::ctxt::Ctxt;
use crate::item::mount::{Mount, Side};
use crate::text::args::{Arg, ArgValue, parse_args};
use crate::text::source::source;

/// The error for a missing `server` or trait. It is reported alone, because other errors depend on what the item should be.
pub(crate) fn error(mount: Mount, args: &TokenStream, item: &Item) -> Option<syn::Error> {
    match item {
        Item::Struct(_) => error_of_struct(mount, args),
        Item::Impl(block) if mount == Mount::HandWritten => error_of_impl(args, block),
        _ => None,
    }
}

/// Whether a struct without `server` has a list that only fits a server.
pub(crate) fn is_server(mount: Mount, args: &TokenStream) -> bool {
    error_of_struct(mount, args).is_some()
}

/// Whether the item is an `impl` without a trait that only compiles with one. The compiler would report it as well.
pub(crate) fn is_trait_impl(args: &TokenStream, item: &TokenStream) -> bool {
    match syn::parse2(item.clone()) {
        Ok(Item::Impl(block)) => {
            block.trait_.is_none()
                && has_parts_of_trait_impl(&block)
                && error_of_impl(args, &block).is_some()
        }
        _ => false,
    }
}

fn error_of_struct(mount: Mount, args: &TokenStream) -> Option<syn::Error> {
    if mount != Mount::Channel || !Mount::Server.is_enabled() {
        return None;
    }
    let found = server_only_parts(args, Mount::Server, Mount::Channel)?;
    let (first, rest) = found.split_first()?;
    let write = "for the layer of a server, write `#[intercept(server, …)]`";
    let message = match rest.split_last() {
        None => {
            let (shown, fix) = (&first.shown, &first.fix);
            format!("{shown} is for services and servers; {write}; for a client, {fix}")
        }
        Some((last, middle)) => {
            let names = [first].into_iter().chain(middle);
            let names: Vec<&str> = names.map(|it| it.shown.as_str()).collect();
            let (names, last) = (names.join(", "), &last.shown);
            format!(
                "{names} and {last} are for services and servers; {write}; for a client, leave them out"
            )
        }
    };
    Some(codes::MISSING_SERVER.error(first.name.span(), message))
}

fn error_of_impl(args: &TokenStream, block: &ItemImpl) -> Option<syn::Error> {
    let ty = source(&block.self_ty);
    let methods = || {
        let items = block.items.iter();
        items.filter_map(|item| match item {
            ImplItem::Fn(method) => Some(method),
            _ => None,
        })
    };
    let is_public = || methods().any(|method| !matches!(method.vis, Visibility::Inherited));
    let is_service = has_parts_of_trait_impl(block)
        || methods().next().is_some()
            && !is_public()
            && server_only_parts(args, Mount::Service, Mount::HandWritten).is_some();
    // Its signature may be wrong, but it looks like an RPC method.
    let may_be_rpc = |method: &ImplItemFn| {
        let takes_self = matches!(method.sig.inputs.first(), Some(FnArg::Receiver(_)));
        let returns = !matches!(method.sig.output, ReturnType::Default);
        takes_self && method.sig.inputs.len() > 1 && (method.sig.asyncness.is_some() || returns)
    };
    let is_made_by_macro = || {
        let mut items = block.items.iter();
        items.any(|item| !matches!(item, ImplItem::Fn(_) | ImplItem::Const(_)))
    };
    let message = if is_service {
        format!(
            "this `impl` names no trait, so it is not the `impl` of a service; write the service's trait, such as `impl UserService for {ty}`"
        )
    } else if !block.items.is_empty() && !is_made_by_macro() && !methods().any(may_be_rpc) {
        format!(
            "no method of this `impl` is an RPC; put `#[intercept(…)]` on the `impl` that has the RPC methods, such as `impl UserService for {ty}`"
        )
    } else {
        return None;
    };
    Some(codes::MISSING_TRAIT.spanned(&block.self_ty, message))
}

/// `#[async_trait]`, or an associated type.
fn has_parts_of_trait_impl(block: &ItemImpl) -> bool {
    let is_async_trait = |attribute: &Attribute| {
        let last = attribute.path().segments.last();
        last.is_some_and(|last| last.ident == "async_trait")
    };
    block.attrs.iter().any(is_async_trait)
        || block
            .items
            .iter()
            .any(|item| matches!(item, ImplItem::Type(_)))
}

/// An entry or a setting that only services and servers have.
struct ServerOnly {
    name: Ident,
    /// As it is written: `` `rate_limit` `` or `` `auth(verifier = …)` ``.
    shown: String,
    /// What to write on a client instead.
    fix: String,
}

/// The entries and settings of the list that `server` has and `client` does not. `None` if there are none, or if the list also
/// has something that only `client` has.
fn server_only_parts(args: &TokenStream, server: Mount, client: Mount) -> Option<Vec<ServerOnly>> {
    let mut found = Vec::new();
    for arg in parse_silently(args.clone()) {
        if arg.path.is_some() {
            continue;
        }
        let named = TABLE.iter().map(|known| known.row);
        let rows: Vec<&Row> = named.filter(|row| arg.name == row.name).collect();
        let [of_server, of_client] =
            [server, client].map(|mount| rows.iter().find(|row| row.places.has(mount)));
        match (of_server, of_client) {
            (None, Some(_)) => return None,
            (Some(row), None) if !row.places.has_side(Side::Client) => found.push(ServerOnly {
                shown: format!("`{}`", row.name),
                fix: match row.on_other_side {
                    Some(other) => format!("write `{other}`"),
                    None => format!("leave `{}` out", row.name),
                },
                name: arg.name,
            }),
            (Some(of_server), Some(of_client)) => {
                let ArgValue::List(settings) = arg.value else {
                    continue;
                };
                for Arg { name, .. } in parse_silently(settings) {
                    let has = |row: &Row, mount| {
                        let mut here = row.settings.iter().filter(|it| it.places.has(mount));
                        here.any(|it| name == it.name)
                    };
                    match (has(of_server, server), has(of_client, client)) {
                        (false, true) => return None,
                        (true, false) => {
                            let entry = of_server.name;
                            let mut others = of_client.settings.iter();
                            let other =
                                others.find(|it| it.aliases.contains(&name.to_string().as_str()));
                            found.push(ServerOnly {
                                shown: format!("`{entry}({name} = …)`"),
                                fix: match other {
                                    Some(other) => format!("write `{entry}({} = …)`", other.name),
                                    None => format!("leave `{name}` out"),
                                },
                                name,
                            });
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    (!found.is_empty()).then_some(found)
}

/// Parses a list and drops its errors.
fn parse_silently(list: TokenStream) -> Vec<Arg> {
    let ignored = Ctxt::new();
    let args = parse_args(&ignored, list, |_| None);
    let _ = ignored.check();
    args
}
