use proc_macro2::{Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Expr, Path, PathArguments, UnOp};

/// Whether a token is this punctuation character.
pub(crate) fn is_punct(tree: &TokenTree, c: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == c)
}

/// Whether a token is this punctuation character, and the next one follows without a space.
pub(crate) fn is_joint(tree: &TokenTree, c: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == c && punct.spacing() == Spacing::Joint)
}

/// Whether `self` or `Self` occurs, also inside a macro call.
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

/// The first `X` of `names` for which `Self::X` occurs.
pub(crate) fn associated_type(tokens: &impl ToTokens, names: &[Ident]) -> Option<Ident> {
    fn find(tokens: TokenStream, names: &[Ident]) -> Option<Ident> {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        trees.iter().enumerate().find_map(|(i, tree)| match tree {
            TokenTree::Group(group) => find(group.stream(), names),
            TokenTree::Ident(ident) if ends_with_self_path(&trees[..i]) => {
                names.iter().find(|name| *name == ident).cloned()
            }
            _ => None,
        })
    }
    find(tokens.to_token_stream(), names)
}

/// Whether a type has a lifetime other than `'static`: `&str`, `Users<'a>`.
pub(crate) fn has_lifetimes(ty: &impl ToTokens) -> bool {
    fn any(tokens: TokenStream) -> bool {
        let mut trees = tokens.into_iter().peekable();
        while let Some(tree) = trees.next() {
            let found = match &tree {
                TokenTree::Group(group) => any(group.stream()),
                TokenTree::Punct(sign) if matches!(sign.as_char(), '&' | '\'') => {
                    let next = trees.peek();
                    !matches!(next, Some(TokenTree::Ident(name)) if name == "static")
                        && !matches!(next, Some(quote) if is_punct(quote, '\''))
                }
                _ => false,
            };
            if found {
                return true;
            }
        }
        false
    }
    any(ty.to_token_stream())
}

/// Whether these tokens end in `Self ::`.
fn ends_with_self_path(before: &[TokenTree]) -> bool {
    matches!(before, [.., TokenTree::Ident(this), TokenTree::Punct(a), TokenTree::Punct(b)]
        if this == "Self" && a.as_char() == ':' && b.as_char() == ':')
}

/// An expression of the attribute, in which `self` resolves to the receiver of the method. Without this, hygiene keeps them
/// apart if only one of the two comes from a macro.
pub(crate) fn with_receiver(expr: &impl ToTokens, receiver: Span) -> TokenStream {
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

/// Whether an expression uses `self`.
pub(crate) fn needs_receiver(expr: &impl ToTokens) -> bool {
    find_ident(expr.to_token_stream(), "self").is_some()
}

/// Whether a macro call `name!` occurs.
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

/// The first identifier with this name.
pub(crate) fn find_ident(tokens: TokenStream, name: &str) -> Option<Ident> {
    tokens.into_iter().find_map(|tree| match tree {
        TokenTree::Ident(ident) if ident == name => Some(ident),
        TokenTree::Group(group) => find_ident(group.stream(), name),
        _ => None,
    })
}

/// The first `.await` or `?` in an expression, outside `async` blocks and closures.
pub(crate) fn find_suspension(tokens: TokenStream) -> Option<Span> {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let has_body = trees.iter().any(|tree| match tree {
        TokenTree::Ident(word) => word == "async",
        TokenTree::Punct(punct) => punct.as_char() == '|',
        _ => false,
    });
    if has_body {
        return None;
    }
    trees.iter().enumerate().find_map(|(i, tree)| match tree {
        TokenTree::Punct(punct) if punct.as_char() == '?' => Some(punct.span()),
        TokenTree::Punct(punct) if punct.as_char() == '.' => match trees.get(i + 1) {
            Some(TokenTree::Ident(word)) if word == "await" => Some(word.span()),
            _ => None,
        },
        TokenTree::Group(group) => find_suspension(group.stream()),
        _ => None,
    })
}

/// Whether these segments occur as a path, or as the end of a path.
pub(crate) fn has_path(tokens: TokenStream, segments: &[&str]) -> bool {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let is_path = |trees: &[TokenTree]| {
        let mut trees = trees.iter();
        segments.iter().enumerate().all(|(i, segment)| {
            let mut colon =
                || matches!(trees.next(), Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
            let is_joined = i == 0 || colon() && colon();
            is_joined && matches!(trees.next(), Some(TokenTree::Ident(ident)) if ident == segment)
        })
    };
    let mut starts = 0..trees.len();
    starts.any(|start| is_path(&trees[start..]))
        || trees.into_iter().any(|tree| match tree {
            TokenTree::Group(group) => has_path(group.stream(), segments),
            _ => false,
        })
}

/// Finds calls of the service's own methods in method bodies.
pub(crate) struct Siblings<'a> {
    pub(crate) names: &'a [String],
    /// The last identifier of the service's type.
    pub(crate) service: Option<&'a Ident>,
}

impl Siblings<'_> {
    /// The names that a body calls on something that may be the service:
    /// `self.name(…)`, `this.name(…)`, `self.clone().name(…)`, `Self::name(…)`,
    /// `Users::name(…)`; not `self.field.name(…)`. A macro that gets `self` may call every name
    /// in its arguments.
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
                    if self.names.contains(&name) && (in_macro || self.may_be_own_method(before)) {
                        called.push(name);
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether a name after these tokens may be a method of the service.
    fn may_be_own_method(&self, before: &[TokenTree]) -> bool {
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

/// A path without generic arguments, for a `use`.
pub(crate) fn without_arguments(mut path: Path) -> Path {
    for segment in &mut path.segments {
        segment.arguments = PathArguments::None;
    }
    path
}

/// Removes parentheses and the invisible groups that `macro_rules!` puts around types.
pub(crate) fn ungroup(ty: &syn::Type) -> &syn::Type {
    match ty {
        syn::Type::Group(group) => ungroup(&group.elem),
        syn::Type::Paren(paren) => ungroup(&paren.elem),
        _ => ty,
    }
}

/// Whether an expression is a place in `self`, such as `self` or `self.field`. It is borrowed, not evaluated to a new value.
pub(crate) fn is_place_of_self(expr: &Expr) -> bool {
    matches!(base(expr), Expr::Path(path) if path.path.is_ident("self"))
}

/// `self.field` of `&self.field`. Generated code adds its own `&`.
pub(crate) fn without_reference(expr: &Expr) -> &Expr {
    match expr {
        Expr::Reference(reference) if reference.mutability.is_none() => {
            without_reference(&reference.expr)
        }
        Expr::Paren(paren) => without_reference(&paren.expr),
        Expr::Group(group) => without_reference(&group.expr),
        _ => expr,
    }
}

/// Removes parentheses and invisible groups around an expression.
pub(crate) fn ungroup_expr(expr: &Expr) -> &Expr {
    match expr {
        Expr::Group(group) => ungroup_expr(&group.expr),
        Expr::Paren(paren) => ungroup_expr(&paren.expr),
        _ => expr,
    }
}

/// The innermost operand of a place expression: `self` of `&self.list[0]`, `self.state()` of `self.state().tokens`.
pub(crate) fn base(expr: &Expr) -> &Expr {
    match operand(expr) {
        Some(operand) => base(operand),
        None => expr,
    }
}

/// Replaces the innermost operand of a place expression: `(new).tokens` for `self.state().tokens`.
pub(crate) fn with_base(expr: &Expr, new: Expr) -> Expr {
    let Some(operand) = operand(expr) else {
        return new;
    };
    let operand = Box::new(with_base(operand, new));
    let mut expr = expr.clone();
    match &mut expr {
        Expr::Field(field) => field.base = operand,
        Expr::Index(index) => index.expr = operand,
        Expr::Unary(unary) => unary.expr = operand,
        Expr::Reference(reference) => reference.expr = operand,
        Expr::Paren(paren) => paren.expr = operand,
        Expr::Group(group) => group.expr = operand,
        _ => {}
    }
    expr
}

/// The operand of a field access, an index, a dereference or a reference.
fn operand(expr: &Expr) -> Option<&Expr> {
    match expr {
        Expr::Field(field) => Some(&field.base),
        Expr::Index(index) => Some(&index.expr),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Deref(_)) => Some(&unary.expr),
        Expr::Reference(reference) => Some(&reference.expr),
        Expr::Paren(paren) => Some(&paren.expr),
        Expr::Group(group) => Some(&group.expr),
        _ => None,
    }
}
