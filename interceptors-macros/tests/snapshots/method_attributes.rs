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
    const __CONFIG_RATE_LIMIT_1: &__interceptors::rate_limit::Rate = &{
        let config = __interceptors::rate_limit::Rate::per_second(100);
        config
    };
    static __LIMITER_RATE_LIMIT_1: ::std::sync::LazyLock<
        __interceptors::rate_limit::Limiter,
    > = ::std::sync::LazyLock::new(|| {
        __interceptors::rate_limit::Limiter::new(__CONFIG_RATE_LIMIT_1)
    });
    const __ENTRY_RATE_LIMIT_1: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::rate_limit::Entry,
    >(&__CONFIG_RATE_LIMIT_1.settings(), &[]);
    const __CONFIG_RETRY_2: &__interceptors::retry::Retry = &{
        let config = __interceptors::retry::Retry::new();
        let config = config.max(2);
        config
    };
    const __ENTRY_RETRY_2: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::retry::Entry,
    >(&__CONFIG_RETRY_2.settings(), &[])
        .single_requests_only()
        .behind_decoding();
    const __CONFIG_RATE_LIMIT_3: &__interceptors::rate_limit::Rate = &{
        let config = __interceptors::rate_limit::Rate::per_second(5);
        config
    };
    static __LIMITER_RATE_LIMIT_3: ::std::sync::LazyLock<
        __interceptors::rate_limit::Limiter,
    > = ::std::sync::LazyLock::new(|| {
        __interceptors::rate_limit::Limiter::new(__CONFIG_RATE_LIMIT_3)
    });
    const __ENTRY_RATE_LIMIT_3: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::rate_limit::Entry,
    >(
        &__CONFIG_RATE_LIMIT_3.settings(),
        &[__interceptors::Setting::new("key", __interceptors::Value::Text("peer"))],
    );
    static __VALUE_WITH_4: __interceptors::Once = __interceptors::Once::new();
    const __ENTRY_WITH_4: __interceptors::EntryPlan = __interceptors::EntryPlan::new(
        "with",
        &[],
        &[__interceptors::Setting::new("value", __interceptors::Value::Text("Slow"))],
    );
    #[allow(dead_code, nonstandard_style, clippy::all, clippy::pedantic)]
    mod __handlers {
        pub(super) trait Handlers {
            type __MethodPlan;
            type __get_url_Request;
            type __get_url_Result;
            const __get_url_Plan: Self::__MethodPlan;
            fn get_url(
                &self,
                request: Self::__get_url_Request,
            ) -> impl ::core::future::Future<
                Output = Self::__get_url_Result,
            > + ::core::marker::Send;
        }
    }
    impl __handlers::Handlers for Users {
        type __MethodPlan = &'static __interceptors::MethodPlan;
        type __get_url_Request = Request<Id>;
        type __get_url_Result = Result<Response<Url>, Status>;
        const __get_url_Plan: Self::__MethodPlan = &__interceptors::MethodPlan::found(
            __interceptors::Name {
                service: __SERVICE,
                method: "GetURL",
                path: __interceptors::path!(__SERVICE, "GetURL"),
                derived: __SERVICE_IS_DERIVED || false,
                exact: true,
            },
            __interceptors::kind!(Self::__get_url_Request, Self::__get_url_Result),
            &__POLICY,
            "get_url",
            0usize,
            const {
                &[
                    __ENTRY_LOGGING_0,
                    __ENTRY_RATE_LIMIT_3,
                    __ENTRY_WITH_4.blind(<Self as __Policy>::__IS_BLIND_4),
                ]
            },
        );
        async fn get_url(&self, request: Request<Id>) -> Result<Response<Url>, Status> {
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
        const __IS_BLIND_4: ::core::primitive::bool;
    }
    impl __Policy for Users {
        async fn __policy_0(
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            let __rpc = __interceptors::Policy;
            let __0 = &__interceptors::logging::LoggingWith::new(__CONFIG_LOGGING_0);
            let __3 = &__interceptors::rate_limit::RateLimit::new(
                &*__LIMITER_RATE_LIMIT_3,
                __interceptors::rate_limit::ByPeer,
            );
            __rpc.covers(__3);
            let __4 = || __interceptors::evaluate_path::<
                (),
                _,
            >(&__VALUE_WITH_4, || Slow);
            let __verdict_4 = __interceptors::asked(&__4).verdict();
            let mut __behind = __behind;
            if __call.has_begun() {
                return __rpc.go_on(&mut __behind, __call).await;
            }
            let mut __chain = __interceptors::Chain::new(
                __0,
                __rpc
                    .link(__3)
                    .before(
                        __verdict_4
                            .link(__rpc.lent(__4))
                            .before(__verdict_4.inner(|__behind| __behind, __behind)),
                    ),
            );
            __rpc.run(&mut __chain, __call).await
        }
        async fn __policy_1(
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            let __rpc = __interceptors::Policy;
            let __0 = &__interceptors::logging::LoggingWith::new(__CONFIG_LOGGING_0);
            let __1 = &__interceptors::rate_limit::RateLimit::new(
                &*__LIMITER_RATE_LIMIT_1,
                __interceptors::rate_limit::Everyone,
            );
            __rpc.covers(__1);
            let __2 = &__interceptors::retry::Retrying::new(__CONFIG_RETRY_2);
            let __behind = __interceptors::Border::new(
                __interceptors::Chain::new(__2, __behind),
            );
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
        const __IS_BLIND_4: ::core::primitive::bool = __interceptors::is_blind(|
            __this: &Self|
        {
            let _ = __this;
            let __4 = || __interceptors::evaluate_path::<
                (),
                _,
            >(&__VALUE_WITH_4, || Slow);
            let __verdict_4 = __interceptors::asked(&__4).verdict();
            __verdict_4
        });
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
    #[tonic::async_trait]
    impl UserService for Users {
        fn get_url<'__this, '__call>(
            &'__this self,
            __request: Request<Id>,
        ) -> ::core::pin::Pin<
            ::std::boxed::Box<
                dyn ::core::future::Future<
                    Output = Result<Response<Url>, Status>,
                > + ::core::marker::Send + '__call,
            >,
        >
        where
            '__this: '__call,
            Self: '__call,
        {
            let __rpc = __interceptors::rpc!(
                < Self as __handlers::Handlers > ::__get_url_Request, < Self as
                __handlers::Handlers > ::__get_url_Result
            );
            if __interceptors::has_passed(
                <Self as __handlers::Handlers>::__get_url_Plan,
                __interceptors::tonic::Request::extensions(&__request),
            ) {
                return ::std::boxed::Box::pin(
                    __rpc
                        .passed(<Self as __handlers::Handlers>::get_url(self, __request)),
                );
            }
            fn __covers_get_url<S, I, Req, Res>(_: __interceptors::Link<S, I, Req, Res>)
            where
                I: __interceptors::Interceptor<Req, Res> + ?::core::marker::Sized,
            {}
            let __4 = move || __interceptors::evaluate_path::<
                (),
                _,
            >(&__VALUE_WITH_4, || Slow);
            let _ = || {
                __covers_get_url(__rpc.lent(__4));
            };
            let __verdict_4 = __interceptors::asked(&__4).verdict();
            let __behind = __verdict_4
                .around(
                    __rpc
                        .handler(move |__request| <Self as __handlers::Handlers>::get_url(
                            self,
                            __request,
                        )),
                    |__innermost| __rpc.lent(__4).before(__innermost),
                );
            ::std::boxed::Box::pin(
                __behind
                    .through(
                        __Policy0,
                        self,
                        __rpc,
                        <Self as __handlers::Handlers>::__get_url_Plan,
                        || __interceptors::Abilities::new(
                            __interceptors::Probe::<
                                <Self as __handlers::Handlers>::__get_url_Request,
                            >::RESEND,
                            __interceptors::Probe::<
                                <Self as __handlers::Handlers>::__get_url_Request,
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
            &[<Self as __handlers::Handlers>::__get_url_Plan],
        );
    }
    static __POLICY: __interceptors::PolicyId = __interceptors::PolicyId::new();
    impl __interceptors::ServicePolicy<dyn UserService> for Users {
        const METHODS: &'static [&'static __interceptors::MethodPlan] = <Self as __interceptors::Intercepted<
            __Plan,
        >>::PLAN
            .methods();
        const UNKNOWN: &'static [__interceptors::EntryPlan] = &[
            __ENTRY_LOGGING_0,
            __ENTRY_RATE_LIMIT_1,
            __ENTRY_RETRY_2,
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
                _ => <Self as __Policy>::__policy_1(self, __call, __behind).await,
            }
        }
    }
};
