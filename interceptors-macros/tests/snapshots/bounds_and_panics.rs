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
    const __ENTRY_CATCH_PANIC_0: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::catch_panic::Entry,
    >(
        &[],
        &[
            __interceptors::Setting::new(
                "hook",
                __interceptors::Value::Text("self.reports"),
            ),
        ],
    );
    const __CONFIG_TIMEOUT_1: &__interceptors::timeout::Timeout = &{
        let config = __interceptors::timeout::Timeout::new(
            ::core::time::Duration::new(2u64, 0u32),
        );
        let config = config.idle(::core::time::Duration::new(0u64, 500000000u32));
        config
    };
    const __ENTRY_TIMEOUT_1: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::timeout::Entry,
    >(&__CONFIG_TIMEOUT_1.settings(), &[]);
    static __VALUE_CATCH_PANIC_2: __interceptors::Once = __interceptors::Once::new();
    const __ENTRY_CATCH_PANIC_2: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::catch_panic::Entry,
    >(
        &[],
        &[
            __interceptors::Setting::new(
                "hook",
                __interceptors::Value::Text("crate::on_panic"),
            ),
        ],
    );
    const __CONFIG_TIMEOUT_3: &__interceptors::timeout::Timeout = &{
        let config = __interceptors::timeout::Timeout::of_the_caller();
        let config = config.idle(IDLE);
        config
    };
    const __ENTRY_TIMEOUT_3: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::timeout::Entry,
    >(&__CONFIG_TIMEOUT_3.settings(), &[]);
    const __ENTRY_CATCH_PANIC_4: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::catch_panic::Entry,
    >(&[], &[]);
    const __CONFIG_TIMEOUT_5: &__interceptors::timeout::Timeout = &{
        let config = __interceptors::timeout::Timeout::new(LIMIT);
        config
    };
    const __ENTRY_TIMEOUT_5: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::timeout::Entry,
    >(&__CONFIG_TIMEOUT_5.settings(), &[]);
    #[allow(dead_code, nonstandard_style, clippy::all, clippy::pedantic)]
    mod __handlers {
        pub(super) trait Handlers {
            type __MethodPlan;
            type __get_user_Request;
            type __get_user_Result;
            const __get_user_Plan: Self::__MethodPlan;
            fn get_user(
                &self,
                request: Self::__get_user_Request,
            ) -> impl ::core::future::Future<
                Output = Self::__get_user_Result,
            > + ::core::marker::Send;
            type __login_Request;
            type __login_Result;
            const __login_Plan: Self::__MethodPlan;
            fn login(
                &self,
                request: Self::__login_Request,
            ) -> impl ::core::future::Future<
                Output = Self::__login_Result,
            > + ::core::marker::Send;
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
            const { &[__ENTRY_CATCH_PANIC_2, __ENTRY_TIMEOUT_3] },
        );
        async fn get_user(
            &self,
            request: Request<Id>,
        ) -> Result<Response<User>, Status> {
            todo!()
        }
        type __login_Request = Request<Login>;
        type __login_Result = Result<Response<Token>, Status>;
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
            1usize,
            const { &[__ENTRY_CATCH_PANIC_4, __ENTRY_TIMEOUT_5] },
        );
        async fn login(
            &self,
            request: Request<Login>,
        ) -> Result<Response<Token>, Status> {
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
            let __2 = || __interceptors::catch_panic::CatchPanic::with_hook(
                __interceptors::evaluate_path::<
                    (),
                    _,
                >(&__VALUE_CATCH_PANIC_2, || crate::on_panic),
            );
            let __3 = __CONFIG_TIMEOUT_3;
            let mut __behind = __behind;
            if __call.has_begun() {
                return __rpc.go_on(&mut __behind, __call).await;
            }
            let mut __chain = __rpc
                .made(__2)
                .before(__interceptors::Chain::new(__3, __behind));
            __rpc.run(&mut __chain, __call).await
        }
        async fn __policy_1(
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            let __rpc = __interceptors::Policy;
            let __4 = &__interceptors::catch_panic::CatchPanic::new();
            let __5 = __CONFIG_TIMEOUT_5;
            let mut __behind = __behind;
            if __call.has_begun() {
                return __rpc.go_on(&mut __behind, __call).await;
            }
            let mut __chain = __interceptors::Chain::new(
                __4,
                __interceptors::Chain::new(__5, __behind),
            );
            __rpc.run(&mut __chain, __call).await
        }
        async fn __policy_2(
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            let __rpc = __interceptors::Policy;
            let __0 = || __interceptors::catch_panic::CatchPanic::with_hook(
                &(self.reports),
            );
            let __1 = __CONFIG_TIMEOUT_1;
            let mut __behind = __behind;
            if __call.has_begun() {
                return __rpc.go_on(&mut __behind, __call).await;
            }
            let mut __chain = __rpc
                .made(__0)
                .before(__interceptors::Chain::new(__1, __behind));
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
    #[tonic::async_trait]
    impl UserService for Users {
        fn get_user<'__this, '__call>(
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
                        __Policy0,
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
        fn login<'__this, '__call>(
            &'__this self,
            __request: Request<Login>,
        ) -> ::core::pin::Pin<
            ::std::boxed::Box<
                dyn ::core::future::Future<
                    Output = Result<Response<Token>, Status>,
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
                        __Policy1,
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
    }
    #[allow(unreachable_pub)]
    pub struct __Plan;
    impl __interceptors::Intercepted<__Plan> for Users {
        const PLAN: __interceptors::Plan = __interceptors::Plan::new(
            &[
                <Self as __handlers::Handlers>::__get_user_Plan,
                <Self as __handlers::Handlers>::__login_Plan,
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
            __ENTRY_CATCH_PANIC_0,
            __ENTRY_TIMEOUT_1,
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
