//! Whether all of a request has arrived at a server.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tonic::Status;

use super::{About, Body, Polled, Source, Whole};
use crate::core::facts::CutOff;

/// How much of a request has arrived.
pub(crate) enum Arrival {
    /// The whole request, so it cannot be cut off.
    All(Arrived),
    Part(Arriving),
}

/// The body for a service. It is no larger than `Bytes`, because a request is moved several times on its way to the
/// decoder.
#[allow(missing_debug_implementations)]
pub enum Arrived {
    /// The whole request. Empty once it has been read.
    Whole(Bytes),
    /// More may come, or the messages are counted.
    Part(tonic::body::Body),
}

impl Arrived {
    pub(crate) fn into_body(self) -> tonic::body::Body {
        match self {
            Self::Whole(data) => tonic::body::Body::new(Whole((!data.is_empty()).then_some(data))),
            Self::Part(body) => body,
        }
    }
}

impl HttpBody for Arrived {
    type Data = Bytes;
    type Error = Status;

    #[cfg_attr(not(debug_assertions), inline)]
    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        match self.get_mut() {
            Self::Whole(data) if data.is_empty() => Poll::Ready(None),
            Self::Whole(data) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(data))))),
            Self::Part(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(data) => data.is_empty(),
            Self::Part(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(_) => SizeHint::default(),
            Self::Part(body) => body.size_hint(),
        }
    }
}

/// A request of which more may come.
pub(crate) struct Arriving {
    ahead: ReadAhead,
    body: Body,
    cut_off: Option<CutOff>,
}

/// The frames that were read to find out whether the request is complete.
#[derive(Default)]
struct ReadAhead {
    first: Option<Bytes>,
    /// Boxed, because a frame is large and a second one is rare.
    second: Option<Box<Result<Frame<Bytes>, Status>>>,
}

impl Body {
    /// Finds out whether the request is complete. A single message usually arrives together with the headers.
    pub(crate) fn arrival(mut self) -> Arrival {
        let body = match &mut self.source {
            Source::Plain(body) => body,
            Source::Full(_) | Source::Short(_) | Source::Ended => return self.all_here(),
            Source::Replayed(_) | Source::PartlyRead(_) => return Arrival::Part(self.arriving()),
        };
        let mut ahead = ReadAhead::default();
        match (ahead.read(body), &self.about) {
            (None, _) => Arrival::Part(Arriving {
                ahead,
                body: self,
                cut_off: None,
            }),
            (Some(data), About::Request(_)) => {
                self.source = Source::Full(data);
                self.all_here()
            }
            (Some(data), _) => Arrival::All(Arrived::Whole(data.unwrap_or_default())),
        }
    }

    #[cold]
    fn all_here(self) -> Arrival {
        Arrival::All(Arrived::Part(self.into()))
    }

    /// Does not check whether the request is complete.
    pub(crate) fn arriving(self) -> Arriving {
        Arriving {
            ahead: ReadAhead::default(),
            body: self,
            cut_off: None,
        }
    }
}

impl ReadAhead {
    /// Reads the frames that are ready. Returns the data if they are the whole request.
    fn read(&mut self, body: &mut tonic::body::Body) -> Option<Option<Bytes>> {
        // The reader of the rest polls again, with its own waker.
        let mut cx = Context::from_waker(Waker::noop());
        let mut body = Pin::new(body);
        let data = match body.as_mut().poll_frame(&mut cx) {
            Poll::Pending => return None,
            Poll::Ready(None) => return Some(None),
            Poll::Ready(Some(frame)) => match frame.map(Frame::into_data) {
                Ok(Ok(data)) => data,
                Ok(Err(trailers)) => return self.keep(Ok(trailers)),
                Err(error) => return self.keep(Err(error)),
            },
        };
        // A client that does not know the end when it sends the message sends the end as an empty frame.
        match body.as_mut().poll_frame(&mut cx) {
            Poll::Ready(None) => return Some(Some(data)),
            Poll::Ready(Some(Ok(frame)))
                if frame.data_ref().is_some_and(Bytes::is_empty) && body.is_end_stream() =>
            {
                return Some(Some(data));
            }
            Poll::Pending => {}
            Poll::Ready(Some(frame)) => _ = self.keep(frame),
        }
        self.first = Some(data);
        None
    }

    fn take(&mut self) -> Option<Result<Frame<Bytes>, Status>> {
        if let Some(data) = self.first.take() {
            return Some(Ok(Frame::data(data)));
        }
        self.second.take().map(|frame| *frame)
    }

    fn is_empty(&self) -> bool {
        self.first.is_none() && self.second.is_none()
    }

    #[cold]
    fn keep(&mut self, frame: Result<Frame<Bytes>, Status>) -> Option<Option<Bytes>> {
        self.second = Some(Box::new(frame));
        None
    }
}

impl Arriving {
    /// Sets `cut_off` if the request is cut off.
    pub(crate) fn watched(mut self, cut_off: CutOff) -> tonic::body::Body {
        self.cut_off = Some(cut_off);
        tonic::body::Body::new(self)
    }

    /// For a request whose `cut_off` another layer sets.
    pub(crate) fn into_body(self) -> tonic::body::Body {
        tonic::body::Body::new(self)
    }
}

/// Ends the request before its trailers. gRPC requests have none, and tonic would merge them into the metadata after
/// the policy has run.
fn without_trailers(polled: Polled) -> Polled {
    match polled {
        Poll::Ready(Some(Ok(frame))) if frame.is_trailers() => Poll::Ready(None),
        polled => polled,
    }
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        let this = &mut *self;
        let Some(frame) = this.ahead.take() else {
            return without_trailers(this.body.poll_source(cx, this.cut_off.as_ref()));
        };
        if let (Some(cut_off), Err(_)) = (&this.cut_off, &frame) {
            cut_off.set();
        }
        let mut polled = Poll::Ready(Some(frame));
        this.body.see(&mut polled);
        without_trailers(polled)
    }

    fn is_end_stream(&self) -> bool {
        self.ahead.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        match self.ahead.is_empty() {
            true => self.body.size_hint(),
            false => SizeHint::default(),
        }
    }
}
