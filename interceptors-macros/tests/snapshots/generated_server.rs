/// Generated server implementations.
pub mod user_service_server {
    #![allow(unused_variables)]
    use tonic::codegen::*;
    #[async_trait]
    pub trait UserService: std::marker::Send + std::marker::Sync + 'static {
        async fn get_url(
            &self,
            request: tonic::Request<super::Id>,
        ) -> std::result::Result<tonic::Response<super::Url>, tonic::Status>;
        type SyncStream: tonic::codegen::tokio_stream::Stream + 'static;
        async fn sync(
            &self,
            request: tonic::Request<tonic::Streaming<super::Id>>,
        ) -> std::result::Result<tonic::Response<Self::SyncStream>, tonic::Status>;
    }
    #[derive(Debug)]
    pub struct UserServiceServer<T> {
        inner: Arc<T>,
        max_decoding_message_size: Option<usize>,
    }
    const _: () = {
        #[allow(unused_imports)]
        use ::interceptors::__private as __interceptors;
        #[allow(unused_imports)]
        use __interceptors::{
            KeepsPath as _, LooksAtMessages as _, NoResend as _, Otherwise as _,
            Uncovered as _,
        };
        #[diagnostic::on_unimplemented(
            message = "[I0814] put `#[intercept(…)]` on `impl UserService for {Self}`",
            label = "this service has no policy for its server to run",
            note = "`#[intercept]` is on the generated server, so it runs the policy of the service before it decodes a request",
            note = "a policy is found where `#[intercept(…)]` is above `#[tonic::async_trait]`; that of an `impl<T> … for T` is not"
        )]
        #[allow(unreachable_pub)]
        pub trait __HasPolicy: __interceptors::ServicePolicy<
                dyn UserService<SyncStream = <Self as UserService>::SyncStream>,
            > + UserService {}
        #[diagnostic::do_not_recommend]
        impl<T> __HasPolicy for T
        where
            T: UserService
                + __interceptors::ServicePolicy<
                    dyn UserService<SyncStream = <T as UserService>::SyncStream>,
                >,
        {}
        struct __Module;
        struct __Methods<T>(::core::marker::PhantomData<T>);
        #[allow(non_upper_case_globals)]
        impl<T> __Methods<T>
        where
            T: UserService,
            T: __HasPolicy,
        {
            const __METHOD_get_url: &'static __interceptors::ModuleMethod = &__interceptors::ModuleMethod::new::<
                T,
                dyn UserService<SyncStream = <T as UserService>::SyncStream>,
            >(
                "get_url",
                __interceptors::Name {
                    service: "user.v1.UserService",
                    method: "GetURL",
                    path: "/user.v1.UserService/GetURL",
                    derived: false,
                    exact: true,
                },
                __interceptors::Kind::new(false, false),
            );
            const __PLAN_get_url: &'static __interceptors::MethodPlan = Self::__METHOD_get_url
                .plan();
            const __METHOD_sync: &'static __interceptors::ModuleMethod = &__interceptors::ModuleMethod::new::<
                T,
                dyn UserService<SyncStream = <T as UserService>::SyncStream>,
            >(
                "sync",
                __interceptors::Name {
                    service: "user.v1.UserService",
                    method: "Sync",
                    path: "/user.v1.UserService/Sync",
                    derived: false,
                    exact: true,
                },
                __interceptors::Kind::new(true, true),
            );
            const __PLAN_sync: &'static __interceptors::MethodPlan = Self::__METHOD_sync
                .plan();
            const __UNKNOWN: &'static __interceptors::ModuleMethod = &__interceptors::ModuleMethod::unknown::<
                T,
                dyn UserService<SyncStream = <T as UserService>::SyncStream>,
            >("user.v1.UserService");
        }
        impl<T> __interceptors::GeneratedServer for UserServiceServer<T>
        where
            T: UserService,
        {
            type Inner = T;
            fn inner(&self) -> &T {
                &self.inner
            }
            fn decode(
                &self,
                req: __interceptors::tonic::codegen::http::Request<
                    __interceptors::server::Arrived,
                >,
            ) -> __interceptors::tonic::codegen::BoxFuture<
                __interceptors::tonic::codegen::http::Response<
                    __interceptors::tonic::body::Body,
                >,
                ::core::convert::Infallible,
            > {
                match req.uri().path() {
                    "/user.v1.UserService/GetURL" => {
                        impl<T: UserService> tonic::server::UnaryService<super::Id>
                        for GetURLSvc<T> {
                            fn call(
                                &mut self,
                                request: tonic::Request<super::Id>,
                            ) -> Self::Future {
                                Box::pin(async move {
                                    <T as UserService>::get_url(&inner, request).await
                                })
                            }
                        }
                        Box::pin(async move { Ok(grpc.unary(method, req).await) })
                    }
                    "/user.v1.UserService/Sync" => {
                        impl<T: UserService> tonic::server::StreamingService<super::Id>
                        for SyncSvc<T> {
                            fn call(
                                &mut self,
                                request: tonic::Request<tonic::Streaming<super::Id>>,
                            ) -> Self::Future {
                                Box::pin(async move {
                                    <T as UserService>::r#sync(&inner, request).await
                                })
                            }
                        }
                        Box::pin(async move { Ok(grpc.streaming(method, req).await) })
                    }
                    _ => Box::pin(async move { Ok(http::Response::default()) }),
                }
            }
        }
        impl<T, B> tonic::codegen::Service<http::Request<B>> for UserServiceServer<T>
        where
            T: UserService,
            B: Body + std::marker::Send + 'static,
            B::Error: Into<StdError> + std::marker::Send + 'static,
            T: __HasPolicy,
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
                let __method = match req.uri().path() {
                    "/user.v1.UserService/GetURL" => __Methods::<T>::__METHOD_get_url,
                    "/user.v1.UserService/Sync" => __Methods::<T>::__METHOD_sync,
                    _ => __Methods::<T>::__UNKNOWN,
                };
                __interceptors::take_in::<
                    dyn UserService<SyncStream = <T as UserService>::SyncStream>,
                    __Module,
                    Self,
                    _,
                >(self, __method, req)
            }
        }
        #[allow(unreachable_pub)]
        pub struct __Plan;
        impl<T> __interceptors::Intercepted<__Plan> for UserServiceServer<T>
        where
            T: UserService,
            T: __HasPolicy,
        {
            const PLAN: __interceptors::Plan = __interceptors::Plan::new(
                &[__Methods::<T>::__PLAN_get_url, __Methods::<T>::__PLAN_sync],
            );
        }
    };
}
