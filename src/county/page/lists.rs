//! The lists of the page as HTML, a row a thing: what it is on the left, how it stands and why, its age on the right.
//!
//! Every standing has a word and a sign beside its colour, and every row an age or the word that none is known.

use std::time::Duration;

use maud::{Markup, html};

use super::device::{Device, Standing};
use super::html::mark;
use super::sheet::{Open, Sheet, Station, Unwatched, Voice, Why};
use crate::core::condition::{Condition, Priority};
use crate::core::watch::Watch;
use crate::county::case::Case;
use crate::county::show;
use crate::county::since::Since;
use crate::county::told::Told;
use crate::limits;
use crate::relay::text::Stands;
use crate::words::{self, Both, Lang, Say as _, console, page as say, second};

/// Residents who are not fully watched.
pub(super) fn unwatched(sheet: &Sheet, lang: Lang) -> Markup {
    let empty = if sheet.watched == 0 { say::NO_RESIDENTS } else { say::ALL_WATCHED };
    let row = |one: &Unwatched| {
        let (class, sign) = if one.watch == Watch::Blind { ("grave", "■") } else { ("warn", "◇") };
        html! {
            li class=(class) {
                span .standing { (mark(sign)) (one.watch.say(lang)) }
                span .what { strong { (one.resident) } " " span .place { (one.station) } }
                span .age { (age(one.since, sheet.now_ms, lang)) }
                span .why { (why(&one.why, lang)) }
            }
        }
    };
    html! {
        section #unwatched data-live {
            h2 { (say::UNWATCHED.say(lang)) }
            (rows(&sheet.unwatched, row, empty, lang))
        }
    }
}

fn why(why: &Why, lang: Lang) -> String {
    match why {
        Why::Guarded => second::WHY_GUARDED.say(lang).to_owned(),
        Why::StationSilent => say::WHY_STATION.say(lang).to_owned(),
        Why::Unreadable => say::WHY_UNREADABLE.say(lang).to_owned(),
        Why::NoWitness => say::WHY_NO_WITNESS.say(lang).to_owned(),
        Why::Only(witnesses) => say::why_only(&witnesses.join(", "), lang),
    }
}

/// Open alarms about people.
pub(super) fn alarms(sheet: &Sheet, lang: Lang) -> Markup {
    html! {
        section #alarms data-live {
            h2 { (say::ALARMS.say(lang)) }
            (rows(&sheet.people, |alarm| open(alarm, sheet.now_ms, lang), say::NO_ALARMS, lang))
        }
    }
}

/// Open alarms about things.
pub(super) fn faults(sheet: &Sheet, lang: Lang) -> Markup {
    html! {
        section #faults data-live {
            h2 { (say::FAULTS.say(lang)) }
            (rows(&sheet.things, |alarm| open(alarm, sheet.now_ms, lang), say::NO_ALARMS, lang))
        }
    }
}

fn open(alarm: &Open, now_ms: i64, lang: Lang) -> Markup {
    let age = age(alarm.since, now_ms, lang);
    let Some(known) = &alarm.known else {
        return html! {
            li .grave {
                span .standing { (mark("■")) "?" }
                span .what { strong { (alarm.about) } " " span .place { (alarm.station) } }
                span .age { (age) }
                span .why { (console::UNREADABLE.say(lang)) }
            }
        };
    };
    let class = match (alarm.is_unanswered(), known.priority) {
        _ if known.drill => "quiet",
        (true, Priority::High) => "grave",
        (true, Priority::Medium | Priority::Low) => "warn",
        (true, Priority::Technical) | (false, _) => "quiet",
    };
    html! {
        li class=(class) {
            span .standing {
                @if known.drill {
                    (mark("○")) (words::alarm::DRILL.say(lang))
                } @else {
                    (mark(sign(known.priority))) (known.priority.say(lang))
                }
            }
            span .what {
                strong { (known.condition.say(lang)) } " " (alarm.about) " "
                span .place { (place(known, lang)) (alarm.station) }
            }
            span .age { (age) }
            span .why {
                strong { (state(known, lang)) }
                @for word in marks(alarm, known) { " " span .tag { (word.say(lang)) } }
                @if let Some(extent) = known.extent(lang) { " · " (extent) }
                @if let Some(case) = &alarm.case { " · " (climb(case, now_ms, lang)) }
            }
        }
    }
}

fn sign(priority: Priority) -> &'static str {
    match priority {
        Priority::High => "▲▲",
        Priority::Medium => "▲",
        Priority::Low => "△",
        Priority::Technical => "◇",
    }
}

fn place(known: &Told, lang: Lang) -> Markup {
    html! {
        @if let Some(home) = &known.home { (home) " · " }
        @if let Some(room) = &known.room { (words::device::room(room, lang)) " · " }
    }
}

/// 无人接单 for whoever wants somebody to go; the other standings have their usual words.
fn state(known: &Told, lang: Lang) -> &str {
    if known.stands == Stands::Raised && known.condition.rule().about_person {
        return say::NOBODY_GOES.say(lang);
    }
    known.standing(lang)
}

/// How far the county's own ladder has come, to the minute, so that a page that nobody touches changes once a minute.
fn climb(case: &Case, now_ms: i64, lang: Lang) -> String {
    let at_ms = case.pause.map_or(now_ms, |pause| pause.at_ms);
    let minutes = now_ms.saturating_sub(at_ms) / 60_000;
    show::climb(case, at_ms.saturating_add(minutes * 60_000), lang)
}

fn marks(alarm: &Open, known: &Told) -> impl Iterator<Item = Both> {
    let marks = [
        (known.by_text, second::BY_TEXT),
        (!known.durable, words::alarm::UNDURABLE),
        (known.visit_due, words::alarm::VISIT_DUE),
        (alarm.stale, say::STALE),
    ];
    let arrival = known.arrival_proven.map(words::alarm::arrival);
    arrival.into_iter().chain(marks.into_iter().filter(|(is, _)| *is).map(|(_, mark)| mark))
}

/// Stations with their heartbeats.
pub(super) fn stations(sheet: &Sheet, lang: Lang) -> Markup {
    html! {
        section #stations data-live {
            h2 { (say::STATIONS.say(lang)) }
            (rows(&sheet.stations, |one| station(one, sheet.now_ms, lang), console::NO_STATIONS, lang))
            @if let Some(refused) = show::refused_texts(&sheet.refused_texts, lang) { p .more { (refused) } }
        }
    }
}

fn station(station: &Station, now_ms: i64, lang: Lang) -> Markup {
    let (class, sign, word, heartbeat) = match station.voice {
        Voice::Never => ("grave", "■", console::STATION_SILENT, None),
        Voice::Silent(last) => ("grave", "■", console::STATION_SILENT, last),
        Voice::Unlisted => ("warn", "◇", console::UNLISTED, None),
        Voice::Born => ("quiet", "○", console::NO_HEARTBEAT, None),
        Voice::Heard(last) => ("quiet", "○", console::HEARTBEAT, Some(last)),
    };
    let ails = station.undurable || station.no_mains || !station.down.is_empty();
    let class = if (ails && !station.is_silent()) || station.by_text.is_some() { "warn" } else { class };
    html! {
        li class=(class) {
            span .standing { (mark(sign)) (word.say(lang)) }
            span .what { strong { (station.name) } " " span .place { (station.place) } }
            span .age { @match heartbeat { Some(last) => (age(last, now_ms, lang)), None => "–" } }
            @let notes = notes(station, now_ms, lang);
            @if !notes.is_empty() { span .why { (notes.join(" · ")) } }
        }
    }
}

fn notes(station: &Station, now_ms: i64, lang: Lang) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(text) = &station.by_text {
        let minutes = |at_ms| Duration::from_mins(Since::seen(at_ms).age(now_ms).as_secs() / 60);
        notes.push(second::guards(text.without_link_since_ms.map(minutes), lang));
        notes.push(second::standing(&show::counts(text), minutes(text.as_of_ms), lang));
    }
    notes.extend(station.case.as_ref().map(|case| climb(case, now_ms, lang)));
    match station.voice {
        Voice::Silent(_) if station.by_text.is_some() => notes.push(second::GUARDED_MEANS.say(lang).to_owned()),
        Voice::Never => notes.push(say::NEVER_MEANS.say(lang).to_owned()),
        Voice::Silent(_) => notes.push(say::SILENT_MEANS.say(lang).to_owned()),
        Voice::Unlisted | Voice::Born | Voice::Heard(_) => {}
    }
    if station.undurable {
        notes.push(say::UNDURABLE_MEANS.say(lang).to_owned());
    }
    if station.no_mains {
        notes.push(words::power::NO_MAINS.say(lang).to_owned());
        notes.extend(station.battery_min.map(|minutes| words::power::battery(minutes, lang)));
    }
    notes.extend(station.down.iter().map(|source| say::source_down(source, lang)));
    let (all, watched) = station.residents;
    if all > 0 && !station.is_silent() {
        notes.push(format!("{} {watched}/{all}", say::WATCHED_OF.say(lang)));
    }
    if let Some(since) = station.disconnected {
        notes.push(format!("{} {}", console::DISCONNECTED.say(lang), age(since, now_ms, lang)));
    }
    if let Some(seconds) = station.waits_s {
        let age = say::age(Duration::from_secs(seconds), false, lang);
        notes.push(format!("{} {age}", console::OLDEST_WITHOUT_RECEIPT.say(lang)));
    }
    if station.refused > 0 {
        notes.push(console::refused(station.refused, lang));
    }
    notes
}

/// Devices: what wants somebody; the rest folded away with its number.
pub(super) fn devices(sheet: &Sheet, lang: Lang) -> Markup {
    let row = |one: &Device| device(one, sheet.now_ms, lang);
    let devices = &sheet.devices;
    let none = if devices.well.is_empty() && devices.unknown.is_empty() { console::NO_DEVICES } else { say::NO_FAULTY };
    let folded = |id: &str, which: &[Device], count: say::Counted| {
        html! {
            @if !which.is_empty() {
                details id=(id) {
                    summary id={ (id) "-summary" } { (count.say(which.len(), lang)) }
                    (rows(which, row, none, lang))
                }
            }
        }
    };
    html! {
        section #devices data-live {
            h2 { (say::DEVICES.say(lang)) }
            (rows(&devices.wanting, row, none, lang))
            (folded("devices-unknown", &devices.unknown, say::COUNT_UNKNOWN))
            (folded("devices-well", &devices.well, say::COUNT_WELL))
        }
    }
}

fn device(device: &Device, now_ms: i64, lang: Lang) -> Markup {
    let fault = device.fault.as_deref().map(|word| match Condition::from_word(word) {
        Some(condition) => condition.say(lang),
        None => word,
    });
    let (class, sign, word) = match (device.standing, fault) {
        (Standing::Unreadable, _) => ("warn", "◇", console::UNREADABLE.say(lang)),
        (Standing::Old, None) => ("quiet", "?", say::STALE.say(lang)),
        (_, Some(fault)) => ("warn", "◇", fault),
        (Standing::Told, None) if device.last_heard.is_none() => ("warn", "◇", words::device::NEVER_HEARD.say(lang)),
        (Standing::Told, None) if device.battery_to_buy() => ("warn", "◇", words::device::BATTERY.say(lang)),
        (Standing::Told, None) => ("quiet", "○", words::device::LAST_HEARD.say(lang)),
    };
    let mut notes = Vec::new();
    notes.extend(device.days_left.map(|days| words::device::days_left(days, lang)));
    notes.extend(device.battery.map(|percent| format!("{} {percent} %", words::device::BATTERY.say(lang))));
    notes.extend(device.link.map(|link| {
        let unit = if link < 0 { " dBm" } else { "/255" };
        format!("{} {link}{unit}", say::LINK.say(lang))
    }));
    html! {
        li class=(class) {
            span .standing { (mark(sign)) (word) }
            span .what { strong { (device.id) } " " span .place { (device.station) } }
            span .age { @match device.last_heard { Some(last) => (age(last, now_ms, lang)), None => "–" } }
            @if !notes.is_empty() { span .why { (notes.join(" · ")) } }
        }
    }
}

/// A list that ends with how many it leaves out.
fn rows<T>(all: &[T], row: impl Fn(&T) -> Markup, empty: Both, lang: Lang) -> Markup {
    let more = all.len().saturating_sub(limits::COUNTY_PAGE_ROWS_MAX);
    html! {
        @if all.is_empty() {
            p .empty { (empty.say(lang)) }
        } @else {
            ul .rows { @for one in all.iter().take(limits::COUNTY_PAGE_ROWS_MAX) { (row(one)) } }
            @if more > 0 { p .more { (say::COUNT_MORE.say(more, lang)) } }
        }
    }
}

fn age(since: Since, now_ms: i64, lang: Lang) -> String {
    say::age(since.age(now_ms), since.at_least, lang)
}
