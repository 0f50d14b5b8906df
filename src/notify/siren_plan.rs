//! When the station's siren sounds: pure, from what is unanswered and what is muted (CARE-RULES 5, 12).
//!
//! Constraints:
//! - **A new alarm always sounds**, for a whole stretch from its first moment, whatever the siren did before and whoever has muted what.
//! - A mute is one alarm's, and there is none for all; when it ends, its alarm sounds at once, as a new one.
//! - The siren climbs nothing and ends nothing: the ladder goes on beside it.

use std::time::Duration;

use crate::core::time::Mono;

/// How long it sounds without a pause. judgement: long enough to wake the houses next to the centre and for somebody to come to the
/// door; the siren's own limit for one order is the same ([`crate::limits::channels::SIREN_ON_MAX`]).
pub const SOUNDS: Duration = Duration::from_mins(3);

/// How long it pauses. judgement: who came must be able to telephone, and to hear somebody call; not longer than a high alarm may be
/// muted at all (CARE-RULES 12), so that doing nothing is never quieter than a mute.
pub const PAUSES: Duration = Duration::from_mins(2);

/// An open alarm that nobody has accepted, as far as the siren is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unanswered {
    /// Since when it sounds: when it came to the siren, or rang again.
    pub since: Mono,
    /// Until when somebody has muted it.
    pub muted_until: Option<Mono>,
}

/// What the siren is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Plan {
    /// It sounds until then; none: it is silent.
    pub sounds_until: Option<Mono>,
    /// When this is to be asked again at the latest; none: when an alarm or a mute changes.
    pub next: Option<Mono>,
}

/// The plan at `now`. There is one rhythm for all alarms, and the newest of them begins it anew.
#[must_use]
pub fn plan(alarms: &[Unanswered], now: Mono) -> Plan {
    let is_muted = |alarm: &&Unanswered| alarm.muted_until.is_some_and(|until| until > now);
    let mute_ends = alarms.iter().filter(is_muted).filter_map(|alarm| alarm.muted_until).min();
    let heard = alarms.iter().filter(|alarm| !is_muted(alarm));
    // A mute that is over begins the rhythm as a new alarm does.
    let Some(began) = heard.map(|alarm| alarm.muted_until.map_or(alarm.since, |until| until.max(alarm.since))).max()
    else {
        return Plan { sounds_until: None, next: mute_ends };
    };
    let (cycle, passed) = ((SOUNDS + PAUSES).as_millis(), now.since(began).as_millis());
    let into = Duration::from_millis(u64::try_from(passed % cycle).unwrap_or_default());
    let (sounds_until, turns) = match SOUNDS.checked_sub(into) {
        Some(left) if !left.is_zero() => (Some(now + left), now + left),
        _ => (None, now + (SOUNDS + PAUSES).saturating_sub(into)),
    };
    Plan { sounds_until, next: Some(mute_ends.map_or(turns, |ends| ends.min(turns))) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn s(seconds: u64) -> Mono {
        Mono(seconds * 1_000)
    }

    fn alarm(since: u64, muted_until: Option<u64>) -> Unanswered {
        Unanswered { since: s(since), muted_until: muted_until.map(s) }
    }

    fn at(alarms: &[Unanswered], now: u64) -> (Option<u64>, Option<u64>) {
        let Plan { sounds_until, next } = plan(alarms, s(now));
        (sounds_until.map(|until| until.0 / 1_000), next.map(|next| next.0 / 1_000))
    }

    #[test]
    fn rule_5_it_sounds_three_minutes_and_pauses_two_for_as_long_as_nobody_answers() {
        let one = [alarm(100, None)];
        for (now, expected) in [
            (100, (Some(280), Some(280))),
            (279, (Some(280), Some(280))),
            (280, (None, Some(400))),
            (399, (None, Some(400))),
            (400, (Some(580), Some(580))),
            (100 + 300 * 1_000, (Some(280 + 300 * 1_000), Some(280 + 300 * 1_000))),
        ] {
            assert_eq!(at(&one, now), expected, "{now}");
        }
        assert_eq!(at(&[], 0), (None, None));
    }

    #[test]
    fn rule_12_a_new_alarm_always_sounds() {
        let old = alarm(100, None);
        assert_eq!(at(&[old], 300), (None, Some(400)), "it pauses");
        assert_eq!(at(&[old, alarm(300, None)], 300), (Some(480), Some(480)));
        let muted = alarm(100, Some(220));
        assert_eq!(at(&[muted, alarm(130, None)], 130), (Some(310), Some(220)), "another's mute is not its own");
    }

    #[test]
    fn rule_12_a_mute_ends_by_itself_and_its_alarm_sounds_at_once() {
        let muted = [alarm(100, Some(250))];
        assert_eq!(at(&muted, 130), (None, Some(250)));
        assert_eq!(at(&muted, 250), (Some(430), Some(430)));
        assert_eq!(at(&muted, 430), (None, Some(550)));
    }

    proptest! {
        #[test]
        fn what_is_planned_holds_until_the_next_look_and_is_never_longer_than_one_stretch(
            alarms in prop::collection::vec((0..2_000_u64, prop::option::of(0..2_000_u64)), 0..6),
            now in 0..3_000_u64,
        ) {
            let alarms: Vec<_> = alarms.into_iter().filter(|(since, _)| *since <= now).map(|(since, mute)| alarm(since, mute)).collect();
            let planned = plan(&alarms, s(now));
            prop_assert!(planned.next.is_none_or(|next| next > s(now)));
            prop_assert!(planned.sounds_until.is_none_or(|until| until > s(now) && until <= s(now) + SOUNDS));
            prop_assert_eq!(planned.sounds_until.is_some(), planned.sounds_until.is_some() && !alarms.is_empty());
            let heard = alarms.iter().any(|alarm| alarm.muted_until.is_none_or(|until| until <= s(now)));
            prop_assert!(heard || planned.sounds_until.is_none());
            let fresh = alarms.iter().any(|alarm| alarm.since == s(now) && alarm.muted_until.is_none_or(|until| until <= s(now)));
            prop_assert!(!fresh || planned.sounds_until == Some(s(now) + SOUNDS));
            let soon = planned.next.map_or(now + 1, |next| (next.0 - 1) / 1_000).max(now);
            prop_assert_eq!(plan(&alarms, s(soon)).sounds_until, planned.sounds_until);
        }
    }
}
