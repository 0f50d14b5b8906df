//! The page as HTML: its frame, the sentence on top, and the order of the lists. Pure, and all it is given is escaped.
//!
//! What is sent to live pages is the content of `<main>`: elements marked `data-live` have an id each, and the script
//! changes only those that differ, so that a reader's place, an opened list and a screen reader's calm are kept.

use jiff::tz::TimeZone;
use maud::{DOCTYPE, Markup, html};

use super::lists;
use super::sheet::Sheet;
use super::survey::{Reader, Trouble};
use crate::core::time::{Boot, Moment, Mono, Trust, Wall};
use crate::core::watch::Watch;
use crate::county::show;
use crate::words::{Both, Lang, page as say, time};

/// Seconds after which a page without the script asks again. judgement: as often as a station's heartbeat.
const REFRESH_S: u32 = 30;

/// What is shown at one moment.
#[derive(Debug)]
pub struct Picture<'a> {
    /// When, by the county's clock.
    now_ms: i64,
    /// What there is to show.
    content: Result<Sheet, Trouble>,
    /// Zone in which people read times.
    zone: &'a TimeZone,
}

/// How loud the sentence on top is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    /// Everybody is watched and nothing waits.
    Calm,
    /// Something is on its way, or weak.
    Attentive,
    /// Somebody has to act.
    Urgent,
    /// The county itself hears or sees nothing.
    Deaf,
}

impl<'a> Picture<'a> {
    /// What the book says at this moment.
    pub async fn look(reader: &'a Reader) -> Picture<'a> {
        let board = reader.board();
        let survey = reader.survey().await;
        let content = survey.map(|survey| Sheet::of(&survey, &board.names));
        Picture { now_ms: (board.clock)(), content, zone: &board.zone }
    }

    /// The whole page.
    #[must_use]
    pub fn page(&self, lang: Lang) -> String {
        let title = say::TITLE.say(lang);
        let page = html! {
            (DOCTYPE)
            html lang=(lang.tag()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (title) }
                    link rel="stylesheet" href="page.css";
                    script src="page.js" defer {}
                    noscript { meta http-equiv="refresh" content=(REFRESH_S); }
                }
                body data-live-from={ "live?lang=" (lang.word()) } {
                    header {
                        h1 { (title) }
                        (other_language(lang))
                    }
                    p #lost .band.deaf role="alert" hidden { (mark("■")) (say::LOST.say(lang)) }
                    main { (self.content(lang)) }
                }
            }
        };
        page.into_string()
    }

    /// The content of `<main>`.
    #[must_use]
    pub fn main(&self, lang: Lang) -> String {
        self.content(lang).into_string()
    }

    fn content(&self, lang: Lang) -> Markup {
        html! {
            h2 .unseen { (say::NOW.say(lang)) }
            (self.band(lang))
            p #as-of .as-of data-live { (say::AS_OF.say(lang)) " " (self.time(lang)) }
            @if let Ok(sheet) = &self.content {
                div .columns {
                    div { (lists::unwatched(sheet, lang)) (lists::alarms(sheet, lang)) }
                    div { (lists::faults(sheet, lang)) (lists::stations(sheet, lang)) (lists::devices(sheet, lang)) }
                }
            }
        }
    }

    fn band(&self, lang: Lang) -> Markup {
        let (level, lines) = match &self.content {
            Ok(sheet) => (level(sheet), lines(sheet, lang)),
            Err(trouble) => (Level::Deaf, vec![cause(*trouble).say(lang).to_owned()]),
        };
        let (class, sign) = match level {
            Level::Calm => ("calm", "○"),
            Level::Attentive => ("attentive", "△"),
            Level::Urgent => ("urgent", "▲"),
            Level::Deaf => ("deaf", "■"),
        };
        html! {
            div #say class={ "band " (class) } role="status" aria-live="polite" data-live {
                @for (at, line) in lines.iter().enumerate() {
                    p { @if at == 0 { (mark(sign)) } (line) }
                }
            }
        }
    }

    fn time(&self, lang: Lang) -> Markup {
        let now = Moment { boot: Boot(0), mono: Mono(0), wall: Wall(self.now_ms), trust: Trust::Synced };
        html! { time { (time::when(now, self.zone, lang)) } }
    }
}

/// A sign beside a word, so that no colour speaks alone; the word says the same.
pub(super) fn mark(sign: &str) -> Markup {
    html! { span .mark aria-hidden="true" { (sign) } " " }
}

fn other_language(lang: Lang) -> Markup {
    let other = match lang {
        Lang::Zh => Lang::En,
        Lang::En => Lang::Zh,
    };
    html! {
        nav {
            a href={ "?lang=" (other.word()) } lang=(other.tag()) hreflang=(other.tag()) { (say::OTHER_LANGUAGE.say(lang)) }
        }
    }
}

fn cause(trouble: Trouble) -> Both {
    match trouble {
        Trouble::Missing => say::TROUBLE_MISSING,
        Trouble::Version => say::TROUBLE_VERSION,
        Trouble::Unreadable => say::TROUBLE_UNREADABLE,
        Trouble::Slow => say::TROUBLE_SLOW,
    }
}

fn level(sheet: &Sheet) -> Level {
    if sheet.listening.deaf_for(sheet.now_ms).is_some() {
        Level::Deaf
    } else if [sheet.count(Watch::Blind), sheet.unanswered(), sheet.silent()].iter().any(|count| *count > 0)
        || sheet.refused_alarms > 0
    {
        Level::Urgent
    } else if sheet.watched == 0 || !sheet.unwatched.is_empty() || !sheet.people.is_empty() {
        Level::Attentive
    } else {
        Level::Calm
    }
}

/// The sentence on top: what wants somebody, in the order of the lists; how many are well only when nobody is wanted.
fn lines(sheet: &Sheet, lang: Lang) -> Vec<String> {
    let wanted = [
        (sheet.count(Watch::Blind), say::COUNT_BLIND),
        (sheet.count(Watch::Weak), say::COUNT_WEAK),
        (sheet.unanswered(), say::COUNT_UNANSWERED),
        (sheet.answered(), say::COUNT_ANSWERED),
        (sheet.silent(), say::COUNT_SILENT),
        (usize::try_from(sheet.refused_alarms).unwrap_or(usize::MAX), say::COUNT_REFUSED),
    ];
    let mut parts: Vec<String> =
        wanted.iter().filter(|(count, _)| *count > 0).map(|(count, what)| what.say(*count, lang)).collect();
    if sheet.watched == 0 && sheet.unwatched.is_empty() {
        parts.push(say::NO_RESIDENTS.say(lang).to_owned());
    } else if level(sheet) < Level::Urgent {
        parts.push(say::COUNT_WATCHED.say(sheet.watched, lang));
        parts.push(say::COUNT_HEARD.say(sheet.stations.len() - sheet.silent(), lang));
    }
    let deaf = show::deaf(sheet.listening, sheet.now_ms, lang);
    let deaf = deaf.map(|line| line.trim_start_matches("! ").to_owned());
    deaf.into_iter().chain([parts.join(" · ")]).collect()
}
