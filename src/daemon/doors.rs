//! The codes of the village's doors, which those who have arrived give (CARE-RULES 30): compared here, and not handed on.

use std::sync::Arc;

use tokio::sync::watch;

use crate::core::effect::Order;
use crate::core::station::Station;
use crate::private::Private;
use crate::web::names::Known;

/// Door codes in force.
pub(super) struct Doors(watch::Receiver<Arc<Known>>);

impl Doors {
    /// Of the people in force.
    pub(super) const fn new(known: watch::Receiver<Arc<Known>>) -> Self {
        Self(known)
    }

    /// The order, with what the code was that came with it; whatever the order itself says of that does not count.
    pub(super) fn look(&self, station: &Station, order: Order, code: Option<String>) -> Order {
        let (code, home) = (code.map(Private::new), station.door_of(&order));
        let found = code.and_then(|code| self.0.borrow().people.door_code(&code, home));
        order.with_door(found)
    }
}
