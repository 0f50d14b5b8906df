//! The desk's other lists: who is not watched, who is on duty, which faults stand.

use maud::{Markup, html};

use super::card::{person, place};
use super::html::Scene;
use crate::core::alarm::{Alarm, State, Subject};
use crate::core::id::{ResidentId, ResponderId};
use crate::core::time::{Moment, Wall};
use crate::core::watch::Watch;
use crate::limits::web::ROWS_MAX;
use crate::web::frame::mark;
use crate::words::{Say as _, desk as say, power};

/// Residents who are not fully watched, BLIND first.
pub(super) fn watch(scene: &Scene<'_>) -> Markup {
    let sheet = &scene.sheet;
    let nobody = if sheet.watched == 0 { say::NO_RESIDENTS } else { say::ALL_WATCHED };
    html! {
        section #watch data-live {
            h2 { (scene.say(say::WATCH)) }
            @if sheet.unwatched.is_empty() { p .empty { (scene.say(nobody)) } }
            @else {
                ul .rows {
                    @for (resident, watch, since) in sheet.unwatched.iter().take(ROWS_MAX) { (row(scene, *resident, *watch, *since)) }
                }
            }
            @if sheet.unwatched.len() > ROWS_MAX { p .empty { (say::more(sheet.unwatched.len() - ROWS_MAX, scene.lang)) } }
            @if !sheet.away.is_empty() {
                h3 { (scene.say(say::AWAY)) }
                ul .rows {
                    @for (resident, until) in sheet.away.iter().take(ROWS_MAX) {
                        li {
                            span .what.wide { strong { (scene.known.address_form(*resident)) } }
                            span .age { (say::until(&scene.clock_of(Moment { wall: *until, ..sheet.now }), scene.lang)) }
                        }
                    }
                }
            }
        }
    }
}

fn row(scene: &Scene<'_>, resident: ResidentId, watch: Watch, since: Moment) -> Markup {
    let (class, sign) = if watch == Watch::Blind { ("grave-edge", "■") } else { ("warn-edge", "◇") };
    let home = scene.known.roster.residents.get(&resident).map(|resident| scene.known.label(resident.home));
    html! {
        li class=(class) {
            span .state { (mark(sign)) (watch.say(scene.lang)) }
            span .what { strong { (scene.known.address_form(resident)) } " " span .soft { (home.unwrap_or_default()) } }
            span .age { (scene.age(since.mono)) }
        }
    }
}

/// Who is on duty, who comes next, and where nobody is near.
pub(super) fn duty(scene: &Scene<'_>) -> Markup {
    let duty = &scene.known.duty;
    let clock = |at: Wall| scene.clock_of(Moment { wall: at, ..scene.sheet.now });
    html! {
        section #duty data-live {
            h2 { (scene.say(say::DUTY)) }
            @match &duty.on_duty {
                None => p .band.warn.thin { (mark("△")) (scene.say(say::DUTY_UNKNOWN)) },
                Some(people) if people.is_empty() => p .band.grave.thin { (mark("▲")) (scene.say(say::NOBODY_ON_DUTY)) },
                Some(people) => {
                    ul .rows {
                        @for (who, until) in people {
                            li {
                                span .what.wide {
                                    (person(scene, *who))
                                    @if duty.unanswered.contains(who) { " " span .tag.red { (scene.say(say::ROLL_CALL_MISSED)) } }
                                }
                                span .age { (say::until(&clock(*until), scene.lang)) }
                            }
                        }
                    }
                }
            }
            @for who in duty.unanswered.iter().filter(|who| !is_on_duty(scene, **who)) {
                p .soft { (person(scene, *who)) " " span .tag.red { (scene.say(say::ROLL_CALL_MISSED)) } }
            }
            @if let Some((at, people)) = &duty.next {
                p .soft { (scene.say(say::NEXT_DUTY)) " " (clock(*at)) ": " (names(scene, people)) }
            }
            h3 { (scene.say(say::GAPS)) }
            @if duty.gaps.is_empty() { p .empty { (scene.say(say::NO_GAPS)) } }
            @else {
                ul .rows {
                    @for (span, residents) in duty.gaps.iter().take(ROWS_MAX) {
                        li .warn-edge {
                            span .state { (clock(span.from)) "–" (clock(span.until)) }
                            span .what { (say::people(residents.len(), scene.lang)) }
                        }
                    }
                }
            }
        }
    }
}

fn is_on_duty(scene: &Scene<'_>, who: ResponderId) -> bool {
    scene.known.duty.on_duty.iter().flatten().any(|(on, _)| *on == who)
}

fn names(scene: &Scene<'_>, people: &[ResponderId]) -> String {
    let names: Vec<String> = people.iter().map(|who| scene.known.name(*who)).collect();
    if names.is_empty() { scene.say(say::NOBODY).to_owned() } else { names.join(" · ") }
}

/// Faults, with who sees to them and until when.
pub(super) fn faults(scene: &Scene<'_>) -> Markup {
    let things = &scene.sheet.things;
    html! {
        section #faults data-live {
            h2 { (scene.say(say::FAULTS)) }
            @if things.is_empty() { p .empty { (scene.say(say::NO_FAULTS)) } }
            @else {
                ul .rows { @for alarm in things.iter().take(ROWS_MAX) { (fault(scene, alarm)) } }
            }
            @if things.len() > ROWS_MAX { p .empty { (say::more(things.len() - ROWS_MAX, scene.lang)) } }
        }
    }
}

fn extent(scene: &Scene<'_>, alarm: &Alarm) -> Option<String> {
    let homes: Vec<String> = alarm.homes.iter().map(|home| scene.known.label(*home)).collect();
    power::extent(alarm.left, &homes, scene.lang)
}

fn fault(scene: &Scene<'_>, alarm: &Alarm) -> Markup {
    let about = match alarm.id.subject {
        Subject::Resident(id) => scene.known.address_form(id),
        Subject::Device(id) => id.to_string(),
        Subject::Source(id) => id.to_string(),
        Subject::Stranger(id) => id.to_string(),
        Subject::Channel(id) => id.to_string(),
        Subject::Station => String::new(),
    };
    let owner = match alarm.state {
        State::Accepted { by, until, .. } => Some((by, until)),
        _ => None,
    };
    html! {
        li class=(if owner.is_some() { "" } else { "warn-edge" }) {
            span .what.wide {
                strong { (alarm.id.condition.say(scene.lang)) } " " (about) " " span .soft { (place(scene, alarm)) }
            }
            span .age { (scene.age(alarm.id.onset)) }
            @if let Some(extent) = extent(scene, alarm) { span .why { (extent) } }
            span .why {
                @if let Some((by, until)) = owner {
                    (scene.say(say::OWNER)) ": " (scene.known.name(by)) " · " (scene.say(say::CLOCK)) " " (scene.clock(until))
                } @else {
                    (scene.say(say::NO_OWNER))
                    @if scene.acts() {
                        form method="post" action={ "desk/alarm/" (alarm.id) "?lang=" (scene.lang.word()) } {
                            input type="hidden" name="rev" value=(alarm.rev);
                            button .do type="submit" name="do" value="acknowledge" { (scene.say(say::ACKNOWLEDGE)) }
                        }
                    }
                }
            }
        }
    }
}
