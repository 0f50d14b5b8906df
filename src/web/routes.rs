//! Every address of the station's pages, and what is true of all of them.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state, map_response};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

use super::asking::Asker;
use super::attempts::Attempts;
use super::desk::Feed;
use super::names::Known;
use super::session::Sessions;
use super::tally::{Count, Minute};
use super::{Settings, answer, desk, frame};
use crate::core::attempt::{Attempt, Barred, Tried};
use crate::http::asked::{host, is_this_machine, language, name_of};
use crate::http::guard::{ASKS, guarded};
use crate::limits::web::{FORM_BYTES_MAX, PASSWORDS_AT_ONCE, WRONG_LINKS_PER_MIN, WRONG_PASSWORDS_PER_MIN};
use crate::words::{Both, Lang, answer_page as say, page};

const STYLE: &str = concat!(include_str!("web.css"), include_str!("desk/desk.css"));

/// What every answer is made from.
#[derive(Debug)]
pub(super) struct Web {
    pub(super) settings: Settings,
    pub(super) station: Asker,
    pub(super) wrong_links: Minute,
    pub(super) wrong_passwords: Minute,
    /// Turns for looking at a password.
    pub(super) passwords: Semaphore,
    pub(super) sessions: Sessions,
    pub(super) feed: Feed,
    /// What moved no alarm, on its way into the log.
    pub(super) attempts: Attempts,
    /// No further answer is given.
    pub(super) closed: CancellationToken,
    known: watch::Receiver<Arc<Known>>,
}

impl Web {
    pub(super) fn new(
        settings: Settings,
        station: Asker,
        known: watch::Receiver<Arc<Known>>,
        stop: CancellationToken,
    ) -> Self {
        Self {
            settings,
            station,
            known,
            wrong_links: Minute::new(WRONG_LINKS_PER_MIN),
            wrong_passwords: Minute::new(WRONG_PASSWORDS_PER_MIN),
            passwords: Semaphore::new(PASSWORDS_AT_ONCE),
            sessions: Sessions::default(),
            feed: Feed::new(stop),
            attempts: Attempts::new(),
            closed: CancellationToken::new(),
        }
    }

    /// The village as it stands.
    pub(super) fn known(&self) -> Arc<Known> {
        self.known.borrow().clone()
    }

    /// Nothing comes of what somebody tried: it is counted, and kept for whoever inspects the log.
    pub(super) fn bar(&self, attempt: Attempt) {
        if let Some(count) = attempt.barred.and_then(Count::of) {
            self.settings.tally.add(count);
        }
        self.attempts.note(attempt);
    }

    /// A page that says one sentence. `root` leads from the address to the top.
    pub(super) fn says(&self, status: StatusCode, says: Both, root: &str, lang: Lang) -> Response {
        let html = frame::sentence(says, root, self.settings.call_back.as_ref(), lang);
        (status, [(header::CONTENT_LANGUAGE, lang.tag())], Html(html)).into_response()
    }
}

/// Every address of the pages. Relative to each other, so that a proxy may serve them below any path.
pub(super) fn routes(web: Arc<Web>) -> Router {
    let routes = Router::new()
        .route("/web.css", get(style))
        .merge(answer::routes())
        .merge(desk::routes())
        .fallback(nothing)
        .method_not_allowed_fallback(not_here);
    routes
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .layer(from_fn_with_state(web.clone(), by_name))
        .layer(map_response(async |response| guarded(response, ASKS)))
        .with_state(web)
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)
}

async fn nothing(State(web): State<Arc<Web>>, uri: Uri, headers: HeaderMap) -> Response {
    web.says(StatusCode::NOT_FOUND, page::NO_SUCH_PAGE, root_of(&uri), language(&uri, &headers))
}

async fn not_here(State(web): State<Arc<Web>>, uri: Uri, headers: HeaderMap) -> Response {
    web.says(StatusCode::METHOD_NOT_ALLOWED, say::NOT_HERE, root_of(&uri), language(&uri, &headers))
}

/// The way from an address to the top.
fn root_of(uri: &Uri) -> &'static str {
    match uri.path().matches('/').count() {
        0 | 1 => "",
        2 => "../",
        _ => "../../",
    }
}

/// What a form was sent for, by its address; none for what sends no form.
fn tried(request: &Request) -> Option<Tried> {
    let path = request.uri().path();
    Some(match path {
        _ if request.method() != Method::POST => return None,
        "/desk/login" => Tried::LogIn,
        "/desk/logout" => Tried::LogOut,
        _ if path.starts_with("/a/") => Tried::AnswerByLink,
        _ if path.starts_with("/desk/") => Tried::AnswerAtDesk,
        _ => return None,
    })
}

/// Without TLS, refuses whoever comes by a name that is not ours: a foreign name that resolves to 127.0.0.1 would make its page
/// and this one the same to a browser. With TLS the certificate does that.
async fn by_name(State(web): State<Arc<Web>>, request: Request, next: Next) -> Response {
    let public = web.settings.public_host();
    let ours =
        |host: &str| is_this_machine(host) || public.is_some_and(|name| name.eq_ignore_ascii_case(name_of(host)));
    if web.settings.seal.is_some() || host(request.headers()).is_some_and(ours) {
        return next.run(request).await;
    }
    if let Some(tried) = tried(&request) {
        web.bar(Attempt::new(tried, Some(Barred::ForeignForm)));
    }
    let lang = language(request.uri(), request.headers());
    (StatusCode::MISDIRECTED_REQUEST, page::WRONG_HOST.say(lang)).into_response()
}
