//! The expansion where the prelude is missing, and where its names mean something else.
#![no_implicit_prelude]

mod taken {
    //! The project's own types and macros, under names that generated code might use.
    #![allow(dead_code, unused_macros, unused_imports, non_camel_case_types)]

    pub(super) struct Result;
    pub(super) struct Option;
    pub(super) struct Some;
    pub(super) struct None;
    pub(super) struct Ok;
    pub(super) struct Err;
    pub(super) struct Status;
    pub(super) struct Call;
    pub(super) struct Next;
    pub(super) struct Chain;
    pub(super) struct Plan;
    pub(super) struct Probe;
    pub(super) struct Handler;
    pub(super) struct Handlers;
    pub(super) struct Intercepted;
    pub(super) struct Interceptor;
    pub(super) struct ResponseStream;
    pub(super) struct Request;
    pub(super) struct Response;
    pub(super) struct Streaming;
    pub(super) struct Box;
    pub(super) struct Arc;
    pub(super) struct Pin;
    pub(super) struct Send;
    pub(super) struct Sync;
    pub(super) struct Sized;
    pub(super) struct Clone;
    pub(super) struct Future;
    pub(super) struct String;
    pub(super) struct Vec;
    pub(super) struct Duration;
    pub(super) struct Into;
    pub(super) struct From;
    pub(super) struct Iterator;
    pub(super) struct FnMut;
    pub(super) struct ToString;
    pub(super) struct str;
    pub(super) struct bool;
    pub(super) struct u64;

    macro_rules! assert {
        ($($any:tt)*) => {
            ::core::compile_error!("the project's own `assert!`")
        };
    }
    macro_rules! format {
        ($($any:tt)*) => {
            ::core::compile_error!("the project's own `format!`")
        };
    }
    pub(super) use {assert, format};

    pub(super) mod tonic {}
    pub(super) mod interceptors {}
    pub(super) mod tracing {}
    pub(super) mod std {}
    pub(super) mod core {}
    pub(super) mod tokio {}
}

#[allow(unused_imports)]
use taken::*;

pub(crate) struct Pass;

impl<Req: ::core::marker::Send, Res: ::core::marker::Send> ::interceptors::Interceptor<Req, Res>
    for Pass
{
    async fn intercept(
        &self,
        call: &mut ::interceptors::Call<Req>,
        next: &mut impl ::interceptors::Next<Req, Res>,
    ) -> ::core::result::Result<::tonic::Response<Res>, ::tonic::Status> {
        next.run(call).await
    }
}

struct Service {
    pass: Pass,
}

#[derive(::core::clone::Clone)]
struct Caller;

impl ::interceptors::authorize::HasRole for Caller {
    fn has_role(&self, _: &::core::primitive::str) -> ::core::primitive::bool {
        true
    }
}

impl ::interceptors::auth::Verifier for Service {
    type Identity = Caller;

    async fn verify(
        &self,
        _: &::core::primitive::str,
        _: &::interceptors::CallDetails,
    ) -> ::core::result::Result<Caller, ::tonic::Status> {
        ::core::result::Result::Ok(Caller)
    }
}

// `#[async_trait]` itself wants `Box` in scope, so the futures are boxed by hand.
fn on_panic(_: &::interceptors::catch_panic::Panic<'_>) {}

#[::interceptors::intercept(
    logging(level = "debug", slow = "1s", fields(text = %request.text, debug = ?request, len = request.text.len())),
    auth,
    authorize(role = "admin"),
    authorize(with = |_| true),
    rate_limit(per_second = 1000, burst = 5, key = metadata("x-key")),
    load_shed(max = 100, per = service),
    concurrency(max = 10, queue = 5, wait = "1s"),
    retry(max = 1, base_delay = "1ms", throttle(tokens = 10, ratio = 0.1), codes = [Unavailable]),
    catch_panic(hook = on_panic),
    timeout("1h", idle = "1m"),
    trace,
    metrics,
    request_id,
    payload(redact = [request.text, response.text], max_bytes = 10, level = "info"),
    ::audit_interceptor::audit(level = 3),
    with(self.pass),
    with(Pass)
)]
impl ::interceptors_proto::shapes::echo_server::Echo for Service {
    fn say<'life0, 'async_trait>(
        &'life0 self,
        request: ::tonic::Request<::interceptors_proto::shapes::Word>,
    ) -> ::core::pin::Pin<
        ::std::boxed::Box<
            dyn ::core::future::Future<
                    Output = ::core::result::Result<
                        ::tonic::Response<::interceptors_proto::shapes::Word>,
                        ::tonic::Status,
                    >,
                > + ::core::marker::Send
                + 'async_trait,
        >,
    >
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        ::std::boxed::Box::pin(async move {
            ::core::result::Result::Ok(::tonic::Response::new(request.into_inner()))
        })
    }
}

mod native {
    //! The same without a box: streams, receivers by `Arc`, parameters.
    #[allow(unused_imports)]
    use super::taken::*;

    type Answer<T> = ::core::result::Result<::tonic::Response<T>, ::tonic::Status>;
    type Word = ::interceptors_proto::shapes::Word;
    pub(super) type Words = ::tokio_stream::Once<::core::result::Result<Word, ::tonic::Status>>;

    pub(super) trait Native {
        type ListStream;

        fn get(
            self: ::std::sync::Arc<Self>,
            request: ::tonic::Request<Word>,
        ) -> impl ::core::future::Future<Output = Answer<Word>> + ::core::marker::Send;

        fn list(
            &self,
            request: ::tonic::Request<Word>,
        ) -> impl ::core::future::Future<Output = Answer<Self::ListStream>> + ::core::marker::Send;
    }

    pub(super) struct Service<T>(pub(super) T);

    #[::interceptors::intercept(
        service = "hygiene.Native",
        trace,
        metrics,
        request_id,
        logging,
        rate_limit(per_second = 1000),
        retry,
        catch_panic,
        timeout(idle = "1m"),
        payload(show = [request.text, response.text]),
        with(super::Pass)
    )]
    impl<T: ::core::marker::Send + ::core::marker::Sync> Native for Service<T> {
        type ListStream = Words;

        async fn get(
            self: ::std::sync::Arc<Self>,
            request: ::tonic::Request<Word>,
        ) -> Answer<Word> {
            ::core::result::Result::Ok(::tonic::Response::new(request.into_inner()))
        }

        async fn list(&self, request: ::tonic::Request<Word>) -> Answer<Self::ListStream> {
            let word = ::core::result::Result::Ok(request.into_inner());
            ::core::result::Result::Ok(::tonic::Response::new(::tokio_stream::once(word)))
        }
    }
}

mod clients {
    //! The calling side.
    #[allow(unused_imports)]
    use super::taken::*;

    type Word = ::interceptors_proto::shapes::Word;

    #[::interceptors::intercept(
        trace,
        metrics,
        request_id,
        logging,
        deadline("2s"),
        retry(throttle(tokens = 10, ratio = 0.1)),
        circuit_breaker(failures = 3),
        load_shed(max = 10, per = service),
        auth(token = self.tokens, public = ["/shapes.v1.Echo/Say"]),
        metadata("x-trace" = 7_u32, "x-bin" = b"abc"),
        ::audit_interceptor::audit(level = 3),
        with(super::Pass)
    )]
    pub(super) struct Outbound {
        pub(super) tokens: ::interceptors::auth::TokenCache,
    }

    pub(super) struct HandWritten;

    #[::interceptors::intercept(
        service = "shapes.v1.Echo",
        logging,
        deadline("2s"),
        metadata("x-trace" = 7_u32, "x-bin" = b"abc"),
        circuit_breaker,
        payload(redact = [request.text]),
        hedge(delay = "1ms", only = [say]),
        retry(only = [say_mut])
    )]
    impl HandWritten {
        pub(super) async fn say(
            &self,
            request: ::tonic::Request<Word>,
        ) -> ::core::result::Result<::tonic::Response<Word>, ::tonic::Status> {
            ::core::result::Result::Ok(::tonic::Response::new(request.into_inner()))
        }

        pub(super) async fn say_mut(
            &mut self,
            request: ::tonic::Request<Word>,
        ) -> ::core::result::Result<::tonic::Response<Word>, ::tonic::Status> {
            ::core::result::Result::Ok(::tonic::Response::new(request.into_inner()))
        }
    }
}

#[::core::prelude::v1::test]
fn expansion_does_not_use_names_in_scope() {
    use ::interceptors_proto::shapes::Word;
    use ::interceptors_proto::shapes::echo_server::Echo as _;
    use native::Native as _;

    let runtime = ::tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        let ask = || ::tonic::Request::new(<Word as ::core::default::Default>::default());
        // Only the missing token ends this call.
        let status = Service { pass: Pass }.say(ask()).await.unwrap_err();
        ::core::assert_eq!(status.code(), ::tonic::Code::Unauthenticated);
        let service = ::std::sync::Arc::new(native::Service(7));
        ::core::assert!(service.list(ask()).await.is_ok());
        ::core::assert!(service.get(ask()).await.is_ok());
        ::core::assert!(clients::HandWritten.say(ask()).await.is_ok());
        let mut hand_written = clients::HandWritten;
        ::core::assert!(hand_written.say_mut(ask()).await.is_ok());
        let token = || async { ::core::result::Result::Ok(::interceptors::auth::Token::new("")) };
        let tokens = ::interceptors::auth::TokenCache::new(token);
        let channel = clients::Outbound { tokens }.wrap(());
        ::core::assert!(::std::format!("{channel:?}").starts_with("InterceptedChannel"));
    });
    let plan = <native::Service<()> as ::interceptors::Intercepted<_>>::PLAN;
    ::core::assert_eq!(plan.methods()[1].path(), "/hygiene.Native/List");
}
