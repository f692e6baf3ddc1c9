/// Generated client implementations.
pub mod user_service_client {
    #![allow(unused_variables)]
    use tonic::codegen::*;
    #[derive(Debug, Clone)]
    pub struct UserServiceClient<T> {
        inner: tonic::client::Grpc<__interceptors::InOnePiece<T>>,
    }
    impl UserServiceClient<tonic::transport::Channel> {
        pub async fn connect<D>(dst: D) -> Result<Self, tonic::transport::Error>
        where
            D: TryInto<tonic::transport::Endpoint>,
            D::Error: Into<StdError>,
        {
            let conn = tonic::transport::Endpoint::new(dst)?.connect().await?;
            Ok(Self::new(conn))
        }
    }
    impl<T> UserServiceClient<T>
    where
        T: tonic::client::GrpcService<tonic::body::Body>,
        T::Error: Into<StdError>,
    {
        pub fn new(inner: T) -> Self {
            __interceptors::inherit();
            let inner = tonic::client::Grpc::new(__interceptors::InOnePiece::new(inner));
            Self { inner }
        }
        pub fn with_origin(inner: T, origin: Uri) -> Self {
            __interceptors::inherit();
            let inner = tonic::client::Grpc::with_origin(
                __interceptors::InOnePiece::new(inner),
                origin,
            );
            Self { inner }
        }
    }
    #[allow(unused_imports)]
    use ::interceptors::__private as __interceptors;
    const _: () = {
        #[allow(unused_imports)]
        use ::interceptors::__private as __interceptors;
        #[allow(unused_imports)]
        use __interceptors::{
            KeepsPath as _, LooksAtMessages as _, NoResend as _, Otherwise as _,
            Uncovered as _,
        };
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
                    "redact",
                    __interceptors::Value::Text("[request.id]"),
                ),
            ],
        );
        const __CONFIG_PAYLOAD_1: &__interceptors::payload::PayloadSettings = &{
            let config = __interceptors::payload::PayloadSettings::new();
            config
        };
        const __ENTRY_PAYLOAD_1: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
            __interceptors::payload::Entry,
        >(
            &__CONFIG_PAYLOAD_1.settings(),
            &[
                __interceptors::Setting::new(
                    "show",
                    __interceptors::Value::Text("[response.url]"),
                ),
            ],
        );
        #[allow(non_upper_case_globals)]
        const __PLAN_get_url: &__interceptors::MethodPlan = &__interceptors::MethodPlan::new(
            __interceptors::Name {
                service: "user.v1.UserService",
                method: "GetURL",
                path: "/user.v1.UserService/GetURL",
                derived: false,
                exact: true,
            },
            __interceptors::Kind::new(false, false),
            __interceptors::Side::Client,
            const { &[__ENTRY_PAYLOAD_0] },
        );
        #[allow(non_upper_case_globals)]
        const __METHOD_get_url: &__interceptors::Method = &__interceptors::Method {
            path: || const {
                __interceptors::PathAndQuery::from_static("/user.v1.UserService/GetURL")
            },
            service: "user.v1.UserService",
            method: "GetURL",
        };
        #[allow(non_upper_case_globals)]
        const __PLAN_upload: &__interceptors::MethodPlan = &__interceptors::MethodPlan::new(
            __interceptors::Name {
                service: "user.v1.UserService",
                method: "Upload",
                path: "/user.v1.UserService/Upload",
                derived: false,
                exact: true,
            },
            __interceptors::Kind::new(true, true),
            __interceptors::Side::Client,
            const { &[__ENTRY_PAYLOAD_1] },
        );
        #[allow(non_upper_case_globals)]
        const __METHOD_upload: &__interceptors::Method = &__interceptors::Method {
            path: || const {
                __interceptors::PathAndQuery::from_static("/user.v1.UserService/Upload")
            },
            service: "user.v1.UserService",
            method: "Upload",
        };
        async fn __policy_0(
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
        async fn __policy_1(
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            let __rpc = __interceptors::Policy;
            let mut __chain = __interceptors::Looking::new(
                1usize,
                __interceptors::Anew(__behind),
            );
            __rpc.send(&mut __chain, __call).await
        }
        impl<T> UserServiceClient<T>
        where
            T: tonic::client::GrpcService<tonic::body::Body>,
            T::Error: Into<StdError>,
            T: ::core::marker::Send,
            <T as __interceptors::tonic::client::GrpcService<
                __interceptors::tonic::body::Body,
            >>::Future: ::core::marker::Send,
        {
            #[deprecated]
            pub async fn get_url(
                &mut self,
                request: impl tonic::IntoRequest<super::Id>,
            ) -> std::result::Result<tonic::Response<super::Url>, tonic::Status> {
                let __request = __interceptors::tonic::IntoRequest::into_request(
                    request,
                );
                let __abilities = || {
                    __interceptors::Abilities::new(
                        __interceptors::Probe::<
                            __interceptors::tonic::Request<super::Id>,
                        >::RESEND,
                        __interceptors::Probe::<
                            __interceptors::tonic::Request<super::Id>,
                        >::COUNT,
                    )
                };
                let __rpc = __interceptors::Rpc::<
                    _,
                    ::core::result::Result<
                        __interceptors::tonic::Response<super::Url>,
                        __interceptors::tonic::Status,
                    >,
                    _,
                >::of(&__request, __interceptors::Single);
                let (mut __call, __message) = __rpc
                    .outgoing(__PLAN_get_url, __abilities(), __request);
                let __0 = {
                    #[allow(unused_imports)]
                    use __interceptors::payload::{
                        SingleRequest as _, SingleResponse as _,
                    };
                    &__interceptors::payload::Payload::new(
                        __CONFIG_PAYLOAD_0,
                        __interceptors::payload::Messages::<
                            __interceptors::payload::Single,
                            super::Id,
                        >::new()
                            .written(|__message, __content| {
                                let mut __copy = __interceptors::payload::copy(__message);
                                __copy.id = ::core::default::Default::default();
                                __content.value(&__copy);
                            }),
                        __interceptors::payload::Messages::<
                            __interceptors::payload::Single,
                            super::Url,
                        >::new()
                            .written(|__message, __content| __content.value(__message)),
                    )
                };
                let _ = || {
                    __rpc.covers(__0);
                };
                let _ = &__0;
                let __verdict = __interceptors::Lends;
                let __behind = __interceptors::Lends
                    .around(
                        __interceptors::Outgoing::<
                            _,
                            _,
                            __interceptors::One,
                            __interceptors::One,
                        >::new(
                            &mut self.inner,
                            __METHOD_get_url,
                            || tonic_prost::ProstCodec::default(),
                        ),
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
                let __answer = __policy_0(
                        &mut __call,
                        __interceptors::Behind::new(&mut __frame),
                    )
                    .await;
                __rpc.leave(&mut __frame, __answer, &mut __call)
            }
            /// Uploads.
            pub async fn upload(
                &mut self,
                request: impl tonic::IntoStreamingRequest<Message = super::Id>,
            ) -> std::result::Result<
                tonic::Response<tonic::codec::Streaming<super::Url>>,
                tonic::Status,
            > {
                let (__request, __abilities) = __interceptors::request_stream(
                    request,
                    __interceptors::StreamProbe::<super::Id>::REPLAY,
                );
                let __rpc = __interceptors::Rpc::<
                    _,
                    ::core::result::Result<
                        __interceptors::tonic::Response<
                            __interceptors::tonic::Streaming<super::Url>,
                        >,
                        __interceptors::tonic::Status,
                    >,
                    _,
                >::of(&__request, __interceptors::TonicStream);
                let (mut __call, __message) = __rpc
                    .outgoing(__PLAN_upload, __abilities(), __request);
                let __1 = {
                    #[allow(unused_imports)]
                    use __interceptors::payload::{
                        SingleRequest as _, SingleResponse as _,
                    };
                    &__interceptors::payload::Payload::new(
                        __CONFIG_PAYLOAD_1,
                        __interceptors::payload::Unwritten,
                        __interceptors::payload::Messages::<
                            __interceptors::payload::Streamed,
                            super::Url,
                        >::new()
                            .written(|__message, __content| {
                                __content.path("response.url");
                                __content.value(&__message.url);
                            }),
                    )
                };
                let _ = || {
                    __rpc.covers(__1);
                };
                let _ = &__1;
                let __verdict = __interceptors::Lends;
                let __behind = __interceptors::Lends
                    .around(
                        __interceptors::Outgoing::<
                            _,
                            _,
                            __interceptors::Many,
                            __interceptors::Many,
                        >::new(
                            &mut self.inner,
                            __METHOD_upload,
                            || tonic_prost::ProstCodec::default(),
                        ),
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
                                1usize => __rpc.link(__1).look(__seen),
                                _ => ::core::result::Result::Ok(()),
                            }),
                        __running,
                        __interceptors::run_rest,
                    );
                let __answer = __policy_1(
                        &mut __call,
                        __interceptors::Behind::new(&mut __frame),
                    )
                    .await;
                __rpc.leave(&mut __frame, __answer, &mut __call)
            }
        }
        #[allow(unreachable_pub)]
        pub struct __Plan;
        impl<T> __interceptors::Intercepted<__Plan> for UserServiceClient<T>
        where
            T: tonic::client::GrpcService<tonic::body::Body>,
            T::Error: Into<StdError>,
        {
            const PLAN: __interceptors::Plan = __interceptors::Plan::new(
                &[__PLAN_get_url, __PLAN_upload],
            );
        }
    };
}
