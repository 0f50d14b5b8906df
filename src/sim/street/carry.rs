//! Carries out what the station and its queue decide about people, and brings back what their telephones say.

use super::habit::Does;
use super::line::Mood;
use super::second_path::{is_news, text_of};
use super::{Happening, Intent, Parcel, Whom, dispatcher};
use crate::core::alarm::AlarmId;
use crate::core::effect::{Effect, Input};
use crate::core::id::ResponderId;
use crate::core::time::Moment;
use crate::limits::people::TIMES_EVERY;
use crate::notify::channel::{Deed, Errand, FromChannel, Incoming, Word};
use crate::notify::queue::{Act, Event as ToPeople};
use crate::relay::message::Ack;
use crate::sim::trace::Ms;
use crate::sim::village::{Event, Village};

/// A text is in the air for so long.
const ON_AIR: std::ops::RangeInclusive<Ms> = 2_000..=9_000;
/// Whoever would write while the modem has no network tries again after this long.
const WRITES_AGAIN: Ms = 60_000;

impl Village<'_> {
    /// When the queue wants to be asked again.
    pub(in crate::sim) fn street_at(&self) -> Ms {
        let Some(gateway) = &self.gateway else { return Ms::MAX };
        gateway.dispatcher.deadline().map_or(Ms::MAX, |due| gateway.clock.when(due).max(self.now))
    }

    /// What an effect means for people.
    pub(in crate::sim) fn carry(&mut self, effect: Effect) {
        match effect {
            Effect::Commit(alarm) => self.tell_people(ToPeople::Alarm(alarm)),
            Effect::Notify(notice) => {
                if let Some(gateway) = &self.gateway {
                    let at = gateway.clock.at(self.now);
                    self.oracle.ordered(self.now, at, &notice, &self.street.names);
                }
                self.tell_people(ToPeople::Notice(notice));
            }
            Effect::Confirm(confirm) => self.tell_people(ToPeople::Confirm(confirm)),
            Effect::Digest { faults, people } => self.tell_people(ToPeople::Digest { faults, people }),
            Effect::Ask { who, code: Some(code), about } => self.tell_people(ToPeople::Ask { who, code, about }),
            Effect::Absence { resident, until, change, .. } => {
                self.trace.line(self.now, format_args!("absence of {resident} {change:?}"));
                if self.street.absences.change(resident, until, change, self.now) {
                    self.tell_times();
                }
            }
            // Records, which the log has; whoever holds every code there is, is not asked; answers go to whoever gave the command.
            Effect::Device(_)
            | Effect::Visit(_)
            | Effect::Stop(_)
            | Effect::Ask { code: None, .. }
            | Effect::Answer(..) => {}
        }
    }

    /// What the county may not know of is texted to it, unless its receipt comes.
    pub(in crate::sim) fn carry_to_county(&mut self, alarm: AlarmId, text: crate::private::Private<String>) {
        self.tell_people(ToPeople::County { alarm, text });
    }

    /// The county's receipt makes texts needless.
    pub(in crate::sim) fn receipted(&mut self, ack: &Ack) {
        let Some(gateway) = &mut self.gateway else { return };
        for alarm in gateway.dispatcher.second_path.receipted(ack) {
            self.tell_people(ToPeople::Receipted(alarm));
        }
    }

    /// A process begins: it shows its queue what the log held, finds the modem, and learns the times.
    pub(in crate::sim) fn street_begins(&mut self) {
        let Some(gateway) = &mut self.gateway else { return };
        let (life, at) = (gateway.life, gateway.clock.at(self.now));
        let open: Vec<_> = gateway.station.open_alarms().cloned().collect();
        for happening in self.street.line.begin(self.now, life) {
            self.at(happening.0, Event::Street(happening.1));
        }
        for alarm in open {
            let news = is_news(&alarm).then(|| (alarm.id, text_of(&alarm, at)));
            self.tell_people(ToPeople::Alarm(Box::new(alarm)));
            if let Some((alarm, text)) = news {
                self.carry_to_county(alarm, text);
            }
        }
        self.after(millis(TIMES_EVERY), Event::Street(Happening::Times(life)));
    }

    /// The modem changes its mood.
    pub(in crate::sim) fn turn_modem(&mut self, mood: Mood) {
        self.trace.line(self.now, format_args!("the modem is {mood:?}"));
        for (at, happening) in self.street.line.turn(self.now, self.lives, mood) {
            self.at(at, Event::Street(happening));
        }
    }

    /// The queue's time has come.
    pub(in crate::sim) fn street_due(&mut self) {
        self.tell_people(ToPeople::Due);
    }

    /// The process has a text on disk.
    pub(in crate::sim) fn let_go(&mut self, text: u64) {
        self.street.line.let_go(text);
    }

    /// Something happens on the street.
    pub(in crate::sim) fn street(&mut self, happening: Happening) {
        match happening {
            Happening::Word(life, ticket, word) => {
                if word.is_over() {
                    self.street.line.over(life, ticket);
                    if self.lives == life {
                        self.oracle.idle(self.now);
                    }
                }
                self.modem_says(life, FromChannel::Word(ticket, word));
            }
            Happening::Health(life, health) => self.modem_says(life, FromChannel::Health(health)),
            Happening::Leaves(life, boots, parcel) => self.leaves(life, boots, parcel),
            Happening::Arrives(parcel) => self.arrives(&parcel),
            Happening::PickedUp(whom, key) => self.picked_up(whom, key),
            Happening::Acts(who, alarm, intent) => self.acts(who, alarm, intent),
            Happening::Text(written) => {
                if !self.street.line.hears() {
                    return self.after(WRITES_AGAIN, Event::Street(Happening::Text(written)));
                }
                self.street.line.keep(*written);
                self.street(Happening::Reads(self.lives));
            }
            Happening::Reads(life) => self.read_card(life),
            Happening::Times(life) => {
                if self.gateway.as_ref().is_some_and(|gateway| gateway.life == life) {
                    self.times_are_made_again();
                    self.after(millis(TIMES_EVERY), Event::Street(Happening::Times(life)));
                }
            }
        }
    }

    /// The keeper makes the times again every minute; only news is a turn here.
    fn times_are_made_again(&mut self) {
        let now = self.now;
        let is_news = self.gateway.as_ref().is_some_and(|gateway| {
            let trust = |at| gateway.clock.at(at).trust;
            trust(now) != trust(now.saturating_sub(millis(TIMES_EVERY)))
        });
        if is_news {
            self.tell_times();
        }
    }

    fn tell_times(&mut self) {
        let plan = self.street.absences.plan(self.street.days);
        if let Some(gateway) = &mut self.gateway {
            gateway.hear(Input::Plan(Box::new(plan)), None);
        }
    }

    fn modem_says(&mut self, life: u32, said: FromChannel) {
        if self.gateway.as_ref().is_some_and(|gateway| gateway.life == life) {
            self.tell_people(ToPeople::Said(dispatcher::modem(), said));
        }
    }

    /// One event for the queue, and all that it wants done about it.
    fn tell_people(&mut self, event: ToPeople) {
        self.tell_people_of(event, None);
    }

    fn tell_people_of(&mut self, event: ToPeople, mut text: Option<u64>) {
        let Some(gateway) = &mut self.gateway else { return };
        let at: Moment = gateway.clock.at(self.now);
        let acts = gateway.dispatcher.handle(at, event, &self.street.names);
        let life = gateway.life;
        for act in acts {
            match act {
                Act::Hand(_, errand) => self.hand(life, &errand),
                Act::Tell(input) => {
                    let text = if matches!(input, Input::Reply(_)) { text.take() } else { None };
                    if let Some(gateway) = &mut self.gateway {
                        gateway.hear(input, text);
                    }
                }
                Act::Show(_) => self.trace.line(self.now, format_args!("the desk is shown a text")),
            }
        }
        // What needs no place on disk is let go at once.
        if let Some(text) = text {
            self.let_go(text);
        }
    }

    fn hand(&mut self, life: u32, errand: &Errand) {
        let whom = match (errand.to.responder, &errand.to.phone) {
            (Some(who), _) => Whom::Responder(who),
            (None, Some(phone)) => self.street.names.whose(phone),
            (None, None) => Whom::Nobody,
        };
        let (what, alarm) = match &errand.deed {
            Deed::Text(letter) => ("letter", letter.alarm),
            Deed::Ring(_) => ("call", None),
        };
        self.trace.line(self.now, format_args!("{what} {} to {whom:?} {alarm:?}", errand.ticket.0));
        let street = &mut self.street;
        if street.line.is_busy(life) {
            self.oracle.against(self.now, "one_modem_does_one_thing_at_a_time", format!("{:?}", errand.ticket));
        }
        self.oracle.handed(self.now, errand, whom, &street.names);
        for (at, happening) in street.line.give(self.now, life, errand, whom, &mut street.people) {
            self.at(at, Event::Street(happening));
        }
    }

    /// A letter leaves, unless the modem lost its power since; whether one leaves whose process was killed is chance.
    fn leaves(&mut self, life: u32, boots: u32, parcel: Box<Parcel>) {
        let orphan = self.gateway.as_ref().is_none_or(|gateway| gateway.life != life);
        if boots != self.street.line.boots || (orphan && self.chance.percent(50)) {
            return;
        }
        let street = &mut self.street;
        let at = street.line.arrives_at(self.now, parcel.to, &street.people);
        self.at(at, Event::Street(Happening::Arrives(parcel)));
    }

    fn arrives(&mut self, parcel: &Parcel) {
        self.trace.line(self.now, format_args!("letter {} is read by {:?}", parcel.errand.1.0, parcel.to));
        if parcel.confirmed {
            let (life, ticket) = parcel.errand;
            self.after(1_000, Event::Street(Happening::Word(life, ticket, Word::Delivered)));
        }
        let Whom::Responder(who) = parcel.to else { return };
        if let Some(alarm) = parcel.alarm.filter(|_| parcel.coded) {
            self.oracle.read(self.now, parcel.errand.0, alarm, who);
        }
        for (after, intent) in self.street.people.read(self.now, who, parcel) {
            self.after(after, Event::Street(Happening::Acts(who, parcel.alarm, intent)));
        }
    }

    /// Whoever presses a key waits for the words that tell them what became of it.
    fn picked_up(&mut self, whom: Whom, key: Option<char>) {
        self.trace.line(self.now, format_args!("{whom:?} picks up and presses {key:?}"));
    }

    fn acts(&mut self, who: ResponderId, alarm: Option<AlarmId>, intent: Intent) {
        for does in self.street.people.act(self.now, who, alarm, intent) {
            match does {
                Does::Writes(written) => {
                    self.trace.line(self.now, format_args!("{who} writes {:?} {:?}", written.means, written.code));
                    let way = self.chance.between(*ON_AIR.start(), *ON_AIR.end());
                    self.after(way, Event::Street(Happening::Text(Box::new(written))));
                }
                Does::Orders(order) => {
                    let errand = self.responders.page(self.now, order);
                    self.errands(Some(errand));
                }
                Does::Arrives => self.trace.line(self.now, format_args!("{who} is there")),
                Does::Later(after, intent) => {
                    self.after(after, Event::Street(Happening::Acts(who, alarm, intent)));
                }
            }
        }
    }

    /// The process reads what waits on the SIM card.
    fn read_card(&mut self, life: u32) {
        if self.gateway.as_ref().is_none_or(|gateway| gateway.life != life) {
            return;
        }
        let street = &mut self.street;
        let names = &street.names;
        let texts: Vec<(u64, Incoming)> = street.line.read(|written| names.number(written.by));
        for (id, incoming) in texts {
            self.tell_people_of(ToPeople::Said(dispatcher::modem(), FromChannel::Incoming(incoming)), Some(id));
        }
    }
}

fn millis(span: std::time::Duration) -> Ms {
    u64::try_from(span.as_millis()).unwrap_or(Ms::MAX)
}
