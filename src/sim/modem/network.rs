//! The people behind a simulated modem, with their telephones; and the book of what really reached them.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::core::time::Mono;
use crate::device::sms_pdu::{Concat, Submit};

/// Whether a telephone can be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// It rings.
    Free,
    /// They are on the telephone.
    Busy,
    /// It is switched off: calls end, and messages wait in the network.
    Off,
}

/// What the network reports of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Delivered, so many milliseconds after it was taken.
    Delivered(u64),
    /// Given up after so many milliseconds.
    GivenUp(u64),
    /// Nothing is ever reported.
    Unreported,
}

/// Somebody with a telephone. Times are in seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Whether it can be called.
    pub line: Line,
    /// Picks up after so long; none: never.
    pub answers_after_s: Option<u64>,
    /// Refuses the call after so long.
    pub refuses_after_s: Option<u64>,
    /// Keys, each so long after picking up.
    pub presses: Vec<(u64, char)>,
    /// Hangs up so long after picking up.
    pub hangs_up_after_s: Option<u64>,
    /// What becomes of messages to them.
    pub fate: Fate,
    /// What they answer to every message, and how long after it.
    pub answers_text: Option<(u64, String)>,
}

impl Person {
    /// Somebody who never picks up and whose telephone takes messages.
    #[must_use]
    pub const fn silent() -> Self {
        Self {
            line: Line::Free,
            answers_after_s: None,
            refuses_after_s: None,
            presses: Vec::new(),
            hangs_up_after_s: None,
            fate: Fate::Delivered(4_000),
            answers_text: None,
        }
    }

    /// Somebody who picks up after so many seconds of ringing and presses a key three seconds later.
    #[must_use]
    pub fn who_presses(after_s: u64, key: char) -> Self {
        Self { answers_after_s: Some(after_s), presses: vec![(3, key)], ..Self::silent() }
    }

    /// Somebody who answers every message with this text, so many seconds later.
    #[must_use]
    pub fn who_writes(after_s: u64, text: &str) -> Self {
        Self { answers_text: Some((after_s, text.to_owned())), ..Self::silent() }
    }

    /// Somebody whose telephone is busy.
    #[must_use]
    pub fn busy() -> Self {
        Self { line: Line::Busy, ..Self::silent() }
    }

    /// Somebody whose telephone is off.
    #[must_use]
    pub fn off() -> Self {
        Self { line: Line::Off, fate: Fate::Unreported, ..Self::silent() }
    }
}

/// A part of a message that the network has taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// When.
    pub at: Mono,
    /// To which number, as it was written.
    pub to: String,
    /// What it says.
    pub text: String,
    /// Which part of which message.
    pub concat: Option<Concat>,
}

/// A call that the network has taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallMade {
    /// When it was dialled.
    pub at: Mono,
    /// To which number.
    pub to: String,
    /// When it began to ring there.
    pub rang: Option<Mono>,
    /// When it was picked up.
    pub picked_up: Option<Mono>,
    /// When it ended.
    pub ended: Option<Mono>,
    /// What was said into it.
    pub said: Vec<String>,
}

/// Everybody who can be reached, and all that reached them.
#[derive(Debug, Clone, Default)]
pub struct Network {
    people: BTreeMap<String, Person>,
    /// What was taken, in order.
    pub parts: Vec<Part>,
    /// What was called, in order.
    pub calls: Vec<CallMade>,
}

impl Network {
    /// With these people, by number.
    #[must_use]
    pub fn with<'a>(people: impl IntoIterator<Item = (&'a str, Person)>) -> Self {
        let people = people.into_iter().map(|(number, person)| (number.to_owned(), person)).collect();
        Self { people, ..Self::default() }
    }

    /// Somebody changes.
    pub fn put(&mut self, number: &str, person: Person) {
        self.people.insert(number.to_owned(), person);
    }

    /// Who has this number.
    #[must_use]
    pub fn person(&self, number: &str) -> Option<&Person> {
        self.people
            .get(number)
            .or_else(|| self.people.iter().find(|(has, _)| number.ends_with(has.as_str())).map(|(_, person)| person))
    }

    /// The texts that a number was sent, in the order of their first part. What is missing of one stays out, and so does what
    /// comes more than an hour after it: numbers of longer messages are used again.
    #[must_use]
    pub fn texts_to(&self, number: &str) -> Vec<String> {
        let mut texts: Vec<(&Part, BTreeMap<u8, &str>)> = Vec::new();
        for part in self.parts.iter().filter(|part| part.to == number) {
            let nth = part.concat.map_or(1, |concat| concat.part);
            let of = |part: &Part| part.concat.map(|concat| (concat.reference, concat.total));
            let open = texts.iter_mut().find(|(first, parts)| {
                let is_of_it = of(part).is_some() && of(part) == of(first);
                // The same part again is the same text again.
                is_of_it && !parts.contains_key(&nth) && part.at.since(first.at) < Duration::from_hours(1)
            });
            match open {
                Some((_, parts)) => {
                    parts.insert(nth, &part.text);
                }
                None => texts.push((part, BTreeMap::from([(nth, part.text.as_str())]))),
            }
        }
        texts.into_iter().map(|(_, parts)| parts.into_values().collect()).collect()
    }

    /// Calls to a number.
    #[must_use]
    pub fn calls_to(&self, number: &str) -> Vec<&CallMade> {
        self.calls.iter().filter(|call| call.to == number).collect()
    }

    pub(super) fn take_text(&mut self, at: Mono, to: &str, text: &str) {
        self.parts.push(Part { at, to: to.to_owned(), text: text.to_owned(), concat: None });
    }

    pub(super) fn take(&mut self, at: Mono, submit: &Submit) {
        self.parts.push(Part {
            at,
            to: submit.to.number().reveal().clone(),
            text: submit.body.as_text().map(|text| text.reveal().clone()).unwrap_or_default(),
            concat: submit.concat.first().copied(),
        });
    }
}
