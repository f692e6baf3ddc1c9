use syn::{Item, ItemStruct, Path};

use super::client_module::{self, ClientModule};
use super::server_module::{self, ServerModule, is_server};
use super::service::{ServiceImpl, parse_block};
use crate::codes;
use crate::ctxt::Ctxt;
use crate::text::attributes::contains_ours;

/// The annotated item.
pub(crate) enum Annotated {
    Block(ServiceImpl),
    ClientModule(ClientModule),
    ServerModule(ServerModule),
    Struct(ItemStruct),
}

const WHERE_IT_BELONGS: &str = "`#[intercept]` belongs on the `impl` of a service or of a client, on the module of a generated client or server, or on a `struct` for channels or for a server";

/// Parses the item and reports its errors. Returns `None` if nothing is left to check.
pub(crate) fn parse_item(cx: &Ctxt, krate: &Path, item: Item) -> Option<Annotated> {
    let attributes = match &item {
        Item::Impl(block) => &block.attrs[..],
        Item::Mod(module) => &module.attrs,
        Item::Struct(item) => &item.attrs,
        _ => &[],
    };
    if let Some(second) = attributes
        .iter()
        .find(|attribute| contains_ours(attribute, krate))
    {
        cx.error_on(
            codes::TWO_ATTRIBUTES,
            second.path(),
            "one `#[intercept(…)]` for each item; put both lists in one",
        );
    }
    match item {
        Item::Impl(block) => parse_block(cx, krate, block).map(Annotated::Block),
        Item::Mod(module) if is_server(&module) => {
            server_module::parse(cx, module).map(Annotated::ServerModule)
        }
        Item::Mod(module) => client_module::parse(cx, module).map(Annotated::ClientModule),
        Item::Struct(item) if client_module::is_generated(&item) => {
            cx.error_on(
                codes::GENERATED_STRUCT,
                &item.ident,
                "this is a generated client; an attribute on the struct cannot see its methods; in `build.rs`, give it to `client_mod_attribute(\"package\", …)`",
            );
            None
        }
        Item::Struct(item) => {
            if let Some(borrowed) = item.generics.lifetimes().next() {
                cx.error_on(
                    codes::NOT_OWNED,
                    borrowed,
                    "channels and servers outlive what a struct borrows; let the struct own it, as a `String` or in an `Arc`",
                );
                return None;
            }
            Some(Annotated::Struct(item))
        }
        Item::Fn(method) if method.sig.receiver().is_some() => {
            cx.error_on(
                codes::METHOD_WITHOUT_BLOCK,
                &method.sig.ident,
                "on a method, `#[intercept]` changes the attribute of the block; put one on the block too, above `#[tonic::async_trait]`. If the block has one, write `#[intercept(…)]` on the method: a renamed import is not recognised there",
            );
            None
        }
        Item::Trait(item) => {
            cx.error_on(
                codes::TRAIT_DEFINITION,
                &item.ident,
                "`#[intercept]` belongs on an `impl` of this trait: interceptors are part of the service, not of its interface",
            );
            None
        }
        other => {
            cx.error_on(codes::WRONG_ITEM, &other, WHERE_IT_BELONGS);
            None
        }
    }
}
