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
    const __CONFIG_PAYLOAD_0: &__interceptors::payload::PayloadSettings = &{
        let config = __interceptors::payload::PayloadSettings::new();
        let config = config.max_bytes(LIMIT);
        config
    };
    const __ENTRY_PAYLOAD_0: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::payload::Entry,
    >(
            &__CONFIG_PAYLOAD_0.settings(),
            &[__interceptors::Setting::new("redact", __interceptors::Value::Text("[]"))],
        )
        .behind_decoding();
    const __CONFIG_PAYLOAD_1: &__interceptors::payload::PayloadSettings = &{
        let config = __interceptors::payload::PayloadSettings::new();
        let config = config.level(__interceptors::tracing::Level::INFO);
        config
    };
    const __ENTRY_PAYLOAD_1: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::payload::Entry,
    >(
            &__CONFIG_PAYLOAD_1.settings(),
            &[
                __interceptors::Setting::new(
                    "show",
                    __interceptors::Value::Text("[response.cards[].number]"),
                ),
            ],
        )
        .behind_decoding();
    const __CONFIG_PAYLOAD_2: &__interceptors::payload::PayloadSettings = &{
        let config = __interceptors::payload::PayloadSettings::new();
        config
    };
    const __ENTRY_PAYLOAD_2: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::payload::Entry,
    >(
            &__CONFIG_PAYLOAD_2.settings(),
            &[
                __interceptors::Setting::new(
                    "redact",
                    __interceptors::Value::Text(
                        "[request.password, request.card?.number, response.items[].owner?.token]",
                    ),
                ),
            ],
        )
        .behind_decoding();
    const __CONFIG_PAYLOAD_3: &__interceptors::payload::PayloadSettings = &{
        let config = __interceptors::payload::PayloadSettings::new();
        config
    };
    const __ENTRY_PAYLOAD_3: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
        __interceptors::payload::Entry,
    >(
            &__CONFIG_PAYLOAD_3.settings(),
            &[
                __interceptors::Setting::new(
                    "show",
                    __interceptors::Value::Text(
                        "[request.id, request.card?.holder, response.items[].owner?.name]",
                    ),
                ),
            ],
        )
        .behind_decoding();
    #[allow(dead_code, nonstandard_style, clippy::all, clippy::pedantic)]
    mod __handlers {
        pub(super) trait Handlers {
            type __MethodPlan;
            type ListStream;
            type __get_Request;
            type __get_Result;
            const __get_Plan: Self::__MethodPlan;
            fn get(
                &self,
                request: Self::__get_Request,
            ) -> impl ::core::future::Future<
                Output = Self::__get_Result,
            > + ::core::marker::Send;
            type __list_Request;
            type __list_Result;
            const __list_Plan: Self::__MethodPlan;
            fn list(
                &self,
                request: Self::__list_Request,
            ) -> impl ::core::future::Future<
                Output = Self::__list_Result,
            > + ::core::marker::Send;
            type __put_Request;
            type __put_Result;
            const __put_Plan: Self::__MethodPlan;
            fn put(
                &self,
                request: Self::__put_Request,
            ) -> impl ::core::future::Future<
                Output = Self::__put_Result,
            > + ::core::marker::Send;
            type __set_Request;
            type __set_Result;
            const __set_Plan: Self::__MethodPlan;
            fn set(
                &self,
                request: Self::__set_Request,
            ) -> impl ::core::future::Future<
                Output = Self::__set_Result,
            > + ::core::marker::Send;
        }
    }
    impl __handlers::Handlers for Service {
        type __MethodPlan = &'static __interceptors::MethodPlan;
        type ListStream = BoxStream<User>;
        type __get_Request = Request<Id>;
        type __get_Result = Result<Response<User>, Status>;
        const __get_Plan: Self::__MethodPlan = &__interceptors::MethodPlan::found(
            __interceptors::Name {
                service: __SERVICE,
                method: "Get",
                path: __interceptors::path!(__SERVICE, "Get"),
                derived: __SERVICE_IS_DERIVED || true,
                exact: false,
            },
            __interceptors::kind!(Self::__get_Request, Self::__get_Result),
            &__POLICY,
            "get",
            0usize,
            const { &[__ENTRY_PAYLOAD_2] },
        );
        async fn get(&self, request: Request<Id>) -> Result<Response<User>, Status> {
            todo!()
        }
        type __list_Request = Request<Id>;
        type __list_Result = Result<Response<Self::ListStream>, Status>;
        const __list_Plan: Self::__MethodPlan = &__interceptors::MethodPlan::found(
            __interceptors::Name {
                service: __SERVICE,
                method: "List",
                path: __interceptors::path!(__SERVICE, "List"),
                derived: __SERVICE_IS_DERIVED || false,
                exact: true,
            },
            __interceptors::kind!(Self::__list_Request, Self::__list_Result, stream),
            &__POLICY,
            "list",
            1usize,
            const { &[__ENTRY_PAYLOAD_3] },
        );
        async fn list(
            &self,
            request: Request<Id>,
        ) -> Result<Response<Self::ListStream>, Status> {
            todo!()
        }
        type __put_Request = Request<Streaming<Id>>;
        type __put_Result = Result<Response<User>, Status>;
        const __put_Plan: Self::__MethodPlan = &__interceptors::MethodPlan::found(
            __interceptors::Name {
                service: __SERVICE,
                method: "Put",
                path: __interceptors::path!(__SERVICE, "Put"),
                derived: __SERVICE_IS_DERIVED || true,
                exact: false,
            },
            __interceptors::kind!(Self::__put_Request, Self::__put_Result),
            &__POLICY,
            "put",
            2usize,
            const { &[__ENTRY_PAYLOAD_1] },
        );
        async fn put(
            &self,
            request: Request<Streaming<Id>>,
        ) -> Result<Response<User>, Status> {
            todo!()
        }
        type __set_Request = Request<Id>;
        type __set_Result = Result<Response<User>, Status>;
        const __set_Plan: Self::__MethodPlan = &__interceptors::MethodPlan::found(
            __interceptors::Name {
                service: __SERVICE,
                method: "Set",
                path: __interceptors::path!(__SERVICE, "Set"),
                derived: __SERVICE_IS_DERIVED || true,
                exact: false,
            },
            __interceptors::kind!(Self::__set_Request, Self::__set_Result),
            &__POLICY,
            "set",
            3usize,
            const { &[__ENTRY_PAYLOAD_0] },
        );
        async fn set(&self, request: Request<Id>) -> Result<Response<User>, Status> {
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
        fn __policy_1(
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> impl ::core::future::Future<
            Output = __interceptors::OpaqueAnswer,
        > + ::core::marker::Send;
        fn __policy_2(
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> impl ::core::future::Future<
            Output = __interceptors::OpaqueAnswer,
        > + ::core::marker::Send;
        fn __policy_3(
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> impl ::core::future::Future<
            Output = __interceptors::OpaqueAnswer,
        > + ::core::marker::Send;
    }
    impl __Policy for Service {
        async fn __policy_0(
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            let __rpc = __interceptors::Policy;
            let __behind = __interceptors::Border::new(
                __interceptors::Looking::new(2usize, __behind),
            );
            let mut __behind = __behind;
            if __call.has_begun() {
                return __rpc.go_on(&mut __behind, __call).await;
            }
            let mut __chain = __behind;
            __rpc.run(&mut __chain, __call).await
        }
        async fn __policy_1(
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            let __rpc = __interceptors::Policy;
            let __behind = __interceptors::Border::new(
                __interceptors::Looking::new(3usize, __behind),
            );
            let mut __behind = __behind;
            if __call.has_begun() {
                return __rpc.go_on(&mut __behind, __call).await;
            }
            let mut __chain = __behind;
            __rpc.run(&mut __chain, __call).await
        }
        async fn __policy_2(
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            let __rpc = __interceptors::Policy;
            let __behind = __interceptors::Border::new(
                __interceptors::Looking::new(1usize, __behind),
            );
            let mut __behind = __behind;
            if __call.has_begun() {
                return __rpc.go_on(&mut __behind, __call).await;
            }
            let mut __chain = __behind;
            __rpc.run(&mut __chain, __call).await
        }
        async fn __policy_3(
            &self,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            let __rpc = __interceptors::Policy;
            let __behind = __interceptors::Border::new(
                __interceptors::Looking::new(0usize, __behind),
            );
            let mut __behind = __behind;
            if __call.has_begun() {
                return __rpc.go_on(&mut __behind, __call).await;
            }
            let mut __chain = __behind;
            __rpc.run(&mut __chain, __call).await
        }
    }
    #[tonic::async_trait]
    impl Query for Service {
        type ListStream = __interceptors::ResponseStream<BoxStream<User>>;
        async fn get(&self, __request: Request<Id>) -> Result<Response<User>, Status> {
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
                .enter(
                    <Self as __handlers::Handlers>::__get_Plan,
                    __abilities(),
                    __request,
                );
            let __2 = {
                #[allow(unused_imports)]
                use __interceptors::payload::{SingleRequest as _, SingleResponse as _};
                &__interceptors::payload::Payload::new(
                    __CONFIG_PAYLOAD_2,
                    __interceptors::payload::RequestOf::<
                        <Self as __handlers::Handlers>::__get_Request,
                    >::MESSAGES
                        .written(|__message, __content| {
                            let mut __copy = __interceptors::payload::copy(__message);
                            __copy.password = ::core::default::Default::default();
                            if let ::core::option::Option::Some(__inner_0) = __interceptors::payload::Optional::value_mut(
                                &mut __copy.card,
                            ) {
                                __inner_0.number = ::core::default::Default::default();
                            }
                            __content.value(&__copy);
                        }),
                    __interceptors::payload::ResponseOf::<
                        <Self as __handlers::Handlers>::__get_Result,
                    >::MESSAGES
                        .written(|__message, __content| {
                            let mut __copy = __interceptors::payload::copy(__message);
                            for __inner_0 in __interceptors::payload::Repeated::elements_mut(
                                &mut __copy.items,
                            ) {
                                if let ::core::option::Option::Some(__inner_1) = __interceptors::payload::Optional::value_mut(
                                    &mut __inner_0.owner,
                                ) {
                                    __inner_1.token = ::core::default::Default::default();
                                }
                            }
                            __content.value(&__copy);
                        }),
                )
            };
            let _ = || {
                __rpc.covers(__2);
            };
            let _ = &__2;
            let __running = ::core::pin::pin!(::core::option::Option::None);
            let mut __frame = __rpc
                .frame(
                    __message,
                    __abilities,
                    __rpc
                        .looks(|__entry, __seen| match __entry {
                            2usize => __rpc.link(__2).look(__seen),
                            _ => ::core::result::Result::Ok(()),
                        }),
                    __running,
                    |__request| <Self as __handlers::Handlers>::get(self, __request),
                );
            let __answer = <Self as __Policy>::__policy_0(
                    &*self,
                    &mut __call,
                    __interceptors::Behind::new(&mut __frame),
                )
                .await;
            __rpc.leave(&mut __frame, __answer, &mut __call)
        }
        async fn list(
            &self,
            __request: Request<Id>,
        ) -> ::core::result::Result<
            __interceptors::tonic::Response<Self::ListStream>,
            __interceptors::tonic::Status,
        > {
            let __rpc = __interceptors::rpc!(
                < Self as __handlers::Handlers > ::__list_Request, < Self as
                __handlers::Handlers > ::__list_Result, stream
            );
            let __abilities = || __interceptors::Abilities::new(
                __interceptors::Probe::<
                    <Self as __handlers::Handlers>::__list_Request,
                >::RESEND,
                __interceptors::Probe::<
                    <Self as __handlers::Handlers>::__list_Request,
                >::COUNT,
            );
            let (mut __call, __message) = __rpc
                .enter(
                    <Self as __handlers::Handlers>::__list_Plan,
                    __abilities(),
                    __request,
                );
            let __3 = {
                #[allow(unused_imports)]
                use __interceptors::payload::{SingleRequest as _, SingleResponse as _};
                &__interceptors::payload::Payload::new(
                    __CONFIG_PAYLOAD_3,
                    __interceptors::payload::RequestOf::<
                        <Self as __handlers::Handlers>::__list_Request,
                    >::MESSAGES
                        .written(|__message, __content| {
                            __content.path("request.id");
                            __content.value(&__message.id);
                            __content.path("request.card?.holder");
                            match __interceptors::payload::Optional::value(
                                &__message.card,
                            ) {
                                ::core::option::Option::Some(__inner_0) => {
                                    __content.value(&__inner_0.holder);
                                }
                                ::core::option::Option::None => __content.none(),
                            }
                        }),
                    __interceptors::payload::Messages::<
                        __interceptors::payload::Streamed,
                        <<Self as __handlers::Handlers>::__list_Result as __interceptors::payload::StreamResult>::Message,
                    >::new()
                        .written(|__message, __content| {
                            __content.path("response.items[].owner?.name");
                            __content.open();
                            for __inner_0 in __interceptors::payload::Repeated::elements(
                                &__message.items,
                            ) {
                                if !__content.element() {
                                    break;
                                }
                                match __interceptors::payload::Optional::value(
                                    &__inner_0.owner,
                                ) {
                                    ::core::option::Option::Some(__inner_1) => {
                                        __content.value(&__inner_1.name);
                                    }
                                    ::core::option::Option::None => __content.none(),
                                }
                            }
                            __content.close();
                        }),
                )
            };
            let _ = || {
                __rpc.covers(__3);
            };
            let _ = &__3;
            let __running = ::core::pin::pin!(::core::option::Option::None);
            let mut __frame = __rpc
                .frame(
                    __message,
                    __abilities,
                    __rpc
                        .looks(|__entry, __seen| match __entry {
                            3usize => __rpc.link(__3).look(__seen),
                            _ => ::core::result::Result::Ok(()),
                        }),
                    __running,
                    |__request| <Self as __handlers::Handlers>::list(self, __request),
                );
            let __answer = <Self as __Policy>::__policy_1(
                    &*self,
                    &mut __call,
                    __interceptors::Behind::new(&mut __frame),
                )
                .await;
            __rpc.leave(&mut __frame, __answer, &mut __call)
        }
        async fn put(
            &self,
            __request: Request<Streaming<Id>>,
        ) -> Result<Response<User>, Status> {
            let __rpc = __interceptors::rpc!(
                < Self as __handlers::Handlers > ::__put_Request, < Self as
                __handlers::Handlers > ::__put_Result
            );
            let __abilities = || __interceptors::Abilities::new(
                __interceptors::Probe::<
                    <Self as __handlers::Handlers>::__put_Request,
                >::RESEND,
                __interceptors::Probe::<
                    <Self as __handlers::Handlers>::__put_Request,
                >::COUNT,
            );
            let (mut __call, __message) = __rpc
                .enter(
                    <Self as __handlers::Handlers>::__put_Plan,
                    __abilities(),
                    __request,
                );
            let __1 = {
                #[allow(unused_imports)]
                use __interceptors::payload::{SingleRequest as _, SingleResponse as _};
                &__interceptors::payload::Payload::new(
                    __CONFIG_PAYLOAD_1,
                    __interceptors::payload::Unwritten,
                    __interceptors::payload::ResponseOf::<
                        <Self as __handlers::Handlers>::__put_Result,
                    >::MESSAGES
                        .written(|__message, __content| {
                            __content.path("response.cards[].number");
                            __content.open();
                            for __inner_0 in __interceptors::payload::Repeated::elements(
                                &__message.cards,
                            ) {
                                if !__content.element() {
                                    break;
                                }
                                __content.value(&__inner_0.number);
                            }
                            __content.close();
                        }),
                )
            };
            let _ = || {
                __rpc.covers(__1);
            };
            let _ = &__1;
            let __running = ::core::pin::pin!(::core::option::Option::None);
            let mut __frame = __rpc
                .frame(
                    __message,
                    __abilities,
                    __rpc
                        .looks(|__entry, __seen| match __entry {
                            1usize => __rpc.link(__1).look(__seen),
                            _ => ::core::result::Result::Ok(()),
                        }),
                    __running,
                    |__request| <Self as __handlers::Handlers>::put(self, __request),
                );
            let __answer = <Self as __Policy>::__policy_2(
                    &*self,
                    &mut __call,
                    __interceptors::Behind::new(&mut __frame),
                )
                .await;
            __rpc.leave(&mut __frame, __answer, &mut __call)
        }
        async fn set(&self, __request: Request<Id>) -> Result<Response<User>, Status> {
            let __rpc = __interceptors::rpc!(
                < Self as __handlers::Handlers > ::__set_Request, < Self as
                __handlers::Handlers > ::__set_Result
            );
            let __abilities = || __interceptors::Abilities::new(
                __interceptors::Probe::<
                    <Self as __handlers::Handlers>::__set_Request,
                >::RESEND,
                __interceptors::Probe::<
                    <Self as __handlers::Handlers>::__set_Request,
                >::COUNT,
            );
            let (mut __call, __message) = __rpc
                .enter(
                    <Self as __handlers::Handlers>::__set_Plan,
                    __abilities(),
                    __request,
                );
            let __0 = {
                #[allow(unused_imports)]
                use __interceptors::payload::{SingleRequest as _, SingleResponse as _};
                &__interceptors::payload::Payload::new(
                    __CONFIG_PAYLOAD_0,
                    __interceptors::payload::RequestOf::<
                        <Self as __handlers::Handlers>::__set_Request,
                    >::MESSAGES
                        .written(|__message, __content| __content.value(__message)),
                    __interceptors::payload::ResponseOf::<
                        <Self as __handlers::Handlers>::__set_Result,
                    >::MESSAGES
                        .written(|__message, __content| __content.value(__message)),
                )
            };
            let _ = || {
                __rpc.covers(__0);
            };
            let _ = &__0;
            let __running = ::core::pin::pin!(::core::option::Option::None);
            let mut __frame = __rpc
                .frame(
                    __message,
                    __abilities,
                    __rpc
                        .looks(|__entry, __seen| match __entry {
                            0usize => __rpc.link(__0).look(__seen),
                            _ => ::core::result::Result::Ok(()),
                        }),
                    __running,
                    |__request| <Self as __handlers::Handlers>::set(self, __request),
                );
            let __answer = <Self as __Policy>::__policy_3(
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
    impl __interceptors::Intercepted<__Plan> for Service {
        const PLAN: __interceptors::Plan = __interceptors::Plan::new(
            &[
                <Self as __handlers::Handlers>::__get_Plan,
                <Self as __handlers::Handlers>::__list_Plan,
                <Self as __handlers::Handlers>::__put_Plan,
                <Self as __handlers::Handlers>::__set_Plan,
            ],
        );
    }
    static __POLICY: __interceptors::PolicyId = __interceptors::PolicyId::new();
    impl __interceptors::ServicePolicy<
        dyn Query<ListStream = <Service as Query>::ListStream>,
    > for Service {
        const METHODS: &'static [&'static __interceptors::MethodPlan] = <Self as __interceptors::Intercepted<
            __Plan,
        >>::PLAN
            .methods();
        const UNKNOWN: &'static [__interceptors::EntryPlan] = &[__ENTRY_PAYLOAD_0];
        const CHALLENGE: ::core::option::Option<&'static ::core::primitive::str> = ::core::option::Option::None;
        async fn receive<__Module: 'static>(
            &self,
            __list: ::core::primitive::usize,
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            match __list {
                0usize => <Self as __Policy>::__policy_0(self, __call, __behind).await,
                1usize => <Self as __Policy>::__policy_1(self, __call, __behind).await,
                2usize => <Self as __Policy>::__policy_2(self, __call, __behind).await,
                3usize => <Self as __Policy>::__policy_3(self, __call, __behind).await,
                _ => <Self as __Policy>::__policy_3(self, __call, __behind).await,
            }
        }
    }
};
