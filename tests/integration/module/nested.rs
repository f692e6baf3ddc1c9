//! Server structs around the server, and retries after decoding.

use interceptors::Intercepted as _;
use interceptors_proto::demo::FlakyRequest;
use interceptors_tests::{Caller, Gate, KINDS, Recorder, Script, Someone, Steps, scripted, serve};
use tonic::Code;
use tonic::service::Routes;

use crate::servers::demo::user_service_server::{UserService, UserServiceServer};

struct Behind {
    script: Script,
    inner: Recorder,
}

scripted!(self: Behind as [UserService], #[intercept(
    auth(by = Gate, public = [login]),
    authorize(with = |who: &Someone| who.0 != "mallory", except = [login]),
    with(self.inner),
)]);

#[tokio::test]
async fn identity_comes_from_the_struct_around_the_server() {
    let (script, steps) = (Script::default(), Steps::default());
    let service = Behind {
        script: script.clone(),
        inner: steps.recorder("inner"),
    };
    let tokens = [("a-token-of-ann", "ann"), ("a-token-of-mallory", "mallory")];
    let server = Gate::new(tokens)
        .unwrap()
        .wrap(UserServiceServer::new(service));
    let channel = serve(Routes::new(server)).await;
    let nobody = Caller::new(&channel);
    let ann = nobody.with("authorization", "Bearer a-token-of-ann");
    let mallory = nobody.with("authorization", "Bearer a-token-of-mallory");
    for kind in KINDS {
        assert_eq!(nobody.call(kind).await.code(), Code::Unauthenticated);
        assert_eq!(mallory.call(kind).await.code(), Code::PermissionDenied);
        assert_eq!((script.runs(), steps.take()), (0, String::new()), "{kind}");
    }
    for kind in KINDS {
        assert_eq!(ann.call(kind).await.code(), Code::Ok, "{kind}");
        assert_eq!(steps.take(), ">inner <inner");
    }
}

struct Retried {
    script: Script,
    outer: Recorder,
    inner: Recorder,
}

scripted!(self: Retried as [UserService], #[intercept(
    with(self.outer),
    retry(max = 3, base_delay = "1ms", jitter = 0.0),
    with(self.inner),
)]);

#[tokio::test]
async fn retries_run_after_decoding() {
    let (script, steps) = (Script::default(), Steps::default());
    let service = Retried {
        script: script.clone(),
        outer: steps.recorder("outer"),
        inner: steps.recorder("inner"),
    };
    let channel = serve(Routes::new(UserServiceServer::new(service))).await;
    let request = FlakyRequest {
        failures: 2,
        code: Code::Unavailable as i32,
        ..FlakyRequest::default()
    };
    let answer = Caller::new(&channel).client().flaky(request).await;
    assert_eq!(answer.unwrap().into_inner().attempts, 3);
    assert_eq!(
        steps.take(),
        ">outer >inner <inner >inner <inner >inner <inner <outer"
    );
    let plan = UserServiceServer::<Retried>::PLAN;
    let before: Vec<_> = plan.methods()[0].before_decoding().collect();
    assert_eq!(before, ["with"]);
}
