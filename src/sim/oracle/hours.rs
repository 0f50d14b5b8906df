//! Time: *station time passes as true time does, whatever happens to the clock on the wall; it never goes back over what was
//! written; one boot's number is one stretch of time, so that a time that was written while the clock was not set can be found
//! again; after a stop of unknown length every open alarm is told again, and leases are short* (CARE-RULES 23).

use std::collections::BTreeMap;

use super::Verdicts;
use super::story::Story;
use crate::core::alarm::life_cycle::{LEASE_AFTER_RESTART, State};
use crate::core::time::{Boot, Gap, Mono};
use crate::sim::clock::DRIFT_PPM_MAX;
use crate::sim::gateway::{Outward, Turned};
use crate::sim::trace::Ms;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Hours {
    /// The newest moment that the log took.
    written: Mono,
    /// The first turn of each boot that the log took, in station time and in true time.
    boots: BTreeMap<Boot, (Mono, Ms)>,
    /// The same of this life, whether the log took it or not.
    life: Option<(Boot, Mono, Ms)>,
}

impl Hours {
    /// Looks at a turn's time.
    pub(super) fn turned(&mut self, now: Ms, turned: &Turned, story: &Story, verdicts: &mut Verdicts) {
        let (boot, mono) = (turned.at.boot, turned.at.mono);
        if turned.start.is_some() {
            self.life = None;
        }
        let (_, mono_then, then) = *self.life.get_or_insert((boot, mono, now));
        if !passes_alike(mono_then, mono, then, now) {
            verdicts.against(now, "station_time_passes_as_true_time_does", || {
                format!("{} ms in {} ms", mono.since(mono_then).as_millis(), now - then)
            });
            self.life = Some((boot, mono, now));
        }
        if turned.start == Some(Gap::Unknown) {
            after_an_unknown_stop(now, turned, story, verdicts);
        }
        if !turned.wrote || !turned.durable {
            return;
        }
        if mono < self.written {
            verdicts.against(now, "station_time_never_goes_back", || format!("{mono:?} after {:?}", self.written));
        }
        self.written = mono;
        let (mono_then, then) = *self.boots.entry(boot).or_insert((mono, now));
        if !passes_alike(mono_then, mono, then, now) {
            verdicts.against(now, "one_boot_is_one_stretch_of_time", || format!("boot {}", boot.0));
        }
    }

    /// The log has lost its newest records.
    pub(super) fn doubt(&mut self) {
        *self = Hours::default();
    }
}

/// Whether two clocks went alike, as far as a crystal can.
fn passes_alike(mono_then: Mono, mono: Mono, then: Ms, now: Ms) -> bool {
    let (station, truth) = (mono.0.saturating_sub(mono_then.0), now - then);
    // A process that starts again in the same boot may find a record that is a moment ahead.
    station.abs_diff(truth) <= truth * DRIFT_PPM_MAX / 1_000_000 + 2
}

fn after_an_unknown_stop(now: Ms, turned: &Turned, story: &Story, verdicts: &mut Verdicts) {
    for alarm in story.all().filter(|alarm| alarm.is_open() && alarm.id.condition.rule().about_person) {
        let alarm = turned.records.iter().rev().find(|record| record.id == alarm.id).unwrap_or(alarm);
        let is_told = turned.outward.iter().any(|out| matches!(out, Outward::Tell(notice) if notice.alarm == alarm.id));
        let long = |until: Mono| until > turned.at.mono + LEASE_AFTER_RESTART;
        match alarm.state {
            State::PreAlarm { .. } | State::Raised { .. } if !is_told => {
                verdicts.against(now, "after_an_unknown_stop_open_alarms_are_told_again", || alarm.id.to_string());
            }
            State::Accepted { until, .. } | State::OnSite { until, .. } if long(until) => {
                verdicts.against(now, "after_an_unknown_stop_leases_are_short", || alarm.id.to_string());
            }
            _ => {}
        }
    }
}
