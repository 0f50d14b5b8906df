//! Requests and what they are answered: which address, by which name, in which language, and what a browser may do.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn, map_response};
use axum::response::{Html, IntoResponse, Response, Sse};
use axum::routing::get;

use super::html::Picture;
use super::live::Feed;
use super::survey::{Reader, Trouble};
use crate::county::book::{Book, BookError};
use crate::http::asked::{host, is_this_machine, key, language};
use crate::http::guard::{SHOWS, guarded};
use crate::words::{Both, Lang, page as say};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("../../http/live.js");

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
    routes.layer(from_fn(by_address)).layer(map_response(async |response| guarded(response, SHOWS)))
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

/// Refuses whoever comes by a name; the module's head says why.
async fn by_address(request: Request, next: Next) -> Response {
    if host(request.headers()).is_some_and(is_this_machine) {
        return next.run(request).await;
    }
    sentence(StatusCode::MISDIRECTED_REQUEST, say::WRONG_HOST, language(request.uri(), request.headers()))
}
