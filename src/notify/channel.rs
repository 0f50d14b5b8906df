//! What a channel is given and what it tells: one shape for all of them.
//!
//! ```text
//!  queue ──Errand──▶ channel ──▶ the world          one file a channel
//!    ▲                 │
//!    └── Word, Answer, Health ──┘
//! ```
//!
//! Constraints:
//! - A channel only sends, tells what became of it, and brings answers. Order, deadlines, further tries and codes are the queue's.
//! - It has one errand at a time and takes the next when the last one is [over](Word::is_over), so that what is urgent never stands
//!   behind what is not inside of a channel. What comes later of an errand (a delivery report) still names it.
//! - Nothing is silent: an errand that is taken is told of until it is over, whatever happens to the channel meanwhile.

use tokio::sync::oneshot;

use crate::core::alarm::AlarmId;
use crate::core::condition::Priority;
use crate::core::id::ResponderId;
use crate::core::time::Wall;
use crate::private::Private;

/// Names one errand from the queue to the channel and back; never used twice while the process lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// One thing for a channel to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errand {
    /// By which its outcome is told.
    pub ticket: Ticket,
    /// To whom.
    pub to: Recipient,
    /// What.
    pub deed: Deed,
}

/// To whom an errand goes. A channel takes what it needs of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recipient {
    /// Who it is; none for a number that is nobody's: the county's, the box's own, one that is being proven.
    pub responder: Option<ResponderId>,
    /// Their telephone, where the channel dials.
    pub phone: Option<Private<String>>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// A message to be read.
    Text(Letter),
    /// A telephone is to ring.
    Ring(Ring),
}

/// A message. What is personal in it is there because the queue decided that this recipient may read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The words, complete without a link (CARE-RULES 2).
    pub text: Private<String>,
    /// About which alarm, for channels whose other end is a program.
    pub alarm: Option<AlarmId>,
    /// How urgent, for channels that mark it.
    pub priority: Priority,
    /// The code by which it is answered, where it is.
    pub code: Option<u8>,
    /// Where it can be answered, where that is proven to be reachable.
    pub link: Option<Private<String>>,
}

/// A call. Pick-up is *seen* and no more (CARE-RULES 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ring {
    /// How long it rings, in seconds; at least 30 (CARE-RULES 1).
    pub for_s: u16,
    /// What is said to whoever picks up, by a modem that can speak.
    pub say: Option<Private<String>>,
}

/// What became of an errand, in the order in which it comes; no word comes after an over one but [`Word::Delivered`] and
/// [`Word::NotDelivered`] of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// A letter was taken by the network or the server. Over.
    Sent,
    /// A letter is on the recipient's telephone, or the telephone rings there.
    Delivered,
    /// The network gave up on a letter that it had taken.
    NotDelivered,
    /// Somebody picked up.
    PickedUp,
    /// A key was pressed during the call.
    Key(char),
    /// A call ended: nobody picked up, or it was refused. Over.
    RangOut,
    /// A call ended after somebody had picked up. Over.
    HungUp,
    /// It could not be done. Over.
    Failed(Failure),
}

/// Why an errand could not be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The line is busy: they are on the telephone.
    Busy,
    /// The number does not exist, or may not be reached.
    Unreachable,
    /// The channel has no network just now.
    NoNetwork,
    /// The channel failed in a way that another try may mend.
    Trouble,
    /// The channel does not do this at all, or was not told enough.
    Unable,
    /// The other end refuses it, and would again.
    Refused,
    /// It was handed over, and nobody said what became of it. Whoever tried again might send it twice, so nobody does.
    Unknown,
}

/// A message that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// From which number, or in whose name where the channel knows its people.
    pub from: Recipient,
    /// The words.
    pub text: Private<String>,
    /// When it was sent, by the network's clock.
    pub sent: Option<Wall>,
}

/// How a channel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// It works.
    Up,
    /// It does not, and this is why.
    Down(Ailment),
}

/// What a channel suffers from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ailment {
    /// The port or the server cannot be reached.
    NotThere,
    /// It does not answer, and was switched off and on in vain.
    Hangs,
    /// The SIM is missing, broken or blocked.
    NoSim,
    /// The SIM wants a PIN that is not configured, or the configured one is wrong.
    Pin,
    /// It is not registered in a network.
    NoNetwork,
    /// It was not let in.
    NotLetIn,
}

/// Everything that a channel says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FromChannel {
    /// Of an errand.
    Word(Ticket, Word),
    /// A message came in.
    Incoming(Incoming),
    /// It is well, or is not; said when it changes.
    Health(Health),
}

/// What a channel says, and whether it waits to hear that it was kept.
#[derive(Debug)]
pub struct Said {
    /// What it says.
    pub what: FromChannel,
    /// Resolved when it is on disk, for what the other end keeps until then: a message that came in. Dropped without a word, it was
    /// not kept, and the other end is to send it again.
    pub kept: Option<oneshot::Sender<()>>,
}

impl Word {
    /// Whether the channel is free for the next errand.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Word::Sent | Word::RangOut | Word::HungUp | Word::Failed(_))
    }
}
