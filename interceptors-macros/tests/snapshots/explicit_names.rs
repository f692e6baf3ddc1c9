const _: () = {
    #[allow(unused_imports)]
    use renamed::interceptors::__private as __interceptors;
    #[allow(unused_imports)]
    use __interceptors::{
        KeepsPath as _, LooksAtMessages as _, NoResend as _, Otherwise as _,
        Uncovered as _,
    };
    const __SERVICE: &::core::primitive::str = "user.v1.UserService";
    const __SERVICE_IS_DERIVED: ::core::primitive::bool = false;
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
                    __interceptors::Value::Text("self"),
                ),
            ],
        )
        .verifies();
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
            type __set_user_Request;
            type __set_user_Result;
            const __set_user_Plan: Self::__MethodPlan;
            fn set_user(
                &self,
                request: Self::__set_user_Request,
            ) -> impl ::core::future::Future<
                Output = Self::__set_user_Result,
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
            const { &[] },
        );
        async fn get_user(
            &self,
            request: Request<Id>,
        ) -> Result<Response<User>, Status> {
            todo!()
        }
        type __set_user_Request = Request<User>;
        type __set_user_Result = Result<Response<Id>, Status>;
        const __set_user_Plan: Self::__MethodPlan = &__interceptors::MethodPlan::found(
            __interceptors::Name {
                service: __SERVICE,
                method: "SetUser",
                path: __interceptors::path!(__SERVICE, "SetUser"),
                derived: __SERVICE_IS_DERIVED || true,
                exact: false,
            },
            __interceptors::kind!(Self::__set_user_Request, Self::__set_user_Result),
            &__POLICY,
            "set_user",
            1usize,
            const { &[__ENTRY_AUTH_0] },
        );
        async fn set_user(
            &self,
            request: Request<User>,
        ) -> Result<Response<Id>, Status> {
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
    impl __Policy for Users {
        async fn __policy_0(
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            let __rpc = __interceptors::Policy;
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
            let __0 = || __interceptors::auth::Verifying::new(__CONFIG_AUTH_0, &*self);
            __rpc.covers_made(__0);
            let mut __behind = __behind;
            if __call.has_begun() {
                return __rpc.go_on(&mut __behind, __call).await;
            }
            let mut __chain = __rpc.made(__0).before(__behind);
            __rpc.run(&mut __chain, __call).await
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
        async fn get_user(
            &self,
            __request: Request<Id>,
        ) -> Result<Response<User>, Status> {
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
                        <Self as __handlers::Handlers>::get_user(self, __request).await,
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
            __call.hide(__CONFIG_AUTH_0.own_header());
            let __running = ::core::pin::pin!(::core::option::Option::None);
            let mut __frame = __rpc
                .frame(
                    __message,
                    __abilities,
                    __interceptors::NoLooks,
                    __running,
                    |__request| <Self as __handlers::Handlers>::get_user(self, __request),
                );
            let __answer = <Self as __Policy>::__policy_0(
                    &*self,
                    &mut __call,
                    __interceptors::Behind::new(&mut __frame),
                )
                .await;
            __rpc.leave(&mut __frame, __answer, &mut __call)
        }
        fn set_user<'__this, '__call>(
            &'__this self,
            __request: Request<User>,
        ) -> ::core::pin::Pin<
            ::std::boxed::Box<
                dyn ::core::future::Future<
                    Output = Result<Response<Id>, Status>,
                > + ::core::marker::Send + '__call,
            >,
        >
        where
            '__this: '__call,
            Self: '__call,
        {
            let __rpc = __interceptors::rpc!(
                < Self as __handlers::Handlers > ::__set_user_Request, < Self as
                __handlers::Handlers > ::__set_user_Result
            );
            if __interceptors::has_passed(
                <Self as __handlers::Handlers>::__set_user_Plan,
                __interceptors::tonic::Request::extensions(&__request),
            ) {
                return ::std::boxed::Box::pin(
                    __rpc
                        .passed(
                            <Self as __handlers::Handlers>::set_user(self, __request),
                        ),
                );
            }
            let __behind = __interceptors::Blind
                .around(
                    __rpc
                        .handler(move |__request| <Self as __handlers::Handlers>::set_user(
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
                        <Self as __handlers::Handlers>::__set_user_Plan,
                        || __interceptors::Abilities::new(
                            __interceptors::Probe::<
                                <Self as __handlers::Handlers>::__set_user_Request,
                            >::RESEND,
                            __interceptors::Probe::<
                                <Self as __handlers::Handlers>::__set_user_Request,
                            >::COUNT,
                        ),
                        __request,
                    ),
            )
        }
    }
    impl __interceptors::Intercepted<UsersPolicy> for Users {
        const PLAN: __interceptors::Plan = __interceptors::Plan::new(
            &[
                <Self as __handlers::Handlers>::__get_user_Plan,
                <Self as __handlers::Handlers>::__set_user_Plan,
            ],
        );
    }
    static __POLICY: __interceptors::PolicyId = __interceptors::PolicyId::new();
    impl __interceptors::ServicePolicy<dyn UserService> for Users {
        const METHODS: &'static [&'static __interceptors::MethodPlan] = <Self as __interceptors::Intercepted<
            UsersPolicy,
        >>::PLAN
            .methods();
        const UNKNOWN: &'static [__interceptors::EntryPlan] = &[__ENTRY_AUTH_0];
        const CHALLENGE: ::core::option::Option<&'static ::core::primitive::str> = __CONFIG_AUTH_0
            .challenge();
        async fn receive<__Module: 'static>(
            &self,
            __list: ::core::primitive::usize,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            match __list {
                0usize => {
                    __call.hide(__CONFIG_AUTH_0.own_header());
                    <Self as __Policy>::__policy_0(self, __call, __behind).await
                }
                1usize => <Self as __Policy>::__policy_1(self, __call, __behind).await,
                _ => <Self as __Policy>::__policy_1(self, __call, __behind).await,
            }
        }
    }
};
