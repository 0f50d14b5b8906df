//! Where the county's broker is: `mqtt://host[:port]` or `mqtts://host[:port]`.

use std::fmt;
use std::str::FromStr;

/// Address of a broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Host name or IPv4 address.
    pub host: String,
    /// Port; 1883 or 8883 where none is given.
    pub port: u16,
    /// Over TLS.
    pub tls: bool,
}

/// Why a text is not an [`Endpoint`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// The scheme is missing or another.
    #[error("a broker is written mqtts://host:port, or mqtt://host:port without encryption")]
    Scheme,
    /// No host, or signs that a host cannot have.
    #[error(
        "a broker needs a host name, such as mqtts://broker.county.example:8883; user and password stand elsewhere"
    )]
    Host,
    /// The port is no number from 1 to 65535.
    #[error("the port must be a number from 1 to 65535")]
    Port,
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (tls, rest) = match text.split_once("://") {
            Some(("mqtts", rest)) => (true, rest),
            Some(("mqtt", rest)) => (false, rest),
            _ => return Err(EndpointError::Scheme),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match rest.split_once(':') {
            Some((host, port)) => (host, port.parse().ok().filter(|&port| port > 0).ok_or(EndpointError::Port)?),
            None => (rest, if tls { 8883 } else { 1883 }),
        };
        let plain = host.bytes().all(|sign| sign.is_ascii_alphanumeric() || matches!(sign, b'.' | b'-' | b'_'));
        if host.is_empty() || !plain {
            return Err(EndpointError::Host);
        }
        Ok(Self { host: host.to_owned(), port, tls })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}:{}", if self.tls { "mqtts" } else { "mqtt" }, self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_with_its_usual_port() {
        let read = |text: &str| text.parse::<Endpoint>().map(|endpoint| endpoint.to_string());
        assert_eq!(read("mqtts://broker.county.example").as_deref(), Ok("mqtts://broker.county.example:8883"));
        assert_eq!(read("mqtt://127.0.0.1:1884/").as_deref(), Ok("mqtt://127.0.0.1:1884"));
        assert_eq!(read("broker.county.example"), Err(EndpointError::Scheme));
        assert_eq!(read("mqtt://"), Err(EndpointError::Host));
        assert_eq!(read("mqtt://user@host"), Err(EndpointError::Host));
        assert_eq!(read("mqtt://host:0"), Err(EndpointError::Port));
        assert_eq!(read("mqtt://host:secret"), Err(EndpointError::Port));
    }
}
