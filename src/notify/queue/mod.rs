//! What goes out to people, in which order, by which channel, and how it is known whether it arrived: pure.
//!
//! ```text
//!  station ──Notice, Alarm, Confirm, Digest──▶ Queue ──Hand(channel, errand)──▶ channels
//!     ▲                                         │ ▲
//!     └────── reports, answers ◀──── Tell ──────┘ └── Said(channel, word) ───────┘
//! ```
//!
//! Constraints:
//! - **The order is that of CARE-RULES 1**: high alarms about people, other alarms about people, drills, faults; within a class the first
//!   letter of an alarm before everything, letters before calls, because a letter takes four seconds and a call forty.
//! - A notice is told once to one person for one rung and round. A letter whose fate nobody knows is not sent again: it counts as
//!   not delivered, and the ladder climbs.
//! - What is on no telephone 30 s after it was handed over is reported as such (CARE-RULES 5), and what nobody can be handed at once.
//! - A channel has one errand at a time, so nothing that matters less ever stands before what matters more, but for what it does now.
//! - Texts are written when they are handed over: by then more may be known.

mod job;

mod notices;

mod outcome;

mod second_path;

mod own_text;

mod compose;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub use job::{Class, Job, Mark, Stage, Work};

use super::channel::{Errand, FromChannel, Health, Incoming, Ticket};
use super::directory::Directory;
use crate::core::alarm::told::Code;
use crate::core::alarm::{Alarm, AlarmId};
use crate::core::answer::Confirm;
use crate::core::effect::{Input, Notice, Question};
use crate::core::id::{ChannelId, ResponderId};
use crate::core::time::{Moment, Mono};
use crate::limits::people::{HANDED_MAX, JOBS_MAX};
use crate::private::Private;

/// What is on no telephone after this long counts as no answer. Source: CARE-RULES 5.
pub const DELIVERED_WITHIN: Duration = Duration::from_secs(30);

/// What a channel can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It writes to telephones and makes them ring.
    Modem,
    /// It writes to each person.
    Personal,
    /// It writes to a group, in which everybody reads everything: codes, and names on consent only (CARE-RULES 28).
    Group,
}

/// What happens to the queue.
#[derive(Debug, Clone)]
pub enum Event {
    /// People are to be told; the alarm's record was given before.
    Notice(Notice),
    /// An alarm's new record.
    Alarm(Box<Alarm>),
    /// Somebody is told what became of their answer.
    Confirm(Confirm),
    /// These people are told of these faults together.
    Digest {
        /// The faults.
        faults: Vec<AlarmId>,
        /// Whom.
        people: Vec<ResponderId>,
    },
    /// Somebody is asked something (CARE-RULES 21, 24).
    Ask {
        /// Who.
        who: ResponderId,
        /// By which code they answer.
        code: Code,
        /// What.
        about: Question,
    },
    /// A code goes to a number that is to be proven (CARE-RULES 20): to the number itself, whatever the village file says meanwhile.
    Proof {
        /// Which number.
        phone: Private<String>,
        /// The text.
        text: Private<String>,
    },
    /// The county is to know of an alarm: by this text, unless its receipt comes in time.
    County {
        /// Which alarm.
        alarm: AlarmId,
        /// The compact text.
        text: Private<String>,
    },
    /// The county has the alarm.
    Receipted(AlarmId),
    /// How the station stands, as a text: the exercise of the second path.
    Standing(Private<String>),
    /// A channel speaks.
    Said(ChannelId, FromChannel),
    /// Time has passed.
    Due,
}

/// What the queue wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "what is not carried out is a notice that nobody gets"]
pub enum Act {
    /// A channel is to do this.
    Hand(ChannelId, Errand),
    /// The station is to know this.
    Tell(Input),
    /// Somebody wrote, and nobody of the village has that number: the desk is shown it.
    Show(Incoming),
}

/// Numbers that are nobody's of the village: the county's, and the box's own.
#[derive(Debug, Clone, Default)]
pub struct Numbers {
    /// For texts that programs read: the second path.
    pub text: Option<Private<String>>,
    /// Its duty phone, which rings with everybody else's (CARE-RULES 5).
    pub duty: Option<Private<String>>,
    /// The SIM's own number (CARE-RULES 27).
    pub own: Option<Private<String>>,
}

/// The queue.
#[derive(Debug)]
pub struct Queue {
    channels: BTreeMap<ChannelId, Channel>,
    county: Numbers,
    /// Rounds of which the county's duty was told.
    duty_told: BTreeSet<(AlarmId, u8)>,
    jobs: BTreeMap<u64, Job>,
    next_job: u64,
    next_ticket: u64,
    handed: BTreeMap<Ticket, Handed>,
    /// Alarms that are open.
    alarms: BTreeMap<AlarmId, Alarm>,
    /// Notices that were taken, while their alarm is open.
    marks: BTreeSet<Mark>,
    /// Alarms of which somebody was sent a letter, and of which somebody's telephone has rung.
    written: BTreeSet<AlarmId>,
    rung: BTreeSet<AlarmId>,
    /// Until when a notice must be on a telephone.
    waits: BTreeMap<Mark, Mono>,
    /// What the county has not given a receipt for.
    unreceipted: BTreeMap<AlarmId, second_path::Unreceipted>,
    own_text: own_text::OwnText,
    dropped: u64,
}

#[derive(Debug)]
struct Channel {
    kind: Kind,
    busy: Option<Ticket>,
}

/// An errand at a channel, or a letter of which a report may come.
#[derive(Debug)]
struct Handed {
    job: Job,
    /// For a call: every notice to this person that it serves.
    serves: Vec<Mark>,
    over: bool,
}

impl Queue {
    /// A queue for these channels, and the county's numbers.
    #[must_use]
    pub fn new(channels: impl IntoIterator<Item = (ChannelId, Kind)>, county: Numbers) -> Self {
        let channels = channels.into_iter().map(|(id, kind)| (id, Channel { kind, busy: None })).collect();
        Self {
            channels,
            county,
            duty_told: BTreeSet::new(),
            jobs: BTreeMap::new(),
            next_job: 0,
            next_ticket: 0,
            handed: BTreeMap::new(),
            alarms: BTreeMap::new(),
            marks: BTreeSet::new(),
            written: BTreeSet::new(),
            rung: BTreeSet::new(),
            waits: BTreeMap::new(),
            unreceipted: BTreeMap::new(),
            own_text: own_text::OwnText::default(),
            dropped: 0,
        }
    }

    /// Takes what happened, and says what is to be done about it.
    pub fn handle(&mut self, now: Moment, event: Event, directory: &dyn Directory) -> Vec<Act> {
        let mut acts = Vec::new();
        match event {
            Event::Notice(notice) => self.take_notice(now.mono, &notice, directory, &mut acts),
            Event::Alarm(alarm) => self.take_alarm(*alarm),
            Event::Confirm(confirm) => self.take_confirm(now.mono, &confirm, directory),
            Event::Digest { faults, people } => self.take_digest(now.mono, &faults, &people, directory),
            Event::Ask { who, code, about } => self.take_question(now.mono, who, code, about, directory),
            Event::Proof { phone, text } => self.take_proof(now.mono, phone, text),
            Event::County { alarm, text } => self.expect_receipt(now.mono, alarm, text),
            Event::Receipted(alarm) => self.receipted(alarm),
            Event::Standing(text) => {
                self.tell_standing(now.mono, text);
                self.write_to_self(now.mono, &mut acts);
            }
            Event::Said(channel, FromChannel::Word(ticket, word)) => {
                self.word(now, channel, ticket, word, &mut acts);
            }
            Event::Said(channel, FromChannel::Incoming(incoming)) => {
                if !self.is_own_text(&incoming, &mut acts) {
                    self.incoming(channel, incoming, directory, &mut acts);
                }
            }
            Event::Said(id, FromChannel::Health(health)) => {
                acts.push(Act::Tell(Input::Channel { id, up: health == Health::Up }));
            }
            Event::Due => {}
        }
        self.mind_deliveries(now.mono, &mut acts);
        self.give_up_own_text(now.mono, &mut acts);
        self.mind_the_county(now.mono);
        self.pump(now.mono, directory, &mut acts);
        acts
    }

    /// When [`Event::Due`] is wanted.
    #[must_use]
    pub fn deadline(&self) -> Option<Mono> {
        let free = |id: &ChannelId| self.channels.get(id).is_some_and(|channel| channel.busy.is_none());
        let jobs = self.jobs.values().filter(|job| free(&job.channel)).map(|job| job.not_before);
        let waits = self.waits.values().copied();
        jobs.chain(waits).chain(self.county_due()).chain(self.own_text_due()).min()
    }

    /// How many jobs wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.jobs.len()
    }

    /// How many jobs found no room.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Puts a job in its place. Where there is no room the one that matters least gives way.
    fn push(&mut self, job: Job) {
        if self.jobs.len() >= JOBS_MAX {
            self.dropped += 1;
            let last = self.jobs.iter().max_by_key(|(id, job)| (job.class, self.stage(job), **id)).map(|(id, _)| *id);
            match last.filter(|last| self.jobs.get(last).is_some_and(|least| least.class > job.class)) {
                Some(last) => drop(self.jobs.remove(&last)),
                None => return,
            }
        }
        self.next_job += 1;
        self.jobs.insert(self.next_job, job);
    }

    fn stage(&self, job: &Job) -> Stage {
        match &job.work {
            Work::Letter(mark) | Work::Group(mark) if !self.written.contains(&mark.alarm) => Stage::FirstLetter,
            Work::Number { about: Some(_), .. } => Stage::County,
            Work::Letter(_) | Work::Group(_) | Work::Words { .. } | Work::Number { .. } => Stage::Letter,
            Work::Ring(mark) if !self.rung.contains(&mark.alarm) => Stage::FirstRing,
            Work::Ring(_) | Work::RingNumber { .. } => Stage::Ring,
        }
    }

    /// Gives every channel that is free the work that matters most.
    fn pump(&mut self, now: Mono, directory: &dyn Directory, acts: &mut Vec<Act>) {
        let free: Vec<ChannelId> =
            self.channels.iter().filter(|(_, channel)| channel.busy.is_none()).map(|(id, _)| *id).collect();
        for id in free {
            while let Some(job) = self.next_for(id, now) {
                if self.hand(now, id, job, directory, acts) {
                    break;
                }
            }
        }
    }

    fn next_for(&mut self, channel: ChannelId, now: Mono) -> Option<Job> {
        let next = |queue: &Queue| {
            let due = queue.jobs.iter().filter(|(_, job)| job.channel == channel && job.not_before <= now);
            due.min_by_key(|(id, job)| (job.class, queue.stage(job), **id)).map(|(id, _)| *id)
        };
        let mut id = next(self)?;
        if self.jobs.get(&id).is_some_and(|job| job.work.rings()) && self.hurry_the_county(now) {
            id = next(self)?;
        }
        self.jobs.remove(&id)
    }

    /// Hands a job to its channel; says whether there was anything to hand.
    fn hand(&mut self, now: Mono, id: ChannelId, job: Job, directory: &dyn Directory, acts: &mut Vec<Act>) -> bool {
        let Some((to, deed)) = self.deed(&job.work, directory) else { return false };
        self.next_ticket += 1;
        let ticket = Ticket(self.next_ticket);
        let mut serves: Vec<Mark> = job.work.mark().into_iter().collect();
        if let Work::Ring(mark) = &job.work {
            serves.extend(self.join_rings(id, *mark));
        }
        for mark in &serves {
            if job.work.rings() {
                self.rung.insert(mark.alarm);
            } else {
                self.written.insert(mark.alarm);
            }
            self.waits.entry(*mark).or_insert(now + DELIVERED_WITHIN);
        }
        if let Work::Group(mark) = &job.work {
            self.written.insert(mark.alarm);
        }
        if let Some(channel) = self.channels.get_mut(&id) {
            channel.busy = Some(ticket);
        }
        self.forget_old_letters();
        self.handed.insert(ticket, Handed { job, serves, over: false });
        acts.push(Act::Hand(id, Errand { ticket, to, deed }));
        true
    }

    /// Nobody can pick up two calls: one ring serves everything that waits to ring the same telephone.
    fn join_rings(&mut self, channel: ChannelId, first: Mark) -> Vec<Mark> {
        let same = |job: &Job| match &job.work {
            Work::Ring(mark) if mark.who == first.who && job.channel == channel => Some(*mark),
            _ => None,
        };
        let joined: Vec<(u64, Mark)> =
            self.jobs.iter().filter_map(|(id, job)| same(job).map(|mark| (*id, mark))).collect();
        for (id, _) in &joined {
            self.jobs.remove(id);
        }
        joined.into_iter().map(|(_, mark)| mark).collect()
    }

    fn forget_old_letters(&mut self) {
        while self.handed.len() >= HANDED_MAX {
            let Some(oldest) = self.handed.iter().find(|(_, handed)| handed.over).map(|(ticket, _)| *ticket) else {
                return;
            };
            self.handed.remove(&oldest);
        }
    }
}
