//! What stands in front of a whole server, or of one service: [chains](#a-chain-for-a-server) that run before anything is decoded, and
//! what tells of [a client that goes away](#a-client-that-goes-away-half-way).
//!
//! ```no_run
//! use interceptors::auth::StaticTokens;
//! use interceptors::intercept;
//! use tonic::transport::Server;
//! # use interceptors_proto::demo::user_service_server::{UserService, UserServiceServer};
//!
//! #[intercept(
//!     server,
//!     catch_panic,
//!     logging(slow = "500ms"),
//!     timeout("10s", except = ["/chat.v1.Chat/Watch"]),
//!     auth(verifier = self.tokens, public = [
//!         "/demo.v1.UserService/Login",
//!         "/grpc.health.v1.Health/*",
//!         "GET /healthz",
//!     ]),
//!     rate_limit(per_second = 100, key = peer),
//! )]
//! struct Inbound {
//!     tokens: StaticTokens<&'static str>,
//! }
//!
//! # async fn serve<U: UserService>(users: U, tokens: StaticTokens<&'static str>) -> Result<(), tonic::transport::Error> {
//! # let address = std::net::SocketAddr::from(([127, 0, 0, 1], 50051));
//! Server::builder()
//!     .layer(Inbound { tokens }.layer())
//!     .add_service(UserServiceServer::new(users))
//!     .serve(address)
//!     .await
//! # }
//! ```
//!
//! What may be listed, and all settings: [a server](crate::intercept#a-server) and [a generated server](crate::intercept#a-generated-server) in the reference
//! of the attribute.
//!
//! # A chain for a server
//!
//! A struct with `#[intercept(server, …)]` is one policy for everything that a server has.
//!
//! `layer()` is a layer for tonic's `Server`, for axum's `Router` and for `tower::ServiceBuilder`. `wrap(service)` is for one service; it keeps
//! the service's name, so `add_service` takes it. What entries keep, such as the places of `concurrency`, is made once for each value of the
//! struct: clones of the layer, and all services behind it, share it. `Inbound::PLAN` is the policy.
//!
//! - It runs before a message is decoded, and sees all requests: bytes that are no message, unknown methods, unknown services. What `auth`
//!   refuses is answered alike whether it exists or not, and its body is not read.
//! - Entries that look at messages (`validate`, `payload`, `logging(fields(…))`, `retry`) do not compile here. Put them on the `impl` of the
//!   service: a call passes both. An interceptor of one's own is one for any message, or an `Interceptor<Body, Body>` with [`Body`].
//! - The trailers of a request are dropped. gRPC has none there, and tonic would put them among the metadata, over values that the
//!   policy has checked.
//! - A call ends once for observers, with the status of its trailers. A response that the client drops, and a request that is cut
//!   off, end `CANCELLED`, also where tonic's handler took the half of the request for all of it and answered `OK`.
//!
//! # Lists
//!
//! | form | what it names |
//! | --- | --- |
//! | `"/user.v1.UserService/Login"` | this RPC, whatever the method and the content type of the request |
//! | `"/user.v1.UserService/*"` | all RPCs of the service |
//! | `"GET /healthz"` | this request of plain HTTP; `GET` stands for `HEAD` too, which is answered by the same handler |
//!
//! Paths are compared byte for byte, without the query, which does not choose a handler. What is odd (`//`, a slash at the end, percent encoding,
//! another case) matches nothing and is therefore not public. `only` with `/*` takes everything beneath the service, names of RPCs or not,
//! so that an entry which closes leaves no gap; the plan shows it as `/**`. A layer that rewrites paths belongs outside of this one.
//!
//! # What is not gRPC
//!
//! It passes the same entries. A refusal is a gRPC status for gRPC and for gRPC-Web. For anything else it is the HTTP status that
//! `google/rpc/code.proto` gives for the code, with a line of text, with `retry-after` where the status says when to come back, and a 401 with
//! `www-authenticate`. The end of such an answer is told to observers by its HTTP status, and it has no messages.
//!
//! # Beside axum
//!
//! Routes that are added after `layer` are not behind it, as with every layer of axum's. For `peer`, and `rate_limit(key = peer)`, enable
//! the feature `axum` and serve with the addresses of clients.
//!
//! ```no_run
//! # use interceptors::intercept;
//! # use interceptors_proto::demo::user_service_server::{UserService, UserServiceServer};
//! # #[intercept(server, logging)]
//! # struct Inbound;
//! use std::net::SocketAddr;
//!
//! use axum::routing::get;
//! use tonic::service::Routes;
//!
//! # async fn serve<U: UserService>(users: U, listener: tokio::net::TcpListener) -> std::io::Result<()> {
//! let router = Routes::new(UserServiceServer::new(users))
//!     .into_axum_router()
//!     .route("/healthz", get(|| async { "fine" }))
//!     .layer(Inbound.layer());
//! axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await
//! # }
//! ```
//!
//! # Beside gRPC-Web, CORS and other layers
//!
//! `tonic_web::GrpcWebLayer` may be on either side. Outside of it, the chain sees gRPC-Web itself, and reads the end of a call from the
//! frame of trailers in its body. `CorsLayer` belongs outside: it answers preflights, which carry no token, and lets the browser read
//! refusals, if it exposes `grpc-status` and `grpc-message`. `TraceLayer` and `CompressionLayer` may be on either side.
//!
//! ```no_run
//! # use interceptors::intercept;
//! # use interceptors_proto::demo::user_service_server::{UserService, UserServiceServer};
//! # #[intercept(server, logging)]
//! # struct Inbound;
//! use http::HeaderName;
//! use tonic::transport::Server;
//! use tonic_web::GrpcWebLayer;
//! use tower_http::cors::{Any, CorsLayer};
//! use tower_http::trace::TraceLayer;
//!
//! # async fn serve<U: UserService>(users: U) -> Result<(), tonic::transport::Error> {
//! # let address = std::net::SocketAddr::from(([127, 0, 0, 1], 50051));
//! let cors = CorsLayer::new()
//!     .allow_origin(Any)
//!     .allow_headers(Any)
//!     .expose_headers(["grpc-status", "grpc-message"].map(HeaderName::from_static));
//! Server::builder()
//!     .accept_http1(true)
//!     .layer(TraceLayer::new_for_grpc())
//!     .layer(cors)
//!     .layer(Inbound.layer())
//!     .layer(GrpcWebLayer::new())
//!     .add_service(UserServiceServer::new(users))
//!     .serve(address)
//!     .await
//! # }
//! ```
//!
//! # Beside health checks and reflection
//!
//! They are services like others: what may be called without a token is in the list.
//!
//! ```no_run
//! # use interceptors_proto::demo::user_service_server::{UserService, UserServiceServer};
//! use interceptors::auth::StaticTokens;
//! use interceptors::intercept;
//! use tonic::transport::Server;
//!
//! #[intercept(server, auth(verifier = self.tokens, public = ["/grpc.health.v1.Health/*"]))]
//! struct Inbound {
//!     tokens: StaticTokens<&'static str>,
//! }
//!
//! # async fn serve<U: UserService>(users: U, inbound: Inbound, descriptors: &'static [u8]) -> Result<(), Box<dyn std::error::Error>> {
//! # let address = std::net::SocketAddr::from(([127, 0, 0, 1], 50051));
//! let (_reporter, health) = tonic_health::server::health_reporter();
//! let reflection = tonic_reflection::server::Builder::configure()
//!     .register_encoded_file_descriptor_set(descriptors)
//!     .build_v1()?;
//! Server::builder()
//!     .layer(inbound.layer())
//!     .add_service(health)
//!     .add_service(reflection)
//!     .add_service(UserServiceServer::new(users))
//!     .serve(address)
//!     .await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What strangers may use up
//!
//! What comes before `auth` is for everybody, so list limits after it. `concurrency(per = method)` and `load_shed(per = method)` tell up to
//! 1024 names apart. Names that strangers make up do not take the places of those that a service has answered for: when there are too
//! many, one that no call uses goes. With `descriptors`, all names that the descriptor sets do not have share one limit. `metrics` counts names that no service has answered for as `_OTHER`, wherever it is listed.
//!
//! # What it costs
//!
//! A call that passes takes two boxes, the call and its future, and one more around a message that has arrived with the headers: with its end,
//! which may come in a frame of its own, as with tonic's clients. While a request is still arriving, somebody has to notice that it is cut off: that
//! takes five more instead of the last one. `auth` adds the identity. A response that somebody observes takes a box for its observers and one for its
//! body.
//!
//! # A client that goes away half way
//!
//! When a client resets a call or vanishes while it is sending a request stream, plain tonic shows the handler the
//! clean end of the stream, as if all had been sent: `tonic::Streaming` turns the cancellation into `None`. A handler that
//! commits what it has read then commits half of it. Only the layer below tonic sees the difference. A chain for a server
//! is such a layer; without one, it takes this to tell:
//!
//! ```no_run
//! use interceptors::server::RequestCancellationLayer;
//! use tonic::transport::Server;
//! # use interceptors_proto::demo::user_service_server::{UserService, UserServiceServer};
//! # async fn serve<U: UserService>(users: U) -> Result<(), tonic::transport::Error> {
//! # let address = std::net::SocketAddr::from(([127, 0, 0, 1], 50051));
//! Server::builder()
//!     .layer(RequestCancellationLayer)
//!     .add_service(UserServiceServer::new(users))
//!     .serve(address)
//!     .await
//! # }
//! ```
//!
//! In the methods of annotated services the stream then ends with `CANCELLED`. It costs a box and a counter for each
//! request, since the layer cannot know which of them are streams, and for a stream what rebuilds tonic's around
//! another (at most 5 allocations). Services without the attribute see what they always saw.

//!
//! # Before decoding
//!
//! The policy of a service runs in its methods, behind tonic's decoding. With the attribute on the generated server too, in `build.rs`,
//! its first entries run before that: see [a generated server](crate::intercept#a-generated-server).
//!
//! ```no_run
//! # fn main() -> std::io::Result<()> {
//! tonic_prost_build::configure()
//!     .server_mod_attribute("user.v1", "#[interceptors::intercept]")
//!     .compile_protos(&["proto/user.proto"], &["proto"])
//! # }
//! ```
//!
//! Such a server also notices that a client goes away half way, as a struct's mount does, without [`RequestCancellationLayer`].

mod cancellation;
mod chain;
mod module;
mod refusal;
mod target;

pub use cancellation::{RequestCancellation, RequestCancellationLayer};
#[doc(hidden)]
pub use chain::ServerChain;
pub use chain::{InterceptLayer, InterceptedService};

#[doc(hidden)]
pub use module::ServicePolicy;

#[doc(hidden)]
pub use module::{GeneratedServer, ModuleMethod, take_in};

pub use crate::wire::Body;

#[doc(hidden)]
pub use crate::wire::Arrived;

#[doc(hidden)]
pub use target::Target;
