//! The crate under other names, in a crate where `interceptors` means something else.

// From here on `::interceptors` is this crate, which has nothing that generated code could use.
extern crate interceptors as renamed;
extern crate self as interceptors;

use interceptors_proto::shapes::{Word, echo_server::Echo, store_server::Store};
use renamed::auth::Verifier;
use renamed::{Call, CallDetails, Intercepted as _, Interceptor, Next};
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status, Streaming};

/// As a framework would re-export the crate.
mod framework {
    pub(crate) mod deeper {
        pub(crate) use renamed::*;
    }
}

struct Pass;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Pass {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        next.run(call).await
    }
}

struct Renamed;

impl Verifier for Renamed {
    type Identity = String;

    async fn verify(&self, token: &str, _: &CallDetails) -> Result<String, Status> {
        Ok(token.to_owned())
    }
}

#[renamed::intercept(
    logging(slow = "1s", level = "debug", fields(text = %request.text), only = [get]),
    auth(public = [get]),
    rate_limit(per_second = 100, key = identity, except = [get]),
    load_shed(max = 100, per = service),
    concurrency(max = 10),
    retry(max = 1, throttle(tokens = 10, ratio = 0.1), codes = [Unavailable]),
    catch_panic(hook = |_: &renamed::catch_panic::Panic<'_>| {}),
    timeout("1h", idle = "1m"),
    payload(redact = [request.text], level = "info"),
    with(Pass),
    // At any position.
    crate = renamed
)]
#[tonic::async_trait]
impl Store for Renamed {
    type ListStream = BoxStream<Word>;
    type SyncStream = Streaming<Word>;

    async fn get(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    #[intercept(logging, rate_limit(per_second = 5, key = metadata("x-key")))]
    async fn list(&self, request: Request<Word>) -> Result<Response<Self::ListStream>, Status> {
        let word = request.into_inner();
        Ok(Response::new(Box::pin(tokio_stream::once(Ok(word)))))
    }

    async fn put(&self, request: Request<Streaming<Word>>) -> Result<Response<Word>, Status> {
        let first = request.into_inner().message().await?;
        Ok(Response::new(first.unwrap_or_default()))
    }

    async fn sync(
        &self,
        request: Request<Streaming<Word>>,
    ) -> Result<Response<Self::SyncStream>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

mod users {
    //! Paths that exist only in this module.
    use super::{Echo, Request, Response, Status, Word, framework, framework::deeper};

    macro_rules! echo {
        ($($service:ident through $krate:path;)*) => {$(
            pub(super) struct $service;

            #[super::framework::deeper::intercept(crate = $krate, logging, retry, with(super::Pass))]
            #[tonic::async_trait]
            impl Echo for $service {
                async fn say(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
                    Ok(Response::new(request.into_inner()))
                }
            }
        )*};
    }

    echo! {
        ByImport through deeper;
        ByRelativePath through framework::deeper;
        BySuper through super::framework::deeper;
        ByCrate through crate::framework::deeper;
        ByExternCrate through ::renamed;
    }
}

mod clients {
    use super::{Request, Response, Status, Word};

    #[renamed::intercept(crate = renamed, logging, deadline("2s"), metadata("x-a" = "a"), audit_interceptor::audit, retry)]
    pub(super) struct Outbound;

    pub(super) struct HandWritten;

    #[super::framework::deeper::intercept(
        crate = super::framework::deeper,
        service = "shapes.v1.Echo",
        logging,
        deadline("2s"),
        metadata("x-a" = "a"),
        retry
    )]
    impl HandWritten {
        pub(super) async fn say(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }
}

#[tokio::test]
async fn crate_may_be_renamed_or_re_exported() {
    let ask = || Request::new(Word::default());
    let services: [&dyn Echo; 5] = [
        &users::ByImport,
        &users::ByRelativePath,
        &users::BySuper,
        &users::ByCrate,
        &users::ByExternCrate,
    ];
    for service in services {
        assert!(service.say(ask()).await.is_ok());
    }
    assert!(Renamed.get(ask()).await.is_ok());
    assert!(clients::HandWritten.say(ask()).await.is_ok());
    let _ = clients::Outbound.wrap(());
    assert_eq!(Renamed::PLAN.methods().len(), 4);
}
