//! The stacks that the README recommends, as they stand there. `UPDATE_EXPECT=1` writes them into it.

#![allow(dead_code)] // Nothing here is called.

use std::pin::Pin;

use interceptors::auth::{TokenCache, Verifier};
use interceptors::authorize::HasRole;
use interceptors::validate::{Validate, Violations};
use interceptors::{CallDetails, Intercepted as _, intercept};
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

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

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");

/// What stands between two marks in this file.
fn compiled(what: &str) -> String {
    let begin = format!("// README: {what}\n#[rustfmt::skip]\n");
    let (_, rest) = include_str!("readme.rs").split_once(&begin).unwrap();
    let stack = rest.split_once("// README: end\n").unwrap().0;
    // The methods of the service that follow are left out.
    stack.to_owned() + if what == "service" { "}\n" } else { "" }
}

#[test]
fn the_readme_has_the_stacks_that_are_compiled_here() {
    let mut readme = std::fs::read_to_string(FILE).unwrap();
    for what in ["service", "client"] {
        let begin = format!("<!-- compiled: {what} -->\n```rust,ignore\n");
        let (before, rest) = readme.split_once(&begin).unwrap();
        let (_, after) = rest.split_once("```\n").unwrap();
        let expected = format!("{before}{begin}{}```\n{after}", compiled(what));
        if readme != expected && std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(FILE, &expected).unwrap();
            readme.clone_from(&expected);
        }
        assert!(
            readme == expected,
            "UPDATE_EXPECT=1 writes the stack of a {what} into README.md"
        );
    }
    let notes: Vec<_> = Users::PLAN
        .notes()
        .map(|(_, note)| note.to_string())
        .collect();
    assert_eq!(notes, [""; 0]);
    assert_eq!(Outbound::PLAN.notes().count(), 0);
}
