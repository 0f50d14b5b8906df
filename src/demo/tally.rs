//! What is left at the end: how many alarms there were, and whether every one of them arrived.

use std::collections::BTreeSet;
use std::fmt;

use crate::core::alarm::AlarmId;

/// The count. Alarms and faults count alike: both must arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Raised by the gateway.
    pub raised: usize,
    /// Of these, in the county's database.
    pub received: usize,
    /// Of these, with a receipt on the wire.
    pub receipts: usize,
}

impl Tally {
    /// Counts, for alarms raised, those in the county's database and those whose receipts passed.
    #[must_use]
    pub fn of(raised: &BTreeSet<AlarmId>, stored: &BTreeSet<AlarmId>, receipted: &BTreeSet<AlarmId>) -> Tally {
        Tally {
            raised: raised.len(),
            received: raised.intersection(stored).count(),
            receipts: raised.intersection(receipted).count(),
        }
    }

    /// Alarms that the county does not have.
    #[must_use]
    pub const fn lost(&self) -> usize {
        self.raised - self.received
    }

    /// Whether everything is at the county and confirmed.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.received == self.raised && self.receipts == self.raised
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { raised, received, receipts } = self;
        write!(f, "raised={raised} received={received} receipts={receipts} lost={}", self.lost())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_county_does_not_have_is_lost_and_said() {
        let id = |onset: u32| format!("st1.00000000000000ff.{onset}.resident-r04.help_call").parse().expect("an id");
        let all: BTreeSet<AlarmId> = [id(1), id(2)].into();
        let one: BTreeSet<AlarmId> = [id(1), id(9)].into();
        let tally = Tally::of(&all, &one, &all);
        assert_eq!((tally.to_string().as_str(), tally.is_complete()), ("raised=2 received=1 receipts=2 lost=1", false));
        assert!(Tally::of(&all, &all, &all).is_complete());
    }
}
