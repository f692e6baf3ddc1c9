//! Reads `throttle(tokens, ratio)` of `retry` and `hedge`. If both have a throttle, they share it.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, Lit};

use super::entry::Listed;
use super::reader::{Reader, Reading};
use super::row::{Setting, Value};
use super::throttle::Throttle;
use crate::codes;
use crate::ctxt::Ctxt;
use crate::text::literals::{is_negative, literal};
use crate::text::settings::Settings;
use crate::text::span::at;
use crate::text::summary::summary;

/// The settings in its parentheses.
pub(super) const PARTS: &[Setting] = &[TOKENS, RATIO];

const TOKENS: Setting = Setting {
    name: "tokens",
    value: Value::Integer(1, 1000),
    doc: "how many tokens there are at most, and at the start; a failed attempt takes one",
    ..Setting::DEFAULT
};

const RATIO: Setting = Setting {
    name: "ratio",
    value: Value::Float(|x| (x < 0.001).then_some("must be at least 0.001")),
    doc: "fraction of a token that a successful call returns",
    ..Setting::DEFAULT
};

/// Reads the setting, if there is one. Returns `Err` after an error.
pub(crate) fn read(reader: &Reader<'_>, reading: &mut Reading) -> Result<Option<Throttle>, ()> {
    let example = "throttle(tokens = 10, ratio = 0.1)";
    let Some((key, tokens)) = reading.settings.list("throttle", example) else {
        return Ok(None);
    };
    let throttle = read_parts(reader, key, tokens).ok_or(())?;
    let shown = ("throttle".to_owned(), throttle.shown.clone());
    reading.shown.push(shown);
    Ok(Some(throttle))
}

/// Input: `tokens = 10, ratio = 0.1`
fn read_parts(reader: &Reader<'_>, key: Ident, tokens: TokenStream) -> Option<Throttle> {
    let parts = [TOKENS, RATIO];
    let mut settings = Settings::parts(reader.cx, tokens, &key, &parts.map(|part| part.name));
    let [Some(tokens), Some(ratio)] = parts.map(|part| settings.expr(part.name)) else {
        if settings.is_complete {
            let message = "`throttle` needs both: `throttle(tokens = 10, ratio = 0.1)`";
            reader.cx.error_on(codes::MISSING_SETTING, &key, message);
        }
        return None;
    };
    let shown = |expr: &Expr| match literal(expr) {
        Some(_) => expr.to_token_stream().to_string().replace(' ', ""),
        None => summary(expr),
    };
    let both = format!("{}/{}", shown(&tokens.1), shown(&ratio.1));
    let written = format!(
        "throttle(tokens = {}, ratio = {})",
        tokens.1.to_token_stream(),
        ratio.1.to_token_stream()
    );
    let comparison_key = [comparison_key(&tokens.1), comparison_key(&ratio.1)];
    let module = format_ident!("{}", reader.row.module);
    let legal = |part: &Setting, (key, expr): &(Ident, Expr)| {
        let value = reader.value(part, key, expr)?;
        let span = at(expr.span());
        let legal = Ident::new(&format!("legal_{}", part.name), span);
        Some(quote_spanned!(span=> __interceptors::#module::Throttle::#legal(#value)))
    };
    let (tokens, ratio) = (legal(&TOKENS, &tokens), legal(&RATIO, &ratio));
    let (tokens, ratio) = (tokens?, ratio?);
    let value = quote_spanned! {at(key.span())=>
        __interceptors::#module::Throttle::new(#tokens, #ratio)
    };
    Some(Throttle {
        key,
        module: reader.row.module,
        value,
        shown: both,
        written,
        comparison_key,
        owner: None,
    })
}

/// A number is compared by its value, anything else by its tokens. The text of the plan cannot be used, because it leaves arguments out.
fn comparison_key(expr: &Expr) -> String {
    let number = match literal(expr) {
        Some(Lit::Int(number)) => number.base10_parse::<f64>().ok(),
        Some(Lit::Float(number)) => number.base10_parse::<f64>().ok(),
        _ => None,
    };
    match number {
        Some(number) if !is_negative(expr) => number.to_string(),
        _ => expr.to_token_stream().to_string(),
    }
}

/// Gives `hedge` the throttle of `retry`, if both have one. In gRFC A6, a client has one throttle per server.
pub(crate) fn share(cx: &Ctxt, entries: &mut [Listed]) {
    let of = |listed: &Listed| Some((listed.entry.throttle()?.module, listed.name.clone()));
    let mut all = entries.iter().enumerate();
    let owner = all.find_map(|(i, listed)| {
        of(listed)
            .filter(|(module, _)| *module == "retry")
            .map(|(_, name)| (name, i))
    });
    let Some((name, i)) = owner else {
        return;
    };
    let Some(owner) = entries[i].entry.throttle() else {
        return;
    };
    let (written, comparison_key) = (owner.written.clone(), owner.comparison_key.clone());
    let shared = format!("{} of {name}", owner.shown);
    for listed in entries {
        let Some(throttle) = listed.entry.throttle_mut() else {
            continue;
        };
        if throttle.module == "retry" {
            continue;
        }
        if throttle.comparison_key != comparison_key {
            let message =
                format!("`retry` and `hedge` share one throttle; write `{written}` in both");
            cx.error_on(codes::TWO_THROTTLES, &throttle.key, message);
        }
        throttle.owner = Some((name.clone(), i));
        for (setting, shown) in &mut listed.shown {
            if setting == "throttle" {
                shown.clone_from(&shared);
            }
        }
    }
}
