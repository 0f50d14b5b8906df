//! What the station wants done, and what can be asked of it: plain values.

mod order;

use serde::{Deserialize, Serialize};

pub use order::{Answer, Authority, Command, OpenAlarm, Order};

use crate::core::alarm::told::Code;
use crate::core::alarm::told::Reached;
use crate::core::alarm::{Alarm, AlarmId};
use crate::core::answer::{Confirm, Reply};
use crate::core::attempt::Attempt;
use crate::core::audience::{Audience, Because};
use crate::core::id::{ChannelId, CommandId, DeviceId, ResidentId, ResponderId, Slug, SourceId};
use crate::core::plan::Plan;
use crate::core::power::Power;
use crate::core::reading::Sample;
use crate::core::roster::Roster;
use crate::core::stop::Stop;
use crate::core::time::{Moment, Wall};
use crate::core::visit;
use crate::core::word::words;

/// Everything that can happen to the station.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// A device said something.
    Sample(Sample),
    /// A source came up or went down.
    Source {
        /// Which.
        id: SourceId,
        /// Up or down.
        up: bool,
    },
    /// A source saw a second sender speak under a device's address while the first was there: a second live connection,
    /// or words that one device cannot have said both. Two receivers that hear one sender are no such thing.
    TwoSenders {
        /// Whose address.
        device: DeviceId,
    },
    /// Somebody wants something done.
    Command(Command),
    /// Somebody answered, or somebody nobody knows.
    Reply(Reply),
    /// Something came to the pages and moves no alarm: it is kept, and nothing follows.
    Attempt(Attempt),
    /// A channel tells how far a notice has come.
    Report(Report),
    /// A channel to people came up or went down.
    Channel {
        /// Which.
        id: ChannelId,
        /// Up or down.
        up: bool,
    },
    /// What the clock on the wall means from here on. It is not in the log, because `village.toml` and the zone are the truth of it.
    #[serde(skip)]
    Plan(Box<Plan>),
    /// The log stopped or resumed taking records.
    Disk {
        /// It takes them.
        up: bool,
        /// It takes turns, and no readings any more: the disk is nearly full.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        short: bool,
    },
    /// The state index was rebuilt at start.
    StateRebuilt,
    /// The village's list changed.
    Village(Box<NewVillage>),
    /// What the box runs on has changed, or how long that lasts.
    Power(Power),
    /// The SIM's text to its own number came back, or has not, twice in a row (CARE-RULES 27).
    Credit {
        /// It came back.
        good: bool,
    },
    /// The county's number took a text: the network says that it is there.
    SecondPathProven,
    /// The village file as it stands can be used, or is refused while the last sound list stays in force.
    VillageFile {
        /// It can be used.
        sound: bool,
    },
    /// The pages are served, or cannot be.
    Pages {
        /// They are.
        up: bool,
    },
    /// A deadline was reached; also the way to let time pass.
    Tick,
}

/// How far a notice to one person has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// About which alarm.
    pub alarm: AlarmId,
    /// To whom.
    pub who: ResponderId,
    /// How far.
    pub reached: Reached,
}

/// Another list of the village than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewVillage {
    /// What changed, by whom: this is the record.
    #[serde(flatten)]
    pub change: VillageChange,
    /// The list itself. It is not in the record, because `village.toml` is the truth of it and a replay begins with the
    /// list in force; without it only what the change says of single devices is done.
    #[serde(skip)]
    pub roster: Option<Roster>,
}

/// What changed in the village's list, in pseudonyms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VillageChange {
    /// Revision of the list in force from here on.
    pub revision: String,
    /// Who changed it: a responder's id, or the login name of whoever stood at the shell.
    pub by: Slug,
    /// On which way.
    pub did: VillageDeed,
    /// Devices that are new in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub enrolled: Vec<DeviceId>,
    /// Devices that are another thing on the wall than before, under the same id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced: Vec<DeviceId>,
    /// Devices that are out of service from here on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<DeviceId>,
}

words! {
    /// On which way the village's list changed.
    VillageDeed {
        /// The station started with another list than it ended with.
        Start = "start",
        /// The file was edited by hand and taken over.
        Reload = "reload",
        /// A device was enrolled.
        Enrol = "enrol",
        /// A device was replaced.
        Replace = "replace",
        /// A device was taken out of service.
        Remove = "remove",
        /// Somebody took over another's duty.
        Swap = "swap",
        /// Somebody's telephone was proven.
        Prove = "prove",
        /// A resident is away for a time.
        Away = "away",
        /// A resident who was away is back.
        Back = "back",
    }
}

/// A change in a device's or source's standing, for the county's device lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceEvent {
    /// When.
    pub at: Moment,
    /// Which device; none when a source speaks for all behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceId>,
    /// Which source.
    pub source: SourceId,
    /// What.
    pub what: DeviceChange,
    /// The devices behind a source, or those of a home that fell silent together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub behind: Vec<DeviceId>,
}

words! {
    /// How a device's standing changed.
    DeviceChange {
        /// Heard for the first time since it was enrolled.
        Joined = "joined",
        /// Silent beyond its limit.
        Lost = "lost",
        /// Heard again.
        Back = "back",
        /// Battery low.
        BatteryLow = "battery_low",
        /// Battery well again.
        BatteryOk = "battery_ok",
        /// Heard, and not to be believed.
        Doubted = "doubted",
        /// To be believed again.
        Believed = "believed",
        /// Case opened.
        Tamper = "tamper",
        /// A source, bridge or coordinator went down.
        SourceDown = "source_down",
        /// It is back.
        SourceBack = "source_back",
    }
}

/// What somebody is asked, under a code of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Whether they are there tonight (CARE-RULES 21).
    RollCall,
    /// Whether a resident's absence ends tomorrow (CARE-RULES 24).
    AbsenceEnds(ResidentId),
    /// Whether a resident who is away has come back, because somebody is about in the home (CARE-RULES 24).
    CameBack(ResidentId),
}

/// What is said of an absence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AbsenceChange {
    /// They are back.
    Ended,
    /// Seven days more.
    Extended,
}

/// Something to be said to people. Its id is (alarm, rung, round), so saying it twice is saying it once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// About which alarm.
    pub alarm: AlarmId,
    /// To whom.
    pub to: Audience,
    /// Who that is at this moment, in the order in which they are called.
    pub people: Vec<ResponderId>,
    /// Their telephones ring; otherwise they are only written to (CARE-RULES 1).
    pub rings: bool,
    /// In which round of the ladder.
    pub round: u8,
    /// Why.
    pub because: Because,
}

/// What the station wants done, in order. Safe to carry out twice.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "an effect that is not carried out is an alarm that nobody hears"]
pub enum Effect {
    /// Make the alarm's new record durable, then send it to the county.
    Commit(Box<Alarm>),
    /// Make a device event durable, then send it to the county.
    Device(DeviceEvent),
    /// Make a record of somebody's visits durable.
    Visit(Box<visit::Record>),
    /// Tell people.
    Notify(Notice),
    /// Tell somebody what became of their answer.
    Confirm(Confirm),
    /// Ask somebody to answer.
    Ask {
        /// Whom.
        who: ResponderId,
        /// By which code they answer; none where they hold all.
        code: Option<Code>,
        /// What.
        about: Question,
    },
    /// Put into the village file what somebody said of an absence (CARE-RULES 24).
    Absence {
        /// Whose.
        resident: ResidentId,
        /// Who said it.
        by: ResponderId,
        /// The end of the absence that it was said of: one that has another end by now was changed already.
        until: Wall,
        /// What.
        change: AbsenceChange,
    },
    /// Tell these people of all these faults, in one message (CARE-RULES D).
    Digest {
        /// The faults.
        faults: Vec<AlarmId>,
        /// Whom.
        people: Vec<ResponderId>,
    },
    /// Answer a command.
    Answer(CommandId, Answer),
    /// Make durable that the station was not running for a time, or that somebody has seen to it.
    Stop(Stop),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_of_another_list_holds_what_changed_and_not_the_list() {
        let id = |text: &str| text.parse().expect("id");
        let change = VillageChange {
            revision: "0123456789abcdef".to_owned(),
            by: "p01".parse().expect("id"),
            did: VillageDeed::Replace,
            enrolled: Vec::new(),
            replaced: vec![id("d017")],
            removed: Vec::new(),
        };
        let input = Input::Village(Box::new(NewVillage { change: change.clone(), roster: Some(Roster::default()) }));
        let text = serde_json::to_string(&input).expect("JSON");
        assert_eq!(
            text,
            r#"{"village":{"revision":"0123456789abcdef","by":"p01","did":"replace","replaced":["d017"]}}"#
        );
        let read: Input = serde_json::from_str(&text).expect("reads");
        assert_eq!(read, Input::Village(Box::new(NewVillage { change, roster: None })));
    }
}
