//! Bytes of a port to lines, wherever they are cut.

use crate::limits::modem::MODEM_LINE_BYTES_MAX;

/// What was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Heard {
    /// A line without its end; never an empty one.
    Line(String),
    /// `> ` at the beginning of a line: the modem waits for a PDU.
    Prompt,
}

/// Puts lines together.
#[derive(Default)]
pub(super) struct Ear {
    line: Vec<u8>,
    /// The line is too long and thrown away up to its end.
    overlong: bool,
}

impl Ear {
    /// Takes what came. The prompt has no line end, so it is told as soon as it stands at the beginning of a line.
    pub(super) fn hear(&mut self, bytes: &[u8]) -> Vec<Heard> {
        let mut heard = Vec::new();
        for byte in bytes {
            match byte {
                b'\r' | b'\n' => heard.extend(self.end()),
                _ if self.overlong => {}
                _ if self.line.len() >= MODEM_LINE_BYTES_MAX => {
                    self.line.clear();
                    self.overlong = true;
                }
                _ => self.line.push(*byte),
            }
            if self.line == b"> " {
                self.line.clear();
                heard.push(Heard::Prompt);
            }
        }
        heard
    }

    /// Forgets a line that has begun: the port is another one.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    fn end(&mut self) -> Option<Heard> {
        let line = std::mem::take(&mut self.line);
        if std::mem::take(&mut self.overlong) {
            return None;
        }
        // What is not UTF-8 is noise; it is shown as such and means nothing.
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_matches(|sign: char| sign.is_ascii_whitespace() || sign == '\0');
        (!text.is_empty()).then(|| Heard::Line(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<Heard> {
        let mut ear = Ear::default();
        pieces.iter().flat_map(|piece| ear.hear(piece)).collect()
    }

    #[test]
    fn lines_and_the_prompt_are_found_wherever_the_bytes_are_cut() {
        let whole = b"\r\nOK\r\n\r\n> \r\n+CMGS: 12\r\n\r\nOK\r\n";
        let all = lines(&[whole]);
        let line = |text: &str| Heard::Line(text.to_owned());
        assert_eq!(all, [line("OK"), Heard::Prompt, line("+CMGS: 12"), line("OK")]);
        for cut in 0..whole.len() {
            assert_eq!(lines(&[&whole[..cut], &whole[cut..]]), all, "cut at {cut}");
        }
    }

    #[test]
    fn a_line_without_end_is_dropped_and_the_next_one_is_heard() {
        let long = vec![b'x'; MODEM_LINE_BYTES_MAX * 3];
        assert_eq!(lines(&[&long, b"\r\nOK\r\n"]), [Heard::Line("OK".to_owned())]);
    }

    #[test]
    fn noise_is_no_line_end() {
        assert_eq!(lines(&[&[0xFF, 0xFE, b'\n'], b"OK\n"]).last(), Some(&Heard::Line("OK".to_owned())));
    }
}
