//! Table D of the rules of care: condition × priority × pre-alarm × latching, as one table in code.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::word::words;

words! {
    /// What is wrong.
    Condition {
        /// Somebody pressed a help button.
        HelpCall = "help_call",
        /// Smoke.
        Smoke = "smoke",
        /// Combustible gas.
        Gas = "gas",
        /// Carbon monoxide.
        CarbonMonoxide = "carbon_monoxide",
        /// A fall the device confirmed, or a hard one followed by stillness.
        FallConfirmed = "fall_confirmed",
        /// A fall somebody or something suspects.
        FallSuspected = "fall_suspected",
        /// Too long in bathroom, toilet or bed.
        OverStay = "over_stay",
        /// Out of bed at night and not back.
        BedExit = "bed_exit",
        /// Water on the floor.
        WaterLeak = "water_leak",
        /// No sign of life for too long, or no rise.
        Silence = "silence",
        /// A door opened at night and nobody came back.
        DoorAtNight = "door_at_night",
        /// Vital signs out of bounds.
        VitalSigns = "vital_signs",
        /// A cold room.
        ColdRoom = "cold_room",
        /// An early warning from a trend.
        Trend = "trend",
        /// An absence is over, and nobody says that they are back (CARE-RULES 24).
        NotBack = "not_back",
        /// A resident is not being watched.
        ResidentBlind = "resident_blind",
        /// A device has been silent beyond its limit.
        DeviceSilent = "device_silent",
        /// A device's battery is low.
        BatteryLow = "battery_low",
        /// A device's case was opened.
        Tamper = "tamper",
        /// A device is heard and cannot be believed: stuck, chattering, measuring the impossible, or one of two.
        DeviceDoubted = "device_doubted",
        /// A source is down: serial port, broker connection, coordinator or bridge, with all devices behind it.
        SourceDown = "source_down",
        /// A help call or hazard was heard from a device that is not enrolled (CARE-RULES 17).
        StrangerCall = "stranger_call",
        /// The box cannot write its log: alarms are told, and are not durable.
        DiskFault = "disk_fault",
        /// The clock cannot be trusted.
        ClockFault = "clock_fault",
        /// The state index was damaged and has been rebuilt from the log.
        StateRebuilt = "state_rebuilt",
        /// A way to people is down: a modem, a server.
        ChannelDown = "channel_down",
        /// The box runs on its battery (CARE-RULES 27).
        MainsLost = "mains_lost",
        /// The box is told where it can see whether it is on mains, and cannot see it.
        MainsUnknown = "mains_unknown",
        /// The battery of the box is nearly empty, after which nobody is watched.
        StationBatteryLow = "station_battery_low",
        /// The SIM's text to its own number has not come back, twice in a row.
        CreditDoubtful = "credit_doubtful",
        /// The SIM is paid for two weeks at most.
        CreditEnding = "credit_ending",
        /// The village file as it stands cannot be used; the last sound list is in force.
        VillageFileRefused = "village_file_refused",
        /// The station's pages cannot be served: nobody can look or answer there.
        PagesDown = "pages_down",
    }
}

words! {
    /// How urgent (the idea of IEC 60601-1-8). Ordered: only rises while an alarm is open.
    Priority {
        /// A thing is wrong, not a person: 设备.
        Technical = "technical",
        /// 留意.
        Low = "low",
        /// 尽快.
        Medium = "medium",
        /// 紧急.
        High = "high",
    }
}

/// What a condition's window before raising is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PreAlarm {
    /// Raised at once, **fixed**: no configuration can add a window.
    NeverFixed,
    /// Raised at once.
    None,
    /// Raised when this much time has gone by without a cancel of CARE-RULES 13 and 14.
    Window {
        /// With a prompt device in the home, which asks first.
        prompted_s: u16,
        /// Without one: nobody can be asked, so do not wait as long.
        silent_s: u16,
    },
}

/// One row of table D.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The row's condition.
    pub condition: Condition,
    /// Its priority when raised.
    pub priority: Priority,
    /// Its window.
    pub pre_alarm: PreAlarm,
    /// A cleared condition is noted and does not close the alarm.
    pub latches: bool,
    /// It is about a person: its own ladder, its own answer, closed only by people (CARE-RULES 8, 15).
    pub about_person: bool,
    /// How long an acceptance is believed when the travel time is short (CARE-RULES 6).
    pub lease_min_s: u16,
    /// The longest an acceptance is believed.
    pub lease_max_s: u16,
}

impl Rule {
    /// The window before raising, or `None` when it is raised at once.
    #[must_use]
    pub fn window(&self, prompt_in_home: bool) -> Option<Duration> {
        match self.pre_alarm {
            PreAlarm::NeverFixed | PreAlarm::None => None,
            PreAlarm::Window { prompted_s, silent_s } => {
                Some(Duration::from_secs(u64::from(if prompt_in_home { prompted_s } else { silent_s })))
            }
        }
    }
}

const fn person(condition: Condition, priority: Priority, pre_alarm: PreAlarm) -> Rule {
    // CARE-RULES 6: travel minutes + 5, within 8 to 20.
    Rule {
        condition,
        priority,
        pre_alarm,
        latches: true,
        about_person: true,
        lease_min_s: 8 * 60,
        lease_max_s: 20 * 60,
    }
}

const fn hazard(condition: Condition) -> Rule {
    // CARE-RULES 6: 5 minutes for smoke, gas, CO.
    Rule { lease_min_s: 5 * 60, lease_max_s: 5 * 60, ..person(condition, Priority::High, PreAlarm::NeverFixed) }
}

const fn technical(condition: Condition, latches: bool) -> Rule {
    Rule { latches, about_person: false, ..person(condition, Priority::Technical, PreAlarm::None) }
}

const fn window(prompted_s: u16, silent_s: u16) -> PreAlarm {
    PreAlarm::Window { prompted_s, silent_s }
}

/// Table D of the CARE-RULES, row by row. Source of every figure: that table.
pub const TABLE: &[Rule] = &[
    person(Condition::HelpCall, Priority::High, PreAlarm::NeverFixed),
    hazard(Condition::Smoke),
    hazard(Condition::Gas),
    hazard(Condition::CarbonMonoxide),
    person(Condition::FallConfirmed, Priority::High, window(30, 15)),
    person(Condition::FallSuspected, Priority::High, window(30, 30)),
    person(Condition::OverStay, Priority::High, window(180, 180)),
    person(Condition::BedExit, Priority::High, window(180, 180)),
    person(Condition::WaterLeak, Priority::Medium, PreAlarm::None),
    person(Condition::Silence, Priority::High, window(600, 600)),
    person(Condition::DoorAtNight, Priority::Medium, window(1200, 1200)),
    person(Condition::VitalSigns, Priority::Medium, PreAlarm::None),
    Rule { latches: false, ..person(Condition::ColdRoom, Priority::Low, PreAlarm::None) },
    Rule { latches: false, ..person(Condition::Trend, Priority::Low, PreAlarm::None) },
    // Not a row of table D: CARE-RULES 24, "no answer is NoEvidence and a call". Whoever is about in the home ends it.
    Rule { latches: false, ..person(Condition::NotBack, Priority::Medium, PreAlarm::None) },
    technical(Condition::ResidentBlind, false),
    technical(Condition::DeviceSilent, false),
    technical(Condition::BatteryLow, false),
    technical(Condition::Tamper, false),
    technical(Condition::DeviceDoubted, false),
    technical(Condition::SourceDown, false),
    // Somebody may have called for help: it does not clear by itself, a person looks into it.
    technical(Condition::StrangerCall, true),
    technical(Condition::DiskFault, false),
    technical(Condition::ClockFault, false),
    // The county must see that history was rebuilt; a person acknowledges it.
    technical(Condition::StateRebuilt, true),
    technical(Condition::ChannelDown, false),
    technical(Condition::MainsLost, false),
    technical(Condition::MainsUnknown, false),
    technical(Condition::StationBatteryLow, false),
    technical(Condition::CreditDoubtful, false),
    technical(Condition::CreditEnding, false),
    technical(Condition::VillageFileRefused, false),
    technical(Condition::PagesDown, false),
];

impl Condition {
    /// Its row of table D.
    #[must_use]
    pub fn rule(self) -> &'static Rule {
        // The table has one row a condition in the order of the enum; the test below holds it to that.
        &TABLE[self as usize]
    }

    /// Whether the county is told of it by text when its receipt does not come: somebody who needs help, and what takes the
    /// link down with it, because a village without mains has no router either (CARE-RULES 27).
    #[must_use]
    pub fn takes_the_second_path(self) -> bool {
        self.rule().about_person || matches!(self, Condition::MainsLost | Condition::StationBatteryLow)
    }
}

/// The rule that decided, and its version, so that a record says by which text it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Criterion {
    /// Version of table D and of the detectors' thresholds; raised whenever one of them changes.
    pub version: u16,
}

/// The criterion in force.
pub const CRITERION: Criterion = Criterion { version: 1 };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_one_row_a_condition_in_order() {
        assert_eq!(TABLE.len(), Condition::ALL.len());
        for (row, condition) in TABLE.iter().zip(Condition::ALL) {
            assert_eq!(row.condition, *condition);
            assert_eq!(condition.rule().condition, *condition);
        }
    }

    #[test]
    fn help_calls_and_hazards_are_never_delayed() {
        for condition in [Condition::HelpCall, Condition::Smoke, Condition::Gas, Condition::CarbonMonoxide] {
            assert_eq!(condition.rule().pre_alarm, PreAlarm::NeverFixed);
            assert_eq!(condition.rule().priority, Priority::High);
            assert!(condition.rule().latches);
        }
    }
}
