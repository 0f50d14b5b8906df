//! The three messages between a modem and its network: what is sent, what comes, and what became of what was sent.

use super::alphabet;
use super::octets::{Address, Concat, Octets, Timestamp, Validity};
use crate::device::DecodeError;
use crate::private::Private;

/// A message with the centre it goes through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pdu {
    /// The message centre; `None` leaves it to the SIM.
    pub centre: Option<Address>,
    /// The message.
    pub message: Message,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// One that came.
    Deliver(Deliver),
    /// One that is sent.
    Submit(Submit),
    /// What became of one that was sent.
    StatusReport(StatusReport),
}

/// A message that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deliver {
    /// Who sent it.
    pub from: Address,
    /// When the centre took it; `None` when that cannot be read.
    pub time: Option<Timestamp>,
    /// Parts of a longer message; more than one where a sender repeats itself.
    pub concat: Vec<Concat>,
    /// What it says.
    pub body: Body,
}

/// A message that is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submit {
    /// To whom.
    pub to: Address,
    /// A number of the modem's, which numbers for itself where it is 0.
    pub reference: u8,
    /// The centre drops a second one with the same reference to the same number.
    pub reject_duplicates: bool,
    /// A status report is wanted.
    pub status_report: bool,
    /// Shown at once and not kept (class 0).
    pub flash: bool,
    /// How long the network goes on trying; without it, its own three days.
    pub validity: Option<Validity>,
    /// Parts of a longer message; at most one when it is written.
    pub concat: Vec<Concat>,
    /// What it says.
    pub body: Body,
}

/// What became of a message that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusReport {
    /// The number that the modem gave the message (`+CMGS: n`).
    pub reference: u8,
    /// To whom it was sent; garbage in some modems' reports.
    pub to: Address,
    /// When the centre took it; `None` when that cannot be read.
    pub time: Option<Timestamp>,
    /// When it was delivered or given up; `None` when that cannot be read.
    pub discharge: Option<Timestamp>,
    /// The status as it came.
    pub status: u8,
}

/// What became of a message, as a sender needs it (3GPP TS 23.040, TP-Status).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// The telephone has it. That proves a telephone, not a person.
    Delivered,
    /// The centre goes on trying.
    StillTrying,
    /// It will not arrive.
    Failed,
}

impl StatusReport {
    /// What became of it.
    #[must_use]
    pub const fn delivery(&self) -> Delivery {
        match self.status {
            0x00..=0x1F => Delivery::Delivered,
            0x20..=0x3F => Delivery::StillTrying,
            0x40.. => Delivery::Failed,
        }
    }
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// A text in the alphabet of 7 bits.
    Gsm7(Private<String>),
    /// A text in UCS-2.
    Ucs2(Private<String>),
    /// Data.
    Octets(Vec<u8>),
}

impl Body {
    /// A text, in 7 bits where they suffice.
    #[must_use]
    pub fn text(text: &str) -> Self {
        match alphabet::to_septets(text) {
            Some(_) => Body::Gsm7(Private::new(text.to_owned())),
            None => Body::Ucs2(Private::new(text.to_owned())),
        }
    }

    /// The text, for whoever is entitled to read it; `None` for data.
    #[must_use]
    pub const fn as_text(&self) -> Option<&Private<String>> {
        match self {
            Body::Gsm7(text) | Body::Ucs2(text) => Some(text),
            Body::Octets(_) => None,
        }
    }

    /// The coding as the wire has it.
    const fn coding(&self) -> u8 {
        match self {
            Body::Gsm7(_) => 0x00,
            Body::Octets(_) => 0x04,
            Body::Ucs2(_) => 0x08,
        }
    }
}

/// How user data are coded.
enum Coding {
    Septets,
    Octets,
    Ucs2,
}

/// The alphabet of a data coding scheme (TS 23.038 section 4). What is compressed is left as data.
const fn coding(scheme: u8) -> Coding {
    match (scheme >> 4, scheme & 0x0C) {
        (0x0..=0x7, _) if scheme & 0x20 != 0 => Coding::Octets,
        (0x0..=0x7, 0x04) => Coding::Octets,
        (0x0..=0x7, 0x08) | (0xE, _) => Coding::Ucs2,
        (0xF, _) if scheme & 0x04 != 0 => Coding::Octets,
        _ => Coding::Septets,
    }
}

/// Bits of the first octet.
mod flag {
    pub(super) const REJECT_DUPLICATES: u8 = 0x04;
    pub(super) const VALIDITY: u8 = 0x18;
    pub(super) const VALIDITY_RELATIVE: u8 = 0x10;
    pub(super) const VALIDITY_ABSOLUTE: u8 = 0x18;
    pub(super) const STATUS_REPORT: u8 = 0x20;
    pub(super) const HEADER: u8 = 0x40;
}

/// Message class 0, in the coding scheme.
const CLASS_0: u8 = 0x10;

impl Pdu {
    /// Reads a PDU with its centre in front, as modems give it.
    ///
    /// # Errors
    /// `Length` when it ends early, `Unknown` for another type of message.
    pub fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut octets = Octets(bytes);
        let centre = Address::of_centre(&mut octets)?;
        let first = octets.one()?;
        let message = match first & 0x03 {
            0x00 => Message::Deliver(Deliver::read(first, &mut octets)?),
            0x01 => Message::Submit(Submit::read(first, &mut octets)?),
            0x02 => Message::StatusReport(StatusReport::read(&mut octets)?),
            _ => return Err(DecodeError::Unknown),
        };
        Ok(Self { centre, message })
    }
}

impl Deliver {
    fn read(first: u8, octets: &mut Octets<'_>) -> Result<Self, DecodeError> {
        let from = Address::of_message(octets)?;
        let [_protocol, scheme] = [octets.one()?, octets.one()?];
        let time = Timestamp::read(octets.seven()?);
        let (concat, body) = user_data(first, scheme, octets)?;
        Ok(Self { from, time, concat, body })
    }
}

impl StatusReport {
    fn read(octets: &mut Octets<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            reference: octets.one()?,
            to: Address::of_message(octets)?,
            time: Timestamp::read(octets.seven()?),
            discharge: Timestamp::read(octets.seven()?),
            status: octets.one()?,
        })
    }
}

impl Submit {
    fn read(first: u8, octets: &mut Octets<'_>) -> Result<Self, DecodeError> {
        let reference = octets.one()?;
        let to = Address::of_message(octets)?;
        let [_protocol, scheme] = [octets.one()?, octets.one()?];
        let validity = match first & flag::VALIDITY {
            0 => None,
            flag::VALIDITY_RELATIVE => Some(Validity::For(Validity::of_octet(octets.one()?))),
            flag::VALIDITY_ABSOLUTE => Timestamp::read(octets.seven()?).map(Validity::Until),
            // The enhanced form has seven octets of its own; nobody here writes it.
            _ => octets.seven().map(|_| None)?,
        };
        let (concat, body) = user_data(first, scheme, octets)?;
        Ok(Self {
            to,
            reference,
            reject_duplicates: first & flag::REJECT_DUPLICATES != 0,
            status_report: first & flag::STATUS_REPORT != 0,
            flash: scheme & 0xF3 == CLASS_0,
            validity,
            concat,
            body,
        })
    }

    /// The PDU behind its centre, and the number for `AT+CMGS=`, which counts the octets without the centre.
    #[must_use]
    pub fn write(&self, centre: Option<&Address>) -> (Vec<u8>, usize) {
        let mut pdu = Vec::with_capacity(176);
        match centre {
            Some(centre) => centre.write_of_centre(&mut pdu),
            None => pdu.push(0),
        }
        let centre_octets = pdu.len();
        let concat = self.concat.first();
        let set = |on: bool, bit: u8| if on { bit } else { 0 };
        let validity = match self.validity {
            None => 0,
            Some(Validity::For(_)) => flag::VALIDITY_RELATIVE,
            Some(Validity::Until(_)) => flag::VALIDITY_ABSOLUTE,
        };
        pdu.push(
            0x01 | validity
                | set(self.reject_duplicates, flag::REJECT_DUPLICATES)
                | set(self.status_report, flag::STATUS_REPORT)
                | set(concat.is_some(), flag::HEADER),
        );
        pdu.push(self.reference);
        self.to.write_of_message(&mut pdu);
        pdu.extend([0x00, self.body.coding() | set(self.flash, CLASS_0)]);
        match self.validity {
            None => {}
            Some(Validity::For(time)) => pdu.push(Validity::octet_for(time)),
            Some(Validity::Until(time)) => pdu.extend(time.write()),
        }
        let mut header = Vec::new();
        if let Some(concat) = concat {
            concat.write(&mut header);
        }
        let (length, data) = match &self.body {
            Body::Gsm7(text) => {
                let septets = alphabet::to_septets(text.reveal()).unwrap_or_default();
                let before = header_septets(header.len());
                (before + septets.len(), alphabet::pack(&septets, before * 7 - header.len() * 8))
            }
            Body::Ucs2(text) => {
                let data = alphabet::to_ucs2(text.reveal());
                (header.len() + data.len(), data)
            }
            Body::Octets(data) => (header.len() + data.len(), data.clone()),
        };
        pdu.push(u8::try_from(length).unwrap_or(u8::MAX));
        pdu.extend(header);
        pdu.extend(data);
        let tpdu = pdu.len() - centre_octets;
        (pdu, tpdu)
    }
}

/// Septets that a header of so many octets takes: text begins on the next one.
const fn header_septets(octets: usize) -> usize {
    (octets * 8).div_ceil(7)
}

/// Length, header and text. Modems announce more than there is; what there is is taken.
fn user_data(first: u8, scheme: u8, octets: &mut Octets<'_>) -> Result<(Vec<Concat>, Body), DecodeError> {
    let announced = usize::from(octets.one()?);
    let data = std::mem::take(&mut octets.0);
    let mut header_octets = 0;
    let mut concat = Vec::new();
    if first & flag::HEADER != 0 {
        let mut rest = Octets(data);
        let length = usize::from(rest.one()?);
        header_octets = 1 + length;
        concat = elements(rest.take(length)?)?;
    }
    let there = announced.min(data.len());
    let body = match coding(scheme) {
        Coding::Septets => {
            let before = header_septets(header_octets);
            let text = data.get(header_octets..).unwrap_or_default();
            let septets = alphabet::unpack(text, before * 7 - header_octets * 8, announced.saturating_sub(before));
            Body::Gsm7(Private::new(alphabet::from_septets(&septets)))
        }
        Coding::Ucs2 => {
            Body::Ucs2(Private::new(alphabet::from_ucs2_cut(data.get(header_octets..there).unwrap_or_default())))
        }
        Coding::Octets => Body::Octets(data.get(header_octets..there).unwrap_or_default().to_vec()),
    };
    Ok((concat, body))
}

/// The concatenations among the elements of a header.
fn elements(mut header: &[u8]) -> Result<Vec<Concat>, DecodeError> {
    let mut all = Vec::new();
    while let [_, length, ..] = header {
        let (element, rest) = header.split_at_checked(2 + usize::from(*length)).ok_or(DecodeError::Length)?;
        all.extend(Concat::read(element));
        header = rest;
    }
    Ok(all)
}
