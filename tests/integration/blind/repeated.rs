//! Interceptors for any message, on a service: what they may do to a call.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use interceptors::{Call, Interceptor, Kind, Next};
use interceptors_tests::KINDS;
use tonic::{Code, Response, Status};

use crate::common::{
    Any, Caller, LoginReply, LoginRequest, Noted, Tag, World, served, step, steps, users,
};

/// Rejects calls with this metadata key, without running the rest.
#[derive(Clone, Copy)]
struct RefusesIf(&'static str);

impl<Req: Send, Res: Send> Interceptor<Req, Res> for RefusesIf {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        if call.metadata().contains_key(self.0) {
            return Err(Status::already_exists(self.0));
        }
        next.run(call).await
    }
}

/// Marks the metadata and the extensions of the request and of the answer.
#[derive(Clone, Copy)]
struct Marks(u32);

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Marks {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let mark = match call.metadata().get("x-mark") {
            Some(before) => format!("{}{}", before.to_str().unwrap(), self.0),
            None => self.0.to_string(),
        };
        let tag = call.extensions().get::<Tag>().map_or(0, |tag| tag.0) + self.0;
        call.metadata_mut().insert("x-mark", mark.parse().unwrap());
        call.extensions_mut().insert(Tag(tag));
        let mut answer = next.run(call).await?;
        answer.metadata_mut().append("x-answered", self.0.into());
        answer.extensions_mut().insert(Tag(self.0));
        Ok(answer)
    }
}

#[derive(Clone, Default)]
struct Changed {
    world: World,
}

users!(self: Changed, #[intercept(
    with(Any("a")),
    with(RefusesIf("x-first")),
    with(Marks(1)),
    with(Noted("typed"), except = [login, chat]),
    with(Marks(2)),
    with(RefusesIf("x-last")),
)]);

#[tokio::test]
async fn metadata_and_extensions_reach_the_handler() {
    let caller = Caller::new(&served(Changed::default()).await);
    for kind in KINDS {
        caller.call(kind).await.unwrap();
        let expected = match kind {
            Kind::Unary => ">a >typed(7) get_user[12,3] <typed <a",
            Kind::ClientStreaming => ">a >typed(users) import_users[12,3] <typed <a",
            Kind::ServerStreaming => ">a >typed(7) list_users[12,3] <typed <a",
            Kind::BidiStreaming => ">a chat[12,3] <a",
        };
        assert_eq!(steps(), expected);
    }
    let mut client = caller.client.clone();
    for request in [
        caller.request(LoginRequest::default()),
        caller.with("x-mark", "0").request(LoginRequest::default()),
    ] {
        let answer = client.login(request).await.unwrap();
        let answered = answer.metadata().get_all("x-answered").iter();
        let answered: Vec<_> = answered.map(|value| value.to_str().unwrap()).collect();
        assert_eq!(answered, ["2", "1"]);
    }
    assert_eq!(steps(), ">a login[12,3] <a >a login[012,3] <a");
}

#[tokio::test]
async fn interceptor_may_answer_without_calling_next() {
    let caller = Caller::new(&served(Changed::default()).await);
    for kind in KINDS {
        let status = caller.with("x-first", "1").call(kind).await.unwrap_err();
        assert_eq!(
            (status.code(), status.message()),
            (Code::AlreadyExists, "x-first")
        );
        assert_eq!(steps(), ">a <a", "{kind}");
        let status = caller.with("x-last", "1").call(kind).await.unwrap_err();
        assert_eq!(status.message(), "x-last");
        let steps = steps();
        match kind {
            Kind::BidiStreaming => assert_eq!(steps, ">a <a"),
            _ => assert!(
                steps.starts_with(">a >typed(") && steps.ends_with(") <typed <a"),
                "{steps}"
            ),
        }
    }
}

/// Retries until it succeeds, with two copies made up front, and a copy of each copy.
#[derive(Clone, Copy)]
struct Repeats;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Repeats {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let copies = [call.copy_request(), call.copy_request()];
        step(format!("copies:{}", copies.iter().flatten().count()));
        let mut answer = next.run(call).await;
        for copy in copies.into_iter().flatten() {
            if answer.is_ok() {
                break;
            }
            call.next_attempt(copy);
            let of_copy = call.copy_request();
            answer = next.run(call).await;
            if answer.is_err()
                && let Some(of_copy) = of_copy
            {
                call.next_attempt(of_copy);
                answer = next.run(call).await;
            }
        }
        step(format!("attempts:{}", call.attempt()));
        answer
    }
}

#[derive(Clone, Default)]
struct Repeated {
    world: World,
}

users!(self: Repeated, #[intercept(
    with(Marks(1)),
    with(Repeats),
    with(Marks(2)),
    with(Noted("typed"), only = [list_users]),
    with(Repeats, only = [flaky]),
)]);

#[tokio::test]
async fn copies_can_be_made_up_front_and_from_copies() {
    let service = Repeated::default();
    let caller = Caller::new(&served(service.clone()).await);
    let mut client = caller.client.clone();
    for failures in 0..=5 {
        service.world.fail(&[Code::Aborted; 5][..failures]);
        let request = LoginRequest {
            name: "ann".to_owned(),
            password: "secret".to_owned(),
        };
        let answer = client.login(request).await;
        // The original, the two copies, and their copies.
        let runs = (failures + 1).min(5);
        let expected = format!("copies:2 {}attempts:{runs}", "login[12,3] ".repeat(runs));
        assert_eq!(steps(), expected);
        match failures {
            5 => assert_eq!(answer.unwrap_err().code(), Code::Aborted),
            _ => assert_eq!(answer.unwrap().into_inner().token, "secret"),
        }
    }
    for failures in 0..5 {
        service.world.fail(&[Code::Aborted; 5][..failures]);
        assert_eq!(caller.call(Kind::ServerStreaming).await.unwrap(), [0, 1, 2]);
        let run = ">typed(7) list_users[12,3] <typed ";
        let expected = format!(
            "copies:2 {}attempts:{}",
            run.repeat(failures + 1),
            failures + 1
        );
        assert_eq!(steps(), expected);
    }
}

#[tokio::test]
async fn retrying_interceptors_can_be_nested() {
    let service = Repeated::default();
    let mut client = Caller::new(&served(service.clone()).await).client;
    service.world.fail(&[Code::Aborted; 24]);
    client
        .flaky(crate::common::FlakyRequest::default())
        .await
        .unwrap();
    let steps = steps();
    assert_eq!(steps.matches("flaky[12,3]").count(), 25, "{steps}");
    assert!(steps.ends_with("attempts:25 attempts:25"), "{steps}");
}

#[tokio::test]
async fn server_request_streams_cannot_be_copied() {
    let service = Repeated::default();
    let caller = Caller::new(&served(service.clone()).await);
    for kind in [Kind::ClientStreaming, Kind::BidiStreaming] {
        service.world.fail(&[Code::Aborted]);
        let status = caller.call(kind).await.unwrap_err();
        assert_eq!(
            (status.code(), status.message()),
            (Code::Aborted, "told to fail")
        );
        assert!(steps().ends_with("attempts:1"));
    }
}

/// Changes the message, and rejects this many runs before it runs the rest.
#[derive(Clone)]
struct AddsAndRefuses(Arc<AtomicU32>);

impl<Res: Send> Interceptor<LoginRequest, Res> for AddsAndRefuses {
    async fn intercept(
        &self,
        call: &mut Call<LoginRequest>,
        next: &mut impl Next<LoginRequest, Res>,
    ) -> Result<Response<Res>, Status> {
        if let Some(request) = call.message_mut() {
            request.password.push('!');
        }
        let left = self
            .0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
        if left.is_ok() {
            return Err(Status::unavailable("not yet"));
        }
        next.run(call).await
    }
}

/// Runs the rest again without `next_attempt`.
#[derive(Clone, Copy)]
struct Twice;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Twice {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        step(format!("{}", call.message().is_some()));
        if let Ok(answer) = next.run(call).await {
            return Ok(answer);
        }
        step(format!("{}", call.message().is_some()));
        next.run(call).await
    }
}

macro_rules! refusing {
    ($name:ident, $($policy:tt)*) => {
        #[derive(Clone)]
        struct $name {
            world: World,
            refuses: AddsAndRefuses,
        }

        users!(self: $name, #[intercept($($policy)*)]);

        impl $name {
            async fn login(times: u32) -> Result<Response<LoginReply>, Status> {
                let service = Self {
                    world: World::default(),
                    refuses: AddsAndRefuses(Arc::new(times.into())),
                };
                let mut client = Caller::new(&served(service).await).client;
                let password = "secret".to_owned();
                client.login(LoginRequest { name: String::new(), password }).await
            }
        }
    };
}

refusing!(
    Unsent,
    with(Marks(1)),
    with(Twice),
    with(self.refuses, only = [login])
);
refusing!(
    UnsentAndKept,
    retry(max = 1, base_delay = "1ms"),
    with(Twice),
    with(self.refuses, only = [login]),
);
refusing!(
    UnsentAndRetried,
    retry(max = 2, base_delay = "1ms"),
    with(self.refuses, only = [login]),
);

#[tokio::test]
async fn unsent_message_survives_for_a_second_run() {
    let answer = Unsent::login(1).await.unwrap();
    // The second run changes the message that the first run left.
    assert_eq!(answer.into_inner().token, "secret!!");
    assert_eq!(steps(), "true true login[1,1]");
    let status = Unsent::login(2).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(steps(), "true true");
}

#[tokio::test]
async fn unsent_message_survives_for_a_second_run_inside_retry() {
    for refusals in 0..4 {
        let answer = UnsentAndKept::login(refusals).await.unwrap();
        let token = answer.into_inner().token;
        assert!(
            ["secret!", "secret!!"].contains(&token.as_str()),
            "{refusals}: {token}"
        );
        steps();
    }
    UnsentAndKept::login(4).await.unwrap_err();
}

#[tokio::test]
async fn retry_sends_the_original_message_after_changes() {
    for refusals in 0..3 {
        let answer = UnsentAndRetried::login(refusals).await.unwrap();
        assert_eq!(answer.into_inner().token, "secret!", "{refusals} refusals");
    }
    assert_eq!(
        UnsentAndRetried::login(3).await.unwrap_err().code(),
        Code::Unavailable
    );
}

/// Runs the rest twice, and returns the first answer.
#[derive(Clone, Copy)]
struct FirstOfTwo;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for FirstOfTwo {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let copy = call.copy_request();
        let first = next.run(call).await;
        if let Some(copy) = copy {
            call.next_attempt(copy);
            let _ = next.run(call).await;
        }
        first
    }
}

/// Runs the rest again after an answer, and returns the second.
#[derive(Clone, Copy)]
struct LastOfTwo;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for LastOfTwo {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let copy = call.copy_request();
        let first = next.run(call).await;
        let Some(copy) = copy else { return first };
        drop(first);
        call.next_attempt(copy);
        step("again");
        next.run(call).await
    }
}

struct Dropped(&'static str);

impl Drop for Dropped {
    fn drop(&mut self) {
        step(self.0);
    }
}

struct Answers {
    count: AtomicU32,
}

#[interceptors::intercept(with(FirstOfTwo, only = [get]), with(LastOfTwo, only = [list]))]
#[tonic::async_trait]
impl Store for Answers {
    type ListStream = interceptors_tests::UserStream<Word>;
    type SyncStream = interceptors_tests::UserStream<Word>;

    async fn get(&self, _: tonic::Request<Word>) -> Result<Response<Word>, Status> {
        let count = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        let mut answer = Response::new(Word {
            text: count.to_string(),
        });
        answer.metadata_mut().insert("x-count", count.into());
        Ok(answer)
    }

    async fn list(&self, _: tonic::Request<Word>) -> Result<Response<Self::ListStream>, Status> {
        step("list");
        let dropped = Dropped("dropped");
        let word = move |text: &str| {
            let _ = &dropped;
            Ok(Word {
                text: text.to_owned(),
            })
        };
        Ok(Response::new(Box::pin(tokio_stream::StreamExt::map(
            tokio_stream::iter(["a", "b"]),
            word,
        ))))
    }

    async fn put(
        &self,
        _: tonic::Request<tonic::Streaming<Word>>,
    ) -> Result<Response<Word>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn sync(
        &self,
        _: tonic::Request<tonic::Streaming<Word>>,
    ) -> Result<Response<Self::SyncStream>, Status> {
        Err(Status::unimplemented(""))
    }
}

use interceptors_proto::shapes::Word;
use interceptors_proto::shapes::store_server::Store;

#[tokio::test]
async fn answers_of_two_attempts_are_not_mixed_up() {
    let service = Answers {
        count: AtomicU32::new(0),
    };
    let answer = service.get(tonic::Request::new(Word::default())).await;
    assert_eq!(service.count.load(Ordering::SeqCst), 2);
    // The message of the second answer must not come with the metadata of the first.
    assert_eq!(answer.unwrap_err().code(), Code::Internal);
}

#[tokio::test]
async fn discarded_stream_is_dropped_before_the_next_attempt() {
    let service = Answers {
        count: AtomicU32::new(0),
    };
    let answer = service
        .list(tonic::Request::new(Word::default()))
        .await
        .unwrap();
    assert_eq!(steps(), "list again dropped list");
    drop(answer);
    assert_eq!(steps(), "dropped");
}
