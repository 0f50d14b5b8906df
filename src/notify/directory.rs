//! What the queue must know of people to write to them: asked for at the moment of writing, and kept nowhere else.

use crate::core::alarm::AlarmId;
use crate::core::consent::Purpose;
use crate::core::id::{HomeId, ResidentId, ResponderId};
use crate::core::time::Moment;
use crate::core::visit::DoorCode;
use crate::private::Private;
use crate::words::Lang;

/// How a home is found.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Group and number of the house, as villagers say it.
    pub label: &'a Private<String>,
    /// How a stranger finds it in the dark.
    pub landmark: Option<&'a Private<String>>,
}

/// The village's names and numbers.
pub trait Directory {
    /// In which language people are written to.
    fn lang(&self) -> Lang;

    /// The station's name, as villagers know it.
    fn station(&self) -> &Private<String>;

    /// The number that is called back.
    fn call_back(&self) -> Option<&Private<String>>;

    /// Somebody's telephone.
    fn phone(&self, who: ResponderId) -> Option<&Private<String>>;

    /// Whether they have read back the code that was sent to it (CARE-RULES 20).
    fn is_proven(&self, who: ResponderId) -> bool;

    /// Who has a telephone number, however it is written.
    fn who_has(&self, phone: &Private<String>) -> Option<ResponderId>;

    /// What people call a resident.
    fn address_form(&self, resident: ResidentId) -> Option<&Private<String>>;

    /// Whether a resident has consented that they are named for this purpose (CARE-RULES 28).
    fn consents(&self, resident: ResidentId, to: Purpose) -> bool;

    /// Where a home is.
    fn place(&self, home: HomeId) -> Option<Place<'_>>;

    /// What a code is that somebody gave who may be in one of these homes (CARE-RULES 30); nothing where none of them has one.
    fn door_code(&self, code: &Private<String>, homes: &[HomeId]) -> Option<DoorCode>;

    /// A time as the clock on the wall showed it.
    fn clock(&self, at: Moment) -> String;

    /// Where this person answers this alarm, if that is proven to be reachable (CARE-RULES 2).
    fn link(&self, alarm: AlarmId, who: ResponderId) -> Option<Private<String>>;
}

/// A telephone number without what people write differently: blanks, hyphens, brackets and the country's prefix.
#[must_use]
pub fn plain_number(number: &str) -> String {
    let digits: String = number.chars().filter(|sign| sign.is_ascii_digit() || *sign == '+').collect();
    // A mobile number in China has 11 digits and begins with 1.
    let home = digits.strip_prefix("+86").or_else(|| digits.strip_prefix("0086"));
    let home = home.or_else(|| digits.strip_prefix("86").filter(|rest| rest.len() == 11 && rest.starts_with('1')));
    home.map_or_else(|| digits.clone(), ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::plain_number;

    #[test]
    fn one_number_is_one_number_however_it_is_written() {
        for written in ["10000000001", "+8610000000001", "0086 100-0000-0001", "8610000000001", "(100) 0000 0001"] {
            assert_eq!(plain_number(written), "10000000001", "{written}");
        }
        assert_eq!(plain_number("+4410000"), "+4410000");
        assert_eq!(plain_number("86123"), "86123", "a short number is no prefix");
    }
}
