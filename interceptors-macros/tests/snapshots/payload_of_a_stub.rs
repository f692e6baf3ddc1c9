const _: () = {
    #[allow(unused_imports)]
    use ::interceptors::__private::{
        self as __interceptors, NoResend as _, Otherwise as _, Uncovered as _,
    };
    const __SERVICE: &::core::primitive::str = "user.v1.UserService";
    const __SERVICE_IS_DERIVED: ::core::primitive::bool = false;
    const __CONFIG_PAYLOAD_0: &__interceptors::payload::Config = &{
        let config = __interceptors::payload::Config::new();
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
            __interceptors::Kind::new(
                __interceptors::Probe::<Self::__get_Request>::REQUEST_IS_STREAM,
                __interceptors::reply_is_stream::<
                    Self::__get_Result,
                    _,
                >(__interceptors::Probe::<Self::__get_Result>::REPLY),
            ),
            __interceptors::Side::Client,
            &[__ENTRY_PAYLOAD_0],
        );
        async fn __get(&self, request: Request<Id>) -> Result<Response<User>, Status> {
            self.client.clone().get(request).await
        }
    }
    impl Users {
        pub async fn get(
            &self,
            __request: Request<Id>,
        ) -> Result<Response<User>, Status> {
            let __rpc = __interceptors::Rpc::<
                <Self as __handlers::Handlers>::__get_Request,
                <Self as __handlers::Handlers>::__get_Result,
                _,
            >::new(
                __interceptors::Probe::<
                    <Self as __handlers::Handlers>::__get_Result,
                >::REPLY,
            );
            let __0 = {
                #[allow(unused_imports)]
                use __interceptors::payload::{SingleRequest as _, SingleResponse as _};
                &__interceptors::payload::Payload::new(
                    __CONFIG_PAYLOAD_0,
                    __interceptors::payload::RequestOfStub::<
                        <Self as __handlers::Handlers>::__get_Request,
                    >::MESSAGES
                        .written(|__message, __content| {
                            __content.path("request.id");
                            __content.value(&__message.id);
                        }),
                    __interceptors::payload::Unwritten,
                )
            };
            __rpc.covers(__0);
            let __handler = __rpc
                .stub(|__request| <Self as __handlers::Handlers>::__get(
                    self,
                    __request,
                ));
            let mut __call = __rpc
                .outgoing(
                    <Self as __handlers::Handlers>::__get_Plan,
                    __interceptors::Abilities::new(
                            __interceptors::Probe::<
                                <Self as __handlers::Handlers>::__get_Request,
                            >::RESEND,
                            __interceptors::Probe::<
                                <Self as __handlers::Handlers>::__get_Request,
                            >::COUNT,
                        )
                        .sized(
                            __interceptors::Probe::<
                                <Self as __handlers::Handlers>::__get_Request,
                            >::SIZE_OF,
                        ),
                    __request,
                );
            let mut __chain = __rpc.link(__0).before(__interceptors::Anew(__handler));
            __rpc.leave(__rpc.send(&mut __chain, &mut __call).await, &mut __call)
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
