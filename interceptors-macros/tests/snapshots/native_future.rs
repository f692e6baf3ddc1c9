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
    const __ENTRY_WITH_0: __interceptors::EntryPlan = __interceptors::EntryPlan::new(
        "with",
        &[],
        &[
            __interceptors::Setting::new(
                "value",
                __interceptors::Value::Text("self.audit"),
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
        const __get_Plan: Self::__MethodPlan = &__interceptors::MethodPlan::new(
            __interceptors::Name {
                service: __SERVICE,
                method: "Get",
                path: __interceptors::path!(__SERVICE, "Get"),
                derived: __SERVICE_IS_DERIVED || true,
                exact: false,
            },
            __interceptors::kind!(Self::__get_Request, Self::__get_Result),
            __interceptors::Side::Server,
            const { &[__ENTRY_WITH_0.blind(<Self as __Policy>::__IS_BLIND_0)] },
        );
        fn get(
            &self,
            request: Request<Id>,
        ) -> impl Future<Output = Result<Response<User>, Status>> + Send {
            async move { todo!() }
        }
        type __set_Request = Request<Id>;
        type __set_Result = Result<Response<User>, Status>;
        const __set_Plan: Self::__MethodPlan = &__interceptors::MethodPlan::new(
            __interceptors::Name {
                service: __SERVICE,
                method: "Set",
                path: __interceptors::path!(__SERVICE, "Set"),
                derived: __SERVICE_IS_DERIVED || true,
                exact: false,
            },
            __interceptors::kind!(Self::__set_Request, Self::__set_Result),
            __interceptors::Side::Server,
            const { &[] },
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
        const __IS_BLIND_0: ::core::primitive::bool;
    }
    impl __Policy for Service {
        async fn __policy_0(
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            let __rpc = __interceptors::Policy;
            let __0 = || &(self.audit);
            let __verdict_0 = __interceptors::asked(&__0).verdict();
            let mut __chain = __verdict_0
                .link(__rpc.lent(__0))
                .before(__verdict_0.inner(|__behind| __behind, __behind));
            __rpc.run(&mut __chain, __call).await
        }
        async fn __policy_1(
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            let __rpc = __interceptors::Policy;
            let mut __chain = __behind;
            __rpc.run(&mut __chain, __call).await
        }
        const __IS_BLIND_0: ::core::primitive::bool = __interceptors::is_blind(|
            __this: &Self|
        {
            let _ = __this;
            let __0 = || &(__this.audit);
            let __verdict_0 = __interceptors::asked(&__0).verdict();
            __verdict_0
        });
    }
    impl Query for Service {
        fn get(
            &self,
            __request: Request<Id>,
        ) -> impl Future<Output = Result<Response<User>, Status>> + Send {
            async move {
                let __rpc = __interceptors::rpc!(
                    < Self as __handlers::Handlers > ::__get_Request, < Self as
                    __handlers::Handlers > ::__get_Result
                );
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
                let __0 = || &(self.audit);
                let _ = || {
                    __covers_get(__rpc.lent(__0));
                };
                let __verdict_0 = __interceptors::asked(&__0).verdict();
                let __verdict = __verdict_0.and(__interceptors::Blind);
                let __behind = __verdict_0
                    .around(
                        __rpc
                            .handler(|__request| <Self as __handlers::Handlers>::get(
                                self,
                                __request,
                            )),
                        |__innermost| __rpc.lent(__0).before(__innermost),
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
        }
        async fn set(&self, __request: Request<Id>) -> Result<Response<User>, Status> {
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
                .enter(
                    <Self as __handlers::Handlers>::__set_Plan,
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
                    |__request| <Self as __handlers::Handlers>::set(self, __request),
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
};
