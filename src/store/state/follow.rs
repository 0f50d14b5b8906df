//! How the index follows the log: after a start, after every turn, and from the beginning when it must be rebuilt. One way for all three.

use std::io;
use std::sync::Arc;

use super::{Applied, Index, StateError, Why};
use crate::core::alarm::Alarm;
use crate::limits::REBUILD_BYTES_MAX;
use crate::store::files::Files;
use crate::store::log::read::{record_at, segments};
use crate::store::log::{Item, Position, Reader, Record, Stream};
use crate::store::record::{Decision, Entry};

/// Alarms that are put into the index together.
const BATCH: usize = 256;

/// Whether the index can go on from where it stands in this log. If not it is emptied, and says why; the next
/// [`catch_up`] rebuilds it.
///
/// # Errors
/// When the index or the log fails.
pub fn join(files: &Arc<dyn Files>, index: &mut dyn Index) -> Result<Option<Why>, StateError> {
    let why = match index.applied() {
        Some(applied) => match record_at(&**files, Stream::Urgent, applied.at) {
            Ok(record) if record.chain() == applied.chain => return Ok(None),
            Ok(_) | Err(_) => Why::NotOfThisLog,
        },
        None if segments(&**files, Stream::Urgent)?.is_empty() => return Ok(None),
        None => Why::Missing,
    };
    index.clear()?;
    Ok(Some(why))
}

/// Brings the index to the end of the log; the position of the newest record it then holds.
///
/// # Errors
/// When the index fails, or the log's directory cannot be listed.
pub fn catch_up(files: &Arc<dyn Files>, index: &mut dyn Index) -> Result<Option<Position>, StateError> {
    let from = match index.applied() {
        // Its record is read once more and left out: where it ends is not written down.
        Some(applied) => Some(applied.at),
        None => beginning(&**files)?,
    };
    let applied = index.applied();
    let (mut alarms, mut newest): (Vec<Alarm>, Option<Record>) = (Vec::new(), None);
    for item in Reader::open(Arc::clone(files), Stream::Urgent, from)? {
        let Item::Record(record) = item else { continue };
        if applied.is_some_and(|applied| applied.at >= record.position) {
            continue;
        }
        collect(&record, &mut alarms);
        newest = Some(record);
        if alarms.len() >= BATCH {
            put(index, &mut alarms, newest.as_ref())?;
        }
    }
    put(index, &mut alarms, newest.as_ref())?;
    Ok(index.applied().map(|applied| applied.at))
}

fn put(index: &mut dyn Index, alarms: &mut Vec<Alarm>, newest: Option<&Record>) -> Result<(), StateError> {
    if let Some(record) = newest {
        index.put(alarms, Applied { at: record.position, chain: record.chain() })?;
        alarms.clear();
    }
    Ok(())
}

fn collect(record: &Record, alarms: &mut Vec<Alarm>) {
    let decisions = match Entry::read(record.kind, record.payload()) {
        Ok(Entry::Turn(turn)) => turn.decisions,
        Ok(Entry::Carried(carried)) => vec![carried.decision],
        Ok(Entry::Snapshot(snapshot)) => {
            alarms.extend(snapshot.closed);
            alarms.extend(snapshot.open);
            Vec::new()
        }
        Ok(Entry::Block(_)) | Err(_) => Vec::new(),
    };
    alarms.extend(decisions.into_iter().filter_map(|decision| match decision {
        Decision::Alarm { alarm, .. } => Some(*alarm),
        _ => None,
    }));
}

/// Where a rebuild begins: at the oldest segment, or where the limit of a rebuild reaches back to.
fn beginning(files: &dyn Files) -> io::Result<Option<Position>> {
    let mut bytes = 0;
    let mut first = None;
    for segment in segments(files, Stream::Urgent)?.into_iter().rev() {
        bytes += files.open(&Stream::Urgent.file_name(segment)).and_then(|handle| handle.len()).unwrap_or(0);
        if bytes > REBUILD_BYTES_MAX && first.is_some() {
            break;
        }
        first = Some(Position { segment, offset: 0 });
    }
    Ok(first)
}
