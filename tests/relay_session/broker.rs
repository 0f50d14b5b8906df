//! A mosquitto of the test's own: on a free port, without persistence, ended with the test.

use std::fs;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

/// Whether the tests that need mosquitto can run. Missing it is an error where `CI=true`, else a word on the screen.
pub fn mosquitto_is_here() -> bool {
    let found = Command::new("mosquitto").arg("-h").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !found {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "mosquitto is missing and CI must not skip");
        println!("skipped: mosquitto is not installed");
    }
    found
}

/// A running broker.
pub struct Broker {
    pub port: u16,
    dir: TempDir,
    child: Option<Child>,
}

impl Broker {
    /// A broker for everybody.
    pub fn start() -> Self {
        Self::with(|_, port| format!("listener {port} 127.0.0.1\nallow_anonymous true\n"))
    }

    /// A broker whose configuration is made from its directory and port.
    pub fn with(config: impl FnOnce(&Path, u16) -> String) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let port = free_port();
        let lines = config(dir.path(), port);
        let mut file = fs::File::create(dir.path().join("mosquitto.conf")).expect("a file");
        // As root mosquitto would otherwise become another user, who may not read the directory.
        write!(file, "user root\npersistence false\nlog_dest none\n{lines}").expect("written");
        let mut broker = Self { port, dir, child: None };
        broker.restart();
        broker
    }

    /// SIGKILL: everything it had acknowledged and not delivered is gone.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("a child may be killed");
            child.wait().expect("a killed child ends");
        }
    }

    /// Starts it, on the same port, and waits until it listens.
    pub fn restart(&mut self) {
        self.kill();
        let config = self.dir.path().join("mosquitto.conf");
        for _ in 0..200 {
            let child = self.child.get_or_insert_with(|| {
                let mut command = Command::new("mosquitto");
                command.arg("-c").arg(&config).stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null());
                command.spawn().expect("mosquitto starts")
            });
            if child.try_wait().expect("a child can be asked").is_some() {
                self.child = None;
            } else if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(25));
        }
        panic!("mosquitto does not listen on port {}", self.port);
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

/// A certificate authority of the test's own, with elliptic curve keys made by openssl.
pub struct Authority {
    dir: PathBuf,
}

impl Authority {
    /// Makes `ca.pem` and `ca.key` in `dir`.
    pub fn create(dir: &Path) -> Self {
        openssl(dir, "ecparam -name prime256v1 -genkey -noout -out ca.key");
        openssl(dir, "req -x509 -new -key ca.key -days 30 -subj /CN=example-county-ca -out ca.pem");
        fs::write(dir.join("index.txt"), "").expect("written");
        fs::write(dir.join("serial"), "1000\n").expect("written");
        let config = "[ca]\ndefault_ca=main\n[main]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\n\
                      default_md=sha256\npolicy=any\nprivate_key=ca.key\ncertificate=ca.pem\ncopy_extensions=copy\n\
                      unique_subject=no\n[any]\ncommonName=supplied\n";
        fs::write(dir.join("ca.conf"), config).expect("written");
        Self { dir: dir.to_owned() }
    }

    /// Path of its certificate.
    pub fn certificate(&self) -> PathBuf {
        self.dir.join("ca.pem")
    }

    /// Issues `{name}.pem` and `{name}.key`, valid between two dates such as `300101000000Z`.
    pub fn issue(&self, name: &str, alternative_name: &str, from: &str, to: &str) {
        openssl(&self.dir, &format!("ecparam -name prime256v1 -genkey -noout -out {name}.key"));
        openssl(
            &self.dir,
            &format!(
                "req -new -key {name}.key -subj /CN={name} -addext subjectAltName={alternative_name} -out {name}.csr"
            ),
        );
        openssl(
            &self.dir,
            &format!(
                "ca -batch -notext -config ca.conf -in {name}.csr -out {name}.pem -startdate {from} -enddate {to}"
            ),
        );
    }
}

fn openssl(dir: &Path, arguments: &str) {
    let output = Command::new("openssl").args(arguments.split(' ')).current_dir(dir).output().expect("openssl runs");
    assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}
