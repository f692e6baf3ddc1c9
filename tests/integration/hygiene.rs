//! The expansion under every lint that a project may have set.
#![deny(
    warnings,
    clippy::all,
    clippy::pedantic,
    future_incompatible,
    nonstandard_style,
    rust_2018_idioms,
    unused,
    keyword_idents,
    unused_qualifications,
    unreachable_pub,
    missing_docs,
    missing_debug_implementations,
    single_use_lifetimes,
    unused_lifetimes,
    elided_lifetimes_in_paths,
    unnameable_types,
    let_underscore_drop,
    redundant_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unused_import_braces,
    unused_results,
    variant_size_differences,
    non_ascii_idents,
    explicit_outlives_requirements,
    macro_use_extern_crate,
    meta_variable_misuse,
    absolute_paths_not_starting_with_crate,
    impl_trait_redundant_captures,
    redundant_imports,
    unit_bindings,
    unused_macro_rules
)]
#![forbid(unsafe_code)]

use std::fmt::Display;

use interceptors::auth::{Token, TokenCache, Verifier};
use interceptors::{Call, CallDetails, Intercepted as _, Interceptor, Next, intercept};
use interceptors_proto::shapes::{Word, echo_server, store_server::Store};
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status, Streaming};

/// Passes everything on.
#[derive(Debug)]
pub struct Pass;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Pass {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        next.run(call).await
    }
}

/// A public service with everything that an attribute can have.
#[derive(Debug)]
pub struct Public {
    pass: Pass,
}

impl Verifier for Public {
    type Identity = String;

    async fn verify(&self, token: &str, _: &CallDetails) -> Result<String, Status> {
        Ok(token.to_owned())
    }
}

#[intercept(
    logging(level = "debug", slow = "1s", fields(text = %request.text, debug = ?request, len = request.text.len()), only = [get, list]),
    auth(public = [get]),
    authorize(with = |caller| !caller.is_empty(), except = [get]),
    rate_limit(per_second = 1000, key = identity, except = [get]),
    load_shed(max = 100, per = service, retry_after = "2s"),
    concurrency(max = 10, queue = 5, wait = "1s"),
    retry(max = 1, base_delay = "1ms", throttle(tokens = 10, ratio = 0.1), codes = [Unavailable]),
    catch_panic(hook = |_: &interceptors::catch_panic::Panic<'_>| {}),
    timeout("1h", idle = "1m"),
    trace,
    metrics(recorder = interceptors::metrics::Recorder::global()),
    request_id(max_length = 64),
    payload(redact = [request.text], max_bytes = 100, level = "info"),
    audit_interceptor::audit(level = 3, strict, header = "x-a", only = [get]),
    with(self.pass),
    with(Pass, only = [sync])
)]
#[tonic::async_trait]
impl Store for Public {
    type ListStream = BoxStream<Word>;
    type SyncStream = Streaming<Word>;

    async fn get(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    #[intercept(
        rate_limit(per_minute = 60, burst = 2),
        catch_panic,
        timeout(idle = "1m"),
        skip(retry)
    )]
    async fn list(&self, request: Request<Word>) -> Result<Response<Self::ListStream>, Status> {
        // Calls a sibling method, so the hidden method gets another name.
        let word = self.get(request).await?.into_inner();
        Ok(Response::new(Box::pin(tokio_stream::once(Ok(word)))))
    }

    async fn put(&self, request: Request<Streaming<Word>>) -> Result<Response<Word>, Status> {
        let first = request.into_inner().message().await?;
        Ok(Response::new(first.unwrap_or_default()))
    }

    #[intercept(rate_limit(per_second = 5, key = metadata("x-key")), concurrency(adaptive(min = 1, max = 9, target = "50ms")))]
    async fn sync(
        &self,
        request: Request<Streaming<Word>>,
    ) -> Result<Response<Self::SyncStream>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

/// A public service with parameters of each kind.
#[derive(Debug)]
pub struct Generic<T, const N: usize>([T; N]);

#[intercept(
    catch_panic,
    trace,
    metrics,
    request_id,
    logging,
    timeout("1h"),
    rate_limit(per_second = 1000),
    concurrency(max = 10),
    load_shed(max = 10, per = service),
    retry,
    with(Pass)
)]
#[tonic::async_trait]
impl<T, const N: usize> echo_server::Echo for Generic<T, N>
where
    T: Display + Send + Sync + 'static,
{
    async fn say(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        let mut word = request.into_inner();
        for item in &self.0 {
            word.text += &item.to_string();
        }
        Ok(Response::new(word))
    }
}

/// A service whose methods have names that lints look at.
mod conventions {
    use super::{Pass, Request, Response, Status, Word, intercept};

    // Generated traits turn all lints off. The expansion of their implementations does not.
    #[allow(clippy::wrong_self_convention, clippy::new_ret_no_self)]
    #[tonic::async_trait]
    pub(super) trait Conventions {
        async fn from_text(&self, request: Request<Word>) -> Result<Response<Word>, Status>;
        async fn into_text(&self, request: Request<Word>) -> Result<Response<Word>, Status>;
        async fn new(&self, request: Request<Word>) -> Result<Response<Word>, Status>;
        async fn is_text(&self, request: Request<Word>) -> Result<Response<Word>, Status>;
    }

    pub(super) struct Service;

    #[intercept(with(Pass))]
    #[tonic::async_trait]
    impl Conventions for Service {
        async fn from_text(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }

        async fn into_text(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }

        async fn new(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }

        async fn is_text(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }
}

/// The calling side: a chain for channels and a hand-written client, public and with every entry.
pub mod clients {
    use std::sync::Arc;

    use interceptors::auth::TokenCache;
    use interceptors_proto::shapes::Word;
    use tonic::{Request, Response, Status};

    use super::{Pass, intercept};

    /// A chain for channels.
    #[intercept(
        trace,
        metrics,
        request_id,
        logging,
        deadline("2s"),
        retry(max = 1, throttle(tokens = 10, ratio = 0.1), buffer_size = 1000),
        circuit_breaker(failures = 3, open_for = "1s", probes = 2, codes = [Aborted]),
        concurrency(max = 10, per = service),
        auth(token = self.tokens, public = ["/shapes.v1.Echo/Say"]),
        metadata("x-trace" = trace(), "x-name" = self.name().await?, "x-digest-bin" = b"abc"),
        audit_interceptor::audit(level = 3, strict),
        with(Pass, except = ["/shapes.v1.Echo/Say"])
    )]
    #[derive(Debug, Clone)]
    pub struct Outbound<T: AsRef<str> + Sync> {
        tokens: Arc<TokenCache>,
        name: T,
    }

    impl<T: AsRef<str> + Sync> Outbound<T> {
        async fn name(&self) -> Result<&str, Status> {
            std::future::ready(Ok(self.name.as_ref())).await
        }
    }

    fn trace() -> u64 {
        7
    }

    /// A hand-written client.
    #[derive(Debug)]
    pub struct HandWritten {
        calls: u32,
        tokens: Arc<TokenCache>,
    }

    impl HandWritten {
        pub(super) fn new(tokens: Arc<TokenCache>) -> Self {
            Self { calls: 0, tokens }
        }
    }

    #[intercept(
        service = "shapes.v1.Echo",
        trace,
        metrics,
        request_id,
        logging(fields(text = %request.text)),
        deadline("2s"),
        retry(only = [say]),
        circuit_breaker(failure_ratio = 0.5, window = "1s", min_calls = 5, per = service),
        hedge(delay = "1ms", only = [shout]),
        load_shed(max = 10),
        payload(show = [request.text, response.text]),
        ::audit_interceptor::Audit(level = 3),
        auth(token = Arc::clone(&self.tokens)),
        metadata("x-trace" = trace())
    )]
    impl HandWritten {
        /// Says it.
        pub async fn say(&mut self, request: Request<Word>) -> Result<Response<Word>, Status> {
            self.calls += 1;
            Ok(Response::new(request.into_inner()))
        }

        /// Shouts it.
        pub(super) async fn shout(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }
}

#[tokio::test]
async fn expansion_passes_all_lints() {
    let ask = || Request::new(Word::default());
    let public = Public { pass: Pass };
    assert!(public.get(ask()).await.is_ok());
    // `get` is public. `list` is not, and this call has no token.
    assert!(public.list(ask()).await.is_err());
    assert_eq!(Public::PLAN.methods().len(), 4);

    let said = echo_server::Echo::say(&Generic([1, 2]), ask()).await;
    assert_eq!(
        said.map(|word| word.into_inner().text).ok().as_deref(),
        Some("12")
    );

    let service = conventions::Service;
    for answer in [
        conventions::Conventions::from_text(&service, ask()).await,
        conventions::Conventions::into_text(&service, ask()).await,
        conventions::Conventions::new(&service, ask()).await,
        conventions::Conventions::is_text(&service, ask()).await,
    ] {
        assert!(answer.is_ok());
    }

    let tokens = TokenCache::new(|| async { Ok(Token::new("token")) });
    let mut hand_written = clients::HandWritten::new(std::sync::Arc::new(tokens));
    assert!(hand_written.say(ask()).await.is_ok());
    assert!(hand_written.shout(ask()).await.is_ok());
    assert_eq!(clients::Outbound::<String>::PLAN.methods().len(), 2);
}
