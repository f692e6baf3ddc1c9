//! User code that uses up tokio's budget in each poll does not starve the library's timers.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use interceptors::{Call, Interceptor, Next, intercept};
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::{GetUserRequest, User};
use interceptors_tests::busy;
use tokio::time::timeout;
use tonic::{Code, Request, Response, Status};

use crate::common::server;

/// Turns a hang into a failure.
async fn in_time<T>(call: impl Future<Output = T>) -> T {
    let ended = timeout(Duration::from_secs(20), call).await;
    ended.expect("it never ends")
}

/// Never answers. With a number, only this many attempts never answer.
#[derive(Default)]
struct Busy(Option<u32>, AtomicU32);

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Busy {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let before = self.1.fetch_add(1, Ordering::Relaxed);
        match self.0 {
            Some(attempts) if before >= attempts => next.run(call).await,
            _ => busy().await,
        }
    }
}

/// Runs busy code beside the call, in the same task.
struct Beside;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Beside {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let (mut busy, mut call) = (pin!(busy::<()>()), pin!(next.run(call)));
        poll_fn(|cx| {
            let _ = busy.as_mut().poll(cx);
            call.as_mut().poll(cx)
        })
        .await
    }
}

#[intercept(deadline("50ms"), with(self.busy))]
struct Hurried {
    busy: Busy,
}

#[intercept(hedge(max_attempts = 2, delay = "5ms"), with(self.busy))]
struct Hedged {
    busy: Busy,
}

#[tokio::test]
async fn deadline_ends_a_busy_call() {
    let (_, channel) = server().await;
    let busy = Busy::default();
    let mut client = UserServiceClient::new(Hurried { busy }.wrap(channel));
    let status = in_time(client.get_user(GetUserRequest { id: 1 })).await;
    assert_eq!(status.unwrap_err().code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn deadline_ends_busy_hedged_attempts() {
    let (_, channel) = server().await;
    let busy = Busy::default();
    let mut client = UserServiceClient::new(Hedged { busy }.wrap(channel));
    let mut request = Request::new(GetUserRequest { id: 1 });
    request.set_timeout(Duration::from_millis(50));
    let status = in_time(client.get_user(request)).await;
    assert_eq!(status.unwrap_err().code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn busy_attempt_does_not_starve_the_others() {
    let (_, channel) = server().await;
    let busy = Busy(Some(1), AtomicU32::new(0));
    let mut client = UserServiceClient::new(Hedged { busy }.wrap(channel));
    let reply = in_time(client.get_user(GetUserRequest { id: 1 })).await;
    assert_eq!(reply.unwrap().into_inner().id, 1);
}

/// Fails once. It waits for nothing.
#[derive(Default)]
struct HandWritten(AtomicU32);

#[intercept(
    service = "demo.v1.UserService",
    with(Beside),
    retry(max_attempts = 2, base_delay = "1ms")
)]
impl HandWritten {
    async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        match self.0.fetch_add(1, Ordering::Relaxed) {
            0 => Err(Status::unavailable("not yet")),
            _ => Ok(Response::new(User::default())),
        }
    }
}

#[tokio::test]
async fn retry_timer_fires_beside_busy_code() {
    let hand_written = HandWritten::default();
    let reply = in_time(hand_written.get_user(Request::new(GetUserRequest { id: 1 })));
    reply.await.unwrap();
}
