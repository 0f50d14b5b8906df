//! The desk as HTML: its frame, the sentence on top, and the order of the lists. Pure but for the look at the station, and all it is
//! given is escaped.

use std::sync::Arc;

use jiff::tz::TimeZone;
use maud::{DOCTYPE, Markup, html};

use super::sheet::Sheet;
use super::{card, lists, stops, visits, wall};
use crate::config::pages::DeskRole;
use crate::core::refusal::Refusal;
use crate::core::time::{Moment, Mono};
use crate::core::watch::Watch;
use crate::web::asking::{Deaf, Survey};
use crate::web::frame::{mark, other_language};
use crate::web::names::Known;
use crate::web::routes::Web;
use crate::web::session::Session;
use crate::words::{Both, Lang, answer_page, desk as say, page, time};

/// Seconds after which a page without the script asks again. judgement: a third of the time after which a rung is climbed.
const REFRESH_S: u32 = 15;

/// What is shown, to whom, in which language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::web) struct Look {
    pub(in crate::web) screen: Screen,
    english: bool,
}

/// What is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::web) enum Screen {
    /// The desk of somebody who answers alarms.
    Duty,
    /// The desk of somebody who looks.
    View,
    /// The wall.
    Wall,
}

impl Look {
    pub(in crate::web) fn new(screen: Screen, lang: Lang) -> Look {
        Look { screen, english: lang == Lang::En }
    }

    /// The desk as this role sees it.
    pub(in crate::web) fn desk(role: DeskRole, lang: Lang) -> Look {
        Look::new(if role == DeskRole::Duty { Screen::Duty } else { Screen::View }, lang)
    }

    /// Every look that there is.
    pub(in crate::web) fn all() -> impl Iterator<Item = Look> {
        let screens = [Screen::Duty, Screen::View, Screen::Wall];
        screens.into_iter().flat_map(|screen| [false, true].map(|english| Look { screen, english }))
    }

    pub(in crate::web) const fn lang(self) -> Lang {
        if self.english { Lang::En } else { Lang::Zh }
    }
}

/// What there is to show at one moment.
#[derive(Debug)]
pub(in crate::web) struct Picture {
    survey: Result<Survey, Deaf>,
    known: Arc<Known>,
    zone: TimeZone,
}

/// Everything that a list is made from.
pub(super) struct Scene<'a> {
    pub(super) sheet: Sheet<'a>,
    pub(super) known: &'a Known,
    pub(super) zone: &'a TimeZone,
    pub(super) look: Look,
    pub(super) lang: Lang,
}

impl Picture {
    /// How things stand now.
    pub(in crate::web) async fn look(web: &Web) -> Picture {
        let survey = web.station.survey().await;
        let mut known = web.known();
        let missing = survey.as_ref().map(|survey| survey.status.roll_call.unanswered()).unwrap_or_default();
        if !missing.is_empty() {
            // The rota says who is to be there, and the station who has said so.
            Arc::make_mut(&mut known).duty.unanswered = missing;
        }
        Picture { survey, known, zone: web.settings.zone.clone() }
    }

    /// The station's time, in milliseconds.
    pub(in crate::web) fn now_ms(&self) -> u64 {
        self.survey.as_ref().map_or(0, |survey| survey.now.mono.0)
    }

    /// The whole page.
    pub(in crate::web) fn page(&self, look: Look, session: &Session, refused: Option<Refusal>) -> String {
        let lang = look.lang();
        let wall = look.screen == Screen::Wall;
        let title = if wall { say::WALL } else { say::TITLE };
        let live = if wall { "wall/live?lang=" } else { "desk/live?lang=" };
        let page = html! {
            (DOCTYPE)
            html lang=(lang.tag()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content=(if wall { "dark" } else { "light dark" });
                    title { (title.say(lang)) }
                    link rel="stylesheet" href="web.css";
                    script src="web.js" defer {}
                    noscript { meta http-equiv="refresh" content=(REFRESH_S); }
                }
                body class=(if wall { "wall" } else { "desk" }) data-live-from={ (live) (lang.word()) } {
                    header {
                        h1 { (title.say(lang)) }
                        nav { (self.ways(look, session)) }
                    }
                    p #lost .band.deaf role="alert" hidden { (mark("■")) (say::LOST.say(lang)) }
                    @if let Some(why) = refused {
                        p .band.grave role="alert" {
                            (mark("!")) (answer_page::NOT_DONE.say(lang)) ": " (answer_page::refused(why).say(lang))
                        }
                    }
                    main { (self.content(look)) }
                }
            }
        };
        page.into_string()
    }

    /// The content of `<main>`.
    pub(in crate::web) fn main(&self, look: Look) -> String {
        self.content(look).into_string()
    }

    fn ways(&self, look: Look, session: &Session) -> Markup {
        let lang = look.lang();
        if look.screen == Screen::Wall {
            return other_language(lang);
        }
        html! {
            span .me {
                (self.known.name(session.responder))
                @if session.role == DeskRole::View { " · " (say::VIEWS.say(lang)) }
            }
            a href={ "wall?lang=" (lang.word()) } { (say::TO_WALL.say(lang)) }
            (other_language(lang))
            form method="post" action="desk/logout" { button .plain type="submit" { (say::LOGOUT.say(lang)) } }
        }
    }

    fn content(&self, look: Look) -> Markup {
        let lang = look.lang();
        let Ok(survey) = &self.survey else {
            return html! { p #say .band.deaf role="alert" data-live { (mark("■")) (say::DEAF.say(lang)) } };
        };
        let sheet = Sheet::of(survey, &self.known);
        let scene = Scene { sheet, known: &self.known, zone: &self.zone, look, lang };
        if look.screen == Screen::Wall {
            return wall::content(&scene);
        }
        html! {
            h2 .unseen { (say::NOW.say(lang)) }
            (scene.band())
            (stops::lines(&scene))
            div .columns {
                div { (card::alarms(&scene)) }
                div { (lists::watch(&scene)) (visits::list(&scene)) (lists::duty(&scene)) (lists::faults(&scene)) }
            }
        }
    }
}

impl Scene<'_> {
    pub(super) fn say(&self, both: Both) -> &'static str {
        both.say(self.lang)
    }

    /// Whether whoever looks may act.
    pub(super) fn acts(&self) -> bool {
        self.look.screen == Screen::Duty
    }

    /// A moment of station time on people's clocks.
    pub(super) fn clock(&self, at: Mono) -> String {
        self.clock_of(self.sheet.now.at(at))
    }

    pub(super) fn clock_of(&self, at: Moment) -> String {
        time::clock(at, self.sheet.now, self.zone, self.lang)
    }

    /// An age to the minute.
    pub(super) fn age(&self, since: Mono) -> String {
        page::age(self.sheet.now.mono.since(since), false, self.lang)
    }

    fn band(&self) -> Markup {
        let sheet = &self.sheet;
        let (blind, unanswered) = (sheet.count(Watch::Blind), sheet.unanswered());
        let (class, sign) = if !sheet.durable {
            ("deaf", "■")
        } else if blind > 0 || unanswered > 0 {
            ("grave", "▲")
        } else if sheet.answered() > 0 || !sheet.unwatched.is_empty() || sheet.watched == 0 {
            ("warn", "△")
        } else {
            ("calm", "○")
        };
        let wanted = [
            (unanswered, page::COUNT_UNANSWERED),
            (sheet.answered(), page::COUNT_ANSWERED),
            (blind, page::COUNT_BLIND),
            (sheet.count(Watch::Weak), page::COUNT_WEAK),
        ];
        let mut parts: Vec<String> =
            wanted.iter().filter(|(count, _)| *count > 0).map(|(count, what)| what.say(*count, self.lang)).collect();
        if sheet.watched > 0 {
            parts.push(page::COUNT_WATCHED.say(sheet.watched, self.lang));
        }
        if parts.is_empty() {
            parts.push(self.say(say::NO_RESIDENTS).to_owned());
        }
        html! {
            div #say class={ "band " (class) } role="status" aria-live="polite" data-live {
                p { (mark(sign)) (parts.join(" · ")) }
                @if !sheet.durable { p .small { (self.say(say::UNDURABLE)) } }
                @if !sheet.county { p .small { (self.say(say::COUNTY_DEAF)) } }
                @if let Some(trouble) = sheet.county_trouble { p .small { (trouble.say(self.lang)) } }
            }
        }
    }
}
