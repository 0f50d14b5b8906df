//! What the station wants done, and what can be asked of it: plain values.

use serde::{Deserialize, Serialize};

use super::alarm::told::Code;
use super::alarm::told::Reached;
use super::alarm::{Alarm, AlarmId, Disposition};
use super::answer::{Confirm, Reply};
use super::attempt::Attempt;
use super::id::{ChannelId, CommandId, DeviceId, HomeId, ResidentId, ResponderId, Slug, SourceId};
use super::plan::Plan;
use super::power::Power;
use super::reading::Sample;
use super::roster::Roster;
use super::stop::Stop;
use super::time::{Moment, Mono, Wall};
use super::visit::{self, DoorCode};
use super::word::words;

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

/// Who stands behind a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Authority {
    /// The station's own shell or page.
    Local,
    /// The county (CARE-RULES 10: it cannot quiet a village).
    County,
}

/// A command; its id makes doing it twice doing it once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Remembered for `limits::COMMAND_MEMORY`; a repeat is answered and not run again.
    pub id: CommandId,
    /// From where.
    pub from: Authority,
    /// What.
    pub order: Order,
}

/// What can be ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum Order {
    /// A named local person goes.
    Accept {
        /// Which alarm.
        alarm: AlarmId,
        /// Who goes.
        by: ResponderId,
    },
    /// Somebody who was called cannot go: the next rung at once.
    Busy {
        /// Which alarm.
        alarm: AlarmId,
        /// Who.
        by: ResponderId,
    },
    /// Somebody looked at it: seen, and nothing else changes (CARE-RULES 3).
    Seen {
        /// Which alarm.
        alarm: AlarmId,
        /// Who.
        by: ResponderId,
    },
    /// The acceptor cannot go after all.
    Withdraw {
        /// Which alarm.
        alarm: AlarmId,
        /// Who.
        by: ResponderId,
    },
    /// Somebody has arrived.
    OnSite {
        /// Which alarm.
        alarm: AlarmId,
        /// Who.
        by: ResponderId,
        /// What the code was that they gave from inside of the door (CARE-RULES 30).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        door: Option<DoorCode>,
    },
    /// It ended, or did not (CARE-RULES 15).
    Close {
        /// Which alarm.
        alarm: AlarmId,
        /// Who says so; the county gives none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<ResponderId>,
        /// How.
        disposition: Disposition,
        /// The named conversation with the resident, in a few words, if there was one.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        conversation: String,
    },
    /// A remark.
    Note {
        /// Which alarm.
        alarm: AlarmId,
        /// Who; the county gives none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<ResponderId>,
        /// The words.
        text: String,
    },
    /// Seen: for technical alarms here, for the county's own escalation there.
    Acknowledge {
        /// Which alarm.
        alarm: AlarmId,
        /// Who; the county gives none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<ResponderId>,
    },
    /// 需要 120: accepts nothing, and stays until somebody has dialled (CARE-RULES 9).
    Want120 {
        /// Which alarm.
        alarm: AlarmId,
        /// Who says so.
        by: ResponderId,
    },
    /// Somebody has dialled 120. The software never does.
    Dialled120 {
        /// Which alarm.
        alarm: AlarmId,
        /// Who has.
        by: ResponderId,
    },
    /// Silences the siren for one alarm, for a while; the ladder goes on (CARE-RULES 12).
    Mute {
        /// Which alarm.
        alarm: AlarmId,
        /// Who.
        by: ResponderId,
    },
    /// Opens a test window in a home (CARE-RULES 19).
    Test {
        /// Which home.
        home: HomeId,
        /// The tester.
        by: ResponderId,
    },
    /// Raise a drill: the whole way, marked as a drill everywhere.
    Drill {
        /// As if this resident had called.
        resident: ResidentId,
    },
    /// Somebody has visited a resident, without an alarm (CARE-RULES 31).
    Visited {
        /// Whom.
        resident: ResidentId,
        /// Who has.
        by: ResponderId,
        /// What the code was that they gave from inside of the door (CARE-RULES 30).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        door: Option<DoorCode>,
    },
    /// A remark on somebody's visits: a wrong entry stays, and this stands beside it.
    VisitNote {
        /// Whose visits.
        resident: ResidentId,
        /// Who says so.
        by: ResponderId,
        /// The words.
        text: String,
    },
    /// What is open?
    Query,
    /// Somebody has seen to a stop of the station: the desk need not be told of it any more (CARE-RULES 23).
    NoteStop {
        /// Which: the station time at which it ended.
        until: Mono,
        /// Who.
        by: ResponderId,
    },
}

impl Order {
    /// The same, with what the code was that came with it. Whoever gives an order does not say so of their own code.
    #[must_use]
    pub const fn with_door(mut self, code: Option<DoorCode>) -> Order {
        if let Order::OnSite { door, .. } | Order::Visited { door, .. } = &mut self {
            *door = code;
        }
        self
    }
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "answer")]
pub enum Answer {
    /// Done; the alarm as it stands.
    Done {
        /// The alarm concerned.
        alarm: AlarmId,
        /// Its record's number after the command.
        rev: u32,
        /// The word of its state.
        state: String,
    },
    /// Kept as a note, and not done (CARE-RULES 10).
    Noted {
        /// The alarm concerned.
        alarm: AlarmId,
        /// Why it was not done.
        reason: Refusal,
    },
    /// A test window is open in a home.
    TestOpen {
        /// Which home.
        home: HomeId,
        /// Until when, in station time.
        until: Mono,
    },
    /// A visit is in the record.
    Visited {
        /// To whom.
        resident: ResidentId,
        /// By the code of the door; otherwise by the visitor's own word.
        proven: bool,
    },
    /// A remark on somebody's visits is in the record.
    VisitNoted {
        /// Whose.
        resident: ResidentId,
    },
    /// What is open: people first, then things, each oldest first. The county has the records themselves.
    Open {
        /// At most `limits::OPEN_LISTED_MAX` of them, so that the answer fits into one message.
        alarms: Vec<OpenAlarm>,
        /// How many more are open.
        #[serde(default)]
        more: usize,
    },
    /// A stop of the station is seen to.
    StopNoted {
        /// Which.
        until: Mono,
    },
    /// Not done.
    Refused {
        /// Why.
        reason: Refusal,
    },
}

/// An open alarm in a list: enough to see whether the county knows it as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenAlarm {
    /// Which.
    pub id: AlarmId,
    /// Number of its newest record.
    pub rev: u32,
    /// Word of its state.
    pub state: String,
}

words! {
    /// Why a command was not carried out.
    Refusal {
        /// No alarm of that id is known.
        UnknownAlarm = "unknown_alarm",
        /// The alarm is closed already.
        AlreadyClosed = "already_closed",
        /// Nobody of that id stands in `village.toml`.
        UnknownResponder = "unknown_responder",
        /// Nobody of that id stands in `village.toml`.
        UnknownResident = "unknown_resident",
        /// Somebody must be named.
        NobodyNamed = "nobody_named",
        /// Only a local person may do this.
        OnlyLocal = "only_local",
        /// About a person: needs a recorded conversation with the resident.
        NeedsConversation = "needs_conversation",
        /// Needs a local acceptance first (CARE-RULES 15).
        NeedsAcceptance = "needs_acceptance",
        /// Somebody else holds it.
        HeldByAnother = "held_by_another",
        /// This state does not know the step.
        NotNow = "not_now",
        /// This ending is the machine's word, not a person's.
        NotForPeople = "not_for_people",
        /// They are informed, and not sent.
        InformOnly = "inform_only",
        /// Nobody of that id stands in `village.toml`.
        UnknownHome = "unknown_home",
        /// Nobody has said that 120 is needed.
        NotWanted = "not_wanted",
        /// Only technical alarms are acknowledged here.
        NotTechnical = "not_technical",
        /// The limit of open alarms or remembered commands is reached.
        Full = "full",
        /// No stop is shown that ended then.
        UnknownStop = "unknown_stop",
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

/// Why a notice is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// The alarm was raised.
    Raised,
    /// Nobody has accepted yet: the next rung in addition.
    NotAccepted,
    /// All rungs and rounds are used up: everyone, and the state is 未响应.
    Unanswered,
    /// Pressed again, or worse, while somebody is on the way (CARE-RULES 7).
    Again,
    /// Half of the lease is over: "到了吗?".
    HalfLease,
    /// The lease is over: the next rung in addition, and the acceptor is told.
    LeaseOver,
    /// On site for 20 minutes: "how is it going?".
    OnSiteLong,
    /// The station was down for an unknown time (CARE-RULES 23): "at least since …".
    Restart,
    /// A back-up is warned when a high alarm is accepted.
    BackUp,
    /// Not an ending: could not enter, not found, no answer, wrong home.
    NotAnEnding,
    /// The acceptor withdrew.
    Withdrawn,
    /// 需要 120: the desk and the family are told (CARE-RULES 9).
    Wants120,
    /// Nobody can get in, and they have a key (CARE-RULES 15).
    KeyWanted,
    /// A test, of which they are the tester (CARE-RULES 19).
    Test,
    /// A thing is wrong, and somebody has to see to it.
    Fault,
}

/// To whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// A rung of the ladder, counted from 0.
    Rung(u8),
    /// The acceptor.
    Acceptor(ResponderId),
    /// Whoever has a key to the home.
    KeyHolder(ResponderId),
    /// The tester.
    Tester(ResponderId),
    /// The duty desk and the family.
    Informed,
    /// The duty desk.
    Desk,
    /// Every contact, the siren and the county's duty phone.
    Everyone,
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
