//! From an address on the air to who is speaking, for every frame: no allocation, O(log n).

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::core::id::{DeviceId, StationId, StrangerId};
use crate::core::reading::Origin;
use crate::private::Private;

/// An enrolled address.
#[derive(Clone)]
pub struct Enrolled {
    /// Format in which it is heard.
    pub format: String,
    /// Radio address, or friendly name.
    pub address: Private<String>,
    /// The device behind it.
    pub device: DeviceId,
    /// What a decoder must be told and a lone frame does not say: `{"model": …, "key": …}`, or null.
    pub context: Value,
}

/// All enrolled addresses.
#[derive(Clone, Default)]
pub struct AddressBook {
    /// Sorted by format and address.
    enrolled: Vec<Enrolled>,
    /// The station's id, so that a stranger's fingerprint is not the same in the next village.
    salt: String,
}

impl AddressBook {
    /// Makes the book; addresses are unique by then.
    pub(super) fn new(station: Option<StationId>, mut enrolled: Vec<Enrolled>) -> Self {
        enrolled.sort_by(|a, b| (&a.format, &a.address).cmp(&(&b.format, &b.address)));
        Self { enrolled, salt: station.map(|id| id.to_string()).unwrap_or_default() }
    }

    /// Who speaks: an enrolled device, or a stranger by its fingerprint.
    #[must_use]
    pub fn resolve(&self, format: &str, address: &str) -> Origin {
        match self.find(format, address) {
            Some(enrolled) => Origin::Device(enrolled.device),
            None => Origin::Stranger(self.fingerprint(format, address)),
        }
    }

    /// The devices that are another thing here than in `before`: under the same id, another address or format.
    #[must_use]
    pub fn replaced_since(&self, before: &AddressBook) -> Vec<DeviceId> {
        let things = |book: &AddressBook| -> BTreeMap<DeviceId, (String, Private<String>)> {
            book.enrolled.iter().map(|one| (one.device, (one.format.clone(), one.address.clone()))).collect()
        };
        let (old, new) = (things(before), things(self));
        let other = new.into_iter().filter(|(id, thing)| old.get(id).is_some_and(|before| before != thing));
        other.map(|(id, _)| id).collect()
    }

    /// What enrolment knows about the device at this address, for its decoder; null when nothing.
    #[must_use]
    pub fn context(&self, format: &str, address: &str) -> &Value {
        self.find(format, address).map_or(&Value::Null, |enrolled| &enrolled.context)
    }

    /// The address of an enrolled device, for what it is to be told.
    #[must_use]
    pub fn address(&self, device: DeviceId) -> Option<&str> {
        self.enrolled
            .iter()
            .find(|enrolled| enrolled.device == device)
            .map(|enrolled| enrolled.address.reveal().as_str())
    }

    /// All enrolled addresses, sorted by format and address.
    #[must_use]
    pub fn enrolled(&self) -> &[Enrolled] {
        &self.enrolled
    }

    /// A stranger's name: `x` and ten hex digits of SHA-256 over station, format and address. Forty bits: among
    /// 1,000 strangers two share a name once in two million villages.
    ///
    /// # Panics
    /// Never: eleven signs of that kind are a slug.
    #[must_use]
    pub fn fingerprint(&self, format: &str, address: &str) -> StrangerId {
        let mut hash = Sha256::new();
        for part in [self.salt.as_str(), format, address] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        let mut name = [b'x'; 11];
        let digits = hash.finalize().into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
        for (sign, digit) in name.iter_mut().skip(1).zip(digits) {
            *sign = if digit < 10 { b'0' + digit } else { b'a' + digit - 10 };
        }
        let name = std::str::from_utf8(&name).expect("x and hex digits are ASCII");
        name.parse().expect("x and ten hex digits are a slug")
    }

    fn find(&self, format: &str, address: &str) -> Option<&Enrolled> {
        let at = self.enrolled.binary_search_by(|enrolled| {
            (enrolled.format.as_str(), enrolled.address.reveal().as_str()).cmp(&(format, address))
        });
        self.enrolled.get(at.ok()?)
    }
}

impl fmt::Debug for Enrolled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The context may hold a key.
        write!(f, "Enrolled({} in {} under {})", self.device, self.format, self.address)
    }
}

impl fmt::Debug for AddressBook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AddressBook({} addresses)", self.enrolled.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book(station: &str) -> AddressBook {
        let enrolled = [("zigbee2mqtt", "b", "d2"), ("json_lines", "a", "d3"), ("zigbee2mqtt", "a", "d1")];
        let enrolled = enrolled.map(|(format, address, device)| Enrolled {
            format: format.to_owned(),
            address: Private::new(address.to_owned()),
            device: device.parse().expect("id"),
            context: serde_json::json!({ "model": device }),
        });
        AddressBook::new(Some(station.parse().expect("id")), enrolled.into())
    }

    #[test]
    fn an_address_belongs_to_its_format() {
        let book = book("st1");
        let device = |id: &str| Origin::Device(id.parse().expect("id"));
        assert_eq!(book.resolve("zigbee2mqtt", "a"), device("d1"));
        assert_eq!(book.resolve("zigbee2mqtt", "b"), device("d2"));
        assert_eq!(book.resolve("json_lines", "a"), device("d3"));
        assert_eq!(book.context("json_lines", "a")["model"], "d3");
        assert_eq!(book.context("json_lines", "b"), &Value::Null);
        assert!(matches!(book.resolve("json_lines", "b"), Origin::Stranger(_)));
    }

    #[test]
    fn a_stranger_keeps_its_name_here_and_has_another_in_the_next_village() {
        let (here, there) = (book("st1"), book("st2"));
        let name = here.fingerprint("zigbee2mqtt", "0x00158d0001a2b3c4");
        assert_eq!(name, here.fingerprint("zigbee2mqtt", "0x00158d0001a2b3c4"));
        assert_ne!(name, there.fingerprint("zigbee2mqtt", "0x00158d0001a2b3c4"));
        assert_ne!(here.fingerprint("a", "bc"), here.fingerprint("ab", "c"));
        assert_eq!(name.as_str().len(), 11);
    }

    #[test]
    fn the_book_prints_no_address() {
        assert_eq!(format!("{:?}", book("st1")), "AddressBook(3 addresses)");
        assert!(!format!("{:?}", book("st1").enrolled()).contains("\"a\""));
    }
}
