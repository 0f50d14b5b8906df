//! Limits of the modem: how long it is waited for, how often something is tried, and how much is remembered.

use std::time::Duration;

use super::Limit;

limits! {
    /// Longest line of a modem, in bytes. judgement: a PDU in hex has 352 signs, an operator's menu fewer than 1,000.
    MODEM_LINE_BYTES_MAX: usize = 2_048,
        "the line is dropped up to its end; the command that wanted it runs out of time", "none: it shows as a silence";

    /// How long a command may take. judgement: makers name 5 s for what asks the SIM, and a busy one takes twice that.
    MODEM_ANSWER_WAIT: Duration = Duration::from_secs(10),
        "the modem is woken with AT", "log: the modem hangs, when that is in vain";

    /// How long `AT` alone may take.
    MODEM_WAKE_WAIT: Duration = Duration::from_secs(3),
        "the next try", "none";

    /// How long the prompt for a message may take.
    MODEM_PROMPT_WAIT: Duration = Duration::from_secs(10),
        "given up with ESC, which sends nothing; the part is tried again", "none";

    /// How long the network may take for a message (SIMCom and Quectel name 60 s).
    MODEM_SEND_WAIT: Duration = Duration::from_mins(1),
        "whether it was taken is not known: the letter has failed, and is not given a second time here", "the errand's word";

    /// How long dialling may take until the modem says OK. judgement: SIMCom names 20 s.
    MODEM_DIAL_WAIT: Duration = Duration::from_secs(20),
        "the modem is woken, and its list of calls says whether it dialled", "the errand's word";

    /// Tries of `AT` before a modem that does not answer is switched off and on.
    MODEM_WAKE_TRIES: u8 = 3,
        "AT+CFUN=1,1, and the port is opened again", "log: the modem hangs, when that is in vain";

    /// Commands without an answer, with none answered in between but AT, before the modem is switched off and on.
    MODEM_SILENCES_MAX: u8 = 3,
        "AT+CFUN=1,1, and the port is opened again", "log: the modem hangs, when that is in vain";

    /// Silence on the line after a modem was woken, so that a late answer is not taken for the next one's.
    MODEM_QUIET: Duration = Duration::from_millis(400),
        "the line is used again", "none needed";

    /// Longest wait for that silence, for a modem that talks without end.
    MODEM_QUIET_MAX: Duration = Duration::from_secs(3),
        "the line is used again", "none needed";

    /// Rest after a modem was switched off and on. judgement: modules are back in 5 to 15 s.
    MODEM_BOOT_WAIT: Duration = Duration::from_secs(5),
        "the port is opened again", "none needed";

    /// How long a start may take, from the open port to the last setting. judgement: a SIM that is slow to wake takes 20 s.
    MODEM_START_MAX: Duration = Duration::from_mins(1),
        "the modem is switched off and on; the second time it is said to hang", "the channel's health";

    /// Tries of one setting that the modem refuses.
    MODEM_SETTING_TRIES: u8 = 3,
        "what is not needed is left out; what is needed begins the start anew", "none";

    /// How often a SIM that is missing or locked is asked for again.
    MODEM_SIM_RHYTHM: Duration = Duration::from_secs(10),
        "asked again", "the channel's health";

    /// How long a SIM may take to say what it wants.
    MODEM_SIM_WAIT: Duration = Duration::from_secs(30),
        "it is said to be missing", "the channel's health";

    /// Time without a port, or without a network, before it is said. judgement: a module that starts again is back sooner.
    MODEM_GRACE: Duration = Duration::from_secs(30),
        "the channel is said to be down", "the channel's health";

    /// Time between two looks at network and signal; they also show that an idle modem still answers.
    MODEM_LOOK_RHYTHM: Duration = Duration::from_mins(2),
        "looked at again", "none needed";

    /// The same while there is no network.
    MODEM_SEARCH_RHYTHM: Duration = Duration::from_secs(5),
        "looked at again", "none needed";

    /// Time between two readings of all that the SIM stores, for what was never announced.
    MODEM_LIST_RHYTHM: Duration = Duration::from_mins(10),
        "read again", "none needed";

    /// How long an errand waits for a modem that starts, recovers or looks for its network.
    MODEM_ERRAND_WAIT: Duration = Duration::from_secs(20),
        "the errand has failed", "the errand's word";

    /// Time within which every letter is over, whatever the modem does: nothing of it is begun after
    /// `MODEM_LETTER_BEGIN_MAX`, and then come at most a prompt, a message, and a recovery.
    MODEM_LETTER_MAX: Duration = Duration::from_mins(3),
        "the letter has failed", "the errand's word";

    /// Time after which no further part and no further try of a letter is begun.
    MODEM_LETTER_BEGIN_MAX: Duration = Duration::from_secs(75),
        "the letter has failed", "the errand's word";

    /// Tries of one part, or of dialling, that the modem refuses with a word that may pass.
    MODEM_TRIES_MAX: u8 = 3,
        "the errand has failed", "the errand's word";

    /// Pause before such a try. judgement: three tries within ten seconds are the protocol's; what comes later is the queue's.
    MODEM_TRY_PAUSE: Duration = Duration::from_secs(3),
        "tried again", "none needed";

    /// Parts of one letter. judgement: a notice has one or two, a list for the county's telephone three.
    MODEM_PARTS_MAX: usize = 10,
        "the letter is not sent: Unable", "the errand's word";

    /// How long the network keeps trying to deliver. judgement: an alarm of an hour ago has been climbed or closed.
    MODEM_VALIDITY: Duration = Duration::from_hours(1),
        "the network gives the letter up, and reports so", "the errand's word";

    /// Letters whose reports may still come. judgement: an evening of the worst village.
    MODEM_LETTERS_REPORTED_MAX: usize = 128,
        "the oldest is forgotten: its report is not told", "none: it stays sent";

    /// How long a report may take. Longer than the validity, because networks report late.
    MODEM_REPORT_WAIT: Duration = Duration::from_hours(6),
        "the letter is forgotten", "none: it stays sent";

    /// Reports that came before the answer to the message that they are of.
    MODEM_EARLY_REPORTS_MAX: usize = 16,
        "the oldest is forgotten", "none: the letter stays sent";

    /// Longest ringing, in seconds; an errand that asks for more is cut.
    MODEM_RING_S_MAX: u16 = 120,
        "ended", "the errand's word";

    /// Time within which every call is over, beside the time that it is to ring: dialling in vain, looking for the telephone,
    /// talking, hanging up in vain, and recoveries in between. A call that goes well needs half a minute of it.
    MODEM_CALL_MAX: Duration = Duration::from_mins(5),
        "the modem is switched off and on long before", "the errand's word";

    /// How long a network may look for a telephone before it rings. judgement: falling back from 4G takes up to 15 s.
    MODEM_SETUP_MAX: Duration = Duration::from_secs(30),
        "the call is ended: unreachable", "the errand's word";

    /// Time between two looks at a call.
    MODEM_CALL_RHYTHM: Duration = Duration::from_secs(1),
        "looked at again", "none needed";

    /// Looks in a row that the modem refuses before it is taken for one that cannot tell how a call stands.
    MODEM_CALL_LOOKS_REFUSED_MAX: u8 = 4,
        "the call goes by the clock and by what the modem says of itself", "none";

    /// Looks in a row that do not find our call before it is over. judgement: one may fall between two states.
    MODEM_CALL_LOOKS_EMPTY_MAX: u8 = 2,
        "the call is over", "the errand's word";

    /// How long a call is held after somebody picked up. judgement: half asleep, finding the key takes half a minute.
    MODEM_TALK_MAX: Duration = Duration::from_secs(40),
        "hung up", "the errand's word";

    /// How long a call is held after a key, for one that was pressed by mistake.
    MODEM_KEY_LINGER: Duration = Duration::from_secs(6),
        "hung up, so that the line is free for the next", "the errand's word";

    /// Rounds of hanging up and looking whether it helped.
    MODEM_HANG_UP_ROUNDS: u8 = 4,
        "the modem is switched off and on", "the errand's word";

    /// Signs that a modem is given to say. judgement: fifteen seconds of speech; SIM800 takes no more than 100.
    MODEM_SPOKEN_SIGNS_MAX: usize = 90,
        "cut", "none";

    /// How often it is said. judgement: the first time the telephone is on its way to the ear.
    MODEM_SPOKEN_TIMES: u8 = 2,
        "silence until a key or the end", "none needed";

    /// Stored messages that are known: read, waiting for other parts, or waiting for the word that they are kept. judgement:
    /// a SIM holds 20 to 50.
    MODEM_STORED_MAX: usize = 64,
        "further ones stay on the SIM until there is room", "none: they are read later";

    /// Longer messages of which parts are missing.
    MODEM_JOINS_MAX: usize = 16,
        "the oldest is given as far as it came", "the message's text ends in …";

    /// How long missing parts are waited for. judgement: they leave a telephone within seconds, and an answer is urgent.
    MODEM_JOIN_WAIT: Duration = Duration::from_mins(1),
        "the message is given as far as it came", "the message's text has … in the gap";

    /// Readings of a stored message that cannot be understood before it is deleted.
    MODEM_READ_TRIES: u8 = 3,
        "deleted, because a full SIM takes no further message", "none";

    /// Messages that were handed over and are not known to be kept.
    MODEM_UNKEPT_MAX: usize = 16,
        "further ones stay on the SIM", "none: they are read later";

    /// Errands that wait for the channel; the queue gives one at a time.
    MODEM_ERRANDS_MAX: usize = 4,
        "the queue waits", "none";

    /// How long a write to the port may take.
    MODEM_WRITE_WAIT: Duration = Duration::from_secs(5),
        "the port is opened again", "log: the modem's port";
}
