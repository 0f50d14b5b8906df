//! Devices on the page: which want somebody, of which nothing is known, and which are left in peace.

use serde_json::Value;

use super::sheet::word;
use crate::county::board::DeviceRow;
use crate::county::since::Since;
use crate::relay::message::DeviceState;

/// A battery that lasts no longer is bought this month, in days. judgement: civil affairs buy once a month.
const BUY_WITHIN_DAYS: u32 = 30;

/// Devices by what is to be done about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Devices {
    /// Somebody has to look: faults first, then batteries to buy.
    pub wanting: Vec<Device>,
    /// Behind a silent station: nothing is known of them.
    pub unknown: Vec<Device>,
    /// Heard, and without a fault.
    pub well: Vec<Device>,
}

/// A device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Which.
    pub id: String,
    /// What people call its station.
    pub station: String,
    /// How it stands.
    pub standing: Standing,
    /// Word of its fault, as its gateway says it.
    pub fault: Option<String>,
    /// Claimed charge in per cent.
    pub battery: Option<u8>,
    /// Days of battery left.
    pub days_left: Option<u32>,
    /// Link quality: 0–255 for Zigbee, dBm when negative.
    pub link: Option<i32>,
    /// When it was last heard.
    pub last_heard: Option<Since>,
}

/// What a device's description is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// As its gateway says.
    Told,
    /// As its gateway said before it fell silent.
    Old,
    /// This program cannot read it.
    Unreadable,
}

impl Devices {
    /// Sorts them.
    #[must_use]
    pub fn of(all: impl Iterator<Item = Device>) -> Devices {
        let (unknown, told): (Vec<_>, Vec<_>) = all.partition(|device| device.standing == Standing::Old);
        let (mut wanting, well): (Vec<_>, Vec<_>) = told.into_iter().partition(Device::wants_somebody);
        wanting.sort_by_key(|device| (!device.is_faulty(), device.days_left.unwrap_or(u32::MAX), device.battery));
        Devices { wanting, unknown, well }
    }
}

impl Device {
    /// Reads a row. Whether a device is late is its gateway's judgement, which comes as a fault.
    #[must_use]
    pub fn of(row: &DeviceRow, station: String, station_silent: bool) -> Device {
        let mut device = Device {
            id: row.device.clone(),
            station,
            standing: if station_silent { Standing::Old } else { Standing::Told },
            fault: None,
            battery: None,
            days_left: None,
            link: None,
            last_heard: None,
        };
        let Ok(state) = serde_json::from_value::<DeviceState>(Value::Object(row.standing.clone())) else {
            device.standing = Standing::Unreadable;
            return device;
        };
        device.fault = state.fault.as_deref().map(word);
        device.battery = state.battery;
        device.days_left = state.days_left;
        device.link = state.link;
        device.last_heard = state.last_heard.map(|at| Since::told(at, row.received_ms));
        device
    }

    /// Something is wrong with it, or nothing is known of it.
    #[must_use]
    pub fn is_faulty(&self) -> bool {
        self.fault.is_some() || self.last_heard.is_none() || self.standing == Standing::Unreadable
    }

    /// Its battery is on this month's list.
    #[must_use]
    pub fn battery_to_buy(&self) -> bool {
        self.days_left.is_some_and(|days| days <= BUY_WITHIN_DAYS)
    }

    fn wants_somebody(&self) -> bool {
        self.is_faulty() || self.battery_to_buy()
    }
}
