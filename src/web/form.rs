//! What a browser sends with a form, and whether this page made it.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, header};

use super::act::Act;
use crate::http::asked::{host, name_of};

/// The fields of a form.
#[derive(Debug, Default)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads the body of a request; none when it is too long or no form.
    pub(super) fn read(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Option<Form> {
        let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        if kind.split(';').next()?.trim() != "application/x-www-form-urlencoded" {
            return None;
        }
        let body = body.ok()?;
        Some(Form(form_urlencoded::parse(&body).into_owned().collect()))
    }

    /// The value of a field; the first, where it stands twice.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The code from inside of a door, where something was written.
    pub(super) fn door(&self) -> Option<String> {
        self.field("door").map(str::trim).filter(|code| !code.is_empty()).map(str::to_owned)
    }

    /// What somebody wants to do, and how the alarm stood on the page on which they said so.
    pub(super) fn act(&self) -> Option<(Act, u32)> {
        Some((Act::from_word(self.field("do")?)?, self.field("rev")?.parse().ok()?))
    }
}

/// Whether this page's own form was sent. A browser says so itself (`Sec-Fetch-Site`, Fetch Metadata); one that is too old for it
/// names at least where the form stood (`Origin`).
///
/// A page that tells no referrer sends `Origin: null` from its own forms too (Fetch, 3.1), which is believed where `null_is_own`:
/// behind a link, whose secret no other site knows.
pub(super) fn is_own(headers: &HeaderMap, public_host: Option<&str>, null_is_own: bool) -> bool {
    let text = |name| headers.get(name).map(|value: &axum::http::HeaderValue| value.to_str().unwrap_or("?"));
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    match text("origin") {
        None | Some("null") => null_is_own,
        Some(origin) => {
            let Some((_, from)) = origin.split_once("://") else { return false };
            host(headers).is_some_and(|host| host.eq_ignore_ascii_case(from))
                || public_host.is_some_and(|public| public.eq_ignore_ascii_case(name_of(from)))
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    #[test]
    fn a_form_of_another_site_is_told_from_our_own() {
        for (sent, own, own_behind_a_link) in [
            ("sec-fetch-site: same-origin", true, true),
            ("sec-fetch-site: same-origin, origin: null", true, true),
            ("sec-fetch-site: same-site", false, false),
            ("sec-fetch-site: cross-site, origin: http://127.0.0.1:1", false, false),
            ("sec-fetch-site: none", false, false),
            ("origin: http://127.0.0.1:1", true, true),
            ("origin: http://127.0.0.1:2", false, false),
            ("origin: https://desk.example", true, true),
            ("origin: https://desk.example.org", false, false),
            ("origin: null", false, true),
            ("", false, true),
        ] {
            let mut headers = HeaderMap::new();
            for line in sent.split(", ").chain(["host: 127.0.0.1:1"]).filter(|line| !line.is_empty()) {
                let (name, value) = line.split_once(": ").expect("a header");
                headers.insert(name.parse::<HeaderName>().expect("a name"), value.parse().expect("a value"));
            }
            let says = |null| is_own(&headers, Some("desk.example"), null);
            assert_eq!((says(false), says(true)), (own, own_behind_a_link), "{sent}");
        }
    }
}
