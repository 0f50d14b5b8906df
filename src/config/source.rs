//! `[[source]]`: where frames come from.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::bus::{self, ModbusLink, Profiles};
use super::certificate;
use super::document::Section;
use super::key::Key;
use super::problem::What;
use super::secret::Secret;
use crate::broker::identity::Identity;
use crate::broker::{BrokerUrl, UrlError};
use crate::core::id::SourceId;
use crate::core::spoken::Spoken;
use crate::core::word::words;

words! {
    /// What a source is.
    SourceKind {
        /// A connection to an MQTT broker.
        Mqtt = "mqtt",
        /// A serial port.
        Serial = "serial",
        /// A port that devices connect to by themselves.
        Tcp = "tcp",
        /// A bus on a serial port, on which the gateway asks.
        Modbus = "modbus",
    }
}

/// A source of frames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its name, in records and in `village.toml`.
    pub id: SourceId,
    /// What it is.
    pub link: Link,
}

/// How a source is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Over a broker.
    Mqtt(MqttLink),
    /// Over a serial port.
    Serial(SerialLink),
    /// Over connections that devices open.
    Tcp(TcpLink),
    /// Over a bus.
    Modbus(ModbusLink),
}

/// A connection to the local broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MqttLink {
    /// Where it listens.
    pub url: BrokerUrl,
    /// Who signed its certificate, for `mqtts://`.
    pub ca_file: Option<PathBuf>,
    /// Who we are towards it.
    pub identity: Option<Identity>,
    /// Session name; the broker keeps what is missed under it.
    pub client_id: String,
    /// Log-in name.
    pub username: Option<String>,
    /// Password.
    pub password: Option<Secret>,
    /// The formats spoken, with the base topic where it is not the format's usual one.
    pub formats: BTreeMap<String, Option<String>>,
    /// The broker's configuration on this machine, looked at by `check`.
    pub mosquitto_conf: Option<PathBuf>,
}

/// A serial port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SerialLink {
    /// Device file.
    pub path: PathBuf,
    /// Bits a second; the format's usual speed where it is left out.
    pub baud: Option<u32>,
    /// The one format spoken.
    pub format: String,
}

/// A port that devices connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TcpLink {
    /// Address and port.
    pub listen: SocketAddr,
    /// The one format spoken.
    pub format: String,
}

impl Source {
    /// The formats heard here.
    pub fn formats(&self) -> impl Iterator<Item = &str> {
        let (over_mqtt, the_one) = match &self.link {
            Link::Mqtt(link) => (Some(link.formats.keys().map(String::as_str)), None),
            Link::Serial(SerialLink { format, .. }) | Link::Tcp(TcpLink { format, .. }) => {
                (None, Some(format.as_str()))
            }
            Link::Modbus(_) => (None, Some(MODBUS_FORMAT)),
        };
        over_mqtt.into_iter().flatten().chain(the_one)
    }
}

/// The one format that a bus speaks.
const MODBUS_FORMAT: &str = "modbus_rtu";

pub(super) const ID: Key =
    Key::required("id", "The source's name, in records and in village.toml; at most 23 signs a-z 0-9 - _.");
pub(super) const KIND: Key = Key::required("kind", "mqtt, serial, tcp or modbus.");
pub(super) const PATH: Key =
    Key::required("path", "Device file; use the name under /dev/serial/by-id, which survives being plugged again.");
pub(super) const BAUD: Key =
    Key::optional("baud", "Speed as the device's manual says; left out it is the format's usual one.")
        .within(300, 4_000_000, "bit/s");

/// Keys of a source with `kind = "mqtt"`.
pub const MQTT_KEYS: &[Key] = &[
    ID,
    KIND,
    Key::required("url", "Where the broker listens: mqtt://host:port, or mqtts://host:port with TLS."),
    Key::required("formats", "The formats spoken there; shouwang decode --list names them."),
    Key::optional("base_topics", "Base topic of a format where it is not the usual one, as { zigbee2mqtt = \"z2m\" }."),
    Key::optional(
        "client_id",
        "Session name; left out it is shouwang-STATION-ID. The broker keeps what is missed under it.",
    ),
    Key::optional("ca_file", "Certificate authority of the broker, PEM, for mqtts://."),
    certificate::CERT_FILE,
    certificate::KEY_FILE,
    Key::optional("username", "Log-in name at the broker."),
    Key::optional("password_file", "File with the password, or a bare name of a systemd credential."),
    Key::optional("mosquitto_conf", "The broker's own configuration, so that check can see whether it keeps messages."),
];

/// Keys of a source with `kind = "serial"`.
pub const SERIAL_KEYS: &[Key] =
    &[ID, KIND, PATH, BAUD, Key::required("format", "The one format spoken there; shouwang decode --list names them.")];

/// Keys of a source with `kind = "tcp"`.
pub const TCP_KEYS: &[Key] = &[
    ID,
    KIND,
    Key::required("listen", "Address and port that the watches are told; 0.0.0.0 is every address of this box."),
    Key::required("format", "The one format spoken there; shouwang decode --list names them."),
];

/// The key that decides which others a source has.
pub(super) const KIND_KEYS: &[Key] = &[KIND];

/// Reads one source of this kind.
pub(super) fn read(
    section: &Section<'_>,
    kind: SourceKind,
    station: &str,
    beside: &Path,
    formats: &[Spoken<'_>],
    profiles: &Profiles,
) -> Option<Source> {
    let here: Vec<Spoken<'_>> = formats.iter().filter(|spoken| spoken.carrier == kind.word()).copied().collect();
    let formats: Vec<&str> = here.iter().map(|spoken| spoken.format).collect();
    let id = section.id("id").map(SourceId);
    let link = match kind {
        SourceKind::Mqtt => {
            Link::Mqtt(read_mqtt(section, id.as_ref().map_or("", SourceId::as_str), station, beside, &here)?)
        }
        SourceKind::Serial => Link::Serial(read_serial(section, &formats)?),
        SourceKind::Tcp => Link::Tcp(read_tcp(section, &formats)?),
        SourceKind::Modbus => Link::Modbus(bus::read(section, profiles)?),
    };
    Some(Source { id: id?, link })
}

fn read_mqtt(section: &Section<'_>, id: &str, station: &str, beside: &Path, known: &[Spoken<'_>]) -> Option<MqttLink> {
    let url = read_url(section);
    let mut formats = read_formats(section, known);
    for (name, found) in section.entries("base_topics") {
        let Some(topic) = section.text_of("base_topics", &found) else { continue };
        let spoken: Vec<&str> = formats.keys().map(String::as_str).collect();
        if !spoken.contains(&name) {
            section.report(section.not_among("base_topics", &found, What::UnknownName, name, &spoken));
        } else if topic.is_empty() || topic.contains(['#', '+']) || topic.ends_with('/') {
            let problem = section.wrong("base_topics", &found, What::Contradiction);
            section.report(
                problem.allowed("a topic without + and #").fix("write it without wildcards and without / at its end"),
            );
        } else {
            formats.insert(name.to_owned(), Some(topic.into_owned()));
        }
    }
    let ca_file = section.text("ca_file").map(|file| beside.join(file.as_ref()));
    let username = section.text("username").map(std::borrow::Cow::into_owned);
    let identity = certificate::read(section, beside, url.as_ref());
    Some(MqttLink {
        url: url?,
        ca_file,
        identity,
        client_id: section
            .text("client_id")
            .map_or_else(|| format!("shouwang-{station}-{id}"), std::borrow::Cow::into_owned),
        username,
        password: section.text("password_file").map(|written| Secret::new(&written, beside)),
        formats,
        mosquitto_conf: section.text("mosquitto_conf").map(|file| beside.join(file.as_ref())),
    })
}

/// The formats of a broker, of which at most one may tell whether its bridge is online: a source that keeps the last word of
/// two bridges believes the one that lives, and the death of the other is hidden.
fn read_formats(section: &Section<'_>, known: &[Spoken<'_>]) -> BTreeMap<String, Option<String>> {
    let names: Vec<&str> = known.iter().map(|spoken| spoken.format).collect();
    let mut formats = BTreeMap::new();
    let mut bridged: Option<&str> = None;
    for (name, found) in section.texts("formats") {
        match known.iter().find(|spoken| spoken.format == name) {
            None => section.report(section.not_among("formats", &found, What::UnknownFormat, &name, &names)),
            Some(Spoken { format, bridged: true, .. }) => match bridged {
                Some(other) if other != *format => {
                    let problem = section.wrong("formats", &found, What::Contradiction);
                    let problem = problem.allowed("one format that tells whether its bridge is online");
                    section.report(problem.fix(format!(
                        "{other} does so too, and each would hide the other's death: \
                         give each a source of its own; several sources may use one broker"
                    )));
                }
                _ => bridged = Some(format),
            },
            Some(_) => {}
        }
        formats.insert(name.into_owned(), None);
    }
    formats
}

fn read_serial(section: &Section<'_>, known: &[&str]) -> Option<SerialLink> {
    let path = read_path(section, "path");
    let baud = section.find("baud").and_then(|_| section.whole("baud")).and_then(|baud| u32::try_from(baud).ok());
    let format = read_format(section, known);
    Some(SerialLink { path: path?, baud, format: format? })
}

/// The port under a key; a name that moves is warned of.
pub(super) fn read_path(section: &Section<'_>, name: &'static str) -> Option<PathBuf> {
    let path = section.text(name).map(|path| PathBuf::from(path.as_ref()));
    if let (Some(path), Some(found)) = (&path, section.find(name))
        && is_unstable(path)
    {
        let problem = section.wrong(name, &found, What::UnstablePort);
        section.report(
            problem.allowed("/dev/serial/by-id/…").fix("look with ls -l /dev/serial/by-id and write that name"),
        );
    }
    path
}

fn read_tcp(section: &Section<'_>, known: &[&str]) -> Option<TcpLink> {
    let listen = section.demand("listen").and_then(|found| {
        let text = section.text_of("listen", &found)?;
        let listen = text.parse::<SocketAddr>().ok().filter(|listen| listen.port() != 0);
        if listen.is_none() {
            let problem = section.wrong("listen", &found, What::NotAnAddress);
            let fix = "write numbers and the port that the watches are told, as 0.0.0.0:9000";
            section.report(problem.allowed("ADDRESS:PORT").fix(fix));
        }
        listen
    });
    let format = read_format(section, known);
    Some(TcpLink { listen: listen?, format: format? })
}

/// The one format of a source.
fn read_format(section: &Section<'_>, known: &[&str]) -> Option<String> {
    let format = section.text("format");
    if let (Some(format), Some(found)) = (&format, section.find("format"))
        && !known.contains(&format.as_ref())
    {
        section.report(section.not_among("format", &found, What::UnknownFormat, format, known));
    }
    format.map(std::borrow::Cow::into_owned)
}

/// The kernel numbers USB ports in the order in which they appear, so these names move.
fn is_unstable(path: &Path) -> bool {
    let name = path.to_string_lossy();
    name.starts_with("/dev/ttyUSB") || name.starts_with("/dev/ttyACM")
}

/// The broker's address under the key `url`; unencrypted ways out of the box are warned of.
pub(super) fn read_url(section: &Section<'_>) -> Option<BrokerUrl> {
    let found = section.demand("url")?;
    let text = section.text_of("url", &found)?;
    match text.parse::<BrokerUrl>() {
        Ok(url) => {
            if !url.tls && !url.is_local() {
                let fix =
                    format!("write mqtts://{}:{} and name the authority in ca_file", url.host, BrokerUrl::PORT_TLS);
                section.report(section.wrong("url", &found, What::Unencrypted).fix(fix));
            }
            Some(url)
        }
        Err(UrlError::Secret) => {
            let problem = section.wrong("url", &found, What::SecretInFile).value(super::document::MASK);
            section.report(problem.fix(UrlError::Secret.to_string()));
            None
        }
        Err(why) => {
            let problem = section.wrong("url", &found, What::NotAUrl);
            section.report(problem.allowed("mqtt://host:port, mqtts://host:port").fix(why.to_string()));
            None
        }
    }
}
