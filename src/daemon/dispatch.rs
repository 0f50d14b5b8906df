//! The dispatcher: carries out what the queue decides, and brings back what the channels say.
//!
//! ```text
//!  station task ──events──▶ dispatcher (owns the Queue) ──errands──▶ channels, one task each
//!       ▲                        │    │                                  │
//!       └──urgent lane── inputs ─┘    └──▶ sirens, prompts       words ──┘
//! ```
//!
//! What comes in is on disk before a channel lets go of it: an answer is kept by the modem, or by the broker, until then.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use super::clock::Clock;
use super::directory::Names;
use super::sources;
use crate::config;
use crate::config::modem::Modem;
use crate::core::alarm::life_cycle::State;
use crate::core::alarm::{Alarm, AlarmId};
use crate::core::effect::Input;
use crate::core::id::{ChannelId, Slug, SourceId};
use crate::core::time::Mono;
use crate::limits::people::{EVENTS_WAITING_MAX, SAID_WAITING_MAX};
use crate::notify::channel::{Errand, Said};
use crate::notify::clip::Prompt;
use crate::notify::configured::{self, Around};
use crate::notify::modem::shell as modem;
use crate::notify::queue::{Act, Event, Kind, Numbers, Queue};
use crate::notify::siren_plan::{self, Unanswered};
use crate::notify::{prompt, prompt_plan, siren};
use crate::source::lanes::{Acknowledge, Arrival, Kept, Lanes};

/// The modem's name among the channels.
const MODEM: &str = "modem";

/// Where the station tells what people are to know.
#[derive(Debug, Clone)]
pub(super) struct ToPeople(mpsc::Sender<Event>);

impl ToPeople {
    pub(super) fn new() -> (Self, mpsc::Receiver<Event>) {
        let (events, taken) = mpsc::channel(EVENTS_WAITING_MAX);
        (Self(events), taken)
    }

    /// Tells it. The station does not wait: a dispatcher that has fallen so far behind has stopped, and its end ends the process.
    pub(super) fn tell(&self, event: Event) {
        if self.0.try_send(event).is_err() {
            warn!("what people are to know could not be handed on; it is told again at the next start");
        }
    }
}

/// The dispatcher.
pub(super) struct Dispatcher {
    queue: Queue,
    names: watch::Receiver<Arc<Names>>,
    clock: Arc<Clock>,
    lanes: Lanes,
    channels: BTreeMap<ChannelId, mpsc::Sender<Errand>>,
    said: mpsc::Receiver<(ChannelId, Said)>,
    sirens: Vec<watch::Sender<siren::Order>>,
    prompts: Option<mpsc::Sender<Prompt>>,
    open: BTreeMap<AlarmId, Alarm>,
    unanswered: BTreeMap<AlarmId, Unanswered>,
    source: SourceId,
}

impl Dispatcher {
    /// The dispatcher with its channels, which are spawned here.
    pub(super) fn new(
        config: &config::Station,
        names: watch::Receiver<Arc<Names>>,
        clock: &Arc<Clock>,
        lanes: Lanes,
        tracker: &TaskTracker,
        stop: &CancellationToken,
    ) -> Self {
        let (to_us, said) = mpsc::channel(SAID_WAITING_MAX);
        let mut hall = Hall { tracker, stop, to_us, kinds: Vec::new(), errands: BTreeMap::new() };
        if let Some(modem) = &config.modem {
            hall.modem(modem);
        }
        let around = Around { credentials: sources::credentials(), utc: sources::utc(clock) };
        for channel in &config.channels {
            hall.channel(channel.clone(), around.clone());
        }
        let Hall { to_us, kinds, errands, .. } = hall;
        let sirens = config.sirens.iter().map(|(name, settings)| {
            let (order, orders) = watch::channel(siren::Order::Silent);
            let settings = siren::Settings { name: *name, siren: settings.clone() };
            let tell = tell_as(tracker, &to_us, ChannelId(*name));
            tracker.spawn(siren::run(settings, orders, tell, stop.clone()));
            order
        });
        let prompts = config.prompts.clone().map(|prompts| {
            let (orders, taken) = mpsc::channel(SAID_WAITING_MAX);
            let (said, heard) = mpsc::channel(SAID_WAITING_MAX);
            tracker.spawn(prompt::run(prompts, taken, said, stop.clone()));
            tracker.spawn(tell_players(heard));
            orders
        });
        Self {
            queue: Queue::new(kinds, numbers(config)),
            names,
            clock: Arc::clone(clock),
            lanes,
            channels: errands,
            said,
            sirens: sirens.collect(),
            prompts,
            open: BTreeMap::new(),
            unanswered: BTreeMap::new(),
            // The station's own voice among the sources; nothing else is called so, because ids of sources are slugs of the village.
            source: SourceId(people()),
        }
    }

    /// Works until told to stop.
    pub(super) async fn run(mut self, mut events: mpsc::Receiver<Event>, stop: CancellationToken) {
        let mut siren_turns: Option<Instant> = None;
        loop {
            let now = self.clock.now();
            let due = self.queue.deadline().map(|due| Instant::now() + self.clock.until(due));
            let due = [due, siren_turns].into_iter().flatten().min();
            let mut kept = None;
            let event = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                event = events.recv() => match event {
                    Some(event) => event,
                    None => return,
                },
                Some((channel, said)) = self.said.recv() => {
                    kept = said.kept;
                    Event::Said(channel, said.what)
                }
                () = until(due) => Event::Due,
            };
            if let Event::Alarm(alarm) = &event {
                self.sound_and_say(alarm);
            }
            let names = self.names.borrow().clone();
            let acts = self.queue.handle(self.clock.now(), event, &*names);
            self.carry_out(acts, kept).await;
            siren_turns = self.turn_sirens(now.mono);
        }
    }

    async fn carry_out(&mut self, acts: Vec<Act>, mut kept: Option<oneshot::Sender<()>>) {
        for act in acts {
            match act {
                Act::Hand(channel, errand) => {
                    if let Some(channel) = self.channels.get(&channel) {
                        // A channel takes its next errand when it has ended the last, so there is always room.
                        let _ = channel.send(errand).await;
                    }
                }
                Act::Tell(input) => self.tell(input, &mut kept).await,
                // Its words may hold names: that it came is what the journal may know.
                Act::Show(_) => info!("a message that is no answer, or from a number that is nobody's"),
            }
        }
        // What came in and needs nothing kept is let go.
        if let Some(kept) = kept {
            let _ = kept.send(());
        }
    }

    async fn tell(&self, input: Input, kept: &mut Option<oneshot::Sender<()>>) {
        let done = if matches!(input, Input::Reply(_)) { kept.take().map(keep_first) } else { None };
        let arrival = Arrival { source: self.source, received: Instant::now(), input, done };
        // A station that has ended hears nothing, and the next one is told again.
        let _ = self.lanes.urgent(arrival).await;
    }

    /// The home is told what becomes of its call, and the siren what is unanswered.
    fn sound_and_say(&mut self, alarm: &Alarm) {
        if let Some(order) = prompt_plan::prompt(self.open.get(&alarm.id), alarm)
            && let Some(prompts) = &self.prompts
            && prompts.try_send(order).is_err()
        {
            warn!(home = %order.place, "a sentence finds no room among those that wait");
        }
        let sounds = matches!(alarm.state, State::Raised { climb } if climb.unanswered.is_some());
        if sounds && !alarm.id.drill {
            let since = self.clock.now().mono;
            let known = self.unanswered.entry(alarm.id).or_insert(Unanswered { since, muted_until: None });
            known.muted_until = alarm.muted_until;
        } else {
            self.unanswered.remove(&alarm.id);
        }
        if alarm.is_open() {
            self.open.insert(alarm.id, alarm.clone());
        } else {
            self.open.remove(&alarm.id);
        }
    }

    /// Tells the sirens what to do, and when to ask again.
    fn turn_sirens(&self, now: Mono) -> Option<Instant> {
        let unanswered: Vec<Unanswered> = self.unanswered.values().copied().collect();
        let plan = siren_plan::plan(&unanswered, now);
        let at = |mono| Instant::now() + self.clock.until(mono);
        for siren in &self.sirens {
            let wanted = plan.sounds_until.is_some();
            siren.send_if_modified(|order| {
                let sounds = matches!(order, siren::Order::Sound { until } if *until > Instant::now());
                if wanted == sounds {
                    return false;
                }
                *order =
                    plan.sounds_until.map_or(siren::Order::Silent, |until| siren::Order::Sound { until: at(until) });
                true
            });
        }
        plan.next.map(at)
    }
}

/// Where channels are spawned.
struct Hall<'a> {
    tracker: &'a TaskTracker,
    stop: &'a CancellationToken,
    to_us: mpsc::Sender<(ChannelId, Said)>,
    kinds: Vec<(ChannelId, Kind)>,
    errands: BTreeMap<ChannelId, mpsc::Sender<Errand>>,
}

impl Hall<'_> {
    fn modem(&mut self, modem: &Modem) {
        let pin = modem.pin.as_ref().map(|pin| pin.read(sources::credentials().as_deref()));
        let pin = pin.and_then(|pin| pin.inspect_err(|error| warn!(%error, "the SIM's PIN cannot be read")).ok());
        let (taken, tell) = self.enter(ChannelId(slug(MODEM)), Kind::Modem);
        self.tracker.spawn(modem::run(modem::Settings::of(modem, pin), taken, tell, self.stop.clone()));
    }

    fn channel(&mut self, channel: config::channels::Channel, around: Around) {
        let kind = if channel.group { Kind::Group } else { Kind::Personal };
        let (taken, tell) = self.enter(ChannelId(channel.name), kind);
        self.tracker.spawn(configured::run(channel, around, taken, tell, self.stop.clone()));
    }

    /// A channel's ends: where it takes errands, and where it tells of them.
    fn enter(&mut self, id: ChannelId, kind: Kind) -> (mpsc::Receiver<Errand>, mpsc::Sender<Said>) {
        let (errands, taken) = mpsc::channel(1);
        self.kinds.push((id, kind));
        self.errands.insert(id, errands);
        (taken, tell_as(self.tracker, &self.to_us, id))
    }
}

/// A channel's end of the way to the dispatcher, on which everything it says bears its name.
fn tell_as(tracker: &TaskTracker, to_us: &mpsc::Sender<(ChannelId, Said)>, id: ChannelId) -> mpsc::Sender<Said> {
    let (tell, mut told) = mpsc::channel(1);
    let to_us = to_us.clone();
    tracker.spawn(async move {
        while let Some(said) = told.recv().await {
            if to_us.send((id, said)).await.is_err() {
                return;
            }
        }
    });
    tell
}

/// Players are not channels to people who come: what they say of themselves stands in the journal.
async fn tell_players(mut heard: mpsc::Receiver<prompt::FromPlayer>) {
    use crate::notify::channel::Health;
    while let Some(said) = heard.recv().await {
        match said.what {
            prompt::PlayerWord::NotPlayed(clip) => warn!(place = %said.place, %clip, "a sentence was not played"),
            prompt::PlayerWord::Health(Health::Down(why)) => warn!(place = %said.place, ?why, "nothing can be played"),
            prompt::PlayerWord::Health(Health::Up) => info!(place = %said.place, "sentences can be played"),
            prompt::PlayerWord::Started(_) | prompt::PlayerWord::Played(_) => {}
        }
    }
}

/// Lets the channel know once its message is on disk.
fn keep_first(kept: oneshot::Sender<()>) -> Acknowledge {
    let (promise, fate) = Acknowledge::pair();
    tokio::spawn(async move {
        if fate.await == Ok(Kept::Durable) {
            // A channel that has gone meanwhile reads it again, and the station answers it once.
            let _ = kept.send(());
        }
    });
    promise
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => tokio::time::sleep(Duration::from_hours(1)).await,
    }
}

fn numbers(config: &config::Station) -> Numbers {
    let duty = config.county.as_ref().and_then(|county| county.duty_phone.clone());
    let own = config.modem.as_ref().and_then(|modem| modem.number.clone());
    Numbers { text: config.notices.county_text.clone(), duty, own }
}

fn people() -> Slug {
    slug("people")
}

fn slug(name: &str) -> Slug {
    name.parse().expect("a word of this file is a slug")
}
