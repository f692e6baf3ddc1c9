use super::reader::{Range, Reader, Value};
use crate::core::kind::Kind;

/// Walks the services and methods of encoded `FileDescriptorSet`s, each service before its methods.
///
/// Other messages are skipped by their length.
pub(super) struct Walk<'a> {
    sets: &'a [&'a [u8]],
    /// How many sets have been started.
    begun: usize,
    set: Reader<'a>,
    file: Reader<'a>,
    service: Reader<'a>,
    package: Range,
    /// Whether all bytes so far belong to descriptor sets.
    pub(super) is_sound: bool,
}

/// Ranges are parts of the current set.
#[derive(Clone, Copy)]
pub(super) enum Found {
    Service {
        package: Range,
        name: Range,
    },
    Method {
        name: Range,
        kind: Kind,
        is_idempotent: bool,
    },
}

/// The numbers of fields in `google/protobuf/descriptor.proto`.
mod field {
    pub(super) const FILE: u32 = 1;
    /// Reserved in the file for extensions of the set.
    pub(super) const EXTENSION: u32 = 536_000_000;
    pub(super) const PACKAGE: u32 = 2;
    pub(super) const SERVICE: u32 = 6;
    /// The field of both a service and a method.
    pub(super) const NAME: u32 = 1;
    pub(super) const METHOD: u32 = 2;
    pub(super) const OPTIONS: u32 = 4;
    pub(super) const CLIENT_STREAMING: u32 = 5;
    pub(super) const SERVER_STREAMING: u32 = 6;
    pub(super) const IDEMPOTENCY_LEVEL: u32 = 34;
}

impl<'a> Walk<'a> {
    pub(super) const fn new(sets: &'a [&'a [u8]]) -> Self {
        Self {
            sets,
            begun: 0,
            set: Reader::all(&[]),
            file: Reader::all(&[]),
            service: Reader::all(&[]),
            package: Range::EMPTY,
            is_sound: true,
        }
    }

    pub(super) const fn next(&mut self) -> Option<Found> {
        while self.is_sound {
            if let Some(field) = self.service.next() {
                match (field.number, field.value) {
                    (field::METHOD, Value::Bytes(range)) => return self.method(range),
                    (field::METHOD, _) => self.is_sound = false,
                    _ => {}
                }
                continue;
            }
            if let Some(field) = self.file.next() {
                match (field.number, field.value) {
                    (field::SERVICE, Value::Bytes(range)) => return self.service(range),
                    (field::SERVICE, _) => self.is_sound = false,
                    _ => {}
                }
                continue;
            }
            if let Some(field) = self.set.next() {
                match (field.number, field.value) {
                    (field::FILE, Value::Bytes(range)) => {
                        self.package = self.text(range, field::PACKAGE);
                        self.file = Reader::new(self.bytes(), range);
                    }
                    (field::EXTENSION.., _) => {}
                    _ => self.is_sound = false,
                }
                continue;
            }
            self.is_sound &= self.service.is_sound && self.file.is_sound && self.set.is_sound;
            if self.begun == self.sets.len() {
                return None;
            }
            self.set = Reader::all(self.sets[self.begun]);
            self.begun += 1;
        }
        None
    }

    /// The current set.
    pub(super) const fn bytes(&self) -> &'a [u8] {
        self.sets[self.begun - 1]
    }

    /// A text field. If it occurs several times, the last one counts. It may come after fields that depend on it.
    const fn text(&mut self, message: Range, number: u32) -> Range {
        let mut fields = Reader::new(self.bytes(), message);
        let mut found = Range::EMPTY;
        while let Some(field) = fields.next() {
            if field.number == number {
                match field.value {
                    Value::Bytes(range) => found = range,
                    _ => self.is_sound = false,
                }
            }
        }
        self.is_sound &= fields.is_sound;
        found
    }

    const fn service(&mut self, range: Range) -> Option<Found> {
        let name = self.text(range, field::NAME);
        self.service = Reader::new(self.bytes(), range);
        match self.is_sound {
            true => Some(Found::Service {
                package: self.package,
                name,
            }),
            false => None,
        }
    }

    const fn method(&mut self, range: Range) -> Option<Found> {
        let mut fields = Reader::new(self.bytes(), range);
        let mut name = Range::EMPTY;
        let (mut requests, mut responses, mut is_idempotent) = (false, false, false);
        while let Some(field) = fields.next() {
            match (field.number, field.value) {
                (field::NAME, Value::Bytes(range)) => name = range,
                (field::OPTIONS, Value::Bytes(range)) => {
                    let mut options = Reader::new(self.bytes(), range);
                    while let Some(option) = options.next() {
                        match (option.number, option.value) {
                            // `NO_SIDE_EFFECTS` and `IDEMPOTENT`; an enum is an `i32`.
                            (field::IDEMPOTENCY_LEVEL, Value::Varint(level)) => {
                                is_idempotent = matches!(level as i32, 1 | 2);
                            }
                            (field::IDEMPOTENCY_LEVEL, _) => self.is_sound = false,
                            _ => {}
                        }
                    }
                    self.is_sound &= options.is_sound;
                }
                (field::CLIENT_STREAMING, Value::Varint(is)) => requests = is != 0,
                (field::SERVER_STREAMING, Value::Varint(is)) => responses = is != 0,
                (
                    field::NAME
                    | field::OPTIONS
                    | field::CLIENT_STREAMING
                    | field::SERVER_STREAMING,
                    _,
                ) => self.is_sound = false,
                _ => {}
            }
        }
        self.is_sound &= fields.is_sound;
        match self.is_sound {
            true => Some(Found::Method {
                name,
                kind: Kind::new(requests, responses),
                is_idempotent,
            }),
            false => None,
        }
    }
}
