//! Logging in and out: a name, a password, and a cookie that no script reads.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use maud::html;
use tokio::time::Instant;
use tracing::{info, warn};

use crate::core::attempt::{Attempt, Barred, Tried};
use crate::core::id::Slug;
use crate::http::asked::{key, language};
use crate::web::form::{Form, is_own};
use crate::web::frame;
use crate::web::password::Hash;
use crate::web::routes::Web;
use crate::web::session::{Pass, Session, User};
use crate::web::tally::Count;
use crate::words::{Both, Lang, answer_page, desk as say};

/// What a browser holds, if somebody is logged in with it.
pub(super) fn session_of(web: &Web, headers: &HeaderMap) -> Option<(Pass, Session)> {
    let mut cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pass = cookies.find_map(Pass::of_cookies)?;
    web.sessions.find(pass, Instant::now()).map(|session| (pass, session))
}

/// The form.
pub(super) async fn ask(State(web): State<Arc<Web>>, uri: Uri, headers: HeaderMap) -> Response {
    let lang = language(&uri, &headers);
    let says = web.settings.users.is_empty().then_some(say::NO_USERS);
    form(StatusCode::OK, says, wants_wall(&uri), lang)
}

/// Looks at name and password, and lets in whoever has both.
pub(super) async fn enter(
    State(web): State<Arc<Web>>,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let lang = language(&uri, &headers);
    let wall = wants_wall(&uri);
    if !is_own(&headers, web.settings.public_host(), false) {
        web.bar(log_in(Barred::ForeignForm));
        warn!("a log-in was not looked at, because another site's page sent it");
        return form(StatusCode::FORBIDDEN, Some(answer_page::NOT_HERE), wall, lang);
    }
    if web.wrong_passwords.is_full() {
        web.bar(log_in(Barred::LoginFlood));
        return form(StatusCode::TOO_MANY_REQUESTS, Some(say::LOGIN_FLOOD), wall, lang);
    }
    let Some(fields) = Form::read(&headers, body) else {
        web.bar(log_in(Barred::BadForm));
        return form(StatusCode::BAD_REQUEST, Some(say::LOGIN_WRONG), wall, lang);
    };
    let name: Option<Slug> = fields.field("user").and_then(|name| name.trim().parse().ok());
    let password = fields.field("password").unwrap_or_default().to_owned();
    let user = name.and_then(|name| Some((name, web.settings.users.get(&name)?)));
    let fits = fits(&web, user.map(|(_, user)| user), password).await;
    let Some((name, user)) = user.filter(|_| fits) else {
        // In whose name, where there is one of that name; what else was typed may be a password in the wrong field.
        let by = user.map(|(_, user)| user.responder);
        web.bar(Attempt { by, ..log_in(Barred::LoginWrong) });
        web.wrong_passwords.add();
        warn!("somebody did not log in at the desk: wrong name or password");
        return form(StatusCode::UNAUTHORIZED, Some(say::LOGIN_WRONG), wall, lang);
    };
    let session = Session { user: name, responder: user.responder, role: user.role };
    let Some(cookie) = web.sessions.begin(session, web.settings.seal.is_some(), Instant::now()) else {
        return form(StatusCode::SERVICE_UNAVAILABLE, Some(say::DEAF), wall, lang);
    };
    web.settings.tally.add(Count::Login);
    web.attempts.note(Attempt { by: Some(user.responder), ..Attempt::new(Tried::LogIn, None) });
    info!(user = %name, by = %user.responder, role = user.role.word(), "somebody logged in at the desk");
    let to = format!("../{}?lang={}", if wall { "wall" } else { "desk" }, lang.word());
    (StatusCode::SEE_OTHER, [(header::LOCATION, to), (header::SET_COOKIE, cookie)]).into_response()
}

/// Logs out, and leads to the form.
pub(super) async fn leave(State(web): State<Arc<Web>>, uri: Uri, headers: HeaderMap) -> Response {
    let lang = language(&uri, &headers);
    if !is_own(&headers, web.settings.public_host(), false) {
        let by = session_of(&web, &headers).map(|(_, session)| session.responder);
        web.bar(Attempt { by, ..Attempt::new(Tried::LogOut, Some(Barred::ForeignForm)) });
        return form(StatusCode::FORBIDDEN, Some(answer_page::NOT_HERE), false, lang);
    }
    let to = format!("login?lang={}", lang.word());
    match session_of(&web, &headers) {
        None => (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response(),
        Some((pass, session)) => {
            info!(user = %session.user, "somebody logged out of the desk");
            web.attempts.note(Attempt { by: Some(session.responder), ..Attempt::new(Tried::LogOut, None) });
            let cookie = web.sessions.end(pass, web.settings.seal.is_some(), Instant::now());
            (StatusCode::SEE_OTHER, [(header::LOCATION, to), (header::SET_COOKIE, cookie)]).into_response()
        }
    }
}

/// A log-in of which nothing came.
const fn log_in(barred: Barred) -> Attempt {
    Attempt::new(Tried::LogIn, Some(barred))
}

/// Whether the password is this user's. A name that nobody has takes as long as a wrong password.
async fn fits(web: &Web, user: Option<&User>, password: String) -> bool {
    let known = user.is_some();
    let some = user.or_else(|| web.settings.users.values().next());
    let Some(hash): Option<Hash> = some.map(|user| user.password.clone()) else { return false };
    let _turn = web.passwords.acquire().await.expect("it is never closed");
    tokio::task::spawn_blocking(move || hash.fits(&password)).await.unwrap_or(false) && known
}

fn wants_wall(uri: &Uri) -> bool {
    key(uri, "to") == Some("wall")
}

fn form(status: StatusCode, says: Option<Both>, wall: bool, lang: Lang) -> Response {
    let to = if wall { "&to=wall" } else { "" };
    let content = html! {
        main .login {
            h1 { (say::LOGIN.say(lang)) }
            @if let Some(says) = says { p .band.grave role="alert" { (says.say(lang)) } }
            form method="post" action={ "?lang=" (lang.word()) (to) } {
                label { (say::USER.say(lang)) input name="user" autocomplete="username" autocapitalize="none" required; }
                label { (say::PASSWORD.say(lang)) input name="password" type="password" autocomplete="current-password" required; }
                button .button.main type="submit" { (say::LOGIN_DO.say(lang)) }
            }
            p { (frame::other_language(lang)) }
        }
    };
    let page = frame::page(say::TITLE, "answer", "../", lang, &content);
    (status, [(header::CONTENT_LANGUAGE, lang.tag()), (header::REFERRER_POLICY, "same-origin")], Html(page))
        .into_response()
}
