//! The methods of `descriptors = …`, as constants.
//!
//! The compiler evaluates all of this, and warns when one evaluation takes more than two million steps. So each method is
//! read, copied and hashed once, and a literal of a list finds its method by hash.

mod reader;
#[cfg(test)]
mod tests;
mod walk;

use self::reader::Range;
use self::walk::{Found, Walk};
use crate::core::kind::Kind;
use crate::core::name::name_in;
use crate::core::plan::{MethodPlan, Name};

/// How much room [`Methods`] need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub records: usize,
    pub slots: usize,
    pub bytes: usize,
    /// Whether the bytes are encoded descriptor sets.
    pub is_sound: bool,
}

impl Size {
    #[must_use]
    pub const fn of(sets: &[&[u8]]) -> Self {
        let mut walk = Walk::new(sets);
        let (mut records, mut bytes, mut service) = (0, 0, 0);
        let mut is_text = true;
        while let Some(found) = walk.next() {
            records += 1;
            match found {
                Found::Service { package, name } => {
                    service = service_len(package, name);
                    is_text &= is_utf8(package) && is_utf8(name);
                    bytes += service + "//*".len();
                }
                Found::Method { name, .. } => {
                    is_text &= is_utf8(name);
                    bytes += service + "//".len() + name.len();
                }
            }
        }
        // Half of the slots stay free. A record has the number of its slot as a `u32`.
        if !walk.is_sound || !is_text || records >= 1 << 30 || bytes >= 1 << 31 {
            return Self {
                records: 0,
                slots: 1,
                bytes: 0,
                is_sound: false,
            };
        }
        Self {
            records,
            slots: (2 * records + 1).next_power_of_two(),
            bytes,
            is_sound: true,
        }
    }
}

const fn is_utf8(bytes: &[u8]) -> bool {
    core::str::from_utf8(bytes).is_ok()
}

/// The length of `package.Service`.
const fn service_len(package: &[u8], name: &[u8]) -> usize {
    match package.is_empty() {
        true => name.len(),
        false => package.len() + 1 + name.len(),
    }
}

/// A method, or all methods of a service.
#[derive(Clone, Copy)]
struct Record {
    /// Where `pkg.Service/Method` is, or `pkg.Service/*`. There is a `/` in front of it.
    name: Range,
    /// The length of `pkg.Service`.
    service_len: usize,
    /// The record of its service.
    service: usize,
    /// What only a method has.
    method: Option<Method>,
}

#[derive(Clone, Copy)]
struct Method {
    /// Which of the methods this is.
    number: usize,
    kind: Kind,
    is_idempotent: bool,
}

/// The services and methods of descriptor sets.
///
/// `R`, `S` and `B` are the [`Size`]. What is in several sets counts once.
pub struct Methods<const R: usize, const S: usize, const B: usize> {
    /// The paths, one behind the other.
    bytes: [u8; B],
    records: [Record; R],
    len: usize,
    /// How many of them are methods.
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
        let (mut of_package, mut of_service): (&[u8], &[u8]) = (&[], &[]);
        let (mut service, mut free) = (0, 0);
        while let Some(found) = walk.next() {
            let (rest, method) = match found {
                Found::Service { package, name } => {
                    (of_package, of_service) = (package, name);
                    (b"*".as_slice(), None)
                }
                Found::Method {
                    name,
                    kind,
                    is_idempotent,
                } => {
                    let method = Method {
                        number: this.methods,
                        kind,
                        is_idempotent,
                    };
                    (name, Some(method))
                }
            };
            let start = copy(&mut this.bytes, free, b"/");
            let mut end = start;
            if !of_package.is_empty() {
                end = copy(&mut this.bytes, end, of_package);
                end = copy(&mut this.bytes, end, b".");
            }
            end = copy(&mut this.bytes, end, of_service);
            let service_len = end - start;
            end = copy(&mut this.bytes, end, b"/");
            end = copy(&mut this.bytes, end, rest);
            let name = Range { start, end };
            let slot = this.slot_of(name.of(&this.bytes));
            let known = this.slots[slot] as usize;
            if method.is_none() {
                service = match known {
                    0 => this.len,
                    known => known - 1,
                };
            }
            if known == 0 {
                free = end;
                this.methods += method.is_some() as usize;
                this.records[this.len] = Record {
                    name,
                    service_len,
                    service,
                    method,
                };
                this.len += 1;
                this.slots[slot] = this.len as u32;
            }
        }
        this
    }

    /// Where a name is in the table, or would be.
    const fn slot_of(&self, name: &[u8]) -> usize {
        let mut slot = hash(name) as usize & (S - 1);
        while self.slots[slot] != 0 {
            let known = self.records[self.slots[slot] as usize - 1].name;
            if known.len() == name.len() && is_same(known.of(&self.bytes), name) {
                break;
            }
            slot = (slot + 1) & (S - 1);
        }
        slot
    }

    /// What a literal such as `/pkg.Service/Method` or `/pkg.Service/*` names.
    const fn find(&self, path: &str) -> Option<usize> {
        match self.slots[self.slot_of(path.as_bytes().split_at(1).1)] {
            0 => None,
            record => Some(record as usize - 1),
        }
    }

    /// Whether a literal names something in the sets. That these are none is another error.
    #[must_use]
    pub const fn has(&self, path: &str) -> bool {
        !self.is_sound || self.find(path).is_some()
    }

    /// Whether a literal may name a method that is unary, or a service.
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

    /// Which entries each method goes through.
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

    /// Marks the methods of a service, or those that are idempotent.
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

    /// All paths, one behind the other.
    #[must_use]
    pub const fn text(&self) -> &str {
        match core::str::from_utf8(&self.bytes) {
            Ok(text) => text,
            Err(_) => panic!("`Size::of` has read these names"),
        }
    }

    /// The plans of the methods, in the order of the sets. `text` is the [`text`](Self::text), and `other` the plan for all
    /// that is not in the sets.
    #[must_use]
    pub const fn plans<const E: usize, const M: usize>(
        &self,
        text: &'static str,
        covers: &'static [[bool; E]; M],
        other: &MethodPlan,
    ) -> [MethodPlan; M] {
        let mut plans = [const { MethodPlan::BLANK }; M];
        let mut i = 0;
        while i < self.len {
            let Record {
                name, service_len, ..
            } = self.records[i];
            if let Some(Method { number, kind, .. }) = self.records[i].method {
                let path = text.split_at(name.end).0.split_at(name.start - 1).1;
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

    /// The plan of the method that a request's path names, under whatever prefix.
    #[must_use]
    pub fn plan(&self, plans: &'static [MethodPlan], path: &str) -> Option<&'static MethodPlan> {
        let name = name_in(path);
        let mut slot = hash(name.as_bytes()) as usize & (S - 1);
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

/// The methods that an entry is for, as its lists say.
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

/// Whether a method goes through both of these entries.
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

/// The rows of a plan: what is in no set, then the methods.
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

/// Copies a text to a place; where it ends.
const fn copy(bytes: &mut [u8], at: usize, text: &[u8]) -> usize {
    let place = bytes.split_at_mut(at).1.split_at_mut(text.len()).0;
    place.copy_from_slice(text);
    at + text.len()
}

/// Eight bytes at a time: at compile time each step counts.
const fn hash(name: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut hash = name.len() as u64;
    let mut rest = name;
    while let Some((word, behind)) = rest.split_first_chunk() {
        hash = mixed(hash ^ u64::from_le_bytes(*word), FACTOR);
        rest = behind;
    }
    let mut last = 0;
    while let Some((byte, behind)) = rest.split_first() {
        last = last << 8 | *byte as u64;
        rest = behind;
    }
    mixed(hash ^ last, FACTOR)
}

/// Both halves of the product, or low bits would depend on low bits alone.
const fn mixed(word: u64, factor: u64) -> u64 {
    let product = word as u128 * factor as u128;
    product as u64 ^ (product >> 64) as u64
}

/// Whether names of the same length are the same.
const fn is_same(a: &[u8], b: &[u8]) -> bool {
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}
