use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use interceptors::ext::{CallName, Layer, RequestId, key};
use interceptors::{Call, CallDetails, Entry, Interceptor, Next, Rule, Side};
use tonic::{Response, Status};

thread_local! {
    static CURRENT: RefCell<Option<RequestId>> = const { RefCell::new(None) };
}

/// Gives each call an ID.
///
/// It takes the ID from the request's metadata or from the current call, or generates one.
/// All attempts of a call have the same ID. [`CallDetails::request_id`] and [`IdOfCall::current`] return it; a service
/// also adds it to its responses, and a client to its requests.
///
/// # Default
///
/// - header: `x-request-id`
/// - max_length: 128
///
/// # Panics
///
/// The methods that set a value panic if it is out of range. Write `with(const { IdOfCall::new().header("x-job") })` to
/// make that a compile error; without `const` each call panics.
#[derive(Debug, Clone)]
pub struct IdOfCall {
    header: &'static str,
    max_length: usize,
}

impl IdOfCall {
    /// The default.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            header: "x-request-id",
            max_length: 128,
        }
    }

    /// The metadata key: in lower case, for text, and not one that gRPC reserves.
    #[must_use]
    pub const fn header(mut self, name: &'static str) -> Self {
        assert!(
            key::is_legal(name) && key::is_free(name),
            "`header` must be a metadata key for text in lower case that gRPC does not reserve"
        );
        self.header = name;
        self
    }

    /// The longest ID that is taken from a request, in bytes: from 1 to [`RequestId::MAX_LENGTH`]. A longer one is replaced.
    #[must_use]
    pub const fn max_length(mut self, bytes: usize) -> Self {
        assert!(
            bytes >= 1 && bytes <= RequestId::MAX_LENGTH,
            "`max_length` must be from 1 to 1024"
        );
        self.max_length = bytes;
        self
    }

    /// The ID of the call whose handler, response stream or inner interceptor is running on this thread.
    #[must_use]
    pub fn current() -> Option<RequestId> {
        CURRENT.with_borrow(Clone::clone)
    }

    fn id_for(&self, call: &CallDetails) -> RequestId {
        let sent = || {
            let value = call.metadata().as_ref().get(self.header)?;
            RequestId::received(value, self.max_length)
        };
        // The ID of an earlier attempt comes first.
        let known = call.request_id().cloned();
        known
            .or_else(sent)
            .or_else(Self::current)
            .unwrap_or_else(RequestId::generate)
    }
}

impl Default for IdOfCall {
    fn default() -> Self {
        Self::new()
    }
}

impl Entry for IdOfCall {
    const NAME: &'static str = "id_of_call";
    const RULES: &'static [Rule] =
        &[Rule::before("auth", "the answers to rejected calls have no ID").on(Side::Server)];
}

impl<Req: Send, Res: Send> Interceptor<Req, Res> for IdOfCall {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let id = self.id_for(call).answered_as(self.header);
        let headers = call.metadata_mut().as_mut();
        headers.insert(self.header, id.to_value());
        call.set_request_id(id.clone());
        let running = InForce {
            id: Some(id.clone()),
            future: Some(next.run(call)),
        };
        let mut answer = running.await;
        if call.side() == Side::Server {
            let metadata = match &mut answer {
                Ok(response) => response.metadata_mut(),
                Err(status) => status.metadata_mut(),
            };
            metadata.as_mut().insert(self.header, id.to_value());
        }
        if answer.is_ok() && call.kind().response_is_stream() {
            call.push_layer(Reading(Some(id)));
        }
        answer
    }
}

/// Keeps the ID in force in the polls of a response stream, and while inner layers and observers get its end.
struct Reading(Option<RequestId>);

impl Layer for Reading {
    fn within(&mut self, _: &CallName, run: &mut dyn FnMut()) {
        let _entered = Entered::new(&mut self.0);
        run();
    }
}

/// Swaps an ID with the current one until it is dropped.
struct Entered<'a>(&'a mut Option<RequestId>);

impl<'a> Entered<'a> {
    fn new(id: &'a mut Option<RequestId>) -> Self {
        swap(id);
        Self(id)
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        swap(self.0);
    }
}

fn swap(id: &mut Option<RequestId>) {
    CURRENT.with_borrow_mut(|current| std::mem::swap(current, id));
}

pin_project_lite::pin_project! {
    /// A future with an ID in force in its polls and in its drop: a drop is where inner observers get the end of a
    /// cancelled call.
    struct InForce<F> {
        id: Option<RequestId>,
        #[pin]
        future: Option<F>,
    }

    impl<F> PinnedDrop for InForce<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _entered = Entered::new(this.id);
            this.future.set(None);
        }
    }
}

impl<F: Future> Future for InForce<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = Entered::new(this.id);
        match this.future.as_pin_mut() {
            Some(future) => future.poll(cx),
            None => Poll::Pending,
        }
    }
}
