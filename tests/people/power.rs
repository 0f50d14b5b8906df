//! What the box lives on: mains, battery and the SIM's credit (CARE-RULES 27).

use std::collections::BTreeSet;

use shouwang::core::alarm::{Alarm, Disposition, Left};
use shouwang::core::condition::Condition;
use shouwang::core::effect::{Input, Order};
use shouwang::core::id::{ChannelId, DeviceId, HomeId};
use shouwang::core::power::{Power, PowerMeter};
use shouwang::core::roster::Roster;
use shouwang::core::station::Rules;
use shouwang::core::time::{Gap, Trust, Wall};
use shouwang::core::visit;
use shouwang::core::watch::Watch;
use shouwang::notify::queue::Kind;

use super::street::Street;
use super::village::{BEGIN_WALL_MS, id, night, noon, own_number, plan, roster};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY_MS: i64 = 86_400_000;

const MAINS: Power = Power { mains: Some(true), minutes_left: None };

const fn battery(minutes: u16) -> Power {
    Power { mains: Some(false), minutes_left: Some(minutes) }
}

/// In h1 everything hangs on mains, in h2 the wearable's charger alone.
fn list() -> Roster {
    let mut list = roster();
    for name in ["button1", "smoke1", "watch1", "watch2"] {
        list.devices.get_mut(&id(name)).expect("a device").mains = true;
    }
    list
}

/// A street with a box that looks at its supply every five seconds.
struct Plugged {
    street: Street,
    meter: PowerMeter,
    looked_s: u64,
}

impl Plugged {
    fn new(street: Street) -> Plugged {
        let mut it = Plugged { street, meter: PowerMeter::default(), looked_s: 0 };
        it.runs_on(MAINS, 30);
        it
    }

    /// The supply reads the same until second `s`.
    fn runs_on(&mut self, read: Power, s: u64) {
        while self.looked_s < s {
            self.looked_s += 5;
            self.street.until(self.looked_s);
            if let Some(power) = self.meter.look(self.street.moment().mono, Some(read)) {
                self.street.input(&Input::Power(power));
            }
        }
    }

    fn newest(&self, condition: Condition) -> &Alarm {
        self.street.newest(condition)
    }
}

/// How many different faults of that kind there have been.
fn count(street: &Street, condition: Condition) -> usize {
    street.records.iter().filter(|alarm| alarm.id.condition == condition && alarm.rev == 1).count()
}

fn homes(homes: &[HomeId]) -> Vec<&str> {
    homes.iter().map(HomeId::as_str).collect()
}

#[test]
fn rule_27_lost_mains_are_with_the_county_within_180_s_with_the_minutes_left() {
    for county_hears in [true, false] {
        let mut street = Street::new(list(), noon());
        street.county_hears = county_hears;
        let mut it = Plugged::new(street);
        let cut_s = 30;
        it.runs_on(battery(200), cut_s + 180);
        let fault = it.newest(Condition::MainsLost);
        assert_eq!((fault.state.word(), fault.left), ("raised", Some(Left::Minutes(200))));
        let committed = fault.clocks.committed.expect("on disk").wall.0 - BEGIN_WALL_MS;
        assert!(committed <= i64::try_from((cut_s + 20) * 1000).expect("small"), "{committed} ms");
        let texts = it.street.texts_to("county");
        if county_hears {
            assert_eq!(texts, [], "the link has brought it");
        } else {
            let [(at_s, text)] = &texts[..] else { panic!("one text: {texts:?}") };
            assert!(*at_s <= cut_s + 180 && text.contains("mains_lost"), "{text} at {at_s}");
        }
        assert!(it.street.texts_to("desk").is_empty(), "people are told with the other faults");
    }
}

#[test]
fn rule_27_mains_that_blink_all_evening_are_one_fault_and_told_once() {
    let mut it = Plugged::new(Street::new(list(), noon()));
    let mut at_s = 30;
    for _ in 0..30 {
        for read in [battery(200), MAINS] {
            at_s += MINUTE;
            it.runs_on(read, at_s);
        }
    }
    assert_eq!(count(&it.street, Condition::MainsLost), 1);
    assert_eq!(it.newest(Condition::MainsLost).state.word(), "raised");
    assert!(it.newest(Condition::MainsLost).rev < 70, "a record a minute at most");
    it.runs_on(MAINS, at_s + 10 * MINUTE);
    assert_eq!(it.newest(Condition::MainsLost).state.word(), "closed");
    it.runs_on(MAINS, at_s + 3 * HOUR);
    let told = it.street.texts_to("desk").into_iter().filter(|(_, text)| text.starts_with("停电")).count();
    assert_eq!(told, 1, "{:?}", it.street.texts_to("desk"));
}

#[test]
fn rule_27_a_blink_of_seconds_is_nothing() {
    let mut it = Plugged::new(Street::new(list(), noon()));
    it.runs_on(battery(200), 40);
    it.runs_on(MAINS, HOUR);
    assert_eq!((count(&it.street, Condition::MainsLost), it.street.station.blind_by_mains()), (0, Vec::new()));
}

#[test]
fn rule_27_homes_that_hang_on_mains_are_not_watched_from_then_on_and_listed() {
    let mut it = Plugged::new(Street::new(list(), noon()));
    let watch = |it: &Plugged, who: &str| it.street.station.watch()[&id(who)].watch;
    assert_eq!([watch(&it, "r1"), watch(&it, "r2"), watch(&it, "r3")], [Watch::Weak; 3]);
    it.runs_on(battery(200), 60);
    assert_eq!([watch(&it, "r1"), watch(&it, "r2"), watch(&it, "r3")], [Watch::Blind, Watch::Weak, Watch::Weak]);
    assert_eq!(homes(&it.street.station.blind_by_mains()), ["h1"]);
    let fault = it.newest(Condition::MainsLost);
    assert_eq!(homes(&fault.homes), ["h1"]);
    let behind: Vec<&str> = fault.behind.iter().map(DeviceId::as_str).collect();
    assert_eq!(behind, ["button1", "smoke1", "watch1", "watch2"]);
    it.runs_on(battery(200), 20 * MINUTE);
    let texts: Vec<String> = it.street.texts_to("desk").into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["设备故障1件:停电1。请看值班台", "停电,电池可用 3 小时 20 分钟,以下各户未守护:示例一组h1号"]);
    // Once it is a fault that nobody watches over them, somebody is to look in.
    let to_visit = |it: &Plugged| {
        let visits = it.street.station.visits().filter(|visit| visit.open_for(visit::Reason::MainsLost).is_some());
        visits.map(|visit| visit.resident.to_string()).collect::<Vec<_>>()
    };
    assert!(to_visit(&it).is_empty());
    it.runs_on(battery(200), 40 * MINUTE);
    assert_eq!(to_visit(&it), ["r1"]);
}

#[test]
fn rule_27_whoever_is_heard_again_counts_again_and_the_list_follows() {
    let mut it = Plugged::new(Street::new(list(), noon()));
    it.runs_on(battery(200), 60);
    // It has a battery of its own after all.
    it.street.hear(90, "button1", &[]);
    assert_eq!(it.street.station.watch()[&id("r1")].watch, Watch::Weak);
    it.looked_s = 90;
    it.runs_on(battery(200), 200);
    assert!(it.street.station.blind_by_mains().is_empty() && it.newest(Condition::MainsLost).homes.is_empty());
    // Mains alone prove nothing of a device: it is heard first.
    it.runs_on(battery(200), 300);
    it.runs_on(MAINS, 300 + 10 * MINUTE);
    assert_eq!(it.newest(Condition::MainsLost).state.word(), "closed");
    it.street.hear(1_000, "watch1", &[]);
    let witnesses = &it.street.station.watch()[&id("r1")].witnesses;
    assert!(witnesses.contains(&id("watch1")) && witnesses.contains(&id("button1")));
}

#[test]
fn rule_27_mains_that_are_back_do_not_make_a_silent_device_heard() {
    let mut it = Plugged::new(Street::new(list(), noon()));
    it.runs_on(battery(200), 60);
    it.runs_on(MAINS, HOUR);
    assert_eq!(it.newest(Condition::MainsLost).state.word(), "closed");
    assert_eq!(homes(&it.street.station.blind_by_mains()), ["h1"]);
}

#[test]
fn rule_27_in_a_long_cut_the_fault_is_the_mains_and_no_device_is_blamed() {
    let mut it = Plugged::new(Street::new(list(), plan(0)));
    // The limit of these devices is a day and a half. Those on batteries go on, but for one.
    let day = |it: &mut Plugged, read: Power, until_h: u64| {
        while it.looked_s < until_h * HOUR {
            let until_s = (it.looked_s + 8 * HOUR).min(until_h * HOUR);
            it.runs_on(read, until_s);
            for name in ["button2", "button3", "smoke2", "watch3"] {
                it.street.hear(until_s, name, &[]);
            }
        }
    };
    day(&mut it, Power { mains: Some(false), minutes_left: None }, 44);
    let blamed = |street: &Street| {
        let silent = street.records.iter().filter(|alarm| alarm.id.condition == Condition::DeviceSilent);
        silent.flat_map(|alarm| alarm.device.into_iter().chain(alarm.behind.clone())).collect::<Vec<_>>()
    };
    let on_mains =
        |all: Vec<DeviceId>, list: &Roster| all.into_iter().filter(|device| list.devices[device].mains).count();
    assert_eq!(blamed(&it.street), [id("smoke3")], "who has a battery is missed as ever, and nobody else");
    // Back again, each has its whole limit to be heard; then it is missed.
    day(&mut it, MAINS, 44 + 35);
    assert_eq!(on_mains(blamed(&it.street), &it.street.list), 0);
    day(&mut it, MAINS, 44 + 37);
    assert!(on_mains(blamed(&it.street), &it.street.list) > 0);
}

#[test]
fn rule_27_devices_without_mains_do_not_make_their_source_look_dead() {
    let mut list = list();
    for device in list.devices.values_mut().filter(|device| device.id != id("smoke3")) {
        device.mains = true;
    }
    let mut it = Plugged::new(Street::new(list, plan(0)));
    it.runs_on(Power { mains: Some(false), minutes_left: None }, 37 * HOUR);
    assert_eq!(it.newest(Condition::DeviceSilent).device, Some(id("smoke3")));
    assert_eq!(count(&it.street, Condition::SourceDown), 0);
}

#[test]
fn rule_27_a_number_that_is_not_proven_gets_no_house_numbers() {
    let mut street = Street::new(list(), noon());
    street.names.unproven = vec![id("desk")];
    let mut it = Plugged::new(street);
    it.runs_on(battery(200), 20 * MINUTE);
    let texts = it.street.texts_to("desk");
    assert!(texts.iter().any(|(_, text)| text.ends_with("未守护:h1")), "{texts:?}");
    assert!(texts.iter().all(|(_, text)| !text.contains("示例一组")), "{texts:?}");
}

#[test]
fn rule_27_by_night_lost_mains_wait_and_a_battery_that_ends_is_told_at_once() {
    // One in the morning.
    let mut it = Plugged::new(Street::new(list(), night()));
    it.runs_on(battery(60), HOUR);
    assert_eq!(it.street.sent, [], "nobody is woken while the box watches");
    it.runs_on(battery(29), HOUR + 30);
    let fault = it.newest(Condition::StationBatteryLow);
    assert_eq!((fault.state.word(), fault.left), ("raised", Some(Left::Minutes(29))));
    let told = it.street.texts_to("desk");
    let [(at_s, text)] = &told[..] else { panic!("one message: {told:?}") };
    assert!(*at_s <= HOUR + 20, "{at_s}");
    assert!(text.contains("本站电池将尽") && text.contains("29 分钟"), "{text}");
    assert!(it.street.sent.iter().all(|sent| sent.what != "☎"));
    for minutes in (5..29).rev() {
        let until = it.looked_s + MINUTE;
        it.runs_on(battery(minutes), until);
    }
    assert_eq!(it.street.texts_to("desk").len(), 1, "once");
    let until = it.looked_s + 10 * MINUTE;
    it.runs_on(MAINS, until);
    assert_eq!(it.newest(Condition::StationBatteryLow).state.word(), "closed");
}

#[test]
fn rule_27_the_minutes_in_the_record_follow_the_battery() {
    let mut it = Plugged::new(Street::new(list(), noon()));
    for minutes in (35..=200).rev() {
        let until = it.looked_s + MINUTE;
        it.runs_on(battery(minutes), until);
    }
    let fault = it.newest(Condition::MainsLost);
    let Some(Left::Minutes(left)) = fault.left else { panic!("{:?}", fault.left) };
    assert!((35..50).contains(&left) && (4..12).contains(&fault.rev), "{left} in record {}", fault.rev);
}

#[test]
fn rule_27_a_start_in_a_cut_goes_on_with_the_same_fault_and_the_same_silence() {
    let mut it = Plugged::new(Street::new(list(), noon()));
    it.runs_on(battery(200), 60);
    it.street.hear(70, "watch2", &[]);
    it.street.restart(90, 100, Gap::SameBoot, noon());
    it.meter = PowerMeter::default();
    it.looked_s = 100;
    assert_eq!((it.street.station.power(), homes(&it.street.station.blind_by_mains())), (Power::default(), vec!["h1"]));
    it.runs_on(battery(190), 200);
    assert_eq!(count(&it.street, Condition::MainsLost), 1);
    assert_eq!(homes(&it.street.station.blind_by_mains()), ["h1"]);
    let r2 = &it.street.station.watch()[&id("r2")];
    assert!(r2.witnesses.contains(&id("watch2")), "it was heard in this cut, and has power");
    it.runs_on(MAINS, 200 + 10 * MINUTE);
    assert_eq!(it.newest(Condition::MainsLost).state.word(), "closed");
}

#[test]
fn rule_27_a_supply_that_is_configured_no_more_ends_its_faults() {
    let mut it = Plugged::new(Street::new(list(), noon()));
    it.runs_on(battery(20), 60);
    it.runs_on(Power { mains: None, minutes_left: Some(19) }, 90);
    let open = |it: &Plugged| {
        let open = it.street.station.open_alarms().map(|alarm| alarm.id.condition.word());
        open.filter(|word| *word != "device_silent").collect::<Vec<_>>()
    };
    assert_eq!(open(&it), ["mains_lost", "station_battery_low", "mains_unknown"]);
    it.street.restart(100, 110, Gap::SameBoot, noon());
    assert_eq!(open(&it), ["mains_lost", "station_battery_low", "mains_unknown"], "it is configured still");
    it.street.has_power = false;
    it.street.restart(120, 130, Gap::SameBoot, noon());
    assert_eq!(open(&it), [""; 0]);
    assert_eq!(homes(&it.street.station.blind_by_mains()), ["h1"], "nobody was heard there since");
}

#[test]
fn rule_27_where_nobody_looks_at_the_mains_any_more_what_hung_on_them_is_missed_after_its_whole_limit() {
    // The limit of these devices is a day and a half.
    let mut it = Plugged::new(Street::new(list(), plan(0)));
    let heard = |street: &mut Street, hours: std::ops::Range<u64>| {
        for hour in hours.step_by(8) {
            for name in ["button2", "button3", "smoke2", "smoke3", "watch3"] {
                street.hear(hour * HOUR, name, &[]);
            }
        }
    };
    it.runs_on(Power { mains: Some(false), minutes_left: None }, 60);
    heard(&mut it.street, 4..44);
    it.street.has_power = false;
    it.street.restart(44 * HOUR, 46 * HOUR, Gap::SameBoot, plan(0));
    heard(&mut it.street, 46..46 + 35);
    it.street.until((46 + 35) * HOUR);
    assert_eq!(count(&it.street, Condition::DeviceSilent), 0, "it is not known since when they have mains again");
    it.street.until((46 + 37) * HOUR);
    let silent = it.street.records.iter().filter(|alarm| alarm.id.condition == Condition::DeviceSilent);
    let blamed: BTreeSet<DeviceId> =
        silent.flat_map(|alarm| alarm.device.into_iter().chain(alarm.behind.clone())).collect();
    assert_eq!(blamed, ["button1", "smoke1", "watch1", "watch2"].map(id).into());
}

#[test]
fn rule_27_mains_that_are_not_known_excuse_no_device_unless_they_were_seen_to_go() {
    let day_and_a_half = |it: &mut Plugged, read: Power| {
        it.runs_on(read, 37 * HOUR);
        count(&it.street, Condition::DeviceSilent) > 0
    };
    let mut it = Plugged::new(Street::new(list(), plan(0)));
    it.runs_on(battery(200), 60);
    for name in ["button2", "button3", "smoke2", "smoke3", "watch3"] {
        it.street.hear(12 * HOUR, name, &[]);
    }
    it.looked_s = 12 * HOUR;
    assert!(!day_and_a_half(&mut it, Power::default()), "they went, and nobody has seen them come back");
    let mut it = Plugged::new(Street::new(list(), plan(0)));
    it.runs_on(battery(200), 60);
    it.runs_on(MAINS, 60 + 10 * MINUTE);
    assert_eq!(it.newest(Condition::MainsLost).state.word(), "closed");
    for name in ["button2", "button3", "smoke2", "smoke3", "watch3"] {
        it.street.hear(12 * HOUR, name, &[]);
    }
    it.looked_s = 12 * HOUR;
    assert!(day_and_a_half(&mut it, Power::default()), "the cut is over");
}

#[test]
fn rule_27_a_number_that_is_configured_no_more_ends_its_fault() {
    let mut street = Street::new(list(), noon());
    for good in [true, false] {
        street.input(&Input::Credit { good });
    }
    street.restart(10, 20, Gap::SameBoot, noon());
    assert_eq!(street.state(Condition::CreditDoubtful), "raised");
    street.has_own_number = false;
    street.restart(30, 40, Gap::SameBoot, noon());
    assert_eq!(street.state(Condition::CreditDoubtful), "closed");
}

#[test]
fn rule_27_a_box_that_cannot_look_never_says_that_it_is_on_mains() {
    let street = Street::new(list(), noon());
    assert_eq!(street.station.power(), Power::default(), "no [power] table: nothing is known");
    assert_eq!(street.records, []);
    let mut it = Plugged { street, meter: PowerMeter::default(), looked_s: 0 };
    it.runs_on(Power::default(), 30);
    assert_eq!(it.newest(Condition::MainsUnknown).state.word(), "raised");
    assert_eq!(it.street.station.power().mains, None);
    it.runs_on(MAINS, 60);
    assert_eq!(it.newest(Condition::MainsUnknown).state.word(), "closed");
    it.runs_on(battery(100), 90);
    it.runs_on(Power::default(), 120);
    assert_eq!(it.street.station.power().mains, None);
    assert_eq!(it.newest(Condition::MainsLost).state.word(), "raised", "nobody has seen them come back");
}

#[test]
fn rule_27_the_own_text_goes_with_the_exercise_comes_back_and_is_nobodys_answer() {
    let mut street = Street::new(list(), noon());
    street.exercise(0);
    street.until(5);
    assert_eq!(street.station.second_path_proven(), None, "that the network took it proves nothing of the county");
    street.until(HOUR);
    assert_eq!(street.texts_to("own").len(), 1);
    assert_eq!(street.texts_to("county").len(), 1);
    let inputs: Vec<&Input> = street.log.iter().map(|(_, input)| input).collect();
    assert!(inputs.contains(&&Input::Credit { good: true }) && inputs.contains(&&Input::SecondPathProven));
    assert!(!inputs.iter().any(|input| matches!(input, Input::Reply(_))), "nobody has answered anything");
    assert_eq!((street.shown, count(&street, Condition::CreditDoubtful)), (0, 0));
    assert!(street.station.second_path_proven().is_some());
    // Whatever else that number says is somebody's words.
    street.text_from(own_number().reveal(), "在吗", None);
    assert_eq!(street.shown, 1);
}

#[test]
fn rule_27_two_own_texts_in_a_row_that_do_not_come_back_are_a_fault_and_one_is_not() {
    for (lost_as, back_s) in [("refused by the network", None), ("taken, and late", Some(11 * MINUTE))] {
        let mut street = Street::new(list(), noon());
        street.own_text_back_s = back_s;
        street.exercise(0);
        street.until(5 * HOUR - 1);
        assert_eq!(count(&street, Condition::CreditDoubtful), 0, "{lost_as}: one is none");
        street.own_text_back_s = Some(8);
        street.exercise(5 * HOUR);
        street.until(6 * HOUR);
        street.own_text_back_s = back_s;
        street.exercise(10 * HOUR);
        street.until(15 * HOUR - 1);
        assert_eq!(count(&street, Condition::CreditDoubtful), 0, "{lost_as}: not in a row");
        street.exercise(15 * HOUR);
        street.until(15 * HOUR + 10 * MINUTE + 30);
        assert_eq!(street.state(Condition::CreditDoubtful), "raised", "{lost_as}");
        street.until(20 * HOUR - 1);
        assert_eq!(street.state(Condition::CreditDoubtful), "raised", "{lost_as}: late is not good");
        street.own_text_back_s = Some(8);
        street.exercise(20 * HOUR);
        street.until(20 * HOUR + MINUTE);
        assert_eq!(street.state(Condition::CreditDoubtful), "closed", "{lost_as}");
    }
}

#[test]
fn rule_27_a_modem_that_is_busy_with_alarms_is_not_out_of_credit() {
    let mut street = Street::new(super::village::roster_of(60), night());
    for number in 1..=60 {
        street.press(0, &format!("button{number}"));
    }
    street.exercise(1);
    street.until(30 * MINUTE);
    assert!(street.texts_to("own").is_empty(), "people come first");
    assert!(!street.log.iter().any(|(_, input)| matches!(input, Input::Credit { .. })));
}

/// A street whose SIM is paid until so many milliseconds after its second 0.
fn paid_for(ms: i64) -> Street {
    let channels = vec![(id::<ChannelId>("modem"), Kind::Modem)];
    let rules = Rules { paid_until: Some(Wall(BEGIN_WALL_MS + ms)), ..Rules::default() };
    Street::under(list(), noon(), channels, rules)
}

#[test]
fn rule_27_the_end_of_the_credit_is_told_fourteen_days_ahead_by_day_with_the_days_left() {
    // Second 0 is noon; the last paid day ends in fifteen days and an hour.
    let mut street = paid_for(15 * DAY_MS + 3_600_000);
    street.until(HOUR - 60);
    assert_eq!(count(&street, Condition::CreditEnding), 0);
    street.until(2 * HOUR + 30 * MINUTE);
    let fault = street.newest(Condition::CreditEnding);
    assert_eq!((fault.state.word(), fault.left), ("raised", Some(Left::Days(14))));
    let texts: Vec<String> = street.texts_to("desk").into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["设备故障1件:SIM卡快到期1。请看值班台", "SIM卡快到期,还有 14 天"]);
    street.until(2 * 24 * HOUR);
    assert_eq!(street.newest(Condition::CreditEnding).left, Some(Left::Days(13)));
    assert_eq!(street.texts_to("desk").iter().filter(|(_, text)| text.contains("SIM")).count(), 2, "told once");
    let mut past = paid_for(-DAY_MS);
    past.until(10);
    assert_eq!(past.newest(Condition::CreditEnding).left, Some(Left::Days(0)));
    let mut far = paid_for(40 * DAY_MS);
    far.until(24 * HOUR);
    assert_eq!(count(&far, Condition::CreditEnding), 0);
}

#[test]
fn rule_27_a_credit_that_somebody_closed_without_paying_is_told_again_the_next_day() {
    // The days that are left become one less at half past eleven in the morning.
    let mut street = paid_for(10 * DAY_MS + 84_600_000);
    street.until(10);
    let alarm = street.newest(Condition::CreditEnding).id;
    let (by, disposition) = (Some(id("desk")), Disposition::Repaired);
    street.order(20, Order::Acknowledge { alarm, by });
    street.order(30, Order::Close { alarm, by, disposition, conversation: String::new() });
    street.until(23 * HOUR);
    assert_eq!((street.newest(Condition::CreditEnding).id, street.state(Condition::CreditEnding)), (alarm, "closed"));
    street.until(25 * HOUR);
    let again = street.newest(Condition::CreditEnding);
    assert_eq!((again.id == alarm, again.state.word(), again.left), (false, "raised", Some(Left::Days(9))));
}

#[test]
fn rule_27_while_nobody_knows_what_day_it_is_the_credit_is_not_judged() {
    let mut street = paid_for(40 * DAY_MS);
    street.clock(0, 30 * DAY_MS, Trust::Unset);
    street.until(24 * HOUR);
    assert_eq!(count(&street, Condition::CreditEnding), 0);
    street.clock(25 * HOUR, 0, Trust::Synced);
    assert_eq!(count(&street, Condition::CreditEnding), 1, "as soon as it is set");
}
