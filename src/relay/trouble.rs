//! What is wrong with the way to the county, in sentences that somebody standing beside the box can act on.

use std::error::Error;
use std::io;

use rumqttc::TlsError;
use rumqttc::v5::mqttbytes::Error as PacketError;
use rumqttc::v5::mqttbytes::v5::{ConnectReturnCode, DisconnectReasonCode};
use rumqttc::v5::{ConnectionError, StateError};
use rustls::{AlertDescription, CertificateError};

use crate::broker::CaFileError;
use crate::limits::REASON_BYTES_MAX;

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
    /// The clock is behind, most likely.
    #[error(
        "the county's certificate is not valid yet by this box's clock, so the clock is probably wrong: it is tried \
         again by itself once the time is set"
    )]
    ClockBehind,
    /// Expired, or the clock is ahead.
    #[error(
        "the county's certificate has expired by this box's clock: if the clock is right, the county must renew it"
    )]
    Expired,
    /// For another name.
    #[error("the county's certificate is for another name than the address configured here{0}")]
    WrongName(String),
    /// The broker wants a client certificate.
    #[error("the county's broker wants a certificate from this box")]
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

impl From<CaFileError> for Trouble {
    fn from(error: CaFileError) -> Self {
        Trouble::CaFile(short(&error.to_string()))
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
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Trouble::ClockBehind,
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

    #[test]
    fn a_clock_that_is_behind_is_named() {
        let tls = rustls::Error::InvalidCertificate(CertificateError::NotValidYet);
        let error = ConnectionError::Tls(TlsError::Io(io::Error::new(io::ErrorKind::InvalidData, tls)));
        let trouble = Trouble::from(&error);
        assert_eq!(trouble, Trouble::ClockBehind);
        assert!(trouble.to_string().contains("clock"), "{trouble}");
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
