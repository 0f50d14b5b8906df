//! What things do in a day: hazards come and go, cases are opened, batteries die, sensors stick and chatter.

use super::{DAY, Deed, HOUR, MINUTE};
use crate::sim::chance::Chance;
use crate::sim::place::{Make, Place, Wire};
use crate::sim::trace::Ms;

/// How often in a thousand days of a device. judgement: far above life, but for chattering, which is a thousand words each.
const DIES: u64 = 15;
const STICKS: u64 = 15;
const CHATTERS: u64 = 2;
const REBOOTS: u64 = 30;
const RE_PAIRS: u64 = 10;

/// What a home's things do on a day that begins at `begin`.
pub(super) fn day(place: &Place, home: usize, begin: Ms, chance: &mut Chance, deeds: &mut Vec<(Ms, Deed)>) {
    for kit in place.homes.get(home).map(|home| home.kits.as_slice()).unwrap_or_default().iter().copied() {
        let mut at = |after: Ms, deed: Deed| deeds.push((begin + after, deed));
        let make = place.kits[kit].make;
        if matches!(make, Make::Detector(_)) {
            for _ in 0..chance.times(30) {
                let comes = some_time(chance);
                at(comes, Deed::Hazard { kit, on: true });
                at(comes + chance.between(MINUTE, 30 * MINUTE), Deed::Hazard { kit, on: false });
            }
        }
        if make.is_mute() {
            continue;
        }
        if chance.percent(4) {
            let (low, charge) = (some_time(chance), chance.between(5, 15));
            at(low, Deed::Charge { kit, percent: u8::try_from(charge).unwrap_or(9) });
            at(low + chance.between(HOUR, 6 * HOUR), Deed::Charge { kit, percent: 98 });
        } else if chance.per_mille(DIES) {
            let (from, span) = (some_time(chance), chance.between(6 * HOUR, 20 * HOUR));
            at(from, Deed::Dies { kit, span });
            at(from + span + chance.between(2 * HOUR, 20 * HOUR), Deed::Charge { kit, percent: 99 });
        }
        if make.has_case() && chance.percent(5) {
            let open = some_time(chance);
            at(open, Deed::Tampers { kit, open: true });
            at(open + chance.between(MINUTE, HOUR), Deed::Tampers { kit, open: false });
        }
        if chance.percent(4) {
            at(some_time(chance), Deed::FallsSilent { kit, span: chance.between(3 * HOUR, 20 * HOUR) });
        }
        if make.is_switched() && chance.per_mille(STICKS) {
            at(some_time(chance), Deed::Sticks { kit, span: chance.between(6 * HOUR, 40 * HOUR) });
        }
        if matches!(make, Make::Motion | Make::Door) && chance.per_mille(CHATTERS) {
            at(some_time(chance), Deed::Chatters { kit, span: chance.between(20 * MINUTE, 80 * MINUTE) });
        }
        if chance.per_mille(REBOOTS) {
            at(some_time(chance), Deed::Reboots { kit });
        }
        if place.kits[kit].wire == Wire::Zigbee && chance.per_mille(RE_PAIRS) {
            at(some_time(chance), Deed::RePairs { kit });
        }
    }
}

/// Some time of a day.
pub(super) fn some_time(chance: &mut Chance) -> Ms {
    chance.between(5 * MINUTE, DAY - HOUR)
}
