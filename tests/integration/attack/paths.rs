//! A caller chooses the path, but cannot choose the policy of a method by its spelling.

use axum::extract::OriginalUri;
use interceptors::auth::StaticTokens;
use interceptors::metrics::Recorder;
use interceptors_proto::demo::user_service_server::{UserService as _, UserServiceServer};
use interceptors_proto::demo::{GetUserRequest, User};
use interceptors_tests::{Script, scripted, serve};
use prometheus::Registry;
use tonic::client::Grpc;
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

struct Guarded {
    script: Script,
    tokens: StaticTokens<()>,
}

scripted!(self: Guarded, #[intercept(auth(verifier = self.tokens, public = [login]))]);

async fn get_user(channel: &Channel, path: &str) -> Result<User, Status> {
    let mut grpc = Grpc::new(channel.clone());
    grpc.ready().await.unwrap();
    let codec = tonic_prost::ProstCodec::<GetUserRequest, User>::default();
    let request = Request::new(GetUserRequest::default());
    let response = grpc.unary(request, path.parse().unwrap(), codec).await?;
    Ok(response.into_inner())
}

#[tokio::test]
async fn no_path_spelling_bypasses_auth() {
    for prefix in ["", "/tenant"] {
        let script = Script::default();
        let tokens = StaticTokens::new([("s3cret", ())]).unwrap();
        let service = UserServiceServer::new(Guarded {
            script: script.clone(),
            tokens,
        });
        let routes = Routes::new(service);
        let routes = match prefix {
            "" => routes,
            _ => {
                let inner = routes.into_axum_router();
                Routes::from(axum::Router::new().nest(prefix, inner))
            }
        };
        let channel = serve(routes).await;
        for path in [
            "/demo.v1.UserService/GetUser",
            "/demo.v1.UserService/GetUser/",
            "//demo.v1.UserService/GetUser",
            "/demo.v1.UserService//GetUser",
            "/demo.v1.UserService/GetUser?/demo.v1.UserService/Login",
            "/demo.v1.UserService/getuser",
            "/demo.v1.UserService/get_user",
            "/demo.v1.UserService/%47etUser",
            "/demo.v1.UserService%2fGetUser",
            "/demo.v1.UserService/Login/../GetUser",
            "/demo.v1.UserService/./GetUser",
            "/demo.v1.UserService/GetUser;Login",
            "/Demo.V1.UserService/GetUser",
            "/other/demo.v1.UserService/GetUser",
        ] {
            let path = format!("{prefix}{path}");
            let status = get_user(&channel, &path).await.unwrap_err();
            let is_refused = matches!(status.code(), Code::Unauthenticated | Code::Unimplemented);
            assert!(is_refused, "{path}: {status:?}");
        }
        assert_eq!(script.runs(), 0, "{prefix}");
        let login = format!("{prefix}/demo.v1.UserService/Login");
        // The public method needs no token.
        let _ = get_user(&channel, &login).await;
        assert_eq!(script.runs(), 1, "{prefix}");
    }
}

struct Measured {
    script: Script,
    recorder: Recorder,
}

scripted!(self: Measured, #[intercept(metrics(recorder = self.recorder))]);

/// If a router nests a service under a pattern, the caller chooses a part of the path.
#[tokio::test]
async fn made_up_path_prefixes_create_no_series() {
    let registry = Registry::new();
    let service = Measured {
        script: Script::default(),
        recorder: Recorder::prometheus(&registry).unwrap(),
    };
    let call = async |prefix: String| {
        let mut request = Request::new(GetUserRequest::default());
        let uri = format!("http://localhost{prefix}/demo.v1.UserService/GetUser");
        request
            .extensions_mut()
            .insert(OriginalUri(uri.parse().unwrap()));
        service.get_user(request).await.unwrap();
    };
    for tenant in 0..2000 {
        call(format!("/{tenant}")).await;
    }
    call(String::new()).await;
    let families = registry.gather();
    let started = families
        .iter()
        .find(|family| family.name() == "grpc_server_started_total")
        .unwrap();
    let [series] = started.get_metric() else {
        panic!("{started:?}");
    };
    let labels: Vec<_> = series
        .get_label()
        .iter()
        .map(|label| label.value())
        .collect();
    assert_eq!(labels, ["GetUser", "demo.v1.UserService", "unary"]);
    assert_eq!(series.get_counter().get_value(), 2001.0);
}
