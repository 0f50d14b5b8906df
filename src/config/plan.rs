//! What a village amounts to: who is watched by what, who would be called when, and what is not covered. Pure.

use std::time::Duration;

use serde::Serialize;

use super::village::{CONTACTS_MIN, Village, reachable_contacts};
use crate::core::consent::Purpose;
use crate::core::detector::device_health::{is_slow, silence_limit};
use crate::core::id::{DeviceId, HomeId, ResidentId, ResponderId, RoomId};
use crate::core::roster::{Device, Resident, Responder, ResponderRole, Role, Service, Tier};
use crate::core::rota::NEAR_MIN;
use crate::core::watch::Watch;
use crate::core::word::words;

/// The plan of a village.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Everybody who is served, by id.
    pub residents: Vec<ResidentPlan>,
    /// Devices that are nobody's own, by id.
    pub shared: Vec<DevicePlan>,
    /// Devices of those who are no longer served, to be given to others (CARE-RULES 26).
    pub free: Vec<DeviceId>,
    /// Devices that were taken out of service.
    pub removed: Vec<DeviceId>,
}

/// What is done for one resident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ResidentPlan {
    /// Pseudonym.
    pub id: ResidentId,
    /// Home.
    pub home: HomeId,
    /// Served or not.
    pub service: Service,
    /// Risk tier.
    pub tier: Tier,
    /// The watch state when every device is well: it can only be worse.
    pub watch_at_best: Watch,
    /// The devices, by id.
    pub devices: Vec<DevicePlan>,
    /// Who is called when.
    pub rungs: Vec<RungPlan>,
    /// Without acceptance for so long everybody is called.
    pub everybody_after_s: u64,
    /// Different people on the ladder who can be reached and sent.
    pub reachable_contacts: usize,
    /// For what they may be named beyond the people who are called (CARE-RULES 28).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub consent: Vec<Purpose>,
    /// What is not covered.
    pub gaps: Vec<Gap>,
}

/// A device and how it is supervised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DevicePlan {
    /// Slug.
    pub id: DeviceId,
    /// What it is for.
    pub role: Role,
    /// In which home.
    pub home: Option<HomeId>,
    /// In which room.
    pub room: Option<RoomId>,
    /// How often it reports.
    pub rhythm_s: u64,
    /// Silent for so long, it is a fault.
    pub limit_s: u64,
    /// What its silence is worth.
    pub pace: Pace,
}

words! {
    /// What a device's silence is worth (CARE-RULES 25).
    Pace {
        /// Inside the cap.
        Ordinary = "ordinary",
        /// It reports less often than the cap: holds its resident at WEAK at best.
        Slow = "slow",
        /// It cannot report by itself: needs a press within 7 days, WEAK at best.
        Mute = "mute",
    }
}

/// One rung, on the clock of the alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RungPlan {
    /// Seconds after raising.
    pub after_s: u64,
    /// Who is called in addition.
    pub call: Vec<ResponderId>,
    /// Whoever of these roles is on duty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<ResponderRole>,
    /// Whoever is on duty.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub on_duty: bool,
}

words! {
    /// What is not covered.
    Gap {
        /// No device with which help can be called.
        NoHelpCall = "no_help_call",
        /// The help-call device is slow or mute.
        HelpCallUnproven = "help_call_unproven",
        /// No device shows signs of life.
        NoLifeSign = "no_life_sign",
        /// The witnesses are slow or mute.
        LifeSignUnproven = "life_sign_unproven",
        /// No ladder: everybody is called at once.
        NoLadder = "no_ladder",
        /// Fewer than three contacts can be reached and sent.
        FewContacts = "few_contacts",
        /// Nobody on the first rung is within [`NEAR_MIN`].
        FirstRungFar = "first_rung_far",
    }
}

fn pace(device: &Device) -> Pace {
    if device.mute {
        Pace::Mute
    } else if is_slow(device) {
        Pace::Slow
    } else {
        Pace::Ordinary
    }
}

impl Plan {
    /// The plan of this village, when everybody is called after `unanswered_after` without acceptance.
    #[must_use]
    pub fn of(village: &Village, unanswered_after: Duration) -> Self {
        let served = village.roster.residents.values();
        let served = served.filter(|one| one.service.is_served());
        let in_service = || village.roster.devices.values().filter(|device| village.roster.serves(device));
        let shared = in_service().filter(|device| device.resident.is_none());
        let free = village.roster.devices.values().filter(|device| village.roster.is_free(device));
        let removed = village.roster.devices.values().filter(|device| device.removed);
        Self {
            residents: served.map(|one| ResidentPlan::of(one, village, unanswered_after)).collect(),
            shared: shared.map(DevicePlan::of).collect(),
            free: free.map(|device| device.id).collect(),
            removed: removed.map(|device| device.id).collect(),
        }
    }

    /// How many served residents are at best in this watch state.
    #[must_use]
    pub fn count(&self, watch: Watch) -> usize {
        self.residents.iter().filter(|one| one.watch_at_best == watch).count()
    }
}

impl ResidentPlan {
    fn of(resident: &Resident, village: &Village, unanswered_after: Duration) -> Self {
        let devices = village.roster.devices.values();
        let devices: Vec<&Device> =
            devices.filter(|device| !device.removed && device.resident == Some(resident.id)).collect();
        let mut after = Duration::ZERO;
        let mut rungs = Vec::new();
        for rung in &resident.ladder.rungs {
            let (call, roles) = (rung.responders.clone(), rung.roles.clone());
            rungs.push(RungPlan { after_s: after.as_secs(), call, roles, on_duty: rung.on_duty });
            after += rung.wait;
        }
        let consent = village.people.residents.get(&resident.id);
        let help = best_pace(&devices, Role::is_help_call);
        let life = best_pace(&devices, Role::is_life_sign);
        Self {
            id: resident.id,
            home: resident.home,
            service: resident.service,
            tier: resident.tier,
            watch_at_best: match (help, life) {
                (Some(Pace::Ordinary), Some(Pace::Ordinary)) => Watch::Watched,
                (None, None) => Watch::Blind,
                _ => Watch::Weak,
            },
            devices: devices.into_iter().map(DevicePlan::of).collect(),
            rungs,
            everybody_after_s: if resident.ladder.rungs.is_empty() { 0 } else { unanswered_after.as_secs() },
            reachable_contacts: reachable_contacts(&resident.ladder, &village.roster, &village.people),
            consent: consent.map(|card| card.consent.iter().copied().collect()).unwrap_or_default(),
            gaps: gaps(resident, village, help, life),
        }
    }
}

impl DevicePlan {
    fn of(device: &Device) -> Self {
        Self {
            id: device.id,
            role: device.role,
            home: device.home,
            room: device.room,
            rhythm_s: device.rhythm().as_secs(),
            limit_s: silence_limit(device).as_secs(),
            pace: pace(device),
        }
    }
}

/// The best pace among the devices of a kind; none without such a device.
fn best_pace(devices: &[&Device], of_kind: fn(Role) -> bool) -> Option<Pace> {
    devices.iter().filter(|device| of_kind(device.role)).map(|device| pace(device)).min()
}

fn gaps(resident: &Resident, village: &Village, help: Option<Pace>, life: Option<Pace>) -> Vec<Gap> {
    let mut gaps = Vec::new();
    match help {
        None => gaps.push(Gap::NoHelpCall),
        Some(Pace::Slow | Pace::Mute) => gaps.push(Gap::HelpCallUnproven),
        Some(Pace::Ordinary) => {}
    }
    match life {
        None => gaps.push(Gap::NoLifeSign),
        Some(Pace::Slow | Pace::Mute) => gaps.push(Gap::LifeSignUnproven),
        Some(Pace::Ordinary) => {}
    }
    let Some(first) = resident.ladder.rungs.first() else {
        gaps.push(Gap::NoLadder);
        return gaps;
    };
    if reachable_contacts(&resident.ladder, &village.roster, &village.people) < CONTACTS_MIN {
        gaps.push(Gap::FewContacts);
    }
    let near = |id: &ResponderId| village.travel_min(*id, resident.home).is_some_and(|minutes| minutes <= NEAR_MIN);
    let may_come = |who: &Responder| first.may_call(who) && !resident.ladder.never.contains(&who.id) && near(&who.id);
    if !village.roster.responders.values().any(may_come) {
        gaps.push(Gap::FirstRungFar);
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::roster::Chemistry;

    fn device(role: Role, rhythm_s: u64, mute: bool) -> Device {
        Device {
            id: "d1".parse().expect("id"),
            resident: None,
            home: None,
            room: None,
            role,
            source: "s1".parse().expect("id"),
            rhythm: Some(Duration::from_secs(rhythm_s)),
            mute,
            battery: Chemistry::Unknown,
            mains: false,
            removed: false,
        }
    }

    #[test]
    fn the_limit_is_four_rhythms_within_the_cap_and_never_under_one_and_a_half() {
        for (role, rhythm_s, limit_s, of_pace) in [
            (Role::Sos, 600, 2_400, Pace::Ordinary),
            (Role::Sos, 2 * 3600, 4 * 3600, Pace::Ordinary),
            (Role::Sos, 3 * 3600, 4 * 3600 + 1800, Pace::Ordinary),
            (Role::Sos, 25 * 3600, 37 * 3600 + 1800, Pace::Slow),
            (Role::Motion, 3600, 4 * 3600, Pace::Ordinary),
            (Role::Motion, 12 * 3600, 24 * 3600, Pace::Ordinary),
            (Role::Motion, 25 * 3600, 37 * 3600 + 1800, Pace::Slow),
        ] {
            let plan = DevicePlan::of(&device(role, rhythm_s, false));
            assert_eq!((plan.limit_s, plan.pace), (limit_s, of_pace), "{role} every {rhythm_s} s");
        }
        assert_eq!(pace(&device(Role::Sos, 600, true)), Pace::Mute);
    }
}
