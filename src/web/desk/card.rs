//! An open alarm about a person on the desk: what, whose, who goes, what follows and when, and who was told.

use maud::{Markup, html};

use super::html::Scene;
use super::sheet::{Step, is_answered, next_step, unanswered_since};
use crate::core::alarm::told::Reached;
use crate::core::alarm::{Alarm, State};
use crate::core::id::ResponderId;
use crate::core::time::Mono;
use crate::limits::web::ROWS_MAX;
use crate::web::frame::mark;
use crate::words::{Both, Lang, Say as _, alarm as standing, answer_page, desk as say, device, notice};

/// Every open alarm about a person.
pub(super) fn alarms(scene: &Scene<'_>) -> Markup {
    let alarms = &scene.sheet.people;
    html! {
        section #alarms data-live {
            h2 { (scene.say(say::ALARMS)) }
            @if alarms.is_empty() { p .empty { (scene.say(say::NO_ALARMS)) } }
            @for alarm in alarms.iter().take(ROWS_MAX) { (card(scene, alarm)) }
            @if alarms.len() > ROWS_MAX { p .empty { (say::more(alarms.len() - ROWS_MAX, scene.lang)) } }
        }
    }
}

fn card(scene: &Scene<'_>, alarm: &Alarm) -> Markup {
    let answered = is_answered(alarm);
    let (class, sign) = match answered {
        _ if alarm.id.drill => ("quiet", "◇"),
        true => ("calm-edge", "△"),
        false => ("grave-edge", "▲"),
    };
    html! {
        article class={ "card " (class) } {
            div .head {
                p .state { (mark(sign)) (standing::state(&alarm.state, alarm.id.condition, scene.lang)) }
                p .what {
                    @if alarm.id.drill { span .tag { (standing::DRILL.say(scene.lang)) } " " }
                    @if alarm.test_by.is_some() { span .tag { (answer_page::TEST.say(scene.lang)) } " " }
                    @if alarm.is_away() { span .tag.red { (notice::AWAY.say(scene.lang)) } " " }
                    strong { (whom(scene, alarm)) } " " (alarm.id.condition.say(scene.lang))
                    @if let Some(room) = alarm.room { " (" (device::room(&room, scene.lang)) ")" }
                    " " span .tag { (alarm.priority.say(scene.lang)) }
                }
                p .where { (place(scene, alarm)) }
            }
            (since(scene, alarm))
            (goes(scene, alarm))
            @if let Some(step) = next_step(alarm) { p .next { (next(scene, step)) } }
            (ambulance(scene, alarm))
            (told(scene, alarm))
            @if scene.acts() { (ways(scene, alarm)) }
        }
    }
}

/// How a resident is called.
pub(super) fn whom(scene: &Scene<'_>, alarm: &Alarm) -> String {
    alarm.resident().map(|resident| scene.known.address_form(resident)).unwrap_or_default()
}

/// The home, as villagers say it.
pub(super) fn place(scene: &Scene<'_>, alarm: &Alarm) -> String {
    let home = scene.known.home_of(alarm).map(|home| scene.known.label(home)).unwrap_or_default();
    let at = alarm.away.as_ref().and_then(|away| away.at).filter(|_| scene.acts());
    // Where they are is for whoever answers alarms, and not for a wall.
    let position = at.map(|at| notice::position(at, scene.sheet.now.mono.since(at.at.mono), scene.lang));
    position.into_iter().chain([home]).collect::<Vec<_>>().join(" · ")
}

fn since(scene: &Scene<'_>, alarm: &Alarm) -> Markup {
    let began = alarm.clocks.occurred.or(alarm.clocks.detected).unwrap_or_else(|| scene.sheet.now.at(alarm.id.onset));
    let known = alarm.evidence.last().map(|evidence| evidence.reason.say(scene.lang));
    html! {
        p .since {
            (say::since(&scene.clock_of(began), &scene.age(began.mono), scene.lang))
            @if let Some(known) = known { " · " (known) }
            @if let Some(unanswered) = unanswered_since(alarm) { " · " strong .red { (count_up(scene, say::UNANSWERED_FOR, unanswered)) } }
            @if !alarm.durable { " · " strong .red { (standing::UNDURABLE.say(scene.lang)) } }
        }
    }
}

/// Seconds since nobody has answered, counted by the script; without it the time from which they count.
pub(super) fn count_up(scene: &Scene<'_>, what: Both, since: Mono) -> Markup {
    let says = match scene.lang {
        Lang::Zh => format!("{} # 秒", scene.say(what)),
        Lang::En => format!("{} # s", scene.say(what)),
    };
    html! { span data-since=(since.0) data-says=(says) { (scene.say(what)) " " (from(scene, since)) } }
}

fn from(scene: &Scene<'_>, since: Mono) -> String {
    match scene.lang {
        Lang::Zh => format!("自 {}", scene.clock(since)),
        Lang::En => format!("since {}", scene.clock(since)),
    }
}

fn goes(scene: &Scene<'_>, alarm: &Alarm) -> Markup {
    let (State::Accepted { by, .. } | State::OnSite { by, .. }) = alarm.state else {
        return html! { p .goes { strong .red { (scene.say(say::NOBODY_GOES)) } } };
    };
    html! {
        p .goes {
            (scene.say(say::GOES)) ": " (person(scene, by))
            @if let Some(arrival) = alarm.present() { " " span .tag { (standing::arrival(arrival.proven).say(scene.lang)) } }
        }
    }
}

/// A responder with their role, and their telephone for whoever may call them.
pub(super) fn person(scene: &Scene<'_>, who: ResponderId) -> Markup {
    html! {
        strong { (scene.known.name(who)) }
        @if let Some(role) = scene.known.role(who) { " " span .soft { (role.say(scene.lang)) } }
        @if let Some(phone) = scene.known.phone(who).filter(|_| scene.acts()) {
            " " a .phone href={ "tel:" (phone) } { (phone) }
        }
    }
}

/// "44 秒后呼叫下一位": the seconds by the script, the time without it.
fn next(scene: &Scene<'_>, Step { what, due }: Step) -> Markup {
    let (says, past) = match scene.lang {
        Lang::Zh => ("# 秒后", "现在"),
        Lang::En => ("in # s:", "now:"),
    };
    html! {
        span .count data-due=(due.0) data-says=(says) data-past=(past) { (scene.clock(due)) } " " (scene.say(what))
    }
}

fn ambulance(scene: &Scene<'_>, alarm: &Alarm) -> Markup {
    let Some(ambulance) = alarm.ambulance else { return html! {} };
    html! {
        @if let Some(dialled) = ambulance.dialled {
            p .band.calm.thin { (mark("✓")) (answer_page::GREEN_120.say(scene.lang)) " " (scene.clock_of(dialled)) }
        } @else {
            p .band.deaf.thin { (mark("■")) (answer_page::RED_120.say(scene.lang)) }
        }
    }
}

fn told(scene: &Scene<'_>, alarm: &Alarm) -> Markup {
    html! {
        @if alarm.told.is_empty() { p .told { (scene.say(say::TOLD_NOBODY)) } }
        @else {
            p .told { (scene.say(say::TOLD)) ":" }
            ul .told {
                @for told in &alarm.told {
                    li class=[(told.busy || told.reached == Reached::Nobody).then_some("out")] {
                        (scene.known.name(told.who)) " "
                        span .soft { (if told.busy { say::BUSY } else { say::reached(told.reached) }.say(scene.lang)) }
                    }
                }
            }
        }
    }
}

/// To the page of this alarm, and what is done with one tap.
fn ways(scene: &Scene<'_>, alarm: &Alarm) -> Markup {
    let lang = scene.lang.word();
    let muted = alarm.muted_until.filter(|until| *until > scene.sheet.now.mono);
    html! {
        div .ways {
            a .do.first href={ "desk/alarm/" (alarm.id) "?lang=" (lang) } { (scene.say(say::HANDLE)) }
            @if let Some(until) = muted {
                span .soft { (scene.say(say::MUTED_UNTIL)) " " (scene.clock(until)) }
            } @else if !is_answered(alarm) {
                form method="post" action={ "desk/alarm/" (alarm.id) "?lang=" (lang) } {
                    input type="hidden" name="rev" value=(alarm.rev);
                    button .do type="submit" name="do" value="mute" { (scene.say(say::MUTE)) }
                }
            }
        }
    }
}
