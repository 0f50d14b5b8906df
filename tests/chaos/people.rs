//! The people of the village: they go when they were told, and end what is over, by the socket or by text. And what truly reached
//! their telephones.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::sleep;

use shouwang::control::protocol::Request;
use shouwang::core::alarm::{Alarm, AlarmId, Disposition, Subject};
use shouwang::core::condition::Condition;
use shouwang::core::effect::Order;
use shouwang::core::time::Mono;
use shouwang::sim::modem::Network;

use crate::papers::label;
use crate::presses::Book;
use crate::world::{PHONES, World, clock};

/// Nobody comes sooner than this after a notice, so that alarms stand beside each other.
const COMES_AFTER: Duration = Duration::from_secs(4);

/// One in so many alarms is answered by text.
const BY_TEXT: u64 = 5;

/// A text is written again when nothing came of it.
const AGAIN: Duration = Duration::from_secs(15);

/// How they answered.
#[derive(Debug, Default)]
pub struct Answers {
    orders: u64,
    /// When a text was last written about an alarm.
    written: BTreeMap<AlarmId, u64>,
    /// Alarms that were closed over the socket, and by text.
    pub closed: (usize, usize),
}

/// Whether somebody has pressed for help.
pub fn is_help_call(alarm: &Alarm) -> bool {
    alarm.id.condition == Condition::HelpCall
}

/// Whose it is.
pub fn resident(id: &AlarmId) -> Option<String> {
    match id.subject {
        Subject::Resident(resident) => Some(resident.to_string()),
        _ => None,
    }
}

/// Looks at the open alarms every second, for as long as it is polled.
pub async fn answer_on(world: &World, book: &RefCell<Book>, answers: &RefCell<Answers>) {
    loop {
        sleep(Duration::from_secs(1)).await;
        answer(world, book, answers).await;
    }
}

/// Looks once; how many help calls are open, if the gateway says so.
pub async fn answer(world: &World, book: &RefCell<Book>, answers: &RefCell<Answers>) -> Option<usize> {
    let alarms: Vec<Alarm> = world.alarms().await?.into_iter().filter(is_help_call).collect();
    book.borrow_mut().open = alarms.iter().filter_map(|alarm| resident(&alarm.id)).collect();
    for alarm in &alarms {
        let Some(told) = alarm.clocks.first_notice_sent else { continue };
        if clock() < told.mono.0 + u64::try_from(COMES_AFTER.as_millis()).unwrap_or(0) {
            continue;
        }
        if alarm.id.onset.0.is_multiple_of(BY_TEXT) {
            write(world, alarm, answers);
        } else {
            order(world, alarm, answers).await;
        }
    }
    Some(alarms.len())
}

/// Somebody goes, and it is over, at the desk.
async fn order(world: &World, alarm: &Alarm, answers: &RefCell<Answers>) {
    let by = "n-1".parse().expect("an id");
    let close =
        Order::Close { alarm: alarm.id, by: Some(by), disposition: Disposition::Helped, conversation: String::new() };
    for order in [Order::Accept { alarm: alarm.id, by }, close] {
        let number = {
            let mut answers = answers.borrow_mut();
            answers.orders += 1;
            answers.orders
        };
        let id = format!("chaos-{number}").parse().expect("an id");
        if world.ask(Request::Order { id, order, door: None }).await.is_none() {
            return;
        }
    }
    answers.borrow_mut().closed.0 += 1;
}

/// The neighbour writes: first that they go, then that it is over.
fn write(world: &World, alarm: &Alarm, answers: &RefCell<Answers>) {
    let now = clock();
    let mut answers = answers.borrow_mut();
    let again = u64::try_from(AGAIN.as_millis()).unwrap_or(0);
    let is_accepted = alarm.clocks.accepted.is_some();
    if !is_accepted && answers.written.get(&alarm.id).is_some_and(|at| now < at + again) {
        return;
    }
    let plugged = world.modem.borrow();
    let (Some(plugged), Some(resident)) = (&*plugged, resident(&alarm.id)) else { return };
    let letters = letters(plugged.modem().network(), world.modem_born_ms);
    let of = |letter: &&Letter| letter.to == PHONES[0] && letter.at_ms >= alarm.id.onset.0 && letter.is_of(&resident);
    let code = letters.iter().rev().filter(of).find_map(Letter::code);
    let Some(code) = code else { return };
    let words = if is_accepted { "没事了" } else { "我去" };
    let at = plugged.now();
    plugged.modem().text_in(at, PHONES[0], &format!("{code} {words}"));
    answers.written.insert(alarm.id, now);
    answers.closed.1 += usize::from(is_accepted);
}

/// A letter that the network took whole.
#[derive(Debug)]
pub struct Letter {
    pub to: String,
    /// When its first part was taken, on the test's clock.
    pub at_ms: u64,
    pub text: String,
}

impl Letter {
    /// Whether it is of this resident's home.
    pub fn is_of(&self, resident: &str) -> bool {
        self.text.contains(&label(resident))
    }

    /// The two digits by which it is answered.
    fn code(&self) -> Option<String> {
        let (_, behind) = self.text.split_once("去请回")?;
        Some(behind.chars().take(2).collect())
    }
}

/// When a letter that is not whole yet began, and its parts.
type Unfinished<'a> = (u64, BTreeMap<u8, &'a str>);

/// The letters that the network took, oldest first.
pub fn letters(network: &Network, born_ms: u64) -> Vec<Letter> {
    let at = |mono: Mono| mono.0 + born_ms;
    let mut letters = Vec::new();
    let mut open: BTreeMap<(&str, u16), Unfinished> = BTreeMap::new();
    for part in &network.parts {
        let Some(concat) = part.concat else {
            letters.push(Letter { to: part.to.clone(), at_ms: at(part.at), text: part.text.clone() });
            continue;
        };
        let key = (part.to.as_str(), concat.reference);
        let (first, parts) = open.entry(key).or_insert_with(|| (at(part.at), BTreeMap::new()));
        parts.insert(concat.part, &part.text);
        if parts.len() == usize::from(concat.total) {
            let text = parts.values().copied().collect();
            letters.push(Letter { to: part.to.clone(), at_ms: *first, text });
            open.remove(&key);
        }
    }
    letters
}
