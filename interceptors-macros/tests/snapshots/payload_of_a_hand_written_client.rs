const _: () = {
    #[allow(unused_imports)]
    use ::interceptors::__private as __interceptors;
    #[allow(unused_imports)]
    use __interceptors::{
        KeepsPath as _, LooksAtMessages as _, NoResend as _, Otherwise as _,
        Uncovered as _,
    };
    const __SERVICE: &::core::primitive::str = "user.v1.UserService";
    const __SERVICE_IS_DERIVED: ::core::primitive::bool = false;
    const __CONFIG_PAYLOAD_0: &__interceptors::payload::PayloadSettings = &{
        let config = __interceptors::payload::PayloadSettings::new();
        config
    };
    const __ENTRY_PAYLOAD_0: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::payload::Entry,
    >(
        &__CONFIG_PAYLOAD_0.settings(),
        &[
            __interceptors::Setting::new(
                "show",
                __interceptors::Value::Text("[request.id]"),
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
            fn __get(
                &self,
                request: Self::__get_Request,
            ) -> impl ::core::future::Future<
                Output = Self::__get_Result,
            > + ::core::marker::Send;
        }
    }
    impl __handlers::Handlers for Users {
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
            __interceptors::Side::Client,
            const { &[__ENTRY_PAYLOAD_0] },
        );
        async fn __get(&self, request: Request<Id>) -> Result<Response<User>, Status> {
            self.client.clone().get(request).await
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
            let mut __chain = __interceptors::Looking::new(
                0usize,
                __interceptors::Anew(__behind),
            );
            __rpc.send(&mut __chain, __call).await
        }
    }
    impl Users {
        pub async fn get(
            &self,
            __request: Request<Id>,
        ) -> Result<Response<User>, Status> {
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
                .outgoing(
                    <Self as __handlers::Handlers>::__get_Plan,
                    __abilities(),
                    __request,
                );
            let __0 = {
                #[allow(unused_imports)]
                use __interceptors::payload::{SingleRequest as _, SingleResponse as _};
                &__interceptors::payload::Payload::new(
                    __CONFIG_PAYLOAD_0,
                    __interceptors::payload::RequestOfHandWritten::<
                        <Self as __handlers::Handlers>::__get_Request,
                    >::MESSAGES
                        .written(|__message, __content| {
                            __content.path("request.id");
                            __content.value(&__message.id);
                        }),
                    __interceptors::payload::Unwritten,
                )
            };
            let _ = || {
                __rpc.covers(__0);
            };
            let _ = &__0;
            let __verdict = __interceptors::Blind;
            let __behind = __interceptors::Blind
                .around(
                    __rpc
                        .hand_written(|__request| <Self as __handlers::Handlers>::__get(
                            self,
                            __request,
                        )),
                    |__innermost| __innermost,
                );
            let mut __stage = __verdict.stage();
            let mut __home = __verdict.home(&mut __stage);
            let __running = ::core::pin::pin!(::core::option::Option::None);
            let mut __frame = __behind
                .frame(
                    &mut __home,
                    __message,
                    __abilities,
                    __rpc
                        .looks(|__entry, __seen| match __entry {
                            0usize => __rpc.link(__0).look(__seen),
                            _ => ::core::result::Result::Ok(()),
                        }),
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
    #[allow(unreachable_pub)]
    pub struct __Plan;
    impl __interceptors::Intercepted<__Plan> for Users {
        const PLAN: __interceptors::Plan = __interceptors::Plan::new(
            &[<Self as __handlers::Handlers>::__get_Plan],
        );
    }
};
