//! Parses the data of a response: messages, and with gRPC-Web also the trailers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::Frame;
use tonic::{Code, Status};

use super::status;

/// Counts the ends of messages in data that is split anywhere.
#[derive(Default)]
pub(crate) struct Ends {
    /// How many of a message's five prefix bytes have been seen.
    prefix: u8,
    /// The first of the prefix bytes.
    flags: u8,
    length: [u8; 4],
    /// How many bytes of the message are still to come.
    left: u32,
}

/// The same for a response, whose data may include trailers.
#[derive(Default)]
pub(crate) struct Frames {
    ends: Ends,
    /// Only with gRPC-Web.
    trailers: Option<Vec<u8>>,
}

/// gRPC-Web sends trailers as a frame of the body, with this flag.
const ARE_TRAILERS: u8 = 0x80;
/// hyper's default limit on headers.
const MOST_TRAILERS: usize = 16 * 1024;

impl Frames {
    /// For gRPC-Web: also reads the trailers.
    pub(crate) fn of_web() -> Self {
        Self {
            trailers: Some(Vec::new()),
            ..Self::default()
        }
    }

    /// How many messages end in this data.
    pub(crate) fn count(&mut self, data: &[u8]) -> u64 {
        self.ends.count(data, self.trailers.as_mut())
    }

    /// The end that the trailers of gRPC-Web report.
    pub(crate) fn end(&self) -> Option<Result<(), Status>> {
        let trailers = self.trailers.as_ref()?;
        // Incomplete trailers may lack the status.
        if trailers.is_empty() || self.ends.prefix != 0 {
            return None;
        }
        let mut headers = HeaderMap::new();
        for line in trailers.split(|byte| *byte == b'\n') {
            let mut parts = line.trim_ascii().splitn(2, |byte| *byte == b':');
            let (Some(name), Some(value)) = (parts.next(), parts.next()) else {
                continue;
            };
            let name = HeaderName::from_bytes(name.trim_ascii());
            let value = HeaderValue::from_bytes(value.trim_ascii());
            if let (Ok(name), Ok(value)) = (name, value) {
                headers.append(name, value);
            }
        }
        end_of(&mut headers)
    }
}

impl Ends {
    /// How many messages end in this data. Trailers of gRPC-Web are appended to `trailers`.
    pub(crate) fn count(&mut self, mut data: &[u8], mut trailers: Option<&mut Vec<u8>>) -> u64 {
        let mut messages = 0;
        while !data.is_empty() {
            if let (0, Some((&[flags, a, b, c, d], rest))) = (self.prefix, data.split_first_chunk())
            {
                // Usually all five bytes are here.
                self.flags = flags;
                self.left = u32::from_be_bytes([a, b, c, d]);
                self.prefix = 5;
                data = rest;
            } else if self.prefix < 5 {
                match self.prefix {
                    0 => self.flags = data[0],
                    n => self.length[usize::from(n) - 1] = data[0],
                }
                self.prefix += 1;
                data = &data[1..];
                if self.prefix < 5 {
                    continue;
                }
                self.left = u32::from_be_bytes(self.length);
            }
            let (seen, rest) = data.split_at(data.len().min(self.left as usize));
            self.left -= seen.len() as u32;
            data = rest;
            let are_trailers = self.flags & ARE_TRAILERS != 0;
            if are_trailers
                && let Some(trailers) = trailers.as_deref_mut()
                && trailers.len() + seen.len() <= MOST_TRAILERS
            {
                trailers.extend_from_slice(seen);
            }
            if self.left == 0 {
                messages += u64::from(!are_trailers);
                self.prefix = 0;
            }
        }
        messages
    }
}

/// The end that the trailers report.
pub(crate) fn end_of(trailers: &mut HeaderMap) -> Option<Result<(), Status>> {
    // There are few trailers, and usually only this one.
    let mut named = trailers
        .iter()
        .filter(|(name, _)| **name == status::GRPC_STATUS);
    if let (Some((_, code)), None) = (named.next(), named.next())
        && code == "0"
    {
        return Some(Ok(()));
    }
    match status::of_headers(trailers)? {
        status if status.code() == Code::Ok => Some(Ok(())),
        status => Some(Err(status)),
    }
}

/// Decodes the body of `application/grpc-web-text`: base64 texts in a row, each with its padding.
#[derive(Default)]
pub(crate) struct Text {
    group: [u8; 4],
    length: usize,
}

impl Text {
    /// The decoded bytes of this part of the text, as far as its groups are complete.
    pub(crate) fn decode(&mut self, text: &[u8]) -> Vec<u8> {
        let mut data = Vec::with_capacity(text.len() / 4 * 3 + 3);
        for byte in text {
            self.group[self.length] = *byte;
            self.length += 1;
            if self.length == self.group.len() {
                self.length = 0;
                // Data that is not base64 is skipped: the client could not read it either.
                let mut decoded = [0; 3];
                if let Ok(length) = STANDARD.decode_slice(self.group, &mut decoded) {
                    data.extend_from_slice(&decoded[..length]);
                }
            }
        }
        data
    }
}

/// The trailers of a status as a frame of gRPC-Web.
pub(crate) fn web_trailers(trailers: &HeaderMap, is_text: bool) -> Frame<Bytes> {
    let mut lines = Vec::new();
    for (name, value) in trailers {
        lines.extend_from_slice(name.as_str().as_bytes());
        lines.push(b':');
        lines.extend_from_slice(value.as_bytes());
        lines.extend_from_slice(b"\r\n");
    }
    let length = u32::try_from(lines.len()).unwrap_or(u32::MAX);
    let mut data = vec![ARE_TRAILERS];
    data.extend_from_slice(&length.to_be_bytes());
    data.append(&mut lines);
    Frame::data(match is_text {
        true => STANDARD.encode(data).into(),
        false => data.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_counted_across_any_chunks() {
        let bytes = [
            0, 0, 0, 0, 3, 1, 2, 3, // three bytes
            0, 0, 0, 0, 0, // empty
            1, 0, 0, 0, 1, 9,
        ];
        for cut in 1..=bytes.len() {
            let mut frames = Frames::default();
            let messages: u64 = bytes.chunks(cut).map(|chunk| frames.count(chunk)).sum();
            assert_eq!(messages, 3, "in pieces of {cut}");
        }
        let mut frames = Frames::default();
        assert_eq!(frames.count(&bytes[..7]), 0, "only a part of the first");
    }

    fn web_response(is_text: bool) -> Vec<u8> {
        let mut trailers = HeaderMap::new();
        let status = Status::not_found("no such user: é");
        status.add_header(&mut trailers).unwrap();
        let message = [0, 0, 0, 0, 2, 1, 2];
        let mut data = match is_text {
            true => STANDARD.encode(message).into_bytes(),
            false => message.to_vec(),
        };
        data.extend_from_slice(&web_trailers(&trailers, is_text).into_data().unwrap());
        data
    }

    #[test]
    fn grpc_web_trailers_are_read_across_any_chunks() {
        for is_text in [false, true] {
            let data = web_response(is_text);
            for cut in 1..=data.len() {
                let (mut frames, mut text, mut messages) = (Frames::of_web(), Text::default(), 0);
                for part in data.chunks(cut) {
                    messages += match is_text {
                        true => frames.count(&text.decode(part)),
                        false => frames.count(part),
                    };
                }
                let status = frames.end().unwrap().unwrap_err();
                assert_eq!(messages, 1);
                assert_eq!(status.code(), Code::NotFound);
                assert_eq!(status.message(), "no such user: é");
            }
        }
    }

    #[test]
    fn invalid_base64_is_skipped() {
        let mut text = Text::default();
        assert!(text.decode(b"****").is_empty());
        assert_eq!(text.decode(b"AAEC"), [0, 1, 2]);
    }

    #[test]
    fn endless_trailers_are_bounded() {
        let mut frames = Frames::of_web();
        frames.count(&[ARE_TRAILERS, 0xff, 0xff, 0xff, 0xff]);
        for _ in 0..100 {
            frames.count(&[b'a'; 1024]);
        }
        assert!(frames.trailers.as_ref().unwrap().len() <= MOST_TRAILERS);
        assert!(frames.end().is_none());
    }

    #[test]
    fn incomplete_trailers_give_no_status() {
        let data = web_response(false);
        for end in 0..data.len() {
            let mut frames = Frames::of_web();
            frames.count(&data[..end]);
            assert!(frames.end().is_none(), "{end}");
        }
    }

    #[test]
    fn trailers_are_read_only_for_grpc_web() {
        let mut frames = Frames::default();
        frames.count(&web_response(false));
        assert!(frames.end().is_none());
    }
}
