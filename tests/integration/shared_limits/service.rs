//! Services with limits in a store.

use std::time::{Duration, Instant};

use interceptors::intercept;
use interceptors::rate_limit::Redis;
use interceptors_proto::guide::user_service_server::UserService;
use interceptors_proto::guide::{GetUserRequest, User};
use tonic::{Code, Request, Response, Status};

use super::server::Server;

pub(crate) struct Limited<const N: usize>(pub(crate) Redis);

impl<const N: usize> Limited<N> {
    pub(crate) fn new(server: &Server) -> Self {
        Self(server.store())
    }
}

macro_rules! limited {
    ($($name:ident: $n:literal, $timeout:literal, ($($settings:tt)*);)*) => {
        $(
            /// Callers identify themselves by `x-api-key`.
            pub(crate) type $name = Limited<$n>;

            #[intercept(
                service = "demo.v1.UserService",
                rate_limit($($settings)*, key = metadata("x-api-key"), store = self.0, on_error = deny, store_timeout = $timeout),
            )]
            #[tonic::async_trait]
            impl UserService for Limited<$n> {
                async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status> {
                    Ok(Response::new(User::default()))
                }
            }
        )*
    };
}

limited! {
    // The tests never reach this limit.
    Endless: 0, "50ms", (per_second = 1_000_000);
    Usual: 1, "50ms", (per_second = 200, burst = 50);
    // The long timeout counts calls even on a busy machine.
    Patient: 5, "5s", (per_second = 200, burst = 50);
    Third: 2, "50ms", (per_second = 3, burst = 1);
    Slow: 3, "50ms", (per_minute = 15);
    Slower: 4, "50ms", (per_minute = 1);
}

/// How a call ended, and how long it took.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Code,
    pub(crate) took: Duration,
    /// The pushback of a rejected call.
    pub(crate) pushback: Option<Duration>,
}

pub(crate) async fn call(service: &impl UserService, key: &str) -> Ended {
    let mut request = Request::new(GetUserRequest::default());
    request
        .metadata_mut()
        .insert("x-api-key", key.parse().unwrap());
    let began = Instant::now();
    let result = service.get_user(request).await;
    let took = began.elapsed();
    let status = result.err().unwrap_or_else(|| Status::ok(""));
    let pushback = status.metadata().get("grpc-retry-pushback-ms");
    let pushback = pushback.map(|ms| ms.to_str().unwrap().parse().unwrap());
    Ended {
        code: status.code(),
        took,
        pushback: pushback.map(Duration::from_millis),
    }
}

/// Makes a call every 10 ms for this time.
pub(crate) async fn calls(service: &impl UserService, key: &str, time: Duration) -> Vec<Ended> {
    let end = Instant::now() + time;
    let mut ended = Vec::new();
    while Instant::now() < end {
        ended.push(call(service, key).await);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    ended
}

/// The number of calls with this code.
pub(crate) fn count(ended: &[Ended], code: Code) -> usize {
    ended.iter().filter(|ended| ended.code == code).count()
}

/// Calls until the store decides again, and returns how long that took.
pub(crate) async fn until_decided(service: &impl UserService, key: &str) -> Duration {
    let began = Instant::now();
    while call(service, key).await.code == Code::Unavailable {
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "the store does not recover"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    began.elapsed()
}
