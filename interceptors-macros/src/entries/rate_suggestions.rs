//! Suggestions for settings of `rate_limit` that exist in other libraries.

use syn::{Expr, Lit};

use crate::text::literals::literal;
use crate::text::metadata::wrong_metadata_key;
use crate::text::settings::{CombinedSettings, WrittenSetting};
use crate::text::source::source;
use crate::text::suggestions;

/// Suggestions for `"100/s"`, `limit = 10` and `per_second = 0.5`.
pub(super) fn suggest(name: Option<&str>, value: Option<&Expr>) -> Option<String> {
    let number = match value.and_then(literal) {
        Some(Lit::Int(number)) => number
            .base10_parse::<u64>()
            .ok()
            .filter(|number| *number > 0),
        _ => None,
    };
    match (name, value.and_then(literal)) {
        (None, Some(Lit::Str(text))) => {
            let rate = suggestions::rate_of_text(&text.value())?;
            Some(format!(
                "`rate_limit` takes its settings by name; write `rate_limit({rate})`"
            ))
        }
        (Some(name @ ("per_second" | "per_minute")), Some(Lit::Str(text))) => {
            let rate = suggestions::rate_of_text(&text.value())?;
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

/// The message for a wrong value of `key`.
pub(super) fn key_message(key: &Expr) -> String {
    let all = "`key` must be `identity` for each caller that `auth` verified, `peer` or `client_ip` for each address, or `metadata(\"x-api-key\")` for each value of a metadata key";
    match suggested_key(key) {
        Some(meant) => format!("{all}; did you mean `{meant}`?"),
        None => all.to_owned(),
    }
}

fn suggested_key(key: &Expr) -> Option<String> {
    let text = match literal(key) {
        Some(Lit::Str(text)) => Some(text.value()),
        Some(_) => return None,
        None => None,
    };
    let written = source(key);
    let word = text
        .as_deref()
        .unwrap_or_else(|| written.rsplit(['.', ':']).next().unwrap_or_default());
    let meant = match word {
        "client_ip" => Some("client_ip"),
        word if IDENTITIES.contains(&word) => Some("identity"),
        word if ADDRESSES.contains(&word) => Some("peer"),
        _ => None,
    };
    if let Some(meant) = meant {
        return Some(meant.to_owned());
    }
    let key = text.filter(|key| wrong_metadata_key(key).is_none() && !key.ends_with("-bin"))?;
    Some(format!("metadata(\"{key}\")"))
}

/// Names for the caller that `auth` has verified.
const IDENTITIES: &[&str] = &[
    "account",
    "auth",
    "authorization",
    "caller",
    "claims",
    "client",
    "client_id",
    "id",
    "identity",
    "principal",
    "session",
    "sub",
    "subject",
    "token",
    "user",
    "user_id",
    "username",
];

/// Names for the address of the caller.
const ADDRESSES: &[&str] = &[
    "addr",
    "address",
    "ip",
    "ip_address",
    "peer",
    "peer_addr",
    "peer_ip",
    "remote",
    "remote_addr",
    "remote_ip",
    "source_ip",
];

/// Names for the number of calls, if another setting is the time.
const COUNTS: &[&str] = &[
    "amount",
    "calls",
    "count",
    "limit",
    "limit_for_period",
    "max",
    "max_calls",
    "max_requests",
    "num",
    "number",
    "permits",
    "rate",
    "requests",
    "requests_per_unit",
    "times",
    "tokens",
];

/// Names for the time.
const WINDOWS: &[&str] = &[
    "duration",
    "every",
    "interval",
    "limit_refresh_period",
    "per",
    "period",
    "refresh",
    "time_window",
    "unit",
    "window",
    "within",
];

/// For `requests = 5, window = "1m"`, suggests `per_minute = 5`.
pub(super) fn suggest_for_several(given: &[WrittenSetting<'_>]) -> Option<CombinedSettings> {
    let find = |names: &[&str]| {
        given
            .iter()
            .position(|written| names.contains(&written.name.as_str()))
    };
    let (count, window) = (find(COUNTS)?, find(WINDOWS)?);
    let rate = rate(given[count].value?, given[window].value?);
    // `per = method` does not mean a time.
    if rate.is_none() && given[window].name == "per" {
        return None;
    }
    let write = rate.unwrap_or_else(|| "per_second = 100` or `per_minute = 100".to_owned());
    let (count_name, window_name) = (&given[count].name, &given[window].name);
    Some(CombinedSettings {
        places: vec![count, window],
        message: format!(
            "`{count_name}` and `{window_name}` are one setting here, for a second or a minute; write `{write}`"
        ),
    })
}

/// `per_minute = 30` for 5 calls in 10 seconds. A rate that is not a whole number per second is given per minute.
fn rate(count: &Expr, window: &Expr) -> Option<String> {
    let text = match literal(window) {
        Some(Lit::Str(text)) => text.value(),
        Some(_) => suggestions::time_named("secs", window)?,
        None => source(window),
    };
    let seconds = match text.trim().trim_end_matches('s').to_lowercase().as_str() {
        "second" | "sec" => 1.0,
        "minute" | "min" => 60.0,
        "hour" => 3600.0,
        "day" => 86400.0,
        _ => humantime::parse_duration(&suggestions::time_of_text(&text)?)
            .ok()?
            .as_secs_f64(),
    };
    let number = match literal(count) {
        Some(Lit::Int(number)) => number.base10_parse::<f64>().ok()?,
        Some(_) => return None,
        // The value of a constant is unknown, so it can only be used for one second or one minute.
        None if seconds == 1.0 => return Some(format!("per_second = {}", source(count))),
        None if seconds == 60.0 => return Some(format!("per_minute = {}", source(count))),
        None => return None,
    };
    let (by_second, by_minute) = (number / seconds, number * 60.0 / seconds);
    let is_by_second = seconds == 1.0 || seconds != 60.0 && by_second.fract() == 0.0;
    match is_by_second {
        true if by_second >= 1.0 => Some(format!("per_second = {by_second}")),
        _ => Some(format!("per_minute = {}", by_minute.floor().max(1.0))),
    }
}
