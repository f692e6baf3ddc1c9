//! `throttle(tokens, ratio)` of `retry` and of `hedge`, as it is written. Where both have one it is the same.

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

/// What stands in the parentheses.
pub(super) const PARTS: &[Setting] = &[TOKENS, RATIO];

const TOKENS: Setting = Setting {
    name: "tokens",
    value: Value::Integer(1, 1000),
    says: "how many tokens there are at first, and at most; a failed attempt takes one",
    ..Setting::USUAL
};

const RATIO: Setting = Setting {
    name: "ratio",
    value: Value::Float(|x| (x < 0.001).then_some("must be at least 0.001")),
    says: "what part of a token a call that succeeds gives back",
    ..Setting::USUAL
};

/// The setting, if there is one. `Err` where it cannot be read.
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
    let compared = [compared(&tokens.1), compared(&ratio.1)];
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
        compared,
        owner: None,
    })
}

/// A number by its value, anything else by its tokens. The plan's text leaves arguments out, so it does not do.
fn compared(expr: &Expr) -> String {
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

/// Gives `hedge` the throttle of `retry`, if both have one: gRFC A6 has one for a server.
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
    let (written, compared) = (owner.written.clone(), owner.compared.clone());
    let shared = format!("{} of {name}", owner.shown);
    for listed in entries {
        let Some(throttle) = listed.entry.throttle_mut() else {
            continue;
        };
        if throttle.module == "retry" {
            continue;
        }
        if throttle.compared != compared {
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
