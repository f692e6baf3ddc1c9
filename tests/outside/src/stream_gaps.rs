use std::task::{Context, Poll};
use std::time::Duration;

use interceptors::ext::{CallName, Inner, Layer, Step};
use interceptors::{Call, End, Entry, Interceptor, Next};
use tokio::time::Instant;
use tonic::{Response, Status};

/// Logs the longest time between two messages of each response stream.
///
/// A stream logs one event at level `INFO` when it ends, however it ends:
///
/// | field | |
/// | --- | --- |
/// | `grpc.service`, `grpc.method` | the call |
/// | `messages` | how many messages there were |
/// | `longest_gap` | the longest time between two messages in milliseconds, or from the start of the stream to the first |
///
/// A call with a single response has no event, and neither has one that fails before its stream starts. A channel does
/// not know the kind of its calls; there a call with fewer than two messages has no event.
///
/// # Default
///
/// - at_least: zero
#[derive(Debug, Clone)]
pub struct StreamGaps {
    at_least: Duration,
}

impl StreamGaps {
    /// The default.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            at_least: Duration::ZERO,
        }
    }

    /// Streams log nothing if their longest gap is shorter.
    #[must_use]
    pub const fn at_least(mut self, gap: Duration) -> Self {
        self.at_least = gap;
        self
    }
}

impl Default for StreamGaps {
    fn default() -> Self {
        Self::new()
    }
}

// It works on both sides and at each place in the list, which is the default.
impl Entry for StreamGaps {
    const NAME: &'static str = "stream_gaps";
}

impl<Req: Send, Res: Send> Interceptor<Req, Res> for StreamGaps {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let answer = next.run(call).await;
        if answer.is_ok() && call.kind().response_is_stream() {
            call.push_layer(Gaps {
                at_least: self.at_least,
                last: Instant::now(),
                longest: Duration::ZERO,
            });
        }
        answer
    }
}

/// Measures one stream.
struct Gaps {
    at_least: Duration,
    /// When the last message came, or the stream started.
    last: Instant,
    longest: Duration,
}

impl Layer for Gaps {
    fn poll(&mut self, _: &CallName, cx: &mut Context<'_>, inner: &mut Inner<'_>) -> Poll<Step> {
        let polled = inner(cx);
        if let Poll::Ready(Step::Message) = polled {
            let now = Instant::now();
            self.longest = self.longest.max(now - self.last);
            self.last = now;
        }
        polled
    }

    fn end(&mut self, end: &End<'_>) {
        let may_be_unary = !end.knows_kind() && end.messages() < 2;
        if may_be_unary || self.longest < self.at_least {
            return;
        }
        tracing::info!(
            grpc.service = end.service(),
            grpc.method = end.method(),
            messages = end.messages(),
            longest_gap = u64::try_from(self.longest.as_millis()).unwrap_or(u64::MAX),
            "a response stream has ended"
        );
    }
}
