use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::Parser;
use syn::{Attribute, Meta, Path, PathArguments, parse_quote};

use crate::item::conditional;

/// Whether this attribute is ours: `#[intercept(…)]`, or by a path through this crate.
pub(crate) fn is_ours(attribute: &Attribute, krate: &Path) -> bool {
    let segments = &attribute.path().segments;
    let crate_name = krate.segments.last().map(|segment| &segment.ident);
    let mut from_the_end = segments.iter().rev().map(|segment| &segment.ident);
    from_the_end.next().is_some_and(|name| name == "intercept")
        && from_the_end
            .next()
            .is_none_or(|module| module == "interceptors" || Some(module) == crate_name)
}

/// The item as the user wrote it, less the attributes that only this macro understands: token by
/// token, so that it need not be an item that can be read.
pub(crate) fn without_our_attributes(item: TokenStream, args: TokenStream) -> TokenStream {
    let krate = crate_in(args).unwrap_or_else(|| parse_quote!(interceptors));
    let mut trees: Vec<TokenTree> = item.into_iter().collect();
    let of_impl = |tree: &TokenTree| matches!(tree, TokenTree::Ident(word) if word == "impl");
    let before_impl = |tree: &TokenTree| match tree {
        TokenTree::Ident(word) => word == "unsafe" || word == "default",
        _ => true,
    };
    let first = trees.iter().find(|tree| !before_impl(tree));
    if first.is_some_and(of_impl)
        && let Some(TokenTree::Group(body)) = trees.last_mut()
    {
        let mut inside = Vec::new();
        for tree in body.stream() {
            let is_ours = match inside.last() {
                Some(TokenTree::Punct(hash)) if hash.as_char() == '#' => {
                    let attribute = Attribute::parse_outer.parse2(quote!(#hash #tree));
                    attribute.is_ok_and(|attribute| attribute.iter().any(|it| is_ours(it, &krate)))
                }
                _ => false,
            };
            match is_ours {
                true => drop(inside.pop()),
                false => inside.push(tree),
            }
        }
        let mut rest = Group::new(body.delimiter(), inside.into_iter().collect());
        rest.set_span(body.span());
        *body = rest;
    }
    trees.into_iter().collect()
}

/// The path in `crate = path`, where the arguments as a whole may be wrong.
fn crate_in(args: TokenStream) -> Option<Path> {
    let is = |tree: &TokenTree, c| matches!(tree, TokenTree::Punct(punct) if punct.as_char() == c);
    let trees: Vec<TokenTree> = args.into_iter().collect();
    trees.split(|tree| is(tree, ',')).find_map(|arg| match arg {
        [TokenTree::Ident(name), eq, path @ ..] if name == "crate" && is(eq, '=') => {
            syn::parse2(path.iter().cloned().collect()).ok()
        }
        _ => None,
    })
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

/// An expression of the attribute, in which `self` is the receiver of the method even where one of
/// them comes from a macro and the other does not.
pub(crate) fn with_self_of(expr: &impl ToTokens, receiver: Span) -> TokenStream {
    fn replace(tokens: TokenStream, receiver: Span) -> TokenStream {
        tokens
            .into_iter()
            .map(|mut tree| match &mut tree {
                TokenTree::Ident(ident) if ident == "self" => {
                    ident.set_span(ident.span().resolved_at(receiver));
                    tree
                }
                TokenTree::Group(group) => {
                    let stream = replace(group.stream(), receiver);
                    let mut replaced = Group::new(group.delimiter(), stream);
                    replaced.set_span(group.span());
                    replaced.into()
                }
                _ => tree,
            })
            .collect()
    }
    replace(expr.to_token_stream(), receiver)
}

/// Whether an expression needs the value that a method is called on.
pub(crate) fn needs_receiver(expr: &impl ToTokens) -> bool {
    find_ident(expr.to_token_stream(), "self").is_some()
}

/// Whether something like `name!` occurs.
pub(crate) fn has_macro_call(tokens: TokenStream) -> bool {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let calls = trees.windows(2).any(|pair| {
        matches!(pair, [TokenTree::Ident(_), TokenTree::Punct(bang)]
            if bang.as_char() == '!' && bang.spacing() == Spacing::Alone)
    });
    calls
        || trees.into_iter().any(|tree| match tree {
            TokenTree::Group(group) => has_macro_call(group.stream()),
            _ => false,
        })
}

/// The first identifier of this name.
pub(crate) fn find_ident(tokens: TokenStream, name: &str) -> Option<Ident> {
    tokens.into_iter().find_map(|tree| match tree {
        TokenTree::Ident(ident) if ident == name => Some(ident),
        TokenTree::Group(group) => find_ident(group.stream(), name),
        _ => None,
    })
}

/// Finds in bodies the calls of methods of the same service.
pub(crate) struct Siblings<'a> {
    pub(crate) names: &'a [String],
    /// The last identifier of the service's type.
    pub(crate) service: Option<&'a Ident>,
}

impl Siblings<'_> {
    /// Which of the names a body calls on something that may be the service itself:
    /// `self.name(…)`, `this.name(…)`, `self.clone().name(…)`, `Self::name(…)`,
    /// `Users::name(…)`; not `self.field.name(…)`. A macro that is given `self` may call anything
    /// that it is given.
    pub(crate) fn called_in(&self, body: &impl ToTokens) -> Vec<String> {
        let mut called = Vec::new();
        self.scan(body.to_token_stream(), false, &mut called);
        called
    }

    fn scan(&self, tokens: TokenStream, in_macro: bool, called: &mut Vec<String>) {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        for (i, tree) in trees.iter().enumerate() {
            let before = &trees[..i];
            match tree {
                TokenTree::Group(group) => {
                    let of_macro = matches!(before, [.., TokenTree::Ident(_), TokenTree::Punct(bang)]
                        if bang.as_char() == '!');
                    let in_macro = in_macro || of_macro && mentions_self(group);
                    self.scan(group.stream(), in_macro, called);
                }
                TokenTree::Ident(ident) => {
                    let name = ident.unraw().to_string();
                    if self.names.contains(&name) && (in_macro || self.may_be_ours(before)) {
                        called.push(name);
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether what follows these tokens may be a method of the service.
    fn may_be_ours(&self, before: &[TokenTree]) -> bool {
        let is = |punct: &Punct, c| punct.as_char() == c;
        match before {
            [
                ..,
                TokenTree::Punct(a),
                TokenTree::Ident(_),
                TokenTree::Punct(b),
            ] if is(a, '.') && is(b, '.') => false,
            [.., TokenTree::Punct(dot)] if is(dot, '.') => true,
            // `Users::<T>::name`, `<Users>::name`
            [
                ..,
                TokenTree::Punct(generics),
                TokenTree::Punct(a),
                TokenTree::Punct(b),
            ] if is(generics, '>') && is(a, ':') && is(b, ':') => true,
            [
                ..,
                TokenTree::Ident(ty),
                TokenTree::Punct(a),
                TokenTree::Punct(b),
            ] if is(a, ':') && is(b, ':') => ty == "Self" || Some(ty) == self.service,
            _ => false,
        }
    }
}

/// Input:
/// ```text
/// #[instrument(skip(self))]
/// ```
///
/// Output:
/// ```text
/// #[instrument(name = "login", skip(self))]
/// ```
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

/// A path as it can stand in a `use`.
pub(crate) fn without_arguments(mut path: Path) -> Path {
    for segment in &mut path.segments {
        segment.arguments = PathArguments::None;
    }
    path
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
