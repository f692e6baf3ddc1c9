//! What was meant by a number or a time that cannot be read.

use syn::Lit;

/// `3` for `3.0`, `100` for `"100"`.
pub(crate) fn whole_number(literal: &Lit) -> Option<String> {
    let text = match literal {
        Lit::Float(number) => number.base10_digits().to_owned(),
        Lit::Str(text) => text.value().trim().to_owned(),
        _ => return None,
    };
    let number: f64 = text.parse().ok()?;
    let is_whole = number.fract() == 0.0 && (0.0..=1e15).contains(&number);
    is_whole.then(|| number.to_string())
}

/// `10s` for `10`, `500ms` for `500` and for `0.5`: who leaves the unit out means seconds, or milliseconds of large numbers.
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

/// `10s` for `10`, `1h 30m` for `1h30`, `500ms` for `500 MS`.
pub(crate) fn time_of_text(text: &str) -> Option<String> {
    let text = text.trim();
    if let Some(time) = time_of_number(text) {
        return Some(time);
    }
    let text = text.to_lowercase();
    let is_time =
        |text: &str| humantime::parse_duration(text).is_ok_and(|duration| !duration.is_zero());
    if is_time(&text) {
        return Some(text);
    }
    let (start, last_unit) = trailing_number(&text)?;
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

/// Where the number begins that ends a text, and the unit before it.
fn trailing_number(text: &str) -> Option<(usize, char)> {
    let before = text.trim_end_matches(|digit: char| digit.is_ascii_digit());
    let unit = before.trim_end().chars().last()?;
    (before.len() < text.len()).then_some((before.len(), unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_becomes_a_time() {
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
    fn a_text_becomes_a_time() {
        let cases = [
            ("10", "10s"),
            ("1h30", "1h 30m"),
            ("1m 30", "1m 30s"),
            ("2S", "2s"),
        ];
        for (text, time) in cases {
            assert_eq!(time_of_text(text).as_deref(), Some(time), "{text}");
        }
        for text in ["", "soon", "-1s", "5 sekonds", "0s", "1h30x"] {
            assert_eq!(time_of_text(text), None, "{text}");
        }
    }

    #[test]
    fn a_text_becomes_a_whole_number() {
        let number = |literal: &str| whole_number(&syn::parse_str(literal).unwrap());
        assert_eq!(number("3.0").as_deref(), Some("3"));
        assert_eq!(number("\"100\"").as_deref(), Some("100"));
        assert_eq!(number("0.5"), None);
        assert_eq!(number("\"100/s\""), None);
    }
}
