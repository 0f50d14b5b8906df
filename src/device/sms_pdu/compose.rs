//! From a text to the messages that carry it.

use super::alphabet;
use super::message::{Body, Submit};
use super::octets::{Address, Concat};
use crate::private::Private;

/// Octets of user data in one message, a header's among them (TS 23.040 section 9.2.3.24).
const OCTETS: usize = 140;

/// The text needs more than the 255 parts that a header can number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is longer than 255 messages")]
pub struct TooManyParts;

impl Submit {
    /// A message to somebody: with a status report, without an end to its validity.
    #[must_use]
    pub const fn new(to: Address, body: Body) -> Self {
        Self {
            to,
            reference: 0,
            reject_duplicates: false,
            status_report: true,
            flash: false,
            validity: None,
            concat: Vec::new(),
            body,
        }
    }

    /// The same message, saying this text, in as many parts as it takes. All of them carry `reference` when they are more
    /// than one; it should differ from those of other texts to the same number.
    ///
    /// No sign is torn: neither an escaped one of the 7-bit alphabet nor one of two UCS-2 units.
    ///
    /// # Errors
    /// [`TooManyParts`].
    pub fn parts(&self, text: &str, reference: u8) -> Result<Vec<Submit>, TooManyParts> {
        let pieces = pieces(text);
        let total = u8::try_from(pieces.len()).map_err(|_| TooManyParts)?;
        let parts = pieces.into_iter().zip(1_u8..).map(|(body, part)| Submit {
            concat: if total == 1 {
                Vec::new()
            } else {
                vec![Concat { reference: reference.into(), total, part, wide: false }]
            },
            body,
            ..self.clone()
        });
        Ok(parts.collect())
    }
}

/// The text in pieces that fit, all in one alphabet.
fn pieces(text: &str) -> Vec<Body> {
    let is_gsm7 = alphabet::to_septets(text).is_some();
    let cost = |sign: char| if is_gsm7 { septets_of(sign) } else { sign.len_utf16() };
    let room = |octets: usize| if is_gsm7 { octets * 8 / 7 } else { octets / 2 };
    let (whole, part) = (room(OCTETS), room(OCTETS - Concat::header_octets(false)));
    let make = |piece: &str| {
        let text = Private::new(piece.to_owned());
        if is_gsm7 { Body::Gsm7(text) } else { Body::Ucs2(text) }
    };
    if text.chars().map(cost).sum::<usize>() <= whole {
        return vec![make(text)];
    }
    let (mut pieces, mut begin, mut filled) = (Vec::new(), 0, 0);
    for (at, sign) in text.char_indices() {
        if filled + cost(sign) > part {
            pieces.push(make(text.get(begin..at).unwrap_or_default()));
            (begin, filled) = (at, 0);
        }
        filled += cost(sign);
    }
    pieces.push(make(text.get(begin..).unwrap_or_default()));
    pieces
}

fn septets_of(sign: char) -> usize {
    alphabet::septets_of(sign).map_or(1, |(_, count)| count)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::device::sms_pdu::message::{Message, Pdu};

    fn parts(text: &str) -> Vec<Submit> {
        let to = Address::new("+8613800000001").expect("a number");
        Submit::new(to, Body::text("")).parts(text, 7).expect("short enough")
    }

    #[test]
    fn a_message_holds_160_septets_or_70_units_and_a_part_153_or_67() {
        for (sign, whole, part) in [("a", 160, 153), ("守", 70, 67), ("€", 80, 76), ("😀", 35, 33)] {
            assert_eq!(parts(&sign.repeat(whole)).len(), 1, "{sign}");
            assert_eq!(parts(&sign.repeat(whole + 1)).len(), 2, "{sign}");
            assert_eq!(parts(&sign.repeat(2 * part)).len(), 2, "{sign}");
            assert_eq!(parts(&sign.repeat(2 * part + 1)).len(), 3, "{sign}");
        }
        assert_eq!(
            Submit::new(parts("")[0].to.clone(), Body::text("")).parts(&"守".repeat(67 * 255 + 1), 7),
            Err(TooManyParts)
        );
    }

    proptest! {
        #[test]
        fn what_is_sent_is_read_again(text in "([a-z€]|守|😀|[{}~]){0,400}", reference in any::<u8>()) {
            let template = Submit { reference, ..Submit::new(Address::new("10086").expect("a number"), Body::text("")) };
            let mut whole = String::new();
            for part in template.parts(&text, reference).expect("short enough") {
                let (pdu, tpdu) = part.write(None);
                prop_assert!(tpdu + 1 == pdu.len() && tpdu <= 164);
                let read = Pdu::read(&pdu).expect("reads").message;
                prop_assert_eq!(&read, &Message::Submit(part.clone()));
                whole.push_str(part.body.as_text().expect("a text").reveal());
            }
            prop_assert_eq!(whole, text);
        }

        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Pdu::read(&bytes);
        }
    }
}
