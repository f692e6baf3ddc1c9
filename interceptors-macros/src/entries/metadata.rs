use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Expr, LitStr, Token};

use super::entry::{Entry, Listed, Spot};
use super::reader::Reader;
use super::row::{Places, Positional, Row, Start, enabled_by};
use crate::text::args::parse_value;
use crate::text::metadata::{wrong_metadata_key, wrong_metadata_value};
use crate::text::span::at;

pub(crate) static ROW: Row = Row {
    name: "metadata",
    also_called: &["headers", "header"],
    feature: enabled_by!("metadata"),
    places: Places::CLIENTS,
    says: "sends metadata with each call",
    module: "metadata",
    interceptor: "Metadata",
    start: Start::Nothing,
    example: "metadata(\"x-trace-id\" = trace_id())",
    positional: Positional::Own,
    runs_users_code: true,
    ..Row::USUAL
};

struct Metadata(Vec<Pair>);

/// `"key" = expr`
struct Pair {
    key: LitStr,
    value: Expr,
}

impl Pair {
    fn is_binary(&self) -> bool {
        self.key.value().ends_with("-bin")
    }
}

/// `metadata("key" = expr, …)`
pub(crate) fn read(reader: &Reader<'_>, tokens: TokenStream) -> Option<Listed> {
    let cx = reader.cx;
    let (pairs, rest) = cx.ok(parse_pairs(tokens))?;
    if let Some(key) = unquoted_key(rest.clone()) {
        let message = format!(
            "keys are strings: `\"{}\" = …`",
            key.to_string().replace('_', "-")
        );
        cx.error_on(&key, message);
        return None;
    }
    let nothing_else = rest.is_empty();
    let mut reading = reader.read(rest)?;
    if pairs.is_empty() && nothing_else {
        cx.error_on(
            &reader.name,
            "`metadata` needs a key and its value: `metadata(\"x-trace-id\" = trace_id())`",
        );
    }
    let mut seen: Vec<String> = Vec::new();
    for pair in &pairs {
        let key = pair.key.value();
        if let Some(wrong) = wrong_metadata_key(&key) {
            cx.error_on(&pair.key, wrong);
        } else if seen.contains(&key) {
            let message = format!("duplicate metadata key `{key}`; take one out");
            cx.error_on(&pair.key, message);
        } else if let Some(wrong) = wrong_metadata_value(pair.is_binary(), &pair.value) {
            cx.error_on(&pair.value, wrong);
        }
        seen.push(key);
    }
    reading.shown.push(("keys".to_owned(), seen.join(",")));
    Some(reading.listed(Metadata(pairs)))
}

/// `x_trace = "a"`, where a string should stand.
fn unquoted_key(rest: TokenStream) -> Option<Ident> {
    let mut rest = rest.into_iter();
    match (rest.next(), rest.next()) {
        (Some(TokenTree::Ident(key)), Some(TokenTree::Punct(eq)))
            if eq.as_char() == '=' && key != "only" && key != "except" =>
        {
            Some(key)
        }
        _ => None,
    }
}

/// Reads `"key" = expr, …`; what has no key comes back.
fn parse_pairs(tokens: TokenStream) -> syn::Result<(Vec<Pair>, TokenStream)> {
    let parser = |input: ParseStream<'_>| {
        let mut pairs = Vec::new();
        while input.peek(LitStr) {
            let key: LitStr = input.parse()?;
            if !input.peek(Token![=]) {
                let message = format!("`{0}` needs a value: `{0} = …`", key.token());
                return Err(syn::Error::new(key.span(), message));
            }
            input.parse::<Token![=]>()?;
            let value = parse_value(input, &key.token().to_string(), key.span())?;
            pairs.push(Pair { key, value });
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok((pairs, input.parse::<TokenStream>()?))
    };
    parser.parse2(tokens)
}

impl Entry for Metadata {
    fn expressions(&self) -> Vec<&Expr> {
        self.0.iter().map(|pair| &pair.value).collect()
    }

    /// Input:
    ///
    /// ```text
    /// metadata("x-trace-id" = trace_id(), "x-key-bin" = self.key().await?)
    /// ```
    ///
    /// Output:
    ///
    /// ```text
    /// &Metadata::new(|| async move {
    ///     let mut __values = Values::new();
    ///     __values.ascii("x-trace-id", trace_id())?;
    ///     __values.binary("x-key-bin", self.key().await?)?;
    ///     Ok(__values)
    /// })
    /// ```
    fn value(&self, spot: &Spot<'_>) -> TokenStream {
        let interceptor = spot.place.interceptor(ROW.module, ROW.interceptor);
        let values = self.0.iter().map(|pair| {
            let (key, value) = (&pair.key, spot.site.with_self(&pair.value));
            let span = at(pair.value.span());
            let add = Ident::new(if pair.is_binary() { "binary" } else { "ascii" }, span);
            quote_spanned!(span=> __values.#add(#key, #value)?;)
        });
        quote! {
            &#interceptor::new(|| async move {
                let mut __values = __interceptors::metadata::Values::new();
                #(#values)*
                ::core::result::Result::Ok::<_, __interceptors::tonic::Status>(__values)
            })
        }
    }
}
