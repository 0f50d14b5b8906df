//! The box at work, one life of its process: decoders, station, journal and pump, driven as the daemon drives them.
//!
//! A turn ends in a list of what goes outward, in order. The village carries it out one by one, and a process that is
//! killed has carried out the first few.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::Sabotage;
use super::air::Delivery;
use super::clock::Clock;
use super::place::{Place, Wire};
use super::sabotage::Spoiled;
use super::street::{Dispatcher, county_text};
use super::trace::Ms;
use crate::core::alarm::{Alarm, AlarmId};
use crate::core::condition::Condition;
use crate::core::effect::{Answer, Command, Effect, Input, Notice, Order};
use crate::core::id::{CommandId, Epoch, SourceId};
use crate::core::reading::{Origin, Sample};
use crate::core::roster::Class;
use crate::core::sequence::Lane;
use crate::core::station::{Station, Words};
use crate::core::time::{Gap, Moment, Mono};
use crate::device::{self, Decode, Frame};
use crate::limits;
use crate::private::Private;
use crate::relay::message::Ack;
use crate::relay::pump::{Event, Pump};
use crate::store::handout::Cursor;
use crate::store::record::{Decision, Start};
use crate::store::{Committed, Draft, Journal, Outcome, Undecided};

/// How often the last-heard table is written whole, as in the daemon.
const WORDS_EVERY: Duration = Duration::from_mins(5);
/// An alarm's receipt waits no longer for a turn that is written anyway, as in the daemon.
const RECEIPT_WAIT: Duration = Duration::from_secs(1);

/// The last-heard table as the state index keeps it.
#[derive(Debug, Clone)]
pub(super) struct LastWords {
    /// When it was written, in station time.
    pub at: Mono,
    /// The table.
    pub words: Words,
}

/// One life of the process.
pub(super) struct Gateway {
    /// Which life.
    pub life: u32,
    /// Its clock.
    pub clock: Clock,
    /// Its sequence space.
    pub epoch: Epoch,
    /// The station.
    pub station: Station,
    /// The store.
    pub journal: Journal,
    /// Towards the county.
    pub pump: Pump,
    /// Answers to the county, oldest first.
    pub answers: VecDeque<(CommandId, Answer)>,
    /// Towards people.
    pub dispatcher: Dispatcher,
    /// Busy until then.
    pub free_at: Ms,
    /// Where the last readings were found.
    pub cursor: Cursor,
    pub(super) decoders: BTreeMap<Wire, Box<dyn Decode>>,
    pub(super) urgent: VecDeque<Arrival>,
    pub(super) routine: VecDeque<Arrival>,
    pub(super) receipts: Vec<Undecided>,
    pub(super) receipts_due: Option<Mono>,
    pub(super) withheld: Vec<Outward>,
    pub(super) disk_is_up: bool,
    pub(super) words_at: Mono,
    /// When a block of routine words is due.
    pub(super) block_due: Option<Mono>,
    /// How long the disk takes for what is written in this turn.
    pub(super) sync_ms: Ms,
    /// The disk has not answered in time, and answers then.
    pub(super) late_until: Option<Ms>,
    /// What is done wrong on purpose.
    pub(super) spoiled: Spoiled,
}

/// An input that waits for its turn.
pub(super) struct Arrival {
    /// The input.
    pub input: Input,
    /// The message that brought it.
    pub delivery: Option<Delivery>,
    /// The text on the SIM card that brought it.
    pub text: Option<u64>,
}

/// What a turn lets out, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outward {
    /// People are told.
    Tell(Notice),
    /// A command is answered.
    Answer(CommandId, Answer),
    /// A message's sender is acknowledged.
    Acknowledge(u64),
    /// Something else is done about people.
    Carry(Effect),
    /// The county is to know of an alarm, by this text should its receipt not come.
    County(AlarmId, Private<String>),
    /// A text that is on disk need not stay on the SIM card.
    LetGo(u64),
}

/// What a turn took in, decided and lets out.
pub(super) struct Turned {
    /// When it was taken.
    pub at: Moment,
    /// The messages it took in, the routine ones too.
    pub heard: Vec<Delivery>,
    /// The commands it took in.
    pub orders: Vec<Order>,
    /// What it took in of people: answers, and how far notices came.
    pub said: Vec<Input>,
    /// What is known of the gap, for a turn that begins a life.
    pub start: Option<Gap>,
    /// Records of alarms, as written.
    pub records: Vec<Alarm>,
    /// Their numbers.
    pub numbers: Vec<u64>,
    /// And their sequence space.
    pub epoch: Epoch,
    /// Whether there was anything to write.
    pub wrote: bool,
    /// Whether the log took it.
    pub durable: bool,
    /// What goes out.
    pub outward: Vec<Outward>,
    /// The last-heard table, when it was due.
    pub words: Option<LastWords>,
}

impl Turned {
    fn new(at: Moment, epoch: Epoch) -> Turned {
        Turned {
            at,
            heard: Vec::new(),
            orders: Vec::new(),
            said: Vec::new(),
            start: None,
            records: Vec::new(),
            numbers: Vec::new(),
            epoch,
            wrote: false,
            durable: true,
            outward: Vec::new(),
            words: None,
        }
    }
}

impl Gateway {
    /// Takes a message as far as its lane. Routine words are acknowledged at once.
    pub(super) fn receive(&mut self, place: &Place, delivery: Delivery) -> Option<u64> {
        let sent = &delivery.sent;
        let frame = Frame {
            topic: sent.topic.as_deref(),
            bytes: &sent.bytes,
            context: &serde_json::Value::Null,
            utc_s: None,
            heard_ms: 0,
        };
        let decoder = self.decoders.get_mut(&sent.wire)?;
        let heard = match decoder.decode(&frame) {
            Ok(heard) if !heard.said.is_empty() => heard,
            // Administration, and what cannot be read: nothing to keep.
            Ok(_) | Err(_) => return delivery.packet,
        };
        let from = match heard.address.as_deref() {
            Some(address) => place.origin(sent.wire, address),
            None => Origin::Bridge(sent.wire.source()),
        };
        let merge_ms = device::format(sent.wire.format()).map_or(0, |format| format.merge_ms);
        let sample = Sample { from, said: heard.said, retained: delivery.retained, merge_ms, implausible: 0 };
        let class = self.station.roster().class(&sample);
        if class == Class::Routine && matches!(from, Origin::Stranger(_)) {
            return delivery.packet;
        }
        let packet = delivery.packet;
        let class = self.spoiled.class(class);
        let arrival = Arrival { input: Input::Sample(sample), delivery: Some(delivery), text: None };
        match class {
            Class::Urgent => {
                self.urgent.push_back(arrival);
                packet.filter(|_| self.spoiled.is(Sabotage::AckBeforeCommit))
            }
            Class::Routine => {
                self.routine.push_back(arrival);
                packet.filter(|_| !self.spoiled.is(Sabotage::SingleLane))
            }
        }
    }

    /// A source came or went.
    pub(super) fn source(&mut self, id: SourceId, up: bool) {
        self.urgent.push_back(Arrival { input: Input::Source { id, up }, delivery: None, text: None });
    }

    /// Something is told that no device said; with the text on the SIM card that it stood in.
    pub(super) fn hear(&mut self, input: Input, text: Option<u64>) {
        self.urgent.push_back(Arrival { input, delivery: None, text });
    }

    /// Somebody orders something.
    pub(super) fn order(&mut self, command: Command) {
        let command = self.spoiled.order(command);
        self.urgent.push_back(Arrival { input: Input::Command(command), delivery: None, text: None });
    }

    /// A receipt of the county arrives; what is new in it goes into the log.
    pub(super) fn receipt(&mut self, now: Ms, ack: Ack) -> Option<Ack> {
        let mono = self.clock.mono(now);
        let new = self.pump.receipt(mono, self.spoiled.receipt(ack, self.epoch))?;
        self.receipts_due.get_or_insert(mono + RECEIPT_WAIT);
        let Ack { epoch, lane, ranges, reject } = new.clone();
        if !ranges.is_empty() {
            self.receipts.push(Undecided::Receipt { epoch, lane, ranges });
        }
        self.receipts.extend(reject.into_iter().map(|reject| Undecided::Rejected {
            lane,
            seq: reject.seq,
            reason: reject.reason,
        }));
        Some(new)
    }

    /// When the next turn is wanted, in true time.
    pub(super) fn wanted_at(&self, now: Ms) -> Ms {
        let asap = !self.urgent.is_empty() || !self.routine.is_empty();
        let waiting = self.journal.books().pending() > 0;
        let again = self.late_until.unwrap_or(now).max(now + 1_000);
        let journal = if waiting { Some(self.clock.mono(again)) } else { self.block_due };
        let deadline = self.station.deadline().filter(|_| !self.spoiled.forgets_deadlines(self.life));
        let due = [deadline, self.receipts_due, journal].into_iter().flatten().min();
        let due = if asap { now } else { due.map_or(Ms::MAX, |due| self.clock.when(due)) };
        due.max(self.free_at).max(now)
    }

    /// How many inputs wait.
    pub(super) fn inputs_waiting(&self) -> (usize, usize) {
        (self.urgent.len(), self.routine.len())
    }

    /// One turn: take what waits, handle, write, and say what goes out.
    pub(super) fn turn(&mut self, now: Ms, sabotage: &mut Option<Sabotage>) -> Turned {
        let at = self.clock.at(now);
        let mut turned = Turned::new(at, self.epoch);
        let (mut inputs, mut effects, mut acknowledge) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..limits::TURN_INPUTS_MAX {
            let Some(arrival) = self.urgent.pop_front() else { break };
            let packet = arrival.delivery.as_ref().and_then(|delivery| delivery.packet);
            acknowledge.extend(packet.map(Outward::Acknowledge));
            acknowledge.extend(arrival.text.map(Outward::LetGo));
            let dropped = is_call(&arrival) && sabotage.take_if(|what| *what == Sabotage::DropUrgent).is_some();
            turned.heard.extend(arrival.delivery);
            if dropped {
                continue;
            }
            effects.extend(self.station.handle(at, &self.spoiled.input(&arrival.input)));
            match &arrival.input {
                // Times are not in the log: the village's file is the truth of them.
                Input::Command(Command { order: Order::Query, .. }) | Input::Plan(_) => continue,
                Input::Command(command) => turned.orders.push(command.order.clone()),
                Input::Sample(sample) => self.keep_reading(at, sample.clone()),
                input => turned.said.push(input.clone()),
            }
            inputs.push(arrival.input);
        }
        for _ in 0..self.spoiled.routine_at_once(&mut turned) {
            let Some(arrival) = self.routine.pop_front() else { break };
            effects.extend(self.station.handle(at, &arrival.input));
            if let Some(input) = self.spoiled.after_routine(&self.station, &arrival.input) {
                effects.extend(self.station.handle(at, &input));
            }
            if self.spoiled.is(Sabotage::SingleLane) {
                let packet = arrival.delivery.as_ref().and_then(|delivery| delivery.packet);
                acknowledge.extend(packet.map(Outward::Acknowledge));
            }
            turned.heard.extend(arrival.delivery);
            if let Input::Sample(sample) = arrival.input {
                self.keep_reading(at, sample);
            }
        }
        if turned.heard.is_empty() && inputs.is_empty() {
            effects.extend(self.station.handle(at, &Input::Tick));
        }
        if self.late_until.is_none_or(|until| until <= now) {
            self.late_until = None;
            self.journal.tick(at);
        }
        if self.block_due.is_some_and(|due| at.mono >= due) {
            let left = !self.journal.books().gather.is_empty();
            self.block_due = left.then(|| at.mono + Duration::from_secs(1));
        }
        let mut decisions = Vec::new();
        if self.receipts_due.is_some_and(|due| at.mono >= due) || !effects.is_empty() || !inputs.is_empty() {
            decisions.append(&mut self.receipts);
            self.receipts_due = None;
        }
        self.finish(now, &mut turned, inputs, effects, decisions, acknowledge, sabotage);
        if at.mono.since(self.words_at) >= WORDS_EVERY {
            self.words_at = at.mono;
            turned.words = Some(LastWords { at: at.mono, words: self.station.words() });
        }
        turned
    }

    /// The first turn of a life.
    pub(super) fn begin(&mut self, at: Moment, start: Start, effects: Vec<Effect>) -> Turned {
        let mut turned = Turned::new(at, self.epoch);
        turned.start = Some(start.gap);
        let first = vec![Undecided::Start(start)];
        self.finish(self.free_at, &mut turned, Vec::new(), effects, first, Vec::new(), &mut None);
        turned
    }

    /// Commits, then says what goes out, in order.
    #[expect(clippy::too_many_arguments, reason = "a turn is what it took in and what it decided")]
    fn finish(
        &mut self,
        now: Ms,
        turned: &mut Turned,
        inputs: Vec<Input>,
        mut effects: Vec<Effect>,
        mut decisions: Vec<Undecided>,
        acknowledge: Vec<Outward>,
        sabotage: &mut Option<Sabotage>,
    ) {
        self.station.seal(&mut effects, turned.at);
        decisions.extend(effects.iter().filter_map(undecided));
        turned.wrote |= !inputs.is_empty() || !decisions.is_empty();
        let skipped = raises(&effects) && sabotage.take_if(|what| *what == Sabotage::SkipCommit).is_some();
        if skipped {
            turned.records = effects.iter().filter_map(alarm_of).collect();
            turned.numbers = vec![0; turned.records.len()];
        } else if turned.wrote {
            if raises(&effects) && sabotage.take_if(|what| *what == Sabotage::DropWrite).is_some() {
                decisions.retain(|decision| !matches!(decision, Undecided::Alarm(_)));
            }
            let committed = self.commit(now, Draft { at: turned.at, inputs, decisions });
            turned.durable = committed.outcome == Outcome::Durable;
            for alarm in self.dispatcher.second_path.committed(self.epoch, &committed.decisions) {
                turned.outward.push(Outward::County(alarm.id, county_text(alarm, turned.at)));
            }
            (turned.numbers, turned.records) = committed.decisions.into_iter().filter_map(record_of).unzip();
        }
        if !turned.durable {
            for alarm in &turned.records {
                self.station.mark_undurable(alarm.id);
            }
        }
        for effect in effects {
            match effect {
                Effect::Device(_) | Effect::Visit(_) | Effect::Stop(_) => {}
                Effect::Notify(notice) => turned.outward.push(Outward::Tell(notice)),
                Effect::Answer(id, answer) => turned.outward.push(Outward::Answer(self.spoiled.asked(id), answer)),
                effect => turned.outward.push(Outward::Carry(effect)),
            }
        }
        self.withheld.extend(acknowledge);
        let all_written = self.journal.books().pending() == 0;
        if all_written {
            turned.outward.append(&mut self.withheld);
        }
        if all_written != self.disk_is_up {
            self.disk_is_up = all_written;
            let input = Input::Disk { up: all_written, short: false };
            self.urgent.push_front(Arrival { input, delivery: None, text: None });
        }
        self.show(turned.at);
    }

    /// Writes a turn, as far as the disk answers in time. One that does not writes it later, with its numbers and in its place.
    fn commit(&mut self, now: Ms, draft: Draft) -> Committed {
        let deadline = u64::try_from(limits::COMMIT_DEADLINE.as_millis()).unwrap_or(Ms::MAX);
        if self.late_until.is_none() && self.sync_ms < deadline {
            return self.journal.commit(draft);
        }
        self.late_until.get_or_insert(now + self.sync_ms);
        let mut books = self.journal.books();
        let (ticket, decisions) = books.enter(draft);
        books.committed(ticket, decisions)
    }

    /// Lets the pump know what there is to send.
    fn show(&mut self, at: Moment) {
        let lanes = self.journal.books().ledger.lanes();
        for (lane, progress) in lanes {
            self.pump.handle(at.mono, Event::Head { lane, head: progress.head });
        }
        let (devices, residents) = self.station.take_changed();
        for device in devices {
            self.pump.handle(at.mono, Event::Changed(crate::relay::retained::RetainedKey::Device(device)));
        }
        for resident in residents {
            self.pump.handle(at.mono, Event::Changed(crate::relay::retained::RetainedKey::Resident(resident)));
        }
    }

    fn keep_reading(&mut self, at: Moment, sample: Sample) {
        if let Origin::Device(device) = sample.from
            && self.station.serves(device)
        {
            self.journal.routine(at, sample);
            self.block_due.get_or_insert(at.mono + limits::ROUTINE_GATHER);
        }
    }
}

/// What of an effect is written down, as in the daemon.
fn undecided(effect: &Effect) -> Option<Undecided> {
    match effect {
        Effect::Commit(alarm) => Some(Undecided::Alarm(alarm.clone())),
        Effect::Device(event) => Some(Undecided::Device(event.clone())),
        Effect::Visit(record) => Some(Undecided::Visit(record.clone())),
        Effect::Answer(_, Answer::Open { .. })
        | Effect::Notify(_)
        | Effect::Confirm(_)
        | Effect::Ask { .. }
        | Effect::Absence { .. } => None,
        Effect::Answer(id, answer) => Some(Undecided::Answer { id: *id, answer: answer.clone() }),
        Effect::Digest { faults, .. } => Some(Undecided::Digest { faults: faults.clone() }),
        Effect::Stop(stop) => Some(Undecided::Stop(*stop)),
    }
}

fn record_of(decision: Decision) -> Option<(u64, Alarm)> {
    match decision {
        Decision::Alarm { seq, alarm } => Some((seq, *alarm)),
        _ => None,
    }
}

fn alarm_of(effect: &Effect) -> Option<Alarm> {
    match effect {
        Effect::Commit(alarm) => Some((**alarm).clone()),
        Effect::Device(_)
        | Effect::Visit(_)
        | Effect::Notify(_)
        | Effect::Answer(..)
        | Effect::Confirm(_)
        | Effect::Digest { .. }
        | Effect::Ask { .. }
        | Effect::Absence { .. }
        | Effect::Stop(_) => None,
    }
}

/// Whether a person's alarm begins among these effects.
fn raises(effects: &[Effect]) -> bool {
    effects.iter().filter_map(alarm_of).any(|alarm| alarm.rev == 1 && alarm.id.condition == Condition::HelpCall)
}

/// A press whose sender waits for an acknowledgement.
fn is_call(arrival: &Arrival) -> bool {
    let acknowledged = arrival.delivery.as_ref().filter(|delivery| delivery.packet.is_some());
    acknowledged.is_some_and(|delivery| matches!(delivery.sent.claim, super::wear::Claim::Press(_)))
}

/// The lanes, for whoever goes through all of them.
pub(super) const LANES: [Lane; 3] = [Lane::Alarm, Lane::Device, Lane::Reading];
