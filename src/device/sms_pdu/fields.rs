//! Messages, and parts of them, as `decode` shows them and vectors write them.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::alphabet;
use super::message::{Body, Delivery, Message, Pdu, Submit};
use super::octets::{Address, Concat, Octets, Timestamp, Validity};
use crate::device::{DecodeError, Frame, hex};

type Fields = Map<String, Value>;

/// The fields of a PDU, or of the part of one that the context's `direction` names.
pub(super) fn of(frame: &Frame<'_>) -> Result<Fields, DecodeError> {
    let mut fields = Fields::new();
    let direction = frame.context.of("").get("direction").and_then(Value::as_str).unwrap_or("decode");
    put(&mut fields, "direction", direction);
    match direction {
        "gsm7_unpack" => gsm7(&mut fields, frame.bytes),
        "ucs2_decode" => put(&mut fields, "text", alphabet::from_ucs2(frame.bytes)?),
        "address_decode" => {
            let mut octets = Octets(frame.bytes);
            put(&mut fields, "number", number(&Address::of_message(&mut octets)?));
            put(&mut fields, "bytes_read", frame.bytes.len() - octets.0.len());
        }
        "timestamp_decode" => {
            let time = Timestamp::read(Octets(frame.bytes).seven()?).ok_or(DecodeError::WrongType)?;
            put(&mut fields, "time", time.to_string());
        }
        "udh_ie_decode" => {
            let concat = Concat::read(frame.bytes).ok_or(DecodeError::Unknown)?;
            put(&mut fields, "concat_ref", concat.reference);
            put(&mut fields, "total", concat.total);
            put(&mut fields, "seq", concat.part);
        }
        "relative_validity" => {
            let octet = Octets(frame.bytes).one()?;
            put(&mut fields, "seconds", Validity::of_octet(octet).as_secs());
        }
        "smsc_split" => {
            let mut octets = Octets(frame.bytes);
            put(&mut fields, "smsc", Address::of_centre(&mut octets)?.as_ref().map(number));
            put(&mut fields, "tpdu_hex", hex::write(octets.0));
        }
        _ => pdu(&mut fields, &Pdu::read(frame.bytes)?, frame.bytes.len()),
    }
    Ok(fields)
}

fn put(fields: &mut Fields, key: &str, value: impl Into<Value>) {
    fields.insert(key.to_owned(), value.into());
}

fn number(address: &Address) -> &str {
    address.number().reveal()
}

/// How many septets stand in whole octets is not written anywhere.
fn gsm7(fields: &mut Fields, octets: &[u8]) {
    let septets = alphabet::without_filling(alphabet::unpack(octets, 0, octets.len() * 8 / 7));
    put(fields, "text", alphabet::from_septets(&septets));
    put(fields, "septets", septets.len());
}

fn pdu(fields: &mut Fields, pdu: &Pdu, octets: usize) {
    let centre_octets = pdu.centre.as_ref().map_or(1, |centre| {
        let mut written = Vec::new();
        centre.write_of_centre(&mut written);
        written.len()
    });
    put(fields, "smsc", pdu.centre.as_ref().map(number));
    put(fields, "tpdu_length", octets.saturating_sub(centre_octets));
    match &pdu.message {
        Message::Deliver(deliver) => {
            put(fields, "type", "SMS-DELIVER");
            put(fields, "number", number(&deliver.from));
            put(fields, "time", deliver.time.map(|time| time.to_string()));
            said(fields, &deliver.concat, &deliver.body);
        }
        Message::Submit(submit) => {
            put(fields, "type", "SMS-SUBMIT");
            put(fields, "number", number(&submit.to));
            put(fields, "reference", submit.reference);
            put(fields, "reject_duplicates", submit.reject_duplicates);
            put(fields, "status_report_requested", submit.status_report);
            put(fields, "flash", submit.flash);
            match submit.validity {
                Some(Validity::For(time)) => put(fields, "validity_s", time.as_secs()),
                Some(Validity::Until(time)) => put(fields, "validity", time.to_string()),
                None => {}
            }
            said(fields, &submit.concat, &submit.body);
        }
        Message::StatusReport(report) => {
            put(fields, "type", "SMS-STATUS-REPORT");
            put(fields, "number", number(&report.to));
            put(fields, "reference", report.reference);
            put(fields, "time", report.time.map(|time| time.to_string()));
            put(fields, "discharge", report.discharge.map(|time| time.to_string()));
            put(fields, "status", report.status);
            let delivery = match report.delivery() {
                Delivery::Delivered => "delivered",
                Delivery::StillTrying => "still_trying",
                Delivery::Failed => "failed",
            };
            put(fields, "delivery", delivery);
            put(fields, "delivered", report.delivery() == Delivery::Delivered);
        }
    }
}

fn said(fields: &mut Fields, concat: &[Concat], body: &Body) {
    let parts = concat.iter().map(|one| json!({"ref": one.reference, "total": one.total, "seq": one.part}));
    if !concat.is_empty() {
        put(fields, "udh_concat", parts.collect::<Vec<Value>>());
    }
    match body {
        Body::Gsm7(text) => {
            put(fields, "dcs", "gsm7");
            put(fields, "text", text.reveal().as_str());
        }
        Body::Ucs2(text) => {
            put(fields, "dcs", "ucs2");
            put(fields, "text", text.reveal().as_str());
        }
        Body::Octets(data) => {
            put(fields, "dcs", "8bit");
            put(fields, "data_hex", hex::write(data));
            put(fields, "text", data.iter().map(|octet| char::from(*octet)).collect::<String>());
        }
    }
}

/// The PDU that such fields describe, and the number for `AT+CMGS=`.
pub(super) fn write(fields: &Fields) -> Option<(Vec<u8>, usize)> {
    let text = |key: &str| fields.get(key).and_then(Value::as_str);
    let flag = |key: &str| fields.get(key).and_then(Value::as_bool).unwrap_or_default();
    let small = |key: &str| fields.get(key).and_then(Value::as_u64).and_then(|number| u8::try_from(number).ok());
    let (noted_reference, noted_concat) = text("note_ref").map(noted).unwrap_or_default();
    let template = Submit {
        reference: small("reference").or(noted_reference).unwrap_or_default(),
        reject_duplicates: flag("reject_duplicates"),
        status_report: flag("status_report_requested"),
        flash: flag("flash"),
        validity: validity(fields)?,
        ..Submit::new(Address::new(text("number")?).ok()?, Body::text(""))
    };
    let parts = template
        .parts(text("full_text").or_else(|| text("text"))?, small("concat_ref").or(noted_concat).unwrap_or_default());
    let centre = text("smsc").map(Address::new).transpose().ok()?;
    let which = usize::from(small("part").unwrap_or(1)).checked_sub(1)?;
    Some(parts.ok()?.get(which)?.write(centre.as_ref()))
}

/// How long it is valid, under whichever key says so: a number is seconds and a text is a time. The inner `None` is no
/// validity, the outer one that cannot be read.
#[expect(clippy::option_option, reason = "the two mean different things, as said above")]
fn validity(fields: &Fields) -> Option<Option<Validity>> {
    let said = fields.iter().find(|(key, value)| key.starts_with("validity") && !value.is_null());
    let Some((_, value)) = said else { return Some(None) };
    match value {
        Value::String(text) => Some(Some(Validity::Until(Timestamp::parse(text)?))),
        value => Some(Some(Validity::For(Duration::from_secs(value.as_u64()?)))),
    }
}

/// `message reference 7 / concat reference 7`.
fn noted(text: &str) -> (Option<u8>, Option<u8>) {
    let mut numbers = text.split(' ').filter_map(|word| word.parse().ok());
    (numbers.next(), numbers.next())
}
