//! The village's list in the house: another one is taken over in a turn of its own, and a file that is refused is a fault while the
//! last sound list stays in force.

use super::house::{House, Turn};
use super::keeper::News;
use crate::control::protocol::Objection;
use crate::core::effect::{Input, NewVillage};
use crate::core::time::Moment;

impl House {
    pub(super) fn take_village(&mut self, now: Moment, news: News, turn: &mut Turn) {
        match news {
            News::Refused(why) => self.refuse_village(now, why, turn),
            News::Times(plan) => turn.effects.extend(self.station.handle(now, &Input::Plan(plan))),
            News::Taken { new, book, done } => {
                let NewVillage { change, .. } = &*new;
                self.board.revise(&change.revision);
                // The list stands in its file; the record says that it changed, and what.
                let record = NewVillage { change: change.clone(), roster: None };
                turn.effects.extend(self.station.handle(now, &Input::Village(new)));
                turn.inputs.push(Input::Village(Box::new(record)));
                turn.taken.push(done);
                self.book = book;
                self.refuse_village(now, Vec::new(), turn);
            }
        }
    }

    /// The run before may have ended with the file refused, as this one may begin.
    pub(super) fn begin_with_file(&mut self, now: Moment, refused: Vec<Objection>, turn: &mut Turn) {
        let input = Input::VillageFile { sound: refused.is_empty() };
        let effects = self.station.handle(now, &input);
        if !effects.is_empty() {
            turn.effects.extend(effects);
            turn.inputs.push(input);
        }
        self.state.village_refused = refused;
    }

    /// What is wrong with the village file as it stands; nothing is, when `why` is empty.
    fn refuse_village(&mut self, now: Moment, why: Vec<Objection>, turn: &mut Turn) {
        let sound = why.is_empty();
        if sound != self.state.village_refused.is_empty() {
            let input = Input::VillageFile { sound };
            turn.effects.extend(self.station.handle(now, &input));
            turn.inputs.push(input);
        }
        self.state.village_refused = why;
    }
}
