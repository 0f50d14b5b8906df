//! The inputs of a span of time, out of both streams, in the order in which the station took them.
//!
//! Streaming: one turn and one block are in memory at a time, and segments that end before the span are not read.

use std::collections::VecDeque;
use std::io;
use std::iter::Peekable;
use std::sync::Arc;

use super::files::Files;
use super::log::read::{header, segments};
use super::log::{Item, Position, Reader, Stream};
use super::record::Entry;
use crate::core::effect::Input;
use crate::core::time::{Moment, Mono};

/// The inputs from `since` on, merged by station time; at the same time the urgent ones come first.
///
/// # Errors
/// Fails when the directory cannot be listed. Damaged ranges are stepped over.
pub fn replay(files: &Arc<dyn Files>, since: Mono) -> io::Result<impl Iterator<Item = (Moment, Input)> + use<>> {
    let mut urgent = inputs(files, Stream::Urgent, since)?.peekable();
    let mut routine = inputs(files, Stream::Routine, since)?.peekable();
    Ok(std::iter::from_fn(move || merge(&mut urgent, &mut routine)))
}

fn merge<I: Iterator<Item = (Moment, Input)>>(
    urgent: &mut Peekable<I>,
    routine: &mut Peekable<I>,
) -> Option<(Moment, Input)> {
    match (urgent.peek(), routine.peek()) {
        (Some((first, _)), Some((second, _))) if second.mono < first.mono => routine.next(),
        (Some(_), _) => urgent.next(),
        (None, _) => routine.next(),
    }
}

struct Inputs {
    reader: Reader,
    since: Mono,
    ready: VecDeque<(Moment, Input)>,
}

fn inputs(files: &Arc<dyn Files>, stream: Stream, since: Mono) -> io::Result<Inputs> {
    let born_before =
        |segment: &u64| header(&**files, stream, *segment).is_some_and(|header| header.born.mono <= since);
    let start = segments(&**files, stream)?.into_iter().rev().find(born_before);
    let from = start.map(|segment| Position { segment, offset: 0 });
    Ok(Inputs { reader: Reader::open(Arc::clone(files), stream, from)?, since, ready: VecDeque::new() })
}

impl Iterator for Inputs {
    type Item = (Moment, Input);

    fn next(&mut self) -> Option<(Moment, Input)> {
        loop {
            if let Some(input) = self.ready.pop_front() {
                return Some(input);
            }
            let Item::Record(record) = self.reader.next()? else { continue };
            match Entry::read(record.kind, record.payload()) {
                Ok(Entry::Turn(turn)) => {
                    self.ready.extend(turn.inputs.into_iter().map(|input| (turn.at, input)));
                }
                Ok(Entry::Block(block)) => {
                    let at = |after_ms: u32| block.at.at(Mono(block.at.mono.0.saturating_add(u64::from(after_ms))));
                    self.ready.extend(
                        block.samples.into_iter().map(|timed| (at(timed.after_ms), Input::Sample(timed.sample))),
                    );
                }
                Ok(Entry::Snapshot(_) | Entry::Carried(_)) | Err(_) => {}
            }
            let since = self.since;
            self.ready.retain(|(at, _)| at.mono >= since);
        }
    }
}
