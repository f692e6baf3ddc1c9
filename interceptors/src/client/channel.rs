use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Method, StatusCode, Uri, Version};
use tonic::client::GrpcService;
use tonic::metadata::MetadataMap;
use tonic::{Code, Response, Status};
use tower_service::Service;

use super::cancelled::{Cancellable, Cancelled, of_body};
use super::encrypted::of_origin;
use super::generated::not_ready;
use super::{Body, ResponseBody, failed};
use crate::core::abilities::{Abilities, KeptRequest, Resend};
use crate::core::call::{About, Call};
use crate::core::chain::Next;
use crate::core::name::CallName;
use crate::core::plan::MethodPlan;
use crate::core::time::inherit;
use crate::kit::unsent;
use crate::wire::EndByHead;
use crate::wire::status::{self, BoxError};

/// A channel with interceptors. `wrap` of an annotated struct returns it.
///
/// Use it like the channel: in any generated client, in tower layers, by value or cloned. Clones share the struct and the state of its interceptors.
///
/// ```
/// use interceptors::client::InterceptedChannel;
/// use interceptors::intercept;
/// use interceptors_proto::demo::user_service_client::UserServiceClient;
/// use tonic::transport::{Channel, Endpoint};
///
/// #[intercept(logging, retry(max = 3))]
/// struct Outbound;
///
/// struct App {
///     users: UserServiceClient<InterceptedChannel<Outbound, Channel>>,
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let channel = Endpoint::from_static("http://[::1]:50051").connect_lazy();
/// let app = App { users: UserServiceClient::new(Outbound.wrap(channel)) };
/// # let _ = app.users;
/// # }
/// ```
///
/// # Readiness
///
/// An attempt reserves capacity of the inner channel (a permit of a `ConcurrencyLimit`, a slot of a `Buffer`) only when the innermost interceptor
/// sends it. Calls that wait in the chain, for example for a token or a retry's delay, reserve nothing. A deadline covers the wait for capacity. So
/// the wrapped channel itself is always ready. A layer that sheds load by readiness does not work around it; put such a layer inside `wrap`. If the
/// inner channel fails to become ready, the attempt fails, and its status can be retried.
///
/// # Where tonic's `Channel` is needed
///
/// This type is not tonic's `Channel`. Generated clients accept it, as they accept any channel. For code that accepts only `Channel`, enable the feature
/// `into-channel` and write `Outbound.wrap(channel).into_channel()`.
///
/// # With tonic's settings and tower's layers
///
/// All constructors and settings of generated clients work (`with_interceptor`, `with_origin`, compression, message size limits). tower's layers work
/// inside and outside of `wrap`. The channel must be `Clone + Send`; it does not have to be `Sync`.
///
/// ```
/// # use interceptors::intercept;
/// # use interceptors_proto::demo::user_service_client::UserServiceClient;
/// # use tonic::transport::Endpoint;
/// # use tonic::{Request, Status};
/// # #[intercept(logging)]
/// # struct Outbound;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// # let channel = Endpoint::from_static("http://[::1]:50051").connect_lazy();
/// fn tenant(mut request: Request<()>) -> Result<Request<()>, Status> {
///     let tenant = "acme".parse().map_err(|_| Status::internal("bad tenant"))?;
///     request.metadata_mut().insert("x-tenant", tenant);
///     Ok(request)
/// }
///
/// let client = UserServiceClient::with_interceptor(Outbound.wrap(channel), tenant)
///     .max_decoding_message_size(1024 * 1024);
/// # let _ = client;
/// # }
/// ```
pub struct InterceptedChannel<C: ChannelChain, S> {
    shared: Arc<Shared<C, S>>,
    /// Cloned for calls. Its own readiness is never polled.
    service: S,
}

struct Shared<C: ChannelChain, S> {
    chain: C,
    state: C::State,
    /// Whether the channel is plaintext, if this crate connected it.
    is_plaintext: Option<bool>,
    pool: CallPool<S>,
}

/// Services and call buffers that can be used again. Reuse is cheaper than cloning a channel and allocating.
struct CallPool<S>(Mutex<Vec<Box<InFlightCall<S>>>>);

impl<S> CallPool<S> {
    /// Limits the memory that stays allocated after a burst of calls.
    const MAX: usize = 64;

    fn take(&self) -> Option<Box<InFlightCall<S>>> {
        // Never block for an optimisation.
        self.0.try_lock().ok()?.pop()
    }

    fn give_back(&self, in_flight: Box<InFlightCall<S>>) {
        if let Ok(mut pool) = self.0.try_lock()
            && pool.len() < Self::MAX
        {
            pool.push(in_flight);
        }
    }
}

impl<C: ChannelChain, S> InterceptedChannel<C, S> {
    /// The same as `chain.wrap(service)`.
    pub fn new(chain: C, service: S) -> Self {
        Self::over(chain, service, None)
    }

    pub(super) fn over(chain: C, service: S, is_plaintext: Option<bool>) -> Self {
        inherit();
        let state = C::state();
        Self {
            shared: Arc::new(Shared {
                chain,
                state,
                is_plaintext,
                pool: CallPool(Mutex::default()),
            }),
            service,
        }
    }

    /// The annotated struct.
    pub fn chain(&self) -> &C {
        &self.shared.chain
    }
}

impl<C: ChannelChain, S: Clone> Clone for InterceptedChannel<C, S> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            service: self.service.clone(),
        }
    }
}

impl<C: ChannelChain, S: fmt::Debug> fmt::Debug for InterceptedChannel<C, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InterceptedChannel")
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}

/// A struct with the attribute, which implements this trait.
#[diagnostic::on_unimplemented(
    message = "[I0801] `{Self}` is no chain of interceptors",
    note = "put `#[interceptors::intercept(…)]` on the struct"
)]
pub trait ChannelChain: Send + Sync + 'static {
    /// The state of the entries for one channel and its clones.
    type State: Send + Sync;

    #[doc(hidden)]
    fn state() -> Self::State;

    #[doc(hidden)]
    fn plan(path: &str) -> &'static MethodPlan;

    #[doc(hidden)]
    fn send<N: Next<Body, Body>>(
        &self,
        state: &Self::State,
        call: &mut Call<Body>,
        next: N,
    ) -> impl Future<Output = Result<Response<Body>, Status>> + Send;
}

impl<C, S> Service<http::Request<tonic::body::Body>> for InterceptedChannel<C, S>
where
    C: ChannelChain,
    S: GrpcService<tonic::body::Body> + Clone + Send + 'static,
    S::Future: Send,
    S::ResponseBody: http_body::Body<Data = Bytes> + Send + 'static,
    <S::ResponseBody as http_body::Body>::Error: Into<BoxError> + Send,
{
    type Response = http::Response<ResponseBody>;
    type Error = Status;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Status>> + Send>>;

    /// Always ready: an attempt waits for the channel when it is sent.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        let shared = Arc::clone(&self.shared);
        let mut in_flight = match shared.pool.take() {
            Some(spare) => spare,
            None => Box::new(InFlightCall {
                exchange: None,
                sender: Sender {
                    service: self.service.clone(),
                    is_broken: false,
                },
            }),
        };
        // Two boxes, because an allocator takes far longer for a single box of more than a kilobyte. The contents of
        // this box are used in place. The future of an `async fn` would keep its parameters as well as the values made
        // from them.
        Exchange::begin::<C>(&mut in_flight.exchange, request, shared.is_plaintext);
        Box::pin(async move {
            let InFlightCall { exchange, sender } = &mut *in_flight;
            let Some(exchange) = exchange else {
                unreachable!("it was put there above");
            };
            let cancelled = exchange.cancelled.take();
            let Exchange { call, head, .. } = exchange;
            let wire = Wire {
                sender: Link::Borrowed(sender),
                head,
            };
            let answer = {
                let sending = pin!(shared.chain.send(&shared.state, call, wire));
                Cancellable::new(sending, cancelled).await
            };
            let response = match answer {
                Ok(response) => Ok(into_http_response(call, response)),
                Err(mut status) => {
                    if !call.one_was_sent() {
                        unsent::mark(&mut status);
                    }
                    Err(status)
                }
            };
            if !in_flight.sender.is_broken {
                in_flight.exchange = None;
                shared.pool.give_back(in_flight);
            }
            response
        })
    }
}

/// A call in progress and the service that it uses.
struct InFlightCall<S> {
    exchange: Option<Exchange>,
    sender: Sender<S>,
}

struct Exchange {
    call: Call<Body>,
    head: Head,
    cancelled: Option<Cancelled>,
}

impl Exchange {
    /// Makes the call in place, because it is large. Everything that may panic runs before the write.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn begin<C: ChannelChain>(
        place: &mut Option<Self>,
        request: http::Request<tonic::body::Body>,
        is_plaintext: Option<bool>,
    ) {
        let (head, body) = request.into_parts();
        let plan = C::plan(head.uri.path());
        let name = CallName::new(plan, head.uri.path_and_query().cloned());
        let (body, rest) = Body::cancellable(body);
        let cancelled = rest.map(of_body);
        let metadata = MetadataMap::from_headers(head.headers);
        let about = About {
            is_one_message: body.is_one_message(),
            is_plaintext: is_plaintext.or_else(|| of_origin(&head.uri)),
        };
        let exchange = Self {
            call: Call::sent(name, || ABILITIES, (metadata, head.extensions, body), about),
            head: Head {
                method: head.method,
                uri: head.uri,
                version: head.version,
            },
            cancelled,
        };
        overwrite(place, Some(exchange));
    }
}

/// Overwrites a value that owns nothing, without dropping it. The check for whether there is something to drop would
/// take longer.
#[cfg_attr(not(debug_assertions), inline(always))]
fn overwrite<T>(place: &mut T, value: T) {
    std::mem::forget(std::mem::replace(place, value));
}

/// The response for the caller. Its body reports its end to the observers.
fn into_http_response(
    call: &mut Call<Body>,
    response: Response<Body>,
) -> http::Response<ResponseBody> {
    let (metadata, body, extensions) = response.into_parts();
    let http_status = body.http_status();
    let body = ResponseBody::new(body, call.take_tail(), call.known_deadline());
    let mut response = http::Response::new(body);
    *response.status_mut() = http_status;
    *response.version_mut() = Version::HTTP_2;
    overwrite(response.headers_mut(), metadata.into_headers());
    overwrite(response.extensions_mut(), extensions);
    response
}

impl KeptRequest for Body {
    fn is_whole(&mut self) -> bool {
        Self::is_whole(self)
    }

    fn take_over(&mut self) -> bool {
        self.begin()
    }

    fn is_complete(&mut self, limit: usize) -> bool {
        Self::is_complete(self, limit)
    }
}

const ABILITIES: Abilities<Body> = Abilities::new(
    Some(Resend {
        copy: Body::copy,
        kept: Some(|body| body),
    }),
    Some(Body::counted),
);

/// The channel. Between attempts it holds no reservation.
struct Sender<S> {
    service: S,
    /// The channel failed to become ready. tower requires that such a service is discarded.
    is_broken: bool,
}

impl<S> Sender<S>
where
    S: GrpcService<tonic::body::Body> + Clone,
{
    async fn reserve(&mut self) -> Result<Reservation<'_, S>, Status> {
        let mut reservation = Reservation {
            sender: self,
            is_held: true,
        };
        let ready = poll_fn(|cx| reservation.sender.service.poll_ready(cx)).await;
        if let Err(error) = ready {
            reservation.sender.is_broken = true;
            reservation.is_held = false;
            return Err(not_ready(error.into()));
        }
        Ok(reservation)
    }
}

/// A reserved slot in the channel, or a position in the queue for one.
struct Reservation<'a, S: Clone> {
    sender: &'a mut Sender<S>,
    is_held: bool,
}

impl<S> Reservation<'_, S>
where
    S: GrpcService<tonic::body::Body> + Clone,
{
    fn send(mut self, request: http::Request<tonic::body::Body>) -> S::Future {
        self.is_held = false;
        self.sender.service.call(request)
    }
}

impl<S: Clone> Drop for Reservation<'_, S> {
    fn drop(&mut self) {
        if self.is_held {
            // A clone has no reservation and is not in the queue.
            self.sender.service = self.sender.service.clone();
        }
    }
}

enum Link<'a, S> {
    Borrowed(&'a mut Sender<S>),
    Owned(Box<Sender<S>>),
}

impl<S> Link<'_, S> {
    fn get(&self) -> &Sender<S> {
        match self {
            Self::Borrowed(sender) => sender,
            Self::Owned(sender) => sender,
        }
    }

    fn get_mut(&mut self) -> &mut Sender<S> {
        match self {
            Self::Borrowed(sender) => sender,
            Self::Owned(sender) => sender,
        }
    }
}

/// The innermost link: the channel itself.
struct Wire<'a, S> {
    sender: Link<'a, S>,
    head: &'a Head,
}

/// The parts of the incoming request that each attempt copies unchanged.
struct Head {
    method: Method,
    uri: Uri,
    version: Version,
}

impl Head {
    #[allow(clippy::question_mark, reason = "`?` would move the parts once more")]
    fn request(&self, call: &mut Call<Body>) -> Result<http::Request<tonic::body::Body>, Status> {
        let (metadata, extensions, body) = match call.outgoing_parts() {
            Ok(parts) => parts,
            Err(status) => return Err(status),
        };
        let (method, uri) = (self.method.clone(), self.uri.clone());
        let mut request = http::Request::new(body.into());
        // A new request owns no allocations that the overwrites could leak.
        overwrite(request.method_mut(), method);
        overwrite(request.uri_mut(), uri);
        *request.version_mut() = self.version;
        overwrite(request.headers_mut(), metadata.into_headers());
        overwrite(request.extensions_mut(), extensions);
        Ok(request)
    }
}

impl<S> Next<Body, Body> for Wire<'_, S>
where
    S: GrpcService<tonic::body::Body> + Clone + Send,
    S::Future: Send,
    S::ResponseBody: http_body::Body<Data = Bytes> + Send + 'static,
    <S::ResponseBody as http_body::Body>::Error: Into<BoxError> + Send,
{
    async fn run(&mut self, call: &mut Call<Body>) -> Result<Response<Body>, Status> {
        if let Some(status) = call.refusal() {
            return Err(status);
        }
        // In its own block. Otherwise the future would keep space for the request while it waits for the response.
        let answer = {
            let reservation = self.sender.get_mut().reserve().await;
            // Not earlier: a call that never reaches the channel says nothing about the server.
            call.set_sent();
            match reservation {
                Ok(reservation) => reservation.send(self.head.request(call)?),
                Err(status) => {
                    // The request is dropped even though it was not sent.
                    drop(call.take_request());
                    return Err(status);
                }
            }
        };
        let response = match answer.await {
            Ok(response) => response,
            Err(error) => {
                let status = Status::from_error(error.into());
                return Err(failed(status, call.known_deadline()));
            }
        };
        let (mut head, body) = response.into_parts();
        let body = tonic::body::Body::new(body);
        let status = status::of_headers(&mut head.headers);
        let is_ok = status.is_some();
        match status {
            // Trailers-Only: the server has not in_flight to answer.
            Some(status) if status.code() != Code::Ok => {
                return Err(failed(status, call.known_deadline()));
            }
            // A proxy may have answered, with or without a page for people. The server has not in_flight to answer then
            // either.
            None if head.status != StatusCode::OK
                && (http_body::Body::is_end_stream(&body) || !status::is_grpc(&head.headers)) =>
            {
                return Err(status::without_trailers(head.status));
            }
            _ => {}
        }
        call.set_answered(true);
        let end = match is_ok {
            true => EndByHead::Status(Code::Ok),
            false => EndByHead::Open,
        };
        let body = Body::response(body, head.status, end);
        let metadata = MetadataMap::from_headers(head.headers);
        Ok(Response::from_parts(metadata, body, head.extensions))
    }

    fn fork(&self) -> Option<Self> {
        let sender = Sender {
            service: self.sender.get().service.clone(),
            is_broken: false,
        };
        Some(Self {
            sender: Link::Owned(Box::new(sender)),
            head: self.head,
        })
    }
}
