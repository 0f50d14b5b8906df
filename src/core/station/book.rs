//! The book of alarms: the open ones, and those closed lately. Every change makes a new record, and nothing else does.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::{Identity, Station, Timer};
use crate::core::alarm::life_cycle::{Among, State, Step, Trigger};
use crate::core::alarm::{Alarm, AlarmId, Clocks, Evidence, Note, NoteKind, Reason, Subject};
use crate::core::audience::{Audience, Because};
use crate::core::condition::{CRITERION, Condition, Priority};
use crate::core::effect::{Effect, Notice};
use crate::core::id::DeviceId;
use crate::core::refusal::Refusal;
use crate::core::roster::Device;
use crate::core::time::{Moment, Mono};
use crate::limits;

/// Onsets that follow an onset within this time and change nothing are counted, and neither recorded nor rung again by
/// themselves: the telephones still ring. judgement: a third of the 30 s that a telephone rings at least; without this a
/// stuck button writes 10 MB an hour, and in two days the village's history is pushed out of the log.
const STILL_RINGING: Duration = Duration::from_secs(10);

/// Open alarms by id and by cause, and the newest closed ones.
#[derive(Debug, Default)]
pub struct Book {
    open: BTreeMap<AlarmId, Alarm>,
    by_cause: BTreeMap<(Subject, Condition, bool), AlarmId>,
    closed: VecDeque<Alarm>,
    /// When an open alarm's newest repeated onset was recorded.
    repeated: BTreeMap<AlarmId, Mono>,
}

impl Book {
    /// Open alarms, oldest first.
    pub fn open(&self) -> impl Iterator<Item = &Alarm> {
        self.open.values()
    }

    /// Closed alarms, oldest first.
    pub fn closed(&self) -> impl Iterator<Item = &Alarm> {
        self.closed.iter()
    }

    /// An alarm by id.
    #[must_use]
    pub fn get(&self, id: AlarmId) -> Option<&Alarm> {
        self.open.get(&id).or_else(|| self.closed.iter().find(|alarm| alarm.id == id))
    }

    /// Whether that condition of that subject is open, drills apart.
    #[must_use]
    pub fn is_open(&self, subject: Subject, condition: Condition) -> bool {
        self.by_cause.contains_key(&(subject, condition, false))
    }

    pub(super) fn open_id(&self, subject: Subject, condition: Condition, drill: bool) -> Option<AlarmId> {
        self.by_cause.get(&(subject, condition, drill)).copied()
    }

    /// When an open alarm's condition was last found.
    pub(super) fn newest_evidence(&self, subject: Subject, condition: Condition) -> Option<Mono> {
        let alarm = self.open_id(subject, condition, false).and_then(|id| self.open.get(&id))?;
        alarm.evidence.last().map(|evidence| evidence.at.mono)
    }

    pub(super) fn stamp_committed(&mut self, id: AlarmId, at: Moment) {
        if let Some(alarm) = self.find_mut(id) {
            alarm.clocks.committed.get_or_insert(at);
        }
    }

    pub(super) fn mark_undurable(&mut self, id: AlarmId) {
        if let Some(alarm) = self.find_mut(id) {
            alarm.durable = false;
        }
    }

    /// Puts an alarm where its state says.
    pub(super) fn put(&mut self, alarm: Alarm) {
        let cause = (alarm.id.subject, alarm.id.condition, alarm.id.drill);
        if alarm.is_open() {
            self.by_cause.insert(cause, alarm.id);
            self.open.insert(alarm.id, alarm);
            return;
        }
        self.open.remove(&alarm.id);
        self.repeated.remove(&alarm.id);
        if self.by_cause.get(&cause) == Some(&alarm.id) {
            self.by_cause.remove(&cause);
        }
        // How far a notice had come is told of a closed alarm too: its newer record takes the place of the older one.
        if let Some(known) = self.closed.iter_mut().find(|known| known.id == alarm.id) {
            *known = alarm;
            return;
        }
        if self.closed.len() == limits::CLOSED_ALARMS_MAX {
            self.closed.pop_front();
        }
        self.closed.push_back(alarm);
    }

    /// Puts an alarm back whose record did not change.
    pub(super) fn put_back(&mut self, alarm: Alarm) {
        if let Some(known) = self.find_mut(alarm.id) {
            *known = alarm;
        }
    }

    fn find_mut(&mut self, id: AlarmId) -> Option<&mut Alarm> {
        match self.open.get_mut(&id) {
            Some(alarm) => Some(alarm),
            None => self.closed.iter_mut().rev().find(|alarm| alarm.id == id),
        }
    }
}

impl Station {
    /// The condition began, or was found again: a second onset joins the open alarm and rings again.
    #[expect(
        clippy::too_many_arguments,
        reason = "each is a field of the alarm to be made; a struct would only repeat it"
    )]
    pub(super) fn onset(
        &mut self,
        now: Moment,
        subject: Subject,
        condition: Condition,
        device: Option<&Device>,
        behind: &[DeviceId],
        evidence: Evidence,
        drill: bool,
        effects: &mut Vec<Effect>,
    ) {
        if let Some(id) = self.book.open_id(subject, condition, drill) {
            self.joined(now, id, evidence, effects);
            return;
        }
        let rule = condition.rule();
        let id = self.fresh_id(now, subject, condition, drill);
        let resident = match subject {
            Subject::Resident(id) => self.roster.residents.get(&id),
            _ => None,
        };
        let window = if drill { None } else { rule.window(resident.is_some_and(|resident| resident.prompt)) };
        let home = device.and_then(|device| device.home).or_else(|| resident.map(|resident| resident.home));
        let test_by = if drill { None } else { self.take_test(now.mono, home, rule) };
        let (homes, left) = self.extent(now, condition);
        let mut alarm = Alarm {
            id,
            rev: 0,
            state: State::PreAlarm { until: now.mono },
            priority: rule.priority,
            device: device.map(|device| device.id),
            home,
            room: device.and_then(|device| device.room),
            clocks: Clocks { occurred: Some(evidence.at), detected: Some(now), ..Clocks::default() },
            onsets: 1,
            cleared: None,
            evidence: vec![evidence],
            notes: Vec::new(),
            behind: behind.iter().copied().take(limits::BEHIND_MAX).collect(),
            homes,
            left,
            criterion: CRITERION,
            durable: true,
            visit_due: false,
            incident: None,
            told: Vec::new(),
            ambulance: None,
            muted_until: None,
            test_by,
            away: if drill { None } else { self.away_of(now, subject, condition, device) },
            arrival: None,
            door_tries: Vec::new(),
        };
        alarm.incident = self.incident_of(&alarm);
        let ladder = self.ladder_now(now, &alarm);
        let among = Among { rule, priority: rule.priority, ladder: &ladder };
        let mut step = State::found(&among, window, now.mono);
        if test_by.is_some() {
            step.calls.iter_mut().for_each(|call| call.because = Because::Test);
        }
        if self.is_told_at_once(&alarm) {
            step = step.and_call(Audience::Desk, Because::Fault);
        }
        self.record(now, alarm, step, effects);
        if !rule.about_person {
            self.mind_the_digest(now);
        }
    }

    /// The incident that an alarm joins: what is open in the same home, or the fault of the way on which its device is heard.
    /// It groups the picture; each alarm about a person keeps its own ladder (CARE-RULES 8).
    fn incident_of(&self, alarm: &Alarm) -> Option<AlarmId> {
        let same_home = |other: &Alarm| alarm.home.is_some() && other.home == alarm.home;
        let behind = |other: &Alarm| alarm.device.is_some_and(|device| other.behind.contains(&device));
        let mut open = self.book.open().filter(|other| other.id.drill == alarm.id.drill);
        open.find(|other| same_home(other) || behind(other)).map(Alarm::incident_id)
    }

    /// The inputs of a turn share one moment, so a cause may end and begin again in it; the second time is another alarm.
    fn fresh_id(&self, now: Moment, subject: Subject, condition: Condition, drill: bool) -> AlarmId {
        let Identity { station, epoch } = self.identity;
        let mut id = AlarmId { onset: now.mono, subject, condition, drill, station, epoch };
        while self.book.get(id).is_some() {
            id.onset = id.onset + Duration::from_millis(1);
        }
        id
    }

    fn joined(&mut self, now: Moment, id: AlarmId, evidence: Evidence, effects: &mut Vec<Effect>) {
        let Some(alarm) = self.book.open.get(&id) else { return };
        let mut alarm = alarm.clone();
        alarm.onsets = alarm.onsets.saturating_add(1);
        alarm.cleared = None;
        keep_evidence(&mut alarm, evidence);
        let step = if alarm.test_by.is_some() {
            self.take_seriously(now, &mut alarm)
        } else {
            self.try_step(&alarm, now, Trigger::Again).unwrap_or_else(|_| unmoved(&alarm))
        };
        let rings = self.book.repeated.get(&id).is_some_and(|last| now.mono.since(*last) < STILL_RINGING);
        if rings && step.state == alarm.state {
            // The next record carries it: every open alarm about a person has one due.
            self.book.put(alarm);
            return;
        }
        self.book.repeated.insert(id, now.mono);
        self.record(now, alarm, step, effects);
    }

    /// A cancel ends the window; after that it is a note, and the alarm stays (CARE-RULES 13).
    pub(super) fn cancel(
        &mut self,
        now: Moment,
        subject: Subject,
        condition: Condition,
        evidence: Evidence,
        effects: &mut Vec<Effect>,
    ) {
        let Some(alarm) = self.open_alarm(subject, condition) else { return };
        let mut alarm = alarm.clone();
        keep_evidence(&mut alarm, evidence);
        if let Ok(step) = self.try_step(&alarm, now, Trigger::Cancel) {
            self.settle(now, alarm, step, effects);
        }
    }

    /// The condition went away: noted where it latches, the end of the alarm where it does not.
    pub(super) fn cleared(
        &mut self,
        now: Moment,
        subject: Subject,
        condition: Condition,
        evidence: Evidence,
        effects: &mut Vec<Effect>,
    ) {
        let Some(alarm) = self.open_alarm(subject, condition) else { return };
        let mut alarm = alarm.clone();
        alarm.cleared.get_or_insert(now);
        keep_evidence(&mut alarm, evidence);
        if let Ok(step) = self.try_step(&alarm, now, Trigger::Cleared) {
            self.settle(now, alarm, step, effects);
        }
    }

    /// Keeps evidence with the open alarm, if there is one.
    pub(super) fn noted(
        &mut self,
        now: Moment,
        subject: Subject,
        condition: Condition,
        evidence: Evidence,
        effects: &mut Vec<Effect>,
    ) {
        let Some(alarm) = self.open_alarm(subject, condition) else { return };
        let mut alarm = alarm.clone();
        keep_evidence(&mut alarm, evidence);
        let step = unmoved(&alarm);
        self.record(now, alarm, step, effects);
    }

    pub(super) fn alarm_due(&mut self, now: Moment, id: AlarmId, effects: &mut Vec<Effect>) {
        let Some(alarm) = self.book.open.get(&id) else { return };
        let before = alarm.state;
        if alarm.test_by.is_some() {
            let mut alarm = alarm.clone();
            let step = self.take_seriously(now, &mut alarm);
            self.record(now, alarm, step, effects);
            return;
        }
        let Ok(step) = self.try_step(alarm, now, Trigger::Due) else { return };
        let alarm = alarm.clone();
        if step.state == before && step.calls.is_empty() {
            let deadline = self.deadline_of(&alarm);
            self.timers.set(Timer::Alarm(id), deadline);
        } else {
            self.record(now, alarm, step, effects);
        }
    }

    /// What a trigger would do to the alarm.
    pub(super) fn try_step(&self, alarm: &Alarm, now: Moment, trigger: Trigger) -> Result<Step, Refusal> {
        let ladder = self.ladder_now(now, alarm);
        let among = Among { rule: alarm.id.condition.rule(), priority: alarm.priority, ladder: &ladder };
        alarm.state.step(now.mono, trigger, &among)
    }

    /// Records a step and stamps the clocks that its new state starts.
    pub(super) fn settle(&mut self, now: Moment, mut alarm: Alarm, step: Step, effects: &mut Vec<Effect>) {
        match step.state {
            State::Accepted { .. } => {
                alarm.clocks.accepted.get_or_insert(now);
            }
            State::OnSite { .. } => {
                alarm.clocks.on_site.get_or_insert(now);
            }
            State::Closed { unverified, .. } => {
                alarm.clocks.closed.get_or_insert(now);
                alarm.visit_due = unverified;
            }
            State::PreAlarm { .. } | State::Raised { .. } => {}
        }
        if let Some(kind) = step.note {
            keep_note(&mut alarm, Note { at: now, by: None, kind, text: String::new() });
        }
        if step.more_urgent {
            alarm.priority = more_urgent(alarm.priority);
        }
        let told = self.visit_told_by(&alarm, &step.state);
        self.record(now, alarm, step, effects);
        if let Some((residents, told)) = told {
            self.take_visit_told(now, &residents, told, effects);
        }
    }

    /// The one place where an alarm changes: a new revision, its deadline, its record, its calls.
    pub(super) fn record(&mut self, now: Moment, mut alarm: Alarm, step: Step, effects: &mut Vec<Effect>) {
        alarm.rev += 1;
        // Each record says of itself whether the log took it in time.
        alarm.durable = true;
        alarm.state = step.state;
        self.timers.set(Timer::Alarm(alarm.id), self.deadline_of(&alarm));
        let calls = if self.is_over(&alarm) { Vec::new() } else { step.calls };
        // Who is told stands in the record: their codes are on disk before anybody can answer by them.
        let notices: Vec<Notice> =
            calls.into_iter().filter_map(|call| self.notice(now, &mut alarm, call.to, call.because)).collect();
        effects.push(Effect::Commit(Box::new(alarm.clone())));
        self.book.put(alarm);
        effects.extend(notices.into_iter().map(Effect::Notify));
    }

    pub(super) fn open_alarm(&self, subject: Subject, condition: Condition) -> Option<&Alarm> {
        self.book.open_id(subject, condition, false).and_then(|id| self.book.open.get(&id))
    }
}

/// A step that stays where it is.
pub(super) fn unmoved(alarm: &Alarm) -> Step {
    Step { state: alarm.state, calls: Vec::new(), note: None, more_urgent: false }
}

/// Adds a note. At the limit one of less weight makes room, oldest first; there is always room for what an ending rests on.
pub(super) fn keep_note(alarm: &mut Alarm, note: Note) -> bool {
    if alarm.notes.len() >= limits::NOTES_MAX {
        let weight = weight(note.kind);
        let lighter = alarm.notes.iter().position(|known| self::weight(known.kind) < weight);
        let Some(place) = lighter.or((weight == GRAVE).then_some(limits::NOTES_MAX / 2)) else { return false };
        alarm.notes.remove(place);
    }
    alarm.notes.push(note);
    true
}

/// The weight of what people said of how it ended.
const GRAVE: u8 = 2;

/// What others can repeat without end must not push out what people of the village write.
const fn weight(kind: NoteKind) -> u8 {
    match kind {
        NoteKind::CountyAcknowledged | NoteKind::CountyCloseRefused | NoteKind::SaysAllWell | NoteKind::Muted => 0,
        NoteKind::Remark | NoteKind::Answered | NoteKind::WrongDoorCode => 1,
        NoteKind::Conversation | NoteKind::NotAnEnding => GRAVE,
    }
}

/// A note's words, cut at a sign within the limit.
pub(super) fn bounded(text: &str) -> String {
    if text.len() <= limits::NOTE_BYTES_MAX {
        return text.to_owned();
    }
    let mut end = limits::NOTE_BYTES_MAX - '…'.len_utf8();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &text[..end])
}

/// The first half of the evidence says how it began and is kept; of the rest the newest are.
fn keep_evidence(alarm: &mut Alarm, evidence: Evidence) {
    if alarm.evidence.len() >= limits::EVIDENCE_MAX {
        alarm.evidence.remove(limits::EVIDENCE_MAX / 2);
    }
    alarm.evidence.push(evidence);
}

const fn more_urgent(priority: Priority) -> Priority {
    match priority {
        Priority::Technical => Priority::Technical,
        Priority::Low => Priority::Medium,
        Priority::Medium | Priority::High => Priority::High,
    }
}

/// A drill's evidence.
pub(super) fn drill_evidence(now: Moment) -> Evidence {
    Evidence { at: now, device: None, said: None, reason: Reason::Drill }
}
