//! Whatever a device does, what is learned of it stays small, bounded, and survives its written form.

use std::time::Duration;

use proptest::prelude::*;
use shouwang::core::detector::device_health::{Battery, Measured, PRESS_PROVEN, Rhythm, silence_limit};
use shouwang::core::roster::{Chemistry, Device, Role};
use shouwang::core::time::Mono;
use shouwang::core::unit::Milli;

fn device(role: Role, rhythm_s: Option<u64>, mute: bool) -> Device {
    Device {
        id: "d1".parse().expect("id"),
        resident: None,
        home: None,
        room: None,
        role,
        source: "s1".parse().expect("id"),
        rhythm: rhythm_s.map(Duration::from_secs),
        mute,
        battery: Chemistry::Unknown,
        mains: false,
        removed: false,
    }
}

proptest! {
    #[test]
    fn a_limit_follows_rule_25_for_the_rhythm_that_is_believed(
        role in prop::sample::select(Role::ALL),
        rhythm_s in prop::option::of(1_u64..700_000),
        mute in any::<bool>(),
        gaps in prop::collection::vec((0_u64..400_000, any::<bool>()), 0..400),
    ) {
        let device = device(role, rhythm_s, mute);
        let (mut rhythm, mut now, mut longest) = (Rhythm::default(), 0, 0);
        for (gap_s, is_sample) in gaps {
            now += gap_s * 1000;
            longest = longest.max(gap_s);
            rhythm.hear(Mono(now), is_sample.then(|| Duration::from_secs(gap_s)));
        }
        let (believed, limit) = (rhythm.of(&device), rhythm.limit(&device));
        if mute {
            prop_assert!(limit <= PRESS_PROVEN);
        } else {
            prop_assert_eq!(limit, silence_limit(&Device { rhythm: Some(believed), ..device }));
        }
        if let Some(rhythm_s) = rhythm_s {
            prop_assert_eq!(believed, Duration::from_secs(rhythm_s), "what enrolment says is not learned over");
        } else {
            let most = Duration::from_secs(longest + 60).max(Duration::from_hours(6));
            prop_assert!(believed <= most, "{:?} was never a gap", believed);
            prop_assert!(believed >= Duration::from_mins(5), "no faster than the fastest class");
        }
        let written = serde_json::to_string(&rhythm).expect("serialises");
        prop_assert!(written.len() < 200, "{}", written);
        prop_assert_eq!(serde_json::from_str::<Rhythm>(&written).expect("parses"), rhythm);
    }

    #[test]
    fn a_battery_is_never_told_more_than_its_kind_lasts(
        chemistry in prop::sample::select(Chemistry::ALL),
        words in prop::collection::vec((0_u64..10 * 86_400, 0_i64..100_001, 0_i64..60_001, -40_000_i64..85_001), 0..200),
    ) {
        let (mut battery, mut now) = (Battery::default(), 0);
        for (after_s, percent, volts, celsius) in words {
            now += after_s * 1000;
            let measured =
                Measured { percent: Some(Milli(percent)), voltage: Some(Milli(volts)), celsius: Some(Milli(celsius)) };
            battery.take(Mono(now), chemistry, measured);
            if let Some(outlook) = battery.outlook(chemistry) {
                prop_assert!(outlook.at_least <= outlook.days && outlook.days <= outlook.at_most, "{:?}", outlook);
                prop_assert!(outlook.at_most <= 10 * 365, "{:?}", outlook);
            }
        }
        let written = serde_json::to_string(&battery).expect("serialises");
        prop_assert!(written.len() < 300, "{}", written);
        prop_assert_eq!(serde_json::from_str::<Battery>(&written).expect("parses"), battery);
    }
}
