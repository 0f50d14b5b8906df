//! `[web]` of `shouwang.toml`: where the station's pages are served, and who may log in at the duty desk.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use super::document::Section;
use super::key::Key;
use super::nearest::nearest;
use super::problem::{Problem, Problems, What};
use super::secret::Secret;
use crate::core::id::{ResponderId, Slug};
use crate::core::roster::Roster;
use crate::core::word::words;
use crate::private::Private;

/// `[web]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pages {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Certificate and key; none on loopback only.
    pub tls: Option<TlsFiles>,
    /// How the page is reached from outside.
    pub public_url: Option<String>,
    /// Somebody has opened it from outside: only then are links put into messages (CARE-RULES 2).
    pub public_url_proven: bool,
    /// Who may log in.
    pub users: BTreeMap<Slug, DeskUser>,
}

/// The files of TLS, PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// Certificate, with those of its authorities behind it.
    pub cert: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// `[web.users.NAME]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskUser {
    /// In whose name they act.
    pub responder: ResponderId,
    /// What they may do.
    pub role: DeskRole,
    /// The hash of their password.
    pub password: PasswordHash,
}

/// Where the hash of a password stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordHash {
    /// In the configuration itself, as a PHC string.
    Inline(Private<String>),
    /// In a file or a credential.
    File(Secret),
}

words! {
    /// What somebody who is logged in may do.
    DeskRole {
        /// Answers alarms, for themselves and for others.
        Duty = "duty",
        /// Looks.
        View = "view",
    }
}

pub(super) const KEYS: &[Key] = &[
    Key::or(
        "listen",
        "\"127.0.0.1:8090\"",
        "Where the pages are served; another address than this machine's needs cert_file and key_file.",
    ),
    Key::optional("cert_file", "Certificate for TLS, PEM, with those of its authorities behind it."),
    Key::optional("key_file", "The certificate's key, PEM."),
    Key::optional("public_url", "How the pages are reached from outside, as https://desk.example."),
    Key::or(
        "public_url_proven",
        "false",
        "Somebody has opened public_url on a telephone outside; only then do messages carry links.",
    ),
];

pub(super) const USER_KEYS: &[Key] = &[
    Key::required("responder", "Id of the responder in whose name they act."),
    Key::or("role", "\"view\"", "duty answers alarms, view looks."),
    Key::required(
        "password_hash",
        "What shouwang password prints, or the file or systemd credential in which it stands.",
    )
    .private(),
];

impl Pages {
    /// What is to be said of users in whose name nobody of the village acts; `file` is where they stand.
    #[must_use]
    pub fn unknown_users(&self, file: &str, roster: &Roster) -> Problems {
        let mut problems = Problems::default();
        let unknown = self.users.iter().filter(|(_, user)| !roster.responders.contains_key(&user.responder));
        for (name, user) in unknown {
            let known = roster.responders.keys().map(ResponderId::as_str);
            let problem = Problem::file(file, What::DeskUserUnknown).key(format!("web.users.{name}.responder"));
            let problem = problem.value(user.responder.as_str()).nearest(nearest(user.responder.as_str(), known));
            problems.push(problem.fix("write the id of a responder of the village file"));
        }
        problems
    }
}

/// Reads `[web]`; none when it is not there.
pub(super) fn read(top: &Section<'_>, beside: &Path) -> Option<Pages> {
    let web = top.table_above("web", KEYS, "users");
    if !web.is_given() {
        return None;
    }
    let tls = read_tls(&web, beside);
    let listen = read_listen(&web, tls.is_some());
    let users =
        web.by_id("users", USER_KEYS).into_iter().filter_map(|(name, user)| Some((name, read_user(&user, beside)?)));
    let users = users.collect();
    let public_url = read_public_url(&web);
    let public_url_proven = web.flag("public_url_proven");
    if let (true, None, Some(found)) = (public_url_proven, &public_url, web.find("public_url_proven")) {
        let problem = web.wrong("public_url_proven", &found, What::Contradiction);
        web.report(problem.fix("add public_url = \"https://…\", or take this out"));
    }
    Some(Pages { listen: listen?, tls, public_url, public_url_proven, users })
}

fn read_tls(web: &Section<'_>, beside: &Path) -> Option<TlsFiles> {
    let file = |name| web.text(name).map(|path| beside.join(path.as_ref()));
    match (file("cert_file"), file("key_file")) {
        (Some(cert), Some(key)) => Some(TlsFiles { cert, key }),
        (None, None) => None,
        (cert, _) => {
            let (given, missing) = if cert.is_some() { ("cert_file", "key_file") } else { ("key_file", "cert_file") };
            if let Some(found) = web.find(given) {
                web.report(web.wrong(given, &found, What::Contradiction).fix(format!("add {missing} = \"…\"")));
            }
            None
        }
    }
}

/// Passwords and names go over this line, so it leaves the machine only with TLS.
fn read_listen(web: &Section<'_>, sealed: bool) -> Option<SocketAddr> {
    let text = web.text("listen")?;
    let found = web.find("listen");
    let Ok(listen) = text.parse::<SocketAddr>() else {
        if let Some(found) = found {
            let problem = web.wrong("listen", &found, What::NotAnAddress).allowed("address:port");
            web.report(problem.fix(format!("write listen = \"{}:8090\"", Ipv4Addr::LOCALHOST)));
        }
        return None;
    };
    if let (false, false, Some(found)) = (sealed, listen.ip().is_loopback(), found) {
        let problem =
            web.wrong("listen", &found, What::Contradiction).allowed("127.0.0.1 without TLS, any address with it");
        web.report(problem.fix("add cert_file and key_file, or write listen = \"127.0.0.1:8090\""));
    }
    Some(listen)
}

fn read_public_url(web: &Section<'_>) -> Option<String> {
    let text = web.text("public_url")?;
    let host = text.strip_prefix("https://").map(|rest| rest.trim_end_matches('/'));
    let is_plain =
        |host: &str| !host.is_empty() && !host.contains(|sign: char| sign.is_whitespace() || "?#@\"<>".contains(sign));
    if host.is_some_and(is_plain) {
        return Some(text.trim_end_matches('/').to_owned());
    }
    if let Some(found) = web.find("public_url") {
        let problem =
            web.wrong("public_url", &found, What::NotAWebAddress).allowed("https://NAME or https://NAME/PATH");
        web.report(problem.fix("write public_url = \"https://desk.example\""));
    }
    None
}

fn read_user(user: &Section<'_>, beside: &Path) -> Option<DeskUser> {
    let responder = user.id("responder").map(ResponderId);
    let role = user.word("role", DeskRole::ALL, DeskRole::word);
    let written = user.text("password_hash");
    let password = match &written {
        Some(hash) if hash.starts_with("$argon2id$") => Some(PasswordHash::Inline(Private::new(hash.to_string()))),
        // A password itself would be taken for the name of a file, and its hash of another kind too.
        Some(other) if other.starts_with('$') || other.contains(char::is_whitespace) => {
            if let Some(found) = user.find("password_hash") {
                let problem = user.wrong("password_hash", &found, What::SecretInFile);
                user.report(problem.fix("write what shouwang password prints, or the name of a file with it"));
            }
            None
        }
        Some(file) => Some(PasswordHash::File(Secret::new(file, beside))),
        None => None,
    };
    Some(DeskUser { responder: responder?, role: role?, password: password? })
}
