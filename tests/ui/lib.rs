//! The service that the cases implement, written like code from tonic's generator.

use tokio_stream::Stream;
use tonic::{Request, Response, Status, Streaming};

/// A message.
#[derive(Debug, Clone, Default)]
pub struct Id {
    /// Its only field.
    pub id: u64,
}

/// A message that is not `Clone`.
#[derive(Debug, Default)]
pub struct Once;

/// The generated module.
pub mod user_service_server {
    use super::{Id, Once, Request, Response, Status, Stream, Streaming};

    /// The same constant as in tonic's code.
    pub const SERVICE_NAME: &str = "user.v1.UserService";

    /// The generated trait.
    #[tonic::async_trait]
    pub trait UserService: Send + Sync + 'static {
        /// The stream of `list`.
        type ListStream: Stream<Item = Result<Id, Status>> + Send + 'static;

        /// Unary.
        async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
            Ok(Response::new(request.into_inner()))
        }

        /// Unary, with a request that is not `Clone`.
        async fn put(&self, _: Request<Once>) -> Result<Response<Id>, Status> {
            Err(Status::unimplemented(""))
        }

        /// Client streaming.
        async fn upload(&self, _: Request<Streaming<Id>>) -> Result<Response<Id>, Status> {
            Err(Status::unimplemented(""))
        }

        /// Server streaming.
        async fn list(&self, _: Request<Id>) -> Result<Response<Self::ListStream>, Status> {
            Err(Status::unimplemented(""))
        }
    }
}

pub use user_service_server::UserService;

/// The response stream of `list`.
pub type Ids = tokio_stream::Empty<Result<Id, Status>>;

/// A descriptor set: a file of the package `user.v1` with `UserService`. `Get` has no side effects and `Upload` is idempotent.
pub const FILE_DESCRIPTOR_SET: &[u8] = b"\nF\x12\x07user.v12;\n\x0bUserService\x12\n\n\x03Get\x22\x03\x90\x02\x01\x12\x05\n\x03Put\x12\x0f\n\x06Upload\x22\x03\x90\x02\x02(\x01\x12\x08\n\x04List0\x01";

/// The same for a service `Plain` with the method `Put`, which is not idempotent.
pub const PLAIN_DESCRIPTOR_SET: &[u8] = b"\n\x19\x12\x07user.v12\x0e\n\x05Plain\x12\x05\n\x03Put";

/// The codec of a generated client.
#[derive(Debug, Default)]
pub struct IdCodec;

impl tonic::codec::Codec for IdCodec {
    type Encode = Id;
    type Decode = Id;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl tonic::codec::Encoder for IdCodec {
    type Item = Id;
    type Error = Status;

    fn encode(&mut self, _: Id, _: &mut tonic::codec::EncodeBuf<'_>) -> Result<(), Status> {
        Ok(())
    }
}

impl tonic::codec::Decoder for IdCodec {
    type Item = Id;
    type Error = Status;

    fn decode(&mut self, _: &mut tonic::codec::DecodeBuf<'_>) -> Result<Option<Id>, Status> {
        Ok(None)
    }
}
