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
        let config = config.level(__interceptors::tracing::Level::DEBUG);
        let config = config.slow(::core::time::Duration::new(2u64, 0u32));
        config
    };
    const __ENTRY_LOGGING_0: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::logging::Entry,
    >(
            &__CONFIG_LOGGING_0.settings(),
            &[
                __interceptors::Setting::new(
                    "fields",
                    __interceptors::Value::Text("user.id,all"),
                ),
            ],
        )
        .behind_decoding();
    const __CONFIG_AUTH_1: &__interceptors::auth::Credentials = &{
        let config = __interceptors::auth::Credentials::new();
        config
    };
    const __ENTRY_AUTH_1: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::auth::Entry,
    >(
            &__CONFIG_AUTH_1.settings(),
            &[
                __interceptors::Setting::new(
                    "verifier",
                    __interceptors::Value::Text("self.tokens"),
                ),
            ],
        )
        .verifies();
    const __CONFIG_RATE_LIMIT_2: &__interceptors::rate_limit::Rate = &{
        let config = __interceptors::rate_limit::Rate::per_second(10);
        let config = config.burst(BURST);
        config
    };
    static __LIMITER_RATE_LIMIT_2: ::std::sync::LazyLock<
        __interceptors::rate_limit::Limiter,
    > = ::std::sync::LazyLock::new(|| {
        __interceptors::rate_limit::Limiter::new(__CONFIG_RATE_LIMIT_2)
    });
    const __ENTRY_RATE_LIMIT_2: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::rate_limit::Entry,
    >(
        &__CONFIG_RATE_LIMIT_2.settings(),
        &[__interceptors::Setting::new("key", __interceptors::Value::Text("identity"))],
    );
    const __CONFIG_RETRY_3: &__interceptors::retry::Retry = &{
        let config = __interceptors::retry::Retry::new();
        let config = config.max_attempts(4);
        let config = config.codes(&[__interceptors::tonic::Code::Aborted]);
        config
    };
    static __THROTTLE_RETRY_3: __interceptors::retry::Throttle = __interceptors::retry::Throttle::new(
        __interceptors::retry::Throttle::legal_tokens(10),
        __interceptors::retry::Throttle::legal_ratio(0.1),
    );
    const __ENTRY_RETRY_3: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::retry::Entry,
    >(
            &__CONFIG_RETRY_3.settings(),
            &[
                __interceptors::Setting::new(
                    "throttle",
                    __interceptors::Value::Text("10/0.1"),
                ),
            ],
        )
        .single_requests_only()
        .behind_decoding();
    const __ENTRY_WITH_4: __interceptors::EntryPlan = __interceptors::EntryPlan::new(
        "with",
        &[],
        &[
            __interceptors::Setting::new(
                "value",
                __interceptors::Value::Text("self.audit"),
            ),
        ],
    );
    static __VALUE_WITH_5: __interceptors::Once = __interceptors::Once::new();
    const __ENTRY_WITH_5: __interceptors::EntryPlan = __interceptors::EntryPlan::new(
        "with",
        &[],
        &[
            __interceptors::Setting::new(
                "value",
                __interceptors::Value::Text("Audit::new(…)"),
            ),
        ],
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
        }
    }
    impl __handlers::Handlers for Users {
        type __MethodPlan = &'static __interceptors::MethodPlan;
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
            0usize,
            const {
                &[
                    __ENTRY_LOGGING_0,
                    __ENTRY_RETRY_3,
                    __ENTRY_WITH_4.blind(<Self as __Policy>::__IS_BLIND_4),
                    __ENTRY_WITH_5.blind(<Self as __Policy>::__IS_BLIND_5),
                ]
            },
        );
        async fn login(
            &self,
            request: Request<Login>,
        ) -> Result<Response<Token>, Status> {
            todo!()
        }
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
            1usize,
            const {
                &[
                    __ENTRY_LOGGING_0,
                    __ENTRY_AUTH_1,
                    __ENTRY_RATE_LIMIT_2,
                    __ENTRY_RETRY_3,
                    __ENTRY_WITH_4.blind(<Self as __Policy>::__IS_BLIND_4),
                    __ENTRY_WITH_5.blind(<Self as __Policy>::__IS_BLIND_5),
                ]
            },
        );
        async fn get_user(
            &self,
            request: Request<Id>,
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
        const __IS_BLIND_4: ::core::primitive::bool;
        const __IS_BLIND_5: ::core::primitive::bool;
    }
    impl __Policy for Users {
        async fn __policy_0(
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            let __rpc = __interceptors::Policy;
            let __0 = &__interceptors::logging::LoggingWith::new(__CONFIG_LOGGING_0)
                .with_look(0usize);
            __rpc.covers(__0);
            let __3 = &__interceptors::retry::Retrying::new(__CONFIG_RETRY_3)
                .throttle(&__THROTTLE_RETRY_3);
            let __4 = || &(self.audit);
            let __verdict_4 = __interceptors::asked(&__4).verdict();
            let __5 = || __interceptors::evaluate_once::<
                (),
                _,
            >(&__VALUE_WITH_5, || Audit::new("secret"));
            let __verdict_5 = __interceptors::asked(&__5).verdict();
            let __behind = __interceptors::Border::new(
                __rpc
                    .link(__0)
                    .before(
                        __interceptors::Chain::new(
                            __3,
                            __verdict_4
                                .link(__rpc.lent(__4))
                                .before(
                                    __verdict_4
                                        .inner(
                                            |__behind| {
                                                __verdict_5
                                                    .link(__rpc.lent(__5))
                                                    .before(__verdict_5.inner(|__behind| __behind, __behind))
                                            },
                                            __behind,
                                        ),
                                ),
                        ),
                    ),
            );
            let mut __behind = __behind;
            if __call.has_begun() {
                return __rpc.go_on(&mut __behind, __call).await;
            }
            let mut __chain = __behind;
            __rpc.run(&mut __chain, __call).await
        }
        async fn __policy_1(
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            let __rpc = __interceptors::Policy;
            let __0 = &__interceptors::logging::LoggingWith::new(__CONFIG_LOGGING_0)
                .with_look(0usize);
            __rpc.covers(__0);
            let __1 = || __interceptors::auth::Verifying::new(
                __CONFIG_AUTH_1,
                &(self.tokens),
            );
            __rpc.covers_made(__1);
            let __2 = &__interceptors::rate_limit::RateLimit::new(
                &*__LIMITER_RATE_LIMIT_2,
                __interceptors::rate_limit::ByIdentity::of_auth(&__1),
            );
            __rpc.covers(__2);
            let __3 = &__interceptors::retry::Retrying::new(__CONFIG_RETRY_3)
                .throttle(&__THROTTLE_RETRY_3);
            let __4 = || &(self.audit);
            let __verdict_4 = __interceptors::asked(&__4).verdict();
            let __5 = || __interceptors::evaluate_once::<
                (),
                _,
            >(&__VALUE_WITH_5, || Audit::new("secret"));
            let __verdict_5 = __interceptors::asked(&__5).verdict();
            let __behind = __interceptors::Border::new(
                __rpc
                    .link(__0)
                    .before(
                        __rpc
                            .made(__1)
                            .before(
                                __rpc
                                    .link(__2)
                                    .before(
                                        __interceptors::Chain::new(
                                            __3,
                                            __verdict_4
                                                .link(__rpc.lent(__4))
                                                .before(
                                                    __verdict_4
                                                        .inner(
                                                            |__behind| {
                                                                __verdict_5
                                                                    .link(__rpc.lent(__5))
                                                                    .before(__verdict_5.inner(|__behind| __behind, __behind))
                                                            },
                                                            __behind,
                                                        ),
                                                ),
                                        ),
                                    ),
                            ),
                    ),
            );
            let mut __behind = __behind;
            if __call.has_begun() {
                return __rpc.go_on(&mut __behind, __call).await;
            }
            let mut __chain = __behind;
            __rpc.run(&mut __chain, __call).await
        }
        const __IS_BLIND_4: ::core::primitive::bool = __interceptors::is_blind(|
            __this: &Self|
        {
            let _ = __this;
            let __4 = || &(__this.audit);
            let __verdict_4 = __interceptors::asked(&__4).verdict();
            __verdict_4
        });
        const __IS_BLIND_5: ::core::primitive::bool = __interceptors::is_blind(|
            __this: &Self|
        {
            let _ = __this;
            let __5 = || __interceptors::evaluate_once::<
                (),
                _,
            >(&__VALUE_WITH_5, || Audit::new("secret"));
            let __verdict_5 = __interceptors::asked(&__5).verdict();
            __verdict_5
        });
    }
    const __FITS_0_0: __interceptors::Fit = __interceptors::fits(|| {
        let __rpc = __interceptors::rpc!(
            < Users as __handlers::Handlers > ::__login_Request, < Users as
            __handlers::Handlers > ::__login_Result
        );
        let __0 = &__interceptors::logging::LoggingWith::new(__CONFIG_LOGGING_0)
            .with_fields(|
                request: &<<Users as __handlers::Handlers>::__login_Request as __interceptors::RequestType>::Message|
            {
                let _ = request;
                let __field_0 = __interceptors::logging::Capture::capture(&request.id);
                let __field_1 = __interceptors::logging::debug_text(&request);
                move |__finish: &__interceptors::logging::Finish<'_>| {
                    __interceptors::logging::finish_event!(
                        __finish, { user.id = __field_0, all = __field_1, }
                    )
                }
            });
        __rpc.covers(__0);
    });
    const __FITS_0_1: __interceptors::Fit = __interceptors::fits(|| {
        let __rpc = __interceptors::rpc!(
            __interceptors::Guarded < __FITS_0_0, < Users as __handlers::Handlers >
            ::__get_user_Request >, < Users as __handlers::Handlers > ::__get_user_Result
        );
        let __0 = &__interceptors::logging::LoggingWith::new(__CONFIG_LOGGING_0)
            .with_fields(|
                request: &<__interceptors::Guarded<
                    __FITS_0_0,
                    <Users as __handlers::Handlers>::__get_user_Request,
                > as __interceptors::RequestType>::Message|
            {
                let _ = request;
                let __field_0 = __interceptors::logging::Capture::capture(&request.id);
                let __field_1 = __interceptors::logging::debug_text(&request);
                move |__finish: &__interceptors::logging::Finish<'_>| {
                    __interceptors::logging::finish_event!(
                        __finish, { user.id = __field_0, all = __field_1, }
                    )
                }
            });
        __rpc.covers(__0);
    });
    const __FITS_4_0: __interceptors::Fit = __interceptors::fits(|__this: &Users| {
        let __rpc = __interceptors::rpc!(
            < Users as __handlers::Handlers > ::__login_Request, < Users as
            __handlers::Handlers > ::__login_Result
        );
        fn __covers_login<S, I, Req, Res>(_: __interceptors::Link<S, I, Req, Res>)
        where
            I: __interceptors::Interceptor<Req, Res> + ?::core::marker::Sized,
        {}
        let __4 = || &(__this.audit);
        __covers_login(__rpc.lent(__4));
    });
    const __FITS_4_1: __interceptors::Fit = __interceptors::fits(|__this: &Users| {
        let __rpc = __interceptors::rpc!(
            __interceptors::Guarded < __FITS_4_0, < Users as __handlers::Handlers >
            ::__get_user_Request >, < Users as __handlers::Handlers > ::__get_user_Result
        );
        fn __covers_get_user<S, I, Req, Res>(_: __interceptors::Link<S, I, Req, Res>)
        where
            I: __interceptors::Interceptor<Req, Res> + ?::core::marker::Sized,
        {}
        let __4 = || &(__this.audit);
        __covers_get_user(__rpc.lent(__4));
    });
    const __FITS_5_0: __interceptors::Fit = __interceptors::fits(|| {
        let __rpc = __interceptors::rpc!(
            < Users as __handlers::Handlers > ::__login_Request, < Users as
            __handlers::Handlers > ::__login_Result
        );
        fn __covers_login<S, I, Req, Res>(_: __interceptors::Link<S, I, Req, Res>)
        where
            I: __interceptors::Interceptor<Req, Res> + ?::core::marker::Sized,
        {}
        let __5 = || __interceptors::evaluate_once::<
            (),
            _,
        >(&__VALUE_WITH_5, || Audit::new("secret"));
        __covers_login(__rpc.lent(__5));
    });
    const __FITS_5_1: __interceptors::Fit = __interceptors::fits(|| {
        let __rpc = __interceptors::rpc!(
            __interceptors::Guarded < __FITS_5_0, < Users as __handlers::Handlers >
            ::__get_user_Request >, < Users as __handlers::Handlers > ::__get_user_Result
        );
        fn __covers_get_user<S, I, Req, Res>(_: __interceptors::Link<S, I, Req, Res>)
        where
            I: __interceptors::Interceptor<Req, Res> + ?::core::marker::Sized,
        {}
        let __5 = || __interceptors::evaluate_once::<
            (),
            _,
        >(&__VALUE_WITH_5, || Audit::new("secret"));
        __covers_get_user(__rpc.lent(__5));
    });
    #[tonic::async_trait]
    impl UserService for Users {
        async fn login(
            &self,
            __request: Request<Login>,
        ) -> Result<Response<Token>, Status> {
            let __rpc = __interceptors::rpc!(
                < Self as __handlers::Handlers > ::__login_Request, < Self as
                __handlers::Handlers > ::__login_Result
            );
            let __abilities = || __interceptors::Abilities::new(
                __interceptors::Probe::<
                    <Self as __handlers::Handlers>::__login_Request,
                >::RESEND,
                __interceptors::Probe::<
                    <Self as __handlers::Handlers>::__login_Request,
                >::COUNT,
            );
            let (mut __call, __message) = __rpc
                .enter(
                    <Self as __handlers::Handlers>::__login_Plan,
                    __abilities(),
                    __request,
                );
            __call.hide(__CONFIG_AUTH_1.own_header());
            let __0 = &__interceptors::logging::LoggingWith::new(__CONFIG_LOGGING_0)
                .with_fields(|
                    request: &<__interceptors::Guarded<
                        __FITS_0_1,
                        <Self as __handlers::Handlers>::__login_Request,
                    > as __interceptors::RequestType>::Message|
                {
                    let _ = request;
                    let __field_0 = __interceptors::logging::Capture::capture(
                        &request.id,
                    );
                    let __field_1 = __interceptors::logging::debug_text(&request);
                    move |__finish: &__interceptors::logging::Finish<'_>| {
                        __interceptors::logging::finish_event!(
                            __finish, { user.id = __field_0, all = __field_1, }
                        )
                    }
                });
            let __4 = || &(self.audit);
            let __verdict_4 = __interceptors::asked(&__4).verdict();
            let __5 = || __interceptors::evaluate_once::<
                (),
                _,
            >(&__VALUE_WITH_5, || Audit::new("secret"));
            let __verdict_5 = __interceptors::asked(&__5).verdict();
            let _ = &__0;
            let __verdict = __verdict_4.and(__verdict_5.and(__interceptors::Blind));
            let __behind = __verdict_4
                .or(
                    __rpc
                        .handler(|__request| <Self as __handlers::Handlers>::login(
                            self,
                            __request,
                        )),
                    |__innermost| {
                        __rpc.lent(__4).before(__rpc.lent(__5).before(__innermost))
                    },
                    |__innermost| {
                        __verdict_5
                            .around(
                                __innermost,
                                |__innermost| __rpc.lent(__5).before(__innermost),
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
                    __rpc
                        .looks(|__entry, __seen| match __entry {
                            0usize => __rpc.link(__0).look(__seen),
                            _ => ::core::result::Result::Ok(()),
                        }),
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
        async fn get_user(
            &self,
            __request: Request<Id>,
        ) -> Result<Response<User>, Status> {
            let __rpc = __interceptors::rpc!(
                < Self as __handlers::Handlers > ::__get_user_Request, < Self as
                __handlers::Handlers > ::__get_user_Result
            );
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
            let __0 = &__interceptors::logging::LoggingWith::new(__CONFIG_LOGGING_0)
                .with_fields(|
                    request: &<__interceptors::Guarded<
                        __FITS_0_1,
                        <Self as __handlers::Handlers>::__get_user_Request,
                    > as __interceptors::RequestType>::Message|
                {
                    let _ = request;
                    let __field_0 = __interceptors::logging::Capture::capture(
                        &request.id,
                    );
                    let __field_1 = __interceptors::logging::debug_text(&request);
                    move |__finish: &__interceptors::logging::Finish<'_>| {
                        __interceptors::logging::finish_event!(
                            __finish, { user.id = __field_0, all = __field_1, }
                        )
                    }
                });
            let __4 = || &(self.audit);
            let __verdict_4 = __interceptors::asked(&__4).verdict();
            let __5 = || __interceptors::evaluate_once::<
                (),
                _,
            >(&__VALUE_WITH_5, || Audit::new("secret"));
            let __verdict_5 = __interceptors::asked(&__5).verdict();
            let _ = &__0;
            let __verdict = __verdict_4.and(__verdict_5.and(__interceptors::Blind));
            let __behind = __verdict_4
                .or(
                    __rpc
                        .handler(|__request| <Self as __handlers::Handlers>::get_user(
                            self,
                            __request,
                        )),
                    |__innermost| {
                        __rpc.lent(__4).before(__rpc.lent(__5).before(__innermost))
                    },
                    |__innermost| {
                        __verdict_5
                            .around(
                                __innermost,
                                |__innermost| __rpc.lent(__5).before(__innermost),
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
                    __rpc
                        .looks(|__entry, __seen| match __entry {
                            0usize => __rpc.link(__0).look(__seen),
                            _ => ::core::result::Result::Ok(()),
                        }),
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
    impl __interceptors::Intercepted<__Plan> for Users {
        const PLAN: __interceptors::Plan = __interceptors::Plan::new(
            &[
                <Self as __handlers::Handlers>::__login_Plan,
                <Self as __handlers::Handlers>::__get_user_Plan,
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
            __ENTRY_LOGGING_0,
            __ENTRY_AUTH_1,
            __ENTRY_RATE_LIMIT_2,
            __ENTRY_RETRY_3,
            __ENTRY_WITH_4.blind(<Self as __Policy>::__IS_BLIND_4),
            __ENTRY_WITH_5.blind(<Self as __Policy>::__IS_BLIND_5),
        ];
        const CHALLENGE: ::core::option::Option<&'static ::core::primitive::str> = __CONFIG_AUTH_1
            .challenge();
        async fn receive<__Module: 'static>(
            &self,
            __list: ::core::primitive::usize,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            match __list {
                0usize => {
                    __call.hide(__CONFIG_AUTH_1.own_header());
                    <Self as __Policy>::__policy_0(self, __call, __behind).await
                }
                1usize => <Self as __Policy>::__policy_1(self, __call, __behind).await,
                _ => <Self as __Policy>::__policy_1(self, __call, __behind).await,
            }
        }
    }
    #[allow(deprecated)]
    const _: () = {
        ::core::assert!(
            __interceptors::Probe:: < < Users as __handlers::Handlers > ::__login_Request
            > ::REQUEST_IS_STREAM || __interceptors::Probe:: < < Users as
            __handlers::Handlers > ::__login_Request > ::RESEND.is_some(),
            "[I0817] `retry` needs a request that is `Clone`, and that of `login` is not; derive `Clone` for it, or leave the method out with `except = [login]`"
        );
        ::core::assert!(
            __interceptors::Probe:: < < Users as __handlers::Handlers >
            ::__get_user_Request > ::REQUEST_IS_STREAM || __interceptors::Probe:: < <
            Users as __handlers::Handlers > ::__get_user_Request > ::RESEND.is_some(),
            "[I0817] `retry` needs a request that is `Clone`, and that of `get_user` is not; derive `Clone` for it, or leave the method out with `except = [get_user]`"
        );
    };
};
