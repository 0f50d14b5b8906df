//! The volunteer's sheet: one side of A4 for everybody who is called, to be handed to them and kept beside the telephone.
//!
//! Of the homes it says who, where, how it is found and how far it is, and no more (CARE-RULES 28): what is for those who have accepted
//! is shown to them then. Its example of a message is made by what makes the real ones.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time};
use jiff::{Span as Length, ToSpan as _};
use maud::{Markup, html};

use super::names::{message, text};
use super::{Press, frame};
use crate::config::village::rota::expand::local;
use crate::core::alarm::Reason;
use crate::core::alarm::told::Code;
use crate::core::answer::Wish;
use crate::core::audience::Because;
use crate::core::condition::Condition;
use crate::core::id::{ResponderId, Slug};
use crate::core::roster::{Resident, Responder, Rung};
use crate::notify::message::{self as notices, Facts};
use crate::private::Private;
use crate::words::notice::{DRILL, lead};
use crate::words::{self, Both, Lang, Say as _, answer_page, device, paper, sheet as say};

/// For how many days duties are printed: four weeks.
const DAYS: usize = 28;

/// Homes above which letters get smaller, so that one side holds them. judgement: what fits in letters of 10 points.
const HOMES_LARGE_MAX: usize = 6;

/// What can be replied, in the order in which it is needed.
const REPLIES: [Wish; 10] = [
    Wish::Come,
    Wish::Busy,
    Wish::Arrived,
    Wish::Helped,
    Wish::Mistaken,
    Wish::Wants120,
    Wish::Dialled120,
    Wish::WrongHome,
    Wish::CouldNotEnter,
    Wish::Present,
];

/// The sheets of some people.
#[derive(Debug, Clone, Copy)]
pub struct Sheets<'a> {
    /// What they are made from.
    pub press: Press<'a>,
    /// The number of the SIM that calls them, where it is known.
    pub calls_from: Option<&'a Private<String>>,
}

/// One day of somebody's calendar.
struct Day {
    date: Date,
    /// What they have, with the hours where it is a part of the shift.
    shifts: Vec<(Slug, Option<String>)>,
}

/// A home for which somebody is called first.
struct First<'a> {
    resident: &'a Resident,
    minutes: Option<u16>,
    /// Only while they are on duty.
    on_duty: bool,
}

impl Sheets<'_> {
    /// The page with a sheet for each of them, in this order; who does not stand in the village file is left out.
    #[must_use]
    pub fn page(&self, people: &[ResponderId]) -> String {
        let of = people.iter().filter_map(|who| self.press.village.roster.responders.get(who));
        let content = html! { @for responder in of { (self.sheet(responder)) } };
        let title = format!("{} · {}", say::TITLE.say(self.press.lang), self.press.station_name());
        frame::page(&title, "upright", self.press.lang, &content)
    }

    fn say(&self, both: Both) -> &'static str {
        both.say(self.press.lang)
    }

    fn sheet(&self, of: &Responder) -> Markup {
        let homes = self.homes(of);
        let size = if homes.len() > HOMES_LARGE_MAX { "small" } else { "large" };
        html! {
            section .sheet .(size) {
                header {
                    h1 { (self.say(say::TITLE)) }
                    p .who { strong { (self.press.name(of.id)) } " · " (of.role.say(self.press.lang)) }
                    p .station { (self.press.station_name()) }
                }
                @if !of.dispatched { p .note { (self.say(say::INFORMED)) } }
                (self.how_it_comes(of.dispatched))
                // Whoever is not sent stands before no door.
                @if of.dispatched {
                    (self.replies())
                    (self.door())
                    (self.where_first(&homes))
                    (self.duties(of.id))
                }
                (self.foot())
            }
        }
    }

    fn how_it_comes(&self, dispatched: bool) -> Markup {
        let lang = self.press.lang;
        let test = lead(Because::Test).map_or("", |lead| lead.say(lang));
        html! {
            div {
                h2 { (self.say(say::HOW_IT_COMES)) }
                @if dispatched { p { (self.say(say::RINGS)) } p { (self.say(say::PICKED_UP)) } }
                p {
                    (self.say(say::CALLS_FROM)) ": "
                    @if let Some(number) = text(self.calls_from) { strong { (number) } } @else { span .rule {} }
                }
                p .example { span .label { (self.say(say::EXAMPLE)) } (message(&example(dispatched, lang))) }
                p { (say::tests(test, DRILL.say(lang), lang)) }
            }
        }
    }

    fn replies(&self) -> Markup {
        let lang = self.press.lang;
        html! {
            div {
                h2 { (self.say(say::REPLIES)) }
                dl .replies {
                    @for (reply, does) in REPLIES.into_iter().filter_map(say::reply) {
                        div { dt { (reply.say(lang)) } dd { (does.say(lang)) } }
                    }
                }
            }
        }
    }

    fn door(&self) -> Markup {
        html! {
            div {
                h2 { (self.say(say::DOOR)) }
                ol { @for step in say::DOOR_STEPS { li { (step.say(self.press.lang)) } } }
                p { strong { (self.say(say::AMBULANCE)) ": " } (self.say(say::AMBULANCE_SAY)) }
            }
        }
    }

    fn where_first(&self, homes: &[First<'_>]) -> Markup {
        let press = &self.press;
        html! {
            div {
                h2 { (self.say(say::HOMES)) }
                @if homes.is_empty() { p { (self.say(say::NO_HOMES)) } }
                @else {
                    table .homes {
                        thead {
                            tr {
                                @for head in [say::WHO, answer_page::WHERE, answer_page::LANDMARK, say::ON_THE_WAY] {
                                    th { (self.say(head)) }
                                }
                            }
                        }
                        tbody {
                            @for First { resident, minutes, on_duty } in homes {
                                tr {
                                    td .name { (press.address_form(resident.id)) }
                                    td { (press.label(resident.home)) }
                                    td { (press.landmark(resident.home).unwrap_or_default()) }
                                    td .minutes {
                                        @if let Some(minutes) = minutes { (say::minutes(*minutes, press.lang)) }
                                        @if *on_duty { " · " (self.say(say::WHEN_ON_DUTY)) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Everybody who is served and whose first rung they stand on. Whoever is away for a time stands here like the others: paper is
    /// no place to say so.
    fn homes(&self, of: &Responder) -> Vec<First<'_>> {
        let village = self.press.village;
        let served = village.roster.residents.values().filter(|resident| resident.service.is_served());
        let first = served.filter_map(|resident| {
            let rung = resident.ladder.rungs.first()?;
            let by_name = rung.responders.contains(&of.id);
            let by_duty = Rung { responders: Vec::new(), ..rung.clone() }.may_call(of);
            let called = (by_name || by_duty) && !resident.ladder.never.contains(&of.id);
            let minutes = village.travel_min(of.id, resident.home);
            called.then_some(First { resident, minutes, on_duty: !by_name })
        });
        let mut homes: Vec<First<'_>> = first.collect();
        homes.sort_by_key(|first| (first.on_duty, first.minutes, first.resident.id));
        homes
    }

    /// A calendar: everybody knows how to read one, and it is as long for a duty a day as for one a month.
    fn duties(&self, who: ResponderId) -> Markup {
        let lang = self.press.lang;
        let today = local(self.press.now, self.press.zone).date();
        let days: Vec<Day> = today.series(1.day()).take(DAYS).map(|date| self.day(date, who)).collect();
        let has_any = days.iter().any(|day| !day.shifts.is_empty());
        let monday = today.saturating_sub(Length::new().days(i64::from(today.weekday().to_monday_zero_offset())));
        let weeks: Vec<Date> =
            monday.series(7.days()).take_while(|first| days.last().is_some_and(|last| *first <= last.date)).collect();
        html! {
            div {
                h2 { (self.say(say::DUTIES)) }
                @if !has_any { p { (self.say(say::NO_DUTIES)) } }
                @else {
                    p .hours { (self.hours(&days)) }
                    table .calendar {
                        thead { tr { @for day in monday.series(1.day()).take(7) { th { (words::rota::weekday(day.weekday(), lang)) } } } }
                        tbody {
                            @for first in weeks {
                                tr {
                                    @for date in first.series(1.day()).take(7) {
                                        @let day = days.iter().find(|day| day.date == date);
                                        td { @if let Some(day) = day { (self.field(day)) } }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn field(&self, day: &Day) -> Markup {
        html! {
            span .date { (day.date.month()) "/" (day.date.day()) }
            @for (shift, part) in &day.shifts {
                " " strong .shift { (paper::shift(shift.as_str(), self.press.lang)) }
                @if let Some(part) = part { span .part { (part) } }
            }
        }
    }

    /// The hours of the shifts that they have, once for all days.
    fn hours(&self, days: &[Day]) -> String {
        let shifts: BTreeSet<Slug> = days.iter().flat_map(|day| &day.shifts).map(|(shift, _)| *shift).collect();
        let clock = |time: Time| format!("{:02}:{:02}", time.hour(), time.minute());
        let lines = shifts.iter().filter_map(|name| {
            let shift = self.press.village.rota.shifts.get(name)?;
            let hours = format!("{}–{}", clock(shift.from), clock(shift.until));
            Some(format!("{} {hours}", paper::shift(name.as_str(), self.press.lang)))
        });
        lines.collect::<Vec<_>>().join(" · ")
    }

    /// What they have on one day, swaps and leave done; with the hours where they are there for a part of it.
    fn day(&self, date: Date, who: ResponderId) -> Day {
        let (rota, zone, lang) = (&self.press.village.rota, self.press.zone, self.press.lang);
        let mut shifts = Vec::new();
        let begins = |shift: &Slug| rota.span(date, *shift, zone);
        let mut names: Vec<Slug> = rota.shifts.keys().copied().collect();
        names.sort_by_key(|shift| (begins(shift), *shift));
        for shift in names {
            let duties = rota.duties(date, shift, zone);
            for duty in duties.iter().filter(|duty| duty.responder == who) {
                let part = (Some(duty.span()) != begins(&shift))
                    .then(|| words::rota::hours(local(duty.from, zone), local(duty.until, zone), lang));
                shifts.push((shift, part));
            }
        }
        Day { date, shifts }
    }

    fn foot(&self) -> Markup {
        let press = &self.press;
        html! {
            footer {
                span {
                    @if let Some(number) = text(press.call_back) {
                        (self.say(say::STATION_NUMBER)) ": " strong { (number) }
                    }
                }
                span .printed { (paper::printed(&press.village.revision, local(press.now, press.zone), press.lang)) }
            }
        }
    }
}

/// A message as it would come, about nobody; whoever is sent is asked for an answer.
fn example(dispatched: bool, lang: Lang) -> Private<String> {
    let private = |zh: &str, en: &str| Private::new(if lang == Lang::Zh { zh } else { en }.to_owned());
    let who = private("示例奶奶", "Granny Example");
    let place = private("示例一组1号", "Group 1 No. 1");
    let landmark = private("大槐树旁", "by the old tree");
    let room = "bedroom".parse().ok();
    let facts = Facts {
        condition: Condition::HelpCall,
        because: Because::Raised,
        who: Some(&who),
        place: Some(&place),
        landmark: Some(&landmark),
        room: room.as_ref().map(|room| device::room(room, lang)),
        since: "03:12",
        known: Some(Reason::Pressed.say(lang)),
        drill: false,
        code: Code::new(17).filter(|_| dispatched),
    };
    notices::text(&facts, lang)
}
