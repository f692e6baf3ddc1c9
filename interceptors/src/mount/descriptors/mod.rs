//! The methods of `descriptors = …`, as constants.
//!
//! The compiler evaluates all of this, and warns when one evaluation takes more than two million steps. So each method
//! is read, copied and hashed once, and a literal of a list finds its method by hash.

mod reader;
#[cfg(test)]
mod tests;
mod walk;

use self::reader::Range;
use self::walk::{Found, Walk};
use crate::core::kind::Kind;
use crate::core::name::name_in;
use crate::core::plan::{MethodPlan, Name};

/// The array lengths for [`Methods`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub records: usize,
    pub bytes: usize,
    /// Whether the bytes are encoded descriptor sets.
    pub is_sound: bool,
}

impl Size {
    #[must_use]
    pub const fn of(set: &[u8]) -> Self {
        let sets = [set];
        let mut walk = Walk::new(&sets);
        let (mut records, mut bytes, mut service) = (0, 0, 0);
        let mut is_text = true;
        while let Some(found) = walk.next() {
            records += 1;
            match found {
                Found::Service { package, name } => {
                    service = match package.is_empty() {
                        true => name.len(),
                        false => package.len() + 1 + name.len(),
                    };
                    is_text &= is_utf8(set, package) && is_utf8(set, name);
                    bytes += service + "//*".len();
                }
                Found::Method { name, .. } => {
                    is_text &= is_utf8(set, name);
                    bytes += service + "//".len() + name.len();
                }
            }
        }
        Self {
            records,
            bytes,
            is_sound: walk.is_sound && is_text,
        }
    }

    /// The size for several sets. Zero if one of them is not sound.
    #[must_use]
    pub const fn sum(sizes: &[Self]) -> Self {
        let mut sum = Self {
            records: 0,
            bytes: 0,
            is_sound: true,
        };
        let mut i = 0;
        while i < sizes.len() {
            sum.records += sizes[i].records;
            sum.bytes += sizes[i].bytes;
            sum.is_sound &= sizes[i].is_sound;
            i += 1;
        }
        if !sum.is_sound {
            (sum.records, sum.bytes) = (0, 0);
        }
        sum
    }

    /// The length of the hash table. At least half of its slots stay free.
    #[must_use]
    pub const fn slots(&self) -> usize {
        (2 * self.records + 1).next_power_of_two()
    }
}

const fn is_utf8(bytes: &[u8], range: Range) -> bool {
    let mut i = range.start;
    while i < range.end && bytes[i] < 0x80 {
        i += 1;
    }
    // Names are ASCII. A slice of the bytes would cost more steps.
    i == range.end || core::str::from_utf8(range.of(bytes)).is_ok()
}

/// A method, or all methods of a service.
#[derive(Clone, Copy)]
struct Record {
    /// The range of `pkg.Service/Method` or `pkg.Service/*`. A `/` comes before it.
    name: Range,
    /// The length of `pkg.Service`.
    service_len: usize,
    /// The record of its service.
    service: usize,
    /// Set only for a method.
    method: Option<Method>,
}

#[derive(Clone, Copy)]
struct Method {
    /// The index among the methods.
    number: usize,
    kind: Kind,
    is_idempotent: bool,
}

/// The services and methods of descriptor sets.
///
/// `R`, `S` and `B` are the numbers of records, slots and bytes in the [`Size`]. An item that several sets contain
/// counts once.
pub struct Methods<const R: usize, const S: usize, const B: usize> {
    /// The paths, concatenated.
    bytes: [u8; B],
    records: [Record; R],
    len: usize,
    /// The number of methods.
    pub methods: usize,
    /// A hash table of the records' numbers, each plus one.
    slots: [u32; S],
    is_sound: bool,
}

impl<const R: usize, const S: usize, const B: usize> Methods<R, S, B> {
    #[must_use]
    pub const fn read(sets: &[&[u8]], size: Size) -> Self {
        const NONE: Record = Record {
            name: Range::EMPTY,
            service_len: 0,
            service: 0,
            method: None,
        };
        let mut this = Self {
            bytes: [0; B],
            records: [NONE; R],
            len: 0,
            methods: 0,
            slots: [0; S],
            is_sound: size.is_sound,
        };
        if !size.is_sound {
            return this;
        }
        let mut walk = Walk::new(sets);
        let (mut service, mut prefix, mut free) = (0, Range::EMPTY, 0);
        while let Some(found) = walk.next() {
            let bytes = walk.bytes();
            this.bytes[free] = b'/';
            let start = free + 1;
            let mut end = start;
            let mut method = None;
            match found {
                Found::Service { package, name } => {
                    if !package.is_empty() {
                        end = copy(&mut this.bytes, end, bytes, package);
                        this.bytes[end] = b'.';
                        end += 1;
                    }
                    end = copy(&mut this.bytes, end, bytes, name);
                    this.bytes[end] = b'/';
                    end += 1;
                    prefix = Range { start, end };
                    this.bytes[end] = b'*';
                    end += 1;
                }
                Found::Method {
                    name,
                    kind,
                    is_idempotent,
                } => {
                    let mut i = prefix.start;
                    while i < prefix.end {
                        this.bytes[end] = this.bytes[i];
                        end += 1;
                        i += 1;
                    }
                    end = copy(&mut this.bytes, end, bytes, name);
                    method = Some(Method {
                        number: this.methods,
                        kind,
                        is_idempotent,
                    });
                }
            }
            let name = Range { start, end };
            let slot = this.slot_of(&this.bytes, name);
            let known = this.slots[slot] as usize;
            if method.is_none() {
                service = this.len;
                if known > 0 {
                    service = known - 1;
                    // The next record overwrites the text that was just written.
                    let Record { name, .. } = this.records[service];
                    prefix = Range {
                        start: name.start,
                        end: name.end - 1,
                    };
                }
            }
            if known == 0 {
                free = end;
                this.methods += method.is_some() as usize;
                this.records[this.len] = Record {
                    name,
                    service_len: prefix.end - prefix.start - 1,
                    service,
                    method,
                };
                this.len += 1;
                this.slots[slot] = this.len as u32;
            }
        }
        this
    }

    /// The slot of a name. If the name is not in the table, its free slot.
    const fn slot_of(&self, bytes: &[u8], name: Range) -> usize {
        let mut slot = hash(bytes, name) as usize & (S - 1);
        while self.slots[slot] != 0 {
            let known = self.records[self.slots[slot] as usize - 1].name;
            if is_same(&self.bytes, known, bytes, name) {
                break;
            }
            slot = (slot + 1) & (S - 1);
        }
        slot
    }

    /// The record that a literal such as `/pkg.Service/Method` or `/pkg.Service/*` names.
    const fn find(&self, path: &str) -> Option<usize> {
        let name = Range {
            start: 1,
            end: path.len(),
        };
        match self.slots[self.slot_of(path.as_bytes(), name)] {
            0 => None,
            record => Some(record as usize - 1),
        }
    }

    /// Whether a literal names something in the sets. Also true if the bytes are not descriptor sets, which is an error
    /// of its own.
    #[must_use]
    pub const fn has(&self, path: &str) -> bool {
        !self.is_sound || self.find(path).is_some()
    }

    /// Whether a path of plain HTTP is that of a method in the sets.
    #[must_use]
    pub const fn is_rpc(&self, path: &str) -> bool {
        self.is_sound && self.find(path).is_some()
    }

    /// Whether a literal may name a service, or a unary method.
    #[must_use]
    pub const fn may_be_unary(&self, path: &str) -> bool {
        match self.find(path) {
            Some(record) => match self.records[record].method {
                Some(method) => method.kind.is_unary(),
                None => true,
            },
            None => true,
        }
    }

    /// Whether one of the methods is idempotent.
    #[must_use]
    pub const fn has_idempotent(&self) -> bool {
        let mut i = 0;
        while i < self.len {
            if matches!(self.records[i].method, Some(method) if method.is_idempotent) {
                return true;
            }
            i += 1;
        }
        !self.is_sound
    }

    /// For each method, which entries apply to it.
    #[must_use]
    pub const fn covers<const E: usize, const M: usize>(
        &self,
        lists: &[Lists; E],
    ) -> [[bool; E]; M] {
        let mut covers = [[false; E]; M];
        let mut e = 0;
        while e < E {
            let Lists {
                named,
                is_only,
                public,
                unary_only,
            } = lists[e];
            let mut m = 0;
            while m < M && !is_only {
                covers[m][e] = true;
                m += 1;
            }
            self.mark(&mut covers, e, named, is_only);
            self.mark(&mut covers, e, public, false);
            let mut i = 0;
            while i < self.len && unary_only {
                if let Some(method) = self.records[i].method {
                    covers[method.number][e] &= method.kind.is_unary();
                }
                i += 1;
            }
            e += 1;
        }
        covers
    }

    const fn mark<const E: usize, const M: usize>(
        &self,
        covers: &mut [[bool; E]; M],
        e: usize,
        list: &[Named],
        is: bool,
    ) {
        let mut i = 0;
        while i < list.len() {
            match list[i] {
                Named::Idempotent => self.mark_all(covers, e, None, is),
                Named::Path(path) => {
                    if let Some(found) = self.find(path) {
                        match self.records[found].method {
                            Some(method) => covers[method.number][e] = is,
                            None => self.mark_all(covers, e, Some(found), is),
                        }
                    }
                }
            }
            i += 1;
        }
    }

    /// Marks the methods of a service, or the idempotent ones.
    const fn mark_all<const E: usize, const M: usize>(
        &self,
        covers: &mut [[bool; E]; M],
        e: usize,
        service: Option<usize>,
        is: bool,
    ) {
        let mut i = 0;
        while i < self.len {
            let record = self.records[i];
            if let Some(method) = record.method {
                let is_meant = match service {
                    Some(service) => record.service == service,
                    None => method.is_idempotent,
                };
                if is_meant {
                    covers[method.number][e] = is;
                }
            }
            i += 1;
        }
    }

    /// All paths, concatenated.
    #[must_use]
    pub const fn text(&self) -> &str {
        match core::str::from_utf8(&self.bytes) {
            Ok(text) => text,
            Err(_) => panic!("`Size::of` has read these names"),
        }
    }

    /// The plans of the methods, in the order of the sets. `text` is the [`text`](Self::text). `other` is the plan for
    /// everything that is not in the sets.
    #[must_use]
    pub const fn plans<const E: usize, const M: usize>(
        &self,
        text: &'static str,
        covers: &'static [[bool; E]; M],
        other: &MethodPlan,
    ) -> [MethodPlan; M] {
        let mut plans = [const { MethodPlan::BLANK }; M];
        let mut rest = text;
        let mut i = 0;
        while i < self.len {
            let Record {
                name, service_len, ..
            } = self.records[i];
            // The names are in the order of the records.
            let (path, behind) = rest.split_at(name.len() + 1);
            rest = behind;
            if let Some(Method { number, kind, .. }) = self.records[i].method {
                let (service, method) = path.split_at(1).1.split_at(service_len);
                let name = Name {
                    service,
                    method: method.split_at(1).1,
                    path,
                    derived: false,
                    exact: true,
                };
                plans[number] = other.described(name, kind, &covers[number]);
            }
            i += 1;
        }
        plans
    }

    /// The plan of the method that a request's path names, with any prefix.
    #[must_use]
    pub fn plan(&self, plans: &'static [MethodPlan], path: &str) -> Option<&'static MethodPlan> {
        let name = name_in(path);
        let all = Range {
            start: 0,
            end: name.len(),
        };
        let mut slot = hash(name.as_bytes(), all) as usize & (S - 1);
        loop {
            let record = (self.slots[slot] as usize).checked_sub(1)?;
            let Record {
                name: known,
                method,
                ..
            } = &self.records[record];
            if self.bytes[known.start..known.end] == *name.as_bytes() {
                return Some(&plans[(*method)?.number]);
            }
            slot = (slot + 1) & (S - 1);
        }
    }
}

/// The methods of an entry, from its lists.
#[derive(Debug, Clone, Copy)]
pub struct Lists {
    /// `only` or `except`.
    pub named: &'static [Named],
    pub is_only: bool,
    pub public: &'static [Named],
    pub unary_only: bool,
}

/// An element of a list.
#[derive(Debug, Clone, Copy)]
pub enum Named {
    /// `"/pkg.Service/Method"` or `"/pkg.Service/*"`
    Path(&'static str),
    Idempotent,
}

/// Whether both of these entries apply to one method.
#[must_use]
pub const fn meet<const E: usize, const M: usize>(
    covers: &[[bool; E]; M],
    a: usize,
    b: usize,
) -> bool {
    let mut m = 0;
    while m < M {
        if covers[m][a] && covers[m][b] {
            return true;
        }
        m += 1;
    }
    false
}

/// Whether one of these verifiers applies to each method that the entry applies to.
#[must_use]
pub const fn are_verified<const E: usize, const M: usize>(
    covers: &[[bool; E]; M],
    entry: usize,
    verifiers: &[usize],
) -> bool {
    let mut m = 0;
    while m < M {
        let mut is_verified = !covers[m][entry];
        let mut v = 0;
        while v < verifiers.len() {
            is_verified |= covers[m][verifiers[v]];
            v += 1;
        }
        if !is_verified {
            return false;
        }
        m += 1;
    }
    true
}

/// The rows of a plan: first everything that is in no set, then the methods.
#[must_use]
pub const fn rows<const N: usize>(
    others: &[&'static MethodPlan],
    methods: &'static [MethodPlan],
) -> [&'static MethodPlan; N] {
    let mut rows = [others[0]; N];
    let mut i = 0;
    while i < N {
        rows[i] = match i < others.len() {
            true => others[i],
            false => &methods[i - others.len()],
        };
        i += 1;
    }
    rows
}

/// Copies a part of a text to `at`, and returns its end. For texts of this length, the functions of slices take more
/// steps.
const fn copy(bytes: &mut [u8], mut at: usize, text: &[u8], part: Range) -> usize {
    let mut i = part.start;
    while i < part.end {
        bytes[at] = text[i];
        at += 1;
        i += 1;
    }
    at
}

/// Reads eight bytes at a time, because at compile time each step counts.
const fn hash(bytes: &[u8], part: Range) -> u64 {
    let mut hash = part.len() as u64;
    let mut i = part.start;
    while part.end - i >= 8 {
        let word = (bytes[i] as u64)
            | (bytes[i + 1] as u64) << 8
            | (bytes[i + 2] as u64) << 16
            | (bytes[i + 3] as u64) << 24
            | (bytes[i + 4] as u64) << 32
            | (bytes[i + 5] as u64) << 40
            | (bytes[i + 6] as u64) << 48
            | (bytes[i + 7] as u64) << 56;
        hash = mix(hash ^ word);
        i += 8;
    }
    let mut last = 0;
    while i < part.end {
        last = last << 8 | bytes[i] as u64;
        i += 1;
    }
    mix(hash ^ last)
}

/// Combines both halves of a product. Otherwise the low bits of the hash would depend only on low bits.
const fn mix(word: u64) -> u64 {
    let product = word as u128 * 0x9e37_79b9_7f4a_7c15;
    product as u64 ^ (product >> 64) as u64
}

const fn is_same(a: &[u8], part_of_a: Range, b: &[u8], part_of_b: Range) -> bool {
    let len = part_of_a.len();
    let mut i = 0;
    while len == part_of_b.len() && i < len {
        if a[part_of_a.start + i] != b[part_of_b.start + i] {
            return false;
        }
        i += 1;
    }
    len == part_of_b.len()
}
