use std::borrow::Cow;
use std::fmt;
use std::fmt::Write;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::super::key::{ByClientIp, ByMetadata, ByPeer, Everyone, warn_of_no_peer};
use crate::CallDetails;
use crate::kit::identity::{Identifies, Identity};

/// Determines which calls share a limit, in a form that all processes agree on.
pub trait BucketKey: Send + Sync {
    /// The common value of the calls that share a limit. `None` if all calls share it.
    fn of<'a>(&self, call: &'a CallDetails) -> Option<KeyValue<'a>>;
}

/// The common value of the calls in a bucket.
#[derive(Clone, Hash)]
pub struct KeyValue<'a> {
    pub(super) kind: KeyKind,
    pub(super) text: Cow<'a, [u8]>,
    /// The text is a digest, so it is not a secret.
    pub(super) is_digest: bool,
}

/// The kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::rate_limit) enum KeyKind {
    Peer,
    ClientIp,
    Identity,
    Metadata(&'static str),
}

impl KeyKind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Peer => "peer",
            Self::ClientIp => "client_ip",
            Self::Identity => "identity",
            Self::Metadata(name) => name,
        }
    }
}

/// The text for calls without a key, because Envoy's service rejects an empty one.
const NO_KEY: &str = "-";

impl<'a> KeyValue<'a> {
    fn new(kind: KeyKind, text: Option<Cow<'a, [u8]>>) -> Self {
        let text = text.filter(|text| !text.is_empty());
        Self {
            kind,
            text: text.unwrap_or(Cow::Borrowed(NO_KEY.as_bytes())),
            is_digest: false,
        }
    }
}

impl fmt::Debug for KeyValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The text is left out because it may be a secret, such as an API key.
        f.debug_tuple("KeyValue").field(&self.kind.name()).finish()
    }
}

impl BucketKey for Everyone {
    fn of<'a>(&self, _call: &'a CallDetails) -> Option<KeyValue<'a>> {
        None
    }
}

impl BucketKey for ByPeer {
    fn of<'a>(&self, call: &'a CallDetails) -> Option<KeyValue<'a>> {
        let peer = call.peer();
        if peer.is_none() {
            warn_of_no_peer(call);
        }
        let text = peer.map(|peer| match peer.ip().to_canonical() {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => {
                let network = Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX));
                format!("{network}/64")
            }
        });
        let text = text.map(|text| Cow::Owned(text.into_bytes()));
        Some(KeyValue::new(KeyKind::Peer, text))
    }
}

impl BucketKey for ByClientIp {
    fn of<'a>(&self, call: &'a CallDetails) -> Option<KeyValue<'a>> {
        let network = call.client_network();
        if network.is_none() {
            warn_of_no_peer(call);
        }
        let text = network.map(|(address, bits)| match address {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("{address}/{bits}"),
        });
        let text = text.map(|text| Cow::Owned(text.into_bytes()));
        Some(KeyValue::new(KeyKind::ClientIp, text))
    }
}

impl BucketKey for ByMetadata {
    fn of<'a>(&self, call: &'a CallDetails) -> Option<KeyValue<'a>> {
        let text = self.value(call).map(Cow::Borrowed);
        Some(KeyValue::new(KeyKind::Metadata(self.name()), text))
    }
}

/// An identity with a stable text, by which all processes count its calls.
///
/// Without this trait, `rate_limit(key = identity, store = …)` uses a digest of the identity's `Hash`, which is stable only within one build. So two
/// builds of a service, with different versions of the compiler or of the type, may give one caller two limits.
///
/// The text is digested before it becomes part of a bucket's ID, but Envoy's service gets the text itself.
///
/// ```
/// use std::borrow::Cow;
///
/// use interceptors::rate_limit::SharedKey;
///
/// #[derive(Clone)]
/// struct Customer {
///     number: u64,
///     roles: Vec<String>,
/// }
///
/// impl SharedKey for Customer {
///     fn shared_key(&self) -> Cow<'_, str> {
///         self.number.to_string().into()
///     }
/// }
/// ```
pub trait SharedKey {
    /// The text. Callers with the same text share a limit.
    fn shared_key(&self) -> Cow<'_, str>;
}

impl SharedKey for str {
    fn shared_key(&self) -> Cow<'_, str> {
        Cow::Borrowed(self)
    }
}

impl SharedKey for String {
    fn shared_key(&self) -> Cow<'_, str> {
        Cow::Borrowed(self)
    }
}

macro_rules! numbers {
    ($($number:ty)*) => {
        $(
            impl SharedKey for $number {
                fn shared_key(&self) -> Cow<'_, str> {
                    Cow::Owned(self.to_string())
                }
            }
        )*
    };
}

numbers!(u8 u16 u32 u64 u128 i8 i16 i32 i64 i128);

impl<T: SharedKey + ?Sized> SharedKey for &T {
    fn shared_key(&self) -> Cow<'_, str> {
        T::shared_key(self)
    }
}

impl<T: SharedKey + ?Sized> SharedKey for Arc<T> {
    fn shared_key(&self) -> Cow<'_, str> {
        T::shared_key(self)
    }
}

impl<T: SharedKey + ?Sized> SharedKey for Box<T> {
    fn shared_key(&self) -> Cow<'_, str> {
        T::shared_key(self)
    }
}

/// The identity of an `auth`. The attribute checks whether its type has a text.
#[doc(hidden)]
#[derive(Debug)]
pub struct IdentityOf<T>(PhantomData<fn(T)>);

impl<T: Clone + Send + Sync + 'static> IdentityOf<T> {
    /// The identity that this interceptor verifies.
    pub fn of_auth<A: Identifies<Identity = T>>(_: &impl Fn() -> A) -> Self {
        Self(PhantomData)
    }
}

/// The key for identities that have a text.
#[doc(hidden)]
#[derive(Debug)]
pub struct ByText<T>(PhantomData<fn(T)>);

/// The key for identities that have a hash.
#[doc(hidden)]
#[derive(Debug)]
pub struct ByHash<T>(fn(&T) -> String);

/// The same, before it is checked that there is a hash.
#[doc(hidden)]
#[derive(Debug)]
pub struct HashOf<T>(PhantomData<fn(T)>);

/// Preferred by method resolution, because its method takes one reference less.
#[doc(hidden)]
pub trait SharedByText {
    /// The key of the identity.
    type Key;

    /// See [`Self::Key`].
    fn key(&self) -> Self::Key;
}

impl<T: SharedKey> SharedByText for IdentityOf<T> {
    type Key = ByText<T>;

    fn key(&self) -> ByText<T> {
        ByText(PhantomData)
    }
}

/// The fallback for identities without a text.
#[doc(hidden)]
pub trait SharedByHash {
    /// The key of the identity.
    type Key;

    /// See [`Self::Key`].
    fn key(&self) -> Self::Key;
}

impl<T> SharedByHash for &IdentityOf<T> {
    type Key = HashOf<T>;

    fn key(&self) -> HashOf<T> {
        HashOf(PhantomData)
    }
}

impl<T> ByText<T> {
    /// See [`HashOf::checked`].
    #[must_use]
    pub const fn checked(self) -> Self {
        self
    }
}

impl<T> HashOf<T> {
    /// The compiler reports a missing hash here, and only here, so there is one error.
    #[must_use]
    pub fn checked(self) -> ByHash<T>
    where
        T: Hash,
    {
        ByHash(|identity| {
            let mut digest = DigestHasher(Sha256::new());
            identity.hash(&mut digest);
            hex(&digest.0.finalize())
        })
    }
}

impl<T: SharedKey + Clone + Send + Sync + 'static> BucketKey for ByText<T> {
    fn of<'a>(&self, call: &'a CallDetails) -> Option<KeyValue<'a>> {
        let identity = call.extensions().get::<Identity<T>>();
        let text = identity.map(|identity| match identity.0.shared_key() {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        });
        Some(KeyValue::new(KeyKind::Identity, text))
    }
}

impl<T: Clone + Send + Sync + 'static> BucketKey for ByHash<T> {
    fn of<'a>(&self, call: &'a CallDetails) -> Option<KeyValue<'a>> {
        let Some(identity) = call.extensions().get::<Identity<T>>() else {
            return Some(KeyValue::new(KeyKind::Identity, None));
        };
        let text = Cow::Owned((self.0)(&identity.0).into_bytes());
        Some(KeyValue {
            is_digest: true,
            ..KeyValue::new(KeyKind::Identity, Some(text))
        })
    }
}

/// Hashes a value with a digest that is the same in every process.
struct DigestHasher(Sha256);

impl Hasher for DigestHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest = self.0.clone().finalize();
        digest
            .iter()
            .take(8)
            .fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

/// The first 128 bits as 32 hexadecimal digits.
pub(super) fn hex(digest: &[u8]) -> String {
    let mut text = String::with_capacity(32);
    push_hex(&mut text, digest);
    text
}

pub(super) fn push_hex(text: &mut String, digest: &[u8]) {
    for byte in digest.iter().take(16) {
        let _ = write!(text, "{byte:02x}");
    }
}
