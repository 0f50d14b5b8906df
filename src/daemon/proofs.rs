//! Telephones are proven at the keeper's desk: a code goes out by the modem, and what is read back goes into the village file.

use super::dispatch::ToPeople;
use super::keeper::Keeper;
use crate::config::village::edit::Edit;
use crate::control::protocol::{Body, NoProof, ProofAnswer};
use crate::core::id::{ResponderId, Slug};
use crate::limits::duty::PROOF_TIME;
use crate::notify::directory::Directory as _;
use crate::notify::proving::{Proving, Verdict};
use crate::notify::queue::Event;
use crate::notify::wording;
use crate::private::Private;

/// What the keeper needs to prove a telephone.
pub(super) struct Proofs {
    proving: Proving,
    people: ToPeople,
    has_modem: bool,
}

impl Proofs {
    pub(super) fn new(people: ToPeople, has_modem: bool) -> Self {
        Self { proving: Proving::default(), people, has_modem }
    }
}

impl Keeper {
    /// Sends a code, or takes the one that was read back.
    pub(super) async fn prove(&mut self, who: ResponderId, code: Option<String>, by: Slug) -> Body {
        let names = self.shown.names();
        if !names.knows(who) {
            return refused(NoProof::UnknownResponder);
        }
        let Some(phone) = names.phone(who).cloned() else { return refused(NoProof::NoPhone) };
        let now = self.clock.now().mono;
        let Some(code) = code else { return self.send_code(who, phone) };
        match self.proofs.proving.check(now, who, Some(&phone), &code) {
            Verdict::NoCode => refused(NoProof::NoCode),
            Verdict::Wrong(left) => Body::Proof(ProofAnswer::Wrong { left }),
            Verdict::Right => {
                let answer = self.edit(Edit::Prove { who, phone }, by).await;
                if answer.is_changed() {
                    self.proofs.proving.done(who);
                }
                Body::Village(answer)
            }
        }
    }

    fn send_code(&mut self, who: ResponderId, phone: Private<String>) -> Body {
        if !self.proofs.has_modem {
            return refused(NoProof::NoModem);
        }
        let Ok(random) = getrandom::u64() else { return refused(NoProof::NoRandomness) };
        let code = self.proofs.proving.begin(self.clock.now().mono, who, phone.clone(), random);
        let text = wording::proof(&code, &*self.shown.names());
        self.proofs.people.tell(Event::Proof { phone, text });
        Body::Proof(ProofAnswer::Sent { minutes: PROOF_TIME.as_secs() / 60 })
    }
}

const fn refused(why: NoProof) -> Body {
    Body::Proof(ProofAnswer::Refused { why })
}
