//! Whether the box says rightly whom it watches: *nobody is called watched when nothing that could watch them has spoken
//! within its limit, or only what is slow or mute; nobody is called blind while a witness speaks*.

use super::{Audit, Deaf, SLACK_MS, WAY_MS};
use crate::core::detector::device_health::{is_slow, silence_limit};
use crate::core::roster::Device;
use crate::core::watch::Watch;
use crate::sim::gateway::Gateway;
use crate::sim::oracle::Verdicts;
use crate::sim::place::Place;
use crate::sim::trace::Ms;

/// Whether a device has been heard in time, as far as can be said for sure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    Surely,
    Perhaps,
    Not,
}

impl Audit {
    /// What the box says of everybody, against who has truly spoken.
    pub(super) fn look_at_people(&self, now: Ms, place: &Place, gateway: &Gateway, verdicts: &mut Verdicts) {
        for home in &place.homes {
            let Some(state) = gateway.station.watch().get(&home.resident) else { continue };
            let witnesses = home.kits.iter().filter_map(|index| {
                let device = place.roster.devices.get(&place.kits.get(*index)?.device)?;
                Some((device, self.heard_in_time(now, place, *index, device)))
            });
            let witnesses: Vec<(&Device, Heard)> = witnesses.collect();
            let prompt = |wanted: fn(&Device) -> bool| {
                let mut of_kind = witnesses.iter().filter(|(device, _)| wanted(device));
                of_kind.any(|(device, heard)| *heard != Heard::Not && !device.mute && !is_slow(device))
            };
            let watched = prompt(|device| device.role.is_help_call()) && prompt(|device| device.role.is_life_sign());
            if state.watch == Watch::Watched && !watched {
                verdicts.against(now, "nobody_is_watched_by_silence", || home.resident.to_string());
            }
            let speaks = witnesses.iter().find(|(device, heard)| {
                *heard == Heard::Surely && (device.role.is_help_call() || device.role.is_life_sign())
            });
            if let Some((device, _)) = speaks.filter(|_| state.watch == Watch::Blind) {
                verdicts.against(now, "nobody_is_blind_while_a_witness_speaks", || {
                    format!("{} has {}", home.resident, device.id)
                });
            }
        }
    }

    fn heard_in_time(&self, now: Ms, place: &Place, index: usize, device: &Device) -> Heard {
        let known = self.last.get(&index);
        let Some(word) = known.or_else(|| self.older.get(&index)) else { return Heard::Not };
        let limit_ms = u64::try_from(silence_limit(device).as_millis()).unwrap_or(Ms::MAX);
        let Deaf { total_ms, since } = self.deaf.get(&place.kits[index].wire).copied().unwrap_or_default();
        let silent_ms = now - word.at;
        match since {
            Some(since) if since + WAY_MS < now => return Heard::Not,
            Some(_) => return Heard::Perhaps,
            None => {}
        }
        let faulty = self.conduct.get(&index).is_some_and(super::Conduct::was_ever_faulty);
        if silent_ms.saturating_sub(total_ms - word.deaf_before_ms) > limit_ms + SLACK_MS {
            Heard::Not
        } else if known.is_some() && word.sure && !faulty && silent_ms > WAY_MS && silent_ms + SLACK_MS < limit_ms {
            Heard::Surely
        } else {
            Heard::Perhaps
        }
    }
}
