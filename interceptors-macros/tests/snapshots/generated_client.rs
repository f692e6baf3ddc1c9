/// Generated client implementations.
pub mod user_service_client {
    #![allow(unused_variables)]
    use tonic::codegen::*;
    #[derive(Debug, Clone)]
    pub struct UserServiceClient<T> {
        inner: tonic::client::Grpc<__interceptors::InOnePiece<T>>,
        is_plaintext: ::core::option::Option<::core::primitive::bool>,
    }
    impl UserServiceClient<tonic::transport::Channel> {
        pub async fn connect<D>(dst: D) -> Result<Self, tonic::transport::Error>
        where
            D: TryInto<tonic::transport::Endpoint>,
            D::Error: Into<StdError>,
        {
            let endpoint = tonic::transport::Endpoint::new(dst)?;
            let is_plaintext = {
                #[allow(unused_imports)]
                use __interceptors::WithoutTls as _;
                __interceptors::connects_in_plaintext(
                    endpoint.uri(),
                    tonic::transport::Endpoint::tls_config,
                )
            };
            let client = Self::new(endpoint.connect().await?);
            ::core::result::Result::Ok(Self { is_plaintext, ..client })
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
            Self {
                inner,
                is_plaintext: ::core::option::Option::None,
            }
        }
        pub fn with_origin(inner: T, origin: Uri) -> Self {
            __interceptors::inherit();
            let is_plaintext = origin
                .scheme_str()
                .map(|scheme| !scheme.eq_ignore_ascii_case("https"));
            let inner = tonic::client::Grpc::with_origin(
                __interceptors::InOnePiece::new(inner),
                origin,
            );
            Self { inner, is_plaintext }
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
        const __CONFIG_LOGGING_0: &__interceptors::logging::Logging = &{
            let config = __interceptors::logging::Logging::client();
            config
        };
        const __ENTRY_LOGGING_0: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
            __interceptors::logging::Entry,
        >(&__CONFIG_LOGGING_0.settings(), &[]);
        const __CONFIG_AUTH_1: &__interceptors::auth::client::Credentials = &{
            let config = __interceptors::auth::client::Credentials::new();
            config
        };
        static __VALUE_AUTH_1: __interceptors::Once = __interceptors::Once::new();
        const __ENTRY_AUTH_1: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
            __interceptors::auth::client::Entry,
        >(
            &__CONFIG_AUTH_1.settings(),
            &[
                __interceptors::Setting::new(
                    "token",
                    __interceptors::Value::Text("&*crate::TOKENS"),
                ),
            ],
        );
        const __CONFIG_RETRY_2: &__interceptors::retry::Retry = &{
            let config = __interceptors::retry::Retry::new();
            let config = config.max(3);
            config
        };
        const __ENTRY_RETRY_2: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
            __interceptors::retry::Entry,
        >(&__CONFIG_RETRY_2.settings(), &[]);
        const __ENTRY_METADATA_3: __interceptors::EntryPlan = __interceptors::EntryPlan::of::<
            __interceptors::metadata::Entry,
        >(
            &[],
            &[
                __interceptors::Setting::new(
                    "keys",
                    __interceptors::Value::Text("x-trace"),
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
            const { &[__ENTRY_LOGGING_0, __ENTRY_RETRY_2] },
        );
        #[allow(non_upper_case_globals)]
        const __METHOD_get_url: &__interceptors::Method = &__interceptors::Method {
            path: || const {
                __interceptors::PathAndQuery::from_static("/user.v1.UserService/GetURL")
            },
            service: "user.v1.UserService",
            method: "GetURL",
        };
        const _: () = ::core::assert!(
            __interceptors::Probe:: < __interceptors::tonic::Request < super::Id >>
            ::RESEND.is_some(),
            "[I0817] `retry` needs a request that is `Clone`, and that of `get_url` is not; leave the method out with `except = [get_url]`"
        );
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
            const {
                &[__ENTRY_LOGGING_0, __ENTRY_AUTH_1, __ENTRY_RETRY_2, __ENTRY_METADATA_3]
            },
        );
        #[allow(non_upper_case_globals)]
        const __METHOD_upload: &__interceptors::Method = &__interceptors::Method {
            path: || const {
                __interceptors::PathAndQuery::from_static("/user.v1.UserService/Upload")
            },
            service: "user.v1.UserService",
            method: "Upload",
        };
        const _: () = ::core::assert!(
            __interceptors::StreamProbe:: < super::Id > ::CAN_REPLAY,
            "[I0817] `retry` needs messages that are `Clone` and `prost::Message`, and that of `upload` is not; leave the method out with `except = [upload]`"
        );
        async fn __policy_0(
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            let __rpc = __interceptors::Policy;
            let __0 = &__interceptors::logging::LoggingWith::new(__CONFIG_LOGGING_0);
            let __2 = &__interceptors::retry::Retrying::new(__CONFIG_RETRY_2);
            let mut __chain = __interceptors::Chain::new(
                __0,
                __interceptors::Chain::new(__2, __behind),
            );
            __rpc.send(&mut __chain, __call).await
        }
        async fn __policy_1(
            __call: &mut __interceptors::Call<__interceptors::Opaque>,
            __behind: __interceptors::Behind<'_>,
        ) -> __interceptors::OpaqueAnswer {
            let __rpc = __interceptors::Policy;
            let __0 = &__interceptors::logging::LoggingWith::new(__CONFIG_LOGGING_0);
            let __1 = || __interceptors::auth::Sending::new(
                __CONFIG_AUTH_1,
                *__interceptors::evaluate_once::<
                    (),
                    _,
                >(&__VALUE_AUTH_1, || &*crate::TOKENS),
            );
            __rpc.covers_made(__1);
            let __2 = &__interceptors::retry::Retrying::new(__CONFIG_RETRY_2);
            let __3 = &__interceptors::metadata::Metadata::new(|| async move {
                ::core::result::Result::Ok::<
                    _,
                    __interceptors::tonic::Status,
                >([
                    {
                        static __KEY: __interceptors::metadata::Key = __interceptors::metadata::Key::new(
                            "x-trace",
                        );
                        __interceptors::metadata::Pair::ascii(&__KEY, crate::trace())?
                    },
                ])
            });
            let mut __chain = __interceptors::Chain::new(
                __0,
                __rpc
                    .made(__1)
                    .before(
                        __interceptors::Anew(
                            __interceptors::Chain::new(
                                __2,
                                __interceptors::Chain::new(
                                    __3,
                                    __interceptors::Anew(__behind),
                                ),
                            ),
                        ),
                    ),
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
                        .sized(
                            __interceptors::Probe::<
                                __interceptors::tonic::Request<super::Id>,
                            >::SIZE_OF,
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
                __call.set_plaintext(self.is_plaintext);
                __call.hide(__CONFIG_AUTH_1.own_header());
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
                        __interceptors::NoLooks,
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
                __call.set_plaintext(self.is_plaintext);
                __call.hide(__CONFIG_AUTH_1.own_header());
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
                        __interceptors::NoLooks,
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
