//! What the county may not know of, kept as the daemon keeps it: the first record of every alarm that takes the second path,
//! until its receipt comes.

use std::collections::BTreeMap;

use crate::core::alarm::life_cycle::State;
use crate::core::alarm::{Alarm, AlarmId};
use crate::core::id::{Epoch, GatewayId};
use crate::core::sequence::Lane;
use crate::core::time::Moment;
use crate::limits::people::UNRECEIPTED_MAX;
use crate::private::Private;
use crate::relay::message::Ack;
use crate::relay::text::{AlarmText, Text};
use crate::sim::place::slug;
use crate::store::record::Decision;

/// See the module.
#[derive(Debug, Default)]
pub(in crate::sim) struct SecondPath {
    waiting: BTreeMap<(Epoch, u64), AlarmId>,
}

impl SecondPath {
    /// The alarms among what was just decided whose receipt is waited for from here on.
    pub(in crate::sim) fn committed<'a>(&mut self, epoch: Epoch, decisions: &'a [Decision]) -> Vec<&'a Alarm> {
        let mut begun = Vec::new();
        for decision in decisions {
            let Decision::Alarm { seq, alarm } = decision else { continue };
            if !is_news(alarm) || self.waiting.values().any(|known| *known == alarm.id) {
                continue;
            }
            if self.waiting.len() >= UNRECEIPTED_MAX {
                self.waiting.pop_first();
            }
            self.waiting.insert((epoch, *seq), alarm.id);
            begun.push(&**alarm);
        }
        begun
    }

    /// The alarms that a receipt is for.
    pub(super) fn receipted(&mut self, ack: &Ack) -> Vec<AlarmId> {
        if ack.lane != Lane::Alarm {
            return Vec::new();
        }
        let has = |seq: u64| ack.ranges.iter().any(|range| (range.0..=range.1).contains(&seq));
        let is_known = |(epoch, seq): &(Epoch, u64)| *epoch == ack.epoch && has(*seq);
        let known: Vec<(Epoch, u64)> = self.waiting.keys().filter(|key| is_known(key)).copied().collect();
        known.into_iter().filter_map(|key| self.waiting.remove(&key)).collect()
    }
}

/// Whether a record is the one by which the county first hears of somebody who needs help.
pub(in crate::sim) fn is_news(alarm: &Alarm) -> bool {
    let raised = matches!(alarm.state, State::Raised { climb } if climb.round == 0 && climb.called <= 1);
    let again = !alarm.id.condition.rule().about_person && alarm.rev > 1;
    let told = again || alarm.clocks.first_notice_sent.is_some();
    alarm.id.condition.takes_the_second_path() && !alarm.id.drill && raised && !told
}

/// The alarm as a text to the county: pseudonyms only.
pub(in crate::sim) fn text_of(alarm: &Alarm, now: Moment) -> Private<String> {
    Private::new(Text::Alarm(AlarmText::of(GatewayId(slug("gw1")), alarm, now)).write())
}
