//! The ladder of people: who is called when. Rungs add up; climbing never silences the rung below (CARE-RULES 5).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::core::audience::{Audience, Because};
use crate::core::roster::Ladder;
use crate::core::time::Mono;

/// Rounds before everyone is called. Source: CARE-RULES 5, "after the second round".
pub const ROUNDS: u8 = 2;

/// How often everyone is called again while nobody accepts.
/// judgement: long enough that phones are free to call back on, short enough that a night has over a hundred tries.
pub const EVERYONE_AGAIN: Duration = Duration::from_mins(5);

/// How far the ladder has been climbed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Climb {
    /// When it was begun; the 10 minutes count from here.
    pub since: Mono,
    /// How many rungs have been called in this round; 0 before anybody was.
    pub called: u8,
    /// Round, counted from 0.
    pub round: u8,
    /// When the next rung is due; none for technical alarms, which nobody is woken for.
    pub next: Option<Mono>,
    /// Since when nobody has answered although everybody was called: 未响应.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unanswered: Option<Mono>,
}

/// A call that the climb asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// To whom.
    pub to: Audience,
    /// Why.
    pub because: Because,
}

impl Climb {
    /// A climb on which nobody has been called: an alarm taken before it was told, or one that wakes nobody.
    #[must_use]
    pub const fn none(now: Mono) -> Climb {
        Climb { since: now, called: 0, round: 0, next: None, unanswered: None }
    }

    /// Begins at the lowest rung. An empty ladder calls everyone at once.
    #[must_use]
    pub fn begin(ladder: &Ladder, now: Mono) -> (Climb, Audience) {
        Climb::none(now).up(ladder, now)
    }

    /// The next step up, in addition to all that was called before.
    #[must_use]
    pub fn up(self, ladder: &Ladder, now: Mono) -> (Climb, Audience) {
        let (rung, round) = match ladder.next_with_people(self.called) {
            Some(rung) => (rung, self.round),
            None => (ladder.next_with_people(0).unwrap_or(0), self.round.saturating_add(1)),
        };
        let exhausted = round >= ROUNDS || now.since(self.since) >= ladder.everyone_after;
        match ladder.rungs.get(usize::from(rung)) {
            Some(next) if !exhausted && !next.responders.is_empty() => {
                let climb = Climb { called: rung.saturating_add(1), round, ..self };
                (climb.waiting(now + next.wait, ladder.everyone_after), Audience::Rung(rung))
            }
            _ => {
                let unanswered = exhausted.then(|| self.unanswered.unwrap_or(now));
                // Each time that everybody is called is a round of its own, so that it is told anew.
                let round = if self.unanswered.is_some() { self.round.saturating_add(1) } else { round };
                (Climb { round, unanswered, next: Some(now + EVERYONE_AGAIN), ..self }, Audience::Everyone)
            }
        }
    }

    /// The same climb after somebody had accepted: the minutes without acceptance count from here.
    #[must_use]
    pub const fn anew(self, now: Mono) -> Climb {
        Climb { since: now, ..self }
    }

    /// Whom the newest call went to, if anybody was called.
    #[must_use]
    pub fn newest(&self, ladder: &Ladder) -> Audience {
        match self.called.checked_sub(1) {
            Some(rung) if self.unanswered.is_none() && usize::from(rung) < ladder.rungs.len() => Audience::Rung(rung),
            _ => Audience::Everyone,
        }
    }

    /// Why the step that falls due now is taken.
    #[must_use]
    pub const fn reason_to_climb(&self) -> Because {
        if self.unanswered.is_some() { Because::Unanswered } else { Because::NotAccepted }
    }

    fn waiting(self, until: Mono, everyone_after: Duration) -> Climb {
        // However long a rung is given, everybody is called when this time is over.
        let everyone = self.since + everyone_after;
        Climb { next: Some(if until < everyone { until } else { everyone }), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::roster::Rung;

    fn ladder(waits_s: &[u64]) -> Ladder {
        Ladder { rungs: waits_s.iter().map(|s| rung(*s)).collect(), ..Ladder::default() }
    }

    fn rung(wait_s: u64) -> Rung {
        let responders = vec!["p01".parse().expect("an id")];
        Rung { responders, wait: Duration::from_secs(wait_s), ..Rung::default() }
    }

    fn climb_all(ladder: &Ladder, until_s: u64) -> Vec<(u64, Audience, u8, bool)> {
        let (mut climb, to) = Climb::begin(ladder, Mono(0));
        let mut calls = vec![(0, to, climb.round, climb.unanswered.is_some())];
        while let Some(due) = climb.next.filter(|due| due.0 <= until_s * 1000) {
            let (up, to) = climb.up(ladder, due);
            climb = up;
            calls.push((due.0 / 1000, to, climb.round, climb.unanswered.is_some()));
        }
        calls
    }

    #[test]
    fn rungs_add_up_then_a_second_round_then_everyone_again_and_again() {
        let calls = climb_all(&ladder(&[60, 90]), 700);
        assert_eq!(
            calls,
            [
                (0, Audience::Rung(0), 0, false),
                (60, Audience::Rung(1), 0, false),
                (150, Audience::Rung(0), 1, false),
                (210, Audience::Rung(1), 1, false),
                (300, Audience::Everyone, 2, true),
                (600, Audience::Everyone, 3, true),
            ]
        );
    }

    #[test]
    fn however_patient_the_rungs_ten_minutes_are_the_end() {
        let calls = climb_all(&ladder(&[3600, 3600]), 601);
        assert_eq!(calls, [(0, Audience::Rung(0), 0, false), (600, Audience::Everyone, 0, true)]);
    }

    #[test]
    fn a_rung_on_which_nobody_stands_is_stepped_over() {
        let mut ladder = ladder(&[60, 60, 60]);
        ladder.rungs[0].responders.clear();
        ladder.rungs[2].responders.clear();
        let calls = climb_all(&ladder, 130);
        assert_eq!(
            calls,
            [(0, Audience::Rung(1), 0, false), (60, Audience::Rung(1), 1, false), (120, Audience::Everyone, 2, true),]
        );
        ladder.rungs[1].responders.clear();
        assert_eq!(climb_all(&ladder, 1)[0].1, Audience::Everyone);
    }

    #[test]
    fn an_empty_ladder_calls_everyone_at_once() {
        let calls = climb_all(&ladder(&[]), 301);
        assert_eq!(calls[0], (0, Audience::Everyone, 1, false));
        assert_eq!(calls[1].1, Audience::Everyone);
    }
}
