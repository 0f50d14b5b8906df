//! Many notices through the real dialogue with a modem that fails one command in five: every notice to a person on a rung is delivered,
//! or reported undelivered and the ladder climbs; and the network took none twice.
//!
//! The long form is 1,000 notices: `just thousand-notices`. A seed of `SHOUWANG_SEED` runs alone.

mod support;

#[allow(dead_code, reason = "a part of the names is used")]
#[path = "people/names.rs"]
mod names;

#[allow(dead_code, reason = "a part of the street is used")]
#[path = "people/street.rs"]
mod street;

#[allow(dead_code, reason = "a part of the village is used")]
#[path = "people/village.rs"]
mod village;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use shouwang::core::alarm::told::Reached;
use shouwang::core::alarm::{Alarm, AlarmId, Disposition};
use shouwang::core::audience::{Audience, Because};
use shouwang::core::effect::{Input, Notice, Order};
use shouwang::core::id::ResponderId;
use shouwang::core::time::Mono;
use shouwang::notify::channel::{Errand, FromChannel};
use shouwang::notify::modem::Event;
use shouwang::notify::wording;
use shouwang::sim::modem::{Mood, Network, Person};

use shouwang::sim::chance::Chance;
use street::{Line, Street};
use support::is_long;
use support::telephone::Telephone;
use village::{id, noon, phone_of, roster};

/// Between two times at which buttons are pressed, and how long nobody answers then.
const SLOT_S: u64 = 30 * 60;
const UNANSWERED_S: u64 = 20 * 60;

/// The rota of the village has two days.
const SLOTS: u64 = 90;

/// Within this time a notice has found its end. judgement: three letters that each take as long as a bad modem lets them, behind others.
const ENDS_WITHIN: Duration = Duration::from_mins(8);

/// The real dialogue and the simulated modem as the street's line.
struct Exchange(Arc<Mutex<Telephone>>);

impl Line for Exchange {
    fn give(&mut self, now: Mono, errand: Errand) {
        let mut telephone = self.0.lock().expect("one thread");
        telephone.now = now;
        telephone.happens(Event::Errand(errand));
    }

    fn deadline(&self) -> Option<Mono> {
        let telephone = self.0.lock().expect("one thread");
        let has_words = !telephone.told.is_empty() || !telephone.came.is_empty();
        Some(if has_words { telephone.now } else { telephone.next() })
    }

    fn turn(&mut self, now: Mono) -> Vec<FromChannel> {
        let mut telephone = self.0.lock().expect("one thread");
        telephone.at(now);
        telephone.written.clear();
        let mut said: Vec<FromChannel> = telephone.told.drain(..).map(|(_, said)| said).collect();
        said.extend(telephone.came.drain(..).map(|(_, _, incoming)| FromChannel::Incoming(incoming)));
        said
    }

    fn cut(&mut self, _: Mono) {}
}

/// One notice: to whom, of which alarm, on which rung of which round.
type Key = (ResponderId, AlarmId, u8, u8);

/// An occasion on which somebody is told: a rung of a round, or for everybody's turn and the like the time.
type Turn = (AlarmId, Option<u8>, u8, Mono);

#[derive(Debug, Default)]
struct Tally {
    notices: usize,
    delivered: usize,
    undelivered: usize,
    /// Their alarm was answered before they had found their end.
    answered_before: usize,
    letters: usize,
    calls: usize,
    /// Letters of the network that are notices, none of which came twice.
    compared: usize,
    /// How often the modem was switched off and on, or fell.
    starts: u32,
}

fn two_days(seed: u64, wanted: usize, tally: &mut Tally) {
    let mut chance = Chance::stream(seed, "notices", 0);
    let mut street = Street::new(roster(), noon());
    let people = ["n-1", "g-1", "desk", "doctor", "child"];
    let mut network = Network::default();
    for who in people {
        network.put(&phone_of(&id(who)), Person::silent());
    }
    let telephone = Arc::new(Mutex::new(Telephone::new(seed, Mood::one_in_five(), network)));
    street.line = Some(Box::new(Exchange(Arc::clone(&telephone))));
    for slot in 1..=SLOTS {
        let begins = slot * SLOT_S;
        for who in people {
            let person = if chance.percent(20) { Person::off() } else { Person::silent() };
            telephone.lock().expect("one thread").modem.network_mut().put(&phone_of(&id(who)), person);
        }
        for home in 1..=chance.between(1, 3) {
            street.press(begins + home * 7, &format!("button{home}"));
        }
        street.until(begins + UNANSWERED_S);
        end_all(&mut street, begins + UNANSWERED_S);
        if on_rungs(&street).len() + tally.notices >= wanted {
            break;
        }
    }
    judge(seed, &street, &telephone.lock().expect("one thread"), tally);
}

/// The desk goes, is there, and helps.
fn end_all(street: &mut Street, second: u64) {
    let open: Vec<AlarmId> = street.station.open_alarms().map(|alarm| alarm.id).collect();
    for alarm in open.into_iter().filter(|alarm| alarm.condition.rule().about_person) {
        let by = id("desk");
        street.order(second, Order::Accept { alarm, by });
        street.order(second, Order::OnSite { alarm, by, door: None });
        let conversation = String::new();
        street.order(second, Order::Close { alarm, by: Some(by), disposition: Disposition::Helped, conversation });
    }
}

/// When each notice on a rung was first asked for, while its alarm called for somebody.
fn on_rungs(street: &Street) -> BTreeMap<Key, Mono> {
    let mut all = BTreeMap::new();
    for (at, notice) in &street.notices {
        let Audience::Rung(rung) = notice.to else { continue };
        if notice.because != Because::BackUp {
            for who in &notice.people {
                all.entry((*who, notice.alarm, rung, notice.round)).or_insert(at.mono);
            }
        }
    }
    all
}

fn judge(seed: u64, street: &Street, telephone: &Telephone, tally: &mut Tally) {
    let mut reports: BTreeMap<(ResponderId, AlarmId), Vec<(Mono, Reached)>> = BTreeMap::new();
    for (at, input) in &street.log {
        if let Input::Report(report) = input {
            reports.entry((report.who, report.alarm)).or_default().push((at.mono, report.reached));
        }
    }
    let last: BTreeMap<AlarmId, &Alarm> = street.records.iter().map(|alarm| (alarm.id, alarm)).collect();
    for ((who, alarm, rung, round), asked) in on_rungs(street) {
        tally.notices += 1;
        let answered = last[&alarm].clocks.accepted.map_or(street.moment().mono, |at| at.mono);
        let of = reports.get(&(who, alarm)).map(Vec::as_slice).unwrap_or_default();
        let mut words = of.iter().filter(|(at, _)| *at >= asked).map(|(_, reached)| *reached);
        let (arrived, gave_up) =
            (words.clone().any(|word| word >= Reached::Delivered), words.any(|word| word == Reached::Nobody));
        let what = format!("seed {seed}: {alarm} to {who} on rung {rung} of round {round}");
        match (arrived, gave_up) {
            (true, _) => tally.delivered += 1,
            (false, true) => {
                tally.undelivered += 1;
                let is_next = |at: Mono, notice: &Notice| {
                    notice.alarm == alarm && at >= asked && Audience::Rung(rung) != notice.to
                };
                let climbed = street.notices.iter().any(|(at, notice)| is_next(at.mono, notice));
                assert!(climbed, "{what}: undelivered, and nobody else was told");
            }
            (false, false) => {
                assert!(answered.since(asked) < ENDS_WITHIN, "{what}: nothing is known of it");
                tally.answered_before += 1;
            }
        }
    }
    tally.compared += none_twice(seed, street, telephone, &last);
    let network = telephone.modem.network();
    tally.letters += network.parts.len();
    tally.calls += network.calls.len();
    tally.starts += telephone.modem.starts;
}

/// As often as the station asked for a notice to somebody, so often the network took its text at most.
fn none_twice(seed: u64, street: &Street, telephone: &Telephone, last: &BTreeMap<AlarmId, &Alarm>) -> usize {
    let mut asked: BTreeMap<(String, String), BTreeSet<Turn>> = BTreeMap::new();
    for (at, notice) in &street.notices {
        let alarm = last[&notice.alarm];
        // On a rung, once in a round; everybody's turn and the like, each time.
        let (rung, at) = if let Audience::Rung(rung) = notice.to { (Some(rung), Mono(0)) } else { (None, at.mono) };
        for who in &notice.people {
            let code = alarm.told_to(*who).and_then(|told| told.code);
            let text = wording::notice(alarm, notice.because, code, &street.names).reveal().clone();
            asked.entry((phone_of(who), text)).or_default().insert((notice.alarm, rung, notice.round, at));
        }
    }
    let mut found = 0;
    for who in street.list.responders.keys() {
        let mut taken: BTreeMap<String, usize> = BTreeMap::new();
        for text in telephone.modem.network().texts_to(&phone_of(who)) {
            *taken.entry(text).or_default() += 1;
        }
        for (text, times) in taken {
            let Some(asked) = asked.get(&(phone_of(who), text.clone())) else { continue };
            found += times;
            assert!(times <= asked.len(), "seed {seed}: {who} got it {times} times of {}: {text}", asked.len());
        }
    }
    assert!(found > 0, "seed {seed}: the network's texts are not those that were asked for");
    found
}

#[test]
fn every_notice_is_delivered_or_climbed_and_none_reaches_anybody_twice() {
    let wanted = if is_long() { 1_000 } else { 100 };
    let only = std::env::var("SHOUWANG_SEED").ok().map(|seed| seed.parse::<u64>().expect("a number"));
    let mut tally = Tally::default();
    for seed in only.map_or(1..=50, |seed| seed..=seed) {
        two_days(seed, wanted, &mut tally);
        if tally.notices >= wanted {
            break;
        }
    }
    println!("{tally:?}");
    assert!(only.is_some() || tally.notices >= wanted, "{tally:?}");
    assert!(tally.delivered > tally.notices / 2, "{tally:?}");
}
