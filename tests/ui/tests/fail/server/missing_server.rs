// Cause: Without `server`, a struct is for the calls of a client. These lists have something that only works on
// services and servers. Code that uses `layer`, `wrap`, the plan or `by` causes no further errors.
// Cure: For the layer of a server, write `server` first: `#[intercept(server, catch_panic, …)]`. For a client, take out
// what the message names.

use interceptors::auth::Verifier;
use interceptors::client::InterceptedChannel;
use interceptors::server::InterceptLayer;
use interceptors::{CallDetails, Intercepted as _, intercept};
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Sessions;

impl Verifier for Sessions {
    type Identity = String;

    async fn verify(&self, token: &str, _: &CallDetails) -> Result<String, Status> {
        Ok(token.to_owned())
    }
}

#[intercept(
    catch_panic,
    logging,
    auth(verifier = self.sessions, public = ["/grpc.health.v1.Health/*", "GET /healthz"]),
    rate_limit(per_second = 5, key = identity),
    timeout("2s"),
)]
struct Inbound {
    sessions: Sessions,
}

#[intercept(catch_panic, logging)]
struct Panics;

#[intercept(timeout("2s"))]
struct Slow;

#[intercept(logging, auth(verifier = self.sessions))]
struct Verifies {
    sessions: String,
}

#[intercept(request_id(max_length = 64))]
struct Ids64;

#[intercept(logging, server, rate_limit(per_second = 5))]
struct Later;

struct Users;

#[intercept(auth(by = Inbound))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn layer(sessions: Sessions) -> InterceptLayer<Inbound> {
    Inbound { sessions }.layer()
}

fn wrapped<S>(channel: S) -> InterceptedChannel<Slow, S> {
    Slow.wrap(channel)
}

fn main() {
    let _ = layer(Sessions);
    let _ = wrapped(());
    let _ = Later.layer();
    Inbound::PLAN.assert_no_notes();
}
