//! Calls made inside a handler inherit its remaining deadline.

use std::time::Duration;

use interceptors::{deadline, intercept};
use interceptors_proto::demo::GetUserRequest;
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::stubs::Item;
use interceptors_proto::stubs::stubs_client::StubsClient;
use interceptors_proto::stubs::stubs_server::{Stubs, StubsServer};
use interceptors_tests::{Behaviour, clients, serve};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};

use crate::common::{server, told};

/// Calls another service through an intercepted client.
struct Front {
    behind: Channel,
    seen: UnboundedSender<Option<Duration>>,
}

#[intercept]
#[tonic::async_trait]
impl Stubs for Front {
    async fn unary(&self, request: Request<Item>) -> Result<Response<Item>, Status> {
        let item = request.into_inner();
        let left = deadline::current().map(|at| at - Instant::now());
        self.seen.send(left).unwrap();
        let behaviour = match item.value {
            0 => Behaviour::Answer(1),
            _ => Behaviour::Hang,
        };
        let mut client = clients::recorded::UserServiceClient::new(self.behind.clone());
        client
            .get_user(told(GetUserRequest { id: 1 }, behaviour))
            .await?;
        Ok(Response::new(item))
    }
}

async fn front() -> (StubsClient<Channel>, UnboundedReceiver<Option<Duration>>) {
    let (_, behind) = server().await;
    let (seen, seen_by_test) = unbounded_channel();
    let front = Front { behind, seen };
    let channel = serve(Routes::new(StubsServer::new(front))).await;
    (StubsClient::new(channel), seen_by_test)
}

#[tokio::test]
async fn inner_calls_inherit_the_remaining_deadline() {
    let (mut client, mut seen) = front().await;
    let mut request = Request::new(Item { value: 0 });
    request.set_timeout(Duration::from_secs(30));
    client.unary(request).await.unwrap();
    let left = seen.recv().await.unwrap().expect("a deadline");
    assert!(
        left <= Duration::from_secs(30) && left > Duration::from_secs(20),
        "{left:?}"
    );
}

#[tokio::test]
async fn calls_without_a_deadline_pass_none_on() {
    let (mut client, mut seen) = front().await;
    client.unary(Item { value: 0 }).await.unwrap();
    assert_eq!(seen.recv().await.unwrap(), None);
}

#[tokio::test]
async fn inherited_deadline_is_enforced_without_a_deadline_entry() {
    let (_, channel) = server().await;
    let mut client = clients::recorded::UserServiceClient::new(channel);
    let request = told(GetUserRequest { id: 1 }, Behaviour::Hang);
    let at = Instant::now() + Duration::from_millis(50);
    let status = deadline::scope(at, client.get_user(request))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(Instant::now() >= at);
}

#[tokio::test]
async fn wrapped_channel_inherits_the_deadline() {
    #[intercept]
    struct Outbound;

    let (_, channel) = server().await;
    let mut client = UserServiceClient::new(Outbound.wrap(channel));
    let request = told(GetUserRequest { id: 1 }, Behaviour::Hang);
    let at = Instant::now() + Duration::from_millis(50);
    let status = deadline::scope(at, client.get_user(request))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn spawned_task_inherits_only_an_explicit_deadline() {
    let at = Instant::now() + Duration::from_secs(10);
    let see = || async { deadline::current() };
    let seen = deadline::scope(at, async {
        let joined = tokio::join!(see(), see());
        let alone = tokio::spawn(see()).await.unwrap();
        let handed = tokio::spawn(deadline::scope(at, see())).await.unwrap();
        (joined, alone, handed)
    });
    let expected = ((Some(at), Some(at)), None, Some(at));
    assert_eq!(seen.await, expected);
}

#[tokio::test]
async fn deadlines_of_calls_on_one_thread_do_not_mix() {
    let (soon, later) = (Duration::from_secs(10), Duration::from_secs(20));
    let now = Instant::now();
    let see = |at| {
        deadline::scope(at, async move {
            tokio::task::yield_now().await;
            deadline::current()
        })
    };
    let (a, b) = tokio::join!(see(now + soon), see(now + later));
    assert_eq!((a, b), (Some(now + soon), Some(now + later)));
    assert_eq!(deadline::current(), None);
}
