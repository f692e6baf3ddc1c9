use std::any::Any;
use std::convert::Infallible;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};
use http_body::Body as HttpBody;
use tonic::metadata::MetadataMap;
use tonic::server::NamedService;
use tonic::{Code, Extensions, Request, Response, Status};
use tower_layer::Layer;
use tower_service::Service;

use super::refusal::refusal;
use super::target::Target;
use crate::core::abilities::{Abilities, AbilitiesOf};
use crate::core::call::{Call, already_sent};
use crate::core::chain::Next;
use crate::core::facts::{CutOff, Facts};
use crate::core::fitted::{fit, is_short};
use crate::core::name::CallName;
use crate::core::plan::MethodPlan;
use crate::core::time::Inherited;
use crate::mount::ServerFacts;
use crate::wire::status::{self, BoxError};
use crate::wire::{Arrival, Arrived, Body, EndByHead, Protocol, ResponseBody, Sent};

/// A struct with the attribute for a server, which implements this trait.
#[diagnostic::on_unimplemented(
    message = "[I0801] `{Self}` is no chain of interceptors for a server",
    note = "put `#[interceptors::intercept(server, …)]` on the struct"
)]
pub trait ServerChain: Send + Sync + 'static {
    /// The state of the entries for one value and its clones.
    #[doc(hidden)]
    type State: Send + Sync;

    /// The HTTP challenge that asks for credentials.
    #[doc(hidden)]
    const CHALLENGE: Option<&'static str>;

    #[doc(hidden)]
    fn state() -> Self::State;

    /// The policy for this target.
    #[doc(hidden)]
    fn plan(target: Target<'_>) -> &'static MethodPlan;

    #[doc(hidden)]
    fn receive<N: Next<Body, Body>>(
        &self,
        state: &Self::State,
        call: &mut Call<Body>,
        next: N,
    ) -> impl Future<Output = Result<Response<Body>, Status>> + Send;
}

struct Shared<C: ServerChain> {
    chain: C,
    state: C::State,
}

/// A layer with the interceptors of an annotated struct. `layer` of the struct returns it.
///
/// It is a [`tower_layer::Layer`](https://docs.rs/tower-layer/0.3/tower_layer/trait.Layer.html) for `tonic::transport::Server::layer`,
/// `axum::Router::layer` and `tower::ServiceBuilder`. Clones, and all services that the layer wraps, share the state of the interceptors.
///
/// ```
/// use interceptors::intercept;
/// use interceptors::server::InterceptLayer;
///
/// #[intercept(server, logging)]
/// struct Inbound;
///
/// let layer: InterceptLayer<Inbound> = Inbound.layer();
/// # let _ = layer;
/// ```
pub struct InterceptLayer<C: ServerChain>(Arc<Shared<C>>);

impl<C: ServerChain> InterceptLayer<C> {
    /// The same as `chain.layer()`.
    pub fn new(chain: C) -> Self {
        let state = C::state();
        Self(Arc::new(Shared { chain, state }))
    }

    /// The annotated struct.
    #[must_use]
    pub fn chain(&self) -> &C {
        &self.0.chain
    }
}

impl<C: ServerChain> Clone for InterceptLayer<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C: ServerChain> fmt::Debug for InterceptLayer<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InterceptLayer").finish_non_exhaustive()
    }
}

impl<C: ServerChain, S> Layer<S> for InterceptLayer<C> {
    type Service = InterceptedService<C, S>;

    fn layer(&self, service: S) -> InterceptedService<C, S> {
        InterceptedService {
            layer: self.clone(),
            service,
        }
    }
}

/// A service, or all services of a server, with the interceptors of an annotated struct. `wrap` of the struct returns it.
///
/// It has the name of the inner service, so `tonic::transport::Server::add_service` accepts it.
///
/// ```
/// use interceptors::intercept;
/// use interceptors::server::InterceptedService;
/// # use interceptors_proto::guide::user_service_server::{UserService, UserServiceServer};
/// # struct Users;
/// # impl UserService for Users {}
///
/// #[intercept(server, logging)]
/// struct Inbound;
///
/// let users: InterceptedService<Inbound, UserServiceServer<Users>> = Inbound.wrap(UserServiceServer::new(Users));
/// # let _ = users;
/// ```
///
/// # Readiness
///
/// It is always ready. A call waits for the inner service only after it has passed the interceptors. So rejected calls take no permit of an inner
/// `ConcurrencyLimit`.
pub struct InterceptedService<C: ServerChain, S> {
    layer: InterceptLayer<C>,
    service: S,
}

impl<C: ServerChain, S> InterceptedService<C, S> {
    /// The same as `chain.wrap(service)`.
    pub fn new(chain: C, service: S) -> Self {
        InterceptLayer::new(chain).layer(service)
    }

    /// The annotated struct.
    pub fn chain(&self) -> &C {
        self.layer.chain()
    }
}

impl<C: ServerChain, S: Clone> Clone for InterceptedService<C, S> {
    fn clone(&self) -> Self {
        Self {
            layer: self.layer.clone(),
            service: self.service.clone(),
        }
    }
}

impl<C: ServerChain, S: fmt::Debug> fmt::Debug for InterceptedService<C, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InterceptedService")
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}

impl<C: ServerChain, S: NamedService> NamedService for InterceptedService<C, S> {
    const NAME: &'static str = S::NAME;
}

impl<C, S, B, R> Service<http::Request<B>> for InterceptedService<C, S>
where
    C: ServerChain,
    S: Service<http::Request<tonic::body::Body>, Response = http::Response<R>>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
    R: HttpBody<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    type Response = http::Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    /// Always ready: a call waits for the service after its interceptors let it through.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let shared = Arc::clone(&self.layer.0);
        let mut service = self.service.clone();
        let name = Exchange::name_in_chain::<C, B>(&request);
        let message = |body| (Body::from(into_tonic_body(body)), ());
        let (mut exchange, ()) =
            Exchange::new::<ServerFacts, B, ()>(name, request, ABILITIES, message);
        let place = Box::new_uninit();
        let future = async move {
            let Exchange {
                call,
                head,
                status_extensions,
            } = &mut *exchange;
            let inner = InnerService {
                service: &mut service,
                head,
                status_extensions,
            };
            Ok(
                match shared.chain.receive(&shared.state, call, inner).await {
                    Ok(response) => exchange.http_response(response),
                    Err(status) => exchange.reject(status, C::CHALLENGE),
                },
            )
        };
        let future = Box::write(place, future);
        Box::into_pin(future)
    }
}

/// A call in progress.
pub(super) struct Exchange<M> {
    pub(super) call: Call<M>,
    pub(super) head: Head,
    /// The extensions of a response that became a status. A status itself has none.
    pub(super) status_extensions: Extensions,
}

/// The request without its metadata, extensions and body.
pub(super) struct Head {
    /// The parts with neither headers nor extensions. Taken when the request goes to the service.
    parts: Option<Parts>,
    pub(super) protocol: Protocol,
    is_head: bool,
    /// Whether the request was cut off. `None` if it was complete when it went to the service.
    cut_off: Option<CutOff>,
}

impl Exchange<Body> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn name_in_chain<C: ServerChain, B>(request: &http::Request<B>) -> CallName {
        let uri = request.uri();
        let plan = C::plan(Target {
            method: request.method(),
            path: uri.path(),
        });
        CallName::received(plan, uri.path_and_query())
    }
}

impl<M> Exchange<M> {
    /// `message` splits the body into the call's message and the part that stays outside of the call.
    ///
    /// Two boxes, one for this and one for the future, because an allocator takes far longer for a single box of more
    /// than a kilobyte. The box is allocated first, and nothing that could panic comes between, so the parts of the
    /// request are moved once. It is not inlined: an inlined function would copy the request that it is given.
    #[inline(never)]
    pub(super) fn new<F: Facts, B, T>(
        name: CallName,
        mut request: http::Request<B>,
        abilities: AbilitiesOf<M>,
        message: impl FnOnce(B) -> (M, T),
    ) -> (Box<Self>, T) {
        let place = Box::new_uninit();
        let protocol = Protocol::of(request.headers());
        let is_head = *request.method() == Method::HEAD;
        let metadata = MetadataMap::from_headers(std::mem::take(request.headers_mut()));
        let extensions = std::mem::take(request.extensions_mut());
        let head = Request::from_parts(metadata, extensions, ());
        let (parts, body) = request.into_parts();
        let (message, outside) = message(body);
        let mut exchange = Box::write(
            place,
            Self {
                call: Call::received_as::<F>(name, abilities, head, message),
                head: Head {
                    parts: Some(parts),
                    protocol,
                    is_head,
                    cut_off: None,
                },
                status_extensions: Extensions::new(),
            },
        );
        exchange.call.begin_time();
        (exchange, outside)
    }

    /// The rejection for the client.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn reject(
        &mut self,
        mut status: Status,
        challenge: Option<&'static str>,
    ) -> http::Response<tonic::body::Body> {
        if !is_short(&status) {
            fit(&mut status);
        }
        let Head {
            protocol, is_head, ..
        } = self.head;
        if self.status_extensions.is_empty() {
            return refusal(status, protocol, is_head, challenge);
        }
        let mut response = refusal(status, protocol, is_head, challenge);
        let status_extensions = std::mem::take(&mut self.status_extensions);
        let added = std::mem::replace(response.extensions_mut(), status_extensions);
        response.extensions_mut().extend(added);
        response
    }

    /// The response for the client.
    pub(super) fn http_response(
        &mut self,
        response: Response<Body>,
    ) -> http::Response<tonic::body::Body> {
        let protocol = self.head.protocol;
        let (mut metadata, body, extensions) = response.into_parts();
        if !body.is_of_response() {
            set_content_type(metadata.as_mut(), protocol);
        }
        // The service decides whether gRPC-Web is text. If its response is not gRPC, the answer is plain HTTP.
        let protocol = match protocol {
            Protocol::Grpc => protocol,
            Protocol::GrpcWeb { .. } | Protocol::Http => Protocol::of(metadata.as_ref()),
        };
        let http_status = body.http_status();
        let call = &mut self.call;
        let inherited = call.known_deadline();
        let bounds = call.take_bounds();
        let at = bounds.as_ref().and_then(|bounds| bounds.at);
        let tail = call.take_tail().map(|tail| tail.until(at));
        let body = match (&tail, &bounds, inherited) {
            // Nothing observes or bounds the response.
            (None, None, None) => body.into(),
            _ => {
                let cut_off = self.head.cut_off.take();
                let length = match protocol {
                    Protocol::Http => self.head.length_sent(metadata.as_ref(), &body),
                    Protocol::Grpc | Protocol::GrpcWeb { .. } => None,
                };
                let sent = Sent { protocol, length };
                let body = ResponseBody::sent(body, tail, cut_off, bounds, inherited, sent);
                tonic::body::Body::new(body)
            }
        };
        build_response(http_status, metadata, extensions, body)
    }
}

/// Builds a response from its parts.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn build_response(
    http_status: StatusCode,
    metadata: MetadataMap,
    extensions: Extensions,
    body: tonic::body::Body,
) -> http::Response<tonic::body::Body> {
    let mut response = http::Response::new(body);
    *response.status_mut() = http_status;
    fill(response.headers_mut(), metadata);
    *response.extensions_mut() = extensions;
    response
}

/// Fills headers that are empty. There is nothing to drop, and the check for that would take longer than the write.
#[cfg_attr(not(debug_assertions), inline(always))]
fn fill(headers: &mut HeaderMap, metadata: MetadataMap) {
    debug_assert!(headers.capacity() == 0, "these headers would be lost");
    std::mem::forget(std::mem::replace(headers, metadata.into_headers()));
}

/// Converts a body of any type. tonic's own body is returned unchanged.
pub(super) fn into_tonic_body<B>(body: B) -> tonic::body::Body
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let mut body = Some(body);
    match (&mut body as &mut dyn Any).downcast_mut::<Option<tonic::body::Body>>() {
        Some(body) => body.take().unwrap_or_default(),
        None => body.map(tonic::body::Body::new).unwrap_or_default(),
    }
}

/// A server never resends.
const ABILITIES: fn() -> Abilities<Body> = || Abilities::new(None, Some(Body::counted));

/// The innermost link: the service.
struct InnerService<'a, S> {
    service: &'a mut S,
    head: &'a mut Head,
    status_extensions: &'a mut Extensions,
}

impl Head {
    /// The request for the service; it can be taken once. `body` converts its body into the service's type.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn request<B>(
        &mut self,
        (metadata, mut extensions, message): (MetadataMap, Extensions, Body),
        body: impl FnOnce(Arrived) -> B,
    ) -> Result<http::Request<B>, Status> {
        let body = body(self.arrived(message, &mut extensions));
        // Filled in place: each local variable would be one more copy.
        if let Some(parts) = &mut self.parts {
            fill(&mut parts.headers, metadata);
            parts.extensions = extensions;
        }
        match self.parts.take() {
            Some(parts) => Ok(http::Request::from_parts(parts, body)),
            None => Err(already_sent()),
        }
    }

    /// The body. If more of it is to come, it reports whether it is cut off.
    fn arrived(&mut self, body: Body, extensions: &mut Extensions) -> Arrived {
        // A body that is not gRPC may be anything, such as a connection to be upgraded.
        let arrival = match self.protocol {
            Protocol::Grpc => body.arrival(),
            _ => Arrival::Part(body.arriving()),
        };
        let arriving = match arrival {
            Arrival::All(body) => return body,
            Arrival::Part(arriving) => arriving,
        };
        // An outer layer may watch the body already.
        let (cut_off, body) = match extensions.get::<CutOff>() {
            Some(known) => (known.clone(), arriving.into_body()),
            None => {
                let cut_off = CutOff::default();
                extensions.insert(cut_off.clone());
                (cut_off.clone(), arriving.watched(cut_off))
            }
        };
        self.cut_off = Some(cut_off);
        Arrived::Part(body)
    }
}

impl Head {
    /// How many bytes of a response that is not gRPC the connection sends, if it is known now.
    #[cold]
    fn length_sent(&self, headers: &HeaderMap, body: &Body) -> Option<u64> {
        let has_no_body = matches!(
            body.http_status(),
            StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
        );
        if self.is_head || has_no_body {
            return Some(0);
        }
        let length = headers.get(CONTENT_LENGTH);
        length
            .and_then(|length| length.to_str().ok()?.parse().ok())
            .or_else(|| body.size_hint().exact())
    }

    /// Whether the request was cut off and the client expects a gRPC status.
    pub(super) fn is_cut_off(&self) -> bool {
        let is_cut_off = self.cut_off.as_ref().is_some_and(CutOff::is_set);
        is_cut_off && self.protocol.has_grpc_status()
    }
}

impl<S, R> Next<Body, Body> for InnerService<'_, S>
where
    S: Service<http::Request<tonic::body::Body>, Response = http::Response<R>> + Send,
    S::Future: Send,
    S::Error: Into<BoxError>,
    R: HttpBody<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    async fn run(&mut self, call: &mut Call<Body>) -> Result<Response<Body>, Status> {
        let failed = |error: S::Error| Err(Status::from_error(error.into()));
        if let Err(error) = poll_fn(|cx| self.service.poll_ready(cx)).await {
            return failed(error);
        }
        let deadline = call.inheritable_deadline();
        let answer = {
            let parts = call.take_parts()?;
            let request = self.head.request(parts, Arrived::into_body)?;
            let answer = pin!(self.service.call(request));
            Inherited::new(deadline, answer).await
        };
        // To the service, tonic shows a request that was cut off as complete, so the response means nothing. With other
        // protocols the service sees the error, which may be one of a limit.
        if self.head.is_cut_off() {
            return Err(request_cut_off());
        }
        match answer {
            Ok(response) => {
                let (parts, body) = response.into_parts();
                let response = from_http_response(
                    parts,
                    into_tonic_body(body),
                    self.head.protocol,
                    self.status_extensions,
                );
                call.set_answered(response.is_ok());
                response
            }
            Err(error) => failed(error),
        }
    }
}

/// An interceptor has answered instead of the service. A gRPC client rejects a response without a content type.
#[cold]
fn set_content_type(headers: &mut HeaderMap, protocol: Protocol) {
    if let Some(content_type) = protocol.content_type() {
        headers.entry(CONTENT_TYPE).or_insert(content_type);
    }
}

#[cold]
pub(super) fn request_cut_off() -> Status {
    Status::cancelled("the client went away before it sent the whole request")
}

/// The service's response, as the chain sees it.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn from_http_response(
    mut parts: http::response::Parts,
    body: tonic::body::Body,
    protocol: Protocol,
    status_extensions: &mut Extensions,
) -> Result<Response<Body>, Status> {
    let http_status = parts.status;
    let end = match status::of_headers(&mut parts.headers) {
        // Trailers-Only: a status keeps everything of such a response.
        Some(status)
            if status.code() != Code::Ok
                && protocol.has_grpc_status()
                && http_status == StatusCode::OK =>
        {
            *status_extensions = parts.extensions;
            return Err(status);
        }
        Some(status) => EndByHead::Status(status.code()),
        None if protocol.has_grpc_status() || status::is_grpc(&parts.headers) => EndByHead::Open,
        None => EndByHead::Http,
    };
    let metadata = MetadataMap::from_headers(parts.headers);
    let body = Body::response(body, http_status, end);
    Ok(Response::from_parts(metadata, body, parts.extensions))
}
