//! What the pump is told and what it says: plain values.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::core::id::Epoch;
use crate::core::sequence::Lane;

use super::lane::LaneStanding;
use super::retained::RetainedKey;
use super::window::Token;

/// What the pump needs to know at the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The sequence space in force.
    pub epoch: Epoch,
    /// The alarm lane.
    pub alarm: LaneStanding,
    /// The device lane.
    pub device: LaneStanding,
    /// The reading lane.
    pub reading: LaneStanding,
    /// Whether readings are sent at all: they can be switched off for privacy.
    pub send_readings: bool,
    /// Time between two heartbeats.
    pub heartbeat: Duration,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A connection stands; everything without a receipt leaves again, oldest first.
    Connected {
        /// Publishes without a PUBACK that the broker takes.
        receive_max: u16,
    },
    /// It is gone; what was in flight may or may not have arrived.
    Disconnected,
    /// Records up to `head` exist.
    Head {
        /// In which lane.
        lane: Lane,
        /// The newest number.
        head: u64,
    },
    /// One more answer to a command waits at the driver.
    Answer,
    /// A retained standing changed.
    Changed(RetainedKey),
    /// The message of a [`Step::Records`] is made and reaches to this number: fewer than asked, or a hole that reaches
    /// further. Said once for every such step that leaves; only what was taken can be receipted.
    Took {
        /// Which step.
        token: Token,
        /// Last number in the message.
        to: u64,
    },
    /// The broker has it (PUBACK).
    Published(Token),
    /// The broker refused it, or it could not be made; it is tried again.
    Refused(Token),
    /// The county's word on itself.
    County {
        /// It is there, and consuming.
        online: bool,
        /// Since when; another value is another county process, which may have missed what the last one was sent.
        since: i64,
    },
    /// The county wants everything again that has no receipt.
    Resync,
}

/// What the driver does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Step {
    /// Publish the birth.
    Birth(Token),
    /// Publish a heartbeat (QoS 0: no answer).
    Heartbeat,
    /// Publish these records: one message that begins at `from` and reaches to `to` or as far as it can.
    Records {
        /// Answered with this.
        token: Token,
        /// Which lane.
        lane: Lane,
        /// First number.
        from: u64,
        /// Last number.
        to: u64,
    },
    /// Publish the oldest waiting answer.
    Answer(Token),
    /// Publish this standing, or an empty payload when its owner is gone.
    Retained(Token, RetainedKey),
    /// The connection is up and nothing is acknowledged: build a new one.
    Rebuild,
}

/// What went otherwise than it should; shown in the heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Receipts of another epoch.
    pub receipts_of_other_epoch: u64,
    /// Ranges of receipts for numbers that were never sent.
    pub receipts_never_sent: u64,
    /// Ranges of receipts with their ends exchanged.
    pub receipts_not_a_range: u64,
    /// Ranges of receipts that would have scattered beyond `RECEIPT_RANGES_MAX`.
    pub receipts_too_scattered: u64,
    /// Publishes that the broker refused or that could not be made.
    pub refused: u64,
    /// Records that the county rejected.
    pub rejected: u64,
    /// Records sent again.
    pub sent_again: u64,
    /// Connections rebuilt because nothing was acknowledged.
    pub stalled: u64,
    /// Retained standings that found no place.
    pub retained_dropped: u64,
}

impl Counters {
    /// By the names under which the heartbeat and the table of limits show them.
    #[must_use]
    pub fn named(&self) -> BTreeMap<&'static str, u64> {
        BTreeMap::from([
            ("relay.receipts_of_other_epoch", self.receipts_of_other_epoch),
            ("relay.receipts_never_sent", self.receipts_never_sent),
            ("relay.receipts_not_a_range", self.receipts_not_a_range),
            ("relay.receipts_too_scattered", self.receipts_too_scattered),
            ("relay.refused", self.refused),
            ("relay.rejected", self.rejected),
            ("relay.sent_again", self.sent_again),
            ("relay.stalled", self.stalled),
            ("relay.retained_dropped", self.retained_dropped),
        ])
    }
}
