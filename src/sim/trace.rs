//! One line a step into a SHA-256: same seed, same trace, on any machine.
//!
//! Nothing private may stand in a line. That is one of the oracle's sentences, and it is checked here, where every line
//! goes by.

use std::fmt::{self, Write as _};
use std::io::{self, Write};

use sha2::{Digest, Sha256};

/// True time, in milliseconds since the village's beginning. The box's own clocks are in `clock`.
pub(super) type Ms = u64;

/// The trace of a run.
pub(super) struct Trace<'a> {
    hash: Sha256,
    sink: Option<&'a mut dyn Write>,
    line: String,
    /// The first failure to write the file; the hash goes on.
    failed: Option<io::Error>,
    private: Option<String>,
}

impl<'a> Trace<'a> {
    /// A trace that is hashed, and written to `sink` if there is one.
    pub(super) fn new(sink: Option<&'a mut dyn Write>) -> Trace<'a> {
        Trace { hash: Sha256::new(), sink, line: String::with_capacity(256), failed: None, private: None }
    }

    /// Adds a line.
    pub(super) fn line(&mut self, at: Ms, step: fmt::Arguments<'_>) {
        self.line.clear();
        // Writing to a String cannot fail.
        let _ = writeln!(self.line, "{}.{:03} {step}", at / 1000, at % 1000);
        if self.private.is_none() && is_private(self.line.as_bytes()) {
            self.private =
                Some(self.line.trim_end().chars().map(|sign| if sign.is_ascii() { sign } else { '●' }).collect());
        }
        self.hash.update(&self.line);
        if let Some(sink) = &mut self.sink
            && self.failed.is_none()
            && let Err(error) = sink.write_all(self.line.as_bytes())
        {
            self.failed = Some(error);
        }
    }

    /// The first line that held something private, made unreadable, since this was last asked.
    pub(super) fn take_private(&mut self) -> Option<String> {
        self.private.take()
    }

    /// The hash of all lines, in hex.
    ///
    /// # Errors
    /// The first failure to write the file.
    pub(super) fn finish(mut self) -> io::Result<String> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if let Some(sink) = &mut self.sink {
            sink.flush()?;
        }
        let mut hex = String::with_capacity(64);
        for byte in self.hash.finalize() {
            let _ = write!(hex, "{byte:02x}");
        }
        Ok(hex)
    }
}

/// Whether a text holds a name (in the village every name is Chinese) or something like a mobile number: a word of exactly
/// eleven digits, the first a 1 and the second 3 to 9.
pub(super) fn is_private(text: &[u8]) -> bool {
    let (mut begin, mut digits) = (0, true);
    for (at, sign) in text.iter().chain(b" ").enumerate() {
        match sign {
            b'0'..=b'9' => {}
            b'a'..=b'z' | b'A'..=b'Z' => digits = false,
            0x80.. => return true,
            _ => {
                if digits && at - begin == 11 && is_mobile(text, begin) {
                    return true;
                }
                (begin, digits) = (at + 1, true);
            }
        }
    }
    false
}

fn is_mobile(text: &[u8], at: usize) -> bool {
    text.get(at) == Some(&b'1') && text.get(at + 1).is_some_and(|second| *second >= b'3')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_private_and_ids_are_not() {
        assert!(is_private("示例奶奶".as_bytes()) && is_private(b"call 13800000000 now") && is_private(b"13800000000"));
        let line = b"st1.00000000000000ff.86400000.resident-r04.help_call wall 1793548800000ms a13800000000";
        assert!(!is_private(line));
    }

    #[test]
    fn the_same_lines_are_the_same_hash_and_reach_the_sink() {
        let mut written = Vec::new();
        let mut first = Trace::new(Some(&mut written));
        let mut second = Trace::new(None);
        for trace in [&mut first, &mut second] {
            trace.line(1500, format_args!("press r01"));
        }
        assert_eq!(first.finish().expect("writes"), second.finish().expect("no sink"));
        assert_eq!(written, b"1.500 press r01\n");
    }
}
