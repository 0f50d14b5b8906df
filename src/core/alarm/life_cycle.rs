//! The life of an alarm: one function from state and trigger to state.
//!
//! ```text
//!  found ──▶ PreAlarm ──window over──▶ Raised ◀──lease over, withdrawn,──┐
//!    │          │                       │  ▲     not an ending           │
//!    │          │ cancelled             │  └─ due: next rung             │
//!    │          ▼ in time        accept ▼                                │
//!    │       Closed                 Accepted ──on site──▶ OnSite ────────┤
//!    └─ no window ──▶ Raised            │                   │            │
//!                                       └──close──▶ Closed ◀┘ ───────────┘
//! ```
//!
//! The full table of states × triggers is kept as a reviewed snapshot in `tests/life_cycle.table`; the chart above
//! is for orientation, the table is the truth.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Disposition;
use super::NoteKind;
pub use super::ladder::{Call, Climb};
use crate::core::audience::{Audience, Because};
use crate::core::condition::{Priority, Rule};
use crate::core::id::ResponderId;
use crate::core::refusal::Refusal;
use crate::core::roster::Ladder;
use crate::core::time::Mono;

/// An acceptance is believed for the travel time and this much more. Source: CARE-RULES 6.
pub const LEASE_BEYOND_TRAVEL: Duration = Duration::from_mins(5);
/// The person on site is asked again after this. Source: CARE-RULES 6.
pub const ON_SITE_ASK: Duration = Duration::from_mins(20);
/// The ladder re-opens after this on site. Source: CARE-RULES 6.
pub const ON_SITE_REOPEN: Duration = Duration::from_mins(40);
/// After a new press, how long the acceptor has to reply before the next rung is called. Source: CARE-RULES 7.
pub const PRESSED_AGAIN_REPLY: Duration = Duration::from_mins(1);
/// After a stop of unknown length a lease is worth this much. Source: CARE-RULES 23.
pub const LEASE_AFTER_RESTART: Duration = Duration::from_mins(5);
/// The clock of a fault with an owner. Source: ARCHITECTURE, supervision.
pub const FAULT_CLOCK: Duration = Duration::from_hours(2);

/// Where an alarm stands. Each state owns only what is true in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum State {
    /// The person is asked first; raised at `until` unless cancelled.
    PreAlarm {
        /// End of the window.
        until: Mono,
    },
    /// Climbing the ladder.
    Raised {
        /// How far.
        climb: Climb,
    },
    /// A named local person goes: a lease, because silence is not an outcome.
    Accepted {
        /// Who.
        by: ResponderId,
        /// End of the lease.
        until: Mono,
        /// When the acceptor is asked "到了吗?"; none once asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ask: Option<Mono>,
        /// After a new press: when the next rung is called if nobody has replied (CARE-RULES 7).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pressed_again: Option<Mono>,
        /// Where the ladder stood.
        climb: Climb,
    },
    /// Somebody is there: a lease too.
    OnSite {
        /// Who.
        by: ResponderId,
        /// When the ladder re-opens.
        until: Mono,
        /// When they are asked; none once asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ask: Option<Mono>,
        /// Where the ladder stood.
        climb: Climb,
    },
    /// It ended.
    Closed {
        /// Who closed it; none for the machine and the county.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<ResponderId>,
        /// How.
        disposition: Disposition,
        /// Nobody was there to see (CARE-RULES 15).
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unverified: bool,
    },
}

/// What can happen to an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// A deadline of the state was reached.
    Due,
    /// The condition was found again: a second press, a worse hazard.
    Again,
    /// A cancel that CARE-RULES 13 and 14 allow for this condition.
    Cancel,
    /// The condition went away by itself.
    Cleared,
    /// The station starts again after a stop of unknown length (CARE-RULES 23).
    Restart,
    /// A named local person goes.
    Accept {
        /// Who.
        by: ResponderId,
        /// Minutes on the way.
        travel_min: u16,
    },
    /// Nobody is to be hoped for on the newest rung, or one of it is busy: the next rung is due at once.
    RungOut,
    /// The holder cannot go after all.
    Withdraw {
        /// Who.
        by: ResponderId,
    },
    /// Somebody has arrived.
    OnSite {
        /// Who.
        by: ResponderId,
    },
    /// A fault has an owner.
    Acknowledge {
        /// Who.
        by: ResponderId,
    },
    /// It ended, or did not.
    Close {
        /// The local person who says so; none for the county.
        by: Option<ResponderId>,
        /// How.
        disposition: Disposition,
        /// There was a named conversation with the resident.
        conversation: bool,
    },
}

/// What the alarm is among: its row of table D, and the people to call.
#[derive(Debug, Clone, Copy)]
pub struct Among<'a> {
    /// Row of table D.
    pub rule: &'a Rule,
    /// Priority at this moment.
    pub priority: Priority,
    /// Whom to call.
    pub ladder: &'a Ladder,
}

/// Where a trigger leads.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Step {
    /// The state after it.
    pub state: State,
    /// Whom to call.
    pub calls: Vec<Call>,
    /// What to note.
    pub note: Option<NoteKind>,
    /// CARE-RULES 15: what could not be ended becomes more urgent.
    pub more_urgent: bool,
}

impl Step {
    fn to(state: State) -> Step {
        Step { state, calls: Vec::new(), note: None, more_urgent: false }
    }

    fn calling(mut self, to: Audience, because: Because) -> Step {
        self.calls.push(Call { to, because });
        self
    }

    /// The same, and somebody is told besides.
    pub(in crate::core) fn and_call(self, to: Audience, because: Because) -> Step {
        self.calling(to, because)
    }

    fn noting(mut self, note: NoteKind) -> Step {
        self.note = Some(note);
        self
    }
}

impl State {
    /// The state of an alarm that was just found: asked first, or raised at once.
    pub fn found(among: &Among<'_>, window: Option<Duration>, now: Mono) -> Step {
        match window {
            Some(window) => Step::to(State::PreAlarm { until: now + window }),
            None => raise(among, now, Because::Raised),
        }
    }

    /// The state's word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            State::PreAlarm { .. } => "pre_alarm",
            State::Raised { .. } => "raised",
            State::Accepted { .. } => "accepted",
            State::OnSite { .. } => "on_site",
            State::Closed { .. } => "closed",
        }
    }

    /// When [`Trigger::Due`] is wanted; none when the state waits for nothing.
    #[must_use]
    pub fn deadline(&self) -> Option<Mono> {
        match *self {
            State::PreAlarm { until } => Some(until),
            State::Raised { climb } => climb.next,
            State::Accepted { until, ask, pressed_again, .. } => earliest([Some(until), ask, pressed_again]),
            State::OnSite { until, ask, .. } => earliest([Some(until), ask, None]),
            State::Closed { .. } => None,
        }
    }

    /// The ladder's round, for the ids of notices.
    #[must_use]
    pub const fn round(&self) -> u8 {
        match self {
            State::Raised { climb } | State::Accepted { climb, .. } | State::OnSite { climb, .. } => climb.round,
            State::PreAlarm { .. } | State::Closed { .. } => 0,
        }
    }

    /// Takes the alarm one step. Never panics.
    ///
    /// # Errors
    /// A [`Refusal`] when the trigger means nothing here or is not allowed; the state stands.
    pub fn step(self, now: Mono, trigger: Trigger, among: &Among<'_>) -> Result<Step, Refusal> {
        match self {
            State::PreAlarm { until } => pre_alarm(self, until, now, trigger, among),
            State::Raised { climb } => raised(self, climb, now, trigger, among),
            State::Accepted { by, climb, .. } => accepted(self, by, climb, now, trigger, among),
            State::OnSite { by, climb, .. } => on_site(self, by, climb, now, trigger, among),
            State::Closed { .. } => match trigger {
                Trigger::Due | Trigger::Restart => Ok(Step::to(self)),
                _ => Err(Refusal::AlreadyClosed),
            },
        }
    }
}

fn pre_alarm(state: State, until: Mono, now: Mono, trigger: Trigger, among: &Among<'_>) -> Result<Step, Refusal> {
    match trigger {
        Trigger::Due if now >= until => Ok(raise(among, now, Because::Raised)),
        Trigger::Due | Trigger::Again | Trigger::Cleared | Trigger::RungOut => Ok(Step::to(state)),
        // The window counts as over: nobody knows how long the person has been waiting.
        Trigger::Restart => Ok(raise(among, now, Because::Restart)),
        Trigger::Cancel => Ok(Step::to(closed(None, Disposition::Cancelled))),
        Trigger::Accept { by, travel_min } => Ok(accept(by, travel_min, Climb::none(now), now, among)),
        Trigger::OnSite { by } => Ok(Step::to(arrive(by, Climb::none(now), now))),
        Trigger::Withdraw { .. } => Err(Refusal::NotNow),
        Trigger::Acknowledge { .. } => acknowledge_refused(among),
        Trigger::Close { by, disposition, conversation } => {
            let ending = ending(by, disposition, conversation, Presence::Nobody, among)?;
            Ok(ending.map_or_else(|| raise(among, now, Because::NotAnEnding), Step::to))
        }
    }
}

fn raised(state: State, climb: Climb, now: Mono, trigger: Trigger, among: &Among<'_>) -> Result<Step, Refusal> {
    match trigger {
        Trigger::Due if climb.next.is_some_and(|due| now >= due) => {
            Ok(climb_on(climb, now, climb.reason_to_climb(), among))
        }
        // Once everyone is called they are called again in their time, and not sooner because one of them is busy.
        Trigger::RungOut if climb.unanswered.is_none() => Ok(climb_on(climb, now, Because::NotAccepted, among)),
        Trigger::Due | Trigger::RungOut => Ok(Step::to(state)),
        Trigger::Again => Ok(ring(state, among, Because::Again)),
        Trigger::Restart => Ok(ring(due_at_once(climb, now, among), among, Because::Restart)),
        Trigger::Cancel => Ok(Step::to(state).noting(NoteKind::SaysAllWell)),
        Trigger::Cleared => Ok(cleared(state, among)),
        Trigger::Accept { by, travel_min } => Ok(accept(by, travel_min, climb, now, among)),
        Trigger::OnSite { by } => Ok(Step::to(arrive(by, climb, now))),
        Trigger::Withdraw { .. } => Err(Refusal::NotNow),
        Trigger::Acknowledge { by } => acknowledge(by, climb, now, among),
        Trigger::Close { by, disposition, conversation } => {
            close(by, disposition, conversation, Presence::Nobody, climb, now, among)
        }
    }
}

fn accepted(
    state: State,
    holder: ResponderId,
    climb: Climb,
    now: Mono,
    trigger: Trigger,
    among: &Among<'_>,
) -> Result<Step, Refusal> {
    match trigger {
        Trigger::Due => Ok(lease_due(state, holder, climb, now, among)),
        Trigger::RungOut => Ok(Step::to(state)),
        Trigger::Again => Ok(pressed_again(state, holder, now, among)),
        Trigger::Restart => Ok(shorten(state, holder, now)),
        Trigger::Cancel => Ok(Step::to(state).noting(NoteKind::SaysAllWell)),
        Trigger::Cleared => Ok(cleared(state, among)),
        // Saying it again renews the lease; it is also the reply that CARE-RULES 7 waits for.
        Trigger::Accept { by, travel_min } if by == holder => Ok(accept(by, travel_min, climb, now, among)),
        Trigger::Withdraw { by } if by == holder => {
            Ok(climb_past(holder, climb.anew(now), now, Because::Withdrawn, among))
        }
        Trigger::Accept { .. } | Trigger::Withdraw { .. } => Err(Refusal::HeldByAnother),
        // Whoever is there is there, also when somebody else had accepted.
        Trigger::OnSite { by } => Ok(Step::to(arrive(by, climb, now))),
        Trigger::Acknowledge { by } => acknowledge(by, climb, now, among),
        Trigger::Close { by, disposition, conversation } => {
            close(by, disposition, conversation, Presence::OnTheWay, climb, now, among)
        }
    }
}

fn on_site(
    state: State,
    holder: ResponderId,
    climb: Climb,
    now: Mono,
    trigger: Trigger,
    among: &Among<'_>,
) -> Result<Step, Refusal> {
    match trigger {
        Trigger::Due => Ok(lease_due(state, holder, climb, now, among)),
        Trigger::RungOut => Ok(Step::to(state)),
        Trigger::Again => Ok(Step::to(state).calling(Audience::Acceptor(holder), Because::Again)),
        Trigger::Restart => Ok(shorten(state, holder, now)),
        Trigger::Cancel => Ok(Step::to(state).noting(NoteKind::SaysAllWell)),
        Trigger::Cleared => Ok(cleared(state, among)),
        Trigger::Accept { by, .. } | Trigger::OnSite { by } if by == holder => Ok(Step::to(arrive(by, climb, now))),
        Trigger::OnSite { by } => Ok(Step::to(arrive(by, climb, now))),
        Trigger::Withdraw { by } if by == holder => {
            Ok(climb_past(holder, climb.anew(now), now, Because::Withdrawn, among))
        }
        Trigger::Accept { .. } | Trigger::Withdraw { .. } => Err(Refusal::HeldByAnother),
        Trigger::Acknowledge { .. } => acknowledge_refused(among),
        Trigger::Close { by, disposition, conversation } => {
            close(by, disposition, conversation, Presence::OnSite, climb, now, among)
        }
    }
}

fn raise(among: &Among<'_>, now: Mono, because: Because) -> Step {
    if !among.rule.about_person {
        return Step::to(State::Raised { climb: Climb::none(now) });
    }
    let (climb, to) = Climb::begin(among.ladder, now);
    Step::to(State::Raised { climb }).calling(to, because)
}

/// The next rung in addition to all that were called, whatever the state was.
fn climb_on(climb: Climb, now: Mono, because: Because, among: &Among<'_>) -> Step {
    if !among.rule.about_person {
        return Step::to(State::Raised { climb: Climb::none(now) });
    }
    let (climb, to) = climb.up(among.ladder, now);
    let because = if climb.unanswered.is_some() { Because::Unanswered } else { because };
    Step::to(State::Raised { climb }).calling(to, because)
}

/// The next rung on which somebody else stands: whoever has just let go of it, or did not come, is not who is called in addition
/// (CARE-RULES 6).
fn climb_past(before: ResponderId, climb: Climb, now: Mono, because: Because, among: &Among<'_>) -> Step {
    let ladder = among.ladder.besides(before);
    climb_on(climb, now, because, &Among { rule: among.rule, priority: among.priority, ladder: &ladder })
}

/// The rung that was called last is called again, and the ladder goes on as it would have.
fn ring(state: State, among: &Among<'_>, because: Because) -> Step {
    let State::Raised { climb } = state else { return Step::to(state) };
    if !among.rule.about_person {
        return Step::to(state);
    }
    Step::to(state).calling(climb.newest(among.ladder), because)
}

/// Nobody knows how long the stop was, so the next rung counts as due.
fn due_at_once(climb: Climb, now: Mono, among: &Among<'_>) -> State {
    let next = if among.rule.about_person { Some(now) } else { climb.next };
    State::Raised { climb: Climb { next, ..climb } }
}

fn accept(by: ResponderId, travel_min: u16, climb: Climb, now: Mono, among: &Among<'_>) -> Step {
    let shortest = Duration::from_secs(u64::from(among.rule.lease_min_s));
    let longest = Duration::from_secs(u64::from(among.rule.lease_max_s));
    let travel = Duration::from_secs(u64::from(travel_min) * 60);
    let lease = (travel + LEASE_BEYOND_TRAVEL).clamp(shortest, longest);
    let ask = Some(now + lease / 2);
    let step = Step::to(State::Accepted { by, until: now + lease, ask, pressed_again: None, climb });
    // CARE-RULES 6: on accepting a high alarm one back-up is warned. Their rung is the one that would come next; behind the last
    // one it is the first again.
    let next = among.ladder.next_with_people(climb.called).or_else(|| among.ladder.next_with_people(0));
    match next {
        Some(rung) if among.priority == Priority::High => step.calling(Audience::Rung(rung), Because::BackUp),
        _ => step,
    }
}

fn arrive(by: ResponderId, climb: Climb, now: Mono) -> State {
    State::OnSite { by, until: now + ON_SITE_REOPEN, ask: Some(now + ON_SITE_ASK), climb }
}

fn pressed_again(state: State, holder: ResponderId, now: Mono, among: &Among<'_>) -> Step {
    let State::Accepted { by, until, ask, pressed_again, climb } = state else { return Step::to(state) };
    if !among.rule.about_person {
        // A fault has no ladder: its owner is told, and nobody is woken for it.
        return Step::to(state).calling(Audience::Acceptor(holder), Because::Again);
    }
    // A third press does not give the acceptor another minute.
    let pressed_again = Some(pressed_again.unwrap_or(now + PRESSED_AGAIN_REPLY));
    Step::to(State::Accepted { by, until, ask, pressed_again, climb })
        .calling(Audience::Acceptor(holder), Because::Again)
}

fn shorten(state: State, holder: ResponderId, now: Mono) -> Step {
    let short = |until: Mono| until.min(now + LEASE_AFTER_RESTART);
    let state = match state {
        State::Accepted { by, until, ask, pressed_again, climb } => {
            State::Accepted { by, until: short(until), ask, pressed_again, climb }
        }
        State::OnSite { by, until, ask, climb } => State::OnSite { by, until: short(until), ask, climb },
        State::PreAlarm { .. } | State::Raised { .. } | State::Closed { .. } => state,
    };
    Step::to(state).calling(Audience::Acceptor(holder), Because::Restart)
}

/// What falls due while somebody holds the alarm: the lease's end, a press nobody replied to, the question half-way.
fn lease_due(state: State, holder: ResponderId, climb: Climb, now: Mono, among: &Among<'_>) -> Step {
    let due = |at: Option<Mono>| at.is_some_and(|at| now >= at);
    match state {
        State::Accepted { until, .. } | State::OnSite { until, .. } if now >= until => {
            climb_past(holder, climb.anew(now), now, Because::LeaseOver, among)
                .calling(Audience::Acceptor(holder), Because::LeaseOver)
        }
        State::Accepted { by, until, ask, pressed_again, climb } if due(pressed_again) => {
            let (up, to) = climb.up(among.ladder, now);
            Step::to(State::Accepted { by, until, ask, pressed_again: None, climb: up }).calling(to, Because::Again)
        }
        State::Accepted { by, until, ask, pressed_again, climb } if due(ask) => {
            Step::to(State::Accepted { by, until, ask: None, pressed_again, climb })
                .calling(Audience::Acceptor(holder), Because::HalfLease)
        }
        State::OnSite { by, until, ask, climb } if due(ask) => Step::to(State::OnSite { by, until, ask: None, climb })
            .calling(Audience::Acceptor(holder), Because::OnSiteLong),
        State::PreAlarm { .. }
        | State::Raised { .. }
        | State::Accepted { .. }
        | State::OnSite { .. }
        | State::Closed { .. } => Step::to(state),
    }
}

/// A condition that went away: alarms that latch keep standing, technical ones end by themselves.
fn cleared(state: State, among: &Among<'_>) -> Step {
    if among.rule.latches { Step::to(state) } else { Step::to(closed(None, Disposition::SelfCleared)) }
}

fn acknowledge(by: ResponderId, climb: Climb, now: Mono, among: &Among<'_>) -> Result<Step, Refusal> {
    if among.rule.about_person {
        return Err(Refusal::NotTechnical);
    }
    Ok(Step::to(State::Accepted { by, until: now + FAULT_CLOCK, ask: None, pressed_again: None, climb }))
}

fn acknowledge_refused(among: &Among<'_>) -> Result<Step, Refusal> {
    Err(if among.rule.about_person { Refusal::NotTechnical } else { Refusal::NotNow })
}

/// Whether anybody was there to see how it ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    Nobody,
    OnTheWay,
    OnSite,
}

fn close(
    by: Option<ResponderId>,
    disposition: Disposition,
    conversation: bool,
    presence: Presence,
    climb: Climb,
    now: Mono,
    among: &Among<'_>,
) -> Result<Step, Refusal> {
    if let Some(state) = ending(by, disposition, conversation, presence, among)? {
        Ok(Step::to(state))
    } else {
        let step = match by {
            Some(by) => climb_past(by, climb, now, Because::NotAnEnding, among),
            None => climb_on(climb, now, Because::NotAnEnding, among),
        };
        let step = step.noting(NoteKind::NotAnEnding);
        Ok(Step { more_urgent: true, ..step })
    }
}

/// CARE-RULES 10 and 15: the closed state, `None` for an ending that is none.
fn ending(
    by: Option<ResponderId>,
    disposition: Disposition,
    conversation: bool,
    presence: Presence,
    among: &Among<'_>,
) -> Result<Option<State>, Refusal> {
    if !disposition.is_for_people() {
        return Err(Refusal::NotForPeople);
    }
    if among.rule.about_person {
        // A conversation with the resident is enough for everybody, the county too; otherwise somebody local was there.
        if by.is_none() && !(conversation && disposition.ends()) {
            return Err(Refusal::NeedsConversation);
        }
        if presence == Presence::Nobody && disposition.ends() && !conversation {
            return Err(Refusal::NeedsAcceptance);
        }
    }
    if !disposition.ends() {
        return Ok(None);
    }
    let unverified = among.rule.about_person && presence != Presence::OnSite && !conversation;
    Ok(Some(State::Closed { by, disposition, unverified }))
}

fn closed(by: Option<ResponderId>, disposition: Disposition) -> State {
    State::Closed { by, disposition, unverified: false }
}

fn earliest(times: [Option<Mono>; 3]) -> Option<Mono> {
    times.into_iter().flatten().min()
}
