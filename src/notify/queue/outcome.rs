//! What channels say, and what it means for the station.

use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::job::{Job, Mark, Work};
use super::notices::is_pointless;
use super::{Act, Handed, Queue};
use crate::core::alarm::told::{Code, Reached};
use crate::core::alarm::{Alarm, AlarmId};
use crate::core::answer::{Reply, Way, Wish};
use crate::core::effect::{Input, Report};
use crate::core::id::{ChannelId, CommandId, HomeId, ResponderId};
use crate::core::time::{Moment, Mono};
use crate::notify::channel::{Failure, Incoming, Ticket, Word};
use crate::notify::directory::Directory;
use crate::notify::reply::Said;

/// A call is made so often. Source: CARE-RULES 1.
const RING_TRIES: u8 = 2;

/// A letter that failed in a way that another try may mend is tried so often. judgement: the third failure in half a minute is the
/// channel's, and 30 s are what a notice has.
const LETTER_TRIES: u8 = 3;

/// So long after a failure. judgement: what a network needs to be found again, often; and three tries fit into 30 s.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

/// A busy telephone is called again after this long. judgement: people end a call when another knocks.
const BUSY_AGAIN_AFTER: Duration = Duration::from_secs(15);

impl Queue {
    pub(super) fn word(&mut self, now: Moment, channel: ChannelId, ticket: Ticket, word: Word, acts: &mut Vec<Act>) {
        let Some(mut handed) = self.handed.remove(&ticket) else { return };
        if word.is_over() && !handed.over {
            handed.over = true;
            if let Some(channel) = self.channels.get_mut(&channel).filter(|channel| channel.busy == Some(ticket)) {
                channel.busy = None;
            }
        }
        self.mind_own_text(now.mono, &handed, word);
        self.mind_proof(&handed, word, acts);
        match word {
            Word::Sent => self.report(&handed.serves, Reached::Sent, acts),
            Word::Delivered => self.report(&handed.serves, Reached::Delivered, acts),
            Word::PickedUp => self.report(&handed.serves, Reached::Seen, acts),
            Word::NotDelivered => self.give_up(&handed.serves, acts),
            Word::Key(key) => self.key(now, ticket, &handed, key, acts),
            Word::RangOut => self.ring_again(now.mono, &handed, Duration::ZERO),
            Word::HungUp => {}
            Word::Failed(failure) => self.failed(now.mono, &handed, failure, acts),
        }
        if !handed.over || matches!(word, Word::Sent) {
            self.handed.insert(ticket, handed);
        }
    }

    fn failed(&mut self, now: Mono, handed: &Handed, failure: Failure, acts: &mut Vec<Act>) {
        let worth_another = match failure {
            Failure::Busy => handed.job.work.rings(),
            Failure::NoNetwork | Failure::Trouble => true,
            Failure::Unreachable | Failure::Unable | Failure::Refused | Failure::Unknown => false,
        };
        match failure {
            _ if !worth_another => self.give_up(&handed.serves, acts),
            Failure::Busy => {
                // A telephone that is in use is one that works.
                self.report(&handed.serves, Reached::Delivered, acts);
                self.ring_again(now, handed, BUSY_AGAIN_AFTER);
            }
            _ if handed.job.work.rings() => self.ring_again(now, handed, AGAIN_AFTER),
            _ if handed.job.tries + 1 < LETTER_TRIES && self.is_wanted(&handed.job.work) => {
                let tries = handed.job.tries + 1;
                self.push(Job { tries, not_before: now + AGAIN_AFTER, ..handed.job.clone() });
            }
            _ => self.give_up(&handed.serves, acts),
        }
    }

    /// The same call once more, if it has a try left and its alarm still wants somebody.
    fn ring_again(&mut self, now: Mono, handed: &Handed, after: Duration) {
        let tries = handed.job.tries + 1;
        if tries >= RING_TRIES {
            return;
        }
        for mark in handed.serves.iter().copied().filter(|mark| self.is_wanted(&Work::Ring(*mark))).collect::<Vec<_>>()
        {
            self.push(Job { work: Work::Ring(mark), tries, not_before: now + after, ..handed.job.clone() });
        }
    }

    /// Whether it is still to be done: its alarm is open, and wants it.
    fn is_wanted(&self, work: &Work) -> bool {
        let Some(mark) = work.mark() else { return true };
        self.alarms.get(&mark.alarm).is_some_and(|alarm| !is_pointless(work, alarm))
    }

    /// It will not arrive on this way; where another is still under way, that one may.
    fn give_up(&mut self, marks: &[Mark], acts: &mut Vec<Act>) {
        let hopeless = |queue: &Queue, mark: Mark| {
            let waits = queue.jobs.values().any(|job| job.work.mark() == Some(mark));
            !waits && !queue.handed.values().any(|handed| !handed.over && handed.serves.contains(&mark))
        };
        let over: Vec<Mark> = marks.iter().copied().filter(|mark| hopeless(self, *mark)).collect();
        self.report(&over, Reached::Nobody, acts);
    }

    fn report(&mut self, marks: &[Mark], reached: Reached, acts: &mut Vec<Act>) {
        for mark in marks {
            if reached >= Reached::Nobody {
                self.waits.remove(mark);
            }
            acts.push(Act::Tell(Input::Report(Report { alarm: mark.alarm, who: mark.who, reached })));
        }
    }

    /// What is on no telephone in time counts as no answer.
    pub(super) fn mind_deliveries(&mut self, now: Mono, acts: &mut Vec<Act>) {
        let late: Vec<Mark> = self.waits.iter().filter(|(_, due)| **due <= now).map(|(mark, _)| *mark).collect();
        self.report(&late, Reached::Nobody, acts);
    }

    /// A key during a call: it answers the alarm that the call tells of, and where it tells of several it is a bare answer.
    fn key(&mut self, now: Moment, ticket: Ticket, handed: &Handed, key: char, acts: &mut Vec<Act>) {
        let wish = match key {
            '1' => Wish::One,
            '2' => Wish::Two,
            _ => return,
        };
        let Some(by) = handed.serves.first().map(|mark| mark.who) else { return };
        let mut alarms: Vec<AlarmId> = handed.serves.iter().map(|mark| mark.alarm).collect();
        alarms.sort_unstable();
        alarms.dedup();
        let only = if let [only] = alarms[..] { self.alarms.get(&only) } else { None };
        let code = only.and_then(|alarm| alarm.told_to(by)).and_then(|told| told.code);
        // Station time never repeats, so neither does this, over a restart either.
        let Ok(id) = format!("k{}-{}", now.mono.0, ticket.0).parse() else { return };
        let reply = Reply {
            id: CommandId(id),
            by: Some(by),
            way: Way::Call,
            code,
            wish: Some(wish),
            door: None,
            sent: Some(now.wall),
        };
        acts.push(Act::Tell(Input::Reply(reply)));
    }

    /// A message came in: what it says is the station's to judge.
    pub(super) fn incoming(
        &self,
        channel: ChannelId,
        incoming: Incoming,
        directory: &dyn Directory,
        acts: &mut Vec<Act>,
    ) {
        let by_number = incoming.from.phone.as_ref().and_then(|phone| directory.who_has(phone));
        let by = incoming.from.responder.or(by_number);
        let way = if incoming.from.responder.is_some() { Way::Channel } else { Way::Text };
        let said = Said::read(incoming.text.reveal());
        let Some(id) = fingerprint(channel, &incoming) else { return };
        let code: Option<Code> = said.as_ref().and_then(|said| said.code);
        let door = said.as_ref().and_then(|said| said.door.as_ref());
        let door = door.zip(by).and_then(|(door, by)| directory.door_code(door, &self.homes_of(by, code)));
        let wish = said.map(|said| said.wish);
        let reply = Reply { id, by, way, code, wish, door, sent: incoming.sent };
        acts.push(Act::Tell(Input::Reply(reply)));
        if by.is_none() || wish.is_none() {
            acts.push(Act::Show(incoming));
        }
    }

    /// The homes of what somebody was told of, under a code or at all: in one of them they may stand.
    fn homes_of(&self, who: ResponderId, code: Option<Code>) -> Vec<HomeId> {
        let told = |alarm: &&Alarm| alarm.told_to(who).is_some_and(|told| code.is_none() || told.code == code);
        self.alarms.values().filter(told).filter_map(|alarm| alarm.home).collect()
    }
}

/// The same message, read twice, has the same id; and nothing of it can be read out of it.
fn fingerprint(channel: ChannelId, incoming: &Incoming) -> Option<CommandId> {
    let mut hash = Sha256::new();
    hash.update(channel.as_str());
    hash.update([0]);
    match (incoming.from.responder, &incoming.from.phone) {
        (Some(who), _) => hash.update(who.as_str()),
        (None, Some(phone)) => hash.update(phone.reveal()),
        (None, None) => {}
    }
    hash.update([0]);
    hash.update(incoming.sent.map_or(0, |sent| sent.0).to_le_bytes());
    hash.update(incoming.text.reveal());
    let first = hash.finalize().iter().take(8).fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
    format!("t{first:016x}").parse().ok().map(CommandId)
}
