//! What an interceptor sees of a call.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use interceptors::{Call, Interceptor, Kind, Next, Side};
use interceptors_proto::demo::GetUserRequest;
use interceptors_proto::demo::user_service_server::UserServiceServer;
use interceptors_tests::{Caller, KINDS, Script, scripted, serve};
use tokio::time::Instant;
use tonic::service::Routes;
use tonic::{Response, Status};

#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    names: [String; 3],
    kind: Kind,
    side: Side,
    attempt: u32,
    derived: bool,
    has_message: bool,
    can_resend: bool,
    debug: String,
}

/// The state of a call before and after the handler.
type Sights = Arc<Mutex<Vec<(Seen, Seen)>>>;

#[derive(Clone, Default)]
struct Look {
    sights: Sights,
    peer: Arc<Mutex<Option<SocketAddr>>>,
    deadlines: Arc<Mutex<Vec<[Option<Instant>; 2]>>>,
}

fn see<Req>(call: &Call<Req>) -> Seen {
    Seen {
        names: [call.path(), call.service(), call.method()].map(str::to_owned),
        kind: call.kind(),
        side: call.side(),
        attempt: call.attempt(),
        derived: call.plan().is_derived(),
        has_message: call.message().is_some(),
        can_resend: call.can_resend(),
        debug: format!("{call:?} {:?}", call.details()),
    }
}

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Look {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        *self.peer.lock().unwrap() = call.peer();
        let (before, deadline) = (see(call), call.deadline());
        let response = next.run(call).await;
        let deadlines = [deadline, call.deadline()];
        self.deadlines.lock().unwrap().push(deadlines);
        self.sights.lock().unwrap().push((before, see(call)));
        response
    }
}

#[derive(Clone, Default)]
struct Users {
    script: Script,
    look: Look,
}

scripted!(self: Users, #[intercept(with(self.look))]);

#[tokio::test]
async fn call_details_are_available_before_and_after_the_handler() {
    let service = Users::default();
    let channel = serve(Routes::new(UserServiceServer::new(service.clone()))).await;
    let caller = Caller::new(&channel).with("x-secret", "s3cret");
    for (kind, method) in KINDS
        .into_iter()
        .zip(["GetUser", "ImportUsers", "ListUsers", "Chat"])
    {
        caller.call(kind).await;
        let (before, after) = service.look.sights.lock().unwrap().pop().unwrap();
        let path = format!("/demo.v1.UserService/{method}");
        for seen in [&before, &after] {
            let [seen_path, seen_service, seen_method] = &seen.names;
            assert_eq!(*seen_path, path);
            assert_eq!(seen_service, "demo.v1.UserService");
            assert_eq!(seen_method, method);
            assert_eq!(seen.kind, kind);
            assert_eq!(seen.side, Side::Server);
            assert_eq!(seen.attempt, 1);
            assert!(seen.debug.contains(&path));
            assert!(!seen.debug.contains("s3cret"), "{}", seen.debug);
        }
        assert!(before.has_message);
        assert_eq!(before.can_resend, !kind.request_is_stream());
        assert!(
            !after.has_message && !after.can_resend,
            "the handler has taken it"
        );
        let peer = service.look.peer.lock().unwrap().unwrap();
        assert!(peer.ip().is_loopback());
    }
}

#[tokio::test]
async fn call_has_the_callers_deadline() {
    let service = Users::default();
    let channel = serve(Routes::new(UserServiceServer::new(service.clone()))).await;
    let caller = Caller::new(&channel);
    let minute = Duration::from_secs(60);
    let before = Instant::now();
    let mut request = caller.request(GetUserRequest::default());
    request.set_timeout(minute);
    caller.client().get_user(request).await.unwrap();
    let [deadline, later] = service.look.deadlines.lock().unwrap().pop().unwrap();
    let deadline = deadline.unwrap();
    assert!(before + minute <= deadline && deadline <= Instant::now() + minute);
    assert_eq!(later, Some(deadline), "it is computed once");

    caller.call(Kind::Unary).await;
    let deadlines = service.look.deadlines.lock().unwrap().pop().unwrap();
    assert_eq!(deadlines, [None, None]);
}
