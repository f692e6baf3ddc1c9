//! Code of the README and the guide that no doctest compiles. `UPDATE_EXPECT=1` writes it into them.

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
    catch_panic,                                    // first: catches panics of all entries below
    trace,                                          // second: events of all entries below are in its span
    metrics,                                        // counts rejected calls too
    request_id,                                     // puts an ID into each log event and each response
    logging(slow = "500ms"),                        // logs one event for each call, including rejected calls
    timeout("10s"),                                 // limits the time of the verifier too; for streams see `watch`
    auth(verifier = self.jwt, public = [login]),    // before entries that are expensive or need the identity
    authorize(role = "admin", only = [delete]),     // before `rate_limit`: forbidden calls do not use up a limit
    rate_limit(per_second = 100, key = identity, except = [login]), // one limit for each caller; `login` has no identity
    concurrency(max = 200, queue = 50, wait = "100ms"), // one limit for each method; streams count until they end
    validate(except = [health]),                    // last: does not check messages of rejected calls; calls with invalid messages count for the limits
)]
#[tonic::async_trait]
impl Shop for Users {
    // A long stream: at most an hour, and at most a minute without a message.
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
    trace,                                          // makes a span for the call, and inside it one for each attempt
    metrics,                                        // counts calls; after `retry` it would count attempts
    request_id,                                     // sends the ID of the handler's own call, the same in all attempts
    logging,                                        // logs one event, with the number of attempts
    deadline("5s"),                                 // limits all attempts together, including the delays between them
    retry(max = 3, only = ["/shop.v1.Shop/GetItem"]), // the entries below run again for each attempt
    circuit_breaker,                                // counts each attempt; while open, rejects calls at once
    auth(token = self.tokens),                      // sends a token that is valid at the time of the attempt
    metadata("x-client" = "shop/1.0"),              // `trace` adds `traceparent` to the same metadata
)]
struct Outbound {
    tokens: TokenCache,
}
// README: end

// README: server
#[rustfmt::skip]
#[intercept(server, catch_panic, logging, auth(verifier = self.tokens, public = ["/grpc.health.v1.Health/*"]))]
struct Inbound { tokens: StaticTokens<String> } // `StaticTokens` and `TokenCache` are in `interceptors::auth`

struct Hello;
#[intercept(auth(by = Inbound), rate_limit(per_second = 10, key = identity))] // the identity comes from `Inbound`
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
struct Calls { tokens: TokenCache } // fetches a token, and replaces it before it expires
// README: end

#[rustfmt::skip]
fn connect(channel: Channel, tokens: TokenCache) {
    // README: connect
    let channel = Calls { tokens }.wrap(channel);
    let greeter = GreeterClient::new(channel.clone()); // or any other generated client
    // README: end
    drop(greeter);
}

const README: &str = "README.md";
const PRODUCTION: &str = "interceptors/docs/production.md";

/// The code between two marks of this file, without its indentation.
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
fn pages_show_the_code_compiled_here() {
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
fn production_policies_have_no_notes() {
    let notes: Vec<_> = Users::PLAN
        .notes()
        .map(|(_, note)| note.to_string())
        .collect();
    assert_eq!(notes, [""; 0]);
    assert_eq!(Outbound::PLAN.notes().count(), 0);
}

#[test]
fn readme_is_short() {
    let file = format!("{}/../{README}", env!("CARGO_MANIFEST_DIR"));
    let lines = std::fs::read_to_string(file).unwrap().lines().count();
    assert!(lines <= 150, "{lines} lines");
}
