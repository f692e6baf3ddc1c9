//! The same policy with and without the attribute on the server: calls end the same, and entries run in the same order.

use interceptors::auth::StaticTokens;
use interceptors::{Kind, Outcome};
use interceptors_proto::demo::user_service_server::UserServiceServer as PlainServer;
use interceptors_tests::{
    Behaviour, Caller, Ended, Ends, KINDS, Recorder, Reply, Script, Steps, WatchEnds, scripted,
    serve,
};
use tokio_stream::StreamExt as _;
use tonic::Code;
use tonic::service::Routes;
use tonic::transport::Channel;

use crate::servers::demo::user_service_server::{UserService, UserServiceServer};

macro_rules! policy {
    ($this:ident: $name:ident as [$($service:tt)+]) => {
        struct $name {
            script: Script,
            outer: WatchEnds,
            inner: WatchEnds,
            first: Recorder,
            last: Recorder,
            tokens: StaticTokens<&'static str>,
        }

        scripted!($this: $name as [$($service)+], #[intercept(
            with($this.outer),
            with($this.first),
            catch_panic,
            request_id,
            client_ip(trusted = ["127.0.0.0/8"]),
            timeout("300ms", except = [login]),
            auth(verifier = $this.tokens, public = [login]),
            rate_limit(per_second = 1000, key = client_ip),
            concurrency(max = 50),
            with($this.last),
            with($this.inner),
        )]);

        impl $name {
            fn new() -> (Self, Script, Steps, Ends) {
                let (script, steps) = (Script::default(), Steps::default());
                let (ends, told) = Ends::new();
                let service = Self {
                    script: script.clone(),
                    outer: ends.named("outer"),
                    inner: ends.named("inner"),
                    first: steps.recorder("first"),
                    last: steps.recorder("last"),
                    tokens: StaticTokens::new([("a-token-of-ann", "ann")]).unwrap(),
                };
                (service, script, steps, told)
            }
        }
    };
}

policy!(self: BeforeDecoding as [UserService]);
policy!(self: BehindDecoding as [interceptors_proto::demo::user_service_server::UserService]);

/// A service, and the records of its entries.
struct Side {
    channel: Channel,
    script: Script,
    steps: Steps,
    ends: Ends,
}

async fn sides() -> [Side; 2] {
    let (service, script, steps, ends) = BeforeDecoding::new();
    let before = Side {
        channel: serve(Routes::new(UserServiceServer::new(service))).await,
        script,
        steps,
        ends,
    };
    let (service, script, steps, ends) = BehindDecoding::new();
    let behind = Side {
        channel: serve(Routes::new(PlainServer::new(service))).await,
        script,
        steps,
        ends,
    };
    [before, behind]
}

/// A call as its client and the entries see it.
#[derive(Debug, PartialEq)]
struct Seen {
    messages: Vec<u64>,
    code: Code,
    message: String,
    details: Vec<u8>,
    metadata: Vec<(String, String)>,
    steps: String,
    ends: Vec<Ended>,
}

impl Side {
    fn caller(&self, token: bool, behaviour: Behaviour) -> Caller {
        let caller = Caller::new(&self.channel)
            .told(behaviour)
            .with("x-request-id", "id-of-a-test");
        match token {
            true => caller.with("authorization", "Bearer a-token-of-ann"),
            false => caller,
        }
    }

    async fn seen(&mut self, reply: Reply, observers: usize) -> Seen {
        let mut ends = Vec::new();
        for _ in 0..observers {
            ends.push(self.ends.next().await);
        }
        let metadata = reply.status.metadata().clone().into_headers();
        let metadata = metadata.iter().filter(|(name, _)| *name != "date");
        let metadata = metadata.map(|(name, value)| (name.to_string(), format!("{value:?}")));
        let mut metadata: Vec<_> = metadata.collect();
        metadata.sort();
        Seen {
            messages: reply.messages,
            code: reply.status.code(),
            message: reply.status.message().to_owned(),
            details: reply.status.details().to_vec(),
            metadata,
            steps: self.steps.take(),
            ends,
        }
    }
}

#[tokio::test]
async fn server_attribute_does_not_change_how_calls_end() {
    let mut sides = sides().await;
    let behaviours = [
        Behaviour::Answer(3),
        Behaviour::Answer(0),
        Behaviour::Fail(Code::NotFound),
        Behaviour::FailAfter(2, Code::Aborted),
        Behaviour::Panic,
        Behaviour::PanicAfter(2),
        Behaviour::Hang,
        Behaviour::HangAfter(2),
    ];
    for kind in KINDS {
        for behaviour in behaviours {
            for token in [true, false] {
                let mut seen = Vec::new();
                for side in &mut sides {
                    let reply = side.caller(token, behaviour).call(kind).await;
                    let mut of_side = side.seen(reply, if token { 2 } else { 1 }).await;
                    // A panic in a stream discards messages that tonic has encoded and not sent. With the policy after decoding, the panic
                    // is caught before tonic encodes; with the policy before decoding, it is caught outside.
                    if behaviour == Behaviour::PanicAfter(2) {
                        of_side.messages.clear();
                        of_side.ends.iter_mut().for_each(|end| end.messages = 0);
                    }
                    seen.push(of_side);
                }
                let [before, behind] = <[Seen; 2]>::try_from(seen).unwrap();
                let ended = before.ends.iter().map(|end| end.observer);
                let ended: Vec<_> = ended.collect();
                assert!(ended.contains(&"outer"), "{kind} {behaviour:?} {before:?}");
                assert_eq!(before, behind, "{kind} {behaviour:?} {token}");
            }
        }
    }
    let [before, behind] = sides;
    assert_eq!(before.script.runs(), behind.script.runs());
}

#[tokio::test]
async fn client_disconnect_cancels_the_call() {
    for mut side in sides().await {
        for kind in [Kind::Unary, Kind::BidiStreaming] {
            let caller = side.caller(true, Behaviour::Hang);
            let call = tokio::spawn(async move { caller.call(kind).await.code() });
            side.script.entered().await;
            call.abort();
            for _ in 0..2 {
                let end = side.ends.next().await;
                assert_eq!(end.outcome, Outcome::Cancelled, "{kind} {end:?}");
            }
        }
        let mut messages = side
            .caller(true, Behaviour::HangAfter(1))
            .open(Kind::ServerStreaming)
            .await
            .unwrap();
        assert!(messages.next().await.unwrap().is_ok());
        drop(messages);
        for _ in 0..2 {
            let end = side.ends.next().await;
            assert_eq!((end.outcome, end.messages), (Outcome::Cancelled, 1));
        }
    }
}
