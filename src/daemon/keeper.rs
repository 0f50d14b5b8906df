//! The keeper of the village: changes the file for whoever asks, takes a changed one over, and never half.
//!
//! ```text
//!  shell ──▶ station task ──edit, reload──▶ keeper ── reads, judges, writes (off the house's thread)
//!  SIGHUP ─────────────────────────────────▶  │
//!                station task ◀──another list─┘──▶ then: the new address book to the sources, the version on the shelf
//! ```
//!
//! The order matters. The file is written first, because it is the truth; then the station has the list, and its record is
//! in the log; and only then do the sources resolve by it. A device that the sources knew and the station did not would be
//! a press that nobody heard; the other way round its press is still a stranger's.

use std::sync::Arc;

use jiff::tz::TimeZone;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::clock::Clock;
use super::front::Shown;
use super::proofs::Proofs;
use super::resolve::VillageBook;
use crate::config::Village;
use crate::config::village::clerk::{self, Author, Clerk};
use crate::config::village::edit::Edit;
use crate::config::village::{Absence, AddressBook, WeeklyRota};
use crate::control::protocol::{Body, Objection, Reply, Request, VillageAnswer};
use crate::control::server::Asked;
use crate::core::effect::{NewVillage, VillageChange, VillageDeed};
use crate::core::id::{DeviceId, Slug};
use crate::core::plan::{self, Plan};
use crate::core::roster::Roster;
use crate::core::rota::Span;
use crate::core::time::{Moment, Wall};
use crate::limits::people::{TIMES_AHEAD, TIMES_BACK, TIMES_EVERY};
use crate::source::Resolve;

/// What the keeper tells the station task.
pub(super) enum News {
    /// Another list is to be taken; the word back is given when its record is written.
    Taken {
        /// The list and its record.
        new: Box<NewVillage>,
        /// What the heard list resolves by.
        book: Arc<dyn Resolve>,
        /// Done.
        done: oneshot::Sender<()>,
    },
    /// A version was refused, and for these reasons; none: what stands in the file is in force.
    Refused(Vec<Objection>),
    /// What the clock on the wall means from here on.
    Times(Box<Plan>),
}

/// The list in force, as far as the next one is compared with it.
pub(super) struct InForce {
    pub(super) roster: Roster,
    pub(super) addresses: AddressBook,
    pub(super) revision: String,
    pub(super) rota: WeeklyRota,
    pub(super) absences: Vec<Absence>,
}

/// The keeper.
pub(super) struct Keeper {
    pub(super) clerk: Clerk,
    pub(super) clock: Arc<Clock>,
    pub(super) in_force: InForce,
    pub(super) house: mpsc::Sender<News>,
    pub(super) book: watch::Sender<Arc<dyn Resolve>>,
    pub(super) shown: Shown,
    pub(super) zone: TimeZone,
    pub(super) proofs: Proofs,
}

/// A version that is to be taken over.
struct Version {
    text: String,
    village: Village,
    warnings: Vec<Objection>,
    device: Option<DeviceId>,
    former: Option<DeviceId>,
}

impl Keeper {
    /// Does what is asked, one after the other, until told to stop.
    pub(super) async fn run(mut self, mut asked: mpsc::Receiver<Asked>, reload: Arc<Notify>, stop: CancellationToken) {
        let mut again = tokio::time::interval(TIMES_EVERY);
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                _ = again.tick() => self.tell_times().await,
                Some(asked) = asked.recv() => {
                    let by = |named: Option<Slug>| named.unwrap_or(asked.asker);
                    let answer = match asked.request {
                        Request::Edit { by: named, edit } => Body::Village(self.edit(edit, by(named)).await),
                        Request::Reload { by: named } => Body::Village(self.reload(by(named)).await),
                        Request::Prove { by: named, who, code } => self.prove(who, code, by(named)).await,
                        _ => continue,
                    };
                    // An asker who has gone does not want the answer.
                    let _ = asked.reply.send(Reply { now: self.clock.now(), body: answer });
                }
                () = reload.notified() => {
                    // Told in the log and in `status`; a signal has nobody to answer to.
                    self.reload(clerk::by_hand()).await;
                }
            }
        }
    }

    /// Who is on duty, and what is night, from the rota in force.
    async fn tell_times(&self) {
        let now = self.clock.now();
        let plan = times(&self.in_force.rota, &self.in_force.absences, &self.in_force.roster, now, &self.zone);
        self.shown.show_duty(&plan.rota, now);
        // A house that has ended calls nobody.
        let _ = self.house.send(News::Times(Box::new(plan))).await;
    }

    pub(super) async fn edit(&mut self, edit: Edit, by: Slug) -> VillageAnswer {
        let did = edit.deed();
        let (clerk, author) = (self.clerk.clone(), Author { by, at: self.clock.now().wall });
        let edited = off_the_house(move || clerk.edit(&edit, author)).await;
        let edited = match edited {
            Some(Ok(edited)) => edited,
            Some(Err(error)) => {
                warn!(%did, why = error.word(), "a change of the village file was refused");
                return VillageAnswer::Refused { why: Objection::of_change(&error) };
            }
            None => return VillageAnswer::Refused { why: Vec::new() },
        };
        let version = Version {
            text: edited.text,
            village: edited.village.value,
            warnings: Objection::of_file(&edited.village.warnings),
            device: edited.device,
            former: edited.former,
        };
        self.take(version, by, did).await
    }

    /// Takes over the file as it stands; a wrong one is refused whole, and the list in force stays.
    async fn reload(&mut self, by: Slug) -> VillageAnswer {
        let clerk = self.clerk.clone();
        let read = off_the_house(move || clerk.read()).await;
        let (text, village) = match read {
            Some(Ok(read)) => read,
            Some(Err(problems)) => {
                for problem in problems.list() {
                    warn!("{problem}");
                }
                warn!("the changed village file is refused; the list in force stays");
                let why = Objection::of_file(&problems);
                // A house that has ended has nothing to show.
                let _ = self.house.send(News::Refused(why.clone())).await;
                return VillageAnswer::Refused { why };
            }
            None => return VillageAnswer::Refused { why: Vec::new() },
        };
        if village.value.revision == self.in_force.revision {
            let _ = self.house.send(News::Refused(Vec::new())).await;
            return VillageAnswer::Same { revision: village.value.revision };
        }
        let warnings = Objection::of_file(&village.warnings);
        let version = Version { text, village: village.value, warnings, device: None, former: None };
        self.take(version, by, VillageDeed::Reload).await
    }

    async fn take(&mut self, version: Version, by: Slug, did: VillageDeed) -> VillageAnswer {
        let Version { text, village, warnings, device, former } = version;
        let before = Some((&self.in_force.roster, &self.in_force.addresses));
        let change = clerk::change(before, &village, by, did);
        let Village { roster, addresses, revision, rota, absences, people, .. } = village;
        let book: Arc<dyn Resolve> = Arc::new(VillageBook::new(addresses.clone(), &roster));
        self.in_force = InForce { roster: roster.clone(), addresses, revision, rota, absences };
        // Names first: whoever is new in the list must be found in the book when they are called.
        self.shown.take(&roster, people);
        let (done, taken) = oneshot::channel();
        let new = Box::new(NewVillage { change: change.clone(), roster: Some(roster) });
        let sent = self.house.send(News::Taken { new, book: Arc::clone(&book), done }).await;
        // The house is ending: the next start takes over what stands in the file.
        let in_force = sent.is_ok() && taken.await.is_ok();
        self.book.send_replace(book);
        self.tell_times().await;
        tell(&change);
        note(self.clerk.clone(), text, change.clone(), self.clock.now().wall, in_force).await;
        VillageAnswer::Changed { change, device, former, in_force, warnings }
    }
}

/// What the clock on the wall means, from a day ago on.
pub(super) fn times(rota: &WeeklyRota, absences: &[Absence], roster: &Roster, now: Moment, zone: &TimeZone) -> Plan {
    let ms = |span: std::time::Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    let from = Wall(now.wall.0 - ms(TIMES_BACK));
    let mut plan = rota.times(Span { from, until: Wall(now.wall.0 + ms(TIMES_AHEAD)) }, zone);
    // One a resident: that which ends next, and where none does the newest, until somebody says that they are back.
    let mut absences: Vec<_> = absences.iter().filter_map(|absence| absence.plan(roster, zone)).collect();
    let is_over = |absence: &plan::Absence| absence.away.until <= now.wall;
    let rank = |of: &plan::Absence| (is_over(of), if is_over(of) { -of.away.until.0 } else { of.away.until.0 });
    absences.sort_by_key(|absence| (absence.resident, rank(absence)));
    absences.dedup_by_key(|absence| absence.resident);
    plan.absences = absences;
    plan
}

/// Puts a version on the shelf. Without it the next start does not know what was changed, and goes on all the same.
pub(super) async fn note(clerk: Clerk, text: String, change: VillageChange, at: Wall, in_force: bool) {
    let noted = off_the_house(move || clerk.note(&text, &change, at, in_force)).await;
    if let Some(Err(error)) = noted {
        warn!(%error, "this version of the village file could not be put on the shelf");
    }
}

/// Runs what waits for the disk on a thread of its own; none when that was ended.
async fn off_the_house<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}

fn tell(change: &VillageChange) {
    let (enrolled, replaced, removed) = (&change.enrolled, &change.replaced, &change.removed);
    info!(revision = %change.revision, did = %change.did, ?enrolled, ?replaced, ?removed, "another list of the village");
}
