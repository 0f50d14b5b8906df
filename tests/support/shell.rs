//! A folder with a station's two files, and the program's verbs as people call them there.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use super::child::Guard;

/// A station's folder, and the verb that is tried; with an empty one each line names its own.
pub struct Shell {
    folder: TempDir,
    verb: &'static str,
}

impl Shell {
    /// With more in `shouwang.toml`, in which `{data}` stands for the folder.
    pub fn new(verb: &'static str, more: &str, village: &str) -> Self {
        let shell = Self { folder: tempfile::tempdir().expect("a folder"), verb };
        let data = shell.folder.path().display().to_string();
        let station = format!(
            "[station]\nid = \"st1\"\ngateway = \"gw1\"\ndata_dir = \"{data}/data\"\nvillage_file = \"{data}/village.toml\"\n\
             control_socket = \"{data}/s\"\n{}",
            more.replace("{data}", &data)
        );
        std::fs::create_dir(shell.path("data")).expect("a folder");
        std::fs::write(shell.path("shouwang.toml"), station).expect("writes");
        std::fs::write(shell.path("village.toml"), village).expect("writes");
        shell
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The village file as it stands.
    pub fn village(&self) -> String {
        std::fs::read_to_string(self.path("village.toml")).expect("reads")
    }

    /// Starts the station, which writes into `journal`.
    pub fn start(&self) -> Guard {
        let config = self.path("shouwang.toml").display().to_string();
        Guard::start_logged(env!("CARGO_BIN_EXE_shouwang"), ["run", "--config", &config], &self.path("journal"))
    }

    pub fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shouwang"));
        if !self.verb.is_empty() {
            command.arg(self.verb);
        }
        command.args(args).arg("--config").arg(self.path("shouwang.toml")).output().expect("it runs")
    }

    /// What it prints when it succeeds.
    pub fn said(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// What it says against it when it fails.
    pub fn refused(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(!output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stderr).expect("UTF-8")
    }

    pub fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.said(&[args, &["--json"]].concat())).expect("JSON")
    }
}
