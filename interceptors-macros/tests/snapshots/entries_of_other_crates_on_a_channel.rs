struct Outbound;
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
    #[allow(unused_qualifications)]
    type __Listed1 = my_crate::audit;
    const __IS_ENTRY_AUDIT_1: __interceptors::Fit = __interceptors::fits(|| __interceptors::is_entry::<
        __Listed1,
    >());
    type __Own1 = __interceptors::Guarded<__IS_ENTRY_AUDIT_1, __Listed1>;
    #[allow(clippy::declare_interior_mutable_const)]
    const __OWN_CONSTANT_AUDIT_1: ::core::mem::ManuallyDrop<__Own1> = ::core::mem::ManuallyDrop::new({
        let config = __Own1::new();
        let config = config.level(3);
        config
    });
    #[allow(non_snake_case)]
    fn __OWN_AUDIT_1() -> __Own1 {
        ::core::mem::ManuallyDrop::into_inner(__OWN_CONSTANT_AUDIT_1)
    }
    const __ENTRY_AUDIT_1: __interceptors::EntryPlan = {
        const fn plan<E: __interceptors::Entry>(
            shown: &'static [__interceptors::Setting],
        ) -> __interceptors::EntryPlan {
            ::core::assert!(
                E::SIDES.contains(__interceptors::Side::Client),
                "[I0820] `audit` belongs on a service; take it out of this client"
            );
            __interceptors::EntryPlan::of::<E>(&[], shown)
        }
        plan::<
            __Own1,
        >(&[__interceptors::Setting::new("level", __interceptors::Value::Text("3"))])
    };
    const __PLAN_0: &__interceptors::MethodPlan = &__interceptors::MethodPlan::of_channel(
            __interceptors::Name {
                service: "*",
                method: "*",
                path: "*",
                derived: false,
                exact: true,
            },
            &[__ENTRY_LOGGING_0, __ENTRY_AUDIT_1],
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
            &[__ENTRY_LOGGING_0, __ENTRY_AUDIT_1],
        )
        .covered(&[true, false]);
    #[allow(missing_debug_implementations, unreachable_pub)]
    pub struct __State {
        __1: __Own1,
    }
    impl __State {
        fn new() -> Self {
            Self { __1: __OWN_AUDIT_1() }
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
            let __0 = &__interceptors::logging::LoggingWith::new(__CONFIG_LOGGING_0);
            let __1 = &__state.__1;
            __rpc.covers(__1);
            let __1 = &__interceptors::Selected::new(
                __call.plan().covers(1usize).then_some(__1),
            );
            let mut __chain = __interceptors::Chain::new(
                __0,
                __rpc.link(__1).before(__interceptors::Anew(__next)),
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
