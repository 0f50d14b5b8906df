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
