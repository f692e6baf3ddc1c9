use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Attribute, Ident};

use crate::check::Checked;
use crate::entries::chain::Chain;
use crate::item::service::{Method, ServiceImpl};
use crate::text::attributes::{expect_to_allow, is_lint_level};

/// Expands a block.
pub(super) struct Expander<'a> {
    pub(super) checked: &'a Checked,
    pub(super) block: &'a ServiceImpl,
}

impl Expander<'_> {
    pub(super) fn methods(&self) -> impl Iterator<Item = (&Method, &Chain)> {
        self.block.methods.iter().zip(&self.checked.chains)
    }

    /// The hidden trait. It has the generic parameters of the `impl`.
    pub(super) fn handlers(&self) -> TokenStream {
        let (_, parameters, _) = self.block.generics.split_for_impl();
        quote!(__handlers::Handlers #parameters)
    }

    /// The last argument of `rpc!` and `kind!` if the response is an associated stream type. For other responses, the compiler
    /// finds out whether they are streams.
    pub(super) fn reply(&self, method: &Method) -> Option<TokenStream> {
        method.stream.is_some().then(|| quote!(, stream))
    }

    pub(super) fn is_generic(&self) -> bool {
        !self.block.generics.params.is_empty()
    }

    /// Associated types without generic parameters, which bodies may name as `Self::X`.
    pub(super) fn plain_types(&self) -> impl Iterator<Item = &syn::ImplItemType> {
        let types = self.block.types.iter().map(|assoc| &assoc.item);
        types.filter(|item| item.generics.params.is_empty())
    }
}

/// The names of a method's items in the hidden trait.
pub(super) struct HiddenNames {
    pub(super) handler: Ident,
    pub(super) request: Ident,
    pub(super) result: Ident,
    pub(super) plan: Ident,
}

impl HiddenNames {
    pub(super) fn new(method: &Method, chain: &Chain) -> Self {
        let name = &method.name;
        let span = method.ident().span();
        let handler = if chain.rename {
            Ident::new(&format!("__{name}"), span)
        } else {
            method.ident().clone()
        };
        Self {
            handler,
            request: format_ident!("__{name}_Request"),
            result: format_ident!("__{name}_Result"),
            plan: format_ident!("__{name}_Plan"),
        }
    }
}

/// The user's lint levels, for generated code that repeats the types of the signature.
pub(super) fn lints_for_copies(attrs: &[Attribute]) -> Vec<Attribute> {
    attrs
        .iter()
        .filter(|attr| is_lint_level(attr))
        .map(expect_to_allow)
        .collect()
}
