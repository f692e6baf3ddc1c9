//! The expiry of a token. The user's claims need not have `exp`.

use std::time::{Duration, SystemTime};

use jsonwebtoken::dangerous::insecure_decode_claims;
use serde::Deserialize;

#[derive(Deserialize)]
struct Expires {
    exp: Option<f64>,
}

/// The `exp` of a verified token, plus the leeway. `Ok(None)` if it has none, or one that is too far in the future to
/// represent.
pub(super) fn of_verified(
    token: &str,
    leeway: Duration,
) -> Result<Option<SystemTime>, &'static str> {
    let Expires { exp } =
        insecure_decode_claims(token).map_err(|_| "its `exp` cannot be read again")?;
    let since = exp.and_then(|exp| Duration::try_from_secs_f64(exp).ok());
    let until = since.and_then(|since| since.checked_add(leeway));
    Ok(until.and_then(|until| SystemTime::UNIX_EPOCH.checked_add(until)))
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;

    use super::*;

    fn of(claims: &str) -> Result<Option<SystemTime>, &'static str> {
        let claims = BASE64_URL_SAFE_NO_PAD.encode(claims);
        of_verified(&format!("e30.{claims}.c2ln"), Duration::from_secs(60))
    }

    #[test]
    fn leeway_is_added_to_exp() {
        let at = |secs| Ok(Some(SystemTime::UNIX_EPOCH + Duration::from_secs_f64(secs)));
        assert_eq!(of(r#"{"sub":"ann","exp":1000}"#), at(1060.0));
        assert_eq!(of(r#"{"exp":1000.5}"#), at(1060.5));
        assert_eq!(of(r#"{"exp":0}"#), at(60.0));
    }

    #[test]
    fn token_without_exp_never_expires() {
        for never in [
            "{}",
            r#"{"exp":null}"#,
            r#"{"exp":1e30}"#,
            r#"{"exp":18446744073709551615}"#,
        ] {
            assert_eq!(of(never), Ok(None), "{never}");
        }
    }

    #[test]
    fn unreadable_claims_are_an_error() {
        for wrong in ["", "[]", r#"{"exp":"1000"}"#, r#"{"exp":1,"exp":2}"#] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}
