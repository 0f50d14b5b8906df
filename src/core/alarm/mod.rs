//! An alarm: a condition of somebody or something that wants a person's answer.

pub mod told;

pub mod ladder;

pub mod life_cycle;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use life_cycle::State;
pub use told::Told;

use super::condition::{Condition, Criterion, Priority};
use super::id::{
    ChannelId, DeviceId, Epoch, HomeId, ResidentId, ResponderId, RoomId, Slug, SourceId, StationId, StrangerId,
};
use super::reading::Said;
use super::time::{Moment, Mono, Wall};
use super::word::words;

/// What an alarm is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A person.
    Resident(ResidentId),
    /// A device.
    Device(DeviceId),
    /// A source, with every device behind it.
    Source(SourceId),
    /// A device that is not enrolled.
    Stranger(StrangerId),
    /// A channel to people.
    Channel(ChannelId),
    /// The box itself.
    Station,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Resident(id) => write!(f, "resident-{id}"),
            Subject::Device(id) => write!(f, "device-{id}"),
            Subject::Source(id) => write!(f, "source-{id}"),
            Subject::Stranger(id) => write!(f, "stranger-{id}"),
            Subject::Channel(id) => write!(f, "channel-{id}"),
            Subject::Station => f.write_str("station"),
        }
    }
}

impl FromStr for Subject {
    type Err = AlarmIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let slug = |text: &str| text.parse::<Slug>().map_err(|_| AlarmIdError);
        match text.split_once('-') {
            None if text == "station" => Ok(Subject::Station),
            Some(("resident", id)) => Ok(Subject::Resident(ResidentId(slug(id)?))),
            Some(("device", id)) => Ok(Subject::Device(DeviceId(slug(id)?))),
            Some(("source", id)) => Ok(Subject::Source(SourceId(slug(id)?))),
            Some(("stranger", id)) => Ok(Subject::Stranger(StrangerId(slug(id)?))),
            Some(("channel", id)) => Ok(Subject::Channel(ChannelId(slug(id)?))),
            _ => Err(AlarmIdError),
        }
    }
}

/// An alarm's id is its cause, so that finding the same thing twice is one alarm, here and at the county.
///
/// Readable text on the wire: `STATION.EPOCH.ONSET.SUBJECT.CONDITION`, with `.drill` behind a drill.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlarmId {
    /// When it began, in station time.
    pub onset: Mono,
    /// Whose.
    pub subject: Subject,
    /// What.
    pub condition: Condition,
    /// A drill never shares an id with the real thing, so it can never mask it.
    pub drill: bool,
    /// Where.
    pub station: StationId,
    /// The epoch in which it was first raised; kept when the epoch changes later.
    pub epoch: Epoch,
}

/// A text that is not an alarm's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an alarm id; it looks like st1.00000000000000ff.86400000.resident-r04.help_call")]
pub struct AlarmIdError;

impl fmt::Display for AlarmId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}.{}.{}.{}.{}{}",
            self.station,
            self.epoch,
            self.onset.0,
            self.subject,
            self.condition,
            if self.drill { ".drill" } else { "" }
        )
    }
}

impl fmt::Debug for AlarmId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for AlarmId {
    type Err = AlarmIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (text, drill) = match text.strip_suffix(".drill") {
            Some(text) => (text, true),
            None => (text, false),
        };
        let mut parts = text.split('.');
        let mut part = || parts.next().ok_or(AlarmIdError);
        let id = AlarmId {
            station: part()?.parse().map_err(|_| AlarmIdError)?,
            epoch: part()?.parse().map_err(|_| AlarmIdError)?,
            onset: Mono(part()?.parse().map_err(|_| AlarmIdError)?),
            subject: part()?.parse()?,
            condition: Condition::from_word(part()?).ok_or(AlarmIdError)?,
            drill,
        };
        if parts.next().is_some() { Err(AlarmIdError) } else { Ok(id) }
    }
}

impl Serialize for AlarmId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AlarmId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        text.parse().map_err(de::Error::custom)
    }
}

words! {
    /// How an alarm ended, or why it did not.
    Disposition {
        /// Somebody came and helped.
        Helped = "helped",
        /// Taken to hospital, or the doctor came.
        Medical = "medical",
        /// The hazard was removed.
        HazardRemoved = "hazard_removed",
        /// 虚惊: everything was well.
        FalseAlarm = "false_alarm",
        /// 误触: pressed by mistake.
        MistakenPress = "mistaken_press",
        /// 本人表示不需要帮助.
        NoHelpNeeded = "no_help_needed",
        /// It was a test.
        Test = "test",
        /// It was a drill.
        Drill = "drill",
        /// A fault was repaired.
        Repaired = "repaired",
        /// Cancelled in the pre-alarm window as CARE-RULES 13 and 14 allow.
        Cancelled = "cancelled",
        /// A technical condition went away by itself.
        SelfCleared = "self_cleared",
        /// Not an ending (CARE-RULES 15): nobody could get in.
        CouldNotEnter = "could_not_enter",
        /// Not an ending: the person was not found.
        NotFound = "not_found",
        /// Not an ending: nobody answered the door.
        NoAnswer = "no_answer",
        /// Not an ending (CARE-RULES 16): it is not this home.
        WrongHome = "wrong_home",
    }
}

impl Disposition {
    /// CARE-RULES 15: some endings are not endings.
    #[must_use]
    pub const fn ends(self) -> bool {
        !matches!(
            self,
            Disposition::CouldNotEnter | Disposition::NotFound | Disposition::NoAnswer | Disposition::WrongHome
        )
    }

    /// Whether a person may choose it; the others are the machine's.
    #[must_use]
    pub const fn is_for_people(self) -> bool {
        !matches!(self, Disposition::Cancelled | Disposition::SelfCleared)
    }
}

/// The nine clocks of an alarm. All are always present on the wire, `null` until they have happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Clocks {
    /// When it happened, as near as the evidence tells.
    pub occurred: Option<Moment>,
    /// When the gateway found it.
    pub detected: Option<Moment>,
    /// When its first record was handed to the log; the sync follows at once, before anyone is told.
    pub committed: Option<Moment>,
    /// When the first notice to a person left.
    pub first_notice_sent: Option<Moment>,
    /// When a telephone confirmed it.
    pub delivered: Option<Moment>,
    /// When a person saw it.
    pub seen: Option<Moment>,
    /// When a named person took it.
    pub accepted: Option<Moment>,
    /// When somebody arrived.
    pub on_site: Option<Moment>,
    /// When it ended.
    pub closed: Option<Moment>,
}

/// One piece of evidence: which device said what, when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// When.
    pub at: Moment,
    /// Which device, when a device said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceId>,
    /// What it said, when it said something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Said>,
    /// What the gateway makes of it.
    pub reason: Reason,
}

words! {
    /// Why something was decided: one value for log, page, metric and test.
    Reason {
        /// A help button was pressed.
        Pressed = "pressed",
        /// A level repeated more than 60 s after the last with nothing else changed (CARE-RULES 18).
        PressedWithoutRelease = "pressed_without_release",
        /// A detector says so.
        Hazard = "hazard",
        /// The hazard's detector fell quiet; the alarm stays (latching).
        HazardCleared = "hazard_cleared",
        /// The wearable is sure of a fall.
        FallConfirmed = "fall_confirmed",
        /// The wearable or radar suspects a fall.
        FallSuspected = "fall_suspected",
        /// The wearer cancelled on the wearable.
        WearerCleared = "wearer_cleared",
        /// A press on a cancel button.
        CancelPressed = "cancel_pressed",
        /// A device's flag fell back: noted, never a cancel.
        FlagFellBack = "flag_fell_back",
        /// The wearable reported walking again: noted, or a cancel for a suspected fall.
        Recovered = "recovered",
        /// A drill.
        Drill = "drill",
        /// A device has been silent beyond its limit.
        Silent = "silent",
        /// Nothing in its home has spoken: perhaps nobody is in, or the home has no power.
        HomeQuiet = "home_quiet",
        /// Its bridge says it is gone.
        BridgeSaysOffline = "bridge_says_offline",
        /// A press is due to prove a mute device.
        PressDue = "press_due",
        /// It is heard again.
        HeardAgain = "heard_again",
        /// The device says its battery is low.
        BatteryLow = "battery_low",
        /// The claimed charge is below the limit.
        ChargeLow = "charge_low",
        /// By how its battery falls it is empty within two weeks.
        BatteryEnding = "battery_ending",
        /// A level has stayed on for longer than anybody keeps it on.
        StuckOn = "stuck_on",
        /// More changes than people make.
        Chatter = "chatter",
        /// Many of its frames hold values that cannot be.
        Impossible = "impossible",
        /// Two senders speak under its address.
        TwoSenders = "two_senders",
        /// The case was opened.
        CaseOpened = "case_opened",
        /// The condition is over.
        Over = "over",
        /// A serial port, connection, bridge or coordinator is down.
        LinkDown = "link_down",
        /// The way to its devices is up, and none of them is heard any more.
        SourceQuiet = "source_quiet",
        /// It is back.
        LinkBack = "link_back",
        /// Nobody is watching this resident.
        Blind = "blind",
        /// A removed device called.
        RemovedDeviceCalled = "removed_device_called",
        /// An unknown device was pressed three times within a minute.
        UnknownPressedThrice = "unknown_pressed_thrice",
        /// The log could not be written in time.
        LogFailed = "log_failed",
        /// The log is written again.
        LogBack = "log_back",
        /// The disk is nearly full: readings are not written, alarms are.
        DiskShort = "disk_short",
        /// The wall clock is not trusted.
        ClockUnset = "clock_unset",
        /// The wall clock is trusted.
        ClockSet = "clock_set",
        /// The state index failed its check and was rebuilt.
        IndexDamaged = "index_damaged",
        /// Nobody can be told on this way.
        NoWay = "no_way",
        /// An absence is over, and nobody has said that they are back.
        AbsenceOver = "absence_over",
        /// Somebody was about in two places of the home.
        AboutAtHome = "about_at_home",
        /// The box is not on mains any more.
        MainsGone = "mains_gone",
        /// The box has been on mains again for a while.
        MainsBack = "mains_back",
        /// What says whether the box is on mains cannot be read.
        MainsUnreadable = "mains_unreadable",
        /// The battery of the box lasts half an hour at most.
        BatteryMinutes = "battery_minutes",
        /// The SIM's text to its own number has not come back, twice in a row.
        OwnTextLost = "own_text_lost",
        /// It came back.
        OwnTextBack = "own_text_back",
        /// The day until which the SIM is paid is near, or past.
        PaidUntilNear = "paid_until_near",
        /// The village file as it stands cannot be used.
        FileRefused = "file_refused",
        /// The village file can be used.
        FileSound = "file_sound",
        /// The pages cannot be served.
        PagesFailed = "pages_failed",
        /// They are served again.
        PagesBack = "pages_back",
    }
}

/// A note on an alarm by a person or the county: kept, and no transition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// When.
    pub at: Moment,
    /// Which local person; none for the county.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<ResponderId>,
    /// What kind of note.
    pub kind: NoteKind,
    /// Free words, bounded by `limits::NOTE_BYTES_MAX`; people are asked not to write names.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

words! {
    /// What a note is.
    NoteKind {
        /// Words.
        Remark = "remark",
        /// A conversation with the resident.
        Conversation = "conversation",
        /// The county acknowledged: pauses its own escalation only (CARE-RULES 10).
        CountyAcknowledged = "county_acknowledged",
        /// The county wanted to close without a recorded conversation: kept, and refused.
        CountyCloseRefused = "county_close_refused",
        /// A cancel came after the alarm was raised: 本人说没事,仍需核实 (CARE-RULES 13).
        SaysAllWell = "says_all_well",
        /// An ending that is not one (CARE-RULES 15), in `text` by its word.
        NotAnEnding = "not_an_ending",
        /// The siren was silenced for a while (CARE-RULES 12).
        Muted = "muted",
        /// Somebody who is only informed answered, in `text` by the word of it (CARE-RULES 4).
        Answered = "answered",
        /// Whoever arrived gave a door code that is not this home's: the arrival counts as self-reported (CARE-RULES 30).
        WrongDoorCode = "wrong_door_code",
    }
}

/// An alarm with all that is known of it. Its durable form, its wire form and its place in the list are all made from this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// Its cause.
    pub id: AlarmId,
    /// Counts its records from 1; the county is unique on (gateway, id, rev).
    pub rev: u32,
    /// Where it stands.
    pub state: State,
    /// How urgent; only rises while open.
    pub priority: Priority,
    /// The device that raised it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceId>,
    /// The home.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home: Option<HomeId>,
    /// The room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
    /// Its nine clocks.
    pub clocks: Clocks,
    /// How often its condition was found again while it was open.
    pub onsets: u16,
    /// The condition's own clearing, which closes only technical alarms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cleared: Option<Moment>,
    /// First and newest evidence, bounded by `limits::EVIDENCE_MAX`.
    pub evidence: Vec<Evidence>,
    /// Notes, bounded by `limits::NOTES_MAX`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// For one fault that stands for many: the devices behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub behind: Vec<DeviceId>,
    /// For a fault of the box: the homes in which somebody is not watched because of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub homes: Vec<HomeId>,
    /// For a fault that gets worse with time: how much of it there is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Left>,
    /// By which rules.
    pub criterion: Criterion,
    /// False when the log could not take it in time: told all the same, and said so.
    pub durable: bool,
    /// Closed without anyone having been there: a visit is due (CARE-RULES 15).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub visit_due: bool,
    /// The alarm that began the incident which this one belongs to; none where it stands alone (CARE-RULES 8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<AlarmId>,
    /// Who was told of it, bounded by `limits::people::TOLD_MAX`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<Told>,
    /// Somebody has said that an ambulance is needed (CARE-RULES 9).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ambulance: Option<Ambulance>,
    /// The siren is silent for it until then (CARE-RULES 12).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted_until: Option<Mono>,
    /// It began as a test of this person, who has not said "ok" yet (CARE-RULES 19).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_by: Option<ResponderId>,
    /// They were away from home when it began (CARE-RULES 24).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub away: Option<Away>,
    /// Who arrived last, and whether that is proven (CARE-RULES 30).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrival: Option<Arrival>,
    /// How many wrong door codes somebody has given, bounded by `limits::visits::DOOR_PEOPLE_MAX`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub door_tries: Vec<(ResponderId, u8)>,
}

/// Somebody is written down as away from home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Away {
    /// Who is called first: whoever is with them, or, when the time away is over, whoever knows where they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub first: Vec<ResponderId>,
    /// Where they were last, if a device that they carry knew. It stays at the station.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Position>,
    /// The end of the absence that is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Wall>,
}

/// Where a device was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// In millionths of a degree north.
    pub lat_microdeg: i32,
    /// In millionths of a degree east.
    pub lon_microdeg: i32,
    /// When it said so.
    pub at: Moment,
}

/// What is left until a fault takes something down with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Left {
    /// Minutes that the battery of the box lasts, as far as it knows.
    Minutes(u16),
    /// Days for which the SIM is paid; 0 on the last one and afterwards.
    Days(u16),
}

/// Somebody arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    /// Who.
    pub by: ResponderId,
    /// When they said so first.
    pub at: Moment,
    /// They gave the code from inside of the door; otherwise it is self-reported.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub proven: bool,
}

/// An ambulance that is needed: red until a person confirms having dialled. The software never dials 120 itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ambulance {
    /// When it was said to be needed.
    pub wanted: Moment,
    /// By whom.
    pub by: ResponderId,
    /// When somebody said that they have dialled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialled: Option<Moment>,
    /// Who has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialled_by: Option<ResponderId>,
}

impl Alarm {
    /// Whether it still wants an answer.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        !matches!(self.state, State::Closed { .. })
    }

    /// Whoever is there, or was at its end; none while nobody is.
    #[must_use]
    pub const fn present(&self) -> Option<Arrival> {
        match self.state {
            State::OnSite { .. } | State::Closed { unverified: false, .. } => self.arrival,
            _ => None,
        }
    }

    /// Whether they are written down as away, and something else has happened (CARE-RULES 24).
    #[must_use]
    pub fn is_away(&self) -> bool {
        self.away.as_ref().is_some_and(|away| away.until.is_none())
    }

    /// What the incident is called that it belongs to: by the alarm that began it.
    #[must_use]
    pub fn incident_id(&self) -> AlarmId {
        self.incident.unwrap_or(self.id)
    }

    /// The person it is about.
    #[must_use]
    pub const fn resident(&self) -> Option<ResidentId> {
        match self.id.subject {
            Subject::Resident(id) => Some(id),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_readable_and_survives_the_wire() {
        let text = "st1.00000000000000ff.86400000.resident-r04.help_call";
        let id: AlarmId = text.parse().expect("parses");
        assert_eq!(id.to_string(), text);
        let drill: AlarmId = "st1.00000000000000ff.86400000.resident-r04.help_call.drill".parse().expect("parses");
        assert!(drill.drill && drill != id);
        for wrong in [
            "",
            "st1",
            "st1.ff.x.resident-r04.help_call",
            "st1.ff.1.person-r04.help_call",
            "st1.ff.1.resident-r04.help_call.x",
        ] {
            assert_eq!(wrong.parse::<AlarmId>(), Err(AlarmIdError), "{wrong}");
        }
    }
}
