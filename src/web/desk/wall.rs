//! The wall screen: large, for everybody who passes. House number and surname; no absence, no health (CARE-RULES 28).

use maud::{Markup, html};

use super::card::{count_up, place};
use super::html::Scene;
use super::sheet::{is_answered, unanswered_since};
use crate::core::alarm::{Alarm, State};
use crate::core::condition::Condition;
use crate::core::id::ResidentId;
use crate::core::watch::Watch;
use crate::limits::web::ROWS_MAX;
use crate::web::frame::mark;
use crate::words::{Say as _, alarm as standing, desk as say, visits};

/// Alarms about people, then who is not watched.
pub(super) fn content(scene: &Scene<'_>) -> Markup {
    let alarms: Vec<&Alarm> = scene.sheet.people.iter().copied().filter(|alarm| !is_asking_first(alarm)).collect();
    let blind: Vec<ResidentId> = scene
        .sheet
        .unwatched
        .iter()
        .filter(|(_, watch, _)| *watch == Watch::Blind)
        .map(|(resident, ..)| *resident)
        .collect();
    html! {
        section #alarms data-live {
            @if alarms.is_empty() {
                p .band.calm { (mark("○")) (scene.say(say::WALL_CALM)) }
            }
            @for alarm in alarms.iter().take(ROWS_MAX) { (row(scene, alarm)) }
        }
        @if !scene.sheet.visits.is_empty() {
            section #visits data-live {
                p .band.warn { (mark("△")) (scene.say(visits::DUE)) " " strong { (scene.sheet.visits.len()) } }
            }
        }
        @if !blind.is_empty() {
            section #watch data-live {
                h2 { (mark("■")) (Watch::Blind.say(scene.lang)) }
                ul .tiles {
                    @for resident in blind.iter().take(ROWS_MAX) {
                        li { (home(scene, *resident)) " " strong { (scene.known.surname(*resident)) } }
                    }
                }
            }
        }
    }
}

/// The person is asked first, and nobody else has to know yet.
const fn is_asking_first(alarm: &Alarm) -> bool {
    matches!(alarm.state, State::PreAlarm { .. })
}

fn home(scene: &Scene<'_>, resident: ResidentId) -> String {
    let home = scene.known.roster.residents.get(&resident).map(|resident| resident.home);
    home.map(|home| scene.known.label(home)).unwrap_or_default()
}

fn row(scene: &Scene<'_>, alarm: &Alarm) -> Markup {
    let answered = is_answered(alarm);
    let surname = alarm.resident().map(|resident| scene.known.surname(resident)).unwrap_or_default();
    let (class, sign) = match answered {
        _ if alarm.id.drill => ("quiet-call", "◇"),
        true => ("calm", "△"),
        false => ("deaf", "▲"),
    };
    html! {
        div class={ "band call " (class) } {
            p .who {
                (mark(sign))
                @if alarm.id.drill { span .tag { (standing::DRILL.say(scene.lang)) } " " }
                (place(scene, alarm)) " " strong { (surname) } " " (kind(scene, alarm.id.condition))
            }
            p .state {
                (standing::state(&alarm.state, alarm.id.condition, scene.lang))
                @if !answered {
                    " · "
                    @match unanswered_since(alarm) {
                        Some(since) => (count_up(scene, say::UNANSWERED_FOR, since)),
                        None => (count_up(scene, say::WAITS_FOR, alarm.id.onset)),
                    }
                }
            }
        }
    }
}

/// A hazard is everybody's business, a call for help too; what ails somebody is not.
fn kind(scene: &Scene<'_>, condition: Condition) -> &'static str {
    match condition {
        Condition::HelpCall | Condition::Smoke | Condition::Gas | Condition::CarbonMonoxide | Condition::WaterLeak => {
            condition.say(scene.lang)
        }
        _ => scene.say(say::WALL_ALARM),
    }
}
