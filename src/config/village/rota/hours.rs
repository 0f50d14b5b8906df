//! What the clock on the wall means for the rules of care, as instants of a window.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::WeeklyRota;
use super::expand::{first_at, local};
use crate::core::plan::Plan;
use crate::core::rota::Span;
use crate::core::time::Wall;

/// From then on, to the next morning, every alarm about a person rings. Source: CARE-RULES 1.
const NIGHT: (Time, Time) = (Time::constant(21, 0, 0, 0), Time::constant(7, 0, 0, 0));

/// In between faults reach people. Source: CARE-RULES D.
const FAULT_HOURS: (Time, Time) = (Time::constant(7, 30, 0, 0), Time::constant(20, 30, 0, 0));

/// When those on duty are asked to answer. Source: CARE-RULES 21.
const ROLL_CALL: Time = Time::constant(19, 0, 0, 0);

impl WeeklyRota {
    /// The village's times for a window, in the station's zone.
    #[must_use]
    pub fn times(&self, window: Span, zone: &TimeZone) -> Plan {
        let rota = self.plan(window, zone);
        let window = rota.window();
        let mut times = Plan { rota, ..Plan::default() };
        let at = |date: Date, time: Time| first_at(date.to_datetime(time), zone);
        // The night before the first day reaches into the window.
        let mut date = local(window.from, zone).date().yesterday().ok();
        let last = local(window.until, zone).date();
        while let Some(day) = date.filter(|day| *day <= last) {
            date = day.tomorrow().ok();
            times.fault_hours.push(Span { from: at(day, FAULT_HOURS.0), until: at(day, FAULT_HOURS.1) });
            times.roll_calls.push(at(day, ROLL_CALL));
            if let Some(morning) = date {
                times.dates.push(Span { from: at(day, Time::midnight()), until: at(morning, Time::midnight()) });
                times.nights.push(Span { from: at(day, NIGHT.0), until: at(morning, NIGHT.1) });
            }
        }
        times.roll_calls.retain(|at: &Wall| window.contains(*at));
        times
    }
}
