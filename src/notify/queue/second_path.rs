//! The second path: what the county gave no receipt for in time goes to its number as a text, whatever the link says.

use std::time::Duration;

use super::job::{Class, Job, Work};
use super::{Act, Handed, Kind, Queue};
use crate::core::alarm::AlarmId;
use crate::core::effect::Input;
use crate::core::time::Mono;
use crate::limits::people::UNRECEIPTED_MAX;
use crate::notify::channel::Word;
use crate::private::Private;

/// Without a receipt for this long after the commit the text goes. Source: ARCHITECTURE, the second path.
pub const RECEIPT_WITHIN: Duration = Duration::from_secs(40);

/// The text is out at the latest. Source: the same.
const OUT_WITHIN: Duration = Duration::from_mins(1);

/// A receipt that has not come after this long is late. judgement: one that comes does so in a tenth of it.
const RECEIPT_IS_LATE: Duration = Duration::from_secs(5);

/// What a call takes of the modem's time. Source: CARE-RULES 1, a ring of 30 s, and what it takes to dial and to hang up.
const CALL_TAKES: Duration = Duration::from_secs(40);

/// An alarm that the county may not know of.
#[derive(Debug)]
pub(super) struct Unreceipted {
    since: Mono,
    text: Private<String>,
}

impl Queue {
    pub(super) fn expect_receipt(&mut self, now: Mono, alarm: AlarmId, text: Private<String>) {
        if self.county.text.is_some() && self.unreceipted.len() < UNRECEIPTED_MAX {
            self.unreceipted.entry(alarm).or_insert(Unreceipted { since: now, text });
        }
    }

    /// The county has it: a text that has not left is not needed.
    pub(super) fn receipted(&mut self, alarm: AlarmId) {
        self.unreceipted.remove(&alarm);
        let county = self.county.text.clone();
        let is_it = |job: &Job| match &job.work {
            Work::Number { about: Some(about), to, .. } => *about == alarm && Some(to) == county.as_ref(),
            _ => false,
        };
        self.jobs.retain(|_, job| !is_it(job));
    }

    pub(super) fn county_due(&self) -> Option<Mono> {
        self.unreceipted.values().map(|wait| wait.since + RECEIPT_WITHIN).min()
    }

    pub(super) fn mind_the_county(&mut self, now: Mono) {
        self.tell_county(now, |wait| wait.since + RECEIPT_WITHIN <= now);
    }

    /// A call that begins now would make a text late that is all but certain to be needed: the text goes first. Says whether one does.
    pub(super) fn hurry_the_county(&mut self, now: Mono) -> bool {
        self.tell_county(now, |wait| {
            now.since(wait.since) >= RECEIPT_IS_LATE && wait.since + OUT_WITHIN < now + CALL_TAKES
        })
    }

    /// The exercise: a text that says how the station stands. It waits behind everything that somebody waits for.
    pub(super) fn tell_standing(&mut self, now: Mono, text: Private<String>) {
        let (Some(to), Some(channel)) = (self.county.text.clone(), self.of_kind(Kind::Modem).next()) else { return };
        let work = Work::Number { to, about: None, text };
        self.push(Job { class: Class::Fault, channel, work, not_before: now, tries: 0 });
    }

    /// A telephone of the county's that has a text proves this way whole, to its end: the network's word that it took the text
    /// does not, and neither does a text that the box sent to itself.
    pub(super) fn mind_proof(&self, handed: &Handed, word: Word, acts: &mut Vec<Act>) {
        let to_county = matches!(&handed.job.work, Work::Number { to, .. } if Some(to) == self.county.text.as_ref());
        if word == Word::Delivered && to_county {
            acts.push(Act::Tell(Input::SecondPathProven));
        }
    }

    /// With everybody of the village the county's duty phone rings, once a round (CARE-RULES 5). It gets codes, and names on consent only.
    pub(super) fn tell_duty(&mut self, now: Mono, alarm: AlarmId, round: u8, text: Private<String>) {
        let (Some(to), Some(channel)) = (self.county.duty.clone(), self.of_kind(Kind::Modem).next()) else { return };
        if !self.duty_told.insert((alarm, round)) {
            return;
        }
        let (class, not_before) = (Class::High, now);
        let about = Some(alarm);
        self.push(Job { class, channel, work: Work::Number { to: to.clone(), about, text }, not_before, tries: 0 });
        self.push(Job { class, channel, work: Work::RingNumber { to, about: alarm }, not_before, tries: 0 });
    }

    fn tell_county(&mut self, now: Mono, is_wanted: impl Fn(&Unreceipted) -> bool) -> bool {
        let (Some(number), Some(modem)) = (self.county.text.clone(), self.of_kind(Kind::Modem).next()) else {
            return false;
        };
        let wanted: Vec<AlarmId> =
            self.unreceipted.iter().filter(|(_, wait)| is_wanted(wait)).map(|(alarm, _)| *alarm).collect();
        for alarm in &wanted {
            let Some(Unreceipted { text, .. }) = self.unreceipted.remove(alarm) else { continue };
            let work = Work::Number { to: number.clone(), about: Some(*alarm), text };
            let class = if alarm.condition.rule().about_person { Class::High } else { Class::Fault };
            self.push(Job { class, channel: modem, work, not_before: now, tries: 0 });
        }
        !wanted.is_empty()
    }
}
