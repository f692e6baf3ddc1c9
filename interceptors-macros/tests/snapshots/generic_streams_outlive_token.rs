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
        let config = config.outlive_token(true);
        config
    };
    static __VALUE_AUTH_0: __interceptors::Once = __interceptors::Once::new();
    const __ENTRY_AUTH_0: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::auth::Entry,
    >(
            &__CONFIG_AUTH_0.settings(),
            &[
                __interceptors::Setting::new(
                    "verifier",
                    __interceptors::Value::Text("TOKENS"),
                ),
            ],
        )
        .verifies();
    #[allow(dead_code, nonstandard_style, clippy::all, clippy::pedantic)]
    mod __handlers {
        pub(super) trait Handlers<T: ?::core::marker::Sized> {
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
            type __watch_Request;
            type __watch_Result;
            const __watch_Plan: Self::__MethodPlan;
            fn watch(
                &self,
                request: Self::__watch_Request,
            ) -> impl ::core::future::Future<
                Output = Self::__watch_Result,
            > + ::core::marker::Send;
        }
    }
    impl<T: Send + Sync + 'static> __handlers::Handlers<T> for Service<T> {
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
            const { &[__ENTRY_AUTH_0] },
        );
        async fn get(&self, request: Request<Id>) -> Result<Response<User>, Status> {
            todo!()
        }
        type __watch_Request = Request<Id>;
        type __watch_Result = Result<Response<Users>, Status>;
        const __watch_Plan: Self::__MethodPlan = &__interceptors::MethodPlan::new(
            __interceptors::Name {
                service: __SERVICE,
                method: "Watch",
                path: __interceptors::path!(__SERVICE, "Watch"),
                derived: __SERVICE_IS_DERIVED || true,
                exact: false,
            },
            __interceptors::kind!(Self::__watch_Request, Self::__watch_Result),
            __interceptors::Side::Server,
            const { &[__ENTRY_AUTH_0] },
        );
        async fn watch(&self, request: Request<Id>) -> Result<Response<Users>, Status> {
            todo!()
        }
    }
    trait __Policy<T: ?::core::marker::Sized> {
        fn __policy_0(
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> impl ::core::future::Future<
            Output = __interceptors::OpaqueAnswer,
        > + ::core::marker::Send;
    }
    impl<T: Send + Sync + 'static> __Policy<T> for Service<T> {
        async fn __policy_0(
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            let __rpc = __interceptors::Policy;
            let __0 = || __interceptors::auth::Verifying::new(
                __CONFIG_AUTH_0,
                __interceptors::path_value(|| &TOKENS).keep::<()>(&__VALUE_AUTH_0),
            );
            __rpc.covers_made(__0);
            let mut __chain = __rpc.made(__0).before(__behind);
            __rpc.run(&mut __chain, __call).await
        }
    }
    impl<T: Send + Sync + 'static> Query for Service<T> {
        async fn get(&self, __request: Request<Id>) -> Result<Response<User>, Status> {
            const {
                ::core::assert!(
                    ! __CONFIG_AUTH_0.lets_streams_go_on() || ! < Self as
                    __handlers::Handlers < T > > ::__get_Plan.kind().is_unary() || ! <
                    Self as __handlers::Handlers < T > > ::__watch_Plan.kind()
                    .is_unary(),
                    "[I0823] `outlive_token` is for streams, and each method that this `auth` covers is unary; take it out"
                )
            };
            let __rpc = __interceptors::rpc!(
                < Self as __handlers::Handlers < T > > ::__get_Request, < Self as
                __handlers::Handlers < T > > ::__get_Result
            );
            let __abilities = || __interceptors::Abilities::new(
                __interceptors::Probe::<
                    <Self as __handlers::Handlers<T>>::__get_Request,
                >::RESEND,
                __interceptors::Probe::<
                    <Self as __handlers::Handlers<T>>::__get_Request,
                >::COUNT,
            );
            let (mut __call, __message) = __rpc
                .enter(
                    <Self as __handlers::Handlers<T>>::__get_Plan,
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
                    |__request| <Self as __handlers::Handlers<T>>::get(self, __request),
                );
            let __answer = <Self as __Policy<
                T,
            >>::__policy_0(
                    &*self,
                    &mut __call,
                    __interceptors::Behind::new(&mut __frame),
                )
                .await;
            __rpc.leave(&mut __frame, __answer, &mut __call)
        }
        async fn watch(
            &self,
            __request: Request<Id>,
        ) -> Result<Response<Users>, Status> {
            let __rpc = __interceptors::rpc!(
                < Self as __handlers::Handlers < T > > ::__watch_Request, < Self as
                __handlers::Handlers < T > > ::__watch_Result
            );
            let __abilities = || __interceptors::Abilities::new(
                __interceptors::Probe::<
                    <Self as __handlers::Handlers<T>>::__watch_Request,
                >::RESEND,
                __interceptors::Probe::<
                    <Self as __handlers::Handlers<T>>::__watch_Request,
                >::COUNT,
            );
            let (mut __call, __message) = __rpc
                .enter(
                    <Self as __handlers::Handlers<T>>::__watch_Plan,
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
                    |__request| <Self as __handlers::Handlers<T>>::watch(self, __request),
                );
            let __answer = <Self as __Policy<
                T,
            >>::__policy_0(
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
    impl<T: Send + Sync + 'static> __interceptors::Intercepted<__Plan> for Service<T> {
        const PLAN: __interceptors::Plan = __interceptors::Plan::new(
            &[
                <Self as __handlers::Handlers<T>>::__get_Plan,
                <Self as __handlers::Handlers<T>>::__watch_Plan,
            ],
        );
    }
};
