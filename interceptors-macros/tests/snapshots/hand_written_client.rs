const _: () = {
    #[allow(unused_imports)]
    use ::interceptors::__private as __interceptors;
    #[allow(unused_imports)]
    use __interceptors::{
        KeepsPath as _, LooksAtMessages as _, NoResend as _, Otherwise as _,
        Uncovered as _,
    };
    const __SERVICE: &::core::primitive::str = "user.v1.UserService";
    const __SERVICE_IS_DERIVED: ::core::primitive::bool = false;
    const __CONFIG_LOGGING_0: &__interceptors::logging::Logging = &{
        let config = __interceptors::logging::Logging::client();
        config
    };
    const __ENTRY_LOGGING_0: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::logging::Entry,
    >(&__CONFIG_LOGGING_0.settings(), &[]);
    const __CONFIG_HEDGE_1: &__interceptors::hedge::Hedge = &{
        let config = __interceptors::hedge::Hedge::new();
        let config = config.delay(::core::time::Duration::new(1u64, 0u32));
        config
    };
    const __ENTRY_HEDGE_1: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::hedge::Entry,
    >(&__CONFIG_HEDGE_1.settings(), &[])
        .blind(false);
    #[allow(dead_code, nonstandard_style, clippy::all, clippy::pedantic)]
    mod __handlers {
        pub(super) trait Handlers {
            type __MethodPlan;
            type __get_Request;
            type __get_Result;
            const __get_Plan: Self::__MethodPlan;
            fn __get(
                &self,
                request: Self::__get_Request,
            ) -> impl ::core::future::Future<
                Output = Self::__get_Result,
            > + ::core::marker::Send;
            type __set_Request;
            type __set_Result;
            const __set_Plan: Self::__MethodPlan;
            fn set(
                &mut self,
                request: Self::__set_Request,
            ) -> impl ::core::future::Future<
                Output = Self::__set_Result,
            > + ::core::marker::Send;
        }
    }
    impl __handlers::Handlers for Users {
        type __MethodPlan = &'static __interceptors::MethodPlan;
        type __get_Request = Request<Id>;
        type __get_Result = Result<Response<User>, Status>;
        const __get_Plan: Self::__MethodPlan = &__interceptors::MethodPlan::new(
            __interceptors::Name {
                service: __SERVICE,
                method: "Get",
                path: __interceptors::path!(__SERVICE, "Get"),
                derived: __SERVICE_IS_DERIVED || true,
                exact: false,
            },
            __interceptors::kind!(Self::__get_Request, Self::__get_Result),
            __interceptors::Side::Client,
            const { &[__ENTRY_LOGGING_0, __ENTRY_HEDGE_1.blind(false)] },
        );
        async fn __get(&self, request: Request<Id>) -> Result<Response<User>, Status> {
            self.client.clone().get(request).await
        }
        type __set_Request = Request<User>;
        type __set_Result = Result<Response<Id>, Status>;
        const __set_Plan: Self::__MethodPlan = &__interceptors::MethodPlan::new(
            __interceptors::Name {
                service: __SERVICE,
                method: "Set",
                path: __interceptors::path!(__SERVICE, "Set"),
                derived: __SERVICE_IS_DERIVED || true,
                exact: false,
            },
            __interceptors::kind!(Self::__set_Request, Self::__set_Result),
            __interceptors::Side::Client,
            const { &[__ENTRY_LOGGING_0] },
        );
        async fn set(&mut self, request: Request<User>) -> Result<Response<Id>, Status> {
            self.client.set(request).await
        }
    }
    trait __Policy {
        fn __policy_0(
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> impl ::core::future::Future<
            Output = __interceptors::OpaqueAnswer,
        > + ::core::marker::Send;
        fn __policy_1(
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> impl ::core::future::Future<
            Output = __interceptors::OpaqueAnswer,
        > + ::core::marker::Send;
    }
    impl __Policy for Users {
        async fn __policy_0(
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            let __rpc = __interceptors::Policy;
            let __0 = &__interceptors::logging::LoggingWith::new(__CONFIG_LOGGING_0);
            let mut __chain = __interceptors::Chain::new(__0, __behind);
            __rpc.send(&mut __chain, __call).await
        }
        async fn __policy_1(
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            let __rpc = __interceptors::Policy;
            let __0 = &__interceptors::logging::LoggingWith::new(__CONFIG_LOGGING_0);
            let mut __chain = __interceptors::Chain::new(__0, __behind);
            __rpc.send(&mut __chain, __call).await
        }
    }
    impl Users {
        /// Gives a user.
        pub async fn get(
            &self,
            __request: Request<Id>,
        ) -> Result<Response<User>, Status> {
            let __rpc = __interceptors::rpc!(
                < Self as __handlers::Handlers > ::__get_Request, < Self as
                __handlers::Handlers > ::__get_Result
            );
            let __abilities = || {
                __interceptors::Abilities::new(
                        __interceptors::Probe::<
                            <Self as __handlers::Handlers>::__get_Request,
                        >::RESEND,
                        __interceptors::Probe::<
                            <Self as __handlers::Handlers>::__get_Request,
                        >::COUNT,
                    )
                    .sized(
                        __interceptors::Probe::<
                            <Self as __handlers::Handlers>::__get_Request,
                        >::SIZE_OF,
                    )
            };
            let (mut __call, __message) = __rpc
                .outgoing(
                    <Self as __handlers::Handlers>::__get_Plan,
                    __abilities(),
                    __request,
                );
            let __1 = &__interceptors::hedge::Hedging::new(__CONFIG_HEDGE_1);
            let _ = &__1;
            let __verdict = __interceptors::Typed;
            let __behind = __interceptors::Typed
                .around(
                    __rpc
                        .hand_written(|__request| <Self as __handlers::Handlers>::__get(
                            self,
                            __request,
                        )),
                    |__innermost| __interceptors::Chain::new(__1, __innermost),
                );
            let mut __stage = __verdict.stage();
            let mut __home = __verdict.home(&mut __stage);
            let __running = ::core::pin::pin!(::core::option::Option::None);
            let mut __frame = __behind
                .frame(
                    &mut __home,
                    __message,
                    __abilities,
                    __interceptors::NoLooks,
                    __running,
                    __interceptors::run_rest,
                );
            let __answer = <Self as __Policy>::__policy_0(
                    &*self,
                    &mut __call,
                    __interceptors::Behind::new(&mut __frame),
                )
                .await;
            __rpc.leave(&mut __frame, __answer, &mut __call)
        }
        async fn set(
            &mut self,
            __request: Request<User>,
        ) -> Result<Response<Id>, Status> {
            let __rpc = __interceptors::rpc!(
                < Self as __handlers::Handlers > ::__set_Request, < Self as
                __handlers::Handlers > ::__set_Result
            );
            let __abilities = || __interceptors::Abilities::new(
                __interceptors::Probe::<
                    <Self as __handlers::Handlers>::__set_Request,
                >::RESEND,
                __interceptors::Probe::<
                    <Self as __handlers::Handlers>::__set_Request,
                >::COUNT,
            );
            let (mut __call, __message) = __rpc
                .outgoing(
                    <Self as __handlers::Handlers>::__set_Plan,
                    __abilities(),
                    __request,
                );
            let __verdict = __interceptors::Lends;
            let __behind = __interceptors::Lends
                .around(
                    __rpc.hand_written_mut(__methods::set, self),
                    |__innermost| __innermost,
                );
            let mut __stage = __verdict.stage();
            let mut __home = __verdict.home(&mut __stage);
            let __running = ::core::pin::pin!(::core::option::Option::None);
            let mut __frame = __behind
                .frame(
                    &mut __home,
                    __message,
                    __abilities,
                    __interceptors::NoLooks,
                    __running,
                    __interceptors::run_rest,
                );
            let __answer = <Self as __Policy>::__policy_1(
                    &mut __call,
                    __interceptors::Behind::new(&mut __frame),
                )
                .await;
            __rpc.leave(&mut __frame, __answer, &mut __call)
        }
    }
    #[allow(nonstandard_style)]
    mod __methods {
        pub(super) struct set;
    }
    impl __interceptors::CallMut<__methods::set> for Users {
        type Request = <Self as __handlers::Handlers>::__set_Request;
        type Result = <Self as __handlers::Handlers>::__set_Result;
        fn call_mut(
            &mut self,
            request: Self::Request,
        ) -> impl ::core::future::Future<Output = Self::Result> + ::core::marker::Send {
            <Self as __handlers::Handlers>::set(self, request)
        }
    }
    #[allow(unreachable_pub)]
    pub struct __Plan;
    impl __interceptors::Intercepted<__Plan> for Users {
        const PLAN: __interceptors::Plan = __interceptors::Plan::new(
            &[
                <Self as __handlers::Handlers>::__get_Plan,
                <Self as __handlers::Handlers>::__set_Plan,
            ],
        );
    }
    #[allow(deprecated)]
    const _: () = {
        ::core::assert!(
            < Users as __handlers::Handlers > ::__get_Plan.kind().is_unary() &&
            __interceptors::Probe:: < < Users as __handlers::Handlers > ::__get_Request >
            ::RESEND.is_some(),
            "[I0817] `hedge` is for unary calls with a request that is `Clone`, and `get` is not one; leave it out with `except = [get]`"
        );
    };
};
