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
    const __CONFIG_LOGGING_0: &__interceptors::logging::Logging = &{
        let config = __interceptors::logging::Logging::new();
        config
    };
    const __ENTRY_LOGGING_0: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::logging::Entry,
    >(&__CONFIG_LOGGING_0.settings(), &[]);
    #[allow(unused_qualifications)]
    type __Listed1 = my_crate::audit;
    const __IS_ENTRY_AUDIT_1: __interceptors::Fit = __interceptors::fits(|| __interceptors::is_entry::<
        __Listed1,
    >());
    type __Own1 = __interceptors::Guarded<__IS_ENTRY_AUDIT_1, __Listed1>;
    static __OWN_AUDIT_1: __Own1 = {
        let config = __Own1::new();
        let config = config.level(3);
        let config = config.strict();
        let config = config.range(1, 2);
        let config = config.key("s3cret");
        config
    };
    const __ENTRY_AUDIT_1: __interceptors::EntryPlan = {
        const fn plan<E: __interceptors::Entry>(
            shown: &'static [__interceptors::Setting],
        ) -> __interceptors::EntryPlan {
            ::core::assert!(
                E::SIDES.contains(__interceptors::Side::Server),
                "[I0820] `audit` belongs on a client, and the `impl` of a trait is a service; take it out here"
            );
            __interceptors::EntryPlan::of::<E>(&[], shown)
        }
        plan::<
            __Own1,
        >(
            &[
                __interceptors::Setting::new("level", __interceptors::Value::Text("3")),
                __interceptors::Setting::new(
                    "strict",
                    __interceptors::Value::Text("true"),
                ),
                __interceptors::Setting::new(
                    "range",
                    __interceptors::Value::Text("(1, 2)"),
                ),
                __interceptors::Setting::new("key", __interceptors::Value::Text("…")),
            ],
        )
    };
    #[allow(unused_qualifications)]
    type __Listed2 = ::other::Budget;
    const __IS_ENTRY_BUDGET_2: __interceptors::Fit = __interceptors::fits(|| __interceptors::is_entry::<
        __Listed2,
    >());
    type __Own2 = __interceptors::Guarded<__IS_ENTRY_BUDGET_2, __Listed2>;
    static __OWN_BUDGET_2: __Own2 = {
        let config = __Own2::new();
        let config = config.limit(LIMIT);
        config
    };
    const __ENTRY_BUDGET_2: __interceptors::EntryPlan = {
        const fn plan<E: __interceptors::Entry>(
            shown: &'static [__interceptors::Setting],
        ) -> __interceptors::EntryPlan {
            ::core::assert!(
                E::SIDES.contains(__interceptors::Side::Server),
                "[I0820] `Budget` belongs on a client, and the `impl` of a trait is a service; take it out here"
            );
            __interceptors::EntryPlan::of::<E>(&[], shown)
        }
        plan::<
            __Own2,
        >(&[__interceptors::Setting::new("limit", __interceptors::Value::Text("LIMIT"))])
    };
    #[allow(unused_qualifications)]
    type __Listed3 = my_crate::audit;
    const __IS_ENTRY_AUDIT_3: __interceptors::Fit = __interceptors::fits(|| __interceptors::is_entry::<
        __Listed3,
    >());
    type __Own3 = __interceptors::Guarded<__IS_ENTRY_AUDIT_3, __Listed3>;
    static __OWN_AUDIT_3: __Own3 = {
        let config = __Own3::new();
        let config = config.level(1);
        config
    };
    const __ENTRY_AUDIT_3: __interceptors::EntryPlan = {
        const fn plan<E: __interceptors::Entry>(
            shown: &'static [__interceptors::Setting],
        ) -> __interceptors::EntryPlan {
            ::core::assert!(
                E::SIDES.contains(__interceptors::Side::Server),
                "[I0820] `audit` belongs on a client, and the `impl` of a trait is a service; take it out here"
            );
            __interceptors::EntryPlan::of::<E>(&[], shown)
        }
        plan::<
            __Own3,
        >(&[__interceptors::Setting::new("level", __interceptors::Value::Text("1"))])
    };
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
            const {
                &[
                    __ENTRY_LOGGING_0,
                    __ENTRY_AUDIT_1.blind(<Self as __Policy>::__IS_BLIND_1),
                    __ENTRY_BUDGET_2.blind(<Self as __Policy>::__IS_BLIND_2),
                ]
            },
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
            const {
                &[
                    __ENTRY_LOGGING_0,
                    __ENTRY_AUDIT_3.blind(<Self as __Policy>::__IS_BLIND_3),
                ]
            },
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
        fn __policy_2(
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> impl ::core::future::Future<
            Output = __interceptors::OpaqueAnswer,
        > + ::core::marker::Send;
        const __IS_BLIND_1: ::core::primitive::bool;
        const __IS_BLIND_2: ::core::primitive::bool;
        const __IS_BLIND_3: ::core::primitive::bool;
    }
    impl __Policy for Service {
        async fn __policy_0(
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            let __rpc = __interceptors::Policy;
            let __0 = &__interceptors::logging::LoggingWith::new(__CONFIG_LOGGING_0);
            let __1 = &__OWN_AUDIT_1;
            let __verdict_1 = __interceptors::asked_value(__1).verdict();
            let __2 = &__OWN_BUDGET_2;
            let __verdict_2 = __interceptors::asked_value(__2).verdict();
            let mut __behind = __behind;
            if __call.has_begun() {
                return __rpc.go_on(&mut __behind, __call).await;
            }
            let mut __chain = __interceptors::Chain::new(
                __0,
                __verdict_1
                    .link(__rpc.link(__1))
                    .before(
                        __verdict_1
                            .inner(
                                |__behind| {
                                    __verdict_2
                                        .link(__rpc.link(__2))
                                        .before(__verdict_2.inner(|__behind| __behind, __behind))
                                },
                                __behind,
                            ),
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
            let __3 = &__OWN_AUDIT_3;
            let __verdict_3 = __interceptors::asked_value(__3).verdict();
            let mut __behind = __behind;
            if __call.has_begun() {
                return __rpc.go_on(&mut __behind, __call).await;
            }
            let mut __chain = __interceptors::Chain::new(
                __0,
                __verdict_3
                    .link(__rpc.link(__3))
                    .before(__verdict_3.inner(|__behind| __behind, __behind)),
            );
            __rpc.run(&mut __chain, __call).await
        }
        async fn __policy_2(
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            let __rpc = __interceptors::Policy;
            let __0 = &__interceptors::logging::LoggingWith::new(__CONFIG_LOGGING_0);
            let __2 = &__OWN_BUDGET_2;
            let __verdict_2 = __interceptors::asked_value(__2).verdict();
            let mut __behind = __behind;
            if __call.has_begun() {
                return __rpc.go_on(&mut __behind, __call).await;
            }
            let mut __chain = __interceptors::Chain::new(
                __0,
                __verdict_2
                    .link(__rpc.link(__2))
                    .before(__verdict_2.inner(|__behind| __behind, __behind)),
            );
            __rpc.run(&mut __chain, __call).await
        }
        const __IS_BLIND_1: ::core::primitive::bool = __interceptors::is_blind(|
            __this: &Self|
        {
            let _ = __this;
            let __1 = &__OWN_AUDIT_1;
            let __verdict_1 = __interceptors::asked_value(__1).verdict();
            __verdict_1
        });
        const __IS_BLIND_2: ::core::primitive::bool = __interceptors::is_blind(|
            __this: &Self|
        {
            let _ = __this;
            let __2 = &__OWN_BUDGET_2;
            let __verdict_2 = __interceptors::asked_value(__2).verdict();
            __verdict_2
        });
        const __IS_BLIND_3: ::core::primitive::bool = __interceptors::is_blind(|
            __this: &Self|
        {
            let _ = __this;
            let __3 = &__OWN_AUDIT_3;
            let __verdict_3 = __interceptors::asked_value(__3).verdict();
            __verdict_3
        });
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
            fn __covers_get<S, I, Req, Res>(_: __interceptors::Link<S, I, Req, Res>)
            where
                I: __interceptors::Interceptor<Req, Res> + ?::core::marker::Sized,
            {}
            let __1 = &__OWN_AUDIT_1;
            let _ = || {
                __covers_get(__rpc.link(__1));
            };
            let __verdict_1 = __interceptors::asked_value(__1).verdict();
            let __2 = &__OWN_BUDGET_2;
            let _ = || {
                __covers_get(__rpc.link(__2));
            };
            let __verdict_2 = __interceptors::asked_value(__2).verdict();
            let __verdict = __verdict_1.and(__verdict_2.and(__interceptors::Blind));
            let __behind = __verdict_1
                .or(
                    __rpc
                        .handler(|__request| <Self as __handlers::Handlers>::get(
                            self,
                            __request,
                        )),
                    |__innermost| {
                        __rpc.link(__1).before(__rpc.link(__2).before(__innermost))
                    },
                    |__innermost| {
                        __verdict_2
                            .around(
                                __innermost,
                                |__innermost| __rpc.link(__2).before(__innermost),
                            )
                    },
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
        async fn set(&self, __request: Request<Id>) -> Result<Response<User>, Status> {
            let __rpc = __interceptors::rpc!(
                < Self as __handlers::Handlers > ::__set_Request, < Self as
                __handlers::Handlers > ::__set_Result
            );
            if __interceptors::has_passed(
                <Self as __handlers::Handlers>::__set_Plan,
                __interceptors::tonic::Request::extensions(&__request),
            ) {
                return __rpc
                    .pass(<Self as __handlers::Handlers>::set(self, __request).await);
            }
            let __abilities = || __interceptors::Abilities::new(
                __interceptors::Probe::<
                    <Self as __handlers::Handlers>::__set_Request,
                >::RESEND,
                __interceptors::Probe::<
                    <Self as __handlers::Handlers>::__set_Request,
                >::COUNT,
            );
            let (mut __call, __message) = __rpc
                .enter(
                    <Self as __handlers::Handlers>::__set_Plan,
                    __abilities(),
                    __request,
                );
            fn __covers_set<S, I, Req, Res>(_: __interceptors::Link<S, I, Req, Res>)
            where
                I: __interceptors::Interceptor<Req, Res> + ?::core::marker::Sized,
            {}
            let __3 = &__OWN_AUDIT_3;
            let _ = || {
                __covers_set(__rpc.link(__3));
            };
            let __verdict_3 = __interceptors::asked_value(__3).verdict();
            let __verdict = __verdict_3.and(__interceptors::Blind);
            let __behind = __verdict_3
                .around(
                    __rpc
                        .handler(|__request| <Self as __handlers::Handlers>::set(
                            self,
                            __request,
                        )),
                    |__innermost| __rpc.link(__3).before(__innermost),
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
                    &*self,
                    &mut __call,
                    __interceptors::Behind::new(&mut __frame),
                )
                .await;
            __rpc.leave(&mut __frame, __answer, &mut __call)
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
            __ENTRY_LOGGING_0,
            __ENTRY_BUDGET_2.blind(<Self as __Policy>::__IS_BLIND_2),
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
                _ => <Self as __Policy>::__policy_2(self, __call, __behind).await,
            }
        }
    }
};
