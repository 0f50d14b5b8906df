//! A village in which everybody of every role stands on the first rung, and an alarm that is brought into each of its states.

use std::time::Duration;

use shouwang::core::alarm::told::Code;
use shouwang::core::alarm::{Alarm, AlarmId, Disposition};
use shouwang::core::answer::{Outcome, Reply, Way, Wish};
use shouwang::core::condition::Condition;
use shouwang::core::effect::{Answer, Authority, Command, Effect, Input, Order};
use shouwang::core::id::{CommandId, Epoch, ResponderId};
use shouwang::core::reading::{Measure, Origin, Said, Sample};
use shouwang::core::roster::{
    Chemistry, Device, Ladder, Resident, Responder, ResponderRole, Role as DeviceRole, Roster, Rung,
};
use shouwang::core::station::{Identity, Rules, Station};
use shouwang::core::stop::Stop;
use shouwang::core::time::{Boot, Gap, Moment, Mono, Trust, Wall};

/// In which state the alarm is when somebody orders something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Raised,
    /// Somebody else goes.
    Theirs,
    /// Whoever orders goes, where they may.
    Mine,
    /// Somebody else is there.
    OnSite,
    Closed,
    /// A fault, raised.
    Fault,
}

pub const STANDINGS: [Standing; 6] =
    [Standing::Raised, Standing::Theirs, Standing::Mine, Standing::OnSite, Standing::Closed, Standing::Fault];

/// Who orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Somebody of this role, who is sent or only informed.
    Role(ResponderRole, bool),
    /// Somebody who does not stand in the village's list.
    Unknown,
    /// Nobody is named.
    Nobody,
}

/// Who else goes, or is there.
pub const OTHER: &str = "other";

impl Who {
    pub fn all() -> Vec<Who> {
        let roles = ResponderRole::ALL.iter().flat_map(|role| [Who::Role(*role, true), Who::Role(*role, false)]);
        roles.chain([Who::Unknown, Who::Nobody]).collect()
    }

    pub fn id(self) -> Option<ResponderId> {
        match self {
            Who::Role(role, dispatched) => {
                let kind = if dispatched { "sent" } else { "told" };
                Some(id(&format!("{kind}-{}", role.word().replace('_', "-"))))
            }
            Who::Unknown => Some(id("stranger")),
            Who::Nobody => None,
        }
    }

    pub const fn is_sent(self) -> bool {
        matches!(self, Who::Role(_, true))
    }

    pub const fn is_only_told(self) -> bool {
        matches!(self, Who::Role(_, false))
    }
}

/// The station before and after one order.
pub struct Scene {
    pub station: Station,
    pub alarm: AlarmId,
    pub now: Moment,
}

pub fn id<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().expect("a valid id")
}

fn roster() -> Roster {
    let mut roster = Roster { sources: vec![id("zigbee")], ..Roster::default() };
    let mut on_rung = Vec::new();
    let of_roles = Who::all().into_iter().filter_map(|who| match who {
        Who::Role(role, dispatched) => Some((who.id()?, role, dispatched)),
        Who::Unknown | Who::Nobody => None,
    });
    for (id, role, dispatched) in of_roles.chain([(id(OTHER), ResponderRole::Neighbour, true)]) {
        roster.responders.insert(id, Responder { id, role, travel_min: 5, dispatched });
        on_rung.push(id);
    }
    let rung = Rung { responders: on_rung, wait: Duration::from_mins(2), ..Rung::default() };
    let ladder = Ladder { rungs: vec![rung], ..Ladder::default() };
    let resident = Resident { ladder, ..Resident::new(id("r1"), id("h1")) };
    roster.residents.insert(resident.id, resident);
    let device = Device {
        id: id("button"),
        resident: Some(id("r1")),
        home: Some(id("h1")),
        room: Some(id("bedroom")),
        role: DeviceRole::Sos,
        source: id("zigbee"),
        rhythm: Some(Duration::from_hours(24)),
        mute: false,
        battery: Chemistry::Unknown,
        removed: false,
        mains: false,
    };
    roster.devices.insert(device.id, device);
    roster
}

impl Scene {
    /// The alarm as it stands when `who` orders.
    pub fn of(standing: Standing, who: Who) -> Scene {
        let wall = Wall(1_795_320_000_000);
        let begun = Moment { boot: Boot(1), mono: Mono(500_000_000), wall, trust: Trust::Synced };
        let identity = Identity { station: id("st1"), epoch: Epoch(7) };
        let mut station = Station::new(identity, Rules::default(), roster(), begun);
        let stopped = Stop::of(Moment { mono: Mono(400_000_000), ..begun }, begun, Gap::Unknown);
        _ = station.stopped(stopped.expect("a stop of unknown length is told"));
        let alarm = AlarmId {
            onset: begun.mono,
            subject: shouwang::core::alarm::Subject::Resident(id("r1")),
            condition: Condition::HelpCall,
            drill: false,
            station: identity.station,
            epoch: identity.epoch,
        };
        let mut scene = Scene { station, alarm, now: begun };
        scene.handle(&Input::Source { id: id("zigbee"), up: true });
        let said = if standing == Standing::Fault { Measure::BatteryLow(true) } else { Measure::Sos(true) };
        let sample = Sample {
            from: Origin::Device(id("button")),
            said: vec![Said::event(said)],
            retained: false,
            merge_ms: 0,
            implausible: 0,
        };
        scene.handle(&Input::Sample(sample));
        scene.alarm = scene.station.open_alarms().next().expect("it is raised").id;
        scene.bring(standing, who);
        scene.now = begun.at(begun.mono + Duration::from_secs(20));
        scene
    }

    fn bring(&mut self, standing: Standing, who: Who) {
        let alarm = self.alarm;
        let first = match standing {
            Standing::Mine if who.is_sent() => who.id().expect("somebody"),
            _ => id(OTHER),
        };
        let steps = match standing {
            Standing::Raised | Standing::Fault => vec![],
            Standing::Theirs | Standing::Mine => vec![Order::Accept { alarm, by: first }],
            Standing::OnSite => vec![Order::OnSite { alarm, by: first, door: None }],
            Standing::Closed => {
                let (by, conversation) = (Some(first), String::new());
                let close = Order::Close { alarm, by, disposition: Disposition::Helped, conversation };
                vec![Order::OnSite { alarm, by: first, door: None }, close]
            }
        };
        for (number, order) in steps.into_iter().enumerate() {
            let command = Command { id: id(&format!("before-{number}")), from: Authority::Local, order };
            let answer = self.command(&command);
            assert!(matches!(answer, Answer::Done { .. }), "{standing:?}: {answer:?}");
        }
    }

    pub fn alarm(&self) -> Alarm {
        self.station.alarm(self.alarm).expect("it is known").clone()
    }

    pub fn handle(&mut self, input: &Input) -> Vec<Effect> {
        self.station.handle(self.now, input)
    }

    pub fn command(&mut self, command: &Command) -> Answer {
        let effects = self.handle(&Input::Command(command.clone()));
        effects.into_iter().find_map(|effect| answer_to(command.id, effect)).expect("every command is answered")
    }

    /// A text of somebody, under the code that they were given.
    pub fn reply(&mut self, who: Who, wish: Wish, number: u32) -> (Reply, Option<Outcome>) {
        let by = who.id().filter(|by| self.station.roster().responders.contains_key(by));
        let code: Option<Code> = by.and_then(|by| self.alarm().told_to(by)?.code);
        let reply = Reply {
            id: id(&format!("text-{number}")),
            by,
            way: Way::Text,
            code: code.or(Code::new(10)),
            wish: Some(wish),
            door: None,
            sent: Some(self.now.wall),
        };
        let effects = self.handle(&Input::Reply(reply));
        let outcome = effects.into_iter().find_map(|effect| match effect {
            Effect::Confirm(confirm) => Some(confirm.outcome),
            _ => None,
        });
        (reply, outcome)
    }
}

pub fn answer_to(id: CommandId, effect: Effect) -> Option<Answer> {
    match effect {
        Effect::Answer(of, answer) if of == id => Some(answer),
        _ => None,
    }
}
