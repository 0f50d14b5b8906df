//! Who is on duty, who comes next, and who has nobody near, as the desk shows it. Pure.

use std::collections::BTreeMap;

use crate::core::id::{ResidentId, ResponderId};
use crate::core::rota::{Forecast, Rota, Span};
use crate::core::time::Wall;

/// The rota at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DutyView {
    /// Whoever is on duty, and until when; none when the rota says nothing of this moment.
    pub on_duty: Option<Vec<(ResponderId, Wall)>>,
    /// When somebody comes or goes next, and who is on duty from then on.
    pub next: Option<(Wall, Vec<ResponderId>)>,
    /// When residents have nobody on duty near them, and which.
    pub gaps: Vec<(Span, Vec<ResidentId>)>,
    /// Whoever was asked at the evening's roll-call and has not answered (CARE-RULES 21).
    pub unanswered: Vec<ResponderId>,
}

impl DutyView {
    /// The view of a plan and its forecast, at a moment in its window.
    #[must_use]
    pub fn of(rota: &Rota, forecast: &Forecast, now: Wall) -> DutyView {
        let known = rota.window().contains(now);
        let until = |who| rota.until(who, now).unwrap_or(now);
        let on_duty = known.then(|| rota.on_duty(now).map(|who| (who, until(who))).collect());
        let next = rota.next_change(now).map(|at| (at, rota.on_duty(at).collect()));
        let ahead = |span: &Span| span.until > now;
        let by_span: BTreeMap<Span, Vec<ResidentId>> = forecast.by_span();
        let gaps = by_span.into_iter().filter(|(span, _)| ahead(span)).collect();
        DutyView { on_duty, next, gaps, unanswered: Vec::new() }
    }
}
