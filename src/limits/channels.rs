//! Limits of the channels beside the modem: what goes to web servers and the local broker, the siren, the prompts.

use std::time::Duration;

use super::Limit;

limits! {
    /// Channels beside the modem. judgement: a group a village, a push server, a program, and room.
    CHANNELS_MAX: usize = 16,
        "the file is refused", "check: too_many";

    /// Sirens of a station. judgement: in the room, in the yard, and room.
    SIRENS_MAX: usize = 4,
        "the file is refused", "check: too_many";

    /// From look-up to the last byte of the answer to a POST. judgement: TLS over a rural 2G link takes several seconds, and the next
    /// rung is called after 30.
    POST_DEADLINE: Duration = Duration::from_secs(10),
        "the errand failed in a way that another try may mend", "the channel's health: not_there";

    /// Largest answer to a POST that is read, in bytes. judgement: what the known servers answer has some hundred.
    POST_ANSWER_BYTES_MAX: usize = 16 * 1024,
        "the answer counts as broken; the errand failed", "the channel's health: not_there";

    /// Largest head of an answer to a POST, in bytes; the least that hyper can be told.
    POST_HEAD_BYTES_MAX: usize = 8 * 1024,
        "the answer counts as broken; the errand failed", "the channel's health: not_there";

    /// An idle channel looks whether its server is there. judgement: a handshake of 5 kB; 120 kB a day on a SIM card.
    POST_PROBE_EVERY: Duration = Duration::from_hours(1),
        "a connection is made, and nothing is sent", "the channel's health";

    /// The same while the server is not there.
    POST_PROBE_EVERY_DOWN: Duration = Duration::from_mins(5),
        "a connection is made, and nothing is sent", "the channel's health";

    /// A channel whose secret cannot be read looks again.
    SECRET_AGAIN: Duration = Duration::from_secs(30),
        "errands fail meanwhile", "the channel's health: not_let_in";

    /// Messages a minute to a WeCom group robot. Source: developer.work.weixin.qq.com, document 91770.
    WECOM_PER_MINUTE: usize = 20,
        "the errand failed in a way that another try may mend", "log: the robot's limit";

    /// Of those, kept free for what is high. judgement: a quarter.
    WECOM_KEPT_FOR_HIGH: usize = 5,
        "the errand failed in a way that another try may mend", "log: the robot's limit";

    /// Longest content of a WeCom text, in bytes of UTF-8. Source: as above.
    WECOM_TEXT_BYTES_MAX: usize = 2_048,
        "cut at a sign", "the message ends in …";

    /// Longest content of WeCom markdown, in bytes of UTF-8. Source: as above.
    WECOM_MARKDOWN_BYTES_MAX: usize = 4_096,
        "cut at a sign", "the message ends in …";

    /// Longest message of ntfy, in bytes of UTF-8; a longer one comes as a file. Source: docs.ntfy.sh, limitations.
    NTFY_MESSAGE_BYTES_MAX: usize = 4_096,
        "cut at a sign", "the message ends in …";

    /// From the errand to the local broker's PUBACK, the connection included. judgement: as for a POST.
    NOTIFY_PUBACK_WAIT: Duration = Duration::from_secs(10),
        "the errand failed, and the connection is made anew", "the channel's health: not_there";

    /// From look-up to the answer to the subscription at the local broker.
    NOTIFY_CONNECT_DEADLINE: Duration = Duration::from_secs(10),
        "the connection is made anew", "the channel's health: not_there";

    /// Shortest wait before the local broker is looked for again.
    NOTIFY_RECONNECT_FLOOR: Duration = Duration::from_millis(100),
        "the next attempt", "none needed";

    /// Longest wait before the local broker is looked for again. judgement: it costs nothing to ask on one's own box.
    NOTIFY_RECONNECT_CAP: Duration = Duration::from_secs(5),
        "the next attempt", "the channel's health: not_there";

    /// How long the local broker keeps a notice for a program that is away. judgement: an older one has been told again or is over.
    NOTICE_EXPIRY: Duration = Duration::from_hours(1),
        "the broker forgets it", "none needed";

    /// Answers that the broker sends ahead of their PUBACK.
    ANSWERS_UNKEPT_MAX: u16 = 16,
        "the broker waits with the next; one that does not wait loses the connection", "none needed";

    /// How long an answer waits to be kept. judgement: several deadlines of a disk.
    ANSWER_KEPT_WAIT: Duration = Duration::from_secs(10),
        "the connection is made anew, and the broker sends it again", "none needed";

    /// Largest packet from the local broker, in bytes: an answer and its topic.
    ANSWER_PACKET_BYTES_MAX: u32 = 4 * 1024,
        "the broker does not deliver it", "the broker's log";

    /// Longest wish in an answer, in bytes of UTF-8. judgement: one SMS in Chinese.
    ANSWER_WISH_BYTES_MAX: usize = 280,
        "the answer is not taken", "log: an answer is not taken";

    /// What a connection to the local broker has told and the channel not yet looked at.
    NOTIFY_UPSHOTS_MAX: usize = 32,
        "the socket is not read meanwhile", "none needed";

    /// How long one order of the siren sounds (`notify/siren_plan`, which orders no longer stretches).
    SIREN_ON_MAX: Duration = Duration::from_mins(3),
        "it is switched off, and sounds again when it is ordered again", "none needed";

    /// How long the siren's line may take to be switched, a program that switches it included. judgement: four bytes take milliseconds.
    SIREN_LINE_WAIT: Duration = Duration::from_secs(5),
        "it counts as not switched, and is tried again", "the siren's health: not_there";

    /// A siren's line that could not be switched is tried again.
    SIREN_AGAIN: Duration = Duration::from_secs(2),
        "another try", "the siren's health: not_there";

    /// An idle siren's line is switched to what it is. judgement: a pulled cable is found before the night.
    SIREN_LOOK_EVERY: Duration = Duration::from_hours(1),
        "switched again", "the siren's health";

    /// At a stop, a siren's line that could not be switched off is tried again.
    SIREN_OFF_AGAIN: Duration = Duration::from_millis(200),
        "another try", "none needed";

    /// How long a stop tries to switch the siren off. judgement: one hanging line, and less than systemd waits.
    SIREN_OFF_WAIT: Duration = Duration::from_secs(6),
        "the program ends all the same, and switches it off when it starts again", "log: the siren could not be switched off";

    /// Players at work at once. judgement: every home of a large village hears *heard* in the same power cut, and a player takes 5 MB.
    PROMPTS_AT_ONCE_MAX: usize = 64,
        "the sentence waits for a player that ends, one a home; *heard* does not wait", "log: not played";

    /// How often it is looked whether every sentence is there.
    PROMPTS_LOOK_EVERY: Duration = Duration::from_hours(1),
        "looked at again", "the player's health: not_there";

    /// How long a stop waits for the queue to take a channel's last word.
    LAST_WORD_WAIT: Duration = Duration::from_secs(1),
        "the word is not told; the queue ends with the channel", "none needed";
}
