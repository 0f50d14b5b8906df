//! What was decided in a span of wall time, out of the urgent stream, for reports.
//!
//! Streaming: one record is in memory at a time, and segments that end before the span are not read. Readable while the daemon
//! runs: whatever it writes meanwhile is met or not, and never half.

use std::io;
use std::sync::Arc;

use super::files::Files;
use super::log::read::{header, segments};
use super::log::{Item, Position, Reader, Stream};
use super::record::{Decision, Entry, Snapshot};
use crate::core::time::{Moment, Trust, Wall};

/// One thing out of the log, in the order in which it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// What all that is not read amounts to; told once, and not where the log is read from its beginning.
    Before(Box<Snapshot>),
    /// A decision, and when it was taken.
    Decided(Moment, Decision),
}

/// Everything from the newest segment on that began before `since`; somewhat earlier decisions come too.
///
/// # Errors
/// Fails when the directory cannot be listed. Damaged ranges are stepped over.
pub fn decisions(files: &Arc<dyn Files>, since: Wall) -> io::Result<impl Iterator<Item = Told> + use<>> {
    let from = first_segment(&**files, since)?.map(|segment| Position { segment, offset: 0 });
    let reader = Reader::open(Arc::clone(files), Stream::Urgent, from)?;
    let mut is_first = true;
    Ok(reader.flat_map(move |item| {
        let Item::Record(record) = item else { return Vec::new() };
        match Entry::read(record.kind, record.payload()) {
            Ok(Entry::Snapshot(snapshot)) if std::mem::take(&mut is_first) => vec![Told::Before(snapshot)],
            Ok(Entry::Turn(turn)) => {
                is_first = false;
                let (at, decisions) = (turn.at, turn.decisions);
                decisions.into_iter().map(|decision| Told::Decided(at, decision)).collect()
            }
            Ok(Entry::Snapshot(_) | Entry::Carried(_) | Entry::Block(_)) | Err(_) => Vec::new(),
        }
    }))
}

/// The last segment of those that surely began before. Where a clock was none or jumped, what stands behind is read too.
fn first_segment(files: &dyn Files, since: Wall) -> io::Result<Option<u64>> {
    let surely_before = |segment: &u64| {
        let born = header(files, Stream::Urgent, *segment).map(|header| header.born);
        born.is_some_and(|born| born.trust != Trust::Unset && born.wall <= since)
    };
    Ok(segments(files, Stream::Urgent)?.into_iter().take_while(surely_before).last())
}
