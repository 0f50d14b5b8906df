//! A whole house: a real local broker, a real county broker, the gateway and the county console as processes of the
//! binary under test, a hub on a real pty, and the shell.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bytes::Bytes;
use rumqttc::v5::mqttbytes::QoS;
use serde_json::Value;
use tempfile::TempDir;

use super::broker::Broker;
use super::child::Guard;
use super::{binary, until};

/// What a station's local broker needs so that nothing is lost while the gateway is away; the same lines as in
/// `config/mosquitto.conf`.
pub const LOCAL_BROKER: &str = "persistence true\nqueue_qos0_messages true\nmax_queued_messages 100000\n";

/// One device to be enrolled.
pub struct Enrolled {
    pub id: String,
    pub source: &'static str,
    pub address: String,
    pub resident: String,
    pub role: &'static str,
}

/// The house.
pub struct House {
    folder: TempDir,
    pub local: Broker,
    pub county: Broker,
    gateway: Option<Guard>,
    console: Option<Guard>,
}

/// `count` residents `r0001…`, each with a help button `b0001…` on Zigbee.
pub fn buttons(count: usize) -> Vec<Enrolled> {
    (1..=count)
        .map(|number| Enrolled {
            id: format!("b{number:04}"),
            source: "zigbee",
            address: format!("button_{number:04}"),
            resident: format!("r{number:04}"),
            role: "sos",
        })
        .collect()
}

impl House {
    /// Starts both brokers and writes the configuration; gateway and console are started by the test.
    pub async fn build(devices: &[Enrolled]) -> House {
        Self::build_with(devices, "").await
    }

    /// The same with more sources, as they stand in `shouwang.toml`.
    pub async fn build_with(devices: &[Enrolled], sources: &str) -> House {
        let house = House {
            folder: tempfile::tempdir().expect("a temporary folder"),
            local: Broker::start(LOCAL_BROKER).await,
            county: Broker::start("persistence false\nmax_queued_messages 100000\n").await,
            gateway: None,
            console: None,
        };
        house.write_config(devices, sources);
        house
    }

    /// A path in the house's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts the gateway.
    pub fn start_gateway(&mut self) {
        let config = self.path("shouwang.toml");
        let log = self.path("gateway.log");
        self.gateway = Some(Guard::start_logged(binary(), ["run", "--config", text(&config)], &log));
    }

    /// Starts the gateway as systemd does with `WatchdogSec=30`, and `socket` for what it has to say.
    pub fn start_gateway_under_watchdog(&mut self, socket: &Path) {
        let (config, log) = (self.path("shouwang.toml"), self.path("gateway.log"));
        let socket = format!("NOTIFY_SOCKET={}", text(socket));
        let line = [socket.as_str(), "WATCHDOG_USEC=30000000", binary(), "run", "--config", text(&config)];
        self.gateway = Some(Guard::start_logged("env", line, &log));
    }

    /// Starts the gateway with more in its environment, `NAME=VALUE` each, and waits until its shell answers.
    pub async fn start_gateway_with(&mut self, environment: &[String]) {
        let (config, log) = (self.path("shouwang.toml"), self.path("gateway.log"));
        let line = environment.iter().map(String::as_str).chain([binary(), "run", "--config", text(&config)]);
        self.gateway = Some(Guard::start_logged("env", line, &log));
        self.until_gateway_answers().await;
    }

    /// Starts the gateway behind another program, which becomes it, and waits until its shell answers.
    pub async fn start_gateway_behind(&mut self, line: &[&str]) {
        let (config, log) = (self.path("shouwang.toml"), self.path("gateway.log"));
        let line = line.iter().copied().chain([binary(), "run", "--config", text(&config)]);
        self.gateway = Some(Guard::start_logged("env", line, &log));
        self.until_gateway_answers().await;
    }

    /// Starts the gateway on a disk that takes not a byte, its own log's neither; see [`House::mend_disk`].
    pub fn start_gateway_on_dead_disk(&mut self) {
        let (config, log) = (self.path("shouwang.toml"), self.path("gateway.log"));
        let script = "trap '' XFSZ; ulimit -S -f 0; exec \"$0\" run --config \"$1\"";
        self.gateway = Some(Guard::start_logged("sh", ["-c", script, binary(), text(&config)], &log));
    }

    /// The disk takes bytes again.
    pub fn mend_disk(&self) {
        let pid = self.gateway_pid().to_string();
        Guard::run_to_end_in(self.folder.path(), "prlimit", ["--pid", &pid, "--fsize=unlimited"]);
    }

    /// Starts the gateway and waits until its shell answers.
    pub async fn start_gateway_and_wait(&mut self) {
        self.start_gateway();
        self.until_gateway_answers().await;
    }

    /// Waits until the gateway's shell answers; shows the end of its log when it does not.
    pub async fn until_gateway_answers(&mut self) {
        let mut lost = false;
        until("the gateway answers or ends", || {
            lost = self.gateway.as_mut().is_some_and(Guard::has_ended);
            lost || self.try_shell(&["status", "--json"]).is_some()
        })
        .await;
        assert!(!lost, "the gateway ended by itself:\n{}", self.log_tail());
    }

    /// SIGKILL.
    pub fn kill_gateway(&mut self) {
        self.gateway.take().expect("the gateway runs").kill();
    }

    /// SIGTERM, and waits for its end.
    pub fn stop_gateway(&mut self) {
        self.gateway.take().expect("the gateway runs").stop();
    }

    /// SIGTERM, without waiting for its end.
    pub fn ask_gateway_to_end(&self) {
        self.gateway.as_ref().expect("the gateway runs").ask_to_end();
    }

    /// SIGHUP: a file was edited.
    pub fn hang_up_gateway(&self) {
        self.gateway.as_ref().expect("the gateway runs").hang_up();
    }

    /// Holds the gateway, puts QoS 0 messages before its door, asks it to end before it may look, and waits for its end.
    pub async fn stop_gateway_behind(&mut self, messages: Vec<(String, Bytes)>) {
        let gateway = self.gateway.take().expect("the gateway runs");
        gateway.freeze();
        self.local.publish_all(QoS::AtMostOnce, false, messages).await;
        gateway.ask_to_end();
        gateway.thaw();
        gateway.stop();
    }

    /// The gateway's process.
    pub fn gateway_pid(&self) -> u32 {
        self.gateway.as_ref().expect("the gateway runs").pid()
    }

    /// The console's process, while it runs.
    pub fn console_pid(&self) -> Option<u32> {
        self.console.as_ref().map(Guard::pid)
    }

    /// More lines at the end of `shouwang.toml`, which is its section `[store]`.
    pub fn add_config(&self, lines: &str) {
        let path = self.path("shouwang.toml");
        let text = std::fs::read_to_string(&path).expect("it was written");
        std::fs::write(&path, text + lines).expect("the folder can be written");
    }

    /// Memory that the gateway holds, in KiB.
    pub fn resident_kib(&self) -> u64 {
        proc_figure(self.gateway_pid(), "status", "VmRSS:")
    }

    /// Time that the gateway has computed, in milliseconds.
    pub fn computed_ms(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.gateway_pid())).unwrap_or_default();
        // The name in brackets may hold blanks; behind it, user and system time stand 12th and 13th, in hundredths.
        let behind = stat.rsplit_once(')').map_or("", |(_, behind)| behind);
        behind.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>() * 10
    }

    /// Bytes that the gateway has caused to be written to disk, as the kernel counts them: whole pages.
    pub fn bytes_written(&self) -> u64 {
        proc_figure(self.gateway_pid(), "io", "write_bytes:")
    }

    /// Starts the county console.
    pub fn start_console(&mut self) {
        let config = self.path("county.toml");
        let log = self.path("county.log");
        self.console = Some(Guard::start_logged(binary(), ["county", "--config", text(&config)], &log));
    }

    /// SIGKILL.
    pub fn kill_console(&mut self) {
        self.console.take().expect("the console runs").kill();
    }

    /// Presses a Zigbee help button: QoS 1, and the local broker has it when this returns.
    pub async fn press(&self, address: &str) {
        let payload = br#"{"action":"emergency","battery":97,"linkquality":120}"#;
        self.local.publish(&format!("zigbee2mqtt/{address}"), QoS::AtLeastOnce, false, payload.to_vec()).await;
    }

    /// Runs a verb of the shell on this gateway; its JSON, when it succeeds.
    pub fn try_shell(&self, verb: &[&str]) -> Option<Value> {
        let output = self.run_shell(verb);
        output.status.success().then(|| serde_json::from_slice(&output.stdout).unwrap_or(Value::Null))
    }

    /// Runs a verb of the shell on this gateway that must succeed.
    pub fn shell(&self, verb: &[&str]) -> Value {
        let output = self.run_shell(verb);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "shouwang {verb:?}: {said}\n{}", self.log_tail());
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    /// Runs a verb of the shell on this gateway, whatever comes of it.
    pub fn run_shell(&self, verb: &[&str]) -> Output {
        let config = self.path("shouwang.toml");
        let output = Command::new(binary()).args(verb).args(["--config", text(&config)]).output();
        output.expect("the binary under test runs")
    }

    /// What the county's database says: `alarms`, `devices` or `stations`.
    pub fn at_county(&self, what: &str) -> Vec<Value> {
        let config = self.path("county.toml");
        let output = Command::new(binary())
            .args(["county", what, "--json", "--config", text(&config)])
            .output()
            .expect("the binary under test runs");
        serde_json::from_slice(&output.stdout).unwrap_or_default()
    }

    /// Sends a command from the county to this gateway; its answer.
    pub fn county_sends(&self, what: &[&str]) -> Value {
        let config = self.path("county.toml");
        let to = ["county", "--config", text(&config), "send", "--station", "test-station", "--gateway", "test-gw"];
        let output = Command::new(binary()).args(to).args(what).output().expect("the binary under test runs");
        let said = String::from_utf8_lossy(&output.stderr);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no answer: {said}"))
    }

    /// The end of the gateway's log, for a failing test's message.
    pub fn log_tail(&self) -> String {
        let log = std::fs::read_to_string(self.path("gateway.log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }

    fn write_config(&self, devices: &[Enrolled], sources: &str) {
        let folder = self.folder.path().display();
        let (local, county) = (self.local.url(), self.county.url());
        let station = format!(
            r#"
[station]
id = "test-station"
gateway = "test-gw"
village_file = "village.toml"
data_dir = "{folder}/data"
control_socket = "{folder}/control.sock"
log_level = "info"

[[source]]
id = "zigbee"
kind = "mqtt"
url = "{local}"
formats = ["zigbee2mqtt"]

[[source]]
id = "hub"
kind = "serial"
path = "{folder}/hub"
format = "json_lines"
{sources}
[county]
url = "{county}"
heartbeat_s = 5

[store]
routine_block_s = 1
ballast_mib = 8
"#
        );
        self.write("shouwang.toml", &station);
        self.write("village.toml", &village(devices));
        let console = format!(
            r#"
[broker]
url = "{county}"

[console]
database = "{folder}/county.sqlite"

[stations.test-station]
name = "示例照料站"
"#
        );
        self.write("county.toml", &console);
    }

    fn write(&self, name: &str, content: &str) {
        std::fs::write(self.path(name), content).expect("the folder can be written");
    }
}

/// A figure of a process, as the kernel tells it.
pub fn proc_figure(pid: u32, file: &str, name: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|figure| figure.parse().ok()).unwrap_or(0)
}

/// The village file of these devices: three who are called, and a home for each resident.
pub fn village(devices: &[Enrolled]) -> String {
    let mut text = String::from(
        r#"
[responders.n-1]
name = "示例邻居"
phone = "00000000001"
role = "neighbour"

[responders.g-1]
name = "示例网格员"
phone = "00000000002"
role = "grid_worker"

[responders.desk]
name = "示例值班室"
phone = "00000000003"
role = "duty_desk"

[ladders.usual]
rungs = [{ call = ["n-1"], wait_s = 60 }, { call = ["g-1"], wait_s = 60 }, { call = ["desk"], wait_s = 60 }]
"#,
    );
    let mut residents: Vec<&str> = devices.iter().map(|device| device.resident.as_str()).collect();
    residents.sort_unstable();
    residents.dedup();
    for resident in residents {
        let _ = write!(
            text,
            "\n[homes.h-{resident}]\nlabel = \"示例 {resident}\"\nrooms = [\"bedroom\"]\n\n[residents.{resident}]\n\
             name = \"示例老人\"\naddress_form = \"示例奶奶\"\nhome = \"h-{resident}\"\nladder = \"usual\"\n"
        );
    }
    for device in devices {
        let _ = write!(
            text,
            "\n[devices.{}]\nsource = \"{}\"\naddress = \"{}\"\nresident = \"{}\"\nroom = \"bedroom\"\nrole = \"{}\"\n",
            device.id, device.source, device.address, device.resident, device.role
        );
    }
    text
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the temporary folder has a plain name")
}
