//! Guesses what a number, time or rate that does not parse was meant to be, for error messages.

use syn::{Expr, Lit};

use super::literals::literal;

/// `3` for `3.0`, `100` for `"100"`, `4096` for `"4KB"`.
pub(crate) fn whole_number(literal: &Lit) -> Option<String> {
    let text = match literal {
        Lit::Float(number) => number.token().to_string(),
        Lit::Int(number) => number.token().to_string(),
        Lit::Str(text) => text.value(),
        _ => return None,
    };
    let text = text.trim().replace(['_', ' '], "").to_lowercase();
    let end = text.find(|sign: char| !sign.is_ascii_digit() && sign != '.');
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let factor = match unit {
        "" => 1.0,
        "k" => 1e3,
        "m" => 1e6,
        "b" | "bytes" => 1.0,
        "kb" | "kib" => 1024.0,
        "mb" | "mib" => 1024.0 * 1024.0,
        _ => return None,
    };
    let number = number.parse::<f64>().ok()? * factor;
    let is_whole = number.fract() == 0.0 && (0.0..=1e15).contains(&number);
    is_whole.then(|| number.to_string())
}

/// `10s` for `10`, `500ms` for `500` and for `0.5`. A number without a unit usually means seconds; a large one, milliseconds.
pub(crate) fn time_of_number(text: &str) -> Option<String> {
    let number: f64 = text.trim().replace('_', "").parse().ok()?;
    if !(0.0 < number && number <= 1e9) {
        return None;
    }
    let is_seconds = number < 100.0;
    Some(match (number.fract() == 0.0, is_seconds) {
        (true, true) => format!("{number}s"),
        (true, false) => format!("{number}ms"),
        (false, true) => format!("{}ms", (number * 1000.0).round()),
        (false, false) => format!("{}ms", number.round()),
    })
}

/// `0.5` for `"50%"` and for `"0.5"`.
pub(crate) fn ratio_of_text(text: &str) -> Option<f64> {
    let text = text.trim();
    match text.strip_suffix('%') {
        Some(percent) => Some(percent.trim_end().parse::<f64>().ok()? / 100.0),
        None => text.parse().ok(),
    }
}

/// `10s` for `10`, `1h 30m` for `1h30`, `500ms` for `500 MS`, `1.5s` for `1,5s`, `2s` for `PT2S`.
pub(crate) fn time_of_text(text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches('.');
    if let Some(time) = time_of_number(text) {
        return Some(time);
    }
    let text = text.to_lowercase();
    // The comma of `1,5s` is a decimal point; that of `1,500ms` separates thousands.
    let text = match text.split_once(',') {
        Some((whole, part))
            if part.starts_with(|it: char| it.is_ascii_digit())
                && !part.get(..3).is_some_and(is_digits) =>
        {
            format!("{whole}.{part}")
        }
        Some((whole, part)) => format!("{whole}{part}"),
        None => text,
    };
    let text = text.strip_prefix("pt").unwrap_or(&text);
    let is_time =
        |text: &str| humantime::parse_duration(text).is_ok_and(|duration| !duration.is_zero());
    if is_time(text) {
        return Some(text.to_owned());
    }
    let (start, last_unit) = trailing_number(text)?;
    let unit = match last_unit {
        'd' => "h",
        'h' => "m",
        'm' => "s",
        's' => "ms",
        _ => return None,
    };
    let (before, number) = text.split_at(start);
    let time = format!("{} {number}{unit}", before.trim_end());
    is_time(&time).then_some(time)
}

/// `5s` for `secs = 5`, `2s` for `after = "2s"`.
pub(crate) fn time_named(name: &str, value: &Expr) -> Option<String> {
    let unit = match name {
        "ms" | "millis" => "ms",
        "sec" | "secs" | "seconds" | "in_seconds" => "s",
        "mins" | "minutes" => "m",
        _ => "",
    };
    match literal(value)? {
        Lit::Int(number) if !unit.is_empty() => Some(format!("{}{unit}", number.base10_digits())),
        Lit::Int(number) => time_of_number(number.base10_digits()),
        Lit::Float(number) if unit == "s" || unit.is_empty() => {
            time_of_number(number.base10_digits())
        }
        Lit::Str(text) => time_of_text(&text.value()),
        _ => None,
    }
}

/// `per_second = 100` for `100/s`, `per_minute = 16` for `1000 per hour`. There is no setting for longer periods.
pub(crate) fn rate_of_text(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let end = text.find(|digit: char| !digit.is_ascii_digit() && digit != '_')?;
    let (number, rest) = text.split_at(end);
    let number: u64 = number.replace('_', "").parse().ok()?;
    let rest = rest.trim_start();
    let words = ["requests", "calls", "req", "r"];
    let rest = words
        .iter()
        .find_map(|word| rest.strip_prefix(word))
        .unwrap_or(rest);
    let rest = rest.trim_start();
    let unit = rest
        .strip_prefix('/')
        .or_else(|| rest.strip_prefix("per"))?;
    let (setting, number) = match unit.trim_start_matches(['_', ' ']) {
        "s" | "sec" | "second" | "1s" => ("per_second", number),
        "m" | "min" | "minute" | "1m" => ("per_minute", number),
        "h" | "hr" | "hour" | "1h" => ("per_minute", number / 60),
        "d" | "day" | "1d" => ("per_minute", number / (24 * 60)),
        _ => return None,
    };
    Some(format!("{setting} = {}", number.max(1)))
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// If the text ends in a number: its start, and the unit letter before it. For `1h30`, this is `(2, 'h')`.
fn trailing_number(text: &str) -> Option<(usize, char)> {
    let before = text.trim_end_matches(|digit: char| digit.is_ascii_digit());
    let unit = before.trim_end().chars().last()?;
    (before.len() < text.len()).then_some((before.len(), unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_times() {
        let cases = [
            ("10", "10s"),
            ("0.5", "500ms"),
            ("500", "500ms"),
            ("1_500", "1500ms"),
        ];
        for (number, time) in cases {
            assert_eq!(time_of_number(number).as_deref(), Some(time), "{number}");
        }
        assert_eq!(time_of_number("0"), None);
        assert_eq!(time_of_number("-1"), None);
    }

    #[test]
    fn texts_become_times() {
        let cases = [
            ("10", "10s"),
            ("1h30", "1h 30m"),
            ("1m 30", "1m 30s"),
            ("2S", "2s"),
            ("1,5 sec", "1.5 sec"),
            ("1,500ms", "1500ms"),
            ("PT1M30S", "1m30s"),
            ("5 min.", "5 min"),
        ];
        for (text, time) in cases {
            assert_eq!(time_of_text(text).as_deref(), Some(time), "{text}");
        }
        for text in ["", "soon", "-1s", "5 sekonds", "0s", "1h30x"] {
            assert_eq!(time_of_text(text), None, "{text}");
        }
    }

    #[test]
    fn texts_become_rates() {
        let cases = [
            ("100/s", "per_second = 100"),
            ("100/min", "per_minute = 100"),
            ("1000/h", "per_minute = 16"),
            ("10 per second", "per_second = 10"),
            ("5 req/s", "per_second = 5"),
            ("10/day", "per_minute = 1"),
        ];
        for (text, rate) in cases {
            assert_eq!(rate_of_text(text).as_deref(), Some(rate), "{text}");
        }
        for text in ["", "100", "fast", "100/fortnight", "per second", "-1/s"] {
            assert_eq!(rate_of_text(text), None, "{text}");
        }
    }

    #[test]
    fn a_number_with_a_unit_becomes_a_time() {
        let time = |name: &str, value: &str| time_named(name, &syn::parse_str(value).unwrap());
        assert_eq!(time("ms", "100").as_deref(), Some("100ms"));
        assert_eq!(time("secs", "5").as_deref(), Some("5s"));
        assert_eq!(time("after", "\"2s\"").as_deref(), Some("2s"));
        assert_eq!(time("after", "LONG"), None);
    }

    #[test]
    fn a_text_becomes_a_ratio() {
        assert_eq!(ratio_of_text("50%"), Some(0.5));
        assert_eq!(ratio_of_text(" 0.2 "), Some(0.2));
        assert_eq!(ratio_of_text("half"), None);
    }

    #[test]
    fn a_text_becomes_a_whole_number() {
        let number = |literal: &str| whole_number(&syn::parse_str(literal).unwrap());
        assert_eq!(number("3.0").as_deref(), Some("3"));
        assert_eq!(number("\"100\"").as_deref(), Some("100"));
        assert_eq!(number("\"4KB\"").as_deref(), Some("4096"));
        assert_eq!(number("\"1.5 k\"").as_deref(), Some("1500"));
        assert_eq!(number("1k").as_deref(), Some("1000"));
        assert_eq!(number("2zorkmids"), None);
        assert_eq!(number("0.5"), None);
        assert_eq!(number("\"100/s\""), None);
    }
}
