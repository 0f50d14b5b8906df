//! What the sources ask of the village: whose address, and which lane.

use serde_json::Value;

use crate::config::village::AddressBook;
use crate::core::reading::{Origin, Sample};
use crate::core::roster::{Class, Roster};
use crate::source::Resolve;

/// The address book and the roster in force.
pub(super) struct VillageBook {
    pub(super) addresses: AddressBook,
    pub(super) roster: Roster,
}

impl Resolve for VillageBook {
    fn origin(&self, format: &str, address: &str) -> Origin {
        self.addresses.resolve(format, address)
    }

    fn context(&self, format: &str, address: &str) -> Option<&Value> {
        Some(self.addresses.context(format, address)).filter(|context| !context.is_null())
    }

    fn class(&self, sample: &Sample) -> Class {
        self.roster.class(sample)
    }
}
