//! The address of a broker: `mqtt://host:port`, or `mqtts://host:port` with TLS.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// Where a broker listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerUrl {
    /// TLS, checked against a certificate authority.
    pub tls: bool,
    /// Name or IP address, an IPv6 address without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// Why a text is not a [`BrokerUrl`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Neither `mqtt://` nor `mqtts://`.
    #[error("begin with mqtt:// or, with TLS, mqtts://")]
    Scheme,
    /// A user or password inside.
    #[error("put the name into username and the password into a file named by password_file")]
    Secret,
    /// No host, or signs that no host has.
    #[error("write the host as a name or an IP address")]
    Host,
    /// Not a port.
    #[error("write the port as a number from 1 to 65535")]
    Port,
    /// A path, query or fragment.
    #[error("end after the port; topics are configured elsewhere")]
    Path,
}

impl BrokerUrl {
    /// IANA: `mqtt`.
    pub const PORT: u16 = 1883;
    /// IANA: `secure-mqtt`.
    pub const PORT_TLS: u16 = 8883;

    /// Whether it never leaves the box.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

impl FromStr for BrokerUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let (tls, rest) = match text.split_once("://") {
            Some(("mqtt", rest)) => (false, rest),
            Some(("mqtts", rest)) => (true, rest),
            _ => return Err(UrlError::Scheme),
        };
        if rest.contains('@') {
            return Err(UrlError::Secret);
        }
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#']) {
            return Err(UrlError::Path);
        }
        let (host, port) = match rest.strip_prefix('[') {
            Some(bracketed) => {
                let (host, behind) = bracketed.split_once(']').ok_or(UrlError::Host)?;
                host.parse::<std::net::Ipv6Addr>().map_err(|_| UrlError::Host)?;
                let port = if behind.is_empty() { None } else { Some(behind.strip_prefix(':').ok_or(UrlError::Port)?) };
                (host, port)
            }
            None => match rest.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (rest, None),
            },
        };
        let named = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '.' | '-' | '_' | ':');
        if host.is_empty() || !host.chars().all(named) {
            return Err(UrlError::Host);
        }
        let port = match port {
            None if tls => Self::PORT_TLS,
            None => Self::PORT,
            Some(port) => port.parse().ok().filter(|port| *port > 0).ok_or(UrlError::Port)?,
        };
        Ok(Self { tls, host: host.to_owned(), port })
    }
}

impl fmt::Display for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "mqtts" } else { "mqtt" };
        if self.host.contains(':') {
            write!(f, "{scheme}://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{scheme}://{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written_alike() {
        for (text, again, local) in [
            ("mqtt://127.0.0.1", "mqtt://127.0.0.1:1883", true),
            ("mqtts://county.example:8884/", "mqtts://county.example:8884", false),
            ("mqtts://[::1]", "mqtts://[::1]:8883", true),
            ("mqtt://localhost:1884", "mqtt://localhost:1884", true),
        ] {
            let url: BrokerUrl = text.parse().expect(text);
            assert_eq!((url.to_string().as_str(), url.is_local()), (again, local));
        }
    }

    #[test]
    fn a_password_in_an_address_is_refused_before_anything_else_is_looked_at() {
        for (text, why) in [
            ("tcp://a:1", UrlError::Scheme),
            ("mqtt://user:secret@a:1", UrlError::Secret),
            ("mqtt://", UrlError::Host),
            ("mqtt://a b", UrlError::Host),
            ("mqtt://a:0", UrlError::Port),
            ("mqtt://a:x", UrlError::Port),
            ("mqtt://[::1]x", UrlError::Port),
            ("mqtt://a:1/topic", UrlError::Path),
        ] {
            assert_eq!(text.parse::<BrokerUrl>(), Err(why), "{text}");
        }
    }
}
