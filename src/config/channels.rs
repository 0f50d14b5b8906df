//! `[channels.NAME]`: the ways to people beside the modem. What a channel knows of its other end (an address with a key in it, a topic,
//! a token) stands in files of its own, as passwords do.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::certificate;
use super::document::{Found, MASK, Section};
use super::key::Key;
use super::problem::What;
use super::secret::Secret;
use super::source;
use super::web::{WebUrl, WebUrlError};
use crate::broker::BrokerUrl;
use crate::broker::identity::Identity;
use crate::core::id::{ResponderId, Slug};
use crate::core::word::words;
use crate::limits::channels::CHANNELS_MAX;

words! {
    /// What a channel is.
    ChannelKind {
        /// A signed POST to a program.
        Webhook = "webhook",
        /// A group robot of WeCom.
        Wecom = "wecom",
        /// Push messages over an ntfy server.
        Ntfy = "ntfy",
        /// A topic a responder at the local broker.
        Mqtt = "mqtt",
    }
}

words! {
    /// In which form a group robot of WeCom writes.
    WecomForm {
        /// Plain, as WeChat shows it too.
        Text = "text",
        /// With emphasis, in WeCom only.
        Markdown = "markdown",
    }
}

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its name, in the journal and in faults.
    pub name: Slug,
    /// Several people read it: its texts carry codes, and names on consent only (CARE-RULES 28).
    pub group: bool,
    /// How it is reached.
    pub way: Way,
}

/// How a channel is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// A signed POST.
    Webhook(WebhookLink),
    /// A group robot.
    Wecom(WecomLink),
    /// Push messages.
    Ntfy(NtfyLink),
    /// The local broker.
    Mqtt(BrokerLink),
}

/// A program that is posted to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookLink {
    /// Its address.
    pub url: Secret,
    /// The secret that both ends share.
    pub secret: Secret,
    /// Who may have signed its certificate.
    pub ca_file: PathBuf,
}

/// A group robot of WeCom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WecomLink {
    /// Its address, with its key.
    pub url: Secret,
    /// In which form it writes.
    pub form: WecomForm,
    /// Who may have signed its certificate.
    pub ca_file: PathBuf,
}

/// An ntfy server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NtfyLink {
    /// Its root.
    pub url: WebUrl,
    /// Topic of everybody who has none of their own.
    pub topic: Option<Secret>,
    /// Topics of single responders.
    pub topics: BTreeMap<ResponderId, Secret>,
    /// Access token.
    pub token: Option<Secret>,
    /// Who may have signed its certificate.
    pub ca_file: PathBuf,
}

/// The local broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerLink {
    /// Where it listens.
    pub url: BrokerUrl,
    /// Who signed its certificate, for `mqtts://`.
    pub ca_file: Option<PathBuf>,
    /// Who we are towards it.
    pub identity: Option<Identity>,
    /// Log-in name.
    pub username: Option<String>,
    /// Password.
    pub password: Option<Secret>,
    /// Session name; the broker keeps answers under it.
    pub client_id: String,
}

const KIND: Key = Key::required("kind", "webhook, wecom, ntfy or mqtt.");
const KIND_KEYS: &[Key] = &[KIND];
const GROUP_ABOUT: &str =
    "Several people read it: codes, and names on consent only; false only where one entitled person reads.";
const GROUP: Key = Key::or("group", "true", GROUP_ABOUT);
const NO_GROUP: Key = Key::or("group", "false", GROUP_ABOUT);
const URL_FILE: Key = Key::required(
    "url_file",
    "File with the whole address (it may carry a key), or a bare name of a systemd credential.",
)
.private();
const CA_FILE: Key = Key::or(
    "ca_file",
    "\"/etc/ssl/certs/ca-certificates.crt\"",
    "The authorities that are believed, PEM; Debian's list, or the one authority of a server of one's own.",
);

/// Keys of a channel with `kind = "webhook"`.
pub const WEBHOOK_KEYS: &[Key] = &[
    KIND,
    GROUP,
    URL_FILE,
    Key::required("secret_file", "File with the secret that signs what is sent; the receiver has the same.").private(),
    CA_FILE,
];

/// Keys of a channel with `kind = "wecom"`.
pub const WECOM_KEYS: &[Key] = &[
    KIND,
    GROUP,
    URL_FILE,
    Key::or("form", "\"text\"", "text, which WeChat shows too, or markdown, in WeCom only."),
    CA_FILE,
];

/// Keys of a channel with `kind = "ntfy"`.
pub const NTFY_KEYS: &[Key] = &[
    KIND,
    GROUP,
    Key::required("url", "The server's root: https://host[:port]; http:// only on a network of one's own."),
    Key::optional(
        "topic_file",
        "File with the topic of everybody who has none of their own; who knows a topic can read it.",
    )
    .private(),
    Key::optional("topic_files", "Topics of single responders, as { r01 = \"FILE\" }.").private(),
    Key::optional("token_file", "File with the access token, where the server asks for one.").private(),
    CA_FILE,
];

/// Keys of a channel with `kind = "mqtt"`.
pub const MQTT_KEYS: &[Key] = &[
    KIND,
    NO_GROUP,
    Key::or(
        "url",
        "\"mqtt://127.0.0.1:1883\"",
        "The local broker; its rules must give each responder their own topics only.",
    ),
    Key::optional("ca_file", "Certificate authority of the broker, PEM, for mqtts://."),
    certificate::CERT_FILE,
    certificate::KEY_FILE,
    Key::optional("username", "Log-in name at the broker."),
    Key::optional("password_file", "File with the password, or a bare name of a systemd credential."),
];

/// Reads all channels, in the order of their names.
pub(super) fn read_all(top: &Section<'_>, station: &str, beside: &Path) -> Vec<Channel> {
    let sections = top.by_id_unjudged("channels", true);
    if let Some((_, section)) = sections.get(CHANNELS_MAX) {
        let problem = section.whole_table(What::TooMany).allowed(format!("at most {CHANNELS_MAX} channels"));
        top.report(problem.fix("take out what nobody reads"));
    }
    sections.into_iter().filter_map(|(name, section)| read(name, &section, station, beside)).collect()
}

fn read(name: Slug, section: &Section<'_>, station: &str, beside: &Path) -> Option<Channel> {
    let kind = section.glance(KIND_KEYS).word("kind", ChannelKind::ALL, ChannelKind::word)?;
    let section = section.clone().holding(match kind {
        ChannelKind::Webhook => WEBHOOK_KEYS,
        ChannelKind::Wecom => WECOM_KEYS,
        ChannelKind::Ntfy => NTFY_KEYS,
        ChannelKind::Mqtt => MQTT_KEYS,
    });
    let group = section.flag("group");
    let way = match kind {
        ChannelKind::Webhook => {
            let (url, key) = (secret(&section, "url_file", beside), secret(&section, "secret_file", beside));
            Way::Webhook(WebhookLink { ca_file: ca_file(&section, beside)?, url: url?, secret: key? })
        }
        ChannelKind::Wecom => {
            let (url, form) =
                (secret(&section, "url_file", beside), section.word("form", WecomForm::ALL, WecomForm::word));
            Way::Wecom(WecomLink { ca_file: ca_file(&section, beside)?, url: url?, form: form? })
        }
        ChannelKind::Ntfy => Way::Ntfy(read_ntfy(&section, beside)?),
        ChannelKind::Mqtt => Way::Mqtt(read_mqtt(name, &section, station, beside)?),
    };
    Some(Channel { name, group, way })
}

fn read_ntfy(section: &Section<'_>, beside: &Path) -> Option<NtfyLink> {
    let url = read_web_url(section);
    let topic = secret(section, "topic_file", beside);
    let mut topics = BTreeMap::new();
    for (responder, found) in section.entries("topic_files") {
        let Some(file) = secret_of(section, "topic_files", &found, beside) else { continue };
        if let Ok(responder) = responder.parse() {
            topics.insert(responder, file);
        } else {
            let problem = section.wrong("topic_files", &found, What::NotAnId);
            section.report(problem.fix("write the responder's id"));
        }
    }
    if section.find("topic_file").is_none() && section.find("topic_files").is_none() {
        let problem = section.whole_table(What::MissingKey).key(format!("{}.topic_file", section.path()));
        section.report(problem.fix("add topic_file = …, or topic_files for single responders"));
    }
    let token = secret(section, "token_file", beside);
    Some(NtfyLink { ca_file: ca_file(section, beside)?, topic, topics, token, url: url? })
}

fn read_mqtt(name: Slug, section: &Section<'_>, station: &str, beside: &Path) -> Option<BrokerLink> {
    let url = match section.find("url") {
        Some(_) => source::read_url(section),
        None => section.text("url").and_then(|usual| usual.parse().ok()),
    };
    let username = section.text("username").map(std::borrow::Cow::into_owned);
    let password = section.find("password_file").and_then(|_| secret(section, "password_file", beside));
    if let (None, Some(_), Some(found)) = (&username, &password, section.find("password_file")) {
        let problem = section.wrong("password_file", &found, What::Contradiction);
        section.report(problem.fix("add username, because MQTT sends no password without one"));
    }
    Some(BrokerLink {
        ca_file: section.text("ca_file").map(|file| beside.join(file.as_ref())),
        identity: certificate::read(section, beside, url.as_ref()),
        username,
        password,
        client_id: format!("shouwang-{station}-notify-{name}"),
        url: url?,
    })
}

fn ca_file(section: &Section<'_>, beside: &Path) -> Option<PathBuf> {
    section.text("ca_file").map(|file| beside.join(file.as_ref()))
}

fn secret(section: &Section<'_>, name: &'static str, beside: &Path) -> Option<Secret> {
    let found = section.demand(name)?;
    secret_of(section, name, &found, beside)
}

/// Where a secret lies. What stands there may be the secret itself, which is then refused and never shown.
fn secret_of(section: &Section<'_>, name: &'static str, found: &Found<'_>, beside: &Path) -> Option<Secret> {
    let written = section.text_of(name, found)?;
    let problem = if written.trim().is_empty() {
        section.wrong(name, found, What::Empty).fix("write the path of a file, or leave the key out")
    } else if written.contains("://") {
        let problem = section.wrong(name, found, What::SecretInFile).value(MASK);
        problem.fix("put it into a file that only this program can read, and write the file's path here")
    } else {
        return Some(Secret::new(&written, beside));
    };
    section.report(problem);
    None
}

fn read_web_url(section: &Section<'_>) -> Option<WebUrl> {
    let found = section.demand("url")?;
    let text = section.text_of("url", &found)?;
    match text.parse::<WebUrl>() {
        Ok(url) => {
            if !url.tls && !url.is_local() {
                let fix = format!("write https://{}, unless the whole way there is one's own network", url.host);
                section.report(section.wrong("url", &found, What::Unencrypted).fix(fix));
            }
            Some(url)
        }
        Err(why) => {
            let what = if why == WebUrlError::Login { What::SecretInFile } else { What::NotAWebAddress };
            let problem = section.wrong("url", &found, what);
            let problem = if why == WebUrlError::Login { problem.value(MASK) } else { problem };
            section.report(problem.allowed("https://host[:port]").fix(why.to_string()));
            None
        }
    }
}
