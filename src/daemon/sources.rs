//! Spawning what listens: each source of the configuration with its settings.

use std::sync::Arc;

use super::clock::Clock;
use super::start::StartError;
use crate::broker::{Broker, Login};
use crate::config::bus::{ModbusLink, Profiles};
use crate::config::source::{Link, MqttLink};
use crate::config::{self, Secret};
use crate::core::id::SourceId;
use crate::core::time::Trust;
use crate::device::framing::Framing;
use crate::device::{self, zigbee2mqtt};
use crate::source::modbus::{self, BusDevice, BusSettings};
use crate::source::mqtt::pairing::PairingSettings;
use crate::source::mqtt::{self, FeedSettings, MqttSettings};
use crate::source::serial::{self, SerialSettings};
use crate::source::tcp::{self, Errands, TcpSettings};
use crate::source::{Inlet, Utc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Speed of a port whose format has no usual one.
const USUAL_BAUD: u32 = 115_200;

/// What a broker is to keep for this program while it is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Session {
    /// Everything, for the next start.
    Kept,
    /// Nothing.
    Passing,
}

/// Spawns every source of the configuration; the ways to those whose devices can be sent on errands.
pub(super) fn spawn(
    config: &config::Station,
    inlet: Inlet,
    tracker: &TaskTracker,
    stop: &CancellationToken,
    session: Session,
) -> Result<Vec<Errands>, StartError> {
    let mut ways = Vec::new();
    for source in &config.sources {
        match &source.link {
            Link::Mqtt(link) => {
                let feeds = link.formats.iter().filter_map(|(name, base_topic)| {
                    let format = *device::format(name)?;
                    let base_topic = base_topic.clone().or_else(|| usual_base_topic(&format))?;
                    Some(FeedSettings { format, base_topic })
                });
                let settings = MqttSettings {
                    id: source.id,
                    broker: broker(link)?,
                    client_id: link.client_id.clone(),
                    keep_session: session == Session::Kept,
                    feeds: feeds.collect(),
                };
                tracker.spawn(mqtt::run(settings, inlet.clone(), stop.clone()));
            }
            Link::Serial(link) => {
                let Some((format, framing)) = stream(&link.format) else { continue };
                let (path, baud) = (link.path.clone(), link.baud.unwrap_or_else(|| usual_baud(&format)));
                let settings = SerialSettings { id: source.id, path, baud, format, framing };
                tracker.spawn(serial::run(settings, inlet.clone(), stop.clone()));
            }
            Link::Tcp(link) => {
                let Some((format, framing)) = stream(&link.format) else { continue };
                let settings = TcpSettings { id: source.id, listen: link.listen, format, framing };
                let (way, taken) = tcp::errands();
                ways.push(way);
                tracker.spawn(tcp::run(settings, inlet.clone(), taken, stop.clone()));
            }
            Link::Modbus(link) => {
                let settings = bus_settings(source.id, link, &config.profiles);
                tracker.spawn(modbus::run(settings, inlet.clone(), stop.clone()));
            }
        }
    }
    // With the last source its lanes end too.
    drop(inlet);
    Ok(ways)
}

/// A format with the way to find its frames in a stream. That its source can carry it was checked when the configuration
/// was read.
fn stream(name: &str) -> Option<(device::Format, Framing)> {
    let format = *device::format(name)?;
    Some((format, format.transport.framing()?))
}

/// The wall time for devices that ask for it: none is better than one that nobody has set.
pub(super) fn utc(clock: &Arc<Clock>) -> Utc {
    let clock = Arc::clone(clock);
    Arc::new(move || {
        let now = clock.now();
        (now.trust != Trust::Unset).then(|| now.wall.0.div_euclid(1000))
    })
}

/// The bridges that can be opened for newcomers.
pub(super) fn bridges(config: &config::Station) -> Result<Vec<PairingSettings>, StartError> {
    let mut bridges = Vec::new();
    for source in &config.sources {
        let Link::Mqtt(link) = &source.link else { continue };
        let Some(base_topic) = link.formats.get(zigbee2mqtt::FORMAT.name) else { continue };
        let Some(base_topic) = base_topic.clone().or_else(|| usual_base_topic(&zigbee2mqtt::FORMAT)) else { continue };
        let client_id = format!("{}-pair", link.client_id);
        bridges.push(PairingSettings { id: source.id, broker: broker(link)?, client_id, base_topic });
    }
    Ok(bridges)
}

fn broker(link: &MqttLink) -> Result<Broker, StartError> {
    let login = login(link.username.as_ref(), link.password.as_ref())?;
    Ok(Broker { url: link.url.clone(), ca_file: link.ca_file.clone(), identity: link.identity.clone(), login })
}

fn usual_base_topic(format: &device::Format) -> Option<String> {
    match format.transport {
        device::Transport::Mqtt { base_topic, .. } => Some(base_topic.to_owned()),
        _ => None,
    }
}

/// The speed at which a format's devices leave their maker.
fn usual_baud(format: &device::Format) -> u32 {
    match format.transport {
        device::Transport::Serial { baud, .. } | device::Transport::Bus { baud } => baud,
        _ => USUAL_BAUD,
    }
}

fn bus_settings(id: SourceId, link: &ModbusLink, profiles: &Profiles) -> BusSettings {
    let format = device::modbus_rtu::FORMAT;
    // Which profiles there are was checked when the configuration was read.
    let device = |one: &config::bus::BusDevice| {
        Some(BusDevice { slave: one.slave, profile: profiles.get(&one.profile)?.clone() })
    };
    BusSettings {
        id,
        path: link.path.clone(),
        baud: link.baud.unwrap_or_else(|| usual_baud(&format)),
        parity: link.parity,
        every: link.every,
        devices: link.devices.iter().filter_map(device).collect(),
        format,
    }
}

/// Log-in name and password, read from where systemd or the configuration keeps it.
pub(super) fn login(username: Option<&String>, password: Option<&Secret>) -> Result<Option<Login>, StartError> {
    let (Some(username), Some(password)) = (username, password) else { return Ok(None) };
    Ok(Some(Login { username: username.clone(), password: password.read(credentials().as_deref())? }))
}

/// Where systemd puts credentials.
pub(super) fn credentials() -> Option<std::path::PathBuf> {
    std::env::var_os("CREDENTIALS_DIRECTORY").map(std::path::PathBuf::from)
}
