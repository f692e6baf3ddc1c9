#[cfg(feature = "server")]
#[allow(clippy::too_many_lines)]
const _: () = {
    #[allow(unused_imports)]
    use ::interceptors::__private::{
        self as __interceptors, NoResend as _, Otherwise as _, Uncovered as _,
    };
    const __SERVICE: &::core::primitive::str = "UserService";
    const __SERVICE_IS_DERIVED: ::core::primitive::bool = true;
    const __CONFIG_LOGGING_0: &__interceptors::logging::Config = &{
        let config = __interceptors::logging::Config::new();
        config
    };
    const __ENTRY_LOGGING_0: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::logging::Entry,
    >(&__CONFIG_LOGGING_0.settings(), &[]);
    #[allow(dead_code, nonstandard_style, clippy::all, clippy::pedantic)]
    mod __handlers {
        pub(super) trait Handlers {
            type __MethodPlan;
            #[cfg(unix)]
            type __get_user_Request;
            #[cfg(unix)]
            type __get_user_Result;
            #[cfg(unix)]
            const __get_user_Plan: Self::__MethodPlan;
            #[cfg(unix)]
            fn get_user(
                &self,
                request: Self::__get_user_Request,
            ) -> impl ::core::future::Future<
                Output = Self::__get_user_Result,
            > + ::core::marker::Send;
            #[cfg(not(unix))]
            type __get_user_Request;
            #[cfg(not(unix))]
            type __get_user_Result;
            #[cfg(not(unix))]
            const __get_user_Plan: Self::__MethodPlan;
            #[cfg(not(unix))]
            fn get_user(
                &self,
                request: Self::__get_user_Request,
            ) -> impl ::core::future::Future<
                Output = Self::__get_user_Result,
            > + ::core::marker::Send;
        }
    }
    impl __handlers::Handlers for Users {
        type __MethodPlan = &'static __interceptors::MethodPlan;
        #[cfg(unix)]
        #[allow(deprecated)]
        type __get_user_Request = Request<Old>;
        #[cfg(unix)]
        #[allow(deprecated)]
        type __get_user_Result = Result<Response<User>, Status>;
        #[cfg(unix)]
        const __get_user_Plan: Self::__MethodPlan = &__interceptors::MethodPlan::new(
            __interceptors::Name {
                service: __SERVICE,
                method: "GetUser",
                path: __interceptors::path!(__SERVICE, "GetUser"),
                derived: __SERVICE_IS_DERIVED || true,
                exact: false,
            },
            __interceptors::Kind::new(
                __interceptors::Probe::<Self::__get_user_Request>::REQUEST_IS_STREAM,
                __interceptors::reply_is_stream::<
                    Self::__get_user_Result,
                    _,
                >(__interceptors::Probe::<Self::__get_user_Result>::REPLY),
            ),
            __interceptors::Side::Server,
            &[__ENTRY_LOGGING_0],
        );
        #[cfg(unix)]
        #[expect(deprecated)]
        async fn get_user(
            &self,
            request: Request<Old>,
        ) -> Result<Response<User>, Status> {
            todo!()
        }
        #[cfg(not(unix))]
        type __get_user_Request = Request<Old>;
        #[cfg(not(unix))]
        type __get_user_Result = Result<Response<User>, Status>;
        #[cfg(not(unix))]
        const __get_user_Plan: Self::__MethodPlan = &__interceptors::MethodPlan::new(
            __interceptors::Name {
                service: __SERVICE,
                method: "GetUser",
                path: __interceptors::path!(__SERVICE, "GetUser"),
                derived: __SERVICE_IS_DERIVED || true,
                exact: false,
            },
            __interceptors::Kind::new(
                __interceptors::Probe::<Self::__get_user_Request>::REQUEST_IS_STREAM,
                __interceptors::reply_is_stream::<
                    Self::__get_user_Result,
                    _,
                >(__interceptors::Probe::<Self::__get_user_Result>::REPLY),
            ),
            __interceptors::Side::Server,
            &[__ENTRY_LOGGING_0],
        );
        #[cfg(not(unix))]
        async fn get_user(
            &self,
            _request: Request<Old>,
        ) -> Result<Response<User>, Status> {
            todo!()
        }
    }
    #[tonic::async_trait]
    impl UserService for Users {
        #[cfg(unix)]
        #[allow(deprecated)]
        async fn get_user(
            &self,
            __request: Request<Old>,
        ) -> Result<Response<User>, Status> {
            let __rpc = __interceptors::Rpc::<
                <Self as __handlers::Handlers>::__get_user_Request,
                <Self as __handlers::Handlers>::__get_user_Result,
                _,
            >::new(
                __interceptors::Probe::<
                    <Self as __handlers::Handlers>::__get_user_Result,
                >::REPLY,
            );
            let __0 = &__interceptors::logging::Logging::new(__CONFIG_LOGGING_0);
            let __handler = __rpc
                .handler(|__request| <Self as __handlers::Handlers>::get_user(
                    self,
                    __request,
                ));
            let mut __call = __rpc
                .call(
                    <Self as __handlers::Handlers>::__get_user_Plan,
                    __interceptors::Abilities::new(
                        __interceptors::Probe::<
                            <Self as __handlers::Handlers>::__get_user_Request,
                        >::RESEND,
                        __interceptors::Probe::<
                            <Self as __handlers::Handlers>::__get_user_Request,
                        >::COUNT,
                    ),
                    __request,
                );
            let mut __chain = __interceptors::Chain::new(__0, __handler);
            __rpc.leave(__rpc.run(&mut __chain, &mut __call).await, &mut __call)
        }
        #[cfg(not(unix))]
        async fn get_user(
            &self,
            __request: Request<Old>,
        ) -> Result<Response<User>, Status> {
            let __rpc = __interceptors::Rpc::<
                <Self as __handlers::Handlers>::__get_user_Request,
                <Self as __handlers::Handlers>::__get_user_Result,
                _,
            >::new(
                __interceptors::Probe::<
                    <Self as __handlers::Handlers>::__get_user_Result,
                >::REPLY,
            );
            let __0 = &__interceptors::logging::Logging::new(__CONFIG_LOGGING_0);
            let __handler = __rpc
                .handler(|__request| <Self as __handlers::Handlers>::get_user(
                    self,
                    __request,
                ));
            let mut __call = __rpc
                .call(
                    <Self as __handlers::Handlers>::__get_user_Plan,
                    __interceptors::Abilities::new(
                        __interceptors::Probe::<
                            <Self as __handlers::Handlers>::__get_user_Request,
                        >::RESEND,
                        __interceptors::Probe::<
                            <Self as __handlers::Handlers>::__get_user_Request,
                        >::COUNT,
                    ),
                    __request,
                );
            let mut __chain = __interceptors::Chain::new(__0, __handler);
            __rpc.leave(__rpc.run(&mut __chain, &mut __call).await, &mut __call)
        }
    }
    #[allow(unreachable_pub)]
    pub struct __Plan;
    impl __interceptors::Intercepted<__Plan> for Users {
        const PLAN: __interceptors::Plan = __interceptors::Plan::new(
            &[
                #[cfg(unix)]
                <Self as __handlers::Handlers>::__get_user_Plan,
                #[cfg(not(unix))]
                <Self as __handlers::Handlers>::__get_user_Plan,
            ],
        );
    }
};
