//! Lists of arguments as an editor sees them: while they are typed. Only the first signs of an element count.

use proc_macro2::{Delimiter, Group, Ident, Literal, TokenStream, TokenTree};
use quote::{ToTokens, quote};

use super::tokens::is_punct;

/// One element of a list, as far as its text tells.
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
    /// Something else; these are all the tokens of the element.
    Other(TokenStream),
}

impl Arg {
    pub(crate) fn name(&self) -> Option<&Ident> {
        match &self.head[..] {
            [TokenTree::Ident(name)] => Some(name),
            _ => None,
        }
    }

    /// Whether it is `name = …`, `name(…)` or `"key" = …`.
    pub(crate) fn is_setting(&self) -> bool {
        match self.rest {
            Rest::Value(_) => true,
            Rest::List(_) => self.head.len() == 1,
            Rest::Nothing | Rest::Other(_) => false,
        }
    }

    /// All of it, where it is a value without a name.
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

/// The elements of a list. Between two names that follow each other, the comma is not there yet.
pub(crate) fn split(tokens: &TokenStream) -> Vec<Arg> {
    let trees = visible(tokens.clone());
    let mut args = Vec::new();
    for mut element in trees.split(|tree| is_punct(tree, ',')) {
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

/// Without the invisible groups that a macro put around nothing, one token, or several elements. Around an expression they stay.
fn visible(tokens: TokenStream) -> Vec<TokenTree> {
    let trees = tokens.into_iter().flat_map(|tree| match tree {
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            let inside = visible(group.stream());
            let is_list = inside.iter().any(|tree| is_punct(tree, ','));
            match inside.len() <= 1 || is_list {
                true => inside,
                false => vec![group.into()],
            }
        }
        tree => vec![tree],
    });
    trees.collect()
}

/// Whether it is an identifier and no keyword.
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
        // `become (x)` is an expression, and so are others that begin with a keyword.
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

/// What stands in the brackets, where that is all.
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

/// `request.items[0].id` of `request.items[].id`
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
