use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Attribute, Item, Meta, Path, parse_quote};

use crate::item::conditional;

/// Whether this attribute is ours: `#[intercept(…)]`, by any path.
pub(crate) fn is_ours(attribute: &Attribute) -> bool {
    attribute
        .path()
        .segments
        .last()
        .is_some_and(|segment| segment.ident == "intercept")
}

/// The item as the user wrote it, less the attributes that only this macro understands.
pub(crate) fn without_our_attributes(item: TokenStream) -> TokenStream {
    let Ok(Item::Impl(mut block)) = syn::parse2(item.clone()) else {
        return item;
    };
    for item in &mut block.items {
        if let syn::ImplItem::Fn(method) = item {
            method.attrs.retain(|attribute| !is_ours(attribute));
        }
    }
    block.into_token_stream()
}

/// Whether `self` occurs, also inside a macro call.
pub(crate) fn mentions_self(tokens: &impl ToTokens) -> bool {
    fn any(tokens: TokenStream) -> bool {
        tokens.into_iter().any(|tree| match tree {
            TokenTree::Ident(ident) => ident == "self" || ident == "Self",
            TokenTree::Group(group) => any(group.stream()),
            _ => false,
        })
    }
    any(tokens.to_token_stream())
}

/// The name of the associated type `X`, where `Self::X` occurs and `X` is one of `names`.
pub(crate) fn associated_type(tokens: &impl ToTokens, names: &[Ident]) -> Option<Ident> {
    fn find(tokens: TokenStream, names: &[Ident]) -> Option<Ident> {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        trees.iter().enumerate().find_map(|(i, tree)| match tree {
            TokenTree::Group(group) => find(group.stream(), names),
            TokenTree::Ident(ident) if is_path_of_self(&trees[..i]) => {
                names.iter().find(|name| *name == ident).cloned()
            }
            _ => None,
        })
    }
    find(tokens.to_token_stream(), names)
}

/// Whether these tokens end in `Self ::`.
fn is_path_of_self(before: &[TokenTree]) -> bool {
    matches!(before, [.., TokenTree::Ident(this), TokenTree::Punct(a), TokenTree::Punct(b)]
        if this == "Self" && a.as_char() == ':' && b.as_char() == ':')
}

/// Whether an identifier occurs.
pub(crate) fn mentions(tokens: &impl ToTokens, name: &Ident) -> bool {
    fn any(tokens: TokenStream, name: &Ident) -> bool {
        tokens.into_iter().any(|tree| match tree {
            TokenTree::Ident(ident) => ident == *name,
            TokenTree::Group(group) => any(group.stream(), name),
            _ => false,
        })
    }
    any(tokens.to_token_stream(), name)
}

/// Which of `names` a body calls on something that may be the service itself: `self.name(…)`,
/// `this.name(…)`, `self.clone().name(…)`, `Self::name(…)`; not `self.field.name(…)`. A macro
/// that is given `self` may call anything that it is given.
pub(crate) fn may_call_siblings(body: &impl ToTokens, names: &[String], found: &mut Vec<String>) {
    fn scan(tokens: TokenStream, in_macro: bool, names: &[String], found: &mut Vec<String>) {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        for (i, tree) in trees.iter().enumerate() {
            match tree {
                TokenTree::Group(group) => {
                    let of_macro = matches!(&trees[..i], [.., TokenTree::Ident(_), TokenTree::Punct(bang)]
                        if bang.as_char() == '!');
                    let in_macro = in_macro || of_macro && mentions_self(group);
                    scan(group.stream(), in_macro, names, found);
                }
                TokenTree::Ident(ident) => {
                    let name = ident.to_string();
                    let name = name.trim_start_matches("r#");
                    let called = in_macro || match &trees[..i] {
                        [
                            ..,
                            TokenTree::Punct(a),
                            TokenTree::Ident(_),
                            TokenTree::Punct(dot),
                        ] if a.as_char() == '.' && dot.as_char() == '.' => false,
                        [.., TokenTree::Punct(dot)] if dot.as_char() == '.' => true,
                        before => is_path_of_self(before),
                    };
                    if called && names.iter().any(|known| known == name) {
                        found.push(name.to_owned());
                    }
                }
                _ => {}
            }
        }
    }
    scan(body.to_token_stream(), false, names, found);
}

/// Input:
///     #[instrument(skip(self))]
///
/// Output:
///     #[instrument(name = "login", skip(self))]
///
/// so that a method which had to be renamed keeps the name of its span. Also under a `cfg_attr`.
pub(crate) fn keep_span_name(attribute: &mut Attribute, name: &str) {
    let is_instrument = |path: &Path| {
        path.segments
            .last()
            .is_some_and(|segment| segment.ident == "instrument")
    };
    if let Some((condition, metas)) = conditional(attribute) {
        let metas = metas.into_iter().map(|meta| {
            let mut inner: Attribute = parse_quote!(#[#meta]);
            keep_span_name(&mut inner, name);
            inner.meta
        });
        attribute.meta = parse_quote!(cfg_attr(#condition, #(#metas),*));
        return;
    }
    match &mut attribute.meta {
        Meta::Path(path) if is_instrument(path) => {
            attribute.meta = parse_quote!(#path(name = #name));
        }
        Meta::List(list) if is_instrument(&list.path) => {
            let trees: Vec<TokenTree> = list.tokens.clone().into_iter().collect();
            let is_named = matches!(trees.first(), Some(TokenTree::Literal(_)))
                || trees.windows(2).any(|pair| {
                    matches!(pair, [TokenTree::Ident(key), TokenTree::Punct(eq)]
                        if key == "name" && eq.as_char() == '=')
                });
            if !is_named {
                let tokens = &list.tokens;
                list.tokens = quote!(name = #name, #tokens);
            }
        }
        _ => {}
    }
}

/// Types from a `macro_rules!` fragment come in invisible groups; looks through them.
pub(crate) fn ungroup(ty: &syn::Type) -> &syn::Type {
    match ty {
        syn::Type::Group(group) => ungroup(&group.elem),
        syn::Type::Paren(paren) => ungroup(&paren.elem),
        _ => ty,
    }
}

/// An attribute in which each `expect(…)` has become `allow(…)`: for a copy of it, where what is
/// expected need not happen.
pub(crate) fn expect_to_allow(attribute: &Attribute) -> Attribute {
    fn replace(tokens: TokenStream) -> TokenStream {
        tokens
            .into_iter()
            .map(|tree| match tree {
                TokenTree::Ident(ident) if ident == "expect" => {
                    Ident::new("allow", ident.span()).into()
                }
                TokenTree::Group(group) if group.delimiter() != Delimiter::None => {
                    Group::new(group.delimiter(), replace(group.stream())).into()
                }
                other => other,
            })
            .collect()
    }
    let mut attribute = attribute.clone();
    if let Ok(meta) = syn::parse2(replace(attribute.meta.to_token_stream())) {
        attribute.meta = meta;
    }
    attribute
}
