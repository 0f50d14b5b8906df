//! The answer page: what is behind a link, and what a tap on it does.

mod html;

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use tracing::{info, warn};

use super::act::not_an_ending;
use super::asking::Standings;
use super::form::{Form, is_own};
use super::link::{self, Token};
use super::routes::Web;
use super::tally::Count;
use crate::core::alarm::told::Reached;
use crate::core::alarm::{Alarm, AlarmId, Disposition};
use crate::core::attempt::{Attempt, Barred, Tried};
use crate::core::effect::Order;
use crate::core::id::{HomeId, ResponderId};
use crate::core::refusal::Refusal;
use crate::http::asked::{asked_language, key, language};
use crate::limits::web::{CANDIDATE_HEARD, CANDIDATES_MAX};
use crate::words::{Both, Lang, answer_page as say};
use html::Scene;
pub(super) use html::{door_field, label};

/// The addresses of the answer page.
pub(super) fn routes() -> Router<Arc<Web>> {
    Router::new().route("/a/{token}", get(look).post(tap))
}

/// A link that fits.
struct Opened {
    token: Token,
    at: Arc<Standings>,
    alarm: AlarmId,
    who: ResponderId,
}

impl Opened {
    fn alarm(&self) -> &Alarm {
        self.at.alarms.iter().find(|alarm| alarm.id == self.alarm).expect("it was found among these")
    }
}

/// Why a link does not open.
struct Shut(StatusCode, Both);

/// Shows the alarm. Nothing else happens, whoever looks.
async fn look(State(web): State<Arc<Web>>, Path(token): Path<String>, uri: Uri, headers: HeaderMap) -> Response {
    let lang = language(&uri, &headers);
    let opened = match open(&web, &token, Tried::OpenLink).await {
        Ok(opened) => opened,
        Err(Shut(status, says)) => return web.says(status, says, "../", lang),
    };
    let known = web.known();
    let alarm = opened.alarm();
    let candidates = match not_an_ending(alarm, opened.who) {
        Some(Disposition::WrongHome) => Some(candidates(&web, alarm).await),
        _ => None,
    };
    let scene = Scene {
        alarm,
        who: opened.who,
        now: opened.at.now,
        known: &known,
        zone: &web.settings.zone,
        call_back: web.settings.call_back.as_ref(),
        refused: key(&uri, "no").and_then(Refusal::from_word),
        candidates,
        stops: &opened.at.stops,
        lang,
        asked_lang: asked_language(&uri),
    };
    ([(header::CONTENT_LANGUAGE, lang.tag())], Html(scene.page())).into_response()
}

/// Gives the order that somebody tapped, and leads them back to look at what became of it.
async fn tap(
    State(web): State<Arc<Web>>,
    Path(token): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let lang = language(&uri, &headers);
    let tally = &web.settings.tally;
    if !is_own(&headers, web.settings.public_host(), true) {
        let (alarm, by) = whose(&web, &token).await.unzip();
        web.bar(Attempt { by, alarm, ..Attempt::new(Tried::AnswerByLink, Some(Barred::ForeignForm)) });
        warn!("an answer was not taken, because another site's page sent it");
        return web.says(StatusCode::FORBIDDEN, say::FOREIGN_FORM, "../", lang);
    }
    let opened = match open(&web, &token, Tried::AnswerByLink).await {
        Ok(opened) => opened,
        Err(Shut(status, says)) => return web.says(status, says, "../", lang),
    };
    let form = Form::read(&headers, body).unwrap_or_default();
    let Some((act, rev)) = form.act() else {
        let (by, alarm) = (Some(opened.who), Some(opened.alarm));
        web.bar(Attempt { by, alarm, ..Attempt::new(Tried::AnswerByLink, Some(Barred::BadForm)) });
        return web.says(StatusCode::BAD_REQUEST, say::BAD_FORM, "../", lang);
    };
    let (alarm, who) = (opened.alarm, opened.who);
    see(&web, &opened).await;
    let id = web.settings.key.order_id_at_the_door(opened.token.bytes(), act.word(), rev, form.door().as_deref());
    let order = act.order(alarm, who, String::new());
    let Ok(answer) = web.station.order_at_the_door(id, order, form.door()).await else {
        warn!(%alarm, by = %who, act = act.word(), "an answer was not taken, because the station does not answer");
        return web.says(StatusCode::SERVICE_UNAVAILABLE, say::DEAF, "../", lang);
    };
    tally.add(Count::Answers);
    let refused = answer.refusal();
    if refused.is_some() {
        tally.add(Count::AnswersRefused);
    }
    info!(%alarm, by = %who, act = act.word(), refused = refused.map(Refusal::word), "an answer came by the page");
    back(&opened.token, asked_language(&uri), refused)
}

/// To the page, by GET, so that a reload sends nothing again.
fn back(token: &Token, lang: Option<Lang>, refused: Option<Refusal>) -> Response {
    let mut address = token.text();
    let mut joint = '?';
    for (key, word) in [("lang", lang.map(Lang::word)), ("no", refused.map(Refusal::word))] {
        if let Some(word) = word {
            _ = write!(address, "{joint}{key}={word}");
            joint = '&';
        }
    }
    (StatusCode::SEE_OTHER, [(header::LOCATION, address)]).into_response()
}

/// Whose link it would be, and to what, for the record of what was tried with it. Whoever guesses costs no question here either.
async fn whose(web: &Web, text: &str) -> Option<(AlarmId, ResponderId)> {
    let token: Token = text.parse().ok().filter(|_| !web.wrong_links.is_full())?;
    let at = web.station.alarms().await.ok()?;
    web.settings.key.find(token, &at.alarms).map(|(alarm, who)| (alarm.id, who))
}

/// Whose link it is, and to what.
async fn open(web: &Web, text: &str, tried: Tried) -> Result<Opened, Shut> {
    let barred = |barred, found: Option<(AlarmId, ResponderId)>| {
        let (alarm, by) = found.unzip();
        web.bar(Attempt { by, alarm, ..Attempt::new(tried, Some(barred)) });
    };
    let unknown = |found| {
        barred(Barred::LinkUnknown, found);
        if web.wrong_links.is_full() {
            web.settings.tally.add(Count::LinkFlood);
            return Shut(StatusCode::TOO_MANY_REQUESTS, say::TOO_MANY);
        }
        web.wrong_links.add();
        warn!("a link was opened that nobody has");
        Shut(StatusCode::NOT_FOUND, say::NO_SUCH_LINK)
    };
    let token: Token = text.parse().map_err(|_| unknown(None))?;
    let at = web.station.alarms().await.map_err(|_| Shut(StatusCode::SERVICE_UNAVAILABLE, say::DEAF))?;
    let (alarm, who) = web.settings.key.find(token, &at.alarms).ok_or_else(|| unknown(None))?;
    if !web.known().has(who) {
        return Err(unknown(Some((alarm.id, who))));
    }
    let alarm = if link::is_over(alarm, at.now) {
        barred(Barred::LinkOver, Some((alarm.id, who)));
        info!(alarm = %alarm.id, by = %who, "a link was opened whose alarm was closed long ago");
        return Err(Shut(StatusCode::GONE, say::LINK_OVER));
    } else {
        alarm.id
    };
    Ok(Opened { token, at, alarm, who })
}

/// Whoever taps has seen it (CARE-RULES 3): said once, and before what they say.
async fn see(web: &Web, opened: &Opened) {
    let alarm = opened.alarm();
    let unseen = alarm.told_to(opened.who).is_some_and(|told| told.reached < Reached::Seen);
    if alarm.is_open() && unseen {
        let id = web.settings.key.order_id(opened.token.bytes(), "seen", 0);
        // What they say is worth more, and is tried whatever became of this.
        _ = web.station.order(id, Order::Seen { alarm: opened.alarm, by: opened.who }).await;
    }
}

/// Homes that it may be (CARE-RULES 16): those with a device that was heard lately through the same receiver.
async fn candidates(web: &Web, alarm: &Alarm) -> Vec<HomeId> {
    let known = web.known();
    let (Some(source), Ok(devices)) = (known.source_of(alarm), web.station.devices().await) else { return Vec::new() };
    let Ok(at) = web.station.alarms().await else { return Vec::new() };
    let lately = |heard: crate::core::time::Moment| at.now.mono.since(heard.mono) <= CANDIDATE_HEARD;
    let mut homes: Vec<HomeId> = devices
        .iter()
        .filter(|row| row.source == source && !row.removed && row.heard.is_some_and(lately))
        .filter_map(|row| row.home)
        .filter(|home| Some(*home) != known.home_of(alarm))
        .collect();
    homes.sort_unstable();
    homes.dedup();
    homes.truncate(CANDIDATES_MAX);
    homes
}
