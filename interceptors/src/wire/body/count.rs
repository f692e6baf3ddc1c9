//! Counts the messages of a request while they are read.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::Frame;
use tonic::Status;

use super::super::frames::Ends;
use crate::core::received::Reading;
use crate::core::time::Bounds;

pub(super) struct Count {
    pub(super) reading: Reading,
    ends: Ends,
    /// Made when the body is first polled, if it is bounded.
    bounds: Option<Pin<Box<Bounds>>>,
}

impl Count {
    pub(super) fn new(reading: Reading) -> Self {
        Self {
            reading,
            ends: Ends::default(),
            bounds: None,
        }
    }

    /// The polled frame, or the end of the request if its time is over. A first message that is ready passes, because a
    /// unary call may send nothing else.
    #[cold]
    pub(super) fn in_time(
        &mut self,
        polled: Poll<Option<Result<Frame<Bytes>, Status>>>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.bounds.is_none() {
            self.bounds = self.reading.bounds().map(Box::pin);
        }
        let Some(bounds) = &mut self.bounds else {
            return polled;
        };
        let has_begun = self.reading.has_begun();
        let is_message = |frame: &Option<Result<Frame<Bytes>, Status>>| {
            has_begun && matches!(frame, Some(Ok(frame)) if frame.is_data())
        };
        let held = bounds.as_mut().hold(polled, is_message, cx);
        held.map(|held| held.unwrap_or_else(|status| Some(Err(status))))
    }

    pub(super) fn see(&mut self, frame: &Option<Result<Frame<Bytes>, Status>>) {
        self.reading.begin();
        self.reading.goes_on();
        if let Some(Ok(frame)) = frame
            && let Some(data) = frame.data_ref()
        {
            self.reading.add(self.ends.count(data, None));
        }
    }
}
