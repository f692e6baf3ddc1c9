//! The ID of a call, for the code that uses it. `request_id` gives it.

use std::fmt;
use std::sync::Arc;

use http::HeaderValue;
use tonic::Request;

/// The ID of a call: visible ASCII of bounded length. A clone does not copy the text.
///
/// ```
/// use interceptors::request_id::RequestId;
/// use tonic::{Request, Response, Status};
///
/// async fn get_user(request: Request<()>) -> Result<Response<String>, Status> {
///     let id = RequestId::of(&request).map(RequestId::as_str);
///     Ok(Response::new(id.unwrap_or("none").to_owned()))
/// }
/// # let _ = get_user(Request::new(()));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct RequestId(Arc<Named>);

#[derive(Clone)]
struct Named {
    value: HeaderValue,
    /// The metadata key that returns the ID to the caller in every response. It is stored here because calls are moved
    /// and this is not.
    header: Option<&'static str>,
}

/// The metadata key does not matter for equality.
impl PartialEq for Named {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Eq for Named {}

impl RequestId {
    /// The upper limit of the setting `max_length`, in bytes.
    pub const MAX_LENGTH: usize = 1024;

    /// An ID with this text. `None` if the text is empty, longer than [`MAX_LENGTH`](Self::MAX_LENGTH) (1024 bytes), or not visible ASCII.
    ///
    /// ```
    /// use interceptors::request_id::RequestId;
    ///
    /// assert_eq!(RequestId::new("job-17").unwrap().as_str(), "job-17");
    /// assert!(RequestId::new("job 17").is_none());
    /// ```
    #[must_use]
    pub fn new(id: &str) -> Option<Self> {
        let id = HeaderValue::from_str(id).ok()?;
        Self::received(&id, Self::MAX_LENGTH)
    }

    /// The ID of the call that this request belongs to, in a handler behind `request_id`.
    #[must_use]
    pub fn of<T>(request: &Request<T>) -> Option<&Self> {
        request.extensions().get()
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.value.to_str().unwrap_or_default()
    }

    /// An ID from a request's metadata, if it is valid.
    #[doc(hidden)]
    #[must_use]
    pub fn received(value: &HeaderValue, max_length: usize) -> Option<Self> {
        let is_legal = (1..=max_length).contains(&value.len())
            && value.as_bytes().iter().all(u8::is_ascii_graphic);
        is_legal.then(|| Self::of_value(value.clone()))
    }

    /// An ID that is known to be valid.
    #[doc(hidden)]
    #[must_use]
    pub fn of_value(value: HeaderValue) -> Self {
        Self(Arc::new(Named {
            value,
            header: None,
        }))
    }

    /// Returns the ID to the caller in every response, under this metadata key.
    #[doc(hidden)]
    #[must_use]
    pub fn answered_as(mut self, header: &'static str) -> Self {
        Arc::make_mut(&mut self.0).header = Some(header);
        self
    }

    /// The metadata key under which responses return the ID, if they do.
    pub(crate) fn header(&self) -> Option<&'static str> {
        self.0.header
    }

    /// The ID as a header value.
    #[doc(hidden)]
    #[must_use]
    pub fn to_value(&self) -> HeaderValue {
        self.0.value.clone()
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RequestId").field(&self.as_str()).finish()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
