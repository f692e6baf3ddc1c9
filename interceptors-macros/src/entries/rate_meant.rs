//! What was meant by settings of `rate_limit` that there are elsewhere.

use syn::{Expr, Lit};

use crate::text::cures;
use crate::text::literals::literal;

/// What was meant by `"100/s"`, `limit = 10` and `per_second = 0.5`.
pub(super) fn meant(name: Option<&str>, value: Option<&Expr>) -> Option<String> {
    let number = match value.and_then(literal) {
        Some(Lit::Int(number)) => number
            .base10_parse::<u64>()
            .ok()
            .filter(|number| *number > 0),
        _ => None,
    };
    match (name, value.and_then(literal)) {
        (None, Some(Lit::Str(text))) => {
            let rate = cures::rate_of_text(&text.value())?;
            Some(format!(
                "`rate_limit` takes its settings by name; write `rate_limit({rate})`"
            ))
        }
        (Some(name @ ("per_second" | "per_minute")), Some(Lit::Str(text))) => {
            let rate = cures::rate_of_text(&text.value())?;
            Some(format!("`{name}` must be a whole number; write `{rate}`"))
        }
        (Some(name @ "per_second"), Some(Lit::Float(number))) => {
            let number: f64 = number.base10_parse().ok()?;
            let by_minute = (number * 60.0).round();
            let is_part = number.fract() != 0.0 && (1.0..=1e15).contains(&by_minute);
            is_part.then(|| {
                format!("`{name}` must be a whole number; write `per_minute = {by_minute}`")
            })
        }
        (Some(name @ "limit"), _) => {
            number.map(|number| format!("unknown setting `{name}`; write `per_second = {number}`"))
        }
        (Some(name @ ("per_hour" | "per_day")), _) => {
            let minutes = if name == "per_hour" { 60 } else { 24 * 60 };
            let number = number?;
            Some(match number / minutes {
                0 => format!(
                    "unknown setting `{name}`; a limit is for a second or a minute, so the lowest is `per_minute = 1`"
                ),
                number => format!(
                    "unknown setting `{name}`; a limit is for a second or a minute; write `per_minute = {number}`"
                ),
            })
        }
        (Some(name @ ("window" | "interval" | "period" | "every" | "duration")), _) => {
            Some(format!(
                "unknown setting `{name}`; a limit is for a second or a minute: `per_second = 100` or `per_minute = 100`"
            ))
        }
        _ => None,
    }
}
