//! A list behaves the same wherever its typed part begins. Everything before that part is compiled once.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use interceptors::{Call, End, Interceptor, Kind, Next};
use interceptors_proto::demo;
use interceptors_tests::KINDS;
use tokio_stream::StreamExt;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status, Streaming};

use crate::common::{Caller, Note, UserService, World, served, step, steps, users};

/// Bounded on the message, and does nothing. The typed part of a list begins here.
#[derive(Clone, Copy)]
struct Typed;

impl<Req: Note + Send, Res: Send> Interceptor<Req, Res> for Typed {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        next.run(call).await
    }
}

/// Follows the instruction in the metadata under this key.
#[derive(Clone, Copy)]
struct Does(&'static str);

const DEEDS: [&str; 8] = [
    "pass", "refuse", "twice", "copy", "copies", "again", "observe", "poll",
];

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Does {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let name = self.0;
        let deed = call
            .metadata()
            .get(name)
            .map(|deed| deed.to_str().unwrap().to_owned());
        let left = call
            .metadata()
            .get("x-mark")
            .map(|mark| mark.to_str().unwrap().to_owned());
        let here = call.message().is_some();
        step(format!(
            ">{name}:{}:{here}:{}",
            call.attempt(),
            left.as_deref().unwrap_or("")
        ));
        let mark = format!("{}{}", left.unwrap_or_default(), &name[2..]);
        call.metadata_mut().insert("x-mark", mark.parse().unwrap());
        let answer = match deed.as_deref() {
            Some("refuse") => Err(Status::unavailable("refused")),
            // Only if the message was not sent: we do not promise which interceptors see a call without its message.
            Some("twice") => match next.run(call).await {
                Err(_) if call.message().is_some() => next.run(call).await,
                answer => answer,
            },
            // Retries once after an error.
            Some("copy") => {
                let copy = call.copy_request();
                match (next.run(call).await, copy) {
                    (Err(_), Some(copy)) => {
                        call.next_attempt(copy);
                        next.run(call).await
                    }
                    (answer, _) => answer,
                }
            }
            // Runs three times whatever the outcome, with the copies in reverse.
            Some("copies") => {
                let copies = [call.copy_request(), call.copy_request()];
                let mut answer = next.run(call).await;
                for copy in copies.into_iter().rev().flatten() {
                    drop(answer);
                    call.next_attempt(copy);
                    answer = next.run(call).await;
                }
                answer
            }
            // Runs again after a success.
            Some("again") => {
                let copy = call.copy_request();
                let answer = next.run(call).await;
                match copy {
                    Some(copy) => {
                        drop(answer);
                        call.next_attempt(copy);
                        next.run(call).await
                    }
                    None => answer,
                }
            }
            Some("observe") => {
                let observer = move |end: &End<'_>| {
                    step(format!(
                        "end:{name}:{}:{}:{}",
                        end.outcome(),
                        end.messages(),
                        end.attempts()
                    ));
                };
                next.observe(call, observer).await
            }
            // Polls once, drops the future, and runs again.
            Some("poll") => {
                let copy = call.copy_request();
                {
                    let mut run = pin!(next.run(call));
                    poll_fn(|cx| Poll::Ready(run.as_mut().poll(cx).is_ready())).await;
                }
                step(format!("{}", call.message().is_some()));
                if let Some(copy) = copy {
                    call.next_attempt(copy);
                }
                next.run(call).await
            }
            _ => next.run(call).await,
        };
        let code = match &answer {
            Ok(_) => Code::Ok,
            Err(status) => status.code(),
        };
        step(format!("<{name}:{}:{code:?}", call.attempt()));
        answer
    }
}

macro_rules! alike {
    ($($name:ident: $policy:tt;)*) => {$(
        #[derive(Clone)]
        struct $name {
            world: World,
        }

        alike!(@one $name $policy);
    )*};
    (@one $name:ident [$($policy:tt)*]) => {
        users!(self: $name, #[intercept($($policy)*)]);
    };
}

alike! {
    Nowhere: [with(Does("x-a")), retry(max_attempts = 2, base_delay = "1ms"), with(Does("x-b")), with(Does("x-c"))];
    First: [with(Typed), with(Does("x-a")), retry(max_attempts = 2, base_delay = "1ms"), with(Does("x-b")), with(Does("x-c"))];
    Second: [with(Does("x-a")), with(Typed), retry(max_attempts = 2, base_delay = "1ms"), with(Does("x-b")), with(Does("x-c"))];
    Third: [with(Does("x-a")), retry(max_attempts = 2, base_delay = "1ms"), with(Does("x-b")), with(Typed), with(Does("x-c"))];
    Last: [with(Does("x-a")), retry(max_attempts = 2, base_delay = "1ms"), with(Does("x-b")), with(Does("x-c")), with(Typed)];
}

/// The steps of a call, and its outcome.
async fn happens(caller: &Caller, world: &World, kind: Kind, failures: usize) -> String {
    world.fail(&[Code::Unavailable; 3][..failures]);
    let answer = match caller.call(kind).await {
        Ok(messages) => format!("{messages:?}"),
        Err(status) => format!("{:?} {}", status.code(), status.message()),
    };
    world.succeed();
    format!("{} => {answer}", steps())
}

async fn assert_alike(kinds: &[Kind], deeds: impl Iterator<Item = [&'static str; 3]>) {
    async fn of<S: UserService>(make: fn(World) -> S) -> (Caller, World) {
        let world = World::default();
        (Caller::new(&served(make(world.clone())).await), world)
    }
    let first = of(|world| First { world }).await;
    let others = [
        ("nowhere", of(|world| Nowhere { world }).await),
        ("second", of(|world| Second { world }).await),
        ("third", of(|world| Third { world }).await),
        ("last", of(|world| Last { world }).await),
    ];
    for [a, b, c] in deeds {
        for &kind in kinds {
            for failures in 0..=3 {
                let told = |caller: &Caller| caller.with("x-a", a).with("x-b", b).with("x-c", c);
                let expected = happens(&told(&first.0), &first.1, kind, failures).await;
                for (name, (caller, world)) in &others {
                    let happened = happens(&told(caller), world, kind, failures).await;
                    assert_eq!(
                        happened, expected,
                        "{name}: {kind} {a} {b} {c} {failures} failures"
                    );
                }
            }
        }
    }
}

fn all(deeds: &'static [&'static str]) -> impl Iterator<Item = [&'static str; 3]> {
    deeds.iter().flat_map(move |a| {
        deeds
            .iter()
            .flat_map(move |b| deeds.iter().map(move |c| [*a, *b, *c]))
    })
}

#[tokio::test]
async fn position_of_typed_interceptor_changes_nothing() {
    assert_alike(&[Kind::Unary], all(&DEEDS).step_by(5)).await;
}

#[tokio::test]
async fn position_of_typed_interceptor_changes_nothing_for_streams() {
    // After one poll, the progress of a request stream varies.
    let (_, deeds) = DEEDS.split_last().unwrap();
    let some = all(deeds).filter(|[a, _, c]| a == c || *c == "observe");
    assert_alike(&KINDS[1..], some.step_by(3)).await;
}

impl Note for demo::GetUserRequest {
    fn note(&self) -> String {
        String::new()
    }
}

impl Note for demo::ListUsersRequest {
    fn note(&self) -> String {
        String::new()
    }
}

type Plain = demo::user_service_client::UserServiceClient<Channel>;

/// The same for hand-written clients.
macro_rules! clients_alike {
    ($($name:ident: $policy:tt;)*) => {$(
        struct $name(Plain);

        clients_alike!(@one $name $policy);

        impl Calls for $name {
            async fn unary(&self, request: Request<demo::GetUserRequest>) -> Result<Vec<u64>, Status> {
                Ok(vec![self.get_user(request).await?.into_inner().id])
            }

            async fn stream(&self, request: Request<demo::ListUsersRequest>) -> Result<Vec<u64>, Status> {
                let users = self.list_users(request).await?.into_inner();
                users.map(|user| user.map(|user| user.id)).collect().await
            }
        }
    )*};
    (@one $name:ident [$($policy:tt)*]) => {
        #[interceptors::intercept(service = "demo.v1.UserService", $($policy)*)]
        impl $name {
            async fn get_user(
                &self,
                request: Request<demo::GetUserRequest>,
            ) -> Result<Response<demo::User>, Status> {
                self.0.clone().get_user(request).await
            }

            async fn list_users(
                &self,
                request: Request<demo::ListUsersRequest>,
            ) -> Result<Response<Streaming<demo::User>>, Status> {
                self.0.clone().list_users(request).await
            }
        }
    };
}

trait Calls {
    async fn unary(&self, request: Request<demo::GetUserRequest>) -> Result<Vec<u64>, Status>;
    async fn stream(&self, request: Request<demo::ListUsersRequest>) -> Result<Vec<u64>, Status>;
}

clients_alike! {
    NowhereOut: [with(Does("x-a")), retry(max_attempts = 2, base_delay = "1ms"), with(Does("x-b")), with(Does("x-c"))];
    FirstOut: [with(Typed), with(Does("x-a")), retry(max_attempts = 2, base_delay = "1ms"), with(Does("x-b")), with(Does("x-c"))];
    SecondOut: [with(Does("x-a")), with(Typed), retry(max_attempts = 2, base_delay = "1ms"), with(Does("x-b")), with(Does("x-c"))];
    ThirdOut: [with(Does("x-a")), retry(max_attempts = 2, base_delay = "1ms"), with(Does("x-b")), with(Typed), with(Does("x-c"))];
}

#[tokio::test]
async fn position_of_typed_interceptor_changes_nothing_for_clients() {
    async fn happens(
        client: &impl Calls,
        world: &World,
        deeds: [&str; 3],
        failures: usize,
    ) -> String {
        fn told<M>(message: M, deeds: [&str; 3]) -> Request<M> {
            let mut request = Request::new(message);
            for (key, deed) in ["x-a", "x-b", "x-c"].into_iter().zip(deeds) {
                request.metadata_mut().insert(key, deed.parse().unwrap());
            }
            request
        }
        let mut happened = String::new();
        for streams in [false, true] {
            world.fail(&[Code::Unavailable; 3][..failures]);
            let answer = match streams {
                false => {
                    client
                        .unary(told(demo::GetUserRequest::default(), deeds))
                        .await
                }
                true => {
                    client
                        .stream(told(demo::ListUsersRequest::default(), deeds))
                        .await
                }
            };
            let answer =
                answer.map_err(|status| format!("{:?} {}", status.code(), status.message()));
            world.succeed();
            happened += &format!("{} => {answer:?}\n", steps());
        }
        happened
    }
    let world = World::default();
    let channel = served(Bare {
        world: world.clone(),
    })
    .await;
    let plain = || Plain::new(channel.clone());
    let (nowhere, first) = (NowhereOut(plain()), FirstOut(plain()));
    let (second, third) = (SecondOut(plain()), ThirdOut(plain()));
    // When a call is dropped, it varies how much was sent.
    let (_, deeds) = DEEDS.split_last().unwrap();
    for deeds in all(deeds).step_by(5) {
        for failures in 0..=3 {
            let expected = happens(&first, &world, deeds, failures).await;
            for (name, happened) in [
                ("nowhere", happens(&nowhere, &world, deeds, failures).await),
                ("second", happens(&second, &world, deeds, failures).await),
                ("third", happens(&third, &world, deeds, failures).await),
            ] {
                assert_eq!(happened, expected, "{name}: {deeds:?} {failures} failures");
            }
        }
    }
}

#[derive(Clone)]
struct Bare {
    world: World,
}

users!(self: Bare, #[intercept()]);
