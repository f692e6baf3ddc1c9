//! Helpers for the tests of shapes.

use std::cell::RefCell;
use std::pin::Pin;

use interceptors::{Call, End, Interceptor, Next};
use interceptors_proto::shapes::Word;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status};

pub(crate) type BoxStream<M> = Pin<Box<dyn Stream<Item = Result<M, Status>> + Send>>;

thread_local! {
    /// Each test and its servers run on one thread of their own.
    static CALLS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn record(line: String) {
    CALLS.with_borrow_mut(|calls| calls.push(line));
}

/// The calls that [`Record`] saw in this test since the last call of this function.
pub(crate) fn calls() -> Vec<String> {
    CALLS.take()
}

/// Records the beginning and the end of each call.
pub(crate) struct Record;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Record {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        record(format!("{} {}", call.kind(), call.method()));
        let observer = |end: &End<'_>| {
            record(format!(
                "{} {} {}",
                end.method(),
                end.outcome(),
                end.messages()
            ));
        };
        next.observe(call, observer).await
    }
}

/// The record of one call with one response message.
pub(crate) fn answered(method: &str) -> Vec<String> {
    vec![format!("unary {method}"), format!("{method} ok 1")]
}

/// The record of several such calls in sequence.
pub(crate) fn answered_times(method: &str, times: usize) -> Vec<String> {
    std::iter::repeat_n(answered(method), times)
        .flatten()
        .collect()
}

/// The record of one call that fails.
pub(crate) fn failed(method: &str) -> Vec<String> {
    vec![format!("unary {method}"), format!("{method} error 0")]
}

pub(crate) fn word(text: impl Into<String>) -> Word {
    Word { text: text.into() }
}

pub(crate) fn ask(text: &str) -> Request<Word> {
    Request::new(word(text))
}

/// The text of a response.
#[track_caller]
pub(crate) fn text(answer: Result<Response<Word>, Status>) -> String {
    answer.unwrap().into_inner().text
}

/// The texts of a streamed response, read to its end.
pub(crate) async fn texts<S>(answer: Result<Response<S>, Status>) -> Vec<String>
where
    S: Stream<Item = Result<Word, Status>>,
{
    let items: Vec<_> = answer.unwrap().into_inner().collect().await;
    items.into_iter().map(|item| item.unwrap().text).collect()
}
