//! Whether a sensor can be believed, as it truly was: stuck, chattering or sound.

use std::collections::VecDeque;

use super::{AT_RISK_MS, Audit, Complaint, Word, is_open};
use crate::core::condition::Condition;
use crate::sim::gateway::Gateway;
use crate::sim::place::{Kit, Make, Wire};
use crate::sim::trace::Ms;
use crate::sim::wear::Sent;

/// A motion sensor that says nothing but "somebody" for so long is stuck. Source: `core::detector::device_health::conduct`, and a
/// minute.
const STUCK_MS: Ms = 12 * 3_600_000 + 60_000;
/// More changes than these within an hour are no person's, wherever the box begins to count them. Source: twice the limit of
/// `core::detector::device_health::conduct`, and some.
const CHATTER_MAX: usize = 3_700;
const HOUR_MS: Ms = 3_600_000;

/// What one sensor has said, as far as the process heard it without a break.
#[derive(Debug, Default)]
pub(super) struct Conduct {
    wire: Option<Wire>,
    level: Option<bool>,
    on_since: Option<Ms>,
    knows_off: bool,
    turns: VecDeque<Ms>,
    /// It was stuck or chattered at some time.
    faulty: bool,
}

impl Conduct {
    pub(super) fn hear(&mut self, now: Ms, sent: &Sent) {
        self.wire = Some(sent.wire);
        self.faulty |= sent.faulty;
        let Some(on) = sent.level else { return };
        if on {
            self.on_since.get_or_insert(now);
        } else {
            (self.on_since, self.knows_off) = (None, true);
        }
        if self.level.replace(on) != Some(on) {
            self.turns.push_back(now);
            while self.turns.len() > CHATTER_MAX {
                self.turns.pop_front();
            }
        }
    }

    pub(super) const fn wire(&self) -> Option<Wire> {
        self.wire
    }

    /// It could not be heard for a while; `forgotten` when the process died, too.
    pub(super) fn interrupted(&mut self, forgotten: bool) {
        self.on_since = None;
        self.turns.clear();
        self.knows_off &= !forgotten;
    }

    pub(super) const fn was_ever_faulty(&self) -> bool {
        self.faulty
    }
}

impl Audit {
    /// A stuck or chattering sensor is doubted, and a sound one is not.
    pub(super) fn conduct(&self, now: Ms, index: usize, gateway: &Gateway, kit: &Kit, word: Word) -> Option<Complaint> {
        let conduct = self.conduct.get(&index)?;
        if self.waived.contains(&(kit.device, Condition::DeviceDoubted)) {
            return None;
        }
        let doubted = is_open(gateway, kit, Condition::DeviceDoubted);
        let what = || format!("{} doubted: {doubted}", kit.device);
        let settled = word.at + AT_RISK_MS < now;
        let stuck = conduct.on_since.is_some_and(|since| word.at > since + STUCK_MS);
        if kit.make == Make::Motion && stuck && conduct.knows_off && settled && !doubted {
            return Some(("a_stuck_sensor_is_doubted", what()));
        }
        let chatters = conduct.turns.len() >= CHATTER_MAX
            && conduct.turns.front().zip(conduct.turns.back()).is_some_and(|(first, last)| {
                last - first < HOUR_MS && now < last + HOUR_MS / 2 && last + AT_RISK_MS < now
            });
        if chatters && !doubted {
            return Some(("a_chattering_sensor_is_doubted", what()));
        }
        (doubted && !conduct.faulty).then(|| ("a_sound_sensor_is_believed", what()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::wear::{Claim, bridge};

    fn sent(level: bool) -> Sent {
        Sent { kit: Some(0), level: Some(level), claim: Claim::Nothing, ..bridge(0, "state", String::new()) }
    }

    #[test]
    fn a_level_stands_since_it_was_first_heard_so_and_a_break_forgets_it() {
        let mut conduct = Conduct::default();
        for (at, on) in [(0, false), (1_000, true), (2_000, true)] {
            conduct.hear(at, &sent(on));
        }
        assert_eq!((conduct.on_since, conduct.knows_off, conduct.turns.len()), (Some(1_000), true, 2));
        conduct.interrupted(false);
        assert_eq!((conduct.on_since, conduct.knows_off, conduct.turns.len()), (None, true, 0));
        conduct.hear(3_000, &sent(true));
        conduct.interrupted(true);
        assert!(!conduct.knows_off, "what was not written is not known");
        conduct.hear(4_000, &Sent { faulty: true, ..sent(true) });
        assert!(conduct.was_ever_faulty());
    }
}
