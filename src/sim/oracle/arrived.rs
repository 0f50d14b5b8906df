//! County and station agree: *every record arrives, the numbers have no gap, nothing is sent after its receipt was
//! logged, and the county's alarms are the station's*.

use super::Verdicts;
use crate::core::sequence::{Lane, Range};
use crate::sim::county::County;
use crate::sim::gateway::{Gateway, LANES};
use crate::sim::trace::Ms;

/// Records leave: none of them may have its receipt in the ledger.
pub(super) fn sent(now: Ms, gateway: &Gateway, lane: Lane, range: Range, verdicts: &mut Verdicts) {
    let books = gateway.journal.books();
    let settled = match books.ledger.outbox(lane) {
        Some(outbox) => outbox.waiting(range.0).next().is_none_or(|waiting| waiting.seq() > range.1),
        None => books.ledger.lanes().get(&lane).is_some_and(|progress| range.1 <= progress.receipted),
    };
    if settled {
        verdicts.against(now, "nothing_is_sent_after_its_receipt", || format!("{lane} {}..{}", range.0, range.1));
    }
}

/// The end, after the way to the county has been clear for long enough.
pub(super) fn end(now: Ms, gateway: &Gateway, county: &County, verdicts: &mut Verdicts) {
    let books = gateway.journal.books();
    for lane in LANES {
        let head = books.ledger.lanes().get(&lane).map_or(0, |progress| progress.head);
        let missing = county.first_missing(gateway.epoch, lane, head);
        if let Some(missing) = missing {
            verdicts.against(now, "the_sequence_has_no_gap", || format!("{lane} {missing} of {head}"));
        }
        let receipted = gateway.pump.lanes().get(&lane).map_or(0, |state| state.receipted);
        if receipted < head {
            verdicts.against(now, "every_record_has_its_receipt", || format!("{lane} {receipted} of {head}"));
        }
    }
    let newest = county.newest();
    for alarm in books.ledger.open_alarms().chain(books.ledger.closed_alarms()) {
        // What no log had taken was told all the same; the box may have forgotten it since.
        if newest.get(&alarm.id).is_some_and(|body| !body.durable && body.rev >= alarm.rev) {
            continue;
        }
        let forgotten = county.has_forgotten(alarm.id, alarm.rev);
        let past = &county.past;
        // A list that is cut short leaves out faults, and never a person.
        let listed = alarm.id.condition.rule().about_person || past.unsure.is_empty();
        if forgotten && alarm.is_open() && !past.told.contains(&alarm.id) && listed {
            verdicts.against(now, "a_county_without_its_books_hears_what_is_open", || alarm.id.to_string());
        }
        if forgotten || county.past.is_doubtful(alarm.id) {
            continue;
        }
        let there = newest.get(&alarm.id).map(|body| (body.rev, body.standing));
        if there != Some((alarm.rev, alarm.state)) {
            verdicts.against(now, "the_county_knows_what_the_station_knows", || {
                format!("{} rev {}, there {:?}", alarm.id, alarm.rev, there.map(|(rev, _)| rev))
            });
        }
    }
    for (id, body) in &newest {
        let here = books.ledger.alarm(id).is_some();
        if !here && body.state != "closed" && body.durable && !county.past.is_past(*id) {
            verdicts.against(now, "the_county_knows_what_the_station_knows", || format!("{id} is open there only"));
        }
    }
}
