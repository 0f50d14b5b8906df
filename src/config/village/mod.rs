//! `village.toml`: residents, homes, devices, responders and their rota, the one place where names stand.
//!
//! What comes out is parted at once: the [`Roster`] with pseudonyms for the core, the [`AddressBook`] for the sources,
//! and [`People`] with names and telephones behind [`Private`] for those who call and print.

mod address;

mod read;

mod devices;

mod door;

pub mod proof;

pub mod rota;

pub mod absence;

pub mod edit;

pub mod shelf;

pub mod clerk;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use absence::ABSENCE_KEYS;
pub use absence::Absence;
pub use address::{AddressBook, Enrolled};
pub(super) use read::{phone, phones, reachable_contacts};
pub use rota::WeeklyRota;
use rota::{CALENDAR_KEYS, LEAVE_KEYS, Lapse, SHIFT_KEYS, SWAP_KEYS};

use super::document::Document;
use super::key::{Key, Table};
use super::problem::{Problem, Problems, What};
use super::station::Station;
use super::{Sound, judge};
use crate::core::consent::Purpose;
use crate::core::id::{HomeId, ResidentId, ResponderId, RoomId, Slug};
use crate::core::roster::{Ladder, Roster};
use crate::core::rota::{Forecast, Span};
use crate::core::time::Wall;
use crate::private::Private;

/// Everything in `village.toml`.
#[derive(Debug, Clone)]
pub struct Village {
    /// Who is watched by what and who is called, in pseudonyms.
    pub roster: Roster,
    /// Who speaks under which address.
    pub addresses: AddressBook,
    /// Names, places, telephones.
    pub people: People,
    /// Who is on duty when.
    pub rota: WeeklyRota,
    /// Which residents are away.
    pub absences: Vec<Absence>,
    /// The ladders as they are written, before they are fitted to a resident.
    pub ladders: BTreeMap<Slug, Ladder>,
    /// The first 16 hex digits of the file's SHA-256.
    pub revision: String,
    /// What of the rota will be past.
    lapses: Vec<Lapse>,
    /// The file's name, for what is said of it later.
    pub(super) file: String,
}

/// What is personal, by pseudonym.
#[derive(Debug, Clone, Default)]
pub struct People {
    /// Where people live.
    pub homes: BTreeMap<HomeId, HomeCard>,
    /// Who lives there.
    pub residents: BTreeMap<ResidentId, ResidentCard>,
    /// Who is called.
    pub responders: BTreeMap<ResponderId, Contact>,
}

/// A home.
#[derive(Debug, Clone, Default)]
pub struct HomeCard {
    /// Group and house number, as villagers say it.
    pub label: Private<String>,
    /// How a stranger finds it.
    pub landmark: Option<Private<String>>,
    /// What whoever goes must know at the door; for them alone (CARE-RULES 28).
    pub door_note: Option<Private<String>>,
    /// Its rooms.
    pub rooms: Vec<RoomId>,
    /// A pet: motion is no proof of a person (CARE-RULES 14).
    pub pet: bool,
    /// Visitors come and go.
    pub visitor: bool,
    /// Somebody else lives there who is not watched over.
    pub second_person: bool,
    /// What a card inside of the door says (CARE-RULES 30).
    pub door_code: Option<Private<String>>,
}

/// A resident.
#[derive(Debug, Clone)]
pub struct ResidentCard {
    /// Full name.
    pub name: Private<String>,
    /// What people call them: 王奶奶.
    pub address_form: Private<String>,
    /// For what their form of address and place may be used beyond the people who are called (CARE-RULES 28).
    pub consent: BTreeSet<Purpose>,
}

/// A responder.
#[derive(Debug, Clone)]
pub struct Contact {
    /// Full name.
    pub name: Private<String>,
    /// Telephone; none for somebody who is reached at the desk only.
    pub phone: Option<Private<String>>,
    /// They have read back the code that was sent to this telephone (CARE-RULES 20).
    pub is_proven: bool,
    /// Minutes to a home where they differ from the usual.
    pub travel_min: BTreeMap<HomeId, u16>,
    /// May be sent; family only when the village says so.
    pub dispatched: bool,
}

impl Contact {
    /// Whether they count as a contact who can be reached and sent.
    #[must_use]
    pub const fn is_reachable(&self) -> bool {
        self.dispatched && self.phone.is_some()
    }
}

/// Fewer reachable contacts than this are shown as not covered (ARCHITECTURE, people).
pub const CONTACTS_MIN: usize = 3;

/// The tables of `village.toml`.
pub const TABLES: &[Table] = &[
    Table { path: "homes.*", about: "A home.", keys: HOME_KEYS },
    Table { path: "responders.*", about: "Somebody who may be called.", keys: RESPONDER_KEYS },
    Table { path: "ladders.*", about: "Who is called, in which order.", keys: LADDER_KEYS },
    Table { path: "ladders.*.rungs[]", about: "One rung.", keys: RUNG_KEYS },
    Table { path: "shifts.*", about: "A shift: from when to when, and who is on it.", keys: SHIFT_KEYS },
    Table { path: "calendar", about: "Days that are not what their weekday says.", keys: CALENDAR_KEYS },
    Table { path: "swaps[]", about: "One duty that somebody else takes.", keys: SWAP_KEYS },
    Table { path: "leave[]", about: "Somebody is away.", keys: LEAVE_KEYS },
    Table { path: "absences[]", about: "A resident is away from home.", keys: ABSENCE_KEYS },
    Table { path: "visits", about: "How often everybody is visited.", keys: VISIT_KEYS },
    Table { path: "residents.*", about: "A resident.", keys: RESIDENT_KEYS },
    Table { path: "devices.*", about: "A device.", keys: DEVICE_KEYS },
];

const HOME_KEYS: &[Key] = &[
    Key::required("label", "Group and house number, as villagers say it.").private(),
    Key::optional("landmark", "How a stranger finds it in the dark.").private(),
    Key::optional("door_note", "What whoever goes must know at the door; shown to them once they have accepted.")
        .private(),
    Key::or("rooms", "[]", "Ids of its rooms: bedroom, bathroom, kitchen, hall, yard …"),
    Key::or("pet", "false", "A pet lives there: motion is then no proof of a person."),
    Key::or("visitor", "false", "Visitors come and go: motion is then no proof of the resident."),
    Key::or("second_person", "false", "Somebody else lives there who is not watched over."),
    Key::optional(
        "door_code",
        "4 to 6 digits on a card inside of the door; who tells them when they arrive is proven to be there.",
    )
    .private(),
];

const RESPONDER_KEYS: &[Key] = &[
    Key::required("name", "Full name.").private(),
    Key::optional("phone", "Telephone; without one they cannot be reached and do not count as a contact.").private(),
    Key::optional(
        "proven",
        "Day on which the telephone was proven, and a check of its number; `shouwang people prove` writes it.",
    ),
    Key::required("role", "neighbour, grid_worker, duty_desk, village_doctor or family."),
    Key::or("travel_min", "10", "Minutes on the way; sets how long an acceptance is believed.").within(1, 120, "min"),
    Key::optional("travel", "Minutes to homes where they differ, as { h01 = 3 }."),
    Key::optional("dispatched", "May be sent; left out, everybody but family is (family is informed)."),
];

const LADDER_KEYS: &[Key] = &[Key::required("rungs", "The rungs in order; climbing adds people and drops nobody.")];

const RUNG_KEYS: &[Key] = &[
    Key::or(
        "call",
        "[]",
        "Ids of responders who are called together; by night at least two are, with one of a later rung.",
    ),
    Key::or("roles", "[]", "Roles: whoever of them is on duty is called, and all of them where nobody is."),
    Key::or("on_duty", "false", "Whoever is on duty is called, whatever their role."),
    Key::or("wait_s", "120", "How long this rung is given before the next is called too.").within(30, 600, "s"),
];

const VISIT_KEYS: &[Key] = &[
    Key::or("ordinary_days", "30", "Days from one visit to the next in the ordinary tier.").within(1, 366, "days"),
    Key::or("high_days", "7", "Days from one visit to the next in the high tier.").within(1, 366, "days"),
];

const RESIDENT_KEYS: &[Key] = &[
    Key::required("name", "Full name.").private(),
    Key::required("address_form", "What people call them, used in every message.").private(),
    Key::required("home", "Id of the home."),
    Key::or("service", "\"active\"", "active, paused, moved or deceased; the last two end every reminder."),
    Key::or("tier", "\"ordinary\"", "ordinary or high; high is told at night when nobody watches."),
    Key::or(
        "prompt",
        "false",
        "A prompt device in the home asks \"are you all right?\" before an alarm that may wait.",
    ),
    Key::optional("ladder", "Id of a ladder; without one, everybody is called at once."),
    Key::or("first", "[]", "Ids of responders who are called with the first rung for this resident."),
    Key::or("never", "[]", "Ids of responders who are not called for this resident by the ladder."),
    Key::optional("key_holder", "Id of the responder who has a key, and is called when nobody gets in."),
    Key::or("family", "[]", "Ids of responders who are their family, and are told."),
    Key::or(
        "consent",
        "[]",
        "Where their form of address and place may be written on their signed consent: group (texts to groups), county (its duty phone).",
    ),
];

const DEVICE_KEYS: &[Key] = &[
    Key::required("source", "Id of the source in shouwang.toml through which it is heard."),
    Key::optional("format", "Its format; may be left out where the source has only one."),
    Key::required("address", "Radio address or friendly name, as shouwang devices heard shows it.").private(),
    Key::optional("resident", "Whose it is; left out, the home's only resident."),
    Key::optional("home", "In which home, for a device that several share."),
    Key::optional("room", "In which room of that home."),
    Key::required("role", "What it is for; decides what its words mean."),
    Key::optional("rhythm_s", "How often it reports; left out, what its role usually does.").within(1, 7 * 86_400, "s"),
    Key::or("mute", "false", "It cannot report by itself (433 MHz buttons): proven by a press every 7 days."),
    Key::or(
        "battery",
        "\"unknown\"",
        "What it lives on: cr2032, cr2450, alkaline (two cells), li_ion, lisocl2 or unknown.",
    ),
    Key::or("mains", "false", "It is plugged in, without a battery: a power cut of the village silences it."),
    Key::optional("removed", "Day on which it was taken out of service, as 2026-03-01; what it still says is shown."),
    Key::optional("model", "Maker's model, where the format needs it to be read."),
    Key::optional("key", "The key by which its words are read, where they are encrypted.").private(),
    Key::or("map", "{}", "What its codes and named values mean, where the format cannot know: a kind each, or ignore."),
];

impl Village {
    /// Loads the file at `path`, for this station.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(path: &Path, station: &Station) -> Result<Sound<Self>, Problems> {
        Self::examine(path, Some(station))
    }

    /// Loads the file at `path`. Without a station, sources and formats are not checked and nothing can be heard.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn examine(path: &Path, station: Option<&Station>) -> Result<Sound<Self>, Problems> {
        let text = super::read(path)?;
        Self::parse(&super::name_of(path), &text, station)
    }

    /// Reads the text of a file named `file`. Without a station, sources and formats are not checked.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(file: &str, text: &str, station: Option<&Station>) -> Result<Sound<Self>, Problems> {
        let document = Document::parse(file, text, true)?;
        let mut village = read::village(&document.top(TABLES), station);
        let problems = document.finish();
        village.revision = revision_of(text);
        file.clone_into(&mut village.file);
        judge((Some(village), problems))
    }

    /// What is to be said of the rota at a moment, in the station's zone: what is past, and a year without its holidays.
    #[must_use]
    pub fn lapsed(&self, now: Wall, zone: &TimeZone) -> Problems {
        rota::lapsed(&self.rota, &self.lapses, &self.file, rota::expand::local(now, zone))
    }

    /// The ladders on which somebody may be called: by name, by role, or because the rota has them.
    pub fn ladders_of(&self, who: ResponderId) -> impl Iterator<Item = Slug> {
        let role = self.roster.responders.get(&who).map(|responder| responder.role);
        let on_rota = self.rota.shifts.values().any(|shift| shift.lists.values().flatten().any(|id| *id == who))
            || self.rota.swaps.iter().any(|swap| swap.stands_in == who);
        let calls = move |ladder: &Ladder| {
            ladder.rungs.iter().any(|rung| {
                rung.responders.contains(&who)
                    || role.is_some_and(|role| rung.roles.contains(&role))
                    || (rung.on_duty && on_rota)
            })
        };
        self.ladders.iter().filter(move |(_, ladder)| calls(ladder)).map(|(id, _)| *id)
    }

    /// What is to be said of telephones that nobody has proven, of people who are called (CARE-RULES 20): one warning, because
    /// in a village that begins it is everybody.
    #[must_use]
    pub fn unproven(&self) -> Problems {
        let called = |id: ResponderId| {
            let by_name = self.roster.residents.values().flat_map(|resident| &resident.ladder.rungs);
            self.ladders_of(id).next().is_some() || by_name.flat_map(|rung| &rung.responders).any(|other| *other == id)
        };
        let people = self.people.responders.iter();
        let unproven = people.filter(|(id, contact)| contact.phone.is_some() && !contact.is_proven && called(**id));
        let ids: Vec<String> = unproven.map(|(id, _)| id.to_string()).collect();
        let mut problems = Problems::default();
        if !ids.is_empty() {
            let problem = Problem::file(&self.file, What::Unproven).key("responders").value(ids.join(", "));
            problems
                .push(problem.fix("shouwang people prove ID sends a code; read back, shouwang people prove ID CODE"));
        }
        problems
    }

    /// Who is on duty in a window, and who has nobody within [`NEAR_MIN`](crate::core::rota::NEAR_MIN).
    #[must_use]
    pub fn forecast(&self, window: Span, zone: &TimeZone) -> Forecast {
        let sent = |id| self.people.responders.get(&id).is_some_and(|contact| contact.dispatched);
        let plan = self.rota.plan(window, zone);
        plan.forecast(&self.roster, |id, home| self.travel_min(id, home).filter(|_| sent(id)))
    }

    /// Minutes a responder needs to a home.
    #[must_use]
    pub fn travel_min(&self, responder: ResponderId, home: HomeId) -> Option<u16> {
        let usual = self.roster.responders.get(&responder)?.travel_min;
        let card = self.people.responders.get(&responder);
        Some(card.and_then(|card| card.travel_min.get(&home).copied()).unwrap_or(usual))
    }
}

/// The first 16 hex digits of the text's SHA-256.
fn revision_of(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    let first = hash.iter().take(8).fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
    format!("{first:016x}")
}
