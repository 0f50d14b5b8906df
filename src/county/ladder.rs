//! The county's own ladder: who of the county is called, and called again, until somebody acknowledges (CARE-RULES 11). Pure.
//!
//! ```text
//!  cause seen ──▶ climbing ──rung by rung──▶ everybody, again and again
//!                  │  ▲                          │
//!     acknowledged │  └──── pause over ◀──┐      │ acknowledged
//!                  ▼                      │      ▼
//!                paused ──────────────────┴── paused
//!  cause gone ──▶ whoever was told is told so, and the case is forgotten
//! ```
//!
//! Constraints:
//! - **The county cannot quiet a village** (CARE-RULES 10): an acknowledgement pauses this ladder and nothing else. It is a pause and
//!   no end: a cause that still stands afterwards climbs again.
//! - Rungs add up: whoever was called may answer until it is over. A rung whose calls all fail is not waited for.
//! - Every change of a case is given out to be saved before it is acted on, so that a restart goes on where it stood; calls that
//!   were not done by then are done again.
//! - It runs on the county's wall clock, which a network keeps. A clock that is put back shortens a wait, and never makes it longer.

#![expect(clippy::similar_names, reason = "a cause and the case that is made of it: each is the right word")]

use std::collections::BTreeMap;
use std::time::Duration;

use super::case::{Call, Case, Cause, Leg, Pause, Situation};
use super::errands::{Errands, Rank, Task};
use super::plan::{Plan, Who};
use crate::core::alarm::told::Code;
use crate::core::answer::{Given, Held, Meant, Wish, meant};
use crate::core::condition::Priority;
use crate::core::time::{Trust, Wall};
use crate::notify::channel::{Deed, Errand, Failure, Letter, Recipient, Ring, Ticket, Word};
use crate::notify::reply::Said;
use crate::private::Private;
use crate::words::escalation as say;

/// How long a telephone rings, in seconds. Source: CARE-RULES 1, at least 30.
pub const RING_S: u16 = 45;

/// What happens to the ladder.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// The book was looked at. Nothing is said of it while the county itself does not listen.
    Look(&'a Situation),
    /// Somebody acknowledges, by name.
    Acknowledge(Cause, Who),
    /// A text message of somebody whom the county may call, and when they sent it.
    Reply(Who, &'a str, i64),
    /// The channel tells of an errand.
    Word(Ticket, Word),
    /// Time has passed.
    Tick,
}

/// What is to be done, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Effect {
    /// A case has changed: into the book.
    Save(Cause, Box<Case>),
    /// A case is over: out of the book.
    Forget(Cause),
    /// For the channel.
    Send(Errand),
    /// A message that is no answer: counted and shown.
    Unread,
}

/// The county's ladder with all its cases.
#[derive(Debug, Clone)]
pub struct Escalation {
    plan: Plan,
    cases: BTreeMap<Cause, Case>,
    known: Situation,
    errands: Errands,
    last: Option<Code>,
}

impl Escalation {
    /// The ladder with the cases that the book kept. Calls that were not done are done again.
    #[must_use]
    pub fn new(plan: Plan, cases: BTreeMap<Cause, Case>) -> Self {
        let newest = cases.values().flat_map(|case| &case.calls).max_by_key(|call| call.at_ms);
        let last = newest.and_then(|call| Code::new(call.code));
        Self { plan, cases, known: Situation::new(), errands: Errands::default(), last }
    }

    /// What stands, and how far each has climbed.
    #[must_use]
    pub const fn cases(&self) -> &BTreeMap<Cause, Case> {
        &self.cases
    }

    /// Takes one input; what it returns is carried out in order.
    pub fn handle(&mut self, now_ms: i64, input: Input<'_>) -> Vec<Effect> {
        let mut effects = Vec::new();
        match input {
            Input::Look(situation) => self.look(now_ms, situation, &mut effects),
            Input::Acknowledge(cause, by) => self.acknowledge(now_ms, cause, by, &mut effects),
            Input::Reply(from, text, sent_ms) => self.reply(now_ms, from, text, sent_ms, &mut effects),
            Input::Word(ticket, word) => {
                if let Some(task) = self.errands.word(ticket, word) {
                    self.told(now_ms, task, word, &mut effects);
                }
            }
            Input::Tick => {}
        }
        if let Some(task) = self.errands.overdue(now_ms) {
            self.told(now_ms, task, Word::Failed(Failure::Trouble), &mut effects);
        }
        self.due(now_ms, &mut effects);
        effects.extend(self.errands.next(now_ms).map(Effect::Send));
        effects
    }

    fn look(&mut self, now_ms: i64, situation: &Situation, effects: &mut Vec<Effect>) {
        let is_first = self.known.is_empty();
        self.known.clone_from(situation);
        let over: Vec<Cause> = self.cases.keys().filter(|cause| !situation.contains_key(cause)).copied().collect();
        for cause in over {
            self.over(cause, now_ms, effects);
        }
        if is_first {
            self.resume();
        }
        for (cause, facts) in situation {
            match self.cases.get_mut(cause) {
                None => {
                    let case = Case { quiet: facts.guards, ..Case::begin(now_ms) };
                    self.cases.insert(*cause, case);
                }
                Some(case) if case.quiet && !facts.guards => {
                    // Its texts have ended: what was said quietly is said aloud, whoever acknowledged the quiet one.
                    *case = Case { calls: std::mem::take(&mut case.calls), ..Case::begin(now_ms) };
                }
                Some(case) if case.quiet != facts.guards => {
                    case.quiet = facts.guards;
                    effects.push(Effect::Save(*cause, Box::new(case.clone())));
                }
                Some(_) => {}
            }
        }
    }

    /// Queues again what the process before this one had not done.
    fn resume(&mut self) {
        let causes: Vec<Cause> = self.cases.keys().copied().collect();
        for cause in causes {
            let calls = self.cases.get(&cause).map(|case| case.calls.clone()).unwrap_or_default();
            for call in calls {
                self.errands_for(cause, &call);
            }
        }
    }

    /// Takes every step that is due.
    fn due(&mut self, now_ms: i64, effects: &mut Vec<Effect>) {
        let causes: Vec<Cause> = self.known.keys().copied().collect();
        for cause in causes {
            let Some(case) = self.cases.get_mut(&cause) else { continue };
            let before = (case.pause, case.next_ms);
            let wait = if case.everybody { cause.again() } else { cause.wait() };
            case.not_later_than(later(now_ms, cause.pause()), later(now_ms, wait));
            if case.pause.is_some_and(|pause| pause.until_ms <= now_ms) {
                (case.pause, case.passed, case.next_ms) = (None, 0, now_ms);
            }
            if case.pause.is_none() && case.next_ms <= now_ms {
                self.climb(cause, now_ms);
                effects.extend(self.saved(cause));
            } else if before != (case.pause, case.next_ms) {
                effects.extend(self.saved(cause));
            }
        }
    }

    /// One step up, in addition to all who were called before.
    fn climb(&mut self, cause: Cause, now_ms: i64) {
        let Some(passed) = self.cases.get(&cause).map(|case| case.passed) else { return };
        let (rung, passed, everybody, wait) = match self.plan.rung(&cause, passed, now_ms) {
            Some((rung, passed)) => (rung, passed, false, cause.wait()),
            None => (self.plan.everybody(&cause), passed, true, cause.again()),
        };
        let Some(case) = self.cases.get_mut(&cause) else { return };
        (case.passed, case.everybody, case.next_ms) = (passed, everybody, later(now_ms, wait));
        case.calls.iter_mut().for_each(|call| call.newest = false);
        for who in rung {
            self.call(cause, who, now_ms);
        }
    }

    fn call(&mut self, cause: Cause, who: Who, now_ms: i64) {
        let Some(case) = self.cases.get(&cause) else { return };
        let ring = if case.quiet { Leg::Spared } else { Leg::Waiting };
        let held = self.held(who);
        let before = case.calls.iter().find(|call| call.who == who);
        let told = before.is_some_and(|before| before.told);
        let code = match before {
            Some(before) => before.code,
            // Who holds ninety codes has been told enough: the ring says that there is more.
            None => match Code::after(self.last, |code| held.iter().any(|held| held.code == Some(code))) {
                Some(code) => {
                    self.last = Some(code);
                    code.number()
                }
                None => return,
            },
        };
        let mut call = Call { who, code, at_ms: now_ms, newest: true, told, text: Leg::Waiting, ring };
        if !self.errands_for(cause, &call) {
            (call.text, call.ring) = (Leg::Failed, Leg::Failed);
        }
        if let Some(case) = self.cases.get_mut(&cause) {
            case.calls.retain(|before| before.who != who);
            case.calls.push(call);
        }
    }

    /// Queues what is still to be done of a call; false when there is no room for it.
    fn errands_for(&mut self, cause: Cause, call: &Call) -> bool {
        let Some(to) = self.recipient(call.who) else { return false };
        let text = Private::new(self.words(cause, call));
        let (alarm, rank) = (cause.alarm(), cause.rank());
        if call.text == Leg::Waiting {
            let priority = if alarm.is_some() { Priority::High } else { Priority::Technical };
            let letter = Letter { text, alarm, priority, code: Some(call.code), link: None };
            return self.errands.push(rank, Task::Text(cause, call.who), to, Deed::Text(letter));
        }
        if call.ring == Leg::Waiting {
            let ring = Ring { for_s: RING_S, say: Some(text) };
            return self.errands.push(rank, Task::Ring(call.who), to, Deed::Ring(ring));
        }
        true
    }

    fn words(&self, cause: Cause, call: &Call) -> String {
        let case = self.cases.get(&cause);
        let lead = match case {
            Some(case) if case.everybody => say::Lead::Everybody,
            Some(case) if case.calls.iter().any(|before| before.who == call.who) => say::Lead::Again,
            _ => say::Lead::First,
        };
        say::call(lead, &self.what(cause, call.at_ms), call.code, self.plan.lang)
    }

    fn what(&self, cause: Cause, now_ms: i64) -> say::What {
        let facts = self.known.get(&cause);
        let since = facts.map(|facts| facts.since);
        let station = self.plan.name(cause.station());
        let age = since.map_or(Duration::ZERO, |since| since.age(now_ms));
        match cause {
            Cause::Silent { .. } => say::What::Silent {
                station,
                age,
                residents: facts.map_or(0, |facts| facts.residents),
                guards: facts.is_some_and(|facts| facts.guards),
            },
            Cause::Unanswered { alarm, .. } => say::What::Unanswered {
                station,
                about: super::show::about(&alarm),
                condition: alarm.condition,
                age,
                at_least: since.is_some_and(|since| since.at_least),
            },
        }
    }

    /// What the channel says of an errand, into the calls that it was for.
    fn told(&mut self, now_ms: i64, task: Task, word: Word, effects: &mut Vec<Effect>) {
        if let (Task::Ring(who), Word::Key(key)) = (task, word) {
            return self.key(now_ms, who, key, effects);
        }
        if !word.is_over() {
            return;
        }
        let leg = match word {
            Word::Failed(failure) if failure != Failure::Busy => Leg::Failed,
            _ => Leg::Done,
        };
        let mut changed = Vec::new();
        for (cause, case) in &mut self.cases {
            for call in &mut case.calls {
                match task {
                    Task::Text(of, who) if of == *cause && who == call.who => {
                        call.text = leg;
                        call.told |= leg == Leg::Done;
                    }
                    // One ring stands for all the messages that went there before it.
                    Task::Ring(who)
                        if call.ring == Leg::Waiting && call.text != Leg::Waiting && self.plan.share(who, call.who) =>
                    {
                        call.ring = leg;
                    }
                    Task::Text(..) | Task::Ring(_) | Task::Aside => continue,
                }
                changed.push((*cause, *call));
            }
            let mut newest = case.calls.iter().filter(|call| call.newest).peekable();
            // Nobody of this step was reached, so nobody is waited for; when it was everybody, they are tried again later.
            if newest.peek().is_some() && newest.all(Call::failed) && !case.everybody {
                case.next_ms = case.next_ms.min(now_ms);
            }
        }
        for (cause, call) in changed {
            self.errands_for(cause, &call);
            effects.extend(self.saved(cause));
        }
    }

    /// A key during a call counts like a bare digit: only where there is one thing that it can mean.
    fn key(&mut self, now_ms: i64, who: Who, key: char, effects: &mut Vec<Effect>) {
        let wish = match key {
            '1' => Wish::One,
            '2' => Wish::Two,
            _ => return,
        };
        let open = self.open(who);
        match open.as_slice() {
            [one] => self.wished(now_ms, *one, who, wish, effects),
            [] => {}
            _ => self.aside(who, say::ask_for_code(self.plan.lang)),
        }
    }

    fn reply(&mut self, now_ms: i64, from: Who, text: &str, sent_ms: i64, effects: &mut Vec<Effect>) {
        let Some(answer) = Said::read(text) else {
            effects.push(Effect::Unread);
            return;
        };
        match meant(answer.code, Given::At(Wall(sent_ms)), Trust::Synced, self.held(from)) {
            Meant::This(cause) => self.wished(now_ms, cause, from, answer.wish, effects),
            Meant::AskForCode | Meant::UnknownCode => {
                effects.push(Effect::Unread);
                self.aside(from, say::ask_for_code(self.plan.lang));
            }
        }
    }

    fn wished(&mut self, now_ms: i64, cause: Cause, who: Who, wish: Wish, effects: &mut Vec<Effect>) {
        match wish {
            Wish::One | Wish::Come | Wish::Arrived if self.is_somebody_elses(cause, who) => {
                self.aside(who, say::somebody_else(self.plan.lang));
            }
            Wish::One | Wish::Come | Wish::Arrived => {
                self.acknowledge(now_ms, cause, who, effects);
                let what = self.what(cause, now_ms);
                self.aside(who, say::acknowledged(&what, cause.pause(), self.plan.lang));
            }
            Wish::Two | Wish::Busy => {
                if let Some(case) = self.cases.get_mut(&cause).filter(|case| case.pause.is_none() && !case.everybody) {
                    case.next_ms = now_ms;
                }
                self.aside(who, say::passed_on(self.plan.lang));
            }
            Wish::Present
            | Wish::Helped
            | Wish::Mistaken
            | Wish::WrongHome
            | Wish::CouldNotEnter
            | Wish::Wants120
            | Wish::Dialled120
            | Wish::Returned
            | Wish::Extend
            | Wish::SomebodyElse => {
                effects.push(Effect::Unread);
                self.aside(who, say::only_received(self.plan.lang));
            }
        }
    }

    fn is_somebody_elses(&self, cause: Cause, who: Who) -> bool {
        let pause = self.cases.get(&cause).and_then(|case| case.pause);
        pause.is_some_and(|pause| !self.plan.share(pause.by, who))
    }

    fn acknowledge(&mut self, now_ms: i64, cause: Cause, by: Who, effects: &mut Vec<Effect>) {
        let Some(case) = self.cases.get_mut(&cause).filter(|case| case.pause.is_none()) else { return };
        case.pause = Some(Pause { by, at_ms: now_ms, until_ms: later(now_ms, cause.pause()) });
        case.everybody = false;
        for call in &mut case.calls {
            // Whoever has not been reached yet need not be any more.
            for leg in [&mut call.text, &mut call.ring] {
                if *leg == Leg::Waiting {
                    *leg = Leg::Spared;
                }
            }
        }
        self.forget_errands(cause);
        effects.extend(self.saved(cause));
    }

    /// The cause is gone: whoever was told of it is told that.
    fn over(&mut self, cause: Cause, now_ms: i64, effects: &mut Vec<Effect>) {
        let what = self.what(cause, now_ms);
        let Some(case) = self.cases.remove(&cause) else { return };
        self.forget_errands(cause);
        let text = say::over(&what, span_ms(case.opened_ms, now_ms), self.plan.lang);
        for call in case.calls.iter().filter(|call| call.told) {
            self.aside(call.who, text.clone());
        }
        effects.push(Effect::Forget(cause));
    }

    fn forget_errands(&mut self, cause: Cause) {
        let (cases, plan) = (&self.cases, &self.plan);
        self.errands.forget(cause, |who| {
            let calls = cases.values().flat_map(|case| &case.calls);
            calls.into_iter().any(|call| call.ring == Leg::Waiting && plan.share(call.who, who))
        });
    }

    fn recipient(&self, who: Who) -> Option<Recipient> {
        let responder = match who {
            Who::Person(id) => Some(id),
            Who::Station(_) | Who::Township(_) => None,
        };
        Some(Recipient { responder, phone: Some(self.plan.phone(who)?.clone()) })
    }

    /// A sentence that nobody waits for.
    fn aside(&mut self, who: Who, text: String) {
        let Some(to) = self.recipient(who) else { return };
        let text = Private::new(text);
        let letter = Letter { text, alarm: None, priority: Priority::Technical, code: None, link: None };
        self.errands.push(Rank::Aside, Task::Aside, to, Deed::Text(letter));
    }

    /// What the telephone of somebody was told and is not over. A station that is silent is a question that only its code answers.
    fn held(&self, who: Who) -> Vec<Held<Cause>> {
        let calls = self.cases.iter().flat_map(|(cause, case)| case.calls.iter().map(move |call| (cause, case, call)));
        let theirs = calls.filter(|(_, _, call)| self.plan.share(call.who, who));
        let held = theirs.map(|(cause, case, call)| Held {
            code: Code::new(call.code),
            about: *cause,
            sent: Some(Wall(call.at_ms)),
            is_open: case.pause.is_none() && matches!(cause, Cause::Unanswered { .. }),
        });
        let mut held: Vec<_> = held.collect();
        held.sort_by_key(|held| std::cmp::Reverse(held.sent));
        held
    }

    fn open(&self, who: Who) -> Vec<Cause> {
        self.of_whom(who, |case| case.pause.is_none())
    }

    fn of_whom(&self, who: Who, which: impl Fn(&Case) -> bool) -> Vec<Cause> {
        let is_theirs = |case: &Case| case.calls.iter().any(|call| self.plan.share(call.who, who));
        let theirs = self.cases.iter().filter(|(_, case)| which(case) && is_theirs(case));
        theirs.map(|(cause, _)| *cause).collect()
    }

    fn saved(&self, cause: Cause) -> Option<Effect> {
        self.cases.get(&cause).map(|case| Effect::Save(cause, Box::new(case.clone())))
    }
}

fn later(now_ms: i64, by: Duration) -> i64 {
    now_ms.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX))
}

fn span_ms(from_ms: i64, to_ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(to_ms.saturating_sub(from_ms)).unwrap_or(0))
}
