//! Why the station does not do what it is told.

use super::word::words;

words! {
    /// Why a command was not carried out.
    Refusal {
        /// No alarm of that id is known.
        UnknownAlarm = "unknown_alarm",
        /// The alarm is closed already.
        AlreadyClosed = "already_closed",
        /// Nobody of that id stands in `village.toml`.
        UnknownResponder = "unknown_responder",
        /// Nobody of that id stands in `village.toml`.
        UnknownResident = "unknown_resident",
        /// Somebody must be named.
        NobodyNamed = "nobody_named",
        /// Only a local person may do this.
        OnlyLocal = "only_local",
        /// About a person: needs a recorded conversation with the resident.
        NeedsConversation = "needs_conversation",
        /// Needs a local acceptance first (CARE-RULES 15).
        NeedsAcceptance = "needs_acceptance",
        /// Somebody else holds it.
        HeldByAnother = "held_by_another",
        /// This state does not know the step.
        NotNow = "not_now",
        /// This ending is the machine's word, not a person's.
        NotForPeople = "not_for_people",
        /// They are informed, and not sent.
        InformOnly = "inform_only",
        /// Nobody of that id stands in `village.toml`.
        UnknownHome = "unknown_home",
        /// Nobody has said that 120 is needed.
        NotWanted = "not_wanted",
        /// Only technical alarms are acknowledged here.
        NotTechnical = "not_technical",
        /// The limit of open alarms or remembered commands is reached.
        Full = "full",
        /// No stop is shown that ended then.
        UnknownStop = "unknown_stop",
    }
}
