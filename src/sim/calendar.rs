//! The first morning, with everything that is planned, and the last look.

use std::io;

use super::Settings;
use super::fault::{self, Fault, Strike};
use super::mishap;
use super::person::{DAY, People};
use super::report::Report;
use super::shrink::Item;
use super::village::{Event, LOOK_EVERY, QUIET, REST, Village};
use super::wear::{self, Utterance};
use crate::store::files::{FakeDisk, Files};

impl Village<'_> {
    /// Plans the days, what goes wrong in them, and the first start.
    pub(super) fn plan(&mut self) {
        let Settings { seed, days, .. } = self.settings;
        let end = days * DAY;
        let kept = |number| self.settings.keep.as_ref().is_none_or(|keep| keep.has(number));
        let (mut plan, mut items) = (Vec::new(), Vec::new());
        let mut number = 0;
        let mut next = |day, home, at, event| {
            if kept(number) {
                plan.push((at, event));
                items.push(Item { number, day, home });
            }
            number += 1;
        };
        for Strike { at, what, span } in fault::plan(&self.settings.faults, seed, days) {
            next(at / DAY, None, at, Event::Strike(what, span));
        }
        // The whole plan is made beforehand, so that every deed has its number; the truth of a day begins with its dawn. In the time
        // of rest devices go on reporting, and nothing else happens.
        let mut people = People::new(&self.place, seed);
        for day in 0..days {
            for planned in people.begin_day(&self.place, day) {
                if planned.at < end {
                    next(day, Some(planned.home), planned.at, Event::Deed(planned));
                }
            }
        }
        for day in 0..days {
            self.at(day * DAY, Event::Dawn(day));
        }
        for utterance in self.wear.first_words(&self.place) {
            self.at(utterance.at, Event::Speak(utterance));
        }
        self.planned = items;
        for (at, event) in plan {
            self.at(at, event);
        }
        let list = self.place.bridge_devices();
        for sent in [wear::bridge(0, "state", r#"{"state":"online"}"#.to_owned()), wear::bridge(0, "devices", list)] {
            self.at(0, Event::Frame(sent));
        }
        if self.settings.faults.has(Fault::Restored) {
            (1..days).for_each(|day| self.at(day * DAY, Event::Copy));
        }
        self.at(1_000, Event::Start);
        self.at(LOOK_EVERY, Event::Look);
    }

    /// A day begins: where everybody is in it is known from here on.
    pub(super) fn dawn(&mut self, day: u64) {
        drop(self.people.begin_day(&self.place, day));
    }

    /// What a device says next by itself, unless nobody speaks any more by then.
    pub(super) fn later(&mut self, utterance: Option<Utterance>) {
        let quiet_from = self.settings.days * DAY + REST - QUIET;
        if let Some(utterance) = utterance.filter(|utterance| utterance.at < quiet_from) {
            self.at(utterance.at, Event::Speak(utterance));
        }
    }

    /// What is planned, in order of its numbers.
    pub(super) fn planned(&self) -> &[Item] {
        &self.planned
    }

    /// The last look: what the disk holds after a power cut, what the county has, what was private.
    pub(super) fn finish(mut self) -> io::Result<Report> {
        let now = self.now;
        if let Some(mut gateway) = self.gateway.take() {
            self.oracle.end(now, &gateway, &self.county);
            if self.link.shown != Some((self.link.conn, true)) {
                let what = format!("{:?} of {}", self.link.shown, self.link.conn);
                self.oracle.against(now, "the_county_sees_the_station_in_the_end", what);
            }
            if self.county.question.is_some() {
                self.oracle.against(now, "a_question_is_answered", "what is open".to_owned());
            }
            gateway.journal.finish(gateway.clock.at(now));
            let disk = self.disk.copy();
            disk.cut_power();
            match mishap::kept(&disk) {
                Ok(kept) => self.oracle.kept(now, &kept),
                Err(why) => self.oracle.against(now, "the_log_can_be_opened", why),
            }
            self.nothing_private_on_disk(&disk);
        } else {
            self.oracle.against(now, "the_box_lives_in_the_end", "it does not".to_owned());
        }
        let (alarms, heard, told) = self.oracle.counts();
        let (letters, calls) = self.oracle.given();
        let received = self.county.past.ever.len();
        let Settings { seed, days, homes, ref faults, .. } = self.settings;
        let happened = self.wear.causes();
        let by_condition = self.oracle.by_condition();
        let (violations, violations_in_all) = self.oracle.violations();
        Ok(Report {
            seed,
            days,
            homes,
            faults: faults.to_string(),
            only: self.settings.keep.as_ref().map(ToString::to_string),
            alarms,
            by_condition,
            received,
            lost: alarms.saturating_sub(received),
            happened,
            unheard: usize::try_from(happened).unwrap_or(usize::MAX).saturating_sub(heard),
            told,
            letters,
            calls,
            turns: self.turns,
            kills: self.kills,
            cuts: self.cuts,
            struck: self.struck,
            violations,
            violations_in_all,
            trace_sha256: self.trace.finish()?,
        })
    }

    /// Names on the air stand in no record.
    fn nothing_private_on_disk(&mut self, disk: &FakeDisk) {
        for name in disk.list().unwrap_or_default() {
            let bytes = disk.contents(&name).unwrap_or_default();
            let found = String::from_utf8_lossy(&bytes).contains("示例");
            if found {
                self.oracle.against(self.now, "nothing_private_on_disk", name);
            }
        }
    }
}
