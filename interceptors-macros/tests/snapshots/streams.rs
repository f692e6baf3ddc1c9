const _: () = {
    #[allow(unused_imports)]
    use ::interceptors::__private as __interceptors;
    #[allow(unused_imports)]
    use __interceptors::{
        KeepsPath as _, LooksAtMessages as _, NoResend as _, Otherwise as _,
        Uncovered as _,
    };
    #[allow(unused_imports)]
    use users::user_service_server::UserService as _;
    const __SERVICE_NAME: &::core::primitive::str = {
        #[allow(dead_code)]
        const SERVICE_NAME: &::core::primitive::str = "";
        {
            #[allow(unused_imports, clippy::wildcard_imports)]
            use users::user_service_server::*;
            SERVICE_NAME
        }
    };
    const __SERVICE_IS_DERIVED: ::core::primitive::bool = __SERVICE_NAME.is_empty();
    const __SERVICE: &::core::primitive::str = if __SERVICE_IS_DERIVED {
        "UserService"
    } else {
        __SERVICE_NAME
    };
    const __CONFIG_LOGGING_0: &__interceptors::logging::Logging = &{
        let config = __interceptors::logging::Logging::new();
        config
    };
    const __ENTRY_LOGGING_0: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::logging::Entry,
    >(&__CONFIG_LOGGING_0.settings(), &[]);
    const __CONFIG_RETRY_1: &__interceptors::retry::Retry = &{
        let config = __interceptors::retry::Retry::new();
        let config = config.max(3);
        config
    };
    const __ENTRY_RETRY_1: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::retry::Entry,
    >(&__CONFIG_RETRY_1.settings(), &[])
        .single_requests_only()
        .behind_decoding();
    #[allow(dead_code, nonstandard_style, clippy::all, clippy::pedantic)]
    mod __handlers {
        pub(super) trait Handlers {
            type __MethodPlan;
            type ListUsersStream;
            type __list_users_Request;
            type __list_users_Result;
            const __list_users_Plan: Self::__MethodPlan;
            fn list_users(
                &self,
                request: Self::__list_users_Request,
            ) -> impl ::core::future::Future<
                Output = Self::__list_users_Result,
            > + ::core::marker::Send;
        }
    }
    impl __handlers::Handlers for Users {
        type __MethodPlan = &'static __interceptors::MethodPlan;
        type ListUsersStream = ReceiverStream<Result<User, Status>>;
        type __list_users_Request = Request<Streaming<Id>>;
        type __list_users_Result = Result<Response<Self::ListUsersStream>, Status>;
        const __list_users_Plan: Self::__MethodPlan = &__interceptors::MethodPlan::found(
            __interceptors::Name {
                service: __SERVICE,
                method: "ListUsers",
                path: __interceptors::path!(__SERVICE, "ListUsers"),
                derived: __SERVICE_IS_DERIVED || false,
                exact: true,
            },
            __interceptors::kind!(
                Self::__list_users_Request, Self::__list_users_Result, stream
            ),
            &__POLICY,
            "list_users",
            0usize,
            const { &[__ENTRY_LOGGING_0, __ENTRY_RETRY_1] },
        );
        async fn list_users(
            &self,
            _: Request<Streaming<Id>>,
        ) -> Result<Response<Self::ListUsersStream>, Status> {
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
    }
    impl __Policy for Users {
        async fn __policy_0(
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            let __rpc = __interceptors::Policy;
            let __0 = &__interceptors::logging::LoggingWith::new(__CONFIG_LOGGING_0);
            let __1 = &__interceptors::retry::Retrying::new(__CONFIG_RETRY_1);
            let __behind = __interceptors::Border::new(
                __interceptors::Chain::new(__1, __behind),
            );
            let mut __behind = __behind;
            if __call.has_begun() {
                return __rpc.go_on(&mut __behind, __call).await;
            }
            let mut __chain = __interceptors::Chain::new(__0, __behind);
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
    #[tonic::async_trait]
    impl users::user_service_server::UserService for Users {
        type ListUsersStream = __interceptors::ResponseStream<
            ReceiverStream<Result<User, Status>>,
        >;
        fn list_users<'__this, '__call>(
            &'__this self,
            __request: Request<Streaming<Id>>,
        ) -> ::core::pin::Pin<
            ::std::boxed::Box<
                dyn ::core::future::Future<
                    Output = ::core::result::Result<
                        __interceptors::tonic::Response<Self::ListUsersStream>,
                        __interceptors::tonic::Status,
                    >,
                > + ::core::marker::Send + '__call,
            >,
        >
        where
            '__this: '__call,
            Self: '__call,
        {
            let __rpc = __interceptors::rpc!(
                < Self as __handlers::Handlers > ::__list_users_Request, < Self as
                __handlers::Handlers > ::__list_users_Result, stream
            );
            let __behind = __interceptors::Blind
                .around(
                    __rpc
                        .handler(move |__request| <Self as __handlers::Handlers>::list_users(
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
                        <Self as __handlers::Handlers>::__list_users_Plan,
                        || __interceptors::Abilities::new(
                            __interceptors::Probe::<
                                <Self as __handlers::Handlers>::__list_users_Request,
                            >::RESEND,
                            __interceptors::Probe::<
                                <Self as __handlers::Handlers>::__list_users_Request,
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
            &[<Self as __handlers::Handlers>::__list_users_Plan],
        );
    }
    static __POLICY: __interceptors::PolicyId = __interceptors::PolicyId::new();
    impl __interceptors::ServicePolicy<
        dyn users::user_service_server::UserService<
            ListUsersStream = <Users as users::user_service_server::UserService>::ListUsersStream,
        >,
    > for Users {
        const METHODS: &'static [&'static __interceptors::MethodPlan] = <Self as __interceptors::Intercepted<
            __Plan,
        >>::PLAN
            .methods();
        const UNKNOWN: &'static [__interceptors::EntryPlan] = &[
            __ENTRY_LOGGING_0,
            __ENTRY_RETRY_1,
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
                _ => <Self as __Policy>::__policy_0(self, __call, __behind).await,
            }
        }
    }
    #[allow(deprecated)]
    const _: () = {
        ::core::assert!(
            __interceptors::Probe:: < < Users as __handlers::Handlers >
            ::__list_users_Request > ::REQUEST_IS_STREAM || __interceptors::Probe:: < <
            Users as __handlers::Handlers > ::__list_users_Request > ::RESEND.is_some(),
            "[I0817] `retry` needs a request that is `Clone`, and that of `list_users` is not; derive `Clone` for it, or leave the method out with `except = [list_users]`"
        );
    };
};
