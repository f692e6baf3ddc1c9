// Cause: The paths in a generated client contain the name of its service.
// Cure: Take `service` out.

use interceptors::intercept;

#[intercept(service = "user.v1.UserService", logging)]
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
