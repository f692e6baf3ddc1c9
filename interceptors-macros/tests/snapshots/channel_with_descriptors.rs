struct Outbound {
    tokens: TokenCache,
}
const _: () = {
    #[allow(unused_imports)]
    use ::interceptors::__private as __interceptors;
    #[allow(unused_imports)]
    use __interceptors::{
        KeepsPath as _, LooksAtMessages as _, NoResend as _, Otherwise as _,
        Uncovered as _,
    };
    const __CONFIG_LOGGING_0: &__interceptors::logging::Logging = &{
        let config = __interceptors::logging::Logging::client();
        config
    };
    const __ENTRY_LOGGING_0: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::logging::Entry,
    >(&__CONFIG_LOGGING_0.settings(), &[]);
    const __CONFIG_RETRY_1: &__interceptors::retry::Retry = &{
        let config = __interceptors::retry::Retry::new();
        config
    };
    const __ENTRY_RETRY_1: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::retry::Entry,
    >(&__CONFIG_RETRY_1.settings(), &[]);
    const __CONFIG_HEDGE_2: &__interceptors::hedge::Hedge = &{
        let config = __interceptors::hedge::Hedge::new();
        config
    };
    const __ENTRY_HEDGE_2: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::hedge::Entry,
    >(&__CONFIG_HEDGE_2.settings(), &[]);
    const __CONFIG_AUTH_3: &__interceptors::auth::client::Credentials = &{
        let config = __interceptors::auth::client::Credentials::new();
        config
    };
    const __ENTRY_AUTH_3: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::auth::client::Entry,
    >(
        &__CONFIG_AUTH_3.settings(),
        &[
            __interceptors::Setting::new(
                "token",
                __interceptors::Value::Text("self.tokens"),
            ),
        ],
    );
    const __PLAN_0: &__interceptors::MethodPlan = &__interceptors::MethodPlan::of_channel(
            __interceptors::Name {
                service: "*",
                method: "*",
                path: "*",
                derived: false,
                exact: true,
            },
            &[__ENTRY_LOGGING_0, __ENTRY_RETRY_1, __ENTRY_HEDGE_2, __ENTRY_AUTH_3],
        )
        .covered(&[true, false, false, true])
        .undescribed();
    const __PLAN_3: &__interceptors::MethodPlan = &__interceptors::MethodPlan::of_channel(
            __interceptors::Name {
                service: "grpc.health.v1.Health",
                method: "*",
                path: "/grpc.health.v1.Health/*",
                derived: false,
                exact: true,
            },
            &[__ENTRY_LOGGING_0, __ENTRY_RETRY_1, __ENTRY_HEDGE_2, __ENTRY_AUTH_3],
        )
        .covered(&[false, false, false, true])
        .undescribed();
    const __DESCRIPTORS_0: &[::core::primitive::u8] = crate::FILE_DESCRIPTOR_SET;
    #[allow(long_running_const_eval)]
    const __SIZE_0: __interceptors::Size = __interceptors::Size::of(__DESCRIPTORS_0);
    const _: () = ::core::assert!(
        __SIZE_0.is_sound,
        "[I0509] this is not an encoded `google.protobuf.FileDescriptorSet`; name the bytes that `file_descriptor_set_path` of tonic-prost-build writes"
    );
    const __DESCRIPTORS_1: &[::core::primitive::u8] = tonic_health::pb::FILE_DESCRIPTOR_SET;
    #[allow(long_running_const_eval)]
    const __SIZE_1: __interceptors::Size = __interceptors::Size::of(__DESCRIPTORS_1);
    const _: () = ::core::assert!(
        __SIZE_1.is_sound,
        "[I0509] this is not an encoded `google.protobuf.FileDescriptorSet`; name the bytes that `file_descriptor_set_path` of tonic-prost-build writes"
    );
    const __DESCRIPTORS: &[&[::core::primitive::u8]] = &[
        __DESCRIPTORS_0,
        __DESCRIPTORS_1,
    ];
    const __SIZE: __interceptors::Size = __interceptors::Size::sum(
        &[__SIZE_0, __SIZE_1],
    );
    #[allow(long_running_const_eval)]
    static __METHODS: __interceptors::Methods<
        { __SIZE.records },
        { __SIZE.slots() },
        { __SIZE.bytes },
    > = __interceptors::Methods::read(__DESCRIPTORS, __SIZE);
    #[allow(long_running_const_eval)]
    const __PATHS: &::core::primitive::str = __METHODS.text();
    #[allow(long_running_const_eval)]
    static __COVERS: [[::core::primitive::bool; 4usize]; __METHODS.methods] = __METHODS
        .covers(
            &[
                __interceptors::Lists {
                    named: &[__interceptors::Named::Path("/grpc.health.v1.Health/*")],
                    is_only: false,
                    public: &[],
                    unary_only: false,
                },
                __interceptors::Lists {
                    named: &[__interceptors::Named::Idempotent],
                    is_only: true,
                    public: &[],
                    unary_only: false,
                },
                __interceptors::Lists {
                    named: &[__interceptors::Named::Path("/user.v1.UserService/Get")],
                    is_only: true,
                    public: &[],
                    unary_only: true,
                },
                __interceptors::Lists {
                    named: &[],
                    is_only: false,
                    public: &[
                        __interceptors::Named::Idempotent,
                        __interceptors::Named::Path("/user.v1.UserService/Login"),
                    ],
                    unary_only: false,
                },
            ],
        );
    #[allow(long_running_const_eval)]
    static __PLANS: [__interceptors::MethodPlan; __METHODS.methods] = __METHODS
        .plans(__PATHS, &__COVERS, __PLAN_0);
    static __ROWS: [&__interceptors::MethodPlan; __METHODS.methods + 2usize] = __interceptors::rows(
        &[__PLAN_0, __PLAN_3],
        &__PLANS,
    );
    const _: () = ::core::assert!(
        __METHODS.has("/grpc.health.v1.Health/*"),
        "[I0509] no service `grpc.health.v1.Health` is in `descriptors`; check the name, or add its file to the descriptor set"
    );
    const _: () = ::core::assert!(
        __METHODS.has_idempotent(),
        "[I0509] no method in `descriptors` is idempotent; mark one in its proto, `option idempotency_level = IDEMPOTENT;`, or take `idempotent` out"
    );
    const _: () = ::core::assert!(
        __METHODS.has("/user.v1.UserService/Get"),
        "[I0509] no method has the path `/user.v1.UserService/Get` in `descriptors`; check the name, or add its file to the descriptor set"
    );
    const _: () = ::core::assert!(
        __METHODS.has_idempotent(),
        "[I0509] no method in `descriptors` is idempotent; mark one in its proto, `option idempotency_level = IDEMPOTENT;`, or take `idempotent` out"
    );
    const _: () = ::core::assert!(
        __METHODS.has("/user.v1.UserService/Login"),
        "[I0509] no method has the path `/user.v1.UserService/Login` in `descriptors`; check the name, or add its file to the descriptor set"
    );
    const _: () = ::core::assert!(
        __METHODS.may_be_unary("/user.v1.UserService/Get"),
        "[I0701] `hedge` is for unary calls, and `/user.v1.UserService/Get` is not unary; take it out here"
    );
    const _: () = ::core::assert!(
        ! __interceptors::meet(& __COVERS, 1usize, 2usize),
        "[I0207] `hedge` cannot be given together with `retry`, and a method in `descriptors` has both; keep one of them, or divide the methods with `only`"
    );
    #[allow(missing_debug_implementations, unreachable_pub)]
    pub struct __State {}
    impl __State {
        fn new() -> Self {
            Self {}
        }
    }
    impl __interceptors::ChannelChain for Outbound
    where
        Outbound: ::core::marker::Send + ::core::marker::Sync + 'static,
    {
        type State = __State;
        fn state() -> __State {
            __State::new()
        }
        fn plan(path: &::core::primitive::str) -> &'static __interceptors::MethodPlan {
            let _ = path;
            if let ::core::option::Option::Some(plan) = __METHODS.plan(&__PLANS, path) {
                return plan;
            }
            if __interceptors::is_path(path, "/grpc.health.v1.Health/*") {
                return __PLAN_3;
            }
            __PLAN_0
        }
        async fn send<
            __N: __interceptors::Next<
                    __interceptors::client::Body,
                    __interceptors::client::Body,
                >,
        >(
            &self,
            __state: &__State,
            __call: &mut __interceptors::Call<__interceptors::client::Body>,
            __next: __N,
        ) -> ::core::result::Result<
            __interceptors::tonic::Response<__interceptors::client::Body>,
            __interceptors::tonic::Status,
        > {
            let _ = __state;
            let __rpc = __interceptors::WireRpc;
            let __0 = &__interceptors::logging::LoggingWith::new(__CONFIG_LOGGING_0);
            let __1 = &__interceptors::retry::Retrying::new(__CONFIG_RETRY_1);
            let __2 = &__interceptors::hedge::Hedging::new(__CONFIG_HEDGE_2);
            let __3 = || __interceptors::auth::Sending::new(
                __CONFIG_AUTH_3,
                &(self.tokens),
            );
            __rpc.covers_made(__3);
            let __0 = &__interceptors::Selected::new(
                __call.plan().covers(0usize).then_some(__0),
            );
            let __1 = &__interceptors::Selected::new(
                __call.plan().covers(1usize).then_some(__1),
            );
            let __2 = &__interceptors::Selected::new(
                __call.plan().covers(2usize).then_some(__2),
            );
            let __3 = {
                let __applies = __call.plan().covers(3usize);
                move || __interceptors::Selected::new(__applies.then(__3))
            };
            __call.hide(__CONFIG_AUTH_3.own_header());
            let mut __chain = __interceptors::Chain::new(
                __0,
                __interceptors::Chain::new(
                    __1,
                    __interceptors::Chain::new(
                        __2,
                        __rpc.made(__3).before(__interceptors::Anew(__next)),
                    ),
                ),
            );
            __rpc.send(&mut __chain, __call).await
        }
    }
    #[allow(dead_code)]
    impl Outbound {
        /// Puts the interceptors of `Outbound` around a channel. If tonic's own `Channel` is needed, call `into_channel()` on the result (feature `into-channel`).
        fn wrap<__S>(
            self,
            channel: __S,
        ) -> __interceptors::client::InterceptedChannel<Self, __S>
        where
            Self: __interceptors::ChannelChain,
        {
            __interceptors::client::InterceptedChannel::new(self, channel)
        }
        #[doc(hidden)]
        fn layer(self) -> __interceptors::server::InterceptLayer<Self>
        where
            for<'__a> Self: __interceptors::ServerChain,
        {
            __interceptors::server::InterceptLayer::new(self)
        }
    }
    #[allow(unreachable_pub)]
    pub struct __Plan;
    impl __interceptors::Intercepted<__Plan> for Outbound {
        const PLAN: __interceptors::Plan = __interceptors::Plan::new(&__ROWS);
    }
};
