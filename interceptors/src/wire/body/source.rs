//! The sources of a body's data.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use http_body::{Body as HttpBody, Frame};
use tonic::Status;

use super::super::replay::Replay;
use super::super::status;

#[derive(Default)]
pub(super) enum Source {
    Plain(tonic::body::Body),
    /// A complete request. `None` once it has been read.
    Full(Option<Bytes>),
    /// A complete request that may be resent. It is stored inline: nothing is allocated until it is sent.
    Short(Short),
    Replayed(Replay<Chunks>),
    /// A request of which a part was read already.
    PartlyRead(Box<Chunks>),
    #[default]
    Ended,
}

impl Source {
    /// Converts a request that was stored inline, so that it can be sent.
    pub(super) fn allocate(&mut self) {
        if let Self::Short(data) = self {
            *self = Self::Full(Some(data.allocate()));
        }
    }

    pub(super) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        match self {
            Self::Short(data) => {
                let data = data.allocate();
                *self = Self::Full(None);
                Poll::Ready(Some(Ok(Frame::data(data))))
            }
            Self::Plain(body) => Pin::new(body).poll_frame(cx),
            Self::Full(data) => Poll::Ready(data.take().map(|data| Ok(Frame::data(data)))),
            Self::Replayed(replay) => Poll::Ready(match ready!(replay.poll_next(cx)) {
                Ok(chunk) => chunk.map(|chunk| chunk.map(Frame::data)),
                Err(_superseded) => {
                    *self = Self::Ended;
                    Some(Err(status::abandoned()))
                }
            }),
            Self::PartlyRead(chunks) => chunks.poll_chunk(cx).map_ok(Frame::data),
            Self::Ended => Poll::Ready(None),
        }
    }

    pub(super) fn is_end_stream(&self) -> bool {
        match self {
            Self::Plain(body) => body.is_end_stream(),
            Self::Full(data) => data.is_none(),
            Self::Short(_) | Self::Replayed(_) | Self::PartlyRead(_) => false,
            Self::Ended => true,
        }
    }
}

/// A complete request. It goes to the transport in a box, so it is kept small.
pub(super) struct Whole(pub(super) Option<Bytes>);

impl HttpBody for Whole {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Poll::Ready(self.0.take().map(|data| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }
}

/// The data of a body.
pub(super) struct Chunks {
    /// Data that was read before it was known that the request has to be kept.
    pub(super) ahead: VecDeque<Result<Bytes, Status>>,
    pub(super) body: Option<tonic::body::Body>,
}

impl Chunks {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Status>>> {
        if let Some(chunk) = self.ahead.pop_front() {
            return Poll::Ready(Some(chunk));
        }
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let chunk = ready!(data_of(body, cx));
        if !matches!(chunk, Some(Ok(_))) {
            self.body = None;
        }
        Poll::Ready(chunk)
    }
}

/// The next data of a request. A request has no trailers.
pub(super) fn data_of(
    body: &mut tonic::body::Body,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<Bytes, Status>>> {
    loop {
        let frame = match ready!(Pin::new(&mut *body).poll_frame(cx)) {
            Some(Ok(frame)) => frame,
            Some(Err(status)) => return Poll::Ready(Some(Err(status))),
            None => return Poll::Ready(None),
        };
        if let Ok(data) = frame.into_data() {
            return Poll::Ready(Some(Ok(data)));
        }
    }
}

impl Stream for Chunks {
    type Item = Result<Bytes, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_chunk(cx)
    }
}

/// A request that is kept while it is sent. Short data is copied: tonic encodes into buffers of 8 KiB, and a shared
/// buffer would stay allocated for a message of a few bytes.
pub(super) fn kept(data: &Bytes) -> Source {
    const SMALL: usize = 4 * 1024;
    match Short::of(data) {
        Some(short) => Source::Short(short),
        None if data.len() < SMALL => Source::Full(Some(Bytes::copy_from_slice(data))),
        None => Source::Full(Some(data.clone())),
    }
}

/// As many bytes as fit into a [`Source`] without making it larger.
#[derive(Clone, Copy)]
pub(super) struct Short {
    length: u8,
    data: [u8; 31],
}

impl Short {
    fn of(data: &[u8]) -> Option<Self> {
        let mut short = Self {
            length: u8::try_from(data.len()).ok()?,
            data: [0; 31],
        };
        short.data.get_mut(..data.len())?.copy_from_slice(data);
        Some(short)
    }

    #[cold]
    fn allocate(&self) -> Bytes {
        Bytes::copy_from_slice(self.as_ref())
    }
}

impl AsRef<[u8]> for Short {
    fn as_ref(&self) -> &[u8] {
        &self.data[..usize::from(self.length)]
    }
}

pub(super) fn size_of_chunk(chunk: &Result<Bytes, Status>) -> usize {
    chunk.as_ref().map_or(0, Bytes::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_requests_are_copied_out_of_their_buffer() {
        let in_buffer = |length| {
            let mut buffer = bytes::BytesMut::with_capacity(8 * 1024);
            buffer.extend_from_slice(&vec![7; length]);
            buffer.split().freeze()
        };
        for (length, is_short, is_shared) in [
            (0, true, false),
            (31, true, false),
            (32, false, false),
            (4 * 1024 - 1, false, false),
            (4 * 1024, false, true),
        ] {
            let data = in_buffer(length);
            let mut source = kept(&data);
            assert_eq!(matches!(source, Source::Short(_)), is_short, "{length}");
            source.allocate();
            let Source::Full(Some(again)) = source else {
                panic!("{length} bytes are not kept");
            };
            assert_eq!(again, data);
            let shares = length > 0 && again.as_ptr() == data.as_ptr();
            assert_eq!(shares, is_shared, "{length}");
        }
    }

    #[test]
    fn short_requests_are_stored_inline() {
        assert_eq!(size_of::<Source>(), size_of::<Bytes>() + size_of::<usize>());
    }
}
