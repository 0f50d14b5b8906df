//! What watches, pendants and badges are answered and ordered, byte by byte: the traps of their protocols.

use serde_json::Value;
use shouwang::core::errand::Errand;
use shouwang::core::reading::{Measure, Said};
use shouwang::device::{self, Decode, DecodeError, Decoded, Frame};

/// 2026-10-03T13:14:15Z.
const UTC_S: i64 = 1_791_033_255;

fn decoder(format: &str) -> Box<dyn Decode> {
    (device::format(format).expect("registered").decoder)()
}

fn hear(decoder: &mut dyn Decode, bytes: impl AsRef<[u8]>, utc_s: Option<i64>) -> Result<Decoded, DecodeError> {
    decoder.decode(&Frame { topic: None, bytes: bytes.as_ref(), context: &Value::Null, utc_s, heard_ms: 0 })
}

fn reply(decoder: &mut dyn Decode, bytes: impl AsRef<[u8]>, utc_s: Option<i64>) -> Vec<u8> {
    hear(decoder, bytes, utc_s).expect("taken").reply
}

#[test]
fn a_setracker_watch_is_answered_with_its_own_letters_and_sequence() {
    let watch = &mut *decoder("watch_setracker");
    assert_eq!(reply(watch, "[CS*9000000001*0002*LK]", None), b"[CS*9000000001*0002*LK]");
    assert_eq!(reply(watch, "[ZJ*900000000100001*00a7*0004*INIT]", None), b"[ZJ*900000000100001*00a7*0006*INIT,1]");
    assert_eq!(reply(watch, "[3G*9000000001*0008*heart,71]", None), b"", "it waits for nothing");
}

#[test]
fn a_setracker_watch_is_ordered_in_the_form_in_which_it_speaks() {
    let watch = &mut *decoder("watch_setracker");
    assert_eq!(watch.errand(Errand::Find), None, "it has not said who it is");
    hear(watch, "[3G*9000000001*0002*LK]", None).expect("taken");
    let ordered = |watch: &mut dyn Decode, errand| String::from_utf8(watch.errand(errand)?).ok();
    assert_eq!(ordered(watch, Errand::Find).as_deref(), Some("[3G*9000000001*0004*FIND]"));
    assert_eq!(
        ordered(watch, Errand::ReportEvery { seconds: 600 }).as_deref(),
        Some("[3G*9000000001*000A*UPLOAD,600]")
    );
    hear(watch, "[ZJ*9000000001*0007*0002*LK]", None).expect("taken");
    assert_eq!(ordered(watch, Errand::MeasureHeartRate).as_deref(), Some("[ZJ*9000000001*0007*000A*hrtstart,1]"));
}

#[test]
fn a_clock_that_nobody_has_set_sets_no_watch() {
    let watch = &mut *decoder("watch_iw_trv");
    assert_eq!(reply(watch, "IWAP00353456789012345#", Some(UTC_S)), b"IWBP00,20261003131415,0#");
    assert_eq!(reply(watch, "IWAP00353456789012345#", None), b"IWBP00#");
    assert_eq!(reply(watch, "TRVAP00353456789012345#", Some(UTC_S)), b"TRVBP00#");
    let pendant = &mut *decoder("eview_pendant");
    let asks = [0xab, 0x10, 0x03, 0x00, 0x12, 0x58, 0x01, 0x00, 0x03, 0x01, 0x12];
    assert_eq!(reply(pendant, asks, Some(UTC_S))[8..11], [0x03, 0x05, 0x12]);
    assert_eq!(reply(pendant, asks, None)[8..], [0x7f, 0x01, 0x00], "it is told that its question came");
    let badge = &mut *decoder("jt808");
    let asks = jt808(0x0004, 1);
    let told = reply(badge, &asks, Some(UTC_S));
    assert_eq!(
        (&told[1..3], &told[13..19]),
        ([0x80, 0x04].as_slice(), [0x26, 0x10, 0x03, 0x13, 0x14, 0x15].as_slice())
    );
    let refused = reply(badge, &asks, None);
    assert_eq!((&refused[1..3], &refused[13..18]), ([0x80, 0x01].as_slice(), [0, 1, 0, 4, 3].as_slice()));
}

#[test]
fn an_iw_watch_is_its_connections_and_is_answered_nothing_before_it_logs_in() {
    let watch = &mut *decoder("watch_iw_trv");
    let before = hear(watch, "IWAP49,68#", None).expect("taken");
    assert_eq!((before.address, before.reply), (None, Vec::new()));
    hear(watch, "IWAP00353456789012345#", None).expect("taken");
    let after = hear(watch, "IWAP49,68#", None).expect("taken");
    assert_eq!(after.address.as_deref(), Some("353456789012345"));
    assert_eq!(after.reply, b"IWBP49#");
    assert_eq!(reply(watch, "IWAP15,080835#", None), b"", "a receipt is not answered");
    assert_eq!(watch.errand(Errand::MeasureHeartRate).as_deref(), Some(b"IWBPXL,353456789012345,080835#".as_slice()));
    assert_eq!(watch.errand(Errand::Find), None, "it has no such order");
    assert_eq!(decoder("watch_iw_trv").errand(Errand::MeasureHeartRate), None, "nobody has logged in");
}

#[test]
fn an_alarm_of_nobody_is_not_said_to_be_heard() {
    let call = "IWAP10061003A2933.7800N10633.0600E000.0131415000.0006000906400502,460,0,9520,3671,01#";
    let heard = hear(&mut *decoder("watch_iw_trv"), call, None).expect("taken");
    assert_eq!(heard.said[0], Said::event(Measure::Sos(true)));
    assert!(heard.address.is_none() && heard.reply.is_empty());
}

#[test]
fn a_badge_is_told_how_often_to_report_and_its_answer_is_not_answered() {
    let badge = &mut *decoder("jt808");
    assert_eq!(badge.errand(Errand::ReportEvery { seconds: 600 }), None, "it has not said who it is");
    let register = reply(badge, jt808(0x0100, 7), None);
    assert_eq!(register[1..3], [0x81, 0x00]);
    assert_eq!(register[13..16], [0, 7, 0]);
    assert_eq!(&register[16..28], b"013800000011");
    let order = badge.errand(Errand::ReportEvery { seconds: 600 }).expect("it has this order");
    assert_eq!(
        (&order[1..3], &order[13..23]),
        ([0x81, 0x03].as_slice(), [1, 0, 0, 0, 0x29, 4, 0, 0, 2, 0x58].as_slice())
    );
    assert_eq!(reply(badge, jt808(0x0001, 8), None), b"");
}

/// A message without a body.
fn jt808(id: u16, serial: u8) -> Vec<u8> {
    let mut message = id.to_be_bytes().to_vec();
    message.extend([0, 0, 0x01, 0x38, 0, 0, 0, 0x11, 0, serial]);
    message.push(message.iter().fold(0, |sum, byte| sum ^ byte));
    [vec![0x7e], message, vec![0x7e]].concat()
}
