use proc_macro2::{TokenStream, TokenTree};
use syn::Item;

use super::server_module::is_server;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Server,
    Client,
}

/// The kind of item that has the attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mount {
    /// `impl UserService for Users { … }`
    Service,
    /// `impl Users { pub async fn login(&self, request: Request<…>) … }`
    HandWritten,
    /// `pub mod user_service_client { … }`
    ClientModule,
    /// `pub mod user_service_server { … }`
    ServerModule,
    /// `struct Outbound { … }`
    Channel,
    /// `#[intercept(server, …)] struct Inbound { … }`
    Server,
}

impl Mount {
    pub(crate) fn of(item: &Item, args: &TokenStream) -> Self {
        match item {
            Item::Struct(_) if lists_server(args.clone()) => Self::Server,
            Item::Impl(block) if block.trait_.is_none() => Self::HandWritten,
            Item::Mod(module) if is_server(module) => Self::ServerModule,
            Item::Mod(_) => Self::ClientModule,
            Item::Struct(_) => Self::Channel,
            _ => Self::Service,
        }
    }

    pub(crate) fn side(self) -> Side {
        match self {
            Self::Service | Self::ServerModule | Self::Server => Side::Server,
            Self::HandWritten | Self::ClientModule | Self::Channel => Side::Client,
        }
    }

    /// Whether the runtime crate has the features that this mount needs.
    pub(crate) fn is_enabled(self) -> bool {
        let (server, client) = (cfg!(feature = "server"), cfg!(feature = "client"));
        match self {
            // A service only implements a trait. It does not need tonic's server.
            Self::Service => true,
            Self::Server | Self::ServerModule => server,
            Self::HandWritten | Self::ClientModule | Self::Channel => client,
        }
    }

    /// Whether tonic's code generator wrote the item.
    pub(crate) fn is_module(self) -> bool {
        matches!(self, Self::ClientModule | Self::ServerModule)
    }

    /// Whether the item is a struct. A struct sees encoded messages of any service, and its values hold the state of the entries.
    pub(crate) fn is_struct(self) -> bool {
        matches!(self, Self::Channel | Self::Server)
    }
}

/// Whether the list contains the word `server`. `entries::list` checks that it comes first.
fn lists_server(args: TokenStream) -> bool {
    let is_comma =
        |tree: &TokenTree| matches!(tree, TokenTree::Punct(sign) if sign.as_char() == ',');
    let trees: Vec<TokenTree> = args.into_iter().collect();
    let mut elements = trees.split(is_comma);
    elements.any(|element| matches!(element, [TokenTree::Ident(word)] if word == "server"))
}
