//! Tests of the attribute: whole expansions as snapshots, and the messages of errors.
//!
//! `UPDATE_EXPECT=1 cargo test -p interceptors-macros` updates the snapshots.

mod codes;
mod docs;
mod editor;
mod layers;
mod neighbours;
mod networks;
mod one_table;
mod suggestions;

use std::time::Instant;

use expect_test::expect_file;
use proc_macro2::{TokenStream, TokenTree};
use quote::{format_ident, quote};

use crate::intercept::intercept_tokens;
use crate::text::metadata::base64;

/// The expansion as formatted Rust.
fn expansion(args: TokenStream, item: TokenStream) -> String {
    let expanded = intercept_tokens(args, item);
    match syn::parse2(expanded.clone()) {
        Ok(file) => prettyplease::unparse(&file),
        Err(error) => panic!("the expansion is not Rust: {error}\n{expanded}"),
    }
}

/// The messages of the errors, in order and without their codes.
fn errors(args: TokenStream, item: TokenStream) -> Vec<String> {
    let messages = messages(intercept_tokens(args, item)).into_iter();
    let texts = messages.map(|message| codes::split_code(&message).1.to_owned());
    texts.collect()
}

/// The messages with their codes.
fn messages(output: TokenStream) -> Vec<String> {
    let file: syn::File = syn::parse2(output).unwrap();
    let messages = file.items.iter().filter_map(|item| {
        let syn::Item::Macro(item) = item else {
            return None;
        };
        let name = item.mac.path.segments.last()?.ident == "compile_error";
        name.then(|| {
            syn::parse2::<syn::LitStr>(item.mac.tokens.clone())
                .unwrap()
                .value()
        })
    });
    messages.collect()
}

fn error(args: TokenStream, item: TokenStream) -> String {
    let mut errors = errors(args, item);
    assert_eq!(errors.len(), 1, "{errors:#?}");
    errors.remove(0)
}

macro_rules! snapshot {
    ($name:ident, { $($args:tt)* }, { $($item:tt)* }) => {
        #[test]
        fn $name() {
            let file = concat!("../../tests/snapshots/", stringify!($name), ".rs");
            expect_file![file].assert_eq(&expansion(quote!($($args)*), quote!($($item)*)));
        }
    };
}

snapshot!(unary, { logging }, {
    #[tonic::async_trait]
    impl UserService for Users {
        /// Gives a user.
        #[instrument(skip(self))]
        async fn get_user(&self, request: Request<Id>) -> Result<Response<User>, Status> {
            Ok(Response::new(self.find(request.into_inner())?))
        }
    }
});

snapshot!(streams, { logging, retry(max = 3) }, {
    #[tonic::async_trait]
    impl users::user_service_server::UserService for Users {
        type ListUsersStream = ReceiverStream<Result<User, Status>>;
        async fn list_users(
            &self,
            _: Request<Streaming<Id>>,
        ) -> Result<Response<Self::ListUsersStream>, Status> {
            todo!()
        }
    }
});

snapshot!(every_entry, {
    logging(level = "debug", slow = "2s", fields(user.id = request.id, all = ?request)),
    auth(verifier = self.tokens, public = [login]),
    rate_limit(per_second = 10, burst = BURST, key = identity, except = ["Login"]),
    retry(max_attempts = 4, codes = [Aborted], throttle(tokens = 10, ratio = 0.1)),
    with(self.audit),
    with(Audit::new("secret")),
}, {
    #[tonic::async_trait]
    impl UserService for Users {
        async fn login(&self, request: Request<Login>) -> Result<Response<Token>, Status> {
            todo!()
        }
        async fn get_user(&self, request: Request<Id>) -> Result<Response<User>, Status> {
            todo!()
        }
    }
});

snapshot!(bounds_and_panics, {
    catch_panic(hook = self.reports),
    timeout("2s", idle = "500ms"),
}, {
    #[tonic::async_trait]
    impl UserService for Users {
        #[intercept(catch_panic(hook = crate::on_panic), timeout(idle = IDLE))]
        async fn get_user(&self, request: Request<Id>) -> Result<Response<User>, Status> {
            todo!()
        }
        #[intercept(catch_panic, timeout(LIMIT,))]
        async fn login(&self, request: Request<Login>) -> Result<Response<Token>, Status> {
            todo!()
        }
    }
});

snapshot!(request_ids_and_metrics, {
    request_id(header = "x-correlation-id", accept = false, max_length = 64),
    metrics(recorder = self.recorder),
    trace(public_endpoint = true),
}, {
    #[tonic::async_trait]
    impl UserService for Users {
        #[intercept(metrics)]
        async fn login(&self, request: Request<Login>) -> Result<Response<Token>, Status> {
            todo!()
        }
        async fn get_user(&self, request: Request<Id>) -> Result<Response<User>, Status> {
            todo!()
        }
    }
});

snapshot!(client_ip_behind_proxies, {
    client_ip(trusted = ["10.0.0.0/8", "fd00::/8"], header = "forwarded", ipv6_prefix = 56),
    rate_limit(per_second = 1, key = client_ip),
}, {
    #[tonic::async_trait]
    impl UserService for Users {
        async fn login(&self, request: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
            todo!()
        }
        #[intercept(client_ip(trusted = self.proxies))]
        async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
            todo!()
        }
        #[intercept(client_ip(by = Inbound))]
        async fn find(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
            todo!()
        }
    }
});

#[test]
fn traced_channel() {
    let expanded = expansion(quote!(trace, request_id), quote! { struct Outbound; });
    expect_file!["../../tests/snapshots/traced_channel.rs"].assert_eq(&expanded);
}

snapshot!(method_attributes, { logging, rate_limit(per_second = 100), retry(max = 2) }, {
    #[tonic::async_trait]
    impl UserService for Users {
        #[intercept(rate_limit(per_second = 5, key = peer), skip(retry), with(Slow), name = "GetURL")]
        async fn get_url(&self, request: Request<Id>) -> Result<Response<Url>, Status> {
            todo!()
        }
    }
});

snapshot!(shared_receiver, { logging }, {
    #[tonic::async_trait]
    impl Counter for Count {
        async fn add(self: Arc<Self>, request: Request<N>) -> Result<Response<N>, Status> {
            todo!()
        }
    }
});

snapshot!(boxed_future, { logging }, {
    impl UserService for Users {
        fn get_user<'life0, 'async_trait>(
            &'life0 self,
            request: Request<Id>,
        ) -> Pin<Box<dyn Future<Output = Result<Response<User>, Status>> + Send + 'async_trait>>
        where
            'life0: 'async_trait,
            Self: 'async_trait,
        {
            Box::pin(async move { todo!() })
        }
    }
});

snapshot!(generics, { retry(max = 1) }, {
    #[tonic::async_trait]
    impl<'a, T: Store, const N: usize> Query for Service<'a, T, N>
    where
        'a: 'static,
    {
        async fn get(&self, request: Request<Id>) -> Result<Response<User>, Status> {
            todo!()
        }
    }
});

snapshot!(blanket, { logging }, {
    #[tonic::async_trait]
    impl<T: Store> Query for T {
        async fn get(&self, request: Request<Id>) -> Result<Response<User>, Status> {
            todo!()
        }
    }
});

snapshot!(cfgs_and_lints, { logging }, {
    #[cfg(feature = "server")]
    #[allow(clippy::too_many_lines)]
    #[tonic::async_trait]
    impl UserService for Users {
        #[cfg(unix)]
        #[expect(deprecated)]
        async fn get_user(&self, request: Request<Old>) -> Result<Response<User>, Status> {
            todo!()
        }
        #[cfg(not(unix))]
        async fn get_user(&self, _request: Request<Old>) -> Result<Response<User>, Status> {
            todo!()
        }
    }
});

snapshot!(sibling_call, { logging }, {
    #[tonic::async_trait]
    impl UserService for Users {
        #[instrument]
        async fn get_user(&self, request: Request<Id>) -> Result<Response<User>, Status> {
            todo!()
        }
        async fn get_me(&self, request: Request<Me>) -> Result<Response<User>, Status> {
            self.get_user(Request::new(Id::me())).await
        }
    }
});

snapshot!(rate_limits, {
    rate_limit(per_minute = 60, key = metadata("x-api-key"), max_keys = 100, only = [get]),
    auth(scheme = "", header = "x-token", verifier = TOKENS),
}, {
    #[tonic::async_trait]
    impl Query for Service {
        #[intercept(rate_limit(limiter = self.limiter, key = peer))]
        async fn get(&self, request: Request<Id>) -> Result<Response<User>, Status> {
            todo!()
        }
        async fn set(&self, request: Request<Id>) -> Result<Response<User>, Status> {
            todo!()
        }
    }
});

snapshot!(shared_rate_limits, {
    auth(verifier = self.tokens),
    rate_limit(per_second = 200, burst = 50, key = identity, store = self.limits),
}, {
    #[tonic::async_trait]
    impl Query for Service {
        async fn get(&self, request: Request<Id>) -> Result<Response<User>, Status> {
            todo!()
        }
        #[intercept(rate_limit(
            store = &*LIMITS, on_error = deny, store_timeout = "50ms", name = "customers", max_keys = 10, key = peer
        ))]
        async fn set(&self, request: Request<Id>) -> Result<Response<User>, Status> {
            todo!()
        }
    }
});

snapshot!(
    streams_outlive_token,
    { auth(verifier = TOKENS, public = [set], outlive_token = true) },
    {
        #[tonic::async_trait]
        impl Query for Service {
            async fn get(&self, request: Request<Id>) -> Result<Response<User>, Status> {
                todo!()
            }
            async fn set(&self, request: Request<Id>) -> Result<Response<User>, Status> {
                todo!()
            }
            async fn watch(&self, request: Request<Id>) -> Result<Response<Users>, Status> {
                todo!()
            }
        }
    }
);

snapshot!(
    generic_streams_outlive_token,
    { auth(verifier = TOKENS, outlive_token = true) },
    {
        impl<T: Send + Sync + 'static> Query for Service<T> {
            async fn get(&self, request: Request<Id>) -> Result<Response<User>, Status> {
                todo!()
            }
            async fn watch(&self, request: Request<Id>) -> Result<Response<Users>, Status> {
                todo!()
            }
        }
    }
);

snapshot!(concurrency_limits, {
    load_shed(max = 100, per = service, retry_after = "2s"),
    concurrency(adaptive(min = 1, max = LIMIT, target = "50ms"), queue = 5, wait = WAIT, except = ["Set"]),
}, {
    #[tonic::async_trait]
    impl Query for Service {
        async fn get(&self, request: Request<Id>) -> Result<Response<User>, Status> {
            todo!()
        }
        #[intercept(concurrency(limiter = self.limiter))]
        async fn set(&self, request: Request<Id>) -> Result<Response<User>, Status> {
            todo!()
        }
    }
});

snapshot!(payloads, {
    payload(redact = [], max_bytes = LIMIT, except = [put]),
    payload(show = [response.cards[].number], only = [put], level = "info"),
}, {
    #[tonic::async_trait]
    impl Query for Service {
        type ListStream = BoxStream<User>;
        #[intercept(payload(redact = [request.password, request.card?.number, response.items[].owner?.token]))]
        async fn get(&self, request: Request<Id>) -> Result<Response<User>, Status> {
            todo!()
        }
        #[intercept(payload(show = [request.id, request.card?.holder, response.items[].owner?.name]))]
        async fn list(&self, request: Request<Id>) -> Result<Response<Self::ListStream>, Status> {
            todo!()
        }
        async fn put(&self, request: Request<Streaming<Id>>) -> Result<Response<User>, Status> {
            todo!()
        }
        async fn set(&self, request: Request<Id>) -> Result<Response<User>, Status> {
            todo!()
        }
    }
});

snapshot!(payload_of_a_hand_written_client, { service = "user.v1.UserService", payload(show = [request.id]) }, {
    impl Users {
        pub async fn get(&self, request: Request<Id>) -> Result<Response<User>, Status> {
            self.client.clone().get(request).await
        }
    }
});

#[test]
fn generated_client_with_payloads() {
    let args = quote! {
        payload(redact = [request.id], only = [get_url]),
        payload(show = [response.url], only = [upload]),
    };
    expect_file!["../../tests/snapshots/generated_client_with_payloads.rs"]
        .assert_eq(&expansion(args, generated_client()));
}

snapshot!(channel_with_breakers, {
    circuit_breaker(failures = 3, open_for = "10s", probes = 2, codes = [Aborted], except = ["/a.B/C"]),
    load_shed(max = 5, per = service),
}, {
    struct Outbound;
});

snapshot!(authorized, {
    auth(verifier = self.tokens, public = [login]),
    authorize(role = "admin", except = [login]),
    authorize(with = |user: &User| user.age > self.age, only = [get]),
    authorize(with = self.policy, only = [set]),
}, {
    #[tonic::async_trait]
    impl Query for Service {
        async fn login(&self, request: Request<Id>) -> Result<Response<User>, Status> {
            todo!()
        }
        async fn get(&self, request: Request<Id>) -> Result<Response<User>, Status> {
            todo!()
        }
        #[intercept(authorize(roles = ROLES))]
        async fn set(&self, request: Request<Id>) -> Result<Response<User>, Status> {
            todo!()
        }
    }
});

snapshot!(entries_of_other_crates, {
    logging,
    my_crate::audit(level = 3, strict, range(1, 2), key = "s3cret", only = [get]),
    ::other::Budget(limit = LIMIT),
}, {
    #[tonic::async_trait]
    impl Query for Service {
        async fn get(&self, request: Request<Id>) -> Result<Response<User>, Status> {
            todo!()
        }
        #[intercept(my_crate::audit(level = 1), skip(::other::Budget))]
        async fn set(&self, request: Request<Id>) -> Result<Response<User>, Status> {
            todo!()
        }
    }
});

snapshot!(entries_of_other_crates_on_a_channel, {
    logging,
    my_crate::audit(level = 3, except = ["/a.B/C"]),
}, {
    struct Outbound;
});

snapshot!(native_future, { with(self.audit, except = [set]) }, {
    impl Query for Service {
        fn get(
            &self,
            request: Request<Id>,
        ) -> impl Future<Output = Result<Response<User>, Status>> + Send {
            async move { todo!() }
        }
        async fn set(&self, request: Request<Id>) -> Result<Response<User>, Status> {
            todo!()
        }
    }
});

snapshot!(explicit_names, {
    crate = renamed::interceptors,
    service = "user.v1.UserService",
    plan = UsersPolicy,
    auth(public = ["/user.v1.UserService/GetUser"]),
}, {
    #[tonic::async_trait]
    impl UserService for Users {
        async fn get_user(&self, request: Request<Id>) -> Result<Response<User>, Status> {
            todo!()
        }
        async fn set_user(&self, request: Request<User>) -> Result<Response<Id>, Status> {
            todo!()
        }
    }
});

/// A client with methods `get_url` and `upload`, as tonic generates it.
fn generated_client() -> TokenStream {
    quote! {
        /// Generated client implementations.
        pub mod user_service_client {
            #![allow(unused_variables)]
            use tonic::codegen::*;
            #[derive(Debug, Clone)]
            pub struct UserServiceClient<T> {
                inner: tonic::client::Grpc<T>,
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
                    let inner = tonic::client::Grpc::new(inner);
                    Self { inner }
                }
                pub fn with_origin(inner: T, origin: Uri) -> Self {
                    let inner = tonic::client::Grpc::with_origin(inner, origin);
                    Self { inner }
                }
                #[deprecated]
                pub async fn get_url(
                    &mut self,
                    request: impl tonic::IntoRequest<super::Id>,
                ) -> std::result::Result<tonic::Response<super::Url>, tonic::Status> {
                    self.inner.ready().await.map_err(|e| {
                        tonic::Status::unknown(format!("Service was not ready: {}", e.into()))
                    })?;
                    let codec = tonic_prost::ProstCodec::default();
                    let path = http::uri::PathAndQuery::from_static("/user.v1.UserService/GetURL");
                    let mut req = request.into_request();
                    req.extensions_mut().insert(GrpcMethod::new("user.v1.UserService", "GetURL"));
                    self.inner.unary(req, path, codec).await
                }
                /// Uploads.
                pub async fn upload(
                    &mut self,
                    request: impl tonic::IntoStreamingRequest<Message = super::Id>,
                ) -> std::result::Result<
                    tonic::Response<tonic::codec::Streaming<super::Url>>,
                    tonic::Status,
                > {
                    self.inner.ready().await.map_err(|e| {
                        tonic::Status::unknown(format!("Service was not ready: {}", e.into()))
                    })?;
                    let codec = tonic_prost::ProstCodec::default();
                    let path = http::uri::PathAndQuery::from_static("/user.v1.UserService/Upload");
                    let mut req = request.into_streaming_request();
                    req.extensions_mut().insert(GrpcMethod::new("user.v1.UserService", "Upload"));
                    self.inner.streaming(req, path, codec).await
                }
            }
        }
    }
}

#[test]
fn generated_client_expansion() {
    let args = quote! {
        logging(only = [get_url, upload]),
        auth(token = &*crate::TOKENS, public = [get_url]),
        retry(max = 3),
        metadata("x-trace" = crate::trace(), only = [upload]),
    };
    expect_file!["../../tests/snapshots/generated_client.rs"]
        .assert_eq(&expansion(args, generated_client()));
}

/// A server with methods `get_url` and `sync`, as tonic generates it.
fn generated_server() -> TokenStream {
    quote! {
        /// Generated server implementations.
        pub mod user_service_server {
            #![allow(unused_variables)]
            use tonic::codegen::*;
            #[async_trait]
            pub trait UserService: std::marker::Send + std::marker::Sync + 'static {
                async fn get_url(
                    &self,
                    request: tonic::Request<super::Id>,
                ) -> std::result::Result<tonic::Response<super::Url>, tonic::Status>;
                type SyncStream: tonic::codegen::tokio_stream::Stream + 'static;
                async fn sync(
                    &self,
                    request: tonic::Request<tonic::Streaming<super::Id>>,
                ) -> std::result::Result<tonic::Response<Self::SyncStream>, tonic::Status>;
            }
            #[derive(Debug)]
            pub struct UserServiceServer<T> {
                inner: Arc<T>,
                max_decoding_message_size: Option<usize>,
            }
            impl<T, B> tonic::codegen::Service<http::Request<B>> for UserServiceServer<T>
            where
                T: UserService,
                B: Body + std::marker::Send + 'static,
                B::Error: Into<StdError> + std::marker::Send + 'static,
            {
                type Response = http::Response<tonic::body::Body>;
                type Error = std::convert::Infallible;
                type Future = BoxFuture<Self::Response, Self::Error>;
                fn poll_ready(
                    &mut self,
                    _cx: &mut Context<'_>,
                ) -> Poll<std::result::Result<(), Self::Error>> {
                    Poll::Ready(Ok(()))
                }
                fn call(&mut self, req: http::Request<B>) -> Self::Future {
                    match req.uri().path() {
                        "/user.v1.UserService/GetURL" => {
                            impl<T: UserService> tonic::server::UnaryService<super::Id> for GetURLSvc<T> {
                                fn call(&mut self, request: tonic::Request<super::Id>) -> Self::Future {
                                    Box::pin(async move { <T as UserService>::get_url(&inner, request).await })
                                }
                            }
                            Box::pin(async move { Ok(grpc.unary(method, req).await) })
                        }
                        "/user.v1.UserService/Sync" => {
                            impl<T: UserService> tonic::server::StreamingService<super::Id> for SyncSvc<T> {
                                fn call(&mut self, request: tonic::Request<tonic::Streaming<super::Id>>) -> Self::Future {
                                    Box::pin(async move { <T as UserService>::r#sync(&inner, request).await })
                                }
                            }
                            Box::pin(async move { Ok(grpc.streaming(method, req).await) })
                        }
                        _ => Box::pin(async move { Ok(http::Response::default()) }),
                    }
                }
            }
        }
    }
}

#[test]
fn generated_server_expansion() {
    expect_file!["../../tests/snapshots/generated_server.rs"]
        .assert_eq(&expansion(quote!(), generated_server()));
}

#[test]
fn edited_generated_server_is_an_error() {
    let not_as_generated = "this module is not a server as the code generator of tonic 0.14 writes it, so its calls cannot be intercepted";
    let not_a_method = "the method at this path is not as the code generator of tonic 0.14 writes it, so it cannot be intercepted";
    let server = generated_server().to_string();
    for (from, to, expected) in [
        ("inner : Arc < T >", "users : Arc < T >", not_as_generated),
        ("impl < T , B >", "impl < T , B , C >", not_as_generated),
        ("match req", "let path = 1 ; match req", not_as_generated),
        ("\"/user.v1.UserService/Sync\"", "\"Sync\"", not_a_method),
        ("StreamingService", "OtherService", not_a_method),
        (
            "< T as UserService > :: get_url",
            "inner . get_url",
            not_a_method,
        ),
        ("\"/user.v1.UserService/Sync\"", "path", not_as_generated),
    ] {
        assert!(server.contains(from), "{from}");
        let edited = server.replacen(from, to, 1);
        assert_eq!(error(quote!(), edited.parse().unwrap()), expected, "{to}");
    }
    assert_eq!(
        error(quote!(service = "a.B"), generated_server()),
        "a generated server knows its service; take `service` out"
    );
    assert_eq!(
        error(quote!(logging), generated_server()),
        "a generated server runs the policy of its service; list this on `impl UserService for …`, and leave the attribute on the module without arguments"
    );
}

snapshot!(channel, {
    logging,
    retry(max = 3, throttle(tokens = 10, ratio = 0.1)),
    auth(token = self.tokens, public = ["/user.v1.UserService/Login"]),
    metadata("x-trace" = self.trace().await?, "x-digest-bin" = b"abc"),
    deadline("2s"),
}, {
    #[derive(Clone)]
    pub struct Outbound<T: Tokens> {
        tokens: T,
    }
});

snapshot!(channel_with_descriptors, {
    descriptors = [crate::FILE_DESCRIPTOR_SET, tonic_health::pb::FILE_DESCRIPTOR_SET],
    logging(except = ["/grpc.health.v1.Health/*"]),
    retry(only = [idempotent]),
    hedge(only = ["/user.v1.UserService/Get"]),
    auth(token = self.tokens, public = [idempotent, "/user.v1.UserService/Login"]),
}, {
    struct Outbound {
        tokens: TokenCache,
    }
});

snapshot!(hand_written_client, { service = "user.v1.UserService", logging, hedge(delay = "1s", only = [get]) }, {
    impl Users {
        /// Gives a user.
        pub async fn get(&self, request: Request<Id>) -> Result<Response<User>, Status> {
            self.client.clone().get(request).await
        }
        async fn set(&mut self, request: Request<User>) -> Result<Response<Id>, Status> {
            self.client.set(request).await
        }
    }
});

snapshot!(error_keeps_the_item, { loging, retry(max = "3") }, {
    #[tonic::async_trait]
    impl UserService for Users {
        #[intercept(skip(retry))]
        async fn get_user(&self, request: Request<Id>) -> Result<Response<User>, Status> {
            todo!()
        }
    }
});

/// A block with methods `login` and `get_user`, for the tests of errors.
fn block() -> TokenStream {
    quote! {
        impl UserService for Users {
            async fn login(&self, request: Request<Login>) -> Result<Response<Token>, Status> { todo!() }
            async fn get_user(&self, request: Request<Id>) -> Result<Response<User>, Status> { todo!() }
        }
    }
}

#[test]
fn unknown_interceptor_suggests_nearest_name() {
    let message = error(quote!(loging), block());
    assert_eq!(
        message,
        "unknown interceptor `loging`; did you mean `logging`?"
    );
}

#[test]
fn unknown_interceptor_lists_all_names() {
    let message = error(quote!(nothing_like_it), block());
    assert!(
        message.starts_with("unknown interceptor `nothing_like_it`; expected one of `logging`"),
        "{message}"
    );
    assert!(message.contains("`retry`"), "{message}");
    assert!(
        message.ends_with("needs its path: `my_crate::nothing_like_it`"),
        "{message}"
    );
}

#[test]
fn list_on_a_server_has_no_names_that_are_an_error_there() {
    let message = error(
        quote!(server, nothing_like_it),
        quote!(
            struct Inbound;
        ),
    );
    assert!(message.contains("`rate_limit`"), "{message}");
    for name in ["retry", "validate", "payload"] {
        assert!(!message.contains(&format!("`{name}`")), "{message}");
    }
    let message = error(
        quote!(server, retri),
        quote!(
            struct Inbound;
        ),
    );
    assert_eq!(
        message,
        "unknown interceptor `retri`; did you mean `retry`?"
    );
}

#[test]
fn interceptors_of_other_systems_name_the_replacement() {
    for (name, place) in [
        ("cors", "tower_http::cors::CorsLayer"),
        ("compression", "`send_compressed`"),
        ("tls", "`ServerTlsConfig`"),
        ("health", "`tonic-health`"),
        ("cache", "there is no interceptor that caches"),
        ("headers", "`metadata` does that, on a client"),
        ("skip_auth", "`auth(public = […])`"),
        ("no_logging", "`logging(except = […])`"),
    ] {
        let args: TokenStream = name.parse().unwrap();
        let message = error(args, block());
        let start = format!("unknown interceptor `{name}`; ");
        assert!(
            message.starts_with(&start) && message.contains(place),
            "{message}"
        );
    }
}

#[test]
fn one_word_of_a_setting_suggests_the_setting() {
    for (wrong, meant) in [
        ("attempts", "max_attempts"),
        ("timeout", "attempt_timeout"),
        ("delay", "base_delay"),
    ] {
        let name = quote::format_ident!("{wrong}");
        assert_eq!(
            error(quote!(retry(#name = 3)), block()),
            format!("unknown setting `{wrong}`; did you mean `{meant}`?")
        );
    }
}

#[test]
fn timeout_needs_a_total_or_an_idle_time() {
    let missing = "`timeout` needs a time: `timeout(\"2s\")`, or `timeout(idle = \"30s\")`";
    for args in [
        quote!(timeout),
        quote!(timeout()),
        quote!(timeout(only = [login])),
    ] {
        assert_eq!(error(args, block()), missing);
    }
    for args in [
        quote!(timeout(LIMIT)),
        quote!(timeout(limits::OF_USERS, idle = "1s")),
        quote!(timeout("1m", idle = IDLE, only = [login])),
        quote!(timeout(idle = "1s")),
        quote!(timeout(except = [login], idle = "1s")),
    ] {
        assert_eq!(errors(args, block()), [] as [&str; 0]);
    }
    assert_eq!(
        error(quote!(timeout(max = "1s")), block()),
        "`timeout` takes the time without a name: `timeout(\"1s\")`"
    );
    assert_eq!(
        error(quote!(timeout("0s")), block()),
        "`timeout` must be a time longer than zero with a unit, such as `\"250ms\"`, `\"2s\"` or `\"1m 30s\"`"
    );
    assert_eq!(
        error(quote!(timeout("1s", "2s")), block()),
        "`timeout` takes one time without a name; the time between messages is `idle = \"30s\"`"
    );
    assert_eq!(
        error(quote!(catch_panic(hook)), block()),
        "`hook` needs a value: `hook = …`"
    );
}

#[test]
fn unnamed_value_suggests_its_setting() {
    for (args, written) in [
        (quote!(retry(3)), "retry(max = 3)"),
        // A constant is a value too.
        (quote!(retry(ATTEMPTS)), "retry(max = ATTEMPTS)"),
        (quote!(retry("2s")), "retry(base_delay = \"2s\")"),
        (quote!(retry(Unavailable)), "retry(codes = [Unavailable])"),
        (quote!(rate_limit(100)), "rate_limit(per_second = 100)"),
        (quote!(auth("Bearer")), "auth(scheme = \"Bearer\")"),
        (quote!(auth(self.tokens)), "auth(verifier = self.tokens)"),
        (quote!(logging("debug")), "logging(level = \"debug\")"),
        (quote!(logging("500ms")), "logging(slow = \"500ms\")"),
        (quote!(concurrency(50)), "concurrency(max = 50)"),
        (quote!(load_shed(50)), "load_shed(max = 50)"),
        (quote!(payload(request.id)), "payload(show = [request.id])"),
        (
            quote!(auth, authorize("admin")),
            "authorize(role = \"admin\")",
        ),
    ] {
        let message = error(args.clone(), block());
        assert!(
            message.ends_with(&format!(" takes its settings by name; write `{written}`")),
            "{args}: {message}"
        );
    }
    assert_eq!(
        error(quote!(validate(true, only = [login])), block()),
        "`validate` has no settings; take this out"
    );
}

#[test]
fn wrong_numbers_and_times_get_a_suggestion() {
    for (args, written) in [
        (quote!(timeout(10)), "timeout(\"10s\")"),
        (quote!(timeout("10")), "timeout(\"10s\")"),
        (quote!(timeout("1h30")), "timeout(\"1h 30m\")"),
        (quote!(logging(slow = 500)), "slow = \"500ms\""),
        (quote!(logging(level = tracing::INFO)), "level = \"info\""),
        (
            quote!(logging(level = log::Level::Warn)),
            "level = \"warn\"",
        ),
        (quote!(logging(info)), "logging(level = \"info\")"),
        (quote!(auth(basic)), "scheme = \"Basic\""),
        (quote!(rate_limit("100/s")), "rate_limit(per_second = 100)"),
        (
            quote!(rate_limit("100/min")),
            "rate_limit(per_minute = 100)",
        ),
        (quote!(rate_limit("1000/h")), "rate_limit(per_minute = 16)"),
        (quote!(rate_limit(limit = 10)), "per_second = 10"),
        (quote!(rate_limit(per_second = 0.5)), "per_minute = 30"),
        (quote!(rate_limit(per_second = "10/s")), "per_second = 10"),
        (quote!(rate_limit(per_hour = 600)), "per_minute = 10"),
        (quote!(retry(max = 3.0)), "max = 3"),
        (quote!(retry(max = "3")), "max = 3"),
        (quote!(retry(jitter = 20)), "jitter = 0.2"),
        (quote!(retry(multiplier = 2)), "multiplier = 2.0"),
        (quote!(retry(codes = Unavailable)), "codes = [Unavailable]"),
        (quote!(logging(level = INFO)), "level = \"info\""),
    ] {
        let message = error(args.clone(), block());
        let end = format!("; write `{written}`");
        assert!(message.ends_with(&end), "{args}: {message}");
    }
}

#[test]
fn values_cannot_await_or_return() {
    for (args, name) in [
        (quote!(with(self.audit().await)), "with"),
        (quote!(auth(verifier = tokens()?)), "verifier"),
        (quote!(retry(max = crate::max()?)), "max"),
        (quote!(timeout(self.time().await)), "timeout"),
    ] {
        let start = format!("the value of `{name}` can neither await nor return");
        let message = error(args.clone(), block());
        assert!(message.starts_with(&start), "{args}: {message}");
    }
    // These are code of their own.
    let args = quote!(
        auth,
        with(Made::new(async { 1 }.await)),
        with(Made::new(|| async { load().await }))
    );
    assert_eq!(errors(args, block()), Vec::<String>::new());
}

#[test]
fn tracing_levels_need_no_import() {
    let quoted = expansion(quote!(logging(level = "info")), block());
    for args in [
        quote!(logging(level = Level::INFO)),
        quote!(logging(level = tracing::Level::INFO)),
    ] {
        assert_eq!(expansion(args, block()), quoted);
    }
}

/// Messages suggest the examples of rows.
#[test]
fn row_examples_have_no_errors() {
    let mut tried = 0;
    for row in crate::entries::TABLE.iter().map(|known| known.row) {
        let example: TokenStream = row.example.parse().unwrap();
        let item = match row.places.has(crate::item::mount::Mount::Service) {
            true => block(),
            false => quote!(
                struct Outbound;
            ),
        };
        let args = match row.name {
            "authorize" => quote!(auth, #example),
            _ => example,
        };
        assert_eq!(errors(args, item), Vec::<String>::new(), "{}", row.example);
        tried += 1;
    }
    assert!(tried > 15, "{tried}");
}

#[test]
fn constant_settings_reject_self() {
    for (args, expected) in [
        (
            quote!(concurrency(max = self.max)),
            "`max` is a constant, so there is no `self` here; only `limiter` may name a value in `self`: `limiter = self.limiter`",
        ),
        (
            quote!(retry(max = self.max)),
            "`max` is a constant, so there is no `self` here; name a constant",
        ),
    ] {
        assert_eq!(error(args, block()), expected);
    }
}

#[test]
fn misplaced_names_get_a_suggestion() {
    for (args, expected) in [
        (
            quote!(Audit),
            "unknown interceptor `Audit`; list one of yours as `with(Audit)`, or by its path",
        ),
        (
            quote!(skip(logging)),
            "`skip` belongs in the attribute on a method, not on the block",
        ),
        (
            quote!(logging(level = info)),
            "`level` is a string; write `level = \"info\"`",
        ),
        (
            quote!(retry = 3),
            "`retry` takes its settings in parentheses: `retry(max = 3)`",
        ),
        (
            quote!(load_shed(adaptive = true)),
            "`adaptive` needs a list: `adaptive(min = …, max = …, target = …)`",
        ),
        (
            quote!("logging"),
            "the name of an interceptor has no quotes; write `logging`",
        ),
        (
            quote!(3),
            "expected the name of an interceptor or of a setting, such as `logging` or `retry(max = 3)`",
        ),
        (
            quote!(self.audit),
            "list an interceptor of yours as `with(self.audit)`",
        ),
        (
            quote!(Audit::new()),
            "list an interceptor of yours as `with(Audit::new(…))`",
        ),
        (
            quote!(retry { max = 3 }),
            "settings go in parentheses: `retry(max = 3)`",
        ),
        (
            quote!(timeout(after = "2s")),
            "`timeout` takes the time without a name: `timeout(\"2s\")`",
        ),
        (
            quote!(with(|call| call)),
            "a closure is not an interceptor; implement `Interceptor` for a type, and give `with` a value of it",
        ),
    ] {
        assert_eq!(error(args, block()), expected);
    }
}

#[test]
fn list_in_braces_suggests_brackets() {
    assert_eq!(
        error(quote!(logging(only = {login, get_user})), block()),
        "a list goes in brackets: `only = […]`"
    );
    // Braces around an expression are a value.
    assert_eq!(
        errors(quote!(retry(max = { 3 })), block()),
        Vec::<String>::new()
    );
}

#[test]
fn wrong_separators_are_reported_once() {
    for (args, expected) in [
        (
            quote!(catch - panic),
            "names have underscores: `catch_panic`",
        ),
        (
            quote!(circuit - breaker - x(a = 1), logging),
            "names have underscores: `circuit_breaker_x`",
        ),
        (
            quote!(retry(base - delay = "1s")),
            "names have underscores: `base_delay`",
        ),
        (
            quote!(retry(max: 3, jitter = 0.5)),
            "a value follows `=`: `max = …`",
        ),
    ] {
        assert_eq!(error(args.clone(), block()), expected, "{args}");
    }
    // Of two possible errors, the one with a fix is reported.
    assert_eq!(
        error(
            quote!(circuit_breaker(failures = 5, window = "10s")),
            quote!(
                struct Outbound;
            )
        ),
        "`window` belongs to `failure_ratio`; add that, or take it out"
    );
}

#[test]
fn second_attribute_on_an_item_is_an_error() {
    for item in [
        quote!(
            #[intercept(retry)]
            struct Outbound;
        ),
        quote!(
            #[interceptors::intercept(retry)]
            impl UserService for Users {
                async fn login(&self, _: Request<Login>) -> Result<Response<Token>, Status> {
                    todo!()
                }
            }
        ),
    ] {
        assert_eq!(
            error(quote!(logging), item),
            "one `#[intercept(…)]` for each item; put both lists in one"
        );
    }
}

#[test]
fn aliases_suggest_the_real_name() {
    for (args, expected) in [
        (
            quote!(retry(on = [Aborted])),
            "unknown setting `on`; did you mean `codes`?",
        ),
        (
            quote!(rate_limit(per_hour = HOURLY)),
            "unknown setting `per_hour`; did you mean `per_minute`?",
        ),
        (
            quote!(rate_limit(window = "1s")),
            "unknown setting `window`; a limit is for a second or a minute: `per_second = 100` or `per_minute = 100`",
        ),
        (
            quote!(auth(required)),
            "`auth` verifies the token of every call; take `required` out, and list the methods that need no token: `auth(public = […])`",
        ),
        (
            quote!(auth(optional)),
            "`auth` lets no call pass without a token; list the methods that need none: `auth(public = […])`",
        ),
        (
            quote!(auth(whitelist = [login])),
            "unknown setting `whitelist`; did you mean `public`?",
        ),
        (
            quote!(logging(exclude = [login])),
            "unknown setting `exclude`; did you mean `except`?",
        ),
        (
            quote!(per_second = 5),
            "`per_second` is a setting of `rate_limit`; write it in parentheses: `rate_limit(per_second = …)`",
        ),
        (
            quote!(codes = [Aborted]),
            "`codes` is a setting of `retry`; write it in parentheses: `retry(codes = …)`",
        ),
        (
            quote!(retry(max = 3,, codes = [Aborted])),
            "there is nothing between two commas; take one out",
        ),
        (
            quote!(with(audit = Audit)),
            "`with` takes the interceptor without a name: `with(Audit)`",
        ),
        (
            quote!(with(Audit, crate::Other)),
            "`with` takes one interceptor; list each: `with(Audit), with(crate::Other)`",
        ),
        (
            quote!(logging(fields("id"))),
            "a field has a name and a value, such as `fields(user = request.user_id)`; `\"id\"` has no name",
        ),
        (
            quote!(payload(show = [password])),
            "a path begins with `request` or `response`: `request.password`",
        ),
        (
            quote!(concurrency(limit = 3)),
            "unknown setting `limit`; did you mean `max`?",
        ),
        (
            quote!(quota(per_second = 3)),
            "unknown interceptor `quota`; did you mean `rate_limit`?",
        ),
        (
            quote!(retry(buffer_size = 3)),
            "`buffer_size` belongs on a generated client or a channel; take it out here",
        ),
    ] {
        assert_eq!(error(args.clone(), block()), expected, "{args}");
    }
}

#[test]
fn entry_of_the_other_side_suggests_its_counterpart() {
    assert_eq!(
        error(quote!(deadline("2s")), block()),
        "`deadline` belongs on a client, and the `impl` of a trait is a service; write `timeout` here"
    );
    let channel = quote!(
        struct Outbound;
    );
    assert_eq!(
        error(quote!(timeout("2s")), channel),
        "`timeout` is for services and servers; for the layer of a server, write `#[intercept(server, …)]`; for a client, write `deadline`"
    );
    let client = quote!(
        struct Outbound;
    );
    assert_eq!(
        error(quote!(hedge, timeout("2s")), client),
        "`timeout` belongs on a service; a client has `deadline`"
    );
}

#[test]
fn negative_number_is_out_of_range() {
    assert_eq!(
        error(quote!(retry(max = -1)), block()),
        "`max` must be at least 1"
    );
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let messages = errors(
        quote!(
            logging(lvl = "info"),
            retry(max = "3", max = 4),
            auth(public = [lgin]),
            metadata("a" = 1)
        ),
        block(),
    );
    assert_eq!(
        messages,
        [
            "unknown setting `lvl`; did you mean `level`?",
            "duplicate setting `max`; take one out",
            "`max` must be a whole number; write `max = 3`",
            "`metadata` belongs on a client, and the `impl` of a trait is a service; take it out here",
            "no method `lgin` here; did you mean `login`?",
        ]
    );
}

#[test]
fn unknown_methods_are_errors_in_every_spelling() {
    for (public, expected) in [
        (quote!(lgin), "no method `lgin` here; did you mean `login`?"),
        (
            quote!("Lgin"),
            "no method `Lgin` here; did you mean `Login`?",
        ),
        (
            quote!("/a.B/Login"),
            "the full name of this service is not known here; add `service = \"a.B\"`, or name the method alone",
        ),
        (
            quote!(logout_everyone_now),
            "no method `logout_everyone_now` here; there is `login`, `get_user`",
        ),
        (
            quote!(login, "Login"),
            "duplicate method `login`; take one out",
        ),
    ] {
        assert_eq!(error(quote!(auth(public = [#public])), block()), expected);
    }
}

#[test]
fn full_path_must_name_this_service() {
    let args = quote!(
        service = "user.v1.UserService",
        auth(public = ["/user.v2.UserService/Login"])
    );
    let message = error(args, block());
    assert_eq!(
        message,
        "this is the service `user.v1.UserService`, not `user.v2.UserService`; a path here begins with `/user.v1.UserService/`"
    );
}

#[test]
fn full_path_must_name_a_method_of_this_service() {
    let args = quote!(
        service = "user.v1.UserService",
        auth(public = ["/user.v1.UserService/Logn"])
    );
    assert_eq!(
        error(args, block()),
        "no method `Logn` here; did you mean `Login`?"
    );
}

#[test]
fn shared_limit_reports_missing_settings() {
    for (args, expected) in [
        (
            quote!(rate_limit(per_second = 1, on_error = deny)),
            "`on_error` belongs to `store`; add that, or take it out",
        ),
        (
            quote!(rate_limit(per_second = 1, store_timeout = "1s")),
            "`store_timeout` belongs to `store`; add that, or take it out",
        ),
        (
            quote!(rate_limit(limiter = self.limiter, name = "a")),
            "`name` belongs to `store`; add that, or take it out",
        ),
        (
            quote!(rate_limit(
                per_second = 1,
                store = self.limits,
                on_error = pass
            )),
            "`on_error` must be `allow`, `deny` or `local`",
        ),
        (
            quote!(rate_limit(store = self.limits, on_error = "deny")),
            "`on_error` must be `allow`, `deny` or `local`",
        ),
        (
            quote!(rate_limit(store = self.limits, on_error = local)),
            "`on_error = local` needs a limit; add `per_second = 100`, or write `allow` or `deny`",
        ),
        (
            quote!(rate_limit(store = self.limits)),
            "nothing says what happens when the store does not answer; add `on_error = allow` or `on_error = deny`, or a limit",
        ),
        (
            quote!(rate_limit(store = self.limits, limiter = self.limiter)),
            "`limiter` cannot be given together with `store`; keep one of them",
        ),
        (
            quote!(rate_limit(store = self.limits, on_error = deny, burst = 3)),
            "`burst` belongs to `per_second`; add that, or take it out",
        ),
        (
            quote!(rate_limit(
                per_second = 1,
                store = self.limits,
                store_timeout = "0s"
            )),
            "`store_timeout` must be a time longer than zero with a unit, such as `\"250ms\"`, `\"2s\"` or `\"1m 30s\"`",
        ),
        (
            quote!(rate_limit(per_second = 1, store = self.limits, name = "")),
            "`name` is empty; name the limit",
        ),
        (
            quote!(rate_limit(
                per_second = 1,
                store = self.limits,
                fallback = deny
            )),
            "unknown setting `fallback`; did you mean `on_error`?",
        ),
    ] {
        assert_eq!(error(args.clone(), block()), expected, "{args}");
    }
}

#[test]
fn identity_key_needs_auth_before_it() {
    let before = error(
        quote!(
            rate_limit(per_second = 1, key = identity, only = [login]),
            auth
        ),
        block(),
    );
    assert!(
        before.contains("list `auth` before `rate_limit`"),
        "{before}"
    );
    let public = error(
        quote!(
            auth(public = [login]),
            rate_limit(per_second = 1, key = identity)
        ),
        block(),
    );
    assert!(public.contains("except = [login]"), "{public}");
}

#[test]
fn durations_are_parsed_or_rejected() {
    for wrong in ["5 sekonds", "0s", "", "-1s", "99999999999999999999s"] {
        let message = error(quote!(logging(slow = #wrong)), block());
        assert!(
            message.starts_with("`slow` must be a time longer than zero with a unit"),
            "{wrong}: {message}"
        );
    }
    let expanded = expansion(quote!(logging(slow = "1m 30s")), block());
    assert!(
        expanded.contains("Duration::new(90u64, 0u32)"),
        "{expanded}"
    );
}

#[test]
fn plan_hides_secrets_in_expressions() {
    let args = quote!(
        auth(verifier = Tokens::from(["s3cret"])),
        with(Audit { key: "s3cret" }),
        with(audit!("s3cret"))
    );
    let item = quote! {
        impl UserService for Users {
            async fn login(&self, request: Request<Login>) -> Result<Response<Token>, Status> { todo!() }
        }
    };
    let expanded = expansion(args, item);
    let texts: Vec<&str> = expanded
        .split("Value::Text(")
        .skip(1)
        .map(|rest| rest.split(')').next().unwrap())
        .collect();
    assert!(!texts.is_empty());
    assert!(
        !texts.iter().any(|text| text.contains("s3cret")),
        "{texts:?}"
    );
}

/// Under another `cfg`, there may be a method with a stream.
#[test]
fn stream_setting_is_accepted_if_a_cfg_hides_methods() {
    let expanded = |cfg: TokenStream| {
        let item = quote! {
            impl Query for Service {
                async fn get(&self, request: Request<Id>) -> Result<Response<User>, Status> { todo!() }
                #cfg
                async fn watch(&self, request: Request<Id>) -> Result<Response<Users>, Status> { todo!() }
            }
        };
        expansion(quote!(auth(verifier = TOKENS, outlive_token = true)), item)
    };
    let judged = "is for streams";
    assert!(expanded(quote!()).contains(judged));
    assert!(!expanded(quote!(#[cfg(feature = "watch")])).contains(judged));
}

#[test]
fn intercept_of_another_crate_is_kept() {
    let item = quote! {
        impl UserService for Users {
            #[other::intercept(skip(auth))]
            async fn get_user(&self, request: Request<Id>) -> Result<Response<User>, Status> { todo!() }
        }
    };
    let expanded = expansion(quote!(auth), item);
    assert!(
        expanded.contains("#[other::intercept(skip(auth))]"),
        "{expanded}"
    );
    assert!(expanded.contains("auth::Verifying::new"), "{expanded}");
}

/// Only runs without the feature. In the workspace, all features are on.
#[cfg(not(feature = "retry"))]
#[test]
fn entry_without_its_feature_names_the_feature() {
    let args = quote!(retry(max = 3), rate_limit(per_second = 5));
    let expected = [("retry", "retry"), ("rate_limit", "rate-limit")].map(|(name, feature)| {
        format!("to use `{name}`, enable the feature `{feature}` of `interceptors`")
    });
    assert_eq!(errors(args, block()), expected);
}

/// Only runs without the feature.
#[cfg(not(feature = "client"))]
#[test]
fn client_without_its_feature_names_the_feature() {
    assert_eq!(
        error(
            quote!(with(Mine)),
            quote!(
                struct Outbound;
            )
        ),
        "to use `#[intercept]` on a client, enable the feature `client` of `interceptors`",
    );
}

/// An editor shows the item to which a token with the same text and span resolves in the expansion.
#[test]
fn entry_and_setting_names_resolve_to_runtime_items() {
    let service = "logging(level = \"debug\"), auth(scheme = \"\"), authorize(role = \"a\"), rate_limit(per_second = 5, burst = 7), \
                   retry(max = 3, codes = [Aborted])";
    let bounds = "catch_panic, timeout(\"2s\", idle = \"1s\")";
    let payload = "payload(redact = [request.id], max_bytes = 5)";
    let client = "logging(slow = \"2s\"), auth(allow_plaintext = true), retry(jitter = 0.0), \
                  metadata(\"x-a\" = \"b\"), deadline(\"5s\")";
    let hedged = "hedge(delay = \"1s\")";
    let channel = quote!(
        struct Outbound;
    );
    for (args, item, names) in [
        (
            service,
            block(),
            &[
                "logging",
                "auth",
                "authorize",
                "role",
                "rate_limit",
                "retry",
                "level",
                "scheme",
                "per_second",
                "burst",
                "max",
                "codes",
                "Aborted",
            ][..],
        ),
        (
            client,
            channel.clone(),
            &[
                "logging",
                "auth",
                "retry",
                "metadata",
                "deadline",
                "slow",
                "allow_plaintext",
                "jitter",
            ],
        ),
        (hedged, channel, &["hedge", "delay"]),
        (bounds, block(), &["catch_panic", "timeout", "idle"]),
        (payload, block(), &["payload", "id", "max_bytes"]),
    ] {
        let mut places = Vec::new();
        leaves(intercept_tokens(args.parse().unwrap(), item), &mut places);
        for name in names {
            let column = args.find(name).unwrap();
            assert!(
                places.contains(&(name.to_string(), column)),
                "`{name}` at {column}: {places:?}"
            );
        }
    }
}

/// The identifiers after a `::` or a `.` in an expansion, each with the column of its span.
fn leaves(tokens: TokenStream, found: &mut Vec<(String, usize)>) {
    let mut after_path = false;
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => {
                if after_path {
                    found.push((ident.to_string(), ident.span().start().column));
                }
                after_path = false;
            }
            TokenTree::Punct(punct) => {
                after_path = matches!(punct.as_char(), ':' | '.');
            }
            TokenTree::Group(group) => {
                leaves(group.stream(), found);
                after_path = false;
            }
            TokenTree::Literal(_) => after_path = false,
        }
    }
}

#[test]
fn each_method_is_public_or_protected() {
    let missing = error(quote!(auth(public = [login], protected = [])), block());
    assert_eq!(
        missing,
        "`get_user` is in neither `public` nor `protected`; add it to one of them"
    );
    let misspelt = error(
        quote!(auth(public = [login], protected = [get_usr])),
        block(),
    );
    assert!(misspelt.contains("did you mean `get_user`?"), "{misspelt}");
    for decided in [
        quote!(auth(public = [login], protected = [get_user])),
        quote!(auth(protected = [login, "GetUser"])),
        quote!(auth(public = [login, get_user], protected = []), with(Mine)),
    ] {
        // If all methods are public, `auth` covers none, which is another error.
        let errors = errors(decided.clone(), block());
        let expected = match decided.to_string().contains("protected = []") {
            true => {
                vec!["`auth` covers no method; take it out, or exclude fewer methods".to_owned()]
            }
            false => vec![],
        };
        assert_eq!(errors, expected, "{decided}");
    }
}

#[test]
fn authorize_needs_auth_on_every_method() {
    let block = |on_login: TokenStream| {
        quote! {
            impl UserService for Users {
                #on_login
                async fn login(&self, _: Request<Login>) -> Result<Response<Token>, Status> { todo!() }
                async fn get_user(&self, _: Request<Id>) -> Result<Response<User>, Status> { todo!() }
                async fn flaky(&self, _: Request<Id>) -> Result<Response<User>, Status> { todo!() }
            }
        }
    };
    for (args, on_login, expected) in [
        (
            quote!(
                auth(public = [login, flaky]),
                authorize(role = "a", except = [get_user]),
                with(Mine)
            ),
            quote!(),
            "`login`, `flaky` are public, so there is no caller to authorize; add each to `except`",
        ),
        (
            quote!(auth(public = [login])),
            quote!(#[intercept(authorize(role = "a"))]),
            "`login` is public, so there is no caller to authorize; take one of the two out",
        ),
        (
            quote!(auth, authorize(role = "a")),
            quote!(#[intercept(skip(auth))]),
            "`auth` does not cover `login`, so no caller is verified there; let `auth` cover what `authorize` does",
        ),
        (
            quote!(authorize(role = "a"), logging),
            quote!(#[intercept(auth)]),
            "`authorize` needs the caller that `auth` verifies; list `auth` before `authorize`",
        ),
        (
            quote!(logging),
            quote!(#[intercept(authorize(role = "a"), auth)]),
            "`authorize` needs the caller that `auth` verifies; list `auth` before `authorize`",
        ),
    ] {
        assert_eq!(error(args.clone(), block(on_login)), expected, "{args}");
    }
    for (args, on_login) in [
        (
            quote!(auth, authorize(role = "a")),
            quote!(#[intercept(skip(auth, authorize))]),
        ),
        (
            quote!(auth, authorize(role = "a")),
            quote!(#[intercept(skip(authorize), authorize(role = "b"))]),
        ),
        (
            quote!(auth, authorize(role = "a"), authorize(role = "b")),
            quote!(#[intercept(auth(scheme = "x"))]),
        ),
        (
            quote!(logging),
            quote!(#[intercept(auth, authorize(role = "a"))]),
        ),
    ] {
        assert_eq!(
            errors(args.clone(), block(on_login)),
            Vec::<String>::new(),
            "{args}"
        );
    }
}

#[test]
fn package_policy_accepts_paths_of_its_services() {
    let policy = |protected: TokenStream| {
        quote!(auth(
            token = &*crate::TOKENS,
            public = ["/user.v1.UserService/GetURL"],
            protected = [#protected]
        ))
    };
    let of_both = quote!("/user.v1.UserService/Upload", "/user.v1.Other/Delete");
    assert_eq!(
        errors(policy(of_both), generated_client()),
        Vec::<String>::new()
    );
    let of_the_other = error(policy(quote!("/user.v1.Other/Delete")), generated_client());
    assert_eq!(
        of_the_other,
        "`upload` is in neither `public` nor `protected`; add it to one of them"
    );
}

#[test]
fn crate_must_be_a_plain_path() {
    for path in [quote!(a::b::<c>), quote!(Self::a), quote!(<a as b>::c)] {
        assert_eq!(
            error(quote!(crate = #path, logging), block()),
            "`crate` must be a path, such as `crate = my_interceptors`"
        );
    }
}

#[test]
fn wrong_trait_paths_are_left_to_the_compiler() {
    for path in [
        quote!(a::<T>::UserService),
        quote!(user_service_server::<T>::UserService),
        quote!(Self::UserService),
        quote!(Self::user_service_server::UserService),
    ] {
        let item = quote! {
            impl #path for Users {
                async fn login(&self, request: Request<Id>) -> Result<Response<Id>, Status> { todo!() }
            }
        };
        expansion(quote!(logging), item);
    }
}

/// The module of a client, with this constructor in it.
fn client_with(constructor: &TokenStream) -> TokenStream {
    quote! {
        mod user_service_client {
            struct UserServiceClient<T> { inner: tonic::client::Grpc<T> }
            impl<T> UserServiceClient<T> { #constructor }
            impl Other { fn new() -> Self { Self { inner } } }
        }
    }
}

#[test]
fn hand_written_constructors_store_the_scheme() {
    let none = "Self { inner, is_plaintext: ::core::option::Option::None }";
    for (constructor, expected) in [
        (
            quote!(
                fn new(inner: T) -> Self {
                    Self { inner }
                }
            ),
            none,
        ),
        (
            quote!(
                fn new(inner: T) -> Self {
                    Self { inner }
                }
            ),
            none,
        ),
        (
            quote!(
                fn new() -> Self {
                    Self { inner, ..other }
                }
            ),
            "Self { inner, ..other }",
        ),
        (
            quote!(
                fn new() -> Self {
                    Self { ..other }
                }
            ),
            "Self { ..other }",
        ),
        (
            quote!(
                fn into(self) {
                    let Self { inner } = self;
                }
            ),
            "let Self { inner, .. } = self;",
        ),
        (
            quote!(
                fn new() {
                    impl A for Self {
                        fn a() {}
                    }
                }
            ),
            "impl A for Self {",
        ),
        (
            quote!(
                fn with_origin(inner: T, mut origin: Uri) -> Self {
                    Self { inner }
                }
            ),
            "let is_plaintext = origin .scheme_str() .map(",
        ),
    ] {
        let expanded = expansion(quote!(auth(token = TOKENS)), client_with(&constructor));
        // Ignore line breaks.
        let expanded = expanded.split_whitespace().collect::<Vec<_>>().join(" ");
        let expanded = expanded.replace(", }", " }");
        assert!(expanded.contains(expected), "{expected}: {expanded}");
        // The `impl` of another type does not change.
        assert!(expanded.contains("Self { inner } } }"), "{expanded}");
    }
}

#[test]
fn constructor_needs_a_named_argument() {
    for argument in [quote!(_), quote!(ref origin), quote!(origin @ Uri { .. })] {
        let constructor =
            quote!(fn with_origin(inner: T, #argument: Uri) -> Self { Self { inner } });
        assert_eq!(
            error(quote!(auth(token = TOKENS)), client_with(&constructor)),
            "`auth` reads this argument, so it needs a name; write it as tonic's code generator does, such as `origin`"
        );
        // Only `auth` needs the field.
        expansion(quote!(logging), client_with(&constructor));
    }
}

#[test]
fn error_keeps_the_item_unchanged() {
    let method = quote! {
        async fn login(&self, request: Request<Id>) -> Result<Response<Id>, Status> { todo!() }
    };
    // An empty `where` and tokens that do not parse stay. Our attributes are removed, whatever the crate is called. An `unsafe`
    // that we report is removed too, because the compiler would report it again.
    for (head, kept, ours, rest) in [
        (
            quote!(impl<> A for B where),
            quote!(impl<> A for B where),
            quote!(#[intercept(retry)]),
            quote!(),
        ),
        (
            quote!(unsafe impl A for B),
            quote!(impl A for B),
            quote!(#[interceptors::intercept]),
            quote!(),
        ),
        (
            quote!(unsafe impl A for B),
            quote!(unsafe impl A for B),
            quote!(#[intercept(retry)]),
            quote!(fn ? what),
        ),
        (
            quote!(#[x] impl A for B),
            quote!(#[x] impl A for B),
            quote!(#[b::intercept(retry)]),
            quote!(fn ? what),
        ),
    ] {
        let output = intercept_tokens(
            quote!(crate = a::b, loging),
            quote!(#head { #[doc = "1"] #ours #[doc = "2"] #method #rest }),
        );
        let item = quote!(#kept { #[doc = "1"] #[doc = "2"] #method #rest });
        let output = output.to_string();
        let is_told = output.contains("take `unsafe` out");
        assert_eq!(is_told, head.to_string() != kept.to_string(), "{output}");
        let (_, shown) = output.rsplit_once("compile_error").unwrap();
        let (_, shown) = shown.split_once("} ").unwrap();
        assert_eq!(shown, item.to_string());
    }
}

#[test]
fn foreign_entries_are_identified_by_path() {
    let block = |on_login: TokenStream| {
        quote! {
            impl UserService for Users {
                #on_login
                async fn login(&self, _: Request<Login>) -> Result<Response<Token>, Status> { todo!() }
                async fn get_user(&self, _: Request<Id>) -> Result<Response<User>, Status> { todo!() }
            }
        }
    };
    for (args, on_login, expected) in [
        (
            quote!(a::audit, a::audit(level = 1)),
            quote!(),
            "duplicate interceptor `a::audit`; take one out",
        ),
        (
            quote!(a::audit),
            quote!(#[intercept(skip(audit))]),
            "the block has no `audit` to skip; did you mean `a::audit`?",
        ),
        (
            quote!(a::audit(level = 1, level = 2)),
            quote!(),
            "duplicate setting `level`; take one out",
        ),
        (
            quote!(a::audit(3)),
            quote!(),
            "the settings of an interceptor have names: write `name = 3`",
        ),
        (
            quote!(a::audit(level = self.level)),
            quote!(),
            "the settings of an interceptor of another crate are constants, so there is no `self` here; keep the interceptor in a field, and write `with(self.field)`",
        ),
        (
            quote!(a::audit(only = [lgin])),
            quote!(),
            "no method `lgin` here; did you mean `login`?",
        ),
        (
            quote!(a::audit = 3),
            quote!(),
            "`audit` takes its settings in parentheses: `audit(…)`",
        ),
        (
            quote!(retry(max::attempts = 3)),
            quote!(),
            "a setting has a name of one word",
        ),
    ] {
        assert_eq!(error(args.clone(), block(on_login)), expected, "{args}");
    }
    for (args, on_login) in [
        (quote!(a::audit, b::audit, logging), quote!()),
        (
            quote!(a::logging, logging),
            quote!(#[intercept(skip(a::logging), logging)]),
        ),
        (quote!(self::audit, super::audit, crate::audit), quote!()),
    ] {
        let errors = errors(args.clone(), block(on_login));
        assert_eq!(errors, Vec::<String>::new(), "{args}");
    }
}

/// Other code may name `wrap` and the plan of a struct, and must not have errors because of the wrong attribute.
#[test]
fn error_keeps_the_methods_of_a_struct() {
    let item = quote! {
        #[derive(Clone)]
        pub struct Outbound<T: Tokens> { tokens: T }
    };
    let args = quote!(crate = a::b, plan = Mine, loging, retry(max = "3"));
    let output = intercept_tokens(args.clone(), item.clone()).to_string();
    assert_eq!(errors(args, item.clone()).len(), 2, "{output}");
    assert!(output.contains(&item.to_string()), "{output}");
    for kept in [
        quote!(pub fn wrap<__S>(self, channel: __S)),
        quote!(impl<T: Tokens> __interceptors::ChannelChain for Outbound<T>),
        quote!(impl<T: Tokens> __interceptors::Intercepted<Mine> for Outbound<T>),
        quote!(use a::b::__private),
    ] {
        assert!(output.contains(&kept.to_string()), "{kept}: {output}");
    }
    // The output contains nothing of the wrong entry.
    assert!(!output.contains("retry"), "{output}");
    let nothing = intercept_tokens(
        quote!(loging),
        quote!(
            pub struct UserServiceClient<T> {
                inner: tonic::client::Grpc<T>,
            }
        ),
    );
    assert!(!nothing.to_string().contains("wrap"), "{nothing}");
}

/// The end of a list in parentheses has no span. Without a span, the compiler would underline the whole attribute.
#[test]
fn unfinished_setting_is_reported_at_its_name() {
    for (args, name) in [
        ("retry(max = 3 +)", "max"),
        ("retry(max = )", "max"),
        ("retry(throttle(ratio = 1.0, tokens = 3 *))", "tokens"),
        ("logging(fields(user =))", "user"),
        ("logging(fields(user = %))", "user"),
        ("logging(fields(user = %request.))", "user"),
        ("with(a +)", "with"),
        ("auth(verifier = self.)", "verifier"),
    ] {
        let (message, column) = placed_error(args, block());
        assert!(message.contains(&format!("`{name}`")), "{args}: {message}");
        assert_eq!(column, args.find(name).unwrap(), "{args}: {message}");
    }
}

/// The only error, and its column.
fn placed_error(args: &str, item: TokenStream) -> (String, usize) {
    let tokens = intercept_tokens(args.parse().unwrap(), item);
    let message = error(args.parse().unwrap(), block());
    let first = tokens.into_iter().next().unwrap();
    (message, first.span().start().column)
}

#[test]
fn unreadable_setting_is_not_reported_as_missing() {
    let misspelt = error(quote!(rate_limit(per_secnd = 5)), block());
    assert!(
        misspelt.contains("did you mean `per_second`?"),
        "{misspelt}"
    );
    let misspelt = error(quote!(retry(throttle(token = 5, ratio = 0.1))), block());
    assert!(misspelt.contains("did you mean `tokens`?"), "{misspelt}");
    let misspelt = error(quote!(auth(tokn = TOKEN)), generated_client());
    assert!(misspelt.contains("did you mean `token`?"), "{misspelt}");
}

/// A service with as many methods of each kind as the compile-time benchmark.
fn large_service() -> TokenStream {
    let methods = (1..=50).map(|n| {
        let (method, stream) = (
            format_ident!("method{n:02}"),
            format_ident!("Method{n:02}Stream"),
        );
        let (request, reply) = (format_ident!("Request{n:02}"), format_ident!("Reply{n:02}"));
        let input = match n % 25 {
            0 | 10 | 20 => quote!(Streaming<#request>),
            _ => quote!(#request),
        };
        let (ty, output) = match n % 25 {
            0 | 5 | 15 => (
                quote!(type #stream = ReceiverStream<Result<#reply, Status>>;),
                quote!(Self::#stream),
            ),
            _ => (quote!(), quote!(#reply)),
        };
        quote! {
            #ty
            async fn #method(&self, request: Request<#input>) -> Result<Response<#output>, Status> {
                todo!()
            }
        }
    });
    quote! {
        #[tonic::async_trait]
        impl UserService for Users { #(#methods)* }
    }
}

fn count_tokens(tokens: TokenStream) -> usize {
    let trees = tokens.into_iter().map(|tree| match tree {
        TokenTree::Group(group) => 2 + count_tokens(group.stream()),
        _ => 1,
    });
    trees.sum()
}

/// Compile time grows with the number of tokens. `--nocapture` shows the number, and the time of the expansion.
#[test]
fn tokens_per_method_stay_bounded() {
    const METHODS: usize = 50;
    const MOST: usize = 900;
    let args = quote!(
        logging,
        auth(verifier = self.tokens, public = [method01, method02]),
        rate_limit(per_second = 100),
        retry(max = 3),
        with(self.audit)
    );
    let item = large_service();
    let written = count_tokens(item.clone()) / METHODS;
    let text = expansion(args.clone(), item.clone());
    let started = Instant::now();
    let expanded = intercept_tokens(args, item);
    let took = started.elapsed() / METHODS as u32;
    let tokens = count_tokens(expanded) / METHODS;
    println!(
        "per method: {tokens} tokens of {written}, {} lines, {} bytes as formatted, {took:?}",
        text.lines().count() / METHODS,
        text.len() / METHODS,
    );
    assert!(tokens <= MOST, "{tokens} tokens per method, at most {MOST}");
}

#[test]
fn retry_and_hedge_need_equal_throttles() {
    let args = |retry: TokenStream, hedge: TokenStream| {
        quote! {
            retry(throttle(tokens = #retry, ratio = 0.1), except = ["/user.v1.UserService/Get"]),
            hedge(throttle(tokens = #hedge, ratio = 0.1), only = ["/user.v1.UserService/Get"]),
        }
    };
    let item = || {
        quote!(
            struct Outbound;
        )
    };
    assert_eq!(
        error(args(quote!(10), quote!(20)), item()),
        "`retry` and `hedge` share one throttle; write `throttle(tokens = 10, ratio = 0.1)` in both"
    );
    // The plan shows both as `f(…)`.
    let message = error(args(quote!(f(10)), quote!(f(20))), item());
    assert!(message.contains("share one throttle"), "{message}");
    let same = errors(args(quote!(1_000), quote!(1000)), item());
    assert!(same.is_empty(), "{same:?}");
    let same = errors(args(quote!(f(10)), quote!(f(10))), item());
    assert!(same.is_empty(), "{same:?}");
}

#[test]
fn base64_matches_tonic() {
    for (bytes, text) in [
        (&b""[..], ""),
        (b"f", "Zg"),
        (b"fo", "Zm8"),
        (b"foo", "Zm9v"),
        (b"foob", "Zm9vYg"),
        (b"\xfb\xff\xfe", "+//+"),
    ] {
        assert_eq!(base64(bytes), text);
    }
}
