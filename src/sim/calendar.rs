//! The first morning, with everything that is planned, and the last look.

use std::io;

use super::Settings;
use super::fault;
use super::mishap;
use super::person::{self, DAY, Deed};
use super::report::Report;
use super::village::{Event, LOOK_EVERY, QUIET, REST, Village};
use super::wear;
use crate::store::files::{FakeDisk, Files};

impl Village<'_> {
    /// Plans the days, what goes wrong in them, and the first start.
    pub(super) fn plan(&mut self) {
        let Settings { seed, days, .. } = self.settings;
        let end = days * DAY;
        for day in 0..=days {
            for planned in person::day(&self.place, seed, day) {
                // In the time of rest devices go on reporting, and nothing else happens.
                let rests = planned.at >= end && !matches!(planned.deed, Deed::Reports { .. });
                if !rests && planned.at < end + REST - QUIET {
                    self.at(planned.at, Event::Deed(planned));
                }
            }
        }
        for strike in fault::plan(&self.settings.faults, seed, days) {
            self.at(strike.at, Event::Strike(strike.what, strike.span));
        }
        let list = self.place.bridge_devices();
        for sent in [wear::bridge(0, "state", r#"{"state":"online"}"#.to_owned()), wear::bridge(0, "devices", list)] {
            self.at(0, Event::Frame(sent));
        }
        self.at(1_000, Event::Start);
        self.at(LOOK_EVERY, Event::Look);
    }

    /// The last look: what the disk holds after a power cut, what the county has, what was private.
    pub(super) fn finish(mut self) -> io::Result<Report> {
        let now = self.now;
        if let Some(mut gateway) = self.gateway.take() {
            self.oracle.end(now, &gateway, &self.county);
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
        let newest = self.county.newest();
        let received = newest.len();
        let Settings { seed, days, homes, ref faults, .. } = self.settings;
        let happened = self.wear.causes();
        let by_condition = self.oracle.by_condition();
        let (violations, violations_in_all) = self.oracle.violations();
        Ok(Report {
            seed,
            days,
            homes,
            faults: faults.to_string(),
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
