//! A certificate authority of the test's own, with elliptic curve keys made by openssl.

use std::fs;
use std::path::{Path, PathBuf};

use shouwang::broker::identity::Identity;
use tempfile::TempDir;

use super::child::Guard;

/// From when and until when a certificate holds, as openssl writes dates.
#[derive(Clone, Copy)]
pub struct Validity(pub &'static str, pub &'static str);

/// Holds whenever the tests run.
pub const VALID: Validity = Validity("200101000000Z", "490101000000Z");

/// An authority and what it has issued.
pub struct Authority {
    folder: TempDir,
}

impl Authority {
    /// Makes its key and its certificate.
    pub fn create() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        openssl(folder.path(), "ecparam -name prime256v1 -genkey -noout -out ca.key");
        openssl(folder.path(), "req -x509 -new -key ca.key -days 30 -subj /CN=example-county-ca -out ca.pem");
        let config = "[ca]\ndefault_ca=main\n[main]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\n\
                      default_md=sha256\npolicy=any\nprivate_key=ca.key\ncertificate=ca.pem\ncopy_extensions=copy\n\
                      unique_subject=no\n[any]\ncommonName=supplied\n";
        for (name, content) in [("ca.conf", config), ("index.txt", ""), ("serial", "1000\n")] {
            fs::write(folder.path().join(name), content).expect("the folder can be written");
        }
        Self { folder }
    }

    /// Its certificate, which a client is to believe.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Issues a certificate for names such as `DNS:localhost`; returns the lines of configuration with which a broker
    /// shows it.
    pub fn issue(&self, name: &str, alternative_names: &str, Validity(from, to): Validity) -> String {
        let folder = self.folder.path();
        openssl(folder, &format!("ecparam -name prime256v1 -genkey -noout -out {name}.key"));
        let request = format!("req -new -key {name}.key -subj /CN={name} -addext subjectAltName={alternative_names}");
        openssl(folder, &format!("{request} -out {name}.csr"));
        let sign = format!("ca -batch -notext -config ca.conf -in {name}.csr -out {name}.pem");
        openssl(folder, &format!("{sign} -startdate {from} -enddate {to}"));
        let file = |ending: &str| folder.join(format!("{name}.{ending}")).display().to_string();
        format!("certfile {}\nkeyfile {}\n", file("pem"), file("key"))
    }
}

impl Authority {
    /// Issues a client certificate whose common name is `name`, kept under `file`.
    pub fn issue_client(&self, file: &str, name: &str, Validity(from, to): Validity) -> Identity {
        let folder = self.folder.path();
        openssl(folder, &format!("ecparam -name prime256v1 -genkey -noout -out {file}.key"));
        let subject = name.replace('/', "\\/");
        openssl(
            folder,
            &format!(
                "req -new -key {file}.key -subj /CN={subject} -addext extendedKeyUsage=clientAuth -out {file}.csr"
            ),
        );
        let sign = format!("ca -batch -notext -config ca.conf -in {file}.csr -out {file}.pem");
        openssl(folder, &format!("{sign} -startdate {from} -enddate {to}"));
        let path = |ending: &str| folder.join(format!("{file}.{ending}"));
        Identity { cert_file: path("pem"), key_file: path("key") }
    }
}

fn openssl(folder: &Path, arguments: &str) {
    Guard::run_to_end_in(folder, "openssl", arguments.split(' '));
}
