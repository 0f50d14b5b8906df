//! A street in virtual time: the station, the queue, a modem that takes its time, and people with telephones.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use shouwang::core::alarm::{Alarm, AlarmId};
use shouwang::core::condition::Condition;
use shouwang::core::effect::{AbsenceChange, Answer, Authority, Command, Effect, Input, Notice, Order};
use shouwang::core::id::{ChannelId, DeviceId, Epoch, ResidentId, ResponderId};
use shouwang::core::plan::Plan;
use shouwang::core::reading::{Measure, Origin, Said, Sample};
use shouwang::core::roster::Roster;
use shouwang::core::station::{Identity, Past, Rules, Station};
use shouwang::core::stop::Stop;
use shouwang::core::time::{Boot, Gap, Moment, Mono, Trust, Wall};
use shouwang::core::visit;
use shouwang::notify::channel::{Deed, Errand, Failure, FromChannel, Health, Incoming, Recipient, Ticket, Word};
use shouwang::notify::queue::{Act, Event, Kind, Numbers, Queue};
use shouwang::private::Private;

use super::names::Names;
use super::village::{BEGIN_WALL_MS, county_number, duty_number, id, own_number, phone_of};

/// Station time of second 0, so that subtracting never saturates.
const BEGIN_MS: u64 = 10_000_000;

/// How somebody's telephone behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phone {
    /// It rings, and nobody answers. Letters are delivered.
    Rings,
    /// It is off: letters wait in the network, calls do not alert.
    Off,
    /// Somebody is talking.
    Busy,
    /// Picked up after so many seconds, and no key pressed.
    PicksUp(u64),
    /// Picked up after so many seconds, and this key pressed two seconds later.
    Presses(u64, char),
}

/// How the modem behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// A letter takes four seconds, a call as long as it rings.
    Well,
    /// It takes errands and does not do them.
    Dead,
    /// Every n-th letter fails.
    FailsEvery(u32),
    /// Whether a letter left is not known.
    Unsure,
}

/// A modem in place of the crude one of the street.
pub trait Line {
    /// Something is to be done.
    fn give(&mut self, now: Mono, errand: Errand);
    /// When it has something to say or to do.
    fn deadline(&self) -> Option<Mono>;
    /// What it says by then.
    fn turn(&mut self, now: Mono) -> Vec<FromChannel>;
    /// Whoever used it is gone: nothing of what it was doing will be told.
    fn cut(&mut self, now: Mono);
}

/// Something that reached a telephone, or left for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub at_s: u64,
    /// Whom; `county`, `group`, or a number's end where it is nobody.
    pub to: String,
    /// The text; `☎` for a call.
    pub what: String,
}

pub struct Street {
    pub station: Station,
    pub queue: Queue,
    pub list: Roster,
    pub names: Names,
    pub mood: Mood,
    pub phones: BTreeMap<ResponderId, Phone>,
    /// What left, in order.
    pub sent: Vec<Sent>,
    /// Messages shown to the desk.
    pub shown: usize,
    pub answers: Vec<Answer>,
    pub records: Vec<Alarm>,
    /// What was recorded of visits: when, in seconds, and what.
    pub visit_records: Vec<(u64, visit::Record)>,
    visits: BTreeMap<ResidentId, visit::Standing>,
    unsure_since: Option<Mono>,
    /// What was handled, as the log has it.
    pub log: Vec<(Moment, Input)>,
    /// Who was to be told, and when the station said so.
    pub notices: Vec<(Moment, Notice)>,
    /// What was said of absences, for the village file.
    pub said_away: Vec<(ResidentId, ResponderId, Wall, AbsenceChange)>,
    /// The modem, where it is not the crude one.
    pub line: Option<Box<dyn Line>>,
    /// Whether the county gives receipts.
    pub county_hears: bool,
    /// After how many seconds a text to the own number comes back; none where the SIM is out of credit.
    pub own_text_back_s: Option<u64>,
    /// Whether the configuration of the next start has the box's supply, and the SIM's own number.
    pub has_power: bool,
    pub has_own_number: bool,
    rules: Rules,
    now: Mono,
    trust: Trust,
    wall_shift_ms: i64,
    commands: u32,
    letters: u32,
    /// What the log keeps for the next start beside the alarms.
    past: Past,
    agenda: VecDeque<(Mono, ChannelId, FromChannel)>,
    modem: Option<(Ticket, Errand)>,
    channels: Vec<(ChannelId, Kind)>,
}

impl Street {
    /// A street whose devices have all been heard at second 0.
    pub fn new(list: Roster, plan: Plan) -> Street {
        let channels = vec![(id::<ChannelId>("modem"), Kind::Modem)];
        Street::with(list, plan, channels)
    }

    pub fn with(list: Roster, plan: Plan, channels: Vec<(ChannelId, Kind)>) -> Street {
        Street::under(list, plan, channels, Rules::default())
    }

    pub fn under(list: Roster, plan: Plan, channels: Vec<(ChannelId, Kind)>, rules: Rules) -> Street {
        let now = Mono(BEGIN_MS);
        let mut street = Street {
            station: Station::new(identity(), rules, list.clone(), moment(now, Trust::Synced, 0)),
            queue: Queue::new(channels.clone(), numbers()),
            names: Names::of(&list),
            phones: list.responders.keys().map(|who| (*who, Phone::Rings)).collect(),
            list,
            mood: Mood::Well,
            sent: Vec::new(),
            shown: 0,
            answers: Vec::new(),
            records: Vec::new(),
            visit_records: Vec::new(),
            visits: BTreeMap::new(),
            unsure_since: None,
            log: Vec::new(),
            notices: Vec::new(),
            said_away: Vec::new(),
            line: None,
            county_hears: true,
            own_text_back_s: Some(8),
            has_power: true,
            has_own_number: true,
            rules,
            now,
            trust: Trust::Synced,
            wall_shift_ms: 0,
            commands: 0,
            letters: 0,
            past: Past::default(),
            agenda: VecDeque::new(),
            modem: None,
            channels,
        };
        street.input(&Input::Plan(Box::new(plan)));
        street.input(&Input::Source { id: id("zigbee"), up: true });
        let devices: Vec<DeviceId> = street.list.devices.keys().copied().collect();
        for device in devices {
            street.say(device, &[]);
        }
        street.records.clear();
        street
    }

    pub fn second(&self) -> u64 {
        (self.now.0 - BEGIN_MS) / 1000
    }

    /// Lets time pass to second `s`.
    pub fn until(&mut self, s: u64) {
        while self.step(s) {}
        self.now = Mono(BEGIN_MS + s * 1000);
    }

    /// Lets the next thing happen, if it does so by second `s`.
    pub fn step(&mut self, s: u64) -> bool {
        let end = Mono(BEGIN_MS + s * 1000);
        let line = self.line.as_ref().and_then(|line| line.deadline());
        let due = [self.station.deadline(), self.queue.deadline(), self.agenda.front().map(|(at, ..)| *at), line];
        let Some(due) = due.into_iter().flatten().min().filter(|due| *due <= end) else { return false };
        self.now = due.max(self.now);
        if let Some((_, channel, said)) = self.agenda.pop_front_if(|(at, ..)| *at <= self.now) {
            self.channel_says(channel, said);
            return true;
        }
        if line.is_some_and(|line| line <= self.now) {
            let said = self.line.as_mut().map(|line| line.turn(self.now)).unwrap_or_default();
            for said in said {
                self.channel_says(id("modem"), said);
            }
            return true;
        }
        self.input(&Input::Tick);
        self.event(Event::Due);
        true
    }

    pub fn press(&mut self, s: u64, device: &str) {
        self.hear(s, device, &[Said::event(Measure::Sos(true))]);
    }

    pub fn hear(&mut self, s: u64, device: &str, said: &[Said]) {
        self.until(s);
        self.say(id(device), said);
    }

    fn say(&mut self, device: DeviceId, said: &[Said]) {
        let sample =
            Sample { from: Origin::Device(device), said: said.to_vec(), retained: false, merge_ms: 0, implausible: 0 };
        self.input(&Input::Sample(sample));
    }

    /// Somebody sends a text to the station.
    pub fn text(&mut self, s: u64, who: &str, text: &str) {
        self.until(s);
        let number = phone_of(&id(who));
        let sent = Some(self.moment().wall);
        self.text_from(&number, text, sent);
    }

    /// A number sends a text that the network says was sent then.
    pub fn text_from(&mut self, number: &str, text: &str, sent: Option<Wall>) {
        let from = Recipient { responder: None, phone: Some(Private::new(number.to_owned())) };
        let incoming = Incoming { from, text: Private::new(text.to_owned()), sent };
        self.channel_says(id("modem"), FromChannel::Incoming(incoming));
    }

    pub fn order(&mut self, s: u64, order: Order) -> Answer {
        self.until(s);
        self.commands += 1;
        let id = id(&format!("c{}", self.commands));
        self.input(&Input::Command(Command { id, from: Authority::Local, order }));
        self.answers.pop().expect("every command is answered")
    }

    pub fn health(&mut self, s: u64, up: bool) {
        self.until(s);
        let health = if up { Health::Up } else { Health::Down(shouwang::notify::channel::Ailment::Hangs) };
        self.channel_says(id("modem"), FromChannel::Health(health));
    }

    /// The clock on the wall jumps, and is worth this from here on.
    pub fn clock(&mut self, s: u64, jump_ms: i64, trust: Trust) {
        self.until(s);
        self.wall_shift_ms += jump_ms;
        self.trust = trust;
        self.input(&Input::Tick);
    }

    pub fn plan(&mut self, s: u64, plan: Plan) {
        self.until(s);
        self.input(&Input::Plan(Box::new(plan)));
    }

    /// The process is killed at second `s` and starts again at `back`: what the channels were doing is not known any more.
    pub fn restart(&mut self, s: u64, back: u64, gap: Gap, plan: Plan) {
        self.until(s);
        let (last, before) = (self.now, self.moment());
        if gap == Gap::Unknown {
            self.unsure_since = Some(Mono(BEGIN_MS + back * 1000));
        }
        let words = self.station.words();
        let alarms: BTreeMap<AlarmId, Alarm> = self.records.iter().map(|alarm| (alarm.id, alarm.clone())).collect();
        self.now = Mono(BEGIN_MS + back * 1000);
        self.agenda.clear();
        self.modem = None;
        if let Some(line) = &mut self.line {
            line.cut(self.now);
        }
        self.station = Station::new(identity(), self.rules, self.list.clone(), self.moment());
        self.queue = Queue::new(self.channels.clone(), numbers());
        self.station.restore(Past {
            alarms: alarms.values().cloned().collect(),
            words,
            visits: self.visits.values().cloned().collect(),
            unsure_since: self.unsure_since,
            ..self.past.clone()
        });
        for (at, input) in self.log.clone() {
            self.station.relearn(at, &input);
        }
        for alarm in self.station.open_alarms().cloned().collect::<Vec<_>>() {
            self.event(Event::Alarm(Box::new(alarm)));
        }
        self.station.know_times(plan);
        let now = self.moment();
        let mut effects = self.station.retire_supply(now, Some(last), self.has_power, self.has_own_number);
        effects.extend(self.station.resume(now, Some(last), gap));
        self.carry_out(effects);
        if let Some(stop) = Stop::of(before, self.moment(), gap) {
            let told = self.station.stopped(stop);
            self.carry_out(vec![told]);
        }
        self.input(&Input::Source { id: id("zigbee"), up: true });
    }

    pub fn moment(&self) -> Moment {
        moment(self.now, self.trust, self.wall_shift_ms)
    }

    pub fn input(&mut self, input: &Input) {
        let effects = self.station.handle(self.moment(), input);
        if !matches!(input, Input::Plan(_) | Input::Tick) {
            self.log.push((self.moment(), input.clone()));
        }
        self.carry_out(effects);
    }

    fn carry_out(&mut self, mut effects: Vec<Effect>) {
        self.station.seal(&mut effects, self.moment());
        for effect in effects {
            match effect {
                Effect::Commit(alarm) => {
                    self.records.push((*alarm).clone());
                    let (id, first) = (alarm.id, alarm.rev == 1 && alarm.id.condition.takes_the_second_path());
                    self.event(Event::Alarm(alarm));
                    if first {
                        let text = Private::new(format!("SW1 {}", id.condition));
                        self.event(Event::County { alarm: id, text });
                        if self.county_hears {
                            self.event(Event::Receipted(id));
                        }
                    }
                }
                Effect::Notify(notice) => {
                    self.notices.push((self.moment(), notice.clone()));
                    self.event(Event::Notice(notice));
                }
                Effect::Confirm(confirm) => self.event(Event::Confirm(confirm)),
                Effect::Ask { who, code: Some(code), about } => self.event(Event::Ask { who, code, about }),
                Effect::Absence { resident, by, until, change } => self.said_away.push((resident, by, until, change)),
                Effect::Digest { faults, people } => {
                    self.past.told_faults.extend(&faults);
                    self.past.last_digest = Some(self.now);
                    self.event(Event::Digest { faults, people });
                }
                Effect::Stop(stop) => {
                    self.past.stops.retain(|known| known.until != stop.until);
                    self.past.stops.push(stop);
                }
                Effect::Answer(_, answer) => self.answers.push(answer),
                Effect::Visit(record) => self.keep_visit(*record),
                // Whoever holds every code there is, is not asked.
                Effect::Ask { code: None, .. } | Effect::Device(_) => {}
            }
        }
    }

    /// As the log's snapshot does.
    fn keep_visit(&mut self, record: visit::Record) {
        let standing = record.standing.clone();
        if record.deed == visit::Deed::Ended {
            self.visits.remove(&standing.resident);
        } else {
            self.visits.insert(standing.resident, standing);
        }
        self.visit_records.push((self.second(), record));
    }

    fn channel_says(&mut self, channel: ChannelId, said: FromChannel) {
        if let FromChannel::Word(ticket, word) = &said
            && word.is_over()
            && self.modem.as_ref().is_some_and(|(busy, _)| busy == ticket)
        {
            self.modem = None;
        }
        self.event(Event::Said(channel, said));
    }

    fn event(&mut self, event: Event) {
        let acts = self.queue.handle(self.moment(), event, &self.names.clone());
        for act in acts {
            match act {
                Act::Hand(channel, errand) => self.hand(channel, &errand),
                Act::Tell(input) => self.input(&input),
                Act::Show(_) => self.shown += 1,
            }
        }
    }

    fn hand(&mut self, channel: ChannelId, errand: &Errand) {
        let kind = self.channels.iter().find(|(id, _)| *id == channel).map(|(_, kind)| *kind);
        let to = match (errand.to.responder, &errand.to.phone) {
            (Some(who), _) => who.to_string(),
            (None, Some(phone)) if *phone == county_number() => "county".to_owned(),
            (None, Some(phone)) if *phone == duty_number() => "county duty".to_owned(),
            (None, Some(phone)) if *phone == own_number() => "own".to_owned(),
            (None, Some(phone)) => phone.reveal().clone(),
            (None, None) => "group".to_owned(),
        };
        if kind != Some(Kind::Modem) {
            let Deed::Text(letter) = &errand.deed else { panic!("a group is not rung") };
            self.sent.push(Sent { at_s: self.second(), to, what: letter.text.reveal().clone() });
            self.later(1, channel, FromChannel::Word(errand.ticket, Word::Sent));
            return;
        }
        assert!(self.modem.is_none(), "one errand at a time");
        self.modem = Some((errand.ticket, errand.clone()));
        if let Some(line) = &mut self.line {
            return line.give(self.now, errand.clone());
        }
        match errand.deed.clone() {
            Deed::Text(letter) => self.send_letter(channel, errand, to, letter.text.reveal()),
            Deed::Ring(ring) => self.ring(channel, errand, to, u64::from(ring.for_s)),
        }
    }

    fn send_letter(&mut self, channel: ChannelId, errand: &Errand, to: String, text: &str) {
        let ticket = errand.ticket;
        self.letters += 1;
        let fails = match self.mood {
            Mood::FailsEvery(n) => self.letters.is_multiple_of(n),
            Mood::Dead => return self.later(20, channel, FromChannel::Word(ticket, Word::Failed(Failure::Trouble))),
            Mood::Well | Mood::Unsure => false,
        };
        if fails {
            return self.later(2, channel, FromChannel::Word(ticket, Word::Failed(Failure::Trouble)));
        }
        let own = to == "own";
        self.sent.push(Sent { at_s: self.second(), to, what: text.to_owned() });
        if own {
            return self.send_to_self(channel, ticket, text);
        }
        if self.mood == Mood::Unsure {
            return self.later(10, channel, FromChannel::Word(ticket, Word::Failed(Failure::Unknown)));
        }
        self.later(4, channel, FromChannel::Word(ticket, Word::Sent));
        let off = errand.to.responder.and_then(|who| self.phones.get(&who)).is_some_and(|phone| *phone == Phone::Off);
        if !off {
            self.later(7, channel, FromChannel::Word(ticket, Word::Delivered));
        }
    }

    /// A SIM without credit is refused by its network.
    fn send_to_self(&mut self, channel: ChannelId, ticket: Ticket, text: &str) {
        let Some(back_s) = self.own_text_back_s else {
            return self.later(3, channel, FromChannel::Word(ticket, Word::Failed(Failure::Refused)));
        };
        self.later(4, channel, FromChannel::Word(ticket, Word::Sent));
        let from = Recipient { responder: None, phone: Some(own_number()) };
        let incoming = Incoming { from, text: Private::new(text.to_owned()), sent: Some(self.moment().wall) };
        self.later(back_s, channel, FromChannel::Incoming(incoming));
    }

    /// It is time for the exercise of the second path.
    pub fn exercise(&mut self, s: u64) {
        self.until(s);
        self.event(Event::Standing(Private::new("SW1S".to_owned())));
    }

    fn ring(&mut self, channel: ChannelId, errand: &Errand, to: String, for_s: u64) {
        let ticket = errand.ticket;
        if self.mood == Mood::Dead {
            return self.later(20, channel, FromChannel::Word(ticket, Word::Failed(Failure::Trouble)));
        }
        self.sent.push(Sent { at_s: self.second(), to, what: "☎".to_owned() });
        let phone = errand.to.responder.and_then(|who| self.phones.get(&who)).copied().unwrap_or(Phone::Rings);
        let mut word = |after: u64, word: Word| self.later(after, channel, FromChannel::Word(ticket, word));
        match phone {
            Phone::Off => word(8, Word::Failed(Failure::Unreachable)),
            Phone::Busy => word(6, Word::Failed(Failure::Busy)),
            Phone::Rings => {
                word(5, Word::Delivered);
                word(5 + for_s, Word::RangOut);
            }
            Phone::PicksUp(after) => {
                word(5, Word::Delivered);
                word(5 + after, Word::PickedUp);
                word(5 + after + 20, Word::HungUp);
            }
            Phone::Presses(after, key) => {
                word(5, Word::Delivered);
                word(5 + after, Word::PickedUp);
                word(5 + after + 2, Word::Key(key));
                word(5 + after + 4, Word::HungUp);
            }
        }
    }

    fn later(&mut self, after_s: u64, channel: ChannelId, said: FromChannel) {
        let at = self.now + Duration::from_secs(after_s);
        let place = self.agenda.iter().position(|(other, ..)| *other > at).unwrap_or(self.agenda.len());
        self.agenda.insert(place, (at, channel, said));
    }

    /// What left for somebody, as (second, what), since the last call of this.
    pub fn take_sent(&mut self) -> Vec<Sent> {
        std::mem::take(&mut self.sent)
    }

    /// Seconds at which somebody's telephone was made to ring.
    pub fn rings_of(&self, who: &str) -> Vec<u64> {
        self.sent.iter().filter(|sent| sent.to == who && sent.what == "☎").map(|sent| sent.at_s).collect()
    }

    /// Texts that left for somebody.
    pub fn texts_to(&self, who: &str) -> Vec<(u64, String)> {
        let texts = self.sent.iter().filter(|sent| sent.to == who && sent.what != "☎");
        texts.map(|sent| (sent.at_s, sent.what.clone())).collect()
    }

    /// The code that somebody was given for the newest alarm of that condition.
    pub fn code(&self, condition: Condition, who: &str) -> u8 {
        let alarm = self.newest(condition);
        let told = alarm.told_to(id(who)).expect("they were told");
        told.code.expect("a code").number()
    }

    pub fn newest(&self, condition: Condition) -> &Alarm {
        let known = self.station.open_alarms().chain(self.station.closed_alarms());
        known
            .filter(|alarm| alarm.id.condition == condition)
            .max_by_key(|alarm| alarm.id)
            .expect("an alarm of that kind")
    }

    pub fn state(&self, condition: Condition) -> &'static str {
        self.newest(condition).state.word()
    }
}

fn numbers() -> Numbers {
    Numbers { text: Some(county_number()), duty: Some(duty_number()), own: Some(own_number()) }
}

fn identity() -> Identity {
    Identity { station: id("st1"), epoch: Epoch(7) }
}

fn moment(mono: Mono, trust: Trust, shift_ms: i64) -> Moment {
    let since = i64::try_from(mono.0 - BEGIN_MS).expect("small");
    Moment { boot: Boot(1), mono, wall: Wall(BEGIN_WALL_MS + since + shift_ms), trust }
}
