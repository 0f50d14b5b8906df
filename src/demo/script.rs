//! What is said about what happens: the news of the morning in sentences.

use std::io::{self, Write};
use std::time::Duration;

use super::news::{Seen, Turn};
use super::story::LENGTH;
use super::tally::Tally;
use super::teller::{Teller, Tone};
use crate::config::village::People;
use crate::core::alarm::life_cycle::State;
use crate::core::alarm::{Alarm, Subject};
use crate::core::id::{ResidentId, ResponderId};
use crate::core::roster::Roster;
use crate::core::time::{Moment, Rate, Wall};
use crate::core::watch::Watch;
use crate::words::demo::{self as say, label};
use crate::words::{Lang, Say as _, device, time};

/// The script, with the names of those who play.
#[derive(Debug)]
pub struct Script {
    people: People,
    roster: Roster,
    lang: Lang,
    /// Whether everybody has been watched once: before that, being watched is no news.
    watched_once: bool,
}

impl Script {
    /// A script for these people.
    #[must_use]
    pub const fn new(people: People, roster: Roster, lang: Lang) -> Script {
        Script { people, roster, lang, watched_once: false }
    }

    /// Before it begins.
    ///
    /// # Errors
    /// Nobody listens any more; so with all others.
    pub fn opening(&self, teller: &mut Teller<impl Write>, rate: Rate, page: &str) -> io::Result<()> {
        teller.head(say::TITLE.say(self.lang))?;
        teller.say(say::ABOUT.say(self.lang))?;
        let lasts = say::pace(LENGTH, rate.takes(LENGTH), self.lang);
        teller.say(&format!("{lasts}{}{}", self.blank(), say::HOW_TO_END.say(self.lang)))?;
        teller.say(&format!("{}: {page}", say::PAGE.say(self.lang)))?;
        teller.say("")
    }

    /// A step of an alarm or a fault.
    ///
    /// # Errors
    /// As all.
    pub fn alarm(&self, teller: &mut Teller<impl Write>, now: Wall, alarm: &Alarm, turn: Turn) -> io::Result<()> {
        let person = alarm.id.condition.rule().about_person;
        let what = self.what(alarm);
        let clocks = &alarm.clocks;
        let at = |moment: Option<Moment>| moment.or(clocks.detected).map_or(Wall(0), |moment| moment.wall);
        match turn {
            Turn::AskedFirst => {
                let text = format!("{what} · {}", say::ASKED_FIRST.say(self.lang));
                teller.event(at(clocks.detected), Tone::Plain, label::ASKED, &text)
            }
            Turn::Raised if person => {
                let raised = raised_at(alarm).unwrap_or_else(|| at(clocks.detected));
                let text = format!("{what} · {} {}", say::CALLS.say(self.lang), self.called(alarm));
                teller.event(raised, Tone::Alarm, label::ALARM, &text)
            }
            Turn::Raised => teller.event(at(clocks.detected), Tone::Fault, label::FAULT, &what),
            Turn::Climbed => {
                let text = format!("{what} · {} {}", say::CALLS_TOO.say(self.lang), self.called(alarm));
                teller.event(now, Tone::Alarm, label::CALLING, &text)
            }
            Turn::Accepted => teller.event(at(clocks.accepted), Tone::Plain, label::ACCEPTED, &self.by(alarm, &what)),
            Turn::OnSite => teller.event(at(clocks.on_site), Tone::Plain, label::ON_SITE, &self.by(alarm, &what)),
            Turn::Closed => {
                let State::Closed { disposition, by, .. } = alarm.state else { return Ok(()) };
                let label = if by.is_some() { label::CLOSED } else { label::OVER };
                let text = format!("{what} · {}", disposition.say(self.lang));
                teller.event(at(clocks.closed), Tone::Good, label, &text)
            }
        }
    }

    /// Somebody is watched otherwise than before.
    ///
    /// # Errors
    /// As all.
    pub fn watch(
        &self,
        teller: &mut Teller<impl Write>,
        now: Wall,
        resident: ResidentId,
        watch: Watch,
    ) -> io::Result<()> {
        if !self.watched_once {
            return Ok(());
        }
        let tone = if watch == Watch::Watched { Tone::Good } else { Tone::Fault };
        teller.event(now, tone, label::WATCH, &format!("{} · {}", self.who(resident), watch.say(self.lang)))
    }

    /// The line to the county is cut or mended.
    ///
    /// # Errors
    /// As all.
    pub fn line(&self, teller: &mut Teller<impl Write>, now: Wall, whole: bool) -> io::Result<()> {
        let (tone, text) = if whole { (Tone::Good, say::LINE_MENDED) } else { (Tone::Fault, say::LINE_CUT) };
        teller.event(now, tone, label::LINE, text.say(self.lang))
    }

    /// Nothing waits any more.
    ///
    /// # Errors
    /// As all.
    pub fn caught_up(&self, teller: &mut Teller<impl Write>, now: Wall, took: Duration) -> io::Result<()> {
        let text = format!("{} · {}", say::CAUGHT_UP.say(self.lang), say::within(took.as_millis(), self.lang));
        teller.event(now, Tone::Good, label::LINE, &text)
    }

    /// The county misses the station, or hears it again.
    ///
    /// # Errors
    /// As all.
    pub fn county(&self, teller: &mut Teller<impl Write>, now: Wall, misses: bool) -> io::Result<()> {
        let (tone, text) =
            if misses { (Tone::Fault, say::COUNTY_MISSES_STATION) } else { (Tone::Good, say::COUNTY_HEARS_STATION) };
        teller.event(now, tone, label::COUNTY, text.say(self.lang))
    }

    /// How long the way to the county and back took.
    ///
    /// # Errors
    /// As all.
    pub fn way(&self, teller: &mut Teller<impl Write>, (there, back): (Duration, Duration)) -> io::Result<()> {
        let ms = |span: Duration| span.as_secs_f64() * 1000.0;
        teller.remark(&say::latency(ms(there), Some(ms(back)), self.lang))
    }

    /// The county cannot be told yet.
    ///
    /// # Errors
    /// As all.
    pub fn kept(&self, teller: &mut Teller<impl Write>) -> io::Result<()> {
        teller.remark(say::KEPT_HERE.say(self.lang))
    }

    /// The morning is over, and the page stays.
    ///
    /// # Errors
    /// As all.
    pub fn stays(&self, teller: &mut Teller<impl Write>) -> io::Result<()> {
        teller.say("")?;
        teller.say(say::STAYS.say(self.lang))
    }

    /// How things stand.
    ///
    /// # Errors
    /// As all.
    pub fn standing(
        &mut self,
        teller: &mut Teller<impl Write>,
        now: Wall,
        seen: &Seen,
        connected: bool,
    ) -> io::Result<()> {
        if !self.watched_once && seen.are_all_watched() {
            self.watched_once = true;
            teller.event(now, Tone::Good, label::WATCH, say::ALL_WATCHED.say(self.lang))?;
        }
        let count = |which: Watch| seen.watch.values().filter(|watch| **watch == which).count();
        let open = seen.alarms.values().filter(|alarm| alarm.is_open()).count();
        let (watched, weak, blind) = (count(Watch::Watched), count(Watch::Weak), count(Watch::Blind));
        teller.stand(now, &say::standing(watched, weak, blind, open, connected, self.lang))
    }

    /// The clocks of every alarm about a person, and the count in both languages' one line.
    ///
    /// # Errors
    /// As all.
    pub fn ending(
        &self,
        teller: &mut Teller<impl Write>,
        alarms: &[&Alarm],
        tally: Tally,
        whole_morning: bool,
    ) -> io::Result<()> {
        teller.say("")?;
        if !whole_morning {
            teller.say(say::ENDED_EARLY.say(self.lang))?;
        }
        if !alarms.is_empty() {
            teller.head(say::CLOCKS.say(self.lang))?;
        }
        for alarm in alarms {
            let clocks = &alarm.clocks;
            let began = clocks.occurred.or(clocks.detected).map_or(Wall(0), |moment| moment.wall);
            let after = |label: crate::words::Both, moment: Option<Moment>| {
                let ms = u64::try_from(moment?.wall.0 - began.0).unwrap_or(0);
                let span = Duration::from_secs((ms + 500) / 1000);
                Some(format!("{} +{}", label.say(self.lang), time::span(span, self.lang)))
            };
            let parts = [
                Some(self.what(alarm)),
                after(label::ACCEPTED, clocks.accepted),
                after(label::ON_SITE, clocks.on_site),
                after(label::CLOSED, clocks.closed),
            ];
            teller.clocked(began, &parts.into_iter().flatten().collect::<Vec<_>>())?;
        }
        teller.say("")?;
        let verdict = if tally.lost() == 0 { say::NOTHING_LOST } else { say::LOST };
        teller.head(verdict.say(self.lang))?;
        teller.say(say::TALLY_MEANS.say(self.lang))?;
        teller.say(&tally.to_string())
    }

    fn by(&self, alarm: &Alarm, what: &str) -> String {
        let by = match alarm.state {
            State::Accepted { by, .. } | State::OnSite { by, .. } => self.responder(by),
            _ => String::new(),
        };
        format!("{by} · {what}")
    }

    /// Whom the newest step of the ladder calls.
    fn called(&self, alarm: &Alarm) -> String {
        let State::Raised { climb } = alarm.state else { return String::new() };
        let rung = climb.called.checked_sub(1).filter(|_| climb.unanswered.is_none());
        let Some(rung) = rung else { return say::EVERYONE.say(self.lang).to_owned() };
        let called = alarm.told.iter().filter(|told| told.rung == Some(rung) && told.round == climb.round);
        let names: Vec<String> = called.map(|told| self.responder(told.who)).collect();
        if names.is_empty() { say::EVERYONE.say(self.lang).to_owned() } else { names.join("、") }
    }

    /// Whom and what it is about.
    fn what(&self, alarm: &Alarm) -> String {
        let condition = alarm.id.condition.say(self.lang);
        let who = match alarm.id.subject {
            Subject::Resident(resident) => self.who(resident),
            Subject::Device(id) => self.device(id),
            other => other.to_string(),
        };
        let room = alarm.room.filter(|_| alarm.resident().is_some());
        match room {
            Some(room) => format!("{who} · {condition} · {}", device::room(&room, self.lang)),
            None => format!("{who} · {condition}"),
        }
    }

    fn device(&self, id: crate::core::id::DeviceId) -> String {
        let Some(device) = self.roster.devices.get(&id) else { return id.to_string() };
        let role = device.role.say(self.lang);
        match device.resident {
            Some(resident) => format!("{} · {role}", self.who(resident)),
            None => role.to_owned(),
        }
    }

    fn who(&self, resident: ResidentId) -> String {
        let form = self.people.residents.get(&resident).map(|card| card.address_form.reveal().clone());
        format!("{} {resident}", form.unwrap_or_default())
    }

    fn responder(&self, who: ResponderId) -> String {
        self.people.responders.get(&who).map_or_else(|| who.to_string(), |contact| contact.name.reveal().clone())
    }

    /// Chinese sentences follow each other without a blank.
    const fn blank(&self) -> &'static str {
        match self.lang {
            Lang::Zh => "",
            Lang::En => " ",
        }
    }
}

/// When it was raised: at once, or at the end of its window.
fn raised_at(alarm: &Alarm) -> Option<Wall> {
    let State::Raised { climb } = alarm.state else { return None };
    let detected = alarm.clocks.detected?;
    Some(detected.at(climb.since).wall)
}
