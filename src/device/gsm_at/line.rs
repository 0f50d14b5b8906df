//! One line of a modem, taken apart.

use super::failure::Failure;
use crate::device::hex;
use crate::device::sms_pdu::alphabet::from_ucs2;
use crate::private::Private;

/// One line of a modem. What it holds of people is private.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AtLine {
    /// `> `: the modem waits for the PDU; no line end follows.
    Prompt,
    /// `OK`.
    Ok,
    /// `ERROR`, `+CME ERROR: n`, `+CMS ERROR: n`.
    Failed(Failure),
    /// `NO CARRIER`: the call has ended.
    CallEnded,
    /// `BUSY`.
    Busy,
    /// `NO ANSWER`.
    NoAnswer,
    /// `MO RING`: the telephone that was called rings.
    Alerting,
    /// `MO CONNECTED`, `VOICE CALL: BEGIN`, `+COLP: …`: it was picked up.
    PickedUp,
    /// `+CLCC: …`: one call of those that there are.
    Call(Call),
    /// `+DTMF: 1`, `+RXDTMF: 1`, `+QTONEDET: 49`: a key was pressed at the other end.
    Key(char),
    /// `+CTTS: 0`: what was to be said has been said.
    Spoken,
    /// `RDY`, `^SYSSTART`, …: the modem has just started, and knows nothing of what it was told before.
    Started,
    /// `RING`, `+CRING: …`.
    Ring,
    /// `+CLIP: "number",type,…`: who calls; no number where it is withheld.
    Caller {
        /// The number.
        number: Option<Private<String>>,
        /// Type of the number, as on the wire.
        kind: u16,
    },
    /// `+CMTI: "memory",index`: a message is stored there.
    MessageStored(Stored),
    /// `+CDSI: "memory",index`: a status report is stored there.
    ReportStored(Stored),
    /// `+CMT: …,octets`: a message stands on the next line.
    MessageFollows {
        /// Octets of the PDU without its centre.
        octets: u16,
    },
    /// `+CDS: octets`: a status report stands on the next line.
    ReportFollows {
        /// Octets of the PDU without its centre.
        octets: u16,
    },
    /// `+CMGS: n`: the network has taken a message.
    Sent {
        /// The number that its status report will carry.
        reference: u8,
    },
    /// `+CSQ: rssi,ber`.
    Signal {
        /// 0 to 31, 99 = not known.
        index: u8,
        /// Bit error class, 0 to 7, 99 = not known.
        errors: u8,
    },
    /// `+CREG`, `+CGREG`, `+CEREG`.
    Registration(Registration),
    /// `+CPIN: …`.
    Sim(Sim),
    /// `+CUSD: n,"text",coding`: an operator's answer to a service code.
    Service {
        /// It waits for an answer.
        asks: bool,
        /// The text.
        text: Option<Private<String>>,
    },
    /// `+CMGL: index,…`, `+CMGR: …`: a stored message stands on the next line.
    Listed(Listed),
    /// Whatever else: an unsolicited line of the maker's, an answer in its own words, a PDU. It never ends a command.
    Other(String),
}

/// One call of those that there are (3GPP TS 27.007 section 7.18).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// Somebody calls, rather than is called.
    pub comes_in: bool,
    /// How far it is.
    pub stage: CallStage,
    /// It is a voice call; 4G modules list their data connection too.
    pub is_voice: bool,
}

/// How far a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallStage {
    /// Two talk.
    Active,
    /// One waits.
    Held,
    /// The network looks for the other telephone.
    Dialling,
    /// The other telephone rings.
    Alerting,
    /// Somebody calls.
    Incoming,
    /// Somebody calls into a call.
    Waiting,
    /// It is over; SIMCom modems tell it unasked.
    Ended,
}

/// Where something is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Which memory: `SM` the SIM, `ME` the modem.
    pub memory: String,
    /// The place in it, for `AT+CMGR=` and `AT+CMGD=`.
    pub index: u16,
}

/// How the modem stands with a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// Which network: `CREG` calls, `CGREG` packets, `CEREG` 4G.
    pub of: &'static str,
    /// The mode that was set; only an answer has it, what comes unasked does not.
    pub mode: Option<u8>,
    /// 0 no, 1 home, 2 searching, 3 denied, 4 unknown, 5 roaming.
    pub state: u8,
    /// Location or tracking area, in hex.
    pub area: Option<String>,
    /// Cell, in hex.
    pub cell: Option<String>,
    /// Access technology; 7 is 4G.
    pub access: Option<u8>,
}

impl Registration {
    /// Whether messages can be sent.
    #[must_use]
    pub const fn is_registered(&self) -> bool {
        matches!(self.state, 1 | 5)
    }
}

/// What the SIM waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sim {
    /// Nothing.
    Ready,
    /// Its PIN.
    Pin,
    /// Its PUK: the PIN was wrong three times.
    Puk,
    /// Another code.
    Other,
}

/// A stored message, before its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its place; `+CMGR` was asked for one and does not repeat it.
    pub index: Option<u16>,
    /// Read or not, in words (text mode) or as a number.
    pub status: String,
    /// Who sent it, in text mode.
    pub number: Option<Private<String>>,
    /// When, in text mode, as the modem writes it.
    pub time: Option<String>,
    /// Octets of the PDU without its centre, in PDU mode.
    pub octets: Option<u16>,
}

impl AtLine {
    /// Takes a line apart, without its line end.
    #[must_use]
    pub fn read(line: &str) -> Self {
        let line = line.trim_ascii_end();
        if line.starts_with('>') && line.trim_ascii() == ">" {
            return AtLine::Prompt;
        }
        match line {
            "OK" => return AtLine::Ok,
            "ERROR" => return AtLine::Failed(Failure::Plain),
            "NO CARRIER" => return AtLine::CallEnded,
            "BUSY" => return AtLine::Busy,
            "NO ANSWER" => return AtLine::NoAnswer,
            "RING" => return AtLine::Ring,
            "MO RING" => return AtLine::Alerting,
            "MO CONNECTED" | "VOICE CALL: BEGIN" => return AtLine::PickedUp,
            "RDY" | "START" | "^SYSSTART" => return AtLine::Started,
            _ if line.starts_with("VOICE CALL: END") || line.starts_with("^CEND:") => return AtLine::CallEnded,
            _ if line.starts_with("*ATREADY:") => return AtLine::Started,
            _ if line.starts_with("^CONN:") => return AtLine::PickedUp,
            _ => {}
        }
        let known = line.strip_prefix('+').and_then(|rest| rest.split_once(':'));
        let read = known.and_then(|(name, values)| named(name, &Values::of(values)));
        read.unwrap_or_else(|| AtLine::Other(line.to_owned()))
    }

    /// Whether it ends the command under way, and how. Unsolicited lines come at any place and end nothing.
    #[must_use]
    pub const fn ends_command(&self) -> Option<Result<(), Failure>> {
        match self {
            AtLine::Ok => Some(Ok(())),
            AtLine::Failed(why) => Some(Err(*why)),
            _ => None,
        }
    }
}

/// Strength of a signal in dBm; `None` when it is not known.
#[must_use]
pub fn signal_dbm(index: u8) -> Option<i16> {
    (index <= 31).then(|| -113 + 2 * i16::from(index))
}

/// Values between commas, which do not part what stands in quotation marks.
struct Values<'a>(Vec<&'a str>);

impl<'a> Values<'a> {
    fn of(text: &'a str) -> Self {
        let mut quoted = false;
        let split = text.split(|sign| {
            quoted ^= sign == '"';
            sign == ',' && !quoted
        });
        Self(split.map(str::trim).collect())
    }

    fn raw(&self, at: usize) -> Option<&'a str> {
        self.0.get(at).copied().filter(|value| !value.is_empty())
    }

    fn text(&self, at: usize) -> Option<&'a str> {
        self.raw(at).map(|value| value.trim_matches('"')).filter(|value| !value.is_empty())
    }

    fn number<T: std::str::FromStr>(&self, at: usize) -> Option<T> {
        self.raw(at)?.parse().ok()
    }

    fn last_number<T: std::str::FromStr>(&self) -> Option<T> {
        self.number(self.0.len().checked_sub(1)?)
    }

    fn private(&self, at: usize) -> Option<Private<String>> {
        self.text(at).map(|text| Private::new(text.to_owned()))
    }

    fn is_quoted(&self, at: usize) -> bool {
        self.raw(at).is_some_and(|value| value.starts_with('"'))
    }
}

fn named(name: &str, values: &Values<'_>) -> Option<AtLine> {
    Some(match name {
        "CME ERROR" => AtLine::Failed(Failure::Equipment(values.number(0)?)),
        "CMS ERROR" => AtLine::Failed(Failure::Message(values.number(0)?)),
        "CRING" => AtLine::Ring,
        "COLP" => AtLine::PickedUp,
        "CLCC" => AtLine::Call(call(values)?),
        "DTMF" | "RXDTMF" => AtLine::Key(key(values.text(0)?.chars().next()?)?),
        "QTONEDET" => AtLine::Key(key(char::from(values.number::<u8>(0)?))?),
        "CTTS" => AtLine::Spoken,
        "CLIP" => AtLine::Caller { number: values.private(0), kind: values.number(1)? },
        "CMTI" => AtLine::MessageStored(stored(values)?),
        "CDSI" => AtLine::ReportStored(stored(values)?),
        "CMT" => AtLine::MessageFollows { octets: values.last_number()? },
        "CDS" => AtLine::ReportFollows { octets: values.last_number()? },
        "CMGS" => AtLine::Sent { reference: values.number(0)? },
        "CSQ" => AtLine::Signal { index: values.number(0)?, errors: values.number(1).unwrap_or(99) },
        "CREG" => AtLine::Registration(registration("CREG", values)?),
        "CGREG" => AtLine::Registration(registration("CGREG", values)?),
        "CEREG" => AtLine::Registration(registration("CEREG", values)?),
        "CPIN" => AtLine::Sim(match values.text(0)? {
            "READY" => Sim::Ready,
            "SIM PIN" => Sim::Pin,
            "SIM PUK" => Sim::Puk,
            _ => Sim::Other,
        }),
        "CUSD" => AtLine::Service { asks: values.number::<u8>(0)? == 1, text: service_text(values) },
        "CMGL" => AtLine::Listed(listed(values.number(0), &Values(values.0.get(1..)?.to_vec()))?),
        "CMGR" => AtLine::Listed(listed(None, values)?),
        _ => return None,
    })
}

/// The text of an operator's answer. Source: 3GPP TS 23.038, coding 72 is UCS-2, which modems write in hex.
fn service_text(values: &Values<'_>) -> Option<Private<String>> {
    let coded = values.text(1).filter(|_| values.number(2) == Some(72_u8)).and_then(|text| hex::read(text.as_bytes()));
    match coded.and_then(|octets| from_ucs2(&octets).ok()) {
        Some(text) => Some(Private::new(text)),
        None => values.private(1),
    }
}

fn call(values: &Values<'_>) -> Option<Call> {
    let stage = match values.number::<u8>(2)? {
        0 => CallStage::Active,
        1 => CallStage::Held,
        2 => CallStage::Dialling,
        3 => CallStage::Alerting,
        4 => CallStage::Incoming,
        5 => CallStage::Waiting,
        6 => CallStage::Ended,
        _ => return None,
    };
    Some(Call { comes_in: values.number::<u8>(1)? == 1, stage, is_voice: values.number::<u8>(3)? == 0 })
}

/// A key of a telephone; the four letters are on the keypads of exchanges only.
fn key(sign: char) -> Option<char> {
    matches!(sign, '0'..='9' | '*' | '#' | 'A'..='D').then_some(sign)
}

fn stored(values: &Values<'_>) -> Option<Stored> {
    Some(Stored { memory: values.text(0)?.to_owned(), index: values.number(1)? })
}

/// An answer has the mode in front of the state; what comes unasked has not, and its next value is an area of four digits,
/// which some modems leave without quotation marks.
fn registration(of: &'static str, values: &Values<'_>) -> Option<Registration> {
    let is_answer = values.raw(1).is_some_and(|value| value.len() == 1);
    let at = usize::from(is_answer);
    Some(Registration {
        of,
        mode: if is_answer { Some(values.number(0)?) } else { None },
        state: values.number(at)?,
        area: values.text(at + 1).map(str::to_owned),
        cell: values.text(at + 2).map(str::to_owned),
        access: values.number(at + 3),
    })
}

fn listed(index: Option<u16>, values: &Values<'_>) -> Option<Listed> {
    let in_words = values.is_quoted(0);
    Some(Listed {
        index,
        status: values.text(0)?.to_owned(),
        number: values.private(1).filter(|_| in_words),
        time: values.text(3).filter(|_| in_words).map(str::to_owned),
        octets: if in_words { None } else { values.last_number() },
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_answer_and_what_comes_unasked_are_told_apart() {
        let state = |line: &str| match AtLine::read(line) {
            AtLine::Registration(one) => (one.mode, one.state, one.area),
            other => panic!("{other:?}"),
        };
        assert_eq!(state("+CREG: 0,5"), (Some(0), 5, None));
        assert_eq!(state("+CREG: 5"), (None, 5, None));
        assert_eq!(state("+CREG: 1,\"1A2B\",\"0F3C\""), (None, 1, Some("1A2B".to_owned())));
        assert_eq!(state("+CEREG: 2,1,\"1A2B\",\"0F3C5D01\",7"), (Some(2), 1, Some("1A2B".to_owned())));
    }

    #[test]
    fn only_a_final_result_ends_a_command() {
        for line in ["+CMGS: 12", "RING", "NO CARRIER", "^RSSI: 12", "+ZPASR: \"UMTS\"", "> ", "", "+CMTI: \"SM\",7"] {
            assert_eq!(AtLine::read(line).ends_command(), None, "{line:?}");
        }
        assert_eq!(AtLine::read("OK").ends_command(), Some(Ok(())));
        assert_eq!(AtLine::read("+CMS ERROR: 38\r").ends_command(), Some(Err(Failure::Message(38))));
    }

    #[test]
    fn a_key_is_the_same_in_the_words_of_every_maker() {
        for line in ["+DTMF: 1", "+DTMF:1", "+RXDTMF: 1", "+QTONEDET: 49"] {
            assert_eq!(AtLine::read(line), AtLine::Key('1'), "{line}");
        }
        assert_eq!(AtLine::read("+QTONEDET: 35"), AtLine::Key('#'));
        assert!(matches!(AtLine::read("+QTONEDET: 7"), AtLine::Other(_)));
    }

    #[test]
    fn a_data_connection_is_no_voice_call() {
        let call = |line: &str| match AtLine::read(line) {
            AtLine::Call(call) => call,
            other => panic!("{other:?}"),
        };
        let ours = call("+CLCC: 1,0,3,0,0,\"13800000001\",129");
        assert_eq!(ours, Call { comes_in: false, stage: CallStage::Alerting, is_voice: true });
        assert!(!call("+CLCC: 1,0,0,1,0,\"\",128").is_voice);
        assert!(call("+CLCC: 2,1,4,0,0").comes_in);
    }

    #[test]
    fn nobodys_number_is_printed() {
        let line = AtLine::read("+CLIP: \"13800000001\",129,,,,0");
        assert!(!format!("{line:?}").contains("138"));
        assert_eq!(AtLine::read("+CLIP: \"\",128"), AtLine::Caller { number: None, kind: 128 });
    }

    proptest! {
        #[test]
        fn any_line_is_survived(line in "(\\+[A-Z]{3,5}: ?)?[0-9,\" A-Z]{0,40}") {
            let _ = AtLine::read(&line);
        }
    }
}
