//! What became of letters that the network has taken: its reports come before the answer, hours later, or never.
//!
//! Constraints:
//! - A letter is delivered when every part is, and not delivered when one part is not.
//! - Modems number from 0 to 255 and begin again, so a number names a part only together with a telephone and the newest letter.
//! - Some modems write garbage where the telephone stands: then the number alone names the newest letter that has it.

use std::collections::VecDeque;

use super::number::same;
use crate::core::time::Mono;
use crate::device::sms_pdu::{Delivery, StatusReport};
use crate::limits::modem as limit;
use crate::notify::channel::{Ticket, Word};
use crate::private::Private;

/// Letters whose reports may still come.
pub(super) struct Reports {
    letters: VecDeque<Awaited>,
    early: VecDeque<Early>,
    /// Telephones to which something may have gone of which nobody waits for the report, and since when.
    loose: VecDeque<(Private<String>, Mono)>,
    /// Until then reports may come of letters of which nothing is known here.
    strange_until: Mono,
}

struct Awaited {
    ticket: Ticket,
    to: Private<String>,
    since: Mono,
    /// The number of each part that is not yet delivered.
    open: Vec<u8>,
}

/// A report of something that nobody has said to be sent: perhaps it is being sent just now.
struct Early {
    reference: u8,
    to: Private<String>,
    at: Mono,
    delivery: Delivery,
}

impl Reports {
    /// Nothing is awaited; what was sent before a restart of the program may still be reported.
    pub(super) fn new(now: Mono) -> Self {
        let strange_until = now + limit::MODEM_VALIDITY;
        Self { letters: VecDeque::new(), early: VecDeque::new(), loose: VecDeque::new(), strange_until }
    }

    /// A letter has failed of which the network has, or may have, a part.
    pub(super) fn loose(&mut self, now: Mono, to: &Private<String>) {
        self.forget_old(now);
        if self.loose.len() >= limit::MODEM_LETTERS_REPORTED_MAX {
            self.loose.pop_front();
            self.strange_until = now + limit::MODEM_REPORT_WAIT;
        }
        self.loose.push_back((to.clone(), now));
    }

    /// All parts of a letter were taken under these numbers; what the reports that came meanwhile say of it.
    pub(super) fn sent(&mut self, now: Mono, ticket: Ticket, to: &Private<String>, references: &[u8]) -> Option<Word> {
        self.forget_old(now);
        if self.letters.len() >= limit::MODEM_LETTERS_REPORTED_MAX {
            self.letters.pop_front();
            self.strange_until = now + limit::MODEM_REPORT_WAIT;
        }
        self.letters.push_back(Awaited { ticket, to: to.clone(), since: now, open: references.to_vec() });
        let early = std::mem::take(&mut self.early);
        let (of_it, others) =
            early.into_iter().partition(|early| references.contains(&early.reference) && is_of(&early.to, to));
        self.early = others;
        let of_it: VecDeque<Early> = of_it;
        of_it
            .iter()
            .filter_map(|early| self.settle(early.reference, &early.to, early.delivery))
            .last()
            .map(|(_, word)| word)
    }

    /// The number under which the network reports something to this telephone that nobody has said to be sent, since then: the
    /// part of which the modem said nothing was taken. Where a report of something older could be taken for it, it is not: a
    /// letter that is wrongly believed to be there is worse than one that comes twice.
    pub(super) fn unclaimed(&self, since: Mono, to: &Private<String>, taken: &[u8]) -> Option<u8> {
        if since < self.strange_until || self.loose.iter().any(|(other, _)| same(other, to)) {
            return None;
        }
        let of_it = |early: &&Early| early.at >= since && same(&early.to, to) && !taken.contains(&early.reference);
        self.early.iter().find(of_it).map(|early| early.reference)
    }

    /// A report came; what it says of which letter.
    pub(super) fn came(&mut self, now: Mono, report: &StatusReport) -> Option<(Ticket, Word)> {
        self.forget_old(now);
        let (reference, to, delivery) = (report.reference, report.to.number(), report.delivery());
        if delivery == Delivery::StillTrying {
            return None;
        }
        if self.place(reference, to).is_some() {
            return self.settle(reference, to, delivery);
        }
        if self.early.len() >= limit::MODEM_EARLY_REPORTS_MAX {
            self.early.pop_front();
        }
        self.early.push_back(Early { reference, to: to.clone(), at: now, delivery });
        None
    }

    fn settle(&mut self, reference: u8, to: &Private<String>, delivery: Delivery) -> Option<(Ticket, Word)> {
        let place = self.place(reference, to)?;
        let letter = self.letters.get_mut(place)?;
        let ticket = letter.ticket;
        if delivery == Delivery::Failed {
            self.letters.remove(place);
            return Some((ticket, Word::NotDelivered));
        }
        let nth = letter.open.iter().position(|open| *open == reference)?;
        letter.open.remove(nth);
        if !letter.open.is_empty() {
            return None;
        }
        self.letters.remove(place);
        Some((ticket, Word::Delivered))
    }

    /// The newest letter that a report can be of.
    fn place(&self, reference: u8, to: &Private<String>) -> Option<usize> {
        self.letters.iter().rposition(|letter| letter.open.contains(&reference) && is_of(to, &letter.to))
    }

    fn forget_old(&mut self, now: Mono) {
        self.letters.retain(|letter| now.since(letter.since) < limit::MODEM_REPORT_WAIT);
        self.loose.retain(|(_, at)| now.since(*at) < limit::MODEM_REPORT_WAIT);
        self.early.retain(|early| now.since(early.at) < limit::MODEM_LETTER_MAX);
    }
}

/// Whether a report about `reported` can be of a letter to `to`.
fn is_of(reported: &Private<String>, to: &Private<String>) -> bool {
    !super::number::is_number(reported) || same(reported, to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::sms_pdu::Address;

    /// Two hours after the start.
    const AT: Mono = Mono(7_200_000);
    const ALICE: &str = "13800000001";

    fn report(reference: u8, to: &str, status: u8) -> StatusReport {
        StatusReport { reference, to: Address::new(to).expect("an address"), time: None, discharge: None, status }
    }

    fn private(number: &str) -> Private<String> {
        Private::new(number.to_owned())
    }

    #[test]
    fn a_letter_is_delivered_when_every_part_is() {
        let mut reports = Reports::new(Mono(0));
        assert_eq!(reports.sent(AT, Ticket(1), &private(ALICE), &[254, 255, 0]), None);
        assert_eq!(reports.came(AT, &report(255, "+8613800000001", 0)), None);
        assert_eq!(reports.came(AT, &report(255, ALICE, 0)), None, "told twice");
        assert_eq!(reports.came(AT, &report(254, ALICE, 0x30)), None, "still trying");
        assert_eq!(reports.came(AT, &report(0, ALICE, 0)), None);
        assert_eq!(reports.came(AT, &report(254, ALICE, 0)), Some((Ticket(1), Word::Delivered)));
    }

    #[test]
    fn a_report_before_the_answer_is_not_lost() {
        let mut reports = Reports::new(Mono(0));
        assert_eq!(reports.came(AT, &report(7, ALICE, 0)), None);
        assert_eq!(reports.sent(AT, Ticket(2), &private(ALICE), &[7]), Some(Word::Delivered));
        assert_eq!(reports.came(AT, &report(8, ALICE, 0x46)), None);
        assert_eq!(reports.sent(AT, Ticket(3), &private(ALICE), &[8]), Some(Word::NotDelivered));
    }

    #[test]
    fn a_report_of_what_the_modem_kept_silent_about_says_that_it_was_taken() {
        let mut reports = Reports::new(Mono(0));
        reports.came(AT, &report(7, ALICE, 0));
        assert_eq!(reports.unclaimed(AT, &private(ALICE), &[]), Some(7));
        assert_eq!(reports.unclaimed(AT, &private(ALICE), &[7]), None, "it is of a part that was taken");
        assert_eq!(
            reports.unclaimed(AT + std::time::Duration::from_secs(1), &private(ALICE), &[]),
            None,
            "it is older"
        );
        assert_eq!(reports.unclaimed(AT, &private("13800000002"), &[]), None);
        reports.loose(AT, &private("13800000002"));
        assert_eq!(reports.unclaimed(AT, &private(ALICE), &[]), Some(7));
        reports.loose(AT, &private(ALICE));
        assert_eq!(reports.unclaimed(AT, &private(ALICE), &[]), None, "it may be of the letter that failed before");
        let mut reports = Reports::new(AT);
        reports.came(AT, &report(7, ALICE, 0));
        assert_eq!(reports.unclaimed(AT, &private(ALICE), &[]), None, "it may be of a letter of the run before");
    }

    #[test]
    fn a_number_that_is_used_again_names_the_telephone_and_the_newest_letter() {
        let mut reports = Reports::new(Mono(0));
        for (ticket, to) in [(1, ALICE), (2, "13800000002"), (3, ALICE)] {
            reports.sent(AT, Ticket(ticket), &private(to), &[9]);
        }
        assert_eq!(reports.came(AT, &report(9, "13800000002", 0)), Some((Ticket(2), Word::Delivered)));
        assert_eq!(reports.came(AT, &report(9, ALICE, 0)), Some((Ticket(3), Word::Delivered)));
        assert_eq!(
            reports.came(AT, &report(9, "A", 0x41)),
            Some((Ticket(1), Word::NotDelivered)),
            "garbage for a number"
        );
        assert_eq!(reports.came(AT, &report(9, "13800000003", 0)), None);
    }

    #[test]
    fn what_never_comes_is_forgotten() {
        let mut reports = Reports::new(Mono(0));
        for ticket in 0..1_000 {
            reports.sent(AT, Ticket(ticket), &private(ALICE), &[9]);
            reports.came(AT, &report(10, ALICE, 0));
        }
        assert_eq!(reports.letters.len(), limit::MODEM_LETTERS_REPORTED_MAX);
        assert_eq!(reports.early.len(), limit::MODEM_EARLY_REPORTS_MAX);
        assert_eq!(reports.came(AT + limit::MODEM_REPORT_WAIT, &report(9, ALICE, 0)), None);
        assert!(reports.letters.is_empty());
    }
}
