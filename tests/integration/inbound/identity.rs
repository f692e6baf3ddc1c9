use interceptors::auth::{StaticTokens, Verifier};
use interceptors::{Intercepted as _, Kind, intercept};
use interceptors_proto::demo::user_service_server::{UserService as _, UserServiceServer};
use interceptors_proto::demo::{GetUserRequest, LoginRequest};
use interceptors_tests::{Caller, Gate, KINDS, Script, Someone, scripted, serve};
use tonic::service::Routes;
use tonic::{Code, Request};

use super::served;

/// Requires the mount of another crate.
#[derive(Clone, Default)]
struct Behind {
    script: Script,
}

scripted!(self: Behind, #[intercept(
    auth(by = Gate, public = [login]),
    authorize(with = |who: &Someone| who.0 != "mallory", except = [login]),
    rate_limit(per_second = 1000, key = identity, except = [login]),
)]);

fn gate() -> Gate {
    Gate::new([("a-token-of-ann", "ann"), ("a-token-of-mallory", "mallory")]).unwrap()
}

#[tokio::test]
async fn identity_comes_from_the_mount() {
    let service = Behind::default();
    let channel = served(gate().layer(), UserServiceServer::new(service.clone())).await;
    let nobody = Caller::new(&channel);
    let ann = nobody.with("authorization", "Bearer a-token-of-ann");
    let mallory = nobody.with("authorization", "Bearer a-token-of-mallory");
    for kind in KINDS {
        assert_eq!(nobody.call(kind).await.code(), Code::Unauthenticated);
        assert_eq!(mallory.call(kind).await.code(), Code::PermissionDenied);
        assert_eq!(service.script.runs(), 0);
    }
    for kind in KINDS {
        assert_eq!(ann.call(kind).await.code(), Code::Ok, "{kind}");
    }
    // Public at the mount and in the service.
    let login = nobody.client().login(LoginRequest::default()).await;
    assert_ne!(
        login.map_or_else(|it| it.code(), |_| Code::Ok),
        Code::Unauthenticated
    );
    // Public at the mount but not in the service. A token does not help, because the mount has not verified it.
    for caller in [&nobody, &ann] {
        let flaky = caller
            .client()
            .flaky(caller.request(Default::default()))
            .await;
        assert_eq!(flaky.unwrap_err().code(), Code::Unauthenticated);
    }
}

#[tokio::test]
async fn call_that_bypasses_the_mount_is_an_internal_error() {
    let service = Behind::default();
    let channel = serve(Routes::new(UserServiceServer::new(service.clone()))).await;
    let caller = Caller::new(&channel).with("authorization", "Bearer a-token-of-ann");
    for kind in KINDS {
        assert_eq!(caller.call(kind).await.code(), Code::Internal);
    }
    let direct = service
        .get_user(Request::new(GetUserRequest::default()))
        .await;
    assert_eq!(direct.unwrap_err().code(), Code::Internal);
    assert_eq!(service.script.runs(), 0);
}

/// Another mount, whose identity has another type.
#[intercept(server, auth(verifier = self.0, public = ["/demo.v1.UserService/GetUser"]))]
struct Outer(StaticTokens<u8>);

#[derive(Clone, Default)]
struct BehindBoth {
    script: Script,
}

scripted!(self: BehindBoth, #[intercept(auth(by = Outer, public = [get_user]), with(ByGate))]);

/// Requires an identity from the inner mount.
struct ByGate;

impl<Req: Send, Res: Send> interceptors::Interceptor<Req, Res> for ByGate {
    async fn intercept(
        &self,
        call: &mut interceptors::Call<Req>,
        next: &mut impl interceptors::Next<Req, Res>,
    ) -> Result<tonic::Response<Res>, tonic::Status> {
        let gate = interceptors::auth::By::<Gate>::new();
        gate.intercept(call, next).await
    }
}

#[tokio::test]
async fn mounts_can_be_nested() {
    let service = BehindBoth::default();
    let outer = Outer(StaticTokens::new([("a-token-of-ann", 1)]).unwrap());
    let inner = gate().wrap(UserServiceServer::new(service));
    let channel = served(outer.layer(), inner).await;
    let ann = Caller::new(&channel).with("authorization", "Bearer a-token-of-ann");
    for kind in KINDS {
        assert_eq!(ann.call(kind).await.code(), Code::Ok, "{kind}");
    }
    // `GetUser` is public at the outer mount, so only the inner mount checks its token.
    let mallory = Caller::new(&channel).with("authorization", "Bearer a-token-of-mallory");
    assert_eq!(mallory.call(Kind::Unary).await.code(), Code::Ok);
    assert_eq!(
        mallory.call(Kind::ServerStreaming).await.code(),
        Code::Unauthenticated
    );
    let nobody = Caller::new(&channel);
    assert_eq!(nobody.call(Kind::Unary).await.code(), Code::Unauthenticated);
}

/// A struct with type parameters.
#[intercept(server, auth(verifier = self.verifier))]
struct Labelled<V: Verifier, Label: Send + Sync + 'static> {
    verifier: V,
    _label: Label,
}

#[derive(Clone, Default)]
struct BehindLabelled {
    script: Script,
}

scripted!(self: BehindLabelled, #[intercept(
    auth(by = Labelled<StaticTokens<Someone>, &'static str>),
    rate_limit(per_second = 1000, key = identity),
)]);

#[tokio::test]
async fn struct_with_type_parameters_is_named_as_a_type() {
    let service = BehindLabelled::default();
    let mount = Labelled {
        verifier: StaticTokens::new([("a-token-of-ann", Someone("ann"))]).unwrap(),
        _label: "outer",
    };
    let channel = served(mount.layer(), UserServiceServer::new(service)).await;
    let nobody = Caller::new(&channel);
    let ann = nobody.with("authorization", "Bearer a-token-of-ann");
    assert_eq!(nobody.call(Kind::Unary).await.code(), Code::Unauthenticated);
    assert_eq!(ann.call(Kind::Unary).await.code(), Code::Ok);
    let plan = BehindLabelled::PLAN.to_string();
    assert!(plan.contains("by=Labelled<StaticTokens<Someone>"), "{plan}");
}
