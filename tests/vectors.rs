//! Every registered format against its golden vectors, and against everything that is not a vector.
//!
//! A new format gets all of this by its line in the registry and its file in `tests/vectors/`.
//! `SHOUWANG_VECTORS=DIR` runs the vector files of another directory too.

mod support;

use std::collections::BTreeSet;
use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};
use shouwang::core::reading::{Measure, Said};
use shouwang::device::harness::{Vector, within_bounds};
use shouwang::device::{self, Decoded, FORMATS, Frame};
use shouwang::limits;
use support::vectors;

/// What differs, one sentence a vector; vectors of formats that nobody registered are passed over.
fn differences(all: &[Vector]) -> Vec<String> {
    all.iter()
        .filter_map(|vector| {
            let format = device::format(&vector.protocol)?;
            let outcome = vector.run(format).unwrap_or_else(|error| panic!("{}: {error}", vector.id));
            outcome.compare(vector).err().map(|difference| format!("{}: {difference}", vector.id))
        })
        .collect()
}

#[test]
fn every_format_has_vectors_and_all_pass() {
    let files = vectors::files(&vectors::directory());
    let with_file: BTreeSet<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    let registered: BTreeSet<&str> = FORMATS.iter().map(|format| format.name).collect();
    assert_eq!(with_file, registered, "files in tests/vectors/ (left) and FORMATS (right) differ");
    assert_eq!(registered.len(), FORMATS.len(), "a name is registered twice");
    for (name, path) in &files {
        let all = vectors::read(path);
        let ids: BTreeSet<&str> = all.iter().map(|vector| vector.id.as_str()).collect();
        assert!(!all.is_empty(), "{} is empty", path.display());
        assert_eq!(ids.len(), all.len(), "{} uses an id twice", path.display());
        for vector in &all {
            assert_eq!(&vector.protocol, name, "{} stands in {}", vector.id, path.display());
        }
        let failed = differences(&all);
        assert!(failed.is_empty(), "{}", failed.join("\n"));
    }
}

#[test]
fn vectors_of_another_directory_pass() {
    let Some(directory) = std::env::var_os("SHOUWANG_VECTORS") else { return };
    let all: Vec<Vector> =
        vectors::files(Path::new(&directory)).iter().flat_map(|(_, path)| vectors::read(path)).collect();
    let ours = all.iter().filter(|vector| device::format(&vector.protocol).is_some()).count();
    assert!(ours > 0, "no vector of a registered format in {}", directory.display());
    let failed = differences(&all);
    assert!(failed.is_empty(), "{} of {ours} failed:\n{}", failed.len(), failed.join("\n"));
}

/// Feeds a frame to a decoder of every format; it may refuse, but not panic, and not say more than the house can hold.
fn feed(topic: Option<&str>, bytes: &[u8], context: &Value) {
    for format in FORMATS {
        let mut decoder = (format.decoder)();
        let frame = Frame { topic, bytes, context, utc_s: Some(1_790_000_000), heard_ms: 0 };
        // Twice, because a decoder may remember.
        for _ in 0..2 {
            if let Ok(decoded) = decoder.decode(&frame) {
                assert_bounded(&decoded);
            }
            let _ = decoder.fields(&frame);
        }
    }
}

fn assert_bounded(decoded: &Decoded) {
    assert_eq!(within_bounds(decoded), Ok(()), "{decoded:?}");
}

/// The frame must be taken, and must call for help before it says anything else.
fn assert_calls(format: &str, topic: Option<&str>, text: &str) {
    let mut decoder = (device::format(format).expect("registered").decoder)();
    let frame = Frame { topic, bytes: text.as_bytes(), context: &Value::Null, utc_s: None, heard_ms: 0 };
    let heard = decoder.decode(&frame).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert!(heard.said.contains(&Said::event(Measure::Sos(true))), "{text}: {:?}", heard.said);
    assert_bounded(&heard);
}

/// Keys that mean something to some format, so that arbitrary objects reach further than the first key.
const KEYS: &[&str] = &[
    "action",
    "sos",
    "smoke",
    "gas",
    "carbon_monoxide",
    "water_leak",
    "contact",
    "occupancy",
    "presence",
    "status",
    "fall_status",
    "fall_down_status",
    "battery",
    "voltage",
    "linkquality",
    "temperature",
    "target_distance",
    "state",
    "friendly_name",
    "definition",
    "model",
    "exposes",
    "property",
    "type",
    "unit",
    "value_on",
    "value_off",
    "access",
    "data",
    "d",
    "k",
    "v",
    "u",
    "r",
    "hz",
    "s",
    "a",
    "sys",
    "dia",
    "lat",
    "lon",
    "vibration",
    "pressure_state",
    // rtl_433
    "id",
    "cmd",
    "cmd_id",
    "subtype",
    "switch1",
    "switch4",
    "alarm",
    "closed",
    "battery_ok",
    "learn",
    "codes",
    // tasmota, shelly_gen2
    "RfReceived",
    "ZbReceived",
    "Data",
    "Switch1",
    "Button1",
    "Action",
    "Temperature",
    "method",
    "params",
    "events",
    "component",
    "input:0",
    "smoke:0",
    // ha_discovery
    "stat_t",
    "val_tpl",
    "dev_cla",
    "cmps",
    "dev",
    "ids",
    "avty",
    "p",
    "pl_on",
    // Gateways and network servers of radios.
    "id",
    "rssi",
    "tempc",
    "open",
    "motion",
    "weight",
    "servicedata",
    "servicedatauuid",
    "encr",
    "cipher",
    "ctr",
    "mic",
    "button",
    "packet",
    "accx",
    "value",
    "length",
    "deviceInfo",
    "deviceProfileName",
    "deduplicationId",
    "fPort",
    "object",
    "rxInfo",
    "batteryLevel",
    "latitude",
    "longitude",
    "end_device_ids",
    "dev_eui",
    "uplink_message",
    "frm_payload",
    "decoded_payload",
    "version_ids",
    "button_event",
    "events",
    "detection_status",
];

const WORDS: &[&str] = &[
    "",
    "emergency",
    "online",
    "offline",
    "falling",
    "fall_alarm",
    "sos",
    "fall",
    "confirmed",
    "button",
    "heart_rate",
    "blood_pressure",
    "location",
    "binary",
    "numeric",
    "cm",
    "mV",
    "kPa",
    "\u{0}",
    "王奶奶",
    "\u{feff}",
    "Coordinator",
    "ON",
    "CLOSED",
    "Kerui-Security",
    "Interlogix-Security",
    "Generic-Remote",
    "D3125E",
    "NotifyStatus",
    "NotifyEvent",
    "input:0",
    "single_push",
    "{{ value_json.smoke }}",
    "cun/men",
    "door",
    "sensor",
    "0xfcd2",
    "fe95",
    "44001d3a01",
    "54:48:E6:8F:80:A5",
    "WS101",
    "VS373",
    "/y4B",
    "A/gEAAAAAAA=",
    "short press",
];

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        proptest::sample::select(WORDS).prop_map(Value::from),
        "\\PC{0,30}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 8, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            proptest::collection::vec(
                (prop_oneof![4 => proptest::sample::select(KEYS).prop_map(str::to_owned), 1 => "\\PC{0,8}"], inner),
                0..10
            )
            .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

fn any_topic() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        Just(None),
        "\\PC{0,40}".prop_map(Some),
        "zigbee2mqtt/(bridge/(state|devices|event|health|x)|[a-z/]{0,12}(availability|set|get|action)?)".prop_map(Some),
        "rtl_433/(gw/)?(events|states|availability|devices/(Kerui-Security|Interlogix/smoke|X)/1/[a-z_0-9]{1,8})"
            .prop_map(Some),
        "(tele/x|x/tele|stat/x)/(LWT|STATE|SENSOR|RESULT|STATUS8)".prop_map(Some),
        "x/(status|(binary_sensor|sensor|event)/(fall_detected|heart_rate|distance|y)/state)".prop_map(Some),
        "x/(online|events/rpc|status/(smoke|flood|input|devicepower):0)".prop_map(Some),
        "homeassistant/(sensor|binary_sensor|device|event)/(n/)?x/config".prop_map(Some),
        Just(Some(format!("zigbee2mqtt/{}", "长".repeat(200)))),
        "(bthome|mibeacon)/A4C1388D18B2(/181[bd])?".prop_map(Some),
        "ble_gatt/A4C1388D18B2/2A(19|37|5F|5E|35|1C|18|9D)".prop_map(Some),
        "home/[a-z]{1,3}/(BTtoMQTT/[0-9A-F]{12}|433toMQTT|RTL_433toMQTT/x|SYStoMQTT|LWT)".prop_map(Some),
        "application/1/device/[0-9a-f]{2}/event/(up|join|status|location|log)".prop_map(Some),
        "v3/a@b/devices/[a-z]{1,3}/(up|join|location/solved)".prop_map(Some),
    ]
}

fn any_context() -> impl Strategy<Value = Value> {
    prop_oneof![
        2 => Just(Value::Null),
        1 => any_json(),
        2 => proptest::sample::select(vec!["SNZB-06P", "SPM915", "FDS315", "TS0601_bed_presence_sensor", "?"])
            .prop_map(|model| json!({"model": model})),
        1 => any_json().prop_map(|base| json!({"base": base, "model": 7})),
        1 => (proptest::sample::select(KEYS), proptest::sample::select(WORDS), any_json())
            .prop_map(|(key, word, odd)| json!({"model": "Kerui", "map": {key: word, "y": "sos", "Switch1": odd}})),
        1 => proptest::sample::select(vec!["2A35", "2A18", "0x2A37", "2A5F"])
            .prop_map(|uuid| json!({"mac": "A4C1388D18B2", "characteristic": uuid})),
        1 => proptest::sample::select(vec!["vs373", "ws101", "gs524n", "tbol100", "lds02", "lht65", "micro-tracker"])
            .prop_flat_map(|device| (Just(device), any::<u8>()))
            .prop_map(|(device, port)| json!({"mac": "A4C1388D18B2", "device": device, "fport": port})),
        1 => Just(json!({"mac": "A4C1388D18B2", "key": "231d39c1d7cc1ab1aee224cd096db932"})),
    ]
}

/// A frame of some vector, as topic, bytes and context.
fn any_vector() -> impl Strategy<Value = (Option<String>, Vec<u8>, Value)> {
    let all: Vec<(Option<String>, Vec<u8>, Value)> = vectors::files(&vectors::directory())
        .iter()
        .flat_map(|(_, path)| vectors::read(path))
        .map(|vector| (vector.topic.clone(), vector.bytes().expect("a frame").into_owned(), vector.context()))
        .collect();
    proptest::sample::select(all)
}

#[derive(Debug, Clone)]
enum Mutation {
    Flip(prop::sample::Index, u8),
    Insert(prop::sample::Index, Vec<u8>),
    Remove(prop::sample::Index, usize),
    Cut(prop::sample::Index),
    Repeat(usize),
}

fn any_mutation() -> impl Strategy<Value = Mutation> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        (index(), any::<u8>()).prop_map(|(at, byte)| Mutation::Flip(at, byte)),
        (index(), proptest::collection::vec(any::<u8>(), 1..8)).prop_map(|(at, more)| Mutation::Insert(at, more)),
        (index(), proptest::sample::select(vec!["{", "[", "\"", "\\", "1e999", "null", ",", "-", "\\ud800", "\0"]))
            .prop_map(|(at, token)| Mutation::Insert(at, token.as_bytes().to_vec())),
        (index(), 1_usize..8).prop_map(|(at, count)| Mutation::Remove(at, count)),
        index().prop_map(Mutation::Cut),
        (2_usize..4).prop_map(Mutation::Repeat),
    ]
}

fn mutate(mut bytes: Vec<u8>, mutations: &[Mutation]) -> Vec<u8> {
    for mutation in mutations {
        let len = bytes.len();
        match mutation {
            Mutation::Flip(at, byte) if len > 0 => bytes[at.index(len)] ^= byte,
            Mutation::Insert(at, more) => {
                let at = at.index(len + 1);
                bytes.splice(at..at, more.iter().copied());
            }
            Mutation::Remove(at, count) if len > 0 => {
                let from = at.index(len);
                bytes.drain(from..(from + count).min(len));
            }
            Mutation::Cut(at) if len > 0 => bytes.truncate(at.index(len)),
            Mutation::Repeat(times) => bytes = bytes.repeat(*times),
            Mutation::Flip(..) | Mutation::Remove(..) | Mutation::Cut(_) => {}
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_are_survived(
        topic in any_topic(),
        bytes in proptest::collection::vec(any::<u8>(), 0..2_000),
        context in any_context(),
    ) {
        feed(topic.as_deref(), &bytes, &context);
    }

    #[test]
    fn arbitrary_text_is_survived(topic in any_topic(), text in "\\PC{0,200}", context in any_context()) {
        feed(topic.as_deref(), text.as_bytes(), &context);
        feed(topic.as_deref(), format!("{{{text}}}").as_bytes(), &context);
    }

    #[test]
    fn arbitrary_json_is_survived(topic in any_topic(), value in any_json(), context in any_context()) {
        feed(topic.as_deref(), value.to_string().as_bytes(), &context);
    }

    #[test]
    fn mutated_vectors_are_survived(
        (topic, bytes, context) in any_vector(),
        mutations in proptest::collection::vec(any_mutation(), 1..6),
        other_topic in proptest::option::weighted(0.2, any_topic()),
    ) {
        let topic = other_topic.unwrap_or(topic);
        feed(topic.as_deref(), &mutate(bytes, &mutations), &context);
    }

    #[test]
    fn a_press_passes_whatever_stands_beside_it(
        beside in proptest::collection::vec((proptest::sample::select(KEYS), any_json()), 0..12),
        place in any::<prop::sample::Index>(),
    ) {
        // zigbee2mqtt: any value under any other key.
        let mut pairs: Vec<String> = beside.iter()
            .filter(|(key, _)| *key != "action")
            .map(|(key, value)| format!("{}:{value}", json!(key)))
            .collect();
        pairs.insert(place.index(pairs.len() + 1), "\"action\":\"emergency\"".to_owned());
        assert_calls("zigbee2mqtt", Some("zigbee2mqtt/x"), &format!("{{{}}}", pairs.join(",")));

        // JSON Lines: any value as another reading, as long as the line is one.
        let mut list: Vec<String> = beside.iter()
            .flat_map(|(kind, value)| [json!({"k": kind, "v": value}).to_string(), value.to_string()])
            .collect();
        list.insert(place.index(list.len() + 1), "{\"k\":\"sos\",\"v\":true}".to_owned());
        let line = format!("{{\"d\":\"x\",\"r\":[{}]}}", list.join(","));
        if line.len() <= limits::JSON_LINE_BYTES_MAX {
            assert_calls("json_lines", None, &line);
        }

        // rtl_433: any value under a key that neither names the model nor says what happened.
        let mut pairs: Vec<String> = beside.iter()
            .filter(|(key, _)| !["model", "event"].contains(key))
            .map(|(key, value)| format!("{}:{value}", json!(key)))
            .collect();
        pairs.insert(place.index(pairs.len() + 1), "\"model\":\"X10-Security\",\"event\":\"KR15A PANIC\"".to_owned());
        assert_calls("rtl_433", Some("rtl_433/gw/events"), &format!("{{{}}}", pairs.join(",")));
    }

    #[test]
    fn whatever_announces_itself_is_survived_with_whatever_follows(
        announcements in proptest::collection::vec((any_json(), proptest::sample::select(WORDS), any::<bool>()), 1..6),
        states in proptest::collection::vec(any_json(), 1..4),
    ) {
        let mut decoder = (device::format("ha_discovery").expect("registered").decoder)();
        let mut hear = |topic: &str, payload: &str| {
            let frame = Frame { topic: Some(topic), bytes: payload.as_bytes(), context: &Value::Null, utc_s: None, heard_ms: 0 };
            if let Ok(decoded) = decoder.decode(&frame) {
                assert_bounded(&decoded);
            }
        };
        for (at, (odd, word, flag)) in announcements.iter().enumerate() {
            let class = if *flag { "smoke" } else { "temperature" };
            let config = json!({"stat_t": "t", "dev_cla": class, "val_tpl": "{{ value_json.smoke }}", "avty": odd,
                "pl_on": odd, "pl_off": word, "dev": {"ids": odd}, "cmps": {"x": odd}, "unit_of_meas": word});
            hear(&format!("homeassistant/sensor/{at}/config"), &config.to_string());
            hear(&format!("homeassistant/binary_sensor/{at}/config"), &config.to_string());
        }
        for state in &states {
            hear("t", &state.to_string());
            hear("t", &json!({"smoke": state}).to_string());
        }
        hear("homeassistant/sensor/0/config", "");
    }
}

#[test]
fn large_and_deep_payloads_are_survived() {
    let topics = [
        None,
        Some("zigbee2mqtt/x"),
        Some("zigbee2mqtt/bridge/devices"),
        Some("zigbee2mqtt/x/availability"),
        Some("rtl_433/gw/events"),
        Some("tele/x/SENSOR"),
        Some("x/events/rpc"),
        Some("homeassistant/device/x/config"),
        Some("home/x/BTtoMQTT/A4C1388D18B2"),
        Some("application/x/device/x/event/up"),
        Some("v3/x/devices/x/up"),
        Some("mibeacon/A4C1388D18B2"),
    ];
    let bracketed = |open: &str, close: &str, deep| format!("{}{}", open.repeat(deep), close.repeat(deep));
    let payloads = [
        "[".repeat(1 << 20),
        "{\"a\":".repeat(1 << 18),
        bracketed("[", "]", 100_000),
        bracketed("{\"a\":[", "]}", 100_000),
        format!("[{}7]", "{\"friendly_name\":\"x\"},".repeat(100_000)),
        format!("{{{}\"d\":\"x\"}}", "\"action\":\"single\",\"battery\":\"x\",\"illuminance\":1e99,".repeat(1_200)),
        "\"".repeat(1 << 20),
        "\0".repeat(1 << 20),
    ];
    for payload in &payloads {
        for topic in topics {
            feed(topic, payload.as_bytes(), &Value::Null);
        }
    }
}
