//! One alarm on a page of its own, with all that can be noted about it, in the name of whoever did it. Not live, so that what somebody
//! writes here is not swept away.

use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::sheet::is_answered;
use crate::core::alarm::{Alarm, Disposition, State};
use crate::core::id::ResponderId;
use crate::core::time::Moment;
use crate::web::act::Act;
use crate::web::answer::{door_field, label as answer_label};
use crate::web::frame::{self, mark};
use crate::web::names::Known;
use crate::web::session::Session;
use crate::words::{Both, Lang, Say as _, alarm as standing, answer_page, desk as say, device, time};

/// One alarm, as it stands, for somebody who answers alarms.
pub(super) struct One<'a> {
    pub(super) alarm: &'a Alarm,
    pub(super) now: Moment,
    pub(super) known: &'a Known,
    pub(super) zone: &'a TimeZone,
    pub(super) session: &'a Session,
    pub(super) lang: Lang,
}

impl One<'_> {
    /// The whole page.
    pub(super) fn page(&self) -> String {
        let content = html! {
            header {
                h1 { (self.say(say::HANDLE)) }
                nav { a href={ "../../desk?lang=" (self.lang.word()) } { (self.say(say::BACK)) } }
            }
            main {
                (self.case())
                @if self.alarm.is_open() { (self.form()) }
                (self.history())
            }
        };
        frame::page(say::TITLE, "desk one", "../../", self.lang, &content)
    }

    fn say(&self, both: Both) -> &'static str {
        both.say(self.lang)
    }

    fn clock(&self, at: Moment) -> String {
        time::clock(at, self.now, self.zone, self.lang)
    }

    fn case(&self) -> Markup {
        let alarm = self.alarm;
        let home = self.known.home_of(alarm);
        let landmark = home.and_then(|home| self.known.landmark(home));
        let whom = alarm.resident().map(|resident| self.known.address_form(resident)).unwrap_or_default();
        let began = alarm.clocks.occurred.or(alarm.clocks.detected).unwrap_or_else(|| self.now.at(alarm.id.onset));
        let age = time::span(self.now.mono.since(began.mono), self.lang);
        let edge = if is_answered(alarm) { "calm-edge" } else { "grave-edge" };
        let state = standing::state(&alarm.state, alarm.id.condition, self.lang);
        html! {
            section class={ "card " (edge) } {
                div .head {
                    p .state {
                        (state) @if let Some(by) = holder(alarm) { " · " (self.known.name(by)) }
                        @if let Some(arrival) = alarm.present() { " · " (standing::arrival(arrival.proven).say(self.lang)) }
                    }
                    p .what {
                        strong { (whom) } " " (alarm.id.condition.say(self.lang))
                        @if let Some(room) = alarm.room { " (" (device::room(&room, self.lang)) ")" }
                        " " span .tag { (alarm.priority.say(self.lang)) }
                    }
                    p .where { (home.map(|home| self.known.label(home)).unwrap_or_default()) }
                }
                @if let Some(landmark) = landmark { p { (self.say(answer_page::LANDMARK)) ": " (landmark) } }
                p .since { (say::since(&self.clock(began), &age, self.lang)) }
                @if let Some(ambulance) = alarm.ambulance {
                    @if ambulance.dialled.is_some() { p .band.calm.thin { (mark("✓")) (self.say(answer_page::GREEN_120)) } }
                    @else { p .band.deaf.thin { (mark("■")) (self.say(answer_page::RED_120)) } }
                }
            }
        }
    }

    /// Who did it, what was said, and what they did.
    fn form(&self) -> Markup {
        let chosen = holder(self.alarm).unwrap_or(self.session.responder);
        let about_person = self.alarm.id.condition.rule().about_person;
        let button = |act: &Act, class: &str| {
            html! { button class={ "do " (class) } type="submit" name="do" value=(act.word()) { (self.say(label(*act))) } }
        };
        let steps: &[Act] = if about_person {
            &[Act::Come, Act::Busy, Act::Withdraw, Act::Arrived, Act::Want120, Act::Dialled120]
        } else {
            &[Act::Acknowledge]
        };
        let not_endings: &[Act] =
            if about_person { &[Act::CouldNotEnter, Act::NoAnswer, Act::NotFound, Act::WrongHome] } else { &[] };
        html! {
            form .one method="post" action={ "?lang=" (self.lang.word()) } {
                input type="hidden" name="rev" value=(self.alarm.rev);
                label { (self.say(say::ON_BEHALF))
                    select name="by" {
                        @for who in self.known.roster.responders.keys() {
                            option value=(who) selected[*who == chosen] { (self.who(*who)) }
                        }
                    }
                }
                h2 { (self.say(say::STEPS)) }
                @if about_person && self.known.home_of(self.alarm).is_some_and(|home| self.known.has_door_code(home)) {
                    // The first button of a form is what Enter in its field means.
                    button .unseen type="submit" name="do" value=(Act::Arrived.word()) tabindex="-1" aria-hidden="true" {}
                    (door_field(self.lang))
                }
                div .ways { @for act in steps { (button(act, "")) } }
                @if !not_endings.is_empty() {
                    h2 { (self.say(say::NOT_ENDINGS)) }
                    div .ways { @for act in not_endings { (button(act, "quiet")) } }
                }
                label { (self.say(say::CONVERSATION))
                    textarea name="said" rows="2" maxlength="200" {}
                }
                @if about_person { p .soft { (self.say(say::CONVERSATION_WHY)) } }
                h2 { (self.say(say::ENDINGS)) }
                div .ways {
                    @for disposition in endings(self.alarm) {
                        button .do type="submit" name="as" value=(disposition.word()) { (disposition.say(self.lang)) }
                    }
                    button .do.quiet type="submit" name="do" value="note" { (self.say(say::DO_NOTE)) }
                }
            }
        }
    }

    fn who(&self, who: ResponderId) -> String {
        let name = self.known.name(who);
        self.known.role(who).map_or_else(|| name.clone(), |role| format!("{name} · {}", role.say(self.lang)))
    }

    fn history(&self) -> Markup {
        html! {
            section {
                h2 { (self.say(say::HISTORY)) }
                ul .rows {
                    @for evidence in &self.alarm.evidence {
                        li { span .state { (self.clock(evidence.at)) } span .what.wide { (evidence.reason.say(self.lang)) } }
                    }
                    @for told in &self.alarm.told {
                        li {
                            span .state { (told.sent.map(|at| self.clock(at)).unwrap_or_default()) }
                            span .what.wide {
                                (self.who(told.who)) " · "
                                (if told.busy { say::BUSY } else { say::reached(told.reached) }.say(self.lang))
                            }
                        }
                    }
                    @for note in &self.alarm.notes {
                        li {
                            span .state { (self.clock(note.at)) }
                            span .what.wide {
                                (note.kind.say(self.lang))
                                @if let Some(by) = note.by { " · " (self.known.name(by)) }
                                @if !note.text.is_empty() { ": " (self.words(&note.text)) }
                            }
                        }
                    }
                }
            }
        }
    }

    /// A note's text may be the word of an ending.
    fn words<'n>(&self, text: &'n str) -> &'n str {
        Disposition::from_word(text).map_or(text, |disposition| disposition.say(self.lang))
    }
}

fn holder(alarm: &Alarm) -> Option<ResponderId> {
    match alarm.state {
        State::Accepted { by, .. } | State::OnSite { by, .. } => Some(by),
        _ => None,
    }
}

/// What a button is called for somebody who is spoken of.
const fn label(act: Act) -> Both {
    match act {
        Act::Come => say::DO_COME,
        Act::Busy => say::DO_BUSY,
        Act::Withdraw => say::DO_WITHDRAW,
        Act::Arrived => say::DO_ARRIVED,
        Act::Want120 => say::DO_WANT_120,
        Act::Dialled120 => say::DO_DIALLED_120,
        Act::Acknowledge => say::DO_ACKNOWLEDGE,
        other => answer_label(other),
    }
}

/// How people may end it.
fn endings(alarm: &Alarm) -> &'static [Disposition] {
    if alarm.id.drill {
        return &[Disposition::Drill];
    }
    if !alarm.id.condition.rule().about_person {
        return &[Disposition::Repaired, Disposition::FalseAlarm];
    }
    &[
        Disposition::Helped,
        Disposition::Medical,
        Disposition::HazardRemoved,
        Disposition::FalseAlarm,
        Disposition::MistakenPress,
        Disposition::NoHelpNeeded,
    ]
}
