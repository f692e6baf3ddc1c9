//! Metadata that is a secret, whoever sends it.

use http::HeaderMap;

use super::text::same;

const SECRETS: [&str; 4] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "x-api-key",
];

/// Whether what stands there is usually a secret.
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

/// Marks what is usually a secret, and all values of a key.
pub(crate) fn hide(headers: &mut HeaderMap, key: Option<&str>) {
    // To look at the few that there are takes less long than to look up each that there could be.
    for (name, value) in headers.iter_mut() {
        let name = name.as_str();
        if is_of_secrets(name) || Some(name) == key {
            value.set_sensitive(true);
        }
    }
}
