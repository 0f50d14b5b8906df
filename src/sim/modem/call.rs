//! The call of a simulated modem, and whoever is at its other end.

use super::network::{CallMade, Line, Person};
use super::{Due, Modem};
use crate::core::time::Mono;
use crate::device::hex;
use crate::device::sms_pdu::alphabet::from_ucs2;

use std::time::Duration;

/// The time that the network takes to find a telephone.
const SETUP: Duration = Duration::from_secs(2);

/// The network ends what rings for so long.
const NETWORK_RINGS: Duration = Duration::from_secs(75);

/// Between two `RING`.
const RING_RHYTHM: Duration = Duration::from_secs(3);

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallStage {
    Dialling,
    Rings,
    Talks,
    ComesIn,
}

/// The one call of the modem.
#[derive(Debug, Clone)]
pub(super) struct InHand {
    /// Distinguishes it from those before.
    pub(super) nth: u64,
    pub(super) stage: CallStage,
    pub(super) number: String,
    /// Its place in the network's book; a call that comes in has none.
    made: Option<usize>,
}

/// What happens in a call.
#[derive(Debug, Clone)]
pub(super) enum Happens {
    Rings,
    PickedUp,
    Key(char),
    /// It ends with these words of the modem.
    Ends(&'static str),
    RingAgain,
}

impl Modem {
    /// `ATD…;`
    pub(super) fn dial(&mut self, number: &str) -> &'static str {
        if !self.is_registered() {
            return "NO CARRIER";
        }
        if self.call.is_some() {
            return "ERROR";
        }
        let made = Some(self.network.calls.len());
        let (at, to) = (self.now, number.to_owned());
        self.network.calls.push(CallMade { at, to, rang: None, picked_up: None, ended: None, said: Vec::new() });
        self.begin(CallStage::Dialling, number, made);
        let person = self.network.person(number).cloned();
        match person.as_ref().map(|person| person.line) {
            Some(Line::Free) => self.happens_in(SETUP, Happens::Rings),
            Some(Line::Busy) => self.happens_in(SETUP, Happens::Ends("BUSY")),
            Some(Line::Off) | None => self.happens_in(SETUP * 2, Happens::Ends("NO CARRIER")),
        }
        "OK"
    }

    /// Somebody calls.
    pub fn call_in(&mut self, now: Mono, from: &str) {
        self.advance(now);
        if self.call.is_none() && self.is_up() && self.is_registered() {
            self.begin(CallStage::ComesIn, from, None);
            self.happens_in(Duration::ZERO, Happens::RingAgain);
            self.happens_in(NETWORK_RINGS, Happens::Ends("NO CARRIER"));
        }
    }

    /// Whether anybody is being called, talked to, or calls.
    #[must_use]
    pub const fn is_in_call(&self) -> bool {
        self.call.is_some()
    }

    fn begin(&mut self, stage: CallStage, number: &str, made: Option<usize>) {
        self.nth_call += 1;
        self.call = Some(InHand { nth: self.nth_call, stage, number: number.to_owned(), made });
    }

    fn happens_in(&mut self, span: Duration, what: Happens) {
        let nth = self.nth_call;
        self.schedule(span, Due::Call(nth, what));
    }

    fn seconds(&mut self, seconds: Option<u64>, what: Happens) {
        if let Some(seconds) = seconds {
            self.happens_in(Duration::from_secs(seconds), what);
        }
    }

    pub(super) fn happens(&mut self, nth: u64, what: &Happens) {
        let now = self.now;
        let Some(call) = self.call.as_mut().filter(|call| call.nth == nth) else { return };
        let made = call.made.and_then(|made| self.network.calls.get_mut(made));
        match *what {
            Happens::Rings => {
                call.stage = CallStage::Rings;
                if let Some(made) = made {
                    made.rang = Some(now);
                }
                let number = call.number.clone();
                let person = self.network.person(&number).cloned().unwrap_or(Person::silent());
                self.tell_call("MO RING");
                self.seconds(person.answers_after_s, Happens::PickedUp);
                self.seconds(person.refuses_after_s, Happens::Ends("BUSY"));
                self.happens_in(NETWORK_RINGS, Happens::Ends("NO ANSWER"));
            }
            Happens::PickedUp => {
                call.stage = CallStage::Talks;
                if let Some(made) = made {
                    made.picked_up = Some(now);
                }
                let number = call.number.clone();
                let person = self.network.person(&number).cloned().unwrap_or(Person::silent());
                self.tell_call("MO CONNECTED");
                for (seconds, key) in person.presses {
                    self.seconds(Some(seconds), Happens::Key(key));
                }
                self.seconds(person.hangs_up_after_s, Happens::Ends("NO CARRIER"));
            }
            Happens::Key(key) if self.settings.hears_keys => self.unasked(&format!("+DTMF: {key}")),
            Happens::Key(_) => {}
            // The network's own patience is over when somebody talks.
            Happens::Ends("NO ANSWER") if call.stage == CallStage::Talks => {}
            Happens::Ends(words) => {
                self.end_call();
                self.unasked(words);
            }
            Happens::RingAgain => {
                let number = call.number.clone();
                self.unasked("RING");
                self.unasked(&format!("+CLIP: \"{number}\",129,,,,0"));
                self.happens_in(RING_RHYTHM, Happens::RingAgain);
            }
        }
    }

    fn tell_call(&mut self, words: &str) {
        if self.mood.tells_calls {
            self.unasked(words);
        }
    }

    pub(super) fn end_call(&mut self) -> bool {
        let Some(call) = self.call.take() else { return false };
        if let Some(made) = call.made.and_then(|made| self.network.calls.get_mut(made)) {
            made.ended = Some(self.now);
        }
        true
    }

    /// `AT+CLCC`: the data connection of a 4G module stands there too.
    pub(super) fn calls_listed(&self) -> Vec<String> {
        let mut lines = vec!["+CLCC: 1,0,0,1,0,\"\",128".to_owned()];
        if let Some(call) = &self.call {
            let (comes_in, stage) = match call.stage {
                CallStage::Dialling => (0, 2),
                CallStage::Rings => (0, 3),
                CallStage::Talks => (0, 0),
                CallStage::ComesIn => (1, 4),
            };
            lines.push(format!("+CLCC: 2,{comes_in},{stage},0,0,\"{}\",129", call.number));
        }
        lines
    }

    /// `AT+CTTS=1,"…"`
    pub(super) fn speak(&mut self, text: &str) -> &'static str {
        let text = hex::read(text.trim_matches('"').as_bytes()).and_then(|octets| from_ucs2(&octets).ok());
        let talks = self.call.as_ref().filter(|call| call.stage == CallStage::Talks);
        let (Some(text), Some(made)) = (text, talks.and_then(|call| call.made)) else { return "ERROR" };
        let takes = Duration::from_millis(200) * u32::try_from(text.chars().count()).unwrap_or(1);
        if let Some(made) = self.network.calls.get_mut(made) {
            made.said.push(text);
        }
        self.schedule(takes, Due::Say(b"\r\n+CTTS: 0\r\n".to_vec()));
        "OK"
    }
}
