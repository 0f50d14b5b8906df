//! Text messages as they arrive at the county: who may send one, and what it says. Pure.
//!
//! - A text counts only from a number that `county.toml` lists for the very station that it speaks of. A number can be
//!   forged, so a text can add to what the county knows, and never takes anything away: it closes nothing that a record
//!   has not closed, and it gives no receipt.
//! - What is refused is counted by kind and told to whoever reads it in; nothing of it is repeated, and no number is.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::cases::{Answer, Said};
use super::plan::Plan;
use crate::core::id::StationId;
use crate::core::time::Trust;
use crate::core::word::words;
use crate::limits;
use crate::notify::channel::Incoming;
use crate::notify::reply;
use crate::private::Private;
use crate::relay::text::{Text, TextError};

/// A text message that came in, from a line or from a modem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// From which number.
    pub from: Private<String>,
    /// When it was sent, by the network's clock, where that is told.
    pub sent_ms: Option<i64>,
    /// The words.
    pub text: Private<String>,
}

words! {
    /// Why a text is refused. Counted by kind.
    Why {
        /// The line is not a number, a time and a text.
        Line = "line",
        /// There is no text of a station in it.
        NotOurs = "not_ours",
        /// Damaged or cut on its way.
        Damaged = "damaged",
        /// Of a version or with words that this program does not know.
        Newer = "newer",
        /// The number is listed for no station.
        Number = "number",
        /// The number is listed for another station than the one that it speaks of.
        OtherStation = "other_station",
        /// An answer that names no open call, or that the county does not take.
        NoAnswer = "no_answer",
    }
}

/// The numbers from which each station's texts come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Senders(BTreeMap<StationId, Vec<Private<String>>>);

impl Senders {
    /// These numbers, by station.
    #[must_use]
    pub fn new(numbers: impl IntoIterator<Item = (StationId, Vec<Private<String>>)>) -> Self {
        Self(numbers.into_iter().collect())
    }

    /// Lets a text of a station in that came from a listed number of it.
    ///
    /// # Errors
    /// [`Why::Number`], [`Why::OtherStation`].
    pub fn admit(&self, from: &Private<String>, station: StationId) -> Result<(), Why> {
        let mut stations = self.0.iter().filter(|(_, numbers)| numbers.iter().any(|number| is_same(number, from)));
        if stations.clone().any(|(listed, _)| *listed == station) {
            return Ok(());
        }
        Err(if stations.next().is_some() { Why::OtherStation } else { Why::Number })
    }
}

impl From<&TextError> for Why {
    fn from(error: &TextError) -> Self {
        match error {
            TextError::NotOurs => Why::NotOurs,
            TextError::Damaged => Why::Damaged,
            TextError::Version(_) | TextError::Field(_) => Why::Newer,
        }
    }
}

/// A message of a channel; one that does not tell its number is from none that is listed.
impl From<&Incoming> for Arrival {
    fn from(incoming: &Incoming) -> Self {
        Arrival {
            from: incoming.from.phone.clone().unwrap_or_default(),
            sent_ms: incoming.sent.map(|at| at.0),
            text: incoming.text.clone(),
        }
    }
}

impl Arrival {
    /// Reads `NUMBER<TAB>TIME<TAB>TEXT`, as any gateway of text messages can be made to give it. The time is in Unix seconds
    /// or milliseconds, RFC 3339, or a local date and time; one that cannot be read is no reason to lose an alarm.
    ///
    /// # Errors
    /// [`Why::Line`].
    pub fn of_line(line: &str, zone: &TimeZone) -> Result<Self, Why> {
        let mut parts = line.trim_end_matches(['\r', '\n']).splitn(3, '\t');
        let (Some(from), Some(time), Some(text)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(Why::Line);
        };
        if line.len() > limits::COUNTY_TEXT_LINE_BYTES_MAX {
            return Err(Why::Line);
        }
        Ok(Arrival {
            from: Private::new(from.trim().to_owned()),
            sent_ms: time_ms(time.trim(), zone),
            text: Private::new(text.to_owned()),
        })
    }

    /// What it says, if its number may say it.
    ///
    /// # Errors
    /// [`Why`] it is refused.
    pub fn read(&self, senders: &Senders) -> Result<Text, Why> {
        let text = Text::read(self.text.reveal()).map_err(|error| Why::from(&error))?;
        senders.admit(&self.from, text.speaker().0)?;
        Ok(text)
    }

    /// The answer that it is to a call of the county, if it is one and its number is somebody's.
    #[must_use]
    pub fn answer(&self, plan: &Plan, now_ms: i64) -> Option<Answer> {
        let who = plan.whose(&self.from)?;
        // Only what is a known answer as a whole is kept: it has no room for anything personal.
        reply::Said::read(self.text.reveal())?;
        let at_ms = self.sent_ms.map_or(now_ms, |sent_ms| sent_ms.min(now_ms));
        Some(Answer { who, said: Said::Text(self.text.reveal().trim().to_owned()), at_ms })
    }

    /// When the text was sent, as far as can be told at `now_ms`: the earliest of what the network, the station's trusted clock
    /// and the county's clock say, so that what it tells is never taken for newer than it is.
    #[must_use]
    pub fn as_of_ms(&self, text: &Text, now_ms: i64) -> i64 {
        let stamp = match text {
            Text::Status(status) => Some(status.at).filter(|at| at.trust == Trust::Synced),
            Text::Alarm(_) => None,
        };
        let said = [self.sent_ms, stamp.map(|at| at.wall().0)];
        said.into_iter().flatten().fold(now_ms, i64::min)
    }
}

/// Whether two numbers are the same telephone, however the country is written in front.
pub(super) fn is_same(one: &Private<String>, other: &Private<String>) -> bool {
    let (one, other) = (plain(one.reveal()), plain(other.reveal()));
    !one.is_empty() && one == other
}

/// A number as it is dialled within the country. Source: ITU-T E.164, country code 86, whose mobile numbers have eleven digits and
/// begin with 1.
fn plain(number: &str) -> String {
    let written: String = number.chars().filter(|sign| sign.is_ascii_digit() || *sign == '+').collect();
    let international = written.strip_prefix('+').or_else(|| written.strip_prefix("00"));
    let digits = international.unwrap_or(&written);
    match digits.strip_prefix("86") {
        Some(national) if international.is_some() || (national.len() == 11 && national.starts_with('1')) => {
            national.to_owned()
        }
        _ => digits.to_owned(),
    }
}

fn time_ms(text: &str, zone: &TimeZone) -> Option<i64> {
    if let Ok(number) = text.parse::<i64>() {
        // 1e11 seconds are the year 5138, and 1e11 milliseconds 1973.
        return Some(if number < 100_000_000_000 { number.saturating_mul(1000) } else { number });
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at.as_millisecond());
    }
    let local: DateTime = text.parse().ok()?;
    Some(local.to_zoned(zone.clone()).ok()?.timestamp().as_millisecond())
}
