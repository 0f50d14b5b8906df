//! The street between the box and the people: the real notice queue on the box's side, a modem, a network and telephones on
//! the other, and people who read, ring back, come, forget and make mistakes.
//!
//! ```text
//!  turn ──effects, after the commit──▶ dispatcher: queue ──errands──▶ line: modem ─▶ network ─▶ telephones
//!   ▲                                     │   ▲                         │                        │
//!   └──── reports, replies, health ───────┘   └───────── words ─────────┘◀──── keys, texts ── habits
//! ```
//!
//! Constraints:
//! - The dispatcher dies with its process; the modem, what waits on its SIM card, and what people know do not.
//! - What truly happened on a telephone is known here and told to the oracle; the box hears what a modem would say of it.
//! - People act on what their telephones showed them, and on nothing else.

mod register;

mod names;

mod times;

mod dispatcher;

mod second_path;

mod line;

mod telephone;

mod words;

mod habit;

mod carry;

pub(super) use self::dispatcher::Dispatcher;
pub(super) use self::habit::{Intent, People};
pub(super) use self::line::{Line, Mood};
pub(super) use self::names::Names;
pub(super) use self::register::enlist;
pub(super) use self::second_path::text_of as county_text;
pub(super) use self::times::{Absences, is_night};
pub(super) use self::words::Means;
use super::place::Place;
use super::trace::Ms;
use crate::core::alarm::AlarmId;
use crate::core::id::ResponderId;
use crate::notify::channel::{Health, Ticket, Word};
use crate::private::Private;

/// Everything outside of the box that people are told by.
pub(super) struct Street {
    /// Names and numbers.
    pub names: Names,
    /// The modem and the network.
    pub line: Line,
    /// Who has which habits, and what they know.
    pub people: People,
    /// Who is away from home.
    pub absences: Absences,
    /// Days that the times are made for.
    pub days: u64,
}

impl Street {
    /// The street of a village.
    pub(super) fn new(place: &Place, seed: u64, days: u64) -> Street {
        Street {
            names: Names::new(&place.roster),
            line: Line::new(seed),
            people: People::new(&place.roster, seed),
            absences: Absences::new(&place.roster),
            days,
        }
    }
}

/// Something that is going to happen on the street.
#[derive(Debug, Clone)]
pub(super) enum Happening {
    /// The modem says a word to the process of that life.
    Word(u32, Ticket, Word),
    /// The modem tells the process of that life how it is.
    Health(u32, Health),
    /// A letter leaves the modem, if that still has the power it had then.
    Leaves(u32, u32, Box<Parcel>),
    /// A letter is on a telephone.
    Arrives(Box<Parcel>),
    /// A telephone is picked up, and perhaps a key is pressed.
    PickedUp(Whom, Option<char>),
    /// Somebody does what they have in mind about an alarm, or about a question.
    Acts(ResponderId, Option<AlarmId>, Intent),
    /// A text reaches the SIM card.
    Text(Box<Written>),
    /// The process of that life reads what waits on the SIM card.
    Reads(u32),
    /// The times of the village are made again.
    Times(u32),
}

/// A letter on its way, with the truth about it.
#[derive(Debug, Clone)]
pub(super) struct Parcel {
    /// To whom.
    pub to: Whom,
    /// By which errand of which life.
    pub errand: (u32, Ticket),
    /// About which alarm, if it is about one.
    pub alarm: Option<AlarmId>,
    /// Whether it can be answered by a code.
    pub coded: bool,
    /// Its words.
    pub text: Private<String>,
    /// Whether the network will say that it arrived.
    pub confirmed: bool,
}

/// Whose telephone it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Whom {
    /// Somebody of the village's list.
    Responder(ResponderId),
    /// The county's number for texts.
    County,
    /// The county's duty phone.
    Duty,
    /// Nobody's.
    Nobody,
}

/// A text on its way to the box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    /// From whose telephone; none for one that nobody knows.
    pub by: Option<ResponderId>,
    /// About which alarm, in their own mind.
    pub alarm: Option<AlarmId>,
    /// What they mean by it.
    pub means: Means,
    /// Under which code they say it.
    pub code: Option<u8>,
    /// The words.
    pub text: Private<String>,
    /// When.
    pub sent: Ms,
}
