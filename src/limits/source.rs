//! Limits of the sources and of what they decode.

use std::time::Duration;

use super::Limit;

limits! {
    /// Urgent inputs that wait for the station (ARCHITECTURE).
    URGENT_LANE_MAX: usize = 64,
        "the source waits and leaves the rest at its sender; nothing is dropped", "none needed";

    /// Routine samples that wait for the station. judgement: a reading a minute of 5,000 devices for three minutes.
    ROUTINE_LANE_MAX: usize = 16 * 1024,
        "the oldest is dropped", "routine_lane.dropped";

    /// Largest packet announced to the local broker, in bytes: `bridge/devices` of a large Zigbee network (ARCHITECTURE).
    MQTT_PACKET_BYTES_MAX: u32 = 8 * 1024 * 1024,
        "the broker does not deliver it", "the broker's log";

    /// Largest payload from the local broker, `bridge/devices` apart, in bytes. judgement: 50 times a device's usual state.
    MQTT_PAYLOAD_BYTES_MAX: usize = 64 * 1024,
        "refused before it is parsed", "FORMAT.refused.too_long, FORMAT.ignored.long_bridge_topic";

    /// Longest topic, in bytes. judgement: base topic, 255 bytes of friendly name, `/availability`.
    TOPIC_BYTES_MAX: usize = 320,
        "refused before it is parsed", "FORMAT.refused.topic_too_long";

    /// Longest address of a device, in bytes. judgement: a file name's length, which zigbee2mqtt's names stay below.
    ADDRESS_BYTES_MAX: usize = 255,
        "refused", "FORMAT.refused.too_long, FORMAT.refused.address_too_long";

    /// Topics outside of its own filters that one format may announce. judgement: ten entities of 400 nodes.
    ANNOUNCED_TOPICS_MAX: usize = 4096,
        "further ones are not listened to", "SOURCE.announced_too_many";

    /// Announced topics in one SUBSCRIBE. judgement: of the longest a packet of 20 KiB, and 64 packets for all of them.
    ANNOUNCED_ASKED_MAX: usize = 64,
        "the rest is asked for in the next", "none needed";

    /// How long what is announced is listened to before the first connection. judgement: 4,096 announcements take a second on
    /// the slowest box, and a broker that takes longer is not to hold up what can be heard without them.
    LISTEN_AHEAD_TIME_MAX: Duration = Duration::from_secs(10),
        "the source connects with what it has heard by then", "SOURCE.listen_ahead_cut";

    /// Publishes that were read from the broker and not yet decoded; at most one of them exceeds `MQTT_PAYLOAD_BYTES_MAX`.
    MQTT_PENDING_MAX: usize = 256,
        "the connection is not read further; TCP makes the broker keep the rest", "none needed";

    /// QoS 1 publishes without a PUBACK, announced as receive maximum. judgement: twice the urgent lane.
    MQTT_RECEIVE_MAX: u16 = 128,
        "the broker keeps the rest (mosquitto 2.0.11 was measured to send more after an absence)", "none needed";

    /// PUBACKs that are owed. Source: a packet id is in use until its PUBACK, and MQTT has 65,535.
    PUBACK_OWED_MAX: usize = 65_535,
        "the broker uses a packet id twice: it gets no PUBACK for the second", "SOURCE.puback_overflow";

    /// How long a PUBACK waits for the disk before those behind it go first. judgement: `COMMIT_DEADLINE` and a little.
    PUBACK_PATIENCE: Duration = Duration::from_secs(3),
        "it is withheld: the broker delivers the message again at the next connection", "SOURCE.puback_withheld";

    /// Withheld PUBACKs of a connection; below mosquitto's usual 20 in flight, or help calls could no longer come in.
    PUBACK_WITHHELD_MAX: usize = 8,
        "the oldest is given after all: people were told of it already", "SOURCE.puback_given_up";

    /// Oldest part of a serial line that is kept. Source: 1,024 bytes at 9,600 baud take 1.07 s; twice that.
    SERIAL_LINE_AGE_MAX: Duration = Duration::from_secs(2),
        "the part is dropped", "SOURCE.serial.line_unfinished";

    /// Oldest part of a binary frame that is kept. judgement: the longest, 1,034 bytes at 115,200 baud, takes 0.09 s, and a
    /// false header must not hold up the true fall behind it.
    SERIAL_FRAME_AGE_MAX: Duration = Duration::from_millis(300),
        "its first byte is passed over and what stands behind it is looked at", "SOURCE.serial.line_unfinished";

    /// Devices of one RS-485 bus. Source: 32 loads is what RS-485 drives.
    BUS_DEVICES_MAX: usize = 32,
        "the configuration is refused", "check: out_of_range";

    /// Values of one profile of bus devices. judgement: a module of 32 channels, twice.
    PROFILE_POINTS_MAX: usize = 64,
        "the configuration is refused", "check: out_of_range";

    /// How long a device of a bus may take to answer. Source: 300 to 1000 ms are usual for such nodes.
    MODBUS_ANSWER_WAIT: Duration = Duration::from_millis(500),
        "the round counts as a miss", "SOURCE.modbus.silent, SOURCE.modbus.damaged";

    /// Rounds in a row with a miss. judgement: noise spoils one or two; a third is a device that does not watch.
    MODBUS_MISSES_MAX: u32 = 3,
        "the device is said to be offline", "device_silent";

    /// Radio devices whose last counter a format remembers, sealed and open ones each. judgement: every device of a village.
    RADIO_COUNTERS_MAX: usize = 8192,
        "the lowest address is forgotten; its next repeat counts as news and merges by time", "none needed";

    /// Radio gateways (ESP32 boxes) under one base topic whose last word on being reachable is remembered. judgement: one a home.
    RADIO_GATEWAYS_MAX: usize = 512,
        "a further one speaks for itself only", "none needed";

    /// Samples of one window of raw movement in one frame. judgement: five seconds at 200 Hz, or a hub's whole line.
    MOTION_SAMPLES_MAX: usize = 1024,
        "the window is refused", "FORMAT.refused_key.motion";

    /// Bytes that a device is answered for one frame. judgement: ten times the longest reply of any watch.
    REPLY_BYTES_MAX: usize = 1024,
        "what is longer is not sent", "none needed";

    /// Packets of an open bridge that wait to be looked at. judgement: a device that is interviewed says some ten.
    PAIRING_EVENTS_MAX: usize = 64,
        "the connection is not read further; TCP makes the broker keep the rest", "none needed";

    /// How long a bridge may take to answer that it is open. judgement: it answers within a second when it runs, and the
    /// asker's own patience is `CONTROL_CONNECTION_TIME`.
    PAIRING_ANSWER_WAIT: Duration = Duration::from_secs(4),
        "it is told as not answering", "the answer";

    /// Newcomers that are told of while a bridge is open. judgement: an installer brings fewer to one home.
    NEWCOMERS_MAX: usize = 64,
        "the one that came first is told of no longer; the heard list has it", "none needed";

    /// Devices heard that are not enrolled. judgement: every radio device of a village.
    HEARD_STRANGERS_MAX: usize = 2048,
        "the eighth least recently heard is forgotten", "heard.forgotten";

    /// Bytes of recorded frames that wait to be fetched. judgement: a minute of a radar, or a bridge's list.
    RECORDED_BYTES_MAX: usize = 4 * 1024 * 1024,
        "further frames are missed until some are fetched", "the answer: missed";

    /// Bytes of recorded frames in one answer, the last frame on top. judgement: a tenth of a second on the socket.
    RECORDED_REPLY_BYTES_MAX: usize = 512 * 1024,
        "the rest comes with the next question", "none needed";

    /// Longest recording. judgement: a device that speaks less often is waited for with a script.
    RECORDING_TIME_MAX: Duration = Duration::from_hours(24),
        "the request is refused", "the answer";

    /// Kinds shown of a device's last words.
    HEARD_KINDS_MAX: usize = 12,
        "the rest is not shown", "none needed";

    /// Longest model name kept of a listed device, in bytes. judgement: longer than any in zigbee2mqtt's list.
    HEARD_MODEL_BYTES_MAX: usize = 64,
        "the model is not shown", "none needed";

    /// Deepest nesting of a JSON payload, found by a scan before anything is parsed. judgement: the deepest list a bridge
    /// sends (composite features of a device) nests 10.
    JSON_DEPTH_MAX: usize = 32,
        "the frame is refused", "FORMAT.refused.too_deep";

    /// Largest list of devices that a bridge may send, in bytes (ARCHITECTURE: the limit announced to the local broker).
    BRIDGE_LIST_BYTES_MAX: usize = 8 * 1024 * 1024,
        "the list is refused, the one before it stays", "FORMAT.refused.too_long";

    /// Devices remembered of a bridge's list. judgement: the house is designed for 5,000.
    LISTED_DEVICES_MAX: usize = 8192,
        "devices beyond it are not listed and take the meaning of an unknown model", "FORMAT.refused_key.devices";

    /// Entities and availability topics that announced themselves, remembered by one decoder. judgement: of 400 nodes ten
    /// entities each, and two topics with every one of them.
    DISCOVERED_ENTITIES_MAX: usize = 16 * 1024,
        "announcements beyond it are not remembered, and their devices not heard", "FORMAT.refused_key.config";

    /// Entities of one announcement, and entities that one message may speak for. judgement: twice the fullest known node.
    DISCOVERED_PARTS_MAX: usize = 64,
        "further ones are not heard", "FORMAT.refused_key.components, FORMAT.refused_key.entities";

    /// Things said in one frame. judgement: three times the fullest known device.
    FRAME_SAID_MAX: usize = 64,
        "life-safety stays, the rest goes", "FORMAT.refused_key.readings";

    /// Longest line of the JSON Lines profile, in bytes (the profile's own limit).
    JSON_LINE_BYTES_MAX: usize = 1024,
        "the line is refused", "SOURCE.serial.line_overlong";

    /// Longest line of a vector file, in bytes: a bridge's list, escaped twice.
    VECTOR_LINE_BYTES_MAX: usize = 4 * BRIDGE_LIST_BYTES_MAX,
        "`shouwang decode` stops and says so", "exit code 2";
}
