//! The loop: the earliest of what is planned, what the box waits for and what the pump waits for; perhaps a mishap;
//! carry out; ask the oracle.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use super::air::{Air, Delivery};
use super::chance::Chance;
use super::clock::Hardware;
use super::county::County;
use super::crash::{self, Death, Point};
use super::ether::Ether;
use super::fault::{Fault, Mishap};
use super::gateway::{Gateway, LastWords, Outward, Turned};
use super::oracle::Oracle;
use super::person::{DAY, Deed, People, Planned, Whereabouts};
use super::place::{Place, Wire};
use super::report::Report;
use super::responders::{Errand, Responders};
use super::rot::{Held, Index};
use super::shrink::Item;
use super::street::{Happening, Street, enlist};
use super::trace::{Ms, Trace};
use super::uplink::Upward;
use super::wear::{Sent, Utterance, Wear};
use super::{Sabotage, Settings};
use crate::core::alarm::Alarm;
use crate::core::effect::{Authority, Command, Effect};
use crate::core::id::CommandId;
use crate::relay::message::Ack;
use crate::relay::pump::Event as PumpEvent;
use crate::relay::window::Token;
use crate::store::files::FakeDisk;

/// After the last day nothing new happens and nothing goes wrong any more, and everything comes to rest.
pub(super) const REST: Ms = 75 * 60_000;
/// And in its last minutes nobody speaks, so that everything that was said arrives.
pub(super) const QUIET: Ms = 10 * 60_000;
/// The keeper looks at the list of faults, and the oracle at the devices.
pub(super) const LOOK_EVERY: Ms = 20 * 60_000;
/// A command that was not answered is given again.
const ASK_AGAIN: Ms = 15_000;
/// The longest that a turn waits for the disk. Source: `limits::COMMIT_DEADLINE`.
const DEADLINE: Ms = 2_000;
/// And while the disk is known to be in trouble. Source: `limits::COMMIT_DEADLINE_IN_TROUBLE`.
const DEADLINE_IN_TROUBLE: Ms = 200;
/// Turns that a home has in a day, at the very most. judgement: ten times what is seen with every fault.
const TURNS_PER_HOME_DAY_MAX: u64 = 20_000;

/// Something that is going to happen.
#[derive(Debug, Clone)]
pub(super) enum Event {
    /// A deed.
    Deed(Planned),
    /// A device says something.
    Speak(Utterance),
    /// A frame leaves its device or bridge.
    Frame(Sent),
    /// A message reaches the process of that life.
    Arrive(u32, Delivery),
    /// Something goes wrong.
    Strike(Mishap, Ms),
    /// It is over; the number says which of overlapping ones.
    Heal(Mishap),
    /// A death of that life that found no turn to die in.
    Perish(u32),
    /// The process starts.
    Start,
    /// The process of that life has connected a wire.
    Connect(u32, Wire),
    /// Somebody gives a command.
    Command(CommandId),
    /// A message reaches the county's broker over that connection.
    AtBroker(u64, Upward),
    /// The broker's acknowledgement reaches the gateway.
    Published(u64, Token),
    /// The county commits.
    Commit,
    /// A receipt reaches the gateway over that connection.
    Receipt(u64, Ack),
    /// The way to the county is tried.
    Dial(u32),
    /// A look at the lists.
    Look,
    /// A day begins.
    Dawn(u64),
    /// The supply of that life fails again.
    Flicker(u32),
    /// The broker publishes the will of that connection.
    Will(u64),
    /// Nothing was heard on that connection for too long.
    NoPing(u64),
    /// The county asks what is open.
    Ask(CommandId),
    /// A command is given once more, though it was answered.
    Echo(Box<Command>),
    /// The county puts a copy of its books aside.
    Copy,
    /// Something happens between the modem and the people.
    Street(Happening),
}

/// The village at work.
pub(super) struct Village<'a> {
    pub(super) settings: Settings,
    pub(super) now: Ms,
    pub(super) queue: BTreeMap<(Ms, u64), Event>,
    pub(super) queued: u64,
    /// What was planned, by number.
    pub(super) planned: Vec<Item>,
    pub(super) place: Place,
    pub(super) people: People,
    pub(super) wear: Wear,
    pub(super) ether: Ether,
    pub(super) air: Air,
    pub(super) disk: FakeDisk,
    pub(super) hardware: Hardware,
    pub(super) gateway: Option<Gateway>,
    pub(super) words: Option<LastWords>,
    pub(super) lives: u32,
    pub(super) death: Option<Death>,
    /// The disk as it was when that death began to wait; from then on it writes down what is done to it.
    pub(super) before: Option<FakeDisk>,
    pub(super) sabotage: Option<Sabotage>,
    pub(super) county: County,
    pub(super) link: Link,
    pub(super) responders: Responders,
    pub(super) street: Street,
    pub(super) asked: BTreeMap<CommandId, Command>,
    pub(super) delivered_at: BTreeMap<Wire, Ms>,
    pub(super) oracle: Oracle,
    pub(super) trace: Trace<'a>,
    pub(super) chance: Chance,
    pub(super) turns: u64,
    pub(super) kills: u64,
    pub(super) cuts: u64,
    /// How many of each kind of mishap last.
    pub(super) lasting: BTreeMap<&'static str, u32>,
    /// How often each kind of mishap struck.
    pub(super) struck: BTreeMap<&'static str, u64>,
    /// How often the supply is still to fail in a moment.
    pub(super) flickers: u32,
    /// How the state index fares beside the log.
    pub(super) index: Index,
    /// What the log held before something of it may have been lost, until the next start.
    pub(super) held: Option<Held>,
    /// Parts of what was not synced had reached the card before others: there may be holes that nobody was told of.
    pub(super) holed: bool,
    /// Damage that the store has named.
    pub(super) damage: BTreeSet<String>,
}

/// The way to the county.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each goes wrong and comes right by itself")]
pub(super) struct Link {
    /// There is a way.
    pub up: bool,
    /// The broker forgets what it acknowledges.
    pub forgets: bool,
    /// The county gives no receipts.
    pub deaf: bool,
    /// Number of the connection.
    pub conn: u64,
    /// It stands.
    pub connected: bool,
    /// Receipts that the broker keeps for a gateway that is away.
    pub kept: Vec<Ack>,
    /// Everything is long on its way.
    pub slow: bool,
    /// Nothing comes through this connection any more.
    pub dead: Option<u64>,
    /// Something has left over this connection.
    pub born: bool,
    /// The retained state of the station at the county's broker, and which connection left it.
    pub shown: Option<(u64, bool)>,
}

impl<'a> Village<'a> {
    /// A village on its first morning.
    pub(super) fn new(settings: &Settings, sink: Option<&'a mut dyn Write>) -> Village<'a> {
        let mut place = Place::new(settings.homes);
        enlist(&mut place.roster);
        let seed = settings.seed;
        let (people, wear) = (People::new(&place, seed), Wear::new(&place, seed));
        let street = Street::new(&place, seed, settings.days);
        let mut village = Village {
            settings: settings.clone(),
            now: 0,
            queue: BTreeMap::new(),
            queued: 0,
            planned: Vec::new(),
            place,
            people,
            wear,
            ether: Ether::new(seed),
            air: Air::new(),
            disk: FakeDisk::new(),
            hardware: Hardware::first(),
            gateway: None,
            words: None,
            lives: 0,
            death: None,
            before: None,
            sabotage: settings.sabotage,
            county: County::default(),
            link: Link { up: true, ..Link::default() },
            responders: Responders::new(seed),
            street,
            asked: BTreeMap::new(),
            delivered_at: BTreeMap::new(),
            oracle: Oracle::default(),
            trace: Trace::new(sink),
            chance: Chance::stream(seed, "village", 0),
            turns: 0,
            kills: 0,
            cuts: 0,
            lasting: BTreeMap::new(),
            struck: BTreeMap::new(),
            flickers: 0,
            index: Index::Whole,
            held: None,
            holed: false,
            damage: BTreeSet::new(),
        };
        if settings.sabotage == Some(Sabotage::SkipSync) {
            village.disk.lie(true);
        }
        village.plan();
        village
    }

    pub(super) fn at(&mut self, at: Ms, event: Event) {
        self.queued += 1;
        self.queue.insert((at.max(self.now), self.queued), event);
    }

    pub(super) fn after(&mut self, span: Ms, event: Event) {
        self.at(self.now + span, event);
    }

    /// Lives to the end.
    pub(super) fn live(mut self) -> io::Result<Report> {
        let end = self.settings.days * DAY;
        let turns_max = TURNS_PER_HOME_DAY_MAX * u64::from(self.settings.homes.max(1)) * (self.settings.days + 1);
        let mut rests = false;
        while self.turns < turns_max {
            let next = self.next_at();
            if next >= end && !rests {
                rests = true;
                self.now = end;
                self.rest();
                continue;
            }
            if next >= end + REST {
                break;
            }
            self.now = next;
            self.step();
        }
        if self.turns >= turns_max {
            self.oracle.against(self.now, "a_run_comes_to_its_end", format!("{} turns", self.turns));
        }
        self.now = end + REST;
        self.finish()
    }

    fn next_at(&self) -> Ms {
        let planned = self.queue.keys().next().map_or(Ms::MAX, |(at, _)| *at);
        let Some(gateway) = &self.gateway else { return planned };
        planned.min(gateway.wanted_at(self.now)).min(self.pump_at()).min(self.street_at())
    }

    fn pump_at(&self) -> Ms {
        let Some(gateway) = &self.gateway else { return Ms::MAX };
        gateway.pump.deadline().map_or(Ms::MAX, |due| gateway.clock.when(due).max(self.now))
    }

    fn step(&mut self) {
        let pump_at = self.pump_at();
        let mut stirs = false;
        if let Some(entry) = self.queue.first_entry()
            && entry.key().0 <= self.now
        {
            let event = entry.remove();
            stirs = !matches!(
                event,
                Event::Deed(_)
                    | Event::Speak(_)
                    | Event::Frame(_)
                    | Event::Arrive(..)
                    | Event::Command(_)
                    | Event::Look
                    | Event::Street(_)
                    | Event::Dawn(_)
            );
            self.happen(event);
        }
        if self.street_at() <= self.now {
            self.street_due();
        }
        let wanted = self.gateway.as_ref().is_some_and(|gateway| gateway.wanted_at(self.now) <= self.now);
        if wanted {
            self.turn();
        }
        // Frames on the air and commands that wait are nothing to the pump.
        if wanted || stirs || pump_at <= self.now {
            self.send_up();
        }
        if let Some(gateway) = &self.gateway {
            let free = gateway.free_at <= self.now && gateway.inputs_waiting() == (0, 0);
            self.oracle.watch(self.now, gateway, free);
        }
        if let Some(line) = self.trace.take_private() {
            self.oracle.against(self.now, "nothing_private_in_the_trace", line);
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Deed(planned) => self.deed(planned),
            Event::Speak(utterance) => self.speak(utterance),
            Event::Frame(sent) => self.frame(sent),
            Event::Arrive(life, delivery) => self.arrive(life, delivery),
            Event::Strike(mishap, span) => self.strike(mishap, span),
            Event::Heal(mishap) => self.heal(mishap),
            Event::Perish(life) => self.perish(life),
            Event::Start => self.start(),
            Event::Connect(life, wire) => self.connect(life, wire),
            Event::Command(id) => self.command(id),
            Event::AtBroker(conn, upward) => self.at_broker(conn, upward),
            Event::Published(conn, token) => self.published(conn, token),
            Event::Commit => self.county_commits(),
            Event::Receipt(conn, ack) => self.receipt(conn, &ack),
            Event::Dial(life) => self.dial(life),
            Event::Look => self.look(),
            Event::Dawn(day) => self.dawn(day),
            Event::Flicker(life) => {
                if self.lives == life {
                    self.flicker();
                }
            }
            Event::Will(conn) => self.last_will(conn),
            Event::NoPing(conn) => self.no_ping(conn),
            Event::Ask(id) => self.county_asks(id),
            Event::Echo(command) => self.echo(*command),
            Event::Copy => self.county.put_copy_aside(),
            Event::Street(happening) => self.street(happening),
        }
    }

    fn deed(&mut self, planned: Planned) {
        let Planned { home, deed, .. } = planned;
        if deed == Deed::Drill {
            let errand = self.responders.drill(self.now, &self.place, home);
            self.errands(errand);
            return;
        }
        if let Deed::Serves { service } = deed {
            self.serve(home, service);
            return;
        }
        let matters = !matches!(deed, Deed::Moves { .. } | Deed::Door { .. } | Deed::Occupies { .. });
        if matters {
            let Whereabouts { room, bearing } = self.people.whereabouts(home, self.now);
            self.trace.line(self.now, format_args!("deed home {home} {deed:?}, {bearing:?} in {room:?}"));
        }
        for utterance in self.wear.act(&self.place, self.now, home, deed) {
            self.at(utterance.at, Event::Speak(utterance));
        }
    }

    fn speak(&mut self, utterance: Utterance) {
        let (sent, next) = self.wear.speak(&self.place, &utterance);
        self.later(next);
        for sent in sent {
            // A hub sends later what it gathers.
            if sent.at > self.now { self.at(sent.at, Event::Frame(sent)) } else { self.frame(sent) }
        }
    }

    fn frame(&mut self, sent: Sent) {
        if sent.kit.is_some() && self.ether.loses(self.now, sent.wire) {
            return;
        }
        if self.settings.faults.has(Fault::Repeat) && !sent.copy && sent.kit.is_some() {
            let late = match self.chance.below(100) {
                0..6 => self.chance.between(20, 800),
                6..8 => self.chance.between(2_000, 40_000),
                _ => 0,
            };
            if late > 0 {
                let copy = Sent { at: self.now + late, copy: true, ..sent.clone() };
                self.at(copy.at, Event::Frame(copy));
            }
        }
        for delivery in self.air.publish(sent) {
            self.deliver(delivery);
        }
    }

    /// A connection and a cable keep the order.
    pub(super) fn deliver(&mut self, delivery: Delivery) {
        let way = self.chance.between(2, 30);
        let last = self.delivered_at.entry(delivery.sent.wire).or_default();
        *last = (self.now + way).max(*last);
        let at = *last;
        self.at(at, Event::Arrive(self.lives, delivery));
    }

    fn arrive(&mut self, life: u32, delivery: Delivery) {
        let gone = self.air.is_gone(&delivery);
        let Some(gateway) = self.gateway.as_mut().filter(|gateway| gateway.life == life && !gone) else { return };
        let device = delivery.sent.kit.map_or("bridge", |kit| self.place.kits[kit].device.as_str());
        let kept = if delivery.retained { " kept" } else { "" };
        self.trace.line(self.now, format_args!("hear {device}{kept}"));
        self.oracle.delivered(self.now, &self.place, &delivery);
        let done = gateway.receive(&self.place, delivery);
        if let Some(packet) = done {
            self.acknowledge(packet);
        }
    }

    pub(super) fn acknowledge(&mut self, packet: u64) {
        self.oracle.acknowledged(self.now, packet);
        for delivery in self.air.acknowledged(packet) {
            self.deliver(delivery);
        }
    }

    /// One turn of the box, and what goes outward; or its death.
    fn turn(&mut self) {
        self.turns += 1;
        let Some(mut gateway) = self.gateway.take() else { return };
        let mark = self.death.map(|_| self.disk.changes());
        let slow = self.lasts("slow_disk");
        gateway.sync_ms = if slow { self.chance.between(100, 6_000) } else { 0 };
        let turned = gateway.turn(self.now, &mut self.sabotage);
        let mut busy =
            if self.chance.percent(2) { self.chance.between(200, 1_500) } else { self.chance.between(2, 12) };
        if slow {
            busy = gateway.sync_ms.min(if turned.durable { DEADLINE } else { DEADLINE_IN_TROUBLE });
        }
        if turned.wrote {
            gateway.free_at = self.now + busy;
        }
        self.gateway = Some(gateway);
        self.settle(turned, mark);
    }

    /// Carries a turn out, as far as the process lives.
    pub(super) fn settle(&mut self, turned: Turned, mark: Option<usize>) {
        let fitting = |death: &Death| turned.wrote && (!death.in_alarm || !turned.records.is_empty());
        let mortal = self.death.filter(fitting).zip(mark);
        let point = mortal.as_ref().map(|_| Point::choose(turned.outward.len(), &mut self.chance));
        if let (Some((death, mark)), Some(Point::InWrite)) = (mortal, point)
            && let Some(before) = self.before.take()
        {
            self.disk = crash::torn(&before, &self.disk.history(), mark, &mut self.chance);
            self.oracle.interrupted(&turned);
            self.trace.line(self.now, format_args!("dies in the write of {} records", turned.records.len()));
            self.die(death);
            return;
        }
        self.oracle.turned(self.now, &self.place, &turned);
        for alarm in &turned.records {
            let durable = if turned.durable { "" } else { " undurable" };
            self.trace
                .line(self.now, format_args!("alarm {} rev {} {}{durable}", alarm.id, alarm.rev, alarm.state.word()));
        }
        let Turned { at, outward, words, .. } = turned;
        let live_until = match point {
            Some(Point::After(count)) => count,
            _ => usize::MAX,
        };
        let cut_short = outward.len().min(live_until);
        for one in outward.into_iter().take(cut_short) {
            self.outward(at, one);
        }
        if let (Some((death, _)), Some(Point::After(count))) = (mortal, point) {
            self.trace.line(self.now, format_args!("dies after {count} effects"));
            self.die(death);
            return;
        }
        if let Some(words) = words {
            self.words = Some(words);
        }
    }

    fn outward(&mut self, at: crate::core::time::Moment, one: Outward) {
        match one {
            Outward::Tell(notice) => {
                self.trace.line(
                    self.now,
                    format_args!("tell {:?} of {} because {:?}", notice.to, notice.alarm, notice.because),
                );
                self.oracle.told(self.now, at, &notice);
                self.carry(Effect::Notify(notice));
            }
            Outward::Carry(effect) => self.carry(effect),
            Outward::County(alarm, text) => self.carry_to_county(alarm, text),
            Outward::LetGo(text) => self.let_go(text),
            Outward::Answer(id, answer) => {
                if self.county.question == Some(id)
                    && let Some(gateway) = &mut self.gateway
                {
                    gateway.answers.push_back((id, answer));
                    gateway.pump.handle(at.mono, PumpEvent::Answer);
                    return;
                }
                let Some(command) = self.asked.remove(&id) else { return };
                if self.settings.faults.has(Fault::Repeat) && self.chance.percent(8) {
                    let late = self.chance.between(100, 600_000);
                    self.after(late, Event::Echo(Box::new(command.clone())));
                }
                if command.from == Authority::County
                    && let Some(gateway) = &mut self.gateway
                {
                    gateway.answers.push_back((id, answer.clone()));
                    gateway.pump.handle(at.mono, PumpEvent::Answer);
                }
                let errand = self.responders.answered(self.now, &command, &answer);
                self.errands(errand);
            }
            Outward::Acknowledge(packet) => self.acknowledge(packet),
        }
    }

    /// Somebody is about to do something.
    pub(super) fn errands(&mut self, errands: impl IntoIterator<Item = Errand>) {
        for Errand { at, command } in errands {
            self.at(at, Event::Command(command.id));
            self.asked.insert(command.id, command);
        }
    }

    /// A command reaches the box, and is given again under the same id until it is answered.
    fn command(&mut self, id: CommandId) {
        let Some(command) = self.asked.get(&id).cloned() else { return };
        if let Some(gateway) = &mut self.gateway
            && (command.from == Authority::Local || self.link.connected)
        {
            gateway.order(command);
        }
        self.after(ASK_AGAIN, Event::Command(id));
    }

    /// A command that was answered comes again, late, from somewhere on the way.
    fn echo(&mut self, command: Command) {
        if let Some(gateway) = &mut self.gateway {
            gateway.order(command);
        }
    }

    fn look(&mut self) {
        if let Some(gateway) = &self.gateway {
            let faults: Vec<Alarm> = gateway.station.open_alarms().cloned().collect();
            self.oracle.look(self.now, &self.place, gateway);
            let errands = self.responders.look(self.now, &faults);
            self.errands(errands);
        }
        self.after(LOOK_EVERY, Event::Look);
    }
}
