//! How the morning is told: one line an event, wrapped to the terminal, calm in dark and light.
//!
//! Colours are the terminal's own red, green and magenta, which are readable on both grounds, and never carry a meaning
//! alone: the label says it in words. Without a terminal, or with `NO_COLOR`, there are none.

use std::io::{self, IsTerminal as _, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::core::time::Wall;
use crate::words::{Both, Lang};

/// Wider lines are hard to read.
const WIDTH_MAX: usize = 100;
/// Narrower ones are left to the terminal.
const WIDTH_MIN: usize = 40;
/// Where the text begins: the time, two blanks, the label, two blanks.
const INDENT: usize = 5 + 2 + LABEL_WIDTH + 2;
const LABEL_WIDTH: usize = 8;

/// How a label looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Somebody must go.
    Alarm,
    /// Something is wrong with a thing.
    Fault,
    /// It goes well.
    Good,
    /// It is just so.
    Plain,
}

/// The teller.
#[derive(Debug)]
pub struct Teller<W> {
    out: W,
    zone: TimeZone,
    lang: Lang,
    width: usize,
    colour: bool,
    /// Whether the last line is rewritten in place.
    live: bool,
    standing: String,
}

/// Where it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// Columns.
    pub width: usize,
    /// With colours.
    pub colour: bool,
    /// A terminal, whose last line can be rewritten.
    pub live: bool,
}

impl Stage {
    /// The standard output as it is.
    #[must_use]
    pub fn of_stdout() -> Stage {
        let live = io::stdout().is_terminal();
        let size = rustix::termios::tcgetwinsize(io::stdout()).ok().filter(|size| size.ws_col > 0);
        let width = size.map_or(80, |size| usize::from(size.ws_col));
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Stage { width: width.clamp(WIDTH_MIN, WIDTH_MAX), colour: live && !no_colour, live }
    }
}

impl<W: Write> Teller<W> {
    /// A teller on that stage.
    pub fn new(out: W, stage: Stage, zone: TimeZone, lang: Lang) -> Teller<W> {
        let Stage { width, colour, live } = stage;
        Teller { out, zone, lang, width, colour, live, standing: String::new() }
    }

    /// A plain paragraph.
    ///
    /// # Errors
    /// Nobody listens any more.
    pub fn say(&mut self, text: &str) -> io::Result<()> {
        self.clear()?;
        for line in wrap(text, self.width) {
            writeln!(self.out, "{line}")?;
        }
        self.restore()
    }

    /// A heading.
    ///
    /// # Errors
    /// Nobody listens any more.
    pub fn head(&mut self, text: &str) -> io::Result<()> {
        self.clear()?;
        let (bold, plain) = self.paint("1");
        writeln!(self.out, "{bold}{text}{plain}")?;
        self.restore()
    }

    /// An event.
    ///
    /// # Errors
    /// Nobody listens any more.
    pub fn event(&mut self, at: Wall, tone: Tone, label: Both, text: &str) -> io::Result<()> {
        let clock = self.clock(at);
        let label = label.say(self.lang);
        let (on, off) = self.paint(match tone {
            Tone::Alarm => "1;31",
            Tone::Fault => "35",
            Tone::Good => "32",
            Tone::Plain => "1",
        });
        let pad = " ".repeat(LABEL_WIDTH.saturating_sub(label.width()));
        let mut lines = wrap(text, self.width.saturating_sub(INDENT)).into_iter();
        self.clear()?;
        writeln!(self.out, "{clock}  {on}{label}{off}{pad}  {}", lines.next().unwrap_or_default())?;
        for line in lines {
            writeln!(self.out, "{:INDENT$}{line}", "")?;
        }
        self.restore()
    }

    /// A list behind a time of day, whose parts are not broken.
    ///
    /// # Errors
    /// Nobody listens any more.
    pub fn clocked(&mut self, at: Wall, parts: &[String]) -> io::Result<()> {
        let mut lines: Vec<String> = Vec::new();
        for part in parts {
            match lines.last_mut() {
                Some(line) if line.width() + 3 + part.width() <= self.width.saturating_sub(7) => {
                    line.push_str(" · ");
                    line.push_str(part);
                }
                _ => lines.push(part.clone()),
            }
        }
        let clock = self.clock(at);
        self.clear()?;
        for (number, line) in lines.iter().enumerate() {
            let clock = if number == 0 { clock.as_str() } else { "" };
            writeln!(self.out, "{clock:5}  {line}")?;
        }
        self.restore()
    }

    /// A remark under the last event.
    ///
    /// # Errors
    /// Nobody listens any more.
    pub fn remark(&mut self, text: &str) -> io::Result<()> {
        self.clear()?;
        let (dim, plain) = self.paint("2");
        for line in wrap(text, self.width.saturating_sub(INDENT)) {
            writeln!(self.out, "{:INDENT$}{dim}{line}{plain}", "")?;
        }
        self.restore()
    }

    /// How things stand, on the terminal's last line; nothing where lines cannot be rewritten.
    ///
    /// # Errors
    /// Nobody listens any more.
    pub fn stand(&mut self, at: Wall, text: &str) -> io::Result<()> {
        if !self.live {
            return Ok(());
        }
        let line = format!("{}  {text}", self.clock(at));
        let line = wrap(&line, self.width.saturating_sub(1)).swap_remove(0);
        if line == self.standing {
            return Ok(());
        }
        self.clear()?;
        self.standing = line;
        self.restore()
    }

    /// Ends the live line.
    ///
    /// # Errors
    /// Nobody listens any more.
    pub fn settle(&mut self) -> io::Result<()> {
        self.clear()?;
        self.standing.clear();
        self.out.flush()
    }

    fn clock(&self, at: Wall) -> String {
        let at = Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(self.zone.clone());
        format!("{:02}:{:02}", at.hour(), at.minute())
    }

    fn paint(&self, code: &str) -> (String, &'static str) {
        if self.colour { (format!("\x1b[{code}m"), "\x1b[0m") } else { (String::new(), "") }
    }

    fn clear(&mut self) -> io::Result<()> {
        if self.live && !self.standing.is_empty() { write!(self.out, "\r\x1b[2K") } else { Ok(()) }
    }

    fn restore(&mut self) -> io::Result<()> {
        if self.live && !self.standing.is_empty() {
            let (dim, plain) = self.paint("2");
            write!(self.out, "{dim}{}{plain}", self.standing)?;
        }
        self.out.flush()
    }
}

/// Cuts a text into lines of at most `width` columns: at blanks where there are any, and between Chinese signs.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let (mut lines, mut line, mut columns) = (Vec::new(), String::new(), 0);
    for piece in pieces(text) {
        let wide = piece.trim_end().width();
        if columns > 0 && columns + wide > width {
            lines.push(line.trim_end().to_owned());
            (line, columns) = (String::new(), 0);
        }
        columns += piece.width();
        line.push_str(piece);
    }
    lines.push(line.trim_end().to_owned());
    lines
}

/// A text in parts that may stand at the end of a line. A Chinese stop stays with what it ends.
fn pieces(text: &str) -> Vec<&str> {
    let (mut pieces, mut begin) = (Vec::new(), 0);
    let mut signs = text.char_indices().peekable();
    while let Some((at, sign)) = signs.next() {
        let next = signs.peek().map(|(_, next)| *next);
        let wide = sign.width() == Some(2);
        let ends =
            sign == ' ' || wide && !next.is_some_and(|next| "，。；：、！）」,.;:!)".contains(next) || next == ' ');
        if ends {
            let end = at + sign.len_utf8();
            pieces.push(&text[begin..end]);
            begin = end;
        }
    }
    pieces.push(&text[begin..]);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(width: usize, tell: impl FnOnce(&mut Teller<&mut Vec<u8>>)) -> String {
        let mut out = Vec::new();
        let stage = Stage { width, colour: false, live: false };
        tell(&mut Teller::new(&mut out, stage, TimeZone::UTC, Lang::Zh));
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn lines_are_wrapped_by_columns_under_their_text() {
        let label = Both::new("报警", "ALARM");
        let said = told(40, |teller| {
            teller.event(Wall(0), Tone::Alarm, label, "示例奶奶按下了求助按钮,正在呼叫邻居。").expect("told");
        });
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines[0], "00:00  报警      示例奶奶按下了求助按");
        assert!(lines.iter().all(|line| line.width() <= 40), "{lines:?}");
        assert!(lines[1].starts_with(&" ".repeat(INDENT)), "{lines:?}");
    }

    #[test]
    fn english_is_cut_at_blanks_and_loses_nothing() {
        let lines = wrap("one two three four five six", 10);
        assert_eq!(lines, ["one two", "three four", "five six"]);
    }

    #[test]
    fn without_a_terminal_no_line_is_rewritten() {
        assert_eq!(told(80, |teller| teller.stand(Wall(0), "守护中 12").expect("told")), "");
    }
}
