use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Expr, Lit, LitStr, Token};

use super::entry::{Entry, Listed, ValueContext};
use super::reader::Reader;
use super::row::{Places, Positional, Row, Start, enabled_by};
use crate::codes;
use crate::text::args::parse_value;
use crate::text::metadata::{base64, wrong_metadata_key, wrong_metadata_value};
use crate::text::span::at;
use crate::text::tokens::{is_place_of_self, ungroup_expr};

pub(crate) static ROW: Row = Row {
    name: "metadata",
    aliases: &["headers", "header", "set_header", "add_header"],
    feature: enabled_by!("metadata"),
    places: Places::CLIENTS,
    doc: "sends metadata with each call",
    module: "metadata",
    interceptor: "Metadata",
    start: Start::Nothing,
    example: "metadata(\"x-trace-id\" = trace_id())",
    positional: Positional::Own,
    runs_user_code: true,
    ..Row::DEFAULT
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

    /// A constant, if the value is a literal.
    fn constant(&self) -> Option<TokenStream> {
        let mut value = &self.value;
        // A macro puts its fragments into invisible groups.
        while let Expr::Group(group) = value {
            value = &group.expr;
        }
        let Expr::Lit(value) = value else {
            return None;
        };
        let value = match (self.is_binary(), &value.lit) {
            (false, Lit::Str(text)) => text.clone(),
            (true, Lit::ByteStr(bytes)) => LitStr::new(&base64(&bytes.value()), bytes.span()),
            _ => return None,
        };
        let key = &self.key;
        Some(quote!(__interceptors::metadata::Constant::new(#key, #value)))
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
        cx.error_on(codes::METADATA_KEY, &key, message);
        return None;
    }
    let nothing_else = rest.is_empty();
    let mut reading = reader.read(rest)?;
    if pairs.is_empty() && nothing_else {
        cx.error_on(
            codes::MISSING_SETTING,
            &reader.name,
            "`metadata` needs a key and its value: `metadata(\"x-trace-id\" = trace_id())`",
        );
    }
    let mut seen: Vec<String> = Vec::new();
    for pair in &pairs {
        let key = pair.key.value();
        if let Some(wrong) = wrong_metadata_key(&key) {
            cx.error_on(codes::METADATA_KEY, &pair.key, wrong);
        } else if seen.contains(&key) {
            let message = format!("duplicate metadata key `{key}`; take one out");
            cx.error_on(codes::DUPLICATE_VALUE, &pair.key, message);
        } else if let Some(wrong) = wrong_metadata_value(pair.is_binary(), &pair.value) {
            cx.error_on(codes::METADATA_VALUE, &pair.value, wrong);
        }
        seen.push(key);
    }
    reading.shown.push(("keys".to_owned(), seen.join(",")));
    Some(reading.listed(Metadata(pairs)))
}

/// The key of `x_trace = "a"`, which should be a string.
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

/// Reads `"key" = expr, …`, and returns the tokens after the last pair.
fn parse_pairs(tokens: TokenStream) -> syn::Result<(Vec<Pair>, TokenStream)> {
    let parser = |input: ParseStream<'_>| {
        let mut pairs = Vec::new();
        while input.peek(LitStr) {
            let key: LitStr = input.parse()?;
            if !input.peek(Token![=]) {
                let message = format!("`{0}` needs a value: `{0} = …`", key.token());
                return Err(codes::NO_VALUE.error(key.span(), message));
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
    /// metadata("x-trace-id" = trace_id(), "x-client" = "shop")
    /// ```
    ///
    /// Output:
    ///
    /// ```text
    /// &Metadata::new(|| async move {
    ///     Ok([
    ///         { static __KEY: Key = Key::new("x-trace-id"); Pair::ascii(&__KEY, trace_id())? },
    ///         { static __CONSTANT: Constant = Constant::new("x-client", "shop"); Pair::constant(&__CONSTANT) },
    ///     ])
    /// })
    /// ```
    ///
    /// A constant such as `TENANT` becomes `Pair::named(&__KEY, &__MADE, TENANT)?`, with a static that keeps the value.
    /// If all values are literals, the output is `&Constants(…)`, which awaits nothing.
    fn value(&self, context: &ValueContext<'_>) -> TokenStream {
        let constants: Option<Vec<_>> = self.0.iter().map(Pair::constant).collect();
        if let Some(constants) = constants {
            let interceptor = context.place.interceptor(ROW.module, "Constants");
            let number = constants.len();
            return quote! {
                &#interceptor({
                    static __CONSTANTS: [__interceptors::metadata::Constant; #number] = [#(#constants),*];
                    &__CONSTANTS
                })
            };
        }
        let interceptor = context.place.interceptor(ROW.module, ROW.interceptor);
        let pairs = self.0.iter().map(|pair| {
            if let Some(constant) = pair.constant() {
                return quote!({
                    static __CONSTANT: __interceptors::metadata::Constant = #constant;
                    __interceptors::metadata::Pair::constant(&__CONSTANT)
                });
            }
            let (key, value) = (&pair.key, context.scope.with_self(&pair.value));
            let span = at(pair.value.span());
            let value = match is_moved_out_of_self(&pair.value) {
                true => quote_spanned!(span=> __interceptors::metadata::copied(&(#value))),
                false => value.to_token_stream(),
            };
            let is_named = !pair.is_binary() && is_in_capitals(&pair.value);
            let once = is_named.then(|| {
                quote!(static __MADE: __interceptors::metadata::Made = __interceptors::metadata::Made::new();)
            });
            let given = is_named.then(|| quote!(&__MADE,));
            let made = match (is_named, pair.is_binary()) {
                (true, _) => "named",
                (false, true) => "binary",
                (false, false) => "ascii",
            };
            let made = Ident::new(made, span);
            let made = quote_spanned!(span=> __interceptors::metadata::Pair::#made(&__KEY, #given #value)?);
            quote!({
                static __KEY: __interceptors::metadata::Key = __interceptors::metadata::Key::new(#key);
                #once
                #made
            })
        });
        quote! {
            &#interceptor::new(|| async move {
                ::core::result::Result::Ok::<_, __interceptors::tonic::Status>([#(#pairs),*])
            })
        }
    }
}

/// Whether a value is a place such as `self.name`. It cannot be moved out of `self`, so generated code copies it from a reference.
fn is_moved_out_of_self(value: &Expr) -> bool {
    is_place_of_self(value) && !matches!(ungroup_expr(value), Expr::Reference(_))
}

/// Whether a value looks like a constant: a name in capitals.
fn is_in_capitals(value: &Expr) -> bool {
    let Expr::Path(path) = value else {
        return false;
    };
    path.path.segments.last().is_some_and(|name| {
        let name = name.ident.to_string();
        name.len() > 1 && !name.contains(|c: char| c.is_lowercase())
    })
}
