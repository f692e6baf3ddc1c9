use proc_macro2::{Group, Punct, Spacing, Span, TokenStream};
use syn::ext::IdentExt;
use syn::parse::discouraged::Speculative;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Ident, Path, PathArguments, PathSegment, Token, token};

use super::source::source;
use crate::codes;
use crate::ctxt::Ctxt;

/// One argument of a list, as it was parsed.
pub(crate) struct Arg {
    pub(crate) name: Ident,
    /// The whole path if there is one: `my_crate::audit`. Then `name` is its last segment.
    pub(crate) path: Option<Path>,
    pub(crate) value: ArgValue,
}

pub(crate) enum ArgValue {
    /// `name`
    None,
    /// `name = expr`, perhaps with a sigil in front: `name = %expr`
    Expr(Box<Expr>),
    /// `name(…)`
    List(TokenStream),
}

impl ArgValue {
    /// The expression after `=`.
    pub(crate) fn expr(&self) -> Option<&Expr> {
        match self {
            Self::Expr(expr) => Some(expr),
            Self::None | Self::List(_) => None,
        }
    }
}

/// Writes the message for a value without a name: `3` of `retry(3)`, `self.audit` of `#[intercept(self.audit)]`.
pub(crate) type UnnamedMessage<'a> = &'a dyn Fn(&TokenStream) -> String;

/// The message for a value without a name if the entry has no better one.
pub(crate) fn unnamed(_: &TokenStream) -> String {
    "expected the name of an interceptor or of a setting".to_owned()
}

/// An element of a list.
enum Element {
    Arg(Arg),
    /// A value without a name.
    Unnamed(TokenStream),
}

/// Parses `a, b = expr, c(…)`. After an error, it continues with the next element. `unnamed` returns the message for a
/// value without a name, or `None` if the value needs no error.
pub(crate) fn parse_args(
    cx: &Ctxt,
    tokens: TokenStream,
    unnamed: impl Fn(&TokenStream) -> Option<String>,
) -> Vec<Arg> {
    let parser = |input: ParseStream<'_>| {
        let mut args = Vec::new();
        while !input.is_empty() {
            match parse_arg(input) {
                Ok(Element::Arg(arg)) => args.push(arg),
                Ok(Element::Unnamed(value)) => {
                    if let Some(message) = unnamed(&value) {
                        cx.push(codes::NO_NAME.spanned(&value, message));
                    }
                    skip_to_comma(input)?;
                }
                Err(error) => {
                    cx.push(error);
                    skip_to_comma(input)?;
                }
            }
            if input.is_empty() {
                break;
            }
            if let Err(error) = input.parse::<Token![,]>() {
                cx.push(error);
                // The name before a missing comma may be half a word. Checking it could give a second error.
                args.pop_if(|arg: &mut Arg| matches!(arg.value, ArgValue::None));
                skip_to_comma(input)?;
                input.parse::<Option<Token![,]>>()?;
            }
        }
        Ok(args)
    };
    cx.ok(parser.parse2(tokens)).unwrap_or_default()
}

fn parse_arg(input: ParseStream<'_>) -> syn::Result<Element> {
    if let Some(comma) = input.parse::<Option<Token![,]>>()? {
        return Err(codes::UNREADABLE.error(
            comma.span,
            "there is nothing between two commas; take one out",
        ));
    }
    let element = up_to_comma(&input.fork())?;
    // `parse_any` also takes keywords, such as `crate`.
    let leading_colon: Option<Token![::]> = input.parse()?;
    if !input.peek(Ident::peek_any) {
        return Ok(Element::Unnamed(element));
    }
    let mut name = input.call(Ident::parse_any)?;
    let mut path = leading_colon.map(|colon| Path {
        leading_colon: Some(colon),
        segments: [name.clone()].into_iter().map(PathSegment::from).collect(),
    });
    while input.peek(Token![::]) {
        let path = path.get_or_insert_with(|| Path::from(name.clone()));
        path.segments.push_punct(input.parse()?);
        name = input.call(Ident::parse_any)?;
        path.segments.push_value(name.clone().into());
    }
    if path.is_none()
        && let Some(error) = wrong_separator(input, &name)?
    {
        return Err(error);
    }
    let value = if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        ArgValue::Expr(Box::new(parse_value(
            input,
            &name.to_string(),
            name.span(),
        )?))
    } else if input.peek(token::Paren) {
        let content;
        syn::parenthesized!(content in input);
        ArgValue::List(content.parse()?)
    } else if input.peek(token::Brace) || input.peek(token::Bracket) {
        let group: Group = input.parse()?;
        let message = format!(
            "settings go in parentheses: `{name}({})`",
            source(&group.stream())
        );
        return Err(codes::WRONG_BRACKETS.error(group.span(), message));
    } else {
        ArgValue::None
    };
    if expression_continues(input) {
        return Ok(Element::Unnamed(element));
    }
    Ok(Element::Arg(Arg { name, path, value }))
}

/// The error for `catch-panic`, `max: 3`, `max == 3` and `retry<3>`.
fn wrong_separator(input: ParseStream<'_>, name: &Ident) -> syn::Result<Option<syn::Error>> {
    for sign in ["==", "=>", ":="] {
        let [first, second] = [0, 1].map(|at| sign.as_bytes()[at] as char);
        let signs = input.fork();
        if let (Ok(a), Ok(b)) = (signs.parse::<Punct>(), signs.parse::<Punct>())
            && (a.as_char(), a.spacing(), b.as_char()) == (first, Spacing::Joint, second)
        {
            let message = format!("a value follows one `=`: `{name} = …`");
            return Ok(Some(codes::WRONG_PUNCTUATION.error(a.span(), message)));
        }
    }
    if input.peek(Token![:]) && !input.peek(Token![::]) {
        let colon: Token![:] = input.parse()?;
        let message = format!("a value follows `=`: `{name} = …`");
        return Ok(Some(codes::WRONG_PUNCTUATION.error(colon.span, message)));
    }
    if input.peek(Token![<]) && !input.peek(Token![<=]) && !input.peek(Token![<<]) {
        let bracket: Token![<] = input.parse()?;
        let inside = up_to_comma(input)?;
        let inside = source(&inside).replace('>', "");
        let message = format!("settings go in parentheses: `{name}({inside})`");
        return Ok(Some(codes::WRONG_BRACKETS.error(bracket.span, message)));
    }
    let mut words = name.to_string();
    while input.peek(Token![-]) && input.peek2(Ident::peek_any) {
        input.parse::<Token![-]>()?;
        words += &format!("_{}", input.call(Ident::parse_any)?);
    }
    let has_hyphen = *name != words;
    let message = format!("names have underscores: `{words}`");
    Ok(has_hyphen.then(|| codes::WRONG_PUNCTUATION.error(name.span(), message)))
}

/// Parses the value of `name`. The end of a list has no token, so an error there is reported at the name.
pub(crate) fn parse_value(input: ParseStream<'_>, name: &str, span: Span) -> syn::Result<Expr> {
    if input.is_empty() || input.peek(Token![,]) {
        let message = format!("`{name}` needs a value: `{name} = …`");
        return Err(codes::NO_VALUE.error(span, message));
    }
    if input.peek(token::Brace) && input.fork().parse::<Expr>().is_err() {
        let braces: Group = input.parse()?;
        let message = format!("a list goes in brackets: `{name} = […]`");
        return Err(codes::WRONG_BRACKETS.error(braces.span(), message));
    }
    if let Some(ty) = generic_type(input) {
        return Ok(ty);
    }
    input.parse().map_err(|error: syn::Error| {
        if error.to_string().starts_with("unexpected end of input") {
            let message =
                format!("the value of `{name}` is not finished; write the rest of the expression");
            return codes::UNREADABLE.error(span, message);
        }
        error
    })
}

/// A type with arguments that is the whole value, such as `Inbound<Tokens>`. An expression would need `::` before the `<`.
fn generic_type(input: ParseStream<'_>) -> Option<Expr> {
    let ahead = input.fork();
    let path: syn::TypePath = ahead.parse().ok()?;
    let has_no_colons = |segment: &PathSegment| matches!(&segment.arguments, PathArguments::AngleBracketed(arguments) if arguments.colon2_token.is_none());
    let ends = ahead.is_empty() || ahead.peek(Token![,]);
    if path.qself.is_some() || !ends || !path.path.segments.iter().any(has_no_colons) {
        return None;
    }
    input.advance_to(&ahead);
    let mut path = path.path;
    for segment in &mut path.segments {
        if let PathArguments::AngleBracketed(arguments) = &mut segment.arguments {
            arguments.colon2_token.get_or_insert_default();
        }
    }
    Some(Expr::Path(syn::ExprPath {
        attrs: Vec::new(),
        qself: None,
        path,
    }))
}

/// Whether an expression continues here, as in `self.audit` or `build()?`. Then the word before is not the name of a setting.
fn expression_continues(input: ParseStream<'_>) -> bool {
    input.peek(Token![.]) || input.peek(Token![?]) || input.peek(Token![|]) || input.peek(Token![!])
}

fn up_to_comma(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut trees = Vec::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        trees.push(input.parse::<proc_macro2::TokenTree>()?);
    }
    Ok(trees.into_iter().collect())
}

fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    up_to_comma(input).map(drop)
}
