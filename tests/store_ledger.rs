//! The ledger: what it numbers, remembers and forgets.

mod village_log;

use shouwang::core::effect::{Answer, DeviceChange, DeviceEvent};

use shouwang::core::id::Epoch;
use shouwang::core::refusal::Refusal;
use shouwang::core::roster::Tier;
use shouwang::core::sequence::{Lane, Range, SkipReason};
use shouwang::core::station::{Past, Words};
use shouwang::core::stop::{Noted, Stop};
use shouwang::core::time::{Gap, Mono};
use shouwang::core::visit::{Deed, Reason, Record, Standing};
use shouwang::limits::visits::VISITED_RESIDENTS_MAX;
use shouwang::limits::{CLOSED_ALARMS_MAX, COMMANDS_REMEMBERED_MAX, OUTBOX_MAX, REJECTS_MAX};
use shouwang::store::ledger::outbox::{Place, Waiting};
use shouwang::store::log::Position;
use shouwang::store::record::{Decision, Hole, Snapshot};
use shouwang::store::{Draft, Ledger, Undecided};
use village_log::{EPOCH, alarm, alarm_draft, at, receipt_draft, start_draft};

fn draft(ms: u64, decision: Undecided) -> Draft {
    Draft { at: at(ms), inputs: Vec::new(), decisions: vec![decision] }
}

fn enter(ledger: &mut Ledger, draft: Draft) {
    let turn = ledger.enter(draft);
    ledger.put_turn(&turn, Place::Written(Position { segment: 1, offset: 1 }));
}

fn waiting(ledger: &Ledger, lane: Lane) -> Vec<u64> {
    ledger.outbox(lane).expect("a lane with an outbox").waiting(1).map(|waiting| waiting.seq()).collect()
}

#[test]
fn every_lane_is_numbered_by_itself_in_the_order_of_the_decisions() {
    let mut ledger = Ledger::default();
    let event = DeviceEvent {
        at: at(1),
        device: None,
        source: "mqtt".parse().expect("id"),
        what: DeviceChange::SourceDown,
        behind: Vec::new(),
    };
    let decisions = vec![
        Undecided::Alarm(Box::new(alarm(1, 1, true))),
        Undecided::Device(event),
        Undecided::Alarm(Box::new(alarm(1, 2, true))),
        Undecided::Lost { lane: Lane::Reading, count: 5, reason: SkipReason::DiskFull },
    ];
    let turn = ledger.enter(Draft { at: at(1), inputs: Vec::new(), decisions });
    let numbers: Vec<_> = turn.decisions.iter().filter_map(Decision::number).collect();
    assert_eq!(numbers, [(Lane::Alarm, 1), (Lane::Device, 1), (Lane::Alarm, 2)]);
    assert_eq!(ledger.lanes()[&Lane::Reading].head, 5);
    assert_eq!(ledger.reading_hole(3).expect("a hole").range, Range(1, 5));
    assert_eq!(ledger.open_alarms().map(|alarm| alarm.rev).collect::<Vec<_>>(), [2]);
    assert_eq!(ledger.newest(), Some(at(1)));
}

#[test]
fn a_turn_taken_in_twice_is_taken_in_once() {
    let mut ledger = Ledger::default();
    enter(&mut ledger, start_draft(0));
    for n in 1..=4 {
        enter(&mut ledger, alarm_draft(n * 1000, n, 1, n % 2 == 0));
    }
    let reject = Undecided::Rejected { lane: Lane::Alarm, seq: 2, reason: "made up".to_owned() };
    let mut turns = vec![ledger.enter(draft(6000, reject)), ledger.enter(receipt_draft(7000, Lane::Alarm, 1, 1))];
    let answer =
        Undecided::Answer { id: "c1".parse().expect("id"), answer: Answer::Refused { reason: Refusal::NotNow } };
    turns.push(ledger.enter(draft(8000, answer)));
    let once = ledger.clone();
    for turn in &turns {
        ledger.apply(turn, Place::Written(Position { segment: 1, offset: 1 }));
    }
    assert_eq!(ledger, once);
    assert_eq!(waiting(&ledger, Lane::Alarm), [3, 4]);
    let mut again = Ledger::restore(once.snapshot());
    again.end_reading();
    assert_eq!(again, once);
}

#[test]
fn a_receipt_of_another_epoch_is_counted_and_nothing_else() {
    let mut ledger = Ledger::default();
    enter(&mut ledger, start_draft(0));
    enter(&mut ledger, alarm_draft(1000, 1, 1, true));
    let receipt = Undecided::Receipt { epoch: Epoch(0xdead), lane: Lane::Alarm, ranges: vec![Range(1, 1)] };
    enter(&mut ledger, draft(2000, receipt));
    assert_eq!((ledger.foreign_receipts(), ledger.lanes()[&Lane::Alarm].receipted), (1, 0));
    enter(&mut ledger, receipt_draft(3000, Lane::Alarm, 1, 1));
    assert_eq!((ledger.epoch(), ledger.lanes()[&Lane::Alarm].receipted), (Some(EPOCH), 1));
}

#[test]
fn a_receipt_for_readings_that_were_never_sent_swallows_nothing() {
    let mut ledger = Ledger::default();
    enter(&mut ledger, start_draft(0));
    ledger.wrote_readings(10);
    enter(&mut ledger, receipt_draft(1000, Lane::Reading, 1, u64::MAX));
    assert_eq!(ledger.lanes()[&Lane::Reading].receipted, 10);
    ledger.wrote_readings(20);
    assert_eq!(ledger.lanes()[&Lane::Reading].receipted, 10);
}

#[test]
fn a_new_epoch_sends_again_what_waits_and_names_the_rest() {
    let mut ledger = Ledger::default();
    enter(&mut ledger, start_draft(0));
    for n in 1..=3 {
        enter(&mut ledger, alarm_draft(n * 1000, n, 1, true));
    }
    enter(&mut ledger, receipt_draft(4000, Lane::Alarm, 1, 2));
    let Undecided::Start(mut start) = start_draft(5000).decisions.remove(0) else { panic!("a start") };
    start.epoch = Epoch(0xbeef);
    assert_eq!(ledger.settled(EPOCH, Lane::Alarm), [Range(1, 2)]);
    assert_eq!(ledger.settled(start.epoch, Lane::Alarm), [], "in the space that begins the hole has to be sent");
    enter(&mut ledger, draft(5000, Undecided::Start(start)));
    let all: Vec<Waiting> = ledger.outbox(Lane::Alarm).expect("there").waiting(1).collect();
    assert!(matches!(all.as_slice(), [Waiting::Hole(_), Waiting::Record(3, Place::Written(_))]), "{all:?}");
    assert_eq!(ledger.open_alarms().count(), 3);
}

/// A start under another sequence, on a log that is whole or not.
fn another_start(is_whole: bool) -> Draft {
    let Undecided::Start(mut start) = start_draft(5000).decisions.remove(0) else { panic!("a start") };
    (start.epoch, start.is_whole) = (Epoch(0xbeef), is_whole);
    draft(5000, Undecided::Start(start))
}

#[test]
fn a_whole_log_that_goes_on_under_another_sequence_gives_up_nothing_and_says_why_numbers_are_left_out() {
    let holes = |is_whole: bool| {
        let mut ledger = Ledger::default();
        enter(&mut ledger, start_draft(0));
        for n in 1..=3 {
            enter(&mut ledger, alarm_draft(n * 1000, n, 1, true));
        }
        ledger.wrote_readings(100);
        enter(&mut ledger, receipt_draft(4000, Lane::Alarm, 1, 2));
        for (from, to) in [(1, 40), (61, 70)] {
            enter(&mut ledger, receipt_draft(4000, Lane::Reading, from, to));
        }
        let (lane, range, reason) = (Lane::Reading, Range(81, 85), SkipReason::Budget);
        enter(&mut ledger, draft(4500, Undecided::Skipped { lane, range, reason }));
        enter(&mut ledger, another_start(is_whole));
        let snapshot = ledger.snapshot();
        assert_eq!((snapshot.reading.head, snapshot.reading.receipted), (100, 0));
        let list =
            |holes: &[Hole]| holes.iter().map(|hole| (hole.range.0, hole.range.1, hole.reason)).collect::<Vec<_>>();
        (list(&snapshot.alarm.holes), list(&snapshot.reading.holes))
    };
    let (alarm, reading) = holes(true);
    assert_eq!(alarm, [(1, 2, SkipReason::Receipted)]);
    let receipted = SkipReason::Receipted;
    assert_eq!(reading, [(1, 40, receipted), (61, 70, receipted), (81, 85, SkipReason::Budget)]);
    let (alarm, reading) = holes(false);
    assert_eq!((alarm, reading), (vec![(1, 2, SkipReason::Damaged)], vec![(1, 100, SkipReason::Damaged)]));
}

#[test]
fn a_reading_that_has_its_receipt_gives_its_number_to_no_other_although_its_block_is_lost() {
    let mut ledger = Ledger::default();
    let mut turns = vec![ledger.enter(start_draft(0))];
    ledger.wrote_readings(10);
    turns.push(ledger.enter(receipt_draft(1000, Lane::Reading, 1, u64::MAX)));
    let mut read = Ledger::default();
    for turn in &turns {
        read.apply(turn, Place::Written(Position { segment: 1, offset: 1 }));
    }
    assert_eq!((read.lanes()[&Lane::Reading].head, read.lanes()[&Lane::Reading].receipted), (10, 10));
}

#[test]
fn numbers_of_an_unknown_epoch_are_a_hole_in_the_one_that_begins() {
    let mut ledger = Ledger::default();
    ledger.wrote_readings(10);
    enter(&mut ledger, start_draft(5000));
    assert_eq!(ledger.next_reading_hole(1).map(|hole| hole.range), Some(Range(1, 10)));
    assert_eq!(ledger.settled(EPOCH, Lane::Reading), []);
}

#[test]
fn closed_alarms_and_answers_are_forgotten_by_age_and_number() {
    let mut ledger = Ledger::default();
    for n in 1..=2 * CLOSED_ALARMS_MAX as u64 {
        enter(&mut ledger, alarm_draft(n * 1000, n, 1, false));
    }
    assert_eq!(ledger.closed_alarms().count(), CLOSED_ALARMS_MAX);
    let days = |days: u64| days * 86_400_000;
    enter(&mut ledger, alarm_draft(days(3), days(3) / 1000, 1, false));
    assert_eq!(ledger.closed_alarms().count(), 1, "the others are older than 48 hours");
    for n in 1..=2 * COMMANDS_REMEMBERED_MAX {
        let answer = Answer::Refused { reason: Refusal::NotNow };
        let id = format!("c{n}").parse().expect("id");
        enter(&mut ledger, draft(days(3), Undecided::Answer { id, answer }));
    }
    assert_eq!(ledger.answers().count(), COMMANDS_REMEMBERED_MAX);
    assert!(ledger.answer("c2000".parse().expect("id")).is_some());
    let open =
        Undecided::Answer { id: "q1".parse().expect("id"), answer: Answer::Open { alarms: Vec::new(), more: 0 } };
    enter(&mut ledger, draft(days(11), open));
    assert_eq!(ledger.answer("q1".parse().expect("id")), None, "a question is answered anew each time");
    let answer =
        Undecided::Answer { id: "c1".parse().expect("id"), answer: Answer::Refused { reason: Refusal::NotNow } };
    enter(&mut ledger, draft(days(11), answer));
    assert_eq!(ledger.answers().count(), 1, "the others are older than 7 days");
}

#[test]
fn an_older_record_never_replaces_a_newer_one() {
    let mut ledger = Ledger::default();
    enter(&mut ledger, alarm_draft(1000, 1, 2, false));
    enter(&mut ledger, alarm_draft(1000, 1, 1, true));
    assert_eq!((ledger.open_alarms().count(), ledger.closed_alarms().count()), (0, 1));
}

#[test]
fn ten_thousand_records_without_receipt_make_a_small_snapshot_and_the_outbox_is_bounded() {
    let mut ledger = Ledger::default();
    enter(&mut ledger, start_draft(0));
    for n in 1..=10_000 {
        enter(&mut ledger, alarm_draft(1000, 1, n, true));
    }
    let bytes = serde_json::to_vec(&ledger.snapshot()).expect("serialises").len();
    assert!(bytes < 300_000, "{bytes} bytes");
    for n in 10_000..=OUTBOX_MAX as u64 + 9 {
        enter(&mut ledger, alarm_draft(1000, 1, u32::try_from(n).expect("small"), true));
    }
    let outbox = ledger.outbox(Lane::Alarm).expect("there");
    assert_eq!(outbox.len(), OUTBOX_MAX);
    assert!(matches!(outbox.waiting(1).next(), Some(Waiting::Hole(_))), "what went is named");
    for seq in 1..=2 * REJECTS_MAX as u64 {
        let reason = "made up".to_owned();
        enter(&mut ledger, draft(1, Undecided::Rejected { lane: Lane::Alarm, seq, reason }));
    }
    assert_eq!(ledger.rejects().count(), REJECTS_MAX);
}

#[test]
fn what_people_were_told_is_known_to_the_next_start_also_behind_a_snapshot_and_read_twice() {
    let mut ledger = Ledger::default();
    enter(&mut ledger, start_draft(0));
    for n in 1..=2 {
        enter(&mut ledger, alarm_draft(n * 1000, n, 1, true));
    }
    let fault = |n| alarm(n, 1, true).id;
    let stop = Stop::of(at(0), at(120_000), Gap::SameBoot).expect("longer than a minute");
    let noted = Some(Noted { at: at(130_000), by: "desk".parse().expect("id") });
    let told = |ledger: &Ledger| {
        let Past { told_faults, last_digest, stops, .. } = ledger.past(Words::default());
        (told_faults, last_digest, stops)
    };
    let records = [
        (120_000, Undecided::Stop(stop)),
        (121_000, Undecided::Digest { faults: vec![fault(1), fault(2), fault(3)] }),
        (130_000, Undecided::Stop(Stop { noted, ..stop })),
    ];
    for (ms, record) in &records {
        enter(&mut ledger, draft(*ms, record.clone()));
    }
    let known = (vec![fault(1), fault(2)], Some(Mono(121_000)), vec![Stop { noted, ..stop }]);
    assert_eq!(told(&ledger), known, "what is not open is not remembered");
    let text = serde_json::to_string(&ledger.snapshot()).expect("JSON");
    let mut ledger = Ledger::restore(serde_json::from_str(&text).expect("reads"));
    assert_eq!(told(&ledger), known);
    enter(&mut ledger, draft(120_000, records[0].1.clone()));
    assert_eq!(told(&ledger), known, "the record before, read again behind the snapshot");

    enter(&mut ledger, alarm_draft(140_000, 1, 2, false));
    assert_eq!(told(&ledger).0, [fault(2)], "what has ended is told anew when it comes again");
}

#[test]
fn a_digest_that_may_not_have_left_before_a_start_is_forgotten_and_stays_so() {
    let mut ledger = Ledger::default();
    enter(&mut ledger, start_draft(0));
    enter(&mut ledger, alarm_draft(1_000, 1, 1, true));
    let fault = alarm(1, 1, true).id;
    let told = |ledger: &Ledger| ledger.past(Words::default()).told_faults;
    let digest = draft(2_000, Undecided::Digest { faults: vec![fault] });
    let turn = ledger.enter(digest);
    // An hour and a half went by while it was off: what counts is when the run ended.
    enter(&mut ledger, start_draft(5_400_000));
    assert_eq!(told(&ledger), []);
    enter(&mut ledger, start_draft(9_000_000));
    assert_eq!(told(&ledger), [], "another crash before it was told again makes it no more told");
    ledger.apply(&turn, Place::Unwritten);
    assert_eq!(told(&ledger), [], "nor does the digest that is read again");
    assert_eq!(ledger.past(Words::default()).last_digest, Some(Mono(2_000)));

    enter(&mut ledger, draft(10_000_000, Undecided::Digest { faults: vec![fault] }));
    enter(&mut ledger, alarm_draft(11_800_000, 2, 1, true));
    enter(&mut ledger, start_draft(11_900_000));
    assert_eq!(told(&ledger), [fault], "it ran for half an hour after it");
}

#[test]
fn visits_stand_in_the_snapshot_as_the_newest_record_says_and_who_has_left_does_not() {
    let standing = |resident: &str, ms: u64, rev: u32| {
        let mut standing = Standing::new(resident.parse().expect("id"), at(ms), None);
        standing.rev = rev;
        standing
    };
    let record = |standing: &Standing, deed: Deed| {
        Undecided::Visit(Box::new(Record { tier: Tier::Ordinary, deed, standing: standing.clone() }))
    };
    let mut ledger = Ledger::default();
    enter(&mut ledger, start_draft(0));
    let due = Deed::Due { reason: Reason::Routine };
    let turns: Vec<_> = [
        record(&standing("r1", 1, 1), Deed::Listed),
        record(&standing("r1", 1, 2), due),
        record(&standing("r2", 1, 1), Deed::Listed),
        record(&standing("r2", 1, 2), Deed::Ended),
    ]
    .into_iter()
    .enumerate()
    .map(|(ms, decision)| ledger.enter(draft(ms as u64, decision)))
    .collect();
    let once = ledger.clone();
    for turn in &turns {
        ledger.apply(turn, Place::Written(Position { segment: 1, offset: 1 }));
    }
    assert_eq!(ledger, once, "taken in twice is taken in once");
    assert_eq!(
        ledger.visits().map(|standing| (standing.resident.as_str(), standing.rev)).collect::<Vec<_>>(),
        [("r1", 2)]
    );
    let text = serde_json::to_string(&once.snapshot()).expect("JSON");
    let read: Snapshot = serde_json::from_str(&text).expect("reads");
    assert_eq!(Ledger::restore(read).visits().count(), 1);
}

#[test]
fn visits_are_remembered_of_so_many_and_the_one_counted_longest_ago_goes_first() {
    let mut ledger = Ledger::default();
    for n in 0..=VISITED_RESIDENTS_MAX {
        let mut standing = Standing::new(format!("r{n}").parse().expect("id"), at(n as u64), None);
        standing.rev = 1;
        let record = Record { tier: Tier::Ordinary, deed: Deed::Listed, standing };
        enter(&mut ledger, draft(n as u64, Undecided::Visit(Box::new(record))));
    }
    assert_eq!(ledger.visits().count(), VISITED_RESIDENTS_MAX);
    assert!(ledger.visits().all(|standing| standing.resident.as_str() != "r0"));
}

#[test]
fn a_snapshot_of_a_version_before_visits_is_read_and_a_stop_of_unknown_length_is_remembered() {
    let mut ledger = Ledger::default();
    enter(&mut ledger, start_draft(0));
    assert_eq!(ledger.unsure_since(), None);
    let mut value = serde_json::to_value(ledger.snapshot()).expect("JSON");
    assert!(value.get("visits").is_none() && value.get("unsure_since").is_none(), "nothing is written of nothing");
    let Undecided::Start(mut start) = start_draft(5_000).decisions.remove(0) else { panic!("a start") };
    start.gap = Gap::Unknown;
    enter(&mut ledger, draft(5_000, Undecided::Start(start.clone())));
    start.gap = Gap::SameBoot;
    enter(&mut ledger, draft(6_000, Undecided::Start(start)));
    assert_eq!(Ledger::restore(ledger.snapshot()).unsure_since(), Some(at(5_000).mono));
    value["visits"] = serde_json::json!([]);
    assert!(serde_json::from_value::<Snapshot>(value).is_ok());
}
