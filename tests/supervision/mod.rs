//! Plays the rhythms of real or made-up homes to a whole station, kills sensors, and counts what was found when.

pub mod made_up;

pub mod recorded;

use std::collections::BTreeMap;
use std::time::Duration;

use shouwang::core::alarm::Subject;
use shouwang::core::condition::Condition;
use shouwang::core::effect::{Effect, Input};
use shouwang::core::id::{DeviceId, Epoch};
use shouwang::core::reading::{Contact, Measure, Origin, Said, Sample};
use shouwang::core::roster::{Chemistry, Device, Role, Roster};
use shouwang::core::station::{Identity, Past, Rules, Station, Words};
use shouwang::core::time::{Boot, Gap, Moment, Mono, Trust, Wall};

pub const HOUR: u64 = 3_600_000;
pub const DAY: u64 = 24 * HOUR;

/// Mean days of a month.
const MONTH: f64 = 30.44 * 86_400_000.0;
/// So much is played after the last word of a home, so that whatever is due is found.
const AFTER: u64 = 15 * DAY;
/// The box is restarted so often, and is off for so long.
const RESTART_EVERY: u64 = 100 * HOUR;
const OFF: u64 = HOUR / 6;

/// A sensor and what it said when, on or off, in milliseconds since its home began.
pub struct Sensor {
    pub role: Role,
    pub said: Vec<(u64, bool)>,
}

/// A home.
pub struct Home {
    pub name: String,
    pub lasts: u64,
    pub sensors: Vec<Sensor>,
}

/// How the sensors of a home are made.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Make {
    /// They speak when somebody moves and at no other time: enrolled as mute.
    Bare,
    /// They report by themselves too, each in its own period, and some reports are lost.
    Reporting,
}

/// What a sensor does at an instant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Act {
    Says(bool),
    Reports,
    Dies,
}

/// What became of one sensor.
#[derive(Default, Clone, Copy)]
struct Fate {
    faults: u32,
    doubts: u32,
    /// When it died; by when it was to be found; when it was.
    died: Option<u64>,
    due: Option<u64>,
    found: Option<u64>,
}

/// Figures of a home's sensors of one class.
#[derive(Default)]
pub struct Tally {
    pub sensors: usize,
    pub months: f64,
    pub faults: u32,
    pub doubts: u32,
    pub killed: usize,
    pub in_time: usize,
    /// From death to the fault, in hours.
    pub hours: Vec<u64>,
}

impl Tally {
    pub fn rate(&self) -> f64 {
        f64::from(self.faults) / self.months
    }

    pub fn add(&mut self, other: &Tally) {
        self.sensors += other.sensors;
        self.months += other.months;
        self.faults += other.faults;
        self.doubts += other.doubts;
        self.killed += other.killed;
        self.in_time += other.in_time;
        self.hours.extend(&other.hours);
    }

    /// Hours to the fault at that many per cent of the deaths.
    pub fn hours_at(&self, percent: usize) -> u64 {
        let mut hours = self.hours.clone();
        hours.sort_unstable();
        hours.get((hours.len().saturating_sub(1)) * percent / 100).copied().unwrap_or_default()
    }
}

/// Lives a home once with everything well, and then with one of its sensors dying at a random instant, `rounds` times each.
pub fn measure(home: &Home, make: Make, rounds: usize, below: &mut dyn FnMut(u64) -> u64) -> BTreeMap<Role, Tally> {
    let reports = reports(home, make, below);
    let mut tallies: BTreeMap<Role, Tally> = BTreeMap::new();
    for (sensor, fate) in home.sensors.iter().zip(live(home, make, &reports, None)) {
        let tally = tallies.entry(sensor.role).or_default();
        tally.sensors += 1;
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of weeks")]
        let months = home.lasts as f64 / MONTH;
        tally.months += months;
        tally.faults += fate.faults;
        tally.doubts += fate.doubts;
    }
    for (number, sensor) in home.sensors.iter().enumerate() {
        for _ in 0..rounds {
            let fates = live(home, make, &reports, Some((number, below(home.lasts))));
            let tally = tallies.entry(sensor.role).or_default();
            let (Some(died), Some(due)) = (fates[number].died, fates[number].due) else { panic!("it has died") };
            tally.killed += 1;
            let Some(found) = fates[number].found else { continue };
            tally.in_time += usize::from(found <= due);
            tally.hours.push(found.saturating_sub(died) / HOUR);
        }
    }
    tallies
}

/// When each sensor reports by itself: every 55 minutes, 4 or 12 hours, and one report in twenty is lost.
fn reports(home: &Home, make: Make, below: &mut dyn FnMut(u64) -> u64) -> Vec<Vec<u64>> {
    let one = |_: &Sensor| {
        if make == Make::Bare {
            return Vec::new();
        }
        let period = [HOUR * 55 / 60, HOUR * 55 / 60, 4 * HOUR, 12 * HOUR][usize::try_from(below(4)).expect("small")];
        let mut at = below(period);
        let mut all = Vec::new();
        while at < home.lasts {
            if below(20) > 0 {
                all.push(at);
            }
            at += period;
        }
        all
    };
    home.sensors.iter().map(one).collect()
}

/// One life of a home.
fn live(home: &Home, make: Make, reports: &[Vec<u64>], death: Option<(usize, u64)>) -> Vec<Fate> {
    let mut acts: Vec<(u64, usize, Act)> = Vec::new();
    for (number, sensor) in home.sensors.iter().enumerate() {
        let dies = death.filter(|(dead, _)| *dead == number).map(|(_, at)| at);
        let lives = |at: &u64| dies.is_none_or(|dies| *at < dies);
        // Whoever hangs it up tries it.
        acts.push((0, number, Act::Reports));
        acts.extend(sensor.said.iter().filter(|(at, _)| lives(at)).map(|(at, on)| (*at, number, Act::Says(*on))));
        acts.extend(reports[number].iter().filter(|at| lives(at)).map(|at| (*at, number, Act::Reports)));
        acts.extend(dies.map(|at| (at, number, Act::Dies)));
    }
    acts.sort_unstable();
    let mut life = Life::begin(home, make);
    for (at, number, act) in acts {
        life.until(at);
        life.act(number, act);
    }
    // A home whose recording has ended is silent: only the dead are looked for there.
    life.until(home.lasts + if death.is_some() { AFTER } else { 0 });
    life.fates
}

struct Life<'a> {
    station: Station,
    roster: Roster,
    sensors: &'a [Sensor],
    fates: Vec<Fate>,
    now: u64,
    restart_at: u64,
    back_at: u64,
}

fn device_id(number: usize) -> DeviceId {
    format!("d{number}").parse().expect("id")
}

fn number_of(id: &DeviceId) -> usize {
    id.as_str().trim_start_matches('d').parse().expect("a number")
}

fn moment(now: u64) -> Moment {
    let mono = Mono(now + DAY);
    Moment { boot: Boot(1), mono, wall: Wall(1_790_000_000_000), trust: Trust::Synced }
}

fn fresh(roster: &Roster, now: u64) -> Station {
    let identity = Identity { station: "st1".parse().expect("id"), epoch: Epoch(7) };
    Station::new(identity, Rules::default(), roster.clone(), moment(now))
}

impl<'a> Life<'a> {
    fn begin(home: &'a Home, make: Make) -> Life<'a> {
        let device = |(number, sensor): (usize, &Sensor)| Device {
            id: device_id(number),
            resident: None,
            home: Some("h1".parse().expect("id")),
            room: None,
            role: sensor.role,
            source: "air".parse().expect("id"),
            rhythm: None,
            mute: make == Make::Bare,
            battery: Chemistry::Unknown,
            removed: false,
        };
        let devices = home.sensors.iter().enumerate().map(device);
        let roster = Roster {
            devices: devices.map(|device| (device.id, device)).collect(),
            sources: vec!["air".parse().expect("id")],
            ..Roster::default()
        };
        let fates = vec![Fate::default(); home.sensors.len()];
        let station = fresh(&roster, 0);
        let mut life =
            Life { station, roster, sensors: &home.sensors, fates, now: 0, restart_at: RESTART_EVERY, back_at: 0 };
        life.input(&Input::Source { id: "air".parse().expect("id"), up: true });
        life
    }

    /// Lets time pass, with the box restarting on the way.
    fn until(&mut self, end: u64) {
        while self.restart_at <= end {
            self.pass(self.restart_at);
            self.restart();
        }
        self.pass(end);
    }

    fn pass(&mut self, end: u64) {
        while let Some(due) = self.station.deadline().map(|due| due.0.saturating_sub(DAY)).filter(|due| *due <= end) {
            self.now = due.max(self.now);
            self.input(&Input::Tick);
        }
        self.now = end.max(self.now);
    }

    /// What was learned goes through its written form; what is said while the box is off is lost.
    fn restart(&mut self) {
        let last = moment(self.now).mono;
        let written = serde_json::to_string(&self.station.words()).expect("serialises");
        let words: Words = serde_json::from_str(&written).expect("parses");
        let alarms = self.station.open_alarms().cloned().collect();
        self.now += OFF;
        self.back_at = self.now;
        self.restart_at = self.now + RESTART_EVERY;
        for fate in self.fates.iter_mut().filter(|fate| fate.found.is_none()) {
            fate.due = fate.due.map(|due| due + OFF);
        }
        self.station = fresh(&self.roster, self.now);
        self.station.restore(Past { alarms, words, ..Past::default() });
        let effects = self.station.resume(moment(self.now), Some(last), Gap::SameBoot);
        self.note(effects);
        self.input(&Input::Source { id: "air".parse().expect("id"), up: true });
    }

    fn act(&mut self, number: usize, act: Act) {
        let said = match (act, self.sensors[number].role) {
            (Act::Dies, _) => {
                let standing = self.station.device_standing(device_id(number)).expect("enrolled");
                let silent = standing.fault == Some(Condition::DeviceSilent) || self.is_named(number);
                let fate = &mut self.fates[number];
                fate.died = Some(self.now);
                fate.due = Some(if silent { self.now } else { standing.next_expected.0 - DAY });
                fate.found = silent.then_some(self.now);
                return;
            }
            (Act::Reports, _) => Vec::new(),
            (Act::Says(on), Role::Motion) => vec![Said::level(Measure::Motion(on))],
            (Act::Says(on), Role::Bed) => vec![Said::level(Measure::Bed(on))],
            (Act::Says(on), _) => vec![Said::level(Measure::Contact(if on { Contact::Open } else { Contact::Closed }))],
        };
        if self.now > self.back_at || self.back_at == 0 {
            let from = Origin::Device(device_id(number));
            self.input(&Input::Sample(Sample { from, said, retained: false, merge_ms: 0, implausible: 0 }));
        }
    }

    /// Whether the fault of a quiet home names it, and it has not been heard since.
    fn is_named(&self, number: usize) -> bool {
        let id = device_id(number);
        let heard = self.station.device_standing(id).and_then(|standing| standing.heard).map(|at| at.mono);
        let mut open = self.station.open_alarms();
        open.any(|alarm| alarm.behind.contains(&id) && heard.is_some_and(|at| at <= alarm.id.onset))
    }

    fn input(&mut self, input: &Input) {
        let effects = self.station.handle(moment(self.now), input);
        self.note(effects);
    }

    fn note(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            let Effect::Commit(alarm) = effect else { continue };
            let Subject::Device(id) = alarm.id.subject else { continue };
            let number = number_of(&id);
            let fate = &mut self.fates[number];
            match alarm.id.condition {
                Condition::DeviceSilent if alarm.rev == 1 => {
                    fate.faults += 1;
                    // The fault of a home names all that are silent in it.
                    for number in alarm.behind.iter().map(number_of).chain([number]) {
                        let fate = &mut self.fates[number];
                        if fate.died.is_some() {
                            fate.found.get_or_insert(self.now);
                        }
                    }
                }
                Condition::DeviceDoubted if alarm.rev == 1 => fate.doubts += 1,
                _ => {}
            }
        }
    }
}

/// Prints a table of homes and classes, with a sum for each home, and returns the sums.
pub fn print(title: &str, homes: &[(String, BTreeMap<Role, Tally>)]) -> Vec<(String, Tally)> {
    println!("\n{title}");
    println!(
        "| home | class | sensors | device-months | false faults | per device-month | doubts | killed | found within limit \
         | hours to fault: median, 90 %, longest |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    let line = |home: &str, class: &str, tally: &Tally| {
        println!(
            "| {home} | {class} | {} | {:.1} | {} | {:.2} | {} | {} | {} | {}, {}, {} |",
            tally.sensors,
            tally.months,
            tally.faults,
            tally.rate(),
            tally.doubts,
            tally.killed,
            tally.in_time,
            tally.hours_at(50),
            tally.hours_at(90),
            tally.hours_at(100),
        );
    };
    let mut sums = Vec::new();
    let mut total = Tally::default();
    for (home, classes) in homes {
        let mut sum = Tally::default();
        for (role, tally) in classes {
            line(home, role.word(), tally);
            sum.add(tally);
        }
        line(home, "all", &sum);
        total.add(&sum);
        sums.push((home.clone(), sum));
    }
    line("all", "all", &total);
    sums.push(("all".to_owned(), total));
    sums
}

/// The longest that anything here may be silent.
pub const LONGEST: Duration = Duration::from_hours(168);
