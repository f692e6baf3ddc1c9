//! Metadata that is usually secret, in either direction.

use http::HeaderMap;

use super::text::same;

const SECRETS: [&str; 4] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "x-api-key",
];

/// Whether the values of this key are usually secret.
pub const fn is_of_secrets(key: &str) -> bool {
    let mut i = 0;
    while i < SECRETS.len() {
        if same(key, SECRETS[i]) {
            return true;
        }
        i += 1;
    }
    false
}

/// Marks values that are usually secret, and all values of `key`.
pub(crate) fn hide(headers: &mut HeaderMap, key: Option<&str>) {
    // A scan of the few headers takes less time than a lookup of each possible key.
    for (name, value) in headers.iter_mut() {
        let name = name.as_str();
        if is_of_secrets(name) || Some(name) == key {
            value.set_sensitive(true);
        }
    }
}
