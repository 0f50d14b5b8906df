//! What the county orders, as an order of the station. Pure.

use crate::core::alarm::AlarmId;
use crate::core::effect::Order;
use crate::core::time::{Moment, Trust};
use crate::relay::message::{CommandMessage, CountyOrder};

/// A command that came after the time until which it was meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it came too late")]
pub(super) struct TooLate {
    /// The alarm that it names.
    pub(super) about: Option<AlarmId>,
}

/// The order, if it is in time. Lateness is judged by a synced clock only: a wrong clock must not make a command disappear.
pub(super) fn order_of(now: Moment, message: CommandMessage) -> Result<Order, TooLate> {
    if now.trust == Trust::Synced && message.not_after.is_some_and(|last| now.wall.0 > last) {
        return Err(TooLate { about: about(&message.order) });
    }
    Ok(match message.order {
        CountyOrder::Acknowledge { alarm } => Order::Acknowledge { alarm, by: None },
        CountyOrder::Close { alarm, disposition, conversation } => {
            Order::Close { alarm, by: None, disposition, conversation }
        }
        CountyOrder::Note { alarm, text } => Order::Note { alarm, by: None, text },
        CountyOrder::Drill { resident } => Order::Drill { resident },
        // The relay sends everything again by itself; what is open is the answer.
        CountyOrder::Query | CountyOrder::Resync => Order::Query,
    })
}

const fn about(order: &CountyOrder) -> Option<AlarmId> {
    match order {
        CountyOrder::Acknowledge { alarm } | CountyOrder::Close { alarm, .. } | CountyOrder::Note { alarm, .. } => {
            Some(*alarm)
        }
        CountyOrder::Drill { .. } | CountyOrder::Query | CountyOrder::Resync => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::time::{Boot, Mono, Wall};

    #[test]
    fn lateness_is_judged_by_a_clock_that_is_one_and_names_the_alarm() {
        let alarm: AlarmId = "st1.00000000000000ff.1.resident-r01.smoke".parse().expect("id");
        let message = |last| CommandMessage { not_after: Some(last), order: CountyOrder::Acknowledge { alarm } };
        let at = |trust| Moment { boot: Boot(1), mono: Mono(1), wall: Wall(1_000), trust };
        let order = Order::Acknowledge { alarm, by: None };
        assert_eq!(order_of(at(Trust::Synced), message(1_000)), Ok(order.clone()));
        assert_eq!(order_of(at(Trust::Synced), message(999)), Err(TooLate { about: Some(alarm) }));
        assert_eq!(order_of(at(Trust::Holdover), message(999)), Ok(order));
    }
}
