//! What the box runs on: looks into the kernel's files, off the station's task, and tells the station what is news.
//!
//! Source of what stands in them: the kernel's `Documentation/ABI/testing/sysfs-class-power` and
//! `Documentation/power/power_supply_class`. `online` is 0 without and 1 or 2 with a supply, `status` a word, `capacity` per cent
//! of charge, and times are in seconds. A driver may have none of them; whatever cannot be read is not known.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use super::clock::Clock;
use crate::config::power::{Gauge, PowerFiles};
use crate::core::effect::Input;
use crate::core::id::{Slug, SourceId};
use crate::core::power::{Power, PowerMeter};
use crate::limits::power::{POWER_FILE_BYTES_MAX, POWER_LOOK_EVERY, POWER_LOOK_WAIT};
use crate::source::lanes::{Arrival, Lanes};

/// Begins to look, where something can be seen.
pub(super) fn spawn(
    files: Option<PowerFiles>,
    clock: &Arc<Clock>,
    lanes: &Lanes,
    tracker: &TaskTracker,
    stop: &CancellationToken,
) {
    if let Some(files) = files {
        tracker.spawn(watch(files, Arc::clone(clock), lanes.clone(), stop.clone()));
    }
}

/// Looks until told to stop.
async fn watch(files: PowerFiles, clock: Arc<Clock>, lanes: Lanes, stop: CancellationToken) {
    let files = Arc::new(files);
    let source = SourceId("power".parse::<Slug>().expect("a word of this file is a slug"));
    let mut meter = PowerMeter::default();
    let mut look: Option<JoinHandle<Power>> = None;
    let mut rhythm = tokio::time::interval(POWER_LOOK_EVERY);
    rhythm.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            _ = rhythm.tick() => {}
        }
        let read = ended(&mut look, &files).await;
        let Some(power) = meter.look(clock.now().mono, read) else { continue };
        if let Some(mains) = power.mains {
            info!(mains, minutes_left = ?power.minutes_left, "power");
        } else {
            warn!(file = %files.mains.display(), "it is not known whether the box is on mains");
        }
        let arrival = Arrival { source, received: Instant::now(), input: Input::Power(power), done: None };
        if lanes.urgent(arrival).await.is_err() {
            return;
        }
    }
}

/// What a look has found. One that hangs in a driver is waited for and not doubled; meanwhile it has found nothing.
async fn ended(look: &mut Option<JoinHandle<Power>>, files: &Arc<PowerFiles>) -> Option<Power> {
    let under_way = look.get_or_insert_with(|| {
        let files = Arc::clone(files);
        tokio::task::spawn_blocking(move || read(&files))
    });
    match timeout(POWER_LOOK_WAIT, under_way).await {
        Ok(found) => {
            *look = None;
            Some(found.unwrap_or_default())
        }
        Err(_) => None,
    }
}

fn read(files: &PowerFiles) -> Power {
    let minutes_left = files.battery.as_ref().and_then(|gauge| match gauge {
        Gauge::TimeToEmpty(path) => minutes_of_seconds(&text_of(path)?),
        Gauge::Charge { percent, runs_min } => minutes_of_charge(&text_of(percent)?, *runs_min),
    });
    Power { mains: text_of(&files.mains).and_then(|text| mains_of(&text)), minutes_left }
}

fn text_of(path: &Path) -> Option<String> {
    let mut text = String::new();
    File::open(path).ok()?.take(POWER_FILE_BYTES_MAX).read_to_string(&mut text).ok()?;
    Some(text.trim().to_owned())
}

/// `online` of a supply of the mains, or `status` of a battery, which discharges only when nothing else feeds the box.
fn mains_of(text: &str) -> Option<bool> {
    match text {
        "0" | "Discharging" => Some(false),
        "1" | "2" | "Charging" | "Not charging" | "Full" => Some(true),
        _ => None,
    }
}

fn minutes_of_charge(text: &str, runs_min: u16) -> Option<u16> {
    let percent = text.parse::<u32>().ok().filter(|percent| *percent <= 100)?;
    u16::try_from(percent * u32::from(runs_min) / 100).ok()
}

/// Rounded down; a gauge that has not seen the battery drain yet says nothing, or zero while it charges.
fn minutes_of_seconds(text: &str) -> Option<u16> {
    let seconds = text.parse::<u64>().ok()?;
    Some(u16::try_from(seconds / 60).unwrap_or(u16::MAX))
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::time::Duration;

    use super::*;
    use crate::core::id::Epoch;
    use crate::core::time::{Rate, Wall};
    use crate::daemon::clock::Tempo;
    use crate::source::lanes::lanes;

    #[test]
    fn both_kinds_of_file_say_whether_there_are_mains_and_what_they_do_not_say_is_not_known() {
        for (text, mains) in [
            ("0", Some(false)),
            ("1", Some(true)),
            ("2", Some(true)),
            ("Discharging", Some(false)),
            ("Charging", Some(true)),
            ("Not charging", Some(true)),
            ("Full", Some(true)),
            ("Unknown", None),
            ("", None),
            ("-1", None),
        ] {
            assert_eq!(mains_of(text), mains, "{text}");
        }
    }

    #[test]
    fn minutes_come_from_a_charge_or_from_seconds_and_never_from_nonsense() {
        assert_eq!(
            ["100", "50", "0", "101", "-3", ""].map(|text| minutes_of_charge(text, 240)),
            [Some(240), Some(120), Some(0), None, None, None]
        );
        assert_eq!(["3599", "60", "99999999", "x"].map(minutes_of_seconds), [Some(59), Some(1), Some(u16::MAX), None]);
    }

    #[test]
    fn a_file_that_is_absent_long_or_binary_is_not_known() {
        let directory = tempfile::tempdir().expect("a directory");
        let at = |name: &str| directory.path().join(name);
        std::fs::write(at("online"), "1\n").expect("writes");
        std::fs::write(at("capacity"), "75\n").expect("writes");
        std::fs::write(at("long"), "1".repeat(10_000)).expect("writes");
        std::fs::write(at("binary"), [0xFF, 0xFE]).expect("writes");
        let charge = Some(Gauge::Charge { percent: at("capacity"), runs_min: 240 });
        let files = |mains: &str, battery: &Option<Gauge>| PowerFiles { mains: at(mains), battery: battery.clone() };
        assert_eq!(read(&files("online", &charge)), Power { mains: Some(true), minutes_left: Some(180) });
        for name in ["absent", "long", "binary"] {
            let none = Some(Gauge::TimeToEmpty(at(name)));
            assert_eq!(read(&files(name, &none)), Power::default(), "{name}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_file_says_is_told_to_the_station_when_it_is_believed() {
        let directory = tempfile::tempdir().expect("a directory");
        let online = directory.path().join("online");
        let (lanes, mut urgent, _routine) = lanes(Arc::default());
        let tempo = Tempo::scaled(Rate(NonZeroU32::new(1_000).expect("not zero")), Wall(1_800_000_000_000));
        let (clock, _) = Clock::start(tempo, None, Epoch(1));
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        spawn(None, &Arc::new(clock), &lanes, &tracker, &stop);
        assert!(tracker.is_empty(), "nothing is configured, and nothing is looked at");
        let (clock, _) = Clock::start(tempo, None, Epoch(1));
        let files = Some(PowerFiles { mains: online.clone(), battery: None });
        spawn(files, &Arc::new(clock), &lanes, &tracker, &stop);
        for (text, mains) in [(None, None), (Some("1\n"), Some(true)), (Some("0\n"), Some(false))] {
            if let Some(text) = text {
                std::fs::write(&online, text).expect("writes");
            }
            let arrival = timeout(Duration::from_hours(24), urgent.recv()).await.expect("in time").expect("told");
            assert_eq!(arrival.input, Input::Power(Power { mains, minutes_left: None }));
        }
        stop.cancel();
        tracker.close();
        tracker.wait().await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_that_hangs_is_waited_for_and_not_doubled() {
        let (end, ended_by) = std::sync::mpsc::channel::<()>();
        let hangs = tokio::task::spawn_blocking(move || {
            // An error says that the test is over.
            let _ = ended_by.recv();
            Power { mains: Some(true), minutes_left: None }
        });
        let files = Arc::new(PowerFiles { mains: "/nonexistent/online".into(), battery: None });
        let mut look = Some(hangs);
        // The clock of a test stands still while a thread is at work, so it is moved by hand.
        let time_passes = tokio::time::advance(POWER_LOOK_WAIT + Duration::from_secs(1));
        let (found, ()) = tokio::join!(ended(&mut look, &files), time_passes);
        assert_eq!(found, None);
        assert!(look.is_some(), "the same one is still under way");
        end.send(()).expect("it waits");
        assert_eq!(ended(&mut look, &files).await, Some(Power { mains: Some(true), minutes_left: None }));
        assert!(look.is_none());
    }
}
