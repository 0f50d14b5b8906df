//! Which recorded sentence an alarm's step plays in its home: pure (CARE-RULES E).

use super::clip::{Clip, Place, Prompt};
use crate::core::alarm::Alarm;
use crate::core::alarm::life_cycle::State;
use crate::core::condition::Condition;

/// The sentence for the step from the record before to this one, if there is one for it. *Somebody comes* only after an
/// acceptance, and what was said is corrected when it is not true any more.
#[must_use]
pub fn prompt(before: Option<&Alarm>, alarm: &Alarm) -> Option<Prompt> {
    let home = alarm.home.filter(|_| alarm.id.condition.rule().about_person)?;
    let clip = clip(before.map(|before| before.state), alarm)?;
    Some(Prompt { place: Place::Home(home), clip })
}

fn clip(before: Option<State>, alarm: &Alarm) -> Option<Clip> {
    let was_raised = matches!(before, Some(State::Raised { .. }));
    match alarm.state {
        State::PreAlarm { .. } if before.is_none() => match alarm.id.condition {
            Condition::FallConfirmed | Condition::FallSuspected => Some(Clip::DidYouFall),
            _ => Some(Clip::AreYouWell),
        },
        State::Raised { .. } if alarm.test_by.is_some() && before.is_none() => Some(Clip::Test),
        State::Raised { .. } if matches!(before, Some(State::Accepted { .. } | State::OnSite { .. })) => {
            Some(Clip::Withdrawn)
        }
        State::Raised { climb } if was_raised => (climb.round > 0 && climb.called == 1).then_some(Clip::StillCalling),
        State::Raised { .. } => Some(match alarm.id.condition {
            Condition::Smoke => Clip::Smoke,
            Condition::Gas | Condition::CarbonMonoxide => Clip::Gas,
            _ => Clip::Heard,
        }),
        State::Accepted { .. } if !matches!(before, Some(State::Accepted { .. })) => Some(Clip::Comes),
        State::Closed { .. } if matches!(before, Some(State::PreAlarm { .. })) => Some(Clip::Cancelled),
        State::Closed { .. } if before.is_some() => Some(Clip::Over),
        State::PreAlarm { .. } | State::Accepted { .. } | State::OnSite { .. } | State::Closed { .. } => None,
    }
}
