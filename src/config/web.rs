//! Where a web server listens, and under which path: of webhooks and of everything else that is posted to.

use std::fmt;
use std::str::FromStr;

use crate::broker::{UrlError, host_and_port, is_this_box};
use crate::private::Private;

/// `http://host[:port][/path]`, or `https://…` with TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebUrl {
    /// TLS, checked against a certificate authority.
    pub tls: bool,
    /// Name or IP address, an IPv6 address without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Path and query, beginning with `/`. Group robots carry their key in it, so it is never printed.
    pub target: Private<String>,
}

/// Why a text is not a [`WebUrl`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebUrlError {
    /// Neither `http://` nor `https://`.
    #[error("begin with https:// or, on a network of one's own, http://")]
    Scheme,
    /// A user or password in front of the host.
    #[error("take the name and password in front of the @ out; they are not sent")]
    Login,
    /// No host, or signs that no host has.
    #[error("write the host as a name or an IP address")]
    Host,
    /// Not a port.
    #[error("write the port as a number from 1 to 65535")]
    Port,
    /// A sign that may not stand in an address, or a fragment.
    #[error("write the path without blanks, Chinese signs and #, as the other side gave it")]
    Target,
}

impl WebUrl {
    const PORT: u16 = 80;
    const PORT_TLS: u16 = 443;

    /// Whether it never leaves the box.
    #[must_use]
    pub fn is_local(&self) -> bool {
        is_this_box(&self.host)
    }

    /// Host and port as they stand in an address and in the `Host` header.
    #[must_use]
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl FromStr for WebUrl {
    type Err = WebUrlError;

    fn from_str(text: &str) -> Result<Self, WebUrlError> {
        let (tls, rest) = match text.split_once("://") {
            Some(("http", rest)) => (false, rest),
            Some(("https", rest)) => (true, rest),
            _ => return Err(WebUrlError::Scheme),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        if authority.contains('@') {
            return Err(WebUrlError::Login);
        }
        let (host, port) =
            host_and_port(authority, if tls { Self::PORT_TLS } else { Self::PORT }).map_err(|why| match why {
                UrlError::Port => WebUrlError::Port,
                _ => WebUrlError::Host,
            })?;
        if target.contains('#') || !target.bytes().all(|sign| sign.is_ascii_graphic()) {
            return Err(WebUrlError::Target);
        }
        let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
        Ok(Self { tls, host, port, target: Private::new(target) })
    }
}

/// Without the path.
impl fmt::Display for WebUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.tls { "https" } else { "http" }, self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_and_its_path_is_never_shown() {
        for (text, shown, target) in [
            ("https://hook.example/send?key=made-up", "https://hook.example:443", "/send?key=made-up"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080", "/"),
            ("http://[::1]:8080/a/b", "http://[::1]:8080", "/a/b"),
            ("https://hook.example?key=1", "https://hook.example:443", "/?key=1"),
        ] {
            let url: WebUrl = text.parse().expect(text);
            assert_eq!((url.to_string().as_str(), url.target.reveal().as_str()), (shown, target));
            assert!(!format!("{url} {url:?}").contains("made-up"));
        }
    }

    #[test]
    fn what_is_no_address_says_how_to_write_one() {
        for (text, why) in [
            ("", WebUrlError::Scheme),
            ("hook.example/send", WebUrlError::Scheme),
            ("mqtt://hook.example", WebUrlError::Scheme),
            ("https://", WebUrlError::Host),
            ("https:///send", WebUrlError::Host),
            ("https://u:p@hook.example/", WebUrlError::Login),
            ("https://hook.example:0/", WebUrlError::Port),
            ("https://hook.example/a b", WebUrlError::Target),
            ("https://hook.example/示例", WebUrlError::Target),
            ("https://hook.example/a#b", WebUrlError::Target),
            ("https://hook.example/a\r\nX: y", WebUrlError::Target),
        ] {
            assert_eq!(text.parse::<WebUrl>(), Err(why), "{text}");
        }
    }
}
