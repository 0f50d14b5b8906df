//! What devices will say of a deed.

use super::{Cause, Claim, FALLS_BACK, State, Utterance, Wear, Word};
use crate::core::reading::FallVerdict;
use crate::sim::person::Deed;
use crate::sim::place::{Make, Place};
use crate::sim::trace::Ms;

/// A watch repeats an alarm so often until it is answered.
const WATCH_REPEATS: u64 = 8;

impl Wear {
    /// What devices will say of a deed.
    pub(in crate::sim) fn act(&mut self, place: &Place, now: Ms, home: usize, deed: Deed) -> Vec<Utterance> {
        let mut said = Vec::new();
        let find = |wanted: fn(Make) -> bool| place.kit(home, wanted);
        let say = |kit: usize, word: Word| Utterance { at: now, kit, word, copy: false };
        match deed {
            Deed::Moves { kit } => self.moves(kit, now, &mut said),
            Deed::Door { kit, open } => said.push(say(kit, Word::Level(open))),
            Deed::Occupies { kit, on } if place.kits[kit].make == Make::Radar => {
                self.states[kit].level = on;
                said.push(say(kit, Word::Report));
            }
            Deed::Occupies { kit, on } => said.push(say(kit, Word::Level(on))),
            Deed::Presses => {
                let buttons = |make| matches!(make, Make::ActionButton { .. } | Make::LevelButton | Make::MuteButton);
                said.extend(find(buttons).into_iter().flat_map(|kit| self.press(place, kit, now)));
            }
            Deed::PressesPendant => match find(Make::is_worn) {
                Some(kit) => {
                    let claim = Claim::Press(self.cause());
                    said.extend(worn(place, kit, now, r#""k":"sos","v":true"#, claim));
                }
                None => return self.act(place, now, home, Deed::Presses),
            },
            Deed::PressesCancel => {
                let kit = find(|make| make == Make::CancelButton);
                said.extend(kit.map(|kit| say(kit, Word::Action("single", Claim::Cancel))));
            }
            Deed::Falls { sure, radar, worn, cleared_after } => {
                let verdict = if sure { FallVerdict::Confirmed } else { FallVerdict::Suspected };
                let ceiling = find(|make| make == Make::Radar).filter(|_| radar);
                if let Some(kit) = ceiling {
                    said.extend(self.radar_sees(kit, now, verdict));
                }
                // Whom the radar has seen the wearable has not: one fall is one cause.
                if let Some(kit) = find(Make::is_worn).filter(|_| worn && ceiling.is_none()) {
                    said.extend(self.wearer_falls(place, kit, now, verdict, cleared_after));
                }
            }
            Deed::Hazard { kit, on } => {
                let cause = if on { Some(self.cause()) } else { None };
                said.push(say(kit, Word::Hazard(on, cause)));
            }
            Deed::StrangePress { kit } => said.push(say(kit, Word::Action("emergency", Claim::Strange))),
            Deed::Chatters { kit, span } => said.push(say(kit, Word::Chatters(now + span))),
            Deed::Charge { kit, .. } | Deed::Tampers { kit, .. } | Deed::Reboots { kit } => {
                self.changes(now, deed);
                said.push(say(kit, Word::Report));
            }
            Deed::RePairs { kit } => {
                self.changes(now, deed);
                said.push(say(kit, Word::Joined));
            }
            Deed::FallsSilent { .. } | Deed::Dies { .. } | Deed::Sticks { .. } => self.changes(now, deed),
            Deed::Drill | Deed::Serves { .. } => {}
        }
        said
    }

    /// What a deed makes of a device itself.
    fn changes(&mut self, now: Ms, deed: Deed) {
        let mut at = |kit: usize, change: &dyn Fn(&mut State)| {
            if let Some(state) = self.states.get_mut(kit) {
                change(state);
            }
        };
        match deed {
            Deed::Charge { kit, percent } => at(kit, &|state| {
                // A new battery ends every silence that the old one caused.
                if percent > 50 && state.silent_until == Ms::MAX {
                    state.silent_until = 0;
                }
                (state.charge, state.dying) = (percent, None);
            }),
            Deed::Tampers { kit, open } => at(kit, &|state| state.tamper = open),
            Deed::FallsSilent { kit, span } => {
                at(kit, &|state| state.silent_until = state.silent_until.max(now + span));
            }
            Deed::Dies { kit, span } => at(kit, &|state| state.dying = Some((now, state.charge, now + span))),
            Deed::Sticks { kit, span } => at(kit, &|state| state.stuck_until = now + span),
            Deed::RePairs { kit } => at(kit, &|state| (state.level, state.tamper) = (false, false)),
            _ => {}
        }
    }

    /// Motion; the sensor's timer begins anew with every one.
    fn moves(&mut self, kit: usize, now: Ms, said: &mut Vec<Utterance>) {
        let state = &mut self.states[kit];
        // A timer that runs already looks again when it is due.
        let runs = state.falls_back_at > now;
        state.falls_back_at = now + FALLS_BACK;
        said.push(Utterance { at: now, kit, word: Word::Level(true), copy: false });
        if !runs {
            said.push(Utterance { at: now + FALLS_BACK, kit, word: Word::FallsBack, copy: false });
        }
    }

    fn press(&mut self, place: &Place, kit: usize, now: Ms) -> Vec<Utterance> {
        let cause = self.cause();
        let say = |after: Ms, word: Word, copy: bool| Utterance { at: now + after, kit, word, copy };
        match place.kits[kit].make {
            Make::LevelButton => {
                let mut said = vec![say(0, Word::Help(true, Some(cause)), false)];
                // Three releases in ten are lost on the air, and the bridge goes on repeating the level.
                if !self.chance.percent(30) {
                    said.push(say(1_500, Word::Help(false, None), false));
                }
                said
            }
            // A transmitter repeats itself while the key is held.
            Make::MuteButton => (0..4).map(|copy| say(copy * 350, Word::Transmits(cause), copy > 0)).collect(),
            _ => vec![say(0, Word::Action("emergency", Claim::Press(cause)), false)],
        }
    }

    /// The radar repeats its word, then lets the flag fall back by a timer.
    fn radar_sees(&mut self, kit: usize, now: Ms, verdict: FallVerdict) -> Vec<Utterance> {
        let cause = Some(self.cause());
        let words = [
            (0, Word::Radar(verdict, cause)),
            (20_000, Word::Radar(verdict, cause)),
            (45_000, Word::Radar(FallVerdict::Normal, None)),
        ];
        words.map(|(after, word)| Utterance { at: now + after, kit, word, copy: false }).to_vec()
    }

    fn wearer_falls(
        &mut self,
        place: &Place,
        kit: usize,
        now: Ms,
        verdict: FallVerdict,
        cleared_after: Option<Ms>,
    ) -> Vec<Utterance> {
        let cause: Cause = self.cause();
        if place.kits[kit].make == Make::Watch {
            // A watch is always sure, and has no word for being wrong.
            return worn(place, kit, now, "", Claim::Fall(cause, FallVerdict::Confirmed));
        }
        let words = if verdict == FallVerdict::Confirmed {
            r#""k":"fall","v":"confirmed""#
        } else {
            r#""k":"fall","v":"suspected""#
        };
        let mut said = worn(place, kit, now, words, Claim::Fall(cause, verdict));
        said.extend(match cleared_after {
            Some(after) => worn(place, kit, now + after, r#""k":"fall","v":"cleared""#, Claim::Cancel),
            // The wearable's flag falls back: never a cancel (CARE-RULES 14).
            None => worn(place, kit, now + 12_000, r#""k":"fall","v":"normal""#, Claim::Nothing),
        });
        said
    }
}

/// A node says it three times over a radio that acknowledges nothing; a watch until it is answered.
fn worn(place: &Place, kit: usize, at: Ms, words: &'static str, claim: Claim) -> Vec<Utterance> {
    let (word, times, apart) = match place.kits[kit].make {
        Make::Watch => (Word::Alarm(claim), WATCH_REPEATS, 20_000),
        _ => (Word::Pendant(words, claim), 3, 1_700),
    };
    (0..times).map(|copy| Utterance { at: at + copy * apart, kit, word, copy: copy > 0 }).collect()
}
