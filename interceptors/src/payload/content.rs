use std::fmt::{self, Write};

/// The text of a message, up to a limit in bytes.
#[doc(hidden)]
#[derive(Debug)]
pub struct Content {
    text: String,
    max_bytes: usize,
    is_cut: bool,
    /// The last opened list has no element yet.
    is_fresh: bool,
}

impl Content {
    const CUT: char = '…';

    pub(super) const fn new(max_bytes: usize) -> Self {
        Self {
            text: String::new(),
            max_bytes,
            is_cut: false,
            is_fresh: true,
        }
    }

    pub(super) fn into_text(mut self) -> String {
        if self.is_cut {
            self.text.push(Self::CUT);
        }
        self.text
    }

    /// A formatting error only means that the text was cut.
    fn write(&mut self, text: fmt::Arguments<'_>) {
        let _ = self.write_fmt(text);
    }

    /// `Debug` escapes line breaks, which would begin a new line in a log.
    pub fn value(&mut self, value: &dyn fmt::Debug) {
        self.write(format_args!("{value:?}"));
    }

    /// The next path. Its value follows.
    pub fn path(&mut self, path: &'static str) {
        let comma = if self.text.is_empty() { "" } else { ", " };
        self.write(format_args!("{comma}{path} = "));
    }

    /// The value behind a `?` is absent.
    pub fn none(&mut self) {
        self.write(format_args!("None"));
    }

    /// The elements behind a `[]` follow.
    pub fn open(&mut self) {
        self.write(format_args!("["));
        self.is_fresh = true;
    }

    /// Begins another element. Returns whether there is space for it.
    #[must_use]
    pub fn element(&mut self) -> bool {
        if !std::mem::replace(&mut self.is_fresh, false) {
            self.write(format_args!(", "));
        }
        !self.is_cut
    }

    pub fn close(&mut self) {
        self.write(format_args!("]"));
        self.is_fresh = false;
    }
}

impl Write for Content {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.is_cut {
            return Err(fmt::Error);
        }
        let left = self.max_bytes - self.text.len();
        if text.len() <= left {
            self.text.push_str(text);
            return Ok(());
        }
        let end = (0..=left).rev().find(|&end| text.is_char_boundary(end));
        self.text.push_str(&text[..end.unwrap_or(0)]);
        self.is_cut = true;
        // Stops the formatting.
        Err(fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(max_bytes: usize, write: impl FnOnce(&mut Content)) -> String {
        let mut content = Content::new(max_bytes);
        write(&mut content);
        content.into_text()
    }

    #[test]
    fn long_content_is_cut_at_a_char() {
        let text = |max_bytes| of(max_bytes, |content| content.value(&"aäb"));
        assert_eq!(text(6), "\"aäb\"");
        assert_eq!(text(5), "\"aäb…");
        assert_eq!(text(4), "\"aä…");
        assert_eq!(text(3), "\"a…");
        assert_eq!(text(1), "\"…");
    }

    #[test]
    fn nothing_is_written_after_a_cut() {
        let text = of(9, |content| {
            content.path("a");
            content.value(&"long text");
            content.path("b");
            content.value(&1);
        });
        assert_eq!(text, "a = \"long…");
    }

    #[test]
    fn formatting_stops_at_the_cut() {
        struct Endless<'a>(&'a std::cell::Cell<u32>);
        impl fmt::Debug for Endless<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                loop {
                    self.0.set(self.0.get() + 1);
                    f.write_str("0123456789")?;
                }
            }
        }
        let written = std::cell::Cell::new(0);
        let text = of(25, |content| content.value(&Endless(&written)));
        assert_eq!(text, "0123456789012345678901234…");
        assert_eq!(written.get(), 3);
    }

    #[test]
    fn control_characters_are_escaped() {
        let text = of(100, |content| {
            content.path("a");
            content.value(&"x\ny\r\u{1b}[31m");
        });
        assert_eq!(text, r#"a = "x\ny\r\u{1b}[31m""#);
    }

    #[test]
    fn lists_are_nested() {
        let text = of(100, |content| {
            content.path("a[][].b");
            content.open();
            for inner in [&[1, 2][..], &[], &[3]] {
                assert!(content.element());
                content.open();
                for value in inner {
                    assert!(content.element());
                    content.value(value);
                }
                content.close();
            }
            content.close();
            content.path("c?.d");
            content.none();
        });
        assert_eq!(text, "a[][].b = [[1, 2], [], [3]], c?.d = None");
    }
}
