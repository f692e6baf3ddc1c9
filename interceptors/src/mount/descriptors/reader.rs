/// Reads the fields of one encoded message, also at compile time.
///
/// Ranges are positions in `bytes`. Each step consumes at least one byte, so reading ends for any input.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
    /// Whether the bytes read so far are well-formed.
    pub(super) is_sound: bool,
}

#[derive(Clone, Copy)]
pub(super) struct Field {
    pub(super) number: u32,
    pub(super) value: Value,
}

#[derive(Clone, Copy)]
pub(super) enum Value {
    Varint(u64),
    Bytes(Range),
    /// A fixed-size number or a group. None of the fields that matter here is one.
    Other,
}

/// A part of some bytes. Unlike `core::ops::Range` it is `Copy`.
#[derive(Clone, Copy)]
pub(super) struct Range {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Range {
    pub(super) const EMPTY: Self = Self { start: 0, end: 0 };

    pub(super) const fn len(self) -> usize {
        self.end - self.start
    }

    pub(super) const fn is_empty(self) -> bool {
        self.end == self.start
    }

    /// These bytes.
    pub(super) const fn of(self, bytes: &[u8]) -> &[u8] {
        bytes.split_at(self.end).0.split_at(self.start).1
    }
}

impl<'a> Reader<'a> {
    pub(super) const fn all(bytes: &'a [u8]) -> Self {
        Self::new(
            bytes,
            Range {
                start: 0,
                end: bytes.len(),
            },
        )
    }

    /// A reader of the message in this part of the bytes.
    pub(super) const fn new(bytes: &'a [u8], range: Range) -> Self {
        Self {
            bytes,
            at: range.start,
            end: range.end,
            is_sound: true,
        }
    }

    #[cfg(test)]
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    /// The next field. `None` at the end, and if the bytes are malformed.
    pub(super) const fn next(&mut self) -> Option<Field> {
        if self.at >= self.end {
            return None;
        }
        // Fast path for most fields: a key of one byte, and a length of one byte.
        let start = self.at + 2;
        if start <= self.end {
            let (key, len) = (self.bytes[self.at], self.bytes[self.at + 1]);
            let end = start + len as usize;
            if key >= 8 && key < 0x80 && key & 7 == 2 && len < 0x80 && end <= self.end {
                self.at = end;
                return Some(Field {
                    number: key as u32 >> 3,
                    value: Value::Bytes(Range { start, end }),
                });
            }
        }
        let (number, wire) = self.key();
        let value = match wire {
            3 => {
                self.skip_group();
                Value::Other
            }
            _ => self.value(wire),
        };
        match self.is_sound {
            true => Some(Field { number, value }),
            false => None,
        }
    }

    const fn key(&mut self) -> (u32, u8) {
        let key = self.varint();
        if key > u32::MAX as u64 || key < 8 {
            self.is_sound = false;
        }
        ((key >> 3) as u32, (key & 7) as u8)
    }

    const fn value(&mut self, wire: u8) -> Value {
        match wire {
            0 => Value::Varint(self.varint()),
            1 => self.skip(8),
            2 => {
                let len = self.varint();
                if len > (self.end - self.at) as u64 {
                    self.is_sound = false;
                    return Value::Other;
                }
                let start = self.at;
                self.at += len as usize;
                Value::Bytes(Range {
                    start,
                    end: self.at,
                })
            }
            5 => self.skip(4),
            _ => {
                self.is_sound = false;
                Value::Other
            }
        }
    }

    const fn skip(&mut self, len: usize) -> Value {
        if len > self.end - self.at {
            self.is_sound = false;
        } else {
            self.at += len;
        }
        Value::Other
    }

    /// Groups may be nested. A counter instead of recursion keeps deep nesting from overflowing the stack.
    const fn skip_group(&mut self) {
        let mut open = 1_usize;
        while open > 0 && self.is_sound {
            match self.key() {
                (_, 3) => open += 1,
                (_, 4) => open -= 1,
                (_, wire) => {
                    self.value(wire);
                }
            }
        }
    }

    const fn varint(&mut self) -> u64 {
        let mut value = 0;
        let mut shift = 0;
        while self.at < self.end {
            let byte = self.bytes[self.at];
            self.at += 1;
            // The tenth byte holds one bit.
            if shift == 63 && byte > 1 {
                break;
            }
            value |= ((byte & 0x7f) as u64) << shift;
            if byte < 0x80 {
                return value;
            }
            shift += 7;
        }
        self.is_sound = false;
        0
    }
}
