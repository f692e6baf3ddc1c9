//! Attempts to run a method without its policy.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::Frame;
use interceptors::auth::StaticTokens;
use interceptors_proto::demo::{
    ChatMessage, FlakyReply, FlakyRequest, GetUserRequest, ImportSummary, ListUsersRequest,
    LoginReply, LoginRequest, User,
};
use interceptors_tests::{Behaviour, Caller, Recorder, Script, Steps, UserStream, scripted, serve};
use tonic::body::Body;
use tonic::codegen::{Service as _, http};
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status, Streaming};

use crate::servers::demo::user_service_server::{UserService, UserServiceServer};

const ANN: &str = "Bearer a-token-of-ann";

struct Users {
    script: Script,
    entry: Recorder,
    tokens: StaticTokens<&'static str>,
}

scripted!(self: Users as [UserService], #[intercept(with(self.entry), auth(verifier = self.tokens))]);

fn users(steps: &Steps) -> (Arc<Users>, Script) {
    let script = Script::default();
    let users = Users {
        script: script.clone(),
        entry: steps.recorder("entry"),
        tokens: StaticTokens::new([("a-token-of-ann", "ann")]).unwrap(),
    };
    (Arc::new(users), script)
}

type Calling = Pin<Box<dyn Future<Output = Result<Response<User>, Status>> + Send>>;

/// Calls a method of the service directly, with a new request.
fn direct(users: &Arc<Users>, token: Option<&str>) -> Calling {
    let users = Arc::clone(users);
    let mut request = Request::new(GetUserRequest::default());
    // A header that every gRPC request has.
    let headers = request.metadata_mut();
    headers.insert("te", "trailers".parse().unwrap());
    if let Some(token) = token {
        headers.insert("authorization", token.parse().unwrap());
    }
    Box::pin(async move { users.get_user(request).await })
}

fn request(path: &str, token: Option<&str>, body: Body) -> http::Request<Body> {
    let mut request = http::Request::new(body);
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = path.parse().unwrap();
    let headers = request.headers_mut();
    headers.insert("content-type", "application/grpc".parse().unwrap());
    headers.insert("te", "trailers".parse().unwrap());
    if let Some(token) = token {
        headers.insert("authorization", token.parse().unwrap());
    }
    request
}

fn status(response: &http::Response<Body>) -> Code {
    Status::from_header_map(response.headers()).map_or(Code::Ok, |status| status.code())
}

/// A request body that runs a closure in each poll until the closure returns `false`.
struct Meanwhile<F> {
    again: Option<F>,
    data: Option<Bytes>,
}

impl<F> http_body::Body for Meanwhile<F>
where
    F: FnMut(&mut Context<'_>) -> bool + Unpin,
{
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if let Some(again) = &mut self.again {
            if !again(cx) {
                self.again = None;
            }
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(self.data.take().map(|data| Ok(Frame::data(data))))
    }
}

/// Makes a call whose body calls the same method twice while it is polled. Returns the codes of those two calls, the code of
/// the call itself, how often the method ran, and the steps.
async fn called_by_body(
    token: Option<&'static str>,
    data: &'static [u8],
) -> (Vec<Code>, Code, u32, String) {
    let steps = Steps::default();
    let (users, script) = users(&steps);
    let codes = Arc::new(Mutex::new(Vec::new()));
    let again = {
        let (users, codes) = (Arc::clone(&users), Arc::clone(&codes));
        move |cx: &mut Context<'_>| {
            let Poll::Ready(answer) = direct(&users, token).as_mut().poll(cx) else {
                panic!("nothing to wait for");
            };
            let mut codes = codes.lock().unwrap();
            codes.push(answer.map_or_else(|status| status.code(), |_| Code::Ok));
            codes.len() < 2
        }
    };
    let body = Body::new(Meanwhile {
        again: Some(again),
        data: Some(Bytes::from_static(data)),
    });
    let mut server = UserServiceServer::from_arc(users);
    let answer = server.call(request("/demo.v1.UserService/GetUser", Some(ANN), body));
    let code = status(&answer.await.unwrap());
    let codes = codes.lock().unwrap().clone();
    (codes, code, script.runs(), steps.take())
}

const EACH_ONCE: &str = ">entry >entry <entry >entry <entry <entry";

#[tokio::test]
async fn method_called_while_a_body_is_decoded_runs_its_own_policy() {
    let (direct, own, runs, steps) = called_by_body(None, &[0; 5]).await;
    assert_eq!(direct, [Code::Unauthenticated; 2]);
    assert_eq!((own, runs, &*steps), (Code::Ok, 1, EACH_ONCE));
    let (direct, own, runs, steps) = called_by_body(Some(ANN), &[0; 5]).await;
    assert_eq!(direct, [Code::Ok; 2]);
    assert_eq!((own, runs, &*steps), (Code::Ok, 3, EACH_ONCE));
}

#[tokio::test]
async fn undecodable_call_leaves_no_mark_for_the_next_call() {
    let steps = Steps::default();
    let (users, script) = users(&steps);
    let mut server = UserServiceServer::from_arc(Arc::clone(&users));
    // A missing message, a truncated one, and an invalid one.
    for data in [&[][..], &[0, 0, 0, 0, 9], &[0, 0, 0, 0, 1, 0xff]] {
        let body = Body::new(Meanwhile {
            again: None::<fn(&mut Context<'_>) -> bool>,
            data: Some(Bytes::from_static(data)).filter(|data| !data.is_empty()),
        });
        let answer = server.call(request("/demo.v1.UserService/GetUser", Some(ANN), body));
        assert_ne!(status(&answer.await.unwrap()), Code::Ok, "{data:?}");
        assert_eq!(steps.take(), ">entry <entry");
        let code = direct(&users, None).await.unwrap_err().code();
        assert_eq!(code, Code::Unauthenticated, "{data:?}");
        assert_eq!(steps.take(), ">entry <entry");
    }
    assert_eq!(script.runs(), 0);
}

/// Forwards each call with its request to methods of another service. It also has a policy.
struct Wrapper {
    inner: Arc<Users>,
    entry: Recorder,
}

#[interceptors::intercept(with(self.entry))]
#[tonic::async_trait]
impl UserService for Wrapper {
    type ListUsersStream = UserStream<User>;
    type ChatStream = UserStream<ChatMessage>;

    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        let (metadata, extensions, message) = request.into_parts();
        let mut copy = Request::new(LoginRequest::default());
        *copy.metadata_mut() = metadata.clone();
        self.inner.login(copy).await?;
        let request = Request::from_parts(metadata, extensions, message);
        self.inner.get_user(request).await
    }

    async fn login(&self, request: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
        // A call through the inner service's server, whose policy also runs before decoding.
        let token = request.metadata().get("authorization");
        let token = token.map(|token| token.to_str().unwrap().to_owned());
        let body = Body::new(Meanwhile {
            again: None::<fn(&mut Context<'_>) -> bool>,
            data: Some(Bytes::from_static(&[0; 5])),
        });
        let mut server = UserServiceServer::from_arc(Arc::clone(&self.inner));
        let path = "/demo.v1.UserService/Login";
        let answer = server.call(self::request(path, token.as_deref(), body));
        match status(&answer.await.unwrap()) {
            Code::Ok => self.inner.login(request).await,
            code => Err(Status::new(code, "")),
        }
    }

    async fn list_users(
        &self,
        _: Request<ListUsersRequest>,
    ) -> Result<Response<Self::ListUsersStream>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn import_users(
        &self,
        _: Request<Streaming<User>>,
    ) -> Result<Response<ImportSummary>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn chat(
        &self,
        _: Request<Streaming<ChatMessage>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn flaky(&self, _: Request<FlakyRequest>) -> Result<Response<FlakyReply>, Status> {
        Err(Status::unimplemented("not here"))
    }
}

#[tokio::test]
async fn forwarded_requests_run_the_policies_of_both_services() {
    let steps = Steps::default();
    let (inner, script) = users(&steps);
    let wrapper = Wrapper {
        inner,
        entry: steps.recorder("wrapper"),
    };
    let channel = serve(Routes::new(UserServiceServer::new(wrapper))).await;
    let nobody = Caller::new(&channel);
    let ann = nobody.with("authorization", ANN);
    let refused = nobody.client().get_user(GetUserRequest::default()).await;
    assert_eq!(refused.unwrap_err().code(), Code::Unauthenticated);
    assert_eq!(steps.take(), ">wrapper >entry <entry <wrapper");
    let refused = nobody.client().login(LoginRequest::default()).await;
    assert_eq!(refused.unwrap_err().code(), Code::Unauthenticated);
    assert_eq!(steps.take(), ">wrapper >entry <entry <wrapper");
    assert_eq!(script.runs(), 0);
    let twice = ">wrapper >entry <entry >entry <entry <wrapper";
    let mut client = ann.client();
    let passed = client.get_user(ann.request(GetUserRequest::default()));
    assert!(passed.await.is_ok());
    assert_eq!(steps.take(), twice);
    let passed = client.login(ann.request(LoginRequest::default()));
    assert!(passed.await.is_ok());
    assert_eq!(steps.take(), twice);
}

/// A message followed by trailers.
struct Trailed(Option<Bytes>, Option<http::HeaderMap>);

impl http_body::Body for Trailed {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = self.0.take().map(Frame::data);
        let frame = frame.or_else(|| self.1.take().map(Frame::trailers));
        Poll::Ready(frame.map(Ok))
    }
}

/// tonic would add the trailers to the metadata, after the policy has read it.
#[tokio::test]
async fn request_trailers_do_not_reach_handlers() {
    let steps = Steps::default();
    let (users, script) = users(&steps);
    // Few trailers fit into the header map; many make it grow.
    for count in [1, 40] {
        let mut trailers = http::HeaderMap::new();
        let behaviour = Behaviour::Fail(Code::PermissionDenied).to_string();
        trailers.insert(Behaviour::KEY, behaviour.parse().unwrap());
        for i in 1..count {
            let name = http::HeaderName::try_from(format!("x-{i}")).unwrap();
            trailers.insert(name, "x".parse().unwrap());
        }
        let body = Body::new(Trailed(Some(Bytes::from_static(&[0; 5])), Some(trailers)));
        let mut server = UserServiceServer::from_arc(Arc::clone(&users));
        let answer = server.call(request("/demo.v1.UserService/GetUser", Some(ANN), body));
        assert_eq!(status(&answer.await.unwrap()), Code::Ok, "{count}");
        assert_eq!(steps.take(), ">entry <entry", "{count}");
    }
    assert_eq!(script.runs(), 2);
}
