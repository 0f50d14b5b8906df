//! Notices become jobs, and jobs that are pointless by now go away.

use super::job::{Class, Job, Mark, Work};
use super::{Act, Kind, Queue};
use crate::core::alarm::life_cycle::State;
use crate::core::alarm::told::{Code, Reached};
use crate::core::alarm::{Alarm, AlarmId};
use crate::core::answer::{Confirm, Way};
use crate::core::audience::{Audience, Because};
use crate::core::consent::Purpose;
use crate::core::effect::{Input, Notice, Question, Report};
use crate::core::id::{ChannelId, ResponderId};
use crate::core::time::Mono;
use crate::notify::directory::Directory;
use crate::notify::wording;
use crate::private::Private;

impl Queue {
    pub(super) fn take_alarm(&mut self, alarm: Alarm) {
        let id = alarm.id;
        if !alarm.is_open() {
            self.alarms.remove(&id);
            self.written.remove(&id);
            self.rung.remove(&id);
            self.marks.retain(|mark| mark.alarm != id);
            self.duty_told.retain(|(alarm, _)| *alarm != id);
            self.waits.retain(|mark, _| mark.alarm != id);
            // What became of somebody's answer is said all the same.
            self.jobs.retain(|_, job| {
                job.work.alarm() != Some(id) || matches!(job.work, Work::Words { .. } | Work::Number { .. })
            });
            return;
        }
        self.jobs.retain(|_, job| !is_pointless(&job.work, &alarm));
        self.waits.retain(|mark, _| !is_pointless(&Work::Letter(*mark), &alarm));
        self.alarms.insert(id, alarm);
    }

    pub(super) fn take_notice(&mut self, now: Mono, notice: &Notice, directory: &dyn Directory, acts: &mut Vec<Act>) {
        let Some(alarm) = self.alarms.get(&notice.alarm) else { return };
        let class = Class::of(alarm);
        let rung = if let Audience::Rung(rung) = notice.to { Some(rung) } else { None };
        let (id, round, because) = (notice.alarm, notice.round, notice.because);
        let mut group = None;
        for who in &notice.people {
            let mark = Mark { alarm: id, who: *who, rung, round, because };
            // A further press, and everybody's next turn, are told again, but not while the last one still is.
            let repeats = matches!(because, Because::Again | Because::Unanswered);
            if !self.marks.insert(mark) && (!repeats || self.is_under_way(mark)) {
                continue;
            }
            group = group.or(Some(mark));
            let before = self.jobs.len();
            self.queue_for(mark, class, notice.rings, now, directory);
            if self.jobs.len() == before && self.reaches_people() {
                // There is no way to them: the ladder need not wait for an answer.
                acts.push(Act::Tell(Input::Report(Report { alarm: id, who: *who, reached: Reached::Nobody })));
            }
        }
        if notice.to == Audience::Everyone {
            let alarm = self.alarms.get(&id);
            let told = alarm.map(|alarm| wording::for_others(alarm, because, Purpose::County, directory));
            if let Some(text) = told {
                self.tell_duty(now, id, round, text);
            }
        }
        if let Some(mark) = group.filter(|mark| is_a_call_to_come(mark.because)) {
            let groups: Vec<ChannelId> = self.of_kind(Kind::Group).collect();
            for channel in groups {
                self.push(Job { class, channel, work: Work::Group(mark), not_before: now, tries: 0 });
            }
        }
    }

    fn queue_for(&mut self, mark: Mark, class: Class, rings: bool, now: Mono, directory: &dyn Directory) {
        let job = |channel, work| Job { class, channel, work, not_before: now, tries: 0 };
        let modem = self.of_kind(Kind::Modem).next().filter(|_| directory.phone(mark.who).is_some());
        if let Some(modem) = modem {
            self.push(job(modem, Work::Letter(mark)));
            if rings {
                self.push(job(modem, Work::Ring(mark)));
            }
        }
        let personal: Vec<ChannelId> = self.of_kind(Kind::Personal).collect();
        for channel in personal {
            self.push(job(channel, Work::Letter(mark)));
        }
    }

    /// Whether there is any way to single people. A village without one looks at its screen, for as long as each rung has.
    fn reaches_people(&self) -> bool {
        self.channels.values().any(|channel| channel.kind != Kind::Group)
    }

    /// Whether the same notice waits, or is being told.
    fn is_under_way(&self, mark: Mark) -> bool {
        let waits = self.jobs.values().any(|job| job.work.mark() == Some(mark));
        waits || self.handed.values().any(|handed| !handed.over && handed.serves.contains(&mark))
    }

    pub(super) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = ChannelId> + use<> {
        let channels: Vec<ChannelId> =
            self.channels.iter().filter(|(_, channel)| channel.kind == kind).map(|(id, _)| *id).collect();
        channels.into_iter()
    }

    /// Whoever answered is told in words what became of it, on the way on which they answered.
    pub(super) fn take_confirm(&mut self, now: Mono, confirm: &Confirm, directory: &dyn Directory) {
        let alarm = confirm.alarm.and_then(|id| self.alarms.get(&id));
        let class = alarm.map_or(Class::Person, Class::of);
        let text = wording::confirmation(confirm, directory);
        self.write_to(confirm.to, confirm.way, confirm.alarm, text, class, now, directory);
    }

    pub(super) fn take_digest(
        &mut self,
        now: Mono,
        faults: &[AlarmId],
        people: &[ResponderId],
        directory: &dyn Directory,
    ) {
        let text = wording::digest(faults, directory);
        for who in people {
            self.write_to(*who, Way::Text, None, text.clone(), Class::Fault, now, directory);
            let proven = directory.is_proven(*who);
            let known = faults.iter().filter_map(|fault| self.alarms.get(fault));
            let details: Vec<Private<String>> =
                known.filter_map(|fault| wording::detail(fault, proven, directory)).collect();
            for detail in details {
                self.write_to(*who, Way::Text, None, detail, Class::Fault, now, directory);
            }
        }
    }

    /// A question stands behind everything that is an alarm.
    pub(super) fn take_question(
        &mut self,
        now: Mono,
        who: ResponderId,
        code: Code,
        about: Question,
        directory: &dyn Directory,
    ) {
        let text = match about {
            Question::RollCall => wording::roll_call(code, directory),
            Question::AbsenceEnds(resident) => wording::absence(who, code, resident, true, directory),
            Question::CameBack(resident) => wording::absence(who, code, resident, false, directory),
        };
        self.write_to(who, Way::Text, None, text, Class::Drill, now, directory);
    }

    /// A code proves a telephone only where it went to that telephone, so no other channel carries it.
    pub(super) fn take_proof(&mut self, now: Mono, phone: Private<String>, text: Private<String>) {
        if let Some(channel) = self.of_kind(Kind::Modem).next() {
            let work = Work::Number { to: phone, about: None, text };
            self.push(Job { class: Class::Drill, channel, work, not_before: now, tries: 0 });
        }
    }

    #[expect(clippy::too_many_arguments, reason = "each is a part of the job")]
    fn write_to(
        &mut self,
        to: ResponderId,
        way: Way,
        about: Option<AlarmId>,
        text: Private<String>,
        class: Class,
        now: Mono,
        directory: &dyn Directory,
    ) {
        let has_phone = directory.phone(to).is_some();
        let (modem, personal) = (self.of_kind(Kind::Modem).next(), self.of_kind(Kind::Personal).next());
        let channel = match way {
            Way::Channel => personal.or(modem),
            Way::Text | Way::Call => modem.filter(|_| has_phone).or(personal),
        };
        if let Some(channel) = channel {
            let work = Work::Words { to, about, text };
            self.push(Job { class, channel, work, not_before: now, tries: 0 });
        }
    }
}

/// Whether work asks somebody to come although somebody goes. Whoever goes still gets the letter, which says where, and is not called
/// for it: the modem is wanted for others. The county's duty is not rung either; what it was written stands.
pub(super) fn is_pointless(work: &Work, alarm: &Alarm) -> bool {
    let (State::Accepted { by, .. } | State::OnSite { by, .. }) = alarm.state else { return false };
    match work {
        Work::RingNumber { about, .. } => *about == alarm.id,
        _ => work.mark().is_some_and(|mark| {
            mark.alarm == alarm.id && is_a_call_to_come(mark.because) && (work.rings() || mark.who != by)
        }),
    }
}

/// Whether a notice asks somebody to go, so that nobody else need get it once somebody does.
const fn is_a_call_to_come(because: Because) -> bool {
    matches!(
        because,
        Because::Raised
            | Because::NotAccepted
            | Because::Unanswered
            | Because::Restart
            | Because::Withdrawn
            | Because::NotAnEnding
    )
}
