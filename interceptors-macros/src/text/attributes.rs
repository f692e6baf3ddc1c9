use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{AttrStyle, Attribute, Item, Meta, Path, Token, parse_quote};

/// Whether this is our attribute: `#[intercept(…)]`, or a path to it through the crate.
pub(crate) fn is_ours(attribute: &Attribute, krate: &Path) -> bool {
    let segments = &attribute.path().segments;
    let crate_name = krate.segments.last().map(|segment| &segment.ident);
    let mut from_the_end = segments.iter().rev().map(|segment| &segment.ident);
    from_the_end.next().is_some_and(|name| name == "intercept")
        && from_the_end
            .next()
            .is_none_or(|module| module == "interceptors" || Some(module) == crate_name)
}

/// Whether this is our attribute, or a `cfg_attr` that contains it.
pub(crate) fn contains_ours(attribute: &Attribute, krate: &Path) -> bool {
    match conditional(attribute) {
        Some((_, metas)) => metas
            .iter()
            .any(|meta| is_ours(&parse_quote!(#[#meta]), krate)),
        None => is_ours(attribute, krate),
    }
}

/// The user's item without the attributes that only this macro understands.
///
/// It works on tokens, because the item may not parse. It also removes `unsafe` in front of `impl`: we report it, and the
/// compiler would report it again.
pub(crate) fn without_our_attributes(item: TokenStream, args: TokenStream) -> TokenStream {
    let krate = crate_in(args).unwrap_or_else(|| parse_quote!(interceptors));
    let has_unsafe =
        matches!(syn::parse2(item.clone()), Ok(Item::Impl(block)) if block.unsafety.is_some());
    let mut trees: Vec<TokenTree> = item.into_iter().collect();
    if has_unsafe {
        let is_unsafe =
            |tree: &TokenTree| matches!(tree, TokenTree::Ident(word) if word == "unsafe");
        if let Some(at) = trees.iter().position(is_unsafe) {
            trees.remove(at);
        }
    }
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
                    attribute
                        .is_ok_and(|attribute| attribute.iter().any(|it| contains_ours(it, &krate)))
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

/// Splits an item into the item without `#[async_trait]`, and the path of that attribute.
pub(crate) fn without_async_trait(item: TokenStream) -> (TokenStream, Option<TokenStream>) {
    let is_last = |path: &TokenStream| {
        let last = path.clone().into_iter().last();
        matches!(last, Some(TokenTree::Ident(name)) if name == "async_trait")
    };
    let mut kept: Vec<TokenTree> = Vec::new();
    let mut taken = None;
    for tree in item {
        if let (Some(TokenTree::Punct(hash)), TokenTree::Group(attribute)) = (kept.last(), &tree)
            && hash.as_char() == '#'
            && attribute.delimiter() == Delimiter::Bracket
            && is_last(&attribute.stream())
        {
            taken = Some(attribute.stream());
            kept.pop();
        } else {
            kept.push(tree);
        }
    }
    (kept.into_iter().collect(), taken)
}

/// The path in `crate = path`. The other arguments may be wrong.
pub(crate) fn crate_in(args: TokenStream) -> Option<Path> {
    let is = |tree: &TokenTree, c| matches!(tree, TokenTree::Punct(punct) if punct.as_char() == c);
    let trees: Vec<TokenTree> = args.into_iter().collect();
    trees.split(|tree| is(tree, ',')).find_map(|arg| match arg {
        [TokenTree::Ident(name), eq, path @ ..] if name == "crate" && is(eq, '=') => {
            syn::parse2(path.iter().cloned().collect()).ok()
        }
        _ => None,
    })
}

/// `#[cfg(…)]`, also under a `cfg_attr`.
pub(crate) fn is_cfg(attribute: &Attribute) -> bool {
    effective_path(attribute).is_some_and(|path| path.is_ident("cfg"))
}

/// `#[allow(…)]` and the other lint levels, also under a `cfg_attr`.
pub(crate) fn is_lint_level(attribute: &Attribute) -> bool {
    const LEVELS: [&str; 5] = ["allow", "expect", "warn", "deny", "forbid"];
    effective_path(attribute).is_some_and(|path| LEVELS.iter().any(|level| path.is_ident(level)))
}

/// The path of an attribute, or of the first attribute in a `cfg_attr`.
pub(crate) fn effective_path(attribute: &Attribute) -> Option<Path> {
    match conditional(attribute) {
        Some((_, metas)) => metas.first().map(|meta| meta.path().clone()),
        None => Some(attribute.path().clone()),
    }
}

/// The condition of a `cfg_attr`, and the attributes in it.
pub(crate) fn conditional(attribute: &Attribute) -> Option<(Meta, Vec<Meta>)> {
    if !attribute.path().is_ident("cfg_attr") {
        return None;
    }
    let parser = Punctuated::<Meta, Token![,]>::parse_terminated;
    let list = attribute.meta.require_list().ok()?;
    let mut metas = list.parse_args_with(parser).ok()?.into_iter();
    Some((metas.next()?, metas.collect()))
}

/// Input:
/// ```text
/// #![allow(dead_code)]
/// #[cfg_attr(test, cfg(unix), allow(deprecated))]
/// ```
///
/// Output:
/// ```text
/// #[allow(dead_code)]
/// #[cfg_attr(test, cfg(unix))]
/// #[cfg_attr(test, allow(deprecated))]
/// ```
///
/// Each attribute can then be moved on its own. Inner documentation (`//!`) is dropped: only readers of the body see it.
pub(crate) fn plain_attrs(attributes: Vec<Attribute>) -> Vec<Attribute> {
    let mut plain = Vec::new();
    for mut attribute in attributes {
        if matches!(attribute.style, AttrStyle::Inner(_)) {
            if attribute.path().is_ident("doc") {
                continue;
            }
            attribute.style = AttrStyle::Outer;
        }
        match conditional(&attribute) {
            Some((condition, metas)) => plain.extend(
                metas
                    .iter()
                    .map(|meta| -> Attribute { parse_quote!(#[cfg_attr(#condition, #meta)]) }),
            ),
            None => plain.push(attribute),
        }
    }
    plain
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
/// A method that the macro renames keeps the name of its span this way. Also works under a `cfg_attr`.
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

/// Replaces each `expect(…)` by `allow(…)`. The attribute is copied to generated code, where the expected lint may not fire.
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
