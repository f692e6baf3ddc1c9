//! The policy of a service in front of its generated server: it runs before anything is decoded.

use std::any::Any;
use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http_body::Body as HttpBody;
use tonic::{Extensions, Request, Response, Status};

use super::chain::{Exchange, Head, build_response, from_http_response, request_cut_off};
use crate::core::abilities::{AbilitiesOf, KeptRequest};
use crate::core::behind::Behind;
use crate::core::call::{Call, already_sent};
use crate::core::details::Mark;
use crate::core::facts::Facts;
use crate::core::frame::{Frame, Look, Opaque, OpaqueAnswer, OpaqueReply, Started, opaque};
use crate::core::kind::{Kind, Side};
use crate::core::name::CallName;
use crate::core::plan::{EntryPlan, MethodPlan, Name};
use crate::core::text::same;
use crate::mount::ServerFacts;
use crate::wire::status::{self, BoxError};
use crate::wire::{Arrived, Body, Protocol};

/// A service with a policy that a generated server can run. `#[intercept(…)]` on the `impl` implements this trait.
///
/// `Service` is the service's trait as a type, `dyn UserService<ListUsersStream = …>`. Both sides can name it.
#[diagnostic::on_unimplemented(
    message = "[I0814] put `#[intercept(…)]` on `impl {Service} for {Self}`",
    label = "this server has the policy of its service, and there is none",
    note = "the attribute is on the generated server (`server_mod_attribute`), so it wants a policy on the `impl`: put it above `#[tonic::async_trait]`",
    note = "a blanket `impl` (`impl<T> … for T`) has no policy that a server can find"
)]
pub trait ServicePolicy<Service: ?Sized>: Send + Sync + 'static {
    /// The plans of its methods.
    #[doc(hidden)]
    const METHODS: &'static [&'static MethodPlan];

    /// The entries that apply to a method that no list names.
    #[doc(hidden)]
    const UNKNOWN: &'static [EntryPlan];

    /// The HTTP challenge that asks for credentials.
    #[doc(hidden)]
    const CHALLENGE: Option<&'static str>;

    /// Runs a call through the first part of a list. `Module` makes this generic, so that it is compiled only if a
    /// server needs it.
    #[doc(hidden)]
    fn receive<Module: 'static>(
        &self,
        list: usize,
        call: &mut Call<Opaque>,
        behind: Behind<'_>,
    ) -> impl Future<Output = OpaqueAnswer> + Send;
}

/// A method, as a generated server knows it.
#[derive(Debug)]
pub struct ModuleMethod {
    list: usize,
    plan: MethodPlan,
}

impl ModuleMethod {
    /// A method that the generated code calls by this name in Rust.
    #[must_use]
    pub const fn new<T, D>(rust_name: &str, name: Name, kind: Kind) -> Self
    where
        T: ServicePolicy<D>,
        D: ?Sized,
    {
        let mut i = 0;
        while i < T::METHODS.len() {
            let plan = T::METHODS[i];
            if let Some(place) = plan.place()
                && same(place.name, rust_name)
            {
                return Self {
                    list: place.list,
                    plan: plan.in_module(name, kind),
                };
            }
            i += 1;
        }
        // The method has a default body in the trait, so it is in no `impl`.
        Self {
            list: usize::MAX,
            plan: MethodPlan::new(name, kind, Side::Server, T::UNKNOWN).as_of_module(),
        }
    }

    /// All other methods of the service.
    #[must_use]
    pub const fn unknown<T, D>(service: &'static str) -> Self
    where
        T: ServicePolicy<D>,
        D: ?Sized,
    {
        Self {
            list: usize::MAX,
            plan: MethodPlan::unknown(service, T::UNKNOWN),
        }
    }

    /// Its plan, with the names that the module has.
    #[must_use]
    pub const fn plan(&'static self) -> &'static MethodPlan {
        &self.plan
    }

    fn name(&'static self, uri: &http::Uri) -> CallName {
        // The call of a known method has the path by which it was found.
        let path = self.plan.is_named_by_wire().then(|| uri.path_and_query());
        CallName::new(&self.plan, path.flatten().cloned())
    }
}

/// Facts of a call before decoding. Only the decoded call notices that its request is cut off.
struct ModuleFacts;

impl Facts for ModuleFacts {
    fn peer(request: &Request<()>) -> Option<SocketAddr> {
        ServerFacts::peer(request)
    }
}

/// Nothing is resent, and the frame counts the messages.
const ABILITIES: AbilitiesOf<Opaque> = opaque(false, true);

/// A generated server, as its generated code implements it.
pub trait GeneratedServer: Clone + Send + Sync + 'static {
    /// The service that it serves.
    type Inner;

    /// The service that it serves.
    fn inner(&self) -> &Self::Inner;

    /// Runs tonic's generated server: decodes the request and calls the method.
    fn decode(&self, request: http::Request<Arrived>) -> Answering;
}

type Answering =
    Pin<Box<dyn Future<Output = Result<http::Response<tonic::body::Body>, Infallible>> + Send>>;

/// Runs a request through the first part of its method's list, then through the service.
#[cfg_attr(not(debug_assertions), inline)]
pub fn take_in<D, Module, S, B>(
    server: &S,
    method: &'static ModuleMethod,
    request: http::Request<B>,
) -> Answering
where
    S: GeneratedServer<Inner: ServicePolicy<D>>,
    D: ?Sized + 'static,
    Module: 'static,
    B: HttpBody + Send + 'static,
    B::Error: Into<BoxError>,
{
    let server = server.clone();
    let name = method.name(request.uri());
    let message = |body| (Opaque::new(0), Body::from(request_body(body)));
    let (mut exchange, body) =
        Exchange::new::<ModuleFacts, B, Body>(name, request, ABILITIES, message);
    exchange.call.before_decoding();
    let place = Box::new_uninit();
    let future = async move {
        let Exchange {
            call,
            head,
            status_extensions,
        } = &mut *exchange;
        let (answer, response_body) = {
            let mut frame = ServiceFrame {
                body: Some(body),
                is_counted: false,
                server: &server,
                running: None,
                head,
                status_extensions,
                mark: None,
                response_body: None,
                number: 0,
            };
            let behind = Behind::new(&mut frame);
            let policy = server.inner();
            let answer = policy.receive::<Module>(method.list, call, behind).await;
            (answer, (frame.response_body.take(), frame.number))
        };
        let answer = attach_body(answer, response_body);
        Ok(match answer {
            // The body holds the single message already, so there is nothing to wait for.
            Ok(response) if !method.plan.kind().response_is_stream() => {
                let (metadata, body, extensions) = response.into_parts();
                build_response(body.http_status(), metadata, extensions, body.into())
            }
            Ok(response) => exchange.http_response(response),
            Err(status) => exchange.reject(status, S::Inner::CHALLENGE),
        })
    };
    let future = Box::write(place, future);
    Box::into_pin(future)
}

/// Combines the policy's answer with the body in the frame.
fn attach_body(
    answer: OpaqueAnswer,
    (response_body, number): (Option<Body>, u32),
) -> Result<Response<Body>, Status> {
    let (metadata, reply, extensions) = answer?.into_parts();
    match response_body {
        Some(body) if reply.number() == number => {
            Ok(Response::from_parts(metadata, body, extensions))
        }
        _ => Err(already_sent()),
    }
}

/// Converts the body of a request of any type. tonic's own body is returned unchanged.
fn request_body<B>(body: B) -> tonic::body::Body
where
    B: HttpBody + Send + 'static,
    B::Error: Into<BoxError>,
{
    let mut body = Some(body);
    if let Some(body) = (&mut body as &mut dyn Any).downcast_mut::<Option<tonic::body::Body>>() {
        return body.take().unwrap_or_default();
    }
    match body {
        Some(body) => tonic::body::Body::new(InBytes(Box::pin(body))),
        None => tonic::body::Body::empty(),
    }
}

/// A body whose data is converted to `Bytes`.
struct InBytes<B>(Pin<Box<B>>);

impl<B> HttpBody for InBytes<B>
where
    B: HttpBody,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Status>>> {
        let polled = self.0.as_mut().poll_frame(cx);
        polled.map(|frame| {
            frame.map(|frame| match frame {
                Ok(frame) => Ok(frame.map_data(|mut data| data.copy_to_bytes(data.remaining()))),
                Err(error) => Err(Status::from_error(error.into())),
            })
        })
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.0.size_hint()
    }
}

/// The request, and the generated server that decodes it.
struct ServiceFrame<'a, S> {
    body: Option<Body>,
    is_counted: bool,
    server: &'a S,
    running: Option<Answering>,
    head: &'a mut Head,
    status_extensions: &'a mut Extensions,
    /// Taken by the method.
    mark: Option<Mark>,
    response_body: Option<Body>,
    /// The number of the response that the service returned.
    number: u32,
}

impl<S: GeneratedServer> Frame for ServiceFrame<'_, S> {
    fn begin(&mut self, call: &mut Call<Opaque>) -> Result<Started, Status> {
        let Some(mut body) = self.body.take() else {
            return Err(already_sent());
        };
        if let (Some(counter), false) = (call.counter(), self.is_counted) {
            self.is_counted = true;
            body = body.counted(counter.clone());
        }
        let (metadata, extensions, _) = call.take_parts()?;
        let mut request = self
            .head
            .request((metadata, extensions, body), |body| body)?;
        self.mark = call.mark(request.extensions_mut());
        self.running = Some(self.server.decode(request));
        Ok(Started::Handler)
    }

    fn poll(
        &mut self,
        call: &mut Call<Opaque>,
        cx: Option<&mut Context<'_>>,
    ) -> Poll<OpaqueAnswer> {
        let answer = match (&mut self.running, cx) {
            (Some(running), Some(cx)) => {
                match Mark::handed(&mut self.mark, || running.as_mut().poll(cx)) {
                    Poll::Ready(Ok(answer)) => answer,
                    Poll::Pending => return Poll::Pending,
                }
            }
            _ => {
                self.running = None;
                return Poll::Ready(Err(already_sent()));
            }
        };
        self.running = None;
        // To the service, tonic shows a request that was cut off as complete, so the response means nothing.
        if self.head.is_cut_off() {
            return Poll::Ready(Err(request_cut_off()));
        }
        let (parts, body) = answer.into_parts();
        // tonic answers by gRPC whatever the content type of the request is. Its status is then the end of the call.
        if !self.head.protocol.has_grpc_status() && status::is_grpc(&parts.headers) {
            self.head.protocol = Protocol::Grpc;
        }
        let answer = from_http_response(parts, body, self.head.protocol, self.status_extensions);
        call.set_answered(answer.is_ok());
        Poll::Ready(answer.map(|response| {
            let (metadata, body, extensions) = response.into_parts();
            self.response_body = Some(body);
            self.number = self.number.wrapping_add(1);
            Response::from_parts(metadata, OpaqueReply::new(self.number), extensions)
        }))
    }

    fn look(&mut self, _: usize, _: Look<'_>) -> Result<(), Status> {
        // Interceptors that look at messages run after decoding.
        Ok(())
    }

    fn request(&mut self) -> Option<&mut dyn KeptRequest> {
        None
    }
}
