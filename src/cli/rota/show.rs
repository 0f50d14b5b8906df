//! The rota for a wall: every day, every shift, and who is on it.

use std::fmt::Write as _;

use jiff::civil::Date;
use serde_json::{Value, json};

use super::Page;
use crate::config::village::rota::DayKind;
use crate::config::village::rota::expand::local;
use crate::core::id::Slug;
use crate::core::rota::{Duty, Span};
use crate::words::rota as say;

impl Page {
    /// The list, for people or for programs.
    pub(super) fn show(&self, json: bool) -> String {
        if json {
            let days: Vec<Value> = (0..self.days).map(|after| self.day_as_json(self.day(after))).collect();
            return format!("{}\n", json!({ "days": days }));
        }
        let mut text = format!("{} · {} – ", say::TITLE.say(self.lang), say::day(self.from, self.lang));
        _ = writeln!(text, "{}", say::day(self.day(self.days - 1), self.lang));
        if self.village.rota.shifts.is_empty() {
            _ = writeln!(text, "{}", say::NO_ROTA.say(self.lang));
            return text;
        }
        text.push_str(&self.unknown_years());
        for after in 0..self.days {
            let date = self.day(after);
            let kind = say::day_kind(self.kind(date).word(), self.lang);
            let kind = kind.map_or_else(String::new, |kind| format!(" · {kind}"));
            _ = writeln!(text, "\n{}{kind}", say::day(date, self.lang));
            for (shift, span) in self.shifts(date) {
                let (begin, end) = (local(span.from, &self.zone), local(span.until, &self.zone));
                let hours = say::hours(begin, end, self.lang);
                _ = writeln!(text, "  {shift:<10} {hours}  {}", self.people_of(date, shift, span));
            }
        }
        text
    }

    fn kind(&self, date: Date) -> DayKind {
        self.village.rota.calendar.kind(date)
    }

    /// The shifts of a day, the earliest first.
    fn shifts(&self, date: Date) -> Vec<(Slug, Span)> {
        let rota = &self.village.rota;
        let spans = rota.shifts.keys().filter_map(|shift| Some((*shift, rota.span(date, *shift, &self.zone)?)));
        let mut spans: Vec<(Slug, Span)> = spans.collect();
        spans.sort_by_key(|(_, span)| *span);
        spans
    }

    /// Who is on a shift; with the hours of whoever is there for a part of it.
    fn people_of(&self, date: Date, shift: Slug, whole: Span) -> String {
        let named = |duty: &Duty| {
            let mut name = self.responder(duty.responder);
            if duty.span() != whole {
                let (from, until) = (local(duty.from, &self.zone), local(duty.until, &self.zone));
                _ = write!(name, " [{}]", say::hours(from, until, self.lang));
            }
            name
        };
        let all: Vec<String> = self.village.rota.duties(date, shift, &self.zone).iter().map(named).collect();
        if all.is_empty() { say::NOBODY.say(self.lang).to_owned() } else { all.join(", ") }
    }

    fn day_as_json(&self, date: Date) -> Value {
        let shifts = self.shifts(date).into_iter().map(|(shift, span)| {
            let duties = self.village.rota.duties(date, shift, &self.zone).into_iter();
            let duties = duties.map(|duty| json!({ "who": duty.responder, "from": duty.from, "until": duty.until }));
            let on_duty: Vec<Value> = duties.collect();
            json!({ "shift": shift, "from": span.from, "until": span.until, "on_duty": on_duty })
        });
        let shifts: Vec<Value> = shifts.collect();
        json!({ "date": date.to_string(), "kind": self.kind(date), "shifts": shifts })
    }
}
