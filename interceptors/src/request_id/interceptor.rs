use std::pin::pin;

use http::HeaderValue;
use tonic::{Response, Status};

use super::{InScope, RequestId, current, enter};
use crate::core::layer::Layer;
use crate::core::name::CallName;
use crate::core::plan::{Setting, Value};
use crate::kit::key;
use crate::{Call, CallDetails, Interceptor, Next, Side};

/// Gives each call an ID: the interceptor behind `request_id`.
///
/// The attribute makes it from the settings of the entry. Make one yourself to keep it in a field for `with(self.ids)`, or to test other interceptors
/// together with it.
///
/// ```
/// use interceptors::request_id::SetRequestId;
///
/// const IDS: SetRequestId = SetRequestId::new().header("x-correlation-id").max_length(64);
/// # let _ = IDS;
/// ```
///
/// # Default
///
/// - header: `x-request-id`
/// - accept: `true`
/// - max_length: 128
#[derive(Debug, Clone)]
pub struct SetRequestId {
    header: &'static str,
    accept: bool,
    max_length: usize,
}

impl SetRequestId {
    /// The default.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            header: "x-request-id",
            accept: true,
            max_length: 128,
        }
    }

    /// The metadata key of the ID.
    ///
    /// # Panics
    ///
    /// If the name is not a metadata key for text in lower case, is reserved for gRPC itself, or carries
    /// secrets such as `authorization`. In a constant, and so in the attribute, that is a compiler error.
    #[must_use]
    pub const fn header(mut self, name: &'static str) -> Self {
        assert!(
            key::is_legal(name),
            "[I0409] `header` must be a metadata key in lower case, such as `x-request-id`"
        );
        assert!(
            key::is_free(name),
            "[I0409] `header` must be a metadata key for text that is not reserved for gRPC itself"
        );
        assert!(
            !key::is_of_secrets(name),
            "[I0819] the value under `header` is logged, so `header` must not be a key for secrets"
        );
        self.header = name;
        self
    }

    /// Whether a service accepts the ID that the caller sends. If not, every call gets a new ID.
    #[must_use]
    pub const fn accept(mut self, accept: bool) -> Self {
        self.accept = accept;
        self
    }

    /// The maximum length of an accepted ID, in bytes.
    ///
    /// # Panics
    ///
    /// If it is zero, or more than [`RequestId::MAX_LENGTH`].
    #[must_use]
    pub const fn max_length(mut self, max_length: usize) -> Self {
        assert!(
            max_length >= 1 && max_length <= RequestId::MAX_LENGTH,
            "[I0402] `max_length` must be from 1 to 1024"
        );
        self.max_length = max_length;
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn settings(&self) -> [Setting; 3] {
        let accept = if self.accept { "true" } else { "false" };
        [
            Setting::new("header", Value::Text(self.header)),
            Setting::new("accept", Value::Text(accept)),
            Setting::new("max_length", Value::Integer(self.max_length as u64)),
        ]
    }

    /// The settings of a client, which accepts no IDs.
    #[doc(hidden)]
    #[must_use]
    pub const fn client_settings(&self) -> [Setting; 1] {
        [Setting::new("header", Value::Text(self.header))]
    }

    /// The ID in the metadata, if there is exactly one valid value.
    fn sent(&self, call: &CallDetails, max_length: usize) -> Option<RequestId> {
        let mut values = call.metadata().as_ref().get_all(self.header).iter();
        let id = RequestId::received(values.next()?, max_length)?;
        values.next().is_none().then_some(id)
    }

    fn of_service(&self, call: &mut CallDetails) -> RequestId {
        let taken = match self.accept {
            true => self.sent(call, self.max_length),
            false => None,
        };
        let id = taken.unwrap_or_else(|| {
            let id = RequestId::generate();
            self.write(call, id.to_value());
            id
        });
        let id = id.answered_as(self.header);
        call.extensions_mut().insert(id.clone());
        id
    }

    fn of_client(&self, call: &mut CallDetails) -> RequestId {
        // The ID of the attempt before has precedence. The caller's own ID may have any length.
        let id = call
            .request_id()
            .cloned()
            .or_else(|| self.sent(call, RequestId::MAX_LENGTH))
            .or_else(|| call.extensions().get().cloned())
            .or_else(current)
            .unwrap_or_else(RequestId::generate);
        self.write(call, id.to_value());
        id
    }

    fn write(&self, call: &mut CallDetails, value: HeaderValue) {
        let headers = call.metadata_mut().as_mut();
        headers.insert(self.header, value);
    }

    /// Adds the ID to the response or the error.
    fn answer<Res>(&self, id: &RequestId, result: &mut Result<Response<Res>, Status>) {
        let metadata = match result {
            Ok(response) => response.metadata_mut(),
            Err(status) => status.metadata_mut(),
        };
        metadata.as_mut().insert(self.header, id.to_value());
    }
}

impl Default for SetRequestId {
    fn default() -> Self {
        Self::new()
    }
}

impl<Req: Send, Res: Send> Interceptor<Req, Res> for SetRequestId {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        if call.side() == Side::Client {
            let id = self.of_client(call);
            call.set_request_id(id);
            return next.run(call).await;
        }
        let id = self.of_service(call);
        call.set_request_id(id.clone());
        let mut result = {
            let run = pin!(Some(next.run(call)));
            InScope::new(id.clone(), run).await
        };
        self.answer(&id, &mut result);
        if result.is_ok() {
            call.push_layer(IdLayer(Some(id)));
        }
        result
    }
}

/// Keeps the ID in force while a response stream is read, for calls that are made then.
struct IdLayer(Option<RequestId>);

impl Layer for IdLayer {
    fn wants_end(&self) -> bool {
        false
    }

    fn within(&mut self, _: &CallName, run: &mut dyn FnMut()) {
        let _entered = enter(&mut self.0);
        run();
    }
}
