use proc_macro2::{Span, TokenStream};
use syn::Item;

use super::list::{BlockArgs, MethodArgs, parse_block_args, parse_method_args};
use super::omissions;
use crate::codes;
use crate::ctxt::Ctxt;
use crate::item::annotated::{Annotated, parse_item};
use crate::item::mount::Mount;

/// The parsed attribute and item. They have not been compared with each other yet.
pub(crate) struct Parsed {
    /// The errors so far. `check` adds to them, so that the user sees all errors at once.
    pub(crate) cx: Ctxt,
    pub(crate) mount: Mount,
    pub(crate) args: BlockArgs,
    /// The attributes of the methods, one for each method of a block.
    pub(crate) methods: Vec<MethodArgs>,
    pub(crate) item: Annotated,
}

pub(crate) fn parse(args: TokenStream, item: TokenStream) -> syn::Result<Parsed> {
    let item: syn::Result<Item> = syn::parse2(item);
    // Which entries are allowed depends on the item.
    let mount = item
        .as_ref()
        .map_or(Mount::Service, |item| Mount::of(item, &args));
    if let Ok(item) = &item
        && let Some(error) = omissions::error(mount, &args, item)
    {
        return Err(error);
    }
    let cx = Ctxt::new();
    if !mount.is_enabled() {
        cx.error_at(
            codes::MISSING_FEATURE,
            Span::call_site(),
            match mount {
                Mount::ServerModule => {
                    "to use `#[intercept]` on a generated server, enable the feature `server` of `interceptors`"
                }
                Mount::Service | Mount::Server => {
                    "to use `#[intercept(server, …)]`, enable the feature `server` of `interceptors`"
                }
                Mount::HandWritten | Mount::ClientModule | Mount::Channel => {
                    "to use `#[intercept]` on a client, enable the feature `client` of `interceptors`"
                }
            },
        );
    }
    // An attribute on a method without its block is one error. Its arguments may be right there, so they are not checked.
    let args = match &item {
        Ok(Item::Fn(method)) if method.sig.receiver().is_some() => TokenStream::new(),
        // Of an item that cannot have the attribute, that is the only error.
        Ok(Item::Enum(_) | Item::Union(_)) => TokenStream::new(),
        _ => args,
    };
    let args = parse_block_args(&cx, mount, args);
    let errors_in_args = cx.errors();
    let item = cx
        .ok(item)
        .and_then(|item| parse_item(&cx, &args.krate, item));
    let methods = match &item {
        Some(Annotated::Block(block)) => {
            let args = block.methods.iter().map(|method| match &method.args {
                Some(tokens) => parse_method_args(&cx, mount, tokens.clone()),
                None => MethodArgs::default(),
            });
            args.collect()
        }
        _ => Vec::new(),
    };
    match item {
        Some(item) if cx.errors() == errors_in_args => Ok(Parsed {
            cx,
            mount,
            args,
            methods,
            item,
        }),
        // If a method could not be parsed, a list that names it would seem to be wrong. So `check` does not run.
        _ => {
            cx.check()?;
            Err(codes::UNREADABLE.error(Span::call_site(), "the item cannot be read"))
        }
    }
}
