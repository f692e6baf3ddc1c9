use interceptors::auth::StaticTokens;
use interceptors::{Outcome, intercept};
use interceptors_proto::demo::user_service_server::UserServiceServer;
use interceptors_tests::{Behaviour, Caller, Ends, KINDS, Script, WatchEnds, scripted};
use tonic::Code;

use super::served;

#[intercept(
    server,
    with(self.ends),
    catch_panic,
    auth(verifier = self.tokens, public = ["/demo.v1.UserService/Login", "/grpc.health.v1.Health/*"]),
    rate_limit(per_second = 1000),
)]
struct Inbound {
    ends: WatchEnds,
    tokens: StaticTokens<&'static str>,
}

#[derive(Clone, Default)]
struct Plain {
    script: Script,
}

scripted!(self: Plain);

#[tokio::test]
async fn observers_see_each_calls_final_status_once() {
    let (ends, mut told) = Ends::new();
    let inbound = Inbound {
        ends,
        tokens: StaticTokens::new([("a-token-of-ann", "ann")]).unwrap(),
    };
    let channel = served(inbound.layer(), UserServiceServer::new(Plain::default())).await;
    let caller = Caller::new(&channel);
    for kind in KINDS {
        assert_eq!(caller.call(kind).await.code(), Code::Unauthenticated);
        let end = told.next().await;
        assert_eq!(
            (end.code, end.outcome),
            (Code::Unauthenticated, Outcome::Error)
        );
        let caller = caller.with("authorization", "Bearer a-token-of-ann");
        assert_eq!(caller.call(kind).await.code(), Code::Ok);
        let end = told.next().await;
        assert_eq!((end.code, end.outcome), (Code::Ok, Outcome::Ok));
        let failing = caller.told(Behaviour::FailAfter(2, Code::NotFound));
        assert_eq!(failing.call(kind).await.code(), Code::NotFound);
        let end = told.next().await;
        assert_eq!((end.code, end.outcome), (Code::NotFound, Outcome::Error));
        let panicking = caller.told(Behaviour::Panic);
        assert_eq!(panicking.call(kind).await.code(), Code::Internal);
        let end = told.next().await;
        assert_eq!((end.code, end.outcome), (Code::Internal, Outcome::Panicked));
    }
}
