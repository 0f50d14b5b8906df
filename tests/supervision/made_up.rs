//! Homes that nobody lives in: the rhythms of made-up people, for where no recordings are.

use shouwang::core::roster::Role;

use super::{DAY, HOUR, Home, Sensor};

const DAYS: u64 = 35;

/// Somebody who is up from six to ten, goes out on some afternoons, and is away for two days once.
pub fn home(number: u64, below: &mut dyn FnMut(u64) -> u64) -> Home {
    let away = 20 + below(10);
    // A visit to the kitchen now and then, the bathroom by night too, the door twice a day, the bed mat, the spare room.
    let kinds: [(Role, u64, bool); 6] = [
        (Role::Motion, HOUR, false),
        (Role::Motion, 3 * HOUR / 2, true),
        (Role::Door, 5 * HOUR, false),
        (Role::Bed, HOUR / 2, true),
        (Role::Motion, 12 * HOUR, false),
        (Role::Door, 2 * HOUR, false),
    ];
    let mut sensors = Vec::new();
    for (role, pause, by_night) in kinds {
        let mut said = Vec::new();
        let mut at = below(pause);
        while at < DAYS * DAY {
            let (day, hour) = (at / DAY, at % DAY / HOUR);
            let out = day % 3 == number % 3 && (13..17).contains(&hour);
            let is_in = !out && !(away..away + 2).contains(&day);
            if is_in && (by_night || (6..22).contains(&hour)) {
                said.push((at, true));
                said.push((at + 10_000, false));
            }
            at += pause / 4 + below(pause * 3 / 2);
        }
        sensors.push(Sensor { role, said });
    }
    Home { name: format!("made-up-{number}"), lasts: DAYS * DAY, sensors }
}
