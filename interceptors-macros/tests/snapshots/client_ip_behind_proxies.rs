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
    const __CONFIG_CLIENT_IP_0: &__interceptors::client_ip::ClientIp = &{
        let config = __interceptors::client_ip::ClientIp::new();
        let config = config.header("forwarded");
        let config = config.ipv6_prefix(56);
        let config = config
            .trusted(
                &[
                    __interceptors::client_ip::v4([10u8, 0u8, 0u8, 0u8], 8u8),
                    __interceptors::client_ip::v6(
                        [64768u16, 0u16, 0u16, 0u16, 0u16, 0u16, 0u16, 0u16],
                        8u8,
                    ),
                ],
            );
        config
    };
    const __ENTRY_CLIENT_IP_0: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::client_ip::Entry,
    >(
        &__CONFIG_CLIENT_IP_0.settings(),
        &[
            __interceptors::Setting::new(
                "trusted",
                __interceptors::Value::Text("[\"10.0.0.0/8\", \"fd00::/8\"]"),
            ),
        ],
    );
    const __CONFIG_RATE_LIMIT_1: &__interceptors::rate_limit::Rate = &{
        let config = __interceptors::rate_limit::Rate::per_second(1);
        config
    };
    static __LIMITER_RATE_LIMIT_1: ::std::sync::LazyLock<
        __interceptors::rate_limit::Limiter,
    > = ::std::sync::LazyLock::new(|| {
        __interceptors::rate_limit::Limiter::new(__CONFIG_RATE_LIMIT_1)
    });
    const __ENTRY_RATE_LIMIT_1: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::rate_limit::Entry,
    >(
        &__CONFIG_RATE_LIMIT_1.settings(),
        &[__interceptors::Setting::new("key", __interceptors::Value::Text("client_ip"))],
    );
    const __CONFIG_CLIENT_IP_2: &__interceptors::client_ip::ClientIp = &{
        let config = __interceptors::client_ip::ClientIp::new();
        config
    };
    const __ENTRY_CLIENT_IP_2: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::client_ip::Entry,
    >(
        &__CONFIG_CLIENT_IP_2.settings(),
        &[
            __interceptors::Setting::new(
                "trusted",
                __interceptors::Value::Text("self.proxies"),
            ),
        ],
    );
    const __ENTRY_CLIENT_IP_3: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::client_ip::Entry,
    >(
        &[],
        &[__interceptors::Setting::new("by", __interceptors::Value::Text("Inbound"))],
    );
    #[allow(dead_code, nonstandard_style, clippy::all, clippy::pedantic)]
    mod __handlers {
        pub(super) trait Handlers {
            type __MethodPlan;
            type __login_Request;
            type __login_Result;
            const __login_Plan: Self::__MethodPlan;
            fn login(
                &self,
                request: Self::__login_Request,
            ) -> impl ::core::future::Future<
                Output = Self::__login_Result,
            > + ::core::marker::Send;
            type __get_user_Request;
            type __get_user_Result;
            const __get_user_Plan: Self::__MethodPlan;
            fn get_user(
                &self,
                request: Self::__get_user_Request,
            ) -> impl ::core::future::Future<
                Output = Self::__get_user_Result,
            > + ::core::marker::Send;
            type __find_Request;
            type __find_Result;
            const __find_Plan: Self::__MethodPlan;
            fn find(
                &self,
                request: Self::__find_Request,
            ) -> impl ::core::future::Future<
                Output = Self::__find_Result,
            > + ::core::marker::Send;
        }
    }
    impl __handlers::Handlers for Users {
        type __MethodPlan = &'static __interceptors::MethodPlan;
        type __login_Request = Request<LoginRequest>;
        type __login_Result = Result<Response<LoginReply>, Status>;
        const __login_Plan: Self::__MethodPlan = &__interceptors::MethodPlan::found(
            __interceptors::Name {
                service: __SERVICE,
                method: "Login",
                path: __interceptors::path!(__SERVICE, "Login"),
                derived: __SERVICE_IS_DERIVED || true,
                exact: false,
            },
            __interceptors::kind!(Self::__login_Request, Self::__login_Result),
            &__POLICY,
            "login",
            0usize,
            const { &[__ENTRY_CLIENT_IP_0, __ENTRY_RATE_LIMIT_1] },
        );
        async fn login(
            &self,
            request: Request<LoginRequest>,
        ) -> Result<Response<LoginReply>, Status> {
            todo!()
        }
        type __get_user_Request = Request<GetUserRequest>;
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
            1usize,
            const { &[__ENTRY_CLIENT_IP_2, __ENTRY_RATE_LIMIT_1] },
        );
        async fn get_user(
            &self,
            request: Request<GetUserRequest>,
        ) -> Result<Response<User>, Status> {
            todo!()
        }
        type __find_Request = Request<GetUserRequest>;
        type __find_Result = Result<Response<User>, Status>;
        const __find_Plan: Self::__MethodPlan = &__interceptors::MethodPlan::found(
            __interceptors::Name {
                service: __SERVICE,
                method: "Find",
                path: __interceptors::path!(__SERVICE, "Find"),
                derived: __SERVICE_IS_DERIVED || true,
                exact: false,
            },
            __interceptors::kind!(Self::__find_Request, Self::__find_Result),
            &__POLICY,
            "find",
            2usize,
            const { &[__ENTRY_CLIENT_IP_3, __ENTRY_RATE_LIMIT_1] },
        );
        async fn find(
            &self,
            request: Request<GetUserRequest>,
        ) -> Result<Response<User>, Status> {
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
        fn __policy_2(
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
            let __0 = &__interceptors::client_ip::FindClientIp::new(
                __CONFIG_CLIENT_IP_0,
            );
            let __1 = &__interceptors::rate_limit::RateLimit::new(
                &*__LIMITER_RATE_LIMIT_1,
                __interceptors::rate_limit::ByClientIp,
            );
            __rpc.covers(__1);
            let mut __behind = __behind;
            if __call.has_begun() {
                return __rpc.go_on(&mut __behind, __call).await;
            }
            let mut __chain = __interceptors::Chain::new(
                __0,
                __rpc.link(__1).before(__behind),
            );
            __rpc.run(&mut __chain, __call).await
        }
        async fn __policy_1(
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            let __rpc = __interceptors::Policy;
            let __2 = || __interceptors::client_ip::FindClientIp::trusting(
                __CONFIG_CLIENT_IP_2,
                &(self.proxies),
            );
            __rpc.covers_made(__2);
            let __1 = &__interceptors::rate_limit::RateLimit::new(
                &*__LIMITER_RATE_LIMIT_1,
                __interceptors::rate_limit::ByClientIp,
            );
            __rpc.covers(__1);
            let mut __behind = __behind;
            if __call.has_begun() {
                return __rpc.go_on(&mut __behind, __call).await;
            }
            let mut __chain = __rpc.made(__2).before(__rpc.link(__1).before(__behind));
            __rpc.run(&mut __chain, __call).await
        }
        async fn __policy_2(
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            let __rpc = __interceptors::Policy;
            let __3 = &__interceptors::client_ip::by_mount::<Inbound>();
            let __1 = &__interceptors::rate_limit::RateLimit::new(
                &*__LIMITER_RATE_LIMIT_1,
                __interceptors::rate_limit::ByClientIp,
            );
            __rpc.covers(__1);
            let mut __behind = __behind;
            if __call.has_begun() {
                return __rpc.go_on(&mut __behind, __call).await;
            }
            let mut __chain = __interceptors::Chain::new(
                __3,
                __rpc.link(__1).before(__behind),
            );
            __rpc.run(&mut __chain, __call).await
        }
    }
    struct __Policy0;
    impl __interceptors::PolicyOf<__Policy0> for Users {
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
    impl __interceptors::PolicyOf<__Policy1> for Users {
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
    struct __Policy2;
    impl __interceptors::PolicyOf<__Policy2> for Users {
        fn run(
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> impl ::core::future::Future<
            Output = __interceptors::OpaqueAnswer,
        > + ::core::marker::Send {
            <Self as __Policy>::__policy_2(self, __call, __behind)
        }
    }
    #[tonic::async_trait]
    impl UserService for Users {
        fn login<'__this, '__call>(
            &'__this self,
            __request: Request<LoginRequest>,
        ) -> ::core::pin::Pin<
            ::std::boxed::Box<
                dyn ::core::future::Future<
                    Output = Result<Response<LoginReply>, Status>,
                > + ::core::marker::Send + '__call,
            >,
        >
        where
            '__this: '__call,
            Self: '__call,
        {
            let __rpc = __interceptors::rpc!(
                < Self as __handlers::Handlers > ::__login_Request, < Self as
                __handlers::Handlers > ::__login_Result
            );
            if __interceptors::has_passed(
                <Self as __handlers::Handlers>::__login_Plan,
                __interceptors::tonic::Request::extensions(&__request),
            ) {
                return ::std::boxed::Box::pin(
                    __rpc.passed(<Self as __handlers::Handlers>::login(self, __request)),
                );
            }
            let __behind = __interceptors::Blind
                .around(
                    __rpc
                        .handler(move |__request| <Self as __handlers::Handlers>::login(
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
                        <Self as __handlers::Handlers>::__login_Plan,
                        || __interceptors::Abilities::new(
                            __interceptors::Probe::<
                                <Self as __handlers::Handlers>::__login_Request,
                            >::RESEND,
                            __interceptors::Probe::<
                                <Self as __handlers::Handlers>::__login_Request,
                            >::COUNT,
                        ),
                        __request,
                    ),
            )
        }
        fn get_user<'__this, '__call>(
            &'__this self,
            __request: Request<GetUserRequest>,
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
                < Self as __handlers::Handlers > ::__get_user_Request, < Self as
                __handlers::Handlers > ::__get_user_Result
            );
            if __interceptors::has_passed(
                <Self as __handlers::Handlers>::__get_user_Plan,
                __interceptors::tonic::Request::extensions(&__request),
            ) {
                return ::std::boxed::Box::pin(
                    __rpc
                        .passed(
                            <Self as __handlers::Handlers>::get_user(self, __request),
                        ),
                );
            }
            let __behind = __interceptors::Blind
                .around(
                    __rpc
                        .handler(move |__request| <Self as __handlers::Handlers>::get_user(
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
                        <Self as __handlers::Handlers>::__get_user_Plan,
                        || __interceptors::Abilities::new(
                            __interceptors::Probe::<
                                <Self as __handlers::Handlers>::__get_user_Request,
                            >::RESEND,
                            __interceptors::Probe::<
                                <Self as __handlers::Handlers>::__get_user_Request,
                            >::COUNT,
                        ),
                        __request,
                    ),
            )
        }
        fn find<'__this, '__call>(
            &'__this self,
            __request: Request<GetUserRequest>,
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
                < Self as __handlers::Handlers > ::__find_Request, < Self as
                __handlers::Handlers > ::__find_Result
            );
            if __interceptors::has_passed(
                <Self as __handlers::Handlers>::__find_Plan,
                __interceptors::tonic::Request::extensions(&__request),
            ) {
                return ::std::boxed::Box::pin(
                    __rpc.passed(<Self as __handlers::Handlers>::find(self, __request)),
                );
            }
            let __behind = __interceptors::Blind
                .around(
                    __rpc
                        .handler(move |__request| <Self as __handlers::Handlers>::find(
                            self,
                            __request,
                        )),
                    |__innermost| __innermost,
                );
            ::std::boxed::Box::pin(
                __behind
                    .through(
                        __Policy2,
                        self,
                        __rpc,
                        <Self as __handlers::Handlers>::__find_Plan,
                        || __interceptors::Abilities::new(
                            __interceptors::Probe::<
                                <Self as __handlers::Handlers>::__find_Request,
                            >::RESEND,
                            __interceptors::Probe::<
                                <Self as __handlers::Handlers>::__find_Request,
                            >::COUNT,
                        ),
                        __request,
                    ),
            )
        }
    }
    #[allow(unreachable_pub)]
    pub struct __Plan;
    impl __interceptors::Intercepted<__Plan> for Users {
        const PLAN: __interceptors::Plan = __interceptors::Plan::new(
            &[
                <Self as __handlers::Handlers>::__login_Plan,
                <Self as __handlers::Handlers>::__get_user_Plan,
                <Self as __handlers::Handlers>::__find_Plan,
            ],
        );
    }
    static __POLICY: __interceptors::PolicyId = __interceptors::PolicyId::new();
    impl __interceptors::ServicePolicy<dyn UserService> for Users {
        const METHODS: &'static [&'static __interceptors::MethodPlan] = <Self as __interceptors::Intercepted<
            __Plan,
        >>::PLAN
            .methods();
        const UNKNOWN: &'static [__interceptors::EntryPlan] = &[
            __ENTRY_CLIENT_IP_0,
            __ENTRY_RATE_LIMIT_1,
        ];
        const CHALLENGE: ::core::option::Option<&'static ::core::primitive::str> = ::core::option::Option::None;
        async fn receive<__Module: 'static>(
            &self,
            __list: ::core::primitive::usize,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            match __list {
                0usize => <Self as __Policy>::__policy_0(self, __call, __behind).await,
                1usize => <Self as __Policy>::__policy_1(self, __call, __behind).await,
                2usize => <Self as __Policy>::__policy_2(self, __call, __behind).await,
                _ => <Self as __Policy>::__policy_0(self, __call, __behind).await,
            }
        }
    }
};
