//! What a 2G or 4G modem says in AT dialogue (ITU-T V.250, 3GPP TS 27.005 and 27.007): SIM800, A7670, Air724/780, Quectel
//! EC20/EC200, Huawei, ZTE. Lines ended by CR LF, 115200 8N1.
//!
//! | line | meaning |
//! | --- | --- |
//! | `> ` | the modem waits for a PDU |
//! | `+CMGS: n` | a message was taken, with this reference |
//! | `+CMTI`, `+CDSI` | a message, a status report is stored |
//! | `+CMT`, `+CDS` | a message, a status report stands on the next line |
//! | `RING`, `+CRING`, `+CLIP` | a call, and who calls |
//! | `+CLCC`, `MO RING`, `MO CONNECTED` | how far a call is |
//! | `+DTMF`, `+RXDTMF`, `+QTONEDET` | a key that was pressed in a call |
//! | `+CREG`, `+CGREG`, `+CEREG`, `+CSQ`, `+CPIN` | network, signal, SIM |
//! | `OK`, `ERROR`, `+CME ERROR`, `+CMS ERROR` | the end of a command |
//! | `NO CARRIER`, `BUSY`, `NO ANSWER` | the end of a call |
//! | `RDY`, `^SYSSTART` | the modem has started |
//!
//! Design constraints:
//!
//! - Lines that nobody asked for come at any place, even between a PDU and its `+CMGS`: an unknown line ends no command.
//! - An answer and an unsolicited line of the same name have different numbers of values.
//! - Numbers and texts are personal: they are behind `Private`.
//!
//! `line` takes one line apart; `failure` knows the codes and what is worth another try.

pub mod failure;

pub mod line;

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::sms_pdu::Timestamp;
use super::speech::Speech;
use super::{Decode, DecodeError, Decoded, Format, Frame, Transport};

use crate::core::reading::Quantity;

pub use failure::{Failure, Retry};
pub use line::{AtLine, Call, CallStage, Listed, Registration, Sim, Stored, signal_dbm};

/// The registry's line.
pub const FORMAT: Format = Format {
    name: "gsm_at",
    about: "the lines of a 2G or 4G modem in AT dialogue",
    about_zh: "2G/4G 模块的 AT 应答行",
    transport: Transport::Modem,
    // A line is no sample; there is nothing to be merged.
    merge_ms: 0,
    steady_ms: 0,
    decoder: || Box::new(GsmAt),
};

/// Longest stretch of dialogue looked at. judgement: an answer with a PDU has under 500 signs.
const STRETCH_BYTES_MAX: usize = 4096;

struct GsmAt;

impl Decode for GsmAt {
    fn decode(&mut self, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
        // The dialogue is the notifier's; of the modem itself it says how well it is connected.
        let mut speech = Speech::of_nobody_named();
        for line in lines(stretch(frame.bytes)?) {
            if let AtLine::Signal { index, .. } = AtLine::read(&line)
                && let Some(dbm) = signal_dbm(index)
            {
                speech.number(Quantity::Rssi, f64::from(dbm));
            }
        }
        Ok(speech.into_decoded())
    }

    fn fields(&self, frame: &Frame<'_>) -> Map<String, Value> {
        let mut shown = Shown::default();
        for line in lines(stretch(frame.bytes).unwrap_or_default()) {
            shown.add(&line);
        }
        shown.fields
    }
}

fn stretch(bytes: &[u8]) -> Result<&str, DecodeError> {
    if bytes.len() > STRETCH_BYTES_MAX {
        return Err(DecodeError::TooLong);
    }
    std::str::from_utf8(bytes).map_err(|_| DecodeError::NotUtf8)
}

/// The lines of a stretch. One whose quotation marks are not closed goes on: an operator's menu has several lines.
fn lines(stretch: &str) -> Vec<Cow<'_, str>> {
    let is_open = |line: &str| line.matches('"').count() % 2 == 1;
    let mut all: Vec<Cow<'_, str>> = Vec::new();
    for line in stretch.lines() {
        match all.last_mut().filter(|last| last.starts_with("+CUSD") && is_open(last)) {
            Some(last) => {
                let last = last.to_mut();
                last.push_str("\r\n");
                last.push_str(line);
            }
            None if line.trim().is_empty() => {}
            None => all.push(line.into()),
        }
    }
    all
}

/// A stretch of dialogue, as `decode` shows it.
#[derive(Default)]
struct Shown {
    fields: Map<String, Value>,
    ignored: u32,
    follows: Option<Follows>,
}

/// What stands on the next line.
enum Follows {
    Pdu,
    /// A text, of which so much has come.
    Text(Option<String>),
}

impl Shown {
    fn put(&mut self, key: &str, value: impl Into<Value>) {
        self.fields.insert(key.to_owned(), value.into());
    }

    /// That a message was sent is the answer to a command; what comes unasked beside it is not.
    fn event(&mut self, event: &'static str) {
        if self.fields.get("event").is_none_or(|event| event != "sms_sent") {
            self.put("event", event);
        }
    }

    fn add(&mut self, text: &str) {
        let line = AtLine::read(text);
        match self.follows.take() {
            // A text goes on to the end of the answer, over lines that mean nothing by themselves.
            Some(Follows::Text(before)) if !matches!(line, AtLine::Ok | AtLine::Listed(_)) => {
                let whole = before.map_or_else(|| text.to_owned(), |before| format!("{before}\r\n{text}"));
                self.put("text", whole.as_str());
                self.follows = Some(Follows::Text(Some(whole)));
                return;
            }
            Some(Follows::Pdu) => return self.put("pdu", text),
            Some(Follows::Text(_)) | None => {}
        }
        match line {
            AtLine::Prompt => self.put("prompt_seen", true),
            AtLine::Ok => self.put("result", "ok"),
            AtLine::Failed(why) => self.failed(why),
            AtLine::CallEnded => self.event("call_ended"),
            AtLine::Busy => self.event("busy"),
            AtLine::NoAnswer => self.event("no_answer"),
            AtLine::Alerting => self.event("call_alerting"),
            AtLine::PickedUp => self.event("call_picked_up"),
            AtLine::Call(call) => self.call(call),
            AtLine::Key(key) => self.key(key),
            AtLine::Spoken => self.event("spoken"),
            AtLine::Started => self.event("modem_started"),
            AtLine::Ring => self.event("incoming_call"),
            AtLine::Caller { number, kind } => {
                self.event("incoming_call");
                self.put("number", number.map(|number| number.reveal().clone()));
                self.put("toa", kind);
            }
            AtLine::MessageStored(at) => self.stored("sms_stored", at),
            AtLine::ReportStored(at) => self.stored("status_report_stored", at),
            AtLine::MessageFollows { octets } => self.follows("sms_received", octets),
            AtLine::ReportFollows { octets } => self.follows("status_report_received", octets),
            AtLine::Sent { reference } => {
                self.event("sms_sent");
                self.put("reference", reference);
            }
            AtLine::Signal { index, errors } => {
                self.put("urc_or_reply", "CSQ");
                self.put("rssi_index", index);
                self.put("ber", errors);
                self.put("rssi_dbm", signal_dbm(index));
                if signal_dbm(index).is_none() {
                    self.put("meaning", "unknown");
                }
            }
            AtLine::Registration(one) => self.registration(one),
            AtLine::Sim(sim) => self.sim(sim),
            AtLine::Service { asks, text } => {
                self.put("urc_or_reply", "CUSD");
                self.put("session_active", asks);
                self.put("text", text.map(|text| text.reveal().clone()));
            }
            AtLine::Listed(listed) => self.listed(listed),
            AtLine::Other(_) => {
                self.ignored += 1;
                self.put("ignored_urcs", self.ignored);
            }
        }
    }

    fn sim(&mut self, sim: Sim) {
        let word = match sim {
            Sim::Ready => "ready",
            Sim::Pin => "pin_required",
            Sim::Puk => "puk_required",
            Sim::Other => "other_code_required",
        };
        self.put("sim", word);
    }

    fn key(&mut self, key: char) {
        self.event("key");
        self.put("key", key.to_string());
    }

    fn call(&mut self, call: Call) {
        self.event("call");
        self.put("comes_in", call.comes_in);
        self.put("voice", call.is_voice);
        let stage = match call.stage {
            CallStage::Active => "active",
            CallStage::Held => "held",
            CallStage::Dialling => "dialling",
            CallStage::Alerting => "alerting",
            CallStage::Incoming => "incoming",
            CallStage::Waiting => "waiting",
            CallStage::Ended => "ended",
        };
        self.put("stage", stage);
    }

    fn failed(&mut self, why: Failure) {
        let (list, code) = match why {
            Failure::Plain => ("ERROR", None),
            Failure::Equipment(code) => ("CME", Some(code)),
            Failure::Message(code) => ("CMS", Some(code)),
        };
        self.put("error_type", list);
        self.put("code", code);
        self.put("meaning", why.meaning());
        self.put("retryable", why.retry() == Retry::Later);
    }

    fn stored(&mut self, event: &'static str, at: Stored) {
        self.event(event);
        self.put("memory", at.memory);
        self.put("index", at.index);
    }

    fn follows(&mut self, event: &'static str, octets: u16) {
        self.event(event);
        self.put("length", octets);
        self.follows = Some(Follows::Pdu);
    }

    fn registration(&mut self, one: Registration) {
        if one.mode.is_none() {
            self.put("urc", one.of);
        }
        self.put("urc_or_reply", one.of);
        self.put("n", one.mode);
        self.put("stat", one.state);
        self.put("registered", one.is_registered());
        self.put("roaming", one.state == 5);
        self.put("searching", one.state == 2);
        self.put("denied", one.state == 3);
        self.put(if one.of == "CEREG" { "tac" } else { "lac" }, one.area);
        self.put("ci", one.cell);
        self.put("act", one.access);
    }

    fn listed(&mut self, listed: Listed) {
        let in_words = listed.octets.is_none();
        self.event(match (listed.index, in_words) {
            (Some(_), true) => "list_text",
            (Some(_), false) => "list_pdu",
            (None, true) => "read_text",
            (None, false) => "read_pdu",
        });
        self.put("index", listed.index);
        match listed.status.parse::<u8>() {
            Ok(status) if !in_words => self.put("status", status),
            _ => self.put("status", listed.status),
        }
        self.put("number", listed.number.map(|number| number.reveal().clone()));
        self.put("time", listed.time.as_deref().and_then(time).map(|time| time.to_string()));
        self.put("length", listed.octets);
        self.follows = Some(if in_words { Follows::Text(None) } else { Follows::Pdu });
    }
}

/// `13/01/28,14:51:42+08`: the offset is in quarters of an hour.
fn time(text: &str) -> Option<Timestamp> {
    let (local, quarters) = text.split_at_checked(17)?;
    let local = format!("20{}", local.replace('/', "-").replace(',', "T"));
    Some(Timestamp { local: local.parse().ok()?, quarters: quarters.parse().ok()? })
}
