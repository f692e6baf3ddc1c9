const _: () = {
    #[allow(unused_imports)]
    use ::interceptors::__private as __interceptors;
    #[allow(unused_imports)]
    use __interceptors::{
        KeepsPath as _, LooksAtMessages as _, NoResend as _, Otherwise as _,
        Uncovered as _,
    };
    const __SERVICE: &::core::primitive::str = "Query";
    const __SERVICE_IS_DERIVED: ::core::primitive::bool = true;
    const __CONFIG_AUTH_0: &__interceptors::auth::Credentials = &{
        let config = __interceptors::auth::Credentials::new();
        config
    };
    const __ENTRY_AUTH_0: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::auth::Entry,
    >(
            &__CONFIG_AUTH_0.settings(),
            &[
                __interceptors::Setting::new(
                    "verifier",
                    __interceptors::Value::Text("self.tokens"),
                ),
            ],
        )
        .verifies();
    const __CONFIG_RATE_LIMIT_1: &__interceptors::rate_limit::Rate = &{
        let config = __interceptors::rate_limit::Rate::per_second(200);
        let config = config.burst(50);
        config
    };
    const __SHARING_RATE_LIMIT_1: &__interceptors::rate_limit::Sharing = &{
        let config = __interceptors::rate_limit::Sharing::new();
        let config = config.limit(__CONFIG_RATE_LIMIT_1);
        config
    };
    static __LIMITER_RATE_LIMIT_1: ::std::sync::LazyLock<
        __interceptors::rate_limit::Shared,
    > = ::std::sync::LazyLock::new(|| {
        __interceptors::rate_limit::Shared::new(__SHARING_RATE_LIMIT_1)
    });
    const __ENTRY_RATE_LIMIT_1: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::rate_limit::Entry,
    >(
        &__SHARING_RATE_LIMIT_1.settings(),
        &[
            __interceptors::Setting::new(
                "store",
                __interceptors::Value::Text("self.limits"),
            ),
            __interceptors::Setting::new("key", __interceptors::Value::Text("identity")),
        ],
    );
    const __SHARING_RATE_LIMIT_2: &__interceptors::rate_limit::Sharing = &{
        let config = __interceptors::rate_limit::Sharing::new();
        let config = config.max_keys(10);
        let config = config.on_error(__interceptors::rate_limit::OnError::Deny);
        let config = config
            .store_timeout(::core::time::Duration::new(0u64, 50000000u32));
        let config = config.name("customers");
        let config = config.of_method();
        config
    };
    static __LIMITER_RATE_LIMIT_2: ::std::sync::LazyLock<
        __interceptors::rate_limit::Shared,
    > = ::std::sync::LazyLock::new(|| {
        __interceptors::rate_limit::Shared::new(__SHARING_RATE_LIMIT_2)
    });
    static __VALUE_RATE_LIMIT_2: __interceptors::Once = __interceptors::Once::new();
    const __ENTRY_RATE_LIMIT_2: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::rate_limit::Entry,
    >(
        &__SHARING_RATE_LIMIT_2.settings(),
        &[
            __interceptors::Setting::new(
                "store",
                __interceptors::Value::Text("&*LIMITS"),
            ),
            __interceptors::Setting::new("key", __interceptors::Value::Text("peer")),
        ],
    );
    #[allow(dead_code, nonstandard_style, clippy::all, clippy::pedantic)]
    mod __handlers {
        pub(super) trait Handlers {
            type __MethodPlan;
            type __get_Request;
            type __get_Result;
            const __get_Plan: Self::__MethodPlan;
            fn get(
                &self,
                request: Self::__get_Request,
            ) -> impl ::core::future::Future<
                Output = Self::__get_Result,
            > + ::core::marker::Send;
            type __set_Request;
            type __set_Result;
            const __set_Plan: Self::__MethodPlan;
            fn set(
                &self,
                request: Self::__set_Request,
            ) -> impl ::core::future::Future<
                Output = Self::__set_Result,
            > + ::core::marker::Send;
        }
    }
    impl __handlers::Handlers for Service {
        type __MethodPlan = &'static __interceptors::MethodPlan;
        type __get_Request = Request<Id>;
        type __get_Result = Result<Response<User>, Status>;
        const __get_Plan: Self::__MethodPlan = &__interceptors::MethodPlan::found(
            __interceptors::Name {
                service: __SERVICE,
                method: "Get",
                path: __interceptors::path!(__SERVICE, "Get"),
                derived: __SERVICE_IS_DERIVED || true,
                exact: false,
            },
            __interceptors::kind!(Self::__get_Request, Self::__get_Result),
            &__POLICY,
            "get",
            0usize,
            const { &[__ENTRY_AUTH_0, __ENTRY_RATE_LIMIT_1] },
        );
        async fn get(&self, request: Request<Id>) -> Result<Response<User>, Status> {
            todo!()
        }
        type __set_Request = Request<Id>;
        type __set_Result = Result<Response<User>, Status>;
        const __set_Plan: Self::__MethodPlan = &__interceptors::MethodPlan::found(
            __interceptors::Name {
                service: __SERVICE,
                method: "Set",
                path: __interceptors::path!(__SERVICE, "Set"),
                derived: __SERVICE_IS_DERIVED || true,
                exact: false,
            },
            __interceptors::kind!(Self::__set_Request, Self::__set_Result),
            &__POLICY,
            "set",
            1usize,
            const { &[__ENTRY_AUTH_0, __ENTRY_RATE_LIMIT_2] },
        );
        async fn set(&self, request: Request<Id>) -> Result<Response<User>, Status> {
            todo!()
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
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> impl ::core::future::Future<
            Output = __interceptors::OpaqueAnswer,
        > + ::core::marker::Send;
    }
    impl __Policy for Service {
        async fn __policy_0(
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            let __rpc = __interceptors::Policy;
            let __0 = || __interceptors::auth::Verifying::new(
                __CONFIG_AUTH_0,
                &(self.tokens),
            );
            __rpc.covers_made(__0);
            let __1 = || __interceptors::rate_limit::SharedRateLimit::new(
                &*__LIMITER_RATE_LIMIT_1,
                &(self.limits),
                {
                    use __interceptors::rate_limit::{
                        SharedByHash as _, SharedByText as _,
                    };
                    (&__interceptors::rate_limit::IdentityOf::of_auth(&__0))
                        .key()
                        .checked()
                },
            );
            __rpc.covers_made(__1);
            let mut __behind = __behind;
            if __call.has_begun() {
                return __rpc.go_on(&mut __behind, __call).await;
            }
            let mut __chain = __rpc.made(__0).before(__rpc.made(__1).before(__behind));
            __rpc.run(&mut __chain, __call).await
        }
        async fn __policy_1(
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            let __rpc = __interceptors::Policy;
            let __0 = || __interceptors::auth::Verifying::new(
                __CONFIG_AUTH_0,
                &(self.tokens),
            );
            __rpc.covers_made(__0);
            let __2 = || __interceptors::rate_limit::SharedRateLimit::configured(
                &*__LIMITER_RATE_LIMIT_2,
                *__interceptors::evaluate_once::<
                    (),
                    _,
                >(&__VALUE_RATE_LIMIT_2, || &*LIMITS),
                __interceptors::rate_limit::ByPeer,
            );
            __rpc.covers_made(__2);
            let mut __behind = __behind;
            if __call.has_begun() {
                return __rpc.go_on(&mut __behind, __call).await;
            }
            let mut __chain = __rpc.made(__0).before(__rpc.made(__2).before(__behind));
            __rpc.run(&mut __chain, __call).await
        }
    }
    struct __Policy0;
    impl __interceptors::PolicyOf<__Policy0> for Service {
        fn run(
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> impl ::core::future::Future<
            Output = __interceptors::OpaqueAnswer,
        > + ::core::marker::Send {
            <Self as __Policy>::__policy_0(self, __call, __behind)
        }
    }
    struct __Policy1;
    impl __interceptors::PolicyOf<__Policy1> for Service {
        fn run(
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> impl ::core::future::Future<
            Output = __interceptors::OpaqueAnswer,
        > + ::core::marker::Send {
            <Self as __Policy>::__policy_1(self, __call, __behind)
        }
    }
    #[tonic::async_trait]
    impl Query for Service {
        fn get<'__this, '__call>(
            &'__this self,
            __request: Request<Id>,
        ) -> ::core::pin::Pin<
            ::std::boxed::Box<
                dyn ::core::future::Future<
                    Output = Result<Response<User>, Status>,
                > + ::core::marker::Send + '__call,
            >,
        >
        where
            '__this: '__call,
            Self: '__call,
        {
            let __rpc = __interceptors::rpc!(
                < Self as __handlers::Handlers > ::__get_Request, < Self as
                __handlers::Handlers > ::__get_Result
            );
            if __interceptors::has_passed(
                <Self as __handlers::Handlers>::__get_Plan,
                __interceptors::tonic::Request::extensions(&__request),
            ) {
                return ::std::boxed::Box::pin(
                    __rpc.passed(<Self as __handlers::Handlers>::get(self, __request)),
                );
            }
            let __behind = __interceptors::Blind
                .around(
                    __rpc
                        .handler(move |__request| <Self as __handlers::Handlers>::get(
                            self,
                            __request,
                        )),
                    |__innermost| __innermost,
                );
            ::std::boxed::Box::pin(
                __behind
                    .through(
                        __Policy0,
                        self,
                        __rpc,
                        <Self as __handlers::Handlers>::__get_Plan,
                        || __interceptors::Abilities::new(
                            __interceptors::Probe::<
                                <Self as __handlers::Handlers>::__get_Request,
                            >::RESEND,
                            __interceptors::Probe::<
                                <Self as __handlers::Handlers>::__get_Request,
                            >::COUNT,
                        ),
                        __request,
                    ),
            )
        }
        fn set<'__this, '__call>(
            &'__this self,
            __request: Request<Id>,
        ) -> ::core::pin::Pin<
            ::std::boxed::Box<
                dyn ::core::future::Future<
                    Output = Result<Response<User>, Status>,
                > + ::core::marker::Send + '__call,
            >,
        >
        where
            '__this: '__call,
            Self: '__call,
        {
            let __rpc = __interceptors::rpc!(
                < Self as __handlers::Handlers > ::__set_Request, < Self as
                __handlers::Handlers > ::__set_Result
            );
            if __interceptors::has_passed(
                <Self as __handlers::Handlers>::__set_Plan,
                __interceptors::tonic::Request::extensions(&__request),
            ) {
                return ::std::boxed::Box::pin(
                    __rpc.passed(<Self as __handlers::Handlers>::set(self, __request)),
                );
            }
            let __behind = __interceptors::Blind
                .around(
                    __rpc
                        .handler(move |__request| <Self as __handlers::Handlers>::set(
                            self,
                            __request,
                        )),
                    |__innermost| __innermost,
                );
            ::std::boxed::Box::pin(
                __behind
                    .through(
                        __Policy1,
                        self,
                        __rpc,
                        <Self as __handlers::Handlers>::__set_Plan,
                        || __interceptors::Abilities::new(
                            __interceptors::Probe::<
                                <Self as __handlers::Handlers>::__set_Request,
                            >::RESEND,
                            __interceptors::Probe::<
                                <Self as __handlers::Handlers>::__set_Request,
                            >::COUNT,
                        ),
                        __request,
                    ),
            )
        }
    }
    #[allow(unreachable_pub)]
    pub struct __Plan;
    impl __interceptors::Intercepted<__Plan> for Service {
        const PLAN: __interceptors::Plan = __interceptors::Plan::new(
            &[
                <Self as __handlers::Handlers>::__get_Plan,
                <Self as __handlers::Handlers>::__set_Plan,
            ],
        );
    }
    static __POLICY: __interceptors::PolicyId = __interceptors::PolicyId::new();
    impl __interceptors::ServicePolicy<dyn Query> for Service {
        const METHODS: &'static [&'static __interceptors::MethodPlan] = <Self as __interceptors::Intercepted<
            __Plan,
        >>::PLAN
            .methods();
        const UNKNOWN: &'static [__interceptors::EntryPlan] = &[
            __ENTRY_AUTH_0,
            __ENTRY_RATE_LIMIT_1,
        ];
        const CHALLENGE: ::core::option::Option<&'static ::core::primitive::str> = __CONFIG_AUTH_0
            .challenge();
        async fn receive<__Module: 'static>(
            &self,
            __list: ::core::primitive::usize,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            match __list {
                0usize => <Self as __Policy>::__policy_0(self, __call, __behind).await,
                1usize => <Self as __Policy>::__policy_1(self, __call, __behind).await,
                _ => <Self as __Policy>::__policy_0(self, __call, __behind).await,
            }
        }
    }
};
