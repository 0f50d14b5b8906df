//! Client certificates: which files, and what there is to be said of them on the machine that is looked at.
//!
//! All of it is warned of and none refused: a configuration is checked on other machines too, and by a clock that may be wrong.

use std::path::Path;

use super::channels::{Channel, Way};
use super::document::Section;
use super::key::Key;
use super::problem::{Problem, Problems, What};
use super::source::{Link, Source};
use super::station::Station;
use crate::broker::identity::Identity;
use crate::broker::validity::Stands;
use crate::broker::{BrokerUrl, TlsFileError};
use crate::core::time::Wall;

/// Warned of so many days ahead. judgement: whoever renews certificates for a county's villages comes by once a month.
const NOTICE_DAYS: i64 = 30;

/// The certificate that is shown to a broker.
pub(super) const CERT_FILE: Key =
    Key::optional("cert_file", "Certificate (PEM) that is shown to the broker, for one that asks who connects.");

/// Its key.
pub(super) const KEY_FILE: Key = Key::optional("key_file", "The certificate's key, PEM; readable by the daemon alone.");

/// Both files, or none; one without the other is a contradiction, and so are both without TLS.
pub(super) fn read(section: &Section<'_>, beside: &Path, url: Option<&BrokerUrl>) -> Option<Identity> {
    let path = |name| section.text(name).map(|path| beside.join(path.as_ref()));
    let wrong = |name, fix: &str| {
        if let Some(found) = section.find(name) {
            section.report(section.wrong(name, &found, What::Contradiction).fix(fix));
        }
    };
    match (path("cert_file"), path("key_file")) {
        (Some(cert_file), Some(key_file)) => {
            if url.is_some_and(|url| !url.tls) {
                wrong(
                    "cert_file",
                    "write url = \"mqtts://…\", because a certificate is shown on an encrypted line only",
                );
            }
            Some(Identity { cert_file, key_file })
        }
        (None, None) => None,
        (Some(_), None) => {
            wrong("cert_file", "add key_file, the key that belongs to the certificate");
            None
        }
        (None, Some(_)) => {
            wrong("key_file", "add cert_file, the certificate that the key belongs to");
            None
        }
    }
}

/// What is to be said at `now` of all client certificates that `station`, whose file is called `file`, shows.
#[must_use]
pub fn of_station(file: &str, station: &Station, now: Wall) -> Problems {
    let sources = station.sources.iter().filter_map(|Source { id, link }| match link {
        Link::Mqtt(link) => Some((format!("source.{id}"), link.identity.as_ref()?)),
        Link::Serial(_) | Link::Tcp(_) | Link::Modbus(_) => None,
    });
    let county = station.county.iter().filter_map(|county| Some(("county".to_owned(), county.identity.as_ref()?)));
    let channels = station.channels.iter().filter_map(|Channel { name, way, .. }| match way {
        Way::Mqtt(link) => Some((format!("channels.{name}"), link.identity.as_ref()?)),
        Way::Webhook(_) | Way::Wecom(_) | Way::Ntfy(_) => None,
    });
    let mut problems = Problems::default();
    for (table, identity) in sources.chain(county).chain(channels) {
        if let Some(problem) = of_one(file, &table, identity, now) {
            problems.push(problem);
        }
    }
    problems
}

fn of_one(file: &str, table: &str, identity: &Identity, now: Wall) -> Option<Problem> {
    let about = |name: &str, path: &Path, what| {
        Problem::file(file, what).key(format!("{table}.{name}")).value(path.display().to_string())
    };
    for (name, path) in [("cert_file", &identity.cert_file), ("key_file", &identity.key_file)] {
        if !path.exists() {
            return Some(about(name, path, What::FileMissing).fix("copy the certificate and its key there"));
        }
    }
    let (cert, key) = (&identity.cert_file, &identity.key_file);
    let dates = match identity.examine() {
        Ok(dates) => dates,
        Err(error @ TlsFileError::KeyDoesNotFit { .. }) => {
            return Some(about("key_file", key, What::CertificateUnusable).fix(error.to_string()));
        }
        Err(error) => return Some(about("cert_file", cert, What::CertificateUnusable).fix(error.to_string())),
    };
    let dates = dates?;
    let day = |at_s| {
        jiff::Timestamp::from_second(at_s).map_or_else(|_| "?".to_owned(), |at| at.strftime("%Y-%m-%d").to_string())
    };
    let today = day(now.0.div_euclid(1000));
    let (what, fix) = match dates.at(now.0.div_euclid(1000)) {
        Stands::Holds { days } if days >= NOTICE_DAYS => return None,
        Stands::Holds { days } => {
            let until = day(dates.until_s);
            (
                What::CertificateEnding,
                format!("it ends on {until}, in {days} days: have it renewed, and replace both files"),
            )
        }
        Stands::Over => {
            let until = day(dates.until_s);
            (
                What::CertificateOver,
                format!(
                    "it ended on {until} and this machine's clock says {today}: have it renewed if the clock is right"
                ),
            )
        }
        Stands::NotYet => {
            let from = day(dates.from_s);
            (
                What::CertificateNotYet,
                format!("it begins on {from} and this machine's clock says {today}: look at the clock first"),
            )
        }
    };
    Some(about("cert_file", cert, what).fix(fix))
}
