//! The answer page as HTML: what it is, how it stands, and one large thing to tap. Pure, and all it is given is escaped.

use jiff::tz::TimeZone;
use maud::{Markup, html};

use crate::core::alarm::told::Reached;
use crate::core::alarm::{Alarm, Disposition, State};
use crate::core::audience::Because;
use crate::core::condition::Priority;
use crate::core::id::{HomeId, ResponderId};
use crate::core::refusal::Refusal;
use crate::core::stop::Stop;
use crate::core::time::{Moment, Mono};
use crate::private::Private;
use crate::web::act::{Act, Offer, Standing, not_an_ending};
use crate::web::frame::{self, call_the_station, mark, other_language};
use crate::web::names::{Known, number};
use crate::words::{self, Both, Lang, Say as _, alarm as standing, answer_page as say, device, time};

/// What one person is shown of one alarm.
pub(super) struct Scene<'a> {
    pub(super) alarm: &'a Alarm,
    pub(super) who: ResponderId,
    pub(super) now: Moment,
    pub(super) known: &'a Known,
    pub(super) zone: &'a TimeZone,
    pub(super) call_back: Option<&'a Private<String>>,
    /// Why what they tapped was not done.
    pub(super) refused: Option<Refusal>,
    /// Homes that it may be, once they have said that it is not this one.
    pub(super) candidates: Option<Vec<HomeId>>,
    /// Times in which the station was not running.
    pub(super) stops: &'a [Stop],
    pub(super) lang: Lang,
    /// The language that the address asks for.
    pub(super) asked_lang: Option<Lang>,
}

impl Scene<'_> {
    /// The whole page.
    pub(super) fn page(&self) -> String {
        let about_person = self.alarm.id.condition.rule().about_person;
        let title = if about_person { say::TITLE } else { say::TITLE_FAULT };
        let content = html! {
            header { (other_language(self.lang)) }
            main {
                (self.bands())
                (self.case())
                (self.goes_on())
                (self.standing())
                @if self.stands_beside_the_telephone() { (self.ambulance()) (self.buttons()) }
                @else { (self.buttons()) (self.ambulance()) }
                (self.proof())
                (self.emergency())
                (call_the_station(self.call_back, self.lang))
                (self.stopped())
            }
        };
        frame::page(title, "answer", "../", self.lang, &content)
    }

    fn say(&self, both: Both) -> &'static str {
        both.say(self.lang)
    }

    /// Whoever goes may be asked why nobody came sooner (CARE-RULES 23).
    fn stopped(&self) -> Markup {
        html! {
            @for stop in self.stops.iter().rev().filter(|_| self.alarm.is_open()) {
                p .stop { (mark("△")) (words::stop::line(stop, self.now, self.zone, self.lang)) }
            }
        }
    }

    /// What must be known before anything else is read.
    fn bands(&self) -> Markup {
        html! {
            @if self.alarm.id.drill { p .band.drill { (self.say(say::DRILL)) } }
            @if self.alarm.test_by.is_some() { p .band.drill { (self.say(say::TEST)) } }
            @if let Some(why) = self.refused {
                p .band.grave role="alert" { (mark("!")) (self.say(say::NOT_DONE)) ": " (self.say(say::refused(why))) }
            }
        }
    }

    /// Who, what, where, since when and what is known; how to find it and what to know at the door only for
    /// those who go (CARE-RULES 28).
    fn case(&self) -> Markup {
        let alarm = self.alarm;
        let home = self.known.home_of(alarm);
        let for_whoever_goes = home.filter(|_| self.knows_the_way());
        let landmark = for_whoever_goes.and_then(|home| self.known.landmark(home));
        let door_note = for_whoever_goes.and_then(|home| self.known.door_note(home));
        let known = alarm.evidence.last().map(|evidence| evidence.reason.say(self.lang));
        let (away, position) = (alarm.is_away(), self.position());
        let urgent = alarm.priority == Priority::High && self.standing_of() != Standing::Over;
        html! {
            section .case {
                h1 class=[urgent.then_some("urgent")] {
                    @if urgent { span .priority { (alarm.priority.say(self.lang)) } " " }
                    (self.whom()) " " (alarm.id.condition.say(self.lang))
                    @if let Some(room) = alarm.room { " " span .room { "(" (device::room(&room, self.lang)) ")" } }
                }
                @if away { p .band.warn.thin { (mark("△")) (words::notice::AWAY.say(self.lang)) } }
                dl {
                    @if let Some(position) = &position {
                        dt { (self.say(say::POSITION)) }
                        dd .place { (position) }
                    }
                    @if let Some(home) = home {
                        dt { (self.say(say::WHERE)) }
                        dd .place { (self.known.label(home)) }
                    }
                    @if let Some(landmark) = landmark {
                        dt { (self.say(say::LANDMARK)) }
                        dd { (landmark) }
                    }
                    @if let Some(note) = door_note {
                        dt { (self.say(say::DOOR_NOTE)) }
                        dd { (note) }
                    }
                    dt { (self.say(say::SINCE)) }
                    dd { (self.since()) }
                    @if let Some(known) = known {
                        dt { (self.say(say::KNOWN)) }
                        dd { (known) }
                    }
                }
            }
        }
    }

    /// Where a device is that they carry, and how long ago it was there: an empty home is the wrong place to go to (CARE-RULES 24).
    fn position(&self) -> Option<String> {
        let at = self.alarm.away.as_ref()?.at?;
        Some(words::notice::position(at, self.now.mono.since(at.at.mono), self.lang))
    }

    fn whom(&self) -> String {
        self.alarm.resident().map(|resident| self.known.address_form(resident)).unwrap_or_default()
    }

    fn since(&self) -> String {
        let began = self.alarm.clocks.occurred.or(self.alarm.clocks.detected);
        let began = began.unwrap_or_else(|| self.now.at(self.alarm.id.onset));
        let at_least = self.alarm.told.iter().any(|told| told.because == Because::Restart);
        let clock = time::clock(began, self.now, self.zone, self.lang);
        say::since(&clock, &time::span(self.now.mono.since(began.mono), self.lang), at_least, self.lang)
    }

    fn standing_of(&self) -> Standing {
        Standing::of(self.alarm, self.who)
    }

    /// Whoever goes, and whoever stood before the door and could not go on.
    fn knows_the_way(&self) -> bool {
        self.standing_of().is_mine() || self.not_an_ending().is_some()
    }

    /// How it stands, in the words of whoever reads it.
    fn standing(&self) -> Markup {
        let about_person = self.alarm.id.condition.rule().about_person;
        let (class, sign, line) = match self.standing_of() {
            Standing::Nobody if self.has_said_busy() => ("warn", "△", self.say(say::YOU_SAID_BUSY).to_owned()),
            Standing::Nobody => ("grave", "▲", self.say(say::NOBODY_GOES).to_owned()),
            Standing::Mine if about_person => ("calm", "✓", self.with_name(say::YOU_GO)),
            Standing::Mine => ("calm", "✓", self.say(say::YOU_CARE).to_owned()),
            Standing::MineOnSite => ("calm", "✓", self.with_name(say::YOU_ARE_THERE)),
            Standing::Theirs(by) => ("calm", "○", self.somebody(by, say::GOES)),
            Standing::TheirsOnSite(by) => ("calm", "○", self.somebody(by, say::IS_THERE)),
            Standing::Over => ("calm", "✓", format!("{}: {}", self.say(say::OVER), self.ending())),
        };
        html! {
            div #standing class={ "band " (class) } role="status" {
                p { (mark(sign)) (line) }
                @if let (State::Accepted { until, .. }, Standing::Mine, true) = (self.alarm.state, self.standing_of(), about_person) {
                    p .small { (say::report_by(&self.clock(until), self.lang)) }
                }
                @if let Some(arrival) = self.alarm.present().filter(|_| self.standing_of().is_mine()) {
                    p .small { (standing::arrival(arrival.proven).say(self.lang)) }
                }
                @if self.standing_of() == Standing::Over { p .small { (self.say(say::OVER_MEANS)) } }
                @else if about_person && !self.known.is_sent(self.who) { p .small { (self.say(say::INFORMED)) } }
            }
        }
    }

    fn ending(&self) -> &'static str {
        match self.alarm.state {
            State::Closed { disposition, .. } => disposition.say(self.lang),
            _ => "",
        }
    }

    fn has_said_busy(&self) -> bool {
        self.alarm.told_to(self.who).is_some_and(|told| told.busy)
    }

    fn with_name(&self, line: Both) -> String {
        let home = self.known.home_of(self.alarm).map(|home| self.known.label(home)).unwrap_or_default();
        let whom = Some(self.whom()).filter(|whom| !whom.is_empty()).unwrap_or(home);
        match self.lang {
            Lang::Zh => format!("{}{whom}家", self.say(line)),
            Lang::En => format!("{} {whom}", self.say(line)),
        }
    }

    fn somebody(&self, by: ResponderId, does: Both) -> String {
        let name = self.known.name(by);
        match self.lang {
            Lang::Zh => format!("{name}{}", self.say(does)),
            Lang::En => format!("{name} {}", self.say(does)),
        }
    }

    fn clock(&self, at: Mono) -> String {
        time::clock(self.now.at(at), self.now, self.zone, self.lang)
    }

    /// One form for all that can be said; each button names its own.
    fn buttons(&self) -> Markup {
        let offer = Offer::of(self.alarm, self.who, self.known.is_sent(self.who));
        let button = |act: Act, class: &str| {
            let class = if act == Act::Want120 { format!("{class} red") } else { class.to_owned() };
            html! { button type="submit" name="do" value=(act.word()) class=(class) { (self.say(label(act))) } }
        };
        html! {
            @if offer.all().any(|act| act != Act::Dialled120) {
                form #answers method="post" action=(self.action()) {
                    input type="hidden" name="rev" value=(self.alarm.rev);
                    @if let Some(main) = offer.main { (button(main, "button main")) }
                    @for act in offer.beside.iter().filter(|act| **act != Act::Dialled120) { (button(*act, "button")) }
                    @if self.wants_door_code(&offer) { (door_field(self.lang)) }
                    @if !offer.others.is_empty() {
                        details {
                            summary { (self.say(say::OTHERS)) }
                            @for act in &offer.others { (button(*act, "button quiet")) }
                        }
                    }
                }
            }
        }
    }

    /// Whoever may be about to arrive is asked for the code on the card, where there is one (CARE-RULES 30).
    fn wants_door_code(&self, offer: &Offer) -> bool {
        offer.main == Some(Act::Arrived) && self.has_door_code()
    }

    fn has_door_code(&self) -> bool {
        self.known.home_of(self.alarm).is_some_and(|home| self.known.has_door_code(home))
    }

    /// Whoever is there may still tell the code.
    fn proof(&self) -> Markup {
        let own =
            self.alarm.present().filter(|arrival| arrival.by == self.who && self.standing_of() == Standing::MineOnSite);
        html! {
            @if own.is_some_and(|arrival| !arrival.proven) && self.has_door_code() {
                form #proof method="post" action=(self.action()) {
                    input type="hidden" name="rev" value=(self.alarm.rev);
                    (door_field(self.lang))
                    button .button.quiet type="submit" name="do" value=(Act::Arrived.word()) { (self.say(say::PROVE_ARRIVAL)) }
                }
            }
        }
    }

    fn action(&self) -> String {
        self.asked_lang.map_or_else(String::new, |lang| format!("?lang={}", lang.word()))
    }

    /// CARE-RULES 9: red until a person confirms having dialled; a button that dials, and what to say.
    fn ambulance(&self) -> Markup {
        let Some(ambulance) = self.alarm.ambulance.filter(|_| self.alarm.is_open()) else { return html! {} };
        html! {
            section #ambulance {
                @if let Some(dialled) = ambulance.dialled {
                    p .band.calm { (mark("✓")) (self.say(say::GREEN_120)) " " (self.clock(dialled.mono)) }
                } @else {
                    p .band.deaf role="alert" { (mark("■")) (self.say(say::RED_120)) }
                    a .button.red href="tel:120" { (self.say(say::DIAL_120)) }
                    (self.script())
                    form method="post" action=(self.action()) {
                        input type="hidden" name="rev" value=(self.alarm.rev);
                        button .button type="submit" name="do" value=(Act::Dialled120.word()) { (self.say(say::DIALLED_120)) }
                    }
                }
            }
        }
    }

    /// Whoever goes, or said that an ambulance is needed, dials before anything else.
    fn stands_beside_the_telephone(&self) -> bool {
        self.standing_of().is_mine() || self.alarm.ambulance.is_some_and(|ambulance| ambulance.by == self.who)
    }

    fn script(&self) -> Markup {
        let home = self.known.home_of(self.alarm);
        let position = self.position();
        let place = position.clone().or(home.map(|home| self.known.label(home))).unwrap_or_default();
        // Without the landmark nobody finds it at night; whoever calls an ambulance must be able to say it.
        let landmark = home.filter(|_| position.is_none()).and_then(|home| self.known.landmark(home));
        let what = self.alarm.id.condition.say(self.lang);
        html! {
            div .script {
                h2 { (self.say(say::SCRIPT)) }
                p { (say::script(&place, landmark, what, self.lang)) }
                p { (self.say(say::SCRIPT_AGE)) }
                @if let Some(number) = number(self.call_back) { p { (say::call_back_on(number, self.lang)) } }
            }
        }
    }

    fn not_an_ending(&self) -> Option<Disposition> {
        not_an_ending(self.alarm, self.who)
    }

    /// CARE-RULES 15 and 16: who is called now, and which homes it may be.
    fn goes_on(&self) -> Markup {
        let Some(said) = self.not_an_ending() else { return html! {} };
        let called =
            self.alarm.told.iter().filter(|told| told.who != self.who && !told.busy && told.reached != Reached::Nobody);
        let called: Vec<String> = called.map(|told| self.called(told.who)).collect();
        let key = matches!(said, Disposition::CouldNotEnter | Disposition::NoAnswer)
            && self.alarm.told.iter().any(|told| told.because == Because::KeyWanted);
        let comma = if self.lang == Lang::Zh { "、" } else { ", " };
        html! {
            section #goes-on {
                h2 { (said.say(self.lang)) }
                p { (self.say(say::GOES_ON)) }
                @if !called.is_empty() { p { (self.say(say::CALLED_NOW)) ": " (called.join(comma)) } }
                @if key { p { (self.say(say::KEY_CALLED)) } }
                @if let Some(homes) = &self.candidates {
                    h2 { (self.say(say::CANDIDATES)) }
                    @if homes.is_empty() { p { (self.say(say::NO_CANDIDATES)) } }
                    ul { @for home in homes { li { (self.known.label(*home)) } } }
                }
            }
        }
    }

    fn called(&self, who: ResponderId) -> String {
        let name = self.known.name(who);
        self.known.role(who).map_or_else(|| name.clone(), |role| format!("{name} ({})", role.say(self.lang)))
    }

    /// Whoever cannot go on alone needs a number to dial and what to say.
    fn emergency(&self) -> Markup {
        if self.not_an_ending().is_none() {
            return html! {};
        }
        let open = self.alarm.ambulance.is_some_and(|ambulance| ambulance.dialled.is_none());
        html! {
            section #emergency {
                h2 { (self.say(say::EMERGENCY)) }
                a .button.quiet href="tel:110" { (self.say(say::DIAL_110)) }
                a .button.quiet href="tel:119" { (self.say(say::DIAL_119)) }
                @if !open {
                    a .button.quiet href="tel:120" { (self.say(say::DIAL_120)) }
                    (self.script())
                }
            }
        }
    }
}

/// The field for the code on the card inside of the door.
pub(in crate::web) fn door_field(lang: Lang) -> Markup {
    html! {
        label .door { (say::DOOR_CODE.say(lang))
            input name="door" inputmode="numeric" autocomplete="off" maxlength="6";
        }
    }
}

/// What stands on a button.
pub(in crate::web) const fn label(act: Act) -> Both {
    match act {
        Act::Come => say::COME,
        Act::Busy => say::BUSY,
        Act::Withdraw => say::WITHDRAW,
        Act::Arrived => say::ARRIVED,
        Act::Helped => say::HELPED,
        Act::Mistaken => say::MISTAKEN,
        Act::WrongHome => say::WRONG_HOME,
        Act::CouldNotEnter => say::COULD_NOT_ENTER,
        Act::NoAnswer => say::NO_ANSWER,
        Act::NotFound => say::NOT_FOUND,
        Act::Want120 => say::WANT_120,
        Act::Dialled120 => say::DIALLED_120,
        Act::Tested => say::TESTED,
        Act::Drilled => say::DRILLED,
        Act::Acknowledge => say::ACKNOWLEDGE,
        Act::Repaired => say::REPAIRED,
    }
}
