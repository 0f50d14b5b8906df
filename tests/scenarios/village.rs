//! A small made-up village in virtual time, and a time table to play on it.

use std::collections::BTreeMap;
use std::time::Duration;

use shouwang::core::alarm::{Alarm, Subject};
use shouwang::core::audience::{Audience, Because};
use shouwang::core::condition::Condition;
use shouwang::core::effect::{
    Answer, Authority, Command, Effect, Input, NewVillage, Order, VillageChange, VillageDeed,
};
use shouwang::core::id::{DeviceId, Epoch, ResponderId};
use shouwang::core::reading::{Origin, Said, Sample};
use shouwang::core::roster::{Chemistry, Device, Ladder, Resident, Responder, ResponderRole, Role, Roster, Rung};
use shouwang::core::station::{Identity, Past, Rules, Station, Words};
use shouwang::core::time::{Boot, Gap, Moment, Mono, Trust, Wall};

/// Station time of second 0, so that subtracting never saturates.
const BEGIN_MS: u64 = 10_000_000;

/// Who was told what, in one line: `+60s help_call raised tells rung 1 (NotAccepted)`.
pub struct Play {
    pub station: Station,
    /// The village's list that the next start reads.
    pub list: Roster,
    now: Mono,
    trust: Trust,
    /// How far the wall clock is from the right time.
    skew_ms: i64,
    boot: u32,
    told: Vec<(u64, Condition, Audience, Because)>,
    answers: Vec<Answer>,
    records: Vec<Alarm>,
    /// Everything that was handled, as the log has it.
    log: Vec<(Moment, Input)>,
    commands: u32,
}

pub fn id<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().expect("a valid id")
}

pub fn device(name: &str, resident: Option<&str>, role: Role, rhythm_min: u64) -> Device {
    Device {
        id: id(name),
        resident: resident.map(id),
        home: Some(id("h1")),
        room: Some(id("room")),
        role,
        source: id("zigbee"),
        rhythm: Some(Duration::from_secs(rhythm_min * 60)),
        mute: false,
        battery: Chemistry::Unknown,
        mains: false,
        removed: false,
    }
}

/// Resident r1 with a button, a cancel button, a wearable, a motion sensor, a smoke detector and a radar; one old button
/// that was removed; three rungs of one neighbour, one grid worker and the duty desk.
pub fn roster() -> Roster {
    let mut devices = vec![
        device("button", Some("r1"), Role::Sos, 60),
        device("cancel", Some("r1"), Role::Cancel, 60),
        device("watch", Some("r1"), Role::Fall, 10),
        device("motion", Some("r1"), Role::Motion, 60),
        device("smoke", Some("r1"), Role::Smoke, 60),
        device("radar", Some("r1"), Role::Presence, 60),
        device("old-button", Some("r1"), Role::Sos, 60),
    ];
    if let Some(old) = devices.last_mut() {
        old.removed = true;
    }
    let rung = |who: &str, s| Rung { responders: vec![id(who)], wait: Duration::from_secs(s), ..Rung::default() };
    let resident = Resident {
        prompt: true,
        ladder: Ladder { rungs: vec![rung("n-1", 60), rung("g-1", 60), rung("desk", 60)], ..Ladder::default() },
        ..Resident::new(id("r1"), id("h1"))
    };
    let responder = |name: &str, role| Responder { id: id(name), role, travel_min: 5, dispatched: true };
    let responders = [
        responder("n-1", ResponderRole::Neighbour),
        responder("g-1", ResponderRole::GridWorker),
        responder("desk", ResponderRole::DutyDesk),
    ];
    Roster {
        residents: BTreeMap::from([(resident.id, resident)]),
        devices: devices.into_iter().map(|device| (device.id, device)).collect(),
        responders: responders.into_iter().map(|responder| (responder.id, responder)).collect(),
        sources: vec![id("zigbee")],
        ..Roster::default()
    }
}

fn moment(mono: Mono, trust: Trust) -> Moment {
    let wall = Wall(1_790_000_000_000 + i64::try_from(mono.0).expect("small"));
    Moment { boot: Boot(1), mono, wall, trust }
}

fn identity() -> Identity {
    Identity { station: id("st1"), epoch: Epoch(7) }
}

impl Play {
    /// A station whose source is up and whose devices have all been heard at second 0.
    pub fn watched() -> Play {
        Play::watching(roster())
    }

    /// The same, with a village's list of one's own.
    pub fn watching(list: Roster) -> Play {
        let now = Mono(BEGIN_MS);
        let station = Station::new(identity(), Rules::default(), list.clone(), moment(now, Trust::Synced));
        let mut play = Play {
            station,
            list,
            now,
            trust: Trust::Synced,
            skew_ms: 0,
            boot: 1,
            told: Vec::new(),
            answers: Vec::new(),
            records: Vec::new(),
            log: Vec::new(),
            commands: 0,
        };
        play.source(0, true);
        for name in ["button", "cancel", "watch", "motion", "smoke", "radar"] {
            play.hear(0, name, &[]);
        }
        play.told.clear();
        play.records.clear();
        play
    }

    /// Lets time pass to second `s`, doing what falls due on the way at its time.
    pub fn until(&mut self, s: u64) {
        let end = Mono(BEGIN_MS + s * 1000);
        while let Some(due) = self.station.deadline().filter(|due| *due <= end) {
            self.now = due.max(self.now);
            self.input(&Input::Tick);
        }
        self.now = end;
    }

    pub fn hear(&mut self, s: u64, device: &str, said: &[Said]) {
        self.until(s);
        let from = Origin::Device(id::<DeviceId>(device));
        self.input(&Input::Sample(Sample { from, said: said.to_vec(), retained: false, merge_ms: 0, implausible: 0 }));
    }

    pub fn hear_stranger(&mut self, s: u64, stranger: &str, said: &[Said]) {
        self.hear_copies(s, stranger, said, 1, 0);
    }

    /// A stranger over a radio that says everything several times, of which the copies within `merge_ms` are one.
    pub fn hear_copies(&mut self, s: u64, stranger: &str, said: &[Said], copies: u8, merge_ms: u32) {
        self.until(s);
        let from = Origin::Stranger(id(stranger));
        for _ in 0..copies {
            self.input(&Input::Sample(Sample { from, said: said.to_vec(), retained: false, merge_ms, implausible: 0 }));
        }
    }

    /// A live frame whose only number cannot be.
    pub fn hear_impossible(&mut self, s: u64, device: &str) {
        let from = Origin::Device(id::<DeviceId>(device));
        let sample = Sample { from, said: Vec::new(), retained: false, merge_ms: 0, implausible: 1 };
        self.give(s, &Input::Sample(sample));
    }

    pub fn give(&mut self, s: u64, input: &Input) {
        self.until(s);
        self.input(input);
    }

    /// Several things are taken in one turn.
    pub fn turn(&mut self, s: u64, inputs: &[Input]) {
        self.until(s);
        let mut effects = Vec::new();
        for input in inputs {
            effects.extend(self.station.handle(self.moment(), input));
            self.log.push((self.moment(), written(input)));
        }
        self.carry_out(effects);
    }

    /// An order that somebody here gives.
    pub fn command(&mut self, order: Order) -> Input {
        self.commands += 1;
        Input::Command(Command { id: id(&format!("c{}", self.commands)), from: Authority::Local, order })
    }

    pub fn source(&mut self, s: u64, up: bool) {
        self.until(s);
        self.input(&Input::Source { id: id("zigbee"), up });
    }

    /// Gives an order from here or from the county, and returns the answer.
    pub fn order(&mut self, s: u64, from: Authority, order: Order) -> Answer {
        self.until(s);
        self.commands += 1;
        let command = Command { id: id(&format!("c{}", self.commands)), from, order };
        self.input(&Input::Command(command));
        self.answers.pop().expect("every command is answered")
    }

    /// The process is killed at second `s` and starts again at `back`, in the same boot or after a reboot of unknown length.
    pub fn restart(&mut self, s: u64, back: u64, gap: Gap) {
        self.until(s);
        self.restart_with(back, gap, self.station.words());
    }

    /// The newest record was not written after all.
    pub fn lose_record(&mut self) {
        self.records.pop();
    }

    /// The same, with another last-heard table.
    pub fn restart_with(&mut self, back: u64, gap: Gap, words: Words) {
        self.begin_again(back, gap, words);
        self.source(back, true);
    }

    /// The same, and the source does not come up.
    pub fn restart_without_source(&mut self, back: u64, gap: Gap) {
        self.begin_again(back, gap, self.station.words());
    }

    fn begin_again(&mut self, back: u64, gap: Gap, words: Words) {
        let last = self.now;
        let alarms = latest(&self.records);
        self.now = Mono(BEGIN_MS + back * 1000);
        self.boot += u32::from(gap == Gap::Unknown);
        self.station = Station::new(identity(), Rules::default(), self.list.clone(), self.moment());
        self.station.restore(Past { alarms, words, ..Past::default() });
        let effects = self.station.resume(self.moment(), Some(last), gap);
        self.carry_out(effects);
    }

    /// What the wall clock is worth from here on.
    pub fn trust(&mut self, s: u64, trust: Trust) {
        self.until(s);
        self.trust = trust;
        self.input(&Input::Tick);
    }

    /// The wall clock is set: what it is worth from here on, and how far it is from the right time.
    pub fn clock(&mut self, s: u64, trust: Trust, skew_ms: i64) {
        self.until(s);
        self.next_clock(trust, skew_ms);
        self.input(&Input::Tick);
    }

    /// The same, for a start that follows.
    pub fn next_clock(&mut self, trust: Trust, skew_ms: i64) {
        (self.trust, self.skew_ms) = (trust, skew_ms);
    }

    /// The time as the station is told it.
    pub fn moment(&self) -> Moment {
        let right = moment(self.now, self.trust);
        Moment { boot: Boot(self.boot), wall: Wall(right.wall.0 + self.skew_ms), ..right }
    }

    /// The right time of second `s`.
    pub fn right_wall(s: u64) -> Wall {
        moment(Mono(BEGIN_MS + s * 1000), Trust::Synced).wall
    }

    fn input(&mut self, input: &Input) {
        let effects = self.station.handle(self.moment(), input);
        self.log.push((self.moment(), written(input)));
        self.carry_out(effects);
    }

    /// The list is taken over as it stands, in which these devices are other things than before.
    pub fn take_list(&mut self, s: u64, replaced: &[&str]) {
        self.until(s);
        let (old, new) = (self.station.roster(), &self.list);
        let serves = |list: &Roster, id: &DeviceId| list.devices.get(id).is_some_and(|device| list.serves(device));
        let enrolled = new.devices.keys().copied().filter(|id| serves(new, id) && !serves(old, id)).collect();
        let change = VillageChange {
            revision: "0123456789abcdef".to_owned(),
            by: id("desk"),
            did: VillageDeed::Reload,
            enrolled,
            replaced: replaced.iter().map(|name| id(name)).collect(),
            removed: Vec::new(),
        };
        self.input(&Input::Village(Box::new(NewVillage { change, roster: Some(self.list.clone()) })));
    }

    /// The process is killed now and starts again at once, with a last-heard table that is as old as `words` and the log since.
    pub fn restart_by_replay(&mut self, words: Words, since: usize) {
        let alarms = latest(&self.records);
        self.station = Station::new(identity(), Rules::default(), self.list.clone(), self.moment());
        self.station.restore(Past { alarms, words, ..Past::default() });
        for (at, input) in &self.log[since..] {
            self.station.relearn(*at, input);
        }
        let effects = self.station.resume(self.moment(), Some(self.now), Gap::SameBoot);
        self.carry_out(effects);
        self.input(&Input::Source { id: id("zigbee"), up: true });
    }

    /// How many inputs have been handled.
    pub fn logged(&self) -> usize {
        self.log.len()
    }

    fn carry_out(&mut self, mut effects: Vec<Effect>) {
        self.station.seal(&mut effects, self.moment());
        let second = (self.now.0 - BEGIN_MS) / 1000;
        for effect in effects {
            match effect {
                Effect::Commit(alarm) => self.records.push(*alarm),
                Effect::Notify(notice) => {
                    self.told.push((second, notice.alarm.condition, notice.to, notice.because));
                }
                Effect::Answer(_, answer) => self.answers.push(answer),
                Effect::Device(_)
                | Effect::Visit(_)
                | Effect::Confirm(_)
                | Effect::Digest { .. }
                | Effect::Ask { .. }
                | Effect::Absence { .. }
                | Effect::Stop(_) => {}
            }
        }
    }

    /// Takes what was told since the last call: (second, condition, to whom, why).
    pub fn told(&mut self) -> Vec<(u64, Condition, Audience, Because)> {
        std::mem::take(&mut self.told)
    }

    /// The state's word of the newest alarm of that condition, with its revision count kept out of the way.
    pub fn state_of(&self, condition: Condition) -> Option<&'static str> {
        self.newest(condition).map(|alarm| alarm.state.word())
    }

    pub fn newest(&self, condition: Condition) -> Option<&Alarm> {
        self.records.iter().rev().find(|alarm| alarm.id.condition == condition)
    }

    pub fn records(&self) -> &[Alarm] {
        &self.records
    }

    /// How many different alarms of that condition there have been.
    pub fn count(&self, condition: Condition) -> usize {
        latest(&self.records).iter().filter(|alarm| alarm.id.condition == condition).count()
    }

    /// Whether a device is found silent.
    pub fn silent(&self, device: &str) -> bool {
        let subject = Subject::Device(id::<DeviceId>(device));
        let mut open = self.station.open_alarms();
        open.any(|alarm| alarm.id.subject == subject && alarm.id.condition == Condition::DeviceSilent)
    }

    pub fn open(&self, condition: Condition) -> shouwang::core::alarm::AlarmId {
        let mut open = self.station.open_alarms().filter(|alarm| alarm.id.condition == condition);
        open.next().map(|alarm| alarm.id).expect("an open alarm of that condition")
    }

    pub fn subjects(&self) -> Vec<Subject> {
        self.station.open_alarms().map(|alarm| alarm.id.subject).collect()
    }

    pub fn accept(&mut self, s: u64, condition: Condition, by: &str) -> Answer {
        let alarm = self.open(condition);
        self.order(s, Authority::Local, Order::Accept { alarm, by: id::<ResponderId>(by) })
    }
}

/// An input as it comes back from the log: without what is not written.
fn written(input: &Input) -> Input {
    match input {
        Input::Village(new) => Input::Village(Box::new(NewVillage { roster: None, ..(**new).clone() })),
        other => other.clone(),
    }
}

fn latest(records: &[Alarm]) -> Vec<Alarm> {
    let by_id: BTreeMap<_, _> = records.iter().map(|alarm| (alarm.id, alarm.clone())).collect();
    by_id.into_values().collect()
}

pub fn rung(number: u8) -> Audience {
    Audience::Rung(number)
}
