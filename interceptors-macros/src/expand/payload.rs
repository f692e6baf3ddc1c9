//! What `payload` writes of a message.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use super::entries::Site;
use crate::entries::payload::{FieldPath, Fields as PayloadFields, Step};
use crate::text::span::at;

/// The messages of a method, as `payload` sees them: expressions of the type `payload::Messages`.
pub(crate) struct Messages {
    pub(crate) request: TokenStream,
    pub(crate) response: TokenStream,
}

/// Output, for `payload(redact = [request.password])`:
///
/// ```text
/// &payload::Payload::new(
///     __CONFIG_PAYLOAD_0,
///     RequestOf::<…>::MESSAGES.written(|__message, __content| {
///         let mut __copy = payload::copy(__message);
///         __copy.password = Default::default();
///         __content.value(&__copy);
///     }),
///     ResponseOf::<…>::MESSAGES.written(|__message, __content| __content.value(__message)),
/// )
/// ```
pub(super) fn payload(
    fields: &PayloadFields,
    config: &Ident,
    span: Span,
    site: &Site<'_>,
) -> TokenStream {
    let (request, response): (Vec<_>, Vec<_>) =
        fields.paths.iter().partition(|path| path.is_of_request());
    let Some(messages) = &site.messages else {
        unreachable!("a channel with `payload` is an error");
    };
    let written = |paths: &[&FieldPath], messages: &TokenStream| {
        let closure = match fields.are_shown {
            // Nothing is to be seen of them.
            true if paths.is_empty() => {
                return quote_spanned!(span=> __interceptors::payload::Unwritten);
            }
            true => shown(paths),
            false => redacted(paths, span),
        };
        quote_spanned!(span=> #messages.written(#closure))
    };
    let request = written(&request, &messages.request);
    let response = written(&response, &messages.response);
    quote_spanned! {span=> {
        #[allow(unused_imports)]
        use __interceptors::payload::{SingleRequest as _, SingleResponse as _};
        &__interceptors::payload::Payload::new(#config, #request, #response)
    }}
}

/// A copy of the message, in which each field is what it is in an empty one.
fn redacted(paths: &[&FieldPath], span: Span) -> TokenStream {
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
    let (place, step) = walk(place, steps);
    match step {
        None => {
            let span = last_field(steps);
            quote_spanned!(span=> #place = ::core::default::Default::default();)
        }
        Some((Through::Optional, span, rest)) => {
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
        Some((Through::Repeated, span, rest)) => {
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

/// Each path with its value.
fn shown(paths: &[&FieldPath]) -> TokenStream {
    let values = paths.iter().map(|path| {
        let text = &path.text;
        let start = Ident::new("__message", at(path.message.span()));
        let value = value(quote!(#start), &path.steps, 0);
        quote!(__content.path(#text); #value)
    });
    quote!(|__message, __content| { #(#values)* })
}

fn value(place: TokenStream, steps: &[Step], depth: usize) -> TokenStream {
    let (place, step) = walk(place, steps);
    match step {
        None => {
            let span = last_field(steps);
            let content = Ident::new("__content", span);
            quote_spanned!(span=> #content.value(&#place);)
        }
        Some((Through::Optional, span, rest)) => {
            let inner = inner(depth, span);
            let inside = value(quote!(#inner), rest, depth + 1);
            quote_spanned! {span=>
                match __interceptors::payload::Optional::value(&#place) {
                    ::core::option::Option::Some(#inner) => { #inside }
                    ::core::option::Option::None => __content.none(),
                }
            }
        }
        Some((Through::Repeated, span, rest)) => {
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

enum Through {
    Optional,
    Repeated,
}

type Rest<'a> = Option<(Through, Span, &'a [Step])>;

/// Accesses fields up to the next `?` or `[]`.
fn walk<'a>(mut place: TokenStream, steps: &'a [Step]) -> (TokenStream, Rest<'a>) {
    for (i, step) in steps.iter().enumerate() {
        let (through, span) = match step {
            Step::Field(name) => {
                let dot = quote_spanned!(at(name.span())=> .);
                place.extend(quote!(#dot #name));
                continue;
            }
            Step::Optional(span) => (Through::Optional, at(*span)),
            Step::Repeated(span) => (Through::Repeated, at(*span)),
        };
        return (place, Some((through, span, &steps[i + 1..])));
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
