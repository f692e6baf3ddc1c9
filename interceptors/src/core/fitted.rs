//! Shortens a service's status so that peers accept its headers.

use tonic::metadata::MetadataMap;
use tonic::{Code, Status};

/// The lowest limit of any peer on all headers together: that of grpc-java, and C-core's soft limit.
const ACCEPTED: usize = 8 * 1024;
/// Reserved for the other headers of a response.
const OTHERS: usize = 512;
/// This much of a message is always sent, whatever the metadata.
const MIN_MESSAGE: usize = 256;
/// HTTP/2 adds this much for each field to the length of its name and value.
const FIELD_OVERHEAD: usize = 32;

const MESSAGE: usize = "grpc-message".len() + FIELD_OVERHEAD;
const DETAILS: usize = "grpc-status-details-bin".len() + FIELD_OVERHEAD;

/// Whether a status is only a message that is short enough in any encoding. Most are, and this check is faster than
/// [`fit`].
#[inline]
#[cfg_attr(not(feature = "server"), allow(dead_code))]
pub(crate) fn is_short(status: &Status) -> bool {
    const SHORT: usize = (ACCEPTED - OTHERS - MESSAGE) / 3;
    status.message().len() <= SHORT && status.details().is_empty() && status.metadata().is_empty()
}

/// Shortens a status so that it can be sent. A message that is too long is cut. Details that take more than half of the
/// space are dropped.
#[cold]
#[inline(never)]
pub(crate) fn fit(status: &mut Status) {
    let message = status.message();
    let metadata = status.metadata().as_ref();
    let metadata: usize = metadata
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + FIELD_OVERHEAD)
        .sum();
    let room = (ACCEPTED - OTHERS)
        .saturating_sub(metadata)
        .max(MIN_MESSAGE);
    let mut details = match status.details().len() {
        0 => 0,
        length => length.div_ceil(3) * 4 + DETAILS,
    };
    // The encoding at most triples a message, and nearly every message fits even then.
    if 3 * message.len() + MESSAGE + details <= room {
        return;
    }
    let mut needed: usize = message.chars().map(encoded).sum();
    needed += MESSAGE;
    if needed + details <= room {
        return;
    }
    let keeps_details = details <= room / 2;
    if !keeps_details {
        details = 0;
    }
    let message = match needed + details <= room {
        true => message.to_owned(),
        false => cut(message, room - details - MESSAGE),
    };
    let details = match keeps_details {
        true => bytes::Bytes::copy_from_slice(status.details()),
        false => bytes::Bytes::new(),
    };
    *status = rebuilt(status.code(), message, details, status.metadata().clone());
}

fn rebuilt(code: Code, message: String, details: bytes::Bytes, metadata: MetadataMap) -> Status {
    Status::with_details_and_metadata(code, message, details, metadata)
}

/// The length of a character in `grpc-message`, as tonic encodes it.
fn encoded(c: char) -> usize {
    match c.is_ascii_graphic() && !"\"#%<>`?{}".contains(c) {
        true => 1,
        false => 3 * c.len_utf8(),
    }
}

/// The beginning of a message that takes at most `room` bytes in `grpc-message`.
fn cut(message: &str, room: usize) -> String {
    let mark = format!("… (cut, {} bytes)", message.len());
    let mut left = room.saturating_sub(mark.chars().map(encoded).sum());
    let end = message.char_indices().find(|(_, c)| {
        let fits = left.checked_sub(encoded(*c));
        left = fits.unwrap_or(left);
        fits.is_none()
    });
    let end = end.map_or(message.len(), |(end, _)| end);
    let mut cut = String::with_capacity(end + mark.len());
    cut.push_str(&message[..end]);
    cut.push_str(&mark);
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted(mut status: Status) -> Status {
        fit(&mut status);
        status
    }

    /// The size of the headers as HTTP/2 counts it.
    fn size(status: &Status) -> usize {
        let mut headers = http::HeaderMap::new();
        status.add_header(&mut headers).unwrap();
        let fields = headers.iter();
        fields
            .map(|(name, value)| name.as_str().len() + value.len() + FIELD_OVERHEAD)
            .sum()
    }

    #[test]
    fn short_statuses_are_unchanged() {
        for length in [0, 1, 7_000, 7_600] {
            let status = fitted(Status::internal("x".repeat(length)));
            assert_eq!(status.message().len(), length);
        }
        let status = Status::with_details(Code::Internal, "short", vec![7; 5_000].into());
        assert_eq!(fitted(status).details().len(), 5_000);
    }

    #[test]
    fn long_messages_are_cut_at_a_character() {
        let every_ascii: String = (0..128_u8).map(char::from).collect();
        for text in ["x", "%", "ä", "日", "🦀", "x🦀", every_ascii.as_str()] {
            for length in [7_640, 7_650, 20_000, 100_000] {
                let message = text.repeat(length / text.len() + 1);
                let status = fitted(Status::aborted(message.clone()));
                let size = size(&status);
                assert!(size <= ACCEPTED - OTHERS + 64, "{text}: {size}");
                assert_eq!(status.code(), Code::Aborted);
                let Some((kept, mark)) = status.message().rsplit_once('…') else {
                    assert_eq!(status.message(), message);
                    continue;
                };
                assert!(message.starts_with(kept));
                assert_eq!(mark, format!(" (cut, {} bytes)", message.len()));
                assert!(size >= ACCEPTED - OTHERS - 128, "{text}: {size}");
            }
        }
    }

    #[test]
    fn oversized_details_are_dropped_and_others_stay() {
        let message = "x".repeat(20_000);
        for (length, kept) in [(1_000, 1_000), (2_700, 2_700), (20_000, 0)] {
            let details = vec![7; length].into();
            let status = fitted(Status::with_details(
                Code::Aborted,
                message.as_str(),
                details,
            ));
            assert_eq!(status.details().len(), kept);
            assert!(status.message().contains('…'));
            assert!(size(&status) <= ACCEPTED - OTHERS + 64);
        }
        let status = Status::with_details(Code::Aborted, "short", vec![7; 20_000].into());
        let status = fitted(status);
        assert_eq!((status.message(), status.details().len()), ("short", 0));
    }

    #[test]
    fn metadata_counts_and_is_kept() {
        let mut status = Status::aborted("x".repeat(7_000));
        let value = "v".repeat(3_000).parse().unwrap();
        status.metadata_mut().insert("x-large", value);
        let status = fitted(status);
        assert_eq!(status.metadata().get("x-large").unwrap().len(), 3_000);
        assert!(status.message().len() < 5_000);
        assert!(size(&status) <= ACCEPTED - OTHERS + 64);
        let mut status = Status::aborted("x".repeat(7_000));
        let value = "v".repeat(30_000).parse().unwrap();
        status.metadata_mut().insert("x-large", value);
        assert!(fitted(status).message().starts_with("xxx"));
    }
}
