//! Paths to fields of messages in `payload`, and the code that accesses the fields.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;

use crate::codes;
use crate::ctxt::Ctxt;
use crate::text::span::at;
use crate::text::tokens::is_punct;

/// `request.card?.number`, `response.items[].name`
pub(crate) struct FieldPath {
    pub(crate) message: Ident,
    pub(crate) steps: Vec<Step>,
    /// As it was written.
    pub(crate) text: String,
}

impl FieldPath {
    pub(crate) fn is_of_request(&self) -> bool {
        self.message == "request"
    }
}

pub(crate) enum Step {
    /// `.name`
    Field(Ident),
    /// `?`
    Optional(Span),
    /// `[]`
    Repeated(Span),
}

/// `[request.password, response.token]`
pub(super) fn field_paths(cx: &Ctxt, key: &Ident, list: &Group) -> Vec<FieldPath> {
    let trees: Vec<TokenTree> = list.stream().into_iter().collect();
    let mut paths: Vec<FieldPath> = Vec::new();
    if trees.is_empty() && key == "show" {
        cx.error_at(
            codes::EMPTY,
            list.span(),
            "`show` names no field, so nothing would be logged; name one, or take `payload` out",
        );
    }
    let mut elements: Vec<&[TokenTree]> = trees.split(|tree| is_punct(tree, ',')).collect();
    // Nothing follows a trailing comma, and an empty list has no elements.
    if elements.last().is_some_and(|last| last.is_empty()) {
        elements.pop();
    }
    let mut is_reported = false;
    for element in elements {
        // Several extra commas are one error.
        if element.is_empty() && std::mem::replace(&mut is_reported, true) {
            continue;
        }
        let Some(path) = cx.ok(field_path(element, list.span())) else {
            continue;
        };
        if paths.iter().any(|earlier| earlier.text == path.text) {
            cx.error_on(
                codes::DUPLICATE_VALUE,
                &path.message,
                format!("duplicate field `{}`; take one out", path.text),
            );
        }
        paths.push(path);
    }
    paths
}

fn field_path(trees: &[TokenTree], list: Span) -> syn::Result<FieldPath> {
    let Some((first, rest)) = trees.split_first() else {
        return Err(codes::FIELD_PATH.error(list, "a field is missing between two commas"));
    };
    let message = match first {
        TokenTree::Ident(name) if name == "request" || name == "response" => name.clone(),
        other => {
            let name = match other {
                TokenTree::Ident(name) => name.to_string(),
                TokenTree::Literal(text) => text.to_string().replace('"', ""),
                _ => String::new(),
            };
            let name = match syn::parse_str::<Ident>(&name) {
                Ok(name) => name.to_string(),
                Err(_) => "password".to_owned(),
            };
            return Err(codes::FIELD_PATH.error(
                other.span(),
                format!("a path begins with `request` or `response`: `request.{name}`"),
            ));
        }
    };
    let mut text = message.to_string();
    let mut steps = Vec::new();
    let mut last = first;
    let mut rest = rest.iter();
    while let Some(tree) = rest.next() {
        last = tree;
        let step = match tree {
            TokenTree::Punct(dot) if dot.as_char() == '.' => match rest.next() {
                Some(name @ TokenTree::Ident(_)) => {
                    last = name;
                    let name = syn::parse2::<Ident>(name.to_token_stream())?;
                    text.extend([".", &name.unraw().to_string()]);
                    Step::Field(name)
                }
                other => {
                    return Err(codes::FIELD_PATH.error(
                        other.map_or(dot.span(), TokenTree::span),
                        format!("the name of a field follows: `{text}.name`"),
                    ));
                }
            },
            TokenTree::Punct(mark) if mark.as_char() == '?' => {
                text.push('?');
                Step::Optional(mark.span())
            }
            TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
                if !group.stream().is_empty() {
                    return Err(codes::FIELD_PATH.error(
                        group.span(),
                        "`[]` stands for every element; write nothing in it",
                    ));
                }
                text.push_str("[]");
                Step::Repeated(group.span())
            }
            other => {
                return Err(codes::FIELD_PATH.error(
                    other.span(),
                    format!("expected a field (`{text}.name`), `?` or `[]`"),
                ));
            }
        };
        steps.push(step);
    }
    match steps.last() {
        Some(Step::Field(_)) => Ok(FieldPath {
            message,
            steps,
            text,
        }),
        Some(_) => Err(codes::FIELD_PATH.error(
            last.span(),
            "a path ends with a field; take this out to name the whole field",
        )),
        None => Err(codes::FIELD_PATH.error(
            last.span(),
            format!("the name of a field follows: `{text}.name`"),
        )),
    }
}

/// A closure that logs a copy of the message in which the listed fields have their default values.
pub(super) fn redacted(paths: &[&FieldPath], span: Span) -> TokenStream {
    if paths.is_empty() {
        return quote_spanned!(span=> |__message, __content| __content.value(__message));
    }
    let redactions = paths.iter().map(|path| {
        let start = Ident::new("__copy", at(path.message.span()));
        redaction(quote!(#start), &path.steps, 0)
    });
    quote_spanned! {span=> |__message, __content| {
        let mut __copy = __interceptors::payload::copy(__message);
        #(#redactions)*
        __content.value(&__copy);
    }}
}

fn redaction(place: TokenStream, steps: &[Step], depth: usize) -> TokenStream {
    let (place, step) = access_fields(place, steps);
    match step {
        None => {
            let span = last_field(steps);
            quote_spanned!(span=> #place = ::core::default::Default::default();)
        }
        Some((Wrapper::Optional, span, rest)) => {
            let inner = inner(depth, span);
            let inside = redaction(quote!(#inner), rest, depth + 1);
            quote_spanned! {span=>
                if let ::core::option::Option::Some(#inner) =
                    __interceptors::payload::Optional::value_mut(&mut #place)
                {
                    #inside
                }
            }
        }
        Some((Wrapper::Repeated, span, rest)) => {
            let inner = inner(depth, span);
            let inside = redaction(quote!(#inner), rest, depth + 1);
            quote_spanned! {span=>
                for #inner in __interceptors::payload::Repeated::elements_mut(&mut #place) {
                    #inside
                }
            }
        }
    }
}

/// A closure that logs each path with its value.
pub(super) fn shown(paths: &[&FieldPath]) -> TokenStream {
    let values = paths.iter().map(|path| {
        let text = &path.text;
        let start = Ident::new("__message", at(path.message.span()));
        let value = value(quote!(#start), &path.steps, 0);
        quote!(__content.path(#text); #value)
    });
    quote!(|__message, __content| { #(#values)* })
}

fn value(place: TokenStream, steps: &[Step], depth: usize) -> TokenStream {
    let (place, step) = access_fields(place, steps);
    match step {
        None => {
            let span = last_field(steps);
            let content = Ident::new("__content", span);
            quote_spanned!(span=> #content.value(&#place);)
        }
        Some((Wrapper::Optional, span, rest)) => {
            let inner = inner(depth, span);
            let inside = value(quote!(#inner), rest, depth + 1);
            quote_spanned! {span=>
                match __interceptors::payload::Optional::value(&#place) {
                    ::core::option::Option::Some(#inner) => { #inside }
                    ::core::option::Option::None => __content.none(),
                }
            }
        }
        Some((Wrapper::Repeated, span, rest)) => {
            let inner = inner(depth, span);
            let inside = value(quote!(#inner), rest, depth + 1);
            quote_spanned! {span=>
                __content.open();
                for #inner in __interceptors::payload::Repeated::elements(&#place) {
                    if !__content.element() {
                        break;
                    }
                    #inside
                }
                __content.close();
            }
        }
    }
}

enum Wrapper {
    Optional,
    Repeated,
}

type Rest<'a> = Option<(Wrapper, Span, &'a [Step])>;

/// Accesses fields up to the next `?` or `[]`.
fn access_fields<'a>(mut place: TokenStream, steps: &'a [Step]) -> (TokenStream, Rest<'a>) {
    for (i, step) in steps.iter().enumerate() {
        let (wrapper, span) = match step {
            Step::Field(name) => {
                let dot = quote_spanned!(at(name.span())=> .);
                place.extend(quote!(#dot #name));
                continue;
            }
            Step::Optional(span) => (Wrapper::Optional, at(*span)),
            Step::Repeated(span) => (Wrapper::Repeated, at(*span)),
        };
        return (place, Some((wrapper, span, &steps[i + 1..])));
    }
    (place, None)
}

fn last_field(steps: &[Step]) -> Span {
    match steps.last() {
        Some(Step::Field(name)) => at(name.span()),
        _ => Span::call_site(),
    }
}

fn inner(depth: usize, span: Span) -> Ident {
    let mut inner = format_ident!("__inner_{depth}");
    inner.set_span(span);
    inner
}
