use std::borrow::Cow;
use std::fmt;
use std::fmt::Write;

use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::super::Rate;
use super::Sharing;
use super::key::{KeyKind, KeyValue, push_hex};

/// Longer names of services and methods in requests are digested. Protobuf's own names are shorter.
const MAX_NAME: usize = 256;

/// The bucket from which a call takes a token: the limit, the service, the method and the key.
pub struct Bucket<'a> {
    id: String,
    pub(in crate::rate_limit) sharing: &'a Sharing,
    service: &'a str,
    method: &'a str,
    key: Option<(KeyKind, Cow<'a, str>)>,
    /// When the call stops waiting for the store.
    #[cfg(any(feature = "redis", feature = "envoy-rls"))]
    pub(in crate::rate_limit) until: Instant,
}

impl<'a> Bucket<'a> {
    pub(super) fn new(
        sharing: &'a Sharing,
        service: &'a str,
        method: &'a str,
        key: Option<KeyValue<'a>>,
        until: Instant,
    ) -> Self {
        #[cfg(not(any(feature = "redis", feature = "envoy-rls")))]
        let _ = until;
        Self {
            id: id(sharing, service, method, key.as_ref()),
            sharing,
            service,
            method,
            key: key.map(|key| (key.kind, text(key.text))),
            #[cfg(any(feature = "redis", feature = "envoy-rls"))]
            until,
        }
    }

    /// The ID of the bucket, which is the same in all processes: `user.v1.UserService:200/1s:50:x-api-key:` and 32 hexadecimal digits. The digits are
    /// a digest of the key, so the ID contains no secret.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The full name of the called service.
    #[must_use]
    pub fn service(&self) -> &str {
        self.service
    }

    /// The name of the called method.
    #[must_use]
    pub fn method(&self) -> &str {
        self.method
    }

    /// The kind of key and its value in plain text, which may be a secret: `("x-api-key", "…")`, `("peer", "192.0.2.7")`,
    /// `("peer", "2001:db8::/64")`, `("identity", "…")`. Calls without a value, and calls with several values, have the value `-`. `None` if the
    /// entry has no `key`.
    #[must_use]
    pub fn key(&self) -> Option<(&str, &str)> {
        let (kind, text) = self.key.as_ref()?;
        Some((kind.name(), text))
    }

    #[cfg(feature = "envoy-rls")]
    pub(in crate::rate_limit) fn kind_of_key(&self) -> Option<KeyKind> {
        self.key.as_ref().map(|(kind, _)| *kind)
    }

    /// The limit in the attribute. `None` if it has none; the store is then [`Configured`](super::Configured).
    #[must_use]
    pub fn limit(&self) -> Option<&Rate> {
        self.sharing.limit
    }
}

impl fmt::Debug for Bucket<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The key is left out because it may be a secret.
        f.debug_struct("Bucket")
            .field("id", &self.id)
            .field("service", &self.service)
            .field("method", &self.method)
            .field("limit", &self.limit())
            .finish_non_exhaustive()
    }
}

fn text(bytes: Cow<'_, [u8]>) -> Cow<'_, str> {
    match bytes {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Cow::Owned(text),
            Err(error) => Cow::Owned(String::from_utf8_lossy(error.as_bytes()).into_owned()),
        },
    }
}

fn id(sharing: &Sharing, service: &str, method: &str, key: Option<&KeyValue<'_>>) -> String {
    let mut id = String::with_capacity(96);
    match sharing.name {
        Some(name) => id.push_str(name),
        None => {
            push_name(&mut id, service);
            if sharing.is_of_method {
                id.push('/');
                push_name(&mut id, method);
            }
        }
    }
    if let Some(limit) = sharing.limit {
        let (calls, seconds, burst) = (limit.calls(), limit.period().as_secs(), limit.burst_size());
        let _ = write!(id, ":{calls}/{seconds}s:{burst}");
    }
    if let Some(key) = key {
        id.push(':');
        id.push_str(key.kind.name());
        id.push(':');
        match (key.is_digest, std::str::from_utf8(&key.text)) {
            (true, Ok(digest)) => id.push_str(digest),
            _ => push_hex(&mut id, &Sha256::digest(&key.text)),
        }
    }
    id
}

/// Appends a name that the caller chose. Braces would select the shard of a cluster, and long names would fill its
/// memory.
fn push_name(id: &mut String, name: &str) {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    match name {
        "" => id.push('-'),
        _ if name.len() <= MAX_NAME && name.bytes().all(is_fit) => id.push_str(name),
        _ => push_hex(id, &Sha256::digest(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate_limit::OnError;

    static LIMIT: Rate = Rate::per_second(200).burst(50);

    fn with_key(kind: KeyKind, text: &[u8]) -> KeyValue<'_> {
        KeyValue {
            kind,
            text: Cow::Borrowed(text),
            is_digest: false,
        }
    }

    #[test]
    fn ids_are_stable_across_processes() {
        let sharing = Sharing::new().limit(&LIMIT);
        let key = with_key(KeyKind::Metadata("x-api-key"), b"abc");
        let of = |sharing: &Sharing, key| id(sharing, "user.v1.UserService", "GetUser", key);
        assert_eq!(of(&sharing, None), "user.v1.UserService:200/1s:50");
        assert_eq!(
            of(&sharing, Some(&key)),
            // The beginning of what `printf abc | sha256sum` prints.
            "user.v1.UserService:200/1s:50:x-api-key:ba7816bf8f01cfea414140de5dae2223"
        );
        static SLOW: Rate = Rate::per_minute(60).burst(10);
        let on_method = Sharing::new().limit(&SLOW).of_method();
        let peer = with_key(KeyKind::Peer, b"192.0.2.7");
        assert_eq!(
            of(&on_method, Some(&peer)),
            "user.v1.UserService/GetUser:60/60s:10:peer:37dad677cf0b3997d0f5dd0d7889f84b"
        );
        let named = on_method.name("customers");
        assert_eq!(of(&named, None), "customers:60/60s:10");
        let configured = Sharing::new().on_error(OnError::Deny);
        assert_eq!(of(&configured, None), "user.v1.UserService");
    }

    #[test]
    fn callers_names_affect_neither_shard_nor_length() {
        let sharing = Sharing::new().limit(&LIMIT).of_method();
        let braces = id(&sharing, "a.{B}", "C", None);
        assert!(!braces.contains(['{', '}']), "{braces}");
        let long = id(&sharing, &"a".repeat(10_000), &"b".repeat(10_000), None);
        assert!(long.len() < 100, "{long}");
        assert_ne!(braces, id(&sharing, "a.{C}", "C", None));
        assert_eq!(id(&sharing, "", "", None), "-/-:200/1s:50");
    }

    #[test]
    fn debug_hides_the_key() {
        let sharing = Sharing::new().limit(&LIMIT);
        let key = with_key(KeyKind::Metadata("x-api-key"), b"s3cret");
        let bucket = Bucket::new(&sharing, "S", "M", Some(key), Instant::now());
        assert_eq!(bucket.key(), Some(("x-api-key", "s3cret")));
        assert!(!format!("{bucket:?}").contains("s3cret"));
    }
}
