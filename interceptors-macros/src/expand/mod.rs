mod assertions;
mod chain;
mod channel;
mod client_module;
mod common;
mod described;
mod disabled;
pub(crate) mod editor;
mod expander;
mod fits;
mod found;
mod hidden;
pub(crate) mod hints;
mod items;
mod one_future;
mod policy;
mod questions;
mod rest;
mod server;
mod server_module;
mod service;

use proc_macro2::TokenStream;

use crate::check::Checked;
use crate::item::annotated::Annotated;
use crate::item::mount::Mount;

/// What an annotated item becomes. Nothing can fail any more.
pub(crate) fn expand(checked: &Checked) -> TokenStream {
    match &checked.item {
        Annotated::Block(block) => service::expand(checked, block),
        Annotated::ClientModule(module) => client_module::expand(checked, module),
        Annotated::ServerModule(module) => server_module::expand(checked, module),
        Annotated::Struct(item) => match checked.mount {
            Mount::Server => server::expand(checked, item),
            _ => channel::expand(checked, item),
        },
    }
}

/// What a struct gets beside itself, for code that names it: for each of the things that it may be.
pub(crate) fn beside_the_item(all: &[Checked]) -> TokenStream {
    let beside = all.iter().map(|checked| match &checked.item {
        Annotated::Struct(item) => match checked.mount {
            // With lifetimes there is no chain either.
            mount if !mount.is_enabled() || item.generics.lifetimes().next().is_some() => {
                disabled::beside(checked, item)
            }
            Mount::Server => server::beside(checked, item, all.len() == 1),
            _ => channel::beside(checked, item),
        },
        Annotated::Block(_) | Annotated::ClientModule(_) | Annotated::ServerModule(_) => {
            TokenStream::new()
        }
    });
    beside.collect()
}
