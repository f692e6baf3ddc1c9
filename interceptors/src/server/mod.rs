//! One policy for a whole server, or for one service, that runs before anything is decoded; and a way to notice a client that goes away.
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
//! See [a chain for a server](#a-chain-for-a-server), and [a client that goes away half way](#a-client-that-goes-away-half-way).
//!
//! The reference says what you can list, and has all settings: [a server](crate::intercept#a-server) and
//! [a generated server](crate::intercept#a-generated-server).
//!
//! # A chain for a server
//!
//! A struct with `#[intercept(server, …)]` is one policy for everything that a server has.
//!
//! `layer()` is a layer for tonic's `Server`, for axum's `Router` and for `tower::ServiceBuilder`. `wrap(service)` is for one service; it keeps the
//! service's name, so `add_service` takes it. The state of entries, such as the places of `concurrency`, belongs to the value of the struct: clones
//! of the layer, and all services behind it, share it. `Inbound::PLAN` is the policy.
//!
//! - It runs before a message is decoded, and sees all requests: malformed messages, unknown methods, unknown services. Where `auth` rejects a call,
//!   the answer is the same whether the method exists or not, and the body is not read.
//! - Entries that look at messages or copy them (`validate`, `payload`, `logging(fields(…))`, `retry`) do not compile here. Put them on the `impl` of the
//!   service: a call passes both policies. An interceptor of your own works for any message, or is an `Interceptor<Body, Body>` with [`Body`].
//! - The trailers of a request are dropped. gRPC has none there, and tonic would put them among the metadata, over values that the
//!   policy has checked.
//! - Observers get one end of each call, with the status of its trailers. A response that the client drops, and a request that is cut off, end
//!   `CANCELLED`. This holds even if tonic's handler took half of a request for all of it and answered `OK`.
//! - Each error of a request's body counts as a request that was cut off, also the error of a layer outside of the struct, such as a limit of the
//!   body's length. Put such a layer inside.
//!
//! # Lists
//!
//! | form | what it names |
//! | --- | --- |
//! | `"/user.v1.UserService/Login"` | this RPC, with any HTTP method and content type |
//! | `"/user.v1.UserService/*"` | all RPCs of the service |
//! | `"GET /healthz"` | this request of plain HTTP; `GET` includes `HEAD`, which the same handler answers |
//!
//! Name an RPC without an HTTP method: tonic serves it under each. `only = ["POST /user.v1.UserService/Login"]` would leave `PUT` open. With
//! `descriptors`, this does not compile.
//!
//! Paths are compared byte for byte, without the query, which does not choose a handler. An unusual spelling (`//`, a slash at the end, percent
//! encoding, another case) matches nothing, so it is not public. `only` with `/*` covers every path below the service, even if it names no RPC, so an
//! entry that protects leaves no gap. The plan shows it as `/**`. A layer that rewrites paths belongs outside this one. Inside of
//! axum's `nest`, a struct sees the path without the prefix of the nest.
//!
//! # What is not gRPC
//!
//! It passes the same entries. For gRPC and gRPC-Web, a rejection is a gRPC status. For anything else it is the HTTP status that
//! `google/rpc/code.proto` gives for the code, with a line of text. It has `retry-after` if the status says when to try again, and
//! `www-authenticate` with a 401. Observers see the end of such an answer by its HTTP status, and no messages.
//!
//! # Beside axum
//!
//! Routes that are added after `layer` are not covered, as with every layer of axum. For `peer`, and for `rate_limit(key = peer)`, enable the
//! feature `axum` and serve with the addresses of clients.
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
//! `tonic_web::GrpcWebLayer` may be on either side. If it is inside, the chain sees gRPC-Web itself, and reads the end of a call from the trailers
//! frame in its body. `CorsLayer` belongs outside: it answers preflights, which carry no token. If it exposes `grpc-status` and `grpc-message`,
//! the browser can also read rejections. `TraceLayer` and `CompressionLayer` may be on either side.
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
//! They are services like others: list the methods that need no token.
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
//! # Limits before `auth`
//!
//! Entries before `auth` run for everybody, so list limits after it. `concurrency(per = method)` and `load_shed(per = method)` keep up to 1024
//! names apart. A caller may make names up. They do not displace names that a service has answered for: if there are too many, one that is not in use is
//! dropped. With `descriptors`, all names that the descriptor sets do not have share one limit. `metrics` counts names that no service has answered
//! for as `_OTHER`, wherever it is listed.
//!
//! # What it costs
//!
//! A call that passes takes two boxes: the call and its future. If the message and the end of the request arrived with the headers, one more box goes
//! around the message. (The end may be a frame of its own, as with tonic's clients.) If the request is still arriving, the chain has to notice when it
//! is cut off, which takes five more boxes instead of that one. `auth` adds the identity. A response that somebody observes takes a box for its
//! observers and one for its body.
//!
//! # A client that goes away half way
//!
//! If a client resets a call or vanishes while it sends a request stream, plain tonic shows the handler a normal end of the stream:
//! `tonic::Streaming` turns the cancellation into `None`. A handler that commits what it has read then commits half of it. Only a layer below
//! tonic sees the difference. A chain for a server is such a layer. Without one, add this layer:
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
//! In the methods of annotated services the stream then ends with `CANCELLED`. The layer costs a box and a counter for each request, since it cannot
//! know which requests are streams. A stream also costs what it takes to rebuild tonic's stream around another (at most 5 allocations). Nothing
//! changes for services without the attribute.

//!
//! # Before decoding
//!
//! The policy of a service runs in its methods, after tonic has decoded the request. If the generated server has the attribute too, in `build.rs`,
//! the first entries run before that: see [a generated server](crate::intercept#a-generated-server).
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let protos = protox::compile(["proto/user.proto"], ["proto"])?;
//! tonic_prost_build::configure()
//!     .server_mod_attribute("user.v1", "#[interceptors::intercept]")
//!     .compile_fds(protos)?;
//! # Ok(())
//! # }
//! ```
//!
//! Such a server also notices a client that goes away half way, as a server's struct does, without [`RequestCancellationLayer`].

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
