//! Limits of the TCP source: connections that devices open over the open network.

use std::time::Duration;

use super::Limit;

limits! {
    /// Connections of one TCP source. judgement: every device the house is designed for, and a fifth more that come back
    /// before their old connection is known to be dead.
    TCP_CONNECTIONS_MAX: usize = 6_000,
        "a stranger's connection makes room; without one the newcomer is closed", "SOURCE.tcp.crowded_out, SOURCE.tcp.full";

    /// Connections that nobody enrolled has spoken on. judgement: a village's watches log in within two seconds, so 256 a
    /// second get in after a power cut.
    TCP_STRANGERS_MAX: usize = 512,
        "of the peer address with most of them, the oldest is closed", "SOURCE.tcp.crowded_out";

    /// The same from one peer address. judgement: a carrier puts many watches behind one address; each needs its place for
    /// two seconds only.
    TCP_PEER_STRANGERS_MAX: usize = 64,
        "the oldest of them is closed", "SOURCE.tcp.crowded_out";

    /// Connections that the kernel keeps until they are taken.
    TCP_BACKLOG: u32 = 1024,
        "the kernel lets the device ask again", "none needed";

    /// Wait before the next connection is taken when this process may open no further file.
    TCP_ACCEPT_PAUSE: Duration = Duration::from_millis(200),
        "tried again; the kernel keeps those who wait", "SOURCE.tcp.accept_failed";

    /// Time for a device to say who it is. judgement: three retransmissions on a slow mobile network.
    TCP_NAMELESS_MAX: Duration = Duration::from_secs(30),
        "the connection is closed", "SOURCE.tcp.nameless";

    /// Silence that ends a connection. judgement: heartbeats come every 5 to 10 minutes; two of the slowest and half of a
    /// third. No probes are sent, because they would wake the watch.
    TCP_IDLE_MAX: Duration = Duration::from_mins(25),
        "the connection is closed", "SOURCE.tcp.idle";

    /// Time in which a frame that has begun must end. judgement: a lost packet on a slow mobile network comes again within
    /// half of it.
    TCP_FRAME_AGE_MAX: Duration = Duration::from_secs(30),
        "what stands behind its beginning is looked at, then the connection is closed", "SOURCE.tcp.unfinished";

    /// Damaged or foreign bytes since the last frame that was understood. judgement: one voice message.
    TCP_GARBAGE_BYTES_MAX: usize = 64 * 1024,
        "the connection is closed", "SOURCE.tcp.garbage";

    /// Bytes of unfinished frames of all connections of a source. judgement: 128 voice messages at once.
    TCP_HELD_BYTES_MAX: usize = 8 * 1024 * 1024,
        "the connection that wants more is closed", "SOURCE.tcp.memory";

    /// The same, beyond which no connection of a stranger may add to them: they are not to use up what enrolled devices need.
    TCP_STRANGERS_HELD_BYTES_MAX: usize = TCP_HELD_BYTES_MAX / 4,
        "the stranger's connection is closed", "SOURCE.tcp.memory";

    /// Answers and orders that a device has not taken, in bytes; the kernel holds a little more. judgement: two hundred
    /// answers.
    TCP_UNSENT_BYTES_MAX: usize = 4 * 1024,
        "the connection is closed", "SOURCE.tcp.never_reads";

    /// Time in which a device must take what is sent to it.
    TCP_UNSENT_AGE_MAX: Duration = Duration::from_secs(20),
        "the connection is closed", "SOURCE.tcp.never_reads";

    /// Answers of one connection that wait for the disk. judgement: more alarms than one wearer has in three seconds.
    TCP_REPLIES_OWED_MAX: usize = 16,
        "the oldest is not given: the device sends its alarm again", "SOURCE.tcp.reply_withheld";

    /// How long an answer waits for the disk. judgement: `COMMIT_DEADLINE` and a little.
    TCP_REPLY_PATIENCE: Duration = Duration::from_secs(3),
        "it is not given: the device sends its alarm again", "SOURCE.tcp.reply_withheld";

    /// Frames a minute of one connection of a stranger, once its first twenty are used up.
    TCP_STRANGER_FRAMES_PER_MIN: u32 = 60,
        "the connection is read later", "none needed";

    /// Frames a minute of one connection of an enrolled device, once its first two hundred are used up. judgement: a watch
    /// that brings what it stored on a mountain.
    TCP_DEVICE_FRAMES_PER_MIN: u32 = 1_200,
        "the connection is read later", "none needed";

    /// Calls a minute of all strangers of a source together, once the first hundred are used up. judgement: more than a
    /// village's neighbours can press, and a hundredth of what the station takes.
    TCP_STRANGERS_CALLS_PER_MIN: u32 = 1_200,
        "the call is not taken and not answered: the device sends it again", "SOURCE.tcp.stranger_withheld";

    /// Errands to devices that wait for their source.
    TCP_ERRANDS_MAX: usize = 16,
        "the asker waits", "none";

    /// A device that comes from another address within this time of its last coming is there twice. judgement: a watch
    /// that changes its cell keeps its address or needs longer.
    TCP_JUMP_WINDOW: Duration = Duration::from_mins(1),
        "the newer connection wins all the same", "SOURCE.tcp.duplicate";
}
