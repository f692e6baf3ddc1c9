//! Calls that the policy sees and that never reach a handler.

use std::pin::Pin;

use interceptors::auth::StaticTokens;
use interceptors::{Intercepted as _, Kind};
use interceptors_proto::demo::GetUserRequest;
use interceptors_tests::{Caller, KINDS, Recorder, Script, Steps, scripted, serve};
use tonic::body::Body;
use tonic::codegen::http;
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tower::ServiceExt as _;

use crate::servers::demo::user_service_server::{UserService, UserServiceServer};

struct Users {
    script: Script,
    outer: Recorder,
    login: Recorder,
    inner: Recorder,
    tokens: StaticTokens<&'static str>,
}

scripted!(self: Users as [UserService], #[intercept(
    with(self.outer),
    with(self.login, only = [login]),
    auth(verifier = self.tokens, public = [login]),
    with(self.inner),
)]);

fn users() -> (Users, Script, Steps) {
    let (script, steps) = (Script::default(), Steps::default());
    let users = Users {
        script: script.clone(),
        outer: steps.recorder("outer"),
        login: steps.recorder("login"),
        inner: steps.recorder("inner"),
        tokens: StaticTokens::new([("a-token-of-ann", "ann")]).unwrap(),
    };
    (users, script, steps)
}

/// Sends these bytes as the only message of a call, and returns the status of the response.
pub(crate) async fn send(
    channel: &Channel,
    path: &str,
    token: Option<&str>,
    message: Vec<u8>,
) -> Status {
    let mut framed = vec![0];
    framed.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    framed.extend(message);
    let mut request = http::Request::new(Body::new(full_body(framed)));
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = path.parse().unwrap();
    let headers = request.headers_mut();
    headers.insert("content-type", "application/grpc".parse().unwrap());
    headers.insert("te", "trailers".parse().unwrap());
    if let Some(token) = token {
        headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
    }
    let response = channel.clone().oneshot(request).await.unwrap();
    Status::from_header_map(response.headers()).unwrap_or_else(|| Status::ok(""))
}

/// A body of these bytes.
fn full_body(bytes: Vec<u8>) -> impl http_body::Body<Data = bytes::Bytes, Error = Status> {
    struct Full(Option<bytes::Bytes>);
    impl http_body::Body for Full {
        type Data = bytes::Bytes;
        type Error = Status;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<bytes::Bytes>, Status>>> {
            std::task::Poll::Ready(self.0.take().map(|data| Ok(http_body::Frame::data(data))))
        }
    }
    Full(Some(bytes.into()))
}

#[tokio::test]
async fn unauthenticated_calls_are_rejected_before_decoding() {
    let (users, script, steps) = users();
    let server = UserServiceServer::new(users).max_decoding_message_size(16);
    let channel = serve(Routes::new(server)).await;
    let token = Some("a-token-of-ann");
    for (path, message, with_token) in [
        // An invalid message: its field has an unknown wire type.
        (
            "/demo.v1.UserService/GetUser",
            vec![0xff; 3],
            Code::Internal,
        ),
        // The message is too large.
        (
            "/demo.v1.UserService/GetUser",
            vec![0; 100],
            Code::OutOfRange,
        ),
        // The service has no such method.
        ("/demo.v1.UserService/Delete", vec![], Code::Unimplemented),
        ("/demo.v1.UserService/getUser", vec![], Code::Unimplemented),
    ] {
        let refused = send(&channel, path, None, message.clone()).await;
        assert_eq!(refused.code(), Code::Unauthenticated, "{path}");
        assert_eq!(steps.take(), ">outer <outer");
        let passed = send(&channel, path, token, message).await;
        assert_eq!(passed.code(), with_token, "{path} {passed:?}");
        assert_eq!(steps.take(), ">outer >inner <inner <outer");
    }
    assert_eq!(script.runs(), 0);
}

#[tokio::test]
async fn each_entry_runs_once_per_call() {
    let (users, script, steps) = users();
    let channel = serve(Routes::new(UserServiceServer::new(users))).await;
    let nobody = Caller::new(&channel);
    let ann = nobody.with("authorization", "Bearer a-token-of-ann");
    for kind in KINDS {
        assert_eq!(nobody.call(kind).await.code(), Code::Unauthenticated);
        assert_eq!(steps.take(), ">outer <outer");
        assert_eq!(ann.call(kind).await.code(), Code::Ok, "{kind}");
        assert_eq!(steps.take(), ">outer >inner <inner <outer", "{kind}");
    }
    assert_eq!(script.runs(), 4);
    let mut client = nobody.client();
    let login = client.login(nobody.request(Default::default())).await;
    assert!(login.is_ok());
    assert_eq!(steps.take(), ">outer >login >inner <inner <login <outer");
}

#[tokio::test]
async fn direct_calls_run_the_whole_policy() {
    let (users, script, steps) = users();
    // A server around the service does not change direct calls.
    let direct = users.get_user(Request::new(GetUserRequest::default()));
    assert_eq!(direct.await.unwrap_err().code(), Code::Unauthenticated);
    assert_eq!(steps.take(), ">outer <outer");
    let mut request = Request::new(GetUserRequest::default());
    let token = "Bearer a-token-of-ann".parse().unwrap();
    request.metadata_mut().insert("authorization", token);
    assert!(users.get_user(request).await.is_ok());
    assert_eq!(steps.take(), ">outer >inner <inner <outer");
    assert_eq!(script.runs(), 1);
}

#[test]
fn server_plan_has_exact_names_and_marks_entries_before_decoding() {
    let plan = UserServiceServer::<Users>::PLAN;
    let shown: Vec<_> = plan
        .methods()
        .iter()
        .map(|method| {
            let before: Vec<_> = method.before_decoding().collect();
            (
                method.path(),
                method.kind(),
                method.is_derived(),
                before.join(" "),
            )
        })
        .collect();
    let usual = "with auth with".to_owned();
    assert_eq!(
        shown,
        [
            (
                "/demo.v1.UserService/Login",
                Kind::Unary,
                false,
                "with with with".to_owned()
            ),
            (
                "/demo.v1.UserService/GetUser",
                Kind::Unary,
                false,
                usual.clone()
            ),
            (
                "/demo.v1.UserService/ListUsers",
                Kind::ServerStreaming,
                false,
                usual.clone()
            ),
            (
                "/demo.v1.UserService/ImportUsers",
                Kind::ClientStreaming,
                false,
                usual.clone()
            ),
            (
                "/demo.v1.UserService/Chat",
                Kind::BidiStreaming,
                false,
                usual.clone()
            ),
            ("/demo.v1.UserService/Flaky", Kind::Unary, false, usual),
        ]
    );
    let of_the_impl = Users::PLAN.methods();
    assert!(
        of_the_impl
            .iter()
            .all(|method| method.before_decoding().next().is_none())
    );
    let json = plan.to_json();
    assert_eq!(json[1]["interceptors"][1]["before_decoding"], true);
}
