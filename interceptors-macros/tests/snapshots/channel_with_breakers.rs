struct Outbound;
const _: () = {
    #[allow(unused_imports)]
    use ::interceptors::__private as __interceptors;
    #[allow(unused_imports)]
    use __interceptors::{
        KeepsPath as _, LooksAtMessages as _, NoResend as _, Otherwise as _,
        Uncovered as _,
    };
    const __CONFIG_CIRCUIT_BREAKER_0: &__interceptors::circuit_breaker::Thresholds = &{
        let config = __interceptors::circuit_breaker::Thresholds::new();
        let config = config.failures(3);
        let config = config.probes(2);
        let config = config.open_for(::core::time::Duration::new(10u64, 0u32));
        let config = config.codes(&[__interceptors::tonic::Code::Aborted]);
        config
    };
    #[allow(non_snake_case)]
    fn __BREAKER_CIRCUIT_BREAKER_0() -> __interceptors::circuit_breaker::CircuitBreakers {
        __interceptors::circuit_breaker::CircuitBreakers::per_method(
            __CONFIG_CIRCUIT_BREAKER_0,
        )
    }
    const __ENTRY_CIRCUIT_BREAKER_0: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::circuit_breaker::Entry,
    >(&__CONFIG_CIRCUIT_BREAKER_0.settings(), &[]);
    const __CONFIG_LOAD_SHED_1: &__interceptors::concurrency::Capacity = &{
        let config = __interceptors::concurrency::Capacity::max(5);
        let config = config.queue(0);
        config
    };
    #[allow(non_snake_case)]
    fn __LIMITER_LOAD_SHED_1() -> __interceptors::concurrency::Limiters {
        __interceptors::concurrency::Limiters::per_service(__CONFIG_LOAD_SHED_1)
    }
    const __ENTRY_LOAD_SHED_1: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::concurrency::LoadShedEntry,
    >(
        &__CONFIG_LOAD_SHED_1.settings(),
        &[__interceptors::Setting::new("per", __interceptors::Value::Text("service"))],
    );
    const __PLAN_0: &__interceptors::MethodPlan = &__interceptors::MethodPlan::of_channel(
            __interceptors::Name {
                service: "*",
                method: "*",
                path: "*",
                derived: false,
                exact: true,
            },
            &[__ENTRY_CIRCUIT_BREAKER_0, __ENTRY_LOAD_SHED_1],
        )
        .covered(&[true, true]);
    const __PLAN_1: &__interceptors::MethodPlan = &__interceptors::MethodPlan::of_channel(
            __interceptors::Name {
                service: "a.B",
                method: "C",
                path: "/a.B/C",
                derived: false,
                exact: true,
            },
            &[__ENTRY_CIRCUIT_BREAKER_0, __ENTRY_LOAD_SHED_1],
        )
        .covered(&[false, true]);
    #[allow(missing_debug_implementations, unreachable_pub)]
    pub struct __State {
        __0: __interceptors::circuit_breaker::CircuitBreakers,
        __1: __interceptors::concurrency::Limiters,
    }
    impl __State {
        fn new() -> Self {
            Self {
                __0: __BREAKER_CIRCUIT_BREAKER_0(),
                __1: __LIMITER_LOAD_SHED_1(),
            }
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
            if __interceptors::is_path(path, "/a.B/C") {
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
            let __0 = &__interceptors::circuit_breaker::BreakCircuit::new(&__state.__0);
            let __1 = &__interceptors::concurrency::LoadShed::new(&__state.__1);
            let __0 = &__interceptors::Selected::new(
                __call.plan().covers(0usize).then_some(__0),
            );
            let mut __chain = __interceptors::Chain::new(
                __0,
                __interceptors::Chain::new(__1, __next),
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
        const PLAN: __interceptors::Plan = __interceptors::Plan::new(
            &[__PLAN_0, __PLAN_1],
        );
    }
};
