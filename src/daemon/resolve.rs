//! What the sources ask of the village: whose address, and which lane.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::config::village::AddressBook;
use crate::core::id::DeviceId;
use crate::core::reading::{Origin, Sample};
use crate::core::roster::{Class, Roster};
use crate::source::Resolve;

/// The address book, and whose every word is urgent.
pub(super) struct VillageBook {
    addresses: AddressBook,
    urgent: BTreeSet<DeviceId>,
}

impl VillageBook {
    /// What the sources need of a village; the roster itself is the station's.
    pub(super) fn new(addresses: AddressBook, roster: &Roster) -> VillageBook {
        let urgent = roster.devices.values().filter(|device| device.is_urgent()).map(|device| device.id);
        VillageBook { addresses, urgent: urgent.collect() }
    }
}

impl Resolve for VillageBook {
    fn origin(&self, format: &str, address: &str) -> Origin {
        self.addresses.resolve(format, address)
    }

    fn context(&self, format: &str, address: &str) -> Option<&Value> {
        Some(self.addresses.context(format, address)).filter(|context| !context.is_null())
    }

    fn address(&self, device: DeviceId) -> Option<&str> {
        self.addresses.address(device)
    }

    fn class(&self, sample: &Sample) -> Class {
        Class::of(sample, |device| self.urgent.contains(&device))
    }
}
