// Cause: The module is not as tonic's code generator writes it: here, `call` does more than choose a method by the
// path.
// Cure: Let tonic write the module, in `build.rs`. If the server should do more, use a layer or an
// interceptor of yours.

use interceptors::intercept;

#[intercept]
mod user_service_server {
    use interceptors_ui_tests::Id;
    use tonic::codegen::*;

    #[async_trait]
    pub trait UserService: std::marker::Send + std::marker::Sync + 'static {
        async fn get(
            &self,
            request: tonic::Request<Id>,
        ) -> std::result::Result<tonic::Response<Id>, tonic::Status>;
    }

    pub struct UserServiceServer<T> {
        inner: Arc<T>,
    }

    impl<T> UserServiceServer<T> {
        pub fn new(inner: T) -> Self {
            Self {
                inner: Arc::new(inner),
            }
        }
    }

    impl<T, B> tonic::codegen::Service<http::Request<B>> for UserServiceServer<T>
    where
        T: UserService,
        B: Body + std::marker::Send + 'static,
        B::Error: Into<StdError> + std::marker::Send + 'static,
    {
        type Response = http::Response<tonic::body::Body>;
        type Error = std::convert::Infallible;
        type Future = BoxFuture<Self::Response, Self::Error>;

        fn poll_ready(
            &mut self,
            _cx: &mut Context<'_>,
        ) -> Poll<std::result::Result<(), Self::Error>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, req: http::Request<B>) -> Self::Future {
            let path = req.uri().path();
            match path {
                "/user.v1.UserService/Get" => {
                    struct GetSvc<T: UserService>(pub Arc<T>);
                    impl<T: UserService> tonic::server::UnaryService<Id> for GetSvc<T> {
                        type Response = Id;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;

                        fn call(&mut self, request: tonic::Request<Id>) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            Box::pin(async move { <T as UserService>::get(&inner, request).await })
                        }
                    }
                    let inner = self.inner.clone();
                    Box::pin(async move {
                        let method = GetSvc(inner);
                        let codec = interceptors_ui_tests::IdCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec);
                        Ok(grpc.unary(method, req).await)
                    })
                }
                _ => Box::pin(async move { Ok(http::Response::default()) }),
            }
        }
    }

    impl<T> Clone for UserServiceServer<T> {
        fn clone(&self) -> Self {
            Self {
                inner: self.inner.clone(),
            }
        }
    }
}

fn main() {}
