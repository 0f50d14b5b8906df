//! Who is to be visited, and a page on which somebody at the desk notes that they have done so (CARE-RULES 31).

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use jiff::tz::TimeZone;
use maud::{Markup, html};
use tracing::info;

use super::html::Scene;
use super::login::session_of;
use super::{back, lead_to, may_act};
use crate::config::pages::DeskRole;
use crate::control::protocol::VisitRow;
use crate::core::attempt::{Attempt, Barred, Tried};
use crate::core::effect::Order;
use crate::core::refusal::Refusal;
use crate::core::time::{Moment, Trust};
use crate::core::visit::Open;
use crate::http::asked::language;
use crate::limits::web::ROWS_MAX;
use crate::web::answer::door_field;
use crate::web::form::Form;
use crate::web::frame::{self, mark};
use crate::web::names::Known;
use crate::web::routes::Web;
use crate::words::{Both, Lang, Say as _, answer_page, desk as say, time, visits as word};

/// The address of the page of one visit.
pub(super) fn routes() -> Router<Arc<Web>> {
    Router::new().route("/desk/visit/{resident}", get(look).post(done))
}

/// Everybody to whom somebody is to go, with why, since when and by when.
pub(super) fn list(scene: &Scene<'_>) -> Markup {
    let visits = &scene.sheet.visits;
    html! {
        section #visits data-live {
            h2 { (scene.say(word::DUE)) @if !visits.is_empty() { " " span .tag { (visits.len()) } } }
            @if scene.sheet.now.trust == Trust::Unset { p .band.warn.thin { (mark("△")) (scene.say(word::NO_CLOCK)) } }
            @if visits.is_empty() { p .empty { (scene.say(word::NOTHING_DUE)) } }
            @else {
                ul .rows { @for visit in visits.iter().take(ROWS_MAX) { (row(scene, visit)) } }
            }
            @if visits.len() > ROWS_MAX { p .empty { (say::more(visits.len() - ROWS_MAX, scene.lang)) } }
        }
    }
}

fn row(scene: &Scene<'_>, visit: &VisitRow) -> Markup {
    let (now, lang) = (scene.sheet.now, scene.lang);
    let overdue = visit.is_overdue(now);
    html! {
        li class=(if overdue { "warn-edge" } else { "" }) {
            span .what.wide {
                strong { (scene.known.address_form(visit.resident)) } " "
                span .soft { (scene.known.label(visit.home)) } " " span .tag { (visit.tier.say(lang)) }
                @if overdue { " " span .tag.red { (scene.say(word::OVERDUE)) } }
            }
            @if scene.acts() {
                span .age { a .do href={ "desk/visit/" (visit.resident) "?lang=" (lang.word()) } { (scene.say(word::NOTE)) } }
            }
            @for open in &visit.open { span .why { (why(open, now, scene.zone, lang)) } }
        }
    }
}

fn why(open: &Open, now: Moment, zone: &TimeZone, lang: Lang) -> String {
    let clock = |at| time::clock(at, now, zone, lang);
    let by = clock(Moment { wall: open.by, ..open.since });
    format!("{} · {}", open.reason.say(lang), word::due(&clock(open.since), &by, lang))
}

async fn look(State(web): State<Arc<Web>>, Path(resident): Path<String>, uri: Uri, headers: HeaderMap) -> Response {
    let lang = language(&uri, &headers);
    let Some((_, session)) = session_of(&web, &headers) else {
        return lead_to(format!("../login?lang={}", lang.word()));
    };
    if session.role != DeskRole::Duty {
        return web.says(StatusCode::FORBIDDEN, say::VIEW_ONLY, "../../", lang);
    }
    match find(&web, &resident).await {
        Err((status, says)) => web.says(status, says, "../../", lang),
        Ok((now, visit)) => {
            let page = page(&visit, now, &web.known(), &web.settings.zone, lang);
            ([(header::CONTENT_LANGUAGE, lang.tag())], Html(page)).into_response()
        }
    }
}

/// Whose visits these are.
async fn find(web: &Web, resident: &str) -> Result<(Moment, VisitRow), (StatusCode, Both)> {
    let (now, visits) = web.station.visits().await.map_err(|_| (StatusCode::SERVICE_UNAVAILABLE, say::DEAF))?;
    let visit = visits.into_iter().find(|visit| visit.resident.as_str() == resident);
    Ok((now, visit.ok_or((StatusCode::NOT_FOUND, word::NO_SUCH_RESIDENT))?))
}

/// Notes that whoever is logged in has visited a resident.
async fn done(
    State(web): State<Arc<Web>>,
    Path(resident): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let lang = language(&uri, &headers);
    let noted = async {
        let (pass, session) = may_act(&web, &headers, "").await?;
        let form = Form::read(&headers, body).filter(|form| form.field("do") == Some("visited"));
        let rev = form.as_ref().and_then(|form| form.field("rev")?.parse().ok());
        let (Some(form), Some(rev)) = (form, rev) else {
            let by = Some(session.responder);
            web.bar(Attempt { by, ..Attempt::new(Tried::AnswerAtDesk, Some(Barred::BadForm)) });
            return Err((StatusCode::BAD_REQUEST, answer_page::BAD_FORM));
        };
        let (_, visit) = find(&web, &resident).await?;
        let (resident, by) = (visit.resident, session.responder);
        let from = [pass.bytes(), resident.as_str().as_bytes()].join(&0);
        let door = form.door();
        let id = web.settings.key.order_id_at_the_door(&from, "visited", rev, door.as_deref());
        let order = Order::Visited { resident, by, door: None };
        let answer = web.station.order_at_the_door(id, order, door).await;
        let answer = answer.map_err(|_| (StatusCode::SERVICE_UNAVAILABLE, say::DEAF))?;
        let refused = answer.refusal();
        info!(%resident, %by, user = %session.user, refused = refused.map(Refusal::word), "a visit was noted at the desk");
        Ok(refused)
    };
    match noted.await {
        Err((status, says)) => web.says(status, says, "../../", lang),
        Ok(refused) => back(&web, refused, lang),
    }
}

/// The page of one visit: whom, why, and the one thing that can be said about it.
fn page(visit: &VisitRow, now: Moment, known: &Known, zone: &TimeZone, lang: Lang) -> String {
    let landmark = known.landmark(visit.home);
    let last = visit.last.map(|last| {
        let (at, who) = (time::clock(last.at, now, zone, lang), known.name(last.by));
        format!("{}: {at} · {who} · {}", word::LAST.say(lang), word::proof(last.proven, lang))
    });
    let content = html! {
        header {
            h1 { (word::NOTE_TITLE.say(lang)) }
            nav { a href={ "../../desk?lang=" (lang.word()) } { (say::BACK.say(lang)) } }
        }
        main {
            section .card {
                p .what { strong { (known.address_form(visit.resident)) } " " span .tag { (visit.tier.say(lang)) } }
                p .where { (known.label(visit.home)) }
                @if let Some(landmark) = landmark { p { (answer_page::LANDMARK.say(lang)) ": " (landmark) } }
                @for open in &visit.open { p { (why(open, now, zone, lang)) } }
                p .soft { (last.unwrap_or_else(|| word::NEVER.say(lang).to_owned())) }
            }
            form .one method="post" action={ "?lang=" (lang.word()) } {
                input type="hidden" name="rev" value=(visit.rev);
                @if known.has_door_code(visit.home) { (door_field(lang)) }
                div .ways { button .do.first type="submit" name="do" value="visited" { (word::DONE_BY_ME.say(lang)) } }
            }
        }
    };
    frame::page(say::TITLE, "desk one", "../../", lang, &content)
}
