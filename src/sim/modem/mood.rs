//! In which mood a simulated modem is: what goes wrong, and how often.

/// What goes wrong, in thousandths of all commands where it is a share.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a habit that a modem has or has not, whatever the others are"
)]
pub struct Mood {
    /// Shortest and longest time to an answer, in milliseconds.
    pub answers_ms: (u64, u64),
    /// The same for a message that is given to the network.
    pub sends_ms: (u64, u64),
    /// Refused with an error, and not done.
    pub refuses: u64,
    /// Neither done nor answered.
    pub swallows: u64,
    /// Done, and the answer is lost: the outcome is unknown to whoever asked.
    pub loses: u64,
    /// It starts anew in place of answering.
    pub restarts: u64,
    /// Noise stands before the answer.
    pub noise: u64,
    /// Lines that nobody asked for stand before the answer.
    pub chatter: u64,
    /// It echoes whatever it is told about that.
    pub echoes: bool,
    /// It answers nothing.
    pub is_dead: bool,
    /// Switching it off and on by AT makes it live again.
    pub cycle_helps: bool,
    /// It can list its calls.
    pub lists_calls: bool,
    /// It tells how a call of its own goes.
    pub tells_calls: bool,
    /// It says nothing of itself when it starts.
    pub starts_silently: bool,
    /// Seconds from its start to its registration; none: it never registers.
    pub registers_after_s: Option<u64>,
    /// Seconds from its start to its first answer.
    pub boots_s: u64,
}

impl Mood {
    /// Nothing goes wrong.
    #[must_use]
    pub const fn calm() -> Self {
        Self {
            answers_ms: (5, 60),
            sends_ms: (800, 3_500),
            refuses: 0,
            swallows: 0,
            loses: 0,
            restarts: 0,
            noise: 0,
            chatter: 0,
            echoes: false,
            is_dead: false,
            cycle_helps: true,
            lists_calls: true,
            tells_calls: false,
            starts_silently: false,
            registers_after_s: Some(4),
            boots_s: 3,
        }
    }

    /// One command in five fails: most are refused, some are swallowed, some are done and their answer is lost, and now and
    /// then the modem starts anew.
    #[must_use]
    pub const fn one_in_five() -> Self {
        Self { refuses: 150, swallows: 25, loses: 15, restarts: 10, ..Self::calm() }
    }

    /// It takes its time, within what makers promise.
    #[must_use]
    pub const fn slow() -> Self {
        Self { answers_ms: (500, 4_500), sends_ms: (5_000, 50_000), ..Self::calm() }
    }

    /// Noise, chatter and echo everywhere.
    #[must_use]
    pub const fn noisy() -> Self {
        Self { noise: 150, chatter: 400, echoes: true, ..Self::calm() }
    }

    /// It starts anew again and again.
    #[must_use]
    pub const fn restless() -> Self {
        Self { restarts: 40, ..Self::calm() }
    }

    /// It answers nothing, and nothing helps.
    #[must_use]
    pub const fn dead() -> Self {
        Self { is_dead: true, cycle_helps: false, ..Self::calm() }
    }
}
