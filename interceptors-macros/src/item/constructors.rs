use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;
use syn::{Block, FnArg, ImplItem, ImplItemFn, Item, Pat, PatIdent, Stmt};

use super::client_module::{ClientModule, is_impl_of};
use crate::codes;
use crate::ctxt::Ctxt;

/// Reports the constructors of a generated client that cannot be changed to store whether the channel is encrypted.
pub(crate) fn check_constructors(cx: &Ctxt, module: &ClientModule) {
    let Some((_, items)) = &module.module.content else {
        return;
    };
    for item in items {
        let Item::Impl(block) = item else { continue };
        if !is_impl_of(block, &module.client) {
            continue;
        }
        for item in &block.items {
            if let ImplItem::Fn(constructor) = item {
                cx.ok(with_plaintext_field(constructor));
            }
        }
    }
}

/// The body of a constructor that also sets the field `is_plaintext`.
///
/// Users may edit the generated module. Code that tonic's generator never writes is an error, which `check` reports before
/// `expand` calls this function.
pub(crate) fn with_plaintext_field(constructor: &ImplItemFn) -> syn::Result<Block> {
    let inputs = &constructor.sig.inputs;
    let name = constructor.sig.ident.to_string();
    let argument = match name.as_str() {
        "connect" => inputs.first(),
        "with_origin" => inputs.last(),
        _ => None,
    };
    let argument = match argument {
        Some(FnArg::Typed(argument)) => match &*argument.pat {
            Pat::Ident(PatIdent {
                by_ref: None,
                ident,
                subpat: None,
                ..
            }) => Some(ident),
            other => {
                return Err(codes::NOT_AS_GENERATED.spanned(
                    other,
                    "`auth` reads this argument, so it needs a name; write it as tonic's code generator does, such as `origin`",
                ));
            }
        },
        _ => None,
    };
    let statements = |field| with_field(constructor.block.stmts.iter(), &field);
    let body = match (name.as_str(), argument) {
        ("connect", Some(destination)) => quote!({
            let endpoint = tonic::transport::Endpoint::new(#destination)?;
            let is_plaintext = {
                #[allow(unused_imports)]
                use __interceptors::WithoutTls as _;
                __interceptors::connects_in_plaintext(
                    endpoint.uri(),
                    tonic::transport::Endpoint::tls_config,
                )
            };
            let client = Self::new(endpoint.connect().await?);
            ::core::result::Result::Ok(Self { is_plaintext, ..client })
        }),
        ("with_origin", Some(origin)) => {
            let statements = statements(quote!(is_plaintext));
            quote!({
                let is_plaintext = #origin
                    .scheme_str()
                    .map(|scheme| !scheme.eq_ignore_ascii_case("https"));
                #statements
            })
        }
        _ => {
            let statements = statements(quote!(is_plaintext: ::core::option::Option::None));
            quote!({ #statements })
        }
    };
    syn::parse2(body).map_err(|_| {
        codes::NOT_AS_GENERATED.error(
            constructor.sig.ident.span(),
            "this is not as the code generator of tonic 0.14 writes it, so `auth` cannot see here whether the channel is encrypted",
        )
    })
}

/// Adds a field to each `Self { inner }`. In a pattern, `let Self { inner } = …`, it adds `..`.
fn with_field<'a>(statements: impl Iterator<Item = &'a Stmt>, field: &TokenStream) -> TokenStream {
    fn is(tree: Option<&TokenTree>, c: char) -> bool {
        matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == c)
    }
    /// Whether it is `Self { inner, ..client }`, which has all fields already.
    fn has_rest(fields: &[TokenTree]) -> bool {
        fields
            .windows(3)
            .any(|three| is(three.first(), ',') && is(three.get(1), '.') && is(three.get(2), '.'))
    }
    fn replace(tokens: TokenStream, field: &TokenStream) -> TokenStream {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        let replaced = trees.iter().enumerate().map(|(i, tree)| {
            let TokenTree::Group(group) = tree else {
                return tree.clone();
            };
            let after_self = i.checked_sub(1).and_then(|before| trees.get(before));
            let after_self = matches!(after_self, Some(TokenTree::Ident(name)) if name == "Self");
            let fields: Vec<TokenTree> = group.stream().into_iter().collect();
            let first = fields.first();
            let mut inside = replace(group.stream(), field);
            if after_self
                && group.delimiter() == Delimiter::Brace
                && matches!(first, Some(TokenTree::Ident(name)) if name == "inner")
                && !has_rest(&fields)
            {
                let comma = (!is(fields.last(), ',')).then(|| quote!(,));
                let is_pattern = is(trees.get(i + 1), '=') && !is(trees.get(i + 2), '=');
                inside = match is_pattern {
                    true => quote!(#inside #comma ..),
                    false => quote!(#inside #comma #field),
                };
            }
            Group::new(group.delimiter(), inside).into()
        });
        replaced.collect()
    }
    replace(quote!(#(#statements)*), field)
}
