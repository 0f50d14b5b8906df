//! What the county knows of an alarm: by the record that its gateway sent, or by its text message alone. Pure.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::board::AlarmRow;
use super::since::Since;
use crate::core::alarm::{AlarmId, Disposition, Left, State};
use crate::core::condition::{Condition, Priority};
use crate::core::id::{HomeId, RoomId};
use crate::core::time::{Moment, Trust, Wall};
use crate::relay::message::AlarmBody;
use crate::relay::text::{AlarmText, Stands, Text};
use crate::words::{self, Lang};

/// An alarm, as far as it is known.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "marks beside an alarm, each by itself")]
pub struct Told {
    /// Its cause.
    pub id: AlarmId,
    /// Number of the newest record of it that came.
    pub rev: u32,
    /// What is wrong.
    pub condition: Condition,
    /// How urgent.
    pub priority: Priority,
    /// Where it stands, in one word.
    pub stands: Stands,
    /// Where it stands in full; none when only its text came.
    pub state: Option<State>,
    /// Since when.
    pub since: Since,
    /// How it ended.
    pub disposition: Option<Disposition>,
    /// The home.
    pub home: Option<HomeId>,
    /// The room.
    pub room: Option<RoomId>,
    /// The homes in which somebody is not watched because of a fault of the box.
    pub homes: Vec<HomeId>,
    /// What is left until that fault takes something down with it.
    pub left: Option<Left>,
    /// A drill.
    pub drill: bool,
    /// Its station could write it down before anybody was told; a text does not say, and is not doubted.
    pub durable: bool,
    /// Somebody has to go and see.
    pub visit_due: bool,
    /// Whether an arrival is proven; none where nobody has arrived, or that is not known (CARE-RULES 30).
    pub arrival_proven: Option<bool>,
    /// It is known by text alone: what the text has no room for is not known.
    pub by_text: bool,
}

impl Told {
    /// What is known of a row of the board; nothing when this program cannot read it.
    #[must_use]
    pub fn of(row: &AlarmRow) -> Option<Told> {
        if !row.by_text {
            return row.body().map(|body| Told::of_record(&body, row.clock, row.first_received_ms));
        }
        let text = row.record.get("text").and_then(Value::as_str)?;
        match Text::read(text) {
            Ok(Text::Alarm(alarm)) => Some(Told::of_text(&alarm, row.first_received_ms)),
            Ok(Text::Status(_)) | Err(_) => None,
        }
    }

    fn of_record(body: &AlarmBody, clock: Option<Moment>, first_received_ms: i64) -> Told {
        let known = |at: Moment| clock.map_or(at, |clock| at.as_known(clock));
        Told {
            rev: body.rev,
            condition: body.condition,
            priority: body.priority,
            stands: Stands::of(&body.standing),
            state: Some(body.standing),
            since: match body.clocks.occurred.or(body.clocks.detected).map(known) {
                Some(at) => Since::told(at, first_received_ms),
                None => Since::received(first_received_ms),
            },
            disposition: body.disposition,
            home: body.home,
            room: body.room,
            homes: body.homes.clone(),
            left: body.left,
            drill: body.drill,
            durable: body.durable,
            visit_due: body.visit_due,
            arrival_proven: body.arrival.map(|arrival| arrival.proven),
            by_text: false,
            id: body.id,
        }
    }

    fn of_text(alarm: &AlarmText, first_received_ms: i64) -> Told {
        let occurred = alarm.occurred;
        Told {
            id: alarm.id,
            rev: alarm.rev,
            condition: alarm.id.condition,
            priority: alarm.priority,
            stands: alarm.stands,
            state: None,
            since: match occurred.trust {
                Trust::Synced => Since::seen(occurred.wall().0),
                Trust::Holdover | Trust::Unset => Since::received(first_received_ms),
            },
            disposition: None,
            home: None,
            room: None,
            homes: Vec::new(),
            left: None,
            drill: alarm.id.drill,
            durable: true,
            visit_due: false,
            arrival_proven: None,
            by_text: true,
        }
    }

    /// How far a fault of the box reaches; none where there is no more to say.
    #[must_use]
    pub fn extent(&self, lang: Lang) -> Option<String> {
        let homes: Vec<String> = self.homes.iter().map(HomeId::to_string).collect();
        words::power::extent(self.left, &homes, lang)
    }

    /// Where it stands, in words.
    #[must_use]
    pub fn standing(&self, lang: Lang) -> &str {
        match &self.state {
            Some(state) => words::alarm::state(state, self.condition, lang),
            None => words::alarm::state_of_word(self.stands.word(), self.condition, lang),
        }
    }
}

/// A wall time and what it is worth, as it stands in a record that was made from a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Occurred {
    wall: Wall,
    trust: Trust,
}

/// The record of an alarm of which only the text came: the text, and in fields what a reader of records looks for.
pub(super) fn record_of_text(alarm: &AlarmText) -> String {
    let resident = match alarm.id.subject {
        crate::core::alarm::Subject::Resident(id) => Some(id),
        _ => None,
    };
    let occurred = Occurred { wall: alarm.occurred.wall(), trust: alarm.occurred.trust };
    let record = json!({
        "id": alarm.id,
        "rev": alarm.rev,
        "state": state_word(alarm.stands),
        "condition": alarm.id.condition,
        "priority": alarm.priority,
        "resident": resident,
        "drill": alarm.id.drill,
        "occurred": occurred,
        "text": Text::Alarm(*alarm).write(),
    });
    record.to_string()
}

/// The state as records write it, which have no word of its own for 未响应.
pub(super) const fn state_word(stands: Stands) -> &'static str {
    match stands {
        Stands::Unanswered => Stands::Raised.word(),
        other => other.word(),
    }
}
