mod assertions;
mod chain;
mod channel;
mod client_module;
mod common;
mod descriptors;
mod disabled;
pub(crate) mod editor;
mod expander;
mod fit_checks;
mod fits;
mod hidden;
pub(crate) mod hints;
mod items;
mod one_future;
mod policy;
mod rest;
mod server;
mod server_module;
mod server_policy;
mod service;

use proc_macro2::TokenStream;

use crate::check::Checked;
use crate::item::annotated::Annotated;
use crate::item::mount::Mount;

/// Expands a checked item. This cannot fail.
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

/// After an error: the items that a struct would get, so that other code can name them. `all` has an element for each kind of
/// struct that it may be.
pub(crate) fn companion_items(all: &[Checked]) -> TokenStream {
    let companion_items = all.iter().map(|checked| match &checked.item {
        Annotated::Struct(item) => match checked.mount {
            // A struct with lifetimes cannot be a chain.
            mount if !mount.is_enabled() || item.generics.lifetimes().next().is_some() => {
                disabled::companion_items(checked, item)
            }
            Mount::Server => server::companion_items(checked, item, all.len() == 1),
            _ => channel::companion_items(checked, item),
        },
        Annotated::Block(_) | Annotated::ClientModule(_) | Annotated::ServerModule(_) => {
            TokenStream::new()
        }
    });
    companion_items.collect()
}
