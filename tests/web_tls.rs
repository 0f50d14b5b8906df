//! The station's pages over TLS, from the configuration's files to a cookie that is sent over TLS only.

mod support;

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use shouwang::config::pages::{DeskRole, DeskUser, Pages as Configured, PasswordHash, TlsFiles};
use shouwang::config::secret::Secret;
use shouwang::private::Private;
use shouwang::web::Settings;
use shouwang::web::password::Hash;
use support::authority::{Authority, VALID};
use support::station_page::{PASSWORD, Pages};
use support::{installed, soon};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

fn configured(directory: &Path, tls: Option<TlsFiles>) -> Configured {
    std::fs::write(directory.join("hash"), Hash::of(PASSWORD).expect("hashed").text()).expect("writes");
    let user = |password| DeskUser { responder: "desk".parse().expect("id"), role: DeskRole::Duty, password };
    Configured {
        listen: "0.0.0.0:0".parse().expect("an address"),
        tls,
        public_url: Some("https://desk.example/village".to_owned()),
        public_url_proven: true,
        users: [("desk".parse().expect("id"), user(PasswordHash::File(Secret::new("./hash", directory))))].into(),
    }
}

fn load(configured: &Configured, directory: &Path) -> Result<Settings, String> {
    Settings::load(configured, jiff::tz::TimeZone::UTC, None, directory, None).map_err(|error| error.to_string())
}

#[tokio::test]
async fn the_desk_is_served_over_tls_with_what_the_configuration_names() {
    if !installed("openssl") {
        return;
    }
    let (authority, directory) = (Authority::create(), tempfile::tempdir().expect("a directory"));
    authority.issue("desk", "DNS:desk.example", VALID);
    let folder = authority.certificate().parent().expect("a folder").to_owned();
    let files = TlsFiles { cert: folder.join("desk.pem"), key: folder.join("desk.key") };
    let settings = load(&configured(directory.path(), Some(files)), directory.path()).expect("it can be served");
    let pages = Pages::with(|other| *other = settings.clone()).await;
    pages.press("d001");
    let alarm = pages.alarm("r01").id;
    let link = settings.link(alarm, "p01".parse().expect("id")).expect("it is proven");
    let link = link.reveal().strip_prefix("https://desk.example/village").expect("the address").to_owned();

    let body = format!("user=desk&password={}", PASSWORD.replace(' ', "+"));
    let form = format!(
        "Content-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: same-origin\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (request, expected) in [
        (format!("GET {link} HTTP/1.1\r\nHost: desk.example\r\nConnection: close\r\n\r\n"), "HTTP/1.1 200 OK"),
        (
            format!("POST /desk/login HTTP/1.1\r\nHost: desk.example\r\n{form}Connection: close\r\n\r\n{body}"),
            "SameSite=Strict; Secure",
        ),
    ] {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(authority.certificate()).expect("PEM")).expect("an authority");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
        let config = config.with_root_certificates(roots).with_no_client_auth();
        let stream = TcpStream::connect(pages.address).await.expect("it listens");
        let name = ServerName::try_from("desk.example").expect("a name");
        let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.expect("TLS");
        stream.write_all(request.as_bytes()).await.expect("it takes requests");
        let mut answer = Vec::new();
        // A peer that closes without saying so has said all that it had to.
        let _ = soon("the answer ends", stream.read_to_end(&mut answer)).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.contains(expected), "{answer}");
    }
    // Whoever speaks without TLS holds up nobody, and is told nothing.
    let mut plain = TcpStream::connect(pages.address).await.expect("it listens");
    plain.write_all(b"GET /desk HTTP/1.1\r\n\r\n").await.expect("it takes bytes");
    let mut answer = Vec::new();
    let _ = soon("it is cut", plain.read_to_end(&mut answer)).await;
    assert!(!String::from_utf8_lossy(&answer).contains("HTTP/1.1"));
}

#[test]
fn what_cannot_be_used_is_said_with_its_place() {
    let directory = tempfile::tempdir().expect("a directory");
    let here = directory.path();
    let files = TlsFiles { cert: here.join("absent.pem"), key: here.join("absent.key") };
    assert!(load(&configured(here, Some(files)), here).expect_err("no file").contains("absent.pem"));
    let mut wrong = configured(here, None);
    for user in wrong.users.values_mut() {
        user.password = PasswordHash::Inline(Private::new("$argon2id$made-up".to_owned()));
    }
    let said = load(&wrong, here).expect_err("no hash");
    assert!(
        said.contains("[web.users.desk]") && said.contains("shouwang password") && !said.contains("made-up"),
        "{said}"
    );
    let mut unproven = configured(here, None);
    unproven.public_url_proven = false;
    let settings = load(&unproven, here).expect("it can be served");
    let alarm = "st1.ff.1.resident-r01.help_call".parse().expect("an id");
    assert_eq!(
        settings.link(alarm, "p01".parse().expect("id")),
        None,
        "no link before somebody has opened one from outside"
    );
}
