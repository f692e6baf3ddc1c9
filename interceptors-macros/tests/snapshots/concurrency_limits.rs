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
    const __CONFIG_LOAD_SHED_0: &__interceptors::concurrency::Capacity = &{
        let config = __interceptors::concurrency::Capacity::max(100);
        let config = config.retry_after(::core::time::Duration::new(2u64, 0u32));
        let config = config.queue(0);
        config
    };
    static __LIMITER_LOAD_SHED_0: ::std::sync::LazyLock<
        __interceptors::concurrency::Limiter,
    > = ::std::sync::LazyLock::new(|| __interceptors::concurrency::Limiter::new(
        __CONFIG_LOAD_SHED_0,
    ));
    const __ENTRY_LOAD_SHED_0: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::concurrency::LoadShedEntry,
    >(
        &__CONFIG_LOAD_SHED_0.settings(),
        &[__interceptors::Setting::new("per", __interceptors::Value::Text("service"))],
    );
    const __CONFIG_CONCURRENCY_1: &__interceptors::concurrency::Capacity = &{
        let config = __interceptors::concurrency::Capacity::adaptive(
            1,
            LIMIT,
            ::core::time::Duration::new(0u64, 50000000u32),
        );
        let config = config.queue(5);
        let config = config.wait(WAIT);
        config
    };
    const __ENTRY_CONCURRENCY_1: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::concurrency::Entry,
    >(&__CONFIG_CONCURRENCY_1.settings(), &[]);
    const __ENTRY_CONCURRENCY_2: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::concurrency::Entry,
    >(
        &[],
        &[
            __interceptors::Setting::new(
                "limiter",
                __interceptors::Value::Text("self.limiter"),
            ),
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
            const { &[__ENTRY_LOAD_SHED_0, __ENTRY_CONCURRENCY_1] },
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
            const { &[__ENTRY_LOAD_SHED_0, __ENTRY_CONCURRENCY_2] },
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
            __kept_1: &'static __interceptors::concurrency::Limiter,
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
            __kept_1: &'static __interceptors::concurrency::Limiter,
        ) -> __interceptors::OpaqueAnswer {
            let __rpc = __interceptors::Policy;
            let __0 = &__interceptors::concurrency::LoadShed::new(
                &*__LIMITER_LOAD_SHED_0,
            );
            let __1 = &__interceptors::concurrency::Concurrency::new(__kept_1);
            let mut __behind = __behind;
            if __call.has_begun() {
                return __rpc.go_on(&mut __behind, __call).await;
            }
            let mut __chain = __interceptors::Chain::new(
                __0,
                __interceptors::Chain::new(__1, __behind),
            );
            __rpc.run(&mut __chain, __call).await
        }
        async fn __policy_1(
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            let __rpc = __interceptors::Policy;
            let __0 = &__interceptors::concurrency::LoadShed::new(
                &*__LIMITER_LOAD_SHED_0,
            );
            let __2 = || __interceptors::concurrency::Concurrency::new(&(self.limiter));
            __rpc.covers_made(__2);
            let mut __behind = __behind;
            if __call.has_begun() {
                return __rpc.go_on(&mut __behind, __call).await;
            }
            let mut __chain = __interceptors::Chain::new(
                __0,
                __rpc.made(__2).before(__behind),
            );
            __rpc.run(&mut __chain, __call).await
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
        async fn get(&self, __request: Request<Id>) -> Result<Response<User>, Status> {
            let __rpc = __interceptors::rpc!(
                < Self as __handlers::Handlers > ::__get_Request, < Self as
                __handlers::Handlers > ::__get_Result
            );
            if __interceptors::has_passed(
                <Self as __handlers::Handlers>::__get_Plan,
                __interceptors::tonic::Request::extensions(&__request),
            ) {
                return __rpc
                    .pass(<Self as __handlers::Handlers>::get(self, __request).await);
            }
            let __abilities = || __interceptors::Abilities::new(
                __interceptors::Probe::<
                    <Self as __handlers::Handlers>::__get_Request,
                >::RESEND,
                __interceptors::Probe::<
                    <Self as __handlers::Handlers>::__get_Request,
                >::COUNT,
            );
            let (mut __call, __message) = __rpc
                .enter(
                    <Self as __handlers::Handlers>::__get_Plan,
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
                    |__request| <Self as __handlers::Handlers>::get(self, __request),
                );
            let __answer = <Self as __Policy>::__policy_0(
                    &*self,
                    &mut __call,
                    __interceptors::Behind::new(&mut __frame),
                    __kept_1_get(),
                )
                .await;
            __rpc.leave(&mut __frame, __answer, &mut __call)
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
    #[allow(non_snake_case)]
    fn __kept_1_get() -> &'static __interceptors::concurrency::Limiter {
        {
            static __LIMITER_CONCURRENCY_1: ::std::sync::LazyLock<
                __interceptors::concurrency::Limiter,
            > = ::std::sync::LazyLock::new(|| __interceptors::concurrency::Limiter::new(
                __CONFIG_CONCURRENCY_1,
            ));
            &*__LIMITER_CONCURRENCY_1
        }
    }
    #[allow(non_snake_case)]
    fn __kept_1_() -> &'static __interceptors::concurrency::Limiter {
        {
            static __LIMITER_CONCURRENCY_1: ::std::sync::LazyLock<
                __interceptors::concurrency::Limiter,
            > = ::std::sync::LazyLock::new(|| __interceptors::concurrency::Limiter::new(
                __CONFIG_CONCURRENCY_1,
            ));
            &*__LIMITER_CONCURRENCY_1
        }
    }
    impl __interceptors::ServicePolicy<dyn Query> for Service {
        const METHODS: &'static [&'static __interceptors::MethodPlan] = <Self as __interceptors::Intercepted<
            __Plan,
        >>::PLAN
            .methods();
        const UNKNOWN: &'static [__interceptors::EntryPlan] = &[
            __ENTRY_LOAD_SHED_0,
            __ENTRY_CONCURRENCY_1,
        ];
        const CHALLENGE: ::core::option::Option<&'static ::core::primitive::str> = ::core::option::Option::None;
        async fn receive<__Module: 'static>(
            &self,
            __list: ::core::primitive::usize,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            match __list {
                0usize => {
                    <Self as __Policy>::__policy_0(
                            self,
                            __call,
                            __behind,
                            __kept_1_get(),
                        )
                        .await
                }
                1usize => <Self as __Policy>::__policy_1(self, __call, __behind).await,
                _ => {
                    <Self as __Policy>::__policy_0(self, __call, __behind, __kept_1_())
                        .await
                }
            }
        }
    }
};
