use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::Instant;
use tonic::Status;

use super::body::Body;
use super::frames::{Frames, Text, end_of, web_trailers};
use super::protocol::Protocol;
use crate::core::end::Outcome;
use crate::core::facts::CutOff;
use crate::core::fitted::fit;
use crate::core::layer::{Step, Tail};
use crate::core::time::{Bounds, Limit, enter, exceeded};

/// What comes out of a wrapped channel, or leaves a server: the response's [`Body`], watched to its end and held to the
/// deadline of the call. The default is an empty one, which tonic wants for the interceptors that it puts around a channel.
#[derive(Default)]
pub struct ResponseBody {
    body: Body,
    /// Boxed, so that a response without observers stays small.
    watch: Option<Box<BodyWatch>>,
    time: Time,
    reader: Reader,
}

/// The time limits of the body.
#[derive(Default)]
enum Time {
    #[default]
    Unbounded,
    Limit(Limit),
    Bounded {
        bounds: Pin<Box<Bounds>>,
    },
    /// Calls that are made while the body is read inherit this deadline.
    Inherited {
        at: Instant,
        bounds: Option<Pin<Box<Bounds>>>,
    },
    Over,
}

/// How a failure is reported to the reader of the body.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Reader {
    /// As an error.
    #[default]
    Local,
    /// As trailers, because the reader is at the other end of the wire.
    Remote(Protocol),
    /// The failure was reported.
    Reported,
}

/// How a server sends the body of a response.
#[cfg(feature = "server")]
#[derive(Clone, Copy)]
pub(crate) struct Sent {
    pub(crate) protocol: Protocol,
    /// How many bytes the connection sends, if it knows that before it reads the body. It drops the body after them,
    /// without a poll for its end.
    pub(crate) length: Option<u64>,
}

struct BodyWatch {
    /// `None` if the response is not gRPC.
    frames: Option<Frames>,
    /// How many bytes are left of a response whose length is known.
    left: Option<u64>,
    /// Only for gRPC-Web as text.
    text: Option<Text>,
    /// If the request was cut off, the call counts as not answered, whatever the body says.
    cut_off: Option<CutOff>,
    watch: Tail,
}

impl ResponseBody {
    /// The body of a channel's response.
    #[cfg_attr(not(debug_assertions), inline)]
    pub(crate) fn new(body: Body, watch: Option<Tail>, deadline: Option<Instant>) -> Self {
        let time = match deadline {
            Some(at) => Time::Limit(Limit::new(at)),
            None => Time::Unbounded,
        };
        match watch {
            // This arm returns by itself, so that the body is moved once less.
            None => Self {
                body,
                watch: None,
                time,
                reader: Reader::Local,
            },
            watch => Self::watched(body, watch, None, time, (Reader::Local, None)),
        }
    }

    /// The body of a server's response.
    #[cfg(feature = "server")]
    #[cfg_attr(not(debug_assertions), inline)]
    pub(crate) fn sent(
        body: Body,
        watch: Option<Tail>,
        cut_off: Option<CutOff>,
        bounds: Option<Bounds>,
        inherited: Option<Instant>,
        Sent { protocol, length }: Sent,
    ) -> Self {
        let bounds = bounds.map(Box::pin);
        let time = match (inherited, bounds) {
            (Some(at), bounds) => Time::Inherited { at, bounds },
            (None, Some(bounds)) => Time::Bounded { bounds },
            (None, None) => Time::Unbounded,
        };
        Self::watched(
            body,
            watch,
            cut_off,
            time,
            (Reader::Remote(protocol), length),
        )
    }

    #[cfg_attr(not(debug_assertions), inline)]
    fn watched(
        body: Body,
        watch: Option<Tail>,
        cut_off: Option<CutOff>,
        time: Time,
        (reader, length): (Reader, Option<u64>),
    ) -> Self {
        let mut watch = watch.map(|watch| {
            let (frames, is_text) = match reader {
                Reader::Remote(Protocol::Http) => (None, false),
                Reader::Remote(Protocol::GrpcWeb { is_text }) => (Some(Frames::of_web()), is_text),
                _ => (Some(Frames::default()), false),
            };
            Box::new(BodyWatch {
                frames,
                left: length,
                text: is_text.then(Text::default),
                cut_off,
                watch,
            })
        });
        if (body.is_end_stream() || length == Some(0))
            && let Some(mut watch) = watch.take()
        {
            // Nothing will read the body.
            watch.end(&body.end());
        }
        Self {
            body,
            watch,
            time,
            reader,
        }
    }

    /// In its own function, so that bodies without a layer around their polls do not pay for it.
    #[cold]
    fn poll_in_layers(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Some(mut watching) = self.watch.take() else {
            return self.poll_body(cx);
        };
        let (mut frame, mut seen) = (None, Seen::Messages(0));
        let BodyWatch {
            frames,
            left,
            text,
            watch,
            ..
        } = &mut *watching;
        let step = watch.poll(cx, &mut |cx| {
            frame = ready!(self.poll_body(cx));
            seen = see((frames, left, text), &mut frame, &self.body);
            Poll::Ready(match &seen {
                Seen::Messages(0) => Step::Part,
                Seen::Messages(_) => Step::Message,
                Seen::End(Ok(())) => Step::End,
                Seen::End(Err(_)) | Seen::Failed => Step::Failed,
            })
        });
        let status = step.map(|step| match step {
            Step::Cut(outcome, status) => {
                let cut = watching.watch.see(Step::Cut(outcome, status), None);
                // Drops everything of the call that the body holds.
                self.body = Body::default();
                cut
            }
            _ => {
                watching.settle(&seen, &frame);
                None
            }
        });
        self.watch = Some(watching);
        status.map(|cut| cut.map(Err).or(frame))
    }

    #[cfg_attr(not(debug_assertions), inline)]
    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        match &self.time {
            Time::Unbounded => Pin::new(&mut self.body).poll_frame(cx),
            _ => self.poll_in_time(cx),
        }
    }

    #[cold]
    fn poll_in_time(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let is_data = |frame: &Option<Result<Frame<Bytes>, Status>>| matches!(frame, Some(Ok(frame)) if frame.is_data());
        let body = Pin::new(&mut self.body);
        let over = match &mut self.time {
            Time::Unbounded => return body.poll_frame(cx),
            Time::Limit(limit) => {
                let polled = body.poll_frame(cx);
                match ready!(limit.hold(polled, is_data, cx)) {
                    Some(frame) => return Poll::Ready(frame),
                    None => exceeded(),
                }
            }
            Time::Inherited { at, bounds } => {
                let polled = {
                    let _inherited = enter(*at);
                    body.poll_frame(cx)
                };
                let Some(bounds) = bounds else {
                    return polled;
                };
                match ready!(bounds.as_mut().hold(polled, is_data, cx)) {
                    Ok(frame) => return Poll::Ready(frame),
                    Err(status) => status,
                }
            }
            Time::Bounded { bounds } => {
                let polled = body.poll_frame(cx);
                match ready!(bounds.as_mut().hold(polled, is_data, cx)) {
                    Ok(frame) => return Poll::Ready(frame),
                    Err(status) => status,
                }
            }
            Time::Over => return Poll::Ready(None),
        };
        // Drops everything of the call that the body holds. The other side notices that.
        self.time = Time::Over;
        self.body = Body::default();
        Poll::Ready(Some(Err(over)))
    }

    /// Reports a failure to the reader.
    #[cold]
    fn fail(&mut self, mut status: Status) -> Option<Result<Frame<Bytes>, Status>> {
        let Reader::Remote(protocol) = self.reader else {
            return Some(Err(status));
        };
        self.reader = Reader::Reported;
        fit(&mut status);
        let trailers = || {
            let mut trailers = HeaderMap::new();
            // If the message is no valid header, the code alone is sent.
            let _ = status.add_header(&mut trailers);
            trailers
        };
        match protocol {
            Protocol::Grpc => Some(Ok(Frame::trailers(trailers()))),
            Protocol::GrpcWeb { is_text } => Some(Ok(web_trailers(&trailers(), is_text))),
            // Plain HTTP has no status in trailers: the connection reports an incomplete response.
            Protocol::Http => Some(Err(status)),
        }
    }
}

impl HttpBody for ResponseBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        if this.reader == Reader::Reported {
            return Poll::Ready(None);
        }
        let polled = match &mut this.watch {
            None => this.poll_body(cx),
            Some(watch) if watch.watch.is_around() => this.poll_in_layers(cx),
            Some(watch) => {
                watch.watch.polling = true;
                let mut polled = this.poll_body(cx);
                if let Some(watch) = this.watch.as_deref_mut() {
                    watch.watch.polling = false;
                    if let Poll::Ready(frame) = &mut polled {
                        watch.see(frame, &this.body);
                    }
                }
                polled
            }
        };
        match polled {
            Poll::Ready(Some(Err(status))) => Poll::Ready(this.fail(status)),
            polled => polled,
        }
    }

    fn is_end_stream(&self) -> bool {
        // Observers have to see the end.
        self.reader == Reader::Reported || self.watch.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody").finish_non_exhaustive()
    }
}

/// What a frame means for the observers of the response.
enum Seen {
    /// This many messages ended in the frame.
    Messages(u64),
    /// The frame is the end of the response.
    End(Result<(), Status>),
    /// The response failed. The frame was replaced by the status.
    Failed,
}

fn see(
    (frames, left, text): (&mut Option<Frames>, &mut Option<u64>, &mut Option<Text>),
    frame: &mut Option<Result<Frame<Bytes>, Status>>,
    body: &Body,
) -> Seen {
    let frame = match frame {
        Some(Ok(frame)) => frame,
        Some(Err(_)) => return Seen::Failed,
        None => {
            let told = frames.as_ref().and_then(Frames::end);
            return Seen::End(told.unwrap_or_else(|| body.end()));
        }
    };
    if let Some(trailers) = frame.trailers_mut() {
        return Seen::End(end_of(trailers).unwrap_or_else(|| body.end()));
    }
    let data = frame.data_ref().map_or(&[][..], |data| data);
    let Some(frames) = frames else {
        let Some(left) = left else {
            return Seen::Messages(0);
        };
        *left = left.saturating_sub(data.len() as u64);
        return match *left {
            0 => Seen::End(body.end()),
            _ => Seen::Messages(0),
        };
    };
    Seen::Messages(match text {
        Some(text) => frames.count(&text.decode(data)),
        None => frames.count(data),
    })
}

impl BodyWatch {
    fn see(&mut self, frame: &mut Option<Result<Frame<Bytes>, Status>>, body: &Body) {
        let parts = (&mut self.frames, &mut self.left, &mut self.text);
        let seen = see(parts, frame, body);
        self.settle(&seen, frame);
    }

    fn settle(&mut self, seen: &Seen, frame: &Option<Result<Frame<Bytes>, Status>>) {
        match seen {
            Seen::Failed => {
                let status = frame.as_ref().and_then(|frame| frame.as_ref().err());
                self.watch.tell(Outcome::Error, status);
            }
            Seen::Messages(messages) => self.watch.messages += messages,
            Seen::End(end) => self.end(end),
        }
    }

    fn end(&mut self, end: &Result<(), Status>) {
        match end {
            Ok(()) if self.cut_off.as_ref().is_some_and(CutOff::is_set) => {
                self.watch.tell(Outcome::Cancelled, None);
            }
            Ok(()) => self.watch.tell(Outcome::Ok, None),
            Err(status) => self.watch.tell(Outcome::Error, Some(status)),
        }
    }
}
