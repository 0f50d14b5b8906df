//! The station task: takes what waits, decides, commits, and only then carries out. It owns the station; nobody holds a
//! lock on it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::answers;
use super::board::Board;
use super::clock::Clock;
use super::county_order::{TooLate, order_of};
use super::dispatch::ToPeople;
use super::doors::Doors;
use super::exercise::Exercise;
use super::keeper::News;
use super::receipts::{Receipts, SecondPath};
use crate::config::village::edit::{self, Edit};
use crate::control::protocol::{Body, Objection, Reply, Request};
use crate::control::server::Asked;
use crate::core::alarm::Alarm;
use crate::core::attempt::{Attempt, Barred, Pace, Tried};
use crate::core::effect::{AbsenceChange, Answer, Authority, Command, Effect, Input, Order};
use crate::core::id::{CommandId, ResidentId, ResponderId};
use crate::core::reading::{Origin, Sample};
use crate::core::station::Station;
use crate::core::time::{Moment, Mono, Wall};
use crate::limits;
use crate::notify::queue::Event;
use crate::private::Private;
use crate::relay::letterbox::Letterbox;
use crate::relay::records::FromCounty;
use crate::relay::text::{AlarmText, Text};
use crate::source::heard::Heard;
use crate::source::lanes::{Acknowledge, Arrival, RoutineLane, UrgentLane};
use crate::store::{Degraded, Draft, Store, Undecided};

/// How often the store does what is due by itself, and so the longest time between two turns. Source: `Store::tick`,
/// "every second or so".
const STORE_TICK: Duration = Duration::from_secs(1);

/// How often a completed turn is told to systemd's watchdog. judgement: a thirtieth of the unit's `WatchdogSec`; telling
/// of each of a thousand turns a second would keep the box's first process busy.
const WATCHDOG_EVERY: Duration = Duration::from_secs(1);

/// How often the last-heard table is written whole. judgement: replay of so much of the log takes a blink, and more
/// often would wear the card (a packed table of 500 devices is some 50 kB).
const WORDS_EVERY: Duration = Duration::from_mins(5);

/// What the station task listens to.
pub(super) struct Ears {
    pub(super) urgent: UrgentLane,
    pub(super) routine: RoutineLane,
    pub(super) asked: mpsc::Receiver<Asked>,
    pub(super) village: mpsc::Receiver<News>,
    pub(super) county: mpsc::Receiver<FromCounty>,
}

/// The station with everything it commands.
pub(super) struct House {
    pub(super) station: Station,
    pub(super) clock: Arc<Clock>,
    pub(super) store: Store,
    pub(super) board: Arc<Board>,
    pub(super) letterbox: Letterbox,
    pub(super) heard: Arc<Heard>,
    pub(super) book: Arc<dyn crate::source::Resolve>,
    pub(super) desks: Desks,
    pub(super) people: ToPeople,
    pub(super) doors: Doors,
    pub(super) identity: answers::Identity,
    pub(super) link: answers::CountyLink,
    pub(super) state: Standing,
}

/// Who answers what takes longer than a turn.
pub(super) struct Desks {
    /// Changes the village file.
    pub(super) keeper: mpsc::Sender<Asked>,
    /// Opens bridges for newcomers.
    pub(super) pairing: mpsc::Sender<Asked>,
    /// Tells devices what they are to do.
    pub(super) errands: mpsc::Sender<Asked>,
}

/// Where the desks are called.
pub(super) struct Called {
    pub(super) keeper: mpsc::Receiver<Asked>,
    pub(super) pairing: mpsc::Receiver<Asked>,
    pub(super) errands: mpsc::Receiver<Asked>,
}

impl Desks {
    pub(super) fn new() -> (Desks, Called) {
        let (keeper, keeper_called) = mpsc::channel(limits::VILLAGE_CHANGES_WAITING_MAX);
        let (pairing, pairing_called) = mpsc::channel(limits::PAIRING_WAITING_MAX);
        let (errands, errands_called) = mpsc::channel(limits::ERRANDS_WAITING_MAX);
        let called = Called { keeper: keeper_called, pairing: pairing_called, errands: errands_called };
        (Desks { keeper, pairing, errands }, called)
    }
}

/// What the house remembers from turn to turn.
#[derive(Default)]
pub(super) struct Standing {
    receipts: Receipts,
    second_path: SecondPath,
    exercise: Exercise,
    /// Acknowledgements of inputs that are told and not on disk yet.
    pub(super) withheld: Vec<Acknowledge>,
    /// Why the log does not take records, while it does not.
    pub(super) trouble: Option<Degraded>,
    /// Whether it was said that the disk is too full for readings.
    pub(super) short: bool,
    /// When the county was last told how far the log has come.
    pub(super) head_kept: Option<Mono>,
    /// Blocks of readings that the disk had refused when it was last asked, and when that was.
    pub(super) refused: (u64, Option<Mono>),
    /// Why the village file was refused when it was last to be taken over.
    pub(super) village_refused: Vec<Objection>,
    words_written: Option<Mono>,
    /// When the store was last given a turn of its own.
    ticked: Option<Mono>,
    /// When the watchdog was last fed.
    fed: Option<Mono>,
    /// What the county tried and moved no alarm.
    attempts: Pace,
}

/// What one turn takes in and has to answer.
#[derive(Default)]
pub(super) struct Turn {
    pub(super) inputs: Vec<Input>,
    pub(super) effects: Vec<Effect>,
    acknowledge: Vec<Acknowledge>,
    waiting: Vec<(CommandId, Back)>,
    questions: Vec<(Request, oneshot::Sender<Reply>)>,
    /// Who waits for the record of another list.
    pub(super) taken: Vec<oneshot::Sender<()>>,
}

impl Turn {
    /// A turn whose inputs were handled before it.
    pub(super) fn of(inputs: Vec<Input>, effects: Vec<Effect>) -> Turn {
        Turn { inputs, effects, ..Turn::default() }
    }

    /// Leaves the answer to a desk; a busy one says so.
    fn refer(&mut self, desk: &mpsc::Sender<Asked>, asked: Asked) {
        if let Err(TrySendError::Full(asked) | TrySendError::Closed(asked)) = desk.try_send(asked) {
            self.questions.push((asked.request, asked.reply));
        }
    }

    const fn is_empty(&self) -> bool {
        self.inputs.is_empty()
            && self.effects.is_empty()
            && self.acknowledge.is_empty()
            && self.waiting.is_empty()
            && self.questions.is_empty()
    }
}

/// The way back for an answer.
enum Back {
    Shell(oneshot::Sender<Reply>),
    County,
}

impl House {
    #[expect(clippy::too_many_arguments, reason = "the house is put together once, from its parts")]
    pub(super) fn new(
        station: Station,
        clock: Arc<Clock>,
        store: Store,
        board: Arc<Board>,
        letterbox: Letterbox,
        heard: Arc<Heard>,
        book: Arc<dyn crate::source::Resolve>,
        desks: Desks,
        people: ToPeople,
        doors: Doors,
        identity: answers::Identity,
    ) -> House {
        let (link, state) = (answers::CountyLink::default(), Standing::default());
        House { station, clock, store, board, letterbox, heard, book, desks, people, doors, identity, link, state }
    }

    /// Lives until told to stop.
    pub(super) async fn live(&mut self, mut ears: Ears, stop: CancellationToken) {
        let mut batch: Vec<Arrival> = Vec::with_capacity(limits::TURN_INPUTS_MAX);
        loop {
            let sleep = tokio::time::sleep(self.until_due());
            let mut turn = Turn::default();
            let now;
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(asked) = ears.asked.recv() => {
                    now = self.clock.now();
                    self.take_asked(now, asked, &mut turn);
                }
                Some(news) = ears.village.recv() => {
                    now = self.clock.now();
                    self.take_village(now, news, &mut turn);
                }
                Some(word) = ears.county.recv() => {
                    now = self.clock.now();
                    self.take_county(now, word, &mut turn);
                }
                Some(arrival) = ears.urgent.recv() => {
                    now = self.clock.now();
                    self.take_urgent(now, arrival, &mut turn);
                }
                () = sleep => {
                    now = self.clock.now();
                    turn.effects.extend(self.station.handle(now, &Input::Tick));
                }
                () = ears.routine.take(&mut batch, limits::TURN_INPUTS_MAX) => {
                    now = self.clock.now();
                    batch.drain(..).for_each(|arrival| self.take_routine(now, arrival, &mut turn));
                }
            }
            self.take_what_waits(now, &mut ears, &mut turn);
            self.finish(now, turn).await;
            self.feed_watchdog(now);
        }
        self.take_the_rest(&mut ears).await;
        self.write_words(self.clock.now()).await;
    }

    /// What the sources brought before they ended is still decided: a serial line or a message of QoS 0 exists nowhere
    /// else.
    async fn take_the_rest(&mut self, ears: &mut Ears) {
        loop {
            let (now, mut turn, mut batch) = (self.clock.now(), Turn::default(), Vec::new());
            self.take_what_waits(now, ears, &mut turn);
            ears.routine.take_waiting(&mut batch, limits::TURN_INPUTS_MAX);
            let routine = batch.len();
            for arrival in batch {
                self.take_routine(now, arrival, &mut turn);
            }
            if routine == 0 && turn.is_empty() {
                let attempts = self.state.attempts.take_all();
                self.keep_attempts(now, attempts, &mut turn);
                return self.finish(now, turn).await;
            }
            self.finish(now, turn).await;
        }
    }

    /// One turn for what the start brought.
    pub(super) async fn begin(&mut self, now: Moment, mut turn: Turn, first: Vec<Undecided>, refused: Vec<Objection>) {
        self.begin_with_file(now, refused, &mut turn);
        for alarm in self.station.open_alarms() {
            self.people.tell(Event::Alarm(Box::new(alarm.clone())));
            // Whether the county has it is not known to the pages of a start: told twice is told once, there too.
            if super::receipts::is_news(alarm) {
                self.people.tell(Event::County { alarm: alarm.id, text: self.text_of(alarm, now) });
            }
        }
        self.finish_with(now, turn, first).await;
    }

    /// More of what waits already shares this turn's sync; urgent before commands before receipts, all within the limit.
    fn take_what_waits(&mut self, now: Moment, ears: &mut Ears, turn: &mut Turn) {
        let full = |turn: &Turn| turn.inputs.len() >= limits::TURN_INPUTS_MAX;
        while !full(turn)
            && let Ok(arrival) = ears.urgent.try_recv()
        {
            self.take_urgent(now, arrival, turn);
        }
        while !full(turn)
            && let Ok(asked) = ears.asked.try_recv()
        {
            self.take_asked(now, asked, turn);
        }
        for _ in 0..limits::TURN_INPUTS_MAX {
            let Ok(word) = ears.county.try_recv() else { break };
            self.take_county(now, word, turn);
        }
    }

    fn take_urgent(&mut self, now: Moment, arrival: Arrival, turn: &mut Turn) {
        let before = turn.effects.len();
        turn.effects.extend(self.station.handle(now, &arrival.input));
        // Strangers' words that decide nothing are not kept: noise on the air must not push the village's records out.
        let stranger = matches!(&arrival.input, Input::Sample(sample) if matches!(sample.from, Origin::Stranger(_)));
        if let Input::Sample(sample) = &arrival.input {
            self.keep_reading(now, sample.clone());
        }
        if stranger && turn.effects.len() == before {
            if let Some(done) = arrival.done {
                done.nothing();
            }
            return;
        }
        turn.inputs.push(arrival.input);
        turn.acknowledge.extend(arrival.done);
    }

    fn take_routine(&mut self, now: Moment, arrival: Arrival, turn: &mut Turn) {
        turn.effects.extend(self.station.handle(now, &arrival.input));
        if let Input::Sample(sample) = arrival.input {
            self.keep_reading(now, sample);
        }
    }

    /// Every word of an enrolled device is a reading of the county's, urgent or not; other words are not kept.
    fn keep_reading(&self, now: Moment, sample: Sample) {
        if let Origin::Device(device) = sample.from
            && self.station.serves(device)
        {
            self.store.routine(now, sample);
        }
    }

    fn take_asked(&mut self, now: Moment, asked: Asked, turn: &mut Turn) {
        match asked.request {
            Request::Order { id, order, door } => {
                let order = self.doors.look(&self.station, order, door);
                turn.waiting.push((id, Back::Shell(asked.reply)));
                self.take_command(now, Command { id, from: Authority::Local, order }, turn);
            }
            Request::Edit { .. } | Request::Reload { .. } | Request::Prove { .. } => {
                // It waits for the disk, and the house does not: the keeper answers.
                turn.refer(&self.desks.keeper, asked);
            }
            Request::Pair { .. } | Request::Newcomers => turn.refer(&self.desks.pairing, asked),
            Request::Tell { .. } => turn.refer(&self.desks.errands, asked),
            Request::Keep(attempts) => {
                self.keep_attempts(now, attempts, turn);
                turn.questions.push((Request::Keep(Vec::new()), asked.reply));
            }
            // Answered when the turn is done, so that the answer shows what the turn decided.
            request => turn.questions.push((request, asked.reply)),
        }
    }

    fn take_county(&mut self, now: Moment, word: FromCounty, turn: &mut Turn) {
        match word {
            FromCounty::Receipt(ack) => {
                for alarm in self.state.second_path.receipted(&ack) {
                    self.people.tell(Event::Receipted(alarm));
                }
                self.state.receipts.take_in(now.mono, ack);
            }
            FromCounty::Command { id, message } => match order_of(now, message) {
                Ok(order) => {
                    turn.waiting.push((id, Back::County));
                    self.take_command(now, Command { id, from: Authority::County, order }, turn);
                }
                Err(TooLate { about }) => {
                    let alarm = about.filter(|alarm| self.station.alarm(*alarm).is_some());
                    let late = Attempt::new(Tried::CountyCommand, Some(Barred::TooLate));
                    self.state.attempts.note(Attempt { alarm, ..late }, now.mono);
                    self.letterbox.answer(self.board.not_run(id, &TooLate { about }.to_string()));
                }
            },
            FromCounty::Unreadable { id, why } => {
                self.state.attempts.note(Attempt::new(Tried::CountyCommand, Some(Barred::BadForm)), now.mono);
                self.letterbox.answer(self.board.not_run(id, &why));
            }
            FromCounty::County(county) => self.link.online = Some(county.online),
            FromCounty::Connected { .. } => {
                self.link.connected = true;
                self.link.trouble = None;
                self.state.exercise.link(now.mono, true);
            }
            FromCounty::Disconnected(trouble) => {
                self.link = answers::CountyLink::default();
                self.link.suffer(&trouble);
                self.state.exercise.link(now.mono, false);
            }
            FromCounty::Trouble(trouble) => {
                debug!(%trouble, "the county link");
                self.link.suffer(&trouble);
            }
        }
    }

    /// What moved no alarm is in the log by being an input.
    fn keep_attempts(&mut self, now: Moment, attempts: Vec<Attempt>, turn: &mut Turn) {
        for attempt in attempts.into_iter().map(Input::Attempt) {
            turn.effects.extend(self.station.handle(now, &attempt));
            turn.inputs.push(attempt);
        }
    }

    fn take_command(&mut self, now: Moment, command: Command, turn: &mut Turn) {
        let input = Input::Command(command);
        turn.effects.extend(self.station.handle(now, &input));
        let asks_only = matches!(&input, Input::Command(Command { order: Order::Query, .. }));
        if !asks_only {
            turn.inputs.push(input);
        }
    }

    async fn finish(&mut self, now: Moment, mut turn: Turn) {
        let attempts = self.state.attempts.take(now.mono);
        self.keep_attempts(now, attempts, &mut turn);
        self.finish_with(now, turn, Vec::new()).await;
        self.keep_house(now).await;
    }

    /// Commits, then carries out in order.
    async fn finish_with(&mut self, now: Moment, mut turn: Turn, mut decisions: Vec<Undecided>) {
        let at = self.clock.now();
        self.station.seal(&mut turn.effects, at);
        decisions.extend(turn.effects.iter().filter_map(undecided));
        let receipts_due = self.state.receipts.due().is_some_and(|due| now.mono >= due);
        if !turn.inputs.is_empty() || !decisions.is_empty() || receipts_due {
            decisions.extend(self.state.receipts.take_out());
            let draft = Draft { at, inputs: std::mem::take(&mut turn.inputs), decisions };
            let committed = self.store.commit(draft).await;
            let disk = self.settle(&committed, &mut turn.acknowledge);
            for alarm in self.state.second_path.committed(self.identity.epoch, &committed.decisions) {
                self.people.tell(Event::County { alarm: alarm.id, text: self.text_of(alarm, at) });
            }
            // People first: what the disk did is told after what happened to a person.
            self.carry_out(&mut turn, now);
            if let Some(up) = disk {
                self.disk(up).await;
            }
        } else {
            // There was nothing to be kept.
            turn.acknowledge.drain(..).for_each(Acknowledge::durable);
        }
        self.carry_out(&mut turn, now);
        for done in turn.taken.drain(..) {
            // The keeper is ending, and the list stays taken.
            let _ = done.send(());
        }
        for key in self.board.update(&mut self.station, now, self.state.trouble.is_none()) {
            self.letterbox.changed(key);
        }
        for (lane, progress) in self.store.lanes() {
            self.letterbox.head(lane, progress.head);
        }
        for (request, reply) in turn.questions {
            // An asker who has gone does not want the answer.
            let _ = reply.send(Reply { now, body: self.answer(&request) });
        }
    }

    pub(super) fn carry_out(&self, turn: &mut Turn, now: Moment) {
        for effect in turn.effects.drain(..) {
            match effect {
                Effect::Commit(alarm) => {
                    info!(alarm = %alarm.id, rev = alarm.rev, state = alarm.state.word(), durable = self.is_durable(), "alarm");
                    self.people.tell(Event::Alarm(alarm));
                }
                Effect::Device(event) => {
                    info!(device = ?event.device, source = %event.source, change = %event.what, "device");
                }
                Effect::Visit(record) => {
                    info!(resident = %record.standing.resident, open = record.standing.open.len(), "visits");
                }
                Effect::Notify(notice) => {
                    let (to, because) = (&notice.to, notice.because);
                    warn!(alarm = %notice.alarm, ?to, people = ?notice.people, round = notice.round, ?because, "to be told");
                    self.people.tell(Event::Notice(notice));
                }
                Effect::Confirm(confirm) => self.people.tell(Event::Confirm(confirm)),
                Effect::Digest { faults, people } => self.people.tell(Event::Digest { faults, people }),
                Effect::Ask { who, code: Some(code), about } => self.people.tell(Event::Ask { who, code, about }),
                Effect::Ask { who, code: None, .. } => warn!(%who, "holds every code there is, and is not asked"),
                Effect::Absence { resident, by, until, change } => self.note_absence(resident, by, until, change),
                Effect::Stop(stop) => info!(?stop, "the station was not running"),
                Effect::Answer(id, answer) => {
                    let Some(index) = turn.waiting.iter().position(|(waiting, _)| *waiting == id) else { continue };
                    match turn.waiting.swap_remove(index).1 {
                        Back::Shell(reply) => drop(reply.send(Reply { now, body: Body::Answer(answer) })),
                        Back::County => self.letterbox.answer(self.board.result(id, answer)),
                    }
                }
            }
        }
    }

    /// What somebody said of an absence goes into the village file. Should it not come there, they are asked once more.
    fn note_absence(&self, resident: ResidentId, by: ResponderId, until: Wall, change: AbsenceChange) {
        let said = edit::absence::Said { resident, until: Some(until) };
        let edit = match change {
            AbsenceChange::Ended => Edit::Back(said),
            AbsenceChange::Extended => Edit::Extend(said),
        };
        let request = Request::Edit { by: Some(by.0), edit };
        // Nobody waits for the answer.
        let asked = Asked { request, asker: by.0, reply: oneshot::channel().0 };
        if self.desks.keeper.try_send(asked).is_err() {
            warn!(%resident, "what was said of an absence could not be written; it is asked again");
        }
    }

    /// The alarm as a text to the county: pseudonyms only, and private because everything is that goes by telephone.
    fn text_of(&self, alarm: &Alarm, now: Moment) -> Private<String> {
        Private::new(Text::Alarm(AlarmText::of(self.identity.gateway, alarm, now)).write())
    }

    pub(super) const fn is_durable(&self) -> bool {
        self.state.trouble.is_none()
    }

    async fn write_words(&mut self, now: Moment) {
        self.state.words_written = Some(now.mono);
        match serde_json::to_vec(&self.station.words()) {
            Ok(words) => {
                // A disk that hangs must not hold up the end: the table can be learnt again from the log.
                let put = self.store.put_words(now, words);
                if tokio::time::timeout(limits::COMMIT_DEADLINE, put).await.is_err() {
                    warn!("the last-heard table could not be written in time");
                }
            }
            Err(error) => warn!(%error, "the last-heard table could not be written"),
        }
    }

    /// What is due without an input: the store's blocks every second, the last-heard table every few minutes.
    async fn keep_house(&mut self, now: Moment) {
        if self.state.ticked.is_none_or(|last| now.mono.since(last) >= STORE_TICK) {
            self.state.ticked = Some(now.mono);
            self.store.tick(now);
            self.look_at_disk(now).await;
            self.keep_head(now).await;
            let durable = self.is_durable();
            let free = self.store.usage().free_bytes;
            if let Some(text) = self.state.exercise.text(now, &self.station, &self.identity, durable, free) {
                self.people.tell(Event::Standing(text));
            }
        }
        let written = *self.state.words_written.get_or_insert(now.mono);
        if now.mono.since(written) >= WORDS_EVERY {
            self.state.words_written = Some(now.mono);
            let (store, words) = (self.store.clone(), serde_json::to_vec(&self.station.words()));
            // The index may be slow; the next turn does not wait for it.
            tokio::spawn(async move {
                match words {
                    Ok(words) => store.put_words(now, words).await,
                    Err(error) => warn!(%error, "the last-heard table could not be written"),
                }
            });
        }
    }

    /// Says to systemd that a whole turn was completed: what is proved alive is the thing that matters.
    fn feed_watchdog(&mut self, now: Moment) {
        if self.state.fed.is_none_or(|last| now.mono.since(last) >= WATCHDOG_EVERY) {
            self.state.fed = Some(now.mono);
            // Without systemd there is nobody to tell.
            let _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
        }
    }

    fn until_due(&self) -> Duration {
        let due = [self.station.deadline(), self.state.receipts.due()].into_iter().flatten().min();
        due.map_or(STORE_TICK, |due| self.clock.until(due).min(STORE_TICK))
    }
}

/// What of an effect is written down. A notice is made again from its alarm's state; a question's answer is not kept.
pub(super) fn undecided(effect: &Effect) -> Option<Undecided> {
    match effect {
        Effect::Commit(alarm) => Some(Undecided::Alarm(alarm.clone())),
        Effect::Device(event) => Some(Undecided::Device(event.clone())),
        Effect::Visit(record) => Some(Undecided::Visit(record.clone())),
        Effect::Answer(_, Answer::Open { .. })
        | Effect::Notify(_)
        | Effect::Confirm(_)
        | Effect::Ask { .. }
        | Effect::Absence { .. } => None,
        Effect::Answer(id, answer) => Some(Undecided::Answer { id: *id, answer: answer.clone() }),
        Effect::Digest { faults, .. } => Some(Undecided::Digest { faults: faults.clone() }),
        Effect::Stop(stop) => Some(Undecided::Stop(*stop)),
    }
}
