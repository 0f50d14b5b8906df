//! The forecast: who has nobody within fifteen minutes, and when nobody is on duty at all.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::Page;
use crate::config::village::rota::expand::{first_at, local};
use crate::core::roster::Service;
use crate::core::rota::{Forecast, Span};
use crate::core::time::Wall;
use crate::words::rota as say;

impl Page {
    /// The list, for people or for programs.
    pub(super) fn forecast(&self, json: bool) -> String {
        let from = if self.is_named { self.midnight(self.from) } else { self.now };
        let until = local(from, &self.zone).saturating_add(jiff::Span::new().days(self.days));
        let until = first_at(until, &self.zone);
        let forecast = self.village.forecast(Span { from, until }, &self.zone);
        if json { format!("{}\n", as_json(&forecast)) } else { self.as_text(&forecast) }
    }

    fn as_text(&self, forecast: &Forecast) -> String {
        let lang = self.lang;
        let (from, until) = (local(forecast.window.from, &self.zone), local(forecast.window.until, &self.zone));
        let mut text = format!("{} · {}\n", say::FORECAST.say(lang), {
            let day = say::day(from.date(), lang);
            format!("{day} {}", say::hours(from, until, lang))
        });
        if self.village.rota.shifts.is_empty() {
            _ = writeln!(text, "{}", say::NO_ROTA.say(lang));
            return text;
        }
        text.push_str(&self.unknown_years());
        let mut residents = self.village.roster.residents.values();
        if !residents.any(|resident| resident.service == Service::Active) {
            _ = writeln!(text, "{}", say::NO_RESIDENT.say(lang));
            return text;
        }
        // In the order of time; that nobody is on duty explains the gaps below it.
        let mut lines: Vec<(Wall, u8, String)> = Vec::new();
        for gap in &forecast.nobody {
            lines.push((gap.from, 0, say::nobody(&self.when(*gap), lang)));
        }
        for (gap, people) in forecast.by_span() {
            let people: Vec<String> = people.into_iter().map(|id| self.resident(id)).collect();
            lines.push((gap.from, 1, say::far(&self.when(gap), &people, lang)));
        }
        lines.sort();
        if lines.is_empty() {
            _ = writeln!(text, "{}", say::ALL_NEAR.say(lang));
        }
        for (_, _, line) in lines {
            _ = writeln!(text, "{line}");
        }
        text
    }

    fn when(&self, gap: Span) -> String {
        let (from, until) = (local(gap.from, &self.zone), local(gap.until, &self.zone));
        say::when(from, until, local(self.now, &self.zone).date(), self.lang)
    }
}

fn as_json(forecast: &Forecast) -> Value {
    let span = |span: &Span| json!({ "from": span.from, "until": span.until });
    let nobody: Vec<Value> = forecast.nobody.iter().map(span).collect();
    let far = forecast.far.iter().map(|(id, gaps)| (id.to_string(), gaps.iter().map(span).collect()));
    let far: serde_json::Map<String, Value> = far.collect();
    json!({ "from": forecast.window.from, "until": forecast.window.until, "nobody_on_duty": nobody, "nobody_near": far })
}
