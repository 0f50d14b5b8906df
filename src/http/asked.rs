//! What a request asks for beside its address: in which language, by which key of the query, and by whose name it came.

use std::net::IpAddr;

use axum::http::{HeaderMap, Uri, header};

use crate::words::Lang;

/// What the address asks for, else what the browser prefers.
#[must_use]
pub fn language(uri: &Uri, headers: &HeaderMap) -> Lang {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    asked_language(uri).unwrap_or_else(|| Lang::of_accept_language(accepted))
}

/// The language that the address asks for, if it does.
#[must_use]
pub fn asked_language(uri: &Uri) -> Option<Lang> {
    key(uri, "lang").and_then(|word| word.parse().ok())
}

/// The value of a key of the query, empty when it has none.
#[must_use]
pub fn key<'a>(uri: &'a Uri, name: &str) -> Option<&'a str> {
    let pairs = uri.query().unwrap_or_default().split('&');
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// The one `Host` that a request names; none when it names several or none.
#[must_use]
pub fn host(headers: &HeaderMap) -> Option<&str> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok());
    if hosts.next().is_none() { host } else { None }
}

/// Whether a `Host` names this machine by `localhost` or a loopback address, whatever the port.
#[must_use]
pub fn is_this_machine(host: &str) -> bool {
    let name = name_of(host);
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The name or address in a `Host`, without its port.
#[must_use]
pub fn name_of(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or("", |(address, _)| address),
        None => host.split_once(':').map_or(host, |(name, _)| name),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_addresses_of_this_machine_are_its_own() {
        for own in ["127.0.0.1", "127.0.0.1:8080", "127.9.9.9", "localhost:80", "LOCALHOST", "[::1]:8080", "[::1]"] {
            assert!(is_this_machine(own), "{own}");
        }
        for foreign in
            ["", "example.org", "127.0.0.1.example.org", "localhost.example.org:8080", "[::1", "10.0.0.1", ":80"]
        {
            assert!(!is_this_machine(foreign), "{foreign}");
        }
    }

    #[test]
    fn a_language_in_the_address_wins() {
        let browser = |accepted: &'static str| {
            HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, HeaderValue::from_static(accepted))])
        };
        let uri = |text: &'static str| Uri::from_static(text);
        assert_eq!(language(&uri("/?lang=en"), &browser("zh")), Lang::En);
        assert_eq!(language(&uri("/?a=1&lang=zh"), &browser("en")), Lang::Zh);
        assert_eq!(language(&uri("/?lang=xx"), &browser("en")), Lang::En);
        assert_eq!(language(&uri("/"), &HeaderMap::new()), Lang::Zh);
    }
}
