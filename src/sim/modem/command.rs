//! What a simulated modem does when it is told something.

use std::time::Duration;

use super::network::Fate;
use super::{Due, LINE_MAX, Mode, Modem, pdu};
use crate::device::hex;
use crate::device::sms_pdu::{Message, Pdu, Submit};

/// Lines of makers that mean nothing to us.
const CHATTER: &[&str] = &[
    "^RSSI: 17",
    "+ZDONR: \"SHILI\",460,0,\"CS_PS\",\"ROAM_OFF\"",
    "+ZPASR: \"UMTS\"",
    "^HCSQ: \"LTE\",50,45,120,24",
    "+CSQ: 21,99",
    "+CUSD: 0,\"4F60597D\",72",
    "Call Ready",
    "+CTZV: +32",
];

/// What goes wrong with a command.
enum Mishap {
    None,
    Refused,
    Swallowed,
    Lost,
    Restart,
}

impl Modem {
    pub(super) fn hear_byte(&mut self, byte: u8) {
        if let (Mode::Message(_), 0x1A | 0x1B) = (&self.mode, byte) {
            let given = String::from_utf8_lossy(&std::mem::take(&mut self.input)).into_owned();
            let Mode::Message(announced) = std::mem::replace(&mut self.mode, Mode::Commands) else { return };
            if byte == 0x1A {
                self.message(&announced, &given);
            } else {
                self.answer(Duration::from_millis(20), &[], "OK");
            }
            return;
        }
        match byte {
            0x1B => self.input.clear(),
            b'\r' if self.mode == Mode::Commands => {
                let line = String::from_utf8_lossy(&std::mem::take(&mut self.input)).into_owned();
                if !line.trim().is_empty() {
                    self.line(line.trim());
                }
            }
            b'\n' => {}
            _ if self.input.len() >= LINE_MAX => self.input.clear(),
            _ => self.input.push(byte),
        }
    }

    fn mishap(&mut self) -> Mishap {
        let mood = &self.mood;
        let mut drawn = self.chance.below(1000);
        for (share, mishap) in [
            (mood.refuses, Mishap::Refused),
            (mood.swallows, Mishap::Swallowed),
            (mood.loses, Mishap::Lost),
            (mood.restarts, Mishap::Restart),
        ] {
            if drawn < share {
                return mishap;
            }
            drawn -= share;
        }
        Mishap::None
    }

    fn pause(&mut self, (low, high): (u64, u64)) -> Duration {
        Duration::from_millis(self.chance.between(low, high))
    }

    /// One command line.
    fn line(&mut self, line: &str) {
        if self.is_hung {
            if line == "AT+CFUN=1,1" && self.mood.cycle_helps {
                self.fall();
            }
            return;
        }
        if self.mood.echoes || !self.settings.no_echo {
            self.out.extend(format!("{line}\r").into_bytes());
        }
        let after = self.pause(self.mood.answers_ms);
        match self.mishap() {
            Mishap::None => self.obey(line, after, true),
            Mishap::Lost => self.obey(line, after, false),
            Mishap::Refused => self.answer(after, &[], "ERROR"),
            Mishap::Swallowed => {}
            Mishap::Restart => self.fall(),
        }
    }

    fn obey(&mut self, line: &str, after: Duration, answers: bool) {
        if line == "AT+CFUN=1,1" {
            self.fall();
            return;
        }
        if let Some(announced) = line.strip_prefix("AT+CMGS=") {
            self.mode = Mode::Message(announced.trim_matches('"').to_owned());
            if answers {
                self.schedule(after, Due::Say(b"\r\n> ".to_vec()));
            }
            return;
        }
        let (lines, result) = self.execute(line);
        if answers {
            self.answer(after, &lines, result);
        }
    }

    /// An answer, with whatever stands before it.
    fn answer(&mut self, after: Duration, lines: &[String], result: &str) {
        let mut bytes = Vec::new();
        if self.chance.per_mille(self.mood.noise) {
            let noise = self.chance.between(1, 12);
            bytes.extend((0..noise).map(|_| u8::try_from(self.chance.below(256)).unwrap_or(0)));
            // Noise that spoils a line would be a silence; that is another mishap.
            bytes.extend(b"\r\n");
        }
        if self.chance.per_mille(self.mood.chatter) {
            let line = CHATTER.get(self.chance.index(CHATTER.len())).copied().unwrap_or_default();
            bytes.extend(format!("\r\n{line}\r\n").into_bytes());
        }
        for line in lines {
            bytes.extend(format!("\r\n{line}\r\n").into_bytes());
        }
        bytes.extend(format!("\r\n{result}\r\n").into_bytes());
        self.schedule(after, Due::Say(bytes));
        self.busy_until = self.now + after;
        self.schedule(after, Due::Listens);
    }

    fn execute(&mut self, line: &str) -> (Vec<String>, &'static str) {
        let plain = |result| (Vec::new(), result);
        if let Some(number) = line.strip_prefix("ATD") {
            return plain(self.dial(number.trim_end_matches(';')));
        }
        let (name, value) = line.split_once('=').unwrap_or((line, ""));
        match name {
            "AT" | "AT+CREG" | "AT+CEREG" | "AT+CLIP" => plain("OK"),
            "ATE0" => {
                self.settings.no_echo = true;
                plain("OK")
            }
            "AT+CMEE" => {
                self.settings.numbered_errors = true;
                plain("OK")
            }
            "AT+CPIN?" if self.has_sim => (vec![self.sim_line().to_owned()], "OK"),
            "AT+CPIN?" => plain(self.error("+CME ERROR: 10")),
            "AT+CPIN" => plain(self.unlock(value.trim_matches('"'))),
            "AT+CREG?" => (vec![format!("+CREG: 1,{}", if self.is_registered() { 1 } else { 2 })], "OK"),
            "AT+CSQ" => (vec!["+CSQ: 18,99".to_owned()], "OK"),
            "ATH" | "AT+CHUP" => {
                self.end_call();
                plain("OK")
            }
            "AT+CLCC" if self.mood.lists_calls => (self.calls_listed(), "OK"),
            "AT+CTTS" => plain(self.speak(value.split_once(',').map_or("", |(_, text)| text))),
            "AT+DDET" => {
                self.settings.hears_keys = true;
                plain("OK")
            }
            // Without its SIM a modem refuses everything that needs one.
            _ if !self.unlocked || !self.has_sim => plain(self.error("+CMS ERROR: 310")),
            "AT+CPMS" => (vec![format!("+CPMS: {0},20,{0},20,{0},20", self.memory.len())], "OK"),
            "AT+CMGF?" => (vec![format!("+CMGF: {}", u8::from(!self.settings.pdu_mode))], "OK"),
            "AT+CMGF" => {
                self.settings.pdu_mode = value == "0";
                plain("OK")
            }
            "AT+CNMI" => {
                self.settings.announces = true;
                self.settings.reports = if value.ends_with("2,0") { 2 } else { 1 };
                plain("OK")
            }
            "AT+CMGL" => (self.listed(), "OK"),
            "AT+CMGR" => self.stored_at(value),
            "AT+CMGD" => {
                let gone = value.parse().ok().and_then(|index: u16| self.memory.remove(&index));
                self.make_room();
                plain(if gone.is_some() { "OK" } else { self.error("+CMS ERROR: 321") })
            }
            _ => plain("ERROR"),
        }
    }

    const fn error(&self, numbered: &'static str) -> &'static str {
        if self.settings.numbered_errors { numbered } else { "ERROR" }
    }

    fn unlock(&mut self, pin: &str) -> &'static str {
        if self.pin.as_deref() == Some(pin) && self.wrong_pins < 3 {
            self.unlocked = true;
            self.wrong_pins = 0;
            // It looks for its network from now on.
            self.started = self.now;
            self.announce_registration();
            "OK"
        } else {
            self.wrong_pins += 1;
            self.error("+CME ERROR: 16")
        }
    }

    fn listed(&self) -> Vec<String> {
        let one = |(index, pdu): (&u16, &String)| format!("+CMGL: {index},1,,{}\r\n{pdu}", octets(pdu));
        self.memory.iter().map(one).collect()
    }

    fn stored_at(&self, index: &str) -> (Vec<String>, &'static str) {
        match index.parse().ok().and_then(|index: u16| self.memory.get(&index)) {
            Some(pdu) => (vec![format!("+CMGR: 0,,{}\r\n{pdu}", octets(pdu))], "OK"),
            None => (Vec::new(), self.error("+CMS ERROR: 321")),
        }
    }

    /// A message was given.
    fn message(&mut self, announced: &str, given: &str) {
        let after = self.pause(self.mood.sends_ms);
        let mishap = self.mishap();
        if !self.settings.pdu_mode && matches!(mishap, Mishap::None) {
            // In text mode the number of octets is a telephone's, and the PDU its text.
            self.network.take_text(self.now, announced, given);
        }
        let submit = hex::read(given.as_bytes()).filter(|_| self.settings.pdu_mode).and_then(|pdu| {
            let octets = announced.parse() == Ok(pdu.len().saturating_sub(1));
            Pdu::read(&pdu).ok().filter(|_| octets)
        });
        let submit = match submit.map(|pdu| pdu.message) {
            Some(Message::Submit(submit)) => Some(submit),
            _ => None,
        };
        match (mishap, submit) {
            (Mishap::Restart, _) => self.fall(),
            (Mishap::Swallowed, _) => {}
            (Mishap::Refused, _) => {
                let codes = ["+CMS ERROR: 38", "+CMS ERROR: 500", "+CMS ERROR: 42", "ERROR"];
                let code = codes.get(self.chance.index(codes.len())).copied().unwrap_or("ERROR");
                self.answer(after, &[], code);
            }
            (_, None) => {
                let code = self.error("+CMS ERROR: 304");
                self.answer(after, &[], code);
            }
            (_, Some(_)) if !self.is_registered() => {
                let code = self.error("+CMS ERROR: 331");
                self.answer(after, &[], code);
            }
            (mishap, Some(submit)) => self.take(after, &submit, !matches!(mishap, Mishap::Lost)),
        }
    }

    /// The network takes a message.
    fn take(&mut self, after: Duration, submit: &Submit, answers: bool) {
        self.reference = self.reference.wrapping_add(1);
        let reference = self.reference;
        self.network.take(self.now, submit);
        if answers {
            self.answer(after, &[format!("+CMGS: {reference}")], "OK");
        }
        let Some(part) = self.network.parts.last().cloned() else { return };
        let Some(person) = self.network.person(&part.to).cloned() else { return };
        let (span, status) = match person.fate {
            Fate::Delivered(span) => (span, 0x00),
            Fate::GivenUp(span) => (span, 0x41),
            Fate::Unreported => return,
        };
        let at = Duration::from_millis(span);
        if submit.status_report {
            self.schedule(at, Due::Report { reference, to: part.to.clone(), status });
        }
        let is_last = part.concat.is_none_or(|concat| concat.part == concat.total);
        if let (Some((seconds, text)), 0x00, true) = (person.answers_text, status, is_last) {
            self.schedule(at + Duration::from_secs(seconds), Due::Text { from: part.to, text });
        }
    }
}

/// Octets of a PDU without its centre.
fn octets(pdu: &str) -> usize {
    let centre = pdu.get(..2).and_then(|first| usize::from_str_radix(first, 16).ok()).unwrap_or(0);
    (pdu.len() / 2).saturating_sub(1 + centre)
}

/// A text as the network would bring it, for tests that put one on a SIM: PDUs in hex.
#[must_use]
pub fn pdus_of(from: &str, text: &str, second: u64, reference: u8) -> Vec<String> {
    pdu::deliver(from, text, second, reference).into_iter().map(|(pdu, _)| pdu).collect()
}
