use interceptors::auth::{RequestExt, StaticTokens};
use interceptors::{Call, Interceptor, Next};
use interceptors_proto::demo::user_service_server::UserServiceServer;
use interceptors_tests::{Caller, KINDS, Script, scripted, serve};
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status};

#[derive(Debug, Clone, PartialEq)]
struct Machine(&'static str);

#[derive(Clone)]
struct Users {
    script: Script,
    tokens: StaticTokens<Machine>,
    expected: Machine,
}

/// Checks the identity that `auth` has set.
struct Expect<'a>(&'a Machine);

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Expect<'_> {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let mut request = Request::new(());
        *request.extensions_mut() = call.extensions().clone();
        assert_eq!(request.identity::<Machine>()?, self.0);
        next.run(call).await
    }
}

scripted!(self: Users, #[intercept(
    auth(verifier = self.tokens, header = "x-api-key", scheme = ""),
    with(Expect(&self.expected)),
)]);

#[tokio::test]
async fn known_tokens_identify_callers_and_others_are_rejected_alike() {
    let machines = ["backup", "audit", "deploy"].map(Machine);
    let known = ["k-1f03", "k-7bd2-and-more", "k-2"];
    let tokens = StaticTokens::new(known.into_iter().zip(machines.clone())).unwrap();
    for (token, machine) in known.into_iter().zip(machines) {
        let service = Users {
            script: Script::default(),
            tokens: tokens.clone(),
            expected: machine,
        };
        let channel = serve(Routes::new(UserServiceServer::new(service.clone()))).await;
        let caller = Caller::new(&channel);
        for kind in KINDS {
            let known = caller.with("x-api-key", token);
            assert_eq!(known.call(kind).await.code(), Code::Ok, "{kind}");
            let mut refused = Vec::new();
            for other in ["", "k-1f0", "k-1f033", "K-1f03", "k", "unknown"] {
                let reply = caller.with("x-api-key", other).call(kind).await;
                refused.push((reply.code(), reply.status.message().to_owned()));
            }
            let missing = caller.call(kind).await;
            assert_eq!(missing.code(), Code::Unauthenticated);
            for reply in refused {
                assert_eq!(reply, (missing.code(), missing.status.message().to_owned()));
            }
        }
        assert_eq!(service.script.runs(), 4);
    }
}
