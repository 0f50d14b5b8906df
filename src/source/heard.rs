//! The heard list: which devices were on the air, enrolled or not, for the installer and the page.
//!
//! Constraints:
//! - Addresses may carry people's names: they leave this list only as [`Private`].
//! - It shows *kinds* of last words, never values: what a neighbour's sensor measured is none of our business.
//! - A stranger costs memory, so strangers are bounded; enrolled devices are bounded by their enrolment.
//! - What a broker kept or a bridge lists was not heard, and moves no clock: old news must not look fresh.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::Resolve;
use super::counters::{Counters, Scope};
use super::recorder::Recorder;
use crate::core::id::SourceId;
use crate::core::reading::{Measure, Origin, Quantity, Said};
use crate::limits::{HEARD_KINDS_MAX, HEARD_MODEL_BYTES_MAX, HEARD_STRANGERS_MAX};
use crate::private::Private;

/// One line of the heard list.
#[derive(Debug, Clone)]
pub struct HeardDevice {
    /// Its format.
    pub format: &'static str,
    /// Its address or name on the air, as enrolment wants it.
    pub address: Private<String>,
    /// Who it is by the address book as it stands.
    pub origin: Origin,
    /// Through which source it was last heard or listed.
    pub source: SourceId,
    /// Maker's model name, where its bridge told it.
    pub model: Option<String>,
    /// The kinds of its last words.
    pub kinds: Vec<&'static str>,
    /// Link quality as the format gives it: 0–255 for Zigbee, dBm otherwise.
    pub link: Option<i32>,
    /// Frames heard since the start.
    pub count: u64,
    /// How long ago it was first heard; `None` when it was only listed.
    pub first_ago: Option<Duration>,
    /// How long ago it was last heard.
    pub last_ago: Option<Duration>,
}

/// Who speaks, where and when.
#[derive(Debug, Clone, Copy)]
pub struct Speaker<'a> {
    /// Format of the frame.
    pub format: &'static str,
    /// Address as decoded.
    pub address: &'a str,
    /// Who that is.
    pub origin: Origin,
    /// Through which source.
    pub source: SourceId,
    /// When.
    pub at: Instant,
}

/// The list, shared by all sources.
#[derive(Debug)]
pub struct Heard {
    /// The frames themselves, while somebody asks for them.
    pub recorder: Recorder,
    book: Mutex<Book>,
    counters: Arc<Counters>,
}

impl Heard {
    /// An empty list.
    #[must_use]
    pub fn new(counters: Arc<Counters>) -> Self {
        Self { recorder: Recorder::default(), book: Mutex::default(), counters }
    }

    /// Notes that a device spoke. `live` is false for what its broker had kept from before.
    pub fn note(&self, speaker: &Speaker<'_>, said: &[Said], live: bool) {
        self.with_entry(speaker, |entry| {
            if !live {
                return;
            }
            entry.count = entry.count.saturating_add(1);
            entry.first.get_or_insert(speaker.at);
            entry.last = Some(speaker.at);
            entry.kinds.clear();
            for said in said {
                match said.measure {
                    Measure::Number(Quantity::Lqi | Quantity::Rssi, value) => {
                        entry.link = i32::try_from(value.0 / 1000).ok();
                    }
                    measure if entry.kinds.len() < HEARD_KINDS_MAX => entry.kinds.push(measure.kind()),
                    _ => {}
                }
            }
        });
    }

    /// Notes that a bridge lists a device.
    pub fn list(&self, speaker: &Speaker<'_>, model: Option<&str>) {
        self.with_entry(speaker, |entry| {
            entry.model = model.filter(|model| model.len() <= HEARD_MODEL_BYTES_MAX).map(str::to_owned);
        });
    }

    /// The whole list, judged by the address book as it stands: enrolling a device shows at once.
    #[must_use]
    pub fn view(&self, resolve: &dyn Resolve, now: Instant) -> Vec<HeardDevice> {
        let ago = |at: Option<Instant>| at.map(|at| now.saturating_duration_since(at));
        let mut lines = Vec::new();
        for (format, devices) in &self.book().formats {
            lines.extend(devices.iter().map(|(address, entry)| HeardDevice {
                format,
                address: Private::new(address.clone()),
                origin: resolve.origin(format, address),
                source: entry.source,
                model: entry.model.clone(),
                kinds: entry.kinds.clone(),
                link: entry.link,
                count: entry.count,
                first_ago: ago(entry.first),
                last_ago: ago(entry.last),
            }));
        }
        lines
    }

    fn with_entry(&self, speaker: &Speaker<'_>, change: impl FnOnce(&mut Entry)) {
        let stranger = matches!(speaker.origin, Origin::Stranger(_));
        let mut book = self.book();
        let Book { formats, strangers } = &mut *book;
        // Looked up by `&str` first, so that a device heard before costs no allocation.
        if let Some(entry) = formats.get_mut(speaker.format).and_then(|devices| devices.get_mut(speaker.address)) {
            *strangers = *strangers - usize::from(entry.stranger) + usize::from(stranger);
            entry.stranger = stranger;
            entry.source = speaker.source;
            entry.touched = speaker.at;
            change(entry);
            return;
        }
        if stranger && *strangers >= HEARD_STRANGERS_MAX {
            let forgotten = book.forget_eldest(HEARD_STRANGERS_MAX / 8);
            for _ in 0..forgotten {
                self.counters.add(Scope::Heard, "forgotten", "");
            }
        }
        let mut entry = Entry::new(speaker, stranger);
        change(&mut entry);
        book.strangers += usize::from(stranger);
        book.formats.entry(speaker.format).or_default().insert(speaker.address.to_owned(), entry);
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Default)]
struct Book {
    formats: BTreeMap<&'static str, BTreeMap<String, Entry>>,
    strangers: usize,
}

impl Book {
    /// Forgets the `count` strangers least recently heard. Many at once, because finding them means looking at all:
    /// a flood of new addresses then pays for one look per `count` of them.
    fn forget_eldest(&mut self, count: usize) -> usize {
        let strangers = self.formats.values().flat_map(BTreeMap::values).filter(|entry| entry.stranger);
        let mut touched: Vec<Instant> = strangers.map(|entry| entry.touched).collect();
        touched.sort_unstable();
        let Some(newest_to_go) = touched.get(count.saturating_sub(1)).copied() else { return 0 };
        let mut gone = 0;
        for devices in self.formats.values_mut() {
            devices.retain(|_, entry| {
                let keep = !entry.stranger || entry.touched > newest_to_go || gone == count;
                gone += usize::from(!keep);
                keep
            });
        }
        self.strangers -= gone;
        gone
    }
}

#[derive(Debug)]
struct Entry {
    source: SourceId,
    stranger: bool,
    model: Option<String>,
    kinds: Vec<&'static str>,
    link: Option<i32>,
    count: u64,
    first: Option<Instant>,
    last: Option<Instant>,
    // Heard or listed.
    touched: Instant,
}

impl Entry {
    const fn new(speaker: &Speaker<'_>, stranger: bool) -> Self {
        Self {
            source: speaker.source,
            stranger,
            model: None,
            kinds: Vec::new(),
            link: None,
            count: 0,
            first: None,
            last: None,
            touched: speaker.at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::id::{DeviceId, StrangerId};
    use crate::core::reading::Sample;
    use crate::core::roster::Class;
    use crate::core::unit::Milli;

    struct Nobody;

    impl Resolve for Nobody {
        fn origin(&self, _: &str, _: &str) -> Origin {
            stranger()
        }
        fn context(&self, _: &str, _: &str) -> Option<&serde_json::Value> {
            None
        }
        fn class(&self, _: &Sample) -> Class {
            Class::Routine
        }
    }

    fn stranger() -> Origin {
        Origin::Stranger("x1".parse::<StrangerId>().expect("id"))
    }

    fn speaker(address: &str, at: Instant) -> Speaker<'_> {
        Speaker { format: "test", address, origin: stranger(), source: "s1".parse().expect("id"), at }
    }

    #[tokio::test(start_paused = true)]
    async fn a_device_is_listed_with_its_kinds_and_never_its_values() {
        let heard = Heard::new(Arc::default());
        let start = Instant::now();
        let quality = Said::level(Measure::Number(Quantity::Lqi, Milli::whole(87)));
        heard.note(&speaker("示例按钮", start), &[Said::event(Measure::Sos(true)), quality], true);
        heard.note(&speaker("示例按钮", start + Duration::from_secs(5)), &[quality], true);
        let view = heard.view(&Nobody, start + Duration::from_secs(7));
        let [line] = view.as_slice() else { panic!("one line: {view:?}") };
        assert_eq!((line.count, line.link, line.kinds.as_slice()), (2, Some(87), [].as_slice()));
        assert_eq!(line.first_ago, Some(Duration::from_secs(7)));
        assert_eq!(line.last_ago, Some(Duration::from_secs(2)));
        assert!(!format!("{view:?}").contains("示例"));
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_kept_or_listed_was_not_heard() {
        let heard = Heard::new(Arc::default());
        let now = Instant::now();
        heard.note(&speaker("a", now), &[Said::level(Measure::Motion(true))], false);
        heard.list(&speaker("b", now), Some("TS0215A_sos"));
        let view = heard.view(&Nobody, now);
        assert_eq!(view.len(), 2);
        assert!(view.iter().all(|line| line.count == 0 && line.last_ago.is_none()));
        assert_eq!(view[1].model.as_deref(), Some("TS0215A_sos"));
    }

    #[tokio::test(start_paused = true)]
    async fn the_strangers_least_recently_heard_are_forgotten_and_enrolled_devices_never() {
        let counters = Arc::new(Counters::default());
        let heard = Heard::new(Arc::clone(&counters));
        let start = Instant::now();
        let enrolled = Origin::Device("d1".parse::<DeviceId>().expect("id"));
        heard.note(&Speaker { origin: enrolled, ..speaker("enrolled", start) }, &[], true);
        for n in 0..=HEARD_STRANGERS_MAX {
            let at = start + Duration::from_millis(n as u64);
            heard.note(&speaker(&format!("stranger {n}"), at), &[], true);
        }
        let view = heard.view(&Nobody, start);
        let addresses: Vec<&str> = view.iter().map(|line| line.address.reveal().as_str()).collect();
        assert_eq!(addresses.len(), 1 + HEARD_STRANGERS_MAX - HEARD_STRANGERS_MAX / 8 + 1);
        assert!(addresses.contains(&"enrolled"));
        assert!(!addresses.contains(&"stranger 0"));
        assert!(addresses.contains(&format!("stranger {HEARD_STRANGERS_MAX}").as_str()));
        assert_eq!(counters.view().get("heard.forgotten"), Some(&(HEARD_STRANGERS_MAX as u64 / 8)));
    }
}
