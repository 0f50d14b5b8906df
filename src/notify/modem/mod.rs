//! The modem: calls and short messages by AT commands. The dialogue is a pure machine; `shell` holds the port.
//!
//! ```text
//!  errand ──▶ ┌──────────┐ ──▶ bytes to the port
//!  bytes  ──▶ │ Dialogue │ ──▶ what is to be told (FromChannel), what came in (Incoming, until it is kept)
//!  time   ──▶ └──────────┘ ──▶ "open the port again"
//! ```
//!
//! | file | its matter |
//! | --- | --- |
//! | `ear`, `command`, `number` | lines, what can be said and how long it may take, telephone numbers |
//! | `start` | settings, SIM, PIN |
//! | `standing` | network and signal, and the health that is told |
//! | `letter`, `report` | sending in parts, and what became of it |
//! | `ring` | calling, keys, hanging up |
//! | `inbox` | what comes in, until it is kept and deleted |
//! | `recovery` | a modem that is silent, starts by itself, or hangs |
//!
//! Constraints:
//! - **Every errand ends with an over word**, whatever the modem does: a letter within [`MODEM_LETTER_MAX`], a call
//!   within the time that it is to ring and [`MODEM_CALL_MAX`].
//! - **No part of a letter is given to the network twice when the outcome of the first time is unknown.** No answer after the PDU,
//!   and an answer that says that the network did not answer, mean *unknown*: unless the network has reported the part by then,
//!   the letter has failed with `Trouble`, and whoever gave the errand decides. If they send it again, the recipient may read it
//!   twice; if they do not, perhaps never. Within the channel only what the modem refused is tried again, because a refused part
//!   was not sent.
//! - A PIN is tried once. Three wrong ones lock the SIM, and then somebody must drive there.
//! - Unsolicited lines come at any place and end nothing; a late answer is not taken for the next one's.
//! - Calls that come in are refused, so that the line is free; one that comes during a call of ours is left alone.
//!
//! [`MODEM_LETTER_MAX`]: crate::limits::modem::MODEM_LETTER_MAX
//! [`MODEM_CALL_MAX`]: crate::limits::modem::MODEM_CALL_MAX

mod number;

mod ear;

mod command;

mod start;

mod standing;

mod report;

mod letter;

mod ring;

mod inbox;

mod recovery;

pub mod shell;

use crate::core::time::Mono;
use crate::device::gsm_at::{AtLine, Failure as Refusal};
use crate::limits::modem as limit;
use crate::notify::channel::{Ailment, Deed, Errand, Failure, FromChannel, Incoming, Ticket, Word};
use crate::private::Private;

use command::Command;
use ear::{Ear, Heard};
use inbox::{Inbox, Taken};
use letter::Letter;
use recovery::Recovery;
use report::Reports;
use ring::Ringing;
use standing::Standing;
use start::Start;

/// How this modem is used.
#[derive(Debug, Clone, Default)]
pub struct Manner {
    /// The SIM's PIN, if one is configured.
    pub pin: Option<Private<String>>,
    /// It can say a text into a call (`AT+CTTS`, SIMCom).
    pub speaks: bool,
    /// Where the numbers of longer messages begin: random, so that those before a restart are not continued.
    pub first_number: u8,
}

/// Names a message that came in, until it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct IncomingId(pub u64);

/// What happens to a dialogue.
pub enum Event<'a> {
    /// The port is open.
    Opened,
    /// The port cannot be opened, or has gone.
    Gone,
    /// Bytes came from the port.
    Bytes(&'a [u8]),
    /// There is something to do. One at a time: see [`Dialogue::is_free`].
    Errand(Errand),
    /// A message that came in is kept: it may be deleted.
    Kept(IncomingId),
    /// It is not kept, and will not be: it is read again later.
    NotKept(IncomingId),
    /// Time has passed.
    Time,
}

/// What a dialogue wants done, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Step {
    /// Write these bytes to the port; they may hold a number or a text.
    Write(Private<Vec<u8>>),
    /// Tell this.
    Say(FromChannel),
    /// A message came in; [`Event::Kept`] is wanted for it.
    Receive(IncomingId, Incoming),
    /// Close the port, and open it when this time has come.
    Reopen(Mono),
}

/// The dialogue with one modem.
pub struct Dialogue {
    manner: Manner,
    now: Mono,
    steps: Vec<Step>,
    ear: Ear,
    stage: Stage,
    under_way: Option<UnderWay>,
    errand: Option<UnderHand>,
    standing: Standing,
    reports: Reports,
    inbox: Inbox,
    recovery: Recovery,
    /// The number of the next longer message.
    number: u8,
    /// Somebody calls, and is to be refused.
    refuse: bool,
    settings: Settings,
    pin: start::Pin,
}

/// How far it is.
enum Stage {
    /// There is no port, since then.
    Closed(Mono),
    /// It is being set up.
    Starting(Start),
    /// It works.
    Ready,
    /// It did not answer, and is being woken.
    Waking(recovery::Waking),
}

/// Whether the modem still has its settings: asked before every message and every call, because one that has started by itself
/// says nothing of it where it can, takes a PDU for a text to a wrong number, and hears no keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Settings {
    /// To be asked for.
    Unsure,
    /// It has said so in the answer under way. `OK` alone may be a late one.
    Told,
    /// They stood then; a moment later nobody knows.
    Stood(Mono),
}

/// The command that waits for its answer.
struct UnderWay {
    command: Command,
    until: Mono,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Ok,
    Refused(Refusal),
    /// No answer in its time.
    Silent,
}

/// The errand in hand.
struct UnderHand {
    ticket: Ticket,
    /// If it has not begun by then, it has failed.
    begin_by: Mono,
    task: Task,
}

enum Task {
    Letter(Letter),
    Ring(Ringing),
}

impl Dialogue {
    /// A dialogue whose port is not open yet.
    #[must_use]
    pub fn new(now: Mono, manner: Manner) -> Self {
        Self {
            number: manner.first_number,
            pin: start::Pin::new(manner.pin.as_ref()),
            manner,
            now,
            steps: Vec::new(),
            ear: Ear::default(),
            stage: Stage::Closed(now),
            under_way: None,
            errand: None,
            standing: Standing::new(now),
            reports: Reports::new(now),
            inbox: Inbox::default(),
            recovery: Recovery::new(now),
            refuse: false,
            settings: Settings::Unsure,
        }
    }

    /// Whether it takes an errand: the last one is over.
    #[must_use]
    pub const fn is_free(&self) -> bool {
        self.errand.is_none()
    }

    /// How well the modem hears its network, in dBm, as it said last.
    #[must_use]
    pub const fn signal_dbm(&self) -> Option<i16> {
        self.standing.signal_dbm
    }

    /// Takes what happened, and says what is to be done, in order.
    pub fn handle(&mut self, now: Mono, event: Event<'_>) -> Vec<Step> {
        self.now = self.now.max(now);
        match event {
            Event::Opened => self.opened(),
            Event::Gone => self.gone(),
            Event::Bytes(bytes) => {
                if !matches!(self.stage, Stage::Closed(_)) {
                    for heard in self.ear.hear(bytes) {
                        self.hear(heard);
                    }
                }
            }
            Event::Errand(errand) => self.take(errand),
            Event::Kept(id) => self.inbox.kept(id),
            Event::NotKept(id) => self.inbox.not_kept(id),
            Event::Time => {}
        }
        self.pass();
        std::mem::take(&mut self.steps)
    }

    /// When it wants to be handled next although nothing happened.
    #[must_use]
    pub fn deadline(&self) -> Mono {
        let mut all = vec![self.inbox.joins_due(), self.health_due()];
        match (&self.under_way, &self.stage) {
            (Some(under_way), _) => all.push(under_way.until),
            (None, Stage::Starting(start)) => all.push(start.not_before),
            (None, Stage::Waking(waking)) => all.push(waking.until()),
            (None, Stage::Ready) => {
                all.extend([self.inbox.list_due(), self.standing.next_look, self.errand_due()]);
            }
            (None, Stage::Closed(_)) => {}
        }
        all.extend(self.errand.as_ref().and_then(UnderHand::waits_until));
        all.into_iter().min().unwrap_or(Mono(u64::MAX))
    }

    /// Everything that is due, and the next command if the line is free.
    fn pass(&mut self) {
        if let Some(UnderWay { command, .. }) = self.under_way.take_if(|under_way| self.now >= under_way.until) {
            self.settle(&command, Outcome::Silent);
        }
        self.end_waking();
        self.watch_start();
        self.start_if_wanted();
        self.wait_no_longer();
        for (id, incoming) in self.inbox.complete(self.now) {
            self.steps.push(Step::Receive(id, incoming));
        }
        self.go_on();
        self.tell_health();
    }

    /// An errand that waits for the modem for too long has failed: at once where the channel is known to be down.
    fn wait_no_longer(&mut self) {
        let Some(until) = self.errand.as_ref().and_then(UnderHand::waits_until) else { return };
        let down = self.standing.down();
        if down.is_none() && self.now < until {
            return;
        }
        let no_network = down == Some(Ailment::NoNetwork) || !self.standing.is_registered();
        let ready = matches!(self.stage, Stage::Ready);
        self.fail(if ready && no_network { Failure::NoNetwork } else { Failure::Trouble });
    }

    fn take(&mut self, errand: Errand) {
        let ticket = errand.ticket;
        if self.errand.is_some() {
            self.say_word(ticket, Word::Failed(Failure::Trouble));
            return;
        }
        let number = errand.to.phone.as_ref().and_then(number::dialled);
        let task = number.and_then(|to| match errand.deed {
            Deed::Text(letter) => Letter::new(to, &letter.text, self.next_number()).map(Task::Letter),
            Deed::Ring(ring) => Some(Task::Ring(Ringing::new(to, &ring, self.manner.speaks))),
        });
        match task {
            Some(task) => {
                self.errand = Some(UnderHand { ticket, begin_by: self.now + limit::MODEM_ERRAND_WAIT, task });
            }
            None => self.say_word(ticket, Word::Failed(Failure::Unable)),
        }
    }

    fn next_number(&mut self) -> u8 {
        self.number = self.number.wrapping_add(1);
        self.number
    }

    /// Sends the next command, if nothing is under way and something is to be said.
    fn go_on(&mut self) {
        while self.under_way.is_none() {
            let Some(command) = self.next_command() else { break };
            self.send(command);
        }
    }

    fn next_command(&mut self) -> Option<Command> {
        match self.stage {
            Stage::Closed(_) => None,
            Stage::Starting(_) => self.next_of_start(),
            Stage::Waking(_) => self.next_of_waking(),
            // A modem that has lost its settings is told nothing before its start.
            Stage::Ready if self.recovery.start_wanted => None,
            Stage::Ready => {
                if let Some(command) = self.next_of_refusal() {
                    return Some(command);
                }
                let command = self.next_of_errand();
                // An errand may have ended, or the modem have been given up, without a word to it.
                if command.is_some() || self.under_way.is_some() || !matches!(self.stage, Stage::Ready) {
                    return command;
                }
                self.inbox.next_command(self.now).or_else(|| self.standing.next_command(self.now))
            }
        }
    }

    fn next_of_errand(&mut self) -> Option<Command> {
        let registered = self.standing.is_registered();
        let waits = self.errand.as_ref().is_some_and(|errand| errand.waits_until().is_some());
        if waits && registered && self.now >= self.errand_due() {
            let stand = self.settings == Settings::Stood(self.now);
            self.settings = Settings::Unsure;
            if !stand {
                return Some(Command::Mode);
            }
        }
        match &mut self.errand.as_mut()?.task {
            Task::Letter(_) => self.next_of_letter(registered),
            Task::Ring(_) => self.next_of_ring(registered),
        }
    }

    /// The modem was asked for its settings.
    fn settings_asked(&mut self, is_ok: bool) {
        self.standing.asked(self.now, &Command::Mode);
        let stand = is_ok && self.settings == Settings::Told;
        self.settings = if stand { Settings::Stood(self.now) } else { Settings::Unsure };
    }

    fn errand_due(&self) -> Mono {
        match self.errand.as_ref().map(|errand| &errand.task) {
            Some(Task::Letter(letter)) => letter.due(self.standing.is_registered()),
            Some(Task::Ring(ring)) => ring.due(self.standing.is_registered()),
            None => Mono(u64::MAX),
        }
    }

    fn send(&mut self, command: Command) {
        self.steps.push(Step::Write(Private::new(command.bytes())));
        self.under_way = Some(UnderWay { until: self.now + command.patience(), command });
    }

    fn hear(&mut self, heard: Heard) {
        match heard {
            Heard::Prompt => self.prompted(),
            Heard::Line(text) => {
                if self.under_way.as_ref().is_some_and(|under_way| under_way.command.is_echoed_by(&text)) {
                    self.echoed();
                    return;
                }
                match self.inbox.line(self.now, &text) {
                    Some(Taken::Report(report)) => {
                        if let Some((ticket, word)) = self.reports.came(self.now, &report) {
                            self.say_word(ticket, word);
                        }
                    }
                    Some(Taken::Message) => {}
                    None => self.read(AtLine::read(&text)),
                }
            }
        }
    }

    fn read(&mut self, line: AtLine) {
        self.heard_while_waking();
        match line {
            AtLine::Ok => self.final_result(Outcome::Ok),
            AtLine::Failed(why) => self.final_result(Outcome::Refused(why)),
            AtLine::Sent { reference } => self.part_taken(reference),
            AtLine::Sim(sim) => self.sim_says(sim),
            AtLine::Started => self.started_by_itself(),
            AtLine::Registration(one) => self.standing.registration(self.now, &one),
            AtLine::Signal { index, .. } => self.standing.signal(index),
            AtLine::MessageStored(at) | AtLine::ReportStored(at) => {
                self.inbox.announced(self.now, &at.memory, at.index);
            }
            AtLine::MessageFollows { octets } | AtLine::ReportFollows { octets } => {
                self.inbox.follows(None, Some(octets));
            }
            AtLine::Listed(listed) => {
                let asked = match self.under_way.as_ref().map(|under_way| &under_way.command) {
                    Some(Command::Read(index)) => Some(*index),
                    _ => None,
                };
                self.inbox.follows(listed.index.or(asked), listed.octets);
            }
            AtLine::Ring | AtLine::Caller { .. } => self.refuse = !self.is_calling(),
            AtLine::CallEnded | AtLine::Busy | AtLine::NoAnswer => self.call_over(&line),
            AtLine::Alerting | AtLine::PickedUp | AtLine::Call(_) | AtLine::Key(_) | AtLine::Spoken => {
                self.call_goes(&line);
            }
            // Text mode: it has started, and said nothing.
            AtLine::Other(text) if text == "+CMGF: 1" => {
                self.recovery.start_wanted |= matches!(self.stage, Stage::Ready);
            }
            AtLine::Other(text) if text == "+CMGF: 0" => self.settings = Settings::Told,
            AtLine::Prompt | AtLine::Service { .. } | AtLine::Other(_) => {}
        }
    }

    /// `OK` or an error. Where nothing is under way it is a late one, and means nothing.
    fn final_result(&mut self, outcome: Outcome) {
        let Some(UnderWay { command, .. }) = &self.under_way else { return };
        // `OK` without the word that the part was taken cannot be the PDU's answer: it is a late one.
        if matches!(command, Command::Pdu(_)) && outcome == Outcome::Ok && !self.is_part_taken() {
            return;
        }
        if let Some(UnderWay { command, .. }) = self.under_way.take() {
            self.settle(&command, outcome);
        }
        self.go_on();
    }

    /// A command has ended.
    fn settle(&mut self, command: &Command, outcome: Outcome) {
        self.inbox.nothing_follows();
        self.recovery.ended(command, outcome);
        let is_ok = outcome == Outcome::Ok;
        match command {
            Command::Mode => self.settings_asked(is_ok),
            Command::Wake | Command::Set(_) | Command::Sim | Command::Pin(_) | Command::Speak(_) => {}
            Command::Network | Command::Network4g | Command::Signal => self.standing.asked(self.now, command),
            Command::List => self.inbox.was_listed(self.now, is_ok),
            Command::Read(index) => self.inbox.asked(*index, is_ok),
            Command::Delete(index) => self.inbox.deleted(*index, is_ok),
            Command::Submit(_) => self.submit_ended(outcome),
            Command::Pdu(_) => self.pdu_ended(outcome),
            Command::Dial(_) => self.dial_ended(outcome),
            Command::Calls => self.calls_listed(outcome),
            Command::HangUp | Command::HangUpOld => self.hung_up(is_ok),
        }
        match (&self.stage, outcome) {
            (Stage::Waking(_), _) => self.woke(outcome),
            (Stage::Starting(_), Outcome::Ok | Outcome::Refused(_)) => self.start_goes_on(command, outcome),
            (Stage::Closed(_), _) => {}
            // An `AT` of the start is its own waking.
            (Stage::Starting(_), Outcome::Silent) if *command == Command::Wake => self.start_goes_on(command, outcome),
            (_, Outcome::Silent) => self.wake(),
            (Stage::Ready, _) => {}
        }
    }

    /// Somebody calls: they are refused, so that the line is free. A call of ours is never disturbed for it.
    fn next_of_refusal(&mut self) -> Option<Command> {
        let refuse = std::mem::take(&mut self.refuse) && !self.is_calling();
        refuse.then_some(Command::HangUp)
    }

    fn say_word(&mut self, ticket: Ticket, word: Word) {
        self.steps.push(Step::Say(FromChannel::Word(ticket, word)));
    }

    /// A word of the errand in hand, which ends with it if it is an over one.
    fn tell(&mut self, word: Word) {
        let Some(ticket) = self.errand.as_ref().map(|errand| errand.ticket) else { return };
        if word.is_over() {
            self.errand = None;
        }
        self.say_word(ticket, word);
    }

    fn fail(&mut self, why: Failure) {
        if let Some(UnderHand { task: Task::Letter(letter), .. }) = &self.errand
            && letter.is_perhaps_there()
        {
            self.reports.loose(self.now, letter.to());
        }
        self.tell(Word::Failed(why));
    }
}

impl UnderHand {
    /// Until when it waits for its next command to be possible; none while one is under way.
    fn waits_until(&self) -> Option<Mono> {
        match &self.task {
            Task::Letter(letter) => letter.waits_until(self.begin_by),
            Task::Ring(ring) => ring.waits_until(self.begin_by),
        }
    }
}
