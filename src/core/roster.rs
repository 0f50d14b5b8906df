//! Who is watched, by which devices, and who is called: the village as the core knows it.
//!
//! Pseudonyms only. Names, phones, addresses and radio names stay in `village.toml`; the core could not
//! print one if it tried.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::id::{DeviceId, HomeId, ResidentId, ResponderId, RoomId, SourceId};
use super::reading::{Measure, Origin, Sample};
use super::visit::Rhythm;
use super::word::words;

words! {
    /// What a device is for, decided at enrolment (rule 1 of the adapters: role before meaning).
    Role {
        /// A help button: whatever it sends as a press is a help call (CARE-RULES 13).
        Sos = "sos",
        /// A button that takes back a pre-alarm, and nothing else.
        Cancel = "cancel",
        /// A wearable that judges falls by itself.
        Fall = "fall",
        /// Smoke detector.
        Smoke = "smoke",
        /// Gas detector.
        Gas = "gas",
        /// Carbon monoxide detector.
        Co = "co",
        /// Water leak detector.
        Leak = "leak",
        /// Motion sensor.
        Motion = "motion",
        /// Presence radar, also one that judges falls: a room sensor, never a wearable.
        Presence = "presence",
        /// Door or window contact.
        Door = "door",
        /// Bed or chair mat.
        Bed = "bed",
        /// Measures vital signs.
        Vital = "vital",
        /// Temperature, humidity, light.
        Climate = "climate",
        /// Anything else: supervised, raises nothing by its role.
        Other = "other",
    }
}

impl Role {
    /// CARE-RULES 25 and the watch state: a device whose silence is a matter of life.
    #[must_use]
    pub const fn is_life_safety(self) -> bool {
        matches!(self, Role::Sos | Role::Smoke | Role::Gas | Role::Co | Role::Fall)
    }

    /// Whether it can call for help: a button, or a wearable (which has one or judges falls).
    #[must_use]
    pub const fn is_help_call(self) -> bool {
        matches!(self, Role::Sos | Role::Fall)
    }

    /// Whether its readings are evidence that its resident is alive and about.
    #[must_use]
    pub const fn is_life_sign(self) -> bool {
        matches!(self, Role::Fall | Role::Motion | Role::Presence | Role::Door | Role::Bed | Role::Vital)
    }

    /// Whether it speaks because somebody moves, and so is silent when nobody does.
    #[must_use]
    pub const fn is_moved_by_people(self) -> bool {
        matches!(self, Role::Motion | Role::Presence | Role::Door | Role::Bed)
    }

    /// Rhythm expected of the class until one is configured or learned.
    /// Source: heartbeat periods in the protocol notes (Zigbee battery devices 50 min to 25 h, radars 1–60 s).
    #[must_use]
    pub const fn rhythm(self) -> Duration {
        match self {
            Role::Presence => Duration::from_mins(5),
            Role::Vital | Role::Fall => Duration::from_mins(10),
            _ => Duration::from_hours(1),
        }
    }
}

words! {
    /// What a device lives on, as its label or its battery says.
    Chemistry {
        /// Lithium coin cell of 20 mm.
        Cr2032 = "cr2032",
        /// Lithium coin cell of 24 mm.
        Cr2450 = "cr2450",
        /// Two alkaline cells in a row: AAA or AA.
        Alkaline = "alkaline",
        /// A rechargeable lithium cell.
        LiIon = "li_ion",
        /// A lithium thionyl chloride cell of 3.6 V.
        LiSocl2 = "lisocl2",
        /// Nobody has said.
        Unknown = "unknown",
    }
}

words! {
    /// What a resident's record says of being served.
    Service {
        /// Watched over.
        Active = "active",
        /// Away for a time: no reminders.
        Paused = "paused",
        /// Moved away: 已停止服务.
        Moved = "moved",
        /// Has died: 已停止服务.
        Deceased = "deceased",
    }
}

words! {
    /// How much risk a resident carries.
    Tier {
        /// Ordinary.
        Ordinary = "ordinary",
        /// High: found blind at once, told at night.
        High = "high",
    }
}

/// A resident as the core knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resident {
    /// Pseudonym.
    pub id: ResidentId,
    /// Home.
    pub home: HomeId,
    /// Served or not.
    pub service: Service,
    /// Risk tier.
    pub tier: Tier,
    /// A prompt device in the home can ask "are you all right?".
    pub prompt: bool,
    /// The ladder of people to call.
    pub ladder: Ladder,
    /// Who has a key to the home, and is called when nobody can get in (CARE-RULES 15).
    pub key_holder: Option<ResponderId>,
    /// Their family: told, and sent only where the village says so.
    pub family: Vec<ResponderId>,
}

impl Resident {
    /// Somebody of ordinary risk who is watched over, with nobody to call yet.
    #[must_use]
    pub fn new(id: ResidentId, home: HomeId) -> Self {
        let (service, tier, ladder) = (Service::Active, Tier::Ordinary, Ladder::default());
        Self { id, home, service, tier, prompt: false, ladder, key_holder: None, family: Vec::new() }
    }
}

/// A device as the core knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    /// Slug given at enrolment.
    pub id: DeviceId,
    /// Whose; none for a device of the station or of a shared room.
    pub resident: Option<ResidentId>,
    /// In which home.
    pub home: Option<HomeId>,
    /// In which room.
    pub room: Option<RoomId>,
    /// What it is for.
    pub role: Role,
    /// Which source it is heard through.
    pub source: SourceId,
    /// Configured rhythm; the class's otherwise.
    pub rhythm: Option<Duration>,
    /// It cannot report by itself (433 MHz buttons): proven by a press every 7 days (CARE-RULES 25).
    pub mute: bool,
    /// What it lives on.
    pub battery: Chemistry,
    /// It hangs on the mains of the village: a power cut silences it (CARE-RULES 27).
    pub mains: bool,
    /// It was taken out of service; what it still says is CARE-RULES 17.
    pub removed: bool,
}

impl Device {
    /// The rhythm it is supervised by.
    #[must_use]
    pub fn rhythm(&self) -> Duration {
        self.rhythm.unwrap_or_else(|| self.role.rhythm())
    }

    /// Whether whatever it says is urgent, by its role.
    #[must_use]
    pub const fn is_urgent(&self) -> bool {
        matches!(self.role, Role::Sos | Role::Cancel | Role::Fall | Role::Smoke | Role::Gas | Role::Co | Role::Leak)
    }
}

/// Where a responder stands in the village.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Responder {
    /// Pseudonym.
    pub id: ResponderId,
    /// Role.
    pub role: ResponderRole,
    /// Minutes on the way, where no home says otherwise.
    pub travel_min: u16,
    /// May be sent. Whoever is only informed cannot accept an alarm (CARE-RULES 4).
    pub dispatched: bool,
}

words! {
    /// Who a responder is.
    ResponderRole {
        /// 邻居.
        Neighbour = "neighbour",
        /// 网格员.
        GridWorker = "grid_worker",
        /// 值班员.
        DutyDesk = "duty_desk",
        /// 村医.
        VillageDoctor = "village_doctor",
        /// 家属: informed, not dispatched, unless configured.
        Family = "family",
    }
}

/// The people to call for a resident, in order. Rungs add up: climbing never silences the rung below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ladder {
    /// First rung first; an empty ladder falls back to everyone at once (CARE-RULES 5).
    pub rungs: Vec<Rung>,
    /// Without acceptance for this long everyone is called, however far the ladder has been climbed.
    pub everyone_after: Duration,
    /// Who is not called by it, whatever their role: not everybody is welcome in every home.
    pub never: Vec<ResponderId>,
}

/// Time without acceptance after which everyone is called. Source: CARE-RULES 5, "or 10 minutes".
pub const EVERYONE_AFTER: Duration = Duration::from_mins(10);

impl Rung {
    /// Whether somebody may be called on it, whoever is on duty.
    #[must_use]
    pub fn may_call(&self, responder: &Responder) -> bool {
        let by_role = responder.dispatched && (self.on_duty || self.roles.contains(&responder.role));
        by_role || self.responders.contains(&responder.id)
    }
}

impl Ladder {
    /// Fits a ladder of the village to one resident: these are called with the first rung, and those never by it.
    pub fn fit(&mut self, first: &[ResponderId], never: &[ResponderId]) {
        if self.rungs.is_empty() && !first.is_empty() {
            self.rungs.push(Rung { wait: EVERYONE_AFTER, ..Rung::default() });
        }
        if let Some(rung) = self.rungs.first_mut() {
            let others: Vec<ResponderId> = rung.responders.iter().copied().filter(|id| !first.contains(id)).collect();
            rung.responders = first.iter().copied().chain(others).collect();
        }
        self.never.extend(never);
        for rung in &mut self.rungs {
            rung.responders.retain(|id| !never.contains(id));
        }
    }

    /// The first rung from `from` on that somebody stands on.
    #[must_use]
    pub fn next_with_people(&self, from: u8) -> Option<u8> {
        let rungs = self.rungs.iter().enumerate().skip(usize::from(from));
        rungs.filter(|(_, rung)| !rung.responders.is_empty()).find_map(|(at, _)| u8::try_from(at).ok())
    }

    /// The same rungs, and nobody on those on which only this person stands.
    #[must_use]
    pub fn besides(&self, who: ResponderId) -> Ladder {
        let mut ladder = self.clone();
        for rung in ladder.rungs.iter_mut().filter(|rung| rung.responders == [who]) {
            rung.responders.clear();
        }
        ladder
    }
}

impl Default for Ladder {
    fn default() -> Self {
        Self { rungs: Vec::new(), everyone_after: EVERYONE_AFTER, never: Vec::new() }
    }
}

/// One rung: all of it is called in parallel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rung {
    /// Who is called by name.
    pub responders: Vec<ResponderId>,
    /// Of these roles, whoever is on duty; all of them where nobody is, or where that is not known.
    pub roles: Vec<ResponderRole>,
    /// Whoever is on duty, whatever they are; everybody who may be sent where that is not known.
    pub on_duty: bool,
    /// How long this rung is given before the next is called in addition.
    pub wait: Duration,
}

/// The village.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Roster {
    /// Residents.
    pub residents: BTreeMap<ResidentId, Resident>,
    /// Devices, the removed ones too.
    pub devices: BTreeMap<DeviceId, Device>,
    /// Responders.
    pub responders: BTreeMap<ResponderId, Responder>,
    /// Minutes to a home, where they are not the usual ones.
    pub travel_min: BTreeMap<(ResponderId, HomeId), u16>,
    /// Sources by their configured names.
    pub sources: Vec<SourceId>,
    /// After how many days a visit is due.
    pub visits: Rhythm,
}

/// How quickly an input must be on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// May raise, confirm or cancel an alarm by its role: durable before its source is acknowledged.
    Urgent,
    /// Gathered in a block, acknowledged at once.
    Routine,
}

impl Service {
    /// Whether anything is done for the resident: 已停止服务 otherwise (CARE-RULES 26).
    #[must_use]
    pub const fn is_served(self) -> bool {
        matches!(self, Service::Active | Service::Paused)
    }
}

impl Roster {
    /// Whether the resident stands in the list and is served (CARE-RULES 26).
    #[must_use]
    pub fn is_watched_over(&self, id: ResidentId) -> bool {
        self.residents.get(&id).is_some_and(|resident| resident.service.is_served())
    }

    /// Whether the resident stands in the list and is no longer served (CARE-RULES 26).
    #[must_use]
    pub fn has_left(&self, id: ResidentId) -> bool {
        self.residents.get(&id).is_some_and(|resident| !resident.service.is_served())
    }

    /// Whether the device hangs where nobody is served any more, and waits to be given to somebody else: its owner has
    /// left, or everybody whose home it is in (CARE-RULES 26).
    #[must_use]
    pub fn is_free(&self, device: &Device) -> bool {
        if device.removed {
            return false;
        }
        if let Some(resident) = device.resident {
            return self.has_left(resident);
        }
        let Some(home) = device.home else { return false };
        let mut living = self.residents.values().filter(|resident| resident.home == home).peekable();
        living.peek().is_some() && living.all(|resident| !resident.service.is_served())
    }

    /// Whether the device is in service: neither taken out of it nor free.
    #[must_use]
    pub fn serves(&self, device: &Device) -> bool {
        !device.removed && !self.is_free(device)
    }

    /// Which lane a sample takes.
    #[must_use]
    pub fn class(&self, sample: &Sample) -> Class {
        Class::of(sample, |id| self.devices.get(&id).is_some_and(Device::is_urgent))
    }
}

impl Class {
    /// Which lane a sample takes. The role decides, at enrolment, not the value: a help button's battery report is
    /// urgent too, because the same payload may carry the press.
    #[must_use]
    pub fn of(sample: &Sample, is_urgent: impl FnOnce(DeviceId) -> bool) -> Class {
        let by_role = match sample.from {
            // A stranger's help call is CARE-RULES 17; its other words are not kept at all.
            Origin::Stranger(_) => false,
            Origin::Bridge(_) => true,
            Origin::Device(id) => is_urgent(id),
        };
        if by_role || sample.said.iter().any(|said| said.measure.may_alarm()) { Class::Urgent } else { Class::Routine }
    }
}

impl Sample {
    /// Whether something of it [may call for help](Measure::may_call).
    #[must_use]
    pub fn may_call(&self) -> bool {
        self.said.iter().any(|said| said.measure.may_call())
    }
}

impl Measure {
    /// Whether it may raise, confirm or cancel an alarm about a person whatever the device's role.
    #[must_use]
    pub const fn may_alarm(&self) -> bool {
        match self {
            Measure::Sos(_) | Measure::AlarmUnspecified | Measure::Fall(_) => true,
            Measure::Smoke(on) | Measure::Gas(on) | Measure::Co(on) | Measure::Leak(on) => *on,
            _ => false,
        }
    }

    /// Whether it may call for help, by itself or by the role of its device: it stands first in its frame and is not thinned out,
    /// and its sender is answered when it is kept.
    #[must_use]
    pub const fn may_call(&self) -> bool {
        self.may_alarm()
            || matches!(
                self,
                Measure::Button(_) | Measure::RfCode(_) | Measure::Switch(_) | Measure::DeviceInactivity(_)
            )
    }
}
