// Cause: `descriptors` is for a struct, which handles calls of any service. The methods of an `impl` or a generated
// client are known without it.
// Cure: Take it out. To name idempotent methods there, write their Rust names.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(descriptors = interceptors_ui_tests::FILE_DESCRIPTOR_SET, logging)]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[intercept(descriptors = interceptors_ui_tests::FILE_DESCRIPTOR_SET, logging)]
mod user_service_client {
    use interceptors_ui_tests::Id;
    use tonic::codegen::*;

    #[derive(Debug, Clone)]
    pub struct UserServiceClient<T> {
        inner: tonic::client::Grpc<T>,
    }

    impl<T> UserServiceClient<T>
    where
        T: tonic::client::GrpcService<tonic::body::Body>,
        T::Error: Into<StdError>,
        T::ResponseBody: Body<Data = Bytes> + std::marker::Send + 'static,
        <T::ResponseBody as Body>::Error: Into<StdError> + std::marker::Send,
    {
        pub fn new(inner: T) -> Self {
            let inner = tonic::client::Grpc::new(inner);
            Self { inner }
        }

        pub async fn list(
            &mut self,
            request: impl tonic::IntoRequest<Id>,
        ) -> std::result::Result<tonic::Response<tonic::codec::Streaming<Id>>, tonic::Status> {
            self.inner.ready().await.map_err(|e| {
                tonic::Status::unknown(format!("Service was not ready: {}", e.into()))
            })?;
            let codec = interceptors_ui_tests::IdCodec::default();
            let path = http::uri::PathAndQuery::from_static("/user.v1.UserService/List");
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new("user.v1.UserService", "List"));
            self.inner.server_streaming(req, path, codec).await
        }
    }
}

fn main() {}
