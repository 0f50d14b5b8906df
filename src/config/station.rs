//! `shouwang.toml`: this box, its sources, its way to the county, its store.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::tz::TimeZone;

use super::bus::{self, Profiles};
use super::certificate;
use super::channels::{self, Channel};
use super::document::{Document, Section};
use super::key::{Key, Table};
use super::modem::{self, Modem};
use super::notices::{self, Notices};
use super::pages::{self, Pages};
use super::power::{self, PowerFiles};
use super::problem::{Problems, What};
use super::secret::Secret;
use super::signals::{self, Prompts, Siren};
use super::source::{self, Link, Source, SourceKind};
use super::{Sound, judge};
use crate::broker::BrokerUrl;
use crate::broker::identity::Identity;
use crate::core::id::{GatewayId, Slug, StationId};
use crate::core::spoken::Spoken;
use crate::core::word::words;
use crate::private::Private;

words! {
    /// How much the program says of itself.
    LogLevel {
        /// What wakes somebody.
        Error = "error",
        /// What is odd and was coped with.
        Warn = "warn",
        /// Changes that a person cares about.
        Info = "info",
        /// Decisions.
        Debug = "debug",
        /// Every frame.
        Trace = "trace",
    }
}

/// Everything in `shouwang.toml`.
#[derive(Debug, Clone)]
pub struct Station {
    /// The care station.
    pub id: StationId,
    /// This box.
    pub gateway: GatewayId,
    /// Time zone in which people read times.
    pub zone: TimeZone,
    /// Residents, homes, devices and responders.
    pub village_file: PathBuf,
    /// Log and state.
    pub data_dir: PathBuf,
    /// Socket of the command line.
    pub control_socket: PathBuf,
    /// How much is said in the journal.
    pub log_level: LogLevel,
    /// Where frames come from, in the order of the file.
    pub sources: Vec<Source>,
    /// How the devices of buses are read, by name.
    pub profiles: Profiles,
    /// The way to the county; none for a village on its own.
    pub county: Option<CountyLink>,
    /// The ways to people beside the modem, in the order of their names.
    pub channels: Vec<Channel>,
    /// What is heard in the station, by name.
    pub sirens: BTreeMap<Slug, Siren>,
    /// What is said in homes.
    pub prompts: Option<Prompts>,
    /// How people are written to.
    pub notices: Notices,
    /// The station's telephone; none for a village that is told by other means.
    pub modem: Option<Modem>,
    /// Where the box can see what it runs on; none where it cannot.
    pub power: Option<PowerFiles>,
    /// The station's pages; none where they are not wanted.
    pub pages: Option<Pages>,
    /// Log and state on disk.
    pub store: StoreBudget,
    /// What the rules of care leave to the village.
    pub rules: Rules,
}

/// `[county]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountyLink {
    /// The county's broker.
    pub url: BrokerUrl,
    /// Who signed its certificate.
    pub ca_file: Option<PathBuf>,
    /// Who this box is towards it.
    pub identity: Option<Identity>,
    /// Log-in name.
    pub username: Option<String>,
    /// Password.
    pub password: Option<Secret>,
    /// Readings travel too, not only alarms and faults.
    pub readings: bool,
    /// Time between two heartbeats.
    pub heartbeat: Duration,
    /// The county's board; kept only.
    pub console_url: Option<String>,
    /// The county's duty phone; kept only, nothing rings by itself yet.
    pub duty_phone: Option<Private<String>>,
}

/// `[store]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreBudget {
    /// Longest time that a routine reading waits in memory: the time at risk.
    pub routine_block: Duration,
    /// Bytes of the urgent stream.
    pub urgent_bytes: u64,
    /// Bytes of the routine stream.
    pub routine_bytes: u64,
    /// Bytes of the state index.
    pub state_bytes: u64,
    /// Bytes kept back, released when the disk is full.
    pub ballast_bytes: u64,
    /// Bytes of a segment of the urgent stream.
    pub urgent_segment_bytes: u64,
    /// Bytes of a segment of the routine stream.
    pub routine_segment_bytes: u64,
    /// How long the urgent stream is kept.
    pub urgent_keep: Duration,
    /// How long the routine stream is kept.
    pub routine_keep: Duration,
}

/// `[rules]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// A claimed charge below this is a low battery, in per cent.
    pub battery_low_percent: u8,
    /// Without acceptance for so long everybody is called (CARE-RULES 5).
    pub unanswered_after: Duration,
    /// BLIND for so long is a fault (high tier: at once).
    pub blind_fault_after: Duration,
}

/// The tables of `shouwang.toml`.
pub const TABLES: &[Table] = &[
    Table { path: "station", about: "This box and where its files lie.", keys: STATION_KEYS },
    Table { path: "source[]", about: "A broker connection.", keys: source::MQTT_KEYS },
    Table { path: "source[]", about: "A serial port.", keys: source::SERIAL_KEYS },
    Table { path: "source[]", about: "A port that watches connect to.", keys: source::TCP_KEYS },
    Table { path: "source[]", about: "An RS-485 bus.", keys: bus::MODBUS_KEYS },
    Table { path: "source[].devices[]", about: "A device of a bus.", keys: bus::DEVICE_KEYS },
    Table { path: "profile.*", about: "How one kind of bus device is read.", keys: bus::PROFILE_KEYS },
    Table { path: "profile.*.points[]", about: "One value of a bus device.", keys: bus::POINT_KEYS },
    Table { path: "county", about: "The way to the county.", keys: COUNTY_KEYS },
    Table { path: "channels.*", about: "A program that is posted to.", keys: channels::WEBHOOK_KEYS },
    Table { path: "channels.*", about: "A group robot of WeCom.", keys: channels::WECOM_KEYS },
    Table { path: "channels.*", about: "Push messages over ntfy.", keys: channels::NTFY_KEYS },
    Table { path: "channels.*", about: "Topics at the local broker.", keys: channels::MQTT_KEYS },
    Table { path: "siren.*", about: "A siren on a line of the box.", keys: signals::GPIO_KEYS },
    Table { path: "siren.*", about: "A siren on a relay board.", keys: signals::RELAY_KEYS },
    Table { path: "siren.*", about: "A siren on a line of a serial port.", keys: signals::WIRE_KEYS },
    Table { path: "siren.*", about: "A siren that programs switch.", keys: signals::COMMAND_KEYS },
    Table { path: "prompts", about: "Recorded sentences.", keys: signals::PROMPTS_KEYS },
    Table { path: "player.*", about: "What plays them in one home, or in the station.", keys: signals::PLAYER_KEYS },
    Table { path: "notices", about: "How people are written to.", keys: notices::KEYS },
    Table { path: "modem", about: "The station's telephone.", keys: modem::KEYS },
    Table { path: "power", about: "Where the box sees what it runs on.", keys: power::KEYS },
    Table { path: "web", about: "The answer page and the duty desk.", keys: pages::KEYS },
    Table { path: "web.users.*", about: "Somebody who may log in at the duty desk.", keys: pages::USER_KEYS },
    Table { path: "store", about: "Log and state on disk.", keys: STORE_KEYS },
    Table { path: "rules", about: "What the rules of care leave to the village.", keys: RULES_KEYS },
];

const STATION_KEYS: &[Key] = &[
    Key::required("id", "The care station's id, in every record and topic; never changed once the county knows it."),
    Key::required("gateway", "This box's id; a box that replaces another gets a new one."),
    Key::or("zone", "\"Asia/Shanghai\"", "Time zone in which people read times; records are in UTC."),
    Key::or(
        "village_file",
        "\"village.toml\"",
        "Residents, homes, devices, responders; a relative path lies beside this file.",
    ),
    Key::or("data_dir", "\"/var/lib/shouwang\"", "Log and state; systemd's StateDirectory=shouwang makes it."),
    Key::or(
        "control_socket",
        "\"/run/shouwang/control.sock\"",
        "Socket of shouwang alarms, devices, status, drill; who may write to it may accept alarms.",
    ),
    Key::or(
        "log_level",
        "\"info\"",
        "How much is said in the journal: error, warn, info, debug, trace; no personal data at any level.",
    ),
];

const COUNTY_KEYS: &[Key] = &[
    Key::required("url", "The county's broker: mqtts://host:port; mqtt:// only on a line of one's own."),
    Key::optional(
        "ca_file",
        "Certificate authority of the county's broker, PEM; left out, mqtts:// has nobody to trust.",
    ),
    certificate::CERT_FILE,
    certificate::KEY_FILE,
    Key::optional("username", "Log-in name at the county's broker."),
    Key::optional("password_file", "File with the password, or a bare name of a systemd credential."),
    Key::or("readings", "true", "Send readings too; false for villages that send alarms and faults only (privacy)."),
    Key::or("heartbeat_s", "30", "Time between two signs of life; the county calls a station silent after 180 s.")
        .within(5, 60, "s"),
    Key::optional("console_url", "The county's board; kept only."),
    Key::optional("duty_phone", "The county's duty phone: it rings when nobody of the village answers.").private(),
];

const STORE_KEYS: &[Key] = &[
    Key::or("routine_block_s", "10", "Longest time a routine reading waits in memory; a power cut loses that much.")
        .within(1, 10, "s"),
    Key::or("urgent_mib", "512", "Alarms, decisions, commands; never dropped, warned of when full.")
        .within(64, 65_536, "MiB"),
    Key::or("routine_mib", "4096", "Readings; the oldest go first.").within(64, 1_048_576, "MiB"),
    Key::or("state_mib", "256", "Index, rebuildable from the log.").within(32, 65_536, "MiB"),
    Key::or("ballast_mib", "64", "Kept back and released when the disk is full, so that alarms still fit.")
        .within(8, 4_096, "MiB"),
    Key::or("urgent_segment_mib", "1", "One file of the urgent stream; each begins with a snapshot.")
        .within(1, 256, "MiB"),
    Key::or("routine_segment_mib", "4", "One file of the routine stream; old ones are removed whole.")
        .within(1, 256, "MiB"),
    Key::or("urgent_keep_days", "730", "How long alarms and decisions are kept; inspections ask for two years.")
        .within(90, 3_650, "days"),
    Key::or("routine_keep_days", "30", "How long readings are kept; rule changes are tried on them.")
        .within(7, 365, "days"),
];

const RULES_KEYS: &[Key] = &[
    Key::or(
        "battery_low_percent",
        "15",
        "A claimed charge below this is a low battery; higher where a visit takes weeks to arrange.",
    )
    .within(5, 50, "%"),
    Key::or("unanswered_after_s", "600", "Without acceptance for so long everybody is called and the alarm is 未响应.")
        .within(120, 1_800, "s"),
    Key::or(
        "blind_fault_after_s",
        "1800",
        "Nobody watches a resident for so long: a fault; at once for the high tier.",
    )
    .within(300, 14_400, "s"),
];

impl Station {
    /// Loads the file at `path`. `formats` are all that can be decoded.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(path: &Path, formats: &[Spoken<'_>]) -> Result<Sound<Self>, Problems> {
        let text = super::read(path)?;
        let beside = path.parent().unwrap_or(Path::new(""));
        Self::parse(&super::name_of(path), &text, beside, formats)
    }

    /// Reads the text of a file named `file` whose relative paths lie in `beside`.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(file: &str, text: &str, beside: &Path, formats: &[Spoken<'_>]) -> Result<Sound<Self>, Problems> {
        let document = Document::parse(file, text, false)?;
        let station = read(&document, beside, formats);
        judge((station, document.finish()))
    }

    /// The time zone of a name. China has kept UTC+8 without summer time since 1991, so its zone needs no database,
    /// which small images leave out.
    #[must_use]
    pub fn zone_of(name: &str) -> Option<TimeZone> {
        match TimeZone::get(name) {
            Ok(zone) => Some(zone),
            Err(_) if name == "Asia/Shanghai" => Some(TimeZone::fixed(jiff::tz::offset(8))),
            Err(_) => None,
        }
    }
}

fn read(document: &Document<'_>, beside: &Path, formats: &[Spoken<'_>]) -> Option<Station> {
    let top = document.top(TABLES);
    let station = top.table("station", STATION_KEYS);
    if !station.is_given() {
        top.report(station.whole_table(What::MissingKey).fix("add [station] with id and gateway"));
    }
    let path = |name| station.text(name).map(|path| beside.join(path.as_ref()));
    let id = station.id("id").map(StationId);
    let gateway = station.id("gateway").map(GatewayId);
    let profiles = bus::read_profiles(&top);
    let sources = read_sources(&top, id.as_ref().map_or("", StationId::as_str), beside, formats, &profiles);
    Some(Station {
        zone: read_zone(&station)?,
        village_file: path("village_file")?,
        data_dir: path("data_dir")?,
        control_socket: path("control_socket")?,
        log_level: station.word("log_level", LogLevel::ALL, LogLevel::word).unwrap_or(LogLevel::Info),
        county: read_county(&top, beside),
        channels: channels::read_all(&top, id.as_ref().map_or("", StationId::as_str), beside),
        sirens: signals::read_sirens(&top),
        prompts: signals::read_prompts(&top, beside),
        notices: notices::read(&top),
        modem: modem::read(&top, beside, &sources, modem::KEYS),
        power: power::read(&top),
        pages: pages::read(&top, beside),
        store: read_store(&top)?,
        rules: read_rules(&top)?,
        sources,
        profiles,
        id: id?,
        gateway: gateway?,
    })
}

pub(super) fn read_zone(station: &Section<'_>) -> Option<TimeZone> {
    let name = station.text("zone")?;
    let zone = Station::zone_of(&name);
    if let (None, Some(found)) = (&zone, station.find("zone")) {
        let problem =
            station.wrong("zone", &found, What::UnknownZone).allowed("names of the IANA database, as Asia/Shanghai");
        station.report(problem.fix("write zone = \"Asia/Shanghai\", or install tzdata"));
    }
    zone
}

fn read_sources(
    top: &Section<'_>,
    station: &str,
    beside: &Path,
    formats: &[Spoken<'_>],
    profiles: &Profiles,
) -> Vec<Source> {
    let mut sources: Vec<Source> = Vec::new();
    for section in top.list("source").unwrap_or_default() {
        let kind = section.glance(source::KIND_KEYS).word("kind", SourceKind::ALL, SourceKind::word);
        let Some(kind) = kind else { continue };
        let section = section.holding(match kind {
            SourceKind::Mqtt => source::MQTT_KEYS,
            SourceKind::Serial => source::SERIAL_KEYS,
            SourceKind::Tcp => source::TCP_KEYS,
            SourceKind::Modbus => bus::MODBUS_KEYS,
        });
        let Some(source) = source::read(&section, kind, station, beside, formats, profiles) else { continue };
        if sources.iter().any(|other| other.id == source.id)
            && let Some(found) = section.find("id")
        {
            section.report(section.wrong("id", &found, What::Shared).fix("give every source an id of its own"));
        }
        if sources.iter().any(|other| share_a_port(&other.link, &source.link))
            && let Some(found) = section.find("listen")
        {
            section.report(section.wrong("listen", &found, What::Shared).fix("give every format a port of its own"));
        }
        sources.push(source);
    }
    sources
}

/// Whether both listen on one port.
fn share_a_port(one: &Link, other: &Link) -> bool {
    let (Link::Tcp(one), Link::Tcp(other)) = (one, other) else { return false };
    let (a, b) = (one.listen, other.listen);
    a.port() == b.port() && (a.ip() == b.ip() || a.ip().is_unspecified() || b.ip().is_unspecified())
}

fn read_county(top: &Section<'_>, beside: &Path) -> Option<CountyLink> {
    let county = top.table("county", COUNTY_KEYS);
    if !county.is_given() {
        top.report(county.whole_table(What::NoCounty).fix("add [county] with url"));
        return None;
    }
    let url = source::read_url(&county);
    let ca_file = county.text("ca_file").map(|file| beside.join(file.as_ref()));
    if let (Some(url), None) = (&url, &ca_file)
        && url.tls
    {
        county.report(
            county
                .whole_table(What::MissingKey)
                .key("county.ca_file")
                .fix("add ca_file = \"county-ca.pem\" with the certificate of the county's authority"),
        );
    }
    let username = county.text("username").map(std::borrow::Cow::into_owned);
    let password = county.text("password_file").map(|written| Secret::new(&written, beside));
    if let (None, Some(_), Some(found)) = (&username, &password, county.find("password_file")) {
        let problem = county.wrong("password_file", &found, What::Contradiction);
        county.report(problem.fix("add username, because MQTT sends no password without one"));
    }
    let heartbeat = county.whole("heartbeat_s").map(Duration::from_secs);
    let duty_phone = super::village::phone(&county, "duty_phone");
    let identity = certificate::read(&county, beside, url.as_ref());
    Some(CountyLink {
        ca_file,
        identity,
        username,
        password,
        readings: county.flag("readings"),
        heartbeat: heartbeat?,
        console_url: county.text("console_url").map(std::borrow::Cow::into_owned),
        duty_phone,
        url: url?,
    })
}

fn read_store(top: &Section<'_>) -> Option<StoreBudget> {
    const MIB: u64 = 1024 * 1024;
    const DAY_S: u64 = 24 * 3600;
    let store = top.table("store", STORE_KEYS);
    let mib = |name| store.whole(name).map(|mib| mib * MIB);
    let days = |name| store.whole(name).map(|days| Duration::from_secs(days * DAY_S));
    let budget = StoreBudget {
        routine_block: store.whole("routine_block_s").map(Duration::from_secs)?,
        urgent_bytes: mib("urgent_mib")?,
        routine_bytes: mib("routine_mib")?,
        state_bytes: mib("state_mib")?,
        ballast_bytes: mib("ballast_mib")?,
        urgent_segment_bytes: mib("urgent_segment_mib")?,
        routine_segment_bytes: mib("routine_segment_mib")?,
        urgent_keep: days("urgent_keep_days")?,
        routine_keep: days("routine_keep_days")?,
    };
    // Segments are removed whole, so a stream needs room for the one in use, the one before, and some history.
    for (segment, of, bytes, all) in [
        ("urgent_segment_mib", "urgent_mib", budget.urgent_segment_bytes, budget.urgent_bytes),
        ("routine_segment_mib", "routine_mib", budget.routine_segment_bytes, budget.routine_bytes),
    ] {
        if bytes > all / 4
            && let Some(found) = store.find(segment).or_else(|| store.find(of))
        {
            let key = if store.find(segment).is_some() { segment } else { of };
            let problem = store.wrong(key, &found, What::Contradiction);
            store.report(
                problem
                    .allowed(format!("{segment} at most a quarter of {of}"))
                    .fix(format!("write a smaller {segment} or a larger {of}")),
            );
        }
    }
    Some(budget)
}

fn read_rules(top: &Section<'_>) -> Option<Rules> {
    let rules = top.table("rules", RULES_KEYS);
    Some(Rules {
        battery_low_percent: rules.whole("battery_low_percent").and_then(|percent| u8::try_from(percent).ok())?,
        unanswered_after: rules.whole("unanswered_after_s").map(Duration::from_secs)?,
        blind_fault_after: rules.whole("blind_fault_after_s").map(Duration::from_secs)?,
    })
}
