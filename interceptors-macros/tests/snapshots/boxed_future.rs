const _: () = {
    #[allow(unused_imports)]
    use ::interceptors::__private as __interceptors;
    #[allow(unused_imports)]
    use __interceptors::{
        KeepsPath as _, LooksAtMessages as _, NoResend as _, Otherwise as _,
        Uncovered as _,
    };
    const __SERVICE: &::core::primitive::str = "UserService";
    const __SERVICE_IS_DERIVED: ::core::primitive::bool = true;
    const __CONFIG_LOGGING_0: &__interceptors::logging::Logging = &{
        let config = __interceptors::logging::Logging::new();
        config
    };
    const __ENTRY_LOGGING_0: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::logging::Entry,
    >(&__CONFIG_LOGGING_0.settings(), &[]);
    #[allow(dead_code, nonstandard_style, clippy::all, clippy::pedantic)]
    mod __handlers {
        pub(super) trait Handlers {
            type __MethodPlan;
            type __get_user_Request;
            type __get_user_Result;
            const __get_user_Plan: Self::__MethodPlan;
            fn get_user<'life0, 'async_trait>(
                &'life0 self,
                request: Self::__get_user_Request,
            ) -> ::core::pin::Pin<
                ::std::boxed::Box<
                    dyn ::core::future::Future<
                        Output = Self::__get_user_Result,
                    > + ::core::marker::Send + 'async_trait,
                >,
            >
            where
                'life0: 'async_trait,
                Self: 'async_trait;
        }
    }
    impl __handlers::Handlers for Users {
        type __MethodPlan = &'static __interceptors::MethodPlan;
        type __get_user_Request = Request<Id>;
        type __get_user_Result = Result<Response<User>, Status>;
        const __get_user_Plan: Self::__MethodPlan = &__interceptors::MethodPlan::found(
            __interceptors::Name {
                service: __SERVICE,
                method: "GetUser",
                path: __interceptors::path!(__SERVICE, "GetUser"),
                derived: __SERVICE_IS_DERIVED || true,
                exact: false,
            },
            __interceptors::kind!(Self::__get_user_Request, Self::__get_user_Result),
            &__POLICY,
            "get_user",
            0usize,
            const { &[__ENTRY_LOGGING_0] },
        );
        fn get_user<'life0, 'async_trait>(
            &'life0 self,
            request: Request<Id>,
        ) -> Pin<
            Box<
                dyn Future<Output = Result<Response<User>, Status>> + Send + 'async_trait,
            >,
        >
        where
            'life0: 'async_trait,
            Self: 'async_trait,
        {
            Box::pin(async move { todo!() })
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
    }
    impl __Policy for Users {
        async fn __policy_0(
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            let __rpc = __interceptors::Policy;
            let __0 = &__interceptors::logging::LoggingWith::new(__CONFIG_LOGGING_0);
            let mut __behind = __behind;
            if __call.has_begun() {
                return __rpc.go_on(&mut __behind, __call).await;
            }
            let mut __chain = __interceptors::Chain::new(__0, __behind);
            __rpc.run(&mut __chain, __call).await
        }
    }
    impl UserService for Users {
        fn get_user<'life0, 'async_trait>(
            &'life0 self,
            __request: Request<Id>,
        ) -> Pin<
            Box<
                dyn Future<Output = Result<Response<User>, Status>> + Send + 'async_trait,
            >,
        >
        where
            'life0: 'async_trait,
            Self: 'async_trait,
        {
            ::std::boxed::Box::pin(async move {
                let __rpc = __interceptors::rpc!(
                    < Self as __handlers::Handlers > ::__get_user_Request, < Self as
                    __handlers::Handlers > ::__get_user_Result
                );
                if __interceptors::has_passed(
                    <Self as __handlers::Handlers>::__get_user_Plan,
                    __interceptors::tonic::Request::extensions(&__request),
                ) {
                    return __rpc
                        .pass(
                            <Self as __handlers::Handlers>::get_user(self, __request)
                                .await,
                        );
                }
                let __abilities = || __interceptors::Abilities::new(
                    __interceptors::Probe::<
                        <Self as __handlers::Handlers>::__get_user_Request,
                    >::RESEND,
                    __interceptors::Probe::<
                        <Self as __handlers::Handlers>::__get_user_Request,
                    >::COUNT,
                );
                let (mut __call, __message) = __rpc
                    .enter(
                        <Self as __handlers::Handlers>::__get_user_Plan,
                        __abilities(),
                        __request,
                    );
                let __running = ::core::pin::pin!(::core::option::Option::None);
                let mut __frame = __rpc
                    .frame(
                        __message,
                        __abilities,
                        __interceptors::NoLooks,
                        __running,
                        |__request| <Self as __handlers::Handlers>::get_user(
                            self,
                            __request,
                        ),
                    );
                let __answer = <Self as __Policy>::__policy_0(
                        &*self,
                        &mut __call,
                        __interceptors::Behind::new(&mut __frame),
                    )
                    .await;
                __rpc.leave(&mut __frame, __answer, &mut __call)
            })
        }
    }
    #[allow(unreachable_pub)]
    pub struct __Plan;
    impl __interceptors::Intercepted<__Plan> for Users {
        const PLAN: __interceptors::Plan = __interceptors::Plan::new(
            &[<Self as __handlers::Handlers>::__get_user_Plan],
        );
    }
    static __POLICY: __interceptors::PolicyId = __interceptors::PolicyId::new();
    impl __interceptors::ServicePolicy<dyn UserService> for Users {
        const METHODS: &'static [&'static __interceptors::MethodPlan] = <Self as __interceptors::Intercepted<
            __Plan,
        >>::PLAN
            .methods();
        const UNKNOWN: &'static [__interceptors::EntryPlan] = &[__ENTRY_LOGGING_0];
        const CHALLENGE: ::core::option::Option<&'static ::core::primitive::str> = ::core::option::Option::None;
        async fn receive<__Module: 'static>(
            &self,
            __list: ::core::primitive::usize,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            match __list {
                0usize => <Self as __Policy>::__policy_0(self, __call, __behind).await,
                _ => <Self as __Policy>::__policy_0(self, __call, __behind).await,
            }
        }
    }
};
