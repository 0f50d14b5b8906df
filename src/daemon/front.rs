//! The village's front: whoever is written to and whoever looks, with the names that both need.
//!
//! Names stand in memory here and nowhere else of the daemon. They change with the village's file, and who is on duty with the clock.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::error;

use super::clock::Clock;
use super::directory::Names;
use super::dispatch::{Dispatcher, ToPeople};
use super::doors::Doors;
use super::pages;
use super::sources;
use crate::config;
use crate::config::village::People;
use crate::control::server::Asked;
use crate::core::roster::Roster;
use crate::core::rota::{Rota, Span};
use crate::core::time::{Moment, Wall};
use crate::limits::people::GAPS_AHEAD;
use crate::notify::queue::Event;
use crate::source::lanes::Lanes;
use crate::web::duty::DutyView;
use crate::web::names::Known;
use crate::web::tally::Tally;
use crate::web::{self, Settings};

/// Where the keeper puts the names that are in force.
pub(super) struct Shown {
    names: watch::Sender<Arc<Names>>,
    known: watch::Sender<Arc<Known>>,
}

/// Where tasks are spawned, and how they are told to end.
pub(super) struct Nursery<'a> {
    /// Those that the end waits for.
    pub(super) tasks: &'a TaskTracker,
    /// Those that bring something: the house lives until they have ended.
    pub(super) bringing: &'a TaskTracker,
    pub(super) stop: &'a CancellationToken,
}

/// How the pages are to be served.
enum Opened {
    /// There are to be none.
    None,
    /// On this address.
    On(SocketAddr, Settings),
    /// They cannot be served as they are configured.
    Cannot,
}

/// Everything that faces people, before it is spawned.
pub(super) struct Front {
    names: watch::Receiver<Arc<Names>>,
    known: watch::Receiver<Arc<Known>>,
    pages: Opened,
    events: mpsc::Receiver<Event>,
}

impl Front {
    /// Makes the pages ready, if there are to be any, and says where the station and the keeper tell what people are to know.
    pub(super) fn open(config: &config::Station, roster: &Roster, people: People) -> (Front, Shown, ToPeople) {
        let pages = opened(config);
        let known = Arc::new(Known { roster: roster.clone(), people, duty: DutyView::default() });
        let settings = pages.settings().cloned();
        let (known_in_force, known_taken) = watch::channel(Arc::clone(&known));
        let (names, names_taken) = watch::channel(Arc::new(Names::new(known, config, settings)));
        let (to_people, events) = ToPeople::new();
        let front = Front { names: names_taken, known: known_taken, pages, events };
        (front, Shown { names, known: known_in_force }, to_people)
    }

    /// What the pages have refused, for whoever shows it.
    pub(super) fn tally(&self) -> Tally {
        self.pages.settings().map(|settings| settings.tally.clone()).unwrap_or_default()
    }

    /// Spawns the dispatcher with its channels, and the pages with those who bring something: what they bring last is still decided.
    pub(super) fn spawn(
        self,
        config: &config::Station,
        clock: &Arc<Clock>,
        lanes: Lanes,
        asked: mpsc::Sender<Asked>,
        nursery: &Nursery<'_>,
    ) {
        let Nursery { tasks, bringing, stop } = *nursery;
        let dispatcher = Dispatcher::new(config, self.names, clock, lanes.clone(), tasks, stop);
        tasks.spawn(dispatcher.run(self.events, stop.clone()));
        match self.pages {
            Opened::None => drop(tasks.spawn(pages::never(false, lanes))),
            Opened::Cannot => drop(tasks.spawn(pages::never(true, lanes))),
            Opened::On(listen, settings) => {
                let (known, ends) = (self.known, stop.clone());
                let serve =
                    move |listener| web::serve(listener, settings.clone(), asked.clone(), known.clone(), ends.clone());
                bringing.spawn(pages::keep(listen, serve, lanes, stop.clone()));
            }
        }
    }
}

impl Opened {
    const fn settings(&self) -> Option<&Settings> {
        match self {
            Opened::On(_, settings) => Some(settings),
            Opened::None | Opened::Cannot => None,
        }
    }
}

fn opened(config: &config::Station) -> Opened {
    let Some(pages) = &config.pages else { return Opened::None };
    let (zone, call_back) = (config.zone.clone(), config.notices.call_back.clone());
    match Settings::load(pages, zone, call_back, &config.data_dir, sources::credentials().as_deref()) {
        Ok(settings) => Opened::On(pages.listen, settings),
        Err(why) => {
            error!(%why, "the pages cannot be served; alarms go on");
            Opened::Cannot
        }
    }
}

impl Shown {
    /// The names in force.
    pub(super) fn names(&self) -> Arc<Names> {
        self.names.borrow().clone()
    }

    /// Where door codes are looked at.
    pub(super) fn doors(&self) -> Doors {
        Doors::new(self.known.subscribe())
    }

    /// Another list of people.
    pub(super) fn take(&self, roster: &Roster, people: People) {
        // What is borrowed must be given back before it can be replaced.
        let duty = self.known.borrow().duty.clone();
        self.put(Known { roster: roster.clone(), people, duty });
    }

    /// Who is on duty now, by the rota in force.
    pub(super) fn show_duty(&self, rota: &Rota, now: Moment) {
        let known = Known::clone(&self.known.borrow());
        let ahead = i64::try_from(GAPS_AHEAD.as_millis()).unwrap_or_default();
        let plan = rota.within(Span { from: now.wall, until: Wall(now.wall.0.saturating_add(ahead)) });
        let roster = &known.roster;
        let forecast = plan.forecast(roster, |id, home| {
            let responder = roster.responders.get(&id).filter(|responder| responder.dispatched)?;
            Some(roster.travel_min.get(&(id, home)).copied().unwrap_or(responder.travel_min))
        });
        let duty = DutyView::of(&plan, &forecast, now.wall);
        if duty != known.duty {
            self.put(Known { duty, ..known });
        }
    }

    fn put(&self, known: Known) {
        let known = Arc::new(known);
        self.names.send_modify(|names| *names = Arc::new(names.with(Arc::clone(&known))));
        self.known.send_replace(known);
    }
}
