//! The set: brokers, line, hub, bridge and listener, and the files that the real program is configured with.

use std::io;
use std::path::PathBuf;

use tempfile::TempDir;

use super::air::Air;
use super::broker::EmbeddedBroker;
use super::hub::Hub;
use super::link::Link;
use super::story::Deed;
use super::village::{self, Ports};
use super::wire::Wire;
use crate::broker::{Broker, BrokerUrl};
use crate::config::{self, Problems, Village};
use crate::core::time::Rate;
use crate::county;
use crate::device;
use crate::words::Lang;

/// Everything around the gateway and the county. What is listed first ends first.
#[derive(Debug)]
pub struct Scene {
    /// What passes at the county.
    pub wire: Wire,
    air: Air,
    hub: Hub,
    link: Link,
    county_port: u16,
    /// The people, by pseudonym.
    pub village: Village,
    _brokers: [EmbeddedBroker; 2],
    folder: TempDir,
}

/// Why it could not be set.
#[derive(Debug, thiserror::Error)]
pub enum SceneError {
    /// A port, a pty or the folder.
    #[error("the demonstration could not be set up: {0}")]
    Io(#[from] io::Error),
    /// The files that were written are wrong, which a test holds to be impossible.
    #[error("{0}")]
    Config(Problems),
}

impl From<Problems> for SceneError {
    fn from(problems: Problems) -> Self {
        SceneError::Config(problems)
    }
}

impl Scene {
    /// Sets it, in a folder that goes with it.
    ///
    /// # Errors
    /// [`SceneError`].
    pub async fn set(lang: Lang) -> Result<Scene, SceneError> {
        let folder = TempDir::with_prefix("shouwang-demo-")?;
        let brokers = [EmbeddedBroker::start("demo-local").await?, EmbeddedBroker::start("demo-county").await?];
        let [local, county] = [brokers[0].port(), brokers[1].port()];
        let link = Link::lay(county).await?;
        village::write(folder.path(), Ports { local, link: link.port() }, lang)?;
        let station = config::Station::load(&folder.path().join("shouwang.toml"), &device::spoken())?.value;
        let village = Village::load(&station.village_file, &station)?.value;
        Ok(Scene {
            wire: Wire::tap(county).await?,
            air: Air::join(local).await?,
            hub: Hub::plug(&folder.path().join("hub"))?,
            link,
            county_port: county,
            village,
            _brokers: brokers,
            folder,
        })
    }

    /// A file of the set.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What the county runs with.
    #[must_use]
    pub fn county(&self, rate: Rate) -> county::Settings {
        let url = BrokerUrl { tls: false, host: "127.0.0.1".to_owned(), port: self.county_port };
        county::Settings {
            broker: Broker { url, ca_file: None, identity: None, login: None },
            database: self.path("county.sqlite"),
            silent_after_s: county::SILENT_AFTER_S,
            stations: village::STATION.parse().into_iter().collect(),
            client_id: "demo-county".to_owned(),
            rate,
        }
    }

    /// A device speaks, or the line is cut or mended.
    ///
    /// # Errors
    /// Nothing of the set answers any more.
    pub async fn happen(&mut self, deed: &Deed) -> io::Result<()> {
        match deed {
            Deed::Speak { words, on_hub: true, .. } => self.hub.say(words),
            Deed::Speak { name, words, .. } => self.air.device(name, words).await,
            Deed::Line { whole } => {
                self.link.set_whole(*whole);
                Ok(())
            }
            Deed::Answer { .. } => Ok(()),
        }
    }
}
