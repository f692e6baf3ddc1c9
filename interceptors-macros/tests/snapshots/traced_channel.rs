struct Outbound;
const _: () = {
    #[allow(unused_imports)]
    use ::interceptors::__private as __interceptors;
    #[allow(unused_imports)]
    use __interceptors::{
        KeepsPath as _, LooksAtMessages as _, NoResend as _, Otherwise as _,
        Uncovered as _,
    };
    const __CONFIG_TRACE_0: &__interceptors::trace::Trace = &{
        let config = __interceptors::trace::Trace::new();
        config
    };
    const __ENTRY_TRACE_0: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::trace::Entry,
    >(&__CONFIG_TRACE_0.client_settings(), &[]);
    const __CONFIG_REQUEST_ID_1: &__interceptors::request_id::SetRequestId = &{
        let config = __interceptors::request_id::SetRequestId::new();
        config
    };
    const __ENTRY_REQUEST_ID_1: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::request_id::Entry,
    >(&__CONFIG_REQUEST_ID_1.client_settings(), &[]);
    const __PLAN_0: &__interceptors::MethodPlan = &__interceptors::MethodPlan::of_channel(
            __interceptors::Name {
                service: "*",
                method: "*",
                path: "*",
                derived: false,
                exact: true,
            },
            &[__ENTRY_TRACE_0, __ENTRY_REQUEST_ID_1],
        )
        .covered(&[true, true]);
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
            let __0 = __CONFIG_TRACE_0;
            let __1 = __CONFIG_REQUEST_ID_1;
            let mut __chain = __interceptors::Chain::new(
                __0,
                __interceptors::Chain::new(
                    __1,
                    __interceptors::Chain::new(&__interceptors::trace::Attempt, __next),
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
        const PLAN: __interceptors::Plan = __interceptors::Plan::new(&[__PLAN_0]);
    }
};
