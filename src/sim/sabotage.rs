//! What the box does wrong on purpose, so that tests can see the oracle say so. None of it is in the house's own code: inputs,
//! effects and memories are bent on their way in and out.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::gateway::Turned;
use super::place::slug;
use crate::core::alarm::Alarm;
use crate::core::alarm::life_cycle::State;
use crate::core::condition::Condition;
use crate::core::effect::{Authority, Command, Input, Order};
use crate::core::id::{CommandId, Epoch};
use crate::core::reading::{Measure, Origin, Said, Sample};
use crate::core::roster::{Class, Role};
use crate::core::sequence::{Lane, Range};
use crate::core::station::Station;
use crate::core::word::words;
use crate::limits;
use crate::relay::message::Ack;
use crate::relay::window::Token;

words! {
    /// A way to drive the box wrongly.
    Sabotage {
        /// One turn is carried out and not written.
        SkipCommit = "skip_commit",
        /// One press is acknowledged and not handled.
        DropUrgent = "drop_urgent",
        /// Every start forgets what the log knows.
        ColdStart = "cold_start",
        /// Nothing is ever synced.
        SkipSync = "skip_sync",
        /// One alarm is told, and its record is left out of the turn that is written.
        DropWrite = "drop_write",
        /// Every start begins the ladders again from the first rung.
        ForgetRound = "forget_round",
        /// Station time is counted by the clock on the wall.
        WallDuration = "wall_duration",
        /// What the county's broker has taken leaves the outbox, without a receipt.
        RemoveOnPuback = "remove_on_puback",
        /// Motion in the home cancels a fall in its window.
        PirCancelsFall = "pir_cancels_fall",
        /// Help calls wait behind routine words, one at a time.
        SingleLane = "single_lane",
        /// A source is acknowledged before its word is written.
        AckBeforeCommit = "ack_before_commit",
        /// A command that comes again is run again.
        RunTwice = "run_twice",
        /// After a restart a number of the alarm lane is given twice.
        NumbersTwice = "numbers_twice",
        /// A receipt for another epoch is believed.
        OldEpochReceipt = "old_epoch_receipt",
        /// After a restart nobody waits for deadlines any more.
        LostDeadline = "lost_deadline",
        /// A lease that is restored never ends.
        EndlessLease = "endless_lease",
        /// The county's acknowledgement counts as an acceptance.
        CountyAckStops = "county_ack_stops",
    }
}

impl Sabotage {
    /// Bends an alarm that is restored at a start.
    pub(super) fn bend(self, alarm: &mut Alarm) {
        match (self, &mut alarm.state) {
            (Sabotage::ForgetRound, State::Raised { climb }) => (climb.round, climb.called) = (0, 0),
            (Sabotage::EndlessLease, State::Accepted { until, .. } | State::OnSite { until, .. }) => {
                until.0 += 366 * 86_400_000;
            }
            _ => {}
        }
    }
}

/// What one life of the box remembers of its wrong ways.
#[derive(Debug, Default)]
pub(super) struct Spoiled {
    sabotage: Option<Sabotage>,
    sent: BTreeMap<Token, (Lane, Range)>,
    /// Under which id a command is run, and under which it was asked.
    alias: BTreeMap<CommandId, CommandId>,
    /// A number was given twice.
    numbered: bool,
}

impl Spoiled {
    /// Wrong in this way, or in none.
    pub(super) fn new(sabotage: Option<Sabotage>) -> Spoiled {
        Spoiled { sabotage, ..Spoiled::default() }
    }

    /// Whether it is wrong in this way.
    pub(super) fn is(&self, sabotage: Sabotage) -> bool {
        self.sabotage == Some(sabotage)
    }

    /// Which lane a word takes.
    pub(super) fn class(&self, class: Class) -> Class {
        if self.is(Sabotage::SingleLane) { Class::Routine } else { class }
    }

    /// How many routine words are taken in a turn; a single lane writes each by itself.
    pub(super) fn routine_at_once(&self, turned: &mut Turned) -> usize {
        turned.wrote |= self.is(Sabotage::SingleLane);
        if self.is(Sabotage::SingleLane) { 1 } else { limits::TURN_INPUTS_MAX }
    }

    /// The id under which a command is run.
    pub(super) fn order(&mut self, mut command: Command) -> Command {
        if self.is(Sabotage::RunTwice) {
            let id = CommandId(slug(&format!("x{}", self.alias.len())));
            self.alias.insert(id, command.id);
            command.id = id;
        }
        command
    }

    /// The id under which a command was asked.
    pub(super) fn asked(&self, id: CommandId) -> CommandId {
        self.alias.get(&id).copied().unwrap_or(id)
    }

    /// A receipt, as it is understood.
    pub(super) fn receipt(&self, mut ack: Ack, epoch: Epoch) -> Ack {
        if self.is(Sabotage::OldEpochReceipt) {
            ack.epoch = epoch;
        }
        ack
    }

    /// Whether deadlines are waited for in that life.
    pub(super) fn forgets_deadlines(&self, life: u32) -> bool {
        life > 1 && self.is(Sabotage::LostDeadline)
    }

    /// An input, as it is understood.
    pub(super) fn input<'a>(&self, input: &'a Input) -> Cow<'a, Input> {
        match input {
            Input::Command(Command { id, from: Authority::County, order: Order::Acknowledge { alarm, .. } })
                if self.is(Sabotage::CountyAckStops) =>
            {
                let order = Order::Accept { alarm: *alarm, by: crate::core::id::ResponderId(slug("desk")) };
                Cow::Owned(Input::Command(Command { id: *id, from: Authority::Local, order }))
            }
            _ => Cow::Borrowed(input),
        }
    }

    /// What a routine word wrongly leads to.
    pub(super) fn after_routine(&self, station: &Station, input: &Input) -> Option<Input> {
        let Input::Sample(Sample { from: Origin::Device(id), .. }) = input else { return None };
        if !self.is(Sabotage::PirCancelsFall) {
            return None;
        }
        let devices = &station.roster().devices;
        let motion = devices.get(id).filter(|device| device.role == Role::Motion)?;
        let falls = |alarm: &&Alarm| {
            matches!(alarm.id.condition, Condition::FallConfirmed | Condition::FallSuspected)
                && matches!(alarm.state, State::PreAlarm { .. })
                && alarm.resident() == motion.resident
        };
        station.open_alarms().find(falls)?;
        let cancel = devices.values().find(|device| device.role == Role::Cancel && device.home == motion.home)?;
        let said = vec![Said::event(Measure::Sos(true))];
        let from = Origin::Device(cancel.id);
        Some(Input::Sample(Sample { from, said, retained: false, merge_ms: 0, implausible: 0 }))
    }

    /// The number under which a record is sent.
    pub(super) fn number(&mut self, life: u32, seq: u64) -> u64 {
        if self.numbered || life == 1 || seq == 1 || !self.is(Sabotage::NumbersTwice) {
            return seq;
        }
        self.numbered = true;
        seq - 1
    }

    /// Records leave.
    pub(super) fn sends(&mut self, token: Token, lane: Lane, range: Range) {
        if self.is(Sabotage::RemoveOnPuback) {
            self.sent.insert(token, (lane, range));
        }
    }

    /// The broker has taken them; what counts as their receipt.
    pub(super) fn published(&mut self, epoch: Epoch, token: Token) -> Option<Ack> {
        let (lane, range) = self.sent.remove(&token)?;
        Some(Ack { epoch, lane, ranges: vec![range], reject: Vec::new() })
    }
}
