//! One policy for a whole server, or for one service, that runs before messages are decoded. Also a layer that detects cut-off request streams.
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
//! The reference of the attribute says what you can list, and has all settings: [a server](crate::intercept#a-server) and
//! [a generated server](crate::intercept#a-generated-server).
//!
//! # A chain for a server
//!
//! A struct with `#[intercept(server, …)]` is one policy for everything that a server serves.
//!
//! `layer()` makes a layer for tonic's `Server`, axum's `Router` and `tower::ServiceBuilder`. `wrap(service)` wraps one service. It keeps the
//! service's name, so `add_service` accepts the result. The state of entries, such as the permits of `concurrency`, belongs to the value of the
//! struct: clones of the layer, and all services behind it, share it. `Inbound::PLAN` is the policy.
//!
//! - The policy runs before a message is decoded, and sees all requests: malformed messages, unknown methods, unknown services. If `auth` rejects a
//!   call, the response does not show whether the method exists, and the body is not read.
//! - Entries that look at messages or copy them (`validate`, `payload`, `logging(fields(…))`, `retry`) do not compile here. Put them on the `impl` of
//!   the service: a call then passes both policies. An interceptor of your own must implement `Interceptor<Body, Body>` with [`Body`]; an interceptor
//!   for any message does.
//! - The trailers of a request are dropped. gRPC requests have none, and tonic would merge them into the metadata, where they could replace values
//!   that the policy has checked.
//! - Observers get one end of each call, with the status of its trailers. If the client drops the response, or the request is cut off, the call ends
//!   with `CANCELLED`. This holds even if the handler took half of a request stream for all of it and returned `OK`.
//! - Any error of a request's body counts as a request that was cut off. That includes errors of layers outside the struct, such as a limit of the
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
//! Name an RPC without an HTTP method, because tonic serves it under every HTTP method. `only = ["POST /user.v1.UserService/Login"]` would leave
//! `PUT` unprotected. With `descriptors`, this does not compile.
//!
//! Paths are compared byte for byte. The query is ignored, because it does not choose a handler. A path with an unusual spelling (`//`, a slash at
//! the end, percent encoding, another case) matches no list, so it is never public. `only` with `/*` covers every path below the service, even paths
//! that name no RPC, so no path escapes the entry. The plan shows this as `/**`. A layer that rewrites paths belongs outside the struct. Inside
//! axum's `nest`, the struct sees the path without the prefix of the nest.
//!
//! # Requests that are not gRPC
//!
//! Requests of plain HTTP pass the same entries. A rejected gRPC or gRPC-Web call gets a gRPC status. Any other rejected request gets the HTTP status
//! that `google/rpc/code.proto` gives for the code, with a line of text as its body. The response has `retry-after` if the status says when to try
//! again, and a 401 has `www-authenticate`. For such requests, observers get a status that is derived from the HTTP status, and no messages.
//!
//! A response whose length is known ends when its last byte has been handed to the connection. A response to `HEAD`, and a response with the status
//! 204 or 304, ends at once. If the client goes away before the end, the call ends with `CANCELLED`.
//!
//! In `logging`, `metrics` and `trace`, the path takes the place of the RPC's name:
//!
//! | request | service | method |
//! | --- | --- | --- |
//! | `GET /healthz` | empty | `/healthz` |
//! | `GET /api/v1/users` | empty | `/api/v1/users` |
//! | `GET /users/7` | `users` | `7`: a path of two segments looks like that of an RPC |
//!
//! The HTTP method and the query are in neither. If paths contain IDs, `metrics` has a series for each answered path, up to 1024 paths in all. To
//! measure only gRPC, write `metrics(only = ["/demo.v1.UserService/*"])`.
//!
//! An axum handler gets the caller that `auth` has verified as an extension:
//!
//! ```
//! use axum::routing::get;
//! use axum::{Extension, Router};
//! use interceptors::auth::{Identity, StaticTokens};
//! use interceptors::intercept;
//!
//! #[intercept(server, logging, auth(verifier = self.tokens, public = ["GET /healthz"]))]
//! struct Inbound {
//!     tokens: StaticTokens<String>,
//! }
//!
//! async fn me(Extension(identity): Extension<Identity<String>>) -> String {
//!     identity.0 // what the verifier returned
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let tokens = StaticTokens::new([("s3cret", "ann".to_owned())])?;
//! let router: Router = Router::new()
//!     .route("/me", get(me))
//!     .route("/healthz", get(|| async { "fine" })) // public, so it has no identity
//!     .layer(Inbound { tokens }.layer());
//! # let request = http::Request::get("/me").header("authorization", "Bearer s3cret").body(axum::body::Body::empty())?;
//! # let response = tonic::codegen::Service::call(&mut { router }, request).await?;
//! # assert_eq!(axum::body::to_bytes(response.into_body(), 100).await?, "ann");
//! # Ok(())
//! # }
//! ```
//!
//! # Beside axum
//!
//! Routes that are added after `layer` are not covered, as with every layer of axum. If you need the peer's address, for example for
//! `rate_limit(key = peer)`, enable the feature `axum` and serve with `into_make_service_with_connect_info`.
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
//! On a server that serves only gRPC and gRPC-Web, `tonic_web::GrpcWebLayer` may be inside or outside the struct. If it is inside, the chain sees
//! gRPC-Web requests, and reads the status of a call from the trailers frame in the body. `TraceLayer` and `CompressionLayer` may be inside or outside.
//!
//! `CorsLayer` belongs outside: it answers preflight requests, which carry no token. Name the headers that it allows, because browsers do not apply
//! `*` to `authorization`. If it exposes the headers with the status, the browser can also read rejections.
//!
//! ```no_run
//! # use interceptors::intercept;
//! # use interceptors_proto::demo::user_service_server::{UserService, UserServiceServer};
//! # #[intercept(server, logging)]
//! # struct Inbound;
//! use http::{HeaderName, HeaderValue, Method};
//! use tonic::transport::Server;
//! use tonic_web::GrpcWebLayer;
//! use tower_http::cors::CorsLayer;
//! use tower_http::trace::TraceLayer;
//!
//! /// What pages of this origin may send and read.
//! fn cors() -> CorsLayer {
//!     let sent = ["authorization", "content-type", "grpc-timeout", "x-grpc-web", "x-user-agent"];
//!     let read = ["grpc-status", "grpc-message", "grpc-status-details-bin"];
//!     CorsLayer::new()
//!         .allow_origin(HeaderValue::from_static("https://app.example.com"))
//!         .allow_methods([Method::GET, Method::POST])
//!         .allow_headers(sent.map(HeaderName::from_static))
//!         .expose_headers(read.map(HeaderName::from_static))
//! }
//!
//! # async fn serve<U: UserService>(users: U) -> Result<(), tonic::transport::Error> {
//! # let address = std::net::SocketAddr::from(([127, 0, 0, 1], 50051));
//! Server::builder()
//!     .accept_http1(true)
//!     .layer(TraceLayer::new_for_grpc())
//!     .layer(cors())
//!     .layer(Inbound.layer())
//!     .layer(GrpcWebLayer::new())
//!     .add_service(UserServiceServer::new(users))
//!     .serve(address)
//!     .await
//! # }
//! ```
//!
//! Beside REST routes, put `GrpcWebLayer` inside the struct, and only around the gRPC services: add it before the first `route`. It answers every
//! HTTP/1.1 request that is not gRPC-Web with 400, also those to REST routes that it is around.
//!
//! ```no_run
//! # use interceptors_proto::demo::user_service_server::{UserService, UserServiceServer};
//! # use tower_http::cors::CorsLayer;
//! # fn cors() -> CorsLayer {
//! #     CorsLayer::new()
//! # }
//! use std::net::SocketAddr;
//!
//! use axum::routing::get;
//! use interceptors::auth::StaticTokens;
//! use interceptors::intercept;
//! use tonic::service::Routes;
//! use tonic_web::GrpcWebLayer;
//!
//! #[intercept(
//!     server,
//!     logging,
//!     auth(verifier = self.tokens, public = ["/demo.v1.UserService/Login", "GET /healthz"]),
//! )]
//! struct Inbound {
//!     tokens: StaticTokens<String>,
//! }
//!
//! # async fn serve<U: UserService>(users: U, inbound: Inbound) -> std::io::Result<()> {
//! let router = Routes::new(UserServiceServer::new(users))
//!     .into_axum_router()
//!     .layer(GrpcWebLayer::new()) // only around the gRPC services above
//!     .route("/healthz", get(|| async { "fine" }))
//!     .layer(inbound.layer()) // around all routes above
//!     .layer(cors()); // as above: outermost, so preflight requests need no token
//! let listener = tokio::net::TcpListener::bind("[::]:8080").await?;
//! axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await
//! # }
//! ```
//!
//! # Beside health checks and reflection
//!
//! Health checks and reflection are services like others. List their methods that need no token as `public`.
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
//! Entries before `auth` run for every caller, so list limits after `auth`. `concurrency(per = method)` and `load_shed(per = method)` track up to
//! 1024 method names. Callers can invent names. If there are too many, a name that is not in use is dropped, but never a name that a service has
//! answered for. With `descriptors`, all names that are not in the descriptor sets share one limit. `metrics` counts names that no service has
//! answered for as `_OTHER`, wherever it is listed.
//!
//! # What it costs
//!
//! A call that passes takes two allocations: the call and its future. If the message and the end of the request arrived with the headers, the message
//! takes one more. (The end may be a frame of its own, as with tonic's clients.) If the request is still arriving, the chain has to detect whether it
//! is cut off. That takes five more allocations instead of that one. `auth` adds one for the identity. If an entry observes the call, the response
//! takes one for its observers and one for its body.
//!
//! # A client that goes away half way
//!
//! If a client resets a call or disconnects while it sends a request stream, tonic alone shows the handler a normal end of the stream:
//! `tonic::Streaming` turns the cancellation into `None`. A handler that commits what it has read then commits half of the stream. Only a layer
//! around tonic's service sees the difference. A chain for a server is such a layer. Without one, add this layer:
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
//! In the methods of annotated services the stream then ends with `CANCELLED`. The layer costs one allocation and a counter for each request, because
//! it cannot know which requests are streams. Each request stream also takes up to 5 allocations, because tonic's stream has to be rebuilt. Nothing
//! changes for services without the attribute.

//!
//! # Before decoding
//!
//! The policy of a service runs in its methods, after tonic has decoded the request. If the generated server has the attribute too, in `build.rs`,
//! the leading entries run before decoding: see [a generated server](crate::intercept#a-generated-server).
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
//! Such a server also detects cut-off request streams, as a server's struct does, without [`RequestCancellationLayer`].

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
