//! What each harm does, and how it is undone.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use shouwang::sim::modem::Mood as ModemMood;

use crate::plan::{Harm, Planned};
use crate::support::card::Card;
use crate::support::child::Guard;
use crate::support::wire::{Cut, Mood, Wire};
use crate::world::{World, calm, clock};

/// Longest that a disk that is well again is waited for, and that people may take to be told before a box is started anew.
const PATIENCE: Duration = Duration::from_secs(20);

/// What was done.
#[derive(Debug, Default)]
pub struct Done {
    /// How often each harm was.
    pub counts: BTreeMap<Harm, u32>,
    /// From when to when the disk took nothing and the gateway was ended in spite of it.
    pub undurable: Vec<(u64, u64)>,
    /// Harms that cannot be done here.
    pub skipped: u32,
}

/// Does the harms of one lane, one after the other, until `end`.
pub async fn run_lane(world: &World, lane: &[Planned], begun: Instant, end: Instant, done: &RefCell<Done>) {
    for planned in lane {
        if Instant::now() + planned.pause + planned.lasts > end {
            return;
        }
        sleep(planned.pause).await;
        println!("{:7.2} s {:?} {} ms", begun.elapsed().as_secs_f64(), planned.harm, planned.lasts.as_millis());
        if world.suffer(planned.harm, planned.lasts, done).await {
            *done.borrow_mut().counts.entry(planned.harm).or_default() += 1;
        } else {
            done.borrow_mut().skipped += 1;
        }
        world.assert_alive();
    }
}

impl World {
    /// Lets it happen, and undoes it; whether it can be done here.
    async fn suffer(&self, harm: Harm, lasts: Duration, done: &RefCell<Done>) -> bool {
        match harm {
            Harm::KillGateway | Harm::UpdateGateway => self.restart_gateway(harm == Harm::UpdateGateway, lasts).await,
            Harm::FreezeGateway => {
                let _gate = self.gate.lock().await;
                self.is_frozen.set(true);
                freeze(&self.gateway, lasts).await;
                self.is_frozen.set(false);
            }
            Harm::KillCounty => {
                drop(self.console.borrow_mut().take());
                sleep(lasts).await;
                self.start_console();
            }
            Harm::KillCountyBroker => {
                drop(self.county_broker.borrow_mut().take());
                sleep(lasts).await;
                self.start_county_broker().await;
            }
            Harm::FreezeCountyBroker => freeze(&self.county_broker, lasts).await,
            Harm::KillLocalBroker | Harm::FreezeLocalBroker => self.harm_local_broker(harm, lasts).await,
            Harm::SlowLink => wire(&self.link, Mood::Slow(Duration::from_millis(400)), lasts).await,
            Harm::TrickleLink => wire(&self.link, TRICKLE, lasts).await,
            Harm::HoldLink => wire(&self.link, Mood::Hold, lasts).await,
            Harm::SwallowLink => wire(&self.link, Mood::Swallow, lasts).await,
            Harm::RefuseLink => {
                self.link.set(Mood::Refuse);
                self.link.cut(Cut::Reset);
                sleep(lasts).await;
                self.link.set(Mood::Well);
            }
            Harm::CloseLink => self.link.cut(Cut::Fin),
            Harm::ResetLink => self.link.cut(Cut::Reset),
            Harm::SlowConsole => wire(&self.console_link, Mood::Slow(Duration::from_millis(300)), lasts).await,
            Harm::ResetConsole => self.console_link.cut(Cut::Reset),
            Harm::SwallowConsole => wire(&self.console_link, Mood::Swallow, lasts).await,
            Harm::ResetLocal => self.witness.cut(Cut::Reset),
            Harm::NarrowLine | Harm::SharedLine | Harm::CutLine => return self.harm_line(harm, lasts).await,
            Harm::DiskFull | Harm::DiskHangs => return self.harm_disk(harm, lasts).await,
            Harm::DiskReadOnly => return self.read_only(lasts, done).await,
            Harm::ClockYears => return self.move_clock("+5y", lasts).await,
            Harm::ClockHoursBack => return self.move_clock("-3h", lasts).await,
            Harm::Clock1970 => return self.move_clock("-56y", lasts).await,
            Harm::UnplugHub => {
                self.hub.lock().await.unplug();
                sleep(lasts).await;
                self.hub.lock().await.plug();
            }
            Harm::UnplugModem => {
                let modem = self.modem.borrow_mut().take();
                if let Some(modem) = modem {
                    let again = modem.replug().await;
                    *self.modem.borrow_mut() = Some(again);
                }
            }
            Harm::MoodyModem => {
                let bad = ModemMood { refuses: 150, swallows: 25, loses: 15, restarts: 10, ..calm() };
                self.set_modem(bad);
                sleep(lasts).await;
                self.set_modem(calm());
            }
        }
        true
    }

    fn set_modem(&self, mood: ModemMood) {
        if let Some(plugged) = &*self.modem.borrow() {
            plugged.modem().set_mood(mood);
        }
    }

    async fn restart_gateway(&self, in_order: bool, away: Duration) {
        let _gate = self.gate.lock().await;
        self.end_gateway(in_order).await;
        sleep(away).await;
        self.start_gateway();
    }

    async fn harm_local_broker(&self, harm: Harm, lasts: Duration) {
        let mut broker = self.local.lock().await;
        if harm == Harm::FreezeLocalBroker {
            broker.freeze();
            sleep(lasts).await;
            broker.thaw();
        } else {
            broker.kill();
            sleep(lasts).await;
            assert!(broker.start_again().await, "the local broker starts again");
        }
    }

    async fn harm_line(&self, harm: Harm, lasts: Duration) -> bool {
        let Some(line) = &self.line else { return false };
        match harm {
            Harm::NarrowLine => line.narrow(16),
            Harm::SharedLine => line.share(64),
            _ => line.cut(),
        }
        sleep(lasts).await;
        line.mend();
        true
    }

    async fn harm_disk(&self, harm: Harm, lasts: Duration) -> bool {
        let _gate = self.gate.lock().await;
        if self.card.borrow().is_none() {
            return false;
        }
        let end = Instant::now() + lasts;
        if harm == Harm::DiskHangs {
            self.with_card(Card::hold);
            tokio::time::sleep_until(end).await;
            self.with_card(Card::let_go);
        } else {
            // Whatever is given up to make room is taken at once.
            while Instant::now() < end {
                self.with_card(|card| card.fill());
                sleep(Duration::from_millis(300)).await;
            }
            self.with_card(|card| card.empty());
        }
        self.until_durable().await;
        true
    }

    /// A card that goes read-only is repaired by hand, and the box is started anew: people were told by then.
    async fn read_only(&self, lasts: Duration, done: &RefCell<Done>) -> bool {
        let _gate = self.gate.lock().await;
        if self.card.borrow().is_none() {
            return false;
        }
        let from = clock();
        self.with_card(|card| card.go_read_only());
        sleep(lasts).await;
        let told = async {
            loop {
                let alarms = self.alarms().await.unwrap_or_default();
                let is_told = |alarm: &shouwang::core::alarm::Alarm| alarm.clocks.first_notice_sent.is_some();
                if alarms.iter().filter(|alarm| crate::people::is_help_call(alarm)).all(is_told) {
                    return;
                }
                sleep(Duration::from_millis(200)).await;
            }
        };
        assert!(timeout(PATIENCE, told).await.is_ok(), "people are told while the disk is read-only");
        self.end_gateway(false).await;
        done.borrow_mut().undurable.push((from, clock()));
        self.with_card(Card::repair);
        self.start_gateway();
        true
    }

    fn with_card(&self, act: impl FnOnce(&mut Card)) {
        if let Some(card) = &mut *self.card.borrow_mut() {
            act(card);
        }
    }

    /// Without a hand the gateway is to find out that its disk is well again.
    async fn until_durable(&self) {
        let durable = async {
            while !self.status().await.is_some_and(|status| status.durable) {
                sleep(Duration::from_millis(200)).await;
            }
        };
        assert!(timeout(PATIENCE, durable).await.is_ok(), "the gateway finds its disk well again by itself");
    }

    async fn move_clock(&self, offset: &str, lasts: Duration) -> bool {
        if !self.has_faketime() {
            return false;
        }
        self.set_clock(offset);
        sleep(lasts).await;
        self.set_clock("+0");
        true
    }
}

const TRICKLE: Mood = Mood::Trickle { bytes: 24, pause: Duration::from_millis(15) };

async fn wire(wire: &Wire, mood: Mood, lasts: Duration) {
    wire.set(mood);
    sleep(lasts).await;
    wire.set(Mood::Well);
}

async fn freeze(guard: &RefCell<Option<Guard>>, lasts: Duration) {
    let hold = |is_held: bool| {
        if let Some(guard) = &*guard.borrow() {
            if is_held { guard.freeze() } else { guard.thaw() }
        }
    };
    hold(true);
    sleep(lasts).await;
    hold(false);
}
