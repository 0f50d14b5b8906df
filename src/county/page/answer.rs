//! Requests and what they are answered: which address, by which name, in which language, and what a browser may do.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn, map_response};
use axum::response::{Html, IntoResponse, Response, Sse};
use axum::routing::get;

use super::html::Picture;
use super::live::Feed;
use super::survey::{Reader, Trouble};
use crate::county::book::{Book, BookError};
use crate::words::{Both, Lang, page as say};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// What every answer says to the browser: nothing is kept, nothing is guessed, and nothing but this page's own style,
/// script and stream is fetched or run.
const HEADERS: [(&str, &str); 7] = [
    (
        "content-security-policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
];

/// What an answer is made from.
#[derive(Debug, Clone)]
pub(super) struct Desk {
    pub(super) reader: Arc<Reader>,
    pub(super) feed: Arc<Feed>,
}

/// Every address of the page. Relative to each other, so that a proxy may serve them below any path.
pub(super) fn routes(desk: Desk) -> Router {
    let routes = Router::new()
        .route("/", get(page))
        .route("/live", get(live))
        .route("/page.css", get(style))
        .route("/page.js", get(script))
        .route("/api/alarms", get(alarms))
        .route("/api/devices", get(devices))
        .route("/api/stations", get(stations))
        .fallback(nothing)
        .with_state(desk);
    routes.layer(from_fn(by_address)).layer(map_response(guarded))
}

async fn page(State(desk): State<Desk>, uri: Uri, headers: HeaderMap) -> Html<String> {
    Html(Picture::look(&desk.reader).await.page(language(&uri, &headers)))
}

async fn live(State(desk): State<Desk>, uri: Uri, headers: HeaderMap) -> Response {
    let lang = language(&uri, &headers);
    match desk.feed.listen(lang) {
        Some(events) => Sse::new(events).into_response(),
        None => sentence(StatusCode::SERVICE_UNAVAILABLE, say::FULL, lang),
    }
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)
}

async fn script() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT)
}

/// Open alarms; with `?all` every alarm there ever was.
async fn alarms(State(desk): State<Desk>, uri: Uri) -> Response {
    let open_only = key(&uri, "all").is_none();
    rows(&desk, async |book| book.alarms(open_only).await).await
}

async fn devices(State(desk): State<Desk>) -> Response {
    rows(&desk, async |book| book.devices().await).await
}

async fn stations(State(desk): State<Desk>) -> Response {
    let board = desk.reader.board();
    rows(&desk, async |book| book.stations((board.clock)(), board.silent_after_s).await).await
}

async fn nothing(uri: Uri, headers: HeaderMap) -> Response {
    sentence(StatusCode::NOT_FOUND, say::NO_SUCH_PAGE, language(&uri, &headers))
}

/// The rows of a list as JSON, the same as on the command line.
async fn rows<T: serde::Serialize>(desk: &Desk, what: impl AsyncFnOnce(&Book) -> Result<T, BookError>) -> Response {
    let json = |status, body: String| (status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
    match desk.reader.read(what).await {
        Ok(rows) => {
            json(StatusCode::OK, serde_json::to_string(&rows).expect("rows have text keys only and always serialise"))
        }
        Err(trouble) => {
            json(StatusCode::SERVICE_UNAVAILABLE, serde_json::json!({ "error": trouble_word(trouble) }).to_string())
        }
    }
}

fn trouble_word(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Missing => "no_database",
        Trouble::Version => "other_version",
        Trouble::Unreadable => "unreadable",
        Trouble::Slow => "no_answer",
    }
}

fn sentence(status: StatusCode, says: Both, lang: Lang) -> Response {
    (status, [(header::CONTENT_LANGUAGE, lang.tag())], says.say(lang)).into_response()
}

/// What the address asks for, else what the browser prefers.
fn language(uri: &Uri, headers: &HeaderMap) -> Lang {
    let asked = key(uri, "lang").and_then(|word| word.parse().ok());
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    asked.unwrap_or_else(|| Lang::of_accept_language(accepted))
}

/// The value of a key of the query, empty when it has none.
fn key<'a>(uri: &'a Uri, name: &str) -> Option<&'a str> {
    let pairs = uri.query().unwrap_or_default().split('&');
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// Refuses whoever comes by a name; the module's head says why.
async fn by_address(request: Request, next: Next) -> Response {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok());
    if hosts.next().is_none() && host.is_some_and(is_this_machine) {
        return next.run(request).await;
    }
    sentence(StatusCode::MISDIRECTED_REQUEST, say::WRONG_HOST, language(request.uri(), request.headers()))
}

/// Whether a `Host` names this machine by `localhost` or a loopback address, whatever the port.
fn is_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or("", |(address, _)| address),
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

async fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
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
