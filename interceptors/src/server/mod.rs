//! What a tonic server can be given beside annotated services.
//!
//! # A client that goes away half way
//!
//! When a client resets a call or vanishes while it is sending a request stream, plain tonic shows the handler the
//! clean end of the stream, as if all had been sent: `tonic::Streaming` turns the cancellation into `None`. A handler that
//! commits what it has read then commits half of it. Only the layer below tonic sees the difference, so it
//! takes a layer to tell:
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
pub use chain::{InterceptLayer, InterceptedService, ServerChain};

pub use module::ServicePolicy;

#[doc(hidden)]
pub use module::{ModuleMethod, request_body, take_in};

pub use crate::wire::{Body, ResponseBody};

#[doc(hidden)]
pub use target::Target;
