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
    const __CONFIG_RETRY_0: &__interceptors::retry::Retry = &{
        let config = __interceptors::retry::Retry::new();
        let config = config.max(1);
        config
    };
    const __ENTRY_RETRY_0: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::retry::Entry,
    >(&__CONFIG_RETRY_0.settings(), &[])
        .single_requests_only()
        .behind_decoding();
    #[allow(dead_code, nonstandard_style, clippy::all, clippy::pedantic)]
    mod __handlers {
        pub(super) trait Handlers<'a, T: ?::core::marker::Sized, const N: usize> {
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
        }
    }
    impl<'a, T: Store, const N: usize> __handlers::Handlers<'a, T, N>
    for Service<'a, T, N>
    where
        'a: 'static,
    {
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
            const { &[__ENTRY_RETRY_0] },
        );
        async fn get(&self, request: Request<Id>) -> Result<Response<User>, Status> {
            todo!()
        }
    }
    trait __Policy<'a, T: ?::core::marker::Sized, const N: usize> {
        fn __policy_0(
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> impl ::core::future::Future<
            Output = __interceptors::OpaqueAnswer,
        > + ::core::marker::Send;
    }
    impl<'a, T: Store, const N: usize> __Policy<'a, T, N> for Service<'a, T, N>
    where
        'a: 'static,
    {
        async fn __policy_0(
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            let __rpc = __interceptors::Policy;
            let __0 = &__interceptors::retry::Retrying::new(__CONFIG_RETRY_0);
            let mut __chain = __interceptors::Chain::new(__0, __behind);
            __rpc.run(&mut __chain, __call).await
        }
    }
    #[tonic::async_trait]
    impl<'a, T: Store, const N: usize> Query for Service<'a, T, N>
    where
        'a: 'static,
    {
        async fn get(&self, __request: Request<Id>) -> Result<Response<User>, Status> {
            let __rpc = __interceptors::rpc!(
                < Self as __handlers::Handlers < 'a, T, N > > ::__get_Request, < Self as
                __handlers::Handlers < 'a, T, N > > ::__get_Result
            );
            let __abilities = || __interceptors::Abilities::new(
                __interceptors::Probe::<
                    <Self as __handlers::Handlers<'a, T, N>>::__get_Request,
                >::RESEND,
                __interceptors::Probe::<
                    <Self as __handlers::Handlers<'a, T, N>>::__get_Request,
                >::COUNT,
            );
            let (mut __call, __message) = __rpc
                .enter(
                    <Self as __handlers::Handlers<'a, T, N>>::__get_Plan,
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
                    |__request| <Self as __handlers::Handlers<
                        'a,
                        T,
                        N,
                    >>::get(self, __request),
                );
            let __answer = <Self as __Policy<
                'a,
                T,
                N,
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
    impl<'a, T: Store, const N: usize> __interceptors::Intercepted<__Plan>
    for Service<'a, T, N>
    where
        'a: 'static,
    {
        const PLAN: __interceptors::Plan = __interceptors::Plan::new(
            &[<Self as __handlers::Handlers<'a, T, N>>::__get_Plan],
        );
    }
    #[allow(deprecated)]
    const _: () = {
        ::core::assert!(
            __interceptors::Probe:: < Request < Id > > ::REQUEST_IS_STREAM ||
            __interceptors::Probe:: < Request < Id > > ::RESEND.is_some(),
            "[I0817] `retry` needs a request that is `Clone`, and that of `get` is not; derive `Clone` for it, or leave the method out with `except = [get]`"
        );
    };
};
