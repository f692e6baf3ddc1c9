//! Encoded requests and responses, and what is known about them. `source` has the origin of the data, `count` counts
//! messages, `look` checks which data a request to be sent has at once, and `arrival` checks whether a received request is
//! complete.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::StatusCode;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tonic::{Code, Status};

use super::replay::Replay;
use super::status;
use crate::core::facts::CutOff;
use crate::core::received::{Reading, Received};

#[cfg(feature = "server")]
mod arrival;
mod count;
mod look;
mod source;

#[cfg(feature = "server")]
pub(crate) use arrival::Arrival;
#[cfg(feature = "server")]
pub use arrival::Arrived;
#[cfg(feature = "client")]
pub(crate) use look::NoopWake;

use count::Count;
use look::{PEEK_WAKER, PeekWaker};
use source::{Chunks, Source, Whole, data_of, kept, size_of_chunk};

/// The encoded messages of a call. It is the message type of interceptors on a wrapped channel and on a server's struct.
///
/// Both the request and the response have this type there, so an interceptor for a channel or a server can be an `Interceptor<Body, Body>`.
/// `client::Body` and `server::Body` are the same type, so such an interceptor works on both sides. The type is in both modules because each of their
/// features works without the other.
///
/// ```
/// use std::sync::atomic::{AtomicBool, Ordering};
///
/// use interceptors::client::Body;
/// use interceptors::{Call, Interceptor, Next, intercept};
/// use tonic::{Response, Status};
///
/// static IS_CLOSED: AtomicBool = AtomicBool::new(false);
///
/// struct Maintenance;
///
/// impl Interceptor<Body, Body> for Maintenance {
///     async fn intercept(
///         &self,
///         call: &mut Call<Body>,
///         next: &mut impl Next<Body, Body>,
///     ) -> Result<Response<Body>, Status> {
///         if IS_CLOSED.load(Ordering::Relaxed) {
///             return Err(Status::unavailable("closed for maintenance"));
///         }
///         next.run(call).await
///     }
/// }
///
/// #[intercept(with(Maintenance))]
/// struct Outbound;
///
/// #[intercept(server, with(Maintenance))]
/// struct Inbound;
/// ```
///
/// An interceptor that answers a call itself makes a `Body` from a [`tonic::body::Body`](https://docs.rs/tonic/0.14/tonic/body/struct.Body.html).
#[derive(Default)]
pub struct Body {
    source: Source,
    about: About,
}

/// What else is known about a body, which is a request or a response. Small, because bodies are moved.
#[derive(Default)]
enum About {
    #[default]
    Nothing,
    /// A request, with the counter of its messages. Boxed, because a body is moved several times in each call and most
    /// are not counted.
    Request(Box<Count>),
    /// A response, with what its head says.
    Response(Head),
}

type Polled = Poll<Option<Result<Frame<Bytes>, Status>>>;

/// The part of a response's head that decides how a body without trailers ends.
#[derive(Clone, Copy)]
struct Head {
    http_status: StatusCode,
    end: EndByHead,
}

/// What the head of a response says about its end.
#[derive(Clone, Copy)]
pub(crate) enum EndByHead {
    /// Nothing: the trailers will have the status.
    Open,
    /// `grpc-status` came with the headers.
    Status(Code),
    /// The response is not gRPC, so its HTTP status is the result.
    Http,
}

impl Default for Head {
    fn default() -> Self {
        Self {
            http_status: StatusCode::OK,
            end: EndByHead::Open,
        }
    }
}

impl Body {
    /// The body of a response. `end` is what its headers say about its end.
    pub(crate) fn response(
        body: tonic::body::Body,
        http_status: StatusCode,
        end: EndByHead,
    ) -> Self {
        Self {
            source: Source::Plain(body),
            about: About::Response(Head { http_status, end }),
        }
    }

    /// The next frame. Sets `cut_off` on an error of the connection, but not on a timeout.
    #[cfg_attr(not(debug_assertions), inline)]
    fn poll_source(&mut self, cx: &mut Context<'_>, cut_off: Option<&CutOff>) -> Polled {
        // A frame may be trailers, which are large, so it is not moved.
        let mut polled = self.source.poll_frame(cx);
        if let (Some(cut_off), Poll::Ready(Some(Err(_)))) = (cut_off, &polled) {
            cut_off.set();
        }
        if let About::Request(count) = &mut self.about
            && count.reading.is_bounded()
        {
            polled = count.in_time(polled, cx);
        }
        self.see(&mut polled);
        polled
    }

    /// Repairs the trailers of a response and counts the messages of a request.
    #[cfg_attr(not(debug_assertions), inline)]
    fn see(&mut self, polled: &mut Polled) {
        if let Poll::Ready(Some(Ok(frame))) = polled
            && let Some(trailers) = frame.trailers_mut()
        {
            status::repair_trailers(trailers);
        }
        if let About::Request(count) = &mut self.about {
            match &polled {
                Poll::Ready(frame) => count.see(frame),
                Poll::Pending => {
                    count.reading.begin();
                    count.reading.waits();
                }
            }
        }
    }

    /// The end of a response that has no trailers.
    pub(crate) fn end(&self) -> Result<(), Status> {
        self.head().end()
    }

    pub(crate) fn http_status(&self) -> StatusCode {
        self.head().http_status
    }

    /// Whether this is the body of a received response. An interceptor may also have made one itself.
    #[cfg(feature = "server")]
    pub(crate) fn is_of_response(&self) -> bool {
        matches!(self.about, About::Response(_))
    }

    fn head(&self) -> Head {
        match self.about {
            About::Response(head) => head,
            _ => Head::default(),
        }
    }

    /// Counts the messages that are read from it.
    pub(crate) fn counted(mut self, received: Received) -> Self {
        self.about = About::Request(Box::new(Count::new(Reading::new(received))));
        self
    }

    /// Another reading of the same request, to be sent after this one.
    pub(crate) fn copy(&mut self, limit: usize) -> Option<Self> {
        match (&self.source, &self.about) {
            (Source::Full(Some(data)), About::Nothing) if data.len() <= limit => Some(Self {
                source: kept(data),
                ..Self::default()
            }),
            _ => self.copy_of_any(limit),
        }
    }

    #[cold]
    fn copy_of_any(&mut self, limit: usize) -> Option<Self> {
        self.read_ahead(limit);
        let source = match &mut self.source {
            Source::Full(None) | Source::Ended => Source::Full(None),
            Source::Full(Some(data)) if data.len() > limit => return None,
            Source::Full(Some(data)) => kept(data),
            Source::Short(data) if data.as_ref().len() > limit => return None,
            Source::Short(data) => Source::Short(*data),
            Source::Replayed(replay) => Source::Replayed(replay.copy(limit)),
            Source::Plain(_) | Source::PartlyRead(_) => return None,
        };
        let about = match &self.about {
            About::Request(count) => About::Request(Box::new(Count::new(count.reading.another()))),
            About::Nothing | About::Response(_) => About::Nothing,
        };
        Some(Self { source, about })
    }

    pub(crate) fn is_whole(&self) -> bool {
        match &self.source {
            Source::Full(_) | Source::Short(_) | Source::Ended => true,
            Source::Replayed(replay) => replay.is_whole(),
            Source::Plain(_) | Source::PartlyRead(_) => false,
        }
    }

    /// Takes the request over from the attempt before. Returns whether all of it can be sent.
    pub(crate) fn begin(&mut self) -> bool {
        self.source.allocate();
        match &mut self.source {
            Source::Replayed(replay) => replay.begin(),
            Source::Plain(_)
            | Source::Full(_)
            | Source::Short(_)
            | Source::PartlyRead(_)
            | Source::Ended => true,
        }
    }

    /// Whether all of the request is here. Then it is one message, or a stream that ended at once.
    pub(crate) fn is_complete(&mut self, limit: usize) -> bool {
        self.read_ahead(limit);
        matches!(
            self.source,
            Source::Full(_) | Source::Short(_) | Source::Ended
        )
    }

    /// A request to be sent. A single message is read in one piece, as soon as the source has it. That costs the
    /// connection less than another poll for the end.
    pub(crate) fn request(mut body: tonic::body::Body, waker: &Waker) -> Self {
        Self::take(&mut body, waker)
    }

    /// As `request`, for a channel. If the request is complete, but its caller may still cancel it, also returns the
    /// rest of the body, which reports the cancellation.
    pub(crate) fn cancellable(mut body: tonic::body::Body) -> (Self, Option<tonic::body::Body>) {
        let peek = PEEK_WAKER.take().filter(|peek| !peek.is_in_use());
        let peek = peek.unwrap_or_else(PeekWaker::new);
        let taken = Self::take(&mut body, &peek.waker);
        // A complete body keeps the waker only if it waits for a cancellation.
        let is_cancellable = peek.is_in_use() && matches!(taken.source, Source::Full(_));
        PEEK_WAKER.set(Some(peek));
        (taken, is_cancellable.then_some(body))
    }

    fn take(body: &mut tonic::body::Body, waker: &Waker) -> Self {
        let mut cx = Context::from_waker(waker);
        let source = match data_of(body, &mut cx) {
            Poll::Pending => Source::Plain(std::mem::take(body)),
            Poll::Ready(None) => Source::Full(None),
            Poll::Ready(Some(Err(error))) => Source::PartlyRead(Box::new(Chunks {
                ahead: VecDeque::from([Err(error)]),
                body: None,
            })),
            Poll::Ready(Some(Ok(data))) => match data_of(body, &mut cx) {
                Poll::Ready(None) => Source::Full(Some(data)),
                second => {
                    let mut ahead = VecDeque::from([Ok(data)]);
                    if let Poll::Ready(Some(second)) = second {
                        ahead.push_back(second);
                    }
                    let body = Some(std::mem::take(body));
                    Source::PartlyRead(Box::new(Chunks { ahead, body }))
                }
            },
        };
        Self {
            source,
            ..Self::default()
        }
    }

    /// Whether this is known to be a request of exactly one message.
    pub(crate) fn is_one_message(&self) -> bool {
        let Source::Full(Some(data)) = &self.source else {
            return false;
        };
        data.split_first_chunk()
            .is_some_and(|(&[_is_compressed, a, b, c, d], message)| {
                u32::from_be_bytes([a, b, c, d]) as usize == message.len()
            })
    }

    /// Makes a request that is not complete replayable.
    fn read_ahead(&mut self, limit: usize) {
        if let Source::Plain(body) = &mut self.source {
            // An interceptor may have replaced the body.
            self.source = Self::request(std::mem::take(body), Waker::noop()).source;
        }
        let chunks = match std::mem::take(&mut self.source) {
            Source::Plain(body) => Chunks {
                ahead: VecDeque::new(),
                body: Some(body),
            },
            Source::PartlyRead(chunks) => *chunks,
            other => {
                self.source = other;
                return;
            }
        };
        self.source = Source::Replayed(Replay::new(chunks, size_of_chunk, limit));
    }
}

impl Head {
    /// The end of a body that has no trailers.
    fn end(self) -> Result<(), Status> {
        match self.end {
            EndByHead::Open => Err(status::without_trailers(self.http_status)),
            EndByHead::Status(Code::Ok) => Ok(()),
            EndByHead::Status(code) => Err(Status::new(code, "")),
            EndByHead::Http => status::of_http(self.http_status),
        }
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        self.poll_source(cx, None)
    }

    fn is_end_stream(&self) -> bool {
        self.source.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Plain(body) => body.size_hint(),
            // Even a known length is not reported: it would become a `content-length`, which a tonic client does not
            // send.
            Source::Full(_)
            | Source::Short(_)
            | Source::Replayed(_)
            | Source::PartlyRead(_)
            | Source::Ended => SizeHint::default(),
        }
    }
}

impl From<tonic::body::Body> for Body {
    fn from(body: tonic::body::Body) -> Self {
        Self {
            source: Source::Plain(body),
            ..Self::default()
        }
    }
}

impl From<Body> for tonic::body::Body {
    fn from(body: Body) -> Self {
        match body {
            Body {
                source: Source::Plain(body),
                about: About::Nothing | About::Response(_),
            } => body,
            Body {
                source: Source::Full(data),
                about: About::Nothing | About::Response(_),
            } => Self::new(Whole(data)),
            other => Self::new(other),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Keeps the latest waker, as the body of a cancellable call does, and drops the one before.
    struct Keeps {
        message: Option<Bytes>,
        waker: Arc<Mutex<Option<Waker>>>,
    }

    impl HttpBody for Keeps {
        type Data = Bytes;
        type Error = Status;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
            *self.waker.lock().unwrap() = Some(cx.waker().clone());
            Poll::Ready(self.message.take().map(|data| Ok(Frame::data(data))))
        }
    }

    #[test]
    fn dropping_an_old_waker_does_not_hide_the_new_one() {
        let waker = Arc::new(Mutex::new(None));
        for _ in 0..3 {
            let (_, rest) = Body::cancellable(tonic::body::Body::new(Keeps {
                message: Some(Bytes::from_static(&[0; 5])),
                waker: Arc::clone(&waker),
            }));
            assert!(rest.is_some());
        }
    }

    #[test]
    fn single_message_is_recognized() {
        for (data, expected) in [
            (&[0, 0, 0, 0, 2, 1, 2][..], true),
            (&[0, 0, 0, 0, 0], true),
            (&[0, 0, 0, 0, 2, 1], false),
            (&[0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0], false),
            (&[0, 0, 0], false),
        ] {
            let body = Body {
                source: Source::Full(Some(Bytes::from_static(data))),
                ..Body::default()
            };
            assert_eq!(body.is_one_message(), expected, "{data:?}");
        }
    }

    #[test]
    fn copy_of_a_copy_is_the_same_request() {
        let mut first = Body {
            source: Source::Full(Some(Bytes::from_static(b"short"))),
            ..Body::default()
        };
        let mut second = first.copy(5).unwrap();
        let mut third = second.copy(5).unwrap();
        assert!(second.copy(4).is_none());
        for copy in [&mut second, &mut third] {
            assert!(copy.is_whole() && copy.is_complete(5) && copy.begin());
            let mut cx = Context::from_waker(Waker::noop());
            let Poll::Ready(Some(Ok(frame))) = Pin::new(&mut *copy).poll_frame(&mut cx) else {
                panic!("nothing to send");
            };
            assert_eq!(frame.into_data().unwrap(), "short");
            assert!(copy.is_end_stream());
        }
    }
}
