//! The rota for a wall: one sheet a week, A4 across.
//!
//! Names of those who come, and no telephone unless it was asked for; of those who are served nothing but the numbers of houses that
//! nobody reaches in time.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time, Weekday};
use jiff::{Span as Length, ToSpan as _};
use maud::{Markup, html};

use super::{Press, frame};
use crate::config::village::rota::Swap;
use crate::config::village::rota::expand::{first_at, local};
use crate::core::id::{HomeId, ResponderId, Slug};
use crate::core::roster::ResponderRole;
use crate::core::rota::{Duty, Span};
use crate::core::time::Wall;
use crate::limits::paper::{GAP_HOMES_PRINTED_MAX, GAPS_PRINTED_MAX};
use crate::words::{Lang, Say as _, paper as say, rota};

/// Lines of people in a day above which letters get smaller, and above which they are small. judgement: what fits beside the rest
/// of the sheet in letters of 17 and 13 points.
const LARGE_LINES_MAX: usize = 12;
const MIDDLE_LINES_MAX: usize = 18;

/// Signs of a name that stand in one line of a day in large letters.
const NAME_SIGNS_MAX: usize = 5;

/// The rota of some weeks.
#[derive(Debug, Clone, Copy)]
pub struct Rota<'a> {
    /// What it is made from.
    pub press: Press<'a>,
    /// A day of the first week.
    pub day: Date,
    /// How many weeks.
    pub weeks: u8,
    /// Telephones are printed too.
    pub phones: bool,
}

/// Somebody in a field of the table.
struct Entry {
    who: ResponderId,
    /// For whom they stand in.
    instead_of: Option<ResponderId>,
    /// When they are there, where that is a part of the shift.
    parts: Vec<Span>,
    /// They are away for all of it.
    is_away: bool,
}

impl Rota<'_> {
    /// The page.
    #[must_use]
    pub fn page(&self) -> String {
        let monday = monday_of(self.day);
        let weeks = (0..self.weeks).map(|week| monday.saturating_add(Length::new().weeks(week)));
        let content = html! { @for first in weeks { (self.week(first)) } };
        let title = format!("{} · {}", rota::TITLE.say(self.press.lang), self.press.station_name());
        frame::page(&title, "across", self.press.lang, &content)
    }

    fn week(&self, first: Date) -> Markup {
        let lang = self.press.lang;
        let days: Vec<Date> = first.series(1.day()).take(7).collect();
        let last = days.last().copied().unwrap_or(first);
        let shifts = self.shifts(first);
        html! {
            section .sheet .(self.size(&days, &shifts)) {
                header {
                    h1 { (rota::TITLE.say(lang)) }
                    p .week { (say::week(first, last, lang)) }
                    p .station { (self.press.station_name()) }
                }
                @if shifts.is_empty() { p { (rota::NO_ROTA.say(lang)) } }
                @else { (self.table(&days, &shifts)) }
                @for year in self.press.village.rota.unknown_years(first, last) {
                    p .note { (rota::HOLIDAYS_UNKNOWN.say(lang)) ": " (year) }
                }
                div .below {
                    (self.gaps(first, last))
                    (self.cannot())
                }
                (self.foot())
            }
        }
    }

    /// Whole lines of people decide how large the letters are.
    fn size(&self, days: &[Date], shifts: &[Slug]) -> &'static str {
        let tallest = |shift: &Slug| {
            let lines = |day: &Date| {
                let entries = self.entries(*day, *shift);
                let phones = if self.phones { entries.len() } else { 0 };
                let notes = |one: &Entry| {
                    let is_on_leave = one.is_away || !one.parts.is_empty();
                    usize::from(one.instead_of.is_some()) + usize::from(is_on_leave) + one.parts.len()
                };
                entries.iter().map(|one| 2 + notes(one)).sum::<usize>() + phones
            };
            days.iter().map(lines).max().unwrap_or_default().max(2)
        };
        match shifts.iter().map(tallest).sum::<usize>() {
            0..=LARGE_LINES_MAX => "large",
            lines if lines <= MIDDLE_LINES_MAX => "middle",
            _ => "small",
        }
    }

    fn table(&self, days: &[Date], shifts: &[Slug]) -> Markup {
        let lang = self.press.lang;
        html! {
            table .rota {
                thead {
                    tr {
                        th { (say::SHIFT.say(lang)) }
                        @for day in days {
                            @let kind = rota::day_kind(self.press.village.rota.calendar.kind(*day).word(), lang);
                            th .off[is_off(*day)] {
                                span .weekday { (rota::weekday(day.weekday(), lang)) }
                                span .date { (day.month()) "/" (day.day()) }
                                @if let Some(kind) = kind { span .kind { (kind) } }
                            }
                        }
                    }
                }
                tbody {
                    @for shift in shifts {
                        tr {
                            th scope="row" {
                                span .shift { (say::shift(shift.as_str(), lang)) }
                                span .hours { (self.hours(*shift)) }
                            }
                            @for day in days { (self.field(*day, *shift)) }
                        }
                    }
                    tr .signed {
                        th scope="row" { (say::SIGNED.say(lang)) }
                        @for _ in days { td {} }
                    }
                }
            }
        }
    }

    /// By the clock on the wall, as the file has it.
    fn hours(&self, shift: Slug) -> String {
        let Some(of) = self.press.village.rota.shifts.get(&shift) else { return String::new() };
        let clock = |time: Time| format!("{:02}:{:02}", time.hour(), time.minute());
        format!("{}–{}", clock(of.from), clock(of.until))
    }

    fn field(&self, day: Date, shift: Slug) -> Markup {
        let entries = self.entries(day, shift);
        let is_empty = entries.iter().all(|entry| entry.is_away);
        html! {
            td .gap[is_empty] {
                @if is_empty { strong .nobody { (rota::NOBODY.say(self.press.lang)) } }
                @for entry in &entries { (self.person(entry)) }
            }
        }
    }

    fn person(&self, entry: &Entry) -> Markup {
        let (press, lang) = (&self.press, self.press.lang);
        let role = press.village.roster.responders.get(&entry.who).map_or("", |responder| responder.role.say(lang));
        let name = press.name(entry.who);
        html! {
            p .person .away[entry.is_away] {
                span .name .long[is_long(&name)] { (name) } " "
                span .role { (role) }
                @if entry.is_away || !entry.parts.is_empty() { span .line .mark { (say::ON_LEAVE.say(lang)) } }
                @if let Some(other) = entry.instead_of {
                    span .line .mark { (say::stands_in(&press.name(other), lang)) }
                }
                @for part in &entry.parts { span .line { (self.part(*part)) } }
                @if self.phones && !entry.is_away {
                    @if let Some(phone) = press.phone(entry.who) { span .line .phone { (phone) } }
                }
            }
        }
    }

    fn part(&self, part: Span) -> String {
        let at = |wall: Wall| local(wall, self.press.zone);
        rota::hours(at(part.from), at(part.until), self.press.lang)
    }

    /// Who is on a shift of a day, with swaps and leave.
    fn entries(&self, day: Date, shift: Slug) -> Vec<Entry> {
        let (rota, zone) = (&self.press.village.rota, self.press.zone);
        let on = rota.on_shift(day, shift);
        let duties = rota.duties(day, shift, zone);
        let whole = rota.span(day, shift, zone);
        let entry = |who: ResponderId| {
            let theirs: Vec<Span> = duties.iter().filter(|duty| duty.responder == who).map(Duty::span).collect();
            let is_whole = theirs.first().copied() == whole;
            let takes = |swap: &&Swap| (swap.date, swap.shift, swap.stands_in) == (day, shift, who);
            // A swap that changed nothing left whoever it names on the shift.
            let swap = rota.swaps.iter().rev().find(takes).filter(|swap| !on.contains(&swap.out));
            Entry {
                who,
                instead_of: swap.map(|swap| swap.out),
                is_away: theirs.is_empty(),
                parts: if is_whole { Vec::new() } else { theirs },
            }
        };
        on.iter().map(|who| entry(*who)).collect()
    }

    /// The shifts, the earliest first.
    fn shifts(&self, day: Date) -> Vec<Slug> {
        let rota = &self.press.village.rota;
        let begins = |shift: &Slug| rota.span(day, *shift, self.press.zone);
        let mut shifts: Vec<Slug> = rota.shifts.keys().copied().collect();
        shifts.sort_by_key(|shift| (begins(shift), *shift));
        shifts
    }

    fn gaps(&self, first: Date, last: Date) -> Markup {
        let lang = self.press.lang;
        let lines = if self.press.village.rota.shifts.is_empty() { Vec::new() } else { self.gap_lines(first, last) };
        html! {
            div .gaps {
                h2 { (say::GAPS.say(lang)) }
                @if lines.is_empty() { p { (say::NO_GAPS.say(lang)) } }
                @else {
                    ul { @for line in lines.iter().take(GAPS_PRINTED_MAX) { li { (line) } } }
                    @if lines.len() > GAPS_PRINTED_MAX {
                        p { (say::more_gaps(lines.len() - GAPS_PRINTED_MAX, lang)) }
                    }
                }
            }
        }
    }

    /// As the forecast has them, in the order of time: when nobody is on duty, and which homes nobody reaches.
    fn gap_lines(&self, first: Date, last: Date) -> Vec<String> {
        let (press, lang) = (&self.press, self.press.lang);
        let midnight = |day: Date| first_at(day.to_datetime(Time::midnight()), press.zone);
        let window = Span { from: midnight(first), until: midnight(last.tomorrow().unwrap_or(last)) };
        let forecast = press.village.forecast(window, press.zone);
        let today = local(press.now, press.zone).date();
        let when = |gap: Span| {
            let (from, until) = (local(gap.from, press.zone), local(gap.until, press.zone));
            // Paper is read on other days than the one on which it is printed: it names every day.
            let not_today = if from.date() == today { today.yesterday().unwrap_or(today) } else { today };
            rota::when(from, until, not_today, lang)
        };
        let mut lines: Vec<(Wall, u8, String)> =
            forecast.nobody.iter().map(|gap| (gap.from, 0, rota::nobody(&when(*gap), lang))).collect();
        for (gap, people) in forecast.by_span() {
            // Where nobody at all is on duty, the line before says so of every home.
            if forecast.nobody.contains(&gap) {
                continue;
            }
            let residents = people.iter().filter_map(|id| press.village.roster.residents.get(id));
            let homes: BTreeSet<HomeId> = residents.map(|resident| resident.home).collect();
            let shown: Vec<String> = homes.iter().take(GAP_HOMES_PRINTED_MAX).map(|home| press.label(*home)).collect();
            lines.push((gap.from, 1, say::far(&when(gap), &shown, homes.len(), lang)));
        }
        lines.sort();
        lines.into_iter().map(|(.., line)| line).collect()
    }

    /// Whom to tell, and how.
    fn cannot(&self) -> Markup {
        let (press, lang) = (&self.press, self.press.lang);
        let desk = press.village.roster.responders.values().filter(|who| who.role == ResponderRole::DutyDesk);
        let desk: Vec<String> = desk.map(|who| self.with_phone(who.id)).collect();
        let comma = if lang == Lang::Zh { "、" } else { ", " };
        html! {
            div .cannot {
                h2 { (say::CANNOT.say(lang)) }
                p { (say::CANNOT_MEANS.say(lang)) }
                p {
                    (say::TELL.say(lang)) ": "
                    @if desk.is_empty() { (say::TELL_NOBODY.say(lang)) } @else { strong { (desk.join(comma)) } }
                    @if let Some(number) = super::names::text(press.call_back).filter(|_| self.phones) { " · " (number) }
                }
            }
        }
    }

    fn with_phone(&self, who: ResponderId) -> String {
        let name = self.press.name(who);
        match self.press.phone(who).filter(|_| self.phones) {
            Some(phone) => format!("{name} {phone}"),
            None => name,
        }
    }

    fn foot(&self) -> Markup {
        let (press, lang) = (&self.press, self.press.lang);
        html! {
            footer {
                span .sign { (say::RESPONSIBLE.say(lang)) span .rule {} (say::DATE.say(lang)) span .rule .short {} }
                span .printed { (say::printed(&press.village.revision, local(press.now, press.zone), lang)) }
            }
        }
    }
}

/// The Monday of a day's week.
fn monday_of(day: Date) -> Date {
    let back = i64::from(day.weekday().to_monday_zero_offset());
    day.saturating_sub(Length::new().days(back))
}

/// Whether a name would leave its last sign alone on a line: Chinese names have at most four, a desk's has more.
fn is_long(name: &str) -> bool {
    !name.is_ascii() && name.chars().count() > NAME_SIGNS_MAX
}

fn is_off(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}
