//! What the README and the guide show and no doctest compiles, as it stands there. `UPDATE_EXPECT=1` writes it into them.

#![allow(dead_code)] // Nothing here is called.

use std::pin::Pin;

use interceptors::auth::{StaticTokens, TokenCache, Verifier};
use interceptors::authorize::HasRole;
use interceptors::validate::{Validate, Violations};
use interceptors::{CallDetails, Intercepted as _, intercept};
use interceptors_proto::guide::user_service_client::UserServiceClient as GreeterClient;
use interceptors_proto::guide::user_service_server::{
    UserService as Greeter, UserServiceServer as GreeterServer,
};
use interceptors_proto::guide::{GetUserRequest as HelloRequest, User as HelloReply};
use tokio_stream::Stream;
use tonic::transport::{Channel, Server};
use tonic::{Request, Response, Status};
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::HealthService;

#[derive(Clone)]
struct Message;

impl Validate for Message {
    fn validate(&self) -> Result<(), Violations> {
        Ok(())
    }
}

type Watch = Pin<Box<dyn Stream<Item = Result<Message, Status>> + Send>>;
type Answer<M> = Result<Response<M>, Status>;

#[tonic::async_trait]
trait Shop {
    async fn login(&self, request: Request<Message>) -> Answer<Message>;
    async fn delete(&self, request: Request<Message>) -> Answer<Message>;
    async fn health(&self, request: Request<Message>) -> Answer<Message>;
    async fn watch(&self, request: Request<Message>) -> Answer<Watch>;
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Caller;

impl HasRole for Caller {
    fn has_role(&self, role: &str) -> bool {
        role == "admin"
    }
}

struct Tokens;

impl Verifier for Tokens {
    type Identity = Caller;

    async fn verify(&self, _: &str, _: &CallDetails) -> Result<Caller, Status> {
        Ok(Caller)
    }
}

struct Users {
    jwt: Tokens,
}

// README: service
#[rustfmt::skip]
#[intercept(
    catch_panic,                                    // outermost: it covers all that follows
    trace,                                          // the span holds whatever is logged below
    metrics,                                        // counts what is rejected, too
    request_id,                                     // in every log event and every answer
    logging(slow = "500ms"),                        // one event per call, rejected ones included
    timeout("10s"),                                 // what follows has an end, the verifier too; streams: see `watch`
    auth(verifier = self.jwt, public = [login]),    // before anything that costs, or that counts per caller
    authorize(role = "admin", only = [delete]),     // needs the identity; forbidden callers do not consume rate-limit budget
    rate_limit(per_second = 100, key = identity, except = [login]), // each caller for himself; `login` has no identity
    concurrency(max = 200, queue = 50, wait = "100ms"), // what the service can bear altogether; held to the end of streams
    validate(except = [health]),                    // the last thing before the handler, and no work for those rejected above
)]
#[tonic::async_trait]
impl Shop for Users {
    // A stream that is meant to be long has an hour, and ends earlier if a minute passes without a message.
    #[intercept(timeout("1h", idle = "1m"))]
    async fn watch(&self, _: Request<Message>) -> Answer<Watch> {
        Ok(Response::new(Box::pin(tokio_stream::pending())))
    }
    // ...
// README: end

    async fn login(&self, request: Request<Message>) -> Answer<Message> {
        Ok(Response::new(request.into_inner()))
    }

    async fn delete(&self, request: Request<Message>) -> Answer<Message> {
        Ok(Response::new(request.into_inner()))
    }

    async fn health(&self, request: Request<Message>) -> Answer<Message> {
        Ok(Response::new(request.into_inner()))
    }
}

// README: client
#[rustfmt::skip]
#[intercept(
    trace,                                          // one span for the call, and inside of it one for each attempt
    metrics,                                        // the call as its caller sees it; behind `retry` it would count attempts
    request_id,                                     // that of the call in whose handler this one is made; all attempts carry it
    logging,                                        // one event, with the number of attempts
    deadline("5s"),                                 // over all attempts and the waits between them
    retry(max = 3, only = ["/shop.v1.Shop/GetItem"]), // what follows is done anew for each attempt
    circuit_breaker,                                // sees every attempt; fails fast while open
    auth(token = self.tokens),                      // a fresh token for each attempt
    metadata("x-client" = "shop/1.0"),              // and fresh metadata, beside which `trace` writes `traceparent`
)]
struct Outbound {
    tokens: TokenCache,
}
// README: end

struct Hello;

// README: server
#[rustfmt::skip]
#[intercept(server, catch_panic, logging, auth(verifier = self.tokens, public = ["/grpc.health.v1.Health/*"]))]
struct Inbound { tokens: StaticTokens<String> }

#[intercept(auth(by = Inbound), rate_limit(per_second = 10, key = identity))] // relies on the `auth` of the server
#[tonic::async_trait]
impl Greeter for Hello {
    // README: end
    async fn get_user(&self, _: Request<HelloRequest>) -> Answer<HelloReply> {
        Ok(Response::new(HelloReply::default()))
    }
}

#[rustfmt::skip]
async fn serve(
    tokens: StaticTokens<String>,
    health: HealthServer<HealthService>,
) -> Result<(), Box<dyn std::error::Error>> {
    // README: serve
    let server = Server::builder().layer(Inbound { tokens }.layer()).add_service(health);
    server.add_service(GreeterServer::new(Hello)).serve("[::1]:50051".parse()?).await?;
    // README: end
    Ok(())
}

// README: channel
#[rustfmt::skip]
#[intercept(logging, deadline("2s"), retry(max = 3, only = ["/hello.v1.Greeter/Hello"]), auth(token = self.tokens))]
struct Calls { tokens: TokenCache } // fetches a token in time, once for all calls that wait for it
// README: end

#[rustfmt::skip]
fn connect(channel: Channel, tokens: TokenCache) {
    // README: connect
    let channel = Calls { tokens }.wrap(channel);
    let greeter = GreeterClient::new(channel.clone()); // and any other generated client
    // README: end
    drop(greeter);
}

const README: &str = "README.md";
const PRODUCTION: &str = "interceptors/docs/production.md";

/// What stands between two marks in this file, from the margin.
fn compiled(what: &str) -> String {
    let source = include_str!("readme.rs");
    let lines = source
        .lines()
        .skip_while(|line| line.trim() != format!("// README: {what}"));
    let lines: Vec<_> = lines
        .skip(1)
        .take_while(|line| line.trim() != "// README: end")
        .collect();
    assert!(!lines.is_empty(), "{what}");
    let indent = lines[0].len() - lines[0].trim_start().len();
    let lines = lines.iter().filter(|line| **line != "#[rustfmt::skip]");
    lines
        .map(|line| format!("{}\n", line.get(indent..).unwrap_or_default()))
        .collect()
}

#[test]
fn the_pages_have_what_is_compiled_here() {
    for (page, what, blocks) in [
        (
            README,
            "server",
            &[("server", " /* … */ }\n\n"), ("serve", "")][..],
        ),
        (README, "channel", &[("channel", "\n"), ("connect", "")]),
        (PRODUCTION, "service", &[("service", "}\n")]),
        (PRODUCTION, "client", &[("client", "")]),
    ] {
        let file = format!("{}/../{page}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&file).unwrap();
        let code: String = blocks
            .iter()
            .map(|(what, more)| match more.starts_with(' ') {
                true => compiled(what).trim_end().to_owned() + more,
                false => compiled(what) + more,
            })
            .collect();
        let begin = format!("<!-- compiled: {what} -->\n```rust,ignore\n");
        let (before, rest) = text.split_once(&begin).unwrap();
        let (_, after) = rest.split_once("```\n").unwrap();
        let expected = format!("{before}{begin}{code}```\n{after}");
        if text != expected && std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&file, &expected).unwrap();
        }
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(
            text == expected,
            "UPDATE_EXPECT=1 writes `{what}` into {page}"
        );
    }
}

#[test]
fn the_stacks_of_production_are_in_order() {
    let notes: Vec<_> = Users::PLAN
        .notes()
        .map(|(_, note)| note.to_string())
        .collect();
    assert_eq!(notes, [""; 0]);
    assert_eq!(Outbound::PLAN.notes().count(), 0);
}

#[test]
fn the_readme_is_short() {
    let file = format!("{}/../{README}", env!("CARGO_MANIFEST_DIR"));
    let lines = std::fs::read_to_string(file).unwrap().lines().count();
    assert!(lines <= 150, "{lines} lines");
}
