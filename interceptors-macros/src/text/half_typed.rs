//! Splits lists of arguments that the user is still typing, for an editor. Only the first tokens of an element are looked at,
//! because the rest may not parse yet.

use proc_macro2::{Delimiter, Group, Ident, Literal, TokenStream, TokenTree};
use quote::{ToTokens, quote};

use super::tokens::{is_joint, is_punct};

/// One element of a list.
pub(crate) struct Arg {
    /// `auth`, or `my_crate::audit`
    pub(crate) head: Vec<TokenTree>,
    pub(crate) rest: Rest,
}

pub(crate) enum Rest {
    Nothing,
    /// `(…)`
    List(TokenStream),
    /// `= …`
    Value(TokenStream),
    /// Anything else: all tokens of the element.
    Other(TokenStream),
}

impl Arg {
    pub(crate) fn name(&self) -> Option<&Ident> {
        match &self.head[..] {
            [TokenTree::Ident(name)] => Some(name),
            _ => None,
        }
    }

    /// Whether the element is `name = …`, `name(…)` or `"key" = …`.
    pub(crate) fn is_setting(&self) -> bool {
        match self.rest {
            Rest::Value(_) => true,
            Rest::List(_) => self.head.len() == 1,
            Rest::Nothing | Rest::Other(_) => false,
        }
    }

    /// The element as a value.
    pub(crate) fn as_value(&self) -> TokenStream {
        let head = self.head.iter();
        match &self.rest {
            Rest::Nothing => quote!(#(#head)*),
            Rest::List(list) => quote!(#(#head)*(#list)),
            Rest::Value(value) => value.clone(),
            Rest::Other(all) => all.clone(),
        }
    }
}

/// Splits a list into its elements. Two names in a row are two elements: the user has not typed the comma yet.
pub(crate) fn split(tokens: &TokenStream) -> Vec<Arg> {
    let trees = visible(tokens.clone());
    let mut args = Vec::new();
    for mut element in elements(&trees) {
        while let [first, second, ..] = element
            && is_name(first)
            && is_name(second)
        {
            args.push(arg(&element[..1]));
            element = &element[1..];
        }
        if !element.is_empty() {
            args.push(arg(element));
        }
    }
    args
}

/// Splits at commas, except at those in the parameters of a closure or in generic arguments.
fn elements(trees: &[TokenTree]) -> Vec<&[TokenTree]> {
    let mut elements = Vec::new();
    let (mut start, mut i) = (0, 0);
    while i < trees.len() {
        let element = &trees[start..];
        if is_punct(&trees[i], ',') {
            elements.push(&trees[start..i]);
            start = i + 1;
        } else if let Some(length) =
            parameters(element, i - start).or_else(|| generic_arguments(element, i - start))
        {
            i += length;
        }
        i += 1;
    }
    elements.push(&trees[start..]);
    elements
}

/// Whether an expression may begin after this token, or at the start of a list.
fn expression_follows(before: Option<&TokenTree>) -> bool {
    match before {
        None => true,
        Some(TokenTree::Punct(sign)) => !matches!(sign.as_char(), '?' | '>' | '\''),
        Some(word @ TokenTree::Ident(_)) => {
            let values = ["self", "Self", "super", "crate", "true", "false", "_"];
            !is_name(word) && !values.contains(&word.to_string().as_str())
        }
        Some(TokenTree::Group(_) | TokenTree::Literal(_)) => false,
    }
}

/// If closure parameters such as `|a, b|` begin at `at`, the number of tokens to their end.
fn parameters(element: &[TokenTree], at: usize) -> Option<usize> {
    let (before, rest) = element.split_at(at);
    let is_second = || before.last().is_some_and(|sign| is_joint(sign, '|'));
    if !is_punct(rest.first()?, '|') || is_second() || !expression_follows(before.last()) {
        return None;
    }
    let end = rest[1..].iter().position(|tree| is_punct(tree, '|'))?;
    Some(end + 1)
}

/// If generic arguments such as `<A, B>` begin at `at`, the number of tokens to their end. `<` may also be a comparison:
/// it is one unless a type stands before it and the tokens can be generic arguments.
fn generic_arguments(element: &[TokenTree], at: usize) -> Option<usize> {
    let (before, rest) = element.split_at(at);
    if !is_punct(rest.first()?, '<') {
        return None;
    }
    let is_certain =
        before.last().is_some_and(|sign| is_punct(sign, ':')) || expression_follows(before.last());
    if !is_certain && !ends_in_type(before) {
        return None;
    }
    let mut depth = 0;
    for (i, tree) in rest.iter().enumerate() {
        let is_arrow = || {
            let sign = i.checked_sub(1).map(|i| &rest[i]);
            sign.is_some_and(|sign| is_joint(sign, '-') || is_joint(sign, '='))
        };
        match tree {
            TokenTree::Punct(sign) => match sign.as_char() {
                '<' => depth += 1,
                '>' if !is_arrow() => depth -= 1,
                '=' if !is_certain => return None,
                '>' | ',' | ':' | '&' | '*' | '\'' | '=' | '+' | '-' | '?' | '!' => {}
                _ => return None,
            },
            TokenTree::Group(_) | TokenTree::Ident(_) | TokenTree::Literal(_) => {}
        }
        if depth == 0 {
            return Some(i);
        }
    }
    None
}

/// Whether these tokens end in the path of a type: a capitalised name, or any path after `as` or `->`.
fn ends_in_type(tokens: &[TokenTree]) -> bool {
    let is_of_path = |tree: &TokenTree| matches!(tree, TokenTree::Ident(_)) || is_punct(tree, ':');
    let Some(TokenTree::Ident(name)) = tokens.last() else {
        return false;
    };
    let path = tokens.iter().rev().take_while(|tree| is_of_path(tree));
    let follows_as = path.clone().any(|tree| tree.to_string() == "as");
    let before = &tokens[..tokens.len() - path.count()];
    let follows_arrow =
        matches!(before, [.., dash, end] if is_joint(dash, '-') && is_punct(end, '>'));
    follows_as || follows_arrow || name.to_string().starts_with(char::is_uppercase)
}

/// Unwraps the invisible groups that `macro_rules!` puts around fragments. Groups around an expression stay, because they keep it together.
fn visible(tokens: TokenStream) -> Vec<TokenTree> {
    let trees = tokens.into_iter().flat_map(|tree| match tree {
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            let inside = visible(group.stream());
            let is_list = elements(&inside).len() > 1;
            match inside.len() <= 1 || is_list {
                true => inside,
                false => vec![group.into()],
            }
        }
        tree => vec![tree],
    });
    trees.collect()
}

/// Whether a token is an identifier and not a keyword.
fn is_name(tree: &TokenTree) -> bool {
    syn::parse2::<Ident>(tree.to_token_stream()).is_ok()
}

fn arg(tokens: &[TokenTree]) -> Arg {
    let is_of_path = |tree: &TokenTree| matches!(tree, TokenTree::Ident(_)) || is_punct(tree, ':');
    let end = tokens.iter().position(|tree| !is_of_path(tree));
    let (head, rest) = tokens.split_at(end.unwrap_or(tokens.len()));
    let collect = |tokens: &[TokenTree]| tokens.iter().cloned().collect();
    let rest = match rest {
        [] => Rest::Nothing,
        // After a keyword, as in `become (x)`, parentheses are an expression and not settings.
        [TokenTree::Group(_)] if matches!(head, [keyword] if !is_name(keyword)) => {
            return Arg {
                head: Vec::new(),
                rest: Rest::Other(collect(tokens)),
            };
        }
        [TokenTree::Group(group)] if group.delimiter() == Delimiter::Parenthesis => {
            Rest::List(group.stream())
        }
        [eq, value @ ..] if is_punct(eq, '=') && !head.is_empty() => Rest::Value(collect(value)),
        [TokenTree::Literal(_), eq, value @ ..] if is_punct(eq, '=') && head.is_empty() => {
            Rest::Value(collect(value))
        }
        _ => Rest::Other(collect(tokens)),
    };
    Arg {
        head: head.to_vec(),
        rest,
    }
}

/// The content of `[…]`, if there is nothing else.
pub(crate) fn inside(tokens: &TokenStream) -> Option<TokenStream> {
    let mut trees = tokens.clone().into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::Bracket => {
            Some(group.stream())
        }
        _ => None,
    }
}

/// `request.id` of `%request.id`
pub(crate) fn without_sigil(value: TokenStream) -> TokenStream {
    let mut trees = value.into_iter().peekable();
    trees.next_if(|tree| is_punct(tree, '%') || is_punct(tree, '?'));
    trees.collect()
}

/// `request.items[0].id` of `request.items[].id`, which is a Rust expression.
pub(crate) fn as_expression(path: TokenStream) -> TokenStream {
    let trees = path.into_iter().map(|tree| match tree {
        TokenTree::Group(group)
            if group.delimiter() == Delimiter::Bracket && group.stream().is_empty() =>
        {
            let first = TokenTree::from(Literal::usize_unsuffixed(0));
            Group::new(Delimiter::Bracket, first.into()).into()
        }
        tree => tree,
    });
    trees.collect()
}
