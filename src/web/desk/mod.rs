//! The duty desk and the wall: behind a log-in, live, and what is noted there is an order in somebody's name.

mod login;

mod html;

mod sheet;

mod card;

mod lists;

mod stops;

mod visits;

mod wall;

mod one;

mod live;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::map_response;
use axum::response::{Html, IntoResponse, Response, Sse};
use axum::routing::{get, post};
use tracing::info;

use super::act::Act;
use super::form::{Form, is_own};
use super::routes::Web;
use super::session::{Pass, Session};
use super::tally::Count;
use crate::config::pages::DeskRole;
use crate::core::alarm::{AlarmId, Disposition};
use crate::core::attempt::{Attempt, Barred, Tried};
use crate::core::effect::Order;
use crate::core::id::ResponderId;
use crate::core::refusal::Refusal;
use crate::core::time::Mono;
use crate::http::asked::{key, language};
use crate::words::{Both, Lang, answer_page, desk as say, page};
use html::{Look, Picture, Screen};
pub(super) use live::Feed;
use login::session_of;
use one::One;

const SCRIPT: &str = concat!(include_str!("../../http/live.js"), include_str!("web.js"));

/// The addresses of the desk and the wall.
pub(super) fn routes() -> Router<Arc<Web>> {
    let pages = Router::new()
        .route("/", get(async || lead_to("desk".to_owned())))
        .route("/desk/login", get(login::ask).post(login::enter))
        .route("/desk/logout", post(login::leave))
        .route("/desk", get(desk))
        .route("/desk/live", get(desk_live))
        .route("/desk/alarm/{id}", get(alarm).post(act))
        .route("/desk/stop/{until}", post(note_stop))
        .route("/wall", get(wall))
        .route("/wall/live", get(wall_live))
        .route("/web.js", get(async || ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT)));
    let pages = pages.merge(visits::routes());
    // A form of the desk names where it stood; nobody else is told.
    pages.layer(map_response(async |mut response: Response| {
        let same = header::HeaderValue::from_static("same-origin");
        response.headers_mut().entry(header::REFERRER_POLICY).or_insert(same);
        response
    }))
}

async fn desk(State(web): State<Arc<Web>>, uri: Uri, headers: HeaderMap) -> Response {
    let lang = language(&uri, &headers);
    let Some((_, session)) = session_of(&web, &headers) else {
        return lead_to(format!("desk/login?lang={}", lang.word()));
    };
    let refused = key(&uri, "no").and_then(Refusal::from_word);
    let page = Picture::look(&web).await.page(Look::desk(session.role, lang), &session, refused);
    ([(header::CONTENT_LANGUAGE, lang.tag())], Html(page)).into_response()
}

async fn wall(State(web): State<Arc<Web>>, uri: Uri, headers: HeaderMap) -> Response {
    let lang = language(&uri, &headers);
    let Some((_, session)) = session_of(&web, &headers) else {
        return lead_to(format!("desk/login?to=wall&lang={}", lang.word()));
    };
    let page = Picture::look(&web).await.page(Look::new(Screen::Wall, lang), &session, None);
    ([(header::CONTENT_LANGUAGE, lang.tag())], Html(page)).into_response()
}

async fn desk_live(State(web): State<Arc<Web>>, uri: Uri, headers: HeaderMap) -> Response {
    live(&web, &uri, &headers, |session, lang| Look::desk(session.role, lang))
}

async fn wall_live(State(web): State<Arc<Web>>, uri: Uri, headers: HeaderMap) -> Response {
    live(&web, &uri, &headers, |_, lang| Look::new(Screen::Wall, lang))
}

fn live(web: &Arc<Web>, uri: &Uri, headers: &HeaderMap, look: impl FnOnce(&Session, Lang) -> Look) -> Response {
    let lang = language(uri, headers);
    let Some((pass, session)) = session_of(web, headers) else {
        return web.says(StatusCode::UNAUTHORIZED, say::LOGIN, "../", lang);
    };
    match web.feed.listen(look(&session, lang), pass, web.clone()) {
        Some(events) => Sse::new(events).into_response(),
        None => web.says(StatusCode::SERVICE_UNAVAILABLE, page::FULL, "../", lang),
    }
}

/// One alarm, for whoever answers alarms.
async fn alarm(State(web): State<Arc<Web>>, Path(id): Path<String>, uri: Uri, headers: HeaderMap) -> Response {
    let lang = language(&uri, &headers);
    let Some((_, session)) = session_of(&web, &headers) else {
        return lead_to(format!("../login?lang={}", lang.word()));
    };
    if session.role != DeskRole::Duty {
        return web.says(StatusCode::FORBIDDEN, say::VIEW_ONLY, "../../", lang);
    }
    let Ok(at) = web.station.alarms().await else {
        return web.says(StatusCode::SERVICE_UNAVAILABLE, say::DEAF, "../../", lang);
    };
    let Some(alarm) = id.parse().ok().and_then(|id: AlarmId| at.alarms.iter().find(|alarm| alarm.id == id)) else {
        return web.says(StatusCode::NOT_FOUND, say::NO_SUCH_ALARM, "../../", lang);
    };
    let known = web.known();
    let one = One { alarm, now: at.now, known: &known, zone: &web.settings.zone, session: &session, lang };
    ([(header::CONTENT_LANGUAGE, lang.tag())], Html(one.page())).into_response()
}

/// What is wanted of a form of the desk.
struct Wanted {
    word: String,
    order: Order,
    rev: u32,
    by: ResponderId,
    door: Option<String>,
}

/// Gives the order that somebody at the desk chose, and leads them back to it.
async fn act(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let lang = language(&uri, &headers);
    let (pass, session) = match may_act(&web, &headers, &id).await {
        Ok(allowed) => allowed,
        Err((status, says)) => return web.says(status, says, "../../", lang),
    };
    let unread = async |status, says| {
        let (by, alarm) = (Some(session.responder), known_alarm(&web, &id).await);
        web.bar(Attempt { by, alarm, ..Attempt::new(Tried::AnswerAtDesk, Some(Barred::BadForm)) });
        web.says(status, says, "../../", lang)
    };
    let Ok(id) = id.parse() else { return unread(StatusCode::NOT_FOUND, say::NO_SUCH_ALARM).await };
    let form = Form::read(&headers, body).unwrap_or_default();
    let known = web.known();
    let Some(by) = named(&form, &session).filter(|by| known.has(*by)) else {
        return unread(StatusCode::BAD_REQUEST, say::NO_SUCH_PERSON).await;
    };
    let Some(wanted) = wanted(&form, id, by, &session) else {
        return unread(StatusCode::BAD_REQUEST, answer_page::BAD_FORM).await;
    };
    match give(&web, pass, &session, id, wanted).await {
        None => web.says(StatusCode::SERVICE_UNAVAILABLE, say::DEAF, "../../", lang),
        Some(refused) => back(&web, refused, lang),
    }
}

/// Somebody at the desk has seen to a stop of the station (CARE-RULES 23).
async fn note_stop(State(web): State<Arc<Web>>, Path(until): Path<String>, uri: Uri, headers: HeaderMap) -> Response {
    let lang = language(&uri, &headers);
    let (pass, session) = match may_act(&web, &headers, "").await {
        Ok(allowed) => allowed,
        Err((status, says)) => return web.says(status, says, "../../", lang),
    };
    let by = session.responder;
    let Ok(stop) = until.parse().map(Mono) else {
        web.bar(Attempt { by: Some(by), ..Attempt::new(Tried::AnswerAtDesk, Some(Barred::BadForm)) });
        return web.says(StatusCode::NOT_FOUND, page::NO_SUCH_PAGE, "../../", lang);
    };
    let id = web.settings.key.order_id(pass.bytes(), &format!("stop {}", stop.0), 0);
    let Ok(answer) = web.station.order(id, Order::NoteStop { until: stop, by }).await else {
        return web.says(StatusCode::SERVICE_UNAVAILABLE, say::DEAF, "../../", lang);
    };
    back(&web, answer.refusal(), lang)
}

/// To the desk, with what became of an order.
fn back(web: &Web, refused: Option<Refusal>, lang: Lang) -> Response {
    web.settings.tally.add(if refused.is_some() { Count::AnswersRefused } else { Count::Answers });
    let no = refused.map(|reason| format!("&no={}", reason.word())).unwrap_or_default();
    lead_to(format!("../../desk?lang={}{no}", lang.word()))
}

/// Only somebody on duty, from our own page. `about` is the alarm, as it stands in the address.
async fn may_act(web: &Web, headers: &HeaderMap, about: &str) -> Result<(Pass, Session), (StatusCode, Both)> {
    let held = session_of(web, headers);
    let (barred, status, says) = match held {
        _ if !is_own(headers, web.settings.public_host(), false) => {
            (Barred::ForeignForm, StatusCode::FORBIDDEN, answer_page::NOT_HERE)
        }
        None => (Barred::NotLoggedIn, StatusCode::UNAUTHORIZED, say::LOGIN),
        Some((_, session)) if session.role != DeskRole::Duty => {
            info!(user = %session.user, "somebody who may only look wanted to act at the desk");
            (Barred::NotAllowed, StatusCode::FORBIDDEN, say::VIEW_ONLY)
        }
        Some(allowed) => return Ok(allowed),
    };
    let by = held.map(|(_, session)| session.responder);
    // Whoever is not logged in has no alarm looked up.
    let alarm = if by.is_some() { known_alarm(web, about).await } else { None };
    web.bar(Attempt { by, alarm, ..Attempt::new(Tried::AnswerAtDesk, Some(barred)) });
    Err((status, says))
}

/// The alarm of that id, if there is one: what else stands in an address is not written down.
async fn known_alarm(web: &Web, id: &str) -> Option<AlarmId> {
    let id = id.parse().ok()?;
    let at = web.station.alarms().await.ok()?;
    at.alarms.iter().find(|alarm| alarm.id == id).map(|alarm| alarm.id)
}

/// In whose name: somebody who was chosen, else whoever is logged in.
fn named(form: &Form, session: &Session) -> Option<ResponderId> {
    match form.field("by") {
        None => Some(session.responder),
        Some(id) => id.parse().ok(),
    }
}

/// The order of a form; none when it is not understood.
fn wanted(form: &Form, alarm: AlarmId, by: ResponderId, session: &Session) -> Option<Wanted> {
    let rev = form.field("rev")?.parse().ok()?;
    let said = form.field("said").unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some(disposition) = form.field("as") {
        let disposition = Disposition::from_word(disposition)?;
        let order = Order::Close { alarm, by: Some(by), disposition, conversation: said };
        return Some(Wanted { word: format!("as {disposition}"), order, rev, by, door: None });
    }
    let word = form.field("do")?;
    let (order, by) = match word {
        "mute" => (Order::Mute { alarm, by: session.responder }, session.responder),
        "note" if said.is_empty() => return None,
        "note" => (Order::Note { alarm, by: Some(session.responder), text: said }, session.responder),
        act => (Act::from_word(act)?.order(alarm, by, said), by),
    };
    Some(Wanted { word: word.to_owned(), order, rev, by, door: form.door() })
}

/// Gives the order; whoever noted it for somebody else stands in the record beside it. None when the station does not answer.
async fn give(web: &Web, pass: Pass, session: &Session, alarm: AlarmId, wanted: Wanted) -> Option<Option<Refusal>> {
    let Wanted { word, order, rev, by, door } = wanted;
    let from =
        [pass.bytes(), alarm.to_string().as_bytes(), by.as_str().as_bytes(), said_in(&order).as_bytes()].join(&0);
    let id = |what: &str| web.settings.key.order_id(&from, what, rev);
    if by != session.responder {
        let text = format!("{} → {by}: {word}", session.responder);
        let note = Order::Note { alarm, by: Some(session.responder), text };
        web.station.order(id(&format!("note {word}")), note).await.ok()?;
    }
    let id = web.settings.key.order_id_at_the_door(&from, &word, rev, door.as_deref());
    let answer = web.station.order_at_the_door(id, order, door).await.ok()?;
    let refused = answer.refusal();
    info!(%alarm, %by, user = %session.user, act = word, refused = refused.map(Refusal::word), "an answer came from the desk");
    Some(refused)
}

/// Free words of an order: other words are another order.
fn said_in(order: &Order) -> &str {
    match order {
        Order::Close { conversation, .. } => conversation,
        Order::Note { text, .. } => text,
        _ => "",
    }
}

fn lead_to(address: String) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, address)]).into_response()
}
