//! Changes of `village.toml` by a program: a device enrolled, replaced, taken out of service; a duty swapped; a telephone proven; a
//! resident away. Pure: text in, text out.
//!
//! The file is written by people, with comments and an order of their own, so it is never written anew from what was read:
//! a change puts its own lines at the places that the parser names, and every other byte stays. What comes out is read
//! again by the same reader as at the start, and must be the same village but for the change; a file in a form that this
//! cannot do (tables on one line, dotted keys) is left to the hand.

pub mod absence;

mod text;

use jiff::civil::Date;
use serde::{Deserialize, Serialize, Serializer};

use self::absence::{Away, Said};
use self::text::{Entry, Lines, Patch, appended, quoted};
use super::rota::Swap;
use super::{Village, proof};
use crate::config::problem::Problems;
use crate::config::{Sound, Station};
use crate::core::effect::VillageDeed;
use crate::core::id::{DeviceId, HomeId, ResidentId, ResponderId, RoomId, Slug, SourceId};
use crate::core::roster::{Device, Role, Roster};
use crate::limits::ADDRESS_BYTES_MAX;
use crate::limits::rota::{ABSENCE_DAYS_MAX, ABSENCES_MAX, SWAPS_MAX};
use crate::private::Private;

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "edit")]
pub enum Edit {
    /// A device more.
    Enrol(Enrol),
    /// Another thing in the place of a device: it keeps id, place and history.
    Replace {
        /// Which.
        device: DeviceId,
        /// What hangs there now.
        by: Thing,
    },
    /// Out of service; what it still says is heard as CARE-RULES 17 wants it.
    Remove {
        /// Which.
        device: DeviceId,
    },
    /// One duty that somebody else takes.
    Swap(Swap),
    /// A telephone whose owner has read its code back (CARE-RULES 20). Whoever asked for the code makes it, and nobody over the socket.
    #[serde(skip)]
    Prove {
        /// Whose.
        who: ResponderId,
        /// The number to which the code went.
        phone: Private<String>,
    },
    /// A resident is away for a time.
    Away(Away),
    /// They stay away for longer.
    Extend(Said),
    /// They are back.
    Back(Said),
}

/// A device to be enrolled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrol {
    /// Its id; the next free `d…` when left out.
    #[serde(default)]
    pub id: Option<DeviceId>,
    /// The thing itself.
    pub thing: Thing,
    /// Whose.
    #[serde(default)]
    pub resident: Option<ResidentId>,
    /// In which home.
    #[serde(default)]
    pub home: Option<HomeId>,
    /// In which room.
    #[serde(default)]
    pub room: Option<RoomId>,
    /// What for.
    pub role: Role,
    /// How often it reports, in seconds.
    #[serde(default)]
    pub rhythm_s: Option<u64>,
    /// It cannot report by itself.
    #[serde(default)]
    pub mute: bool,
}

/// A thing on the air.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thing {
    /// Through which source it is heard.
    pub source: SourceId,
    /// In which format; may be left out where the source speaks one only.
    #[serde(default)]
    pub format: Option<String>,
    /// Its address or name.
    #[serde(serialize_with = "over_the_socket")]
    pub address: Private<String>,
    /// Maker's model.
    #[serde(default)]
    pub model: Option<String>,
    /// The key by which its words are read.
    #[serde(default, serialize_with = "perhaps_over_the_socket")]
    pub key: Option<Private<String>>,
}

/// Why a file was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// No such device.
    #[error("there is no device {0} in the village file; shouwang devices list shows them")]
    Unknown(DeviceId),
    /// The id is taken.
    #[error("the id {0} is taken; leave --id out and the next free one is given")]
    Taken(DeviceId),
    /// It was taken out of service before.
    #[error("{0} has been taken out of service already")]
    Removed(DeviceId),
    /// The same thing.
    #[error("{0} has this address already")]
    Same(DeviceId),
    /// An address or key that no file can hold on one line.
    #[error("an address, key or model is text of 1 to {ADDRESS_BYTES_MAX} bytes without control signs")]
    Text,
    /// Its words are encrypted, and the new thing's key is missing.
    #[error("{0} has a key; give the new one's with --key-file")]
    KeyWanted(DeviceId),
    /// No such shift.
    #[error("there is no shift {0} in the village file; shouwang rota show shows them")]
    UnknownShift(Slug),
    /// No such responder.
    #[error("there is no responder {0} in the village file")]
    UnknownResponder(ResponderId),
    /// Their number is not the one to which the code went.
    #[error("the telephone of {0} was changed since the code was sent; send a new one with shouwang people prove {0}")]
    OtherNumber(ResponderId),
    /// Somebody else's turn.
    #[error("{0} is not on that shift that day; shouwang rota show says who is")]
    NotOnShift(ResponderId),
    /// Nothing to take over.
    #[error("{0} is on that shift that day already")]
    OnShift(ResponderId),
    /// Too late.
    #[error("the shift of {0} is past; give the day on which a shift begins, today or later")]
    Past(Date),
    /// The file is full of them.
    #[error("there are {SWAPS_MAX} swaps in the village file; take the past ones out, then shouwang village reload")]
    TooManySwaps,
    /// Nobody of that id is served.
    #[error("there is no resident {0} in the village file who is watched over")]
    UnknownResident(ResidentId),
    /// An end that is no end.
    #[error("{0} is not behind the first day, or is past; give the day on which they come back")]
    AbsencePast(Date),
    /// A slip of the year, most likely.
    #[error("{0} is more than {ABSENCE_DAYS_MAX} days behind the first day; look at the year")]
    AbsenceTooLong(Date),
    /// One is written already.
    #[error("{0} is away already; shouwang village back {0} ends that")]
    AwayAlready(ResidentId),
    /// There is none, or it was changed since.
    #[error("{0} is not away; shouwang village absences shows who is")]
    NotAway(ResidentId),
    /// The file is full of them.
    #[error(
        "there are {ABSENCES_MAX} absences in the village file; take the past ones out, then shouwang village reload"
    )]
    TooManyAbsences,
    /// No id is free.
    #[error("no id of the form d001 is free; give one with --id")]
    NoFreeId,
    /// The file is in a form that cannot be changed line by line.
    #[error(
        "this part of the village file is written in a form that only a hand can change: edit it, then shouwang village reload"
    )]
    Form,
    /// The changed file is not sound.
    #[error("{0}")]
    Unsound(Problems),
}

impl EditError {
    /// Its word, for the sentence in Chinese; empty where the problems of the file have their own.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            EditError::Unknown(_) => "unknown_device",
            EditError::Taken(_) => "id_taken",
            EditError::Removed(_) => "removed_already",
            EditError::Same(_) => "same_address",
            EditError::Text => "not_a_text",
            EditError::KeyWanted(_) => "key_wanted",
            EditError::UnknownShift(_) => "unknown_shift",
            EditError::UnknownResponder(_) => "unknown_responder",
            EditError::OtherNumber(_) => "other_number",
            EditError::NotOnShift(_) => "not_on_shift",
            EditError::OnShift(_) => "on_shift_already",
            EditError::Past(_) => "shift_past",
            EditError::TooManySwaps => "too_many_swaps",
            EditError::UnknownResident(_) => "unknown_resident",
            EditError::AbsencePast(_) => "absence_past",
            EditError::AbsenceTooLong(_) => "absence_too_long",
            EditError::AwayAlready(_) => "away_already",
            EditError::NotAway(_) => "not_away",
            EditError::TooManyAbsences => "too_many_absences",
            EditError::NoFreeId => "no_free_id",
            EditError::Form => "only_by_hand",
            EditError::Unsound(_) => "",
        }
    }
}

/// A changed file.
#[derive(Debug, Clone)]
pub struct Edited {
    /// The whole new text.
    pub text: String,
    /// The device that the change is about; none for a swap or a telephone.
    pub device: Option<DeviceId>,
    /// Under which id the thing that was replaced is still known, out of service.
    pub former: Option<DeviceId>,
    /// What the new text amounts to.
    pub village: Sound<Village>,
}

impl Edit {
    /// What it does, as the record calls it.
    #[must_use]
    pub const fn deed(&self) -> VillageDeed {
        match self {
            Edit::Enrol(_) => VillageDeed::Enrol,
            Edit::Replace { .. } => VillageDeed::Replace,
            Edit::Remove { .. } => VillageDeed::Remove,
            Edit::Swap(_) => VillageDeed::Swap,
            Edit::Prove { .. } => VillageDeed::Prove,
            Edit::Away(_) | Edit::Extend(_) => VillageDeed::Away,
            Edit::Back(_) => VillageDeed::Back,
        }
    }

    /// Changes the text of the file called `file`. `today` is the day that stands behind `removed`, as `2026-03-01`.
    ///
    /// # Errors
    /// [`EditError`]; nothing is changed then.
    pub fn apply(&self, file: &str, text: &str, today: &str, station: &Station) -> Result<Edited, EditError> {
        let before = Village::parse(file, text, Some(station)).map_err(EditError::Unsound)?.value;
        let day = || today.parse::<Date>().map_err(|_| EditError::Form);
        let (new, device, former) = match self {
            Edit::Enrol(enrol) => enrolled(text, enrol, &before.roster)?,
            Edit::Replace { device, by } => replaced(text, *device, by, today, &before)?,
            Edit::Remove { device } => (removed(text, *device, today, &before.roster)?, Some(*device), None),
            Edit::Swap(swap) => (swapped(text, swap, today, &before)?, None, None),
            Edit::Prove { who, phone } => (proven(text, *who, phone, today, &before)?, None, None),
            Edit::Away(away) => (absence::away(text, away, day()?, &before)?, None, None),
            Edit::Extend(said) => (absence::extended(text, said, &before, station)?, None, None),
            Edit::Back(said) => (absence::back(text, said, day()?, &before, station)?, None, None),
        };
        let village = Village::parse(file, &new, Some(station)).map_err(|problems| match self {
            // Lines that say nothing of themselves can only have come to stand in the wrong place.
            Edit::Remove { .. }
            | Edit::Swap(_)
            | Edit::Prove { .. }
            | Edit::Away(_)
            | Edit::Extend(_)
            | Edit::Back(_) => EditError::Form,
            Edit::Enrol(_) | Edit::Replace { .. } => EditError::Unsound(problems),
        })?;
        if !self.was_done(device, &before, &village.value)
            || village.value.absences != absence::wanted(self, day()?, &before)
            || !is_else_equal(&before.roster, &village.value.roster, &[device, former])
        {
            return Err(EditError::Form);
        }
        Ok(Edited { text: new, device, former, village })
    }

    /// Whether the device, the rota or the telephone became what was wanted; the absences are compared for every change.
    fn was_done(&self, device: Option<DeviceId>, before: &Village, after: &Village) -> bool {
        let of = |village: &Village| device.and_then(|device| village.roster.devices.get(&device).copied());
        let mut rota = before.rota.clone();
        let as_wanted = match (self, of(before), of(after)) {
            (Edit::Enrol(_), None, Some(_)) | (Edit::Away(_) | Edit::Extend(_) | Edit::Back(_), None, None) => true,
            (Edit::Replace { by, .. }, Some(old), Some(new)) => new == Device { source: by.source, ..old },
            (Edit::Remove { .. }, Some(old), Some(new)) => new == Device { removed: true, ..old },
            (Edit::Swap(swap), None, None) => {
                rota.swaps.push(*swap);
                true
            }
            (Edit::Prove { who, phone }, None, None) => {
                let contact = after.people.responders.get(who);
                contact.is_some_and(|contact| contact.is_proven && contact.phone.as_ref() == Some(phone))
            }
            _ => false,
        };
        as_wanted && rota == after.rota
    }
}

/// Whether both lists are the same but for these devices, which stand in the new one.
fn is_else_equal(before: &Roster, after: &Roster, but: &[Option<DeviceId>]) -> bool {
    let without = |roster: &Roster| {
        let mut rest = roster.clone();
        rest.devices.retain(|id, _| !but.contains(&Some(*id)));
        rest
    };
    but.iter().flatten().all(|id| after.devices.contains_key(id)) && without(before) == without(after)
}

/// The new file, the device it is about, and the id of what hung there before.
type Changed = (String, Option<DeviceId>, Option<DeviceId>);

fn enrolled(text: &str, enrol: &Enrol, roster: &Roster) -> Result<Changed, EditError> {
    let id = match enrol.id {
        Some(id) if roster.devices.contains_key(&id) => return Err(EditError::Taken(id)),
        Some(id) => id,
        None => next_id(roster)?,
    };
    let thing = &enrol.thing;
    let mut lines = Lines::of(id);
    lines.text("source", Some(thing.source.as_str()))?;
    lines.text("format", thing.format.as_deref())?;
    lines.text("address", Some(thing.address.reveal()))?;
    lines.text("resident", enrol.resident.as_ref().map(ResidentId::as_str))?;
    lines.text("home", enrol.home.as_ref().map(HomeId::as_str))?;
    lines.text("room", enrol.room.as_ref().map(RoomId::as_str))?;
    lines.text("role", Some(enrol.role.word()))?;
    lines.raw("rhythm_s", enrol.rhythm_s.map(|seconds| seconds.to_string()).as_deref());
    lines.raw("mute", enrol.mute.then_some("true"));
    lines.text("model", thing.model.as_deref())?;
    lines.text("key", thing.key.as_ref().map(|key| key.reveal().as_str()))?;
    Ok((appended(text, lines), Some(id), None))
}

fn removed(text: &str, id: DeviceId, today: &str, roster: &Roster) -> Result<String, EditError> {
    match roster.devices.get(&id) {
        None => return Err(EditError::Unknown(id)),
        Some(device) if device.removed => return Err(EditError::Removed(id)),
        Some(_) => {}
    }
    let mut patch = Patch::new(text);
    let entry = Entry::find(text, "devices", id.as_str())?;
    patch.insert(entry.end()?, &format!("removed = {today}"));
    Ok(patch.done())
}

/// The old thing stays known, out of service: its press is still somebody's call, and not an unknown device's (CARE-RULES 17).
fn replaced(text: &str, id: DeviceId, by: &Thing, today: &str, before: &Village) -> Result<Changed, EditError> {
    match before.roster.devices.get(&id) {
        None => return Err(EditError::Unknown(id)),
        Some(device) if device.removed => return Err(EditError::Removed(id)),
        Some(_) => {}
    }
    let entry = Entry::find(text, "devices", id.as_str())?;
    if entry.text("address").as_ref() == Some(by.address.reveal())
        && entry.text("source").as_deref() == Some(by.source.as_str())
    {
        return Err(EditError::Same(id));
    }
    if entry.table.contains_key("key") && by.key.is_none() {
        return Err(EditError::KeyWanted(id));
    }
    let former = former_id(id, &before.roster)?;
    let mut lines = Lines::of(former);
    for name in ["source", "format", "address", "resident", "home", "room", "role", "model", "key", "map"] {
        lines.raw(name, entry.written(name));
    }
    lines.raw("removed", Some(today));
    let mut patch = Patch::new(text);
    let key = by.key.as_ref().map(|key| key.reveal().as_str());
    let new = [
        ("source", Some(by.source.as_str())),
        ("format", by.format.as_deref()),
        ("address", Some(by.address.reveal().as_str())),
        ("model", by.model.as_deref()),
        ("key", key),
    ];
    for (name, value) in new {
        let Some(value) = value else { continue };
        match entry.value(name) {
            Some(_) if entry.text(name).as_deref() == Some(value) => {}
            Some(at) => patch.replace(at, &quoted(value)?),
            None => patch.insert(entry.end()?, &format!("{name} = {}", quoted(value)?)),
        }
    }
    Ok((appended(&patch.done(), lines), Some(id), Some(former)))
}

/// A swap stands behind everything else, where the swaps before it may stand too: TOML lets a list be continued anywhere.
fn swapped(text: &str, swap: &Swap, today: &str, before: &Village) -> Result<String, EditError> {
    let Village { rota, roster, .. } = before;
    let shift = rota.shifts.get(&swap.shift).ok_or(EditError::UnknownShift(swap.shift))?;
    if let Some(unknown) = [swap.out, swap.stands_in].into_iter().find(|id| !roster.responders.contains_key(id)) {
        return Err(EditError::UnknownResponder(unknown));
    }
    // What began yesterday evening may still be taken over until morning.
    let today: Date = today.parse().map_err(|_| EditError::Form)?;
    if shift.of(swap.date).1.date() < today {
        return Err(EditError::Past(swap.date));
    }
    let on = rota.on_shift(swap.date, swap.shift);
    if !on.contains(&swap.out) {
        return Err(EditError::NotOnShift(swap.out));
    }
    if on.contains(&swap.stands_in) {
        return Err(EditError::OnShift(swap.stands_in));
    }
    if rota.swaps.len() >= SWAPS_MAX {
        return Err(EditError::TooManySwaps);
    }
    let mut lines = Lines(vec![String::new(), "[[swaps]]".to_owned()]);
    lines.raw("date", Some(&swap.date.to_string()));
    lines.text("shift", Some(swap.shift.as_str()))?;
    lines.text("out", Some(swap.out.as_str()))?;
    lines.text("in", Some(swap.stands_in.as_str()))?;
    Ok(appended(text, lines))
}

/// The proof stands below the telephone that it proves.
fn proven(
    text: &str,
    who: ResponderId,
    phone: &Private<String>,
    today: &str,
    before: &Village,
) -> Result<String, EditError> {
    let contact = before.people.responders.get(&who).ok_or(EditError::UnknownResponder(who))?;
    if contact.phone.as_ref() != Some(phone) {
        return Err(EditError::OtherNumber(who));
    }
    let today: Date = today.parse().map_err(|_| EditError::Form)?;
    let proof = quoted(&proof::write(who, phone, today))?;
    let entry = Entry::find(text, "responders", who.as_str())?;
    let mut patch = Patch::new(text);
    if let Some(at) = entry.value("proven") {
        patch.replace(at, &proof);
    } else {
        let phone = entry.value("phone").ok_or(EditError::Form)?;
        patch.insert(entry.end_of_line(phone.end)?, &format!("proven = {proof}"));
    }
    Ok(patch.done())
}

/// `d` and the number behind the highest that was ever given.
fn next_id(roster: &Roster) -> Result<DeviceId, EditError> {
    let numbers = roster.devices.keys().filter_map(|id| id.as_str().strip_prefix('d')?.parse::<u32>().ok());
    let next = numbers.max().unwrap_or(0).checked_add(1).ok_or(EditError::NoFreeId)?;
    format!("d{next:03}").parse().map_err(|_| EditError::NoFreeId)
}

/// `d017-1` for the first thing that hung where `d017` hangs, `d017-2` for the second.
fn former_id(id: DeviceId, roster: &Roster) -> Result<DeviceId, EditError> {
    let names = (1..1_000).map(|number| format!("{id}-{number}").parse::<DeviceId>());
    let mut free = names.filter_map(Result::ok).filter(|id| !roster.devices.contains_key(id));
    free.next().map_or_else(|| next_id(roster), Ok)
}

/// The daemon writes the file, so it must be told what the installer read on the device.
fn over_the_socket<S: Serializer>(text: &Private<String>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(text.reveal())
}

#[expect(clippy::ref_option, reason = "serde hands the field over as it is")]
fn perhaps_over_the_socket<S: Serializer>(text: &Option<Private<String>>, to: S) -> Result<S::Ok, S::Error> {
    text.as_ref().map(|text| text.reveal().as_str()).serialize(to)
}
