#[derive(Clone)]
pub struct Outbound<T: Tokens> {
    tokens: T,
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
        let config = config.max(3);
        config
    };
    const fn __THROTTLE_RETRY_1() -> __interceptors::retry::Throttle {
        const {
            __interceptors::retry::Throttle::new(
                __interceptors::retry::Throttle::legal_tokens(10),
                __interceptors::retry::Throttle::legal_ratio(0.1),
            )
        }
    }
    const __ENTRY_RETRY_1: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::retry::Entry,
    >(
        &__CONFIG_RETRY_1.settings(),
        &[
            __interceptors::Setting::new(
                "throttle",
                __interceptors::Value::Text("10/0.1"),
            ),
        ],
    );
    const __CONFIG_AUTH_2: &__interceptors::auth::client::Credentials = &{
        let config = __interceptors::auth::client::Credentials::new();
        config
    };
    const __ENTRY_AUTH_2: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::auth::client::Entry,
    >(
        &__CONFIG_AUTH_2.settings(),
        &[
            __interceptors::Setting::new(
                "token",
                __interceptors::Value::Text("self.tokens"),
            ),
        ],
    );
    const __ENTRY_METADATA_3: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::metadata::Entry,
    >(
        &[],
        &[
            __interceptors::Setting::new(
                "keys",
                __interceptors::Value::Text("x-trace,x-digest-bin"),
            ),
        ],
    );
    const __CONFIG_DEADLINE_4: &__interceptors::deadline::Deadline = &{
        let config = __interceptors::deadline::Deadline::new(
            ::core::time::Duration::new(2u64, 0u32),
        );
        config
    };
    const __ENTRY_DEADLINE_4: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::deadline::Entry,
    >(&__CONFIG_DEADLINE_4.settings(), &[]);
    const __PLAN_0: &__interceptors::MethodPlan = &__interceptors::MethodPlan::of_channel(
            __interceptors::Name {
                service: "*",
                method: "*",
                path: "*",
                derived: false,
                exact: true,
            },
            &[
                __ENTRY_LOGGING_0,
                __ENTRY_RETRY_1,
                __ENTRY_AUTH_2,
                __ENTRY_METADATA_3,
                __ENTRY_DEADLINE_4,
            ],
        )
        .covered(&[true, true, true, true, true]);
    const __PLAN_1: &__interceptors::MethodPlan = &__interceptors::MethodPlan::of_channel(
            __interceptors::Name {
                service: "user.v1.UserService",
                method: "Login",
                path: "/user.v1.UserService/Login",
                derived: false,
                exact: true,
            },
            &[
                __ENTRY_LOGGING_0,
                __ENTRY_RETRY_1,
                __ENTRY_AUTH_2,
                __ENTRY_METADATA_3,
                __ENTRY_DEADLINE_4,
            ],
        )
        .covered(&[true, true, false, true, true]);
    #[allow(missing_debug_implementations, unreachable_pub)]
    pub struct __State {
        __1: __interceptors::retry::Throttle,
    }
    impl __State {
        fn new() -> Self {
            Self { __1: __THROTTLE_RETRY_1() }
        }
    }
    impl<T: Tokens> __interceptors::ChannelChain for Outbound<T>
    where
        Outbound<T>: ::core::marker::Send + ::core::marker::Sync + 'static,
    {
        type State = __State;
        fn state() -> __State {
            __State::new()
        }
        fn plan(path: &::core::primitive::str) -> &'static __interceptors::MethodPlan {
            let _ = path;
            if __interceptors::is_path(path, "/user.v1.UserService/Login") {
                return __PLAN_1;
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
            let __1 = &__interceptors::retry::Retrying::new(__CONFIG_RETRY_1)
                .throttle(&__state.__1);
            let __2 = || __interceptors::auth::Sending::new(
                __CONFIG_AUTH_2,
                &(self.tokens),
            );
            __rpc.covers_made(__2);
            let __3 = &__interceptors::metadata::Metadata::new(|| async move {
                ::core::result::Result::Ok::<
                    _,
                    __interceptors::tonic::Status,
                >([
                    {
                        static __KEY: __interceptors::metadata::Key = __interceptors::metadata::Key::new(
                            "x-trace",
                        );
                        __interceptors::metadata::Pair::ascii(
                            &__KEY,
                            self.trace().await?,
                        )?
                    },
                    {
                        static __CONSTANT: __interceptors::metadata::Constant = __interceptors::metadata::Constant::new(
                            "x-digest-bin",
                            "YWJj",
                        );
                        __interceptors::metadata::Pair::constant(&__CONSTANT)
                    },
                ])
            });
            let __4 = __CONFIG_DEADLINE_4;
            let __2 = {
                let __applies = __call.plan().covers(2usize);
                move || __interceptors::Selected::new(__applies.then(__2))
            };
            __call.hide(__CONFIG_AUTH_2.own_header());
            let mut __chain = __interceptors::Chain::new(
                __0,
                __interceptors::Chain::new(
                    __1,
                    __rpc
                        .made(__2)
                        .before(
                            __interceptors::Anew(
                                __interceptors::Chain::new(
                                    __3,
                                    __interceptors::Anew(
                                        __interceptors::Chain::new(__4, __next),
                                    ),
                                ),
                            ),
                        ),
                ),
            );
            __rpc.send(&mut __chain, __call).await
        }
    }
    #[allow(dead_code)]
    impl<T: Tokens> Outbound<T> {
        /// Puts the interceptors of `Outbound` around a channel. If tonic's own `Channel` is needed, call `into_channel()` on the result (feature `into-channel`).
        pub fn wrap<__S>(
            self,
            channel: __S,
        ) -> __interceptors::client::InterceptedChannel<Self, __S>
        where
            Self: __interceptors::ChannelChain,
        {
            __interceptors::client::InterceptedChannel::new(self, channel)
        }
        #[doc(hidden)]
        pub fn layer(self) -> __interceptors::server::InterceptLayer<Self>
        where
            for<'__a> Self: __interceptors::ServerChain,
        {
            __interceptors::server::InterceptLayer::new(self)
        }
    }
    #[allow(unreachable_pub)]
    pub struct __Plan;
    impl<T: Tokens> __interceptors::Intercepted<__Plan> for Outbound<T> {
        const PLAN: __interceptors::Plan = __interceptors::Plan::new(
            &[__PLAN_0, __PLAN_1],
        );
    }
};
