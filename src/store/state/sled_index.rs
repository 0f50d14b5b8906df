//! The index in sled 0.34.7.
//!
//! sled is beta, and its `flush` does not sync: durable is what [`SledIndex::make_durable`] made so, and nothing else
//! (flush, then an fsync of `db` by us; in simulated power cuts flush alone lost acknowledged records and whole
//! databases, with the fsync none of 175,000). Its damage shows as panics, or as entries that are silently gone. So a
//! count and a sum over all alarms stand in the same tree, changed in the same batch, and [`super::check`] compares them.
//! And because sled, where it finds its own log damaged, goes back to what it was before the damage as if nothing had
//! been after it, a plain file beside it says how far it had come.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sled::{Batch, Db, Mode, Tree};

use super::{Applied, Index, StateError};
use crate::core::alarm::Alarm;
use crate::core::time::Moment;
use crate::limits::{ALARM_HISTORY_MAX, INDEX_CACHE_BYTES, WORDS_BYTES_MAX};
use crate::store::log::{Chain, Position};

const FORMAT: u8 = 1;
const FORMAT_KEY: &[u8] = b"format";
const WORDS_KEY: &[u8] = b"words";
/// Shorter than any alarm's key, and before all of them.
const STATE_KEY: &[u8] = b"\0";

/// The plain file in its directory that says up to which record it was durable.
const MARK: &str = "mark.json";

/// The index in sled.
pub struct SledIndex {
    dir: PathBuf,
    db: Db,
    /// sled's file, opened by us for the fsync that sled leaves out.
    file: File,
    alarms: Tree,
    words: Tree,
    meta: Tree,
    state: State,
}

/// What stands beside the alarms in their tree.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct State {
    /// The newest record applied, and its link of the chain.
    applied: Option<(Position, [u8; 32])>,
    /// How many alarms there are.
    count: u64,
    /// The sum of the CRC-32 of all their values.
    sum: u64,
}

impl SledIndex {
    /// Opens the index, making it if need be.
    ///
    /// # Errors
    /// [`StateError`]; but damage may as well end the process, which is why [`super::check_in_child`] comes first.
    pub fn open(dir: &Path) -> Result<SledIndex, StateError> {
        let fresh = !dir.join("db").is_file();
        let db = sled::Config::new()
            .path(dir)
            .mode(Mode::LowSpace)
            .cache_capacity(INDEX_CACHE_BYTES)
            .flush_every_ms(None)
            .open()?;
        let file = File::options().write(true).open(dir.join("db"))?;
        let (alarms, words, meta) = (db.open_tree("alarms")?, db.open_tree("words")?, db.open_tree("meta")?);
        match meta.get(FORMAT_KEY)?.as_deref() {
            Some([FORMAT]) => {}
            Some(other) => {
                return Err(StateError::Format { found: other.first().copied().unwrap_or(0), known: FORMAT });
            }
            None if alarms.is_empty() && words.is_empty() => {
                meta.insert(FORMAT_KEY, &[FORMAT])?;
            }
            None => return Err(StateError::Damaged("its format is not given")),
        }
        let state = match alarms.get(STATE_KEY)? {
            Some(bytes) => {
                serde_json::from_slice(&bytes).map_err(|_| StateError::Damaged("its state cannot be read"))?
            }
            None if alarms.is_empty() => State::default(),
            None => return Err(StateError::Damaged("its state is gone")),
        };
        let mut index = SledIndex { dir: dir.to_owned(), db, file, alarms, words, meta, state };
        if read_mark(dir)? > index.applied().map(|applied| applied.at) {
            return Err(StateError::Damaged("it has gone back to before what it had kept"));
        }
        if fresh {
            index.make_durable()?;
            File::open(dir)?.sync_all()?;
            if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
                File::open(parent)?.sync_all()?;
            }
        }
        Ok(index)
    }

    /// Reads every tree through.
    ///
    /// # Errors
    /// [`StateError::Damaged`] when something cannot be read or does not add up.
    pub fn check(&self) -> Result<(), StateError> {
        let (mut count, mut sum) = (0, 0_u64);
        for entry in self.alarms.iter().skip_while(|entry| entry.as_ref().is_ok_and(|(key, _)| key == STATE_KEY)) {
            let (_, value) = entry?;
            read_alarm(&value)?;
            count += 1;
            sum = sum.wrapping_add(u64::from(crc32fast::hash(&value)));
        }
        if (count, sum) != (self.state.count, self.state.sum) {
            return Err(StateError::Damaged("alarms are missing or changed"));
        }
        self.words()?;
        for entry in &self.meta {
            entry?;
        }
        Ok(())
    }

    /// Adds one change to a batch and keeps count and sum.
    fn change(&mut self, batch: &mut Batch, key: &[u8], value: Option<Vec<u8>>, old: Option<&[u8]>) {
        if let Some(old) = old {
            self.state.count = self.state.count.saturating_sub(1);
            self.state.sum = self.state.sum.wrapping_sub(u64::from(crc32fast::hash(old)));
        }
        match value {
            Some(value) => {
                self.state.count += 1;
                self.state.sum = self.state.sum.wrapping_add(u64::from(crc32fast::hash(&value)));
                batch.insert(key, value);
            }
            None => batch.remove(key),
        }
    }

    /// Keeps the history within its limit.
    fn forget_oldest(&mut self) -> Result<(), StateError> {
        let surplus = usize::try_from(self.state.count).unwrap_or(usize::MAX).saturating_sub(ALARM_HISTORY_MAX);
        if surplus == 0 {
            return Ok(());
        }
        let mut batch = Batch::default();
        let oldest: Vec<_> = self.alarms.range(STATE_KEY..).skip(1).take(surplus).collect();
        for entry in oldest {
            let (key, old) = entry?;
            self.change(&mut batch, &key, None, Some(&old));
        }
        self.put_state(&mut batch);
        Ok(self.alarms.apply_batch(batch)?)
    }

    fn put_state(&self, batch: &mut Batch) {
        batch.insert(STATE_KEY, json(&self.state));
    }
}

impl Index for SledIndex {
    fn applied(&self) -> Option<Applied> {
        self.state.applied.map(|(at, chain)| Applied { at, chain: Chain(chain) })
    }

    fn put(&mut self, alarms: &[Alarm], applied: Applied) -> Result<(), StateError> {
        let mut batch = Batch::default();
        for (key, alarm) in newest(alarms) {
            let old = self.alarms.get(&key)?;
            if let Some(old) = &old
                && read_alarm(old)?.rev > alarm.rev
            {
                continue;
            }
            let mut value = vec![FORMAT];
            value.extend_from_slice(&json(alarm));
            self.change(&mut batch, &key, Some(value), old.as_deref());
        }
        self.state.applied = Some((applied.at, applied.chain.0));
        self.put_state(&mut batch);
        self.alarms.apply_batch(batch)?;
        self.forget_oldest()
    }

    fn newest(&self, limit: usize) -> Result<Vec<Alarm>, StateError> {
        let alarms = self.alarms.iter().rev().filter(|entry| !entry.as_ref().is_ok_and(|(key, _)| key == STATE_KEY));
        alarms.take(limit).map(|entry| read_alarm(&entry?.1)).collect()
    }

    fn put_words(&mut self, at: Moment, bytes: &[u8]) -> Result<(), StateError> {
        if bytes.len() > WORDS_BYTES_MAX {
            return Err(StateError::TooLarge(bytes.len()));
        }
        // format, CRC-32 of the rest, length of the moment, the moment as JSON, the bytes.
        let at = json(&at);
        let mut body = Vec::with_capacity(bytes.len() + at.len() + 4);
        body.extend_from_slice(&u32::try_from(at.len()).unwrap_or(0).to_le_bytes());
        body.extend_from_slice(&at);
        body.extend_from_slice(bytes);
        let mut value = vec![FORMAT];
        value.extend_from_slice(&crc32fast::hash(&body).to_le_bytes());
        value.append(&mut body);
        self.words.insert(WORDS_KEY, value)?;
        Ok(())
    }

    fn words(&self) -> Result<Option<(Moment, Vec<u8>)>, StateError> {
        let Some(value) = self.words.get(WORDS_KEY)? else { return Ok(None) };
        read_words(&value).map(Some).ok_or(StateError::Damaged("the last words cannot be read"))
    }

    fn make_durable(&mut self) -> Result<(), StateError> {
        self.db.flush()?;
        self.file.sync_all()?;
        Ok(write_mark(&self.dir, self.applied())?)
    }

    fn clear(&mut self) -> Result<(), StateError> {
        write_mark(&self.dir, None)?;
        self.alarms.clear()?;
        self.state = State::default();
        Ok(())
    }
}

/// One record for each alarm, by its key. The newest is the one of the highest revision and not the last: a record that waits for its
/// receipt is carried forward behind newer ones.
fn newest(alarms: &[Alarm]) -> BTreeMap<Vec<u8>, &Alarm> {
    let mut newest: BTreeMap<Vec<u8>, &Alarm> = BTreeMap::new();
    for alarm in alarms {
        let known = newest.entry(key(alarm)).or_insert(alarm);
        if known.rev <= alarm.rev {
            *known = alarm;
        }
    }
    newest
}

/// The newest record that was in the index when it was last made durable.
fn read_mark(dir: &Path) -> Result<Option<Position>, StateError> {
    match fs::read(dir.join(MARK)) {
        Ok(mark) => serde_json::from_slice(&mark).map_err(|_| StateError::Damaged("its mark cannot be read")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn write_mark(dir: &Path, applied: Option<Applied>) -> io::Result<()> {
    let fresh = dir.join("mark.new");
    let mut file = File::create(&fresh)?;
    file.write_all(&json(&applied.map(|applied| applied.at)))?;
    file.sync_all()?;
    // An older mark would do no harm, so that the new name may become durable at its leisure.
    fs::rename(&fresh, dir.join(MARK))
}

/// By onset, then by id: in order of time, and one key an alarm.
fn key(alarm: &Alarm) -> Vec<u8> {
    let mut key = alarm.id.onset.0.to_be_bytes().to_vec();
    key.extend_from_slice(alarm.id.to_string().as_bytes());
    key
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("records have text keys only and always serialise")
}

fn read_alarm(value: &[u8]) -> Result<Alarm, StateError> {
    match value.split_first() {
        Some((&FORMAT, alarm)) => {
            serde_json::from_slice(alarm).map_err(|_| StateError::Damaged("an alarm cannot be read"))
        }
        _ => Err(StateError::Damaged("an alarm has another format")),
    }
}

fn read_words(value: &[u8]) -> Option<(Moment, Vec<u8>)> {
    let (&FORMAT, rest) = value.split_first()? else { return None };
    let (crc, body) = rest.split_first_chunk()?;
    if u32::from_le_bytes(*crc) != crc32fast::hash(body) {
        return None;
    }
    let (len, rest) = body.split_first_chunk()?;
    let (at, bytes) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*len)).ok()?)?;
    Some((serde_json::from_slice(at).ok()?, bytes.to_vec()))
}
