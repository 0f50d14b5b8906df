//! What a configuration needs of the machine it is checked on: files, secrets, a broker that keeps messages.
//!
//! Everything here is a warning, because a configuration is often checked on another machine than it will run on, and
//! because the daemon starts all the same and raises a fault for what is missing.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::bus::ModbusLink;
use super::channels::{BrokerLink, Channel, NtfyLink, Way, WebhookLink, WecomLink};
use super::pages::PasswordHash;
use super::power::{Gauge, PowerFiles};
use super::problem::{Problem, Problems, What};
use super::secret::Secret;
use super::signals::{Prompts, Siren};
use super::source::{Link, MqttLink, SerialLink};
use super::station::Station;

/// The machine, as far as the check looks at it.
#[derive(Debug, Clone)]
pub struct Machine {
    /// `$CREDENTIALS_DIRECTORY`.
    pub credentials: Option<PathBuf>,
    /// Where the broker's configuration lies unless the source says so.
    pub mosquitto_conf: PathBuf,
}

impl Machine {
    /// Debian's place of the broker's configuration.
    pub const MOSQUITTO_CONF: &'static str = "/etc/mosquitto/mosquitto.conf";

    /// What this machine lacks for `station`, whose file is called `file`.
    #[must_use]
    pub fn examine(&self, file: &str, station: &Station) -> Problems {
        let mut problems = Problems::default();
        for source in &station.sources {
            let key = |name: &str| format!("source.{}.{name}", source.id);
            match &source.link {
                Link::Serial(SerialLink { path, .. }) | Link::Modbus(ModbusLink { path, .. }) => {
                    let fix = "plug the hub in, or look with ls -l /dev/serial/by-id";
                    missing(&mut problems, file, key("path"), Some(path), fix);
                }
                // Whether the port can be had shows when the daemon runs; a watch is not told of it by a file.
                Link::Tcp(_) => {}
                Link::Mqtt(link) => {
                    let fix = "copy the authority's certificate there";
                    missing(&mut problems, file, key("ca_file"), link.ca_file.as_deref(), fix);
                    self.secret(&mut problems, file, key("password_file"), link.password.as_ref());
                    if link.formats.contains_key("zigbee2mqtt") {
                        self.broker(&mut problems, file, key("mosquitto_conf"), link);
                    }
                }
            }
        }
        if let Some(county) = &station.county {
            let fix = "copy the certificate of the county's authority there";
            missing(&mut problems, file, "county.ca_file".to_owned(), county.ca_file.as_deref(), fix);
            self.secret(&mut problems, file, "county.password_file".to_owned(), county.password.as_ref());
        }
        for channel in &station.channels {
            self.channel(&mut problems, file, channel);
        }
        for (name, siren) in &station.sirens {
            let fix = "plug the board in, or look with ls -l /dev/serial/by-id";
            let (key, path) = match siren {
                Siren::Gpio { chip, .. } => ("chip", Some(chip.as_path())),
                Siren::Relay { path, .. } | Siren::Rts { path } | Siren::Dtr { path } => ("path", Some(path.as_path())),
                Siren::Command { on, .. } => ("on", program(on)),
            };
            missing(&mut problems, file, format!("siren.{name}.{key}"), path, fix);
        }
        if let Some(Prompts { folder, station, homes, .. }) = &station.prompts {
            let fix = "make it, and in it a folder a dialect with the recorded sentences";
            missing(&mut problems, file, "prompts.folder".to_owned(), Some(folder), fix);
            let homes = homes.iter().map(|(home, player)| (home.as_str(), player));
            for (place, player) in homes.chain(station.iter().map(|player| ("station", player))) {
                let key = format!("player.{place}.command");
                missing(&mut problems, file, key, program(&player.command), "install the player, or name another");
            }
        }
        if let Some(modem) = &station.modem {
            let fix = "plug the modem in, or look with ls -l /dev/serial/by-id";
            missing(&mut problems, file, "modem.port".to_owned(), Some(&modem.port), fix);
            self.secret(&mut problems, file, "modem.pin_file".to_owned(), modem.pin.as_ref());
        }
        if let Some(PowerFiles { mains, battery }) = &station.power {
            let fix = "look with ls /sys/class/power_supply, and load the driver of the UPS";
            let gauge = battery.as_ref().map(|gauge| match gauge {
                Gauge::TimeToEmpty(path) => ("power.time_to_empty", path),
                Gauge::Charge { percent, .. } => ("power.battery_percent", percent),
            });
            for (key, path) in gauge.into_iter().chain([("power.mains", mains)]) {
                missing(&mut problems, file, key.to_owned(), Some(path), fix);
            }
        }
        self.pages(&mut problems, file, station);
        let fix = format!("systemd makes it (StateDirectory=shouwang); by hand: mkdir {}", station.data_dir.display());
        missing(&mut problems, file, "station.data_dir".to_owned(), Some(&station.data_dir), &fix);
        problems
    }

    fn channel(&self, problems: &mut Problems, file: &str, Channel { name, way, .. }: &Channel) {
        let key = |key: &str| format!("channels.{name}.{key}");
        let fix = "install the package ca-certificates, or name the authority of the server";
        let mut secrets = Vec::new();
        match way {
            Way::Webhook(WebhookLink { url, secret, ca_file }) => {
                secrets = vec![("url_file", url), ("secret_file", secret)];
                missing(problems, file, key("ca_file"), Some(ca_file), fix);
            }
            Way::Wecom(WecomLink { url, ca_file, .. }) => {
                secrets = vec![("url_file", url)];
                missing(problems, file, key("ca_file"), Some(ca_file), fix);
            }
            Way::Ntfy(NtfyLink { topic, topics, token, ca_file, .. }) => {
                secrets.extend(topic.iter().map(|topic| ("topic_file", topic)));
                secrets.extend(topics.values().map(|topic| ("topic_files", topic)));
                secrets.extend(token.iter().map(|token| ("token_file", token)));
                missing(problems, file, key("ca_file"), Some(ca_file), fix);
            }
            Way::Mqtt(BrokerLink { ca_file, password, .. }) => {
                secrets.extend(password.iter().map(|password| ("password_file", password)));
                missing(problems, file, key("ca_file"), ca_file.as_deref(), "copy the authority's certificate there");
            }
        }
        for (name, secret) in secrets {
            self.secret(problems, file, key(name), Some(secret));
        }
    }

    /// What the station's pages are served with.
    fn pages(&self, problems: &mut Problems, file: &str, station: &Station) {
        let Some(pages) = &station.pages else { return };
        for (key, path) in pages.tls.iter().flat_map(|tls| [("web.cert_file", &tls.cert), ("web.key_file", &tls.key)]) {
            missing(problems, file, key.to_owned(), Some(path), "copy the certificate and its key there");
        }
        for (name, user) in &pages.users {
            let PasswordHash::File(secret) = &user.password else { continue };
            self.secret(problems, file, format!("web.users.{name}.password_hash"), Some(secret));
        }
    }

    fn secret(&self, problems: &mut Problems, file: &str, key: String, secret: Option<&Secret>) {
        let Some(secret) = secret else { return };
        if let Err(why) = secret.read(self.credentials.as_deref()) {
            problems.push(Problem::file(file, What::SecretUnreadable).key(key).fix(why.to_string()));
            return;
        }
        let open = secret.path(self.credentials.as_deref()).ok().filter(|path| is_open(path));
        if let Some(path) = open {
            let fix = format!("chmod o-rwx {}", path.display());
            problems.push(Problem::file(file, What::SecretOpen).key(key).fix(fix));
        }
    }

    /// zigbee2mqtt publishes at `QoS` 0: the broker keeps that for a client that is away only when told to.
    fn broker(&self, problems: &mut Problems, file: &str, key: String, link: &MqttLink) {
        let named = link.mosquitto_conf.as_deref();
        let conf = named.unwrap_or(&self.mosquitto_conf);
        let seen = if named.is_some() || link.url.is_local() { read_conf(conf) } else { None };
        let Some(settings) = seen else {
            let fix = "see that its configuration has queue_qos0_messages true and persistence true, as config/mosquitto.conf has";
            let problem = Problem::file(file, What::BrokerUnseen).key(key).value(link.url.to_string());
            problems.push(problem.fix(fix));
            return;
        };
        for wanted in ["queue_qos0_messages", "persistence"] {
            let last = settings.iter().rev().find(|(name, _)| name == wanted);
            if last.is_none_or(|(_, value)| value != "true") {
                let problem = Problem::file(file, What::BrokerForgets).key(&key).value(conf.display().to_string());
                problems.push(problem.fix(format!("write {wanted} true there and restart the broker")));
            }
        }
    }
}

fn missing(problems: &mut Problems, file: &str, key: String, path: Option<&Path>, fix: &str) {
    if let Some(path) = path.filter(|path| !path.exists()) {
        let problem = Problem::file(file, What::FileMissing).key(key).value(path.display().to_string());
        problems.push(problem.fix(fix));
    }
}

/// The program of a command, where it is named by its path.
fn program(command: &[String]) -> Option<&Path> {
    command.first().filter(|program| program.contains('/')).map(Path::new)
}

fn is_open(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o007 != 0)
}

/// The broker's settings in their order, with those of its `include_dir`; none when the file cannot be read.
fn read_conf(path: &Path) -> Option<Vec<(String, String)>> {
    let mut settings = settings_of(&fs::read_to_string(path).ok()?);
    let included: Vec<String> =
        settings.iter().filter(|(name, _)| name == "include_dir").map(|(_, directory)| directory.clone()).collect();
    for directory in included {
        let mut files: Vec<PathBuf> =
            fs::read_dir(directory).ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "conf"));
        files.sort();
        for file in files {
            settings.extend(settings_of(&fs::read_to_string(file).ok()?));
        }
    }
    Some(settings)
}

fn settings_of(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let split = lines.filter_map(|line| line.split_once(char::is_whitespace));
    split.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::spoken::Spoken;

    fn whats(machine: &Machine, text: &str, beside: &Path) -> Vec<(String, What)> {
        let station =
            Station::parse("shouwang.toml", text, beside, &[Spoken::over("mqtt", "zigbee2mqtt")]).expect("sound").value;
        let problems = machine.examine("shouwang.toml", &station);
        problems.list().iter().map(|problem| (problem.key.clone(), problem.what)).collect()
    }

    fn station(directory: &Path, more: &str) -> String {
        let directory = directory.display();
        format!(
            "[station]\nid = \"st1\"\ngateway = \"gw1\"\ndata_dir = \"{directory}\"\n[[source]]\nid = \"zigbee\"\nkind = \"mqtt\"\n\
             url = \"mqtt://127.0.0.1\"\nformats = [\"zigbee2mqtt\"]\n{more}\n"
        )
    }

    #[test]
    fn a_broker_that_forgets_is_told_apart_from_one_that_cannot_be_seen() {
        let directory = tempfile::tempdir().expect("a directory");
        let here = directory.path();
        let machine = Machine { credentials: None, mosquitto_conf: here.join("absent.conf") };
        let key = "source.zigbee.mosquitto_conf".to_owned();
        assert_eq!(whats(&machine, &station(here, ""), here), [(key.clone(), What::BrokerUnseen)]);

        fs::create_dir(here.join("conf.d")).expect("makes");
        let conf =
            format!("persistence true\n# queue_qos0_messages true\ninclude_dir {}\n", here.join("conf.d").display());
        fs::write(here.join("mosquitto.conf"), conf).expect("writes");
        let named = "mosquitto_conf = \"mosquitto.conf\"";
        assert_eq!(whats(&machine, &station(here, named), here), [(key, What::BrokerForgets)]);

        fs::write(here.join("conf.d/shouwang.conf"), "queue_qos0_messages  true\n").expect("writes");
        assert_eq!(whats(&machine, &station(here, named), here), []);
    }

    #[test]
    fn what_a_channel_a_siren_and_a_player_need_is_warned_of() {
        let directory = tempfile::tempdir().expect("a directory");
        let here = directory.path();
        fs::write(here.join("mosquitto.conf"), "queue_qos0_messages true\npersistence true\n").expect("writes");
        let machine = Machine { credentials: Some(here.to_owned()), mosquitto_conf: here.join("mosquitto.conf") };
        let more = "[channels.hook]\nkind = \"webhook\"\nurl_file = \"url\"\nsecret_file = \"key\"\nca_file = \"ca.pem\"\n\
                    [channels.push]\nkind = \"ntfy\"\nurl = \"https://push.example\"\ntopic_files = { r01 = \"t1\" }\n\
                    ca_file = \"ca.pem\"\n\
                    [siren.room]\nkind = \"gpio\"\nchip = \"/nonexistent/chip\"\nline = 17\n\
                    [prompts]\nfolder = \"clips\"\n[player.h01]\ncommand = [\"/nonexistent/player\", \"{clip}\"]\n\
                    [player.station]\ncommand = [\"aplay\", \"{clip}\"]\n";
        let whats = whats(&machine, &station(here, more), here);
        let expected = [
            ("channels.hook.ca_file", What::FileMissing),
            ("channels.hook.url_file", What::SecretUnreadable),
            ("channels.hook.secret_file", What::SecretUnreadable),
            ("channels.push.ca_file", What::FileMissing),
            ("channels.push.topic_files", What::SecretUnreadable),
            ("siren.room.chip", What::FileMissing),
            ("prompts.folder", What::FileMissing),
            ("player.h01.command", What::FileMissing),
        ];
        assert_eq!(whats, expected.map(|(key, what)| (key.to_owned(), what)));
    }

    #[test]
    fn a_missing_or_open_secret_is_warned_of() {
        let directory = tempfile::tempdir().expect("a directory");
        let here = directory.path();
        fs::write(here.join("mosquitto.conf"), "queue_qos0_messages true\npersistence true\n").expect("writes");
        let machine = Machine { credentials: Some(here.to_owned()), mosquitto_conf: here.join("mosquitto.conf") };
        let text = station(here, "username = \"u\"\npassword_file = \"broker\"");
        let key = "source.zigbee.password_file".to_owned();
        assert_eq!(whats(&machine, &text, here), [(key.clone(), What::SecretUnreadable)]);
        fs::write(here.join("broker"), "made-up\n").expect("writes");
        fs::set_permissions(here.join("broker"), fs::Permissions::from_mode(0o644)).expect("sets");
        assert_eq!(whats(&machine, &text, here), [(key, What::SecretOpen)]);
        fs::set_permissions(here.join("broker"), fs::Permissions::from_mode(0o600)).expect("sets");
        assert_eq!(whats(&machine, &text, here), []);
    }
}
