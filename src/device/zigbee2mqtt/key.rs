//! The state keys that mean something here, as one table.
//!
//! Source: the key tables of the zigbee2mqtt documentation and the `exposes` of its device converters (26.112.0). A key
//! that is not in the table (`update`, `last_seen`, settings, colours) is skipped unread.

use crate::core::reading::{Activity, FallVerdict, Measure, Quantity};

/// What the value under a key means.
#[derive(Debug, Clone, Copy)]
pub(super) enum Meaning {
    /// Something happened: published once, never repeated from the cache.
    Action,
    /// Motion, presence or a bed, by the model.
    Occupancy,
    /// A door (`true` = closed) or a bed mat, by the model.
    Contact,
    /// `true` or `false`.
    Flag(fn(bool) -> Measure),
    /// A number, in this unit unless the bridge says another one for the model.
    Number(Quantity, &'static str),
    /// One of these words.
    Words(Words),
    /// One of these words, under a key that many other models use for something else: other words are skipped, and a
    /// fall has no word that takes it back.
    Posture(Words),
}

/// Words of a key and what each says; a listed word may say nothing.
pub(super) type Words = &'static [(&'static str, &'static [Measure])];

/// The table, in alphabetical order.
const KEYS: &[(&str, Meaning)] = &[
    ("action", Meaning::Action),
    ("battery", Meaning::Number(Quantity::Battery, "%")),
    ("battery_low", Meaning::Flag(Measure::BatteryLow)),
    ("breathing_rate", Meaning::Number(Quantity::BreathRate, "rpm")),
    ("carbon_monoxide", Meaning::Flag(Measure::Co)),
    ("contact", Meaning::Contact),
    ("fall_down_status", Meaning::Words(FALL_DOWN_STATUS)),
    ("fall_status", Meaning::Words(FALL_STATUS)),
    ("gas", Meaning::Flag(Measure::Gas)),
    ("human_motion_state", Meaning::Words(MOTION_STATE)),
    ("humidity", Meaning::Number(Quantity::Humidity, "%")),
    ("illuminance", Meaning::Number(Quantity::Illuminance, "lx")),
    ("linkquality", Meaning::Number(Quantity::Lqi, "lqi")),
    ("motion_state", Meaning::Words(MOTION_STATE)),
    ("occupancy", Meaning::Occupancy),
    ("presence", Meaning::Flag(Measure::Presence)),
    ("pressure_state", Meaning::Words(PRESSURE_STATE)),
    ("smoke", Meaning::Flag(Measure::Smoke)),
    ("sos", Meaning::Flag(Measure::Sos)),
    ("status", Meaning::Posture(POSTURE)),
    ("tamper", Meaning::Flag(Measure::Tamper)),
    ("target_distance", Meaning::Number(Quantity::Distance, "m")),
    ("temperature", Meaning::Number(Quantity::AmbientTemp, "C")),
    ("vibration", Meaning::Flag(Measure::Vibration)),
    ("voltage", Meaning::Number(Quantity::Voltage, "mV")),
    ("water_leak", Meaning::Flag(Measure::Leak)),
];

/// Heiman HS2FD. The radar repeats the word while it lasts and says `normal` afterwards: a level.
const FALL_STATUS: Words = &[
    ("normal", &[Measure::Fall(FallVerdict::Normal)]),
    ("fall_warning", &[Measure::Fall(FallVerdict::Suspected)]),
    ("fall_alarm", &[Measure::Fall(FallVerdict::Confirmed)]),
    ("unknown", &[]),
];

/// MIR-HE200-TY, a level too.
const FALL_DOWN_STATUS: Words = &[
    ("none", &[Measure::Fall(FallVerdict::Normal)]),
    ("maybe_fall", &[Measure::Fall(FallVerdict::Suspected)]),
    ("fall", &[Measure::Fall(FallVerdict::Confirmed)]),
];

/// OWON FDS315. Its words are its own among all models that have a `status`.
const POSTURE: Words = &[
    ("unoccupied", &[Measure::Presence(false)]),
    ("occupied", &[Measure::Presence(true)]),
    ("sitting", &[Measure::Presence(true)]),
    ("on_the_bed", &[Measure::Presence(true), Measure::Bed(true)]),
    ("low_posture", &[Measure::Presence(true), Measure::Fall(FallVerdict::Suspected)]),
    ("falling", &[Measure::Presence(true), Measure::Fall(FallVerdict::Confirmed)]),
];

/// The radars' motion classes, all makers together.
const MOTION_STATE: Words = &[
    ("none", &[Measure::Activity(Activity::None)]),
    ("static", &[Measure::Activity(Activity::Still)]),
    ("peaceful", &[Measure::Activity(Activity::Still)]),
    ("small", &[Measure::Activity(Activity::Moving)]),
    ("medium", &[Measure::Activity(Activity::Moving)]),
    ("large", &[Measure::Activity(Activity::Moving)]),
    ("near", &[Measure::Activity(Activity::Moving)]),
    ("far", &[Measure::Activity(Activity::Moving)]),
    ("active", &[Measure::Activity(Activity::Moving)]),
    ("motion", &[Measure::Activity(Activity::Moving)]),
];

/// ZG-210Z pressure strap on a bed or chair; `sedentary` is `sit` for longer than its reminder.
const PRESSURE_STATE: Words =
    &[("none", &[Measure::Bed(false)]), ("sit", &[Measure::Bed(true)]), ("sedentary", &[Measure::Bed(true)])];

/// The table's own copy of the key and what it means.
pub(super) fn find(key: &str) -> Option<(&'static str, Meaning)> {
    let at = KEYS.binary_search_by(|(name, _)| (*name).cmp(key)).ok()?;
    KEYS.get(at).copied()
}

impl Meaning {
    /// What a word says, if it is one of the key's.
    pub(super) fn said_by(words: Words, word: &str) -> Option<&'static [Measure]> {
        words.iter().find(|(own, _)| *own == word).map(|(_, said)| *said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_found() {
        assert!(KEYS.is_sorted_by(|(one, _), (next, _)| one < next));
        for (key, _) in KEYS {
            assert_eq!(find(key).map(|(name, _)| name), Some(*key));
        }
        assert!(find("last_seen").is_none());
    }
}
