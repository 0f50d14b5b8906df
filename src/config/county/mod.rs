//! `county.toml`: the county console's own configuration.

mod duty;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::tz::TimeZone;

pub use duty::Duty;

use super::document::{Document, Section};
use super::key::{Key, Table};
use super::modem::{self, Modem};
use super::problem::{Problems, What};
use super::secret::Secret;
use super::station::LogLevel;
use super::{Sound, certificate, judge, source, village};
use crate::broker::BrokerUrl;
use crate::broker::identity::Identity;
use crate::core::id::{GatewayId, Slug, StationId};
use crate::private::Private;

/// Everything in `county.toml`.
#[derive(Debug, Clone)]
pub struct County {
    /// The broker to which the stations send.
    pub broker: CountyBroker,
    /// The SQLite file.
    pub database: PathBuf,
    /// Where the page is served; a loopback address.
    pub listen: SocketAddr,
    /// Time zone in which people read times.
    pub zone: TimeZone,
    /// How much is said in the journal.
    pub log_level: LogLevel,
    /// A station without a heartbeat for so long is silent.
    pub silent_after: Duration,
    /// The stations that may speak; an unlisted one is refused and shown.
    pub stations: BTreeMap<StationId, KnownStation>,
    /// Whom the county calls itself.
    pub duty: Duty,
    /// The county's own telephone, by which it calls and takes stations' texts.
    pub modem: Option<Modem>,
}

/// `[broker]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountyBroker {
    /// Where it listens.
    pub url: BrokerUrl,
    /// Who signed its certificate.
    pub ca_file: Option<PathBuf>,
    /// Who the county is towards it.
    pub identity: Option<Identity>,
    /// Session name.
    pub client_id: String,
    /// Log-in name.
    pub username: Option<String>,
    /// Password.
    pub password: Option<Secret>,
}

/// `[stations.ID]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownStation {
    /// What people call it.
    pub name: String,
    /// Who is called when the station falls silent (CARE-RULES 11).
    pub duty_phone: Option<Private<String>>,
    /// The numbers from which its text messages come; none: no text is taken for it.
    pub text_numbers: Vec<Private<String>>,
    /// The township whose duty phone comes next.
    pub township: Option<Slug>,
    /// Boxes that were taken away: nobody misses them.
    pub retired: Vec<GatewayId>,
}

/// The tables of `county.toml`.
pub const TABLES: &[Table] = &[
    Table { path: "broker", about: "The broker to which the stations send.", keys: BROKER_KEYS },
    Table { path: "console", about: "The console itself.", keys: CONSOLE_KEYS },
    Table { path: "stations.*", about: "A station that may speak.", keys: STATION_KEYS },
    Table { path: "modem", about: "The county's telephone.", keys: modem::COUNTY_KEYS },
    Table { path: "duty", about: "Who of the county is on duty when.", keys: duty::DUTY_KEYS },
    Table { path: "people.*", about: "Somebody of the county who is called.", keys: duty::PEOPLE_KEYS },
    Table { path: "townships.*", about: "A township whose duty phone is called.", keys: duty::TOWNSHIP_KEYS },
];

const BROKER_KEYS: &[Key] = &[
    Key::required(
        "url",
        "Where the broker listens: mqtt://127.0.0.1:1883 on the same machine, mqtts://host:port elsewhere.",
    ),
    Key::optional("ca_file", "Certificate authority of the broker, PEM, for mqtts://."),
    certificate::CERT_FILE,
    certificate::KEY_FILE,
    Key::or("client_id", "\"shouwang-county\"", "Session name; a second console needs one of its own."),
    Key::optional("username", "Log-in name at the broker."),
    Key::optional("password_file", "File with the password, or a bare name of a systemd credential."),
];

const CONSOLE_KEYS: &[Key] = &[
    Key::or(
        "database",
        "\"/var/lib/shouwang-county/county.sqlite\"",
        "The database; a receipt is sent only after its commit.",
    ),
    Key::or(
        "listen",
        "\"127.0.0.1:8080\"",
        "Where the page is served, on this machine only; a proxy with TLS and log-in stands in front of it.",
    ),
    Key::or("zone", "\"Asia/Shanghai\"", "Time zone in which people read times; records are in UTC."),
    Key::or("log_level", "\"info\"", "How much is said in the journal: error, warn, info, debug, trace."),
    Key::or("silent_after_s", "180", "A station without a heartbeat for so long is silent.").within(60, 600, "s"),
];

const STATION_KEYS: &[Key] = &[
    Key::required("name", "What people call the station."),
    Key::optional(
        "duty_phone",
        "Who is called when the station falls silent; without one the township is called first.",
    )
    .private(),
    Key::optional(
        "text_numbers",
        "Numbers from which the station's text messages come, its second path; a text from any other is refused.",
    )
    .private(),
    Key::optional("township", "Its township, one of [townships]; without one the county's duty is called next."),
    Key::optional("retired", "Gateways of this station that were taken away; nobody is called because one is silent."),
];

impl County {
    /// Loads the file at `path`.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(path: &Path) -> Result<Sound<Self>, Problems> {
        let text = super::read(path)?;
        Self::parse(&super::name_of(path), &text, path.parent().unwrap_or(Path::new("")))
    }

    /// Reads the text of a file named `file` whose relative paths lie in `beside`.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(file: &str, text: &str, beside: &Path) -> Result<Sound<Self>, Problems> {
        let document = Document::parse(file, text, true)?;
        let county = read(&document.top(TABLES), beside);
        judge((county, document.finish()))
    }
}

fn read(top: &Section<'_>, beside: &Path) -> Option<County> {
    let broker = top.table("broker", BROKER_KEYS);
    if !broker.is_given() {
        top.report(broker.whole_table(What::MissingKey).fix("add [broker] with url"));
    }
    let console = top.table("console", CONSOLE_KEYS);
    let (duty, townships) = duty::read(top);
    let stations = top.by_id("stations", STATION_KEYS).into_iter();
    let stations = stations.filter_map(|(id, section)| Some((StationId(id), read_station(&section, &townships)?)));
    let stations = stations.collect();
    let broker = read_broker(&broker, beside);
    // The page has no log-in of its own, so it is offered to this machine only.
    let listen = console.text("listen").and_then(|text| text.parse().ok());
    let listen = listen.filter(|listen: &SocketAddr| listen.ip().is_loopback());
    if let (None, Some(found)) = (listen, console.find("listen")) {
        let problem = console.wrong("listen", &found, What::WrongType).allowed("address:port of this machine");
        console.report(problem.fix("write listen = \"127.0.0.1:8080\""));
    }
    let zone = super::station::read_zone(&console);
    Some(County {
        database: console.text("database").map(|path| beside.join(path.as_ref()))?,
        log_level: console.word("log_level", LogLevel::ALL, LogLevel::word).unwrap_or(LogLevel::Info),
        silent_after: console.whole("silent_after_s").map(Duration::from_secs)?,
        stations,
        modem: modem::read(top, beside, &[], modem::COUNTY_KEYS),
        duty: duty?,
        listen: listen?,
        zone: zone?,
        broker: broker?,
    })
}

fn read_station(section: &Section<'_>, townships: &[Slug]) -> Option<KnownStation> {
    let duty_phone = village::phone(section, "duty_phone");
    let text_numbers = village::phones(section, "text_numbers");
    let township = section.find("township").and_then(|found| {
        let text = section.text_of("township", &found)?;
        let known = townships.iter().copied().find(|id| id.as_str() == text);
        if known.is_none() {
            let words: Vec<&str> = townships.iter().map(Slug::as_str).collect();
            section.report(section.not_among("township", &found, What::UnknownName, &text, &words));
        }
        known
    });
    let retired = section.texts("retired").into_iter().filter_map(|(text, found)| {
        let id = text.parse().ok();
        if id.is_none() {
            section.report(section.wrong("retired", &found, What::NotAnId).fix("write the id of a gateway"));
        }
        id
    });
    let retired = retired.collect();
    Some(KnownStation { name: section.text("name")?.into_owned(), duty_phone, text_numbers, township, retired })
}

fn read_broker(broker: &Section<'_>, beside: &Path) -> Option<CountyBroker> {
    let url = source::read_url(broker);
    Some(CountyBroker {
        ca_file: broker.text("ca_file").map(|file| beside.join(file.as_ref())),
        identity: certificate::read(broker, beside, url.as_ref()),
        client_id: broker.text("client_id")?.into_owned(),
        username: broker.text("username").map(std::borrow::Cow::into_owned),
        password: broker.text("password_file").map(|written| Secret::new(&written, beside)),
        url: url?,
    })
}
