//! One connection: its stream, its decoder, its answers, and everything that may end it.
//!
//! There are thousands and most are silent, so a connection holds no buffer while nothing is under way: it waits until its
//! socket can be read, reads into the stack, and gives back what its framer held.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::errands::Sent;
use super::mail::{Mail, Why};
use super::outbox::{Outbox, Owed, Stuck};
use super::pace::{DEVICE, Pace, Price, STRANGER};
use super::{Number, Shared};
use crate::core::effect::Input;
use crate::core::id::DeviceId;
use crate::core::reading::Origin;
use crate::core::roster::Class;
use crate::device::DecodeError;
use crate::device::framing::{Framer, Piece};
use crate::limits::tcp::{
    TCP_FRAME_AGE_MAX, TCP_GARBAGE_BYTES_MAX, TCP_HELD_BYTES_MAX, TCP_IDLE_MAX, TCP_NAMELESS_MAX, TCP_REPLY_PATIENCE,
    TCP_STRANGERS_HELD_BYTES_MAX,
};
use crate::source::front_door::{Admitted, FrontDoor, NotMine, Raw, Taken};
use crate::source::lanes::{Acknowledge, Arrival};

/// One read. judgement: more than any device says at once, voice apart.
const READ_BYTES: usize = 4 * 1024;

/// A frame of which so much has come is read in larger pieces, because every look at it begins at its beginning.
const LONG_FRAME_BYTES: usize = 2 * 1024;

/// How long such a frame is left to gather.
const GATHER: std::time::Duration = std::time::Duration::from_millis(10);

/// Why a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// By its device, or by the network.
    Closed,
    /// The gateway stops.
    Stopped,
    /// Its place was needed.
    Evicted(Why),
    /// Its device did not say who it is.
    Nameless,
    /// Its device said to be another than before.
    Renamed,
    /// Silence.
    Idle,
    /// A frame did not end.
    Unfinished,
    /// Too much of what is no frame.
    Garbage,
    /// Too much of what is unfinished, in all connections together.
    Memory,
    /// The device takes no answers.
    NeverReads,
    /// The station has ended.
    StationGone,
}

impl From<Stuck> for End {
    fn from(stuck: Stuck) -> Self {
        match stuck {
            Stuck::NeverReads => End::NeverReads,
            Stuck::Gone => End::Closed,
        }
    }
}

/// What happened.
enum Event {
    Letters,
    Answer(Option<Vec<u8>>),
    Stop,
    Due,
    Writable,
    Readable,
}

/// A connection at work.
pub(super) struct Connection {
    shared: Arc<Shared>,
    number: Number,
    stream: TcpStream,
    mail: Arc<Mail>,
    door: FrontDoor,
    framer: Framer,
    /// What its framer was counted for in the source's memory.
    held: usize,
    outbox: Outbox,
    owed: Owed,
    pace: Pace,
    gather_until: Instant,
    /// Who speaks here, as it said itself.
    address: Option<String>,
    /// It is enrolled.
    enrolled: bool,
    opened: Instant,
    /// When a frame was last understood.
    understood: Option<Instant>,
    /// When the unfinished frame began.
    began: Instant,
    garbage: usize,
}

/// What is new about who speaks.
#[derive(Default)]
struct Speaker {
    /// It is another one than before.
    renamed: bool,
    /// Another sender spoke under its address a moment ago, and the station is to learn it.
    two_senders: Option<DeviceId>,
}

impl Connection {
    pub(super) fn new(shared: Arc<Shared>, number: Number, stream: TcpStream, mail: Arc<Mail>, now: Instant) -> Self {
        Self {
            door: FrontDoor::new(shared.settings.id, shared.settings.format, shared.inlet.clone()),
            framer: Framer::new(shared.settings.framing),
            shared,
            number,
            stream,
            mail,
            held: 0,
            outbox: Outbox::default(),
            owed: Owed::default(),
            pace: Pace::new(now),
            gather_until: now,
            address: None,
            enrolled: false,
            opened: now,
            understood: None,
            began: now,
            garbage: 0,
        }
    }

    /// Serves it to its end, and says why it ended.
    pub(super) async fn serve(&mut self) -> End {
        let end = loop {
            if let Err(end) = self.one_event().await {
                break end;
            }
        };
        let last = match end {
            // What came on the older connection before the newer one was there may be a help call.
            End::Evicted(Why::TakenOver) => self.read(Instant::now()).await,
            End::Stopped => Box::pin(self.settle()).await,
            _ => Ok(()),
        };
        self.shared.held.fetch_sub(self.held, Ordering::Relaxed);
        self.shared.places().leave(self.number);
        if last == Err(End::StationGone) { End::StationGone } else { end }
    }

    async fn one_event(&mut self) -> Result<(), End> {
        let resumes = self.pace.resumes(self.price()).max(self.gather_until);
        let may_read = resumes <= Instant::now();
        let due = self.due(may_read, resumes);
        let event = tokio::select! {
            biased;
            () = self.mail.arrived() => Event::Letters,
            answer = self.owed.next() => Event::Answer(answer),
            () = self.shared.stop.cancelled() => Event::Stop,
            _ = self.stream.writable(), if !self.outbox.is_empty() => Event::Writable,
            _ = self.stream.readable(), if may_read => Event::Readable,
            () = sleep_until(due) => Event::Due,
        };
        let now = Instant::now();
        match event {
            Event::Letters => self.letters(now),
            Event::Answer(answer) => self.answer(answer, now),
            Event::Stop => Err(End::Stopped),
            Event::Writable => Ok(self.outbox.go_on(&self.stream, now)?),
            Event::Readable => self.read(now).await,
            Event::Due => Box::pin(self.time_is_up(now)).await,
        }
    }

    const fn price(&self) -> &'static Price {
        if self.enrolled { &DEVICE } else { &STRANGER }
    }

    /// When something must be looked at although nothing happens.
    fn due(&self, may_read: bool, resumes: Instant) -> Instant {
        let quiet = match self.understood {
            Some(understood) => understood + TCP_IDLE_MAX,
            None => self.opened + TCP_NAMELESS_MAX,
        };
        let unfinished = self.framer.unfinished().then(|| self.began + TCP_FRAME_AGE_MAX);
        let resumes = (!may_read).then_some(resumes);
        [self.outbox.due(), unfinished, resumes].into_iter().flatten().fold(quiet, Instant::min)
    }

    async fn time_is_up(&mut self, now: Instant) -> Result<(), End> {
        if self.outbox.due().is_some_and(|due| due <= now) {
            return Err(End::NeverReads);
        }
        if self.framer.unfinished() && self.began + TCP_FRAME_AGE_MAX <= now {
            // What stands behind a false beginning may be a help call.
            while self.framer.unfinished() {
                self.framer.give_up();
                self.take(&[], now).await?;
            }
            return Err(End::Unfinished);
        }
        match self.understood {
            None if self.opened + TCP_NAMELESS_MAX <= now => Err(End::Nameless),
            Some(understood) if understood + TCP_IDLE_MAX <= now => Err(End::Idle),
            _ => Ok(()),
        }
    }

    fn letters(&mut self, now: Instant) -> Result<(), End> {
        let letters = self.mail.take();
        if let Some((errand, sent)) = letters.errand {
            let answer = match self.door.errand(errand) {
                Some(bytes) => {
                    self.outbox.send(&self.stream, &bytes, now)?;
                    Sent::Sent
                }
                None => Sent::HasNone,
            };
            // Whoever does not wait any more does not want to know.
            let _ = sent.send(answer);
        }
        letters.end.map_or(Ok(()), |why| Err(End::Evicted(why)))
    }

    fn answer(&mut self, answer: Option<Vec<u8>>, now: Instant) -> Result<(), End> {
        if let Some(bytes) = answer {
            self.outbox.send(&self.stream, &bytes, now)?;
        } else {
            self.shared.count("reply_withheld", "an alarm is not on disk in time; its device is to send it again");
        }
        Ok(())
    }

    async fn read(&mut self, now: Instant) -> Result<(), End> {
        let taken = self.read_once(now)?;
        // In a box of its own, so that a connection that only waits has no room for one that delivers.
        Box::pin(self.deliver_all(taken, now)).await
    }

    /// Reads without waiting. Its buffer is on the stack and not in the task, of which there are thousands.
    fn read_once(&mut self, now: Instant) -> Result<Vec<Taken>, End> {
        let mut buffer = [0; READ_BYTES];
        match self.stream.try_read(&mut buffer) {
            Ok(0) => Err(End::Closed),
            Ok(bytes) => {
                if !self.framer.unfinished() {
                    self.began = now;
                }
                Ok(self.pieces(buffer.get(..bytes).unwrap_or_default(), now))
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(Vec::new()),
            Err(_) => Err(End::Closed),
        }
    }

    async fn take(&mut self, chunk: &[u8], now: Instant) -> Result<(), End> {
        let taken = self.pieces(chunk, now);
        self.deliver_all(taken, now).await
    }

    /// Everything that a chunk finishes.
    fn pieces(&mut self, mut chunk: &[u8], now: Instant) -> Vec<Taken> {
        let mut all = Vec::new();
        let mut frames = 0;
        while let Some(piece) = self.framer.next_piece(&mut chunk) {
            // What follows a piece began in this read.
            self.began = now;
            match piece {
                Piece::Frame(bytes) => {
                    frames += 1;
                    let utc_s = (self.shared.inlet.utc)();
                    let raw = Raw { topic: None, bytes, retained: false, utc_s };
                    match self.door.take(&raw, now) {
                        Ok(Some(taken)) => {
                            if taken.address.is_some() {
                                self.garbage = 0;
                            }
                            all.push(taken);
                        }
                        Ok(None) => self.garbage += bytes.len(),
                        Err(NotMine) => {
                            self.garbage += bytes.len();
                            self.door.nobodys();
                        }
                    }
                }
                Piece::Damaged(why) => {
                    self.garbage += 1;
                    match why {
                        // What announces too much or began in noise is noise; a frame whose check fails is damaged.
                        DecodeError::NotMine => {}
                        why => self.door.damaged(why),
                    }
                }
                Piece::Noise(bytes) => self.garbage += bytes,
            }
        }
        self.pace.spend(now, frames, self.price());
        let held = self.framer.held_bytes();
        if held > LONG_FRAME_BYTES {
            self.gather_until = now + GATHER;
        }
        if held == 0 {
            self.framer.rest();
        }
        all
    }

    /// Delivers what was taken, and then looks at what else came with it.
    async fn deliver_all(&mut self, taken: Vec<Taken>, now: Instant) -> Result<(), End> {
        for taken in taken {
            self.deliver(taken, now).await?;
        }
        if self.garbage > TCP_GARBAGE_BYTES_MAX {
            return Err(End::Garbage);
        }
        let held = self.framer.held_bytes();
        let before = self.shared.held.fetch_add(held, Ordering::Relaxed);
        self.shared.held.fetch_sub(self.held, Ordering::Relaxed);
        let more = held > self.held;
        self.held = held;
        let most = if self.enrolled { TCP_HELD_BYTES_MAX } else { TCP_STRANGERS_HELD_BYTES_MAX };
        if more && before > most { Err(End::Memory) } else { Ok(()) }
    }

    async fn deliver(&mut self, taken: Taken, now: Instant) -> Result<(), End> {
        let Taken { admitted, address, reply, .. } = taken;
        let Speaker { renamed, two_senders } = address.map(|address| self.note(address, now)).unwrap_or_default();
        let by_stranger = admitted.as_ref().is_some_and(|taken| matches!(taken.sample.from, Origin::Stranger(_)));
        if by_stranger && !self.shared.hears_strangers(now) {
            // Neither taken nor answered: a true device sends it again.
            return Ok(());
        }
        if let Some(Admitted { sample, class }) = admitted {
            // An answer to what may alarm is a promise. Any other answer is due at once, whatever the disk does: an
            // unanswered watch connects again and again, and its wearer has no help button meanwhile.
            let done = if class == Class::Urgent && sample.may_call() && !reply.is_empty() {
                let (promise, kept) = Acknowledge::pair();
                if self.owed.owe(kept, now, reply) {
                    self.shared.count("reply_withheld", "more alarms wait for the disk than a wearer has");
                }
                Some(promise)
            } else {
                self.outbox.send(&self.stream, &reply, now)?;
                None
            };
            let source = self.shared.settings.id;
            let arrival = Arrival { source, received: now, input: Input::Sample(sample), done };
            self.shared.inlet.lanes.put(class, arrival).await.map_err(|_| End::StationGone)?;
        } else {
            self.outbox.send(&self.stream, &reply, now)?;
        }
        if let Some(device) = two_senders {
            let (source, input) = (self.shared.settings.id, Input::TwoSenders { device });
            let arrival = Arrival { source, received: now, input, done: None };
            self.shared.inlet.lanes.urgent(arrival).await.map_err(|_| End::StationGone)?;
        }
        if renamed { Err(End::Renamed) } else { Ok(()) }
    }

    /// Notes who speaks.
    fn note(&mut self, address: String, now: Instant) -> Speaker {
        let mut speaker = Speaker::default();
        if self.address.as_ref().is_some_and(|own| *own != address) {
            speaker.renamed = true;
            return speaker;
        }
        self.understood = Some(now);
        if !self.enrolled {
            let shared = &self.shared;
            let resolve = shared.inlet.resolve.borrow().clone();
            if let Origin::Device(device) = resolve.origin(shared.settings.format.name, &address) {
                self.enrolled = true;
                self.pace.forgive(now);
                speaker.two_senders = shared.named(self.number, device, now).then_some(device);
            }
        }
        self.address = Some(address);
        speaker
    }

    /// At the end of the gateway: gives the answers that are still due.
    async fn settle(&mut self) -> Result<(), End> {
        let limit = Instant::now() + TCP_REPLY_PATIENCE;
        while !self.owed.is_empty() {
            let Ok(answer) = timeout_at(limit, self.owed.next()).await else { break };
            self.answer(answer, Instant::now())?;
        }
        Ok(())
    }
}
