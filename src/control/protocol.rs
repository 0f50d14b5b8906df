//! What can be asked over the local socket, and what is answered.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::config::problem::Problems;
use crate::config::village::clerk::ClerkError;
use crate::config::village::edit::{Edit, EditError};
use crate::core::alarm::{Alarm, Reason};
use crate::core::attempt::Attempt;
use crate::core::detector::device_health::Outlook;
use crate::core::effect::{Answer, Order, VillageChange};
use crate::core::errand::Errand;
use crate::core::id::{
    CommandId, DeviceId, Epoch, GatewayId, HomeId, ResidentId, ResponderId, RoomId, Slug, SourceId, StationId,
};
use crate::core::power::Power;
use crate::core::roster::{Role, Service, Tier};
use crate::core::station::{RollCallStanding, Station};
use crate::core::stop::Stop;
use crate::core::time::{Moment, Trust, Wall};
use crate::core::unit::Milli;
use crate::core::visit;
use crate::core::watch::Watch;
use crate::core::word::words;
use crate::words::Lang;

/// A question or an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "ask")]
pub enum Request {
    /// The open alarms, or with `all` those closed lately too.
    Alarms {
        /// Closed ones too.
        all: bool,
    },
    /// An order, in the name of a local person.
    Order {
        /// Makes doing it twice doing it once.
        id: CommandId,
        /// What.
        order: Order,
        /// The code from inside of the door, as somebody who has arrived gives it (CARE-RULES 30).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        door: Option<String>,
    },
    /// How everybody's visits stand.
    Visits,
    /// Every device's standing.
    Devices,
    /// What was heard on the air, the unassigned ones first.
    Heard,
    /// Begin to record what a source hears.
    Record {
        /// Which.
        source: SourceId,
        /// For how long.
        seconds: u32,
    },
    /// What was recorded since the last time this was asked.
    Recorded,
    /// How the station itself is.
    Status,
    /// Change the village file, and take it over at once.
    Edit {
        /// In whose name; left out, in that of whoever asks.
        #[serde(default)]
        by: Option<Slug>,
        /// The change.
        edit: Edit,
    },
    /// Send a code to somebody's telephone, or take the one that they read back (CARE-RULES 20).
    Prove {
        /// In whose name; left out, in that of whoever asks.
        #[serde(default)]
        by: Option<Slug>,
        /// Whose telephone.
        who: ResponderId,
        /// The code; none to send one.
        #[serde(default)]
        code: Option<String>,
    },
    /// Open a bridge for newcomers, or close it again with 0.
    Pair {
        /// Which source; may be left out where only one has a bridge that opens.
        #[serde(default)]
        source: Option<SourceId>,
        /// For so long, in seconds.
        seconds: u16,
    },
    /// Who has come since the bridge was opened.
    Newcomers,
    /// Tell a device to do something.
    Tell {
        /// Which.
        device: DeviceId,
        /// What.
        errand: Errand,
    },
    /// Take over the village file as a hand has changed it.
    Reload {
        /// In whose name; left out, in that of whoever asks.
        #[serde(default)]
        by: Option<Slug>,
    },
    /// Keep what was tried at the pages and moved no alarm. It comes from the pages themselves, and never over the socket.
    #[serde(skip)]
    Keep(Vec<Attempt>),
}

/// An answer, with the station's time, so that ages can be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// When it was answered.
    pub now: Moment,
    /// What.
    pub body: Body,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// Alarms, oldest first.
    Alarms(Vec<Alarm>),
    /// What became of an order.
    Answer(Answer),
    /// Visits, by resident.
    Visits(Vec<VisitRow>),
    /// Devices.
    Devices(Vec<DeviceRow>),
    /// What was heard.
    Heard(Vec<HeardRow>),
    /// A recording has begun.
    Recording,
    /// Recorded frames.
    Recorded(RecordedFrames),
    /// The station.
    Status(Box<Status>),
    /// What became of a change of the village.
    Village(VillageAnswer),
    /// What became of a code for a telephone; a telephone that is proven is a change of the village.
    Proof(ProofAnswer),
    /// How the bridge stands.
    Pairing(PairingAnswer),
    /// What became of an errand.
    Errand(ErrandAnswer),
    /// It is in the log.
    Kept,
    /// The request could not be read or answered.
    Trouble(String),
}

/// What became of an errand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrandAnswer {
    /// It is on its way. Whether the device obeys, it does not say.
    Sent,
    /// The device is not connected.
    NotConnected,
    /// Its format has no such errand.
    HasNone,
    /// No device of that id is enrolled.
    NotEnrolled,
}

/// What became of a change of the village.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VillageAnswer {
    /// The file is changed.
    Changed {
        /// What is different.
        change: VillageChange,
        /// The device that was enrolled, replaced or removed; none for a hand's changes.
        #[serde(default)]
        device: Option<DeviceId>,
        /// The id under which the thing that was replaced is still known.
        #[serde(default)]
        former: Option<DeviceId>,
        /// The station watches by it already; otherwise from its next start on.
        in_force: bool,
        /// What works and is not good.
        #[serde(default)]
        warnings: Vec<Objection>,
    },
    /// The file is as it was when it was last taken over.
    Same {
        /// Its revision.
        revision: String,
    },
    /// Nothing was changed.
    Refused {
        /// Why.
        why: Vec<Objection>,
    },
}

/// What became of a code for a telephone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "proof")]
pub enum ProofAnswer {
    /// One is on its way.
    Sent {
        /// For how long it counts.
        minutes: u64,
    },
    /// It was another code.
    Wrong {
        /// Tries that are left.
        left: u8,
    },
    /// No code was sent or checked.
    Refused {
        /// Why.
        why: NoProof,
    },
}

words! {
    /// Why no code was sent or checked.
    NoProof {
        /// Nobody of that id stands in the village file.
        UnknownResponder = "unknown_responder",
        /// They have no telephone there.
        NoPhone = "no_phone",
        /// Nothing can send a text.
        NoModem = "no_modem",
        /// None is out for that person and number.
        NoCode = "no_code",
        /// The kernel gives none.
        NoRandomness = "no_randomness",
    }
}

/// How the bridge stands that was to be opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairingAnswer {
    /// Which source.
    pub source: Option<SourceId>,
    /// Open for so many seconds more; none when it is closed.
    pub open_s: Option<u64>,
    /// Why it could not be opened, or was lost.
    #[serde(default)]
    pub trouble: Option<String>,
    /// Whoever came, in the order in which they came.
    pub newcomers: Vec<NewcomerRow>,
}

/// A device that arrives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewcomerRow {
    /// Its address, as enrolment wants it.
    pub address: String,
    /// Word of how far it has come.
    pub stage: String,
    /// Maker's model, once the bridge knows.
    pub model: Option<String>,
}

/// One thing to be said against a village file or a change of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objection {
    /// Its word, for which `words` has a sentence; empty when only the sentence says it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub what: String,
    /// Where in the file.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// The sentence, in English.
    pub sentence: String,
}

/// How one resident's visits stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitRow {
    /// Whose.
    pub resident: ResidentId,
    /// Where they live.
    pub home: HomeId,
    /// Their risk tier.
    pub tier: Tier,
    /// Number of the newest record of it.
    pub rev: u32,
    /// What is to be done.
    pub open: Vec<visit::Open>,
    /// The last visit.
    #[serde(default)]
    pub last: Option<visit::Visit>,
    /// The date on which the next routine visit is due, as an instant of it; none while no clock has shown from when it counts,
    /// and for somebody who is away.
    #[serde(default)]
    pub next: Option<Wall>,
}

/// One enrolled device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRow {
    /// Which.
    pub id: DeviceId,
    /// Whose.
    pub resident: Option<ResidentId>,
    /// In which home.
    pub home: Option<HomeId>,
    /// In which room.
    pub room: Option<RoomId>,
    /// What for.
    pub role: Role,
    /// Heard through.
    pub source: SourceId,
    /// Whether that is up.
    pub reachable: bool,
    /// When it was last heard.
    pub heard: Option<Moment>,
    /// Seconds until it must be heard again; negative when it is late.
    pub expected_in_s: i64,
    /// Word of its fault.
    pub fault: Option<String>,
    /// Why it has that.
    #[serde(default)]
    pub why: Option<Reason>,
    /// The rhythm by which it is supervised: configured, learned, or its class's.
    #[serde(default)]
    pub rhythm_s: u64,
    /// How long its battery lasts, once that was learned.
    #[serde(default)]
    pub outlook: Option<Outlook>,
    /// Claimed charge in per cent.
    pub battery: Option<Milli>,
    /// Link quality.
    pub link: Option<Milli>,
    /// Taken out of service.
    pub removed: bool,
    /// Its resident is no longer served: it waits to be given to somebody else.
    #[serde(default)]
    pub free: bool,
}

/// One device on the air. Its address may carry a person's name: it is shown to the installer here and nowhere else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeardRow {
    /// Wire format.
    pub format: String,
    /// Through which source.
    pub source: SourceId,
    /// Its address or name on the air.
    pub address: String,
    /// The device it is enrolled as, if it is.
    pub device: Option<DeviceId>,
    /// Maker's model, when its bridge says so.
    pub model: Option<String>,
    /// Kinds of its last words.
    pub kinds: Vec<String>,
    /// Link quality of its last words.
    pub link: Option<Milli>,
    /// How often it was heard.
    pub count: u64,
    /// Seconds since it was first heard; none when only its bridge names it.
    #[serde(default)]
    pub first_s_ago: Option<u64>,
    /// Seconds since it was last heard; none when only its bridge names it.
    pub heard_s_ago: Option<u64>,
}

/// Recorded frames, each a line as vectors are written. They may carry names and positions: they are shown to the installer
/// here and nowhere else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedFrames {
    /// The frames in the order in which they were heard.
    pub frames: Vec<serde_json::Value>,
    /// More may come.
    pub running: bool,
    /// Frames that did not fit since the recording began.
    pub missed: u64,
}

/// How the station itself is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Version of the program.
    pub version: String,
    /// Station.
    pub station: StationId,
    /// Gateway.
    pub gateway: GatewayId,
    /// Sequence space in force.
    pub epoch: Epoch,
    /// Revision of the village file in force.
    #[serde(default)]
    pub village: String,
    /// Why another version of the file was refused when it was last to be taken over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub village_refused: Vec<Objection>,
    /// Whether the log takes records.
    pub durable: bool,
    /// How full the card is; none from a gateway of an older version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<Card>,
    /// Whether the county's broker is connected.
    pub relay_connected: bool,
    /// Whether the county says that it consumes; none before it said anything.
    pub county_online: Option<bool>,
    /// What is wrong with the way there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub county_trouble: Option<CountyTrouble>,
    /// Per lane: newest record, and how far the county has receipted.
    pub lanes: BTreeMap<String, (u64, u64)>,
    /// Sources: up or down.
    pub sources: BTreeMap<SourceId, bool>,
    /// Residents: watched, weak or blind, since when.
    pub residents: BTreeMap<ResidentId, (Watch, Moment)>,
    /// How the evening's roll-call stands.
    #[serde(default)]
    pub roll_call: RollCallStanding,
    /// Residents who are away from home, and until when.
    #[serde(default)]
    pub away: BTreeMap<ResidentId, Wall>,
    /// What the box runs on.
    #[serde(default)]
    pub power: Power,
    /// When a telephone of the county's last confirmed a text.
    #[serde(default)]
    pub second_path_proven: Option<Moment>,
    /// Times in which it was not running, of which people are still to be told (CARE-RULES 23).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stops: Vec<Stop>,
    /// Open alarms.
    pub open_alarms: usize,
    /// Everything that was counted: refusals, drops, repeats.
    pub counters: BTreeMap<String, u64>,
}

/// How full the card is, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// The urgent stream, and what it may grow to.
    pub urgent: (u64, u64),
    /// The routine stream, and what it may grow to.
    pub routine: (u64, u64),
    /// Free on the file system; none when it cannot be asked.
    pub free_bytes: Option<u64>,
    /// Readings are not written when less than this is free.
    pub reserve_bytes: u64,
    /// Whether that is so.
    pub short: bool,
    /// The ballast that is held, and what is held when there is room.
    pub ballast: (u64, u64),
    /// Written to the log since the start.
    pub written_bytes: u64,
    /// Turns that were forgotten at the limit of memory since the start.
    pub turns_dropped: u64,
    /// Whether the state index failed since the start.
    pub index_failed: bool,
}

/// What is wrong with the way to the county, in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountyTrouble {
    /// In Chinese.
    pub zh: String,
    /// In English, as in the log.
    pub en: String,
}

impl CountyTrouble {
    /// In this language.
    #[must_use]
    pub fn say(&self, lang: Lang) -> &str {
        match lang {
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        }
    }
}

impl VisitRow {
    /// Everybody's, by id.
    #[must_use]
    pub fn of(station: &Station) -> Vec<VisitRow> {
        let roster = station.roster();
        let rows = station.visits().filter_map(|standing| {
            let resident = roster.residents.get(&standing.resident)?;
            let is_there = resident.service == Service::Active && !station.is_away(resident.id);
            let next = standing.due_from(roster.visits.of(resident.tier)).filter(|_| is_there);
            Some(VisitRow {
                resident: resident.id,
                home: resident.home,
                tier: resident.tier,
                rev: standing.rev,
                open: standing.open.clone(),
                last: standing.last,
                next,
            })
        });
        rows.collect()
    }

    /// Whether a visit to them was missed, or its time is over and that will be said in the morning.
    #[must_use]
    pub fn is_overdue(&self, now: Moment) -> bool {
        let over = |open: &visit::Open| open.missed.is_some() || (now.trust != Trust::Unset && now.wall >= open.by);
        self.open.iter().any(over)
    }

    /// Those to whom somebody is to go, the most pressing first.
    #[must_use]
    pub fn due(rows: &[VisitRow], now: Moment) -> Vec<&VisitRow> {
        let mut due: Vec<&VisitRow> = rows.iter().filter(|row| !row.open.is_empty()).collect();
        due.sort_by_key(|row| (!row.is_overdue(now), row.open.iter().map(|open| open.by).min()));
        due
    }
}

impl VillageAnswer {
    /// Whether the file is another by it.
    #[must_use]
    pub const fn is_changed(&self) -> bool {
        matches!(self, VillageAnswer::Changed { .. })
    }
}

impl Objection {
    /// Everything that is to be said of a file, one each.
    #[must_use]
    pub fn of_file(problems: &Problems) -> Vec<Objection> {
        let said = problems.list().iter().map(|problem| Objection {
            what: problem.what.word().to_owned(),
            place: if problem.key.is_empty() { problem.file.clone() } else { problem.key.clone() },
            sentence: problem.to_string(),
        });
        said.collect()
    }

    /// Why the file was not changed.
    #[must_use]
    pub fn of_change(error: &ClerkError) -> Vec<Objection> {
        match error {
            ClerkError::Unsound(problems) | ClerkError::Edit(EditError::Unsound(problems)) => Self::of_file(problems),
            other => {
                vec![Objection { what: other.word().to_owned(), place: String::new(), sentence: other.to_string() }]
            }
        }
    }
}
