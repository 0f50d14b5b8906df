//! What is wrong with the way to the county, in sentences that somebody standing beside the box can act on.

use std::error::Error;
use std::fmt;
use std::io;
use std::mem::discriminant;

use rumqttc::TlsError;
use rumqttc::v5::mqttbytes::Error as PacketError;
use rumqttc::v5::mqttbytes::v5::{ConnectReturnCode, DisconnectReasonCode};
use rumqttc::v5::{ConnectionError, StateError};
use rustls::{AlertDescription, CertificateError};

use crate::broker::TlsFileError;
use crate::broker::validity::{Stands, Validity};
use crate::core::time::{Moment, Trust, Wall};
use crate::limits::REASON_BYTES_MAX;
use crate::words::uplink::Uplink;

/// What the broker says of a certificate that is over by its own clock.
const EXPIRED: &str = "CertificateExpired";

/// Why the county is not reached, or not well.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The name of the broker has no address.
    #[error("the name of the county's broker could not be looked up ({0}): is there a network, and is the name right?")]
    Name(String),
    /// Nothing listens there.
    #[error("nothing listens at the county's broker's address and port: is the broker running, and is the port right?")]
    NobodyThere,
    /// No way there.
    #[error("there is no way to the county's broker ({0}): is the network up?")]
    NoWay(String),
    /// No answer in time.
    #[error("the county's broker does not answer in time: is the network up, does a firewall stand between?")]
    NoAnswer,
    /// It was there and went.
    #[error("the county's broker closed the connection ({0})")]
    Closed(String),
    /// The link died without a word.
    #[error("the connection to the county's broker went dead")]
    Dead,
    /// Connected, and nothing acknowledged.
    #[error("the county's broker is connected and acknowledges nothing; the connection is built anew")]
    Stalled,
    /// The same identity connected elsewhere.
    #[error("another box connects to the county under the same station and gateway id: was this box cloned?")]
    TakenOver,
    /// User name or password.
    #[error("the county's broker does not accept this box's user name and password")]
    Login,
    /// Another refusal.
    #[error("the county's broker refuses this box ({0})")]
    Refused(String),
    /// Not MQTT 5, or not MQTT.
    #[error("what answers at the county's address does not speak MQTT 5 as it should ({0})")]
    Protocol(String),
    /// The file with the county's CA.
    #[error("the county's broker cannot be checked ({0})")]
    CaFile(String),
    /// Issued by somebody else.
    #[error(
        "the county's certificate was issued by an authority that this box does not know: is the CA file the county's newest?"
    )]
    UnknownCa,
    /// The clock of this box is behind, and not confirmed.
    #[error(
        "this box's clock stands at {0}: no certificate can be valid yet; waiting for the time, and trying again at once \
         when it is set"
    )]
    ClockBehind(Day),
    /// The clock of this box is ahead, most likely: it is not confirmed.
    #[error(
        "this box's clock stands at {0} and is not confirmed: by it the county's certificate has expired; waiting for the \
         time, and trying again at once when it is set"
    )]
    ClockAhead(Day),
    /// Not valid yet, and our clock is right.
    #[error(
        "the county's certificate is not valid yet by this box's clock, which is confirmed: the county must look at its \
         certificate"
    )]
    NotYetValid,
    /// Expired by a clock that is confirmed.
    #[error("the county's certificate has expired by this box's clock, which is confirmed: the county must renew it")]
    Expired,
    /// For another name.
    #[error("the county's certificate is for another name than the address configured here{0}")]
    WrongName(String),
    /// Our certificate or its key cannot be used.
    #[error("this box cannot show its certificate to the county's broker ({0})")]
    OwnFiles(String),
    /// Our certificate ended.
    #[error(
        "the county's broker does not accept this box's certificate, which ended on {0}: it must be renewed, in cert_file \
         and key_file"
    )]
    OwnExpired(Day),
    /// Our certificate does not hold yet.
    #[error(
        "the county's broker does not accept this box's certificate, which holds from {0} on: is the county's clock right?"
    )]
    OwnNotYetValid(Day),
    /// Our certificate is not accepted, and its dates are not why.
    #[error(
        "the county's broker does not accept this box's certificate ({0}): is it signed by the county's authority, and for \
         this box?"
    )]
    OwnRefused(String),
    /// The broker wants a client certificate.
    #[error("the county's broker wants a certificate from this box: name it in cert_file and key_file")]
    WantsCertificate,
    /// TLS against a plain port.
    #[error("the county's broker does not speak TLS on this port: is the port right, is mqtts:// meant?")]
    NotTls,
    /// Any other trouble with TLS.
    #[error("the encrypted connection to the county failed ({0})")]
    Tls(String),
    /// A subscription was refused.
    #[error("the county's broker does not let this box read {0}: its access list must allow it")]
    MayNotRead(String),
    /// Its limit is too small for what must be sent.
    #[error(
        "the county's broker takes messages of {0} bytes only and this box has a larger one: its max_packet_size must allow 66560"
    )]
    TakesTooLittle(usize),
    /// A publish was refused.
    #[error("the county's broker does not take what this box sends ({0}): its access list or quota must allow it")]
    MayNotWrite(String),
}

/// A day of the calendar, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day(pub i64);

impl Day {
    /// The day of a time on the wall.
    #[must_use]
    pub fn of(wall: Wall) -> Day {
        Day(wall.0.div_euclid(1000))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.0) {
            Ok(at) => write!(f, "{}", at.strftime("%Y-%m-%d")),
            // A clock may stand beyond the end of every calendar.
            Err(_) => f.write_str("????-??-??"),
        }
    }
}

impl Trouble {
    /// What it is by the clock that the connection was tried by, and by the dates of what was shown on it: whether the other
    /// side's certificate or our own clock is wrong depends on what the clock is worth.
    #[must_use]
    pub fn seen_by(self, clock: Moment, shown: Option<Validity>) -> Trouble {
        let (day, now_s) = (Day::of(clock.wall), clock.wall.0.div_euclid(1000));
        match self {
            Trouble::NotYetValid if clock.trust != Trust::Synced => Trouble::ClockBehind(day),
            Trouble::Expired if clock.trust != Trust::Synced => Trouble::ClockAhead(day),
            // The other side's clock may be right where ours is not, so its word counts as far as it says one.
            Trouble::OwnRefused(why) => match shown.map(|dates| (dates, dates.at(now_s))) {
                Some((dates, _)) if why == EXPIRED => Trouble::OwnExpired(Day(dates.until_s)),
                Some((dates, Stands::Over)) => Trouble::OwnExpired(Day(dates.until_s)),
                Some((dates, Stands::NotYet)) => Trouble::OwnNotYetValid(Day(dates.from_s)),
                Some((_, Stands::Holds { .. })) | None => Trouble::OwnRefused(why),
            },
            other => other,
        }
    }

    /// The sentence in Chinese; its English is what it displays.
    #[must_use]
    pub fn zh(&self) -> String {
        let kind = |kind: Uplink| kind.zh("");
        match self {
            Trouble::Name(said) => Uplink::Name.zh(said),
            Trouble::NobodyThere => kind(Uplink::NobodyThere),
            Trouble::NoWay(said) => Uplink::NoWay.zh(said),
            Trouble::NoAnswer => kind(Uplink::NoAnswer),
            Trouble::Closed(said) => Uplink::Closed.zh(said),
            Trouble::Dead => kind(Uplink::Dead),
            Trouble::Stalled => kind(Uplink::Stalled),
            Trouble::TakenOver => kind(Uplink::TakenOver),
            Trouble::Login => kind(Uplink::Login),
            Trouble::Refused(said) => Uplink::Refused.zh(said),
            Trouble::Protocol(said) => Uplink::Protocol.zh(said),
            Trouble::CaFile(said) => Uplink::CaFile.zh(said),
            Trouble::UnknownCa => kind(Uplink::UnknownCa),
            Trouble::ClockBehind(day) => Uplink::ClockBehind.zh(&day.to_string()),
            Trouble::ClockAhead(day) => Uplink::ClockAhead.zh(&day.to_string()),
            Trouble::NotYetValid => kind(Uplink::NotYetValid),
            Trouble::Expired => kind(Uplink::Expired),
            Trouble::WrongName(said) => Uplink::WrongName.zh(said.trim_start_matches(": ")),
            Trouble::OwnFiles(said) => Uplink::OwnFiles.zh(said),
            Trouble::OwnExpired(day) => Uplink::OwnExpired.zh(&day.to_string()),
            Trouble::OwnNotYetValid(day) => Uplink::OwnNotYetValid.zh(&day.to_string()),
            Trouble::OwnRefused(said) => Uplink::OwnRefused.zh(said),
            Trouble::WantsCertificate => kind(Uplink::WantsCertificate),
            Trouble::NotTls => kind(Uplink::NotTls),
            Trouble::Tls(said) => Uplink::Tls.zh(said),
            Trouble::MayNotRead(topic) => Uplink::MayNotRead.zh(topic),
            Trouble::TakesTooLittle(bytes) => Uplink::TakesTooLittle.zh(&bytes.to_string()),
            Trouble::MayNotWrite(said) => Uplink::MayNotWrite.zh(said),
        }
    }

    /// Whether it ends by itself when the clock is set.
    #[must_use]
    pub const fn waits_for_the_time(&self) -> bool {
        matches!(self, Trouble::ClockBehind(_) | Trouble::ClockAhead(_))
    }

    /// Whether it is another one than that: a clock that walks on is none.
    #[must_use]
    pub fn is_like(&self, other: &Trouble) -> bool {
        self == other || (self.waits_for_the_time() && discriminant(self) == discriminant(other))
    }
}

impl From<TlsFileError> for Trouble {
    fn from(error: TlsFileError) -> Self {
        let said = short(&error.to_string());
        match error {
            TlsFileError::Missing | TlsFileError::Unusable { key: "ca_file", .. } => Trouble::CaFile(said),
            TlsFileError::Unusable { .. } | TlsFileError::KeyDoesNotFit { .. } => Trouble::OwnFiles(said),
        }
    }
}

impl From<&ConnectionError> for Trouble {
    fn from(error: &ConnectionError) -> Self {
        match error {
            ConnectionError::MqttState(state) => of_state(state),
            ConnectionError::Timeout(_) => Trouble::NoAnswer,
            ConnectionError::Tls(TlsError::TLS(tls)) => of_tls(tls),
            ConnectionError::Tls(TlsError::Io(io)) | ConnectionError::Io(io) => of_io(io),
            ConnectionError::Tls(other) => Trouble::Tls(short(&other.to_string())),
            ConnectionError::ConnectionRefused(code) => of_refusal(*code),
            ConnectionError::NotConnAck(_) => Trouble::Protocol("no CONNACK".to_owned()),
            ConnectionError::RequestsDone => Trouble::Closed("by ourselves".to_owned()),
        }
    }
}

fn of_state(error: &StateError) -> Trouble {
    match error {
        StateError::Io(io) | StateError::Deserialization(PacketError::Io(io)) => of_io(io),
        StateError::AwaitPingResp | StateError::CollisionTimeout => Trouble::Dead,
        StateError::ConnectionAborted => Trouble::Closed("without a word".to_owned()),
        StateError::ServerDisconnect { reason_code: DisconnectReasonCode::SessionTakenOver, .. } => Trouble::TakenOver,
        StateError::ServerDisconnect { reason_code, .. } => Trouble::Closed(short(&format!("{reason_code:?}"))),
        StateError::ConnFail { reason } => of_refusal(*reason),
        other => Trouble::Protocol(short(&other.to_string())),
    }
}

fn of_refusal(code: ConnectReturnCode) -> Trouble {
    match code {
        ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized => Trouble::Login,
        ConnectReturnCode::UnsupportedProtocolVersion | ConnectReturnCode::RefusedProtocolVersion => {
            Trouble::Protocol("MQTT 5 is refused".to_owned())
        }
        other => Trouble::Refused(format!("{other:?}")),
    }
}

fn of_io(error: &io::Error) -> Trouble {
    let inner: Option<&(dyn Error + 'static)> = error.get_ref().map(|inner| inner as _);
    if let Some(tls) = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return of_tls(tls);
    }
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Trouble::NobodyThere,
        io::ErrorKind::TimedOut => Trouble::NoAnswer,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => {
            Trouble::NoWay(short(&error.to_string()))
        }
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof => {
            Trouble::Closed(short(&error.to_string()))
        }
        // A failed look-up has no kind of its own.
        _ if error.to_string().contains("lookup address") => Trouble::Name(short(&error.to_string())),
        _ => Trouble::Closed(short(&error.to_string())),
    }
}

fn of_tls(error: &rustls::Error) -> Trouble {
    match error {
        rustls::Error::InvalidCertificate(certificate) => match certificate {
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Trouble::NotYetValid,
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Trouble::Expired,
            // A bad signature is an issuer of the same name with another key: the CA was made anew.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Trouble::UnknownCa,
            CertificateError::NotValidForName => Trouble::WrongName(String::new()),
            CertificateError::NotValidForNameContext { presented, .. } => {
                Trouble::WrongName(short(&format!(": it is for {}", presented.join(", "))))
            }
            other => Trouble::Tls(short(&other.to_string())),
        },
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => Trouble::WantsCertificate,
        rustls::Error::AlertReceived(AlertDescription::CertificateExpired) => Trouble::OwnRefused(EXPIRED.to_owned()),
        // Source: RFC 8446 section 6.2: what is said of a certificate that was received.
        rustls::Error::AlertReceived(
            alert @ (AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied),
        ) => Trouble::OwnRefused(short(&format!("{alert:?}"))),
        rustls::Error::InvalidMessage(_) => Trouble::NotTls,
        other => Trouble::Tls(short(&other.to_string())),
    }
}

/// Cuts words from outside to [`REASON_BYTES_MAX`] at a sign.
#[must_use]
pub fn short(text: &str) -> String {
    if text.len() <= REASON_BYTES_MAX {
        return text.to_owned();
    }
    let end = (0..=REASON_BYTES_MAX - '…'.len_utf8()).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    format!("{}…", text.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::time::{Boot, Mono};

    #[test]
    fn a_clock_that_is_behind_is_named() {
        let tls = rustls::Error::InvalidCertificate(CertificateError::NotValidYet);
        let error = ConnectionError::Tls(TlsError::Io(io::Error::new(io::ErrorKind::InvalidData, tls)));
        let at = |wall, trust| Moment { boot: Boot(1), mono: Mono(0), wall: Wall(wall), trust };
        let trouble = Trouble::from(&error).seen_by(at(90_000_000, Trust::Unset), None);
        assert!(trouble.waits_for_the_time());
        let said = trouble.to_string();
        assert!(said.starts_with("this box's clock stands at 1970-01-02: no certificate can be valid yet"), "{said}");
        assert!(trouble.is_like(&Trouble::ClockBehind(Day(0))));
        assert_eq!(Trouble::from(&error).seen_by(at(0, Trust::Synced), None), Trouble::NotYetValid);
    }

    #[test]
    fn what_the_broker_says_of_our_certificate_is_told_with_its_dates() {
        let refused = |alert| {
            let tls = rustls::Error::AlertReceived(alert);
            Trouble::from(&ConnectionError::Io(io::Error::new(io::ErrorKind::InvalidData, tls)))
        };
        let at = |wall| Moment { boot: Boot(1), mono: Mono(0), wall: Wall(wall), trust: Trust::Unset };
        let dates = Some(Validity { from_s: 86_400, until_s: 10 * 86_400 });
        for (alert, now_ms, trouble) in [
            (AlertDescription::CertificateExpired, 0, Trouble::OwnExpired(Day(10 * 86_400))),
            (AlertDescription::BadCertificate, 0, Trouble::OwnNotYetValid(Day(86_400))),
            (AlertDescription::BadCertificate, 86_400_000_000, Trouble::OwnExpired(Day(10 * 86_400))),
            (AlertDescription::UnknownCA, 100_000_000, Trouble::OwnRefused("UnknownCA".to_owned())),
        ] {
            assert_eq!(refused(alert).seen_by(at(now_ms), dates), trouble);
        }
    }

    #[test]
    fn an_alert_after_the_handshake_is_understood() {
        let tls = rustls::Error::AlertReceived(AlertDescription::CertificateRequired);
        let io = io::Error::new(io::ErrorKind::InvalidData, tls);
        let error = ConnectionError::MqttState(StateError::Deserialization(PacketError::Io(io)));
        assert_eq!(Trouble::from(&error), Trouble::WantsCertificate);
    }

    #[test]
    fn long_words_from_outside_are_cut_at_a_sign() {
        let text = "证".repeat(100);
        let cut = short(&text);
        assert!(cut.len() <= REASON_BYTES_MAX && cut.ends_with('…'), "{}", cut.len());
        assert_eq!(short("fine"), "fine");
    }
}
